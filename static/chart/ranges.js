/* ranges — which part of the plane a chart shows: x from the zoom or all that is there, y to fit
 * it.
 *
 * While the chart is live, both have room for what comes and stand still as long as it fits; what
 * else they depend on is their basis. */
import { fittedExtent, growingEnd, paddedRange, steadyRange } from './scale.js';
import { extentOfX, extentOfY } from './trace.js';

export class Ranges {
  constructor() {
    this.x = [0, 1];
    this.y = [0, 1];
    this.whole = [0, 1]; /* of x, without a zoom */
    this.basis = '';
  }

  /* Fits them to the traces of a model; `zoom`: the x to show, or null; `words`: what the lines
   * look like. Answers whether they changed. */
  fit(traces, model, zoom, words) {
    const before = [...this.x, ...this.y];
    const extent = extentOfX(traces) ?? [0, 1];
    this.whole = this.wholeOf(extent, model);
    this.x =
      zoom && model.xLog
        ? zoom.map((x, i) => Math.max(x, this.whole[0] * (1 + i / 100)))
        : (zoom ?? this.whole);
    this.y = this.verticalOf(traces, extent, model, zoom, words);
    return [...this.x, ...this.y].some((end, i) => end !== before[i]);
  }

  wholeOf([first, last], { live, reach }) {
    const end = live ? growingEnd(last, reach ?? Infinity) : last;
    return [first, end > first ? end : first + 1];
  }

  verticalOf(traces, extent, model, zoom, words) {
    const between = (from, to) => extentOfY(traces, from, to);
    const fits = model.fit && !zoom;
    const next = paddedRange(
      ...((fits ? fittedExtent(extent, between) : between(...this.x)) ?? [null, null]),
      model.yLog,
    );
    const before = this.basis;
    this.basis = JSON.stringify([model.name, model.yLog, model.fit, zoom, words]);
    return model.live && this.basis === before ? steadyRange(this.y, next, model.yLog) : next;
  }

  get isZoomed() {
    return this.x.some((end, i) => end !== this.whole[i]);
  }
}
