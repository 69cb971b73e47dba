/* gesture — moving and zooming a chart along its horizontal axis with the mouse, the wheel and the
 * keyboard.
 *
 *   Shift and drag, wheel sideways or with Shift: along · pinch or wheel with Ctrl: zoom ·
 *   Shift and arrows: along, + − 0: zoom
 *
 * view: {scene, center, move, settle}; `move(range)` shows a range in passing, `settle(range or
 * null)` for good; center() is the x where + and − zoom at, or null for the middle. */
import { panned, zoomed } from './scale.js';

const SETTLE_MS = 180; /* without another turn of the wheel */
const LINE_PX = 16; /* of a wheel that counts lines */
const STEP = 0.2; /* of the range, for a key */
const WHEEL_ZOOM = 0.01;

export function listenToGestures(root, view, signal) {
  let timer = 0;
  let latest = null; /* what the wheel has shown in passing */
  signal.addEventListener('abort', () => clearTimeout(timer));

  const ranges = () => view.scene.ranges;
  const log = () => view.scene.model.xLog;
  const pan = (range, fraction) => panned(range, ranges().whole, fraction, log());
  const zoom = (range, factor, center) =>
    zoomed(range, ranges().whole, factor, center ?? (range[0] + range[1]) / 2, log());

  /* `over`: the area of the chart that is drawn on, made anew with every chart. */
  function listenOn(over, valueAt) {
    over.addEventListener(
      'pointerdown',
      (event) => {
        if (event.button !== 0 || !event.shiftKey || !ranges().isZoomed) return;
        event.preventDefault();
        const [start, range] = [event.clientX, ranges().x];
        const follow = new AbortController();
        let now = range;
        over.setPointerCapture(event.pointerId);
        over.classList.add('panning');
        over.addEventListener(
          'pointermove',
          (moved) => {
            now = pan(range, (start - moved.clientX) / over.clientWidth);
            view.move(now);
          },
          { signal: follow.signal },
        );
        for (const type of ['pointerup', 'pointercancel']) {
          over.addEventListener(
            type,
            () => {
              follow.abort();
              over.classList.remove('panning');
              view.settle(now);
            },
            { signal: follow.signal },
          );
        }
      },
      { signal },
    );

    over.addEventListener(
      'wheel',
      (event) => {
        const unit = event.deltaMode === 1 ? LINE_PX : 1;
        const along = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
        const across = along === event.deltaY ? 0 : event.deltaY;
        const range = timer ? (latest ?? ranges().whole) : ranges().x;
        if (event.ctrlKey) {
          latest = zoom(
            range,
            Math.exp(event.deltaY * unit * WHEEL_ZOOM),
            valueAt(event.clientX - over.getBoundingClientRect().left),
          );
        } else if (ranges().isZoomed && Math.abs(along) > Math.abs(across)) {
          latest = pan(range, (along * unit) / over.clientWidth);
        } else return;
        event.preventDefault();
        view.move(latest ?? ranges().whole);
        clearTimeout(timer);
        timer = setTimeout(() => {
          timer = 0;
          view.settle(latest);
        }, SETTLE_MS);
      },
      { signal, passive: false },
    );
  }

  const keys = {
    '+': () => zoom(ranges().x, 0.6, view.center()),
    '=': () => zoom(ranges().x, 0.6, view.center()),
    '-': () => zoom(ranges().x, 1.6, view.center()),
    0: () => null,
  };
  const shifted = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -Infinity, End: Infinity };
  root.addEventListener(
    'keydown',
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.shiftKey && shifted[event.key] !== undefined) {
        event.preventDefault();
        if (ranges().isZoomed) view.settle(pan(ranges().x, shifted[event.key]));
      } else if (keys[event.key]) {
        event.preventDefault();
        view.settle(keys[event.key]());
      }
    },
    { signal },
  );

  return listenOn;
}
