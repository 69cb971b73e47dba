/* line — the wrapper of uPlot: lines with optional bands over a shared x, zoom, shared cursor, values under the pointer.
 *
 * createLineChart(root, handlers) → {draw(model), toCanvas(), destroy()}
 * model: {name, xLabel, series, xLog, yLog, zoom: [min, max] | null, sync, marks, fit}; with `fit` the vertical axis fits what comes after the
 *   steep beginning, so that differences can be seen; lines may leave the chart there.
 * series: [{key, label, color, dash, width, x: [], y: [], low: [] | null, high: [] | null, n: [] | null}], columns of equal length, x
 * increasing whole numbers (epochs); null is a gap. marks: [{x, y, color, kind: "best" | "stop"}].
 * handlers: onZoom([min, max] | null). The root takes the keyboard: arrows move the cursor, + and − zoom, 0 resets. */
import uPlot from '../node_modules/uplot/dist/uPlot.esm.js';
import { css, faded } from '../lib/palette.js';
import { number } from '../lib/format.js';
import { BEGINNING, WHOLE_STEPS, logTicks, paddedRange, tickLabels, wholeTicks } from './scale.js';
import { createTip } from './tip.js';

const TIP_ROWS = 10;
const positive = (values) => values.map((x) => (x !== null && x > 0 ? x : null));

function beginsAs(x, longest) {
  if (x === longest) return true;
  for (let i = 0; i < x.length; i++) if (x[i] !== longest[i]) return false;
  return true;
}

function padded(column, n) {
  if (column.length === n) return column;
  const out = column.slice();
  while (out.length < n) out.push(null);
  return out;
}

/* One x for all series, and each series' columns placed on it: the longest, where the others are its beginning (runs of
 * which some still train), else their union. */
function align(series) {
  const longest = series.reduce((most, s) => (s.x.length > most.length ? s.x : most), series[0]?.x ?? []);
  if (series.every((s) => beginsAs(s.x, longest))) return { x: longest, place: (s, column) => padded(column, longest.length) };
  const x = [...new Set(series.flatMap((s) => s.x))].sort((a, b) => a - b);
  const index = new Map(x.map((value, i) => [value, i]));
  return {
    x,
    place: (s, column) => {
      const out = new Array(x.length).fill(null);
      for (let i = 0; i < s.x.length; i++) out[index.get(s.x[i])] = column[i] ?? null;
      return out;
    },
  };
}

/* The columns of uPlot, and for every series the index of its line among them. */
function columnsOf(model) {
  const { x, place } = align(model.series);
  const clean = model.yLog ? positive : (column) => column;
  const columns = [model.xLog ? x.map((value) => (value > 0 ? value : null)) : x];
  const lines = [];
  for (const s of model.series) {
    lines.push(columns.length);
    columns.push(clean(place(s, s.y)));
    if (s.low) columns.push(clean(place(s, s.high)), clean(place(s, s.low)));
  }
  if (!model.xLog || x.length === 0 || x[0] > 0) return { columns, lines };
  const from = x.findIndex((value) => value > 0);
  return { columns: columns.map((column) => (from < 0 ? [] : column.slice(from))), lines };
}

function seriesOptions(model) {
  const options = [{}];
  const bands = [];
  const points = { show: (u) => u.data[0].length < 2 };
  for (const s of model.series) {
    const line = options.length;
    options.push({ label: s.label, stroke: s.color, width: s.width ?? 2, dash: s.dash ?? [], spanGaps: true, points });
    if (!s.low) continue;
    const edge = { stroke: 'transparent', width: 0, spanGaps: true, points: { show: false } };
    options.push(edge, { ...edge });
    bands.push({ series: [line + 1, line + 2], fill: faded(s.color, model.series.length > 4 ? 0.09 : 0.16) });
  }
  return { series: options, bands };
}

function axisOptions(model) {
  const common = {
    stroke: css('--text-soft'), font: `12px ${css('--font')}`, grid: { stroke: css('--grid'), width: 1 },
    ticks: { show: false },
  };
  const values = (u, splits) => tickLabels(splits);
  const log = { splits: (u, i, min, max) => logTicks(min, max), filter: (u, splits) => splits };
  const logEpochs = { ...log, splits: (u, i, min, max) => wholeTicks(logTicks(min, max)) };
  const linear = { splits: undefined, filter: undefined };
  const width = (u, labels) => Math.max(40, ...(labels ?? []).map((label) => 14 + label.length * 6.6));
  return [
    { ...common, ...(model.xLog ? logEpochs : linear), incrs: WHOLE_STEPS, values, space: 56, size: 30, grid: { show: false } },
    { ...common, ...(model.yLog ? log : linear), values, space: 30, size: width },
  ];
}

/* The extent of all columns after the beginning, if that is much less than the whole. */
function fittedExtent(u, min, max) {
  const [x] = u.data;
  const from = x.findIndex((value) => value >= x[0] + BEGINNING * (x[x.length - 1] - x[0]));
  if (from < 2 || x.length - from < 4) return [min, max];
  let [low, high] = [Infinity, -Infinity];
  for (const column of u.data.slice(1)) {
    for (let i = from; i < column.length; i++) {
      const y = column[i];
      if (y === null) continue;
      if (y < low) low = y;
      if (y > high) high = y;
    }
  }
  return high > low && high - low < 0.6 * (max - min) ? [low, high] : [min, max];
}

const structureOf = (model, theme) => JSON.stringify([
  theme, model.xLog, model.yLog, model.sync, model.series.map((s) => [s.key, s.color, s.dash, s.width, !s.low]),
]);

/* Band and number of seeds of a series at x, in words. */
function detailOf(s, x) {
  const at = s.x.indexOf(x);
  const band = s.low && Number.isFinite(s.low[at]) && s.low[at] !== s.high[at] ? `${number(s.low[at], 3)} … ${number(s.high[at], 3)}` : '';
  return [band, s.n ? `n ${s.n[at]}` : ''].filter(Boolean).join(', ');
}

function pictureOf(plot, model) {
  const source = plot.ctx.canvas;
  const scale = devicePixelRatio;
  const columns = Math.max(1, Math.floor(source.width / scale / 260));
  const rows = model.series.length > 1 ? Math.ceil(model.series.length / columns) : 0;
  const top = 40 + rows * 20;
  const canvas = document.createElement('canvas');
  canvas.width = source.width;
  canvas.height = source.height + (top + 24) * scale;
  const ctx = canvas.getContext('2d');
  ctx.fillStyle = css('--surface');
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(source, 0, top * scale);
  ctx.scale(scale, scale);
  ctx.fillStyle = css('--text');
  ctx.font = `600 15px ${css('--font')}`;
  ctx.fillText(model.name, 16, 26);
  ctx.font = `12px ${css('--font')}`;
  for (let i = 0; rows && i < model.series.length; i++) {
    const x = 16 + (i % columns) * 260;
    const y = 48 + Math.floor(i / columns) * 20;
    ctx.strokeStyle = model.series[i].color;
    ctx.lineWidth = 3;
    ctx.setLineDash(model.series[i].dash ?? []);
    ctx.beginPath();
    ctx.moveTo(x, y - 4);
    ctx.lineTo(x + 18, y - 4);
    ctx.stroke();
    ctx.fillText(model.series[i].label, x + 25, y);
  }
  ctx.textAlign = 'center';
  ctx.fillText(model.xLabel, canvas.width / scale / 2, canvas.height / scale - 8);
  return canvas;
}

export function createLineChart(root, handlers) {
  const abort = new AbortController();
  const tip = createTip(root);
  let plot = null;
  let model = null;
  let structure = '';
  let lines = [];
  let hovered = false;

  const size = () => ({ width: Math.max(200, root.clientWidth), height: Math.max(140, root.clientHeight) });

  function rowsAt(index) {
    const rows = model.series.map((s, i) => ({ ...s, value: plot.data[lines[i]][index], at: index, column: lines[i] }));
    return rows.filter((row) => row.value !== null && row.value !== undefined);
  }

  function showTip() {
    const index = plot.cursor.idx;
    if (!hovered || index === null || index === undefined || plot.data[0].length === 0) { tip.hide(); return; }
    const pointer = plot.posToVal(plot.cursor.top, 'y');
    const rows = rowsAt(index);
    const nearest = rows.reduce((best, row) => (!best || Math.abs(row.value - pointer) < Math.abs(best.value - pointer) ? row : best), null);
    const near = [...rows].sort((a, b) => Math.abs(a.value - pointer) - Math.abs(b.value - pointer)).slice(0, TIP_ROWS);
    near.sort((a, b) => b.value - a.value);
    const x = plot.data[0][index];
    tip.show({
      left: plot.over.offsetLeft + plot.valToPos(x, 'x'), top: plot.over.offsetTop + Math.max(0, plot.cursor.top),
      title: `${model.xLabel} ${number(x)}`,
      rows: near.map((row) => ({
        color: row.color, label: row.label, strong: row === nearest, text: number(row.value),
        detail: detailOf(row, x),
      })),
      more: rows.length - near.length,
    });
  }

  function drawMarks(u) {
    const { ctx } = u;
    ctx.save();
    for (const mark of model.marks ?? []) {
      const x = u.valToPos(mark.x, 'x', true);
      const y = u.valToPos(mark.y, 'y', true);
      if (!Number.isFinite(x) || !Number.isFinite(y) || x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
      const r = 4.5 * devicePixelRatio;
      ctx.beginPath();
      if (mark.kind === 'best') ctx.arc(x, y, r, 0, 2 * Math.PI);
      else ctx.rect(x - r, y - r, 2 * r, 2 * r);
      ctx.fillStyle = css('--surface');
      ctx.fill();
      ctx.lineWidth = 2 * devicePixelRatio;
      ctx.strokeStyle = mark.color;
      ctx.stroke();
    }
    ctx.restore();
  }

  function build(columns) {
    plot?.destroy();
    plot = new uPlot({
      ...size(), ...seriesOptions(model), axes: axisOptions(model), legend: { show: false }, padding: [10, 22, 0, 0],
      scales: {
        x: { time: false, distr: model.xLog ? 3 : 1, range: (u, min, max) => model.zoom ?? (min === max ? [min, min + 1] : [min, max]) },
        y: { distr: model.yLog ? 3 : 1, range: (u, min, max) => paddedRange(...(model.fit && !model.zoom ? fittedExtent(u, min, max) : [min, max]), model.yLog) },
      },
      cursor: {
        sync: { key: model.sync, setSeries: false }, drag: { x: true, y: false, setScale: false }, focus: { prox: 30 },
        bind: { dblclick: () => () => { handlers.onZoom(null); return null; } },
        points: { size: 7, fill: (u, i) => u.series[i].stroke(u, i), width: 0 },
      },
      focus: { alpha: model.series.length > 12 ? 0.35 : 1 },
      hooks: { setCursor: [showTip], setSelect: [select], draw: [drawMarks] },
    }, columns, root);
    plot.over.addEventListener('mouseenter', () => { hovered = true; }, { signal: abort.signal });
    plot.over.addEventListener('mouseleave', () => { hovered = false; tip.hide(); }, { signal: abort.signal });
    plot.over.addEventListener('touchmove', touch, { signal: abort.signal, passive: true });
    plot.over.addEventListener('touchstart', touch, { signal: abort.signal, passive: true });
  }

  function select(u) {
    if (u.select.width < 4) return;
    const from = u.posToVal(u.select.left, 'x');
    const to = u.posToVal(u.select.left + u.select.width, 'x');
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    handlers.onZoom([from, to]);
  }

  function touch(event) {
    const box = plot.over.getBoundingClientRect();
    hovered = true;
    plot.setCursor({ left: event.touches[0].clientX - box.left, top: event.touches[0].clientY - box.top });
  }

  function moveCursor(step) {
    const n = plot.data[0].length;
    if (n === 0) return;
    const at = plot.cursor.idx ?? (step > 0 ? -1 : n);
    const index = Math.max(0, Math.min(n - 1, at + step));
    const rows = rowsAt(index);
    hovered = true;
    plot.setCursor({ left: plot.valToPos(plot.data[0][index], 'x'), top: rows.length ? plot.valToPos(rows[0].value, 'y') : 0 });
    requestAnimationFrame(() => tip.say()); /* uPlot moves its cursor in a microtask */
  }

  function zoomBy(factor) {
    const { min, max } = plot.scales.x;
    const center = plot.cursor.idx === null || plot.cursor.idx === undefined ? (min + max) / 2 : plot.data[0][plot.cursor.idx];
    handlers.onZoom([center - (center - min) * factor, center + (max - center) * factor]);
  }

  const keys = {
    ArrowLeft: () => moveCursor(-1), ArrowRight: () => moveCursor(1), Home: () => moveCursor(-Infinity), End: () => moveCursor(Infinity),
    '+': () => zoomBy(0.6), '=': () => zoomBy(0.6), '-': () => zoomBy(1.6), 0: () => handlers.onZoom(null),
    Escape: () => { hovered = false; tip.hide(); },
  };
  root.addEventListener('keydown', (event) => {
    if (!plot || !keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  }, { signal: abort.signal });
  root.addEventListener('blur', () => { hovered = false; tip.hide(); }, { signal: abort.signal });

  const observer = new ResizeObserver(() => plot?.setSize(size()));
  observer.observe(root);

  return {
    draw(next) {
      model = next;
      const made = columnsOf(model);
      lines = made.lines;
      const key = structureOf(model, document.documentElement.dataset.theme);
      if (plot && key === structure) plot.setData(made.columns);
      else build(made.columns);
      structure = key;
      if (hovered) showTip();
    },
    /* The chart as a picture with its name and legend, in the page's resolution. */
    toCanvas: () => (plot ? pictureOf(plot, model) : null),
    destroy() {
      abort.abort();
      observer.disconnect();
      plot?.destroy();
      tip.destroy();
    },
  };
}
