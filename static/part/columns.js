/* columns — the columns of a data set in figures, and what its parts score without learning. */
import { html } from '../lib/html.js';
import { count, number } from '../lib/format.js';
import { Table } from './table.js';

const WIDTH = 150;
const HEIGHT = 26;
const COLUMNS = 40; /* more make no table that is read */

export const PART_NAMES = { train: 'training', validation: 'validation', test: 'test' };
const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;

/* Bars side by side; `words` says what they are to whoever does not see them. */
function Bars({ counts, titleOf, words }) {
  const most = Math.max(1, ...counts);
  const step = WIDTH / counts.length;
  const bar = (n, i) => {
    const height = n > 0 ? Math.max(1, (n / most) * HEIGHT) : 0;
    return html`
      <rect class="bin" x=${i * step} width=${Math.max(1, step - 1)} y=${HEIGHT - height}
          height=${height}>
        <title>${titleOf(i)}: ${n}</title>
      </rect>
    `;
  };
  return html`
    <svg class="small-bars xy" width=${WIDTH} height=${HEIGHT} role="img" aria-label=${words}>
      ${counts.map(bar)}
    </svg>
  `;
}

function Spread({ column }) {
  const { histogram, categories, counts } = column;
  if (categories) {
    const words = categories.map((name, i) => `${name} ${counts[i]}`).join(', ');
    return html`
      <${Bars} counts=${counts} titleOf=${(i) => categories[i]} words="How often each: ${words}" />
    `;
  }
  if (!histogram || histogram.low === null) return '';
  const { low, high } = histogram;
  const step = (high - low) / histogram.counts.length;
  const at = (i) => number(low + i * step, 3);
  return html`
    <${Bars} counts=${histogram.counts} titleOf=${(i) => `${at(i)} to ${at(i + 1)}`}
        words="Histogram from ${number(low, 3)} to ${number(high, 3)}" />
  `;
}

const rangeOf = ({ histogram, categories }) =>
  categories
    ? count(categories.length, 'category', 'categories')
    : histogram && histogram.low !== null
      ? `${number(histogram.low, 3)} to ${number(histogram.high, 3)}`
      : '';

const FIGURES = [
  {
    key: 'name',
    label: 'Column',
    head: false,
    cell: (one) =>
      html`<strong>${/^\d+$/.test(one.name) ? `input ${one.name}` : one.name}</strong>`,
  },
  { key: 'kind', label: 'Kind', head: false, cell: (one) => one.kind },
  { key: 'mean', label: 'Mean', align: 'num', head: false, cell: (one) => number(one.mean) },
  {
    key: 'deviation',
    label: 'Deviation',
    align: 'num',
    head: false,
    cell: (one) => number(one.deviation),
  },
  {
    key: 'missing',
    label: 'Missing',
    align: 'num',
    head: false,
    cell: (one) => (one.missing ? number(one.missing) : html`<span class="soft">0</span>`),
  },
  { key: 'range', label: 'Range', head: false, cell: rangeOf },
  {
    key: 'spread',
    label: 'Distribution',
    head: false,
    cell: (one) => html`<${Spread} column=${one} />`,
  },
];

export function ColumnTable({ id, preview }) {
  const columns = preview.statistics ?? [];
  if (columns.length === 0) return null;
  const rows = columns.slice(0, COLUMNS).map((one, place) => ({ ...one, place }));
  return html`
    <div>
      <h3>Columns</h3>
      <p class="soft small">
        Of ${count(preview.statistics_n, 'row')} stored for training, in their own units.
        ${columns.length > COLUMNS && ` The first ${COLUMNS} of ${columns.length} columns.`}
      </p>
      <${Table} stack id="${id}-columns" label="Columns" columns=${FIGURES} rows=${rows}
          rowKey=${(one) => one.place} />
    </div>
  `;
}

/* What the name of the label column is, where there is one. */
export const labelName = (preview) =>
  preview.statistics?.find((one) => one.kind === 'label')?.name ?? null;

/* What any net has to beat. */
export function WithoutLearning({ preview }) {
  const test = preview.parts?.find((one) => one.part === 'test');
  const scores = test?.without_learning;
  if (!scores) return null;
  const classes = preview.class_counts;
  const most = classes?.[test.class_counts.indexOf(Math.max(...test.class_counts))]?.name;
  const words = classes
    ? html`
      predicting the most frequent class (<strong>${most}</strong>) is right${' '}
      <strong>${percent(scores.accuracy)}</strong> of the time, and predicting the shares of the
      classes has a loss of <strong>${number(scores.loss, 3)}</strong>
    `
    : html`predicting the mean has an RMSE of <strong>${number(scores.rmse)}</strong>`;
  return html`
    <p class="small" data-testid="without-learning">
      Without learning, on ${count(test.n, 'test sample')}: ${words}. A net has to beat that.
    </p>
  `;
}
