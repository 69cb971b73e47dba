/* boundary-store — the grids of decision boundaries that a page shows, by run and epoch.
 *
 * 1. want() says what is to be there; only what is missing is asked for, one request at a time for
 *    each run.
 * 2. A run that trains is asked again as its epochs come, at most every second and at most a
 *    quarter of the time: each answer costs the service a training up to there.
 * 3. What would be too much work for the service is asked for only up to an earlier epoch;
 *    `problem` then says why.
 * 4. `changed()` is called when something came or failed. */
import { get } from './api.js';

const REST_MS = 1000;
const SHARE = 3; /* times the duration of a request to rest after it */

export class BoundaryStore {
  constructor(changed) {
    this.changed = changed;
    this.runs =
      /* run id → {about, grids: Map epoch → grid or null, wanted, most (last epoch asked for),
       * problem, ...} */
      new Map();
    this.abort = new AbortController();
  }

  close() {
    this.abort.abort();
    for (const one of this.runs.values()) clearTimeout(one.timer);
  }

  find(id) {
    return this.runs.get(id);
  }

  want(id, epochs) {
    if (!this.runs.has(id))
      this.runs.set(id, {
        about: null,
        grids: new Map(),
        wanted: [],
        most: Infinity,
        problem: null,
        timer: 0,
        busy: false,
        next: 0,
      });
    const one = this.runs.get(id);
    one.wanted = epochs;
    this.kick(id, one);
  }

  retry(id) {
    const one = this.runs.get(id);
    Object.assign(one, { problem: null, most: Infinity });
    this.changed();
    this.kick(id, one);
  }

  missing(one) {
    return one.wanted.filter((epoch) => epoch <= one.most && !one.grids.has(epoch));
  }

  kick(id, one) {
    const failed = one.problem && one.most === Infinity;
    if (
      one.busy ||
      one.timer ||
      failed ||
      this.abort.signal.aborted ||
      this.missing(one).length === 0
    )
      return;
    one.timer = setTimeout(
      () => {
        one.timer = 0;
        this.load(id, one);
      },
      Math.max(0, one.next - performance.now()),
    );
  }

  async load(id, one) {
    const epochs = this.missing(one);
    if (epochs.length === 0) return;
    const start = performance.now();
    one.busy = true;
    try {
      const { grids, ...about } = await get(
        `/runs/${id}/boundary`,
        { epochs: epochs.join(',') },
        this.abort.signal,
      );
      one.about ??= about;
      for (const epoch of epochs)
        one.grids.set(epoch, null); /* a training that diverged has no more */
      for (const grid of grids) one.grids.set(grid.epoch, grid);
    } catch (problem) {
      if (this.abort.signal.aborted) return;
      one.problem = problem;
      one.most = problem.errors.some((error) => error.code === 'time_limit')
        ? (epochs[Math.floor(epochs.length / 2) - 1] ?? Infinity)
        : Infinity;
    }
    one.busy = false;
    const now = performance.now();
    one.next = one.most < Infinity ? now : now + Math.max(REST_MS, SHARE * (now - start));
    this.changed();
    this.kick(id, one);
  }

  /* The last grid at or before an epoch, or null. */
  at(id, epoch) {
    let best = null;
    for (const grid of this.runs.get(id)?.grids.values() ?? [])
      if (grid && grid.epoch <= epoch && (!best || grid.epoch > best.epoch)) best = grid;
    return best;
  }
}
