/* playground — a net of the playground, trained by the service each time something is touched: its
 * experiment is submitted, looked at, and deleted again. */
import { useEffect, useState } from './html.js';
import { get, request } from './api.js';
import { subscribe } from './events.js';
import { isOver } from './status.js';

const REST_MS = 80; /* after a touch, so that a slider that is dragged trains where it rests */
const LONG_MS = 3000; /* then it waits for a place: what trains goes on to its end */
const CELLS = 40;
const MASK_CELLS = 20;
const MASKS = 6;

const remove = (id) => request('DELETE', `/experiments/${id}?force=true`).catch(() => {});

/* Resolves once the experiment has ended -> the experiment. */
function untilOver(id, signal) {
  return new Promise((done, failed) => {
    const look = () =>
      get(`/experiments/${id}`, {}, signal).then((one) => isOver(one) && finish(done, one), leave);
    const subscription = subscribe(id, (type) => type !== 'epoch' && look());
    const finish = (tell, what) => {
      subscription.close();
      tell(what);
    };
    const leave = (problem) => finish(failed, problem);
    signal.addEventListener('abort', () => leave(new DOMException('', 'AbortError')));
    subscription.ready.then(look);
  });
}

/* The middles of the cells of a grid over the plane, row by row, both inputs from low to high. */
function cellsOf(inputs) {
  const at = ({ low, high }, i) => low + ((i + 0.5) / MASK_CELLS) * (high - low);
  return Array.from({ length: MASK_CELLS ** 2 }, (_, cell) => [
    at(inputs[0], cell % MASK_CELLS),
    at(inputs[1], Math.floor(cell / MASK_CELLS)),
  ]);
}

/* What single masks make of the plane: grids, as GET /runs/{id}/boundary has them. */
async function masksOf(run, { inputs }, signal) {
  const { samples } = await request('POST', `/runs/${run}/predict`, {
    body: { inputs: cellsOf(inputs), mode: 'train', samples: MASKS },
    signal,
  });
  const best = (row) => row.indexOf(Math.max(...row));
  return samples.map((rows, i) => ({
    epoch: i,
    class: rows.map(best),
    probability: rows.map((row) => Math.max(...row)),
  }));
}

async function look(id, wantsMasks, signal) {
  const experiment = await untilOver(id, signal);
  const [run] = (await get(`/experiments/${id}/runs`, {}, signal)).items;
  const [boundary, curves] = await Promise.all([
    get(`/runs/${run.id}/boundary`, { epochs: run.epoch, size: CELLS }, signal),
    get(`/runs/${run.id}/curves`, { metrics: 'epoch,train_loss,val_loss' }, signal),
  ]);
  const { grids, ...about } = boundary;
  const masks = wantsMasks ? await masksOf(run.id, about, signal) : [];
  return { experiment, run, about, grid: grids.at(-1), curves: curves.columns, masks };
}

const FIRST = { shown: null, busy: true, isLate: false, problem: null, ms: 0 };

/* The net of a specification: {shown: the last that was trained, busy, isLate, problem, ms}. */
export function useTrained(spec, wantsMasks) {
  const [state, setState] = useState(FIRST);
  const key = JSON.stringify(spec);
  useEffect(() => {
    const abort = new AbortController();
    let id = 0;
    const train = async () => {
      const start = performance.now();
      setState((old) => ({ ...old, busy: true }));
      try {
        ({ id } = await request('POST', '/experiments', { body: JSON.parse(key) }));
        if (abort.signal.aborted) return;
        const shown = await look(id, wantsMasks, abort.signal);
        setState({ ...FIRST, shown, busy: false, ms: performance.now() - start });
      } catch (problem) {
        if (!abort.signal.aborted)
          setState(({ shown }) => ({ ...FIRST, shown, busy: false, problem }));
      } finally {
        if (id) remove(id);
      }
    };
    const timer = setTimeout(train, REST_MS);
    const late = setTimeout(() => setState((old) => ({ ...old, isLate: old.busy })), LONG_MS);
    return () => {
      clearTimeout(timer);
      clearTimeout(late);
      abort.abort();
    };
  }, [key, wantsMasks]);
  return state;
}
