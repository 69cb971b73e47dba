/* run — one training: its curves with the gap between training and validation, the loss ledger,
 * layers, weights, configuration. */
import {
  html,
  useCallback,
  useEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
  useTheme,
  useTitle,
} from '../lib/html.js';
import { defineView } from './define.js';
import { choice, range, text } from '../lib/state.js';
import { get, request, link, getCatalogue } from '../lib/api.js';
import { RunStore } from '../lib/run-store.js';
import { isOver } from '../lib/status.js';
import { categorical, ink } from '../lib/palette.js';
import {
  bytes,
  titleOf,
  number,
  metricLabel,
  metricTitle,
  duration,
  elapsed,
  valuesLabel,
  value as showValue,
  when,
  whenFully,
  NONE,
} from '../lib/format.js';
import {
  Icon,
  Status,
  Loading,
  Failure,
  Segments,
  Tabs,
  tabPanel,
  attempt,
  saveFile,
  Swatch,
} from '../part/basic.js';
import { LineChart, SaveMenu, FitToggle, LogEpochs } from '../part/chart.js';
import { Evaluation } from '../part/result/evaluation.js';
import { RunBoundary, useIsPlane } from '../part/result/boundary.js';
import { Weights } from '../part/result/weights.js';
import { Configuration } from '../part/result/configuration.js';

const PROPS = {
  fit: choice(['end', 'all']),
  y: choice(['linear', 'log']),
  x: choice(['linear', 'log']),
  zoom: range(),
  tab: choice(['layers', 'weights', 'answers', 'boundary', 'configuration']),
  layer: text(),
  epoch: text(),
};

function useRun(id) {
  const [version, bump] = useReducer((n) => n + 1, 0);
  const store = useMemo(() => new RunStore(Number(id), bump), [id]);
  useEffect(() => {
    store.open();
    return () => store.close();
  }, [store]);
  return [store, version];
}

/* The band between a line and the column that it is shown against; its edges cross where the lines
 * do. */
function gapOf(columns, { column, against }) {
  if (!against) return { low: null, high: null };
  const [own, other] = [columns[column], columns[against]];
  const known = own.map((y, i) => y !== null && other[i] !== null);
  return {
    low: own.map((y, i) => (known[i] ? y : null)),
    high: other.map((y, i) => (known[i] ? y : null)),
  };
}

/* A chart of some columns. lines: [{label, color, column, against}]; `against`: a column to shade
 * the gap to. */
function Panel({ id, title, note, lines, store, version, props, set, marks, small }) {
  const theme = useTheme();
  const handle = useRef(null);
  const zoomKey = JSON.stringify(props.zoom);
  const shown = lines.filter((line) => store.columns[line.column]);
  const model = useCallback(
    () => ({
      name: title,
      xLabel: 'epoch',
      xLog: props.x === 'log',
      yLog: props.y === 'log',
      zoom: props.zoom,
      sync: 'run',
      marks,
      fit: props.fit === 'end',
      live: !isOver(store.run),
      reach: store.run.epochs,
      series: lines
        .filter((line) => store.columns[line.column])
        .map((line) => ({
          key: line.column,
          label: line.label,
          color: line.color,
          dash: line.dash,
          width: 2,
          x: store.columns.epoch,
          y: store.columns[line.column],
          ...gapOf(store.columns, line),
          n: null,
        })),
    }),
    [version, theme, props.x, props.y, props.fit, zoomKey, marks],
  );
  const watch = useCallback((draw) => store.watchCurves(draw), [store]);
  return html`
    <section class="panel" aria-label=${title}>
      <div class="panel-head">
        <h3>${title}</h3>
        <span class="soft small hint">${note}</span>
        <span class="grow" />
        ${
          props.zoom &&
          html`
            <button type="button" class="button quiet small" onClick=${() => set({ zoom: null })}>
              Show all
            </button>
          `
        }
        <${SaveMenu} id=${id} handle=${handle} />
      </div>
      ${
        shown.length > 0 &&
        html`
          <div class="legend static">
            ${shown.map(
              (s) => html`<span class="legend-item"><${Swatch} style=${s} />${s.label}</span>`,
            )}
          </div>
        `
      }
      <${LineChart} id=${id} label="${title} by epoch" model=${model} watch=${watch} small=${small}
          handle=${handle} onZoom=${(zoom) => set({ zoom })} />
    </section>
  `;
}

/* Where the best epoch and an early stop lie on a curve. */
function marksOf(run, columns, metric, color) {
  const at = (epoch) => columns.epoch.indexOf(epoch);
  const marks = [];
  const best = at(run.metrics?.best_epoch);
  if (best >= 0 && columns[metric]?.[best] !== null)
    marks.push({ x: columns.epoch[best], y: columns[metric][best], color, kind: 'best' });
  const last = columns.epoch.length - 1;
  if (run.stop_reason === 'early_stopped' && last >= 0)
    marks.push({ x: columns.epoch[last], y: columns[metric][last], color, kind: 'stop' });
  return marks;
}

function Curves({ store, version, props, set }) {
  const theme = useTheme();
  const { run, columns } = store;
  const other = columns.val_rmse?.some((x) => x !== null) ? 'rmse' : 'accuracy';
  const colors = {
    train: ink(theme),
    val: categorical(0, theme),
    batch: categorical(1, theme),
    penalty: categorical(4, theme),
  };
  const marks = useMemo(
    () => ({
      loss: marksOf(run, columns, 'val_loss', colors.val),
      other: marksOf(run, columns, `val_${other}`, colors.val),
    }),
    [version, theme],
  );
  const shared = { store, version, props, set };
  return html`
    <section class="card">
      <div class="section-head">
        <h2>Curves</h2>
        <div class="toolbar">
          <${Segments} name="y" label="Vertical axis" value=${props.y} options=${[
            ['linear', 'Linear'],
            ['log', 'Log'],
          ]} onChange=${(y) => set({ y })} />
          <${FitToggle} props=${props} set=${set} />
          <${LogEpochs} props=${props} set=${set} />
        </div>
      </div>
      <div class="panels">
        <${Panel} id="chart-loss" title="Training and validation loss" note="the gap is shaded"
            ...${shared} marks=${marks.loss} lines=${[
              { label: 'training', color: colors.train, column: 'train_loss' },
              { label: 'validation', color: colors.val, column: 'val_loss', against: 'train_loss' },
            ]} />
        <${Panel} id="chart-other" title="Training and validation ${metricLabel(other)}"
            ...${shared} marks=${marks.other} lines=${[
              { label: 'training', color: colors.train, column: `train_${other}` },
              {
                label: 'validation',
                color: colors.val,
                column: `val_${other}`,
                against: `train_${other}`,
              },
            ]} />
        <${Panel} id="chart-ledger" title="Loss as trained and in inference" ...${shared} lines=${[
          { label: 'data loss as trained', color: colors.batch, column: 'batch_loss' },
          { label: 'the same in inference mode', color: colors.train, column: 'train_loss' },
          ...(columns.penalty?.some((x) => x > 0)
            ? [{ label: 'penalties', color: colors.penalty, column: 'penalty' }]
            : []),
        ]} />
        <${Panel} id="chart-gradient" title="Gradient norm" ...${shared} lines=${[
          { label: 'gradient norm', color: categorical(2, theme), column: 'gradient_norm' },
        ]} />
      </div>
      <p class="soft small">A ring marks the best epoch, a square an early stop.</p>
    </section>
  `;
}

/* objective = data loss + penalties, in training mode, and its parts in inference mode, at one
 * epoch. */
function Ledger({ run, columns }) {
  const epochs = columns.epoch.length;
  if (epochs === 0) return null;
  const chosen = run.metrics?.selected_epoch ?? run.metrics?.best_epoch;
  const rows = [['last epoch', epochs - 1]];
  const best = columns.epoch.indexOf(run.metrics?.best_epoch);
  if (best >= 0 && best !== epochs - 1)
    rows.unshift([
      chosen === run.metrics?.best_epoch && run.stop_reason === 'early_stopped'
        ? 'best epoch, selected'
        : 'best epoch',
      best,
    ]);
  const at = (name, i) => columns[name]?.[i] ?? null;
  const sum = (i) =>
    at('batch_loss', i) === null ? null : at('batch_loss', i) + (at('penalty', i) ?? 0);
  const gap = (i) =>
    at('val_loss', i) === null || at('train_loss', i) === null
      ? NONE
      : number(at('val_loss', i) - at('train_loss', i));
  const cells = [
    ['Epoch', (i) => columns.epoch[i]],
    ['Data loss as trained', (i) => number(at('batch_loss', i))],
    ['+ penalties', (i) => number(at('penalty', i))],
    ['= objective', (i) => number(sum(i)), 'main'],
    ['Training loss, inference', (i) => number(at('train_loss', i))],
    ['Validation loss', (i) => number(at('val_loss', i))],
    ['Gap', gap],
  ];
  return html`
    <section class="card">
      <h2>Loss ledger</h2>
      <p class="soft small">
        What the optimizer minimizes is the data loss as trained, with noise and masks on, plus the
        penalties. What counts is the loss in inference mode.
      </p>
      <div class="table-box stack" role="region" tabindex="0" aria-label="Loss ledger">
        <table id="ledger">
          <thead>
            <tr>
              <th scope="col">At</th>
              ${cells.map(([words]) => html`<th scope="col" class="num">${words}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              ([words, i]) =>
                html`
                  <tr>
                    <th scope="row">${words}</th>
                    ${cells.map(
                      ([name, cell, look]) => html`
                        <td class="num ${look ?? ''}" data-label=${name}>${cell(i)}</td>
                      `,
                    )}
                  </tr>
                `,
            )}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

/* Why there are no layers. */
function withoutLayers(run) {
  if (run.config.record_layers === false)
    return html`This run does not record its layers (<code>record_layers</code>).`;
  return isOver(run)
    ? 'This run ended before it recorded anything.'
    : 'Nothing yet: the layers come with the first epochs.';
}

function Layers({ store, version, props, set, catalogue }) {
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
  const name = (layer, i) =>
    typeof layer.layer === 'string'
      ? layer.layer
      : i === layers.length - 1 && layers.length > 1
        ? 'output'
        : `layer ${layer.layer}`;
  const shown = metrics.filter((metric) =>
    layers.some((layer) => layer.columns[metric.name]?.some((x) => x !== null)),
  );
  return html`
    <div class="legend static">
      ${layers.map(
        (layer, i) =>
          html`
            <span class="legend-item">
              <${Swatch} style=${{ color: categorical(i, theme) }} />
              ${name(layer, i)}
            </span>
          `,
      )}
    </div>
    <div class="panels three" data-testid="layers">
      ${shown.map(
        (metric) => html`
          <${LayerPanel} key=${metric.name} metric=${metric} layers=${layers} nameOf=${name}
              version=${version} props=${props} set=${set} theme=${theme} />
        `,
      )}
    </div>
  `;
}

function LayerPanel({ metric, layers, nameOf, version, props, set, theme }) {
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
        .map((layer, i) => ({
          key: String(i),
          label: nameOf(layer, i),
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

const TILES = [
  'val_loss',
  'val_accuracy',
  'val_rmse',
  'test_loss',
  'test_accuracy',
  'test_rmse',
  'generalization_gap',
  'test_ece',
  'mc_test_accuracy',
  'mc_test_loss',
];

function Tiles({ run, catalogue }) {
  const known = TILES.filter(
    (name) => run.metrics?.[name] !== null && run.metrics?.[name] !== undefined,
  );
  const rows = [
    ...known.map((name) => [
      metricLabel(name),
      number(run.metrics[name]),
      catalogue.metric(name)?.help,
    ]),
    ...(run.metrics?.best_epoch !== undefined && run.metrics.best_epoch !== null
      ? [['best epoch', number(run.metrics.best_epoch), 'The epoch with the best monitored metric']]
      : []),
    ...(run.samples_per_second
      ? [
          [
            'samples per second',
            number(Math.round(run.samples_per_second)),
            'Training samples over training time',
          ],
        ]
      : []),
  ];
  if (!rows.length) return null;
  return html`
    <dl class="tiles" data-testid="tiles">
      ${rows.map(
        ([words, shown, help]) => html`
          <div class="tile" title=${help}><dt>${words}</dt><dd>${shown}</dd></div>
        `,
      )}
    </dl>
  `;
}

/* The run's configuration as a specification of its own. */
const specOfRun = (run) => JSON.stringify(run.config);

function Head({ run, experiment }) {
  const act = (what) => attempt(() => request('POST', `/runs/${run.id}/${what}`));
  const active = !isOver(run);
  return html`
    <nav class="crumbs" aria-label="Where you are">
      <a href="#/experiments">Experiments</a>
      <span aria-hidden="true">/</span>
      <a href="#/experiments/${run.experiment_id}">
        ${experiment ? titleOf(experiment) : run.experiment_id}
      </a>
      <span aria-hidden="true">/</span>
      <span>run ${run.id}</span>
    </nav>
    <div class="page-head">
      <div class="head-words"><h1>${valuesLabel(run.values)}, seed ${run.seed}</h1></div>
      <div class="row actions">
        ${
          active &&
          html`
            <button type="button" class="button" id="run-cancel" onClick=${() => act('cancel')}>
              <${Icon} name="stop" />Cancel
            </button>
          `
        }
        ${
          ['failed', 'cancelled'].includes(run.status) &&
          html`
            <button type="button" class="button" id="run-retry" onClick=${() => act('retry')}>
              <${Icon} name="retry" />Retry
            </button>
          `
        }
        <a class="button" id="run-duplicate"
            href="#/new?spec=${encodeURIComponent(specOfRun(run))}">
          <${Icon} name="copy" />Duplicate
        </a>
        ${
          run.status === 'completed' &&
          html`
            <a class="button" id="model-download"
                href=${link(`/runs/${run.id}/model`, { format: 'safetensors' })}
                download="run-${run.id}.safetensors">
              <${Icon} name="download" />Model
            </a>
          `
        }
        <a class="button quiet" id="curves-download" href="#" onClick=${(event) => {
          event.preventDefault();
          saveCurves(run.id);
        }}>
          <${Icon} name="download" />Curves
        </a>
      </div>
    </div>
    <div class="head-state">
      <${Status} status=${run.status} reason=${run.stop_reason} />
      <span class="soft">epoch ${run.epoch} of ${run.epochs}</span>
      ${
        run.started_at &&
        html`
          <time class="soft" datetime=${run.started_at} title=${whenFully(run.started_at)}>
            ${when(run.started_at)}
            ${run.finished_at ? `, took ${duration(elapsed(run.started_at, run.finished_at))}` : ''}
          </time>
        `
      }
      ${run.attempt > 1 && html`<span class="soft">attempt ${run.attempt}</span>`}
      ${run.error && html`<span class="bad-text">${run.error}</span>`}
    </div>
  `;
}

async function saveCurves(id) {
  await attempt(async () =>
    saveFile(
      `run-${id}-curves.csv`,
      await request('GET', `/runs/${id}/curves`, { headers: { Accept: 'text/csv' }, as: 'blob' }),
    ),
  );
}

const PROVENANCE = {
  version: 'program',
  blas: 'BLAS',
  blas_core: 'BLAS core',
  data_sha256: 'SHA-256 of the data',
  memory_bytes: 'memory',
};

function Provenance({ run }) {
  const rows = Object.entries(run.provenance ?? {});
  if (!rows.length) return null;
  return html`
    <dl class="pairs">
      ${rows.map(
        ([name, part]) => html`
          <div>
            <dt>${PROVENANCE[name] ?? name.replace(/_/g, ' ')}</dt>
            <dd><code>${name.endsWith('_bytes') ? bytes(part) : showValue(part)}</code></dd>
          </div>
        `,
      )}
    </dl>
  `;
}

/* Width and height of the run's inputs, null when they are no pictures. */
function useImage(run) {
  const [image, setImage] = useState(null);
  const set =
    typeof run?.config?.dataset === 'object' ? run.config.dataset?.name : run?.config?.dataset;
  useEffect(() => {
    if (!set) return undefined;
    const abort = new AbortController();
    get(`/datasets/${encodeURIComponent(set)}/preview`, { rows: 1, images: 1 }, abort.signal).then(
      ({ images }) => setImage(images && { width: images.width, height: images.height }),
      () => {},
    );
    return () => abort.abort();
  }, [set]);
  return image;
}

function Run({ id, set, ...props }) {
  const [store, version] = useRun(id);
  const [catalogue, setCatalogue] = useState(null);
  const image = useImage(store.run);
  const isPlane = useIsPlane(store.run);
  useEffect(() => {
    getCatalogue().then(setCatalogue, (problem) => {
      store.problem = problem;
      store.tell();
    });
  }, []);
  useEffect(() => {
    if (props.tab === 'layers') store.wantLayers();
  }, [props.tab, store.run === null]);
  useTitle(`Run ${id}`);
  if (store.problem)
    return html`
      <${Failure} heading="h1" problem=${store.problem} retry=${() => store.load()}
          title=${store.problem.status === 404 ? 'There is no such run' : undefined} />
      <p><a href="#/experiments">All experiments</a></p>
    `;
  if (!store.run || !catalogue) return html`<${Loading} what="Loading the run" />`;
  const { run, columns } = store;
  const shared = { store, version, props, set, catalogue };
  const tabs = [
    ['layers', 'Layers'],
    ['weights', 'Weights'],
    ['answers', 'Answers'],
    ...(isPlane || props.tab === 'boundary' ? [['boundary', 'Boundary']] : []),
    ['configuration', 'Configuration'],
  ];
  return html`
    <${Head} run=${run} experiment=${store.experiment} />
    <${Tiles} run=${run} catalogue=${catalogue} />
    <${Curves} ...${shared} />
    <${Ledger} run=${run} columns=${columns} />
    <section class="card tables">
      <${Tabs} id="run-tabs" label="Inside the run" value=${props.tab} tabs=${tabs}
          onChange=${(tab) => set({ tab })} />
      <div class="tab-body" ...${tabPanel('run-tabs', props.tab)}>
        ${props.tab === 'layers' && html`<${Layers} ...${shared} />`}
        ${
          props.tab === 'weights' &&
          (run.status === 'completed'
            ? html`<${Weights} run=${run.id} image=${image} />`
            : html`<p class="soft pad">The weights can be seen when the run has finished.</p>`)
        }
        ${
          props.tab === 'answers' &&
          (run.status === 'completed'
            ? html`<${Evaluation} run=${run} />`
            : html`
              <p class="soft pad">
                What it answers to the test split can be seen when the run has finished.
              </p>
            `)
        }
        ${
          props.tab === 'boundary' &&
          html`
            <${RunBoundary} run=${run} label="${valuesLabel(run.values)}, seed ${run.seed}"
                props=${props} set=${set} />
          `
        }
        ${
          props.tab === 'configuration' &&
          html`
            <${Configuration} config=${run.config} fields=${catalogue.fields}
                datasets=${catalogue.datasets} name="run-${id}" />
            <${Provenance} run=${run} />
          `
        }
      </div>
    </section>
    <p class="soft foot">
      Everything here is also at <a href=${link(`/runs/${id}`)}>${link(`/runs/${id}`)}</a>,${' '}
      <a href=${link(`/runs/${id}/curves`)}>curves</a> and${' '}
      <a href=${link(`/runs/${id}/layers`)}>layers</a>.
    </p>
  `;
}

export default defineView(PROPS, Run);
