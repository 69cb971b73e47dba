/* configuration — a resolved configuration: what was set first, then what is at its default; and
 * its JSON. */
import { html, useState } from '../../lib/html.js';
import { value as showValue } from '../../lib/format.js';
import { pretty } from '../specification.js';
import { Icon, copyText } from '../basic.js';
import { defaultWords } from '../../lib/field.js';
import { Segments } from '../control.js';

const FORMS = [
  ['table', 'Table'],
  ['json', 'JSON'],
];

/* {name: value} with dotted names for what is inside parents of dotted fields. */
function flatten(config, fields) {
  const flat = [];
  const parents = new Set(
    fields.filter((field) => field.type === 'object').map((field) => field.name),
  );
  for (const [name, part] of Object.entries(config ?? {})) {
    if (parents.has(name) && part !== null && typeof part === 'object')
      for (const [key, inner] of Object.entries(part)) flat.push([`${name}.${key}`, inner]);
    else flat.push([name, part]);
  }
  return flat;
}

/* Whether a value is what the field table gives by itself. A default that depends on others is null
 * there and says nothing. */
function isDefault(field, part, datasets) {
  if (!field) return false;
  if (JSON.stringify(field.default) === JSON.stringify(part)) return true;
  if (field.type === 'dataset') {
    const { name, ...options } = typeof part === 'object' ? part : { name: part };
    const standard = datasets.find((one) => one.name === name)?.options ?? {};
    return (
      name === defaultWords(field).replace(/"/g, '') &&
      Object.entries(options).every(([key, value]) => standard[key] === value)
    );
  }
  return field.default === null && !field.nullable;
}

/* One field with its value, and its default where that is another. */
function Entry({ one: { key, part, field, own } }) {
  const standard = field ? defaultWords(field) : '';
  const words = Array.isArray(field?.default) ? showValue(field.default) : standard;
  const other = html`${' '}<span class="soft small">default ${words}</span>`;
  return html`
    <div title=${field?.help}>
      <dt><code>${key}</code></dt>
      <dd>${showValue(part)}${own && standard !== '' && other}</dd>
    </div>
  `;
}

function Entries({ title, entries, testid }) {
  if (entries.length === 0) return null;
  return html`
    <h3>${title}</h3>
    <dl class="pairs" data-testid=${testid}>
      ${entries.map((one) => html`<${Entry} one=${one} />`)}
    </dl>
  `;
}

export function Configuration({ config, fields, datasets, name }) {
  const [form, setForm] = useState('table');
  const rows = new Map(fields.map((field) => [field.name, field]));
  const flat = flatten(config, fields).map(([key, part]) => ({
    key,
    part,
    field: rows.get(key),
    own: !isDefault(rows.get(key), part, datasets),
  }));
  const [own, usual] = [flat.filter((one) => one.own), flat.filter((one) => !one.own)];
  const table = html`
    <${Entries} title="Different from the defaults" entries=${own} testid="config-own" />
    <${Entries} title="At the defaults" entries=${usual} testid="config-default" />
  `;
  const json = html`
    <pre class="code" id="config-json" tabindex="0" aria-label="Configuration of ${name}">
      ${pretty(config)}
    </pre>
  `;
  const copy = html`
    <button type="button" class="button quiet small" id="config-copy"
        onClick=${() => copyText(pretty(config))}>
      <${Icon} name="copy" />Copy
    </button>
  `;
  return html`
    <div class="spec-text">
      <div class="row">
        <${Segments} name="config-form" label="Form" value=${form} options=${FORMS}
            onChange=${setForm} />
        <span class="grow" />
        ${form === 'json' && copy}
      </div>
      ${form === 'json' ? json : table}
    </div>
  `;
}
