/* picture — numbers as a small picture: a sample in grey or in colours, or weights around zero. */
import { html, useLayoutEffect, useRef, useTheme } from '../lib/html.js';
import { drawPicture } from '../chart/picture.js';

export function Picture({ values, width, height, kind, label }) {
  const canvas = useRef(null);
  const dark = useTheme() === 'dark';
  useLayoutEffect(
    () => drawPicture(canvas.current, values, { width, height, kind, dark }),
    [values, dark],
  );
  return html`
    <canvas class="picture" ref=${canvas} role="img" aria-label=${label} title=${label} />
  `;
}
