/* standalone — an SVG of the page as a file of its own: with a title and a ground, and with what
 * the style sheet says of its elements. */
import { css } from '../lib/palette.js';
import { layLegend } from './legend.js';

const LOOKS = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-opacity',
  'stroke-dasharray',
  'opacity',
  'text-anchor',
  'paint-order',
  'font-family',
  'font-size',
  'font-weight',
];
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

/* The marks and names of series as elements, below the title. */
function legendElements({ items }, font) {
  return items.map(({ series: { label, color }, x, left, y, words }) => {
    const group = element('g', {});
    if (words !== label) group.append(element('title', {}, label));
    group.append(
      element('circle', { cx: MARGIN_PX + x + 6, cy: TITLE_PX + y - 4, r: 5, fill: color }),
      element(
        'text',
        {
          x: MARGIN_PX + left - 6,
          y: TITLE_PX + y,
          fill: css('--text'),
          'font-family': font,
          'font-size': 12,
        },
        words,
      ),
    );
    return group;
  });
}

/* legend: [{label, color}], of what the picture does not name itself → {text, width, height} */
export function standaloneSvg(svg, title, legend) {
  const font = css('--font');
  const [innerWidth, innerHeight] = [
    Number(svg.getAttribute('width')),
    Number(svg.getAttribute('height')),
  ];
  const laid = layLegend(legend, innerWidth, `12px ${font}`);
  const top = TITLE_PX + laid.height + (laid.height && 6);
  const [width, height] = [innerWidth + 2 * MARGIN_PX, innerHeight + top + MARGIN_PX];
  const root = element('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const inner = copyOf(svg);
  for (const [key, value] of [
    ['x', MARGIN_PX],
    ['y', top],
  ])
    inner.setAttribute(key, value);
  root.append(
    element('rect', { width, height, fill: css('--surface') }),
    element(
      'text',
      {
        x: MARGIN_PX,
        y: 24,
        fill: css('--text'),
        'font-family': font,
        'font-size': 15,
        'font-weight': 600,
      },
      title,
    ),
    ...legendElements(laid, font),
    inner,
  );
  return { text: new XMLSerializer().serializeToString(root), width, height };
}

/* The same as a PNG in the resolution of the page: a Blob. */
export async function standalonePng(svg, title, legend) {
  const { text, width, height } = standaloneSvg(svg, title, legend);
  const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => {
      canvas.toBlob(done);
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
