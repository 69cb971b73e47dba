/* control — inputs with their names, as they stand in toolbars. */
import { html, useState } from '../lib/html.js';

/* Whether a text is what was read from it: "0." on the way to 0.05 is 0. */
const isStill = (typed, value) =>
  typed.trim() === String(value) || (typed.trim() !== '' && Number(typed) === Number(value));

/* The input of a number that is kept as a number: what is typed stays as it stands while it is
 * still that number. `value`: "" where there is none. */
export function NumberInput({ value, onTyped, ...shared }) {
  const [typed, setTyped] = useState('');
  const change = ({ target }) => {
    setTyped(target.value);
    onTyped(target.value);
  };
  return html`
    <input type="text" inputmode="decimal" autocomplete="off" ...${shared}
        value=${isStill(typed, value) ? typed : value} onInput=${change} />
  `;
}

/* options: [[value, words]]. */
export const Select = ({ id, label, value, options, onChange, disabled, title }) => html`
  <label class="inline">
    ${label}${' '}
    <select id=${id} value=${value} disabled=${disabled} title=${title}
        onChange=${(event) => onChange(event.target.value)}>
      ${options.map(
        ([key, words]) => html`<option value=${key} selected=${key === value}>${words}</option>`,
      )}
    </select>
  </label>
`;

export const Check = ({ id, label, checked, title, onChange }) => html`
  <label class="inline check" title=${title}>
    <input type="checkbox" id=${id} checked=${checked}
        onChange=${(event) => onChange(event.target.checked)} />
    ${' '}${label}
  </label>
`;

const LINEAR_OR_LOG = [
  ['linear', 'Linear'],
  ['log', 'Log'],
];

/* One of a few values, as a row of radio buttons. options: [[value, label]]. */
export const Segments = ({ name, label, value, options, onChange }) => html`
  <div class="segments" role="radiogroup" aria-label=${label}>
    ${options.map(
      ([key, words]) => html`
        <label class=${key === value ? 'on' : ''}>
          <input type="radio" name=${name} value=${key} checked=${key === value}
              onChange=${() => onChange(key)} data-testid="${name}-${key}" />
          <span>${words}</span>
        </label>
      `,
    )}
  </div>
`;

/* Whether the vertical axis is linear or logarithmic (`y`). */
export const AxisSegments = ({ props, set }) => html`
  <${Segments} name="y" label="Vertical axis" value=${props.y} options=${LINEAR_OR_LOG}
      onChange=${(y) => set({ y })} />
`;

/* Whether the vertical axis fits what comes after the steep beginning (`fit`). */
export const FitToggle = ({ props, set }) => html`
  <${Check} id="fit" label="fit the end" checked=${props.fit === 'end'}
      title="The vertical axis fits what comes after the steep beginning"
      onChange=${(on) => set({ fit: on ? 'end' : 'all' })} />
`;

/* Whether epochs are logarithmic (`x`). */
export const LogEpochs = ({ props, set }) => html`
  <${Check} id="x-log" label="log epochs" checked=${props.x === 'log'}
      onChange=${(on) => set({ x: on ? 'log' : 'linear' })} />
`;

/* Tabs of a part of a page. tabs: [[key, label]]. The panel under them has id `${id}-panel`. */
export function Tabs({ id, label, value, tabs, onChange }) {
  const keys = tabs.map(([key]) => key);
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = keys[(keys.indexOf(value) + step + keys.length) % keys.length];
    onChange(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return html`
    <div class="tabs" role="tablist" aria-label=${label} onKeyDown=${move}>
      ${tabs.map(
        ([key, words]) => html`
          <button type="button" role="tab" id="${id}-${key}"
              aria-selected=${key === value ? 'true' : 'false'} aria-controls="${id}-panel"
              tabindex=${key === value ? 0 : -1} onClick=${() => onChange(key)}>
            ${words}
          </button>
        `,
      )}
    </div>
  `;
}

export const tabPanel = (id, key) => ({
  id: `${id}-panel`,
  role: 'tabpanel',
  'aria-labelledby': `${id}-${key}`,
  tabindex: -1,
});
