// A stream of server-sent events, read as it comes.
import { within } from './patience.mjs';
import { checkEvent } from './schema.mjs';

/** One block of an event stream -> { event, id, data }, or undefined for a comment. */
function parseEvent(block) {
  const found = { event: 'message', id: undefined, data: '' };
  for (const line of block.split('\n')) {
    const [, key, value] = /^([a-z]*): ?(.*)$/.exec(line) ?? [];
    if (key === 'data') found.data += value;
    else if (key) found[key] = value;
  }
  return found.data ? { ...found, data: JSON.parse(found.data) } : undefined;
}

/**
 * An open event stream: `next(match)` gives the first new event that matches; `all` has every one
 * so far.
 */
export class EventStream {
  constructor(response, controller, headers) {
    this.origin = new URL(response.url).origin;
    this.headers = headers;
    this.response = response;
    this.reader = response.body.getReader();
    this.all = [];
    this.ended = false;
    this.controller = controller;
    this.seen = 0;
    this.wake = [];
    this.reading = this.read();
  }

  async read() {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for (let part = await this.reader.read(); !part.done; part = await this.reader.read()) {
        text += decoder.decode(part.value, { stream: true });
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const event = parseEvent(text.slice(0, end));
          text = text.slice(end + 2);
          if (event) this.all.push(event);
        }
        this.notify();
      }
    } catch (error) {
      this.error = error;
    }
    this.ended = true;
    this.notify();
  }

  notify() {
    for (const wake of this.wake.splice(0)) wake();
  }

  async next(match = () => true, ms = 30_000) {
    const search = async () => {
      for (;;) {
        while (this.seen < this.all.length) {
          const event = this.all[this.seen++];
          if (match(event)) return event;
        }
        if (this.ended)
          throw new Error(`the event stream ended: ${this.error?.message ?? 'by the server'}`);
        await new Promise((wake) => {
          this.wake.push(wake);
        });
      }
    };
    return within(ms, 'an event', search());
  }

  /* Cancelling ends a read that waits, which an abort alone does not do in every Node. */
  async close() {
    await this.reader.cancel().catch(() => {});
    this.controller.abort();
    await this.reading;
    for (const event of this.all) await checkEvent(this.origin, this.headers, event);
  }
}
