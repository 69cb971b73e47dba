/* explain — the view that explains dropout: a trained net with the mask of a step beside the whole
 * net, and what averaging over masks does to its predictions. Masks are recomputed here from the
 * run's seed, bit for bit as the engine draws them. */
import {
  html,
  useEffect,
  useMemo,
  useRef,
  useState,
  useTheme,
  useTitle,
  useWidth,
} from '../lib/html.js';
import { defineView } from './define.js';
import { number as numberProp, choice, go, href } from '../lib/state.js';
import { get, request } from '../lib/api.js';
import { readSafetensors } from '../lib/safetensors.js';
import { forward, masksOf, ratesOf, softmax } from '../part/explain/net.js';
import { PURPOSE_DROPOUT } from '../part/explain/philox.js';
import { number, valuesLabel } from '../lib/format.js';
import { Icon, Empty, Failure, Loading } from '../part/basic.js';
import { NetDrawing } from '../part/explain/drawing.js';
import { Picture } from '../part/picture.js';
import { categorical } from '../lib/palette.js';
import { Segments } from '../part/control.js';

const PURPOSE_MONTE_CARLO = 9;
const SAMPLES = 100;
const CHOICES = 16;
const PLAY_MS = 700;
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

/* Training-mode predictions as dots, the inference-mode one as a line, the average over the first k
 * masks as a diamond. */
function Scatter({ predictions, k, current }) {
  const theme = useTheme();
  const { still, samples, names, isClasses } = predictions;
  const shown = still
    .map((_, i) => i)
    .sort((a, b) => still[b] - still[a])
    .slice(0, 10)
    .sort((a, b) => a - b);
  const all = shown.flatMap((i) => samples.map((sample) => sample[i]));
  const [low, high] = isClasses ? [0, 1] : [Math.min(...all, ...still), Math.max(...all, ...still)];
  const box = useRef(null);
  const [width, row] = [Math.min(1100, Math.max(360, useWidth(box))), 34];
  const place = (x) => 90 + ((x - low) / (high - low || 1)) * (width - 180);
  const jitter = (s) => (((s * 0.618034) % 1) - 0.5) * (row - 14);
  return html`
    <div class="scatter" ref=${box} role="region" tabindex="0"
        aria-label="Predictions of thinned nets">
      <svg width=${width} height=${shown.length * row + 26} role="img" data-testid="scatter"
          aria-label="Predictions with masks scatter around the prediction of the whole net">
        ${shown.map((i, r) => {
          const y = r * row + row / 2;
          const mean = samples.slice(0, k).reduce((sum, sample) => sum + sample[i], 0) / k;
          return html`
            <g>
              <line class="lane" x1="90" x2=${width - 90} y1=${y} y2=${y} />
              <text x="80" y=${y + 4} text-anchor="end">${names[i]}</text>
              ${samples.map(
                (sample, s) => html`
                  <circle class=${s === current ? 'current' : s < k ? 'in' : 'out'}
                      cx=${place(sample[i])} cy=${y + jitter(s)} r=${s === current ? 5 : 2.6}
                      fill=${categorical(0, theme)} />
                `,
              )}
              <line class="still" x1=${place(still[i])} x2=${place(still[i])} y1=${y - row / 2 + 3}
                  y2=${y + row / 2 - 3} stroke=${categorical(1, theme)} />
              <path class="mean" d="M${place(mean)} ${y - 7}l6 7l-6 7l-6 -7z" />
              <text x=${width - 80} y=${y + 4}>
                ${isClasses ? mean.toFixed(3) : number(mean, 3)}
              </text>
            </g>
          `;
        })}
        ${[0, 0.5, 1].map(
          (t) => html`
            <text x=${place(low + t * (high - low))} y=${shown.length * row + 18}
                text-anchor="middle">
              ${Number((low + t * (high - low)).toPrecision(3))}
            </text>
          `,
        )}
      </svg>
    </div>
  `;
}

const distance = (a, b) => Math.max(...a.map((x, i) => Math.abs(x - b[i])));

function Scene({ scene, predictions, input, props, set }) {
  const { run, tensors, sizes, image, preview } = scene;
  const { config } = run;
  const training = props.masks === 'training';
  const most = training ? Math.max(1, scene.steps) : SAMPLES;
  const step = Math.max(0, Math.min(most - 1, props.step));
  const epoch = training ? Math.floor(step / scene.perEpoch) : config.epochs - 1;
  const masks = useMemo(
    () =>
      masksOf(config, sizes, training ? PURPOSE_DROPOUT : PURPOSE_MONTE_CARLO, {
        step,
        row: 0,
        epoch,
      }),
    [scene, training, step, epoch],
  );
  const exact = useMemo(() => {
    if (
      !predictions ||
      (config.normalization ?? 'none') !== 'none' ||
      config.dropout_kind === 'alpha'
    )
      return false;
    const final = ratesOf(config, config.epochs - 1);
    const finish = (values) => (predictions.isClasses ? softmax(values) : values);
    const whole = forward(tensors, config, input, null, final);
    const sampled = forward(
      tensors,
      config,
      input,
      masksOf(config, sizes, PURPOSE_MONTE_CARLO, { step: 0, row: 0, epoch: config.epochs - 1 }),
      final,
    );
    return (
      distance(finish(whole[whole.length - 1]), predictions.still) < 1e-3 &&
      distance(finish(sampled[sampled.length - 1]), predictions.samples[0]) < 1e-3
    );
  }, [scene, predictions, input]);
  const whole = exact
    ? forward(tensors, config, input, null, ratesOf(config, config.epochs - 1))
    : null;
  const thinned = exact ? forward(tensors, config, input, masks, ratesOf(config, epoch)) : null;
  const thinnedOutputs = !training
    ? predictions?.samples[step]
    : thinned &&
      (predictions.isClasses ? softmax(thinned[thinned.length - 1]) : thinned[thinned.length - 1]);
  const shared = {
    tensors,
    sizes,
    input,
    image,
    names: predictions?.names ?? [],
    isClasses: predictions?.isClasses ?? true,
    truth: preview.labels?.[props.sample],
  };
  const timer = useRef(0);
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    timer.current = setTimeout(() => set({ step: (step + 1) % most }), PLAY_MS);
    return () => clearTimeout(timer.current);
  }, [playing, step, most]);
  const k = Math.max(1, Math.min(SAMPLES, props.k));
  const scaling = ratesOf(config, epoch)
    .slice(1)
    .find((rate) => rate > 0);
  return html`
    <section class="card">
      <div class="section-head">
        <h2>One mask at a time</h2>
        <div class="toolbar">
          <${Segments} name="masks" label="Masks" value=${props.masks} options=${[
            ['prediction', 'Of predictions'],
            ['training', 'Of training steps'],
          ]} onChange=${(masks_) => set({ masks: masks_, step: 0 })} />
          <button type="button" class="button" id="play" aria-pressed=${playing ? 'true' : 'false'}
              onClick=${() => setPlaying(!playing)}>
            <${Icon} name=${playing ? 'pause' : 'play'} />
            ${playing ? 'Stop' : 'Play'}
          </button>
          <label class="slider">
            ${training ? 'Step' : 'Mask'}${' '}
            <input type="range" id="step" min="0" max=${most - 1} step="1" value=${step}
                onInput=${(event) => set({ step: Number(event.target.value) })} />
            <output>${step}${training ? `, epoch ${epoch}` : ''}</output>
          </label>
        </div>
      </div>
      <div class="nets">
        <div>
          <h3>${training ? 'A training step' : 'With a mask'}</h3>
          <p class="soft small">
            Crossed units are dropped
            ${
              scaling && config.dropout_scaling !== 'classic'
                ? `; the others are scaled by ${number(1 / (1 - scaling), 3)} to make up for them`
                : ''
            }.${
              training ? ' The mask of the first sample of the minibatch, on the trained net.' : ''
            }
          </p>
          <${NetDrawing} label="net-masked" ...${shared} masks=${masks} activations=${thinned}
              outputs=${thinnedOutputs ?? undefined} />
        </div>
        <div>
          <h3>Inference</h3>
          <p class="soft small">
            Every unit takes part, and nothing is drawn: the same answer each time.
          </p>
          <${NetDrawing} label="net-whole" ...${shared} masks=${null} activations=${whole}
              outputs=${predictions?.still} />
        </div>
      </div>
      ${
        predictions &&
        !exact &&
        html`
          <p class="soft small">
            The units show their masks but not their activations: this net’s inputs are scaled, or
            it is normalized.
          </p>
        `
      }
    </section>
    ${
      predictions &&
      html`
        <section class="card">
          <div class="section-head">
            <h2>Many masks, averaged</h2>
            <label class="slider">
              Masks averaged${' '}
              <input type="range" id="masks-averaged" min="1" max=${SAMPLES} value=${k}
                  onInput=${(event) => set({ k: Number(event.target.value) })} />
              <output>${k}</output>
            </label>
          </div>
          <${Scatter} predictions=${predictions} k=${k} current=${training ? -1 : step} />
          <p class="soft small">
            Each dot is the prediction of one thinned net; the upright line is the whole net, which
            stands still; the diamond is the average over the first ${k}. Over a whole test set the
            two are about equally often right from 50 masks on (Srivastava et al. 2014, figure 11);
            on one picture the average is often less sure than the whole net.
          </p>
        </section>
      `
    }
  `;
}

function Samples({ preview, image, value, onChange }) {
  return html`
    <div class="samples" role="radiogroup" aria-label="Input">
      ${preview.rows.slice(0, CHOICES).map(
        (row, i) => html`
          <label class=${i === value ? 'on' : ''}>
            <input type="radio" class="visually-hidden" name="sample" id="sample-${i}"
                checked=${i === value} onChange=${() => onChange(i)} />
            ${
              image
                ? html`
                  <${Picture} values=${row} width=${image.width} height=${image.height} kind="grey"
                      label="Sample ${i}, class ${preview.labels?.[i] ?? ''}" />
                `
                : html`
                  <span class="sample-text">
                    ${row
                      .slice(0, 2)
                      .map((x) => number(x, 2))
                      .join(', ')}
                    <br />
                    <span class="soft">${preview.labels?.[i] ?? ''}</span>
                  </span>
                `
            }
          </label>
        `,
      )}
    </div>
  `;
}

function Dropout({ id, set, ...props }) {
  useTitle('Seeing dropout');
  const [runs, setRuns] = useState(null);
  const [scene, setScene] = useState(null);
  const [predictions, setPredictions] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    const abort = new AbortController();
    get('/runs', { status: 'completed', limit: 200, sort: '-id' }, abort.signal).then(
      (page) => {
        const found = page.items.filter(fits);
        setRuns(found);
        if (!id && found.length) go(href(`/explain/${found[0].id}`), { replace: true });
      },
      (error) => {
        if (!abort.signal.aborted) setProblem(error);
      },
    );
    return () => abort.abort();
  }, []);
  useEffect(() => {
    if (!id) return undefined;
    const abort = new AbortController();
    setProblem(null);
    loadScene(id, abort.signal).then(setScene, (error) => {
      if (!abort.signal.aborted) setProblem(error);
    });
    return () => abort.abort();
  }, [id]);
  const sample = scene ? Math.max(0, Math.min(scene.preview.rows.length - 1, props.sample)) : 0;
  const input = scene?.preview.rows[sample];
  useEffect(() => {
    if (!input || input.length !== scene.sizes[0]) return undefined;
    const abort = new AbortController();
    loadPredictions(id, input, abort.signal).then(setPredictions, (error) => {
      if (!abort.signal.aborted) setProblem(error);
    });
    return () => abort.abort();
  }, [input]);
  const options =
    runs && scene && !runs.some((run) => run.id === scene.run.id)
      ? [scene.run, ...runs]
      : (runs ?? []);
  return html`
    <div class="page-head">
      <div class="head-words">
        <h1>Seeing dropout</h1>
        <p class="soft">
          In training each unit is left out with some probability, anew for every sample and step.
          At inference the whole net answers.
        </p>
      </div>
      ${
        options.length > 0 &&
        html`
          <label class="run-choice">
            Run${' '}
            <select id="dropout-run" value=${id}
                onChange=${(event) => go(href(`/explain/${event.target.value}`))}>
              ${options.map(
                (run) => html`
                  <option value=${run.id} selected=${String(run.id) === id}>
                    ${run.id}: ${nameOfSet(run.config)}, ${valuesLabel(run.values)}, seed${' '}
                    ${run.seed}
                  </option>
                `,
              )}
            </select>
          </label>
        `
      }
    </div>
    ${problem && html`<${Failure} problem=${problem} title="This could not be shown" />`}
    ${
      !problem &&
      runs?.length === 0 &&
      !id &&
      html`
        <${Empty} title="No run to look at yet" testid="no-dropout-run">
          <p>This page needs a finished run that was trained with dropout.</p>
          <a class="button primary" href="#/new?recipe=demonstration">Train one</a>
        <//>
      `
    }
    ${!problem && !scene && (id || runs === null) && html`<${Loading} what="Loading the net" />`}
    ${
      scene &&
      !problem &&
      (input.length !== scene.sizes[0]
        ? html`
          <p>
            The preview of this data set has ${input.length} inputs, the net ${scene.sizes[0]}: it
            was made with other options.
          </p>
        `
        : html`
          <section class="card">
            <h2>Input</h2>
            <${Samples} preview=${scene.preview} image=${scene.image} value=${sample}
                onChange=${(i) => set({ sample: i })} />
          </section>
          <${Scene} scene=${scene} predictions=${predictions} input=${input}
              props=${{ ...props, sample }} set=${set} />
        `)
    }
  `;
}

export default defineView(PROPS, Dropout);
