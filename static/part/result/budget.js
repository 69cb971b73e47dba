/* budget — what tuning is worth: the best validation value to be expected of an arm, against how
 * many of its configs are tried. */
import { html, useMemo, useRef, useState, useTheme } from '../../lib/html.js';
import { count, metricLabel, metricTitle, valuesLabel } from '../../lib/format.js';
import { categorical } from '../../lib/palette.js';
import { SaveSvgMenu } from '../chart.js';
import { Select } from '../control.js';
import { DotLegend } from '../legend.js';
import { XyChart } from '../xy-chart.js';

const MOST = 8; /* lines that colours tell apart */

export const hasBudget = (comparison) => comparison.arms.some((arm) => arm.budget.length > 1);

/* A line for each arm, in the colours of the page where they tell them apart. */
function seriesOf(arms, styles, theme) {
  const own = arms.map((arm) => styles.get(arm.config_id)?.color);
  const isClear = own.every(Boolean) && new Set(own).size === own.length;
  return arms.map((arm, i) => ({
    key: arm.label,
    label: arm.label,
    color: isClear ? own[i] : categorical(i, theme),
    joined: true,
    points: arm.budget.map((y, k) => ({
      x: k + 1,
      y,
      label: arm.label,
      note: `the best of ${count(k + 1, 'config')} out of ${arm.n_configs}`,
    })),
  }));
}

/* The numbers behind the lines: a row for each number of configs, a column for each arm. */
function numbersOf(arms) {
  const longest = Math.max(...arms.map((arm) => arm.budget.length));
  return [
    ['configs', ...arms.map((arm) => arm.label)],
    ...Array.from({ length: longest }, (_, k) => [
      k + 1,
      ...arms.map((arm) => arm.budget[k] ?? null),
    ]),
  ];
}

export function Budget({ comparison, styles }) {
  const theme = useTheme();
  const box = useRef(null);
  const { contexts, arms, method } = comparison;
  const keys = contexts.map(({ values }) => JSON.stringify(values));
  const [wanted, setWanted] = useState(keys[0]);
  const context = keys.includes(wanted) ? wanted : keys[0];
  const tuned = arms.filter(
    (arm) => JSON.stringify(arm.context) === context && arm.budget.length > 0,
  );
  const shown = tuned.slice(0, MOST);
  const series = useMemo(
    () => seriesOf(shown, styles, theme),
    [comparison, context, styles, theme],
  );
  const title = `${metricTitle(method.select_by)} against tuning`;
  const metric = metricLabel(method.select_by);
  const choose = html`
    <${Select} id="budget-context" label="Context" value=${context} onChange=${setWanted}
        options=${contexts.map(({ values }, i) => [keys[i], valuesLabel(values)])} />
  `;
  const most = Math.max(...shown.map((arm) => arm.budget.length), 1);
  const left = tuned.length > MOST ? ` Shown are the best ${MOST} arms of ${tuned.length}.` : '';
  const ticks = Array.from({ length: most }, (_, k) => k + 1);
  return html`
    <section class="card budget" aria-labelledby="budget-title" data-testid="budget" ref=${box}>
      <div class="section-head">
        <h2 id="budget-title">${title}</h2>
        <span class="row">
          ${contexts.length > 1 && html`<span class="toolbar">${choose}</span>`}
          <${SaveSvgMenu} id="budget" box=${box} title=${title} rows=${() => numbersOf(shown)}
              legend=${() => series} />
        </span>
      </div>
      <${DotLegend} series=${series} />
      <${XyChart} id="budget-chart" series=${series} height=${260}
          label="The best ${metric} to be expected, against the number of configs tried"
          axis=${{ log: false, names: null, values: ticks }} xLabel="configs tried"
          yLabel="best ${metric}" />
      <p class="soft small">
        What the best of so many configs of an arm, drawn at random from those tried, has on
        average by ${metric} (Dodge et al. 2019): a line that still improves at its end asks for
        more configs.${left}
      </p>
    </section>
  `;
}
