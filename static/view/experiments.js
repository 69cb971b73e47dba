/* experiments — all experiments, live: search, filter, sort, cancel and delete several at once. */
import {
  html,
  useCallback,
  useEffect,
  useMemo,
  useReducer,
  useRef,
  useSettled,
  useState,
  useTitle,
} from '../lib/html.js';
import { defineView } from './define.js';
import { text, choice } from '../lib/state.js';
import { request } from '../lib/api.js';
import { ExperimentList } from '../lib/experiment-list.js';
import { STATUSES, isOver } from '../lib/status.js';
import { count, titleOf, when, whenFully, duration, elapsed } from '../lib/format.js';
import {
  ConfirmButton,
  Empty,
  Failure,
  Icon,
  Loading,
  Progress,
  Remaining,
  Status,
  attempt,
  notify,
} from '../part/basic.js';
import { Editable } from '../part/editable.js';
import { Recipes } from '../part/recipes.js';
import { Table } from '../part/table.js';

const STATUS_CHOICES = ['', ...Object.keys(STATUSES)];
const SORTS = [
  ['-created_at', 'Newest first'],
  ['created_at', 'Oldest first'],
  ['name', 'Name'],
  ['-finished_at', 'Last finished'],
];
const AHEAD = '3000px'; /* how far before its place is reached the next page is loaded */
const TAGS_SHOWN = 3;

const PROPS = {
  q: text(),
  status: choice(STATUS_CHOICES),
  tag: text(),
  sort: choice(SORTS.map(([key]) => key)),
};

/* The list of what a query finds. */
function useExperiments(query) {
  const [, bump] = useReducer((n) => n + 1, 0);
  const list = useMemo(() => new ExperimentList(bump), []);
  useEffect(() => {
    list.open();
    return () => list.close();
  }, [list]);
  useEffect(() => list.show(query), [JSON.stringify(query)]);
  return list;
}

function Filters({ q, status, tag, sort, set }) {
  const [typed, setTyped] = useState(q);
  const settled = useSettled(typed, 250);
  useEffect(() => {
    if (settled !== q) set({ q: settled });
  }, [settled]);
  useEffect(() => {
    if (q !== settled) setTyped(q);
  }, [q]);
  return html`
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label class="search">
        <span class="visually-hidden">Search by name or description</span>
        <${Icon} name="search" />
        <input id="search" type="search" placeholder="Search" value=${typed}
            onInput=${(event) => setTyped(event.target.value)} />
      </label>
      <label>
        <span class="visually-hidden">Status</span>
        <select id="filter-status" value=${status}
            onChange=${(event) => set({ status: event.target.value })}>
          ${STATUS_CHOICES.map(
            (key) =>
              html`
                <option value=${key} selected=${key === status}>${key || 'Every status'}</option>
              `,
          )}
        </select>
      </label>
      <label>
        <span class="visually-hidden">Order</span>
        <select id="sort" value=${sort} onChange=${(event) => set({ sort: event.target.value })}>
          ${SORTS.map(
            ([key, words]) => html`<option value=${key} selected=${key === sort}>${words}</option>`,
          )}
        </select>
      </label>
      ${
        tag &&
        html`
          <button type="button" class="chip on" id="filter-tag" onClick=${() => set({ tag: '' })}
              aria-label="Remove the filter ${tag}">
            ${tag}
            <${Icon} name="close" />
          </button>
        `
      }
    </form>
  `;
}

/* Its name, its first tags and its note, each to be changed where it stands. */
function NameCell({ one, set, list }) {
  const change = (patch) =>
    attempt(async () =>
      list.replace(await request('PATCH', `/experiments/${one.id}`, { body: patch })),
    );
  const tagButton = (tag) => html`
    <button type="button" class="chip" onClick=${() => set({ tag })} aria-label="Only ${tag}">
      ${tag}
    </button>
  `;
  const note = one.description
    ? html`<span class="soft clip" title=${one.description}>${one.description}</span>`
    : html`<span class="soft no-note">Add a note</span>`;
  return html`
    <div class="name-cell">
      <${Editable} id="name-${one.id}" label="Name of ${titleOf(one)}" value=${one.name}
          onSave=${(name) => change({ name })}>
        <a class="row-link" href="#/experiments/${one.id}" data-testid="experiment-${one.id}">
          ${titleOf(one)}
        </a>
      <//>
      ${(one.tags ?? []).slice(0, TAGS_SHOWN).map(tagButton)}
      <${Editable} lines id="note-${one.id}" label="Note of ${titleOf(one)}" hint="a note"
          value=${one.description} onSave=${(description) => change({ description })}>
        ${note}
      <//>
    </div>
  `;
}

const Selection = ({ one, selected, toggle }) => html`
  <input type="checkbox" checked=${selected.has(one.id)} onChange=${() => toggle(one.id)}
      aria-label="Select ${titleOf(one)}" data-testid="select-${one.id}" />
`;

/* What is the same whatever is selected: how each cell is made. */
const CELLS = {
  status: (one) => html`<${Status} status=${one.status} />`,
  progress: (one) => html`
    <div class="progress-cell">
      <${Progress} experiment=${one} />
      <${Remaining} experiment=${one} />
    </div>
  `,
  size: (one) => html`
    <span>
      ${count(one.n_configs, 'config')} <span class="soft">· ${count(one.n_runs, 'run')}</span>
    </span>
  `,
  time: (one) => html`
    <span class="soft nowrap">
      ${isOver(one) ? duration(elapsed(one.started_at, one.finished_at)) : ''}
    </span>
  `,
  created: (one) => html`
    <time class="soft nowrap" datetime=${one.created_at} title=${whenFully(one.created_at)}>
      ${when(one.created_at)}
    </time>
  `,
};

const COLUMNS = [
  { key: 'status', label: 'Status', align: 'c-status', cell: CELLS.status },
  { key: 'progress', label: 'Progress', align: 'c-progress', cell: CELLS.progress },
  { key: 'size', label: 'Size', align: 'c-size nowrap', cell: CELLS.size },
  { key: 'time', label: 'Took', align: 'num c-took', cell: CELLS.time },
  { key: 'created', label: 'Created', align: 'num c-created', cell: CELLS.created },
];

const columnsOf = (selected, toggle, set, list) => [
  {
    key: 'select',
    label: 'Selected',
    hidden: true,
    head: false,
    align: 'tight',
    cell: (one) => html`<${Selection} one=${one} selected=${selected} toggle=${toggle} />`,
  },
  {
    key: 'name',
    label: 'Experiment',
    align: 'wide',
    cell: (one) => html`<${NameCell} one=${one} set=${set} list=${list} />`,
  },
  ...COLUMNS,
];

/* What can be done with the selected ones. */
function Bulk({ items, selected, clear, drop }) {
  const chosen = items.filter((one) => selected.has(one.id));
  const each = async (method, path, words) => {
    let failed = 0;
    const worked = [];
    for (const one of chosen) {
      try {
        await request(method, path(one));
        worked.push(one.id);
      } catch (error) {
        failed += 1;
        notify(`${titleOf(one)}: ${error.message}`, 'bad');
      }
    }
    if (failed === 0) notify(words);
    clear();
    return worked;
  };
  const remove = async () =>
    drop(await each('DELETE', (one) => `/experiments/${one.id}?force=true`, 'Deleted.'));
  if (chosen.length === 0) return null;
  return html`
    <div class="bulk" role="toolbar" aria-label="Selected experiments" data-testid="bulk">
      <strong>${count(chosen.length, 'experiment')} selected</strong>
      ${
        chosen.length > 1 &&
        html`
          <a class="button" id="bulk-compare"
              href="#/compare?ids=${chosen.map((one) => one.id).join('%2C')}">
            Compare
          </a>
        `
      }
      ${
        chosen.some((one) => !isOver(one)) &&
        html`
          <${ConfirmButton} id="bulk-cancel" icon="stop" label="Cancel" confirm="Cancel them?"
              onConfirm=${() =>
                each('POST', (one) => `/experiments/${one.id}/cancel`, 'Cancelled.')} />
        `
      }
      <${ConfirmButton} id="bulk-delete" icon="trash" label="Delete" confirm="Delete with all runs?"
          onConfirm=${remove} />
      <button type="button" class="button quiet" id="bulk-clear" onClick=${clear}>Clear</button>
    </div>
  `;
}

/* The selected ones, and how to select one or no more. */
function useSelection() {
  const [selected, setSelected] = useState(new Set());
  const toggle = useCallback(
    (id) =>
      setSelected((old) => {
        const next = new Set(old);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  return { selected, toggle, clear: () => setSelected(new Set()) };
}

/* Loads more of the list before the element `end` comes into sight. */
function useMore(list, end) {
  useEffect(() => {
    if (!list.next) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((one) => one.isIntersecting)) list.more();
      },
      { rootMargin: AHEAD },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [list.next, list.items]);
}

/* In place of a list: nothing fits, or there is nothing yet. */
const NoExperiments = ({ isFiltered, set }) =>
  isFiltered
    ? html`
        <${Empty} title="No experiment fits" testid="no-match">
          <p>Nothing matches this search and these filters.</p>
          <button type="button" class="button"
              onClick=${() => set({ q: '', status: '', tag: '' })}>
            Show all
          </button>
        <//>
      `
    : html`
        <${Empty} title="No experiments yet" testid="no-experiments">
          <p>
            Start with one of these, or describe your own: every setting has a default. New to all
            this? <a href="#/learn">Learn</a> with lessons that prove themselves.
          </p>
          <${Recipes} />
        <//>
      `;

function List({ list, set }) {
  const { selected, toggle, clear } = useSelection();
  const columns = useMemo(() => columnsOf(selected, toggle, set, list), [selected, set]);
  return html`
    <${Bulk} items=${list.items} selected=${selected} clear=${clear}
        drop=${(gone) => list.drop(gone)} />
    <${Table} id="experiments" label="Experiments" columns=${columns} rows=${list.items}
        rowKey=${(one) => one.id} inPage isPart=${list.next !== null} />
  `;
}

function Experiments(props) {
  useTitle('Experiments');
  const { q, status, tag, sort, set } = props;
  const list = useExperiments({ q, status, tag, sort });
  const end = useRef(null);
  useMore(list, end);
  const { items, problem } = list;
  const isFiltered = q !== '' || status !== '' || tag !== '';
  const failure = html`
    <${Failure} problem=${problem} retry=${() => list.reload()}
        title="The experiments could not be loaded" />
  `;
  return html`
    <div class="page-head">
      <h1>Experiments</h1>
      <a class="button primary" href="#/new" id="new-experiment">
        <${Icon} name="plus" />New experiment
      </a>
    </div>
    ${(isFiltered || items === null || items.length > 0) && html`<${Filters} ...${props} />`}
    ${problem && failure}
    ${items === null && !problem && html`<${Loading} what="Loading the experiments" />`}
    ${items?.length === 0 && html`<${NoExperiments} isFiltered=${isFiltered} set=${set} />`}
    ${items?.length > 0 && html`<${List} list=${list} items=${items} set=${set} />`}
    <div ref=${end} class="list-end">
      ${list.next && html`<${Loading} what="Loading more" />`}
    </div>
  `;
}

export default defineView(PROPS, Experiments);
