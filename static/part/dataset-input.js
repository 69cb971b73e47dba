/* dataset-input — the choice of a data set, with the options of a built-in one. The field's text is a name or the JSON of
 * {"name", options}. */
import { html } from '../lib/html.js';
import { count, value as showValue } from '../lib/format.js';

/* {name, options} of the field's text. */
function read(text) {
  if (!text.trim().startsWith('{')) return { name: text.trim(), options: {} };
  try {
    const { name = '', ...options } = JSON.parse(text);
    return { name, options };
  } catch { return { name: text, options: {} }; }
}

const write = (name, options) => (Object.keys(options).length ? JSON.stringify({ name: name || undefined, ...options }) : name);

/* The options of a set as rows {name, default}, whatever their shape. */
function optionsOf(set) {
  const { options } = set ?? {};
  if (Array.isArray(options)) return options.map((one) => (typeof one === 'string' ? { name: one } : one));
  return Object.entries(options ?? {}).map(([name, one]) => (typeof one === 'object' && one ? { name, ...one } : { name, default: one }));
}

export function DatasetInput({ field, text, error, onText, datasets }) {
  const { name, options } = read(text);
  const chosen = datasets.find((one) => one.name === (name || field.default));
  const id = 'field-dataset';
  const option = (key, typed) => {
    const next = { ...options };
    const parsed = Number(typed);
    if (typed.trim() === '') delete next[key];
    else next[key] = Number.isFinite(parsed) ? parsed : typed;
    onText(write(name || String(field.default), next));
  };
  const groups = [['Built in', datasets.filter((one) => one.built_in)], ['Registered', datasets.filter((one) => !one.built_in)]];
  return html`
    <select id=${id} name="dataset" value=${name} aria-invalid=${error ? 'true' : undefined} aria-describedby="${id}-help" onChange=${(event) => onText(event.target.value)}>
      <option value="" selected=${name === ''}>default: ${showValue(field.default)}</option>
      ${name !== '' && !datasets.some((one) => one.name === name) && html`<option value=${name} selected>${name}</option>`}
      ${groups.filter(([, sets]) => sets.length).map(([words, sets]) => html`<optgroup label=${words}>${sets.map((one) => html`<option value=${one.name} selected=${one.name === name}>${one.name}</option>`)}</optgroup>`)}
    </select>
    ${chosen && html`<p class="soft small">${[chosen.task, chosen.n_train && count(chosen.n_train, 'training sample'), chosen.help].filter(Boolean).join(' · ')}</p>`}
    ${optionsOf(chosen).length > 0 && html`<div class="range-parts">${optionsOf(chosen).map((one) => html`
      <label><code>${one.name}</code><input id="dataset-option-${one.name}" type="text" inputmode="decimal" autocomplete="off" value=${options[one.name] ?? ''} placeholder=${showValue(one.default)} onInput=${(event) => option(one.name, event.target.value)} /></label>`)}</div>`}`;
}
