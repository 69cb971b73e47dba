/* run-store — one run as the page knows it, kept true by events: the run, its curves, its layers. A
 * new epoch only redraws the lines, told by `watchCurves`; the page is told by `changed()`, at most
 * a few times a second. */
import { get } from './api.js';
import { subscribe } from './events.js';
import { Redraw } from './redraw.js';
import { isOver } from './status.js';

const LAYERS_MS = 1000;
const PAGE_MS = 500;

export class RunStore {
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
    this.run = null;
    this.experiment = null;
    this.columns = { epoch: [] };
    this.layers = null;
    this.layersWanted = false;
    this.layersProblem = null;
    this.problem = null;
    this.early = [];
    this.loaded = false;
    this.told = null; /* the run's last event */
    this.turn = 0; /* of several loads the last counts */
    this.abort = new AbortController();
    this.layersTimer = 0;
  }

  get signal() {
    return this.abort.signal;
  }

  tell() {
    this.page.ask();
  }

  /* draw() is called when curves have grown; answers a function that ends it. */
  watchCurves(draw) {
    this.watchers.add(draw);
    return () => this.watchers.delete(draw);
  }

  async open() {
    try {
      this.run = await get(`/runs/${this.id}`, {}, this.signal);
    } catch (error) {
      if (this.signal.aborted) return;
      this.problem = error;
      this.tell();
      return;
    }
    this.subscription = subscribe(
      this.run.experiment_id,
      (type, data) => this.hear(type, data),
      (since) => this.lines.spent(performance.now() - since),
    );
    await this.subscription.ready;
    if (!this.signal.aborted) await this.load();
  }

  close() {
    this.abort.abort();
    this.subscription?.close();
    this.page.stop();
    this.lines.stop();
    clearTimeout(this.layersTimer);
  }

  async load() {
    if (!this.subscription) {
      this.problem = null;
      await this.open();
      return;
    }
    this.turn += 1;
    const { told, turn } = this;
    this.loaded = false;
    try {
      const [run, curves, experiment] = await Promise.all([
        get(`/runs/${this.id}`, {}, this.signal),
        get(`/runs/${this.id}/curves`, {}, this.signal),
        get(`/experiments/${this.run.experiment_id}`, {}, this.signal),
      ]);
      if (turn !== this.turn) return;
      Object.assign(this, {
        run,
        experiment,
        columns: curves.columns,
        loaded: true,
        problem: null,
      });
      if (this.told !== told) this.change(this.told); /* heard while the answer was on its way */
      const heard = this.early.splice(0);
      for (const event of heard) this.append(event);
      this.askLayers();
    } catch (error) {
      if (this.signal.aborted || turn !== this.turn) return;
      this.problem = error;
    }
    this.tell();
  }

  /* Layers are loaded only when they are shown. */
  wantLayers() {
    this.layersWanted = true;
    this.askLayers();
  }

  askLayers() {
    if (!this.layersWanted || !this.loaded || this.layersTimer) return;
    this.layersTimer = setTimeout(
      async () => {
        try {
          this.layers = (await get(`/runs/${this.id}/layers`, {}, this.signal)).layers;
          this.layersProblem = null;
        } catch (error) {
          this.layersProblem = error;
        }
        this.layersTimer = 0;
        this.tell();
      },
      this.layers ? LAYERS_MS : 0,
    );
  }

  append(data) {
    const { columns } = this;
    const last = columns.epoch.length ? columns.epoch[columns.epoch.length - 1] : -1;
    if (data.epoch <= last) return;
    const names = columns.epoch.length
      ? Object.keys(columns)
      : ['epoch', ...Object.keys(data.metrics)];
    for (const name of names)
      (columns[name] ??= []).push(name === 'epoch' ? data.epoch : (data.metrics[name] ?? null));
    this.run.epoch = Math.max(this.run.epoch, data.epoch);
    this.askLayers();
    this.lines.ask();
  }

  change({ status, stop_reason, epoch }) {
    Object.assign(this.run, { status, stop_reason, epoch: epoch ?? this.run.epoch });
  }

  hear(type, data) {
    if (type === 'reset') {
      this.load();
      return;
    }
    if (data.run !== this.id) return;
    if (type === 'epoch') {
      if (this.loaded) this.append(data);
      else this.early.push(data);
    }
    if (type === 'run') {
      this.told = data;
      this.change(data);
      if (isOver(data) || data.status === 'queued') this.load();
    }
    this.tell();
  }
}
