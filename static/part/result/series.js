/* series — the lines of an experiment's charts: a mean for each config, or one for each run, with
 * their training lines and marks. */
import { faded } from '../../lib/palette.js';
import { smooth } from '../../lib/stats.js';

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
export function marksOf(configs, series, mode) {
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

/* The lines of a metric, in the mode "mean" or "runs". shared: {store, configs, styles, props,
 * limit}. */
export const seriesOf = (mode, shared, metric) =>
  (mode === 'runs' ? runSeries : meanSeries)(shared, metric);
