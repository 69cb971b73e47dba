/* question — what an experiment is to answer: the role of each swept field, the metric, and what
 * difference matters. */
import { ROLES } from '../../lib/design.js';
import { html } from '../../lib/html.js';
import { metricLabel } from '../../lib/format.js';

/* asked: what the service makes of the question, null while nobody knows. */
function Role({ name, role, asked, onRole }) {
  const [, usual] = ROLES.find(([key]) => role === '' && asked?.[key].includes(name)) ?? [];
  const options = [['', usual ? `by its group: ${usual}` : 'by its group'], ...ROLES];
  const id = `role-${name.replace(/\./g, '-')}`;
  return html`
    <label class="role" for=${id}>
      <code>${name}</code>
      <select id=${id} value=${role} onChange=${(event) => onRole(event.target.value)}>
        ${options.map(
          ([key, words]) => html`<option value=${key} selected=${key === role}>${words}</option>`,
        )}
      </select>
    </label>
  `;
}

/* The metric that the question is asked by; one that is not in the list is kept. */
function Metric({ metrics, value, onChange }) {
  const names = metrics.filter((one) => one.scope !== 'layer').map((one) => one.name);
  const option = (name) => html`
    <option value=${name} selected=${name === value}>${metricLabel(name)}</option>
  `;
  return html`
    <select id="question-metric" value=${value}
        onChange=${(event) => onChange(event.target.value)}>
      <option value="" selected=${value === ''}>
        default: validation loss, or test loss where something is tuned
      </option>
      ${value !== '' && !names.includes(value) && option(value)}
      ${names.map(option)}
    </select>
  `;
}

/* swept: names of the swept fields; question: as in a draft; asked: the service's, or null. */
export function QuestionInput({ field, metrics, swept, asked, question, error, onChange }) {
  const { roles, metric, smallest_effect: least } = question;
  const names = [...new Set([...swept, ...Object.keys(roles)])];
  const change = (patch) => onChange({ ...question, ...patch });
  const setRole = (name) => (role) => {
    const others = Object.entries(roles).filter(([one]) => one !== name);
    change({ roles: Object.fromEntries(role ? [...others, [name, role]] : others) });
  };
  const isSet = Object.keys(roles).length > 0 || metric !== '' || least !== '';
  return html`
    <fieldset class="block ${isSet ? 'changed' : ''}" data-field="question">
      <legend><code>question</code></legend>
      <p class="help">${field.help}</p>
      ${error && html`<p class="field-error" id="field-question-error" role="alert">${error}</p>`}
      <div class="question-parts">
        <label>
          metric
          <${Metric} metrics=${metrics} value=${metric}
              onChange=${(name) => change({ metric: name })} />
        </label>
        <label>
          smallest difference that matters
          <input id="question-effect" type="text" inputmode="decimal" autocomplete="off"
              value=${least} placeholder="default: by the metric"
              onInput=${(event) => change({ smallest_effect: event.target.value })} />
        </label>
      </div>
      ${
        names.length > 0 &&
        html`
          <div class="roles" role="group" aria-label="What each swept field is for">
            ${names.map(
              (name) => html`
                <${Role} key=${name} name=${name} role=${roles[name] ?? ''} asked=${asked}
                    onRole=${setRole(name)} />
              `,
            )}
          </div>
          <p class="help">
            By its group: regularizers are asked about, optimization is tuned, data, model and
            recording are contexts. What variants name is asked about.
          </p>
        `
      }
    </fieldset>
  `;
}
