/* summary — what a specification would do, and the button that does it. */
import { html, useEffect } from '../../lib/html.js';
import { questionWords } from '../../lib/design.js';
import { bytes, count, duration, metricLabel } from '../../lib/format.js';
import { Icon } from '../basic.js';
import { SpecificationText } from '../specification.js';

/* "40 runs", "40 to 240 runs" where seeds are added by a rule. */
function runsPlanned({ n_runs, n_configs }, spec) {
  const most = spec.repeats?.until ? n_configs * (spec.repeats.max ?? 40) : n_runs;
  return most > n_runs ? `${n_runs} to ${count(most, 'run')}` : count(n_runs, 'run');
}

/* What it would answer, as the service understands it. */
function Asked({ question }) {
  const words = questionWords(question);
  if (question.treatment.length === 0) return null;
  return html`
    <p class="soft" id="asked">
      It ${words.join('; ')}. Judged by ${metricLabel(question.metric)}.
    </p>
  `;
}

/* What the service says of the work. */
function Plan({ answer, spec }) {
  const { n_runs, n_configs, n_cells, memory_bytes: memory } = answer;
  const seconds = answer.estimated_seconds ?? null;
  const more = spec.repeats?.until ? ' or more' : '';
  const time = seconds === null ? '' : `, about ${duration(seconds)}${more}`;
  const distinct = n_cells > n_configs ? `; ${count(n_cells, 'cell')}, ${n_configs} distinct` : '';
  const room = memory ? `, ${bytes(memory)} of memory a run` : '';
  const seeds = count(Math.round(n_runs / Math.max(1, n_configs)), 'seed');
  return html`
    <p class="big"><span id="n-runs">${runsPlanned(answer, spec)}</span></p>
    <p class="soft">${count(n_configs, 'config')} × ${seeds}${time}${distinct}${room}</p>
    <${Asked} question=${answer.question} />
  `;
}

/* Puts the cursor into the input of a field. */
export function focusField(name) {
  const id = `field-${name.replace(/\./g, '-')}`;
  const input =
    document.getElementById(id) ??
    document.getElementById(`${id}-min`) ??
    document.querySelector(`[data-field="${name}"] input`);
  input?.closest('details')?.setAttribute('open', '');
  input?.scrollIntoView({ block: 'center' });
  input?.focus({ preventScroll: true });
}

/* An error that leads to its field. */
function FieldError({ name, words }) {
  const go = (event) => {
    event.preventDefault();
    focusField(name);
  };
  return html`
    <p class="field-error">
      <a href="#field-${name.replace(/\./g, '-')}" onClick=${go}><code>${name}</code></a> ${words}
    </p>
  `;
}

/* errors: Map field → sentence; other: sentences of no field; `local`: something could not even be
 * read here. */
export function Summary({ spec, check, errors, other, local, submit, busy }) {
  const { answer } = check;
  const n_wrong = errors.size + other.length;
  const state = check.busy ? 'checking' : n_wrong ? 'invalid' : 'valid';
  const wrong = html`<p class="big bad-text">${count(n_wrong, 'thing')} to correct</p>`;
  const checking = html`<p class="big soft">Checking…</p>`;
  useEffect(() => {
    document.documentElement.classList.add('with-start'); /* it covers the end of the page */
    return () => document.documentElement.classList.remove('with-start');
  }, []);
  const plan = answer && !local && html`<${Plan} answer=${answer} spec=${spec} />`;
  return html`
    <aside class="card summary-card" aria-label="Summary">
      <div class="start">
        <div aria-live="polite" tabindex="0" role="region" aria-label="What would be trained"
            data-testid="dry-run" data-state=${state}>
          ${plan || (n_wrong ? wrong : checking)}
          ${other.map((line) => html`<p class="field-error">${line}</p>`)}
          ${[...errors].map(([name, words]) => html`<${FieldError} name=${name} words=${words} />`)}
          ${(answer?.warnings ?? []).map(
            (line) => html`<p class="warning"><${Icon} name="alert" /><span>${line}</span></p>`,
          )}
        </div>
        <button type="submit" class="button primary large" id="submit"
            disabled=${busy || n_wrong > 0} onClick=${submit}>
          <${Icon} name="play" />Start
        </button>
      </div>
      <${SpecificationText} spec=${spec} name="experiment" />
    </aside>
  `;
}
