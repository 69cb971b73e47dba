/* evaluation — what a run gets wrong on its test split: confusion matrix, calibration, the worst
 * mistakes; of a regression its residuals (residuals.js). */
import { html, useRef, useResource, useTheme, useWidth } from '../../lib/html.js';
import { get } from '../../lib/api.js';
import { categorical, faded } from '../../lib/palette.js';
import { count, number } from '../../lib/format.js';
import { Loading, Failure } from '../basic.js';
import { SquareLegend } from '../legend.js';
import { Forgotten } from './forgotten.js';
import { Residuals } from './residuals.js';
import { Table } from '../table.js';
import { Picture } from '../picture.js';

const MATRIX_CLASSES = 30; /* with more, the most frequent confusions are listed instead */
const PAIRS = 20;
const MISTAKE_ROWS = 10; /* without pictures there is less to see */
const STRONGEST = 0.55; /* how far a cell takes its colour: text stays legible on it */

const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`;
const sum = (values) => values.reduce((a, b) => a + b, 0);

/* The confusions that happened, the most frequent first: [{label, predicted, n, of}]. */
function pairsOf({ confusion }) {
  const pairs = confusion.flatMap((row, label) =>
    row.map((n, predicted) => ({ label, predicted, n, of: sum(row) })),
  );
  return pairs
    .filter((pair) => pair.n > 0 && pair.label !== pair.predicted)
    .sort((a, b) => b.n - a.n);
}

function Matrix({ evaluation }) {
  const theme = useTheme();
  const { classes, confusion } = evaluation;
  const totals = confusion.map(sum);
  const most = Math.max(
    1e-9,
    ...confusion.flatMap((row, i) =>
      row.map((n, j) => (i === j || !totals[i] ? 0 : n / totals[i])),
    ),
  );
  const colorOf = (n, i, j) => {
    if (n === 0) return undefined;
    const share = n / totals[i];
    return i === j
      ? faded(categorical(0, theme), STRONGEST * share ** 2)
      : faded(categorical(1, theme), STRONGEST * Math.sqrt(share / most));
  };
  return html`
    <div class="table-box matrix-box" role="region" tabindex="0" aria-label="Confusion matrix">
      <table class="matrix" id="confusion">
        <caption class="visually-hidden">
          How often each true class (rows) was taken for each class (columns)
        </caption>
        <thead>
          <tr>
            <td></td>
            ${classes.map((name) => html`<th scope="col">${name}</th>`)}
            <th scope="col" class="right-share">right</th>
          </tr>
        </thead>
        <tbody>
          ${confusion.map(
            (row, i) => html`
              <tr>
                <th scope="row">${classes[i]}</th>
                ${row.map(
                  (n, j) => html`
                    <td style=${{ background: colorOf(n, i, j) }}
                        class=${n === 0 ? 'none' : i === j ? 'hit' : ''}
                        title="${classes[i]} taken for ${classes[j]}: ${n} of ${totals[i]}">
                      ${n}
                    </td>
                  `,
                )}
                <td class="right-share">${totals[i] ? percent(row[i] / totals[i]) : ''}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Pairs({ evaluation, pairs }) {
  const { classes } = evaluation;
  const columns = [
    { key: 'label', label: 'True class', cell: (pair) => classes[pair.label] },
    { key: 'predicted', label: 'Taken for', cell: (pair) => classes[pair.predicted] },
    { key: 'n', label: 'Times', align: 'num', cell: (pair) => pair.n },
    {
      key: 'share',
      label: 'Of the class',
      align: 'num',
      cell: (pair) => percent(pair.n / pair.of),
    },
  ];
  return html`
    <${Table} id="confusions" label="The most frequent confusions" columns=${columns}
        rows=${pairs.slice(0, PAIRS)} rowKey=${(pair) => `${pair.label}-${pair.predicted}`} />
  `;
}

function Confusion({ evaluation }) {
  const pairs = evaluation.confusion ? pairsOf(evaluation) : [];
  const [worst] = pairs;
  return html`
    <section class="panel" aria-labelledby="confusion-title">
      <h3 id="confusion-title">Which classes are taken for which</h3>
      <p class="soft small">
        ${
          worst
            ? html`
              Most often <strong>${evaluation.classes[worst.label]}</strong> is taken for${' '}
              <strong>${evaluation.classes[worst.predicted]}</strong>: ${worst.n} of${' '}
              ${count(worst.of, 'sample')}.
            `
            : evaluation.confusion
              ? 'There is no confusion.'
              : 'There are too many classes for a table.'
        }
        ${
          evaluation.classes.length <= MATRIX_CLASSES
            ? ' Rows are true classes, columns what was answered; blue is right, orange is wrong.'
            : ''
        }
      </p>
      ${
        evaluation.classes.length <= MATRIX_CLASSES
          ? html`<${Matrix} evaluation=${evaluation} />`
          : pairs.length > 0 && html`<${Pairs} evaluation=${evaluation} pairs=${pairs} />`
      }
    </section>
  `;
}

/* ---- calibration ---- */

const LEFT = 48;
const RIGHT = 12;
const PLOT = 260;
const TOP = 8;
const COUNTS = 46; /* height of the bars of counts */
const HEIGHT = TOP + PLOT + 12 + COUNTS + 40;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

const rangeOf = (bin) => `${percent(bin.low, 0)} to ${percent(bin.high, 0)}`;

function Bin({ bin, x, y, colors, most }) {
  const [left, right] = [x(bin.low) + 0.75, x(bin.high) - 0.75];
  const [high, low] = [
    Math.max(bin.accuracy, bin.confidence),
    Math.min(bin.accuracy, bin.confidence),
  ];
  const sure = bin.confidence > bin.accuracy;
  const height = (COUNTS * bin.n) / most;
  const bottom = TOP + PLOT + 12 + COUNTS;
  const counted = `${count(bin.n, 'sample')}, ${percent(bin.accuracy)} right`;
  const words = `confidence ${rangeOf(bin)}: ${counted}`;
  return html`
    <g>
      <title>${words}, mean confidence ${percent(bin.confidence)}</title>
      <rect x=${left} width=${right - left} y=${TOP} height=${HEIGHT - TOP} fill="transparent" />
      <rect x=${left} width=${right - left} y=${y(low)} height=${y(0) - y(low)} fill=${colors.right}
          fill-opacity="0.55" />
      <rect x=${left} width=${right - left} y=${y(high)} height=${Math.max(0, y(low) - y(high))}
          fill=${sure ? colors.sure : colors.unsure} fill-opacity="0.35"
          stroke=${sure ? colors.sure : colors.unsure} />
      <line class="accuracy" x1=${left} x2=${right} y1=${y(bin.accuracy)} y2=${y(bin.accuracy)}
          stroke=${colors.right} />
      <rect class="counted" x=${left} width=${right - left} y=${bottom - Math.max(1, height)}
          height=${Math.max(1, height)} />
    </g>
  `;
}

function Reliability({ bins, words }) {
  const theme = useTheme();
  const box = useRef(null);
  const width = useWidth(box);
  const end = Math.max(LEFT + 120, Math.min(width, 620) - RIGHT);
  const x = (share) => LEFT + share * (end - LEFT);
  const y = (share) => TOP + PLOT - share * PLOT;
  const filled = bins.filter((bin) => bin.n > 0);
  const most = Math.max(1, ...filled.map((bin) => bin.n));
  const colors = {
    right: categorical(0, theme),
    sure: categorical(1, theme),
    unsure: categorical(2, theme),
  };
  const names = [
    { label: 'right answers', color: colors.right },
    { label: 'too sure by', color: faded(colors.sure, 0.6) },
    { label: 'not sure enough by', color: faded(colors.unsure, 0.6) },
  ];
  return html`
    <${SquareLegend} series=${names} />
    <div class="xy reliability" ref=${box} id="reliability">
      ${
        width > 0 &&
        html`
          <svg width=${end + RIGHT} height=${HEIGHT} role="img" aria-label=${words}>
            ${TICKS.map(
              (tick) => html`
                <line class="grid" x1=${LEFT} x2=${end} y1=${y(tick)} y2=${y(tick)} />
                <text x=${LEFT - 8} y=${y(tick) + 4} text-anchor="end">${tick.toFixed(1)}</text>
                <text x=${x(tick)} y=${HEIGHT - 22} text-anchor="middle">${tick.toFixed(1)}</text>
              `,
            )}
            ${filled.map(
              (bin) =>
                html`
                  <${Bin} key=${bin.low} bin=${bin} x=${x} y=${y} colors=${colors} most=${most} />
                `,
            )}
            <line class="perfect" x1=${x(0)} x2=${x(1)} y1=${y(0)} y2=${y(1)} />
            <text class="axis-name" x=${(LEFT + end) / 2} y=${HEIGHT - 4} text-anchor="middle">
              confidence
            </text>
            <text class="axis-name" x=${-(TOP + PLOT / 2)} y="13" transform="rotate(-90)"
                text-anchor="middle">
              accuracy
            </text>
            <text x=${LEFT - 8} y=${TOP + PLOT + 12 + COUNTS / 2 + 4} text-anchor="end">n</text>
          </svg>
        `
      }
    </div>
  `;
}

function Calibration({ evaluation }) {
  const { calibration: bins, ece, n, accuracy } = evaluation;
  const confidence = sum(bins.map((bin) => (bin.n ? bin.n * bin.confidence : 0))) / n;
  const bias = confidence - accuracy;
  const tendency =
    Math.abs(bias) < 0.005
      ? 'Overall it is as sure as it is right'
      : bias > 0
        ? 'Overall it is too sure of itself'
        : 'Overall it is not sure enough of itself';
  const means = `${tendency}: mean confidence ${percent(confidence)}, ${percent(accuracy)} right.`;
  const columns = [
    {
      key: 'bin',
      label: 'Confidence',
      cell: rangeOf,
    },
    { key: 'n', label: 'Samples', align: 'num', cell: (bin) => bin.n },
    { key: 'mean', label: 'Mean confidence', align: 'num', cell: (bin) => percent(bin.confidence) },
    { key: 'right', label: 'Right', align: 'num', cell: (bin) => percent(bin.accuracy) },
  ];
  return html`
    <section class="panel" aria-labelledby="calibration-title">
      <h3 id="calibration-title">Is it as sure as it is right?</h3>
      <p class="soft small" id="calibration-words">
        Expected calibration error (ECE) <strong>${number(ece, 3)}</strong>. ${means}
      </p>
      <${Reliability} bins=${bins} words=${`Calibration error ${number(ece, 3)}. ${means}`} />
      <details class="method">
        <summary>The figures</summary>
        <${Table} id="calibration" label="Calibration by confidence" columns=${columns}
            rows=${bins.filter((bin) => bin.n > 0)} rowKey=${(bin) => bin.low} />
      </details>
    </section>
  `;
}

/* ---- mistakes ---- */

function Mistakes({ evaluation }) {
  const { mistakes, classes } = evaluation;
  if (mistakes.length === 0)
    return html`<h3>The worst mistakes</h3><p class="soft">It made none.</p>`;
  const [first] = mistakes;
  const columns = [
    { key: 'index', label: 'Test sample', cell: (one) => one.index },
    { key: 'label', label: 'True class', cell: (one) => classes[one.label] },
    { key: 'predicted', label: 'Answered', cell: (one) => classes[one.predicted] },
    {
      key: 'probability',
      label: 'Confidence',
      align: 'num',
      cell: (one) => percent(one.probability),
    },
  ];
  return html`
    <h3>The worst mistakes</h3>
    <p class="soft small">
      Wrong answers that it was most sure
      of${first.pixels ? ': what it is, what was answered, and how sure' : ''}.
    </p>
    ${
      first.pixels
        ? html`
          <div class="mistakes" data-testid="mistakes">
            ${mistakes.map(
              (one) => html`
                <figure key=${one.index}>
                  <${Picture} values=${one.pixels} width=${one.width} height=${one.height}
                      kind="grey" label="Test sample ${
                        one.index
                      }: ${classes[one.label]}, taken for ${classes[one.predicted]}" />
                  <figcaption>
                    <span>
                      ${classes[one.label]} <span class="soft" aria-label="taken for">→</span>${' '}
                      <strong class="wrong">${classes[one.predicted]}</strong>
                    </span>
                    <span class="soft small">${percent(one.probability)}</span>
                  </figcaption>
                </figure>
              `,
            )}
          </div>
        `
        : html`
          <${Table} id="mistakes" label="The worst mistakes" columns=${columns}
              rows=${mistakes.slice(0, MISTAKE_ROWS)} rowKey=${(one) => one.index} />
        `
    }
  `;
}

/* `run`: finished, of a classifier. */
export function Evaluation({ run }) {
  const {
    data: evaluation,
    error,
    loading,
    reload,
  } = useResource(
    (signal) => get(`/runs/${run.id}/evaluation`, {}, signal),
    [run.id, run.finished_at],
  );
  if (error)
    return html`
      <${Failure} problem=${error} retry=${reload} title="There is nothing to see of its answers" />
    `;
  if (loading && !evaluation)
    return html`<${Loading} what="Asking the model about the test split" />`;
  if (evaluation.task === 'regression')
    return html`
      <${Residuals} evaluation=${evaluation} />
      <${Forgotten} run=${run} />
    `;
  return html`
    <div class="evaluation" data-testid="evaluation">
      <p>
        ${percent(evaluation.accuracy)} of ${count(evaluation.n, 'test sample')} answered right,
        with the selected weights.
      </p>
      <div class="panels">
        <${Confusion} evaluation=${evaluation} />
        <${Calibration} evaluation=${evaluation} />
      </div>
      <${Forgotten} run=${run} />
      <section><${Mistakes} evaluation=${evaluation} /></section>
    </div>
  `;
}
