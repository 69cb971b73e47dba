/* picture — small pictures of numbers on a canvas: samples in grey or in their colours, weights in
 * two colours around zero. */

const clamp = (x) => Math.max(0, Math.min(255, Math.round(x)));

/* Blue below zero, white (dark theme: near black) at zero, orange above; value in [-1, 1]. */
function diverging(value, dark) {
  const end = value < 0 ? [0, 98, 163] : [213, 94, 0];
  const middle = dark ? [22, 28, 36] : [255, 255, 255];
  const t = Math.min(1, Math.abs(value));
  return end.map((x, i) => clamp(middle[i] + (x - middle[i]) * t));
}

/* Draws `values` (height × width, row-major) into the canvas, one pixel each.
 * kind "grey": least is black, greatest white; three planes, one after the other, are colours.
 * "weights": symmetric around zero. "colours": red, green and blue of each pixel side by side, 0 to
 * 255. */
export function drawPicture(canvas, values, { width, height, kind = 'grey', dark = false }) {
  canvas.width = width;
  canvas.height = height;
  const ctx = canvas.getContext('2d');
  const image = ctx.createImageData(width, height);
  let least = Infinity;
  let greatest = -Infinity;
  for (const x of values) {
    if (x < least) least = x;
    if (x > greatest) greatest = x;
  }
  const reach = Math.max(Math.abs(least), Math.abs(greatest)) || 1;
  const scale = greatest > least ? 255 / (greatest - least) : 0;
  const plane = width * height;
  const colorAt = (i) => {
    if (kind === 'colours') return values.slice(3 * i, 3 * i + 3);
    if (kind === 'weights') return diverging(values[i] / reach, dark);
    const step = values.length === 3 * plane ? plane : 0;
    return [0, 1, 2].map((c) => clamp((values[c * step + i] - least) * scale));
  };
  for (let i = 0; i < plane; i++) {
    image.data.set([...colorAt(i), 255], 4 * i);
  }
  ctx.putImageData(image, 0, 0);
}

/* Counts of `values` in `n` equal bins over [low, high]. */
export function histogram(values, low, high, n) {
  const bins = new Array(n).fill(0);
  const scale = n / (high - low || 1);
  for (const x of values) bins[Math.max(0, Math.min(n - 1, Math.floor((x - low) * scale)))] += 1;
  return bins;
}
