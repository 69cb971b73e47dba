/* datasets — the data sets: what there is, what they look like, and how to bring one. */
import { html, useEffect, useRef, useState, useTitle, useResource } from '../lib/html.js';
import { defineView } from '../lib/view.js';
import { text } from '../lib/state.js';
import { getAll, request, getCatalogue } from '../lib/api.js';
import { bytes, count, number, whenFully, when } from '../lib/format.js';
import { Icon, Loading, Failure, ConfirmButton, attempt, notify } from '../part/basic.js';
import { Table } from '../part/table.js';
import { OptionInputs, PreviewParts, optionFaults, usePreview } from '../part/preview.js';

const OPTIONS = ['n', 'noise', 'classes', 'dimensions'];
const PROPS = { name: text(), sort: text(), ...Object.fromEntries(OPTIONS.map((key) => [key, text()])) };
const NO_OPTIONS = Object.fromEntries(OPTIONS.map((key) => [key, '']));
const PREVIEW_ROWS = 300;
const PICTURES = 60;
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,62}$/;
const TYPES = { csv: 'text/csv', npy: 'application/x-npy', npz: 'application/zip', gz: 'application/gzip' };

/* A name that suits the files: what they have in common. */
function suggestName(files) {
  const base = files[0].name.replace(/\.(gz|csv|npy|npz|txt)$/gi, '').replace(/[^A-Za-z0-9_.-]+/g, '-');
  return files.length > 1 ? base.replace(/[-_.]?(train|t10k|test|val)[-_.].*$/i, '') || 'data' : base.slice(0, 60);
}

/* Sends the files; onProgress(fraction). XMLHttpRequest, because fetch does not tell how much was sent. */
function upload(name, files, query, onProgress) {
  return new Promise((resolve, reject) => {
    const one = files.length === 1 && /\.(csv|npz)$/i.test(files[0].name) ? files[0] : null;
    const body = one ?? new FormData();
    if (!one) for (const file of files) body.append('file', file, file.name);
    const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
    const call = new XMLHttpRequest();
    call.open('PUT', `/api/v1/datasets/${encodeURIComponent(name)}${words ? `?${words}` : ''}`);
    if (one) call.setRequestHeader('Content-Type', TYPES[one.name.split('.').pop().toLowerCase()]);
    call.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    call.onerror = () => reject(new Error('The upload broke off.'));
    call.onload = () => {
      let answer = {};
      try { answer = JSON.parse(call.responseText); } catch { /* the status says it */ }
      if (call.status < 300) { resolve({ status: call.status, answer }); return; }
      const details = (answer.errors ?? []).map((error) => error.detail).join('; ');
      reject(new Error(details || answer.detail || `The service answered ${call.status}.`));
    };
    call.send(body);
  });
}

function Upload({ done }) {
  const [files, setFiles] = useState([]);
  const [over, setOver] = useState(false);
  const [name, setName] = useState('');
  const [options, setOptions] = useState({ label: '', header: '', task: '' });
  const [state, setState] = useState({ sent: null, problem: '' });
  const input = useRef(null);
  const take = (list) => {
    const chosen = [...list];
    if (!chosen.length) return;
    setFiles(chosen);
    setName((old) => old || suggestName(chosen));
    setState({ sent: null, problem: '' });
  };
  const submit = async (event) => {
    event.preventDefault();
    if (!NAME.test(name)) { setState({ sent: null, problem: 'A name has 1 to 63 letters, digits, _ . and -, and does not start with a dot.' }); return; }
    setState({ sent: 0, problem: '' });
    try {
      const { status } = await upload(name, files, options, (sent) => setState({ sent, problem: '' }));
      notify(status === 201 ? `${name} is registered.` : `${name} was there already, with the same content.`);
      setFiles([]);
      setName('');
      setState({ sent: null, problem: '' });
      done(name);
    } catch (error) {
      setState({ sent: null, problem: error.message });
    }
  };
  const csv = files.some((file) => /\.csv$/i.test(file.name));
  return html`
    <form class="card upload" onSubmit=${submit} data-testid="upload">
      <h2>Bring your own</h2>
      <label class="drop ${over ? 'over' : ''}" onDragOver=${(event) => { event.preventDefault(); setOver(true); }}
        onDragLeave=${() => setOver(false)} onDrop=${(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files); }}>
        <input type="file" id="upload-files" class="visually-hidden" multiple ref=${input} onChange=${(event) => take(event.target.files)} />
        <${Icon} name="upload" /><span>${files.length ? files.map((file) => `${file.name} (${bytes(file.size)})`).join(', ') : 'Drop files here, or choose them'}</span>
        <span class="soft small">CSV; IDX as MNIST ships it (images and labels, gzip or plain); NumPy .npy or .npz</span></label>
      ${files.length > 0 && html`<div class="upload-options">
        <label>Name<input id="upload-name" value=${name} onInput=${(event) => setName(event.target.value)} required /></label>
        ${csv && html`<label>Label column<input id="upload-label" value=${options.label} placeholder="found by itself"
          onInput=${(event) => setOptions({ ...options, label: event.target.value })} /></label>
          <label>First row<select id="upload-header" value=${options.header}
            onChange=${(event) => setOptions({ ...options, header: event.target.value })}><option value="">found by itself</option><option
            value="true">names</option><option value="false">data</option></select></label>`}
        <label>Task<select id="upload-task" value=${options.task} onChange=${(event) => setOptions({ ...options, task: event.target.value })}><option
          value="">found by itself</option><option value="classification">classification</option><option value="regression">regression</option>
          </select></label>
      </div>
      <div class="row"><button class="button primary" id="upload-submit" disabled=${state.sent !== null}><${Icon}
        name="upload" />${state.sent === null ? 'Register' : state.sent < 1 ? `Sending, ${Math.round(state.sent * 100)} %` : 'Checking…'}</button>
        <button type="button" class="button quiet" onClick=${() => { setFiles([]); setState({ sent: null, problem: '' }); }}>Leave it</button></div>`}
      ${state.problem && html`<p class="field-error" role="alert" id="upload-problem">${state.problem}</p>`}
    </form>`;
}

/* Numbers as a specification has them; what is no number stays a text, for the service to name. */
const numbersOf = (options) => Object.fromEntries(Object.entries(options).map(([key, typed]) => [key, Number.isFinite(Number(typed)) ? Number(typed) : typed]));

/* How many inputs and classes or outputs, with the options of the preview once it is there. */
function shapeOf(set, preview) {
  const classes = preview?.class_counts?.length ?? set.classes;
  return `${count(preview?.columns.length ?? set.inputs, 'input')}, ${classes ? count(classes, 'class', 'classes') : count(set.outputs, 'output')}`;
}

function Preview({ set, help, options, change, close, removed }) {
  const resource = usePreview(set.name, options, { rows: PREVIEW_ROWS, images: PICTURES });
  const remove = () => attempt(async () => { await request('DELETE', `/datasets/${encodeURIComponent(set.name)}`); removed(); }, `${set.name} is removed.`);
  const dataset = Object.keys(options).length ? { name: set.name, ...numbersOf(options) } : set.name;
  return html`
    <section class="card preview" aria-labelledby="preview-title" data-testid="preview">
      <div class="section-head"><h2 id="preview-title">${set.name}</h2><div class="row">
        <a class="button" id="use-dataset" href="#/new?spec=${encodeURIComponent(JSON.stringify({ dataset }))}"><${Icon}
          name="plus" />New experiment with it</a>
        ${!set.built_in && html`<${ConfirmButton} id="dataset-delete" icon="trash" label="Remove" confirm="Remove this set?" quiet
          onConfirm=${remove} />`}
        <button type="button" class="button quiet icon-only" id="preview-close" aria-label="Close the preview" onClick=${close}><${Icon}
          name="close" /></button></div></div>
      ${help && html`<p class="soft">${help.help} <span class="small">${help.options_help}</span></p>`}
      <p class="soft small">${set.task}, ${shapeOf(set, resource.data)}${set.sha256 && !Object.keys(options).length ? html`, SHA-256 <code title=${set.sha256}>${set.sha256.slice(0, 12)}…</code>` : ''}${set.created_at ? html`, registered <time datetime=${set.created_at} title=${whenFully(set.created_at)}>${when(set.created_at)}</time>` : ''}</p>
      ${help && html`<div class="preview-options" role="group" aria-label="Options of ${set.name}"><${OptionInputs} id="preview-option" known=${help} values=${options}
        faults=${optionFaults(resource.error)} onChange=${change} /></div>`}
      <${PreviewParts} id="preview" resource=${resource} />
    </section>`;
}

function Datasets({ name: chosenName, sort, set, ...props }) {
  useTitle('Data sets');
  const { data: sets, error, loading, reload } = useResource((signal) => getAll('/datasets', {}, signal), []);
  const [builtIn, setBuiltIn] = useState([]);
  useEffect(() => { getCatalogue().then((catalogue) => setBuiltIn(catalogue.datasets), () => {}); }, []);
  const chosen = sets?.find((one) => one.name === chosenName);
  const options = Object.fromEntries(OPTIONS.filter((key) => props[key].trim() !== '').map((key) => [key, props[key].trim()]));
  const open = (name) => { set({ ...NO_OPTIONS, name }, { push: true }); requestAnimationFrame(() => document.getElementById('preview-title')?.scrollIntoView({ block: 'nearest' })); };
  const columns = [
    { key: 'name', label: 'Data set', value: (one) => one.name, cell: (one) => html`<button type="button" class="row-button" id="dataset-${one.name}"
      aria-expanded=${one.name === chosenName ? 'true' : 'false'} onClick=${() => open(one.name)}>${one.name}</button>` },
    { key: 'origin', label: 'Origin', value: (one) => one.built_in, cell: (one) => html`<span
      class="soft nowrap">${one.built_in ? 'built in' : 'registered'}</span>` },
    { key: 'task', label: 'Task', value: (one) => one.task, cell: (one) => one.task },
    { key: 'inputs', label: 'Inputs', align: 'num', value: (one) => one.inputs, cell: (one) => number(one.inputs) },
    { key: 'classes', label: 'Classes', align: 'num', value: (one) => one.classes, cell: (one) => number(one.classes) },
    { key: 'train', label: 'Training', align: 'num', value: (one) => one.n_train, cell: (one) => number(one.n_train) },
    { key: 'validation', label: 'Validation', align: 'num', value: (one) => one.n_validation, cell: (one) => (one.n_validation ? number(one.n_validation) : html`<span class="soft">drawn</span>`) },
    { key: 'test', label: 'Test', align: 'num', value: (one) => one.n_test, cell: (one) => (one.n_test ? number(one.n_test) : html`<span
      class="soft">drawn</span>`) },
    { key: 'bytes', label: 'Size', align: 'num', value: (one) => one.bytes, cell: (one) => html`<span class="nowrap">${bytes(one.bytes)}</span>` },
  ];
  return html`
    <div class="page-head"><h1>Data sets</h1></div>
    ${error && html`<${Failure} problem=${error} retry=${reload} title="The data sets could not be loaded" />`}
    ${loading && !sets && html`<${Loading} what="Loading the data sets" />`}
    ${chosen && html`<${Preview} key=${chosen.name} set=${chosen} help=${builtIn.find((one) => one.name === chosen.name)}
      options=${options} change=${(key, typed) => set({ [key]: typed })}
      close=${() => set({ ...NO_OPTIONS, name: '' })} removed=${() => { set({ name: '' }); reload(); }} />`}
    ${sets && html`<${Table} id="datasets" label="Data sets" columns=${columns} rows=${sets} sort=${sort} onSort=${(next) => set({ sort: next })}
      rowKey=${(one) => one.name} rowClass=${(one) => (one.name === chosenName ? 'chosen' : '')} />`}
    <${Upload} done=${(name) => { reload(); set({ ...NO_OPTIONS, name }, { push: true }); }} />`;
}

export default defineView(PROPS, Datasets);
