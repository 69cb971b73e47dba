/* frame — the part of a chart that uPlot draws: axes, grid, crosshair and selection. Two canvases
 * lie on it: `ink` for lines, `glass` for what follows the pointer; they have the frame's size and
 * pixels.
 *
 * createFrame(root, {model, size, ranges, onDraw, onCursor, onSelect, onReset}) → the uPlot with
 * `ink`, `glass`, and all its `layers`. It shows `ranges`, {x: [min, max], y: [min, max]}, as they
 * are when it draws. */
import uPlot from '../node_modules/uplot/dist/uPlot.esm.js';
import { css } from '../lib/palette.js';
import { WHOLE_STEPS, logTicks, tickLabels, wholeTicks } from './scale.js';

const LEAST_DRAG_PX = 4;

function axisOptions(model) {
  const common = {
    stroke: css('--text-soft'),
    font: `12px ${css('--font')}`,
    grid: { stroke: css('--grid'), width: 1 },
    ticks: { show: false },
  };
  const values = (u, splits) => tickLabels(splits);
  const log = { splits: (u, i, min, max) => logTicks(min, max), filter: (u, splits) => splits };
  const logEpochs = { ...log, splits: (u, i, min, max) => wholeTicks(logTicks(min, max)) };
  const linear = { splits: undefined, filter: undefined };
  const width = (u, labels) =>
    Math.max(40, ...(labels ?? []).map((label) => 14 + label.length * 6.6));
  return [
    {
      ...common,
      ...(model.xLog ? logEpochs : linear),
      incrs: WHOLE_STEPS,
      values,
      space: 56,
      size: 30,
      grid: { show: false },
    },
    { ...common, ...(model.yLog ? log : linear), values, space: 30, size: width },
  ];
}

function addCanvas(plot, className) {
  const canvas = document.createElement('canvas');
  canvas.className = `chart-layer ${className}`;
  plot.over.before(canvas);
  return canvas;
}

export function createFrame(root, { model, size, ranges, onDraw, onCursor, onSelect, onReset }) {
  const select = (u) => {
    const { left, width } = u.select;
    if (width < LEAST_DRAG_PX) return;
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    onSelect([u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]);
  };
  const plot = new uPlot(
    {
      ...size,
      series: [{}],
      axes: axisOptions(model),
      legend: { show: false },
      padding: [10, 22, 0, 0],
      scales: {
        x: { time: false, distr: model.xLog ? 3 : 1, range: () => ranges.x },
        y: { distr: model.yLog ? 3 : 1, range: () => ranges.y },
      },
      cursor: {
        sync: { key: model.sync, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { show: false },
        bind: {
          dblclick: () => () => {
            onReset();
            return null;
          },
          mousedown: (u, target, start) => (event) => {
            if (event.button === 0 && !event.shiftKey) start(event);
          },
        },
      },
      hooks: { setCursor: [onCursor], setSelect: [select], draw: [onDraw] },
    },
    [[]],
    root,
  );
  plot.ink = addCanvas(plot, 'ink');
  plot.glass = addCanvas(plot, 'glass');
  plot.layers = [plot.ctx.canvas, plot.ink, plot.glass];
  return plot;
}

/* Gives the layers the size of the frame; answers whether that cleared them. */
export function fitLayers(plot) {
  const { width, height } = plot.ctx.canvas;
  if (plot.ink.width === width && plot.ink.height === height) return false;
  for (const layer of [plot.ink, plot.glass]) {
    layer.width = width;
    layer.height = height;
  }
  return true;
}
