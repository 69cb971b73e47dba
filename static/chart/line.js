/* line — a line chart: lines with optional bands over a shared x, zoom and pan, shared cursor,
 * values under the pointer.
 *
 * createLineChart(root, handlers) → {draw(model), model, toCanvas(), destroy()}
 * model: {name, xLabel, series, xLog, yLog, zoom: [min, max] | null, sync, marks, fit, live, reach};
 *   with `fit` the vertical axis fits what comes after the steep beginning, so that differences can
 *   be seen; lines may leave the chart there. While `live`, the axes have room for what comes, up to
 *   the x `reach`, and seldom move.
 * series: [{key, label, color, dash, width, x: [], y: [], low: [] | null, high: [] | null,
 *   n: [] | null}], columns of equal length, x increasing whole numbers (epochs); null is a gap.
 * marks: [{x, y, color, kind: "best" | "stop"}].
 * handlers: onZoom([min, max] | null). The root takes the keyboard, see `keys` below and gesture.js.
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
import { listenToGestures } from './gesture.js';
import { pictureOf } from './snapshot.js';

const FEW = 4; /* lines whose bands may be strong */

const groups = new Map(); /* sync → the charts that share it */

const wordsOf = (model) =>
  JSON.stringify(model.series.map((s) => [s.key, s.color, s.dash, s.width, !s.low]));
const lookOf = (model) =>
  JSON.stringify([document.documentElement.dataset.theme, model.xLog, model.yLog, model.sync]);

export function createLineChart(root, handlers) {
  const abort = new AbortController();
  const { signal } = abort;
  const scene = { plot: null, model: null, lines: [], ranges: new Ranges(), axes };
  const pointer = new Pointer(root, scene);
  let look = ''; /* of the frame, */
  let words = ''; /* and of the lines; where they change, all is drawn anew */
  let moving = null; /* the range that a gesture shows in passing */
  let frame = 0;

  const size = () => ({
    width: Math.max(200, root.clientWidth),
    height: Math.max(140, root.clientHeight),
  });
  const fit = () =>
    scene.ranges.fit(
      scene.lines.map((line) => line.trace),
      scene.model,
      moving ?? scene.model.zoom,
      words,
    );

  function axes() {
    const {
      plot: {
        bbox: { left, top, width, height },
      },
      model,
      ranges: { x, y },
    } = scene;
    return {
      x: new Axis({ min: x[0], max: x[1], log: model.xLog, from: left, to: left + width }),
      y: new Axis({ min: y[0], max: y[1], log: model.yLog, from: top + height, to: top }),
    };
  }

  /* The lines of the model; answers the stretches of x where they changed, or null for
   * everywhere. */
  function adopt() {
    const { model } = scene;
    const known = new Map(scene.lines.map((line) => [line.key, line.trace]));
    const before = words;
    words = wordsOf(model);
    const alpha = model.series.length > FEW ? 0.09 : 0.16;
    scene.lines = model.series.map((s) => ({
      key: s.key,
      trace: known.get(s.key) ?? new Trace(),
      color: s.color,
      width: s.width ?? 2,
      dash: s.dash ?? [],
      fill: s.low && faded(s.color, alpha),
    }));
    const stretches = [];
    let everywhere = words !== before;
    scene.lines.forEach(({ trace }, i) => {
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
  function drawInk(stretches) {
    const { plot, lines } = scene;
    const [at, box, ratio, ctx] = [axes(), plot.bbox, devicePixelRatio, plot.ink.getContext('2d')];
    if (!stretches && !fitLayers(plot)) ctx.clearRect(0, 0, plot.ink.width, plot.ink.height);
    const strips = stretches
      ? stripsOf(stretches, at.x, ratio)
      : [[box.left, box.left + box.width]];
    for (const [left, right] of strips) drawLines(ctx, lines, at, box, ratio, left, right);
    pointer.paint();
  }

  function build() {
    scene.plot?.destroy();
    const { model, ranges } = scene;
    const plot = createFrame(root, {
      model,
      size: size(),
      ranges,
      onDraw: () => drawInk(null),
      onCursor: () => pointer.follow(),
      onSelect: settle,
      onReset: () => settle(null),
    });
    scene.plot = plot;
    plot.over.addEventListener(
      'mouseenter',
      () => {
        pointer.hovered = true;
      },
      { signal },
    );
    plot.over.addEventListener('mouseleave', () => pointer.leave(), { signal });
    for (const type of ['touchstart', 'touchmove'])
      plot.over.addEventListener(type, touch, { signal, passive: true });
    listenOn(plot.over, (left) => plot.posToVal(left, 'x'));
  }

  function touch({ touches: [finger] }) {
    const box = scene.plot.over.getBoundingClientRect();
    pointer.hovered = true;
    scene.plot.setCursor({ left: finger.clientX - box.left, top: finger.clientY - box.top });
  }

  /* ---- zoom and keyboard ---- */

  function redraw() {
    frame = 0;
    fit();
    scene.plot.redraw();
  }

  const move = (range) => {
    for (const chart of groups.get(scene.model.sync)) chart.move(range);
  };

  function settle(range) {
    move(range);
    handlers.onZoom(range);
  }

  function moveCursor(step) {
    const x = pointer.next(step);
    if (x === null) return;
    const [low, high] = scene.ranges.x;
    const beyond = Math.min(0, x - low) + Math.max(0, x - high);
    if (beyond !== 0) {
      /* the chart goes along */
      settle([low + beyond, high + beyond]);
      redraw();
    }
    pointer.show(x);
  }

  const keys = {
    ArrowLeft: () => moveCursor(-1),
    ArrowRight: () => moveCursor(1),
    Home: () => moveCursor(-Infinity),
    End: () => moveCursor(Infinity),
    Escape: () => pointer.leave(),
  };
  root.addEventListener(
    'keydown',
    (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      keys[event.key]();
    },
    { signal },
  );
  root.addEventListener('blur', () => pointer.leave(), { signal });
  const listenOn = listenToGestures(root, { scene, center: () => pointer.x, move, settle }, signal);

  const observer = new ResizeObserver(() => scene.plot?.setSize(size()));
  observer.observe(root);

  function leaveGroup() {
    groups.get(scene.model?.sync)?.delete(chart);
  }

  const chart = {
    draw(model) {
      if (scene.model?.zoom !== model.zoom) moving = null;
      if (scene.model?.sync !== model.sync) {
        leaveGroup();
        if (!groups.has(model.sync)) groups.set(model.sync, new Set());
        groups.get(model.sync).add(chart);
      }
      scene.model = model;
      const stretches = adopt();
      const before = look;
      look = lookOf(model);
      const moved = fit();
      if (look !== before) build();
      else if (moved || !stretches) scene.plot.redraw();
      else drawInk(stretches);
    },
    get model() {
      return scene.model;
    },
    /* Shows a range in passing. */
    move(range) {
      moving = range;
      frame ||= requestAnimationFrame(redraw);
    },
    /* The chart as a picture with its name and legend, in the page's resolution. */
    toCanvas: () => pictureOf(scene.plot.layers, scene.model),
    destroy() {
      abort.abort();
      cancelAnimationFrame(frame);
      leaveGroup();
      observer.disconnect();
      scene.plot?.destroy();
      pointer.tip.destroy();
    },
  };
  return chart;
}
