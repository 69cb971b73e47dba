/* experiment-store — one experiment as the page knows it, kept true by events.
 *
 * 1. Events are subscribed to before anything is loaded; after a `reset` everything is loaded again.
 * 2. What costs a request (curves over seeds, comparison) is asked for at most every so often while events come in.
 * 3. `changed()` is called at most once per frame, rarer where drawing is expensive. */
import { get, getAll } from './api.js';
import { subscribe } from './events.js';
import { Pacer } from './pacer.js';

export const TERMINAL = ['completed', 'failed', 'cancelled'];
const REFRESH_MS = 350;
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
    this.pacer = new Pacer(changed);
    this.experiment = null;
    this.runs = new Map();     /* run id → run, in order of id */
    this.live = new Map();     /* run id → metrics of its latest epoch */
    this.aggregates = new Map(); /* metric → [{config_id, values, epoch, mean, std, min, max, n}] */
    this.curves = new Map();   /* run id → columns */
    this.comparison = null;
    this.problem = null;
    this.problems = new Map(); /* what could not be loaded → Problem */
    this.want = { metrics: [], perRun: false, runIds: [], comparison: null };
    this.abort = new AbortController();
    this.refreshAggregates = new Refresher(() => this.guarded('curves', () => this.loadAggregates()));
    this.refreshComparison = new Refresher(() => this.guarded('comparison', () => this.loadComparison()));
    this.refreshRuns = new Refresher(() => this.guarded('runs', () => this.loadChangedRuns()));
    this.refreshExperiment = new Refresher(() => this.guarded('experiment', () => this.loadExperiment()));
    this.changedRuns = new Set();
    this.early = new Map();    /* run id → epochs heard before its curve was loaded */
  }

  async open() {
    this.subscription = subscribe(this.id, (type, data) => this.hear(type, data));
    await this.subscription.ready;
    await this.load();
  }

  close() {
    this.abort.abort();
    this.subscription?.close();
    for (const one of [this.refreshAggregates, this.refreshComparison, this.refreshRuns, this.refreshExperiment]) one.stop();
    this.pacer.stop();
  }

  get signal() { return this.abort.signal; }
  get active() { return this.experiment !== null && !TERMINAL.includes(this.experiment.status); }

  tell() { this.pacer.ask(); }

  /* Runs a load; remembers its failure under `what` until it succeeds. */
  async guarded(what, load) {
    try {
      await load();
      this.problems.delete(what);
    } catch (error) {
      if (this.signal.aborted) return;
      this.problems.set(what, error);
    }
    this.tell();
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
    this.refreshAggregates.ask();
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

  async loadAggregates() {
    if (this.want.perRun) { await this.loadRunCurves(); return; }
    await inParallel(this.want.metrics, async (metric) => {
      const answer = await get(`/experiments/${this.id}/curves`, { metric }, this.signal);
      this.aggregates.set(metric, answer.configs);
      this.tell();
    });
  }

  async loadComparison() {
    const want = this.want.comparison;
    if (!want) return;
    const answer = await get(`/experiments/${this.id}/comparison`, want, this.signal);
    if (want === this.want.comparison) this.comparison = answer;
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
      this.tell();
    });
  }

  /* What the page shows: {metrics, perRun, runIds, comparison: {metric, at}}. */
  show(want) {
    const before = this.want;
    const comparisonChanged = JSON.stringify(before.comparison) !== JSON.stringify(want.comparison);
    this.want = { ...want, comparison: comparisonChanged ? want.comparison : before.comparison };
    if (!this.experiment) return;
    if (comparisonChanged) this.refreshComparison.ask();
    const { comparison: _1, ...curvesBefore } = before;
    const { comparison: _2, ...curvesNow } = this.want;
    if (JSON.stringify(curvesBefore) !== JSON.stringify(curvesNow)) {
      for (const [id, columns] of this.curves) if (!want.metrics.every((name) => columns[name])) this.curves.delete(id);
      this.refreshAggregates.ask();
    }
  }

  hear(type, data) {
    if (type === 'reset') { this.curves.clear(); this.load(); return; }
    if (type === 'epoch') this.hearEpoch(data);
    else if (type === 'run') this.hearRun(data);
    else if (type === 'experiment') this.hearExperiment(data);
    this.tell();
  }

  hearEpoch(data) {
    this.live.set(data.run, { epoch: data.epoch, ...data.metrics });
    const run = this.runs.get(data.run);
    if (run) run.epoch = Math.max(run.epoch, data.epoch);
    if (this.want.perRun) this.append(data.run, data);
    else this.refreshAggregates.ask();
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
    if (!this.want.perRun) this.refreshAggregates.ask();
    else if (!this.curves.has(data.run)) this.refreshAggregates.ask();
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
