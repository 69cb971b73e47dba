/* panel — the chart of one metric of an experiment, with what it shows and its files. */
import { html, useCallback, useLayoutEffect, useRef, useState } from '../../lib/html.js';
import { metricLabel } from '../../lib/format.js';
import { Icon } from '../basic.js';
import { LineChart, SaveMenu } from '../chart.js';
import { marksOf, seriesOf } from './series.js';
import { MetricSelect } from './verdict.js';

const isEmpty = (model) => model.series.every((s) => s.y.every((y) => y === null));

/* What a chart shows: 'lines', or nothing since its values are still 'loading' or 'absent'.
 * `handle`: the ref to it. */
function useContent(handle, model, watch, isLoaded) {
  const [content, setContent] = useState('lines');
  useLayoutEffect(() => {
    const look = () =>
      setContent(!isEmpty(handle.current.model) ? 'lines' : isLoaded() ? 'absent' : 'loading');
    look();
    return watch(look);
  }, [model, watch]);
  return content;
}

/* The last epoch that any of these configs can come to. */
const reachOf = (configs) =>
  configs.reduce((most, { runs }) => Math.max(most, ...runs.map((run) => run.epochs)), 0);

function modelOf(shared, metric, mode, zoom) {
  const { store, configs, props } = shared;
  const series = seriesOf(mode, shared, metric);
  return {
    name: metricLabel(metric),
    xLabel: 'epoch',
    series,
    xLog: props.x === 'log',
    yLog: props.y === 'log',
    zoom,
    sync: `experiment-${store.id}`,
    fit: props.fit === 'end',
    live: store.active,
    reach: reachOf(configs),
    marks: marksOf(configs, series, mode),
  };
}

/* Whether all that there is of a metric has been loaded, as far as it is shown. */
function isLoaded({ store, configs }, metric, mode) {
  if (configs.length === 0 || store.problems.has('curves')) return true;
  if (mode !== 'runs') return store.means.has(metric);
  return configs.some(({ runs }) => runs.some((run) => store.curves.get(run.id)?.[metric]));
}

/* Why there are no lines. */
function noteOf(content, { store, configs }) {
  if (content === 'loading') return 'Loading…';
  if (configs.length === 0) return 'All configs are hidden.';
  return store.active ? 'Waiting for the first epoch…' : 'There are no values of this metric.';
}

function Direction({ row }) {
  if (!row) return null;
  const words = { lower: 'lower is better', higher: 'higher is better', none: 'what it is' };
  return html`
    <a class="soft small hint" title=${row.help} href="#/glossary?find=${row.name}">
      ${words[row.direction]}
    </a>
  `;
}

function Head({ index, metric, shared, zoom, handle, onMetric, onRemove }) {
  const { set, catalogue, regression } = shared;
  const reset = html`
    <button type="button" class="button quiet small" id="zoom-reset-${index}"
        onClick=${() => set({ zoom: null })}>
      Show all
    </button>
  `;
  const remove = html`
    <button type="button" class="button quiet icon-only" id="panel-remove-${index}"
        aria-label="Remove the chart of ${metricLabel(metric)}" title="Remove this chart"
        onClick=${onRemove}>
      <${Icon} name="close" />
    </button>
  `;
  return html`
    <div class="panel-head">
      <${MetricSelect} id="panel-metric-${index}" label="Metric of chart ${index + 1}"
          regression=${regression} metrics=${catalogue.metrics} value=${metric}
          onChange=${onMetric} />
      <${Direction} row=${catalogue.metric(metric)} />
      <span class="grow" />
      ${zoom && reset}
      <${SaveMenu} id="chart-${index}" handle=${handle} />
      ${onRemove && remove}
    </div>
  `;
}

/* shared: what all panels show, see curves.js; its `configs` are those that can be seen. */
export function Panel({ index, metric, shared, mode, zoom, onMetric, onRemove }) {
  const { store, version, configs, styles, props, set } = shared;
  const handle = useRef(null);
  const { gap, band, x, y, smooth, fit } = props;
  const model = useCallback(
    () => modelOf(shared, metric, mode, zoom),
    [version, configs, styles, metric, mode, shared.limit, gap, band, x, y, smooth, fit, zoom],
  );
  const watch = useCallback((draw) => store.watchCurves(draw), [store]);
  const content = useContent(handle, model, watch, () => isLoaded(shared, metric, mode));
  const note = html`<p class="chart-note ${content}">${noteOf(content, shared)}</p>`;
  return html`
    <section class="panel" aria-label=${metricLabel(metric)} data-testid="panel-${metric}">
      <${Head} index=${index} metric=${metric} shared=${shared} zoom=${zoom} handle=${handle}
          onMetric=${onMetric} onRemove=${onRemove} />
      <div class="chart-box">
        <${LineChart} id="chart-${index}" handle=${handle} label="${metricLabel(metric)} by epoch"
            model=${model} watch=${watch} onZoom=${(pair) => set({ zoom: pair })} />
        ${content !== 'lines' && note}
      </div>
    </section>
  `;
}
