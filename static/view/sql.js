/* sql — ask the database: an editor, the schema beside it, ready queries, the result as table,
 * chart and CSV. The query is in the URL. */
import { html, useEffect, useMemo, useRef, useState, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { text, choice, number as numberProp } from '../lib/state.js';
import { request, getCatalogue, link } from '../lib/api.js';
import { number, count } from '../lib/format.js';
import { parametersOf, readyQueries } from '../lib/queries.js';
import { Icon, Failure, Loading, attempt, copyText, saveFile } from '../part/basic.js';
import { QueryResult } from '../part/result/query-result.js';

const TABLES = [
  'run_results',
  'config_results',
  'experiments',
  'runs',
  'epochs',
  'layers',
  'datasets',
];
const LIMITS = [100, 1000, 10000];
const PROPS = {
  query: text(),
  limit: numberProp(1000),
  show: choice(['table', 'chart']),
  x: text(),
  y: text(),
  by: text(),
  sort: text(),
};
const UNSORTED = { sort: '', x: '', y: '', by: '' };
const RESTING = { result: null, problem: null, busy: false };

const typed = (word) => (word.trim() !== '' && Number.isFinite(Number(word)) ? Number(word) : word);

/* Puts the cursor where the service says the error is: "(line 1, column 8)". */
function showPlace(area, message) {
  const place = message.match(/\(line (\d+), column (\d+)\)/);
  if (!place || !area) return;
  const lines = area.value.split('\n');
  const before = lines
    .slice(0, Number(place[1]) - 1)
    .reduce((sum, line) => sum + line.length + 1, 0);
  const from = before + Number(place[2]) - 1;
  const word = area.value.slice(from).match(/^\w+|^./)?.[0] ?? '';
  area.focus();
  area.setSelectionRange(from, from + word.length);
}

/* Columns of every table, as the service names them. */
function useSchema() {
  const [schema, setSchema] = useState([]);
  useEffect(() => {
    const abort = new AbortController();
    (async () => {
      for (const table of TABLES) {
        try {
          const { columns } = await request('POST', '/sql', {
            body: { query: `SELECT * FROM ${table} LIMIT 0` },
            signal: abort.signal,
          });
          setSchema((old) => [...old.filter((one) => one.table !== table), { table, columns }]);
        } catch {
          if (abort.signal.aborted) return;
        }
      }
    })();
    return () => abort.abort();
  }, []);
  return schema;
}

function Schema({ insert }) {
  const schema = useSchema();
  return html`
    <aside class="card schema" aria-label="Tables and columns" data-testid="schema">
      <h2>Tables</h2>
      ${schema.length === 0 && html`<${Loading} what="Loading the schema" />`}
      ${schema.map(
        ({ table, columns }) => html`
          <details key=${table}>
            <summary>
              <code>${table}</code>${' '}
              <span class="soft small">${count(columns.length, 'column')}</span>
            </summary>
            <ul>
              ${columns.map(
                (column) => html`
                  <li>
                    <button type="button" class="link" onClick=${() => insert(column)}
                        aria-label="Insert ${column}">
                      <code>${column}</code>
                    </button>
                  </li>
                `,
              )}
            </ul>
          </details>
        `,
      )}
      <p class="help">
        Also: <code>stddev</code>, <code>median</code>, <code>ci95_low</code>,${' '}
        <code>ci95_high</code>. The file can be opened with sqlite3, pandas or Datasette while the
        service runs.
      </p>
    </aside>
  `;
}

/* The name of a regularizer's field to ask about; null until it is known. */
function useSetting() {
  const [setting, setSetting] = useState(null);
  useEffect(() => {
    const isNumber = ({ group, type }) =>
      group === 'regularizers' && ['rates', 'number'].includes(type);
    getCatalogue().then(
      ({ fields }) => setSetting(fields.find(isNumber)?.name ?? null),
      () => setSetting(null),
    );
  }, []);
  return setting;
}

/* Asks the service: {state: {result, problem, busy}, run(query), rest(), saveCsv(query)};
 * failed(problem) is called when a query was refused. */
function useService(limit, values, failed) {
  const [state, setState] = useState(RESTING);
  const abort = useRef(null);
  useEffect(() => () => abort.current?.abort(), []);
  const bodyOf = (query) => ({
    query,
    limit,
    parameters: Object.fromEntries(
      parametersOf(query).map((name) => [name, typed(values[name] ?? '')]),
    ),
  });
  const run = async (query) => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setState((old) => ({ ...old, busy: true }));
    try {
      const result = await request('POST', '/sql', { body: bodyOf(query), signal: mine.signal });
      setState({ result, problem: null, busy: false });
    } catch (problem) {
      if (mine.signal.aborted) return;
      setState({ result: null, problem, busy: false });
      failed(problem);
    }
  };
  const saveCsv = (query) =>
    attempt(async () => {
      const headers = { Accept: 'text/csv' };
      const options = { body: bodyOf(query), headers, as: 'blob' };
      saveFile('result.csv', await request('POST', '/sql', options));
    });
  return { state, run, rest: () => setState(RESTING), saveCsv };
}

/* What is to be filled in for the :names of the query. */
function Parameters({ names, values, setValues }) {
  if (names.length === 0) return null;
  const input = (name) => html`
    <label>
      :${name}
      <input id="sql-parameter-${name}" value=${values[name] ?? ''}
          onInput=${(event) => setValues({ ...values, [name]: event.target.value })} />
    </label>
  `;
  return html`<div class="parameters">${names.map(input)}</div>`;
}

function Buttons({ draft, busy, limit, set }) {
  const isEmpty = draft.trim() === '';
  const copyLink = () => copyText(location.origin + link('/sql', { query: draft }));
  return html`
    <div class="row">
      <button class="button primary" id="sql-run" disabled=${isEmpty || busy}>
        <${Icon} name="play" />${busy ? 'Running…' : 'Run'}
      </button>
      <span class="soft small wide-only" id="sql-hint">
        Ctrl and Enter runs it. Nothing can be changed from here.
      </span>
      <span class="grow" />
      <label class="inline">
        at most${' '}
        <select id="sql-limit" value=${limit}
            onChange=${(event) => set({ limit: Number(event.target.value) })}>
          ${LIMITS.map(
            (n) => html`<option value=${n} selected=${n === limit}>${number(n)}</option>`,
          )}
        </select> rows
      </label>
      <button type="button" class="button quiet" id="sql-link" disabled=${isEmpty}
          onClick=${copyLink}>
        <${Icon} name="copy" />API link
      </button>
    </div>
  `;
}

/* `area`: the ref of the text. */
function Editor({ area, draft, setDraft, isWrong, submit, children }) {
  const press = (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
  };
  const rows = Math.min(18, Math.max(6, draft.split('\n').length + 1));
  return html`
    <form class="card editor" onSubmit=${submit}>
      <label for="sql-query" class="visually-hidden">Query</label>
      <textarea id="sql-query" class="code" ref=${area} rows=${rows} spellcheck=${false}
          autocapitalize="off" autocomplete="off" value=${draft} placeholder="SELECT …"
          aria-describedby="sql-hint" aria-invalid=${isWrong ? 'true' : undefined}
          onInput=${(event) => setDraft(event.target.value)} onKeyDown=${press} />
      ${children}
    </form>
  `;
}

function Ready({ pick }) {
  const setting = useSetting();
  const button = ([words, query]) => html`
    <button type="button" class="button" onClick=${() => pick(query)} data-query=${words}>
      ${words}
    </button>
  `;
  return html`
    <section class="card" aria-labelledby="ready-title">
      <h2 id="ready-title">Ready queries</h2>
      <div class="ready">${setting !== null && readyQueries(setting).map(button)}</div>
    </section>
  `;
}

/* Puts a word where the cursor is. */
function insertAt(area, draft, setDraft, word) {
  const { selectionStart: from, selectionEnd: to } = area;
  setDraft(draft.slice(0, from) + word + draft.slice(to));
  requestAnimationFrame(() => {
    area.focus();
    area.setSelectionRange(from + word.length, from + word.length);
  });
}

const isComplete = (query) => query !== '' && parametersOf(query).length === 0;

function Sql({ set, ...props }) {
  useTitle('SQL');
  const [draft, setDraft] = useState(props.query);
  const [values, setValues] = useState({});
  const area = useRef(null);
  const { state, run, rest, saveCsv } = useService(props.limit, values, (problem) =>
    showPlace(area.current, problem.message),
  );
  const names = useMemo(() => parametersOf(draft), [draft]);
  useEffect(() => {
    if (isComplete(props.query)) run(props.query);
  }, []);
  /* A link or the history asks for another query than the one here. */
  useEffect(() => {
    if (props.query === draft) return;
    setDraft(props.query);
    if (isComplete(props.query)) run(props.query);
    else rest();
  }, [props.query]);
  const submit = (event) => {
    event.preventDefault();
    set({ query: draft, ...UNSORTED }, { push: draft !== props.query });
    run(draft);
  };
  const pick = (query) => {
    setDraft(query);
    rest();
    if (!isComplete(query)) return;
    set({ query, ...UNSORTED }, { push: true });
    run(query);
  };
  const { result, problem, busy } = state;
  const found = () => html`
    <${QueryResult} result=${result} props=${props} set=${set}
        saveCsv=${() => saveCsv(props.query || draft)} />
  `;
  return html`
    <div class="page-head"><h1>SQL</h1></div>
    <div class="sql">
      <div class="sql-main">
        <${Editor} area=${area} draft=${draft} setDraft=${setDraft} isWrong=${problem !== null}
            submit=${submit}>
          <${Parameters} names=${names} values=${values} setValues=${setValues} />
          <${Buttons} draft=${draft} busy=${busy} limit=${props.limit} set=${set} />
        <//>
        ${problem && html`<${Failure} problem=${problem} title="The query was not run" />`}
        ${result && found()}
        <${Ready} pick=${pick} />
      </div>
      <${Schema} insert=${(word) => insertAt(area.current, draft, setDraft, word)} />
    </div>
  `;
}

export default defineView(PROPS, Sql);
