/* standalone — an SVG of the page as a file of its own: with a title and a ground, and with what the style sheet says of its elements. */
import { css } from '../lib/palette.js';

const LOOKS = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'opacity', 'text-anchor', 'paint-order',
  'font-family', 'font-size', 'font-weight'];
const TITLE_PX = 36;
const MARGIN_PX = 16;

function element(name, attributes, text = '') {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/* A copy of an element and all below it, each with its looks as attributes. */
function copyOf(from) {
  const copy = from.cloneNode(false);
  if (from.nodeType !== Node.ELEMENT_NODE) return copy;
  const style = getComputedStyle(from);
  copy.removeAttribute('class');
  for (const look of LOOKS) copy.setAttribute(look, style.getPropertyValue(look));
  copy.append(...[...from.childNodes].map(copyOf));
  return copy;
}

/* → {text, width, height} */
export function standaloneSvg(svg, title) {
  const [width, height] = [Number(svg.getAttribute('width')) + 2 * MARGIN_PX, Number(svg.getAttribute('height')) + TITLE_PX + MARGIN_PX];
  const root = element('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const inner = copyOf(svg);
  for (const [key, value] of [['x', MARGIN_PX], ['y', TITLE_PX]]) inner.setAttribute(key, value);
  root.append(element('rect', { width, height, fill: css('--surface') }),
    element('text', { x: MARGIN_PX, y: 24, fill: css('--text'), 'font-family': css('--font'), 'font-size': 15, 'font-weight': 600 }, title), inner);
  return { text: new XMLSerializer().serializeToString(root), width, height };
}

/* The same as a PNG in the resolution of the page: a Blob. */
export async function standalonePng(svg, title) {
  const { text, width, height } = standaloneSvg(svg, title);
  const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => { canvas.toBlob(done); });
  } finally {
    URL.revokeObjectURL(url);
  }
}
