/* layers — what was measured in each layer of a run, a chart for each metric. */
import { html, useMemo, useRef, useTheme } from '../../lib/html.js';
import { metricLabel, metricTitle } from '../../lib/format.js';
import { categorical } from '../../lib/palette.js';
import { isOver } from '../../lib/status.js';
import { Failure, Loading } from '../basic.js';
import { LineChart, SaveMenu } from '../chart.js';
import { LineLegend } from '../legend.js';

/* Why there are no layers. */
function withoutLayers(run) {
  if (run.config.record_layers === false)
    return html`This run does not record its layers (<code>record_layers</code>).`;
  return isOver(run)
    ? 'This run ended before it recorded anything.'
    : 'Nothing yet: the layers come with the first epochs.';
}

/* What layer i of `layers` is called. */
function nameOf({ layer }, i, layers) {
  if (typeof layer === 'string') return layer;
  return i === layers.length - 1 && layers.length > 1 ? 'output' : `layer ${layer}`;
}

export function Layers({ store, version, props, set, catalogue }) {
  const theme = useTheme();
  const metrics = catalogue.metrics.filter((metric) => metric.scope === 'layer');
  const { layers, layersProblem } = store;
  if (layersProblem && !layers?.length)
    return html`
      <${Failure} problem=${layersProblem} title="The layers could not be loaded"
          retry=${() => store.askLayers()} />
    `;
  if (!layers) return html`<${Loading} what="Loading the layers" />`;
  if (layers.length === 0) return html`<p class="soft pad">${withoutLayers(store.run)}</p>`;
  const shown = metrics.filter((metric) =>
    layers.some((layer) => layer.columns[metric.name]?.some((x) => x !== null)),
  );
  const names = layers.map((layer, i, all) => ({
    label: nameOf(layer, i, all),
    color: categorical(i, theme),
  }));
  return html`
    <${LineLegend} series=${names} />
    <div class="panels three" data-testid="layers">
      ${shown.map(
        (metric) => html`
          <${LayerPanel} key=${metric.name} metric=${metric} layers=${layers} version=${version}
              props=${props} set=${set} theme=${theme} />
        `,
      )}
    </div>
  `;
}

function LayerPanel({ metric, layers, version, props, set, theme }) {
  const handle = useRef(null);
  const zoomKey = JSON.stringify(props.zoom);
  const model = useMemo(
    () => ({
      name: metricLabel(metric.name),
      xLabel: 'epoch',
      xLog: props.x === 'log',
      yLog: false,
      zoom: props.zoom,
      sync: 'run',
      series: layers
        .map((layer, i, all) => ({
          key: String(i),
          label: nameOf(layer, i, all),
          color: categorical(i, theme),
          width: 1.8,
          x: layer.columns.epoch.slice(),
          y: (layer.columns[metric.name] ?? []).slice(),
          low: null,
          high: null,
          n: null,
        }))
        .filter((s) => s.y.some((y) => y !== null)),
    }),
    [version, theme, props.x, zoomKey, layers],
  );
  return html`
    <section class="panel" aria-label="${metricLabel(metric.name)} of each layer">
      <div class="panel-head">
        <h3>${metricTitle(metric.name)}</h3>
        <span class="grow" />
        <${SaveMenu} id="layer-${metric.name}" handle=${handle} />
      </div>
      <${LineChart} id="layer-${metric.name}"
          label="${metricLabel(metric.name)} of each layer by epoch" model=${model} small
          handle=${handle} onZoom=${(zoom) => set({ zoom })} />
      <p class="help">${metric.help}</p>
    </section>
  `;
}
