/* svg — a line chart as the text of an SVG file, drawn from the same model as the one on the
 * page. */
import { faded } from '../lib/palette.js';
import { layLegend } from './legend.js';
import { BEGINNING, linearTicks, logTicks, paddedRange, tickLabels, wholeTicks } from './scale.js';

const escape = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const round = (x) => Math.round(x * 100) / 100;

/* {position(value), ticks, min, max} of one axis over pixels [from, to]. */
function axis(min, max, log, from, to, n) {
  const warp = log ? Math.log : (x) => x;
  const slope = (to - from) / (warp(max) - warp(min));
  return {
    position: (x) => round(from + (warp(x) - warp(min)) * slope),
    ticks: log ? logTicks(min, max) : linearTicks(min, max, n),
  };
}

function extent(values) {
  let min = Infinity;
  let max = -Infinity;
  for (const x of values) {
    if (x === null || !Number.isFinite(x)) continue;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  return min <= max ? [min, max] : [0, 1];
}

/* The points of a series that can be drawn. */
function usable(s, model) {
  const [from, to] = model.zoom ?? [-Infinity, Infinity];
  return s.x
    .map((x, i) => i)
    .filter(
      (i) =>
        s.y[i] !== null &&
        s.x[i] >= from &&
        s.x[i] <= to &&
        (!model.xLog || s.x[i] > 0) &&
        (!model.yLog || s.y[i] > 0),
    );
}

const path = (points) => points.map(([x, y], i) => `${i ? 'L' : 'M'}${x} ${y}`).join('');

const FONT = 'system-ui, sans-serif';
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 16, 40, 44];

/* Where everything is: {legend, kept: [{s, at}], box, xs, ys, least (of y, on a logarithmic axis)}.
 * `at`: the places of a series that are drawn. */
function layOut(model, width, chartHeight) {
  const kept = model.series.map((s) => ({ s, at: usable(s, model) }));
  const legend = layLegend(model.series, width - LEFT - RIGHT, `12px ${FONT}`);
  const height = chartHeight + legend.height;
  const box = {
    left: LEFT,
    right: width - RIGHT,
    top: TOP + legend.height,
    bottom: height - BOTTOM,
  };
  const [x0, x1] = model.zoom ?? extent(kept.flatMap(({ s, at }) => at.map((i) => s.x[i])));
  const start = model.fit && !model.zoom ? x0 + BEGINNING * (x1 - x0) : -Infinity;
  const all = kept.flatMap(({ s, at }) =>
    at
      .filter((i) => s.x[i] >= start)
      .flatMap((i) => [s.y[i], s.low?.[i] ?? s.y[i], s.high?.[i] ?? s.y[i]]),
  );
  const shown = model.yLog ? all.filter((y) => y > 0) : all;
  const [y0, y1] = paddedRange(...extent(shown), model.yLog);
  return {
    legend,
    kept,
    box,
    width,
    height,
    xs: axis(x0, x1 > x0 ? x1 : x0 + 1, model.xLog, box.left, box.right, 8),
    ys: axis(y0, y1, model.yLog, box.bottom, box.top, 6),
    least: model.yLog ? y0 : -Infinity,
  };
}

/* {a: 1} → ' a="1"'; what is undefined is left out. */
const attributes = (all) =>
  Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');

const element = (name, all, content) =>
  content === undefined
    ? `<${name}${attributes(all)}/>`
    : `<${name}${attributes(all)}>${content}</${name}>`;

const text = (x, y, words, more = {}) => element('text', { x, y, ...more }, escape(words));

const dashOf = (s) => (s.dash?.length ? s.dash.join(' ') : undefined);

function legendPart({ series: s, x, left, y, words }) {
  const [from, base] = [round(LEFT + x), TOP - 6 + y];
  const title = words === s.label ? '' : element('title', {}, escape(s.label));
  const mark = element('line', {
    x1: from,
    x2: from + 18,
    y1: base - 4,
    y2: base - 4,
    stroke: s.color,
    'stroke-width': 3,
    'stroke-dasharray': dashOf(s),
  });
  return element('g', {}, title + mark + text(round(LEFT + left), base, words));
}

/* Grid, ticks and the name of the horizontal axis. */
function axisParts({ box, xs, ys, height }, model, css) {
  const epochs = wholeTicks(xs.ticks);
  const [across, up] = [tickLabels(epochs), tickLabels(ys.ticks)];
  const rows = ys.ticks.flatMap((tick, i) => {
    const y = ys.position(tick);
    const line = { x1: box.left, x2: box.right, y1: y, y2: y, stroke: css('--grid') };
    return [element('line', line), text(box.left - 8, y + 4, up[i], { 'text-anchor': 'end' })];
  });
  const middle = { 'text-anchor': 'middle' };
  return [
    ...rows,
    ...epochs.map((tick, i) => text(xs.position(tick), box.bottom + 18, across[i], middle)),
    text((box.left + box.right) / 2, height - 8, model.xLabel, middle),
  ];
}

function bandPart({ s, at }, { xs, ys, least }) {
  const band = s.low ? at.filter((i) => s.low[i] !== null && s.high[i] !== null) : [];
  if (band.length === 0) return [];
  const edge = (column) =>
    band.map((i) => [xs.position(s.x[i]), ys.position(Math.max(least, column[i]))]);
  const d = `${path([...edge(s.high), ...edge(s.low).reverse()])}Z`;
  return [element('path', { d, fill: faded(s.color, 0.16) })];
}

const linePart = ({ s, at }, { xs, ys }) =>
  element('path', {
    d: path(at.map((i) => [xs.position(s.x[i]), ys.position(s.y[i])])),
    fill: 'none',
    stroke: s.color,
    'stroke-width': s.width ?? 2,
    'stroke-dasharray': dashOf(s),
  });

/* The size is that of the chart without its legend, which makes it higher; `css(name)` answers a
 * colour of the page. */
export function lineChartSvg(model, { width, height: chartHeight }, css) {
  const layout = layOut(model, width, chartHeight);
  const { legend, kept, box, height } = layout;
  const [left, top] = [box.left, box.top];
  const inside = { x: left, y: top, width: box.right - left, height: box.bottom - top };
  const parts = [
    element('rect', { width, height, fill: css('--surface') }),
    text(left, 24, model.name, { 'font-size': 15, 'font-weight': 600 }),
    element('clipPath', { id: 'c' }, element('rect', inside)),
    ...legend.items.map(legendPart),
    ...axisParts(layout, model, css),
    '<g clip-path="url(#c)">',
    ...kept.flatMap((one) => [...bandPart(one, layout), linePart(one, layout)]),
    '</g>',
  ];
  const all = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    'font-family': FONT,
    'font-size': 12,
    fill: css('--text'),
  };
  return element('svg', all, `\n${parts.join('\n')}\n`);
}
