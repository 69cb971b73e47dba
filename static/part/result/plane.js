/* plane — what a net answers over the plane of two inputs, as colours on a canvas, with training
 * samples drawn over it.
 *
 * about: {inputs: [{name, low, high}] × 2, size, classes: [name] or null,
 *   points: {x, y, class or value}} and
 * grid: {epoch, class, probability} or {epoch, value}, as GET /runs/{id}/boundary gives them.
 * Classes have a colour and a shape. */
import { html, useLayoutEffect, useRef, useTheme } from '../../lib/html.js';
import { categorical, css, viridis } from '../../lib/palette.js';
import { number } from '../../lib/format.js';

const SIZE = 520; /* of the drawing; the page scales it */
const COLORS = 8;
const STRONGEST = 0.6;
const FAINTEST = 0.08;
const POINT = 3.8;

const triple = (color) =>
  color.startsWith('#')
    ? [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16))
    : color.match(/\d+/g).map(Number);

/* Many classes share the scale of numbers. */
const colorOf = (c, n, theme) =>
  n <= COLORS ? categorical(c, theme) : viridis(n > 1 ? c / (n - 1) : 0);

/* Least and greatest value of the samples: the ends of the colour scale of a regression. */
function reach({ value }) {
  const [low, high] = [Math.min(...value), Math.max(...value)];
  return [low, high > low ? high : low + 1];
}

/* The colour of cell i; the less certain, the nearer to the ground. */
function painter({ classes, points }, grid, theme) {
  const ground = triple(css('--surface'));
  const mix = (color, share) =>
    color.map((x, k) => Math.round(ground[k] + share * (x - ground[k])));
  if (!classes) {
    const [low, high] = reach(points);
    return (i) =>
      grid.value[i] === null
        ? ground
        : mix(triple(viridis((grid.value[i] - low) / (high - low))), 0.75);
  }
  const colors = classes.map((_, c) => triple(colorOf(c, classes.length, theme)));
  const even = 1 / classes.length;
  return (i) =>
    grid.class[i] === null
      ? ground
      : mix(
          colors[grid.class[i]],
          FAINTEST +
            (STRONGEST - FAINTEST) * Math.max(0, (grid.probability[i] - even) / (1 - even)),
        );
}

function paintGrid(ctx, about, grid, theme) {
  const n = about.size;
  const small = document.createElement('canvas');
  small.width = small.height = n;
  const image = small.getContext('2d').createImageData(n, n);
  const color = painter(about, grid, theme);
  for (let j = 0; j < n; j++)
    for (let i = 0; i < n; i++)
      image.data.set([...color(j * n + i), 255], 4 * ((n - 1 - j) * n + i));
  small.getContext('2d').putImageData(image, 0, 0);
  ctx.drawImage(small, 0, 0, SIZE, SIZE);
}

/* A circle, a square, a triangle, a diamond: told apart without colours, too. */
function shape(path, kind, x, y, r) {
  if (kind === 0) path.arc(x, y, r, 0, 2 * Math.PI);
  else if (kind === 1) path.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else {
    const corners =
      kind === 2
        ? [
            [0, -1.25],
            [1.15, 0.85],
            [-1.15, 0.85],
          ]
        : [
            [0, -1.3],
            [1.1, 0],
            [0, 1.3],
            [-1.1, 0],
          ];
    corners.forEach(([dx, dy], i) =>
      i ? path.lineTo(x + dx * r, y + dy * r) : path.moveTo(x + dx * r, y + dy * r),
    );
    path.closePath();
  }
}

function paintPoints(ctx, { inputs, points, classes }, theme) {
  const place = (range, x) => ((x - range.low) / (range.high - range.low)) * SIZE;
  const [low, high] = classes ? [0, 1] : reach(points);
  ctx.strokeStyle = css('--surface');
  ctx.lineWidth = 1;
  points.x.forEach((x, i) => {
    ctx.beginPath();
    shape(
      ctx,
      classes ? points.class[i] % 4 : 0,
      place(inputs[0], x),
      SIZE - place(inputs[1], points.y[i]),
      POINT,
    );
    ctx.fillStyle = classes
      ? colorOf(points.class[i], classes.length, theme)
      : viridis((points.value[i] - low) / (high - low));
    ctx.fill();
    ctx.stroke();
  });
}

/* In words, for who does not see it: how much of the plane each class has. */
function planeWords(about, grid) {
  if (!about.classes) {
    const values = grid.value.filter((x) => x !== null);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return values.length
      ? `predicted values from ${number(low, 3)} to ${number(high, 3)}`
      : 'no predictions';
  }
  const counts = about.classes.map(() => 0);
  for (const c of grid.class) if (c !== null) counts[c] += 1;
  return (
    about.classes
      .map((name, c) => [name, counts[c] / grid.class.length])
      .filter(([, share]) => share > 0)
      .map(([name, share]) => `class ${name} on ${Math.round(100 * share)} % of the plane`)
      .join(', ') || 'no predictions'
  );
}

const axisName = ({ name }) => (/^\d+$/.test(name) ? `input ${name}` : name);
const axisWords = (range) =>
  `${axisName(range)}: ${number(range.low, 3)} to ${number(range.high, 3)}`;

export function Plane({ about, grid, label }) {
  const canvas = useRef(null);
  const theme = useTheme();
  useLayoutEffect(() => {
    const scale = devicePixelRatio;
    canvas.current.width = canvas.current.height = Math.round(SIZE * scale);
    const ctx = canvas.current.getContext('2d');
    ctx.scale(scale, scale);
    paintGrid(ctx, about, grid, theme);
    paintPoints(ctx, about, theme);
  }, [about, grid, theme]);
  return html`
    <canvas class="plane" ref=${canvas} role="img" data-epoch=${grid.epoch}
        aria-label="${label}: ${planeWords(about, grid)}" />
    <p class="soft small plane-axes">
      <span>→ ${axisWords(about.inputs[0])}</span>
      <span>↑ ${axisWords(about.inputs[1])}</span>
    </p>
  `;
}

const MARKS = [
  html`<circle cx="7" cy="7" r="5" />`,
  html`<rect x="2.5" y="2.5" width="9" height="9" />`,
  html`<path d="M7 1.5l5.5 10h-11z" />`,
  html`<path d="M7 1l5.5 6-5.5 6-5.5-6z" />`,
];

/* Which colour and shape is which class, or which colour which value. */
export function PlaneLegend({ about }) {
  const theme = useTheme();
  if (!about.classes) {
    const [low, high] = reach(about.points);
    const stops = Array.from({ length: 11 }, (_, i) => viridis(i / 10)).join(', ');
    return html`
      <div class="legend static">
        <span class="legend-item">
          ${number(low, 3)}
          <span class="scale-swatch"
              style=${{ background: `linear-gradient(to right, ${stops})` }} />
          ${number(high, 3)}
        </span>
      </div>
    `;
  }
  return html`
    <div class="legend static">
      ${about.classes.map(
        (name, c) => html`
          <span class="legend-item">
            <svg width="14" height="14" aria-hidden="true"
                fill=${colorOf(c, about.classes.length, theme)}>
              ${MARKS[c % 4]}
            </svg>class ${name}
          </span>
        `,
      )}
    </div>
  `;
}
