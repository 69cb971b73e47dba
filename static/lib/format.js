/* format — values as people read them: sensible digits, the reader's time zone, an en dash for what
 * is not there. */

export const NONE = '–';
const MINUS = '−';

const sign = (text) => text.replaceAll('-', MINUS);

/* A number with `digits` significant ones; very small and very large ones with a power of ten. */
export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7)
    return sign(
      value
        .toExponential(Math.min(2, digits - 1))
        .replace(/\.?0+e/, 'e')
        .replace('e+', 'e'),
    );
  if (Number.isInteger(value))
    return sign(String(value)).replace(/\B(?=(\d{3})+$)/g, size >= 10000 ? '\u202f' : '');
  const decimals = Math.max(0, Math.min(8, digits - 1 - Math.floor(Math.log10(size))));
  return sign(value.toFixed(decimals));
}

/* A value with as many decimals as `spread` justifies: two of its significant digits. */
export function withSpread(value, spread) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (!spread || !Number.isFinite(spread)) return number(value);
  const decimals = Math.max(0, Math.min(7, 1 - Math.floor(Math.log10(Math.abs(spread)))));
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : sign(text);
}

export function meanStd(mean, std) {
  if (mean === null || mean === undefined || !Number.isFinite(mean)) return NONE;
  if (std === null || std === undefined || !Number.isFinite(std)) return number(mean);
  const spread = std < 1e-9 * Math.abs(mean) ? 0 : std; /* equal values, but for rounding */
  return `${withSpread(mean, spread)} ± ${withSpread(spread, spread)}`;
}

export function signed(value, spread) {
  const text = spread ? withSpread(value, spread) : number(value);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export function pValue(p) {
  if (p === null || p === undefined) return NONE;
  if (p < 0.0001) return '< 0.0001';
  return p.toFixed(p < 0.1 ? 4 : 2).replace(/(\.\d\d+?)0+$/, '$1');
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NONE;
  if (seconds < 0.95) return `${Math.max(10, Math.round(seconds * 100) * 10)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 60 * 48)
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.round(minutes / 1440)} days`;
}

/* Seconds between two RFC 3339 times; without an end, until now. */
export function elapsed(start, end) {
  if (!start) return null;
  return ((end ? Date.parse(end) : Date.now()) - Date.parse(start)) / 1000;
}

/* Made once: a formatter costs a hundred times what it formats. */
const CLOCK = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat([], { year: 'numeric', month: 'short', day: 'numeric' });
const FULL = new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'long' });

export function when(text) {
  if (!text) return NONE;
  const time = new Date(text);
  const today = new Date().toDateString() === time.toDateString();
  return today ? CLOCK.format(time) : `${DAY.format(time)} ${CLOCK.format(time)}`;
}

export const whenFully = (text) => (text ? FULL.format(new Date(text)) : '');

export function bytes(n) {
  if (n === null || n === undefined) return NONE;
  const units = ['B', 'kB', 'MB', 'GB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, n)) / 3));
  return `${number(n / 1000 ** step, 3)} ${units[step]}`;
}

export const count = (n, noun, plural = `${noun}s`) => `${number(n)} ${n === 1 ? noun : plural}`;

/* A number that somebody set: all its digits up to six. */
function plain(v) {
  if (Number.isInteger(v) && Math.abs(v) < 1e7) return String(v);
  const short = Number(v.toPrecision(6));
  return Math.abs(short) >= 1e-3 && Math.abs(short) < 1e7
    ? String(short)
    : short.toExponential().replace('e+', 'e');
}

/* Any JSON value on one line. */
export function value(v) {
  if (v === null || v === undefined) return NONE;
  if (typeof v === 'boolean') return v ? 'on' : 'off';
  if (typeof v === 'number') return sign(plain(v));
  if (typeof v === 'string') return v;
  if (Array.isArray(v)) return `[${v.map(value).join(', ')}]`;
  return Object.entries(v)
    .map(([key, part]) => (key === 'name' ? value(part) : `${key} ${value(part)}`))
    .join(', ');
}

export const titleOf = (experiment) => experiment.name || `Experiment ${experiment.id}`;

/* A swept configuration in words: "dropout 0.5, weight_decay 0.01". */
export function valuesLabel(values) {
  const words = Object.entries(values ?? {}).map(([name, part]) => `${name} ${value(part)}`);
  return words.length ? words.join(', ') : 'default';
}

/* A metric's name in words. */
const ABBREVIATIONS = { ece: 'ECE', rmse: 'RMSE', r2: 'R²', mc: 'Monte-Carlo', val: 'validation' };
export const metricLabel = (name) =>
  name
    .split('_')
    .map((word) => ABBREVIATIONS[word] ?? word)
    .join(' ');

/* The same at the beginning of a title. */
export const metricTitle = (name) =>
  metricLabel(name).replace(/^./, (letter) => letter.toUpperCase());
