/* parallel — parallel coordinates: a line for each config over an axis for each swept setting, and
 * one for the metric. */
import { html, useMemo, useRef, useState, useTheme, useWidth } from '../../lib/html.js';
import { linearTicks, tickLabels } from '../../chart/scale.js';
import { count, metricLabel, number, value as showValue, valuesLabel } from '../../lib/format.js';
import { ink, sequential } from '../../lib/palette.js';
import { keyOf, valuesOf } from './swept.js';

const HEIGHT = 320;
const LEFT = 60;
const AROUND = 130; /* left and right of the axes */
const LETTER = 3.9; /* half the width of one */

/* An axis: {name, place(config) in [0, 1], ticks: [[place, words]]}. */
function settingAxis(configs, name) {
  const values = valuesOf(configs, name);
  const even = (i) => (values.length > 1 ? i / (values.length - 1) : 0.5);
  const at = new Map(values.map((value, i) => [keyOf(value), even(i)]));
  return {
    name,
    place: (config) => at.get(keyOf(config.values[name])),
    ticks: values.map((value) => [at.get(keyOf(value)), showValue(value)]),
  };
}

function metricAxis(configs, metric) {
  const means = configs.map((config) => config.mean);
  const [least, greatest] = [Math.min(...means), Math.max(...means)];
  const scale = (mean) => (greatest > least ? (mean - least) / (greatest - least) : 0.5);
  const ticks = linearTicks(least, greatest, 5);
  const labels = tickLabels(ticks);
  return {
    name: metricLabel(metric),
    place: (config) => scale(config.mean),
    ticks: ticks.map((tick, i) => [scale(tick), labels[i]]),
  };
}

/* Where the axes stand: {drawn (the width), across(axis number), up(place on an axis)}. Wide enough
 * that the names beside each other do not touch; what is wider than the page scrolls. */
function layOut(axes, width) {
  const apart = Math.max(
    ...axes.slice(1).map((axis, i) => LETTER * (axis.name.length + axes[i].name.length) + 14),
  );
  const drawn = Math.max(width, AROUND + apart * (axes.length - 1));
  return {
    drawn,
    across: (i) => LEFT + (i * (drawn - AROUND)) / Math.max(1, axes.length - 1),
    up: (t) => 34 + (1 - t) * (HEIGHT - 56),
  };
}

function AxisLine({ axis, x, up }) {
  return html`
    <g>
      <line class="axis" x1=${x} x2=${x} y1=${up(0)} y2=${up(1)} />
      <text class="axis-name" x=${x} y="16" text-anchor="middle">${axis.name}</text>
      ${axis.ticks.map(
        ([t, words]) => html`
          <text class="halo" x=${x - 7} y=${up(t) + 4} text-anchor="end">${words}</text>
        `,
      )}
    </g>
  `;
}

function Picture({ axes, configs, comparison, width, near, setNear }) {
  const theme = useTheme();
  const { drawn, across, up } = layOut(axes, width);
  const isLowerBetter = comparison.direction?.startsWith('lower');
  const color = (config) => {
    const t = axes[axes.length - 1].place(config);
    return sequential(isLowerBetter ? 1 - t : t, theme);
  };
  const pointsOf = (config) =>
    axes.map((axis, i) => `${across(i)},${up(axis.place(config))}`).join(' ');
  const lookOf = (config) => (near === config ? 'near' : near ? 'away' : '');
  const line = (config) => {
    const isBaseline = config.config_id === comparison.baseline;
    return html`
      <polyline key=${config.config_id} class=${lookOf(config)} points=${pointsOf(config)}
          stroke=${isBaseline ? ink(theme) : color(config)}
          stroke-dasharray=${isBaseline ? '5 4' : 'none'} onPointerEnter=${() => setNear(config)} />
    `;
  };
  return html`
    <svg width=${drawn} height=${HEIGHT} role="img"
        aria-label=${'Parallel coordinates of all configs; the table of configs has the numbers'}>
      ${configs.map(line)}
      ${axes.map(
        (axis, i) => html`<${AxisLine} key=${axis.name} axis=${axis} x=${across(i)} up=${up} />`,
      )}
    </svg>
  `;
}

/* The config that the pointer is at, or how to read the lines. */
function wordsOf(near, direction) {
  if (near) return `${valuesLabel(near.values)}: ${number(near.mean)}, ${count(near.n, 'seed')}`;
  const strongest = direction === 'none' ? 'has the highest value' : 'is the best';
  return `One line per config; the strongest colour ${strongest}. Dashed: the baseline.`;
}

export function Parallel({ comparison, names }) {
  const box = useRef(null);
  const width = useWidth(box);
  const [near, setNear] = useState(null);
  const { configs, metric } = comparison;
  const known = configs.filter((config) => Number.isFinite(config.mean));
  const axes = useMemo(
    () => [...names.map((name) => settingAxis(configs, name)), metricAxis(known, metric)],
    [comparison],
  );
  const picture = html`
    <${Picture} axes=${axes} configs=${known} comparison=${comparison} width=${width} near=${near}
        setNear=${setNear} />
  `;
  return html`
    <div class="parallel" ref=${box} data-testid="parallel" role="region" tabindex="0"
        aria-label="Parallel coordinates" onPointerLeave=${() => setNear(null)}>
      ${width > 0 && picture}
    </div>
    <p class="soft small">${wordsOf(near, comparison.direction)}</p>
  `;
}
