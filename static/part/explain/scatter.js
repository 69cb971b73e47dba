/* scatter — predictions with many masks around the one of the whole net. */
import { html, useRef, useTheme, useWidth } from '../../lib/html.js';
import { number } from '../../lib/format.js';
import { categorical } from '../../lib/palette.js';

const ROW = 34;
const SIDE = 90; /* left of the points, and right of them */
const SHOWN = 10; /* the likeliest outputs */

/* The outputs that are shown, in their order. */
const shownOf = (still) =>
  still
    .map((_, i) => i)
    .sort((a, b) => still[b] - still[a])
    .slice(0, SHOWN)
    .sort((a, b) => a - b);

function rangeOf({ still, samples, isClasses }, shown) {
  if (isClasses) return [0, 1];
  const all = [...still, ...shown.flatMap((i) => samples.map((sample) => sample[i]))];
  return [Math.min(...all), Math.max(...all)];
}

const jitter = (s) => (((s * 0.618034) % 1) - 0.5) * (ROW - 14);

/* One output: its samples, of which the first k count, their mean, and the whole net's. */
function Lane({ i, predictions, y, place, right, k, current }) {
  const theme = useTheme();
  const { still, samples, names, isClasses } = predictions;
  const mean = samples.slice(0, k).reduce((sum, sample) => sum + sample[i], 0) / k;
  const x = place(still[i]);
  const dot = (sample, s) => html`
    <circle class=${s === current ? 'current' : s < k ? 'in' : 'out'} cx=${place(sample[i])}
        cy=${y + jitter(s)} r=${s === current ? 5 : 2.6} fill=${categorical(0, theme)} />
  `;
  return html`
    <g>
      <line class="lane" x1=${SIDE} x2=${right} y1=${y} y2=${y} />
      <text x=${SIDE - 10} y=${y + 4} text-anchor="end">${names[i]}</text>
      ${samples.map(dot)}
      <line class="still" x1=${x} x2=${x} y1=${y - ROW / 2 + 3} y2=${y + ROW / 2 - 3}
          stroke=${categorical(1, theme)} />
      <path class="mean" d="M${place(mean)} ${y - 7}l6 7l-6 7l-6 -7z" />
      <text x=${right + 10} y=${y + 4}>${isClasses ? mean.toFixed(3) : number(mean, 3)}</text>
    </g>
  `;
}

/* Training-mode predictions as dots, the inference-mode one as a line, the average over the first k
 * masks as a diamond. */
export function Scatter({ predictions, k, current }) {
  const box = useRef(null);
  const width = Math.min(1100, Math.max(360, useWidth(box)));
  const shown = shownOf(predictions.still);
  const [low, high] = rangeOf(predictions, shown);
  const right = width - SIDE;
  const place = (x) => SIDE + ((x - low) / (high - low || 1)) * (right - SIDE);
  const tick = (t) => {
    const value = low + t * (high - low);
    return html`
      <text x=${place(value)} y=${shown.length * ROW + 18} text-anchor="middle">
        ${Number(value.toPrecision(3))}
      </text>
    `;
  };
  const lane = (i, row) => html`
    <${Lane} i=${i} predictions=${predictions} y=${(row + 0.5) * ROW} place=${place}
        right=${right} k=${k} current=${current} />
  `;
  return html`
    <div class="scatter" ref=${box} role="region" tabindex="0"
        aria-label="Predictions of thinned nets">
      <svg width=${width} height=${shown.length * ROW + 26} role="img" data-testid="scatter"
          aria-label="Predictions with masks scatter around the prediction of the whole net">
        ${shown.map(lane)}
        ${[0, 0.5, 1].map(tick)}
      </svg>
    </div>
  `;
}
