/* files — charts as files: what is loaded once somebody saves one. */
import { standalonePng, standaloneSvg } from '../chart/standalone.js';
import { pictureOf } from '../chart/snapshot.js';
import { lineChartSvg } from '../chart/svg.js';
import { css } from '../lib/palette.js';
import { saveFile } from './basic.js';

const SIZE = { width: 880, height: 480 };
const TYPES = { svg: 'image/svg+xml', png: 'image/png', csv: 'text/csv' };

const fileName = (name) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '') || 'chart';

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/* Rows of cells as CSV; what is not there is empty. */
const csvText = (rows) =>
  `${rows.map((cells) => cells.map((cell) => quoted(String(cell ?? ''))).join(',')).join('\n')}\n`;

function csvOf(model) {
  const rows = [['series', model.xLabel, 'value', 'low', 'high', 'n']];
  for (const s of model.series) {
    const edge = (choose, i) =>
      !s.isGap && Number.isFinite(s.low?.[i]) && Number.isFinite(s.high?.[i])
        ? choose(s.low[i], s.high[i])
        : null;
    s.x.forEach((x, i) =>
      rows.push([s.label, x, s.y[i], edge(Math.min, i), edge(Math.max, i), s.n?.[i]]),
    );
  }
  return csvText(rows);
}

const blobOf = (canvas) => new Promise((done) => canvas.toBlob(done));

/* How a line chart becomes a file: kind → content of the chart. */
const LINES = {
  svg: ({ model }) => lineChartSvg(model, SIZE, css),
  png: ({ layers, model }) => blobOf(pictureOf(layers, model)),
  csv: ({ model }) => csvOf(model),
};

/* The same of a chart that stands in the page as SVG: {svg, title, rows, legend}. */
const DRAWN = {
  svg: ({ svg, title, legend }) => standaloneSvg(svg, title, legend).text,
  png: ({ svg, title, legend }) => standalonePng(svg, title, legend),
  csv: ({ rows }) => csvText(rows),
};

async function save(kind, name, content) {
  saveFile(`${fileName(name)}.${kind}`, await content, TYPES[kind]);
}

/* kind: "svg", "png" or "csv". */
export const saveLines = (kind, chart) => save(kind, chart.model.name, LINES[kind](chart));
export const saveDrawn = (kind, drawn) => save(kind, drawn.title, DRAWN[kind](drawn));
