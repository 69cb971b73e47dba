/* specification — a specification as text: its JSON and the curl line that posts it. */
import { html, useState } from '../lib/html.js';
import { link } from '../lib/api.js';
import { Icon, copyText, saveFile } from './basic.js';
import { Segments } from './control.js';

/* JSON on one line, with the spaces that people put. */
function inline(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  const parts = Object.entries(value).map(
    ([key, part]) => `${JSON.stringify(key)}: ${inline(part)}`,
  );
  return parts.length ? `{ ${parts.join(', ')} }` : '{}';
}

/* Pretty JSON with what is short on one line. */
export function pretty(value, indent = '') {
  const flat = inline(value);
  const short = flat.length <= 78 - indent.length && (indent !== '' || flat === '{}');
  if (value === null || typeof value !== 'object' || short) return flat;
  const next = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((part) => next + pretty(part, next))
    : Object.entries(value).map(
        ([key, part]) => `${next}${JSON.stringify(key)}: ${pretty(part, next)}`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

const curlLine = (spec) =>
  [
    `curl -sS ${location.origin}${link('/experiments')}`,
    "-H 'Content-Type: application/json'",
    `-d '${JSON.stringify(spec).replace(/'/g, "'\\''")}'`,
  ].join(' \\\n  ');

export function SpecificationText({ spec, name }) {
  const [form, setForm] = useState('json');
  const words = form === 'json' ? pretty(spec) : curlLine(spec);
  return html`
    <div class="spec-text">
      <div class="row">
        <${Segments} name="spec-form" label="Form" value=${form} options=${[
          ['json', 'JSON'],
          ['curl', 'curl'],
        ]} onChange=${setForm} />
        <span class="grow" />
        <button type="button" class="button quiet small" id="spec-copy"
            onClick=${() => copyText(words)}>
          <${Icon} name="copy" />Copy
        </button>
        ${
          form === 'json' &&
          html`
            <button type="button" class="button quiet small" id="spec-save"
                onClick=${() => saveFile(`${name}.json`, `${words}\n`, 'application/json')}>
              <${Icon} name="download" />Save
            </button>
          `
        }
      </div>
      <pre class="code" id="spec-text" tabindex="0" aria-label="Specification">${words}</pre>
    </div>
  `;
}
