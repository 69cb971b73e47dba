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

const dashOf = (s) => (s.dash?.length ? ` stroke-dasharray="${s.dash.join(' ')}"` : '');

const path = (points) => points.map(([x, y], i) => `${i ? 'L' : 'M'}${x} ${y}`).join('');

const FONT = 'system-ui, sans-serif';
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 16, 40, 44];

/* The size is that of the chart without its legend, which makes it higher; `css(name)` answers a
 * colour of the page. */
export function lineChartSvg(model, { width, height: chartHeight }, css) {
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
  const lows = kept.flatMap(({ s, at }) =>
    at
      .filter((i) => s.x[i] >= start)
      .flatMap((i) => [s.y[i], s.low?.[i] ?? s.y[i], s.high?.[i] ?? s.y[i]]),
  );
  const [y0, y1] = paddedRange(
    ...extent(model.yLog ? lows.filter((y) => y > 0) : lows),
    model.yLog,
  );
  const xs = axis(x0, x1 > x0 ? x1 : x0 + 1, model.xLog, box.left, box.right, 8);
  const ys = axis(y0, y1, model.yLog, box.bottom, box.top, 6);
  const text = (x, y, words, extra = '') =>
    `<text x="${x}" y="${y}" ${extra}>${escape(words)}</text>`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="12" fill="${css('--text')}">`,
    `<rect width="${width}" height="${height}" fill="${css('--surface')}"/>`,
    text(box.left, 24, model.name, 'font-size="15" font-weight="600"'),
    `<clipPath id="c"><rect x="${box.left}" y="${box.top}" width="${box.right - box.left}" height="${box.bottom - box.top}"/></clipPath>`,
  ];
  for (const { series: s, x, left, y, words } of legend.items) {
    const [from, base] = [round(LEFT + x), TOP - 6 + y];
    parts.push(
      `<g>${words === s.label ? '' : `<title>${escape(s.label)}</title>`}<line x1="${from}" x2="${from + 18}" y1="${base - 4}" y2="${base - 4}" stroke="${s.color}" stroke-width="3"${dashOf(s)}/>${text(
        round(LEFT + left),
        base,
        words,
      )}</g>`,
    );
  }
  const epochs = wholeTicks(xs.ticks);
  const labels = [tickLabels(epochs), tickLabels(ys.ticks)];
  for (const [i, tick] of ys.ticks.entries()) {
    const y = ys.position(tick);
    parts.push(
      `<line x1="${box.left}" x2="${box.right}" y1="${y}" y2="${y}" stroke="${css('--grid')}"/>`,
      text(box.left - 8, y + 4, labels[1][i], 'text-anchor="end"'),
    );
  }
  for (const [i, tick] of epochs.entries())
    parts.push(text(xs.position(tick), box.bottom + 18, labels[0][i], 'text-anchor="middle"'));
  parts.push(
    text((box.left + box.right) / 2, height - 8, model.xLabel, 'text-anchor="middle"'),
    '<g clip-path="url(#c)">',
  );
  for (const { s, at } of kept) {
    const band = s.low ? at.filter((i) => s.low[i] !== null && s.high[i] !== null) : [];
    if (band.length) {
      const floor = model.yLog ? y0 : -Infinity;
      const edge = [
        ...band.map((i) => [xs.position(s.x[i]), ys.position(Math.max(floor, s.high[i]))]),
        ...band.reverse().map((i) => [xs.position(s.x[i]), ys.position(Math.max(floor, s.low[i]))]),
      ];
      parts.push(`<path d="${path(edge)}Z" fill="${faded(s.color, 0.16)}"/>`);
    }
    parts.push(
      `<path d="${path(at.map((i) => [xs.position(s.x[i]), ys.position(s.y[i])]))}" fill="none" stroke="${s.color}" stroke-width="${s.width ?? 2}"${dashOf(s)}/>`,
    );
  }
  parts.push('</g></svg>');
  return parts.join('\n');
}
