/* verdict — the signs of a comparison: a verdict, a difference with its interval, and the choice of
 * what is compared. */
import { html } from '../../lib/html.js';
import { metricLabel, number, signed, withSpread } from '../../lib/format.js';

const evidence = (side) =>
  `There is evidence of a difference to the baseline, for the ${side} ` +
  '(p < 0.05, adjusted for the number of comparisons).';
const LESS =
  'The difference to the baseline is less than what matters ' +
  '(p < 0.05, adjusted for the number of comparisons).';

/* Of each verdict: its sign, a short and a plain word for it, and what stands behind it. */
const VERDICTS = {
  better: ['▲', 'better', 'better', evidence('better')],
  worse: ['▼', 'worse', 'worse', evidence('worse')],
  no_evidence: [
    '≈',
    'no evidence',
    'no evidence of a difference',
    'These repeats do not tell it from the baseline; they do not show that it is as good either.',
  ],
  equivalent: ['=', 'equivalent', 'as good, as far as it matters', LESS],
  void: [
    '∅',
    'by construction',
    'cannot be judged: so by construction',
    'The difference holds by construction: no test says anything.',
  ],
  too_few_seeds: [
    '…',
    'too few seeds',
    'too few repeats to tell',
    'Fewer than three pairs of repeats: no test is possible.',
  ],
  baseline: ['●', 'baseline', 'the baseline', 'What the others are compared with.'],
};
const LEVEL = 0.05;

/* In plain words; `difference`, if given, tells equal from different by less than matters. */
function plainWords(verdict, difference) {
  if (verdict === 'equivalent' && difference?.p_adjusted < LEVEL)
    return 'reliably different, by less than matters';
  return VERDICTS[verdict]?.[2] ?? '';
}

export function VerdictMark({ verdict, plain = false, difference }) {
  const [sign, short, , help] = VERDICTS[verdict] ?? ['', verdict ?? '', '', ''];
  return html`
    <span class="verdict verdict-${verdict} ${plain ? 'plain' : ''}" data-verdict=${verdict}
        title=${help}>
      <span aria-hidden="true">${sign}</span> ${plain ? plainWords(verdict, difference) : short}
    </span>
  `;
}

/* Which value of each run is compared. */
export const AT_WORDS = { selected: 'selected weights', best: 'best epoch', last: 'last epoch' };

/* Where the metric `name` can be compared: at `at`, or else at the first place there is. */
export function comparedAt(metrics, name, at) {
  const places =
    metrics.find((one) => one.scope !== 'layer' && one.name === name)?.compared_at ?? [];
  return places.includes(at) || places.length === 0 ? at : places[0];
}

/* The metrics of the runs' task, in groups; `own`, if given, is marked as that of the question. */
export function MetricSelect(properties) {
  const { id, metrics: all, value, onChange, label, finals, regression = false, own } = properties;
  const metrics = all.filter(
    (one) => one.name === value || (regression ? one.regression : one.classification) !== false,
  );
  const groups = [['Per epoch', metrics.filter((one) => one.scope === 'epoch')]];
  if (finals) groups.push(['At the end', metrics.filter((one) => one.scope === 'final')]);
  const isListed = groups.some(([, rows]) => rows.some((one) => one.name === value));
  const option = ({ name, help }) => html`
    <option value=${name} selected=${name === value} title=${help}>
      ${metricLabel(name)}${name === own && ' (the question)'}
    </option>
  `;
  return html`
    <select id=${id} aria-label=${label} value=${value}
        onChange=${(event) => onChange(event.target.value)}>
      ${!isListed && option({ name: value })}
      ${groups.map(
        ([words, rows]) => html`<optgroup label=${words}>${rows.map(option)}</optgroup>`,
      )}
    </select>
  `;
}

const isKnown = (x) => x !== null && x !== undefined;

/* A difference: the drawing, the value and its 95 % interval. */
export function Difference({ difference, direction, span, verdict }) {
  const { mean, ci_low: low, ci_high: high } = difference;
  const half = isKnown(low) ? (high - low) / 2 : undefined;
  const interval = html`
    ${' '}<span class="soft">(${withSpread(low, half)} to ${withSpread(high, half)})</span>
  `;
  return html`
    <span class="difference">
      <${Interval} difference=${difference} direction=${direction} span=${span}
          verdict=${verdict} />
      <span class="nowrap">
        ${signed(mean, half)}${half && interval}
      </span>
    </span>
  `;
}

const SIDES = { lower: ' (left is better)', higher: ' (right is better)' };

/* An interval against zero, as a little picture; `span` is the largest distance from zero in the
 * table. */
function Interval({ difference, direction, span, verdict }) {
  if (!difference || difference.mean === null || !(span > 0))
    return html`<span class="soft">${verdict === 'baseline' ? '' : '–'}</span>`;
  const place = (x) => 55 + (50 * Math.max(-span, Math.min(span, x))) / span;
  const { mean, ci_low: low, ci_high: high } = difference;
  const known = isKnown(low) && isKnown(high);
  const words = known
    ? `${number(mean, 3)}, 95 % interval ${number(low, 3)} to ${number(high, 3)}`
    : number(mean, 3);
  return html`
    <svg class="interval verdict-${verdict}" viewBox="0 0 110 22" width="110" height="22" role="img"
        aria-label="Difference ${words}">
      <title>${words}${SIDES[direction] ?? ''}</title>
      <line class="zero" x1="55" x2="55" y1="1" y2="21" />
      ${
        known &&
        html`
          <line class="range" x1=${place(low)} x2=${place(high)} y1="11" y2="11" />
          ${
            low >= -span &&
            html`<line class="range" x1=${place(low)} x2=${place(low)} y1="7" y2="15" />`
          }
          ${
            high <= span &&
            html`<line class="range" x1=${place(high)} x2=${place(high)} y1="7" y2="15" />`
          }
        `
      }
      <circle cx=${place(mean)} cy="11" r="4" />
    </svg>
  `;
}
