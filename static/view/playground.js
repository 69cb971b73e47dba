/* playground — a net of two inputs under one's fingers: sliders retrain it through the service, and
 * boundary, curves and masks are drawn anew; two of them side by side show one difference. */
import { html, useResource, useTheme, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { flag, text } from '../lib/state.js';
import { categorical } from '../lib/palette.js';
import { number, value as shownValue } from '../lib/format.js';
import { useTrained } from '../lib/playground.js';
import { Failure, Icon, Loading } from '../part/basic.js';
import { LineChart } from '../part/chart.js';
import { LineLegend } from '../part/legend.js';
import { Plane, PlaneLegend } from '../part/result/plane.js';

const PROPS = { a: text(), b: text(), two: flag(), points: text() };

const read = (words) => {
  try {
    return words ? JSON.parse(words) : {};
  } catch {
    return {};
  }
};
const write = (values) => (Object.keys(values).length ? JSON.stringify(values) : '');
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/* The value that a control has among the values of a pane. */
const valueOf = (control, values, base) =>
  values[control.field] ?? base[control.field] ?? control.values[0];

function Slider({ control, values, base, pane, onChange }) {
  const id = `${pane}-${control.field}`;
  const current = valueOf(control, values, base);
  const at = Math.max(
    0,
    control.values.findIndex((one) => same(one, current)),
  );
  const words = shownValue(control.values[at]);
  return html`
    <div class="play-slider">
      <label for=${id}>${control.label}</label>
      <output for=${id}>${words}</output>
      <input type="range" id=${id} min="0" max=${control.values.length - 1} step="1" value=${at}
          aria-valuetext=${words}
          onInput=${(event) => onChange(control, control.values[event.target.value])} />
    </div>
  `;
}

function Curves({ pane, curves }) {
  const theme = useTheme();
  const line = (metric, label, i) => ({
    key: metric,
    label,
    color: categorical(i, theme),
    dash: [],
    x: curves.epoch,
    y: curves[metric],
    low: null,
    high: null,
    n: null,
  });
  const series = [
    line('train_loss', 'loss on its own points', 0),
    line('val_loss', 'loss on new points', 1),
  ];
  const model = { name: 'Loss', xLabel: 'epoch', series, zoom: null, marks: [], fit: false };
  return html`
    <${LineLegend} series=${series} />
    <${LineChart} id="curves-${pane}" label="Loss by epoch" model=${model} small />
  `;
}

const NO_POINTS = { x: [], y: [], class: [] };

function Masks({ about, masks }) {
  if (masks.length === 0) return null;
  const bare = { ...about, size: Math.sqrt(masks[0].class.length), points: NO_POINTS };
  const one = (grid) => html`
    <div class="play-mask" key=${grid.epoch}>
      <${Plane} about=${bare} grid=${grid} label="With masks, time ${grid.epoch + 1}" />
    </div>
  `;
  return html`
    <h3>The same net with masks on, six times</h3>
    <p class="soft small">
      So it answers while it trains: each place of the plane meets a mask of its own.
    </p>
    <div class="play-masks">${masks.map(one)}</div>
  `;
}

function Shown({ pane, shown }) {
  const { about, grid, curves, masks, run } = shown;
  return html`
    <${PlaneLegend} about=${about} />
    <${Plane} about=${about} grid=${grid} label="What net ${pane} answers over the plane" />
    <p data-testid="right-${pane}">
      Right on <strong>${number(100 * run.metrics.train_accuracy, 3)} %</strong> of its own points,
      on <strong>${number(100 * run.metrics.val_accuracy, 3)} %</strong> of new ones.
    </p>
    <${Curves} pane=${pane} curves=${curves} />
    <${Masks} about=${about} masks=${masks} />
  `;
}

function Pane({ pane, config, spec, values, change }) {
  const wantsMasks = Boolean(spec[config.masked]);
  const { shown, busy, isLate, problem, ms } = useTrained(spec, wantsMasks);
  const slider = (control) => html`
    <${Slider} key=${control.field} control=${control} values=${values} base=${config.base}
        pane=${pane} onChange=${change} />
  `;
  return html`
    <section class="card play-pane ${busy ? 'busy' : ''}" aria-label="Net ${pane}"
        data-testid="pane-${pane}" data-busy=${busy ? '1' : '0'} data-ms=${Math.round(ms)}>
      <div class="play-sliders">${config.controls.map(slider)}</div>
      ${isLate && html`<p role="status">It waits for a place: other runs are being trained.</p>`}
      ${problem && html`<${Failure} problem=${problem} title="It could not be trained" />`}
      ${shown && html`<${Shown} pane=${pane} shown=${shown} />`}
      ${!shown && !problem && html`<${Loading} what="Training" />`}
    </section>
  `;
}

/* What of the panes goes into an experiment of several repeats. */
function keptSpec({ base }, chosen, values, variants) {
  const spec = { ...base, ...values, dataset: chosen.value };
  const kept = { ...spec, name: 'From the playground', repeats: 5 };
  return variants ? { ...kept, variants } : kept;
}

/* The labels of two panes, and what each says beyond what is the same in both. */
function variantsOf(config, a, b) {
  const differs = config.controls.filter(
    (control) => !same(valueOf(control, a, config.base), valueOf(control, b, config.base)),
  );
  const pick = (label, values) => ({
    label,
    ...Object.fromEntries(
      differs.map((control) => [control.field, valueOf(control, values, config.base)]),
    ),
  });
  return { differs, variants: differs.length ? [pick('A', a), pick('B', b)] : null };
}

function wordsOf(differs, a, b, base) {
  const one = (control) => {
    const [left, right] = [a, b].map((values) => shownValue(valueOf(control, values, base)));
    return `${control.label} ${left} and ${right}`;
  };
  return differs.length ? `They differ in ${differs.map(one).join(', ')}.` : 'They are the same.';
}

function SetChoice({ config, chosen, set }) {
  return html`
    <label class="run-choice">
      Points${' '}
      <select id="play-set" onChange=${(event) => set({ points: event.target.value })}>
        ${config.sets.map(
          ({ label, value }) => html`
            <option value=${value.name} selected=${value === chosen.value}>${label}</option>
          `,
        )}
      </select>
    </label>
  `;
}

const specOf = (config, chosen, values) => ({
  ...config.base,
  ...values,
  dataset: chosen.value,
  name: 'Playground',
  tags: ['playground'],
  priority: 10,
});

function Playing({ config, props, set }) {
  const chosen = config.sets.find(({ value }) => value.name === props.points) ?? config.sets[0];
  const [a, b] = [read(props.a), read(props.b)];
  const { differs, variants } = variantsOf(config, a, b);
  const changeOf = (key, values) => (control, one) => {
    const changed = { ...values, [control.field]: one };
    if (same(one, valueOf(control, {}, config.base))) delete changed[control.field];
    set({ [key]: write(changed) });
  };
  const pane = (name, key, values) => html`
    <${Pane} pane=${name} config=${config} spec=${specOf(config, chosen, values)} values=${values}
        change=${changeOf(key, values)} />
  `;
  const kept = encodeURIComponent(
    JSON.stringify(keptSpec(config, chosen, a, props.two && variants)),
  );
  return html`
    <div class="row">
      <${SetChoice} config=${config} chosen=${chosen} set=${set} />
      <button type="button" class="button" id="play-two" aria-pressed=${props.two}
          onClick=${() => set({ two: !props.two, b: props.a })}>
        <${Icon} name=${props.two ? 'minus' : 'plus'} />
        ${props.two ? 'One net' : 'A second net beside it'}
      </button>
      <a class="button" id="play-keep" href="#/new?spec=${kept}">
        Keep this as an experiment
      </a>
      ${
        props.two &&
        html`
          <span class="soft" id="play-difference">
            ${wordsOf(differs, a, b, config.base)}
          </span>
        `
      }
    </div>
    <div class="play-panes">
      ${pane('A', 'a', a)} ${props.two && pane('B', 'b', b)}
    </div>
  `;
}

async function loadConfig(signal) {
  const response = await fetch('/playground.json', { signal });
  if (!response.ok) throw new Error('playground.json cannot be loaded.');
  return response.json();
}

function Playground({ set, ...props }) {
  useTitle('Playground');
  const { data, error, reload } = useResource(loadConfig, []);
  return html`
    <div class="page-head">
      <div class="head-words">
        <h1>Playground</h1>
        <p class="soft">
          Points in a plane, and a small net that learns them. Touch a slider: it is trained anew.
        </p>
      </div>
    </div>
    ${error && html`<${Failure} problem=${error} retry=${reload} />`}
    ${!data && !error && html`<${Loading} what="Loading the playground" />`}
    ${data && html`<${Playing} config=${data} props=${props} set=${set} />`}
  `;
}

export default defineView(PROPS, Playground);
