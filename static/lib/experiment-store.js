/* experiment-store — one experiment as the page knows it, kept true by events.
 *
 * 1. Events are subscribed to before anything is loaded; after a `reset` everything is loaded again.
 * 2. Epochs are added to the curves as they are heard: to those over seeds if they came after what the service's answer had seen, to those
 *    of runs if they are behind their end. What comes while a curve is being loaded is added after.
 * 3. What costs a request (curves of a run that starts anew, comparison) is asked for at most every so often while events come in.
 * 4. A new epoch only redraws the lines: `watchCurves` tells of it at most once per frame, rarer where drawing is expensive. The page,
 *    with its tables and progress, is told by `changed()`, at most a few times a second. */
import { get, getAll } from './api.js';
import { subscribe } from './events.js';
import { MeanCurve } from './mean-curve.js';
import { Pacer } from './pacer.js';

export const TERMINAL = ['completed', 'failed', 'cancelled'];
const REFRESH_MS = 350;
const PAGE_MS = 500;
const RUN_LINES_LIMIT = 100;
const PARALLEL_LOADS = 4;

/* Calls `work` now, or later if the last call was less than `gap` (or three times its duration) ago; calls that come
 * in between are one. */
class Refresher {
  constructor(work) { this.work = work; this.timer = 0; this.next = 0; this.busy = false; this.again = false; }

  ask() {
    if (this.busy) { this.again = true; return; }
    this.timer ||= setTimeout(() => this.run(), Math.max(0, this.next - performance.now()));
  }

  async run() {
    this.timer = 0;
    this.busy = true;
    const start = performance.now();
    try { await this.work(); } finally {
      const end = performance.now();
      this.next = end + Math.max(REFRESH_MS, 3 * (end - start));
      this.busy = false;
      if (this.again) { this.again = false; this.ask(); }
    }
  }

  stop() { clearTimeout(this.timer); this.timer = -1; }
}

export class ExperimentStore {
  constructor(id, changed) {
    this.id = id;
    this.page = new Pacer(changed, { restMs: PAGE_MS });
    this.watchers = new Set();
    this.lines = new Pacer(() => { for (const draw of this.watchers) draw(); }, { name: 'live-update' });
    this.experiment = null;
    this.runs = new Map();     /* run id → run, in order of id */
    this.live = new Map();     /* run id → metrics of its latest epoch */
    this.means = new Map();    /* metric → {asOf, curves: config id → MeanCurve} */
    this.curves = new Map();   /* run id → columns */
    this.comparison = null;
    this.compared = null;      /* the question that `comparison` answers */
    this.problem = null;
    this.problems = new Map(); /* what could not be loaded → Problem */
    this.want = { metrics: [], perRun: false, runIds: [], comparison: null };
    this.abort = new AbortController();
    this.refreshCurves = new Refresher(() => this.guarded('curves', () => this.loadCurves()));
    this.refreshComparison = new Refresher(() => this.guarded('comparison', () => this.loadComparison()));
    this.refreshRuns = new Refresher(() => this.guarded('runs', () => this.loadChangedRuns()));
    this.refreshExperiment = new Refresher(() => this.guarded('experiment', () => this.loadExperiment()));
    this.changedRuns = new Set();
    this.early = new Map();    /* run id → epochs heard before its curve was loaded */
    this.heard = [];           /* [id, epoch] heard while curves over seeds are on their way */
    this.meansOnWay = 0;
  }

  async open() {
    this.subscription = subscribe(this.id, (type, data, id) => this.hear(type, data, id), (since) => this.lines.spent(performance.now() - since));
    await this.subscription.ready;
    await this.load();
  }

  close() {
    this.abort.abort();
    this.subscription?.close();
    for (const one of [this.refreshCurves, this.refreshComparison, this.refreshRuns, this.refreshExperiment]) one.stop();
    this.page.stop();
    this.lines.stop();
  }

  get signal() { return this.abort.signal; }
  get active() { return this.experiment !== null && !TERMINAL.includes(this.experiment.status); }

  tell() { this.page.ask(); }

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
    if (what !== 'curves' || before !== this.problems.get(what)) this.tell(); /* curves are told of by themselves */
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
    await this.guarded('runs', () => this.loadRuns());
    this.refreshCurves.ask();
    this.refreshComparison.ask();
  }

  async loadExperiment() {
    this.experiment = await get(`/experiments/${this.id}`, {}, this.signal);
  }

  async loadRuns() {
    const runs = await getAll(`/experiments/${this.id}/runs`, {}, this.signal);
    this.runs = new Map(runs.sort((a, b) => a.id - b.id).map((run) => [run.id, run]));
  }

  async loadChangedRuns() {
    const ids = [...this.changedRuns];
    this.changedRuns.clear();
    if (ids.length > 20 || ids.some((id) => !this.runs.has(id))) { await this.loadRuns(); return; }
    await inParallel(ids, async (id) => this.runs.set(id, await get(`/runs/${id}`, {}, this.signal)));
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
        this.means.set(metric, { asOf: answer.last_event_id, curves: new Map(answer.configs.map((one) => [one.config_id, new MeanCurve(one)])) });
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
      if (want === this.want.comparison) Object.assign(this, { comparison: answer, compared: want });
    } catch (error) {
      if (want === this.want.comparison && want !== this.compared) this.comparison = null; /* its numbers answer another question */
      throw error;
    }
  }

  /* The curves of the wanted runs that are missing or lack a metric. */
  async loadRunCurves() {
    const { metrics } = this.want;
    const ids = this.want.runIds.slice(0, RUN_LINES_LIMIT)
      .filter((id) => !metrics.every((name) => this.curves.get(id)?.[name]));
    await inParallel(ids, async (id) => {
      const answer = await get(`/runs/${id}/curves`, { metrics: metrics.join(',') }, this.signal);
      const heard = this.early.get(id) ?? [];
      this.early.delete(id);
      const { columns } = answer;
      for (const name of metrics) columns[name] ??= columns.epoch.map(() => null);
      this.curves.set(id, columns);
      for (const event of heard) this.append(id, event);
      this.lines.ask();
    });
  }

  /* What the page shows: {metrics, perRun, runIds, comparison: {metric, at}}. */
  show(want) {
    const before = this.want;
    const comparisonChanged = JSON.stringify(before.comparison) !== JSON.stringify(want.comparison);
    this.want = { ...want, comparison: comparisonChanged ? want.comparison : before.comparison };
    if (!this.experiment) return;
    if (comparisonChanged) {
      this.problems.delete('comparison'); /* it was about another question */
      this.refreshComparison.ask();
    }
    const { comparison: _1, ...curvesBefore } = before;
    const { comparison: _2, ...curvesNow } = this.want;
    if (JSON.stringify(curvesBefore) !== JSON.stringify(curvesNow)) {
      for (const [id, columns] of this.curves) if (!want.metrics.every((name) => columns[name])) this.curves.delete(id);
      this.refreshCurves.ask();
    }
  }

  hear(type, data, id) {
    if (type === 'reset') { this.curves.clear(); this.load(); return; }
    if (type === 'epoch') this.hearEpoch(data, id);
    else if (type === 'run') this.hearRun(data);
    else if (type === 'experiment') this.hearExperiment(data);
    this.tell();
  }

  hearEpoch(data, id) {
    this.live.set(data.run, { epoch: data.epoch, ...data.metrics });
    const run = this.runs.get(data.run);
    if (run) run.epoch = Math.max(run.epoch, data.epoch);
    if (this.want.perRun) this.append(data.run, data);
    else for (const metric of this.want.metrics) this.addToMean(metric, id, data);
    if (this.meansOnWay > 0) this.heard.push([id, data]);
    this.lines.ask();
  }

  /* A run's epoch to its config's mean, if that has not seen it; an unknown run comes with the curves that are then loaded. */
  addToMean(metric, id, { run, epoch, metrics }) {
    const value = metrics[metric];
    const mean = this.means.get(metric);
    if (value === null || value === undefined || !mean || id <= mean.asOf) return;
    const config = this.runs.get(run)?.config_id;
    if (!config) { this.refreshCurves.ask(); return; }
    if (!mean.curves.has(config)) mean.curves.set(config, new MeanCurve());
    mean.curves.get(config).add(epoch, value);
  }

  /* One epoch behind a run's columns. What comes while they are being loaded is added after. */
  append(id, data) {
    const columns = this.curves.get(id);
    if (!columns) {
      if (!this.want.runIds.includes(id)) return;
      if (!this.early.has(id)) this.early.set(id, []);
      this.early.get(id).push(data);
      return;
    }
    const last = columns.epoch.length ? columns.epoch[columns.epoch.length - 1] : -1;
    if (data.epoch <= last) return;
    for (const name of Object.keys(columns)) columns[name].push(name === 'epoch' ? data.epoch : (data.metrics[name] ?? null));
  }

  hearRun(data) {
    const run = this.runs.get(data.run);
    if (data.status === 'queued' && data.epoch === 0) this.curves.delete(data.run);
    if (run) Object.assign(run, { status: data.status, epoch: data.epoch ?? run.epoch, stop_reason: data.stop_reason });
    if (!run || TERMINAL.includes(data.status)) {
      this.changedRuns.add(data.run);
      this.refreshRuns.ask();
      this.refreshComparison.ask();
    }
    const startsAnew = data.status === 'queued';
    if (startsAnew || (this.want.perRun && !this.curves.has(data.run))) this.refreshCurves.ask();
  }

  hearExperiment(data) {
    if (!this.experiment) return;
    const ended = TERMINAL.includes(data.status) && !TERMINAL.includes(this.experiment.status);
    Object.assign(this.experiment, { status: data.status, progress: data.progress, runs: data.runs });
    if (ended) { this.refreshExperiment.ask(); this.refreshComparison.ask(); }
  }
}

async function inParallel(items, work) {
  const rest = [...items];
  const lane = async () => { while (rest.length) await work(rest.shift()); };
  await Promise.all(Array.from({ length: PARALLEL_LOADS }, lane));
}
