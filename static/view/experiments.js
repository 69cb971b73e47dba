/* experiments — all experiments, live: search, filter, sort, cancel and delete several at once. */
import {
  html,
  useState,
  useEffect,
  useRef,
  useMemo,
  useCallback,
  useTitle,
  useSettled,
} from '../lib/html.js';
import { defineView } from './define.js';
import { text, choice, go } from '../lib/state.js';
import { get, request, newKey } from '../lib/api.js';
import { subscribe } from '../lib/events.js';
import { STATUSES, countRuns, isOver } from '../lib/status.js';
import { noteProgress } from '../lib/remaining.js';
import { count, titleOf, when, whenFully, duration, elapsed } from '../lib/format.js';
import {
  Icon,
  Status,
  Progress,
  Remaining,
  Loading,
  Failure,
  Empty,
  ConfirmButton,
  attempt,
  notify,
} from '../part/basic.js';
import { Editable } from '../part/editable.js';
import { Table } from '../part/table.js';

const STATUS_CHOICES = ['', ...Object.keys(STATUSES)];
const SORTS = [
  ['-created_at', 'Newest first'],
  ['created_at', 'Oldest first'],
  ['name', 'Name'],
  ['-finished_at', 'Last finished'],
];
const PAGE = 100;
const NEW_MS = 400;
const AHEAD = '3000px'; /* how far before its place is reached the next page is loaded */
const TAGS_SHOWN = 3;
/* what is loaded again at once; what lies further down comes back by scrolling */
const RELOAD_LIMIT = 500;

const PROPS = {
  q: text(),
  status: choice(STATUS_CHOICES),
  tag: text(),
  sort: choice(SORTS.map(([key]) => key)),
};

/* The list with its first page loaded again. In the order of creation only that page can have new
 * rows; the others stay, so that the place to which somebody scrolled is not lost. */
function renewed(old, page, sort) {
  const last = page.items.at(-1)?.id;
  const joins =
    old.key === page.key &&
    sort === '-created_at' &&
    page.next !== null &&
    old.items?.some((one) => one.id === last);
  return joins
    ? {
        ...page,
        items: [...page.items, ...old.items.filter((one) => one.id < last)],
        next: old.next,
      }
    : page;
}

/* An experiment after an event. */
function changedBy(one, event) {
  const { status, progress, runs } = event;
  const now = new Date().toISOString();
  return {
    ...one,
    status,
    progress,
    runs,
    n_runs: countRuns(event),
    started_at: one.started_at ?? (status === 'running' ? now : null),
    finished_at: isOver(event) ? (one.finished_at ?? now) : null,
  };
}

/* Whether the place of an experiment in a list, or that it is there at all, follows from its
 * status. */
const dependsOnStatus = ({ status, sort }) => status !== '' || sort === '-finished_at';

/* The list as loaded so far, kept true by events. */
function useExperiments(query) {
  const key = JSON.stringify(query);
  const [state, setState] = useState({
    key,
    items: null,
    next: null,
    problem: null,
  }); /* of the query `key`, which may be the last one */
  const abort = useRef(null);
  const loaded = useRef({ key, items: new Map() }); /* by id */
  const asked = useRef(null); /* the cursor whose page is on its way */
  const heard = useRef(new Map()); /* id → its last event */
  const load = useCallback(
    async (cursor) => {
      if (cursor && cursor === asked.current) return;
      asked.current = cursor;
      if (!cursor) {
        abort.current?.abort();
        abort.current = new AbortController();
      }
      const { signal } = abort.current;
      const before = new Map(heard.current);
      try {
        const inOrder = query.sort === '-created_at';
        const isNew = loaded.current.key !== key;
        const limit =
          cursor || inOrder || isNew
            ? PAGE
            : Math.max(PAGE, Math.min(RELOAD_LIMIT, loaded.current.items.size));
        const { items, next_cursor: next } = await get(
          '/experiments',
          { ...query, limit, cursor },
          signal,
        );
        const isLatest = ({ id }) =>
          !heard.current.has(id) ||
          heard.current.get(id) ===
            before.get(id); /* else more was heard while the answer was on its way */
        for (const one of items.filter(isLatest)) noteProgress(one.id, one);
        const page = {
          key,
          items: items.map((one) =>
            isLatest(one) ? one : changedBy(one, heard.current.get(one.id)),
          ),
          next,
          problem: null,
        };
        setState((old) =>
          cursor
            ? { ...page, items: [...old.items, ...page.items] }
            : renewed(old, page, query.sort),
        );
      } catch (problem) {
        if (!signal.aborted) {
          asked.current = null;
          setState((old) => ({ ...old, problem }));
        }
      }
    },
    [key],
  );
  /* More runs came; whether they are of more configs no event says. */
  const grown = useCallback(
    (id) =>
      get(`/experiments/${id}`).then(
        ({ n_configs }) =>
          setState((old) => ({
            ...old,
            items: old.items.map((one) => (one.id === id ? { ...one, n_configs } : one)),
          })),
        () => {},
      ),
    [],
  );
  useEffect(() => {
    let timer = 0;
    const changes = new Map(); /* id → its last event of a batch */
    const soon = () => {
      timer ||= setTimeout(() => {
        timer = 0;
        load(null);
      }, NEW_MS);
    };
    const hear = (type, data) => {
      if (type === 'reset') {
        heard.current.clear();
        soon();
      }
      if (type === 'experiment') {
        changes.set(data.experiment, data);
        noteProgress(data.experiment, data);
      }
    };
    /* One that is not in the list may be new, or not be there because of the filters. */
    const isToReload = ([id, { status }]) => {
      const listed = loaded.current.items.get(id);
      const before = heard.current.get(id)?.status ?? listed?.status;
      return (!listed && before === undefined) || (dependsOnStatus(query) && before !== status);
    };
    const apply = () => {
      if ([...changes].some(isToReload)) soon();
      for (const [id, event] of changes) {
        const listed = loaded.current.items.get(id);
        if (listed && listed.n_runs !== countRuns(event)) grown(id);
        heard.current.set(id, event);
      }
      if ([...changes.keys()].some((id) => loaded.current.items.has(id))) {
        const now = new Map(changes);
        setState((old) => ({
          ...old,
          items: old.items.map((one) => (now.has(one.id) ? changedBy(one, now.get(one.id)) : one)),
        }));
      }
      changes.clear();
    };
    const subscription = subscribe(null, hear, apply);
    subscription.ready.then(() => load(null));
    return () => {
      clearTimeout(timer);
      abort.current?.abort();
      subscription.close();
    };
  }, [load]);
  const { items } = state;
  loaded.current = useMemo(
    () => ({ key: state.key, items: new Map(items?.map((one) => [one.id, one])) }),
    [state.key, items],
  );
  const drop = (gone) =>
    setState((old) => ({ ...old, items: old.items.filter((one) => !gone.includes(one.id)) }));
  const replace = useCallback(
    (now) =>
      setState((old) => ({
        ...old,
        items: old.items.map((one) => (one.id === now.id ? now : one)),
      })),
    [],
  );
  return {
    ...state,
    more: () => state.key === key && state.next && load(state.next),
    reload: () => load(null),
    drop,
    replace,
  };
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

function columnsOf(selected, toggle, set, replace) {
  const change = (one, patch) =>
    attempt(async () => replace(await request('PATCH', `/experiments/${one.id}`, { body: patch })));
  return [
    {
      key: 'select',
      label: 'Selected',
      hidden: true,
      head: false,
      align: 'tight',
      cell: (one) => html`
        <input type="checkbox" checked=${selected.has(one.id)} onChange=${() => toggle(one.id)}
            aria-label="Select ${titleOf(one)}" data-testid="select-${one.id}" />
      `,
    },
    {
      key: 'name',
      label: 'Experiment',
      align: 'wide',
      cell: (one) => html`
        <div class="name-cell">
          <${Editable} id="name-${one.id}" label="Name of ${titleOf(one)}" value=${one.name}
              onSave=${(name) => change(one, { name })}>
            <a class="row-link" href="#/experiments/${one.id}" data-testid="experiment-${one.id}">
              ${titleOf(one)}
            </a>
          <//>
          ${(one.tags ?? []).slice(0, TAGS_SHOWN).map(
            (tag) => html`
              <button type="button" class="chip" onClick=${() => set({ tag })}
                  aria-label="Only ${tag}">
                ${tag}
              </button>
            `,
          )}
          <${Editable} lines id="note-${one.id}" label="Note of ${titleOf(one)}"
              value=${one.description} hint="a note"
              onSave=${(description) => change(one, { description })}>
            ${
              one.description
                ? html`<span class="soft clip" title=${one.description}>${one.description}</span>`
                : html`<span class="soft no-note">Add a note</span>`
            }
          <//>
        </div>
      `,
    },
    {
      key: 'status',
      label: 'Status',
      align: 'c-status',
      cell: (one) => html`<${Status} status=${one.status} />`,
    },
    {
      key: 'progress',
      label: 'Progress',
      align: 'c-progress',
      cell: (one) => html`
        <div class="progress-cell">
          <${Progress} experiment=${one} />
          <${Remaining} experiment=${one} />
        </div>
      `,
    },
    {
      key: 'size',
      label: 'Size',
      align: 'c-size nowrap',
      cell: (one) => html`
        <span>
          ${count(one.n_configs, 'config')} <span class="soft">· ${count(one.n_runs, 'run')}</span>
        </span>
      `,
    },
    {
      key: 'time',
      label: 'Took',
      align: 'num c-took',
      cell: (one) => html`
        <span class="soft nowrap">
          ${isOver(one) ? duration(elapsed(one.started_at, one.finished_at)) : ''}
        </span>
      `,
    },
    {
      key: 'created',
      label: 'Created',
      align: 'num c-created',
      cell: (one) => html`
        <time class="soft nowrap" datetime=${one.created_at} title=${whenFully(one.created_at)}>
          ${when(one.created_at)}
        </time>
      `,
    },
  ];
}

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

/* What a new user sees: ready-made experiments, one press away. */
function Recipes() {
  const [recipes, setRecipes] = useState([]);
  useEffect(() => {
    const abort = new AbortController();
    get('/recipes', { limit: 50 }, abort.signal).then(
      (page) => setRecipes(page.items),
      () => {},
    );
    return () => abort.abort();
  }, []);
  const start = (recipe) =>
    attempt(async () => {
      const made = await request('POST', `/recipes/${encodeURIComponent(recipe.name)}`, {
        headers: { 'Idempotency-Key': newKey() },
      });
      go(`#/experiments/${made.id}`);
    });
  return html`
    <ul class="recipes">
      ${recipes.map(
        (recipe) => html`
          <li class="card">
            <h3>${recipe.title}</h3>
            <p>${recipe.description}</p>
            <div class="row">
              <button type="button" class="button primary" onClick=${() => start(recipe)}
                  data-testid="recipe-${recipe.name}">
                Start
              </button>
              <a class="button" href="#/new?recipe=${recipe.name}">Look and change</a>
            </div>
          </li>
        `,
      )}
    </ul>
  `;
}

function Experiments(props) {
  useTitle('Experiments');
  const { q, status, tag, sort, set } = props;
  const list = useExperiments({ q, status, tag, sort });
  const [selected, setSelected] = useState(new Set());
  const end = useRef(null);
  const toggle = useCallback(
    (id) =>
      setSelected((old) => {
        const next = new Set(old);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  const columns = useMemo(() => columnsOf(selected, toggle, set, list.replace), [selected, set]);
  const more = useRef(null);
  more.current = list.more;
  useEffect(() => {
    if (!list.next) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((one) => one.isIntersecting)) more.current();
      },
      { rootMargin: AHEAD },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [list.next, list.items]);
  const filtered = q !== '' || status !== '' || tag !== '';
  return html`
    <div class="page-head">
      <h1>Experiments</h1>
      <a class="button primary" href="#/new" id="new-experiment">
        <${Icon} name="plus" />New experiment
      </a>
    </div>
    ${
      (filtered || list.items === null || list.items.length > 0) && html`<${Filters} ...${props} />`
    }
    ${
      list.problem &&
      html`
        <${Failure} problem=${list.problem} retry=${list.reload}
            title="The experiments could not be loaded" />
      `
    }
    ${list.items === null && !list.problem && html`<${Loading} what="Loading the experiments" />`}
    ${
      list.items !== null &&
      list.items.length === 0 &&
      (filtered
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
            <p>Start with one of these, or describe your own: every setting has a default.</p>
            <${Recipes} />
          <//>
        `)
    }
    ${
      list.items?.length > 0 &&
      html`
        <${Bulk} items=${list.items} selected=${selected} clear=${() => setSelected(new Set())}
            drop=${list.drop} />
        <${Table} id="experiments" label="Experiments" columns=${columns} rows=${list.items}
            rowKey=${(one) => one.id} inPage isPart=${list.next !== null} />
      `
    }
    <div ref=${end} class="list-end">${list.next && html`<${Loading} what="Loading more" />`}</div>
  `;
}

export default defineView(PROPS, Experiments);
