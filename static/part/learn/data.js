/* data — what a lesson's picture is made of: the experiment as it trains, and of its runs what the
 * picture shows. */
import { useEffect, useReducer, useResource, useState } from '../../lib/html.js';
import { get, getAll } from '../../lib/api.js';
import { subscribe } from '../../lib/events.js';
import { summarize, t975 } from '../../lib/stats.js';
import { value } from '../../lib/format.js';

const REST_MS = 500; /* between two looks at what trains */

/* The experiment as it is now; `turn` counts what was heard of it. */
export function useExperiment(id) {
  const [turn, heard] = useReducer((n) => n + 1, 0);
  const [isReady, setReady] = useState(false);
  useEffect(() => {
    if (!id) return undefined;
    let timer = 0;
    const soon = () => {
      timer ||= setTimeout(() => {
        timer = 0;
        heard();
      }, REST_MS);
    };
    const subscription = subscribe(id, soon);
    subscription.ready.then(() => setReady(true));
    return () => {
      clearTimeout(timer);
      subscription.close();
    };
  }, [id]);
  const wanted = id && isReady;
  const { data, error, reload } = useResource(
    (signal) => (wanted ? get(`/experiments/${id}`, {}, signal) : Promise.resolve(null)),
    [id, isReady, turn],
  );
  return { experiment: data?.id === id ? data : null, problem: error, turn, reload };
}

const inWords = (name) => name.replaceAll('_', ' ');

/* The label of a variant, else the values that are not along the axis, in words. A label that a
 * config has from its values says "name=value". */
export function wordsOf({ label, values }, over) {
  if (label && !over && !label.includes('=')) return inWords(label);
  const rest = Object.entries(values ?? {}).filter(
    ([name]) => name !== over && name !== 'data_seed',
  );
  return rest.map(([name, one]) => `${inWords(name)} ${value(one)}`).join(', ');
}

/* {n, y, low, high} of the values of several repeats. */
function pointOf(values) {
  const { n, mean, std } = summarize(values);
  const half = n > 1 ? (t975(n - 1) * std) / Math.sqrt(n) : NaN;
  return { n, y: mean, low: mean - half, high: mean + half };
}

/* Items by a key, in the order in which the keys appear. */
function groupBy(items, keyOf) {
  const found = new Map();
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item]);
  return [...found];
}

const placeOf = (one) => (Array.isArray(one) ? value(one) : one);

/* A metric over the values of a field: a series for each combination of the others. */
function levelsOf(runs, { over, lines }) {
  return groupBy(runs, (run) => wordsOf({ values: run.values }, over)).flatMap(([rest, some]) =>
    lines.map(({ metric, label }) => ({
      rest,
      label: [rest, lines.length > 1 || !rest ? label : ''].filter(Boolean).join(', '),
      points: groupBy(some, (run) => JSON.stringify(run.values[over])).map(([text, same]) => ({
        x: placeOf(JSON.parse(text)),
        ...pointOf(same.map((run) => run.metrics[metric])),
      })),
    })),
  );
}

/* A line for each arm over several metrics. */
function metricsOf(runs, { lines }) {
  return groupBy(runs, (run) => wordsOf(run)).map(([label, some]) => ({
    label,
    points: lines.map(({ metric, x }) => ({
      x,
      ...pointOf(some.map((run) => run.metrics[metric])),
    })),
  }));
}

/* A line for each repeat over the arms, and the means. */
function repeatsOf(runs, { lines: [{ metric }] }) {
  const repeats = groupBy(runs, (run) => `${run.seed} ${run.config?.data_seed ?? ''}`);
  const points = (some) =>
    some.map((run) => ({ x: wordsOf(run), y: run.metrics[metric], label: `seed ${run.seed}` }));
  const means = groupBy(runs, (run) => wordsOf(run)).map(([x, some]) => ({
    x,
    ...pointOf(some.map((run) => run.metrics[metric])),
    label: `${x}, mean`,
  }));
  return { repeats: repeats.map(([, some]) => points(some)), means };
}

/* Metrics of layers are not among those of a run: the comparison has them. */
async function layerLevels(id, { over, lines: [{ metric, label }] }, signal) {
  const { arms } = await get(`/experiments/${id}/comparison`, { metric }, signal);
  return groupBy(arms, (arm) => wordsOf({ values: arm.values }, over)).map(([rest, some]) => ({
    rest,
    label: rest || label,
    points: some.map((arm) => ({
      x: placeOf(arm.values[over]),
      y: arm.mean,
      low: arm.ci_low ?? NaN,
      high: arm.ci_high ?? NaN,
    })),
  }));
}

async function curvesOf(id, { lines }, signal) {
  const answers = await Promise.all(
    lines.map(({ metric }) => get(`/experiments/${id}/curves`, { metric }, signal)),
  );
  return answers.flatMap(({ configs }, which) =>
    configs.map((config, arm) => ({ ...config, which, arm, line: lines[which].label })),
  );
}

const isOfLayer = (picture) => picture.lines.some(({ metric }) => metric.startsWith('layers.'));

async function load(id, picture, signal) {
  if (picture.kind === 'curves') return curvesOf(id, picture, signal);
  if (isOfLayer(picture)) return layerLevels(id, picture, signal);
  const runs = (await getAll(`/experiments/${id}/runs`, { sort: 'id' }, signal)).filter(
    (run) => run.status === 'completed',
  );
  return { levels: levelsOf, metrics: metricsOf, repeats: repeatsOf }[picture.kind](runs, picture);
}

/* What the picture shows of the experiment, as of `turn`; null before. */
export function usePictureData(id, picture, turn) {
  const { data } = useResource(
    async (signal) => (id ? { id, shown: await load(id, picture, signal) } : null),
    [id, picture, turn],
  );
  return data?.id === id ? (data?.shown ?? null) : null;
}
