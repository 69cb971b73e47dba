/* verdict — the answer of an experiment in words, from /comparison, and its signs. */
import { html } from '../../lib/html.js';
import { metricLabel, number, signed, withSpread, valuesLabel } from '../../lib/format.js';
import { Icon, Loading } from '../basic.js';

const evidence = (side) =>
  `There is evidence of a difference to the baseline, for the ${side} ` +
  '(p < 0.05, adjusted for the number of comparisons).';

const VERDICTS = {
  better: ['▲', 'better', evidence('better')],
  worse: ['▼', 'worse', evidence('worse')],
  no_evidence: [
    '≈',
    'no evidence',
    'These seeds do not tell this configuration from the baseline.',
  ],
  equivalent: [
    '=',
    'equivalent',
    'The difference to the baseline is less than what matters ' +
      '(p < 0.05, adjusted for the number of comparisons).',
  ],
  void: ['∅', 'by construction', 'The difference holds by construction: no test says anything.'],
  too_few_seeds: ['…', 'too few seeds', 'Fewer than three pairs of seeds: no test is possible.'],
  baseline: ['●', 'baseline', 'What the others are compared with.'],
};

export function VerdictMark({ verdict }) {
  const [sign, words, help] = VERDICTS[verdict] ?? ['', verdict ?? '', ''];
  return html`
    <span class="verdict verdict-${verdict}" data-verdict=${verdict} title=${help}>
      <span aria-hidden="true">${sign}</span> ${words}
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

/* The metrics of the runs' task, in groups. */
export function MetricSelect({
  id,
  metrics: all,
  value,
  onChange,
  label,
  finals,
  regression = false,
}) {
  const metrics = all.filter(
    (one) => one.name === value || (regression ? one.regression : one.classification) !== false,
  );
  const groups = [['Per epoch', metrics.filter((one) => one.scope === 'epoch')]];
  if (finals) groups.push(['At the end', metrics.filter((one) => one.scope === 'final')]);
  return html`
    <select id=${id} aria-label=${label} value=${value}
        onChange=${(event) => onChange(event.target.value)}>
      ${groups.map(
        ([words, rows]) => html`
          <optgroup label=${words}>
            ${rows.map(
              (one) => html`
                <option value=${one.name} selected=${one.name === value} title=${one.help}>
                  ${metricLabel(one.name)}
                </option>
              `,
            )}
          </optgroup>
        `,
      )}
    </select>
  `;
}

/* What `method` says, as sentences. */
function methodLines(method) {
  if (!method) return [];
  const { confidence, interval, test, adjustment, n_tests: n, level, notes = [] } = method;
  const share = confidence ? `${Math.round(confidence * 100)} % ` : '';
  return [
    `Intervals: ${share}${interval}. ` +
      `Test: ${test}; ${adjustment} over ${n} comparisons at ${level}.`,
    ...notes,
  ];
}

const isKnown = (x) => x !== null && x !== undefined;

/* " (difference 0.1, 95 % interval 0.05 to 0.15)", or "" where it is not known. */
function differenceWords(difference) {
  if (!difference || !isKnown(difference.ci_low)) return '';
  const { mean, ci_low: low, ci_high: high } = difference;
  const [middle, from, to] = [mean, low, high].map((x) => withSpread(x, high - low));
  return ` (difference ${middle}, 95 % interval ${from} to ${to})`;
}

/* What the chosen config is worth on the test split, and how much validation flatters it. */
function worthWords(selected) {
  const { test_metric: metric, test_value: value, test_difference: difference } = selected;
  const { baseline_test_value: baseline, optimism } = selected;
  const other = isKnown(baseline) && difference ? `, the baseline’s ${number(baseline)}` : '';
  const more = `${other}${differenceWords(difference)}`;
  const how = optimism > 0 ? 'flatters it by' : 'is harder on it by';
  return [
    isKnown(value) && ` Its ${metricLabel(metric)} is ${number(value)}${more}.`,
    isKnown(optimism) && ` Validation ${how} ${number(Math.abs(optimism), 2)}.`,
  ];
}

/* The config that the validation metric chooses. */
function Selected({ comparison: { selected, configs } }) {
  if (!selected || configs.length < 2) return null;
  return html`
    <p class="soft" data-testid="selected-config">
      Chosen by ${metricLabel(selected.select_by)}:${' '}
      <strong>${valuesLabel(selected.values)}</strong>.${worthWords(selected)}
    </p>
  `;
}

/* What has to be known beside the headline; notes stand with the method. */
const Caution = ({ detail }) => html`
  <p class="warning"><${Icon} name="alert" /><span>${detail}</span></p>
`;

function Summary({ comparison }) {
  const { headline, summary, checks = [], method } = comparison;
  const notes = checks.filter((check) => check.severity === 'note').map((check) => check.detail);
  return html`
    ${headline && html`<p class="summary" id="verdict-headline">${headline}</p>`}
    ${checks
      .filter((check) => check.severity !== 'note')
      .map((check) => html`<${Caution} detail=${check.detail} />`)}
    <p class=${headline ? '' : 'summary'} id="verdict-summary" aria-live="polite">${summary}</p>
    <${Selected} comparison=${comparison} />
    <details class="method">
      <summary>How this was found</summary>
      <ul>${[...methodLines(method), ...notes].map((line) => html`<li>${line}</li>`)}</ul>
    </details>
  `;
}

/* The answer, or why there is none yet. */
function Answer({ comparison, problem, active }) {
  if (comparison) return html`<${Summary} comparison=${comparison} />`;
  if (problem) return html`<p class="summary soft"><${Icon} name="alert" /> ${problem.message}</p>`;
  if (!active) return html`<${Loading} what="Comparing" />`;
  return html`<p class="summary soft">The verdict appears when the first runs have finished.</p>`;
}

export function Verdict({ metrics, metric, at, regression, onMetric, onAt, ...answer }) {
  const place = ([key, words]) => html`
    <option value=${key} selected=${key === at}
        disabled=${comparedAt(metrics, metric, key) !== key}>
      ${words}
    </option>
  `;
  return html`
    <section class="card verdict-card" aria-labelledby="verdict-title" data-testid="verdict">
      <div class="verdict-head">
        <h2 id="verdict-title">Verdict</h2>
        <div class="row">
          <${MetricSelect} id="verdict-metric" label="Metric of the verdict" finals
              regression=${regression} metrics=${metrics} value=${metric} onChange=${onMetric} />
          <select id="verdict-at" aria-label="Which value of each run" value=${at}
              onChange=${(event) => onAt(event.target.value)}>
            ${Object.entries(AT_WORDS).map(place)}
          </select>
        </div>
      </div>
      <${Answer} ...${answer} />
    </section>
  `;
}

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
