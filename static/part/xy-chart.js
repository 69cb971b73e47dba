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

function extent(values) {
  const finite = values.filter(Number.isFinite);
  return finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
}

/* {place(x), ticks: [[position, label]], breakAt} of the horizontal axis. On a logarithmic one, 0
 * stands apart on the left. */
function horizontal(xs, { log, names, values }, from, to) {
  if (names) {
    const step = (to - from) / Math.max(1, names.length);
    const place = (x) => from + step * (names.indexOf(x) + 0.5);
    return { place, ticks: names.map((name) => [place(name), String(name)]) };
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

/* series: [{key, label, color, joined, points: [{x, y, low, high, hollow, label}]}]; line: {y, low,
 * high, label} or none.
 * axis: {log, names, values}: named places, or the values to put ticks at when they are few;
 * yLog. */
export function XyChart({
  id,
  label,
  series,
  axis,
  yLog,
  xLabel,
  yLabel,
  line,
  dodge = false,
  height = 310,
}) {
  const box = useRef(null);
  const width = useWidth(box);
  const [near, setNear] = useState(null);
  const points = useMemo(
    () =>
      series
        .flatMap((s, i) =>
          s.points.map((point) => ({
            ...point,
            series: s,
            aside: asideOf(i, series.length, dodge),
          })),
        )
        .filter((point) => Number.isFinite(point.y) && (!yLog || point.y > 0)),
    [series, yLog],
  );
  const ys = points
    .flatMap(({ y, low, high }) => [y, low, high])
    .concat(line ? [line.y, line.low, line.high] : [])
    .filter((y) => Number.isFinite(y) && (!yLog || y > 0));
  const [y0, y1] = paddedRange(...(ys.length ? extent(ys) : [null, null]), yLog);
  const right = Math.max(LEFT + 50, width - (line ? RIGHT_NAMED : RIGHT));
  const bottom = height - BOTTOM;
  const warp = yLog ? Math.log : (y) => y;
  const top = (y) =>
    bottom -
    ((warp(Math.max(y, yLog ? y0 : -Infinity)) - warp(y0)) / (warp(y1) - warp(y0))) *
      (bottom - TOP);
  const across = horizontal(
    points.map((point) => point.x),
    axis,
    LEFT,
    right,
  );
  const at = (point) => across.place(point.x) + point.aside;
  const yTicks = yLog ? logTicks(y0, y1) : linearTicks(y0, y1, 5);
  const yLabels = tickLabels(yTicks);
  const find = (event) => {
    const area = box.current.getBoundingClientRect();
    const [x, y] = [event.clientX - area.left, event.clientY - area.top];
    let best = null;
    for (const point of points) {
      const distance = Math.hypot(at(point) - x, (top(point.y) - y) * 0.6);
      if (distance < 60 && (!best || distance < best.distance)) best = { point, distance };
    }
    setNear(best?.point ?? null);
  };
  const tipX = near ? at(near) : 0;
  return html`
    <div class="xy" ref=${box} id=${id} data-testid=${id} onPointerMove=${find}
        onPointerLeave=${() => setNear(null)}>
      ${
        width > 0 &&
        html`
          <svg width=${width} height=${height} role="img" aria-label=${label}>
            ${yTicks.map(
              (tick, i) => html`
                <line class="grid" x1=${LEFT} x2=${right} y1=${top(tick)} y2=${top(tick)} />
                <text x=${LEFT - 8} y=${top(tick) + 4} text-anchor="end">${yLabels[i]}</text>
              `,
            )}
            ${across.ticks.map(
              ([x, words]) =>
                html`<text x=${x} y=${bottom + 18} text-anchor="middle">${words}</text>`,
            )}
            ${
              across.breakAt &&
              html`
                <path class="axis-break"
                    d="M${across.breakAt - 4} ${bottom + 5}l4 -10m2 10l4 -10" />
              `
            }
            <text class="axis-name" x=${(LEFT + right) / 2} y=${height - 6} text-anchor="middle">
              ${xLabel}
            </text>
            <text class="axis-name" x=${-(TOP + bottom) / 2} y="13" transform="rotate(-90)"
                text-anchor="middle">
              ${yLabel}
            </text>
            ${
              line &&
              html`
                ${
                  Number.isFinite(line.low) &&
                  html`
                    <rect class="base-band" x=${LEFT} width=${right - LEFT} y=${top(line.high)}
                        height=${Math.max(0, top(line.low) - top(line.high))} />
                  `
                }
                <line class="base-line" x1=${LEFT} x2=${right} y1=${top(line.y)}
                    y2=${top(line.y)} />
                <text class="base-name" x=${right + 5} y=${top(line.y) + 4}>${line.label}</text>
              `
            }
            ${series.map((s) => {
              const own = points.filter((point) => point.series === s);
              return html`
                <g key=${s.key} stroke=${s.color} fill=${s.color}>
                  ${
                    s.joined &&
                    own.length > 1 &&
                    html`
                      <polyline class="join"
                          points=${own.map((point) => `${at(point)},${top(point.y)}`).join(' ')} />
                    `
                  }
                  ${own.map(
                    (point) => html`
                      ${
                        Number.isFinite(point.low) &&
                        html`
                          <line class="whisker" x1=${at(point)} x2=${at(point)} y1=${top(point.low)}
                              y2=${top(point.high)} />
                        `
                      }
                      <circle cx=${at(point)} cy=${top(point.y)}
                          r=${near === point ? 6 : own.length > 200 ? 2.5 : 4.5}
                          class=${point.hollow ? 'hollow' : ''} />
                    `,
                  )}
                </g>
              `;
            })}
          </svg>
        `
      }
      ${
        near &&
        html`
          <div class="tip" style=${{
            transform: `translate(${Math.round(tipX > width / 2 ? Math.max(0, tipX - 210) : tipX + 14)}px, ${Math.round(Math.max(0, top(near.y) - 30))}px)`,
          }}>
            <div class="tip-title">${near.label ?? near.series.label}</div>
            <div class="tip-row strong">
              <span class="swatch" style=${{ background: near.series.color }} />
              <span>${yLabel}</span>
              <span class="tip-value">${number(near.y)}</span>
            </div>
            ${
              Number.isFinite(near.low) &&
              html`
                <div class="tip-detail">
                  95 % interval ${number(near.low, 3)} to ${number(near.high, 3)}
                </div>
              `
            }
            ${near.note && html`<div class="tip-detail">${near.note}</div>`}
          </div>
        `
      }
    </div>
  `;
}
