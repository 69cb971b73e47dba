/* snapshot — a chart as one picture with its name and legend. */
import { css } from '../lib/palette.js';

const COLUMN_PX = 260;
const ROW_PX = 20;

/* layers: canvases of one size, the lowest first. */
export function pictureOf(layers, model) {
  const [{ width, height }] = layers;
  const scale = devicePixelRatio;
  const columns = Math.max(1, Math.floor(width / scale / COLUMN_PX));
  const rows = model.series.length > 1 ? Math.ceil(model.series.length / columns) : 0;
  const top = 40 + rows * ROW_PX;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height + (top + 24) * scale;
  const ctx = canvas.getContext('2d');
  ctx.fillStyle = css('--surface');
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  for (const layer of layers) ctx.drawImage(layer, 0, top * scale);
  ctx.scale(scale, scale);
  ctx.fillStyle = css('--text');
  ctx.font = `600 15px ${css('--font')}`;
  ctx.fillText(model.name, 16, 26);
  ctx.font = `12px ${css('--font')}`;
  for (let i = 0; rows && i < model.series.length; i++) {
    const x = 16 + (i % columns) * COLUMN_PX;
    const y = 48 + Math.floor(i / columns) * ROW_PX;
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
