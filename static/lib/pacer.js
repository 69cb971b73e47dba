/* pacer — calls a function that redraws a page at most once per frame, and rarer when a redraw is expensive: at most a
 * quarter of the time goes into redrawing, and one that takes longer than a frame happens at most ten times a second. */

const SHARE = 3; /* times the cost of a redraw to rest after it */
const FRAME_MS = 16;
const REST_MS = 100;

export class Pacer {
  constructor(redraw) {
    this.redraw = redraw;
    this.timer = this.frame = 0;
    this.next = 0;
  }

  ask() {
    if (this.timer || this.frame) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.frame = requestAnimationFrame(() => this.run());
    }, Math.max(0, this.next - performance.now()));
  }

  run() {
    this.frame = 0;
    const start = performance.now();
    this.redraw();
    setTimeout(() => { /* the components have drawn themselves by then */
      const end = performance.now();
      const cost = end - start;
      this.next = end + Math.max(SHARE * cost, cost > FRAME_MS ? REST_MS : 0);
      performance.clearMeasures('redraw');
      performance.measure('redraw', { start, end });
    });
  }

  stop() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.timer = this.frame = -1;
  }
}
