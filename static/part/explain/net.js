/* net — a small dense net run in the browser from its model file, with a given mask: what "Seeing
 * dropout" draws. It is compared with the service's own answer before its activations are shown. */
import { maskOf, threshold } from './philox.js';

/* Abramowitz and Stegun 7.1.26: off by less than 1.5e-7. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y =
    1 -
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) *
      t *
      Math.exp(-x * x);
  return x < 0 ? -y : y;
}

const ACTIVATIONS = {
  relu: (x) => Math.max(0, x),
  leaky_relu: (x) => (x > 0 ? x : 0.01 * x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  silu: (x) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  identity: (x) => x,
};

export function softmax(values) {
  const most = Math.max(...values);
  const powers = values.map((x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

/* The rates of the input (index 0) and of every hidden layer in an epoch, schedule applied. */
export function ratesOf(config, epoch) {
  const rates = Array.isArray(config.dropout)
    ? config.dropout
    : config.hidden.map(() => config.dropout ?? 0);
  const t = epoch / (config.dropout_schedule_epochs ?? config.epochs);
  const scheduled = {
    constant: (r) => r,
    linear: (r) => r * Math.min(1, t),
    early: (r) => (t < 1 ? r * (1 - t) : 0),
    late: (r) => (t < 1 ? 0 : r),
    curriculum: (r) => r * (1 - Math.exp(-10 * t)),
  }[config.dropout_schedule ?? 'constant'];
  return [config.input_dropout ?? 0, ...rates].map(scheduled);
}

/* Which units of the input and of every hidden layer are dropped: arrays of booleans. */
export function masksOf(config, sizes, purpose, { step, row, epoch }) {
  return ratesOf(config, epoch).map((rate, layer) =>
    rate > 0
      ? maskOf(config.seed, purpose, { row, step, layer }, sizes[layer], rate)
      : new Array(sizes[layer]).fill(false),
  );
}

/* Activations of the input, the hidden layers (after dropout) and the outputs (logits). masks: null
 * for inference. */
export function forward(tensors, config, input, masks, rates) {
  const f = ACTIVATIONS[config.activation ?? 'relu'];
  const classic = config.dropout_scaling === 'classic';
  const kept = (layer) => 1 - threshold(rates[layer]) / 65536;
  const drop = (values, layer) => {
    if (masks) return values.map((x, i) => (masks[layer][i] ? 0 : classic ? x : x / kept(layer)));
    return classic && rates[layer] > 0 ? values.map((x) => x * kept(layer)) : values;
  };
  const activations = [drop([...input], 0)];
  for (let i = 0; tensors.has(`layers.${i}.weight`); i++) {
    const {
      shape: [rows, columns],
      data,
    } = tensors.get(`layers.${i}.weight`);
    const bias = tensors.get(`layers.${i}.bias`)?.data;
    const before = activations[i];
    const last = !tensors.has(`layers.${i + 1}.weight`);
    const out = Array.from({ length: rows }, (_, r) => {
      let sum = bias ? bias[r] : 0;
      for (let c = 0; c < columns; c++) sum += data[r * columns + c] * before[c];
      return last ? sum : f(sum);
    });
    activations.push(last ? out : drop(out, i + 1));
  }
  return activations;
}
