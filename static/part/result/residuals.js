/* residuals — what a regression gets wrong on its test split: predicted against target, how the
 * residuals are spread, the worst. */
import { html, useRef, useTheme, useWidth } from '../../lib/html.js';
import { linearTicks, tickLabels } from '../../chart/scale.js';
import { categorical } from '../../lib/palette.js';
import { count, number } from '../../lib/format.js';
import { Table } from '../table.js';

const LEFT = 58;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 44;
const PLOT = 300; /* height of the plots */
const WIDEST = 620;

/* What output i is called: its target's own name. */
const targetOf = (evaluation, i) => evaluation.target_names?.[i] ?? `output ${i}`;
/* What the axis of targets is called. */
const axisOf = (evaluation) => (evaluation.outputs === 1 ? targetOf(evaluation, 0) : 'target');

const place =
  ([low, high], from, to) =>
  (x) =>
    from + ((x - low) / (high - low)) * (to - from);

/* The range with some air, never empty. */
function around(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
  return [low - pad, high + pad];
}

const Ticks = ({ x, y, xTicks, yTicks, right }) => {
  const [xLabels, yLabels] = [tickLabels(xTicks), tickLabels(yTicks)];
  return html`
    ${yTicks.map(
      (tick, i) => html`
        <line class="grid" x1=${LEFT} x2=${right} y1=${y(tick)} y2=${y(tick)} />
        <text x=${LEFT - 8} y=${y(tick) + 4} text-anchor="end">${yLabels[i]}</text>
      `,
    )}
    ${xTicks.map(
      (tick, i) =>
        html`<text x=${x(tick)} y=${TOP + PLOT + 18} text-anchor="middle">${xLabels[i]}</text>`,
    )}
  `;
};

const Names = ({ right, across, up }) => html`
  <text class="axis-name" x=${(LEFT + right) / 2} y=${TOP + PLOT + BOTTOM - 6} text-anchor="middle">
    ${across}
  </text>
  <text class="axis-name" x=${-(TOP + PLOT / 2)} y="13" transform="rotate(-90)"
      text-anchor="middle">
    ${up}
  </text>
`;

function Scatter({ evaluation }) {
  const theme = useTheme();
  const box = useRef(null);
  const width = useWidth(box);
  const {
    points: { target, prediction, output },
    outputs,
  } = evaluation;
  const right = Math.max(LEFT + 120, Math.min(width, WIDEST) - RIGHT);
  const range = around([...target, ...prediction]);
  const [x, y] = [place(range, LEFT, right), place(range, TOP + PLOT, TOP)];
  const nameOf = (i) => (outputs > 1 ? `${targetOf(evaluation, output[i])}: ` : '');
  const name = axisOf(evaluation);
  return html`
    <section class="panel" aria-labelledby="scatter-title">
      <h3 id="scatter-title">Predicted against target</h3>
      <p class="soft small">
        ${
          target.length < evaluation.n * outputs
            ? `${count(target.length, 'point')} of ${evaluation.n * outputs}. `
            : ''
        }On the dashed line a prediction is right.
      </p>
      <div class="xy" ref=${box} id="predicted">
        ${
          width > 0 &&
          html`
            <svg width=${right + RIGHT} height=${TOP + PLOT + BOTTOM} role="img"
                aria-label="Predicted against target values: R² ${number(
                  evaluation.r2,
                  3,
                )}, RMSE ${number(evaluation.rmse, 3)}">
              <${Ticks} x=${x} y=${y}
                  xTicks=${linearTicks(...range, Math.max(2, (right - LEFT) / 90))}
                  yTicks=${linearTicks(...range, 5)} right=${right} />
              <line class="perfect" x1=${x(range[0])} x2=${x(range[1])} y1=${y(range[0])}
                  y2=${y(range[1])} />
              ${target.map(
                (value, i) =>
                  html`
                    <circle class="dot" cx=${x(value)} cy=${y(prediction[i])} r="3"
                        fill=${categorical(outputs > 1 ? output[i] : 0, theme)}>
                      <title>
                        ${`${nameOf(i)}target ${number(value)}, predicted ${number(prediction[i])}`}
                      </title>
                    </circle>
                  `,
              )}
              <${Names} right=${right} across=${name}
                  up=${name === 'target' ? 'predicted' : `predicted ${name}`} />
            </svg>
          `
        }
      </div>
    </section>
  `;
}

function Histogram({ evaluation }) {
  const box = useRef(null);
  const width = useWidth(box);
  const {
    histogram: { low, high, counts },
    quantiles,
    bias,
  } = evaluation;
  const right = Math.max(LEFT + 120, Math.min(width, WIDEST) - RIGHT);
  const most = Math.max(...counts);
  const [x, y] = [place([low, high], LEFT, right), place([0, most * 1.05], TOP + PLOT, TOP)];
  const step = (high - low) / counts.length;
  const at = (share) => quantiles.find((one) => one.share === share).residual;
  const between = (from, to) => `between ${number(at(from), 3)} and ${number(at(to), 3)}`;
  const half = between(0.25, 0.75);
  const words = `Half of the residuals lie ${half}, nine in ten ${between(0.05, 0.95)}`;
  return html`
    <section class="panel" aria-labelledby="residuals-title">
      <h3 id="residuals-title">Residuals: target − prediction</h3>
      <p class="soft small">${words}; their mean is ${number(bias, 3)}.</p>
      <div class="xy" ref=${box} id="residual-histogram">
        ${
          width > 0 &&
          html`
            <svg width=${right + RIGHT} height=${TOP + PLOT + BOTTOM} role="img"
                aria-label="Histogram of the residuals. ${words}">
              <${Ticks} x=${x} y=${y}
                  xTicks=${linearTicks(low, high, Math.max(2, (right - LEFT) / 90))}
                  yTicks=${linearTicks(0, most, 4).filter(Number.isInteger)} right=${right} />
              ${counts.map(
                (n, i) =>
                  html`
                    <rect class="bin" x=${x(low + i * step) + 0.5}
                        width=${Math.max(1, x(low + step) - LEFT - 1)} y=${y(n)}
                        height=${y(0) - y(n)}>
                      <title>
                        ${number(low + i * step, 3)} to ${number(low + (i + 1) * step, 3)}: ${n}
                      </title>
                    </rect>
                  `,
              )}
              ${
                low < 0 &&
                high > 0 &&
                html`<line class="perfect" x1=${x(0)} x2=${x(0)} y1=${TOP} y2=${TOP + PLOT} />`
              }
              <${Names} right=${right} across=${`residual of ${axisOf(evaluation)}`}
                  up="how many" />
            </svg>
          `
        }
      </div>
    </section>
  `;
}

function Worst({ evaluation }) {
  const { worst, outputs, columns: names } = evaluation;
  const inputName = (i) =>
    names && !/^\d+$/.test(names[i]) ? names[i] : inputs > 1 ? `Input ${i}` : 'Input';
  const inputs = worst[0]?.inputs?.length ?? 0;
  const columns = [
    { key: 'index', label: 'Test sample', cell: (row) => row.index },
    ...(outputs > 1
      ? [
          {
            key: 'output',
            label: 'Output',
            align: 'num',
            cell: (row) => targetOf(evaluation, row.output),
          },
        ]
      : []),
    ...Array.from({ length: inputs }, (_, i) => ({
      key: `input-${i}`,
      label: inputName(i),
      align: 'num',
      cell: (row) => number(row.inputs[i]),
    })),
    {
      key: 'target',
      label: outputs > 1 ? 'Target' : targetOf(evaluation, 0),
      align: 'num',
      cell: (row) => number(row.target),
    },
    { key: 'prediction', label: 'Predicted', align: 'num', cell: (row) => number(row.prediction) },
    { key: 'residual', label: 'Residual', align: 'num main', cell: (row) => number(row.residual) },
  ];
  return html`
    <section>
      <h3>The largest residuals</h3>
      <${Table} stack id="worst" label="The largest residuals" columns=${columns}
          rows=${worst.slice(0, 10)} rowKey=${(row) => `${row.index}-${row.output}`} />
    </section>
  `;
}

export function Residuals({ evaluation }) {
  const { n, rmse, mae, r2 } = evaluation;
  return html`
    <div class="evaluation" data-testid="residuals">
      <p>
        On ${count(n, 'test sample')}, with the selected weights, in the units of${' '}
        <strong>${axisOf(evaluation)}</strong>: RMSE ${number(rmse)}, mean absolute error${' '}
        ${number(mae)}; R² ${number(r2, 3)}.
      </p>
      <div class="panels">
        <${Scatter} evaluation=${evaluation} />
        <${Histogram} evaluation=${evaluation} />
      </div>
      <${Worst} evaluation=${evaluation} />
    </div>
  `;
}
