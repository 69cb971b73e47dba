/* mean-curve — a metric of one config over its seeds, epoch by epoch, as the service answered it
 * and as runs add to it since.
 *
 * Its columns, and the edges of the bands that were asked for, keep their identity and change in
 * place. */
import { t975, smooth } from './stats.js';

/* Half the width of a band at place i. */
const HALVES = {
  ci: ({ n, std }, i) => (n[i] > 1 ? (t975(n[i] - 1) * std[i]) / Math.sqrt(n[i]) : 0),
  std: ({ std }, i) => std[i] ?? 0,
};

export class MeanCurve {
  constructor({ epoch = [], n = [], mean = [], std = [], min = [], max = [] } = {}) {
    Object.assign(this, { epoch, n, mean, std, min, max });
    this.edges = new Map(); /* kind of band → {low, high} */
    this.smoothed = new Map(); /* kind of band → {weight, version, y, low, high} */
    this.version = 0;
  }

  /* One run's value at an epoch; it must be finite. */
  add(epoch, value) {
    const i = this.place(epoch);
    const { n, mean, std, min, max } = this;
    const squares = n[i] > 1 ? std[i] ** 2 * (n[i] - 1) : 0;
    const before = value - mean[i];
    n[i] += 1;
    mean[i] += before / n[i];
    std[i] =
      n[i] > 1
        ? Math.sqrt((squares + before * (value - mean[i])) / (n[i] - 1))
        : null; /* Welford 1962 */
    min[i] = Math.min(min[i], value);
    max[i] = Math.max(max[i], value);
    for (const [kind, edges] of this.edges) this.fillEdge(kind, edges, i);
    this.version += 1;
  }

  /* The place of an epoch, made if it is new. */
  place(epoch) {
    let i = this.epoch.length;
    while (i > 0 && this.epoch[i - 1] > epoch) i -= 1;
    if (i > 0 && this.epoch[i - 1] === epoch) return i - 1;
    const fresh = { epoch, n: 0, mean: 0, std: null, min: Infinity, max: -Infinity };
    for (const [name, value] of Object.entries(fresh)) this[name].splice(i, 0, value);
    for (const edges of this.edges.values())
      for (const column of [edges.low, edges.high]) column.splice(i, 0, 0);
    return i;
  }

  fillEdge(kind, { low, high }, i) {
    const half = HALVES[kind](this, i);
    low[i] = this.mean[i] - half;
    high[i] = this.mean[i] + half;
  }

  get isOfSeveral() {
    return this.n.some((n) => n > 1);
  }

  /* {low, high} of a band: "ci", "std" or "range"; null for "none" and where there is one run
   * only. */
  band(kind) {
    if (kind === 'none' || !this.isOfSeveral) return null;
    if (kind === 'range') return { low: this.min, high: this.max };
    if (!this.edges.has(kind)) {
      const edges = { low: [], high: [] };
      for (let i = 0; i < this.n.length; i++) this.fillEdge(kind, edges, i);
      this.edges.set(kind, edges);
    }
    return this.edges.get(kind);
  }

  /* What is drawn: {y, low, high}, smoothed with this weight for the past; low and high are null
   * without a band. */
  columns(kind, weight) {
    const band = this.band(kind);
    if (weight === 0) return { y: this.mean, low: band?.low ?? null, high: band?.high ?? null };
    const known = this.smoothed.get(kind);
    if (known?.weight === weight && known.version === this.version) return known;
    const made = {
      weight,
      version: this.version,
      y: smooth(this.mean, weight),
      low: band && smooth(band.low, weight),
      high: band && smooth(band.high, weight),
    };
    this.smoothed.set(kind, made);
    return made;
  }
}
