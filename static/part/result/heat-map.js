/* heat-map — a metric for every pair of values of two swept settings. */
import { html, useMemo, useRef, useState, useTheme, useWidth } from '../../lib/html.js';
import { count, metricLabel, number, value as showValue } from '../../lib/format.js';
import { textOn, viridis } from '../../lib/palette.js';
import { EVIDENCE, FieldSelect, keyOf, valuesOf } from './swept.js';

const TOLD = ['better', 'worse', 'equivalent', 'baseline'];
const GAP = 2;
const LEAST_WIDTH = 26; /* of a cell */
const TEXT_WIDTH = 44; /* of a cell from which on its number stands in it */

/* The mean over the configs of each cell, and why none of them can be told from the baseline:
 * "no_evidence", "too_few_seeds" (no test was made), or "" where one can, and of a metric that is
 * neither better nor worse. */
function cellsOf(comparison, x, y) {
  const cells = new Map();
  for (const config of comparison.configs) {
    const key = `${keyOf(config.values[x])}|${keyOf(config.values[y])}`;
    if (!cells.has(key)) cells.set(key, { configs: [] });
    cells.get(key).configs.push(config);
  }
  for (const cell of cells.values()) {
    const known = cell.configs.map((config) => config.mean).filter(Number.isFinite);
    cell.mean = known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
    cell.n = cell.configs.reduce((sum, config) => sum + config.n, 0);
    const verdicts = cell.configs.map((config) => config.verdict);
    const isTold =
      comparison.direction === 'none' || verdicts.some((verdict) => TOLD.includes(verdict));
    cell.doubt =
      isTold || cell.mean === null
        ? ''
        : (['no_evidence', 'too_few_seeds'].find((verdict) => verdicts.includes(verdict)) ?? '');
    cell.baseline = cell.configs.some((config) => config.config_id === comparison.baseline);
  }
  return cells;
}

/* What the colours and the hatching mean. doubts: those of all cells. */
function heatWords(direction, doubts, isAveraged) {
  const hatched = [
    doubts.has('no_evidence') && 'no evidence of a difference to it',
    doubts.has('too_few_seeds') && 'too few seeds to tell',
  ].filter(Boolean);
  return [
    direction === 'none'
      ? 'Lighter is more, which is neither better nor worse.'
      : 'Lighter is better.',
    'The baseline is framed.',
    hatched.length > 0 && `Hatched: ${hatched.join(', or ')}.`,
    isAveraged && 'Each cell averages over the other settings.',
  ]
    .filter(Boolean)
    .join(' ');
}

/* Where the cells of columns `xs` and rows `ys` stand in a box `width` wide. */
function gridOf(xs, ys, width) {
  const longest = Math.max(...ys.map((value) => showValue(value).length));
  const left = 26 + Math.min(130, longest * 8 + 12);
  const cellWidth = Math.max(LEAST_WIDTH, Math.min(120, (width - left - 8) / xs.length));
  const cellHeight = Math.max(30, Math.min(54, 340 / ys.length));
  return {
    left,
    cellWidth,
    cellHeight,
    width: Math.max(width, left + xs.length * LEAST_WIDTH),
    right: left + xs.length * cellWidth,
    bottom: ys.length * cellHeight,
    height: ys.length * cellHeight + 50,
    placeOf: (i, j) => ({
      x: left + i * cellWidth + GAP / 2,
      y: j * cellHeight + GAP / 2,
      width: cellWidth - GAP,
      height: cellHeight - GAP,
    }),
  };
}

/* Colours and digits for means between these ends: {colorOf(mean), digits}. */
function scaleOf(means, isLowerBetter) {
  const [least, greatest] = [Math.min(...means), Math.max(...means)];
  const span = greatest - least;
  return {
    colorOf: (mean) => {
      const t = span > 0 ? (mean - least) / span : 0.5;
      return viridis(isLowerBetter ? 1 - t : t);
    },
    digits: span > 0 ? Math.max(0, Math.min(5, 2 - Math.floor(Math.log10(span)))) : 3,
  };
}

/* words: of the pair of values; show(words) tells what the pointer is at. */
function Cell({ cell, place, words, scale, show }) {
  if (!cell || cell.mean === null) return html`<rect ...${place} class="no-cell" rx="3" />`;
  const fill = scale.colorOf(cell.mean);
  const all = `${words}: ${number(cell.mean)}, ${count(cell.n, 'seed')}`;
  const text = html`
    <text class="cell-text" x=${place.x + place.width / 2} y=${place.y + place.height / 2 + 4}
        text-anchor="middle" fill=${textOn(fill)}>
      ${cell.mean.toFixed(scale.digits)}
    </text>
  `;
  return html`
    <g onPointerEnter=${() => show(cell.doubt ? `${all}, ${EVIDENCE[cell.doubt]}` : all)}>
      <title>${all}</title>
      <rect ...${place} rx="3" fill=${fill} />
      ${cell.doubt && html`<rect ...${place} rx="3" fill="url(#hatch)" />`}
      ${cell.baseline && html`<rect ...${place} rx="3" class="base-cell" />`}
      ${place.width + GAP > TEXT_WIDTH && text}
    </g>
  `;
}

const Hatch = ({ theme }) => html`
  <defs>
    <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)">
      <line x1="0" x2="0" y1="0" y2="7" stroke=${theme === 'dark' ? '#0e1319' : '#ffffff'}
          stroke-width="2.4" stroke-opacity="0.5" />
    </pattern>
  </defs>
`;

/* The values and names of both settings along the cells. */
function Names({ x, y, xs, ys, grid }) {
  const { left, right, bottom, height, cellWidth, cellHeight } = grid;
  const row = (value, j) => html`
    <text x=${left - 8} y=${(j + 0.5) * cellHeight + 4} text-anchor="end">${showValue(value)}</text>
  `;
  const column = (value, i) => html`
    <text x=${left + (i + 0.5) * cellWidth} y=${bottom + 18} text-anchor="middle">
      ${showValue(value)}
    </text>
  `;
  return html`
    ${ys.map(row)}
    ${xs.map(column)}
    <text class="axis-name" x=${(left + right) / 2} y=${height - 8} text-anchor="middle">${x}</text>
    <text class="axis-name" x=${-bottom / 2} y="13" transform="rotate(-90)" text-anchor="middle">
      ${y}
    </text>
  `;
}

function Picture({ comparison, x, y, cells, width, show }) {
  const theme = useTheme();
  const { configs, metric, direction } = comparison;
  const [xs, ys] = [valuesOf(configs, x), valuesOf(configs, y).reverse()];
  const means = [...cells.values()].map((cell) => cell.mean).filter(Number.isFinite);
  const grid = gridOf(xs, ys, width);
  const scale = scaleOf(means, direction?.startsWith('lower'));
  const cellAt = (xv, i, yv, j) => html`
    <${Cell} cell=${cells.get(`${keyOf(xv)}|${keyOf(yv)}`)} place=${grid.placeOf(i, j)}
        words=${`${x} ${showValue(xv)}, ${y} ${showValue(yv)}`} scale=${scale} show=${show} />
  `;
  const label = `${metricLabel(metric)} for every pair of ${x} and ${y}`;
  return html`
    <svg width=${grid.width} height=${grid.height} role="img"
        aria-label="${label}; the table of configs has the numbers">
      <${Hatch} theme=${theme} />
      ${ys.map((yv, j) => xs.map((xv, i) => cellAt(xv, i, yv, j)))}
      <${Names} x=${x} y=${y} xs=${xs} ys=${ys} grid=${grid} />
    </svg>
  `;
}

export function HeatMap({ comparison, names, props, set }) {
  const box = useRef(null);
  const width = useWidth(box);
  const [near, setNear] = useState(null); /* what the pointer is at, in words */
  const x = names.includes(props.hx) ? props.hx : names[0];
  const others = names.filter((name) => name !== x);
  const y = others.includes(props.hy) ? props.hy : others[0];
  const cells = useMemo(() => cellsOf(comparison, x, y), [comparison, x, y]);
  const doubts = new Set([...cells.values()].map((cell) => cell.doubt));
  const map = html`
    <${Picture} comparison=${comparison} x=${x} y=${y} cells=${cells} width=${width}
        show=${setNear} />
  `;
  return html`
    <div class="toolbar">
      <${FieldSelect} id="heat-x" label="Across" names=${names} value=${x}
          onChange=${(hx) => set({ hx })} />
      <${FieldSelect} id="heat-y" label="Up" names=${others} value=${y}
          onChange=${(hy) => set({ hy })} />
    </div>
    <div class="heat" ref=${box} data-testid="heat" onPointerLeave=${() => setNear(null)}>
      ${width > 0 && map}
    </div>
    <p class="soft small" aria-live="off">
      ${near ?? heatWords(comparison.direction, doubts, names.length > 2)}
    </p>
  `;
}
