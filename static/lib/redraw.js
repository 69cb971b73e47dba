/* redraw — calls a function that redraws (a part of) a page at most once per frame, and rarer when
 * a redraw is expensive: at most a quarter of the time goes into redrawing, and one that takes
 * longer than a frame happens at most ten times a second.
 *
 * Each redraw is a performance measure called `name`. It lasts as long as the page worked for it:
 * what was `spent` on hearing the events that led to it, then from the start of its frame until the
 * browser has finished the frame, so that scripts, layout and handing the pixels of every canvas to
 * the compositor are in it. What lies between, waiting for the frame, is not. */

const SHARE = 3; /* times the cost of a redraw to rest after it */
const FRAME_MS = 16;
const REST_MS = 100;

export class Redraw {
  /* `restMs`: how long to rest at least between two redraws. */
  constructor(work, { name = 'redraw', restMs = 0 } = {}) {
    this.work = work;
    this.name = name;
    this.restMs = restMs;
    this.timer = this.frame = 0;
    this.next = 0;
    this.heard = 0;
    this.after = new MessageChannel();
    this.after.port1.onmessage = () => this.rest();
  }

  spent(ms) {
    this.heard += ms;
  }

  ask() {
    if (this.timer || this.frame) return;
    this.timer = setTimeout(
      () => {
        this.timer = 0;
        this.frame = requestAnimationFrame(() => this.run());
      },
      Math.max(0, this.next - performance.now()),
    );
  }

  /* Redraws with the next frame, whatever the last one cost. */
  hurry() {
    this.next = 0;
    if (this.timer > 0) {
      clearTimeout(this.timer);
      this.timer = 0;
    }
    this.ask();
  }

  run() {
    this.frame = 0;
    this.start = performance.now();
    this.work();
    this.after.port2.postMessage(null); /* is heard when the frame is done */
  }

  rest() {
    const end = performance.now();
    const duration = this.heard + end - this.start;
    this.heard = 0;
    this.next = end + Math.max(SHARE * duration, duration > FRAME_MS ? REST_MS : 0, this.restMs);
    performance.clearMeasures(this.name); /* only the latest is kept */
    performance.measure(this.name, { start: end - duration, end });
  }

  stop() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.after.port1.close();
    this.timer = this.frame = -1;
  }
}
