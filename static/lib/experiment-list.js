/* experiment-list — the experiments that a query finds, page after page, kept true by events.
 *
 * 1. Events are subscribed to before anything is loaded; after a `reset` the list is loaded again.
 * 2. What is heard of an experiment while an answer is on its way wins over that answer.
 * 3. One that is not in the list may be new, or not be there because of the query: the list is
 *    loaded again, at most every so often. So it is where a place in it follows from a status.
 * 4. Until the first page of another query is there, the list before is shown.
 * 5. `changed()` is called when something came or failed. */
import { get } from './api.js';
import { subscribe } from './events.js';
import { noteProgress } from './remaining.js';
import { countRuns, isOver } from './status.js';

const PAGE = 100;
const NEW_MS = 400;
/* what is loaded again at once; what lies further down comes back by scrolling */
const RELOAD_LIMIT = 500;

/* The list with its first page loaded again. In the order of creation only that page can have new
 * rows; the others stay, so that the place to which somebody scrolled is not lost. */
function renewed(old, page, sort) {
  const last = page.items.at(-1)?.id;
  const joins =
    old.key === page.key &&
    sort === '-created_at' &&
    page.next !== null &&
    old.items?.some((one) => one.id === last);
  return joins
    ? {
        ...page,
        items: [...page.items, ...old.items.filter((one) => one.id < last)],
        next: old.next,
      }
    : page;
}

/* An experiment after an event. */
function changedBy(one, event) {
  const { status, progress, runs } = event;
  const now = new Date().toISOString();
  return {
    ...one,
    status,
    progress,
    runs,
    n_runs: countRuns(event),
    started_at: one.started_at ?? (status === 'running' ? now : null),
    finished_at: isOver(event) ? (one.finished_at ?? now) : null,
  };
}

/* Whether the place of an experiment in a list, or that it is there at all, follows from its
 * status. */
const dependsOnStatus = ({ status, sort }) => status !== '' || sort === '-finished_at';

export class ExperimentList {
  constructor(changed) {
    this.changed = changed;
    this.query = null;
    this.key = ''; /* of the query */
    this.shown = { key: '', items: null, next: null, problem: null };
    this.abort = new AbortController();
    this.asked = null; /* the cursor whose page is on its way */
    this.heard = new Map(); /* id → its last event */
    this.changes = new Map(); /* id → its last event of a batch */
    this.timer = 0;
  }

  get items() {
    return this.shown.items;
  }
  get next() {
    return this.shown.next;
  }
  get problem() {
    return this.shown.problem;
  }

  open() {
    this.subscription = subscribe(
      null,
      (type, data) => this.hear(type, data),
      () => this.apply(),
    );
  }

  close() {
    this.rest();
    this.subscription.close();
  }

  /* Nothing is on its way any more. */
  rest() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.abort.abort();
  }

  show(query) {
    this.query = query;
    this.key = JSON.stringify(query);
    this.rest();
    this.subscription.ready.then(() => this.reload());
  }

  reload() {
    return this.load(null);
  }

  more() {
    if (this.shown.key === this.key && this.next) this.load(this.next);
  }

  drop(gone) {
    this.set({ items: this.items.filter((one) => !gone.includes(one.id)) });
  }

  /* change(one) answers the experiment as it is now. */
  update(change) {
    this.set({ items: this.items.map(change) });
  }

  replace(now) {
    this.update((one) => (one.id === now.id ? now : one));
  }

  set(patch) {
    this.shown = { ...this.shown, ...patch };
    this.changed();
  }

  find(id) {
    return this.items?.find((one) => one.id === id);
  }

  async load(cursor) {
    if (cursor && cursor === this.asked) return;
    this.asked = cursor;
    if (!cursor) {
      this.abort.abort();
      this.abort = new AbortController();
    }
    const { signal } = this.abort;
    try {
      const page = await this.loadPage(cursor, signal);
      if (signal.aborted) return;
      const items = cursor ? [...this.items, ...page.items] : page.items;
      this.set(cursor ? { ...page, items } : renewed(this.shown, page, this.query.sort));
    } catch (problem) {
      if (signal.aborted) return;
      this.asked = null;
      this.set({ problem });
    }
  }

  async loadPage(cursor, signal) {
    const { key, query } = this;
    const before = new Map(this.heard);
    const limit = this.limitOf(cursor);
    const answer = await get('/experiments', { ...query, limit, cursor }, signal);
    const isLatest = ({ id }) => !this.heard.has(id) || this.heard.get(id) === before.get(id);
    for (const one of answer.items.filter(isLatest)) noteProgress(one.id, one);
    return {
      key,
      items: answer.items.map((one) =>
        isLatest(one) ? one : changedBy(one, this.heard.get(one.id)),
      ),
      next: answer.next_cursor,
      problem: null,
    };
  }

  /* In the order of creation the first page is enough; else all that was there comes again. */
  limitOf(cursor) {
    const isFirst = this.shown.key !== this.key;
    if (cursor || isFirst || this.query.sort === '-created_at') return PAGE;
    return Math.max(PAGE, Math.min(RELOAD_LIMIT, this.items?.length ?? 0));
  }

  soon() {
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      this.reload();
    }, NEW_MS);
  }

  hear(type, data) {
    if (type === 'reset') {
      this.heard.clear();
      this.soon();
    }
    if (type === 'experiment') {
      this.changes.set(data.experiment, data);
      noteProgress(data.experiment, data);
    }
  }

  isToReload(id, { status }, listed) {
    const before = this.heard.get(id)?.status ?? listed?.status;
    return (!listed && before === undefined) || (dependsOnStatus(this.query) && before !== status);
  }

  /* What a batch of events says. */
  apply() {
    const { changes } = this;
    const listed = new Map((this.items ?? []).map((one) => [one.id, one]));
    this.changes = new Map();
    if ([...changes].some(([id, event]) => this.isToReload(id, event, listed.get(id)))) this.soon();
    for (const [id, event] of changes) {
      if (listed.has(id) && listed.get(id).n_runs !== countRuns(event)) this.countConfigs(id);
      this.heard.set(id, event);
    }
    if ([...changes.keys()].some((id) => listed.has(id)))
      this.update((one) => (changes.has(one.id) ? changedBy(one, changes.get(one.id)) : one));
  }

  /* More runs came; whether they are of more configs no event says. */
  async countConfigs(id) {
    try {
      const { n_configs } = await get(`/experiments/${id}`);
      this.update((one) => (one.id === id ? { ...one, n_configs } : one));
    } catch {
      /* it is counted with the next page */
    }
  }
}
