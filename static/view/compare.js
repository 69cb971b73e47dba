/* compare — several experiments side by side: their configs in one chart and one table. */
import { html, useEffect, useMemo, useRef, useState, useTheme, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { text, choice, list, range } from '../lib/state.js';
import { get, getCatalogue } from '../lib/api.js';
import { subscribe } from '../lib/events.js';
import { categorical } from '../lib/palette.js';
import { t975 } from '../lib/stats.js';
import {
  metricLabel,
  metricTitle,
  meanStd,
  signed,
  titleOf,
  value as showValue,
  valuesLabel,
} from '../lib/format.js';
import { Empty, Failure, Loading, Status } from '../part/basic.js';
import { LineChart, SaveMenu } from '../part/chart.js';
import { AT_WORDS, MetricSelect, VerdictMark, comparedAt } from '../part/result/verdict.js';
import { Table } from '../part/table.js';
import { AxisSegments, FitToggle, Segments } from '../part/control.js';
import { LineLegend } from '../part/legend.js';

const PROPS = {
  ids: list(),
  metric: text('val_loss'),
  configs: choice(['best', 'all']),
  y: choice(['linear', 'log']),
  fit: choice(['end', 'all']),
  zoom: range(),
  sort: text(),
};
const REFRESH_MS = 1000;
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

/* A metric is compared where it is first to be had: of the selected weights, unless it belongs to
 * an epoch. */
async function loadOne(id, metric, signal) {
  const { metrics } = await getCatalogue();
  const at = comparedAt(metrics, metric, 'selected');
  const hasCurve = metrics.some((one) => one.scope === 'epoch' && one.name === metric);
  const [experiment, comparison, curves] = await Promise.all([
    get(`/experiments/${id}`, {}, signal),
    get(`/experiments/${id}/comparison`, { metric, at }, signal),
    hasCurve ? get(`/experiments/${id}/curves`, { metric }, signal) : { configs: [] },
  ]);
  return {
    experiment,
    comparison,
    curves: new Map(curves.configs.map((one) => [one.config_id, one])),
  };
}

/* The experiments of `ids`, loaded again while any of them runs. */
function useExperiments(ids, metric) {
  const [state, setState] = useState({ items: null, problem: null });
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    const load = () =>
      Promise.all(ids.map((id) => loadOne(id, metric, abort.signal))).then(
        (items) => {
          if (!abort.signal.aborted) setState({ items, problem: null });
        },
        (problem) => {
          if (!abort.signal.aborted) setState({ items: null, problem });
        },
      );
    const soon = () => {
      timer ||= setTimeout(() => {
        timer = 0;
        load();
      }, REFRESH_MS);
    };
    const subscription = subscribe(null, (type, data) => {
      if (type === 'reset' || ids.includes(String(data.experiment))) soon();
    });
    subscription.ready.then(load);
    return () => {
      abort.abort();
      clearTimeout(timer);
      subscription.close();
    };
  }, [ids.join(), metric]);
  return state;
}

/* One row per config: {key, experiment, config, color, dash, best}. */
function rowsOf(items, theme) {
  return items.flatMap(({ experiment, comparison, curves }, i) =>
    comparison.configs.map((config, j) => ({
      key: `${experiment.id}-${config.config_id}`,
      experiment,
      config,
      curve: curves.get(config.config_id),
      best: j === 0,
      color: categorical(i, theme),
      dash: DASHES[j % DASHES.length],
    })),
  );
}

/* The mean curve of a config with its 95 % interval, where there are several seeds. */
function seriesOf({ key, experiment, config, curve, color, dash }) {
  const { n, mean, std } = curve;
  const edge = (i) =>
    n[i] > 1 && std[i] !== null ? (t975(n[i] - 1) * std[i]) / Math.sqrt(n[i]) : 0;
  const hasBand = n.some((one) => one > 1);
  const at = (sign) => mean.map((y, i) => (y === null ? null : y + sign * edge(i)));
  return {
    key,
    label: `${titleOf(experiment)}: ${valuesLabel(config.values)}`,
    color,
    dash,
    width: 2,
    x: curve.epoch,
    y: mean,
    low: hasBand ? at(-1) : null,
    high: hasBand ? at(1) : null,
    n: hasBand ? n : null,
  };
}

const WHICH = [
  ['best', 'The best of each'],
  ['all', 'All configs'],
];

function Chart({ rows, metric, props, set }) {
  const handle = useRef(null);
  const shown = rows.filter((row) => row.curve && (props.configs === 'all' || row.best));
  const zoomKey = JSON.stringify(props.zoom);
  const model = useMemo(
    () => ({
      name: metricLabel(metric),
      xLabel: 'epoch',
      xLog: false,
      yLog: props.y === 'log',
      zoom: props.zoom,
      sync: 'compare',
      fit: props.fit === 'end',
      series: shown.map(seriesOf),
    }),
    [rows, props.configs, props.y, props.fit, zoomKey],
  );
  const curves = html`
    <${LineLegend} series=${model.series} />
    <${LineChart} id="chart-compare" handle=${handle} label="${metricLabel(metric)} by epoch"
        model=${model} onZoom=${(zoom) => set({ zoom })} />
  `;
  const none = html`<p class="soft">There are no curves of this metric.</p>`;
  return html`
    <section class="card" aria-labelledby="compare-curves">
      <div class="section-head">
        <h2 id="compare-curves">${metricTitle(metric)} by epoch</h2>
        <div class="toolbar">
          <${Segments} name="configs" label="Which configs" value=${props.configs} options=${WHICH}
              onChange=${(configs) => set({ configs })} />
          <${AxisSegments} props=${props} set=${set} />
          <${FitToggle} props=${props} set=${set} />
          <${SaveMenu} id="chart-compare" handle=${handle} />
        </div>
      </div>
      ${shown.length === 0 ? none : curves}
    </section>
  `;
}

const columns = (metric, at) => [
  {
    key: 'experiment',
    label: 'Experiment',
    value: (row) => titleOf(row.experiment),
    cell: (row) => html`
      <span class="config-name">
        <span class="swatch" style=${{ background: row.color }} />
        <a class="row-link" href="#/experiments/${row.experiment.id}">${titleOf(row.experiment)}</a>
      </span>
    `,
  },
  {
    key: 'config',
    label: 'Config',
    wide: true,
    value: (row) => valuesLabel(row.config.values),
    cell: (row) => html`<span class="nowrap">${valuesLabel(row.config.values)}</span>`,
  },
  {
    key: 'status',
    label: 'Status',
    value: (row) => row.experiment.status,
    cell: (row) => html`<${Status} status=${row.experiment.status} />`,
  },
  {
    key: 'n',
    label: 'Seeds',
    align: 'num',
    value: (row) => row.config.n,
    cell: (row) => row.config.n,
  },
  {
    key: 'mean',
    label: metricLabel(metric),
    align: 'num main',
    help: `Mean ± standard deviation over seeds, of each run's ${AT_WORDS[at]}`,
    value: (row) => row.config.mean,
    cell: (row) => meanStd(row.config.mean, row.config.std),
  },
  {
    key: 'difference',
    label: 'Difference to its baseline',
    align: 'num',
    value: (row) => row.config.difference?.mean,
    cell: (row) =>
      row.config.difference?.mean === null || row.config.difference === null
        ? '–'
        : signed(
            row.config.difference.mean,
            row.config.difference.ci_high - row.config.difference.mean,
          ),
  },
  {
    key: 'verdict',
    label: 'Verdict',
    value: (row) => row.config.verdict,
    cell: (row) => html`<${VerdictMark} verdict=${row.config.verdict} />`,
  },
];

const NOT_SETTINGS = [
  'name',
  'description',
  'tags',
  'priority',
  'sweep',
  'sweep_method',
  'trials',
  'repeats',
  'baseline',
];

/* In which settings outside of their sweeps the experiments differ: [[name, their values in
 * words]]. */
function differencesOf(items) {
  const specs = items.map(({ experiment }) => experiment.spec);
  const names = [...new Set(specs.flatMap(Object.keys))].filter(
    (name) => !NOT_SETTINGS.includes(name),
  );
  const words = (spec, name) =>
    name in spec ? showValue(spec[name]) : name in (spec.sweep ?? {}) ? 'swept' : 'default';
  return names
    .map((name) => [name, specs.map((spec) => words(spec, name))])
    .filter(([, all]) => new Set(all).size > 1);
}

/* Of what the numbers are, and what else sets the experiments apart. */
function Reading({ items, at }) {
  const differing = differencesOf(items);
  return html`
    ${
      differing.length > 0 &&
      html`
        <p class="soft small" id="compare-differing">
          Not the same in all:${' '}
          ${differing.map(
            ([name, all], i) => html`${i ? '; ' : ''}<code>${name}</code> ${all.join(' / ')}`,
          )}.
        </p>
      `
    }
    <p class="soft small">
      The numbers are of each run’s ${AT_WORDS[at]}. Differences and verdicts are within each
      experiment, to its own baseline. Between experiments seeds and settings may differ, so no test
      is made there.
    </p>
  `;
}

function Compare({ set, ...props }) {
  useTitle('Comparison');
  const theme = useTheme();
  const [catalogue, setCatalogue] = useState(null);
  useEffect(() => {
    getCatalogue().then(setCatalogue, () => {});
  }, []);
  const { items, problem } = useExperiments(props.ids, props.metric);
  const rows = useMemo(() => rowsOf(items ?? [], theme), [items, theme]);
  const first =
    /* the words are those of the numbers: while another metric is on its way, of the one
     * before */
    items?.[0]?.comparison;
  const lower = first?.direction === 'higher' ? '-mean' : 'mean';
  if (props.ids.length === 0)
    return html`
      <${Empty} heading="h1" title="Nothing to compare">
        <p>Select experiments in the <a href="#/experiments">list</a>, then press Compare.</p>
      <//>
    `;
  return html`
    <nav class="crumbs" aria-label="Where you are">
      <a href="#/experiments">Experiments</a>
      <span aria-hidden="true">/</span>
      <span>comparison</span>
    </nav>
    <div class="page-head">
      <h1>${props.ids.length} experiments</h1>
      ${
        catalogue &&
        html`
          <label class="run-choice">
            Metric${' '}
            <${MetricSelect} id="compare-metric" label="Metric" finals metrics=${catalogue.metrics}
                value=${props.metric} onChange=${(metric) => set({ metric })} />
          </label>
        `
      }
    </div>
    ${
      problem &&
      html`<${Failure} problem=${problem} title="These experiments could not be loaded" />`
    }
    ${!items && !problem && html`<${Loading} what="Loading the experiments" />`}
    ${
      items &&
      html`
        <${Chart} rows=${rows} metric=${first.metric} props=${props} set=${set} />
        <${Table} stack id="compared" label="Configs of all experiments"
            columns=${columns(first.metric, first.method.at)} rows=${rows}
            sort=${props.sort || lower} onSort=${(sort) => set({ sort })}
            rowKey=${(row) => row.key} />
        <${Reading} items=${items} at=${first.method.at} />
      `
    }
  `;
}

export default defineView(PROPS, Compare);
