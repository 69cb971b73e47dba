/* boundary — what trained nets make of a plane: the decision boundaries of two configs side by side, with the samples. */
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState, useTheme } from '../lib/html.js';
import { get, request } from '../lib/api.js';
import { categorical, css } from '../lib/palette.js';
import { Failure, Loading, Swatch } from './basic.js';

const GRID = 64;
const POINTS = 300;
const SIZE = 320;

const nameOfSet = (config) => (typeof config.dataset === 'object' ? config.dataset.name : config.dataset);

/* The part of the plane that the samples fill, with air around it. */
function extentOf(rows) {
  const range = (i) => {
    const values = rows.map((row) => row[i]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const pad = (high - low) * 0.12 || 1;
    return [low - pad, high + pad];
  };
  return { x: range(0), y: range(1) };
}

/* Probabilities of the classes on the grid, row by row from the top. */
async function loadField(run, extent, signal) {
  const at = ([low, high], i) => low + ((i + 0.5) / GRID) * (high - low);
  const inputs = [];
  for (let j = 0; j < GRID; j++) for (let i = 0; i < GRID; i++) inputs.push([at(extent.x, i), at(extent.y, GRID - 1 - j)].map((x) => Number(x.toPrecision(5))));
  return (await request('POST', `/runs/${run}/predict`, { body: { inputs, mode: 'eval' }, signal })).outputs;
}

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

function Plane({ field, preview, extent, label }) {
  const canvas = useRef(null);
  const theme = useTheme();
  const classes = useMemo(() => [...new Set(preview.labels)].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })), [preview]);
  useLayoutEffect(() => {
    const small = document.createElement('canvas');
    small.width = small.height = GRID;
    const image = small.getContext('2d').createImageData(GRID, GRID);
    const colors = field[0].map((_, c) => rgb(categorical(c, theme)));
    const ground = rgb(css('--surface'));
    field.forEach((probabilities, i) => {
      const mixed = [0, 1, 2].map((k) => probabilities.reduce((sum, p, c) => sum + p * colors[c][k], 0));
      image.data.set([...mixed.map((x, k) => Math.round(ground[k] + 0.55 * (x - ground[k]))), 255], 4 * i);
    });
    small.getContext('2d').putImageData(image, 0, 0);
    const scale = devicePixelRatio;
    canvas.current.width = canvas.current.height = SIZE * scale;
    const ctx = canvas.current.getContext('2d');
    ctx.scale(scale, scale);
    ctx.drawImage(small, 0, 0, SIZE, SIZE);
    preview.rows.forEach((row, i) => {
      ctx.beginPath();
      ctx.arc(((row[0] - extent.x[0]) / (extent.x[1] - extent.x[0])) * SIZE, SIZE - ((row[1] - extent.y[0]) / (extent.y[1] - extent.y[0])) * SIZE, 2.6, 0, 2 * Math.PI);
      ctx.fillStyle = categorical(classes.indexOf(preview.labels[i]), theme);
      ctx.fill();
      ctx.strokeStyle = css('--surface');
      ctx.lineWidth = 0.8;
      ctx.stroke();
    });
  }, [field, theme]);
  return html`<canvas class="plane" ref=${canvas} role="img" aria-label=${label} />`;
}

/* Whether the runs of an experiment can be shown: classification of points in the plane. */
export function useIsPlane(run) {
  const [plane, setPlane] = useState(false);
  const name = run && nameOfSet(run.config);
  useEffect(() => {
    if (!name) return undefined;
    const abort = new AbortController();
    get(`/datasets/${encodeURIComponent(name)}`, {}, abort.signal).then((set) => setPlane(set.task === 'classification' && set.inputs === 2 && set.classes <= 8), () => {});
    return () => abort.abort();
  }, [name]);
  return plane;
}

function Choice({ id, label, configs, value, onChange }) {
  return html`<label class="inline">${label} <select id=${id} value=${value}
    onChange=${(event) => onChange(event.target.value)}>${configs.map((config) => html`<option value=${config.config_id}
    selected=${config.config_id === value}>${config.label}</option>`)}</select></label>`;
}

/* configs: [{config_id, label, runs}]; two of them are shown, at their first finished seed. */
export function Boundaries({ configs, comparison, styles, props, set }) {
  const ready = configs.filter((config) => config.runs.some((run) => run.status === 'completed'));
  const pick = (wanted, otherwise) => (ready.some((config) => config.config_id === wanted) ? wanted : otherwise);
  const left = pick(props.left, pick(comparison?.baseline, ready[0]?.config_id));
  const best = comparison?.configs.find((config) => config.config_id !== left)?.config_id;
  const right = ready.length > 1 ? pick(props.right, pick(best, ready[1].config_id)) : null;
  const shown = [left, right].filter(Boolean).map((id) => {
    const config = ready.find((one) => one.config_id === id);
    return { config, run: config.runs.find((run) => run.status === 'completed') };
  });
  const [state, setState] = useState({ preview: null, fields: new Map(), problem: null });
  const key = shown.map(({ run }) => run.id).join();
  const set_ = ready.length ? nameOfSet(ready[0].runs[0].config) : null;
  useEffect(() => {
    if (!key) return undefined;
    const abort = new AbortController();
    (async () => {
      const preview = state.preview ?? await get(`/datasets/${encodeURIComponent(set_)}/preview`, { rows: POINTS, images: 1 }, abort.signal);
      const extent = extentOf(preview.rows);
      const fields = new Map(state.fields);
      for (const id of key.split(',')) if (!fields.has(id)) fields.set(id, await loadField(id, extent, abort.signal));
      setState({ preview, fields, extent, problem: null });
    })().catch((problem) => { if (!abort.signal.aborted) setState((old) => ({ ...old, problem })); });
    return () => abort.abort();
  }, [key]);
  if (!key) return null;
  return html`
    <section class="card" aria-labelledby="boundary-title" data-testid="boundaries"><div class="section-head"><h2
      id="boundary-title">Decision boundaries</h2><div class="toolbar">
        <${Choice} id="boundary-left" label="Left" configs=${ready} value=${left} onChange=${(id) => set({ left: id })} />
        ${right && html`<${Choice} id="boundary-right" label="Right" configs=${ready} value=${right} onChange=${(id) => set({ right: id })} />`}</div>
          </div>
      ${state.problem && html`<${Failure} problem=${state.problem} title="The boundaries could not be drawn" />`}
      <div class="planes">${shown.map(({ config, run }) => html`<figure key=${config.config_id}>
        <figcaption><${Swatch} style=${styles.get(config.config_id)} /> <a href="#/runs/${run.id}">${config.label}, seed ${run.seed}</a></figcaption>
        ${state.fields.has(String(run.id)) ? html`<${Plane} field=${state.fields.get(String(run.id))} preview=${state.preview} extent=${state.extent}
          label="What ${config.label} predicts in the plane" />` : !state.problem && html`<${Loading} what="Asking the net" />`}</figure>`)}</div>
      <p class="soft small">The colour is the predicted class, the paler the less certain; dots are samples of the data set as it comes.</p>
        </section>`;
}
