/* datasets — the data sets: what there is, what they look like, and how to bring one. */
import { html, useEffect, useState, useTitle, useResource } from '../lib/html.js';
import { defineView } from './define.js';
import { text } from '../lib/state.js';
import { getAll, request, getCatalogue } from '../lib/api.js';
import { bytes, count, number, whenFully, when } from '../lib/format.js';
import { Icon, Loading, Failure, ConfirmButton, attempt } from '../part/basic.js';
import { Upload } from '../part/form/upload.js';
import { Table } from '../part/table.js';
import { OptionInputs, PreviewParts, optionFaults, usePreview } from '../part/preview.js';

const OPTIONS = ['n', 'noise', 'classes', 'dimensions'];
const PROPS = {
  name: text(),
  sort: text(),
  ...Object.fromEntries(OPTIONS.map((key) => [key, text()])),
};
const NO_OPTIONS = Object.fromEntries(OPTIONS.map((key) => [key, '']));
const PREVIEW_ROWS = 300;
const PICTURES = 60;
/* Numbers as a specification has them; what is no number stays a text, for the service to name. */
const numbersOf = (options) =>
  Object.fromEntries(
    Object.entries(options).map(([key, typed]) => [
      key,
      Number.isFinite(Number(typed)) ? Number(typed) : typed,
    ]),
  );

/* How many inputs and classes or outputs, with the options of the preview once it is there. */
function shapeOf(set, preview) {
  const inputs = preview?.columns.length ?? set.inputs;
  const classes = preview?.class_counts?.length ?? set.classes;
  const answers = classes ? count(classes, 'class', 'classes') : count(set.outputs, 'output');
  return `${count(inputs, 'input')}, ${answers}`;
}

/* What can be done with a set. */
function Actions({ set, dataset, close, removed }) {
  const remove = () =>
    attempt(async () => {
      await request('DELETE', `/datasets/${encodeURIComponent(set.name)}`);
      removed();
    }, `${set.name} is removed.`);
  const removal = html`
    <${ConfirmButton} id="dataset-delete" icon="trash" label="Remove" confirm="Remove this set?"
        quiet onConfirm=${remove} />
  `;
  return html`
    <div class="row">
      <a class="button" id="use-dataset"
          href="#/new?spec=${encodeURIComponent(JSON.stringify({ dataset }))}">
        <${Icon} name="plus" />New experiment with it
      </a>
      ${!set.built_in && removal}
      <button type="button" class="button quiet icon-only" id="preview-close"
          aria-label="Close the preview" onClick=${close}>
        <${Icon} name="close" />
      </button>
    </div>
  `;
}

/* Task and shape, and where a registered set comes from. `isPlain`: without options. */
function Facts({ set: { task, sha256, created_at: created, ...set }, preview, isPlain }) {
  const hash = html`, SHA-256 <code title=${sha256}>${sha256?.slice(0, 12)}…</code>`;
  const time = html`<time datetime=${created} title=${whenFully(created)}>${when(created)}</time>`;
  return html`
    <p class="soft small">
      ${task}, ${shapeOf(set, preview)}
      ${sha256 && isPlain && hash}
      ${created && html`, registered ${time}`}
    </p>
  `;
}

function Preview({ set, help, options, change, close, removed }) {
  const resource = usePreview(set.name, options, { rows: PREVIEW_ROWS, images: PICTURES });
  const isPlain = Object.keys(options).length === 0;
  const dataset = isPlain ? set.name : { name: set.name, ...numbersOf(options) };
  const inputs = () => html`
    <div class="preview-options" role="group" aria-label="Options of ${set.name}">
      <${OptionInputs} id="preview-option" known=${help} values=${options}
          faults=${optionFaults(resource.error)} onChange=${change} />
    </div>
  `;
  const words = () => html`
    <p class="soft">${help.help} <span class="small">${help.options_help}</span></p>
  `;
  return html`
    <section class="card preview" aria-labelledby="preview-title" data-testid="preview">
      <div class="section-head">
        <h2 id="preview-title">${set.name}</h2>
        <${Actions} set=${set} dataset=${dataset} close=${close} removed=${removed} />
      </div>
      ${help && words()}
      <${Facts} set=${set} preview=${resource.data} isPlain=${isPlain} />
      ${help && inputs()}
      <${PreviewParts} id="preview" resource=${resource} />
    </section>
  `;
}

const numberColumn = (key, label, member) => ({
  key,
  label,
  align: 'num',
  value: (one) => one[member],
  cell: (one) => number(one[member]),
});

/* Of a split that a set may not have: a run then draws its samples out of the training ones. */
const splitColumn = (key, label, member) => ({
  ...numberColumn(key, label, member),
  cell: (one) => (one[member] ? number(one[member]) : html`<span class="soft">drawn</span>`),
});

const COLUMNS = [
  {
    key: 'origin',
    label: 'Origin',
    value: (one) => one.built_in,
    cell: (one) => html`
      <span class="soft nowrap">${one.built_in ? 'built in' : 'registered'}</span>
    `,
  },
  { key: 'task', label: 'Task', value: (one) => one.task, cell: (one) => one.task },
  numberColumn('inputs', 'Inputs', 'inputs'),
  numberColumn('classes', 'Classes', 'classes'),
  numberColumn('train', 'Training', 'n_train'),
  splitColumn('validation', 'Validation', 'n_validation'),
  splitColumn('test', 'Test', 'n_test'),
  {
    key: 'bytes',
    label: 'Size',
    align: 'num',
    value: (one) => one.bytes,
    cell: (one) => html`<span class="nowrap">${bytes(one.bytes)}</span>`,
  },
];

function SetTable({ sets, chosenName, sort, set }) {
  const open = (name) => {
    set({ ...NO_OPTIONS, name }, { push: true });
    requestAnimationFrame(() =>
      document.getElementById('preview-title')?.scrollIntoView({ block: 'nearest' }),
    );
  };
  const nameColumn = {
    key: 'name',
    label: 'Data set',
    value: (one) => one.name,
    cell: (one) => html`
      <button type="button" class="row-button" id="dataset-${one.name}"
          aria-expanded=${one.name === chosenName ? 'true' : 'false'}
          onClick=${() => open(one.name)}>
        ${one.name}
      </button>
    `,
  };
  return html`
    <${Table} id="datasets" label="Data sets" columns=${[nameColumn, ...COLUMNS]} rows=${sets}
        sort=${sort} onSort=${(next) => set({ sort: next })} rowKey=${(one) => one.name}
        rowClass=${(one) => (one.name === chosenName ? 'chosen' : '')} />
    <p class="soft small">
      Drawn: a run takes these samples out of the training ones, as many as validation_size and
      test_size say (by default a fifth each).
    </p>
  `;
}

function Datasets({ name: chosenName, sort, set, ...props }) {
  useTitle('Data sets');
  const resource = useResource((signal) => getAll('/datasets', {}, signal), []);
  const { data: sets, error, loading, reload } = resource;
  const [builtIn, setBuiltIn] = useState([]);
  useEffect(() => {
    getCatalogue().then(
      (catalogue) => setBuiltIn(catalogue.datasets),
      () => {},
    );
  }, []);
  const chosen = sets?.find((one) => one.name === chosenName);
  const options = Object.fromEntries(
    OPTIONS.filter((key) => props[key].trim() !== '').map((key) => [key, props[key].trim()]),
  );
  const removed = () => {
    set({ name: '' });
    reload();
  };
  const brought = (name) => {
    reload();
    set({ ...NO_OPTIONS, name }, { push: true });
  };
  const preview = () => html`
    <${Preview} key=${chosen.name} set=${chosen}
        help=${builtIn.find((one) => one.name === chosen.name)} options=${options}
        change=${(key, typed) => set({ [key]: typed })}
        close=${() => set({ ...NO_OPTIONS, name: '' })} removed=${removed} />
  `;
  const failure = html`
    <${Failure} problem=${error} retry=${reload} title="The data sets could not be loaded" />
  `;
  const table = html`<${SetTable} sets=${sets} chosenName=${chosenName} sort=${sort} set=${set} />`;
  return html`
    <div class="page-head"><h1>Data sets</h1></div>
    ${error && failure}
    ${loading && !sets && html`<${Loading} what="Loading the data sets" />`}
    ${chosen && preview()}
    ${sets && table}
    <${Upload} title="Bring your own" done=${brought} />
  `;
}

export default defineView(PROPS, Datasets);
