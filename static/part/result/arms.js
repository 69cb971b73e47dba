/* arms — the table of an experiment's arms: what each reached, how it differs from its baseline,
 * and what follows; the numbers of the tests one fold below. */
import { html, useMemo } from '../../lib/html.js';
import { metricLabel, number, pValue, valuesLabel, withSpread, NONE } from '../../lib/format.js';
import { Swatch } from '../legend.js';
import { Table } from '../table.js';
import { Difference, VerdictMark } from './verdict.js';
import { spanOf, statsColumn, statsOf, tableMetrics } from './tables.js';

const MANY = 12; /* arms; more scroll in a box of their own */

/* Whether an arm chose among several configs. */
const isTuned = (comparison) => comparison.arms.some((arm) => arm.n_configs > 1);

/* Whether the table of arms says all that there is to be said of the configs: each arm is one of
 * them, in the only context. */
export const isWhole = (comparison) => !isTuned(comparison) && comparison.contexts.length < 2;

/* What names an arm in its context. */
const treatmentKey = (arm) => JSON.stringify(arm.values);
const contextKey = (arm) => JSON.stringify(arm.context);

/* Whether it has the best mean of its context. */
function isLeading(arm, { contexts, direction }) {
  if (direction === 'none') return false;
  const own = contexts.find(({ values }) => JSON.stringify(values) === contextKey(arm));
  return own?.leader !== null && own?.leader === arm.config_id;
}

function ArmName({ arm, comparison, styles }) {
  const isAlone = comparison.arms.length === 1;
  const chip = (words, title) => html`<span class="chip" title=${title}>${words}</span>`;
  return html`
    <span class="arm-name">
      <${Swatch} style=${styles.get(arm.config_id)} />
      <span class="arm-words">
        <span>${arm.label}</span>
        ${!isAlone && isLeading(arm, comparison) && chip('best mean')}
        ${arm.is_tied && chip('tied with the best', 'Nothing shows that it differs from the best')}
      </span>
    </span>
  `;
}

/* How many repeats it has, and of how many more runs nothing is known. */
function Repeats({ arm: { n, n_failed: failed, n_unfinished: open } }) {
  return html`
    <span class="nowrap">${n}</span>
    ${failed > 0 && html`${' '}<span class="bad-text nowrap">(${failed} failed)</span>`}
    ${open > 0 && html`${' '}<span class="soft nowrap">(${open} to come)</span>`}
  `;
}

/* A mean with its interval. */
function Mean({ arm: { mean, ci_low: low, ci_high: high } }) {
  const half = Number.isFinite(low) ? (high - low) / 2 : undefined;
  const interval = html`
    ${' '}<span class="soft nowrap">
      (${withSpread(low, half)} to ${withSpread(high, half)})
    </span>
  `;
  return html`${withSpread(mean, half)}${half > 0 && interval}`;
}

const CONTEXT = {
  key: 'context',
  label: 'Context',
  value: ({ arm }) => valuesLabel(arm.context),
  cell: ({ arm }) => valuesLabel(arm.context),
};

/* The config that it chose, with the way to it. */
function tunedColumn(runOf) {
  const chosen = ({ arm }) => {
    const run = runOf(arm.config_id);
    const words = valuesLabel(arm.tuned);
    const link = html`
      <a href="#/runs/${run?.id}?tab=configuration" title="This configuration, in its first run">
        ${words}
      </a>
    `;
    return html`${run ? link : words} <span class="soft nowrap">of ${arm.n_configs}</span>`;
  };
  return {
    key: 'tuned',
    label: 'Tuned',
    align: 'tuned',
    help: 'The config with the best mean; each repeat chooses for itself',
    value: ({ arm }) => valuesLabel(arm.tuned),
    cell: (row) => (Object.keys(row.arm.tuned).length ? chosen(row) : NONE),
  };
}

/* What tells the arms from their baselines. */
function differenceColumns({ direction }, span) {
  const difference = ({ arm }) => html`
    <${Difference} difference=${arm.difference} direction=${direction} span=${span}
        verdict=${arm.verdict} />
  `;
  const verdict = ({ arm }) => html`
    <${VerdictMark} verdict=${arm.verdict} difference=${arm.difference} plain />
  `;
  const found = (row) => (Number.isFinite(row.arm.difference.mean) ? difference(row) : NONE);
  return [
    {
      key: 'difference',
      label: 'Difference to the baseline',
      help: 'Paired by repeat, with its 95 % interval',
      line: true,
      value: ({ arm }) => arm.difference?.mean,
      cell: (row) => row.arm.difference && found(row),
    },
    {
      key: 'verdict',
      label: 'Verdict',
      line: true,
      value: ({ arm }) => arm.verdict,
      cell: (row) => (row.arm.verdict ? verdict(row) : NONE),
    },
  ];
}

const nameColumn = (comparison, styles) => ({
  key: 'config',
  label: 'Arm',
  value: ({ arm }) => arm.label,
  cell: ({ arm }) => html`
    <${ArmName} arm=${arm} comparison=${comparison} styles=${styles} />
  `,
});

const REPEATS = {
  key: 'n',
  label: 'Repeats',
  align: 'num',
  help: 'With a value; failed and unfinished runs are told beside it',
  value: ({ arm }) => arm.n,
  cell: ({ arm }) => html`<${Repeats} arm=${arm} />`,
};

const meanColumn = (metric) => ({
  key: metric,
  label: metricLabel(metric),
  align: 'num main',
  help: 'Mean over repeats, with its 95 % interval',
  value: ({ arm }) => arm.mean,
  cell: ({ arm }) => html`<${Mean} arm=${arm} />`,
});

/* Where arms are configs, all that is known of them stands in their rows. */
function columnsOf({ comparison, styles, regression }, runOf) {
  const { arms, contexts, metric } = comparison;
  const others = tableMetrics(regression, metric).map((name) => statsColumn(name, 'num'));
  return [
    nameColumn(comparison, styles),
    ...(contexts.length > 1 ? [CONTEXT] : []),
    ...(isTuned(comparison) ? [tunedColumn(runOf)] : []),
    REPEATS,
    meanColumn(metric),
    ...(arms.length > 1 ? differenceColumns(comparison, spanOf(arms)) : []),
    ...(isWhole(comparison) ? others : []),
  ];
}

/* In which order the arms stand, in words. */
function orderOf({ direction, contexts }, order, noun) {
  if (order) return noun;
  const least = direction === 'none' ? 'the lowest first' : 'the best first';
  return contexts.length > 1 ? `${noun} of each context, ${least}` : `${noun}, ${least}`;
}

export function ArmTable({ comparison, configs, version, styles, regression, props, set }) {
  const rows = useMemo(() => {
    const known = new Map(configs.map((config) => [config.config_id, config]));
    const names = tableMetrics(regression, comparison.metric);
    return comparison.arms.map((arm) => ({
      arm,
      key: `${contextKey(arm)} ${treatmentKey(arm)}`,
      stats: statsOf(known.get(arm.config_id)?.runs ?? [], names, props.at),
    }));
  }, [comparison, configs, version, props.at, regression]);
  const runOf = (id) => configs.find((config) => config.config_id === id)?.runs[0];
  const whole = isWhole(comparison);
  return html`
    <div class=${rows.length > MANY ? 'many' : ''}>
      <${Table} stack id=${whole ? 'configs' : 'arms'} sort=${props.order} rows=${rows}
          label=${orderOf(comparison, props.order, whole ? 'Configs' : 'Arms')}
          columns=${columnsOf({ comparison, styles, regression }, runOf)}
          onSort=${(order) => set({ order })} rowKey=${(row) => row.key} />
    </div>
  `;
}

const share = (x) => (Number.isFinite(x) ? `${Math.round(100 * x)} %` : NONE);

/* [key, label, how it is shown, help] of a difference's numbers. */
const TESTS = [
  ['n', 'Pairs', number, 'Repeats where both have a value'],
  ['pairs_better', 'Pairs better', share, 'Equal ones count half'],
  ['p_value', 'p', pValue, 'Two-sided paired t test'],
  ['p_adjusted', 'p adjusted', pValue, 'Holm, over all arms of all contexts'],
  ['sign_flip_p', 'Sign flip p', pValue, 'Paired sign-flip test: assumes no normal distribution'],
  [
    'equivalence_p_adjusted',
    'p of equivalence',
    pValue,
    'Two one-sided tests against the smallest difference that matters, adjusted by Holm',
  ],
  [
    'minimum_detectable',
    'Detectable',
    (x) => number(x, 3),
    'The difference that this many pairs find in four of five cases',
  ],
];

/* The numbers of the tests. */
export function ArmDetails({ comparison }) {
  const rows = comparison.arms.filter((arm) => arm.difference).map((arm) => ({ arm }));
  const columns = [
    { key: 'arm', label: 'Arm', cell: ({ arm }) => arm.label },
    ...(comparison.contexts.length > 1 ? [CONTEXT] : []),
    ...TESTS.map(([key, label, show, help]) => ({
      key,
      label,
      help,
      align: 'num',
      cell: ({ arm }) => show(arm.difference[key]),
    })),
  ];
  return html`
    <details class="method" id="arm-details">
      <summary>The tests in numbers</summary>
      <div class=${rows.length > MANY ? 'many' : ''}>
        <${Table} stack id="arm-tests" label="Tests of the differences to the baseline"
            columns=${columns} rows=${rows}
            rowKey=${({ arm }) => `${contextKey(arm)} ${treatmentKey(arm)}`} />
      </div>
    </details>
  `;
}
