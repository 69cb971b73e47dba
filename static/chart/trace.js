/* trace — the numbers of one line as a chart last drew them: copies of its model's columns, by
 * which the next drawing tells what has changed. NaN is what cannot be drawn: a gap, and what is
 * not positive on a logarithmic axis; such an x is −∞. x increases. */

const FIRST_CAPACITY = 64;
const NOTHING = new Float64Array(0);

const numberOf = (value, log, none) =>
  value === null || value === undefined || (log && !(value > 0)) ? none : value;

export class Trace {
  constructor() {
    this.n = 0;
    this.x = NOTHING;
    this.y = NOTHING;
    this.low = this.high = null;
    /* of the line up to each place, in the axes `scale`; known for the first `measured` places */
    this.lengths = NOTHING;
    this.measured = 0;
    this.scale = '';
  }

  /* Copies the columns of a series; answers the first and the last place that changed, or null.
   * After a fall of length the last is Infinity. */
  update(series, xLog, yLog) {
    const n = series.x.length;
    if (!series.low !== (this.low === null)) {
      this.n = 0;
      [this.low, this.high] = [0, 1].map(() =>
        series.low ? new Float64Array(this.x.length) : null,
      );
    }
    this.reserve(n);
    const changed = { first: n < this.n ? n : Infinity, last: n < this.n ? Infinity : -1 };
    this.copy('x', series, n, xLog, changed);
    this.copy('y', series, n, yLog, changed);
    if (this.low) {
      this.copy('low', series, n, yLog, changed);
      this.copy('high', series, n, yLog, changed);
    }
    this.n = n;
    this.measured = Math.min(this.measured, changed.first);
    return changed.first === Infinity ? null : changed;
  }

  /* Lengths of other axes are forgotten. */
  measureIn(scale) {
    if (this.scale !== scale || this.lengths.length < this.n) this.measured = 0;
    if (this.lengths.length < this.n) this.lengths = new Float64Array(this.x.length);
    this.scale = scale;
  }

  reserve(n) {
    if (n <= this.x.length) return;
    const capacity = Math.max(FIRST_CAPACITY, 2 * this.x.length, n);
    for (const name of ['x', 'y', 'low', 'high']) {
      if (this[name] === null) continue;
      const grown = new Float64Array(capacity);
      grown.set(this[name]);
      this[name] = grown;
    }
  }

  copy(name, series, n, log, changed) {
    const [from, to] = [series[name], this[name]];
    const none = name === 'x' ? -Infinity : NaN;
    const known = Math.min(n, this.n);
    for (let i = 0; i < n; i++) {
      const value = numberOf(from[i], log, none);
      const same = i < known && (value === to[i] || (Number.isNaN(value) && Number.isNaN(to[i])));
      if (same) continue;
      to[i] = value;
      if (i < changed.first) changed.first = i;
      if (i > changed.last) changed.last = i;
    }
  }

  /* The first place whose x is not below `x`; n where there is none. */
  place(x) {
    let low = 0;
    let high = this.n;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.x[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /* The place of exactly this x, or -1. */
  at(x) {
    const i = this.place(x);
    return i < this.n && this.x[i] === x ? i : -1;
  }

  canDraw(i) {
    return !Number.isNaN(this.y[i]) && this.x[i] > -Infinity;
  }

  /* The nearest place before or after `i` that can be drawn, by `step` −1 or 1; the end of the line
   * where there is none. */
  beside(i, step) {
    let at = i + step;
    while (at > 0 && at < this.n - 1 && !this.canDraw(at)) at += step;
    return Math.max(0, Math.min(this.n - 1, at));
  }
}

/* Least and greatest of x over all traces, or null. */
export function extentOfX(traces) {
  let [low, high] = [Infinity, -Infinity];
  for (const { x, n } of traces) {
    let first = 0;
    while (first < n && x[first] === -Infinity) first += 1;
    if (first === n) continue;
    if (x[first] < low) low = x[first];
    if (x[n - 1] > high) high = x[n - 1];
  }
  return low <= high ? [low, high] : null;
}

/* Least and greatest value over all traces and their bands between two x, or null. */
export function extentOfY(traces, from, to) {
  const extent = [Infinity, -Infinity];
  for (const trace of traces) {
    const [first, end] = [trace.place(from), trace.place(to)];
    const last = end < trace.n && trace.x[end] === to ? end : end - 1;
    for (const column of [trace.y, trace.low, trace.high])
      if (column) widen(extent, column, first, last);
  }
  return extent[0] <= extent[1] ? extent : null;
}

function widen(extent, column, first, last) {
  let [low, high] = extent;
  for (let i = first; i <= last; i++) {
    const y = column[i];
    if (y < low) low = y;
    if (y > high) high = y;
  }
  extent[0] = low;
  extent[1] = high;
}
