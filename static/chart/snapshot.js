/* snapshot — a chart as one picture with its name and legend. */
import { css } from '../lib/palette.js';
import { layLegend } from './legend.js';

const LEFT_PX = 16;
const TITLE_PX = 40;
const FOOT_PX = 24;

function drawLegend(ctx, items, top) {
  for (const { series, x, left, y, words } of items) {
    ctx.strokeStyle = series.color;
    ctx.lineWidth = 3;
    ctx.setLineDash(series.dash ?? []);
    ctx.beginPath();
    ctx.moveTo(LEFT_PX + x, top + y - 4);
    ctx.lineTo(LEFT_PX + x + 18, top + y - 4);
    ctx.stroke();
    ctx.fillText(words, LEFT_PX + left, top + y);
  }
}

/* layers: canvases of one size, the lowest first. */
export function pictureOf(layers, model) {
  const [{ width, height }] = layers;
  const scale = devicePixelRatio;
  const font = `12px ${css('--font')}`;
  const legend = layLegend(model.series, width / scale - 2 * LEFT_PX, font);
  const top = TITLE_PX + legend.height;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height + (top + FOOT_PX) * scale;
  const ctx = canvas.getContext('2d');
  ctx.fillStyle = css('--surface');
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  for (const layer of layers) ctx.drawImage(layer, 0, top * scale);
  ctx.scale(scale, scale);
  ctx.fillStyle = css('--text');
  ctx.font = `600 15px ${css('--font')}`;
  ctx.fillText(model.name, LEFT_PX, 26);
  ctx.font = font;
  drawLegend(ctx, legend.items, TITLE_PX - 5);
  ctx.textAlign = 'center';
  ctx.fillText(model.xLabel, canvas.width / scale / 2, canvas.height / scale - 8);
  return canvas;
}
