/* xy-chart — points with intervals, joined or not, over a linear, logarithmic or named axis; drawn
 * as SVG in the page. */
import { html, useMemo, useRef, useState, useWidth } from '../lib/html.js';
import { linearTicks, logTicks, paddedRange, tickLabels, wholeTicks } from '../chart/scale.js';
import { number, value as showValue } from '../lib/format.js';

const LEFT = 62;
const RIGHT = 16;
const RIGHT_NAMED = 62; /* with the name of a line beside it */
const TOP = 12;
const BOTTOM = 44;
const VALUES_AS_TICKS = 12;
const NEAR_PX = 60; /* from the pointer to what it points at */
const TIP_PX = 210; /* room for the tip on the left of a point */
/* Named places that are nearer than these have their names in two rows, in three. */
const ROWS = [Infinity, 100, 52];
const ROW_PX = 12;
const MANY = 200; /* points from which on they are small */

function extent(values) {
  const finite = values.filter(Number.isFinite);
  return finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
}

/* {place(x), ticks: [[position, label, row]], breakAt} of the horizontal axis. On a logarithmic
 * one, 0 stands apart on the left. */
function horizontal(xs, { log, names, values }, from, to) {
  if (names) {
    const step = (to - from) / Math.max(1, names.length);
    const place = (x) => from + step * (names.indexOf(x) + 0.5);
    const rows = ROWS.findLastIndex((least) => step < least) + 1 || 1;
    return { place, ticks: names.map((name, i) => [place(name), String(name), i % rows]) };
  }
  const positive = xs.filter((x) => x > 0);
  if (!log || positive.length === 0) {
    const [low, high] = extent(xs);
    const pad = (high - low) * 0.04 || 1;
    const place = (x) => from + ((x - low + pad) / (high - low + 2 * pad)) * (to - from);
    if (values && values.length <= VALUES_AS_TICKS)
      return {
        place,
        ticks: thin(
          values.map((x) => [place(x), showValue(x)]),
          34,
        ),
      };
    const some = linearTicks(low, high, Math.max(2, Math.min(8, (to - from) / 80)));
    const ticks = xs.every(Number.isInteger) ? wholeTicks(some) : some;
    const labels = tickLabels(ticks);
    return { place, ticks: ticks.map((tick, i) => [place(tick), labels[i]]) };
  }
  const zero = xs.some((x) => x <= 0);
  const start = zero ? from + 46 : from;
  const [low, high] = extent(positive).map(Math.log);
  const pad = (high - low) * 0.04 || 0.5;
  const warp = (x) => start + ((Math.log(x) - low + pad) / (high - low + 2 * pad)) * (to - start);
  const place = (x) => (x > 0 ? warp(x) : from + 14);
  if (values && values.length <= VALUES_AS_TICKS)
    return {
      place,
      ticks: thin(
        values.map((x) => [place(x), showValue(x)]),
        40,
      ),
      breakAt: zero ? start - 8 : null,
    };
  const ticks = logTicks(Math.exp(low) * 0.999, Math.exp(high) * 1.001);
  const labels = tickLabels(ticks);
  const kept = ticks
    .map((tick, i) => [place(tick), labels[i]])
    .filter(([x], i, all) => i === 0 || x - all[i - 1][0] > 0);
  return {
    place,
    ticks: [...(zero ? [[place(0), '0']] : []), ...thin(kept, 44)],
    breakAt: zero ? start - 8 : null,
  };
}

/* Leaves out ticks that would touch. */
function thin(ticks, gap) {
  const kept = [];
  for (const tick of ticks)
    if (!kept.length || tick[0] - kept[kept.length - 1][0] >= gap) kept.push(tick);
  return kept;
}

/* How far a series is set aside, so that points of one x do not hide each other. */
const asideOf = (i, n, dodge) => (dodge && n > 1 ? (i - (n - 1) / 2) * Math.min(8, 40 / n) : 0);

/* The points of all series that can be drawn: {…, series, aside}. */
const pointsOf = (series, yLog, dodge) =>
  series
    .flatMap((s, i) =>
      s.points.map((point) => ({ ...point, series: s, aside: asideOf(i, series.length, dodge) })),
    )
    .filter((point) => Number.isFinite(point.y) && (!yLog || point.y > 0));

/* The vertical axis over everything: {place(y), ticks}, from `bottom` up to the top. */
function vertical(points, line, yLog, bottom) {
  const ys = [...points, ...(line ? [line] : [])]
    .flatMap(({ y, low, high }) => [y, low, high])
    .filter((y) => Number.isFinite(y) && (!yLog || y > 0));
  const [y0, y1] = paddedRange(...(ys.length ? extent(ys) : [null, null]), yLog);
  const warp = yLog ? Math.log : (y) => y;
  const least = yLog ? y0 : -Infinity;
  const share = (y) => (warp(Math.max(y, least)) - warp(y0)) / (warp(y1) - warp(y0));
  return {
    place: (y) => bottom - share(y) * (bottom - TOP),
    ticks: yLog ? logTicks(y0, y1) : linearTicks(y0, y1, 5),
  };
}

/* Where everything stands: {right, bottom, up(y), at(point), yTicks, xTicks, breakAt}. */
function layOut(points, { width, height, axis, yLog, line }) {
  const right = Math.max(LEFT + 50, width - (line ? RIGHT_NAMED : RIGHT));
  const bottom = height - BOTTOM;
  const xs = points.map((point) => point.x);
  const across = horizontal(xs, axis, LEFT, right);
  const { place, ticks } = vertical(points, line, yLog, bottom);
  return {
    right,
    bottom,
    up: place,
    at: (point) => across.place(point.x) + point.aside,
    yTicks: ticks,
    xTicks: across.ticks,
    breakAt: across.breakAt,
  };
}

/* The point nearest to a place in the chart, if any is near. */
function nearest(points, { at, up }, x, y) {
  let best = null;
  for (const point of points) {
    const distance = Math.hypot(at(point) - x, (up(point.y) - y) * 0.6);
    if (distance < NEAR_PX && (!best || distance < best.distance)) best = { point, distance };
  }
  return best?.point ?? null;
}

function Axes({ layout, height, xLabel, yLabel }) {
  const { right, bottom, up, xTicks, yTicks, breakAt } = layout;
  const labels = tickLabels(yTicks);
  const level = (tick, i) => html`
    <line class="grid" x1=${LEFT} x2=${right} y1=${up(tick)} y2=${up(tick)} />
    <text x=${LEFT - 8} y=${up(tick) + 4} text-anchor="end">${labels[i]}</text>
  `;
  const cut = html`
    <path class="axis-break" d="M${breakAt - 4} ${bottom + 5}l4 -10m2 10l4 -10" />
  `;
  return html`
    ${yTicks.map(level)}
    ${xTicks.map(
      ([x, words, row = 0]) => html`
        <text x=${x} y=${bottom + 18 + (xLabel ? 0 : row * ROW_PX)} text-anchor="middle">
          ${words}
        </text>
      `,
    )}
    ${breakAt && cut}
    <text class="axis-name" x=${(LEFT + right) / 2} y=${height - 6} text-anchor="middle">
      ${xLabel}
    </text>
    <text class="axis-name" x=${-(TOP + bottom) / 2} y="13" transform="rotate(-90)"
        text-anchor="middle">
      ${yLabel}
    </text>
  `;
}

/* A line across, with its interval and its name. */
function Level({ line, layout: { right, up } }) {
  const { y, low, high, label } = line;
  const band = html`
    <rect class="base-band" x=${LEFT} width=${right - LEFT} y=${up(high)}
        height=${Math.max(0, up(low) - up(high))} />
  `;
  return html`
    ${Number.isFinite(low) && band}
    <line class="base-line" x1=${LEFT} x2=${right} y1=${up(y)} y2=${up(y)} />
    <text class="base-name" x=${right + 5} y=${up(y) + 4}>${label}</text>
  `;
}

function Series({ series: s, points, near, layout: { at, up } }) {
  const join = html`
    <polyline class="join"
        points=${points.map((point) => `${at(point)},${up(point.y)}`).join(' ')} />
  `;
  const radius = points.length > MANY ? 2.5 : 4.5;
  const whisker = (point) => html`
    <line class="whisker" x1=${at(point)} x2=${at(point)} y1=${up(point.low)}
        y2=${up(point.high)} />
  `;
  const mark = (point) => html`
    ${Number.isFinite(point.low) && whisker(point)}
    <circle cx=${at(point)} cy=${up(point.y)} r=${near === point ? 6 : radius}
        class=${point.hollow ? 'hollow' : ''} />
  `;
  return html`
    <g stroke=${s.color} fill=${s.color}>
      ${s.joined && points.length > 1 && join}
      ${points.map(mark)}
    </g>
  `;
}

/* What the point is, beside it. */
function Tip({ point, yLabel, width, layout: { at, up } }) {
  const { y, low, high, note, series } = point;
  const beside = at(point) > width / 2 ? Math.max(0, at(point) - TIP_PX) : at(point) + 14;
  const [x, top] = [Math.round(beside), Math.round(Math.max(0, up(y) - 30))];
  const interval = html`
    <div class="tip-detail">95 % interval ${number(low, 3)} to ${number(high, 3)}</div>
  `;
  return html`
    <div class="tip" style=${{ transform: `translate(${x}px, ${top}px)` }}>
      <div class="tip-title">${point.label ?? series.label}</div>
      <div class="tip-row strong">
        <span class="swatch" style=${{ background: series.color }} />
        <span>${yLabel}</span>
        <span class="tip-value">${number(y)}</span>
      </div>
      ${Number.isFinite(low) && interval}
      ${note && html`<div class="tip-detail">${note}</div>`}
    </div>
  `;
}

/* series: [{key, label, color, joined, points: [{x, y, low, high, hollow, label, note}]}]
 * line: {y, low, high, label} or none
 * axis: {log, names, values}: named places, or the values to put ticks at when they are few. */
export function XyChart(properties) {
  const { id, label, series, yLog, xLabel, yLabel, line, dodge = false, height = 310 } = properties;
  const box = useRef(null);
  const width = useWidth(box);
  const [near, setNear] = useState(null);
  const points = useMemo(() => pointsOf(series, yLog, dodge), [series, yLog]);
  const layout = layOut(points, { ...properties, width, height });
  const find = (event) => {
    const area = box.current.getBoundingClientRect();
    setNear(nearest(points, layout, event.clientX - area.left, event.clientY - area.top));
  };
  const ofSeries = (s) => html`
    <${Series} key=${s.key} series=${s} near=${near} layout=${layout}
        points=${points.filter((point) => point.series === s)} />
  `;
  const picture = () => html`
    <svg width=${width} height=${height} role="img" aria-label=${label}>
      <${Axes} layout=${layout} height=${height} xLabel=${xLabel} yLabel=${yLabel} />
      ${line && html`<${Level} line=${line} layout=${layout} />`}
      ${series.map(ofSeries)}
    </svg>
  `;
  return html`
    <div class="xy" ref=${box} id=${id} data-testid=${id} onPointerMove=${find}
        onPointerLeave=${() => setNear(null)}>
      ${width > 0 && picture()}
      ${near && html`<${Tip} point=${near} yLabel=${yLabel} width=${width} layout=${layout} />`}
    </div>
  `;
}
