/* scale — ticks and ranges of axes, shared by all charts. */

/* The steep start of a curve, as a fraction of the horizontal axis: what a fitted vertical axis
 * leaves out. */
export const BEGINNING = 0.12;

/* Ticks of a logarithmic axis: powers of ten, with 2 and 5 (or all digits) between them where there
 * is room. */
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

/* The ticks in words: all with the decimals that their step needs; with powers of ten where they
 * are very large or small. */
export function tickLabels(ticks) {
  const known = ticks.filter((tick) => tick !== null);
  const largest = Math.max(...known.map(Math.abs));
  const even =
    known.length > 2 &&
    Math.abs(known[2] - 2 * known[1] + known[0]) < 1e-6 * Math.abs(known[1] - known[0]);
  if (!even || largest >= 1e5 || largest < 1e-3)
    return ticks.map((tick) => (tick === null ? '' : shortest(tick)));
  const decimals = decimalsOf(known[1] - known[0]);
  return ticks.map((tick) => (tick === null ? '' : tick.toFixed(decimals).replace('-', '\u2212')));
}

function decimalsOf(step) {
  for (let decimals = 0; decimals < 8; decimals++) {
    if (Math.abs(Math.round(step * 10 ** decimals) / 10 ** decimals - step) < Math.abs(step) * 1e-6)
      return decimals;
  }
  return 8;
}

function shortest(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size >= 1e5 || size < 1e-3
      ? value
          .toExponential(2)
          .replace(/\.?0+e/, 'e')
          .replace('e+', 'e')
      : String(Number(value.toPrecision(4)));
  return text.replaceAll('-', '\u2212');
}

/* Round ticks of a linear axis, about `n` of them. */
export function linearTicks(min, max, n = 5) {
  if (!(max > min)) return [min];
  const rough = (max - min) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough);
  const ticks = [];
  for (let i = Math.ceil(min / step); i * step <= max + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/* Steps between ticks of an axis of whole numbers: 1, 2, 5, 10, … */
export const WHOLE_STEPS = Array.from(
  { length: 22 },
  (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3),
);

/* Of these ticks, those at whole numbers. */
export const wholeTicks = (ticks) => ticks.filter(Number.isInteger);

/* The range with a little air around it, never empty. */
export function paddedRange(min, max, log) {
  if (
    min === null ||
    max === null ||
    min === undefined ||
    !Number.isFinite(min) ||
    !Number.isFinite(max)
  )
    return log ? [0.1, 1] : [0, 1];
  if (log) {
    if (!(min > 0)) return [0.1, 1];
    const pad = Math.max(1.03, (max / min) ** 0.05);
    return [min / pad, max * pad];
  }
  const pad = max > min ? (max - min) * 0.06 : Math.abs(max) * 0.1 || 1;
  return [min >= 0 && min - pad < 0 ? 0 : min - pad, max + pad];
}

/* The extent of values after the steep beginning, if that is much less than the whole.
 * `extentOf(from, to)` answers the extent of what lies between two x, or null. */
export function fittedExtent([first, last], extentOf) {
  const whole = extentOf(first, last);
  const end = extentOf(first + BEGINNING * (last - first), last);
  return whole && end && end[1] > end[0] && end[1] - end[0] < 0.6 * (whole[1] - whole[0])
    ? end
    : whole;
}

const ROUND_ENDS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/* Where the axis of a growing chart ends: a round number not far behind what is there, so that it
 * seldom moves; not behind `reach`. */
export function growingEnd(last, reach) {
  if (!(last > 0)) return Math.max(last, Math.min(1, reach));
  const power = 10 ** Math.floor(Math.log10(last));
  const end = ROUND_ENDS.find((digit) => digit * power >= last) * power;
  return Math.max(last, Math.min(end, reach));
}

/* The range of a growing chart's axis: the old one while what is to be seen fills most of it. */
export function steadyRange(old, next, log) {
  const warp = log ? Math.log : (x) => x;
  const fills = warp(next[1]) - warp(next[0]) > 0.75 * (warp(old[1]) - warp(old[0]));
  return next[0] >= old[0] && next[1] <= old[1] && fills ? old : next;
}

const warped = (range, log) => (log ? range.map(Math.log) : range);
const unwarped = (range, log) => (log ? range.map(Math.exp) : range);

/* The range moved by a fraction of itself, within `whole`. */
export function panned(range, whole, fraction, log) {
  const [[low, high], [first, last]] = [warped(range, log), warped(whole, log)];
  const shift = Math.max(
    Math.min(0, first - low),
    Math.min(Math.max(0, last - high), fraction * (high - low)),
  );
  return unwarped([low + shift, high + shift], log);
}

/* The range made `factor` times as wide around `center`, within `whole`; null when that shows
 * everything. */
export function zoomed(range, whole, factor, center, log) {
  const [[low, high], [first, last], [middle]] = [
    warped(range, log),
    warped(whole, log),
    warped([center], log),
  ];
  const [from, to] = [
    Math.max(first, middle - (middle - low) * factor),
    Math.min(last, middle + (high - middle) * factor),
  ];
  return from <= first && to >= last ? null : unwarped([from, to], log);
}
