/* event-worker — the SharedWorker that holds the one event stream for all pages of this browser. */
import { EventHub } from './event-hub.js';

const hub = new EventHub('/api/v1/events');

self.onconnect = (event) => {
  const port = event.ports[0];
  const listener = (messages) => port.postMessage({ messages });
  const commands = {
    hello: () => hub.add(listener),
    bye: () => hub.remove(listener),
    want: (command) => {
      hub.want(listener, command.experiments);
      port.postMessage({ done: command.turn });
    },
    hidden: (command) => hub.setHidden(listener, command.hidden),
    restart: () => hub.restart(),
  };
  port.onmessage = ({ data }) => commands[data.do](data);
  port.start();
};
