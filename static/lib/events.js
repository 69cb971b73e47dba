/* events — live events for this page, through the browser's one stream (a SharedWorker; without it,
 * a stream of the page's own that is closed while the page is hidden). */
import { EventHub } from './event-hub.js';

const subscriptions = new Set(); /* {experiment, handler, done} */
const statusHandlers = new Set();
let status = 'connecting';
let channel = null;
let turn = 0;
const waiting = new Map(); /* turn → resolve */

/* `since`: when the messages came. */
function deliver(messages, since = performance.now()) {
  const heard = new Set();
  for (const message of messages) {
    if (message.type === 'status') {
      status = message.data;
      for (const handler of statusHandlers) handler(status);
      continue;
    }
    for (const entry of subscriptions) {
      const experiment = message.data?.experiment;
      if (message.type !== 'reset' && entry.experiment !== null && entry.experiment !== experiment)
        continue;
      entry.handler(message.type, message.data, message.id);
      heard.add(entry);
    }
  }
  for (const entry of heard) entry.done?.(since);
}

/* Both kinds of channel: send(command) → nothing; `want` is acknowledged through `waiting`. */
function workerChannel() {
  const worker = new SharedWorker(new URL('./event-worker.js', import.meta.url), {
    type: 'module',
    name: 'regulab-events',
  });
  worker.port.onmessage = (event) => {
    const since = performance.now(); /* before the data are unpacked */
    const { messages, done } = event.data;
    if (messages) deliver(messages, since);
    else acknowledge(done);
  };
  worker.port.start();
  return (command) => worker.port.postMessage(command);
}

function pageChannel() {
  const hub = new EventHub('/api/v1/events');
  const listener = (messages) => deliver(messages);
  const commands = {
    hello: () => hub.add(listener),
    bye: () => hub.remove(listener),
    want: (command) => {
      hub.want(listener, command.experiments);
      acknowledge(command.turn);
    },
    hidden: (command) => hub.setHidden(listener, command.hidden),
    restart: () => hub.restart(),
  };
  return (command) => commands[command.do](command);
}

function acknowledge(which) {
  waiting.get(which)?.();
  waiting.delete(which);
}

function wantAll() {
  const experiments = [
    ...new Set([...subscriptions].map((entry) => entry.experiment).filter((id) => id !== null)),
  ];
  turn += 1;
  const mine = turn;
  return new Promise((resolve) => {
    waiting.set(mine, resolve);
    channel({ do: 'want', experiments, turn: mine });
  });
}

/* Opens the channel; called once by main. */
export function startEvents() {
  channel = typeof SharedWorker === 'undefined' ? pageChannel() : workerChannel();
  channel({ do: 'hello' });
  addEventListener('pagehide', () => channel({ do: 'bye' }));
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    channel({ do: 'hello' });
    wantAll();
    deliver([{ type: 'reset', data: null }]);
  });
  document.addEventListener('visibilitychange', () =>
    channel({ do: 'hidden', hidden: document.hidden }),
  );
}

/* After a new session. */
export const restartEvents = () => channel({ do: 'restart' });

/* handler(type, data, id) for the events of one experiment, or with null for `run` and `experiment`
 * events of all; `reset` for everybody: load everything again. Load data only after `ready`: what
 * happens later is then told. Events come in batches; done(since) is called after each, with the
 * time at which it came. */
export function subscribe(experiment, handler, done) {
  const entry = { experiment, handler, done };
  subscriptions.add(entry);
  return {
    ready: wantAll(),
    close() {
      subscriptions.delete(entry);
      wantAll();
    },
  };
}

/* handler("live" | "connecting") now and on every change; answers a function that ends it. */
export function watchConnection(handler) {
  statusHandlers.add(handler);
  handler(status);
  return () => statusHandlers.delete(handler);
}
