/* regime — where what helps: the difference of every treatment to the baseline of its context, a
 * row for each context. */
import { html } from '../../lib/html.js';
import { metricLabel, number, signed, valuesLabel, withSpread, NONE } from '../../lib/format.js';
import { Table } from '../table.js';
import { VerdictMark } from './verdict.js';

const STRONGEST = 34; /* percent of colour behind the largest difference */

const keyOf = (values) => JSON.stringify(values);
const sizeOf = (arm) => Math.abs(arm?.difference?.mean ?? 0);

/* The treatments, those that are a baseline first: [[key, label]]. */
function treatmentsOf(arms) {
  const known = new Map();
  const rank = (arm) => (arm.verdict === 'baseline' ? 0 : 1);
  const sorted = [...arms].sort(
    (a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label, undefined, { numeric: true }),
  );
  for (const arm of sorted)
    if (!known.has(keyOf(arm.values))) known.set(keyOf(arm.values), arm.label);
  return [...known];
}

/* A row for each context: {key, values, arms: Map treatment → arm}. */
function rowsOf({ contexts, arms }) {
  const rows = contexts.map(({ values }) => ({ key: keyOf(values), values, arms: new Map() }));
  const known = new Map(rows.map((row) => [row.key, row]));
  for (const arm of arms) known.get(keyOf(arm.context))?.arms.set(keyOf(arm.values), arm);
  return rows;
}

const Baseline = ({ arm }) => html`
  <span class="regime-cell">
    <${VerdictMark} verdict="baseline" />
    <span>${number(arm.mean, 3)}</span>
  </span>
`;

/* A difference with its interval and its verdict; the colour behind it says no more than its
 * words. */
function Cell({ arm, most }) {
  if (!arm) return html`<span class="soft">${NONE}</span>`;
  if (!arm.difference) return html`<${Baseline} arm=${arm} />`;
  const { mean, ci_low: low, ci_high: high } = arm.difference;
  const half = Number.isFinite(low) ? (high - low) / 2 : undefined;
  const share = most > 0 ? Math.round((STRONGEST * sizeOf(arm)) / most) : 0;
  const interval = html`
    ${' '}<span class="soft">(${withSpread(low, half)} to ${withSpread(high, half)})</span>
  `;
  return html`
    <span class="regime-cell regime-${arm.verdict}" style=${{ '--strength': `${share}%` }}>
      ${arm.verdict && html`<${VerdictMark} verdict=${arm.verdict} />`}
      <span>${signed(mean, half)}${half > 0 && interval}</span>
    </span>
  `;
}

export function RegimeMap({ comparison }) {
  const { arms, metric, direction } = comparison;
  const most = Math.max(...arms.map(sizeOf));
  const rows = rowsOf(comparison);
  const context = {
    key: 'context',
    label: 'Context',
    cell: (row) => valuesLabel(row.values),
  };
  const columns = treatmentsOf(arms).map(([key, label]) => ({
    key,
    label,
    line: true,
    cell: (row) => html`<${Cell} arm=${row.arms.get(key)} most=${most} />`,
  }));
  const better = direction === 'none' ? '' : `; ${direction} is better`;
  return html`
    <div class="regime" data-testid="regime">
      <h3>Where what helps</h3>
      <p class="soft small">
        How far ${metricLabel(metric)} is from the baseline of the same context, with its 95 %
        interval${better}. The stronger the colour, the larger the difference.
      </p>
      <${Table} stack id="regime" label="Differences in each context" rowKey=${(row) => row.key}
          columns=${[context, ...columns]} rows=${rows} />
    </div>
  `;
}
