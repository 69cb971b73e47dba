/* gesture — moving and zooming a chart along its horizontal axis with the mouse, the wheel and the
 * keyboard.
 *
 *   Shift and drag, wheel sideways or with Shift: along · pinch or wheel with Ctrl: zoom ·
 *   Shift and arrows: along, + − 0: zoom
 *
 * The chart: {model, ranges, pointer, move, settle}; `move(range)` shows a range in passing,
 * `settle(range or null)` for good. + and − zoom at what the pointer is at, or in the middle. */
import { panned, zoomed } from './scale.js';

const SETTLE_MS = 180; /* without another turn of the wheel */
const LINE_PX = 16; /* of a wheel that counts lines */
const STEP = 0.2; /* of the range, for a key */
const WHEEL_ZOOM = 0.01;
const SHIFTED = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -Infinity, End: Infinity };

export class Gestures {
  constructor(root, chart, signal) {
    this.chart = chart;
    this.signal = signal;
    this.timer = 0; /* runs while the wheel turns */
    this.latest = null; /* what the wheel has shown in passing */
    signal.addEventListener('abort', () => clearTimeout(this.timer));
    root.addEventListener('keydown', (event) => this.press(event), { signal });
  }

  pan(range, fraction) {
    const { model, ranges } = this.chart;
    return panned(range, ranges.whole, fraction, model.xLog);
  }

  zoom(range, factor, center) {
    const { model, ranges } = this.chart;
    const middle = center ?? (range[0] + range[1]) / 2;
    return zoomed(range, ranges.whole, factor, middle, model.xLog);
  }

  /* `over`: the area of the chart that is drawn on, made anew with every frame; valueAt(pixel) is
   * an x. */
  listenOn(over, valueAt) {
    const { signal } = this;
    over.addEventListener('pointerdown', (event) => this.grab(event, over), { signal });
    over.addEventListener('wheel', (event) => this.turn(event, over, valueAt), {
      signal,
      passive: false,
    });
  }

  /* Moves the chart along with the pointer until it is let go. */
  grab(event, over) {
    const { chart } = this;
    if (event.button !== 0 || !event.shiftKey || !chart.ranges.isZoomed) return;
    event.preventDefault();
    const [start, range] = [event.clientX, chart.ranges.x];
    const follow = new AbortController();
    let now = range;
    const move = (moved) => {
      now = this.pan(range, (start - moved.clientX) / over.clientWidth);
      chart.move(now);
    };
    const end = () => {
      follow.abort();
      over.classList.remove('panning');
      chart.settle(now);
    };
    over.setPointerCapture(event.pointerId);
    over.classList.add('panning');
    over.addEventListener('pointermove', move, { signal: follow.signal });
    for (const type of ['pointerup', 'pointercancel'])
      over.addEventListener(type, end, { signal: follow.signal });
  }

  turn(event, over, valueAt) {
    const { ranges } = this.chart;
    const unit = event.deltaMode === 1 ? LINE_PX : 1;
    const along = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    const across = along === event.deltaY ? 0 : event.deltaY;
    const range = this.timer ? (this.latest ?? ranges.whole) : ranges.x;
    if (event.ctrlKey) {
      const center = valueAt(event.clientX - over.getBoundingClientRect().left);
      this.latest = this.zoom(range, Math.exp(event.deltaY * unit * WHEEL_ZOOM), center);
    } else if (ranges.isZoomed && Math.abs(along) > Math.abs(across)) {
      this.latest = this.pan(range, (along * unit) / over.clientWidth);
    } else return;
    event.preventDefault();
    this.chart.move(this.latest ?? ranges.whole);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.chart.settle(this.latest);
    }, SETTLE_MS);
  }

  press(event) {
    const { chart } = this;
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const range = chart.ranges.x;
    const center = chart.pointer.x;
    const keys = {
      '+': () => this.zoom(range, 0.6, center),
      '=': () => this.zoom(range, 0.6, center),
      '-': () => this.zoom(range, 1.6, center),
      0: () => null,
    };
    if (event.shiftKey && SHIFTED[key] !== undefined) {
      event.preventDefault();
      if (chart.ranges.isZoomed) chart.settle(this.pan(range, SHIFTED[key]));
    } else if (keys[key]) {
      event.preventDefault();
      chart.settle(keys[key]());
    }
  }
}
