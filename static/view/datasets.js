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
  const classes = preview?.class_counts?.length ?? set.classes;
  return `${count(preview?.columns.length ?? set.inputs, 'input')}, ${classes ? count(classes, 'class', 'classes') : count(set.outputs, 'output')}`;
}

function Preview({ set, help, options, change, close, removed }) {
  const resource = usePreview(set.name, options, { rows: PREVIEW_ROWS, images: PICTURES });
  const remove = () =>
    attempt(async () => {
      await request('DELETE', `/datasets/${encodeURIComponent(set.name)}`);
      removed();
    }, `${set.name} is removed.`);
  const dataset = Object.keys(options).length
    ? { name: set.name, ...numbersOf(options) }
    : set.name;
  return html`
    <section class="card preview" aria-labelledby="preview-title" data-testid="preview">
      <div class="section-head">
        <h2 id="preview-title">${set.name}</h2>
        <div class="row">
          <a class="button" id="use-dataset"
              href="#/new?spec=${encodeURIComponent(JSON.stringify({ dataset }))}">
            <${Icon} name="plus" />New experiment with it
          </a>
          ${
            !set.built_in &&
            html`
              <${ConfirmButton} id="dataset-delete" icon="trash" label="Remove"
                  confirm="Remove this set?" quiet onConfirm=${remove} />
            `
          }
          <button type="button" class="button quiet icon-only" id="preview-close"
              aria-label="Close the preview" onClick=${close}>
            <${Icon} name="close" />
          </button>
        </div>
      </div>
      ${
        help &&
        html`<p class="soft">${help.help} <span class="small">${help.options_help}</span></p>`
      }
      <p class="soft small">
        ${set.task}, ${shapeOf(set, resource.data)}
        ${
          set.sha256 && !Object.keys(options).length
            ? html`, SHA-256 <code title=${set.sha256}>${set.sha256.slice(0, 12)}…</code>`
            : ''
        }
        ${
          set.created_at
            ? html`
              , registered${' '}
              <time datetime=${set.created_at} title=${whenFully(set.created_at)}>
                ${when(set.created_at)}
              </time>
            `
            : ''
        }
      </p>
      ${
        help &&
        html`
          <div class="preview-options" role="group" aria-label="Options of ${set.name}">
            <${OptionInputs} id="preview-option" known=${help} values=${options}
                faults=${optionFaults(resource.error)} onChange=${change} />
          </div>
        `
      }
      <${PreviewParts} id="preview" resource=${resource} />
    </section>
  `;
}

function Datasets({ name: chosenName, sort, set, ...props }) {
  useTitle('Data sets');
  const {
    data: sets,
    error,
    loading,
    reload,
  } = useResource((signal) => getAll('/datasets', {}, signal), []);
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
  const open = (name) => {
    set({ ...NO_OPTIONS, name }, { push: true });
    requestAnimationFrame(() =>
      document.getElementById('preview-title')?.scrollIntoView({ block: 'nearest' }),
    );
  };
  const columns = [
    {
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
    },
    {
      key: 'origin',
      label: 'Origin',
      value: (one) => one.built_in,
      cell: (one) => html`
        <span class="soft nowrap">${one.built_in ? 'built in' : 'registered'}</span>
      `,
    },
    { key: 'task', label: 'Task', value: (one) => one.task, cell: (one) => one.task },
    {
      key: 'inputs',
      label: 'Inputs',
      align: 'num',
      value: (one) => one.inputs,
      cell: (one) => number(one.inputs),
    },
    {
      key: 'classes',
      label: 'Classes',
      align: 'num',
      value: (one) => one.classes,
      cell: (one) => number(one.classes),
    },
    {
      key: 'train',
      label: 'Training',
      align: 'num',
      value: (one) => one.n_train,
      cell: (one) => number(one.n_train),
    },
    {
      key: 'validation',
      label: 'Validation',
      align: 'num',
      value: (one) => one.n_validation,
      cell: (one) =>
        one.n_validation ? number(one.n_validation) : html`<span class="soft">drawn</span>`,
    },
    {
      key: 'test',
      label: 'Test',
      align: 'num',
      value: (one) => one.n_test,
      cell: (one) => (one.n_test ? number(one.n_test) : html`<span class="soft">drawn</span>`),
    },
    {
      key: 'bytes',
      label: 'Size',
      align: 'num',
      value: (one) => one.bytes,
      cell: (one) => html`<span class="nowrap">${bytes(one.bytes)}</span>`,
    },
  ];
  return html`
    <div class="page-head"><h1>Data sets</h1></div>
    ${
      error &&
      html`
        <${Failure} problem=${error} retry=${reload} title="The data sets could not be loaded" />
      `
    }
    ${loading && !sets && html`<${Loading} what="Loading the data sets" />`}
    ${
      chosen &&
      html`
        <${Preview} key=${chosen.name} set=${chosen}
            help=${builtIn.find((one) => one.name === chosen.name)} options=${options}
            change=${(key, typed) => set({ [key]: typed })}
            close=${() => set({ ...NO_OPTIONS, name: '' })} removed=${() => {
              set({ name: '' });
              reload();
            }} />
      `
    }
    ${
      sets &&
      html`
        <${Table} id="datasets" label="Data sets" columns=${columns} rows=${sets} sort=${sort}
            onSort=${(next) => set({ sort: next })} rowKey=${(one) => one.name}
            rowClass=${(one) => (one.name === chosenName ? 'chosen' : '')} />
        <p class="soft small">
          Drawn: a run takes these samples out of the training ones, as many as validation_size and
          test_size say (by default a fifth each).
        </p>
      `
    }
    <${Upload} title="Bring your own" done=${(name) => {
      reload();
      set({ ...NO_OPTIONS, name }, { push: true });
    }} />
  `;
}

export default defineView(PROPS, Datasets);
