/* drawing — a net as circles and lines: its units with their activations, the dropped ones crossed
 * out. */
import { html, useMemo, useRef, useWidth } from '../../lib/html.js';
import { Picture } from '../picture.js';
import { number } from '../../lib/format.js';

const UNITS = 18;
const EDGES = 2; /* the strongest ones into each unit */
const HEIGHT = 380;
const LEFT = 92;
const STEP_LEAST = 44;
const STEP_MOST = 150;

/* Evenly chosen unit numbers of a layer. */
const chosen = (n) =>
  n <= UNITS
    ? Array.from({ length: n }, (_, i) => i)
    : Array.from({ length: UNITS }, (_, i) => Math.floor((i * n) / UNITS));

const top = (place, n) => (HEIGHT * (place + 0.5)) / n;

/* The strongest lines between the shown units of two layers: [{from, to, weight}] by places. */
function edgesOf(weight, before, after) {
  if (!before) return [];
  const columns = weight.shape[1];
  return after.flatMap((unit, to) =>
    before
      .map((other, from) => ({ from, to, weight: weight.data[unit * columns + other] }))
      .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
      .slice(0, EDGES),
  );
}

/* How many units of a layer take part, in words. */
function countOf(n, mask, long) {
  const kept = mask?.some(Boolean) ? mask.filter((one) => !one).length : n;
  return kept === n ? String(n) : long ? `${kept} of ${n}` : String(kept);
}

/* activations: of input, hidden layers, outputs; or null where they are not known. masks: of input
 * and hidden layers, or null.
 * outputs: probabilities or numbers as the service gave them. image: {width, height} or null. */
export function NetDrawing({
  label,
  tensors,
  sizes,
  input,
  image,
  activations,
  masks,
  outputs,
  names,
  isClasses,
  truth,
}) {
  const layers = useMemo(
    () => sizes.map((n, i) => (i === 0 && image ? null : chosen(n))),
    [sizes, image],
  );
  const edges = useMemo(
    () =>
      layers
        .slice(1)
        .map((after, i) => edgesOf(tensors.get(`layers.${i}.weight`), layers[i], after)),
    [layers, tensors],
  );
  const box = useRef(null);
  const room = useWidth(box);
  const bar = room < 420 ? 44 : 90;
  const tail = bar + 68;
  const step = Math.max(STEP_LEAST, Math.min(STEP_MOST, (room - LEFT - tail) / (sizes.length - 1)));
  const across = (layer) => LEFT + layer * step;
  const width = across(sizes.length - 1) + tail;
  const isDropped = (layer, unit) => masks?.[layer]?.[unit] ?? false;
  const shade = (layer, unit) => {
    const values = activations?.[layer];
    if (!values) return 0.55;
    const most = Math.max(1e-9, ...layers[layer].map((one) => Math.abs(values[one])));
    return Math.min(1, Math.abs(values[unit]) / most);
  };
  const best = outputs ? outputs.indexOf(Math.max(...outputs)) : -1;
  return html`
    <div class="net" ref=${box} data-testid=${label}>
      <div class="net-inner" style=${{ width: `${width}px` }}>
        ${
          image &&
          html`
            <div class="net-image">
              <${Picture} values=${masks ? input.map((x, i) => (isDropped(0, i) ? 0 : x)) : input}
                  width=${image.width} height=${image.height} kind="grey" label="The input" />
            </div>
          `
        }
        <svg width=${width} height=${HEIGHT + 26} role="img" aria-label=${label}>
          ${edges.map((list, i) =>
            list.map((edge) => {
              const gone =
                isDropped(i, layers[i][edge.from]) ||
                (i + 1 < sizes.length - 1 && isDropped(i + 1, layers[i + 1][edge.to]));
              return html`
                <line class="edge ${gone ? 'gone' : ''}" x1=${across(i)}
                    y1=${top(edge.from, layers[i].length)} x2=${across(i + 1)}
                    y2=${top(edge.to, layers[i + 1].length)} />
              `;
            }),
          )}
          ${
            image &&
            layers[1].map(
              (_, place) => html`
                <line class="edge" x1=${LEFT - 14} y1=${HEIGHT / 2} x2=${across(1)}
                    y2=${top(place, layers[1].length)} />
              `,
            )
          }
          ${layers.map(
            (units, layer) =>
              layer < sizes.length - 1 &&
              units &&
              units.map((unit, place) => {
                const [x, y, r] = [
                  across(layer),
                  top(place, units.length),
                  Math.min(9, HEIGHT / units.length / 2.4),
                ];
                const value = activations ? `, ${number(activations[layer][unit], 3)}` : '';
                return isDropped(layer, unit)
                  ? html`
                    <g class="unit dropped">
                      <title>Unit ${unit}, dropped</title>
                      <circle cx=${x} cy=${y} r=${r} />
                      <path d="M${x - r / 2} ${y - r / 2}l${r} ${r}m0 ${-r}l${-r} ${r}" />
                    </g>
                  `
                  : html`
                    <g class="unit">
                      <title>Unit ${unit}${value}</title>
                      <circle cx=${x} cy=${y} r=${r} />
                      <circle class="fill" cx=${x} cy=${y} r=${r}
                          fill-opacity=${shade(layer, unit)} />
                    </g>
                  `;
              }),
          )}
          ${
            sizes[sizes.length - 1] <= 20 &&
            layers[sizes.length - 1].map((unit, place) => {
              const y = top(place, sizes[sizes.length - 1]);
              const value = outputs?.[unit];
              return html`
                <g class="output ${unit === best && isClasses ? 'best' : ''}">
                  <text x=${across(sizes.length - 1) + 22} y=${y + 4} text-anchor="end">
                    ${names[unit] ?? unit}
                  </text>
                  ${
                    isClasses &&
                    html`
                      <rect class="track" x=${across(sizes.length - 1) + 30} y=${y - 5} width=${bar}
                          height="10" rx="2" />
                    `
                  }
                  ${
                    value !== undefined &&
                    isClasses &&
                    html`
                      <rect class="bar-fill" x=${across(sizes.length - 1) + 30} y=${y - 5}
                          width=${bar * value} height="10" rx="2" />
                    `
                  }
                  ${
                    value !== undefined &&
                    html`
                      <text x=${across(sizes.length - 1) + (isClasses ? bar + 36 : 34)} y=${y + 4}>
                        ${isClasses ? value.toFixed(2) : number(value)}
                        ${truth === (names[unit] ?? String(unit)) ? ' ✓' : ''}
                      </text>
                    `
                  }
                </g>
              `;
            })
          }
          ${layers.map(
            (units, layer) => html`
              <text class="count" x=${across(layer) - (layer === 0 && image ? 46 : 0)}
                  y=${HEIGHT + 18} text-anchor="middle">
                ${
                  layer === sizes.length - 1 ? '' : countOf(sizes[layer], masks?.[layer], step > 80)
                }
              </text>
            `,
          )}
        </svg>
      </div>
    </div>
  `;
}
