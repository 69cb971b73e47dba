/* curves — the charts of an experiment: one panel per metric over a shared epoch axis, with what to
 * draw and a legend. */
import {
  html,
  useCallback,
  useMemo,
  useRef,
  useState,
  useEffect,
  useLayoutEffect,
} from '../../lib/html.js';
import { faded } from '../../lib/palette.js';
import { smooth } from '../../lib/stats.js';
import { metricLabel, count } from '../../lib/format.js';
import { Icon, Failure } from '../basic.js';
import { LineChart, ChartHelp, SaveMenu } from '../chart.js';
import { MetricSelect } from './verdict.js';
import { Segments, FitToggle, LogEpochs } from '../control.js';
import { Swatch } from '../legend.js';

const LINES_LIMIT = 100;
const MARKED = 24; /* lines that may have marks: among more they would hide what they mark */

/* How wide lines are when there are `n` of them. One pixel is quick to draw, more is ten times
 * slower: only few lines may be strong. */
const widthOf = (n, strong) => (n > 24 ? 1 : n > 12 ? 1.3 : strong);

/* The metric of the training split that one of the validation split can be shown against, or
 * null. */
export const trainingOf = (metric) =>
  metric.startsWith('val_') ? metric.replace('val_', 'train_') : null;

const TRAINING_DASH = [1.5, 2.5];
const SHADED = 6; /* lines up to which the gaps are shaded: more would hide each other */

/* A line with the training line that belongs to it, dotted, and, where there are few, the gap
 * between the two shaded. */
function withTraining(series, x, y, isShaded) {
  const at = series.x.map((epoch, i) => (x[i] === epoch ? i : x.indexOf(epoch)));
  const high = at.map((place, i) => (series.y[i] === null ? null : (y[place] ?? null)));
  const low = series.y.map((value, i) => (high[i] === null ? null : value));
  return [
    isShaded
      ? { ...series, low, high, n: null, isGap: true }
      : { ...series, low: null, high: null, n: null },
    {
      ...series,
      key: `${series.key} training`,
      label: `${series.label}, training`,
      dash: TRAINING_DASH,
      width: Math.min(series.width, 1.6),
      x,
      y,
      low: null,
      high: null,
      n: null,
    },
  ];
}

function meanSeries({ store, configs, styles, props, limit }, metric) {
  const curves = store.means.get(metric)?.curves ?? new Map();
  const training = props.gap ? store.means.get(trainingOf(metric))?.curves : undefined;
  return configs
    .slice(0, limit)
    .filter((config) => curves.has(config.config_id))
    .flatMap((config) => {
      const curve = curves.get(config.config_id);
      const other = training?.get(config.config_id);
      const series = {
        key: config.config_id,
        label: config.label,
        ...styles.get(config.config_id),
        width: widthOf(configs.length, 2.2),
        x: curve.epoch,
        ...curve.columns(other ? 'none' : props.band, props.smooth),
        n: curve.isOfSeveral ? curve.n : null,
      };
      return other
        ? withTraining(
            series,
            other.epoch,
            other.columns('none', props.smooth).y,
            configs.length <= SHADED,
          )
        : [series];
    });
}

/* Smoothed columns, as long as they do not grow: column → {weight, n, values}. */
const smoothed = new WeakMap();

function smoothOnce(column, weight) {
  if (weight === 0) return column;
  const known = smoothed.get(column);
  if (known?.weight === weight && known.n === column.length) return known.values;
  const made = { weight, n: column.length, values: smooth(column, weight) };
  smoothed.set(column, made);
  return made.values;
}

/* The runs of configs, the first `limit` of them: [[config, run]]. */
const firstRuns = (configs, limit) =>
  configs.flatMap((config) => config.runs.map((run) => [config, run])).slice(0, limit);

function runSeries({ store, configs, styles, props, limit }, metric) {
  const n = configs.reduce((sum, config) => sum + config.runs.length, 0);
  const series = [];
  for (const [config, run] of firstRuns(configs, limit)) {
    const columns = store.curves.get(run.id);
    if (!columns?.[metric]) continue;
    const style = styles.get(config.config_id);
    const look = {
      ...style,
      color: n > 30 ? faded(style.color, 0.5) : style.color,
      width: widthOf(n, 1.8),
      low: null,
      high: null,
      n: null,
    };
    const label =
      configs.length === 1
        ? `seed ${run.seed}`
        : config.runs.length > 1
          ? `${config.label}, seed ${run.seed}`
          : config.label;
    const one = {
      key: String(run.id),
      label,
      ...look,
      x: columns.epoch,
      y: smoothOnce(columns[metric], props.smooth),
    };
    const training = props.gap ? columns[trainingOf(metric)] : undefined;
    series.push(
      ...(training
        ? withTraining(one, columns.epoch, smoothOnce(training, props.smooth), n <= SHADED)
        : [one]),
    );
  }
  return series;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/* On the line `key` at the recorded epoch that is nearest. */
function markOf(series, key, epoch, kind) {
  const line = series.find((one) => one.key === key);
  if (!line || line.x.length === 0 || !Number.isFinite(epoch)) return [];
  const place = line.x.reduce(
    (best, x, i) => (Math.abs(x - epoch) < Math.abs(line.x[best] - epoch) ? i : best),
    0,
  );
  return line.y[place] === null
    ? []
    : [{ x: line.x[place], y: line.y[place], color: line.color, kind }];
}

/* Where the best epoch and an early stop lie, on the line of each run or, of its finished runs the
 * median, of each config. */
function marksOf(configs, series, mode) {
  const bundles =
    mode === 'runs'
      ? configs.flatMap((config) => config.runs.map((run) => [String(run.id), [run]]))
      : configs.map((config) => [config.config_id, config.runs]);
  if (bundles.length > MARKED) return [];
  return bundles.flatMap(([key, runs]) => {
    const done = runs.filter((run) => Number.isFinite(run.metrics?.best_epoch));
    const stopped = runs.filter((run) => run.stop_reason === 'early_stopped');
    return [
      ...(done.length
        ? markOf(series, key, median(done.map((run) => run.metrics.best_epoch)), 'best')
        : []),
      ...(stopped.length
        ? markOf(series, key, median(stopped.map((run) => run.epoch)), 'stop')
        : []),
    ];
  });
}

const isEmpty = (model) => model.series.every((s) => s.y.every((y) => y === null));

/* What a chart shows: 'lines', or nothing since its values are still 'loading' or 'absent'.
 * `handle`: the ref to it. */
function useContent(handle, model, watch, isLoaded) {
  const [content, setContent] = useState('lines');
  useLayoutEffect(() => {
    const look = () =>
      setContent(!isEmpty(handle.current.model) ? 'lines' : isLoaded() ? 'absent' : 'loading');
    look();
    return watch(look);
  }, [model, watch]);
  return content;
}

function Panel({ index, metric, shared, mode, zoom, onMetric, onRemove }) {
  const { store, version, configs: visible, styles, props, set, catalogue } = shared;
  const handle = useRef(null);
  const model = useCallback(() => {
    const series = (mode === 'runs' ? runSeries : meanSeries)(shared, metric);
    const reach = visible.reduce(
      (most, config) => config.runs.reduce((longest, run) => Math.max(longest, run.epochs), most),
      0,
    );
    return {
      name: metricLabel(metric),
      xLabel: 'epoch',
      series,
      xLog: props.x === 'log',
      yLog: props.y === 'log',
      zoom,
      sync: `experiment-${store.id}`,
      fit: props.fit === 'end',
      live: store.active,
      reach,
      marks: marksOf(visible, series, mode),
    };
  }, [
    version,
    visible,
    styles,
    metric,
    mode,
    shared.limit,
    props.gap,
    props.band,
    props.x,
    props.y,
    props.smooth,
    props.fit,
    zoom,
  ]);
  const watch = useCallback((draw) => store.watchCurves(draw), [store]);
  const content = useContent(
    handle,
    model,
    watch,
    () =>
      visible.length === 0 ||
      store.problems.has('curves') ||
      (mode === 'runs'
        ? visible.some((config) => config.runs.some((run) => store.curves.get(run.id)?.[metric]))
        : store.means.has(metric)),
  );
  const row = catalogue.metric(metric);
  return html`
    <section class="panel" aria-label=${metricLabel(metric)} data-testid="panel-${metric}">
      <div class="panel-head">
        <${MetricSelect} id="panel-metric-${index}" label="Metric of chart ${index + 1}"
            regression=${shared.regression} metrics=${catalogue.metrics} value=${metric}
            onChange=${onMetric} />
        ${
          row &&
          row.direction !== 'none' &&
          html`
            <span class="soft small hint" title=${row.help}>
              ${row.direction === 'lower' ? 'lower is better' : 'higher is better'}
            </span>
          `
        }
        <span class="grow" />
        ${
          zoom &&
          html`
            <button type="button" class="button quiet small" id="zoom-reset-${index}"
                onClick=${() => set({ zoom: null })}>
              Show all
            </button>
          `
        }
        <${SaveMenu} id="chart-${index}" handle=${handle} />
        ${
          onRemove &&
          html`
            <button type="button" class="button quiet icon-only" id="panel-remove-${index}"
                aria-label="Remove the chart of ${metricLabel(metric)}" title="Remove this chart"
                onClick=${onRemove}>
              <${Icon} name="close" />
            </button>
          `
        }
      </div>
      <div class="chart-box">
        <${LineChart} id="chart-${index}" handle=${handle} label="${metricLabel(metric)} by epoch"
            model=${model} watch=${watch} onZoom=${(pair) => set({ zoom: pair })} />
        ${
          content !== 'lines' &&
          html`
            <p class="chart-note ${content}">
              ${
                content === 'loading'
                  ? 'Loading…'
                  : visible.length === 0
                    ? 'All configs are hidden.'
                    : store.active
                      ? 'Waiting for the first epoch…'
                      : 'There are no values of this metric.'
              }
            </p>
          `
        }
      </div>
    </section>
  `;
}

function Legend({ configs, styles, props, set, baseline }) {
  if (configs.length < 2) return null;
  const hidden = new Set(props.hide);
  const toggle = (id) =>
    set({ hide: hidden.has(id) ? props.hide.filter((one) => one !== id) : [...props.hide, id] });
  const only = (id) => {
    const others = configs.map((config) => config.config_id).filter((one) => one !== id);
    set({ hide: hidden.size === others.length && !hidden.has(id) ? [] : others });
  };
  return html`
    <div class="legend" role="group"
        aria-label="Configs in the charts. Press to hide or show, with Alt to show only one"
        data-testid="legend">
      ${configs.map(
        (config) => html`
          <button type="button" class="legend-item ${hidden.has(config.config_id) ? 'off' : ''}"
              aria-pressed=${hidden.has(config.config_id) ? 'false' : 'true'}
              data-config=${config.config_id}
              title="Press to hide or show; with Alt or a double press, show only this one"
              onClick=${(event) =>
                event.altKey ? only(config.config_id) : toggle(config.config_id)}
              onDblClick=${() => only(config.config_id)}>
            <${Swatch} style=${styles.get(config.config_id)} />
            ${config.label}
            ${
              config.config_id === baseline
                ? html` <span
            class="soft">(baseline)</span>`
                : ''
            }
          </button>
        `,
      )}
      ${
        hidden.size > 0 &&
        html`
          <button type="button" class="button quiet small" id="legend-all"
              onClick=${() => set({ hide: [] })}>
            Show all
          </button>
        `
      }
    </div>
  `;
}

/* Smoothing, applied while the slider moves and kept in the URL when it rests. */
function Smoothing({ value, set }) {
  const [moving, setMoving] = useState(value);
  useEffect(() => setMoving(value), [value]);
  return html`
    <label class="slider">
      Smoothing${' '}
      <input type="range" id="smoothing" min="0" max="0.95" step="0.05" value=${moving}
          onInput=${(event) => {
            setMoving(Number(event.target.value));
            set({ smooth: Number(event.target.value) });
          }} /><output>${moving ? moving.toFixed(2) : 'off'}</output>
    </label>
  `;
}

function Toolbar({ props, set, mode, single, swept, hasTraining }) {
  return html`
    <div class="toolbar" role="toolbar" aria-label="How the curves are drawn">
      ${
        !single &&
        html`
          <${Segments} name="mode" label="Lines" value=${mode} options=${[
            ['mean', 'Mean of seeds'],
            ['runs', 'Every run'],
          ]} onChange=${(value) => set({ mode: value })} />
        `
      }
      ${
        mode === 'mean' &&
        html`
          <label class="inline">
            Band${' '}
            <select id="band" value=${props.band} disabled=${hasTraining && props.gap} title=${
              hasTraining && props.gap
                ? 'The training lines take the place of the bands'
                : undefined
            } onChange=${(event) => set({ band: event.target.value })}>
              ${[
                ['ci', '95 % interval'],
                ['std', '± standard deviation'],
                ['range', 'least to greatest'],
                ['none', 'none'],
              ].map(
                ([key, words]) =>
                  html`<option value=${key} selected=${key === props.band}>${words}</option>`,
              )}
            </select>
          </label>
        `
      }
      <${Segments} name="y" label="Vertical axis" value=${props.y} options=${[
        ['linear', 'Linear'],
        ['log', 'Log'],
      ]} onChange=${(value) => set({ y: value })} />
      ${
        hasTraining &&
        html`
          <label class="inline check"
              title="The training line of each, dotted, and the gap to it shaded">
            <input type="checkbox" id="gap" checked=${props.gap}
                onChange=${(event) => set({ gap: event.target.checked })} /> training
          </label>
        `
      }
      <${FitToggle} props=${props} set=${set} />
      <${LogEpochs} props=${props} set=${set} />
      <${Smoothing} value=${props.smooth} set=${set} />
      ${
        swept.length > 1 &&
        html`
          <label class="inline">
            Colour by${' '}
            <select id="colour-by" value=${props.by}
                onChange=${(event) => set({ by: event.target.value })}>
              <option value="" selected=${props.by === ''}>config</option>
              ${swept.map(
                (name) => html`
                  <option value=${name} selected=${name === props.by}>${name}</option>
                `,
              )}
            </select>
          </label>
        `
      }
    </div>
  `;
}

/* What the charts leave out, if they do. */
function LeftOut({ configs, mode, limit, withTraining: isWithTraining, canHide }) {
  const n =
    mode === 'runs' ? configs.reduce((sum, config) => sum + config.runs.length, 0) : configs.length;
  if (n <= limit) return null;
  return html`
    <p class="soft" id="left-out">
      The first ${limit} of ${count(n, mode === 'runs' ? 'run' : 'config')}
      ${isWithTraining ? ', each with its training line' : ''}
      ${canHide ? '; hide configs to see others' : ''}.
    </p>
  `;
}

export function Curves({ metrics, mode, single, swept, ...shared }) {
  const { store, configs, styles, props, set, catalogue } = shared;
  const change = (index, metric) =>
    set({ metrics: metrics.map((one, i) => (i === index ? metric : one)) });
  const add = () => {
    const next =
      catalogue.metrics.find(
        (one) => one.scope === 'epoch' && !metrics.includes(one.name) && /^train/.test(one.name),
      ) ?? catalogue.metrics.find((one) => one.scope === 'epoch' && !metrics.includes(one.name));
    if (next) set({ metrics: [...metrics, next.name] });
  };
  const zoomKey = JSON.stringify(props.zoom);
  const zoom = useMemo(() => props.zoom, [zoomKey]);
  const visible = useMemo(
    () => configs.filter((config) => !props.hide.includes(config.config_id)),
    [configs, props.hide],
  );
  const hasTraining = metrics.some((metric) => trainingOf(metric));
  const limit = hasTraining && props.gap ? LINES_LIMIT / 2 : LINES_LIMIT;
  const problem = store.problems.get('curves');
  return html`
    <section class="card" aria-labelledby="curves-title">
      <div class="section-head">
        <h2 id="curves-title">Curves</h2>
        <${Toolbar} props=${props} set=${set} mode=${mode} single=${single} swept=${swept}
            hasTraining=${hasTraining} />
      </div>
      <${Legend} configs=${configs} styles=${styles} props=${props} set=${set}
          baseline=${store.comparison?.baseline} />
      ${
        problem &&
        html`
          <${Failure} problem=${problem} title="The curves could not be loaded"
              retry=${() => store.refreshCurves.ask()} />
        `
      }
      <${LeftOut} configs=${visible} mode=${mode} limit=${limit} withTraining=${limit < LINES_LIMIT}
          canHide=${configs.length > 1} />
      <div class="panels ${metrics.length === 1 ? 'one' : ''}">
        ${metrics.map(
          (metric, i) => html`
            <${Panel} key=${i} index=${i} metric=${metric}
                shared=${{ ...shared, configs: visible, limit }} mode=${mode} zoom=${zoom}
                onMetric=${(next) => change(i, next)} onRemove=${
                  metrics.length > 1
                    ? () => set({ metrics: metrics.filter((_, j) => j !== i) })
                    : null
                } />
          `,
        )}
      </div>
      <div class="row after-panels">
        <button type="button" class="button quiet" id="panel-add" onClick=${add}>
          <${Icon} name="plus" />Add a chart
        </button>
        <span class="soft small">
          A ring marks the best epoch${mode === 'mean' ? ' (the median over seeds)' : ''}, a square
          an early
          stop${props.gap ? '; dotted: training, shaded: the gap to it (of few lines)' : ''}.
        </span>
        <${ChartHelp} />
      </div>
    </section>
  `;
}
