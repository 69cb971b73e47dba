/* experiment-store — one experiment as the page knows it, kept true by events.
 *
 * 1. Events are subscribed to before anything is loaded; after a `reset` everything is loaded
 *    again.
 * 2. Epochs are added to the curves as they are heard: to those over seeds if they came after what
 *    the service's answer had seen, to those of runs if they are behind their end. What comes while
 *    a curve is being loaded is added after.
 * 3. What is heard of a run while an answer about runs is on its way wins over that answer; the run
 *    is then asked for again.
 * 4. What costs a request (curves of a run that starts anew, comparison) is asked for at most every
 *    so often while events come in.
 * 5. A new epoch only redraws the lines: `watchCurves` tells of it at most once per frame, rarer
 *    where drawing is expensive. The page, with its tables and progress, is told by `changed()`, at
 *    most a few times a second. */
import { get, getAll } from './api.js';
import { subscribe } from './events.js';
import { MeanCurve } from './mean-curve.js';
import { noteProgress } from './remaining.js';
import { Redraw } from './redraw.js';
import { countRuns, isOver } from './status.js';

const REFRESH_MS = 350;
const PAGE_MS = 500;
const RUN_LINES_LIMIT = 100;
const CHANGED_RUNS_LIMIT = 20; /* more are quicker to have with all others */
const PARALLEL_LOADS = 4;

/* Calls `work` now, or later if the last call was less than `gap` (or three times its duration)
 * ago; calls that come in between are one. */
class Refresher {
  constructor(work) {
    this.work = work;
    this.timer = 0;
    this.next = 0;
    this.busy = false;
    this.again = false;
  }

  ask() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.timer ||= setTimeout(() => this.run(), Math.max(0, this.next - performance.now()));
  }

  async run() {
    this.timer = 0;
    this.busy = true;
    const start = performance.now();
    try {
      await this.work();
    } finally {
      const end = performance.now();
      this.next = end + Math.max(REFRESH_MS, 3 * (end - start));
      this.busy = false;
      if (this.again) {
        this.again = false;
        this.ask();
      }
    }
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = -1;
  }
}

export class ExperimentStore {
  constructor(id, changed) {
    this.id = id;
    this.page = new Redraw(changed, { restMs: PAGE_MS });
    this.watchers = new Set();
    this.lines = new Redraw(
      () => {
        for (const draw of this.watchers) draw();
      },
      { name: 'live-update' },
    );
    this.experiment = null;
    this.runs = new Map(); /* run id → run, in order of id */
    this.live = new Map(); /* run id → metrics of its latest epoch */
    this.means = new Map(); /* metric → {asOf, curves: config id → MeanCurve} */
    this.curves = new Map(); /* run id → columns */
    this.comparison = null;
    this.compared = null; /* the question that `comparison` answers */
    this.isAnswered = false; /* a comparison was asked for, and something came of it */
    this.problem = null;
    this.problems = new Map(); /* what could not be loaded → Problem */
    this.want = { metrics: [], perRun: false, runIds: [], comparison: null };
    this.abort = new AbortController();
    this.refreshCurves = new Refresher(() => this.guarded('curves', () => this.loadCurves()));
    this.refreshComparison = new Refresher(() =>
      this.guarded('comparison', () => this.loadComparison()),
    );
    this.refreshRuns = new Refresher(() => this.guarded('runs', () => this.loadRuns()));
    this.refreshExperiment = new Refresher(() =>
      this.guarded('experiment', () => this.loadExperiment()),
    );
    this.isListed = false; /* `runs` has been loaded */
    this.isListWanted = true; /* all runs are to be loaded (again) */
    this.changedRuns = new Set(); /* what is known of them is not the latest */
    this.heardRuns =
      /* run id → its last event since the first of the answers about runs that are on their way was
       * asked for */
      new Map();
    this.runsOnWay = 0;
    this.told = null; /* the last event of the experiment */
    this.early = new Map(); /* run id → epochs heard while its curve is on its way */
    this.heard = []; /* [id, epoch] heard while curves over seeds are on their way */
    this.meansOnWay = 0;
  }

  async open() {
    this.subscription = subscribe(
      this.id,
      (type, data, id) => this.hear(type, data, id),
      (since) => this.lines.spent(performance.now() - since),
    );
    await this.subscription.ready;
    await this.load();
  }

  close() {
    this.abort.abort();
    this.subscription?.close();
    for (const one of [
      this.refreshCurves,
      this.refreshComparison,
      this.refreshRuns,
      this.refreshExperiment,
    ])
      one.stop();
    this.page.stop();
    this.lines.stop();
  }

  get signal() {
    return this.abort.signal;
  }
  get active() {
    return this.experiment !== null && !isOver(this.experiment);
  }

  tell() {
    this.page.ask();
  }

  /* draw() is called when curves have changed; answers a function that ends it. */
  watchCurves(draw) {
    this.watchers.add(draw);
    return () => this.watchers.delete(draw);
  }

  /* Runs a load; remembers its failure under `what` until it succeeds. */
  async guarded(what, load) {
    const before = this.problems.get(what);
    try {
      await load();
      this.problems.delete(what);
    } catch (error) {
      if (this.signal.aborted) return;
      this.problems.set(what, error);
    }
    if (what !== 'curves' || before !== this.problems.get(what))
      this.tell(); /* curves are told of by themselves */
  }

  async load() {
    try {
      await this.loadExperiment();
      this.problem = null;
    } catch (error) {
      if (!this.signal.aborted) this.problem = error;
      this.tell();
      return;
    }
    this.tell();
    this.isListWanted = true;
    await this.guarded('runs', () => this.loadRuns());
    this.refreshCurves.ask();
    this.refreshComparison.ask();
  }

  async loadExperiment() {
    const { told } = this;
    this.experiment = await get(`/experiments/${this.id}`, {}, this.signal);
    if (this.told !== told) this.hearExperiment(this.told);
    else noteProgress(this.id, this.experiment);
  }

  /* Those that changed, or all. */
  async loadRuns() {
    const ids = [...this.changedRuns];
    const isSome =
      !this.isListWanted &&
      ids.length <= CHANGED_RUNS_LIMIT &&
      ids.every((id) => this.runs.has(id));
    this.runsOnWay += 1;
    try {
      if (isSome)
        await inParallel(ids, async (id) =>
          this.runs.set(id, await get(`/runs/${id}`, {}, this.signal)),
        );
      else await this.loadAllRuns();
      for (const id of ids) this.changedRuns.delete(id);
      for (const [id, { epoch }] of this.live) this.reach(id, epoch);
    } finally {
      this.runsOnWay -= 1;
      this.catchUp();
    }
  }

  async loadAllRuns() {
    this.isListWanted = false; /* unless somebody wants it meanwhile */
    try {
      const runs = await getAll(`/experiments/${this.id}/runs`, {}, this.signal);
      this.runs = new Map(runs.sort((a, b) => a.id - b.id).map((run) => [run.id, run]));
      this.isListed = true;
    } catch (error) {
      this.isListWanted = true;
      throw error;
    }
  }

  /* What was heard of runs while an answer was on its way may be newer. */
  catchUp() {
    for (const [id, event] of this.heardRuns) {
      const run = this.runs.get(id);
      if (run) changeRun(run, event);
      this.changedRuns.add(id);
    }
    if (this.heardRuns.size > 0) this.refreshRuns.ask();
    if (this.runsOnWay === 0) this.heardRuns.clear();
  }

  /* The run has trained that far. */
  reach(id, epoch) {
    const run = this.runs.get(id);
    if (run) run.epoch = Math.max(run.epoch, epoch);
  }

  async loadCurves() {
    if (this.want.perRun) await this.loadRunCurves();
    else await this.loadMeans();
    performance.clearMarks('curves-loaded'); /* only the latest is kept */
    performance.mark('curves-loaded');
    this.lines.hurry();
  }

  async loadMeans() {
    this.meansOnWay += 1;
    try {
      await inParallel(this.want.metrics, async (metric) => {
        const answer = await get(`/experiments/${this.id}/curves`, { metric }, this.signal);
        this.means.set(metric, {
          asOf: answer.last_event_id,
          curves: new Map(answer.configs.map((one) => [one.config_id, new MeanCurve(one)])),
        });
        for (const [id, epoch] of this.heard) this.addToMean(metric, id, epoch);
        this.lines.ask();
      });
    } finally {
      this.meansOnWay -= 1;
      if (this.meansOnWay === 0) this.heard = [];
    }
  }

  async loadComparison() {
    const want = this.want.comparison;
    if (!want) return;
    try {
      const answer = await get(`/experiments/${this.id}/comparison`, want, this.signal);
      if (want === this.want.comparison)
        Object.assign(this, { comparison: answer, compared: want });
    } catch (error) {
      if (want === this.want.comparison && want !== this.compared)
        this.comparison = null; /* its numbers answer another question */
      throw error;
    } finally {
      this.isAnswered = true;
    }
  }

  /* The curves of the wanted runs that are missing or lack a metric. */
  async loadRunCurves() {
    const { metrics } = this.want;
    const ids = this.want.runIds
      .slice(0, RUN_LINES_LIMIT)
      .filter((id) => !metrics.every((name) => this.curves.get(id)?.[name]));
    await inParallel(ids, async (id) => {
      const heard = [];
      this.early.set(id, heard);
      const { columns } = await get(
        `/runs/${id}/curves`,
        { metrics: metrics.join(',') },
        this.signal,
      );
      if (this.early.get(id) !== heard) return; /* forgotten meanwhile */
      this.early.delete(id);
      for (const name of metrics) columns[name] ??= columns.epoch.map(() => null);
      this.curves.set(id, columns);
      for (const event of heard) this.append(id, event);
      this.lines.ask();
    });
  }

  /* Curves of runs, also those on their way, are of no use any more: not all that comes is added to
   * them. */
  forgetRunCurves() {
    this.curves.clear();
    this.early.clear();
  }

  forgetRunCurve(id) {
    this.curves.delete(id);
    this.early.delete(id);
  }

  /* What the page shows: {metrics, perRun, runIds, comparison: the query of /comparison}. */
  show(want) {
    const before = this.want;
    const comparisonChanged = JSON.stringify(before.comparison) !== JSON.stringify(want.comparison);
    this.want = { ...want, comparison: comparisonChanged ? want.comparison : before.comparison };
    if (before.perRun && !want.perRun) this.forgetRunCurves();
    if (!this.experiment) return;
    if (comparisonChanged) {
      this.problems.delete('comparison'); /* it was about another question */
      this.refreshComparison.ask();
    }
    const curvesOf = ({ metrics, perRun, runIds }) => JSON.stringify([metrics, perRun, runIds]);
    if (curvesOf(before) !== curvesOf(want)) {
      for (const [id, columns] of this.curves)
        if (!want.metrics.every((name) => columns[name])) this.curves.delete(id);
      this.refreshCurves.ask();
    }
  }

  hear(type, data, id) {
    if (type === 'reset') {
      this.forgetRunCurves();
      this.live.clear();
      this.load();
      return;
    }
    if (type === 'epoch') this.hearEpoch(data, id);
    else if (type === 'run') this.hearRun(data);
    else if (type === 'experiment') this.hearExperiment(data);
    this.tell();
  }

  hearEpoch(data, id) {
    this.live.set(data.run, { epoch: data.epoch, ...data.metrics });
    this.reach(data.run, data.epoch);
    if (this.want.perRun) this.append(data.run, data);
    else for (const metric of this.want.metrics) this.addToMean(metric, id, data);
    if (this.meansOnWay > 0) this.heard.push([id, data]);
    this.lines.ask();
  }

  /* A run's epoch to its config's mean, if that has not seen it; an unknown run comes with the
   * curves that are then loaded. */
  addToMean(metric, id, { run, epoch, metrics }) {
    const value = metrics[metric];
    const mean = this.means.get(metric);
    if (value === null || value === undefined || !mean || id <= mean.asOf) return;
    const config = this.runs.get(run)?.config_id;
    if (!config) {
      this.refreshCurves.ask();
      return;
    }
    if (!mean.curves.has(config)) mean.curves.set(config, new MeanCurve());
    mean.curves.get(config).add(epoch, value);
  }

  /* One epoch behind a run's columns. What comes while they are being loaded is added after. */
  append(id, data) {
    const columns = this.curves.get(id);
    if (!columns) {
      this.early.get(id)?.push(data);
      return;
    }
    const last = columns.epoch.length ? columns.epoch[columns.epoch.length - 1] : -1;
    if (data.epoch <= last) return;
    for (const name of Object.keys(columns))
      columns[name].push(name === 'epoch' ? data.epoch : (data.metrics[name] ?? null));
  }

  hearRun(data) {
    const run = this.runs.get(data.run);
    const startsAnew = data.status === 'queued' && data.epoch === 0;
    if (startsAnew) {
      this.forgetRunCurve(data.run);
      this.live.delete(data.run);
    }
    if (run) changeRun(run, data);
    if (this.runsOnWay > 0) this.heardRuns.set(data.run, data);
    if (!run || startsAnew || isOver(data)) {
      this.changedRuns.add(data.run);
      this.refreshRuns.ask();
      this.refreshComparison.ask();
    }
    if (data.status === 'queued' || (this.want.perRun && !this.curves.has(data.run)))
      this.refreshCurves.ask();
  }

  hearExperiment(data) {
    this.told = data;
    noteProgress(this.id, data);
    const { experiment } = this;
    if (!experiment) return;
    const ended = isOver(data) && !isOver(experiment);
    const n_runs = countRuns(data);
    const hasGrown = n_runs !== experiment.n_runs;
    Object.assign(experiment, {
      status: data.status,
      progress: data.progress,
      runs: data.runs,
      n_runs,
    });
    if (hasGrown) {
      this.isListWanted = true;
      this.refreshRuns.ask();
    }
    if (ended || hasGrown) {
      this.refreshExperiment.ask();
      this.refreshComparison.ask();
    }
  }
}

function changeRun(run, { status, epoch, stop_reason }) {
  Object.assign(run, { status, epoch: epoch ?? run.epoch, stop_reason });
}

async function inParallel(items, work) {
  const rest = [...items];
  const lane = async () => {
    while (rest.length) await work(rest.shift());
  };
  await Promise.all(Array.from({ length: PARALLEL_LOADS }, lane));
}
