/* boundary — the decision boundary as it forms: what nets make of the plane of two inputs, epoch by
 * epoch, with the samples they train on; two configs side by side, or one run alone. The epoch is
 * that of the link; without one, the last there is. */
import {
  html,
  useEffect,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from '../../lib/html.js';
import { get } from '../../lib/api.js';
import { BoundaryStore } from '../../lib/boundary-store.js';
import { isOver } from '../../lib/status.js';
import { Failure, Icon, Loading } from '../basic.js';
import { Plane, PlaneLegend } from './plane.js';
import { Swatch } from '../legend.js';

const FRAMES = 40;
const BEND = 1.6; /* more frames in the beginning, where more happens */
const STEP_MS = 220;

/* Whether the runs of an experiment can be shown: one answer to two inputs. */
export function useIsPlane(run) {
  const [plane, setPlane] = useState(false);
  const { name, dimensions } = run
    ? typeof run.config.dataset === 'object'
      ? run.config.dataset
      : { name: run.config.dataset }
    : {};
  useEffect(() => {
    if (!name) return undefined;
    const abort = new AbortController();
    get(`/datasets/${encodeURIComponent(name)}`, {}, abort.signal).then(
      (set) => {
        const inputs = set.built_in && dimensions ? dimensions : set.inputs;
        setPlane(inputs === 2 && (set.task === 'classification' || (set.outputs ?? 1) === 1));
      },
      () => {},
    );
    return () => abort.abort();
  }, [name, dimensions]);
  return plane;
}

/* The last epoch that a run has trained to its end. */
const lastOf = (run) => (run.stop_reason === 'diverged' ? Math.max(0, run.epoch - 1) : run.epoch);
const isReady = (run) =>
  run !== undefined && (run.epoch > 0 || (run.status !== 'queued' && run.status !== 'cancelled'));

/* The epochs to show: all, or some when there are many, and those at which a run ended. */
function framesOf(runs) {
  const end = Math.max(0, ...runs.map((run) => (isOver(run) ? lastOf(run) : run.epochs)));
  const steps = Math.min(FRAMES, end);
  const spread = Array.from({ length: steps + 1 }, (_, i) =>
    end <= FRAMES ? i : Math.round(end * (i / steps) ** BEND),
  );
  const reached = Math.max(0, ...runs.map(lastOf));
  return [...new Set([...spread, ...runs.filter(isOver).map(lastOf)])]
    .filter((epoch) => epoch <= reached)
    .sort((a, b) => a - b);
}

/* The grids of these runs up to where each has come, and a number that grows when there are
 * more. */
function useGrids(runs, frames, active) {
  const [, bump] = useReducer((n) => n + 1, 0);
  const store = useMemo(() => new BoundaryStore(bump), []);
  useEffect(() => () => store.close(), [store]);
  const key = runs.map((run) => `${run.id}:${lastOf(run)}`).join();
  useEffect(() => {
    if (active)
      for (const run of runs)
        store.want(
          run.id,
          frames.filter((epoch) => epoch <= lastOf(run)),
        );
  }, [key, frames.join(), active]);
  return store;
}

/* True from when the element first comes near the window: before that nothing is asked for. */
function useSeen(box) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          setSeen(true);
          observer.disconnect();
        }
      },
      { rootMargin: '200px' },
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return seen;
}

/* Which frame is shown: the link's, the one under the slider, or the next while it plays. {at,
 * playing, move(i), settle(i), toggle()} */
function useFrame(frames, epoch, set, isLoaded) {
  /* {i, over}: while the slider moves or the film plays, until the link says another than `over` */
  const [held, setHeld] = useState(null);
  const [playing, setPlaying] = useState(false);
  const last = frames.length - 1;
  const newest = frames.findLastIndex(isLoaded); /* of runs that train, what all have come to */
  const linked =
    epoch !== ''
      ? Math.max(
          0,
          frames.findLastIndex((frame) => frame <= Number(epoch)),
        )
      : newest < 0
        ? last
        : newest;
  const at = Math.min(held?.over === epoch ? held.i : linked, last);
  const hold = (i) => setHeld({ i, over: epoch });
  const settle = (i) => {
    const next = i >= last ? '' : String(frames[i]);
    setPlaying(false);
    if (next === epoch) setHeld(null);
    else set({ epoch: next });
  };
  const now = useRef(null);
  now.current = { at, last, settle, hold, isNext: () => isLoaded(frames[at + 1]) };
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => {
      if (now.current.at >= now.current.last) now.current.settle(now.current.at);
      else if (now.current.isNext()) now.current.hold(now.current.at + 1);
    }, STEP_MS);
    return () => clearInterval(timer);
  }, [playing]);
  const toggle = () => {
    if (playing) {
      settle(at);
      return;
    }
    hold(at >= last ? 0 : at);
    setPlaying(true);
  };
  return {
    at,
    playing,
    move: (i) => {
      setPlaying(false);
      hold(i);
    },
    settle,
    toggle,
  };
}

function Controls({ id, frames, frame, of }) {
  const { at, playing, move, settle, toggle } = frame;
  const words = `epoch ${frames[at]} of ${of}`;
  return html`
    <div class="film" role="group" aria-label="Epoch">
      <button type="button" class="button" id="${id}-play" disabled=${frames.length < 2}
          onClick=${toggle}>
        <${Icon} name=${playing ? 'pause' : 'play'} />
        ${playing ? 'Pause' : 'Play'}
      </button>
      <input type="range" id="${id}-epoch" min="0" max=${Math.max(0, frames.length - 1)} step="1"
          value=${at} aria-label="Epoch" aria-valuetext=${words} disabled=${frames.length < 2}
          onInput=${(event) => move(Number(event.target.value))}
          onChange=${(event) => settle(Number(event.target.value))} />
      <output for="${id}-epoch" data-testid="${id}-at">${words}</output>
    </div>
  `;
}

/* What a run is at, where that is not the frame's epoch. */
function aside(run, grid, epoch) {
  if (!grid || grid.epoch === epoch) return '';
  if (isOver(run) && grid.epoch === lastOf(run)) return `ended at epoch ${grid.epoch}`;
  return `at epoch ${grid.epoch}`;
}

function Figure({ shot, store, epoch }) {
  const { run, label, title } = shot;
  const one = run && store.find(run.id);
  const grid = run && store.at(run.id, epoch);
  const isMissing =
    one?.problem && (grid?.epoch ?? -1) < Math.min(epoch, lastOf(run)) && !one.grids.has(epoch);
  return html`
    <figure>
      <figcaption>
        ${title}
        ${run && html`<span class="soft">${aside(run, grid, epoch)}</span>`}
      </figcaption>
      ${
        isMissing &&
        html`
          <${Failure} problem=${one.problem}
              title="There is no boundary of epoch ${Math.min(epoch, lastOf(run))}"
              retry=${() => store.retry(run.id)} />
        `
      }
      ${
        !run
          ? html`<p class="plane waiting soft">${shot.waiting}</p>`
          : grid
            ? html`
              <${Plane} about=${one.about} grid=${grid} label="${label} at epoch ${grid.epoch}" />
            `
            : !isMissing &&
              html`<div class="plane waiting"><${Loading} what="Training it once more" /></div>`
      }
    </figure>
  `;
}

/* shots: [{key, run (or none yet), label, title, waiting}] at the same epoch; nothing is asked for
 * until they are `active`. */
function Film({ id, shots, epoch, active, set }) {
  const runs = shots.map((shot) => shot.run).filter(Boolean);
  const frames = framesOf(runs);
  const store = useGrids(runs, frames, active);
  const hasGrid = (run, wanted) =>
    store.find(run.id)?.problem ||
    store.find(run.id)?.grids.has(isOver(run) ? Math.min(wanted, lastOf(run)) : wanted);
  const isLoaded = (wanted) => runs.every((run) => hasGrid(run, wanted));
  const frame = useFrame(frames, epoch, set, isLoaded);
  const about = runs.map((run) => store.find(run.id)?.about).find(Boolean);
  return html`
    <div class="planes-box">
      ${about && html`<${PlaneLegend} about=${about} />`}
      <div class="planes ${shots.length === 1 ? 'one' : ''}">
        ${shots.map(
          (shot) =>
            html`
              <${Figure} key=${shot.key} shot=${shot} store=${store} epoch=${frames[frame.at]} />
            `,
        )}
      </div>
      <${Controls} id=${id} frames=${frames} frame=${frame}
          of=${Math.max(0, ...runs.map((run) => (isOver(run) ? lastOf(run) : run.epochs)))} />
      <p class="soft small">
        The colour is what the net answers, the paler the less certain; marks are training samples
        with the labels it is trained on. Weights of past epochs are not stored: the run is trained
        once more, to the same bits.
      </p>
    </div>
  `;
}

/* ---- two configs of an experiment ---- */

/* One select; its options are made anew only when they change. */
function Choice({ id, label, options, value, onChange }) {
  const items = useMemo(
    () =>
      options.map(
        ([key, words]) => html`<option value=${key} selected=${key === value}>${words}</option>`,
      ),
    [JSON.stringify(options), value],
  );
  const select = useRef(null);
  useLayoutEffect(() => {
    select.current.value = value;
  });
  return html`
    <label class="inline">
      ${label}${' '}
      <select id=${id} ref=${select} onChange=${(event) => onChange(event.target.value)}>
        ${items}
      </select>
    </label>
  `;
}

/* The config on the right if the link does not say: the best but the one on the left, while it is
 * not known the last. */
function otherThan(left, configs, comparison, active) {
  const best = active
    ? null
    : comparison?.configs.find((config) => config.config_id !== left)?.config_id;
  return (
    configs.find((config) => config.config_id === best)?.config_id ??
    configs.findLast((config) => config.config_id !== left)?.config_id ??
    null
  );
}

const seedsOf = (configs) =>
  [...new Set(configs.flatMap((config) => config.runs.map((run) => run.seed)))].sort(
    (a, b) => a - b,
  );
const runOf = (config, seed) => config.runs.find((run) => run.seed === seed && isReady(run));

/* configs: [{config_id, label, runs}]; props: left, right, seed, epoch. */
export function Boundaries({ configs, comparison, active, styles, props, set }) {
  const box = useRef(null);
  const seen = useSeen(box);
  const known = (id) => configs.some((config) => config.config_id === id);
  const left = [props.left, comparison?.baseline].find(known) ?? configs[0].config_id;
  const right = known(props.right) ? props.right : otherThan(left, configs, comparison, active);
  const chosen = [left, right]
    .filter(Boolean)
    .map((id) => configs.find((config) => config.config_id === id));
  const seeds = seedsOf(chosen);
  const usual = seeds.find((one) => chosen.every((config) => runOf(config, one))) ?? seeds[0];
  const seed = seeds.includes(Number(props.seed)) && props.seed !== '' ? Number(props.seed) : usual;
  const shots = chosen.map((config, i) => {
    const run = runOf(config, seed);
    return {
      key: `${i}-${run?.id ?? config.config_id}`,
      run,
      label: `${config.label}, seed ${seed}`,
      waiting: `Seed ${seed} of this config has not trained yet.`,
      title: html`
        <${Swatch} style=${styles.get(config.config_id)} />
        ${run ? html`<a href="#/runs/${run.id}?tab=boundary">${config.label}</a>` : config.label}
      `,
    };
  });
  const options = configs.map((config) => [config.config_id, config.label]);
  return html`
    <section class="card" ref=${box} aria-labelledby="boundary-title" data-testid="boundaries">
      <div class="section-head">
        <h2 id="boundary-title">The boundary as it forms</h2>
        <div class="toolbar choices-bar">
          <${Choice} id="boundary-left" label=${right ? 'Left' : 'Config'} options=${options}
              value=${left} onChange=${(id) => set({ left: id })} />
          ${
            right &&
            html`
              <${Choice} id="boundary-right" label="Right" options=${options} value=${right}
                  onChange=${(id) => set({ right: id })} />
            `
          }
          ${
            seeds.length > 1 &&
            html`
              <${Choice} id="boundary-seed" label="Seed"
                  options=${seeds.map((one) => [String(one), String(one)])} value=${String(seed)}
                  onChange=${(one) => set({ seed: one })} />
            `
          }
        </div>
      </div>
      <${Film} id="boundary" shots=${shots} epoch=${props.epoch} active=${seen} set=${set} />
    </section>
  `;
}

/* ---- one run ---- */

export function RunBoundary({ run, label, props, set }) {
  const shots = [
    {
      key: run.id,
      run: isReady(run) ? run : undefined,
      label,
      title: null,
      waiting: 'The boundary can be seen when the run has started.',
    },
  ];
  return html`
    <div data-testid="boundary">
      <${Film} id="boundary" shots=${shots} epoch=${props.epoch} active=${true} set=${set} />
    </div>
  `;
}
