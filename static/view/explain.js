/* explain — the view that explains dropout: a trained net with the mask of a step beside the whole
 * net, and what averaging over masks does to its predictions. Masks are recomputed here from the
 * run's seed, bit for bit as the engine draws them. */
import { html, useEffect, useState, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { number as numberProp, choice, go, href } from '../lib/state.js';
import { get, request } from '../lib/api.js';
import { readSafetensors } from '../lib/safetensors.js';
import { valuesLabel } from '../lib/format.js';
import { Empty, Failure, Loading } from '../part/basic.js';
import { CHOICES, Samples } from '../part/explain/samples.js';
import { SAMPLES, Scene } from '../part/explain/scene.js';

const PROPS = {
  sample: numberProp(3),
  step: numberProp(0),
  masks: choice(['prediction', 'training']),
  k: numberProp(10),
};

const nameOfSet = (config) =>
  typeof config.dataset === 'object' ? config.dataset.name : config.dataset;
const rates = (config) => [
  config.input_dropout ?? 0,
  ...(Array.isArray(config.dropout) ? config.dropout : [config.dropout ?? 0]),
];
const fits = (run) =>
  rates(run.config).some((rate) => rate > 0) &&
  ['bernoulli', 'alpha'].includes(run.config.dropout_kind ?? 'bernoulli') &&
  run.config.hidden.length > 0;

/* Everything about one run that the view needs. */
async function loadScene(id, signal) {
  const run = await get(`/runs/${id}`, {}, signal);
  const [model, preview, curves] = await Promise.all([
    get(`/runs/${id}/model`, { format: 'safetensors' }, signal, 'buffer'),
    get(
      `/datasets/${encodeURIComponent(nameOfSet(run.config))}/preview`,
      { rows: CHOICES, images: CHOICES },
      signal,
    ),
    get(`/runs/${id}/curves`, { metrics: 'step' }, signal),
  ]);
  const tensors = readSafetensors(model);
  const sizes = [tensors.get('layers.0.weight').shape[1]];
  for (let i = 0; tensors.has(`layers.${i}.weight`); i++)
    sizes.push(tensors.get(`layers.${i}.weight`).shape[0]);
  const { epoch, step } = curves.columns;
  const last = epoch.length - 1;
  const perEpoch = last > 0 ? Math.max(1, Math.round(step[last] / epoch[last])) : 1;
  const image = preview.images
    ? { width: preview.images.width, height: preview.images.height }
    : null;
  return { run, tensors, sizes, preview, image, steps: step[last] ?? 1, perEpoch };
}

/* The service's own predictions of one input: in inference mode, and with many masks. */
async function loadPredictions(id, input, signal) {
  const ask = (body) =>
    request('POST', `/runs/${id}/predict`, { body: { inputs: [input], ...body }, signal });
  const [still, sampled] = await Promise.all([
    ask({ mode: 'eval' }),
    ask({ mode: 'train', samples: SAMPLES }),
  ]);
  return {
    still: still.outputs[0],
    samples: sampled.samples.map((rows) => rows[0]),
    names: still.class_names ?? still.outputs[0].map((_, i) => `output ${i}`),
    isClasses: !!still.class_names,
  };
}

/* Loads what `load(signal)` answers whenever `deps` change, if it is wanted. */
function useLoaded(load, deps, fail, isWanted) {
  const [loaded, setLoaded] = useState(null);
  useEffect(() => {
    if (!isWanted) return undefined;
    const abort = new AbortController();
    fail(null);
    load(abort.signal).then(setLoaded, (problem) => {
      if (!abort.signal.aborted) fail(problem);
    });
    return () => abort.abort();
  }, deps);
  return loaded;
}

/* The finished runs that can be shown; without one in the link, the first is gone to. */
async function loadRuns(id, signal) {
  const page = await get('/runs', { status: 'completed', limit: 200, sort: '-id' }, signal);
  const found = page.items.filter(fits);
  if (!id && found.length) go(href(`/explain/${found[0].id}`), { replace: true });
  return found;
}

function RunSelect({ id, runs }) {
  if (runs.length === 0) return null;
  const words = (run) =>
    `${run.id}: ${nameOfSet(run.config)}, ${valuesLabel(run.values)}, seed ${run.seed}`;
  return html`
    <label class="run-choice">
      Run${' '}
      <select id="dropout-run" value=${id}
          onChange=${(event) => go(href(`/explain/${event.target.value}`))}>
        ${runs.map(
          (run) => html`
            <option value=${run.id} selected=${String(run.id) === id}>${words(run)}</option>
          `,
        )}
      </select>
    </label>
  `;
}

function Head({ id, runs }) {
  return html`
    <div class="page-head">
      <div class="head-words">
        <h1>Seeing dropout</h1>
        <p class="soft">
          In training each unit is left out with some probability, anew for every sample and step.
          At inference the whole net answers.
        </p>
      </div>
      <${RunSelect} id=${id} runs=${runs} />
    </div>
  `;
}

const Nothing = () => html`
  <${Empty} title="No run to look at yet" testid="no-dropout-run">
    <p>This page needs a finished run that was trained with dropout.</p>
    <a class="button primary" href="#/new?recipe=demonstration">Train one</a>
  <//>
`;

function Content({ scene, predictions, input, props, set }) {
  if (input.length !== scene.sizes[0])
    return html`
      <p>
        The preview of this data set has ${input.length} inputs, the net ${scene.sizes[0]}: it was
        made with other options.
      </p>
    `;
  return html`
    <section class="card">
      <h2>Input</h2>
      <${Samples} preview=${scene.preview} image=${scene.image} value=${props.sample}
          onChange=${(sample) => set({ sample })} />
    </section>
    <${Scene} scene=${scene} predictions=${predictions} input=${input} props=${props} set=${set} />
  `;
}

function Dropout({ id, set, ...props }) {
  useTitle('Seeing dropout');
  const [problem, setProblem] = useState(null);
  const runs = useLoaded((signal) => loadRuns(id, signal), [], setProblem, true);
  const scene = useLoaded((signal) => loadScene(id, signal), [id], setProblem, Boolean(id));
  const sample = scene ? Math.max(0, Math.min(scene.preview.rows.length - 1, props.sample)) : 0;
  const input = scene?.preview.rows[sample];
  const predictions = useLoaded(
    (signal) => loadPredictions(id, input, signal),
    [input],
    setProblem,
    input && input.length === scene.sizes[0],
  );
  const isListed = runs?.some((run) => run.id === scene?.run.id);
  const options = runs && scene && !isListed ? [scene.run, ...runs] : (runs ?? []);
  const content = () => html`
    <${Content} scene=${scene} predictions=${predictions} input=${input}
        props=${{ ...props, sample }} set=${set} />
  `;
  const isLoading = !scene && (id || runs === null);
  return html`
    <${Head} id=${id} runs=${options} />
    ${problem && html`<${Failure} problem=${problem} title="This could not be shown" />`}
    ${!problem && runs?.length === 0 && !id && html`<${Nothing} />`}
    ${!problem && isLoading && html`<${Loading} what="Loading the net" />`}
    ${!problem && scene && content()}
  `;
}

export default defineView(PROPS, Dropout);
