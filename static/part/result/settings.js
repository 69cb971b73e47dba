/* settings — results against what was swept: regularization path, heat map of two settings,
 * parallel coordinates. */
import { html, useMemo, useRef, useState, useTheme, useWidth } from '../../lib/html.js';
import { categorical, sequential, viridis, textOn, ink, sweptNames } from '../../lib/palette.js';
import {
  metricLabel,
  metricTitle,
  number,
  valuesLabel,
  value as showValue,
  count,
} from '../../lib/format.js';
import { linearTicks, tickLabels } from '../../chart/scale.js';
import { SaveSvgMenu } from '../chart.js';
import { XyChart } from '../xy-chart.js';
import { Segments } from '../control.js';

const keyOf = (value) => JSON.stringify(value);

/* The different values of a field, in order. */
function valuesOf(configs, name) {
  const found = new Map(configs.map((config) => [keyOf(config.values[name]), config.values[name]]));
  const values = [...found.values()];
  return values.every((value) => typeof value === 'number') ? values.sort((a, b) => a - b) : values;
}

const isNumeric = (configs, name) =>
  configs.every((config) => typeof config.values[name] === 'number');

function wantsLog(values) {
  const positive = values.filter((value) => value > 0);
  return positive.length > 1 && Math.max(...positive) / Math.min(...positive) > 20;
}

const EVIDENCE = {
  no_evidence: 'no evidence of a difference',
  too_few_seeds: 'too few seeds to tell',
  better: 'better than the baseline',
  worse: 'worse than the baseline',
  baseline: 'the baseline',
};

function FieldSelect({ id, label, names, value, onChange }) {
  return html`
    <label class="inline">
      ${label}${' '}
      <select id=${id} value=${value} onChange=${(event) => onChange(event.target.value)}>
        ${names.map(
          (name) => html`<option value=${name} selected=${name === value}>${name}</option>`,
        )}
      </select>
    </label>
  `;
}

/* The setting along which a path goes. */
const pathField = (configs, names, wanted) =>
  names.includes(wanted) ? wanted : (names.find((name) => isNumeric(configs, name)) ?? names[0]);

/* A series of a path for each combination of the other settings, in their order. */
function pathSeries(configs, names, field, theme) {
  const others = names.filter((name) => name !== field);
  const numeric = isNumeric(configs, field);
  const groups = new Map();
  for (const config of configs) {
    const rest = Object.fromEntries(others.map((name) => [name, config.values[name]]));
    const key = keyOf(rest);
    if (!groups.has(key))
      groups.set(key, {
        key,
        label: others.length ? valuesLabel(rest) : field,
        order: rest,
        points: [],
      });
    groups.get(key).points.push({
      x: numeric ? config.values[field] : showValue(config.values[field]),
      y: config.mean,
      low: config.ci_low,
      high: config.ci_high,
      hollow: config.n < 3,
      label: valuesLabel(config.values),
      note: [count(config.n, 'seed'), EVIDENCE[config.verdict]].filter(Boolean).join('; '),
    });
  }
  const list = [...groups.values()].sort((a, b) =>
    others.reduce(
      (sum, name) => sum || (a.order[name] > b.order[name]) - (a.order[name] < b.order[name]),
      0,
    ),
  );
  const ordered = others.length === 1 && isNumeric(configs, others[0]) && list.length > 2;
  list.forEach((one, i) => {
    one.color = ordered ? sequential(i / (list.length - 1), theme) : categorical(i, theme);
    one.joined = numeric;
    one.points.sort((a, b) => a.x - b.x);
  });
  return list;
}

function Path({ comparison, names, props, set }) {
  const theme = useTheme();
  const { configs } = comparison;
  const field = pathField(configs, names, props.px);
  const numeric = isNumeric(configs, field);
  const values = valuesOf(configs, field);
  const log = props.plog === 'auto' ? numeric && wantsLog(values) : props.plog === 'log';
  const baseline = configs.find((config) => config.config_id === comparison.baseline);
  const series = useMemo(
    () => pathSeries(configs, names, field, theme),
    [comparison, field, theme],
  );
  const line =
    baseline && Number.isFinite(baseline.mean)
      ? {
          y: baseline.mean,
          low: baseline.ci_low ?? NaN,
          high: baseline.ci_high ?? NaN,
          label: 'baseline',
        }
      : null;
  return html`
    <div class="toolbar">
      ${
        names.length > 1 &&
        html`
          <${FieldSelect} id="path-field" label="Against" names=${names} value=${field}
              onChange=${(px) => set({ px })} />
        `
      }
      ${
        numeric &&
        html`
          <label class="inline check">
            <input type="checkbox" id="path-log" checked=${log}
                onChange=${(event) => set({ plog: event.target.checked ? 'log' : 'linear' })} /> log${' '}
            ${field}
          </label>
        `
      }
      <label class="inline check">
        <input type="checkbox" id="path-y-log" checked=${props.pylog}
            onChange=${(event) => set({ pylog: event.target.checked })} /> log${' '}
        ${metricLabel(comparison.metric)}
      </label>
    </div>
    ${
      series.length > 1 &&
      html`
        <div class="legend static">
          ${series.map(
            (s) => html`
              <span class="legend-item">
                <span class="swatch round" style=${{ background: s.color }} />
                ${s.label}
              </span>
            `,
          )}
        </div>
      `
    }
    <${XyChart} id="path" label="${metricLabel(
      comparison.metric,
    )} against ${field}, with 95 % intervals; the table of configs has the numbers" series=${series}
        axis=${{
          log,
          names: numeric ? null : values.map(showValue),
          values: numeric ? values : null,
        }} yLog=${props.pylog} xLabel=${field} yLabel=${metricLabel(comparison.metric)} line=${line}
        dodge />
    <p class="soft small">
      Points are means over seeds with their 95 % intervals; hollow ones stand on fewer than three
      seeds. The band is the baseline’s interval.
    </p>
  `;
}

const CELL_GAP = 2;

/* The mean over the configs of each cell, and why none of them can be told from the baseline:
 * "no_evidence", "too_few_seeds" (no test was made), or "" where one can, and of a metric that is
 * neither better nor worse. */
function cellsOf(comparison, x, y) {
  const cells = new Map();
  for (const config of comparison.configs) {
    const key = `${keyOf(config.values[x])}|${keyOf(config.values[y])}`;
    if (!cells.has(key)) cells.set(key, { configs: [] });
    cells.get(key).configs.push(config);
  }
  for (const cell of cells.values()) {
    const known = cell.configs.map((config) => config.mean).filter(Number.isFinite);
    cell.mean = known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
    cell.n = cell.configs.reduce((sum, config) => sum + config.n, 0);
    const verdicts = cell.configs.map((config) => config.verdict);
    const isTold =
      comparison.direction === 'none' ||
      verdicts.some((verdict) => ['better', 'worse', 'baseline'].includes(verdict));
    cell.doubt =
      isTold || cell.mean === null
        ? ''
        : (['no_evidence', 'too_few_seeds'].find((verdict) => verdicts.includes(verdict)) ?? '');
    cell.baseline = cell.configs.some((config) => config.config_id === comparison.baseline);
  }
  return cells;
}

/* What the colours and the hatching mean. doubts: those of all cells. */
function heatWords(direction, doubts, isAveraged) {
  const hatched = [
    doubts.has('no_evidence') && 'no evidence of a difference to it',
    doubts.has('too_few_seeds') && 'too few seeds to tell',
  ].filter(Boolean);
  return [
    direction === 'none'
      ? 'Lighter is more, which is neither better nor worse.'
      : 'Lighter is better.',
    'The baseline is framed.',
    hatched.length > 0 && `Hatched: ${hatched.join(', or ')}.`,
    isAveraged && 'Each cell averages over the other settings.',
  ]
    .filter(Boolean)
    .join(' ');
}

function HeatMap({ comparison, names, props, set }) {
  const theme = useTheme();
  const box = useRef(null);
  const width = useWidth(box);
  const [near, setNear] = useState(null);
  const x = names.includes(props.hx) ? props.hx : names[0];
  const y =
    names.includes(props.hy) && props.hy !== x ? props.hy : names.find((name) => name !== x);
  const cells = useMemo(() => cellsOf(comparison, x, y), [comparison, x, y]);
  const [xs, ys] = [valuesOf(comparison.configs, x), valuesOf(comparison.configs, y).reverse()];
  const means = [...cells.values()].map((cell) => cell.mean).filter(Number.isFinite);
  const [least, greatest] = [Math.min(...means), Math.max(...means)];
  const left = 26 + Math.min(130, Math.max(...ys.map((value) => showValue(value).length)) * 8 + 12);
  const cellWidth = Math.max(26, Math.min(120, (width - left - 8) / xs.length));
  const cellHeight = Math.max(30, Math.min(54, 340 / ys.length));
  const lower = comparison.direction?.startsWith('lower');
  const colorOf = (mean) => {
    const t = greatest > least ? (mean - least) / (greatest - least) : 0.5;
    return viridis(lower ? 1 - t : t);
  };
  const digits =
    greatest - least > 0
      ? Math.max(0, Math.min(5, 2 - Math.floor(Math.log10(greatest - least))))
      : 3;
  const height = ys.length * cellHeight + 50;
  return html`
    <div class="toolbar">
      <${FieldSelect} id="heat-x" label="Across" names=${names} value=${x}
          onChange=${(hx) => set({ hx })} />
      <${FieldSelect} id="heat-y" label="Up" names=${names.filter((name) => name !== x)} value=${y}
          onChange=${(hy) => set({ hy })} />
    </div>
    <div class="heat" ref=${box} data-testid="heat" onPointerLeave=${() => setNear(null)}>
      ${
        width > 0 &&
        html`
          <svg width=${Math.max(width, left + xs.length * 26)} height=${height} role="img"
              aria-label="${metricLabel(
                comparison.metric,
              )} for every pair of ${x} and ${y}; the table of configs has the numbers">
            <defs>
              <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse"
                  patternTransform="rotate(45)">
                <line x1="0" x2="0" y1="0" y2="7" stroke=${theme === 'dark' ? '#0e1319' : '#ffffff'}
                    stroke-width="2.4" stroke-opacity="0.5" />
              </pattern>
            </defs>
            ${ys.map(
              (yv, j) => html`
                <text x=${left - 8} y=${j * cellHeight + cellHeight / 2 + 4} text-anchor="end">
                  ${showValue(yv)}
                </text>
                ${xs.map((xv, i) => {
                  const cell = cells.get(`${keyOf(xv)}|${keyOf(yv)}`);
                  const place = {
                    x: left + i * cellWidth + CELL_GAP / 2,
                    y: j * cellHeight + CELL_GAP / 2,
                    width: cellWidth - CELL_GAP,
                    height: cellHeight - CELL_GAP,
                  };
                  if (!cell || cell.mean === null)
                    return html`<rect ...${place} class="no-cell" rx="3" />`;
                  const fill = colorOf(cell.mean);
                  const words = `${x} ${showValue(xv)}, ${y} ${showValue(yv)}: ${number(cell.mean)}, ${count(cell.n, 'seed')}`;
                  return html`
                    <g onPointerEnter=${() =>
                      setNear(cell.doubt ? `${words}, ${EVIDENCE[cell.doubt]}` : words)}>
                      <title>${words}</title>
                      <rect ...${place} rx="3" fill=${fill} />
                      ${cell.doubt && html`<rect ...${place} rx="3" fill="url(#hatch)" />`}
                      ${cell.baseline && html`<rect ...${place} rx="3" class="base-cell" />`}
                      ${
                        cellWidth > 44 &&
                        html`
                          <text class="cell-text" x=${place.x + place.width / 2}
                              y=${place.y + place.height / 2 + 4} text-anchor="middle"
                              fill=${textOn(fill)}>
                            ${cell.mean.toFixed(digits)}
                          </text>
                        `
                      }
                    </g>
                  `;
                })}
              `,
            )}
            ${xs.map(
              (xv, i) => html`
                <text x=${left + (i + 0.5) * cellWidth} y=${ys.length * cellHeight + 18}
                    text-anchor="middle">
                  ${showValue(xv)}
                </text>
              `,
            )}
            <text class="axis-name" x=${left + (xs.length * cellWidth) / 2} y=${height - 8}
                text-anchor="middle">
              ${x}
            </text>
            <text class="axis-name" x=${-(ys.length * cellHeight) / 2} y="13"
                transform="rotate(-90)" text-anchor="middle">
              ${y}
            </text>
          </svg>
        `
      }
    </div>
    <p class="soft small" aria-live="off">
      ${
        near ??
        heatWords(
          comparison.direction,
          new Set([...cells.values()].map((cell) => cell.doubt)),
          names.length > 2,
        )
      }
    </p>
  `;
}

function Parallel({ comparison, names }) {
  const theme = useTheme();
  const box = useRef(null);
  const width = useWidth(box);
  const [near, setNear] = useState(null);
  const { configs, metric } = comparison;
  const known = configs.filter((config) => Number.isFinite(config.mean));
  const height = 320;
  const axes = useMemo(
    () => [
      ...names.map((name) => {
        const values = valuesOf(configs, name);
        const at = new Map(
          values.map((value, i) => [
            keyOf(value),
            values.length > 1 ? i / (values.length - 1) : 0.5,
          ]),
        );
        return {
          name,
          place: (config) => at.get(keyOf(config.values[name])),
          ticks: values.map((value) => [at.get(keyOf(value)), showValue(value)]),
        };
      }),
      (() => {
        const means = known.map((config) => config.mean);
        const [least, greatest] = [Math.min(...means), Math.max(...means)];
        const scale = (mean) => (greatest > least ? (mean - least) / (greatest - least) : 0.5);
        const ticks = linearTicks(least, greatest, 5);
        const labels = tickLabels(ticks);
        return {
          name: metricLabel(metric),
          place: (config) => scale(config.mean),
          ticks: ticks.map((tick, i) => [scale(tick), labels[i]]),
        };
      })(),
    ],
    [comparison],
  );
  const lower = comparison.direction?.startsWith('lower');
  const color = (config) => {
    const t = axes[axes.length - 1].place(config);
    return sequential(lower ? 1 - t : t, theme);
  };
  /* Wide enough that the names beside each other do not touch; what is wider than the page
   * scrolls. */
  const apart = Math.max(
    ...axes.slice(1).map((axis, i) => 3.9 * (axis.name.length + axes[i].name.length) + 14),
  );
  const drawn = Math.max(width, 130 + apart * (axes.length - 1));
  const across = (i) => 60 + (i * (drawn - 130)) / Math.max(1, axes.length - 1);
  const up = (t) => 34 + (1 - t) * (height - 56);
  const line = (config) =>
    axes.map((axis, i) => `${across(i)},${up(axis.place(config))}`).join(' ');
  return html`
    <div class="parallel" ref=${box} data-testid="parallel" role="region" tabindex="0"
        aria-label="Parallel coordinates" onPointerLeave=${() => setNear(null)}>
      ${
        width > 0 &&
        html`
          <svg width=${drawn} height=${height} role="img"
              aria-label="Parallel coordinates of all configs; the table of configs has the numbers">
            ${known.map(
              (config) => html`
                <polyline key=${config.config_id}
                    class=${near && near !== config ? 'away' : near === config ? 'near' : ''}
                    points=${line(config)}
                    stroke=${config.config_id === comparison.baseline ? ink(theme) : color(config)}
                    stroke-dasharray=${config.config_id === comparison.baseline ? '5 4' : 'none'}
                    onPointerEnter=${() => setNear(config)} />
              `,
            )}
            ${axes.map(
              (axis, i) => html`
                <g key=${axis.name}>
                  <line class="axis" x1=${across(i)} x2=${across(i)} y1=${up(0)} y2=${up(1)} />
                  <text class="axis-name" x=${across(i)} y="16" text-anchor="middle">
                    ${axis.name}
                  </text>
                  ${axis.ticks.map(
                    ([t, words]) => html`
                      <text class="halo" x=${across(i) - 7} y=${up(t) + 4} text-anchor="end">
                        ${words}
                      </text>
                    `,
                  )}
                </g>
              `,
            )}
          </svg>
        `
      }
    </div>
    <p class="soft small">
      ${
        near
          ? `${valuesLabel(near.values)}: ${number(near.mean)}, ${count(near.n, 'seed')}`
          : `One line per config; the strongest colour ${comparison.direction === 'none' ? 'has the highest value' : 'is the best'}. Dashed: the baseline.`
      }
    </p>
  `;
}

/* The numbers behind the charts, a row for each config. */
function rowsOf({ configs }, names) {
  const numbers = (config) => [
    config.n,
    config.mean,
    config.std,
    config.ci_low,
    config.ci_high,
    config.difference?.mean,
    config.difference?.ci_low,
    config.difference?.ci_high,
    config.difference?.p_adjusted,
  ];
  return [
    [
      ...names,
      'n',
      'mean',
      'std',
      'ci_low',
      'ci_high',
      'difference',
      'difference_ci_low',
      'difference_ci_high',
      'p_adjusted',
      'verdict',
    ],
    ...configs.map((config) => [
      ...names.map((name) =>
        typeof config.values[name] === 'string' ? config.values[name] : keyOf(config.values[name]),
      ),
      ...numbers(config),
      config.verdict,
    ]),
  ];
}

const namesOf = ({ configs }) =>
  sweptNames(configs).filter((name) => valuesOf(configs, name).length > 1);

/* Whether there is anything to be shown. */
export const hasSettings = (comparison) =>
  namesOf(comparison).length > 0 &&
  comparison.configs.some((config) => Number.isFinite(config.mean));

export function Settings({ comparison, props, set }) {
  const theme = useTheme();
  const box = useRef(null);
  const names = useMemo(() => namesOf(comparison), [comparison]);
  const kinds = [
    ['path', 'Path'],
    ...(names.length > 1
      ? [
          ['heat', 'Heat map'],
          ['parallel', 'Parallel'],
        ]
      : []),
  ];
  const shown = kinds.some(([kind]) => kind === props.against)
    ? props.against
    : names.length === 1
      ? 'path'
      : names.length === 2
        ? 'heat'
        : 'parallel';
  const View = { path: Path, heat: HeatMap, parallel: Parallel }[shown];
  const legend = () =>
    shown === 'path'
      ? pathSeries(comparison.configs, names, pathField(comparison.configs, names, props.px), theme)
      : [];
  const title = `${metricTitle(comparison.metric)} against ${names.length === 1 ? names[0] : 'the settings'}`;
  return html`
    <section class="card settings" aria-labelledby="settings-title" ref=${box}>
      <div class="section-head">
        <h2 id="settings-title">${title}</h2>
        <span class="row">
          ${
            kinds.length > 1 &&
            html`
              <${Segments} name="against" label="Kind of chart" value=${shown} options=${kinds}
                  onChange=${(against) => set({ against })} />
            `
          }
          <${SaveSvgMenu} id="settings" box=${box} title=${title}
              rows=${() => rowsOf(comparison, names)} legend=${legend} />
        </span>
      </div>
      <${View} comparison=${comparison} names=${names} props=${props} set=${set} />
    </section>
  `;
}
