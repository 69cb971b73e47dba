/* scene — a trained net with the mask of a prediction or a step beside the whole net, and what
 * averaging over masks does. */
import { html, useEffect, useMemo, useState } from '../../lib/html.js';
import { number } from '../../lib/format.js';
import { Icon } from '../basic.js';
import { Segments } from '../control.js';
import { NetDrawing } from './drawing.js';
import { forward, masksOf, ratesOf, softmax } from './net.js';
import { PURPOSE_DROPOUT, PURPOSE_MONTE_CARLO } from './philox.js';
import { Scatter } from './scatter.js';

export const SAMPLES = 100;
const PLAY_MS = 700;
const CLOSE = 1e-3; /* two predictions that are the same */
const KINDS = [
  ['prediction', 'Of predictions'],
  ['training', 'Of training steps'],
];

const distance = (a, b) => Math.max(...a.map((x, i) => Math.abs(x - b[i])));

/* The last layer's values as the service gives them. */
const outputsOf = (activations, { isClasses }) => {
  const values = activations[activations.length - 1];
  return isClasses ? softmax(values) : values;
};

/* Whether what is recomputed here is what the service answers, whole and with the first mask. */
function isExact({ run: { config }, tensors, sizes }, predictions, input) {
  if (!predictions) return false;
  if ((config.normalization ?? 'none') !== 'none' || config.dropout_kind === 'alpha') return false;
  const epoch = config.epochs - 1;
  const rates = ratesOf(config, epoch);
  const masks = masksOf(config, sizes, PURPOSE_MONTE_CARLO, { step: 0, row: 0, epoch });
  const [whole, sampled] = [null, masks].map((one) =>
    outputsOf(forward(tensors, config, input, one, rates), predictions),
  );
  return (
    distance(whole, predictions.still) < CLOSE && distance(sampled, predictions.samples[0]) < CLOSE
  );
}

/* Where the slider is: {isTraining, most, step, epoch}. */
function placeOf({ run: { config }, steps, perEpoch }, props) {
  const isTraining = props.masks === 'training';
  const most = isTraining ? Math.max(1, steps) : SAMPLES;
  const step = Math.max(0, Math.min(most - 1, props.step));
  const epoch = isTraining ? Math.floor(step / perEpoch) : config.epochs - 1;
  return { isTraining, most, step, epoch };
}

/* What both nets are at a place: {masks, whole, thinned, outputs} with activations where they are
 * known. */
function useNets(scene, predictions, input, { isTraining, step, epoch }) {
  const { tensors, sizes } = scene;
  const { config } = scene.run;
  const purpose = isTraining ? PURPOSE_DROPOUT : PURPOSE_MONTE_CARLO;
  const masks = useMemo(
    () => masksOf(config, sizes, purpose, { step, row: 0, epoch }),
    [scene, purpose, step, epoch],
  );
  const exact = useMemo(() => isExact(scene, predictions, input), [scene, predictions, input]);
  const pass = (masks_, at) =>
    exact ? forward(tensors, config, input, masks_, ratesOf(config, at)) : null;
  const whole = pass(null, config.epochs - 1);
  const thinned = pass(masks, epoch);
  const own = thinned ? outputsOf(thinned, predictions) : undefined;
  return { exact, masks, whole, thinned, outputs: isTraining ? own : predictions?.samples[step] };
}

function Toolbar({ place: { isTraining, most, step, epoch }, props, set }) {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setTimeout(() => set({ step: (step + 1) % most }), PLAY_MS);
    return () => clearTimeout(timer);
  }, [playing, step, most]);
  return html`
    <div class="toolbar">
      <${Segments} name="masks" label="Masks" value=${props.masks} options=${KINDS}
          onChange=${(masks) => set({ masks, step: 0 })} />
      <button type="button" class="button" id="play" aria-pressed=${playing ? 'true' : 'false'}
          onClick=${() => setPlaying(!playing)}>
        <${Icon} name=${playing ? 'pause' : 'play'} />${playing ? 'Stop' : 'Play'}
      </button>
      <label class="slider">
        ${isTraining ? 'Step' : 'Mask'}${' '}
        <input type="range" id="step" min="0" max=${most - 1} step="1" value=${step}
            onInput=${(event) => set({ step: Number(event.target.value) })} />
        <output>${step}${isTraining ? `, epoch ${epoch}` : ''}</output>
      </label>
    </div>
  `;
}

/* What is to be seen in the thinned net. */
function thinnedWords(config, { isTraining, epoch }) {
  const rate = ratesOf(config, epoch)
    .slice(1)
    .find((one) => one > 0);
  const factor = rate && config.dropout_scaling !== 'classic' ? number(1 / (1 - rate), 3) : null;
  const scaled = factor ? `; the others are scaled by ${factor} to make up for them` : '';
  const which = ' The mask of the first sample of the minibatch, on the trained net.';
  return `Crossed units are dropped${scaled}.${isTraining ? which : ''}`;
}

function Averages({ predictions, k, current, set }) {
  return html`
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
      <${Scatter} predictions=${predictions} k=${k} current=${current} />
      <p class="soft small">
        Each dot is the prediction of one thinned net; the upright line is the whole net, which
        stands still; the diamond is the average over the first ${k}. Over a whole test set the
        two are about equally often right from 50 masks on (Srivastava et al. 2014, figure 11);
        on one picture the average is often less sure than the whole net.
      </p>
    </section>
  `;
}

function Nets({ scene, predictions, input, place, nets, sample }) {
  const { tensors, sizes, image, preview } = scene;
  const shared = {
    tensors,
    sizes,
    input,
    image,
    names: predictions?.names ?? [],
    isClasses: predictions?.isClasses ?? true,
    truth: preview.labels?.[sample],
  };
  return html`
    <div class="nets">
      <div>
        <h3>${place.isTraining ? 'A training step' : 'With a mask'}</h3>
        <p class="soft small">${thinnedWords(scene.run.config, place)}</p>
        <${NetDrawing} label="net-masked" ...${shared} masks=${nets.masks}
            activations=${nets.thinned} outputs=${nets.outputs} />
      </div>
      <div>
        <h3>Inference</h3>
        <p class="soft small">
          Every unit takes part, and nothing is drawn: the same answer each time.
        </p>
        <${NetDrawing} label="net-whole" ...${shared} masks=${null} activations=${nets.whole}
            outputs=${predictions?.still} />
      </div>
    </div>
  `;
}

/* props: {sample, step, masks, k}; predictions: null while they are on their way. */
export function Scene({ scene, predictions, input, props, set }) {
  const place = placeOf(scene, props);
  const nets = useNets(scene, predictions, input, place);
  const inexact = html`
    <p class="soft small">
      The units show their masks but not their activations: this net’s inputs are scaled, or it is
      normalized.
    </p>
  `;
  const averages = () => html`
    <${Averages} predictions=${predictions} k=${Math.max(1, Math.min(SAMPLES, props.k))}
        current=${place.isTraining ? -1 : place.step} set=${set} />
  `;
  return html`
    <section class="card">
      <div class="section-head">
        <h2>One mask at a time</h2>
        <${Toolbar} place=${place} props=${props} set=${set} />
      </div>
      <${Nets} scene=${scene} predictions=${predictions} input=${input} place=${place}
          nets=${nets} sample=${props.sample} />
      ${predictions && !nets.exact && inexact}
    </section>
    ${predictions && averages()}
  `;
}
