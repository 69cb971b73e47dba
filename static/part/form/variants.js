/* variants — configs beside each other, each with a label and the settings that it has: one
 * regularizer at a time. */
import { html } from '../../lib/html.js';
import { canSweep } from '../../lib/spec.js';
import { defaultWords } from '../../lib/field.js';
import { Icon } from '../basic.js';
import { choicesOf } from './field.js';

const nothing = () => ({ label: '', values: [], rest: {} });
const focusLater = (id) => requestAnimationFrame(() => document.getElementById(id)?.focus());

/* The value of one setting. */
function ValueInput({ field, id, text, words, onText }) {
  const shared = { id, 'aria-label': words, onChange: (event) => onText(event.target.value) };
  const choices = field && choicesOf(field);
  if (!choices)
    return html`
      <input ...${shared} type="text" autocomplete="off" spellcheck=${false} value=${text}
          placeholder=${field ? defaultWords(field) : ''}
          onInput=${(event) => onText(event.target.value)} />
    `;
  return html`
    <select ...${shared} value=${text}>
      <option value="" selected=${text === ''}>default: ${defaultWords(field)}</option>
      ${choices.map(
        ([key, name]) => html`<option value=${key} selected=${key === text}>${name}</option>`,
      )}
    </select>
  `;
}

function Setting({ field, name, id, text, of, onText, remove }) {
  return html`
    <div class="setting">
      <code>${name}</code>
      <${ValueInput} field=${field} id=${id} text=${text} words="${name} of ${of}"
          onText=${onText} />
      <button type="button" class="button quiet icon-only" aria-label="Remove ${name} from ${of}"
          onClick=${remove}>
        <${Icon} name="close" />
      </button>
    </div>
  `;
}

/* A setting to be added, by its group. */
function AddSetting({ id, fields, taken, of, add }) {
  const groups = new Map();
  for (const field of fields.filter((one) => canSweep(one) && !taken.includes(one.name)))
    groups.set(field.group, [...(groups.get(field.group) ?? []), field]);
  const order = [...groups].sort(([a], [b]) => (b === 'regularizers') - (a === 'regularizers'));
  const choose = ({ target }) => {
    if (target.value) add(target.value);
    target.value = '';
  };
  return html`
    <select id=${id} class="add-setting" value="" aria-label="Add a setting to ${of}"
        onChange=${choose}>
      <option value="">${taken.length ? 'and…' : 'add a setting…'}</option>
      ${order.map(
        ([group, rows]) => html`
          <optgroup label=${group}>
            ${rows.map(({ name }) => html`<option value=${name}>${name}</option>`)}
          </optgroup>
        `,
      )}
    </select>
  `;
}

/* One of them; `change` gets what it is to be, null to be gone. */
function Variant({ variant, place, fields, change }) {
  const { label, values } = variant;
  const id = `variant-${place}`;
  const of = label.trim() || `variant ${place + 1}`;
  const setValues = (next) => change({ ...variant, values: next });
  const setting = ({ name, text }, i) => html`
    <${Setting} key=${name} name=${name} text=${text} of=${of} id="${id}-${name}"
        field=${fields.find((field) => field.name === name)}
        onText=${(typed) =>
          setValues(values.map((one, j) => (j === i ? { name, text: typed } : one)))}
        remove=${() => setValues(values.filter((_, j) => j !== i))} />
  `;
  const add = (name) => {
    setValues([...values, { name, text: '' }]);
    focusLater(`${id}-${name}`);
  };
  return html`
    <li class="variant">
      <div class="variant-head">
        <input id="${id}-label" type="text" autocomplete="off" value=${label}
            placeholder="variant ${place + 1}" aria-label="Label of variant ${place + 1}"
            onInput=${(event) => change({ ...variant, label: event.target.value })} />
        <button type="button" class="button quiet icon-only" aria-label="Remove ${of}"
            onClick=${() => change(null)}>
          <${Icon} name="trash" />
        </button>
      </div>
      ${values.map(setting)}
      ${values.length === 0 && html`<p class="soft small">As set below, nothing else.</p>`}
      <${AddSetting} id="${id}-add" fields=${fields} of=${of} add=${add}
          taken=${values.map(({ name }) => name)} />
    </li>
  `;
}

/* variants: as in a draft; onChange(variants). */
export function VariantsInput({ field, fields, variants, error, onChange }) {
  const add = () => {
    const first = variants.length ? [] : [{ ...nothing(), label: 'none' }];
    onChange([...variants, ...first, nothing()]);
    focusLater(`variant-${variants.length + first.length}-label`);
  };
  const change = (i) => (next) =>
    onChange(variants.flatMap((one, j) => (j === i ? (next ?? []) : one)));
  return html`
    <fieldset class="block ${variants.length ? 'changed' : ''}" data-field="variants">
      <legend><code>variants</code></legend>
      <p class="help">${field.help}</p>
      ${error && html`<p class="field-error" id="field-variants-error" role="alert">${error}</p>`}
      ${
        variants.length > 0 &&
        html`
          <ul class="variants">
            ${variants.map(
              (variant, i) => html`
                <${Variant} key=${i} variant=${variant} place=${i} fields=${fields}
                    change=${change(i)} />
              `,
            )}
          </ul>
        `
      }
      <button type="button" class="button small" id="add-variant" onClick=${add}>
        <${Icon} name="plus" />Add a variant
      </button>
    </fieldset>
  `;
}
