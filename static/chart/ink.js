/* ink — draws the lines and bands of traces on a canvas: all that is in sight, or only an upright
 * strip of it.
 *
 * 1. A strip drawn anew has the pixels that drawing everything would give it: it is cleared and
 *    clipped, and lines are drawn from the point before it to the point behind it.
 * 2. Where a line has many points to a column of pixels, only the first, least, greatest and last
 *    of each column are drawn (Jugel et al. 2014, M4): the same pixels. The edges of bands are
 *    coarser. */

const DENSE = 3; /* points to a column from which on they are thinned */
const EDGE_COLUMNS = 2; /* to a point of a band's edge: translucent, it does not show */
const MARGIN = 3; /* widths of a line by which its joins reach over a point */
const ROOM_PX = 4; /* on both sides of what changed */

/* One axis: value → place on the canvas, in its pixels. */
export class Axis {
  constructor({ min, max, log, from, to }) {
    this.log = log;
    const [low, high] = log ? [Math.log10(min), Math.log10(max)] : [min, max];
    this.slope = (to - from) / (high - low);
    this.offset = from - low * this.slope;
  }

  at(value) {
    return this.slope * (this.log ? Math.log10(value) : value) + this.offset;
  }

  valueAt(place) {
    const value = (place - this.offset) / this.slope;
    return this.log ? 10 ** value : value;
  }
}

const points = { n: 0, x: new Float64Array(4096), y: new Float64Array(4096) };

function addPoint(x, y) {
  if (points.n === points.x.length) {
    for (const name of ['x', 'y']) {
      const grown = new Float64Array(2 * points.n);
      grown.set(points[name]);
      points[name] = grown;
    }
  }
  points.x[points.n] = x;
  points.y[points.n++] = y;
}

const isDense = ({ x }, axes, first, last) =>
  last - first > DENSE * Math.abs(axes.x.at(x[last]) - axes.x.at(x[first]));

/* Fills `points` with a column of values of a trace, from place `first` to `last`. */
function collect(trace, values, axes, first, last) {
  points.n = 0;
  while (first < last && trace.x[first] === -Infinity) first += 1;
  if (isDense(trace, axes, first, last)) {
    collectDense(trace, values, axes, first, last);
    return;
  }
  for (let i = first; i <= last; i++) {
    if (!Number.isNaN(values[i]) && trace.x[i] > -Infinity)
      addPoint(axes.x.at(trace.x[i]), axes.y.at(values[i]));
  }
}

function collectDense(trace, values, axes, first, last) {
  let column = NaN;
  let [start, least, greatest, end] = [-1, -1, -1, -1];
  const add = (i) => addPoint(axes.x.at(trace.x[i]), axes.y.at(values[i]));
  const flush = () => {
    if (start < 0) return;
    const order = [start, Math.min(least, greatest), Math.max(least, greatest), end];
    order.forEach((i, k) => {
      if (k === 0 || i > order[k - 1]) add(i);
    });
  };
  for (let i = first; i <= last; i++) {
    const y = values[i];
    if (Number.isNaN(y)) continue;
    const at = Math.floor(axes.x.at(trace.x[i]));
    if (at !== column) {
      flush();
      column = at;
      start = least = greatest = i;
    } else if (y < values[least]) least = i;
    else if (y > values[greatest]) greatest = i;
    end = i;
  }
  flush();
}

/* The same for the edge of a band: of every few columns the point that is farthest from the other
 * edge. Edges may cross. */
function collectEdge(trace, values, others, axes, first, last) {
  let column = NaN;
  let [outermost, end] = [-1, -1];
  const add = (i) => addPoint(axes.x.at(trace.x[i]), axes.y.at(values[i]));
  points.n = 0;
  for (let i = first; i <= last; i++) {
    if (Number.isNaN(values[i]) || trace.x[i] === -Infinity) continue;
    const at = Math.floor(axes.x.at(trace.x[i]) / EDGE_COLUMNS);
    if (end < 0) add(i);
    if (at === column) {
      if ((values[i] - values[outermost]) * (values[i] - others[i]) > 0) outermost = i;
    } else {
      if (end >= 0) add(outermost);
      column = at;
      outermost = i;
    }
    end = i;
  }
  if (end >= 0) add(end);
}

function drawBand(ctx, { trace, fill }, axes, first, last) {
  collectEdge(trace, trace.high, trace.low, axes, first, last);
  if (points.n === 0) return;
  ctx.fillStyle = fill;
  ctx.beginPath();
  ctx.moveTo(points.x[0], points.y[0]);
  for (let i = 1; i < points.n; i++) ctx.lineTo(points.x[i], points.y[i]);
  collectEdge(trace, trace.low, trace.high, axes, first, last);
  for (let i = points.n - 1; i >= 0; i--) ctx.lineTo(points.x[i], points.y[i]);
  ctx.fill();
}

/* How long the line is up to a place, in these axes: where in its dashes it is there. The trace
 * keeps what was measured. */
function lengthTo(trace, axes, place) {
  trace.measureIn(`${axes.x.slope} ${axes.x.offset} ${axes.y.slope} ${axes.y.offset}`);
  const { x, y, lengths } = trace;
  for (let i = trace.measured; i <= place; i++) {
    let before = i - 1;
    while (before >= 0 && !trace.canDraw(before)) before -= 1;
    const isStep = before >= 0 && trace.canDraw(i);
    lengths[i] = isStep
      ? lengths[before] +
        Math.hypot(axes.x.at(x[i]) - axes.x.at(x[before]), axes.y.at(y[i]) - axes.y.at(y[before]))
      : (lengths[i - 1] ?? 0);
  }
  trace.measured = Math.max(trace.measured, place + 1);
  return lengths[place];
}

function drawLine(ctx, { trace, color, width, dash }, axes, ratio, first, last) {
  /* the length of a thinned line is another */
  const from = dash.length && isDense(trace, axes, first, last) ? 0 : first;
  ctx.setLineDash(dash.map((part) => part * ratio));
  ctx.lineDashOffset = dash.length && from > 0 ? lengthTo(trace, axes, from) : 0;
  collect(trace, trace.y, axes, from, last);
  if (points.n === 0) return;
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = width * ratio;
  ctx.beginPath();
  if (points.n === 1) {
    /* a dot, until there is a line */
    ctx.arc(points.x[0], points.y[0], (width + 1.5) * ratio, 0, 2 * Math.PI);
    ctx.fill();
    return;
  }
  ctx.moveTo(points.x[0], points.y[0]);
  for (let i = 1; i < points.n; i++) ctx.lineTo(points.x[i], points.y[i]);
  ctx.stroke();
}

/* Draws `lines`, [{trace, color, width, dash, fill}], between the canvas columns `left` and `right`
 * of `box`, {left, top, width, height}. axes: {x, y}; `ratio`: pixels of the canvas to one of the
 * page. */
export function drawLines(ctx, lines, axes, box, ratio, left, right) {
  const [from, to] = [
    Math.max(box.left, Math.floor(left)),
    Math.min(box.left + box.width, Math.ceil(right)),
  ];
  if (!(to > from)) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, box.top, to - from, box.height);
  ctx.clip();
  ctx.clearRect(from, box.top, to - from, box.height);
  ctx.lineJoin = 'bevel'; /* as good as round in lines this thin, and twice as quick */
  for (const kind of ['fill', 'color']) {
    for (const line of lines) {
      const { trace } = line;
      if (trace.n === 0 || (kind === 'fill' && !trace.low)) continue;
      const margin = MARGIN * line.width * ratio;
      const first = trace.beside(trace.place(axes.x.valueAt(from - margin)), -1);
      const last = trace.beside(trace.place(axes.x.valueAt(to + margin)) - 1, 1);
      if (kind === 'fill') drawBand(ctx, line, axes, first, last);
      else drawLine(ctx, line, axes, ratio, first, last);
    }
  }
  ctx.restore();
}

/* Stretches of x as pairs of canvas columns, with room for the width of the lines; those that touch
 * are one. */
export function stripsOf(stretches, axis, ratio) {
  const room = ROOM_PX * ratio;
  const strips = stretches
    .map(([from, to]) => [axis.at(from) - room, axis.at(to) + room])
    .sort((a, b) => a[0] - b[0]);
  const out = [];
  for (const strip of strips) {
    const last = out[out.length - 1];
    if (last && strip[0] <= last[1]) last[1] = Math.max(last[1], strip[1]);
    else out.push(strip);
  }
  return out;
}
