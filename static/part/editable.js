/* editable — a text that is changed where it stands. */
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { Icon } from './basic.js';

/* A text that becomes an input (uncontrolled: what is typed outlives a redraw of the page) when its pen is pressed. `children`, if any, are
 * shown in place of the text, `empty` where there is none. */
export function Editable({ id, label, value, empty, tag: Tag = 'span', hint, children, onSave }) {
  const [editing, setEditing] = useState(false);
  const input = useRef(null);
  useEffect(() => { if (editing) input.current.select(); }, [editing]);
  const save = (event) => {
    event.preventDefault();
    if (!editing || !input.current) return;
    setEditing(false);
    const next = input.current.value.trim();
    if (next !== value) onSave(next);
  };
  if (editing) {
    return html`<form class="editable" onSubmit=${save}>
      <input id="${id}-input" ref=${input} defaultValue=${value} aria-label=${label} placeholder=${hint} onBlur=${save}
        onKeyDown=${(event) => event.key === 'Escape' && setEditing(false)} /></form>`;
  }
  return html`<${Tag} class="editable" id=${id}>${value || !empty ? children ?? value : html`<span class="soft">${empty}</span>`}
    <button type="button" class="button quiet icon-only edit" id="${id}-edit" aria-label="Change the ${label[0].toLowerCase()}${label.slice(1)}"
      onClick=${() => setEditing(true)}><${Icon} name="pen" /></button><//>`;
}
