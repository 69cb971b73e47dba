/* drawing — a net as circles and lines: its units with their activations, the dropped ones crossed
 * out. */
import { html, useMemo, useRef, useWidth } from '../../lib/html.js';
import { Picture } from '../picture.js';
import { number } from '../../lib/format.js';

const UNITS = 18;
const OUTPUTS = 20; /* more are not drawn */
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

/* Where the layers stand in `room`: {across(layer), end (the last layer's), bar, width, isWide}. */
function layOut(n_layers, room) {
  const bar = room < 420 ? 44 : 90;
  const tail = bar + 68;
  const step = Math.max(STEP_LEAST, Math.min(STEP_MOST, (room - LEFT - tail) / (n_layers - 1)));
  const across = (layer) => LEFT + layer * step;
  const end = across(n_layers - 1);
  return { across, end, bar, width: end + tail, isWide: step > 80 };
}

/* The strongest lines; those of dropped units are gone. */
function Edges({ edges, layers, isDropped, across }) {
  const line = (edge, i) => {
    const [before, after] = [layers[i], layers[i + 1]];
    const isOutput = i + 1 === layers.length - 1;
    const isGone =
      isDropped(i, before[edge.from]) || (!isOutput && isDropped(i + 1, after[edge.to]));
    return html`
      <line class="edge ${isGone ? 'gone' : ''}" x1=${across(i)} y1=${top(edge.from, before.length)}
          x2=${across(i + 1)} y2=${top(edge.to, after.length)} />
    `;
  };
  return edges.map((list, i) => list.map((edge) => line(edge, i)));
}

/* From the picture of the input to every unit. */
const PictureEdges = ({ units, x }) =>
  units.map(
    (_, place) => html`
      <line class="edge" x1=${LEFT - 14} y1=${HEIGHT / 2} x2=${x} y2=${top(place, units.length)} />
    `,
  );

/* How strong a unit of a layer is beside the strongest one shown; half where that is not known. */
function shadeOf(values, units, unit) {
  if (!values) return 0.55;
  const most = Math.max(1e-9, ...units.map((one) => Math.abs(values[one])));
  return Math.min(1, Math.abs(values[unit]) / most);
}

/* values: activations of the layer's units, or none. */
function Units({ units, x, values, isDropped }) {
  const r = Math.min(9, HEIGHT / units.length / 2.4);
  const dropped = (unit, y) => html`
    <g class="unit dropped">
      <title>Unit ${unit}, dropped</title>
      <circle cx=${x} cy=${y} r=${r} />
      <path d="M${x - r / 2} ${y - r / 2}l${r} ${r}m0 ${-r}l${-r} ${r}" />
    </g>
  `;
  const kept = (unit, y) => html`
    <g class="unit">
      <title>Unit ${unit}${values ? `, ${number(values[unit], 3)}` : ''}</title>
      <circle cx=${x} cy=${y} r=${r} />
      <circle class="fill" cx=${x} cy=${y} r=${r} fill-opacity=${shadeOf(values, units, unit)} />
    </g>
  `;
  return units.map((unit, place) =>
    (isDropped(unit) ? dropped : kept)(unit, top(place, units.length)),
  );
}

/* An output with its name and, once it is known, its value: of a class a bar. */
function Output({ name, value, y, layout: { end, bar }, isClasses, isBest, isTrue }) {
  const rect = (look, width) => html`
    <rect class=${look} x=${end + 30} y=${y - 5} width=${width} height="10" rx="2" />
  `;
  const text = () => html`
    <text x=${end + (isClasses ? bar + 36 : 34)} y=${y + 4}>
      ${isClasses ? value.toFixed(2) : number(value)}${isTrue ? ' ✓' : ''}
    </text>
  `;
  const isKnown = value !== undefined;
  return html`
    <g class="output ${isBest && isClasses ? 'best' : ''}">
      <text x=${end + 22} y=${y + 4} text-anchor="end">${name}</text>
      ${isClasses && rect('track', bar)}
      ${isClasses && isKnown && rect('bar-fill', bar * value)}
      ${isKnown && text()}
    </g>
  `;
}

function Outputs({ units, outputs, names, truth, isClasses, layout }) {
  const best = outputs ? outputs.indexOf(Math.max(...outputs)) : -1;
  return units.map((unit, place) => {
    const name = names[unit] ?? unit;
    return html`
      <${Output} name=${name} value=${outputs?.[unit]} y=${top(place, units.length)}
          layout=${layout} isClasses=${isClasses} isBest=${unit === best}
          isTrue=${truth === String(name)} />
    `;
  });
}

/* How many units each layer but the last has, or keeps. */
const Counts = ({ sizes, masks, image, layout: { across, isWide } }) =>
  sizes.slice(0, -1).map(
    (n, layer) => html`
      <text class="count" x=${across(layer) - (layer === 0 && image ? 46 : 0)} y=${HEIGHT + 18}
          text-anchor="middle">
        ${countOf(n, masks?.[layer], isWide)}
      </text>
    `,
  );

/* The input, without what the mask drops of it. */
function Input({ input, image: { width, height }, mask }) {
  const values = mask ? input.map((x, i) => (mask[i] ? 0 : x)) : input;
  return html`
    <div class="net-image">
      <${Picture} values=${values} width=${width} height=${height} kind="grey" label="The input" />
    </div>
  `;
}

/* activations: of input, hidden layers, outputs; or null where they are not known. masks: of input
 * and hidden layers, or null. outputs: probabilities or numbers as the service gave them. image:
 * {width, height} or null. */
export function NetDrawing({ label, tensors, input, activations, ...shared }) {
  const { sizes, image, masks } = shared;
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
  const layout = layOut(sizes.length, useWidth(box));
  const { across, width } = layout;
  const isDropped = (layer, unit) => masks?.[layer]?.[unit] ?? false;
  const last = layers.length - 1;
  const unitsOf = (units, layer) => html`
    <${Units} units=${units} x=${across(layer)} values=${activations?.[layer]}
        isDropped=${(unit) => isDropped(layer, unit)} />
  `;
  return html`
    <div class="net" ref=${box} data-testid=${label}>
      <div class="net-inner" style=${{ width: `${width}px` }}>
        ${image && html`<${Input} input=${input} image=${image} mask=${masks?.[0]} />`}
        <svg width=${width} height=${HEIGHT + 26} role="img" aria-label=${label}>
          <${Edges} edges=${edges} layers=${layers} isDropped=${isDropped} across=${across} />
          ${image && html`<${PictureEdges} units=${layers[1]} x=${across(1)} />`}
          ${layers.map((units, i) => i < last && units && unitsOf(units, i))}
          ${
            sizes[last] <= OUTPUTS &&
            html`<${Outputs} ...${shared} units=${layers[last]} layout=${layout} />`
          }
          <${Counts} ...${shared} layout=${layout} />
        </svg>
      </div>
    </div>
  `;
}
