/* curves — the charts of an experiment: one panel per metric over a shared epoch axis, with what to
 * draw and a legend. */
import { html, useEffect, useMemo, useState } from '../../lib/html.js';
import { count } from '../../lib/format.js';
import { Failure, Icon } from '../basic.js';
import { ChartHelp } from '../chart.js';
import { AxisSegments, Check, FitToggle, LogEpochs, Segments, Select } from '../control.js';
import { Swatch } from '../legend.js';
import { Panel } from './panel.js';
import { trainingOf } from './series.js';

const LINES_LIMIT = 100;
const MODES = [
  ['mean', 'Mean of seeds'],
  ['runs', 'Every run'],
];
const BANDS = [
  ['ci', '95 % interval'],
  ['std', '± standard deviation'],
  ['range', 'least to greatest'],
  ['none', 'none'],
];

function LegendItem({ config, style, isHidden, isBaseline, toggle, only }) {
  const press = (event) => (event.altKey ? only : toggle)(config.config_id);
  return html`
    <button type="button" class="legend-item ${isHidden ? 'off' : ''}"
        aria-pressed=${isHidden ? 'false' : 'true'} data-config=${config.config_id}
        title="Press to hide or show; with Alt or a double press, show only this one"
        onClick=${press} onDblClick=${() => only(config.config_id)}>
      <${Swatch} style=${style} />${config.label}
      ${isBaseline && html`${' '}<span class="soft">(baseline)</span>`}
    </button>
  `;
}

function Legend({ configs, styles, props, set, baseline }) {
  if (configs.length < 2) return null;
  const hidden = new Set(props.hide);
  const toggle = (id) =>
    set({ hide: hidden.has(id) ? props.hide.filter((one) => one !== id) : [...props.hide, id] });
  const only = (id) => {
    const others = configs.map((config) => config.config_id).filter((one) => one !== id);
    set({ hide: hidden.size === others.length && !hidden.has(id) ? [] : others });
  };
  const showAll = html`
    <button type="button" class="button quiet small" id="legend-all"
        onClick=${() => set({ hide: [] })}>
      Show all
    </button>
  `;
  return html`
    <div class="legend" role="group"
        aria-label="Configs in the charts. Press to hide or show, with Alt to show only one"
        data-testid="legend">
      ${configs.map(
        (config) => html`
          <${LegendItem} config=${config} style=${styles.get(config.config_id)}
              isHidden=${hidden.has(config.config_id)}
              isBaseline=${config.config_id === baseline} toggle=${toggle} only=${only} />
        `,
      )}
      ${hidden.size > 0 && showAll}
    </div>
  `;
}

/* Smoothing, applied while the slider moves and kept in the URL when it rests. */
function Smoothing({ value, set }) {
  const [moving, setMoving] = useState(value);
  useEffect(() => setMoving(value), [value]);
  const move = (event) => {
    setMoving(Number(event.target.value));
    set({ smooth: Number(event.target.value) });
  };
  return html`
    <label class="slider">
      Smoothing${' '}
      <input type="range" id="smoothing" min="0" max="0.95" step="0.05" value=${moving}
          onInput=${move} />
      <output>${moving ? moving.toFixed(2) : 'off'}</output>
    </label>
  `;
}

/* Not where training lines are shown: they take the place of the bands. */
function BandSelect({ props, set, isReplaced }) {
  const why = isReplaced ? 'The training lines take the place of the bands' : undefined;
  return html`
    <${Select} id="band" label="Band" value=${props.band} options=${BANDS} disabled=${isReplaced}
        title=${why} onChange=${(band) => set({ band })} />
  `;
}

const TrainingToggle = ({ props, set }) => html`
  <${Check} id="gap" label="training" checked=${props.gap}
      title="The training line of each, dotted, and the gap to it shaded"
      onChange=${(gap) => set({ gap })} />
`;

const ColourSelect = ({ swept, props, set }) => html`
  <${Select} id="colour-by" label="Colour by" value=${props.by}
      options=${[['', 'config'], ...swept.map((name) => [name, name])]}
      onChange=${(by) => set({ by })} />
`;

function Toolbar({ mode, single, swept, hasTraining, ...shared }) {
  const { props, set } = shared;
  const modes = html`
    <${Segments} name="mode" label="Lines" value=${mode} options=${MODES}
        onChange=${(value) => set({ mode: value })} />
  `;
  const isReplaced = hasTraining && props.gap;
  return html`
    <div class="toolbar" role="toolbar" aria-label="How the curves are drawn">
      ${!single && modes}
      ${mode === 'mean' && html`<${BandSelect} ...${shared} isReplaced=${isReplaced} />`}
      <${AxisSegments} ...${shared} />
      ${hasTraining && html`<${TrainingToggle} ...${shared} />`}
      <${FitToggle} ...${shared} />
      <${LogEpochs} ...${shared} />
      <${Smoothing} value=${props.smooth} set=${set} />
      ${swept.length > 1 && html`<${ColourSelect} ...${shared} swept=${swept} />`}
    </div>
  `;
}

/* What the charts leave out, if they do. */
function LeftOut({ configs, mode, limit, withTraining: isWithTraining, canHide }) {
  const n =
    mode === 'runs' ? configs.reduce((sum, config) => sum + config.runs.length, 0) : configs.length;
  if (n <= limit) return null;
  return html`
    <p class="soft" id="left-out">
      The first ${limit} of ${count(n, mode === 'runs' ? 'run' : 'config')}
      ${isWithTraining ? ', each with its training line' : ''}
      ${canHide ? '; hide configs to see others' : ''}.
    </p>
  `;
}

/* The next metric to be added: of those by epoch that are not shown, first one of training. */
function nextMetric({ metrics: all }, shown) {
  const others = all.filter((one) => one.scope === 'epoch' && !shown.includes(one.name));
  return (others.find((one) => /^train/.test(one.name)) ?? others[0])?.name;
}

function Panels({ metrics, shared, mode }) {
  const { props, set } = shared;
  const zoomKey = JSON.stringify(props.zoom);
  const zoom = useMemo(() => props.zoom, [zoomKey]);
  const change = (index, metric) =>
    set({ metrics: metrics.map((one, i) => (i === index ? metric : one)) });
  const remove = (index) => set({ metrics: metrics.filter((_, i) => i !== index) });
  return html`
    <div class="panels ${metrics.length === 1 ? 'one' : ''}">
      ${metrics.map(
        (metric, i) => html`
          <${Panel} key=${i} index=${i} metric=${metric} shared=${shared} mode=${mode} zoom=${zoom}
              onMetric=${(next) => change(i, next)}
              onRemove=${metrics.length > 1 ? () => remove(i) : null} />
        `,
      )}
    </div>
  `;
}

/* shared: {store, version, catalogue, configs, styles, props, set, regression}. */
export function Curves({ metrics, mode, single, swept, ...shared }) {
  const { store, configs, styles, props, set, catalogue } = shared;
  const visible = useMemo(
    () => configs.filter((config) => !props.hide.includes(config.config_id)),
    [configs, props.hide],
  );
  const hasTraining = metrics.some((metric) => trainingOf(metric));
  const limit = hasTraining && props.gap ? LINES_LIMIT / 2 : LINES_LIMIT;
  const next = nextMetric(catalogue, metrics);
  const add = () => next && set({ metrics: [...metrics, next] });
  const problem = store.problems.get('curves');
  const failure = html`
    <${Failure} problem=${problem} title="The curves could not be loaded"
        retry=${() => store.refreshCurves.ask()} />
  `;
  const best = mode === 'mean' ? 'the best epoch (the median over seeds)' : 'the best epoch';
  const more = props.gap ? '; dotted: training, shaded: the gap to it (of few lines)' : '';
  return html`
    <section class="card" aria-labelledby="curves-title">
      <div class="section-head">
        <h2 id="curves-title">Curves</h2>
        <${Toolbar} props=${props} set=${set} mode=${mode} single=${single} swept=${swept}
            hasTraining=${hasTraining} />
      </div>
      <${Legend} configs=${configs} styles=${styles} props=${props} set=${set}
          baseline=${store.comparison?.baseline} />
      ${problem && failure}
      <${LeftOut} configs=${visible} mode=${mode} limit=${limit} withTraining=${limit < LINES_LIMIT}
          canHide=${configs.length > 1} />
      <${Panels} metrics=${metrics} mode=${mode} shared=${{ ...shared, configs: visible, limit }} />
      <div class="row after-panels">
        <button type="button" class="button quiet" id="panel-add" onClick=${add}>
          <${Icon} name="plus" />Add a chart
        </button>
        <span class="soft small">A ring marks ${best}, a square an early stop${more}.</span>
        <${ChartHelp} />
      </div>
    </section>
  `;
}
