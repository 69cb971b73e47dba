/* event-hub — the one EventSource of a browser, and who is to hear what it says: lists of {type,
 * id, data}.
 *
 * 1. `epoch` events go only to listeners that asked for their experiment; all others go to
 *    everybody.
 * 2. EventSource resumes by itself with Last-Event-ID. Whenever that is impossible (a stream opened
 *    anew), every listener gets {type: "reset"} and is to load its data again, so that no epoch is
 *    lost.
 * 3. The stream is closed while nobody listens or all pages have been hidden for a while.
 * Runs in a SharedWorker, or in the page where there is none. */

const BATCH_MS = 40;
const HIDDEN_MS = 30000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 8000;
const TYPES = ['epoch', 'run', 'experiment', 'reset'];

export class EventHub {
  constructor(url) {
    this.url = url;
    this.listeners = new Map(); /* listener → {experiments: Set, hidden, queue} */
    this.source = null;
    this.resumable = false;
    this.status = 'connecting';
    this.retryMs = RETRY_MIN_MS;
    this.flushTimer = this.hideTimer = this.retryTimer = 0;
  }

  add(listener) {
    this.listeners.set(listener, { experiments: new Set(), hidden: false, queue: [] });
    listener([{ type: 'status', data: this.status }]);
    this.check();
  }

  remove(listener) {
    this.listeners.delete(listener);
    this.check();
  }

  /* `experiments`: ids whose epochs the listener wants from now on. */
  want(listener, experiments) {
    const entry = this.listeners.get(listener);
    if (entry) entry.experiments = new Set(experiments);
  }

  setHidden(listener, hidden) {
    const entry = this.listeners.get(listener);
    if (entry) entry.hidden = hidden;
    this.check();
  }

  /* After a new session: the old stream was refused. */
  restart() {
    this.close();
    this.check();
  }

  check() {
    const awake = [...this.listeners.values()].some((entry) => !entry.hidden);
    clearTimeout(this.hideTimer);
    if (awake && !this.source && !this.retryTimer) this.open();
    else if (this.listeners.size === 0) this.close();
    else if (!awake) this.hideTimer = setTimeout(() => this.close(), HIDDEN_MS);
  }

  open() {
    this.resumable = false;
    const source = new EventSource(this.url);
    this.source = source;
    source.onopen = () => {
      this.retryMs = RETRY_MIN_MS;
      if (!this.resumable) this.tell({ type: 'reset', data: null });
      this.setStatus('live');
    };
    source.onerror = () => {
      this.setStatus('connecting');
      if (source.readyState === EventSource.CLOSED && this.source === source) this.retry();
    };
    for (const type of TYPES) {
      source.addEventListener(type, (event) => {
        this.resumable ||= event.lastEventId !== '';
        this.tell({
          type,
          id: Number(event.lastEventId),
          data: event.data ? JSON.parse(event.data) : null,
        });
      });
    }
  }

  close() {
    clearTimeout(this.retryTimer);
    this.retryTimer = 0;
    this.source?.close();
    this.source = null;
  }

  retry() {
    this.close();
    this.retryTimer = setTimeout(() => {
      this.retryTimer = 0;
      this.check();
    }, this.retryMs);
    this.retryMs = Math.min(RETRY_MAX_MS, this.retryMs * 2);
  }

  setStatus(status) {
    if (status === this.status) return;
    this.status = status;
    this.tell({ type: 'status', data: status });
  }

  tell(message) {
    for (const entry of this.listeners.values()) {
      if (message.type === 'epoch' && !entry.experiments.has(message.data.experiment)) continue;
      entry.queue.push(message);
    }
    this.flushTimer ||= setTimeout(() => this.flush(), BATCH_MS);
  }

  flush() {
    this.flushTimer = 0;
    for (const [listener, entry] of this.listeners) {
      if (entry.queue.length === 0) continue;
      const queue = entry.queue;
      entry.queue = [];
      listener(queue);
    }
  }
}
