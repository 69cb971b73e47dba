/* tip — the box with the values under the pointer, and the same in words for a screen reader. */

const element = (tag, className, text) => {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

/* Not innerText, which lays the whole page out. */
const wordsOf = (line) =>
  [...line.childNodes]
    .map((part) => part.textContent)
    .filter((text) => text !== '')
    .join(' ');

/* createTip(root) → {show({left, top, title, rows, more}), hide(), say(), destroy()}; root is
 * positioned.
 * rows: [{color, label, text, detail, strong}]. */
export function createTip(root) {
  const box = element('div', 'tip');
  const voice = element('div', 'visually-hidden');
  box.hidden = true;
  box.setAttribute('aria-hidden', 'true');
  voice.setAttribute('aria-live', 'polite');
  root.append(box, voice);

  function rowNode(row) {
    const line = element('div', row.strong ? 'tip-row strong' : 'tip-row');
    const swatch = element('span', 'swatch');
    swatch.style.background = row.color;
    line.append(
      swatch,
      element('span', 'tip-label', row.label),
      element('span', 'tip-value', row.text),
    );
    if (row.detail) line.append(element('span', 'tip-detail', row.detail));
    return line;
  }

  return {
    show({ left, top, title, rows, more = 0 }) {
      box.replaceChildren(element('div', 'tip-title', title), ...rows.map(rowNode));
      if (more > 0) box.append(element('div', 'tip-more', `and ${more} more`));
      box.hidden = false;
      const right = left + 16 + box.offsetWidth > root.clientWidth;
      const x = right ? Math.max(0, left - 16 - box.offsetWidth) : left + 16;
      const y = Math.max(
        0,
        Math.min(root.clientHeight - box.offsetHeight, top - box.offsetHeight / 2),
      );
      box.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    },
    hide() {
      box.hidden = true;
    },
    say() {
      voice.textContent = box.hidden ? '' : [...box.children].map(wordsOf).join('; ');
    },
    destroy() {
      box.remove();
      voice.remove();
    },
  };
}
