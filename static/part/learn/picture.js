/* picture — the picture that shows what a lesson claims, drawn from the learner's own runs while
 * they train. */
import { html, useMemo, useTheme } from '../../lib/html.js';
import { categorical, ink } from '../../lib/palette.js';
import { metricLabel } from '../../lib/format.js';
import { MeanCurve } from '../../lib/mean-curve.js';
import { LineChart } from '../chart.js';
import { DotLegend, LineLegend } from '../legend.js';
import { XyChart } from '../xy-chart.js';
import { usePictureData, wordsOf } from './data.js';

const HEIGHT = 320;
const WIDE_RANGE = 8; /* from the least to the greatest value: then the axis is logarithmic */
const DASHES = [[], [6, 4], [2, 3]];

function Curves({ id, data, picture, epochs }) {
  const theme = useTheme();
  const series = data.map(({ which, arm, line, epoch, mean, ...config }) => {
    const words = wordsOf(config);
    const { low, high } = new MeanCurve({ epoch, mean, ...config }).columns('ci', 0);
    return {
      key: `${arm} ${which}`,
      label: picture.lines.length > 1 ? `${words}: ${line}` : words,
      color: categorical(arm, theme),
      dash: DASHES[which % DASHES.length],
      x: epoch,
      y: mean,
      low,
      high,
      n: config.n,
    };
  });
  const model = {
    name: picture.title,
    xLabel: 'epoch',
    series,
    xLog: false,
    yLog: false,
    zoom: null,
    marks: [],
    fit: false,
    live: true,
    reach: epochs,
  };
  return html`
    <${LineLegend} series=${series} />
    <${LineChart} id=${id} label=${picture.title} model=${model} />
  `;
}

/* The axis of a field: named places for what is no number, else as far as the values reach. */
function axisOf(series) {
  const all = [...new Set(series.flatMap((s) => s.points.map((point) => point.x)))];
  if (all.some((x) => typeof x !== 'number')) return { names: all };
  const values = all.sort((a, b) => a - b);
  return { values, log: values[0] > 0 && values.at(-1) / values[0] >= WIDE_RANGE };
}

function Lines({ id, data, picture }) {
  const theme = useTheme();
  const series = data.map((s, i) => ({
    ...s,
    key: s.label,
    color: categorical(i, theme),
    joined: true,
  }));
  const yLabel = picture.lines.length === 1 ? picture.lines[0].label : '';
  return html`
    <${DotLegend} series=${series} />
    <${XyChart} id=${id} label=${picture.title} series=${series} height=${HEIGHT}
        axis=${axisOf(series)} xLabel=${metricLabel(picture.over ?? '')} yLabel=${yLabel}
        dodge=${series.length > 1} />
  `;
}

function Repeats({ id, data, picture }) {
  const theme = useTheme();
  const names = data.means.map(({ x }) => x);
  const repeats = data.repeats.map((points, i) => ({
    key: `repeat ${i}`,
    label: 'one repeat',
    color: categorical(0, theme),
    joined: true,
    points,
  }));
  const means = {
    key: 'mean',
    label: 'mean',
    color: ink(theme),
    joined: false,
    points: data.means.map((point) => ({ ...point, hollow: true })),
  };
  return html`
    <${DotLegend} series=${[repeats[0], means].filter(Boolean)} />
    <${XyChart} id=${id} label=${picture.title} series=${[...repeats, means]} height=${HEIGHT}
        axis=${{ names }} xLabel="" yLabel=${picture.lines[0].label} />
  `;
}

const KINDS = { curves: Curves, levels: Lines, metrics: Lines, repeats: Repeats };

const isEmpty = (data) => !data || (Array.isArray(data) ? data : data.means).length === 0;

/* `experiment`: null before it was started; `isTold`: how to read it may be said. */
export function Picture({ id, picture, experiment, turn, isTold }) {
  const data = usePictureData(experiment?.id, picture, turn);
  const epochs = useMemo(() => experiment?.spec.epochs ?? 0, [experiment?.id]);
  const Kind = KINDS[picture.kind];
  const drawn = () => html`
    <${Kind} id=${id} data=${data} picture=${picture} epochs=${epochs} />
  `;
  const nothing = html`
    <div class="no-picture">
<p class="soft">Training…</p>
    </div>
  `;
  return html`
    <figure class="lesson-picture">
      <figcaption>
        <h3>${picture.title}</h3>
        ${isTold && html`<p class="soft">${picture.text}</p>`}
      </figcaption>
      ${isEmpty(data) ? nothing : drawn()}
    </figure>
  `;
}
