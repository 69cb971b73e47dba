/* editable — a text that is changed where it stands. */
import { html, useLayoutEffect, useRef, useState } from '../lib/html.js';
import { Icon } from './basic.js';

const LINES_LIMIT = 14; /* of an input; more are scrolled to */

/* The input, uncontrolled: what is typed outlives a redraw of the page. It saves when it is left,
 * and only what was changed in it: what the element makes of the text (an input has no line breaks)
 * and blanks around it are no change. */
function Input({ id, label, value, hint, lines, leave, onSave }) {
  const input = useRef(null);
  const before = useRef('');
  const isLeft = useRef(false); /* an element that goes away is blurred once more */
  useLayoutEffect(() => {
    const { current } = input;
    before.current = current.value.trim();
    current.focus();
    if (!lines) {
      current.select();
      return;
    }
    current.setSelectionRange(current.value.length, current.value.length);
    current.scrollTop = current.scrollHeight;
  }, []);
  const end = (save) => {
    if (isLeft.current || !input.current) return;
    isLeft.current = true;
    const next = input.current.value.trim();
    leave();
    if (save && next !== before.current) onSave(next);
  };
  const press = (event) => {
    if (event.key === 'Escape') end(false);
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    end(true);
  };
  const shared = {
    id: `${id}-input`,
    'aria-label': label,
    placeholder: hint,
    defaultValue: value,
    onBlur: () => end(true),
    onKeyDown: press,
  };
  return lines
    ? html`
      <textarea ref=${input} ...${shared}
          rows=${Math.max(2, Math.min(LINES_LIMIT, value.split('\n').length))}
          title="Enter saves, Shift and Enter makes a new line, Escape leaves it as it was" />
    `
    : html`<input ref=${input} ...${shared} />`;
}

/* A text that becomes an input when its pen is pressed; with `lines` it may have several.
 * `children`, if any, are shown in place of the text, `empty` where there is none. */
export function Editable({
  id,
  label,
  value,
  empty,
  tag: Tag = 'span',
  hint,
  lines = false,
  children,
  onSave,
}) {
  const [editing, setEditing] = useState(false);
  if (editing) {
    return html`
      <div class="editable editing">
        <${Input} id=${id} label=${label} value=${value ?? ''} hint=${hint} lines=${lines}
            leave=${() => setEditing(false)} onSave=${onSave} />
      </div>
    `;
  }
  return html`
    <${Tag} class="editable ${lines ? 'lines' : ''}" id=${id}>
      ${value || !empty ? (children ?? value) : html`<span class="soft">${empty}</span>`}
      <button type="button" class="button quiet icon-only edit" id="${id}-edit"
          aria-label="Change the ${label[0].toLowerCase()}${label.slice(1)}"
          onClick=${() => setEditing(true)}>
        <${Icon} name="pen" />
      </button>
    <//>
  `;
}
