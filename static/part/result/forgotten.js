/* forgotten — what a run's answers would be like had evaluation mode been forgotten: a cloud of
 * scores, each with other masks, around the one point without. */
import { html, useResource, useState, useTheme } from '../../lib/html.js';
import { get } from '../../lib/api.js';
import { categorical, ink } from '../../lib/palette.js';
import { count, number } from '../../lib/format.js';
import { Failure, Loading } from '../basic.js';
import { DotLegend } from '../legend.js';
import { XyChart } from '../xy-chart.js';

const DRAWS = 100;

/* A classifier has accuracy over loss; of a regression there is one number, in order. */
const pointOf = (isClasses) => (score, i) =>
  isClasses ? { x: score.loss, y: score.accuracy } : { x: i + 1, y: score.rmse };

function seriesOf({ task, still, averaged, draws }, theme) {
  const isClasses = task === 'classification';
  const point = pointOf(isClasses);
  return [
    {
      key: 'draws',
      label: 'forgotten: one mask each',
      color: categorical(0, theme),
      points: draws.map(point),
    },
    {
      key: 'averaged',
      label: 'their answers averaged',
      color: ink(theme),
      points: [point(averaged, 0)],
    },
    {
      key: 'still',
      label: 'evaluation mode',
      color: categorical(1, theme),
      points: [point(still, 0)],
    },
  ];
}

/* How far the draws are from the still point, in words. */
function wordsOf({ task, still, draws, n }) {
  const [name, metric] = task === 'classification' ? ['accuracy', 'accuracy'] : ['RMSE', 'rmse'];
  const all = draws.map((score) => score[metric]);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const [low, high] = [Math.min(...all), Math.max(...all)].map((x) => number(x, 3));
  const right = number(still[metric], 3);
  if (low === high && low === right)
    return `Nothing is drawn in training: the switch changes nothing, ${name} ${low} either way.`;
  return (
    `On ${count(n, 'test sample')} the ${name} is ${right} in evaluation mode, and ` +
    `${number(mean, 3)} on average with masks left on (${low} to ${high}).`
  );
}

function Cloud({ run }) {
  const theme = useTheme();
  const { data, error, reload } = useResource(
    (signal) => get(`/runs/${run.id}/evaluation`, { mode: 'train', draws: DRAWS }, signal),
    [run.id, run.finished_at],
  );
  if (error) return html`<${Failure} problem=${error} retry=${reload} />`;
  if (!data) return html`<${Loading} what="Asking a hundred times" />`;
  const series = seriesOf(data, theme);
  const isClasses = data.task === 'classification';
  return html`
    <p data-testid="forgotten-words">${wordsOf(data)}</p>
    <${DotLegend} series=${series} />
    <${XyChart} id="forgotten-cloud" label="Scores with masks left on, around evaluation mode"
        series=${series} axis=${{}} height=${280} xLabel=${isClasses ? 'test loss' : 'draw'}
        yLabel=${isClasses ? 'test accuracy' : 'test RMSE'} />
  `;
}

export function Forgotten({ run }) {
  const [isOn, setOn] = useState(false);
  return html`
    <section class="panel forgotten" aria-labelledby="forgotten-title">
      <h3 id="forgotten-title">As if evaluation mode had been forgotten</h3>
      <label class="check">
        <input type="checkbox" id="forgotten" checked=${isOn}
            onChange=${(event) => setOn(event.target.checked)} />
        Leave masks and noise on, and ask ${DRAWS} times
      </label>
      ${isOn && html`<${Cloud} run=${run} />`}
    </section>
  `;
}
