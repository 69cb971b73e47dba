/* scale — ticks and ranges of axes, shared by all charts. */

/* The steep start of a curve, as a fraction of the horizontal axis: what a fitted vertical axis leaves out. */
export const BEGINNING = 0.12;

/* Ticks of a logarithmic axis: powers of ten, with 2 and 5 (or all digits) between them where there is room. */
export function logTicks(min, max) {
  if (!(min > 0) || !(max > min)) return [];
  const low = Math.floor(Math.log10(min));
  const high = Math.ceil(Math.log10(max));
  const decades = Math.log10(max / min);
  if (decades < 0.35) return linearTicks(min, max, 5).filter((tick) => tick > 0);
  const digits = decades > 3.5 ? [1] : decades > 0.9 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const step = Math.max(1, Math.ceil(decades / 8));
  const ticks = [];
  for (let power = low; power <= high; power++) {
    if (digits.length === 1 && (power - low) % step !== 0) continue;
    for (const digit of digits) ticks.push(Number((digit * 10 ** power).toPrecision(3)));
  }
  return ticks.filter((tick) => tick >= min && tick <= max);
}

/* The ticks in words: all with the decimals that their step needs; with powers of ten where they are very large or small. */
export function tickLabels(ticks) {
  const known = ticks.filter((tick) => tick !== null);
  const largest = Math.max(...known.map(Math.abs));
  const even = known.length > 2 && Math.abs(known[2] - 2 * known[1] + known[0]) < 1e-6 * Math.abs(known[1] - known[0]);
  if (!even || largest >= 1e5 || largest < 1e-3) return ticks.map((tick) => (tick === null ? '' : shortest(tick)));
  const decimals = decimalsOf(known[1] - known[0]);
  return ticks.map((tick) => (tick === null ? '' : tick.toFixed(decimals).replace('-', '\u2212')));
}

function decimalsOf(step) {
  for (let decimals = 0; decimals < 8; decimals++) {
    if (Math.abs(Math.round(step * 10 ** decimals) / 10 ** decimals - step) < Math.abs(step) * 1e-6) return decimals;
  }
  return 8;
}

function shortest(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e') : String(Number(value.toPrecision(4)));
  return text.replaceAll('-', '\u2212');
}

/* Round ticks of a linear axis, about `n` of them. */
export function linearTicks(min, max, n = 5) {
  if (!(max > min)) return [min];
  const rough = (max - min) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough);
  const ticks = [];
  for (let i = Math.ceil(min / step); i * step <= max + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/* Steps between ticks of an axis of whole numbers: 1, 2, 5, 10, … */
export const WHOLE_STEPS = Array.from({ length: 22 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

/* Of these ticks, those at whole numbers. */
export const wholeTicks = (ticks) => ticks.filter(Number.isInteger);

/* The range with a little air around it, never empty. */
export function paddedRange(min, max, log) {
  if (min === null || max === null || min === undefined || !Number.isFinite(min) || !Number.isFinite(max)) return log ? [0.1, 1] : [0, 1];
  if (log) {
    if (!(min > 0)) return [0.1, 1];
    const pad = Math.max(1.03, (max / min) ** 0.05);
    return [min / pad, max * pad];
  }
  const pad = max > min ? (max - min) * 0.06 : Math.abs(max) * 0.1 || 1;
  return [min >= 0 && min - pad < 0 ? 0 : min - pad, max + pad];
}
