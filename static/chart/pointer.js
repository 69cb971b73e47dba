/* pointer — what a chart's cursor points at: the nearest x, the values of the lines there, and the
 * box that tells them. Draws on the glass, which lies over the lines: marks, a dot on every line at
 * the cursor, and where there are many lines the nearest one over faded others.
 *
 * scene: the chart's {plot, model, lines, ranges, axes()}, see line.js. */
import { css } from '../lib/palette.js';
import { number } from '../lib/format.js';
import { drawLines } from './ink.js';
import { extentOfX } from './trace.js';
import { createTip } from './tip.js';

const TIP_ROWS = 10;
const MANY = 12; /* lines among which the nearest stands out */
const FADED = '0.35';
const DOT_PX = 3.5;
const MARK_PX = 4.5;

/* Band and number of seeds of a series at a place, in words. */
function detailOf({ low, high, n }, at) {
  const band =
    low && Number.isFinite(low[at]) && low[at] !== high[at]
      ? `${number(Math.min(low[at], high[at]), 3)} … ${number(Math.max(low[at], high[at]), 3)}`
      : '';
  return [band, n ? `n ${n[at]}` : ''].filter(Boolean).join(', ');
}

export class Pointer {
  constructor(root, scene) {
    this.scene = scene;
    this.tip = createTip(root);
    this.x = null;
    this.hovered = false;
  }

  /* uPlot has moved its crosshair: the nearest x in sight is pointed at. */
  follow() {
    const { plot } = this.scene;
    const { left } = plot.cursor;
    this.x =
      left === null || left === undefined || left < 0
        ? null
        : this.nearest(this.scene.axes().x.valueAt(plot.bbox.left + left * devicePixelRatio));
    this.paint();
  }

  leave() {
    this.hovered = false;
    this.paint();
  }

  nearest(x) {
    const [low, high] = this.scene.ranges.x;
    let best = null;
    for (const { trace } of this.scene.lines) {
      const after = trace.place(x);
      for (const i of [after - 1, after]) {
        const at = trace.x[i];
        if (i < 0 || i >= trace.n || at < low || at > high) continue;
        if (best === null || Math.abs(at - x) < Math.abs(best - x)) best = at;
      }
    }
    return best;
  }

  /* The next x of any line in a direction, ±1; with ±Infinity the last one. */
  next(step) {
    const extent = extentOfX(this.scene.lines.map((line) => line.trace));
    if (!extent) return null;
    if (!Number.isFinite(step)) return extent[step < 0 ? 0 : 1];
    if (this.x === null) return extent[step > 0 ? 0 : 1];
    let best = null;
    for (const { trace } of this.scene.lines) {
      const place = trace.place(this.x);
      const i = step < 0 ? place - 1 : place + (trace.x[place] === this.x ? 1 : 0);
      const at = trace.x[i];
      if (i < 0 || i >= trace.n || at < extent[0]) continue;
      if (best === null || (at - best) * step < 0) best = at;
    }
    return best ?? this.x;
  }

  /* Points at x, as the keyboard does: at the first line that has a value there. */
  show(x) {
    this.hovered = true;
    this.x = x;
    const [first] = this.rows();
    this.scene.plot.setCursor(this.placeOf(x, first?.value));
    requestAnimationFrame(() => this.tip.say()); /* uPlot moves its cursor in a microtask */
  }

  /* Where a point lies in the page, from the corner of the plot. */
  placeOf(x, y) {
    const { bbox } = this.scene.plot;
    const at = this.scene.axes();
    return {
      left: (at.x.at(x) - bbox.left) / devicePixelRatio,
      top: y === undefined ? 0 : (at.y.at(y) - bbox.top) / devicePixelRatio,
    };
  }

  /* What the lines are at the cursor: [{line, series, at, value}]. */
  rows() {
    const { lines, model } = this.scene;
    const rows = [];
    if (this.x === null) return rows;
    lines.forEach((line, i) => {
      const at = line.trace.at(this.x);
      if (at >= 0 && line.trace.canDraw(at))
        rows.push({ line, series: model.series[i], at, value: line.trace.y[at] });
    });
    return rows;
  }

  /* Draws the glass and the tip anew. */
  paint() {
    const { plot, model } = this.scene;
    const rows = this.rows();
    const level = this.scene.axes().y.valueAt(plot.bbox.top + plot.cursor.top * devicePixelRatio);
    rows.sort((a, b) => Math.abs(a.value - level) - Math.abs(b.value - level));
    this.paintGlass(rows);
    if (!this.hovered || this.x === null) {
      this.tip.hide();
      return;
    }
    this.tip.show({
      left: plot.over.offsetLeft + this.placeOf(this.x).left,
      top: plot.over.offsetTop + Math.max(0, plot.cursor.top),
      title: `${model.xLabel} ${number(this.x)}`,
      rows: rows
        .slice(0, TIP_ROWS)
        .sort((a, b) => b.value - a.value)
        .map((row) => ({
          color: row.line.color,
          label: row.series.label,
          strong: row === rows[0],
          text: number(row.value),
          detail: detailOf(row.series, row.at),
        })),
      more: rows.length - TIP_ROWS,
    });
  }

  paintGlass(rows) {
    const { plot, model, lines } = this.scene;
    const { width, height } = plot.glass;
    const ctx = plot.glass.getContext('2d');
    const [axes, ratio, box] = [this.scene.axes(), devicePixelRatio, plot.bbox];
    const strong = this.hovered && lines.length > MANY ? rows[0] : null;
    ctx.clearRect(0, 0, width, height);
    plot.ink.style.opacity = strong ? FADED : '';
    if (strong)
      drawLines(
        ctx,
        [{ ...strong.line, width: strong.line.width + 1 }],
        axes,
        box,
        ratio,
        box.left,
        box.left + box.width,
      );
    this.paintMarks(ctx, axes, box, ratio, model.marks ?? []);
    for (const { line, value } of rows) {
      const y = axes.y.at(value);
      if (y < box.top || y > box.top + box.height) continue;
      ctx.fillStyle = line.color;
      ctx.beginPath();
      ctx.arc(axes.x.at(this.x), y, DOT_PX * ratio, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  paintMarks(ctx, axes, box, ratio, marks) {
    for (const mark of marks) {
      const [x, y] = [axes.x.at(mark.x), axes.y.at(mark.y)];
      if (
        !(y >= box.top && y <= box.top + box.height) ||
        !(x >= box.left && x <= box.left + box.width)
      )
        continue;
      const r = MARK_PX * ratio;
      ctx.beginPath();
      if (mark.kind === 'best') ctx.arc(x, y, r, 0, 2 * Math.PI);
      else ctx.rect(x - r, y - r, 2 * r, 2 * r);
      ctx.fillStyle = css('--surface');
      ctx.fill();
      ctx.lineWidth = 2 * ratio;
      ctx.strokeStyle = mark.color;
      ctx.stroke();
    }
  }
}
