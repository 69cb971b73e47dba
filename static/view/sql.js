/* sql — ask the database: an editor, the schema beside it, ready queries, the result as table,
 * chart and CSV. The query is in the URL. */
import { html, useEffect, useMemo, useRef, useState, useTheme, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { text, choice, number as numberProp } from '../lib/state.js';
import { request, getCatalogue, link } from '../lib/api.js';
import { categorical } from '../lib/palette.js';
import { number, count, duration, NONE } from '../lib/format.js';
import { Icon, Failure, Loading, attempt, copyText, saveFile } from '../part/basic.js';
import { Table } from '../part/table.js';
import { XyChart } from '../part/xy-chart.js';
import { Segments } from '../part/control.js';

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
const SERIES_LIMIT = 8;
const PROPS = {
  query: text(),
  limit: numberProp(1000),
  show: choice(['table', 'chart']),
  x: text(),
  y: text(),
  by: text(),
  sort: text(),
};

/* The questions that people ask first. `setting`: the name of a regularizer's field, from the field
 * table. */
const readyQueries = (setting) => [
  [
    'The best configs',
    `SELECT c.experiment_id, (SELECT swept FROM runs AS r WHERE r.experiment_id = c.experiment_id AND r.config_id = c.config_id LIMIT 1) AS swept,\n  c.n, c.n_failed, c.mean_val_loss, c.std_val_loss, c.mean_test_accuracy, c.config_id\nFROM config_results AS c\nWHERE c.mean_val_loss IS NOT NULL\nORDER BY c.experiment_id DESC, c.mean_val_loss\nLIMIT 20`,
  ],
  [
    'The curve of one run',
    'SELECT epoch, train_loss, val_loss, val_accuracy\nFROM epochs\nWHERE run_id = :run\nORDER BY epoch',
  ],
  [
    `Mean and interval by ${setting}`,
    `SELECT ${setting}, count(*) AS n, avg(loss) AS mean, ci95_low(loss) AS low, ci95_high(loss) AS high\nFROM (SELECT ${setting}, seed, avg(val_loss) AS loss -- one value a seed: intervals are over seeds\n  FROM run_results\n  WHERE status = 'completed' AND experiment_id = :experiment\n  GROUP BY ${setting}, seed)\nGROUP BY ${setting}\nORDER BY ${setting}`,
  ],
  [
    'The gap by epoch',
    `SELECT e.epoch, r.config_id, avg(e.val_loss - e.train_loss) AS gap\nFROM epochs AS e JOIN runs AS r ON r.id = e.run_id\nWHERE r.experiment_id = :experiment\nGROUP BY r.config_id, e.epoch\nORDER BY r.config_id, e.epoch`,
  ],
  [
    'What failed and why',
    `SELECT id, experiment_id, seed, stop_reason, error, finished_at\nFROM runs\nWHERE status = 'failed'\nORDER BY id DESC\nLIMIT 100`,
  ],
  [
    'Fastest experiments',
    `SELECT e.id, e.name, e.n_runs, avg(r.samples_per_second) AS samples_per_second\nFROM experiments AS e JOIN runs AS r ON r.experiment_id = e.id\nGROUP BY e.id\nORDER BY samples_per_second DESC\nLIMIT 20`,
  ],
];

/* The :names in a query, outside of its texts and comments. */
function parametersOf(query) {
  const bare = query.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  return [...new Set([...bare.matchAll(/(?<!:):([A-Za-z_]\w*)/g)].map((match) => match[1]))];
}

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

const isNumber = (rows, i) =>
  rows.some((row) => row[i] !== null) &&
  rows.every((row) => row[i] === null || typeof row[i] === 'number');

/* {x, y, by} as chosen, or what suggests itself: two numeric columns, and a column that names the
 * series. */
function axesOf({ columns, rows }, props) {
  const numeric = columns.filter((_, i) => isNumber(rows, i));
  const plain = numeric.filter((name) => !/(^|_)(id|seed|n)$/.test(name));
  const pool = plain.length >= 2 ? plain : numeric;
  const x = columns.includes(props.x) ? props.x : pool[0];
  const y = columns.includes(props.y) ? props.y : pool.find((name) => name !== x);
  const group = columns.find(
    (name, i) =>
      name !== x &&
      name !== y &&
      (!numeric.includes(name) || /(^|_)(id|seed)$/.test(name)) &&
      new Set(rows.map((row) => row[i])).size <= SERIES_LIMIT &&
      new Set(rows.map((row) => row[i])).size > 1,
  );
  return {
    x,
    y,
    by: columns.includes(props.by) || props.by === '-' ? props.by : (group ?? '-'),
    numeric,
  };
}

function ResultChart({ result, props, set }) {
  const theme = useTheme();
  const { x, y, by, numeric } = axesOf(result, props);
  const series = useMemo(() => {
    const at = (name) => result.columns.indexOf(name);
    const groups = new Map();
    for (const row of result.rows) {
      const key = by === '-' ? y : String(row[at(by)]);
      if (!groups.has(key)) groups.set(key, { key, label: key, points: [] });
      const [low, high] = [row[at('low')], row[at('high')]];
      groups.get(key).points.push({
        x: row[at(x)],
        y: row[at(y)],
        low: low ?? NaN,
        high: high ?? NaN,
        label: `${x} ${number(row[at(x)])}${by === '-' ? '' : `, ${by} ${key}`}`,
      });
    }
    return [...groups.values()].slice(0, SERIES_LIMIT).map((one, i) => {
      const points = one.points
        .filter((point) => typeof point.x === 'number')
        .sort((a, b) => a.x - b.x);
      return {
        ...one,
        points,
        color: categorical(i, theme),
        joined: points.every((point, j) => j === 0 || point.x > points[j - 1].x),
      };
    });
  }, [result, x, y, by, theme]);
  const select = (id, label, value, names) => html`
    <label class="inline">
      ${label}${' '}
      <select id=${id} value=${value}
          onChange=${(event) => set({ [id.slice(6)]: event.target.value })}>
        ${names.map(
          (name) => html`
            <option value=${name} selected=${name === value}>
              ${name === '-' ? 'nothing' : name}
            </option>
          `,
        )}
      </select>
    </label>
  `;
  if (numeric.length < 2)
    return html`<p class="soft pad">A chart needs two columns of numbers.</p>`;
  return html`
    <div class="toolbar">
      ${select('chart-x', 'Across', x, numeric)}
      ${select('chart-y', 'Up', y, numeric)}
      ${select('chart-by', 'Series', by, [
        '-',
        ...result.columns.filter((name) => name !== x && name !== y),
      ])}
    </div>
    ${
      series.length > 1 &&
      html`
        <div class="legend static">
          ${series.map(
            (s) => html`
              <span class="legend-item">
                <span class="swatch round" style=${{ background: s.color }} />
                ${s.label}
              </span>
            `,
          )}
        </div>
      `
    }
    <${XyChart} id="sql-chart" label="${y} against ${x}" series=${series}
        axis=${{ log: false, names: null }} yLog=${false} xLabel=${x} yLabel=${y} />
  `;
}

function Cell({ column, value }) {
  if (value === null) return html`<span class="soft">${NONE}</span>`;
  if (column === 'run_id') return html`<a href="#/runs/${value}">${value}</a>`;
  if (column === 'experiment_id') return html`<a href="#/experiments/${value}">${value}</a>`;
  if (typeof value === 'number')
    return html`
      <span title=${String(value)}>${Number.isInteger(value) ? value : number(value, 5)}</span>
    `;
  return html`<span class="clip" title=${value}>${value}</span>`;
}

function Result({ result, props, set, saveCsv }) {
  const columns = useMemo(
    () =>
      result.columns.map((name, i) => ({
        key: name,
        label: name,
        align: isNumber(result.rows, i) ? 'num' : '',
        head: false,
        value: (row) => row[i],
        cell: (row) => html`<${Cell} column=${name} value=${row[i]} />`,
      })),
    [result],
  );
  const rows = useMemo(
    () => result.rows.map((row, i) => Object.assign(row, { place: i })),
    [result],
  );
  return html`
    <section class="card result" data-testid="result">
      <div class="section-head">
        <h2>${count(result.rows.length, 'row')}</h2>
        <div class="row">
          <span class="soft small">
            ${duration(result.elapsed_ms / 1000)}
            ${result.truncated ? `, cut off at ${number(result.rows.length)}` : ''}
          </span>
          <${Segments} name="show" label="Show the result as" value=${props.show} options=${[
            ['table', 'Table'],
            ['chart', 'Chart'],
          ]} onChange=${(show) => set({ show })} />
          <button type="button" class="button" id="sql-csv" onClick=${saveCsv}>
            <${Icon} name="download" />CSV
          </button>
        </div>
      </div>
      ${
        props.show === 'chart'
          ? html`<${ResultChart} result=${result} props=${props} set=${set} />`
          : html`
            <${Table} id="sql-result" label="Result" columns=${columns} rows=${rows}
                sort=${props.sort} onSort=${(sort) => set({ sort })} rowKey=${(row) => row.place}
                empty="The query has no rows." />
          `
      }
    </section>
  `;
}

function Sql({ set, ...props }) {
  useTitle('SQL');
  const [draft, setDraft] = useState(props.query);
  const [values, setValues] = useState({});
  const [state, setState] = useState({ result: null, problem: null, busy: false });
  const [setting, setSetting] = useState(null);
  const editor = useRef(null);
  const abort = useRef(null);
  const names = useMemo(() => parametersOf(draft), [draft]);
  useEffect(() => {
    getCatalogue().then(
      ({ fields }) =>
        setSetting(
          fields.find(
            (field) => field.group === 'regularizers' && ['rates', 'number'].includes(field.type),
          )?.name ?? null,
        ),
      () => setSetting(null),
    );
    if (props.query && parametersOf(props.query).length === 0) run(props.query);
    return () => abort.current?.abort();
  }, []);
  /* A link or the history asks for another query than the one here. */
  useEffect(() => {
    if (props.query === draft) return;
    setDraft(props.query);
    if (props.query && parametersOf(props.query).length === 0) run(props.query);
    else setState({ result: null, problem: null, busy: false });
  }, [props.query]);
  const bodyOf = (query) => ({
    query,
    limit: props.limit,
    parameters: Object.fromEntries(
      parametersOf(query).map((name) => [name, typed(values[name] ?? '')]),
    ),
  });
  async function run(query = draft) {
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
      showPlace(editor.current, problem.message);
    }
  }
  const submit = (event) => {
    event.preventDefault();
    set({ query: draft, sort: '', x: '', y: '', by: '' }, { push: draft !== props.query });
    run();
  };
  const insert = (word) => {
    const { selectionStart: from, selectionEnd: to } = editor.current;
    setDraft(draft.slice(0, from) + word + draft.slice(to));
    requestAnimationFrame(() => {
      editor.current.focus();
      editor.current.setSelectionRange(from + word.length, from + word.length);
    });
  };
  const saveCsv = () =>
    attempt(async () =>
      saveFile(
        'result.csv',
        await request('POST', '/sql', {
          body: bodyOf(props.query || draft),
          headers: { Accept: 'text/csv' },
          as: 'blob',
        }),
      ),
    );
  const pick = (query) => {
    setDraft(query);
    setState({ result: null, problem: null, busy: false });
    if (parametersOf(query).length === 0) {
      set({ query, sort: '', x: '', y: '', by: '' }, { push: true });
      run(query);
    }
  };
  return html`
    <div class="page-head"><h1>SQL</h1></div>
    <div class="sql">
      <div class="sql-main">
        <form class="card editor" onSubmit=${submit}>
          <label for="sql-query" class="visually-hidden">Query</label>
          <textarea id="sql-query" class="code" ref=${editor}
              rows=${Math.min(18, Math.max(6, draft.split('\n').length + 1))} spellcheck=${false}
              autocapitalize="off" autocomplete="off" value=${draft} placeholder="SELECT …"
              aria-describedby="sql-hint" aria-invalid=${state.problem ? 'true' : undefined}
              onInput=${(event) => setDraft(event.target.value)} onKeyDown=${(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
              }} />
          ${
            names.length > 0 &&
            html`
              <div class="parameters">
                ${names.map(
                  (name) => html`
                    <label>
                      :${name}
                      <input id="sql-parameter-${name}" value=${values[name] ?? ''}
                          onInput=${(event) =>
                            setValues({ ...values, [name]: event.target.value })} />
                    </label>
                  `,
                )}
              </div>
            `
          }
          <div class="row">
            <button class="button primary" id="sql-run"
                disabled=${draft.trim() === '' || state.busy}>
              <${Icon} name="play" />
              ${state.busy ? 'Running…' : 'Run'}
            </button>
            <span class="soft small wide-only" id="sql-hint">
              Ctrl and Enter runs it. Nothing can be changed from here.
            </span>
            <span class="grow" />
            <label class="inline">
              at most${' '}
              <select id="sql-limit" value=${props.limit}
                  onChange=${(event) => set({ limit: Number(event.target.value) })}>
                ${LIMITS.map(
                  (n) => html`
                    <option value=${n} selected=${n === props.limit}>${number(n)}</option>
                  `,
                )}
              </select> rows
            </label>
            <button type="button" class="button quiet" id="sql-link" disabled=${draft.trim() === ''}
                onClick=${() => copyText(location.origin + link('/sql', { query: draft }))}>
              <${Icon} name="copy" />API link
            </button>
          </div>
        </form>
        ${
          state.problem &&
          html`<${Failure} problem=${state.problem} title="The query was not run" />`
        }
        ${
          state.result &&
          html`<${Result} result=${state.result} props=${props} set=${set} saveCsv=${saveCsv} />`
        }
        <section class="card" aria-labelledby="ready-title">
          <h2 id="ready-title">Ready queries</h2>
          <div class="ready">
            ${
              setting !== null &&
              readyQueries(setting).map(
                ([words, query]) => html`
                  <button type="button" class="button" onClick=${() => pick(query)}
                      data-query=${words}>
                    ${words}
                  </button>
                `,
              )
            }
          </div>
        </section>
      </div>
      <${Schema} insert=${insert} />
    </div>
  `;
}

export default defineView(PROPS, Sql);
