/* tables — the tables of an experiment's configs and runs: what was measured of each. */
import { html, useMemo } from '../../lib/html.js';
import { summarize } from '../../lib/stats.js';
import { request } from '../../lib/api.js';
import { metricLabel, meanStd, number, duration, elapsed, count, NONE } from '../../lib/format.js';
import { isOver } from '../../lib/status.js';
import { Icon, Status, attempt } from '../basic.js';
import { Table } from '../table.js';
import { Swatch } from '../legend.js';

const PREFIX = { selected: '', best: 'best_', last: 'last_' };

/* A run's final value of a metric at the selected, best or last epoch; metrics measured once have
 * only one. */
function finalValue(run, metric, at) {
  const own = run.metrics?.[PREFIX[at] + metric];
  return own !== undefined ? own : (run.metrics?.[metric] ?? null);
}

/* Which metrics the tables show beside the compared one. */
export function tableMetrics(regression, compare) {
  const kind = regression ? 'rmse' : 'accuracy';
  return [
    'val_loss',
    `val_${kind}`,
    'train_loss',
    'test_loss',
    `test_${kind}`,
    'generalization_gap',
  ].filter((name) => name !== compare);
}

function ConfigName({ config, styles, baseline }) {
  return html`
    <span class="config-name">
      <${Swatch} style=${styles.get(config.config_id)} />
      <span>${config.label}</span>
      ${config.config_id === baseline && html`<span class="soft">baseline</span>`}
    </span>
  `;
}

/* The largest distance from zero that any interval of the rows reaches. */
export const spanOf = (rows) =>
  Math.max(
    0,
    ...rows
      .flatMap(({ difference: d }) => (d ? [d.mean ?? 0, d.ci_low ?? 0, d.ci_high ?? 0] : []))
      .filter(Number.isFinite)
      .map(Math.abs),
  );

/* How many of its runs have finished. */
function Seeds({ row: { done, failed, runs } }) {
  const bad = html`${' '}<span class="bad-text">(${failed} failed)</span>`;
  return html`
    <span class="nowrap">
      ${done === runs.length ? done : `${done} of ${runs.length}`}${failed > 0 && bad}
    </span>
  `;
}

/* Mean and deviation of the metrics `names` over the finished ones of a config's runs. */
export function statsOf(runs, names, at) {
  const done = runs.filter((run) => run.status === 'completed');
  return Object.fromEntries(
    names.map((name) => [name, summarize(done.map((run) => finalValue(run, name, at)))]),
  );
}

/* A metric of the finished runs of a config. */
export const statsColumn = (name, align) => ({
  key: name,
  label: metricLabel(name),
  align,
  help: 'Mean ± standard deviation over seeds',
  value: (row) => row.stats[name].mean,
  cell: (row) => meanStd(row.stats[name].mean, row.stats[name].std),
});

function configColumns({ styles, props, regression, store: { comparison } }) {
  const name = (row) => html`
    <${ConfigName} config=${row} styles=${styles} baseline=${comparison?.baseline} />
  `;
  return [
    { key: 'config', label: 'Config', value: (row) => row.label, cell: name },
    {
      key: 'n',
      label: 'Seeds',
      align: 'num',
      help: 'Finished runs of all runs',
      value: (row) => row.done,
      cell: (row) => html`<${Seeds} row=${row} />`,
    },
    statsColumn(props.compare, 'num main'),
    ...tableMetrics(regression, props.compare).map((metric) => statsColumn(metric, 'num')),
  ];
}

/* What was measured of each config. */
export function ConfigTable(shared) {
  const { configs, props, set, store, regression, version } = shared;
  const rows = useMemo(() => {
    const ranks = new Map((store.comparison?.configs ?? []).map((one, i) => [one.config_id, i]));
    const names = [props.compare, ...tableMetrics(regression, props.compare)];
    const countOf = (runs, status) => runs.filter((run) => run.status === status).length;
    return configs
      .map((config) => ({
        ...config,
        done: countOf(config.runs, 'completed'),
        failed: countOf(config.runs, 'failed'),
        stats: statsOf(config.runs, names, props.at),
        rank: ranks.get(config.config_id) ?? Infinity,
      }))
      .sort((a, b) => a.rank - b.rank);
  }, [configs, version, store.comparison, props.compare, props.at, regression]);
  return html`
    <${Table} stack id="configs" label="Configs" columns=${configColumns(shared)} rows=${rows}
        sort=${props.sort} onSort=${(sort) => set({ sort })} rowKey=${(row) => row.config_id}
        empty="The configs appear with their first runs." />
  `;
}

/* The value while a run trains is its latest epoch's, in soft type. */
function RunValue({ run, metric, at, live }) {
  const value = finalValue(run, metric, at);
  if (value !== null && isOver(run)) return html`${number(value)}`;
  const now = live?.[metric];
  return now === undefined || now === null
    ? html`${NONE}`
    : html`<span class="soft" title="So far">${number(now)}</span>`;
}

function RunActions({ run, label }) {
  const act = (what) => attempt(() => request('POST', `/runs/${run.id}/${what}`));
  if (!isOver(run))
    return html`
      <button type="button" class="button quiet small" onClick=${() => act('cancel')}
          aria-label="Cancel ${label}">
        <${Icon} name="stop" />Cancel
      </button>
    `;
  if (run.status === 'completed') return null;
  return html`
    <button type="button" class="button quiet small" onClick=${() => act('retry')}
        aria-label="Train ${label} again">
      <${Icon} name="retry" />Retry
    </button>
  `;
}

function RunStatus({ run }) {
  const error = html`<span class="soft small clip" title=${run.error}>${run.error}</span>`;
  return html`
    <${Status} status=${run.status} reason=${run.stop_reason} />${run.error && error}
  `;
}

const Epoch = ({ run }) => html`
  <span class="nowrap">${run.epoch} <span class="soft">of ${run.epochs}</span></span>
`;

const tookSeconds = (run) => elapsed(run.started_at, run.finished_at);

/* What comes before the metrics of a run, and what comes after. */
const RUN = {
  key: 'id',
  label: 'Run',
  value: (run) => run.id,
  cell: (run) => html`<a class="row-link" href="#/runs/${run.id}">${run.id}</a>`,
};
const STATE = [
  { key: 'seed', label: 'Seed', align: 'num', value: (run) => run.seed, cell: (run) => run.seed },
  {
    key: 'status',
    label: 'Status',
    value: (run) => run.status,
    cell: (run) => html`<${RunStatus} run=${run} />`,
  },
  {
    key: 'epoch',
    label: 'Epoch',
    align: 'num',
    value: (run) => run.epoch,
    cell: (run) => html`<${Epoch} run=${run} />`,
  },
];
const END = [
  {
    key: 'best_epoch',
    label: 'Best epoch',
    align: 'num',
    value: (run) => run.metrics?.best_epoch,
    cell: (run) => run.metrics?.best_epoch ?? NONE,
  },
  {
    key: 'took',
    label: 'Took',
    align: 'num',
    value: tookSeconds,
    cell: (run) => (run.finished_at ? duration(tookSeconds(run)) : NONE),
  },
  {
    key: 'actions',
    label: 'Actions',
    hidden: true,
    cell: (run) => html`<${RunActions} run=${run} label="run ${run.id}" />`,
  },
];

/* Which config a run is of. */
function configColumn(configs, styles) {
  const known = new Map(configs.map((config) => [config.config_id, config]));
  return {
    key: 'config',
    label: 'Config',
    wide: true,
    value: (run) => known.get(run.config_id)?.label,
    cell: (run) => html`
      <${ConfigName} config=${known.get(run.config_id) ?? run} styles=${styles} />
    `,
  };
}

const runColumn = ({ props, store }, name) => ({
  key: name,
  label: metricLabel(name),
  align: 'num',
  value: (run) => finalValue(run, name, props.at) ?? store.live.get(run.id)?.[name],
  cell: (run) => html`
    <${RunValue} run=${run} metric=${name} at=${props.at} live=${store.live.get(run.id)} />
  `,
});

export function RunTable(shared) {
  const { configs, styles, props, set, store, regression, version } = shared;
  const rows = useMemo(() => [...store.runs.values()], [store.runs, version]);
  const columns = [
    RUN,
    ...(configs.length > 1 ? [configColumn(configs, styles)] : []),
    ...STATE,
    ...tableMetrics(regression, null).map((name) => runColumn(shared, name)),
    ...END,
  ];
  return html`
    <${Table} stack id="runs" label=${count(rows.length, 'run')} columns=${columns} rows=${rows}
        sort=${props.rows} onSort=${(order) => set({ rows: order })} rowKey=${(run) => run.id} />
  `;
}
