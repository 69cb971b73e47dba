/* run — one training: its curves with the gap between training and validation, the loss ledger,
 * layers, weights, configuration. */
import { html, useEffect, useMemo, useReducer, useState, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { choice, range, text } from '../lib/state.js';
import { get, request, link, getCatalogue } from '../lib/api.js';
import { RunStore } from '../lib/run-store.js';
import { isOver } from '../lib/status.js';
import {
  bytes,
  duration,
  elapsed,
  metricLabel,
  number,
  titleOf,
  value as showValue,
  valuesLabel,
  when,
  whenFully,
} from '../lib/format.js';
import { Failure, Icon, Loading, Status, attempt, saveFile } from '../part/basic.js';
import { Tabs, tabPanel } from '../part/control.js';
import { RunBoundary, useIsPlane } from '../part/result/boundary.js';
import { Configuration } from '../part/result/configuration.js';
import { Evaluation } from '../part/result/evaluation.js';
import { Layers } from '../part/result/layers.js';
import { Ledger } from '../part/result/ledger.js';
import { RunCurves } from '../part/result/run-curves.js';
import { Weights } from '../part/result/weights.js';

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

async function saveCurves(id) {
  await attempt(async () =>
    saveFile(
      `run-${id}-curves.csv`,
      await request('GET', `/runs/${id}/curves`, { headers: { Accept: 'text/csv' }, as: 'blob' }),
    ),
  );
}

/* What can be done with a run. */
function Actions({ run }) {
  const act = (what) => attempt(() => request('POST', `/runs/${run.id}/${what}`));
  const save = (event) => {
    event.preventDefault();
    saveCurves(run.id);
  };
  const cancel = html`
    <button type="button" class="button" id="run-cancel" onClick=${() => act('cancel')}>
      <${Icon} name="stop" />Cancel
    </button>
  `;
  const retry = html`
    <button type="button" class="button" id="run-retry" onClick=${() => act('retry')}>
      <${Icon} name="retry" />Retry
    </button>
  `;
  const model = html`
    <a class="button" id="model-download" download="run-${run.id}.safetensors"
        href=${link(`/runs/${run.id}/model`, { format: 'safetensors' })}>
      <${Icon} name="download" />Model
    </a>
  `;
  return html`
    <div class="row actions">
      ${!isOver(run) && cancel}
      ${['failed', 'cancelled'].includes(run.status) && retry}
      <a class="button" id="run-duplicate"
          href="#/new?spec=${encodeURIComponent(JSON.stringify(run.config))}">
        <${Icon} name="copy" />Duplicate
      </a>
      ${run.status === 'completed' && model}
      <a class="button quiet" id="curves-download" href="#" onClick=${save}>
        <${Icon} name="download" />Curves
      </a>
    </div>
  `;
}

/* When it was started, and how long it took. */
function Times({ run: { started_at: start, finished_at: end } }) {
  if (!start) return null;
  return html`
    <time class="soft" datetime=${start} title=${whenFully(start)}>
      ${when(start)}${end ? `, took ${duration(elapsed(start, end))}` : ''}
    </time>
  `;
}

function Head({ run, experiment }) {
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
      <${Actions} run=${run} />
    </div>
    <div class="head-state">
      <${Status} status=${run.status} reason=${run.stop_reason} />
      <span class="soft">epoch ${run.epoch} of ${run.epochs}</span>
      <${Times} run=${run} />
      ${run.attempt > 1 && html`<span class="soft">attempt ${run.attempt}</span>`}
      ${run.error && html`<span class="bad-text">${run.error}</span>`}
    </div>
  `;
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

/* What only a finished run has. */
const whenFinished = (run, part, words) =>
  run.status === 'completed' ? part : html`<p class="soft pad">${words}</p>`;

/* What is under each tab: key → what makes it. */
const INSIDE = {
  layers: (shared) => html`<${Layers} ...${shared} />`,
  weights: ({ run, image }) =>
    whenFinished(
      run,
      html`<${Weights} run=${run.id} image=${image} />`,
      'The weights can be seen when the run has finished.',
    ),
  answers: ({ run }) =>
    whenFinished(
      run,
      html`<${Evaluation} run=${run} />`,
      'What it answers to the test split can be seen when the run has finished.',
    ),
  boundary: ({ run, props, set }) => html`
    <${RunBoundary} run=${run} label="${valuesLabel(run.values)}, seed ${run.seed}" props=${props}
        set=${set} />
  `,
  configuration: ({ run, catalogue }) => html`
    <${Configuration} config=${run.config} fields=${catalogue.fields}
        datasets=${catalogue.datasets} name="run-${run.id}" />
    <${Provenance} run=${run} />
  `,
};

function Inside({ isPlane, ...shared }) {
  const { props, set } = shared;
  const image = useImage(shared.run);
  const tabs = [
    ['layers', 'Layers'],
    ['weights', 'Weights'],
    ['answers', 'Answers'],
    ...(isPlane || props.tab === 'boundary' ? [['boundary', 'Boundary']] : []),
    ['configuration', 'Configuration'],
  ];
  return html`
    <section class="card tables">
      <${Tabs} id="run-tabs" label="Inside the run" value=${props.tab} tabs=${tabs}
          onChange=${(tab) => set({ tab })} />
      <div class="tab-body" ...${tabPanel('run-tabs', props.tab)}>
        ${INSIDE[props.tab]({ ...shared, image })}
      </div>
    </section>
  `;
}

function Run({ id, set, ...props }) {
  const [store, version] = useRun(id);
  const [catalogue, setCatalogue] = useState(null);
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
  return html`
    <${Head} run=${run} experiment=${store.experiment} />
    <${Tiles} run=${run} catalogue=${catalogue} />
    <${RunCurves} ...${shared} />
    <${Ledger} run=${run} columns=${columns} />
    <${Inside} ...${shared} run=${run} isPlane=${isPlane} />
    <p class="soft foot">
      Everything here is also at <a href=${link(`/runs/${id}`)}>${link(`/runs/${id}`)}</a>,${' '}
      <a href=${link(`/runs/${id}/curves`)}>curves</a> and${' '}
      <a href=${link(`/runs/${id}/layers`)}>layers</a>.
    </p>
  `;
}

export default defineView(PROPS, Run);
