/* field — one row of the field table as a part of a form: its input, its sweep, its help and its
 * error. */
import { html } from '../../lib/html.js';
import { canSweep, canRange, parseSweep, rangeValues, sweepText } from '../../lib/spec.js';
import { defaultWords, rangeWords } from '../../lib/field.js';
import { NONE, value as showValue } from '../../lib/format.js';
import { Icon } from '../basic.js';

const WORDS = { true: 'on', false: 'off' };
const LONG = 24; /* letters that fit into an empty input */

const inputId = (field) => `field-${field.name.replace(/\./g, '-')}`;
const describedBy = (field, error) =>
  [error && `${inputId(field)}-error`, `${inputId(field)}-help`].filter(Boolean).join(' ');

/* [value, words] of a field that has few, else null. */
export function choicesOf(field) {
  if (field.type === 'enum') return field.values.map((one) => [one, one]);
  return field.type === 'boolean' ? Object.entries(WORDS) : null;
}

function PlainInput({ field, text, error, onText }) {
  const shared = {
    id: inputId(field),
    name: field.name,
    'aria-describedby': describedBy(field, error),
    'aria-invalid': error ? 'true' : undefined,
  };
  const change = (event) => onText(event.target.value);
  const choices = choicesOf(field);
  if (choices) {
    const known = text === '' || choices.some(([key]) => key === text);
    return html`
      <select ...${shared} value=${text} onChange=${change}>
        <option value="" selected=${text === ''}>default: ${defaultWords(field)}</option>
        ${!known && html`<option value=${text} selected>${text}</option>`}
        ${choices.map(
          ([key, words]) => html`<option value=${key} selected=${key === text}>${words}</option>`,
        )}
      </select>
    `;
  }
  if (field.name === 'description')
    return html`<textarea ...${shared} rows="2" value=${text} onInput=${change} />`;
  const standard = defaultWords(field);
  const numeric = field.type === 'number' || field.type === 'integer';
  return html`
    <input ...${shared} type="text" inputmode=${numeric ? 'decimal' : undefined} autocomplete="off"
        spellcheck=${false} value=${text} placeholder=${standard.length <= LONG ? standard : ''}
        onInput=${change} />
  `;
}

/* Boxes to tick, for a sweep over named values. */
function ChoiceSweep({ field, sweep, onSweep }) {
  const options = field.type === 'boolean' ? ['true', 'false'] : field.values;
  const chosen = sweep.text.split(/[,\s]+/).filter(Boolean);
  const toggle = (key) =>
    onSweep({
      ...sweep,
      text: options
        .filter((one) => (one === key ? !chosen.includes(one) : chosen.includes(one)))
        .join(', '),
    });
  return html`
    <fieldset class="choices" id=${inputId(field)} tabindex="-1">
      <legend class="visually-hidden">Values of ${field.name} to try</legend>
      ${options.map(
        (key) => html`
          <label class="check">
            <input type="checkbox" checked=${chosen.includes(key)} onChange=${() => toggle(key)} />
            ${' '}${WORDS[key] ?? key}
          </label>
        `,
      )}
    </fieldset>
  `;
}

function RangeSweep({ field, sweep, error, onSweep }) {
  const part = (key, label) => html`
    <label>
      ${label}
      <input id="${inputId(field)}-${key}" type="text" inputmode="decimal" autocomplete="off"
          value=${sweep[key]} aria-invalid=${error ? 'true' : undefined}
          aria-describedby=${describedBy(field, error)}
          onInput=${(event) => onSweep({ ...sweep, [key]: event.target.value })} />
    </label>
  `;
  return html`
    <div class="range-parts">
      ${part('min', 'from')}
      ${part('max', 'to')}
      ${part('count', 'values')}
      <label>
        spaced<select id="${inputId(field)}-scale" value=${sweep.scale}
            onChange=${(event) => onSweep({ ...sweep, scale: event.target.value })}>
          ${['linear', 'log'].map(
            (key) => html`
              <option value=${key} selected=${key === sweep.scale}>
                ${key === 'log' ? 'by factors' : 'evenly'}
              </option>
            `,
          )}
        </select>
      </label>
    </div>
  `;
}

function SweepInput({ field, sweep, error, onSweep }) {
  if (field.type === 'enum' || field.type === 'boolean')
    return html`<${ChoiceSweep} field=${field} sweep=${sweep} onSweep=${onSweep} />`;
  const parsed = parseSweep(field, sweep);
  const shown =
    sweep.kind === 'range' && parsed?.value
      ? rangeValues(parsed.value, field.type === 'integer')
      : null;
  const toRange = () => {
    const values = (parsed?.value ?? []).filter((one) => typeof one === 'number');
    const positive = values.length > 0 && Math.min(...values) > 0;
    onSweep({
      kind: 'range',
      min: values.length ? String(Math.min(...values)) : '',
      max: values.length ? String(Math.max(...values)) : '',
      count: String(Math.max(values.length, 5)),
      scale: positive && Math.max(...values) / Math.min(...values) > 20 ? 'log' : 'linear',
    });
  };
  const toValues = () => onSweep({ kind: 'values', text: shown ? sweepText(field, shown) : '' });
  return html`
    <div class="sweep">
      ${
        sweep.kind === 'values'
          ? html`
            <input id=${inputId(field)} type="text" autocomplete="off" spellcheck=${false}
                value=${sweep.text} aria-label="Values of ${field.name} to try"
                aria-describedby=${describedBy(field, error)}
                aria-invalid=${error ? 'true' : undefined} placeholder=${
                  field.type === 'integer_array' ? '64; 128, 128' : 'values, with commas'
                } onInput=${(event) => onSweep({ kind: 'values', text: event.target.value })} />
          `
          : html`<${RangeSweep} field=${field} sweep=${sweep} error=${error} onSweep=${onSweep} />`
      }
      ${
        shown &&
        html`
          <p class="soft small sweep-values">${shown.map((one) => showValue(one)).join(', ')}</p>
        `
      }
      ${
        canRange(field) &&
        (sweep.kind === 'values'
          ? html`
            <button type="button" class="link small" id="${inputId(field)}-range"
                onClick=${toRange}>
              Use a range
            </button>
          `
          : html`
            <button type="button" class="link small" id="${inputId(field)}-values"
                onClick=${toValues}>
              Type values
            </button>
          `)
      }
    </div>
  `;
}

const TOOLS = [
  ['pytorch', 'PyTorch'],
  ['keras', 'Keras'],
  ['scikit_learn', 'scikit-learn'],
];

/* The words that are about the field, each with its lesson. */
const Words = ({ field }) => html`
  <p class="word-links small">
    ${field.words.map(
      ({ term }) => html`
        <a key=${term} href="#/glossary?find=${encodeURIComponent(term)}">${term}</a>
      `,
    )}
  </p>
`;

/* What the field is defined as, and what other tools call it. */
function Definition({ field }) {
  const known = TOOLS.filter(([key]) => field.equivalents?.[key]);
  return html`
    ${field.formula && html`<p class="formula">${field.formula}</p>`}
    ${
      known.length > 0 &&
      html`
        <details class="elsewhere">
          <summary>
            In ${known.map(([, name]) => name).join(', ')}
            <span class="visually-hidden">: ${field.name}</span>
          </summary>
          <dl>
            ${TOOLS.map(
              ([key, name]) => html`
                <div><dt>${name}</dt><dd>${field.equivalents[key] ?? NONE}</dd></div>
              `,
            )}
          </dl>
        </details>
      `
    }
  `;
}

/* A field with everything around it. `input` replaces the plain input; `label` is for one that does
 * not stand under its parent. */
export function FieldRow({
  field,
  label = field.name.slice(field.name.indexOf('.') + 1),
  text = '',
  sweep,
  error,
  onText,
  onSweep,
  input,
}) {
  const changed = sweep || text.trim() !== '';
  const range = rangeWords(field);
  const start = () => {
    const first =
      text.trim() !== '' ? text : typeof field.default === 'number' ? String(field.default) : '';
    onSweep({ kind: 'values', text: first });
    requestAnimationFrame(() => document.getElementById(inputId(field))?.focus());
  };
  return html`
    <div class="field ${changed ? 'changed' : ''} ${error ? 'wrong' : ''}" data-field=${field.name}>
      <div class="field-top">
        <label for=${inputId(field)}><code>${label}</code></label>
        ${
          canSweep(field) &&
          html`
            <button type="button" class="button quiet small vary ${sweep ? 'on' : ''}"
                id="sweep-${field.name.replace(/\./g, '-')}"
                aria-pressed=${sweep ? 'true' : 'false'}
                title=${sweep ? 'One value again' : 'Try several values'}
                onClick=${() => (sweep ? onSweep(null) : start())}>
              <${Icon} name="vary" />
              ${sweep ? 'Sweeping' : 'Sweep'}
              <span class="visually-hidden"> ${field.name}</span>
            </button>
          `
        }
      </div>
      ${
        sweep
          ? html`<${SweepInput} field=${field} sweep=${sweep} error=${error} onSweep=${onSweep} />`
          : (input ??
            html`<${PlainInput} field=${field} text=${text} error=${error} onText=${onText} />`)
      }
      ${
        error && html`<p class="field-error" id="${inputId(field)}-error" role="alert">${error}</p>`
      }
      <p class="help" id="${inputId(field)}-help">
        ${field.help}
        ${!input && defaultWords(field).length > LONG ? ` Default: ${defaultWords(field)}.` : ''}
        ${range ? html` <span class="soft nowrap">(${range})</span>` : ''}
      </p>
      <${Definition} field=${field} />
      ${field.words?.length > 0 && html`<${Words} field=${field} />`}
    </div>
  `;
}
