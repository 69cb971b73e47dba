/* experiment — one experiment: the verdict, its curves drawn live, and the tables of its configs
 * and runs. */
import { html, useEffect, useMemo, useReducer, useState, useTheme, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { text, choice, number as numberProp, list, range, flag, go } from '../lib/state.js';
import { request, getCatalogue, link } from '../lib/api.js';
import { ExperimentStore } from '../lib/experiment-store.js';
import { isOver } from '../lib/status.js';
import { configStyles, sweptNames } from '../lib/palette.js';
import { isVaried, variedFields } from '../lib/design.js';
import { count, duration, elapsed, titleOf, valuesLabel, when, whenFully } from '../lib/format.js';
import {
  Icon,
  Status,
  Progress,
  Remaining,
  Loading,
  Failure,
  ConfirmButton,
  attempt,
} from '../part/basic.js';
import { Editable } from '../part/editable.js';
import { isWhole } from '../part/result/arms.js';
import { Budget, hasBudget } from '../part/result/budget.js';
import { Verdict } from '../part/result/conclusion.js';
import { comparedAt } from '../part/result/verdict.js';
import { Curves } from '../part/result/curves.js';
import { ConfigTable, RunTable } from '../part/result/tables.js';
import { Boundaries, useIsPlane } from '../part/result/boundary.js';
import { Effects } from '../part/result/effects.js';
import { Settings, hasSettings } from '../part/result/settings.js';
import { SpecificationText } from '../part/specification.js';
import { Tabs, tabPanel } from '../part/control.js';
import { trainingOf } from '../part/result/series.js';

const PROPS = {
  metrics: list(),
  mode: choice(['mean', 'runs']),
  gap: flag(),
  band: choice(['ci', 'std', 'range', 'none']),
  x: choice(['linear', 'log']),
  y: choice(['linear', 'log']),
  smooth: numberProp(0),
  fit: choice(['end', 'all']),
  zoom: range(),
  hide: list(),
  by: text(),
  compare: text() /* a metric, or "" for that of the question */,
  at: choice(['selected', 'best', 'last']),
  against: text(),
  px: text(),
  plog: choice(['auto', 'log', 'linear']),
  pylog: flag(),
  hx: text(),
  hy: text(),
  left: text(),
  right: text(),
  seed: text(),
  epoch: text(),
  tab: choice(['configs', 'runs', 'specification']),
  order: text(),
  sort: text(),
  rows: text(),
};

/* The store of one experiment, and a number that grows with every change of it. */
function useExperiment(id) {
  const [version, bump] = useReducer((n) => n + 1, 0);
  const store = useMemo(() => new ExperimentStore(Number(id), bump), [id]);
  useEffect(() => {
    store.open();
    return () => store.close();
  }, [store]);
  return [store, version];
}

/* What a run's config is called: its variant, and what else differs. varied: the fields that any
 * variant names. */
function configLabel({ label, values }, varied) {
  if (!label) return valuesLabel(values);
  const others = Object.entries(values).filter(([name]) => !isVaried(name, varied));
  return [label, ...(others.length ? [valuesLabel(Object.fromEntries(others))] : [])].join(', ');
}

/* The configs in the order of their first runs: [{config_id, values, label, runs}]. varied: the
 * fields that any variant names. */
function configsOf(runs, varied) {
  const configs = new Map();
  for (const run of runs.values()) {
    if (!configs.has(run.config_id)) {
      configs.set(run.config_id, {
        config_id: run.config_id,
        values: run.values,
        label: configLabel(run, varied),
        runs: [],
      });
    }
    configs.get(run.config_id).runs.push(run);
  }
  return [...configs.values()];
}

/* How many seeds a config has. */
const seedsOf = ({ runs, experiment }) =>
  runs.size
    ? Math.max(...configsOf(runs, new Set()).map((config) => config.runs.length))
    : Math.round(experiment.n_runs / Math.max(1, experiment.n_configs));

/* What can be done with an experiment. */
function Actions({ store, catalogue }) {
  const { experiment } = store;
  const base = `/experiments/${experiment.id}`;
  const act = (what) =>
    attempt(async () => {
      store.experiment = await request('POST', `${base}/${what}`);
      store.tell();
    });
  const extend = () =>
    attempt(async () => {
      const { openExtend } = await import('../part/form/extend.js');
      openExtend(experiment, catalogue.fields, seedsOf(store), () => store.load());
    });
  const remove = () =>
    attempt(async () => {
      await request('DELETE', `${base}?force=true`);
      go('#/experiments');
    }, 'Deleted.');
  const isPaused = experiment.status === 'paused';
  const cancel = html`
    <${ConfirmButton} id="cancel" icon="stop" label="Cancel" confirm="Cancel all runs?"
        onConfirm=${() => act('cancel')} />
  `;
  const pause = html`
    <button type="button" class="button" id="pause" onClick=${() => act('pause')}>
      <${Icon} name="pause" />Pause
    </button>
  `;
  const resume = html`
    <button type="button" class="button primary" id="resume" onClick=${() => act('resume')}>
      <${Icon} name="play" />Resume
    </button>
  `;
  return html`
    <div class="row actions">
      ${store.active && cancel}
      ${store.active && !isPaused && pause}
      ${isPaused && resume}
      <button type="button" class="button" id="extend" onClick=${extend}>
        <${Icon} name="plus" />Extend
      </button>
      <a class="button" id="duplicate" href="#/new?from=${experiment.id}">
        <${Icon} name="copy" />Duplicate
      </a>
      <${ConfirmButton} id="delete" icon="trash" label="Delete" confirm="Delete with all runs?"
          quiet onConfirm=${remove} />
    </div>
  `;
}

/* "a, b" as a list, each tag once. */
const tagsOf = (words) => [
  ...new Set(
    words
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  ),
];

/* How it stands: its status, its size, how far it is, when it was made. */
function State({ experiment }) {
  const { runs, created_at: created, started_at: started, finished_at: finished } = experiment;
  const progress = html`
    <div class="progress-cell">
      <${Progress} experiment=${experiment} />
      <${Remaining} experiment=${experiment} />
    </div>
  `;
  const failed = html`
    <span class="bad-text"><${Icon} name="alert" />${count(runs?.failed, 'run')} failed</span>
  `;
  const took =
    isOver(experiment) && started ? `, took ${duration(elapsed(started, finished))}` : '';
  return html`
    <${Status} status=${experiment.status} />
    <span class="soft">
      ${count(experiment.n_configs, 'config')} · ${count(experiment.n_runs, 'run')}
    </span>
    ${!isOver(experiment) && progress}
    ${runs?.failed > 0 && failed}
    <time class="soft" datetime=${created} title=${whenFully(created)}>
      ${when(created)}${took}
    </time>
  `;
}

function Head({ store, catalogue }) {
  const { experiment } = store;
  const change = (patch) =>
    attempt(async () => {
      store.experiment = await request('PATCH', `/experiments/${experiment.id}`, { body: patch });
      store.tell();
    });
  const tags = experiment.tags ?? [];
  const chip = (tag) => html`
    <a class="chip" key=${tag} href="#/experiments?tag=${encodeURIComponent(tag)}">${tag}</a>
  `;
  return html`
    <nav class="crumbs" aria-label="Where you are">
      <a href="#/experiments">Experiments</a>
      <span aria-hidden="true">/</span>
      <span>${experiment.id}</span>
    </nav>
    <div class="page-head">
      <div class="head-words">
        <${Editable} id="experiment-name" tag="h1" label="Name" value=${experiment.name}
            empty=${titleOf(experiment)} onSave=${(name) => change({ name })} />
        <${Editable} id="experiment-description" tag="p" lines label="Description"
            value=${experiment.description} empty="Add a note"
            onSave=${(description) => change({ description })} />
      </div>
      <${Actions} store=${store} catalogue=${catalogue} />
    </div>
    <div class="head-state">
      <${State} experiment=${experiment} />
      <${Editable} id="experiment-tags" label="Tags" value=${tags.join(', ')} empty="Add tags"
          hint="tags, separated by commas" onSave=${(words) => change({ tags: tagsOf(words) })}>
        ${tags.map(chip)}
      <//>
    </div>
  `;
}

/* Whether the runs predict numbers instead of classes, as far as is known. */
function isRegression(store) {
  const known = (metrics) => metrics.val_rmse !== null && metrics.val_rmse !== undefined;
  return (
    [...store.live.values()].some(known) ||
    [...store.runs.values()].some((run) => known(run.metrics))
  );
}

/* What the page shows of a store: {metrics, configs, single, mode, styles}; the store is told. */
function useShown(store, version, props) {
  const theme = useTheme();
  const regression = isRegression(store);
  const usual = ['val_loss', regression ? 'val_rmse' : 'val_accuracy'];
  const metrics = props.metrics.length ? props.metrics : usual;
  const varied = useMemo(() => variedFields(store.experiment?.spec.variants), [store.experiment]);
  const configs = useMemo(() => configsOf(store.runs, varied), [store.runs, version, varied]);
  const single = configs.length > 0 && configs.every((config) => config.runs.length === 1);
  const mode = single ? 'runs' : props.mode;
  const runIds = useMemo(
    () =>
      configs
        .filter((config) => !props.hide.includes(config.config_id))
        .flatMap((config) => config.runs.map((run) => run.id)),
    [configs, props.hide],
  );
  const baseline = store.comparison?.baseline ?? store.experiment?.baseline ?? null;
  const styles = useMemo(
    () => configStyles(configs, baseline, props.by, theme),
    [configs.length, baseline, props.by, theme, store.runs],
  );
  const training = props.gap ? metrics.map(trainingOf).filter(Boolean) : [];
  const shown = [...new Set([...metrics, ...training])];
  const { asked } = props;
  useEffect(() => {
    store.show({ metrics: shown, perRun: mode === 'runs', runIds, comparison: asked });
  }, [shown.join(), mode, runIds, JSON.stringify(asked), store.experiment === null]);
  return { metrics, configs, single, mode, styles, regression };
}

/* What is under each tab: key → what makes it. */
const RESULTS = {
  configs: (shared) => html`<${ConfigTable} ...${shared} />`,
  runs: (shared) => html`<${RunTable} ...${shared} />`,
  specification: ({ store }) => html`
    <${SpecificationText} spec=${store.experiment.spec} name="experiment-${store.id}" />
  `,
};

function Results(shared) {
  const { store, configs, props, set } = shared;
  const numberOf = (n) => (store.isListed ? ` (${n})` : '');
  /* else the table of arms has them */
  const isApart = store.comparison === null || !isWhole(store.comparison);
  const tabs = [
    ...(isApart ? [['configs', `Configs${numberOf(configs.length)}`]] : []),
    ['runs', `Runs${numberOf(store.runs.size)}`],
    ['specification', 'Specification'],
  ];
  const [shown] = tabs.find(([key]) => key === props.tab) ?? tabs[0];
  const failure = html`
    <${Failure} problem=${store.problems.get('runs')} title="The runs could not be loaded"
        retry=${() => store.refreshRuns.ask()} />
  `;
  return html`
    <section class="card tables">
      <${Tabs} id="tables" label="Results" value=${shown} onChange=${(tab) => set({ tab })}
          tabs=${tabs} />
      ${store.problems.has('runs') && failure}
      <div ...${tabPanel('tables', shown)}>${RESULTS[shown](shared)}</div>
    </section>
  `;
}

/* What follows from the comparison, as far as there is any. */
function Compared({ store, configs, styles, props, set }) {
  const { comparison } = store;
  const isPlane = useIsPlane([...store.runs.values()][0]);
  /* before that, nobody knows which two boundaries to show */
  const isCompared = comparison !== null || store.problems.has('comparison');
  const budget = html`<${Budget} comparison=${comparison} styles=${styles} />`;
  const settings = html`<${Settings} comparison=${comparison} props=${props} set=${set} />`;
  const boundaries = html`
    <${Boundaries} configs=${configs} comparison=${comparison} active=${store.active}
        styles=${styles} props=${props} set=${set} />
  `;
  return html`
    ${comparison && hasBudget(comparison) && budget}
    ${comparison && hasSettings(comparison) && settings}
    ${comparison?.effects?.items.length > 0 && html`<${Effects} comparison=${comparison} />`}
    ${isPlane && configs.length > 0 && isCompared && boundaries}
  `;
}

function Foot({ id, props: { asked } }) {
  const path = `/experiments/${id}`;
  return html`
    <p class="soft foot">
      Everything here is also at <a href=${link(path)}>${link(path)}</a>,${' '}
      <a href=${link(`${path}/comparison`, asked)}>comparison</a> and${' '}
      <a href=${link(`${path}/runs`)}>runs</a>.
    </p>
  `;
}

/* The wishes of the link as far as they can be met: {…wishes, compare (the metric that is shown),
 * at (where it is compared), asked (the comparison to ask for, null while nobody knows the
 * metrics)}, and own, the metric of the question. Where no metric is picked, the service answers
 * the question's own. */
function useWishes(store, catalogue, wishes) {
  const answered = store.comparison?.question.metric;
  const own = answered ?? store.experiment?.spec.question?.metric ?? 'val_loss';
  const compare = wishes.compare || own;
  if (!catalogue) return { own, props: { ...wishes, compare, asked: null } };
  /* Where the metric cannot be compared at the wished place, another is shown; the wish stays. */
  const at = comparedAt(catalogue.metrics, compare, wishes.at);
  const isPlain = wishes.compare === '' && (wishes.at === 'selected' || !answered);
  const asked = isPlain ? {} : { metric: wishes.compare || null, at };
  return { own, props: { ...wishes, compare, at, asked } };
}

/* What is known of an experiment that is there. Below the verdict stands nothing before the first
 * answer, or it would jump when that comes. */
function Page({ store, id, own, ...shared }) {
  const { catalogue, props, configs } = shared;
  const rest = html`
    <${Curves} store=${store} ...${shared} swept=${sweptNames(configs)} />
    <${Compared} store=${store} ...${shared} />
    <${Results} store=${store} ...${shared} />
    <${Foot} id=${id} props=${props} />
  `;
  return html`
    <${Head} store=${store} catalogue=${catalogue} />
    <${Verdict} store=${store} own=${own} ...${shared} />
    ${store.isAnswered && rest}
  `;
}

function Experiment({ id, set, ...wishes }) {
  const [store, version] = useExperiment(id);
  const [catalogue, setCatalogue] = useState(null);
  const [problem, setProblem] = useState(null);
  const loadCatalogue = () => {
    getCatalogue().then(setCatalogue, setProblem);
  };
  useEffect(loadCatalogue, []);
  useTitle(store.experiment ? titleOf(store.experiment) : `Experiment ${id}`);
  const { own, props } = useWishes(store, catalogue, wishes);
  const shown = useShown(store, version, props);
  const failure = store.problem ?? problem;
  const retry = () => {
    setProblem(null);
    loadCatalogue();
    store.load();
  };
  if (failure)
    return html`
      <${Failure} heading="h1" problem=${failure} retry=${retry}
          title=${failure.status === 404 ? 'There is no such experiment' : undefined} />
      <p><a href="#/experiments">All experiments</a></p>
    `;
  if (!store.experiment || !catalogue) return html`<${Loading} what="Loading the experiment" />`;
  return html`
    <${Page} store=${store} id=${id} own=${own} version=${version} catalogue=${catalogue}
        props=${props} set=${set} ...${shown} />
  `;
}

export default defineView(PROPS, Experiment);
