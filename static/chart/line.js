/* line — a line chart: lines with optional bands over a shared x, zoom and pan, shared cursor,
 * values under the pointer.
 *
 * createLineChart(root, handlers) → {draw(model), model, layers, destroy()}
 * model: {name, xLabel, series, xLog, yLog, zoom: [min, max] | null, sync, marks, fit, live,
 *   reach}; with `fit` the vertical axis fits what comes after the steep beginning, so that
 *   differences can be seen; lines may leave the chart there. While `live`, the axes have room for
 *   what comes, up to the x `reach`, and seldom move.
 * series: [{key, label, color, dash, width, x: [], y: [], low: [] | null, high: [] | null,
 *   n: [] | null}], columns of equal length, x increasing whole numbers (epochs); null is a gap.
 * marks: [{x, y, color, kind: "best" | "stop"}].
 * handlers: onZoom([min, max] | null). The root takes the keyboard, see listen() and gesture.js.
 *
 * 1. Columns may grow or change in place between two calls of draw: the chart compares them with
 *    what it drew. While the axes stand still, it draws only the strips that changed.
 * 2. Charts of one `sync` share their cursor and follow each other's moves. */
import { faded } from '../lib/palette.js';
import { Trace } from './trace.js';
import { Axis, drawLines, stripsOf } from './ink.js';
import { createFrame, fitLayers } from './frame.js';
import { Ranges } from './ranges.js';
import { Pointer } from './pointer.js';
import { Gestures } from './gesture.js';

const FEW = 4; /* lines whose bands may be strong */

const groups = new Map(); /* sync → the charts that share it */

const wordsOf = (model) =>
  JSON.stringify(model.series.map((s) => [s.key, s.color, s.dash, s.width, !s.low]));
const lookOf = (model) =>
  JSON.stringify([document.documentElement.dataset.theme, model.xLog, model.yLog, model.sync]);

/* What the chart can be asked for is draw(), model, layers and destroy(); the rest is for its
 * pointer and its gestures, to which it is the scene. */
class LineChart {
  constructor(root, handlers) {
    this.root = root;
    this.handlers = handlers;
    this.plot = null;
    this.model = null;
    this.lines = [];
    this.ranges = new Ranges();
    this.pointer = new Pointer(root, this);
    this.look = ''; /* of the frame, */
    this.words = ''; /* and of the lines; where they change, all is drawn anew */
    this.moving = null; /* the range that a gesture shows in passing */
    this.frame = 0;
    this.abort = new AbortController();
    this.gestures = new Gestures(root, this, this.signal);
    this.listen();
    this.observer = new ResizeObserver(() => this.plot?.setSize(this.size));
    this.observer.observe(root);
  }

  get signal() {
    return this.abort.signal;
  }

  get size() {
    return {
      width: Math.max(200, this.root.clientWidth),
      height: Math.max(140, this.root.clientHeight),
    };
  }

  axes() {
    const { bbox } = this.plot;
    const { x, y } = this.ranges;
    const [right, bottom] = [bbox.left + bbox.width, bbox.top + bbox.height];
    return {
      x: new Axis({ min: x[0], max: x[1], log: this.model.xLog, from: bbox.left, to: right }),
      y: new Axis({ min: y[0], max: y[1], log: this.model.yLog, from: bottom, to: bbox.top }),
    };
  }

  draw(model) {
    if (this.model?.zoom !== model.zoom) this.moving = null;
    if (this.model?.sync !== model.sync) this.join(model.sync);
    this.model = model;
    const stretches = this.adopt();
    const before = this.look;
    this.look = lookOf(model);
    const moved = this.fit();
    if (this.look !== before) this.build();
    else if (moved || !stretches) this.plot.redraw();
    else this.drawInk(stretches);
  }

  /* The canvases that lie on each other, the lowest first. */
  get layers() {
    return this.plot.layers;
  }

  destroy() {
    this.abort.abort();
    cancelAnimationFrame(this.frame);
    this.leave();
    this.observer.disconnect();
    this.plot?.destroy();
    this.pointer.tip.destroy();
  }

  leave() {
    groups.get(this.model?.sync)?.delete(this);
  }

  join(sync) {
    this.leave();
    if (!groups.has(sync)) groups.set(sync, new Set());
    groups.get(sync).add(this);
  }

  fit() {
    const traces = this.lines.map((line) => line.trace);
    return this.ranges.fit(traces, this.model, this.moving ?? this.model.zoom, this.words);
  }

  /* The lines of the model; answers the stretches of x where they changed, or null for
   * everywhere. */
  adopt() {
    const { model } = this;
    const known = new Map(this.lines.map((line) => [line.key, line.trace]));
    const before = this.words;
    this.words = wordsOf(model);
    const alpha = model.series.length > FEW ? 0.09 : 0.16;
    this.lines = model.series.map((s) => ({
      key: s.key,
      trace: known.get(s.key) ?? new Trace(),
      color: s.color,
      width: s.width ?? 2,
      dash: s.dash ?? [],
      fill: s.low && faded(s.color, alpha),
    }));
    const stretches = [];
    let everywhere = this.words !== before;
    this.lines.forEach(({ trace }, i) => {
      const changed = trace.update(model.series[i], model.xLog, model.yLog);
      if (changed?.last === Infinity) everywhere = true;
      else if (changed)
        stretches.push([
          trace.x[trace.beside(changed.first, -1)],
          trace.x[trace.beside(changed.last, 1)],
        ]);
    });
    return everywhere ? null : stretches;
  }

  /* Draws the lines in these stretches of x, or everywhere. */
  drawInk(stretches) {
    const { plot, lines } = this;
    const [at, box, ratio] = [this.axes(), plot.bbox, devicePixelRatio];
    const ctx = plot.ink.getContext('2d');
    if (!stretches && !fitLayers(plot)) ctx.clearRect(0, 0, plot.ink.width, plot.ink.height);
    const strips = stretches
      ? stripsOf(stretches, at.x, ratio)
      : [[box.left, box.left + box.width]];
    for (const [left, right] of strips) drawLines(ctx, lines, at, box, ratio, left, right);
    this.pointer.paint();
  }

  /* Makes the frame anew, which draws. */
  build() {
    this.plot?.destroy();
    const { model, ranges, pointer, signal } = this;
    const plot = createFrame(this.root, {
      model,
      size: this.size,
      ranges,
      onDraw: () => this.drawInk(null),
      onCursor: () => pointer.follow(),
      onSelect: (range) => this.settle(range),
      onReset: () => this.settle(null),
    });
    this.plot = plot;
    const enter = () => {
      pointer.hovered = true;
    };
    plot.over.addEventListener('mouseenter', enter, { signal });
    plot.over.addEventListener('mouseleave', () => pointer.leave(), { signal });
    for (const type of ['touchstart', 'touchmove'])
      plot.over.addEventListener(type, (event) => this.touch(event), { signal, passive: true });
    this.gestures.listenOn(plot.over, (left) => plot.posToVal(left, 'x'));
  }

  touch({ touches: [finger] }) {
    const box = this.plot.over.getBoundingClientRect();
    this.pointer.hovered = true;
    this.plot.setCursor({ left: finger.clientX - box.left, top: finger.clientY - box.top });
  }

  /* ---- zoom and keyboard ---- */

  redraw() {
    this.frame = 0;
    this.fit();
    this.plot.redraw();
  }

  /* Shows a range in passing. */
  show(range) {
    this.moving = range;
    this.frame ||= requestAnimationFrame(() => this.redraw());
  }

  /* The same in all charts of the group. */
  move(range) {
    for (const chart of groups.get(this.model.sync)) chart.show(range);
  }

  settle(range) {
    this.move(range);
    this.handlers.onZoom(range);
  }

  moveCursor(step) {
    const x = this.pointer.next(step);
    if (x === null) return;
    const [low, high] = this.ranges.x;
    const beyond = Math.min(0, x - low) + Math.max(0, x - high);
    if (beyond !== 0) {
      /* the chart goes along */
      this.settle([low + beyond, high + beyond]);
      this.redraw();
    }
    this.pointer.show(x);
  }

  listen() {
    const { root, signal } = this;
    const keys = {
      ArrowLeft: () => this.moveCursor(-1),
      ArrowRight: () => this.moveCursor(1),
      Home: () => this.moveCursor(-Infinity),
      End: () => this.moveCursor(Infinity),
      Escape: () => this.pointer.leave(),
    };
    const press = (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      keys[event.key]();
    };
    root.addEventListener('keydown', press, { signal });
    root.addEventListener('blur', () => this.pointer.leave(), { signal });
  }
}

export const createLineChart = (root, handlers) => new LineChart(root, handlers);
