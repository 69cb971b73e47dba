/* curves — the charts of an experiment: one panel per metric over a shared epoch axis, with what to draw and a legend. */
import { html, useMemo, useRef, useState, useEffect } from '../lib/html.js';
import { faded } from '../lib/palette.js';
import { t975, smooth } from '../lib/stats.js';
import { metricLabel, count } from '../lib/format.js';
import { Icon, Segments, Swatch, Failure } from './basic.js';
import { LineChart, SaveMenu, FitToggle, LogEpochs } from './chart.js';
import { MetricSelect } from './verdict.js';

const LINES_LIMIT = 100;

const bandEdges = {
  ci: (c, i) => (c.n[i] > 1 && c.std[i] !== null ? (t975(c.n[i] - 1) * c.std[i]) / Math.sqrt(c.n[i]) : 0),
  std: (c, i) => c.std[i] ?? 0,
};

/* Columns of the band's edges, or null for none. */
function bandOf(curve, band) {
  if (band === 'none' || !curve.n.some((n) => n > 1)) return null;
  if (band === 'range') return { low: curve.min, high: curve.max };
  const edge = bandEdges[band];
  const at = (sign) => curve.mean.map((mean, i) => (mean === null ? null : mean + sign * edge(curve, i)));
  return { low: at(-1), high: at(1) };
}

function meanSeries({ store, configs, styles, props }, metric) {
  const curves = new Map((store.aggregates.get(metric) ?? []).map((curve) => [curve.config_id, curve]));
  return configs.filter((config) => curves.has(config.config_id)).map((config) => {
    const curve = curves.get(config.config_id);
    const band = bandOf(curve, props.band);
    const most = curve.n.reduce((a, b) => Math.max(a, b), 0);
    return {
      key: config.config_id, label: config.label, ...styles.get(config.config_id), width: 2.2, x: curve.epoch, y: smooth(curve.mean, props.smooth),
      low: band && smooth(band.low, props.smooth), high: band && smooth(band.high, props.smooth), n: most > 1 ? curve.n : null,
    };
  });
}

function runSeries({ store, configs, styles, props }, metric) {
  const n = configs.reduce((sum, config) => sum + config.runs.length, 0);
  const series = [];
  for (const config of configs) {
    for (const run of config.runs) {
      const columns = store.curves.get(run.id);
      if (!columns?.[metric]) continue;
      const label = configs.length === 1 ? `seed ${run.seed}` : config.runs.length > 1 ? `${config.label}, seed ${run.seed}` : config.label;
      const style = styles.get(config.config_id);
      series.push({ key: String(run.id), label, ...style, color: n > 30 ? faded(style.color, 0.5) : style.color, width: n > 12 ? 1.2 : 1.8, x: columns.epoch.slice(), y: smooth(columns[metric].slice(), props.smooth), low: null, high: null, n: null });
    }
  }
  return series;
}

function Panel({ index, metric, shared, mode, zoom, onMetric, onRemove }) {
  const { store, version, configs, styles, props, set, catalogue } = shared;
  const handle = useRef(null);
  const visible = useMemo(() => configs.filter((config) => !props.hide.includes(config.config_id)), [configs, props.hide]);
  const model = useMemo(() => {
    const series = (mode === 'runs' ? runSeries : meanSeries)({ ...shared, configs: visible }, metric).slice(0, LINES_LIMIT);
    return { name: metricLabel(metric), xLabel: 'epoch', series, xLog: props.x === 'log', yLog: props.y === 'log', zoom, sync: `experiment-${store.id}`, fit: props.fit === 'end' };
  }, [version, visible, styles, metric, mode, props.band, props.x, props.y, props.smooth, props.fit, zoom]);
  const row = catalogue.metric(metric);
  const empty = model.series.every((s) => s.y.every((y) => y === null));
  return html`
    <section class="panel" aria-label=${metricLabel(metric)} data-testid="panel-${metric}">
      <div class="panel-head">
        <${MetricSelect} id="panel-metric-${index}" label="Metric of chart ${index + 1}" regression=${shared.regression} metrics=${catalogue.metrics}
          value=${metric} onChange=${onMetric} />
        ${row && row.direction !== 'none' && html`<span class="soft small hint"
          title=${row.help}>${row.direction === 'lower' ? 'lower is better' : 'higher is better'}</span>`}
        <span class="grow" />
        ${zoom && html`<button type="button" class="button quiet small" id="zoom-reset-${index}"
          onClick=${() => set({ zoom: null })}>Show all</button>`}
        <${SaveMenu} id="chart-${index}" model=${model} handle=${handle} />
        ${onRemove && html`<button type="button" class="button quiet icon-only" id="panel-remove-${index}"
          aria-label="Remove the chart of ${metricLabel(metric)}" title="Remove this chart" onClick=${onRemove}><${Icon} name="close" /></button>`}
      </div>
      <div class="chart-box">
        <${LineChart} id="chart-${index}" handle=${handle} label="${metricLabel(metric)} by epoch" model=${model}
          onZoom=${(pair) => set({ zoom: pair })} />
        ${empty && html`<p class="chart-note">${store.active ? 'Waiting for the first epoch…' : 'There are no values of this metric.'}</p>`}
      </div>
    </section>`;
}

function Legend({ configs, styles, props, set, baseline }) {
  if (configs.length < 2) return null;
  const hidden = new Set(props.hide);
  const toggle = (id) => set({ hide: hidden.has(id) ? props.hide.filter((one) => one !== id) : [...props.hide, id] });
  const only = (id) => {
    const others = configs.map((config) => config.config_id).filter((one) => one !== id);
    set({ hide: hidden.size === others.length && !hidden.has(id) ? [] : others });
  };
  return html`
    <div class="legend" role="group" aria-label="Configs in the charts. Press to hide or show, with Alt to show only one" data-testid="legend">
      ${configs.map((config) => html`
        <button type="button" class="legend-item ${hidden.has(config.config_id) ? 'off' : ''}"
          aria-pressed=${hidden.has(config.config_id) ? 'false' : 'true'} data-config=${config.config_id}
          title="Press to hide or show; with Alt or a double press, show only this one"
          onClick=${(event) => (event.altKey ? only(config.config_id) : toggle(config.config_id))} onDblClick=${() => only(config.config_id)}>
          <${Swatch} style=${styles.get(config.config_id)} />${config.label}${config.config_id === baseline ? html` <span
            class="soft">(baseline)</span>` : ''}
        </button>`)}
      ${hidden.size > 0 && html`<button type="button" class="button quiet small" id="legend-all"
        onClick=${() => set({ hide: [] })}>Show all</button>`}
    </div>`;
}

/* Smoothing, applied while the slider moves and kept in the URL when it rests. */
function Smoothing({ value, set }) {
  const [moving, setMoving] = useState(value);
  useEffect(() => setMoving(value), [value]);
  return html`
    <label class="slider">Smoothing <input type="range" id="smoothing" min="0" max="0.95" step="0.05" value=${moving}
      onInput=${(event) => { setMoving(Number(event.target.value)); set({ smooth: Number(event.target.value) }); }} /><output>${moving ? moving.toFixed(2) : 'off'}</output></label>`;
}

function Toolbar({ props, set, mode, single, swept }) {
  return html`
    <div class="toolbar" role="toolbar" aria-label="How the curves are drawn">
      ${!single && html`<${Segments} name="mode" label="Lines" value=${mode} options=${[['mean', 'Mean of seeds'], ['runs', 'Every run']]}
        onChange=${(value) => set({ mode: value })} />`}
      ${mode === 'mean' && html`<label class="inline">Band <select id="band" value=${props.band}
        onChange=${(event) => set({ band: event.target.value })}>
        ${[['ci', '95 % interval'], ['std', '± standard deviation'], ['range', 'least to greatest'], ['none', 'none']].map(([key, words]) => html`<option value=${key} selected=${key === props.band}>${words}</option>`)}</select></label>`}
      <${Segments} name="y" label="Vertical axis" value=${props.y} options=${[['linear', 'Linear'], ['log', 'Log']]}
        onChange=${(value) => set({ y: value })} />
      <${FitToggle} props=${props} set=${set} />
      <${LogEpochs} props=${props} set=${set} />
      <${Smoothing} value=${props.smooth} set=${set} />
      ${swept.length > 1 && html`<label class="inline">Colour by <select id="colour-by" value=${props.by}
        onChange=${(event) => set({ by: event.target.value })}>
        <option value="" selected=${props.by === ''}>config</option>${swept.map((name) => html`<option value=${name}
          selected=${name === props.by}>${name}</option>`)}</select></label>`}
    </div>`;
}

export function Curves({ metrics, mode, single, swept, ...shared }) {
  const { store, configs, styles, props, set, catalogue } = shared;
  const change = (index, metric) => set({ metrics: metrics.map((one, i) => (i === index ? metric : one)) });
  const add = () => {
    const next = catalogue.metrics.find((one) => one.scope === 'epoch' && !metrics.includes(one.name) && /^train/.test(one.name))
      ?? catalogue.metrics.find((one) => one.scope === 'epoch' && !metrics.includes(one.name));
    if (next) set({ metrics: [...metrics, next.name] });
  };
  const zoomKey = JSON.stringify(props.zoom);
  const zoom = useMemo(() => props.zoom, [zoomKey]);
  const lines = configs.reduce((sum, config) => sum + (props.hide.includes(config.config_id) ? 0 : config.runs.length), 0);
  const problem = store.problems.get('curves');
  return html`
    <section class="card" aria-labelledby="curves-title">
      <div class="section-head"><h2 id="curves-title">Curves</h2><${Toolbar} props=${props} set=${set} mode=${mode} single=${single} swept=${swept} />
        </div>
      <${Legend} configs=${configs} styles=${styles} props=${props} set=${set} baseline=${store.comparison?.baseline} />
      ${problem && html`<${Failure} problem=${problem} title="The curves could not be loaded" retry=${() => store.refreshAggregates.ask()} />`}
      ${mode === 'runs' && lines > LINES_LIMIT && html`<p
        class="soft">The first ${LINES_LIMIT} of ${count(lines, 'run')}; hide configs to see others.</p>`}
      <div class="panels ${metrics.length === 1 ? 'one' : ''}">
        ${metrics.map((metric, i) => html`<${Panel} key=${i} index=${i} metric=${metric} shared=${shared} mode=${mode} zoom=${zoom}
          onMetric=${(next) => change(i, next)}
            onRemove=${metrics.length > 1 ? () => set({ metrics: metrics.filter((_, j) => j !== i) }) : null} />`)}
      </div>
      <div class="row after-panels"><button type="button" class="button quiet" id="panel-add" onClick=${add}><${Icon}
        name="plus" />Add a chart</button>
        <span class="soft small wide-only">Drag to zoom, double press to show all. With the keyboard: arrows, +, −, 0.</span></div>
    </section>`;
}
