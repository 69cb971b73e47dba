/* conclusion — the answer of an experiment, from /comparison: in plain words, with what must be
 * known beside them, then the table of its arms, then how it was found. */
import { html } from '../../lib/html.js';
import { questionWords } from '../../lib/design.js';
import { metricLabel, number, valuesLabel, withSpread } from '../../lib/format.js';
import { Icon, Loading, copyText } from '../basic.js';
import { ArmDetails, ArmTable } from './arms.js';
import { RegimeMap } from './regime.js';
import { AT_WORDS, MetricSelect, comparedAt } from './verdict.js';

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
    isKnown(optimism) &&
      ` Validation ${how} ${number(Math.abs(optimism), 2)}, beside the mean of all configs.`,
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

/* What was asked, as the service understood it, and what counts as a difference. */
function Question({ comparison: { question, contexts } }) {
  const { smallest_effect: least } = question;
  const words = questionWords(question);
  if (contexts.length === 1 && isKnown(least))
    words.push(`a difference of ${number(least, 2)} matters`);
  return (
    words.length > 0 && html`<p class="soft" id="verdict-question">It ${words.join('; ')}.</p>`
  );
}

/* What has to be known beside the headline; notes stand with the method. */
const Caution = ({ check: { code, severity, detail } }) => html`
  <p class="warning caution-${severity}" data-check=${code}>
    <${Icon} name="alert" /><span>${detail}</span>
  </p>
`;

/* The numbers in sentences; of several contexts they are long, and told when asked for. */
function Sentences({ comparison: { summary, contexts } }) {
  const words = html`<p id="verdict-summary">${summary}</p>`;
  if (contexts.length < 2) return words;
  return html`
    <details class="method"><summary>Every context in words</summary>${words}</details>
  `;
}

/* The headline with its cautions beside it. */
function Words({ comparison }) {
  const cautions = comparison.checks.filter((check) => check.severity !== 'note');
  return html`
    <div class="answer ${cautions.length ? 'careful' : ''}">
      <div class="answer-words">
        <p class="summary" id="verdict-headline" aria-live="polite">${comparison.headline}</p>
        <${Question} comparison=${comparison} />
        <${Sentences} comparison=${comparison} />
        <${Selected} comparison=${comparison} />
      </div>
      ${
        cautions.length > 0 &&
        html`
          <div class="cautions" role="group" aria-label="To be careful about">
            ${cautions.map((check) => html`<${Caution} key=${check.code} check=${check} />`)}
          </div>
        `
      }
    </div>
  `;
}

/* How it was found: the numbers of the tests, the method, and its paragraph for a paper. */
function Found({ comparison }) {
  const { checks, method } = comparison;
  const notes = checks.filter((check) => check.severity === 'note').map((check) => check.detail);
  const { paragraph } = method;
  const methods = html`
    <div class="row methods">
      <details class="method" id="methods">
        <summary>Methods, for a paper</summary>
        <p class="paragraph">${paragraph}</p>
      </details>
      <button type="button" class="button quiet small" id="methods-copy"
          onClick=${() => copyText(paragraph)}>
        <${Icon} name="copy" />Copy the methods
      </button>
    </div>
  `;
  return html`
    <div class="found">
      ${comparison.arms.length > 1 && html`<${ArmDetails} comparison=${comparison} />`}
      <details class="method">
        <summary>How this was found</summary>
        <ul>${[...methodLines(method), ...notes].map((line) => html`<li>${line}</li>`)}</ul>
      </details>
      ${paragraph && methods}
    </div>
  `;
}

/* The answer, or why there is none yet. */
function Answer({ comparison, problem, ...shared }) {
  if (comparison)
    return html`
      <${Words} comparison=${comparison} />
      ${comparison.contexts.length > 1 && html`<${RegimeMap} comparison=${comparison} />`}
      <${ArmTable} comparison=${comparison} ...${shared} />
      <${Found} comparison=${comparison} />
    `;
  if (problem) return html`<p class="summary soft"><${Icon} name="alert" /> ${problem.message}</p>`;
  return html`<${Loading} what="Comparing" />`;
}

/* What is compared, and which value of each run. own: the metric of the question, if known;
 * `metric` is it or another that was picked. */
function Choice({ metrics, metric, own, at, regression, set }) {
  const place = ([key, words]) => html`
    <option value=${key} selected=${key === at}
        disabled=${comparedAt(metrics, metric, key) !== key}>
      ${words}
    </option>
  `;
  return html`
    <div class="row">
      <${MetricSelect} id="verdict-metric" label="Metric of the verdict" finals own=${own}
          regression=${regression} metrics=${metrics} value=${metric}
          onChange=${(name) => set({ compare: name === own ? '' : name })} />
      <select id="verdict-at" aria-label="Which value of each run" value=${at}
          onChange=${(event) => set({ at: event.target.value })}>
        ${Object.entries(AT_WORDS).map(place)}
      </select>
    </div>
  `;
}

export function Verdict({ store, catalogue, own, ...shared }) {
  const { props, set, regression } = shared;
  return html`
    <section class="card verdict-card" aria-labelledby="verdict-title" data-testid="verdict">
      <div class="verdict-head">
        <h2 id="verdict-title">Verdict</h2>
        <${Choice} metrics=${catalogue.metrics} metric=${props.compare} own=${own} at=${props.at}
            regression=${regression} set=${set} />
      </div>
      <${Answer} comparison=${store.comparison} problem=${store.problems.get('comparison')}
          store=${store} ...${shared} />
    </section>
  `;
}
