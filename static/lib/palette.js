/* palette — the colours of data, the same in every chart of a page and told apart by colour-blind
 * readers.
 *
 * 1. The baseline is always dashed, in the colour of ink. Other configs take the categorical
 *    colours in their order in the experiment.
 * 2. Ordered values (one swept number with many values) take a sequential scale from light to dark
 *    that reads in grey, too.
 * 3. Better is blue and worse is orange, everywhere, and never told by colour alone. */

const CATEGORICAL = {
  light: ['#0072b2', '#d55e00', '#009e73', '#b3569b', '#b98300', '#3f9fd8', '#7a5bc0', '#8a5a3c'],
  dark: ['#4aa8e8', '#ff8a4c', '#2fc298', '#e39bcb', '#efb93c', '#9bd3f7', '#b7a0f2', '#cfa184'],
};
const INK = { light: '#4b5563', dark: '#c3ccd6' };

/* Viridis (van der Walt and Smith), eleven stops from dark to light. */
const VIRIDIS = [
  '#440154',
  '#482475',
  '#414487',
  '#355f8d',
  '#2a788e',
  '#21918c',
  '#22a884',
  '#44bf70',
  '#7ad151',
  '#bddf26',
  '#fde725',
];
/* The part of the scale that stands out from the page, and its direction: strong colour for the
 * high end. */
const SPAN = { light: [0.8, 0.1], dark: [0.28, 1] };

const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/* The colour at t in [0, 1] of the whole scale. */
export function viridis(t) {
  const place = Math.max(0, Math.min(1, t)) * (VIRIDIS.length - 1);
  const low = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const a = parts(VIRIDIS[low]);
  const b = parts(VIRIDIS[low + 1]);
  return `rgb(${a.map((x, i) => Math.round(x + (b[i] - x) * (place - low))).join(', ')})`;
}

export const categorical = (i, theme) => CATEGORICAL[theme][i % CATEGORICAL[theme].length];
export const ink = (theme) => INK[theme];

export function sequential(t, theme) {
  const [from, to] = SPAN[theme];
  return viridis(from + (to - from) * t);
}

/* Black or white, whichever reads better on a colour given as rgb(r, g, b). */
export function textOn(rgb) {
  const [r, g, b] = rgb.match(/\d+/g).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? '#111' : '#fff';
}

/* The same colour, see-through. */
export function faded(color, alpha) {
  const [r, g, b] = color.startsWith('#') ? parts(color) : color.match(/\d+/g).map(Number);
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

/* A custom property of the page's style sheet. */
export const css = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const DASHES = [[], [2, 3], [10, 3, 2, 3], [5, 2]];

/* Colour and dash of every config: Map config_id → {color, dash}. configs: [{config_id, values}] in
 * order; `by`: a swept field's name to colour by, or "" to let the sweep decide. */
export function configStyles(configs, baseline, by, theme) {
  const names = sweptNames(configs);
  const field = names.includes(by) ? by : names.length === 1 ? names[0] : '';
  const values = field ? [...new Set(configs.map((c) => JSON.stringify(c.values[field])))] : [];
  const numeric = field !== '' && configs.every((c) => typeof c.values[field] === 'number');
  const ordered = numeric && (values.length > 4 || by !== '');
  if (numeric) values.sort((a, b) => JSON.parse(a) - JSON.parse(b));
  const styles = new Map();
  const seen = new Map();
  let next = 0;
  for (const config of configs) {
    if (config.config_id === baseline && by === '') {
      styles.set(
        config.config_id,
        configs.length > 1
          ? { color: ink(theme), dash: [7, 4] }
          : { color: categorical(0, theme), dash: [] },
      );
      continue;
    }
    const place =
      by === '' && !ordered ? next++ : values.indexOf(JSON.stringify(config.values[field]));
    const color = ordered
      ? sequential(values.length > 1 ? place / (values.length - 1) : 1, theme)
      : categorical(place, theme);
    const repeat =
      by === '' && !ordered ? Math.floor(place / CATEGORICAL.light.length) : (seen.get(place) ?? 0);
    seen.set(place, repeat + 1);
    styles.set(config.config_id, { color, dash: DASHES[repeat % DASHES.length] });
  }
  return styles;
}

/* The fields that differ between configs, in the order of the sweep. */
export function sweptNames(configs) {
  const names = new Set();
  for (const config of configs)
    for (const name of Object.keys(config.values ?? {})) names.add(name);
  return [...names];
}
