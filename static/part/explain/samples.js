/* samples — the inputs to choose from: pictures, or their first numbers. */
import { html } from '../../lib/html.js';
import { number } from '../../lib/format.js';
import { Picture } from '../picture.js';

export const CHOICES = 16;

function Face({ row, image, label, i }) {
  if (image)
    return html`
      <${Picture} values=${row} width=${image.width} height=${image.height} kind="grey"
          label="Sample ${i}, class ${label}" />
    `;
  const start = row.slice(0, 2).map((x) => number(x, 2));
  return html`
    <span class="sample-text">${start.join(', ')}<br /><span class="soft">${label}</span></span>
  `;
}

export function Samples({ preview, image, value, onChange }) {
  const sample = (row, i) => html`
    <label class=${i === value ? 'on' : ''}>
      <input type="radio" class="visually-hidden" name="sample" id="sample-${i}"
          checked=${i === value} onChange=${() => onChange(i)} />
      <${Face} row=${row} image=${image} label=${preview.labels?.[i] ?? ''} i=${i} />
    </label>
  `;
  return html`
    <div class="samples" role="radiogroup" aria-label="Input">
      ${preview.rows.slice(0, CHOICES).map(sample)}
    </div>
  `;
}
