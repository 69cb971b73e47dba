/* query-result — the rows that a query found, as a table or as a chart. */
import { html, useMemo, useTheme } from '../../lib/html.js';
import { NONE, count, duration, number } from '../../lib/format.js';
import { categorical } from '../../lib/palette.js';
import { Icon } from '../basic.js';
import { Segments, Select } from '../control.js';
import { DotLegend } from '../legend.js';
import { Table } from '../table.js';
import { XyChart } from '../xy-chart.js';

const SERIES_LIMIT = 8;
const LINEAR = { log: false, names: null };
const FORMS = [
  ['table', 'Table'],
  ['chart', 'Chart'],
];

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

/* A series for each value of the column `by`, or one of all rows. */
function seriesOf({ columns, rows }, { x, y, by }, theme) {
  const at = (name) => columns.indexOf(name);
  const groups = new Map();
  for (const row of rows) {
    const key = by === '-' ? y : String(row[at(by)]);
    if (!groups.has(key)) groups.set(key, { key, label: key, points: [] });
    groups.get(key).points.push({
      x: row[at(x)],
      y: row[at(y)],
      low: row[at('low')] ?? NaN,
      high: row[at('high')] ?? NaN,
      label: `${x} ${number(row[at(x)])}${by === '-' ? '' : `, ${by} ${key}`}`,
    });
  }
  return [...groups.values()].slice(0, SERIES_LIMIT).map((one, i) => {
    const points = one.points
      .filter((point) => typeof point.x === 'number')
      .sort((a, b) => a.x - b.x);
    const joined = points.every((point, j) => j === 0 || point.x > points[j - 1].x);
    return { ...one, points, color: categorical(i, theme), joined };
  });
}

function ResultChart({ result, props, set }) {
  const theme = useTheme();
  const { x, y, by, numeric } = axesOf(result, props);
  const series = useMemo(() => seriesOf(result, { x, y, by }, theme), [result, x, y, by, theme]);
  if (numeric.length < 2)
    return html`<p class="soft pad">A chart needs two columns of numbers.</p>`;
  const others = result.columns.filter((name) => name !== x && name !== y);
  const select = (name, label, value, names) => html`
    <${Select} id="chart-${name}" label=${label} value=${value}
        options=${names.map((one) => [one, one === '-' ? 'nothing' : one])}
        onChange=${(next) => set({ [name]: next })} />
  `;
  return html`
    <div class="toolbar">
      ${select('x', 'Across', x, numeric)}
      ${select('y', 'Up', y, numeric)}
      ${select('by', 'Series', by, ['-', ...others])}
    </div>
    <${DotLegend} series=${series} />
    <${XyChart} id="sql-chart" label="${y} against ${x}" series=${series} axis=${LINEAR}
        yLog=${false} xLabel=${x} yLabel=${y} />
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

function ResultTable({ result, props, set }) {
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
    <${Table} id="sql-result" label="Result" columns=${columns} rows=${rows} sort=${props.sort}
        onSort=${(sort) => set({ sort })} rowKey=${(row) => row.place}
        empty="The query has no rows." />
  `;
}

/* props: {show, x, y, by, sort}. */
export function QueryResult({ saveCsv, ...shared }) {
  const { result, props, set } = shared;
  const n = result.rows.length;
  const View = props.show === 'chart' ? ResultChart : ResultTable;
  return html`
    <section class="card result" data-testid="result">
      <div class="section-head">
        <h2>${count(n, 'row')}</h2>
        <div class="row">
          <span class="soft small">
            ${duration(result.elapsed_ms / 1000)}
            ${result.truncated ? `, cut off at ${number(n)}` : ''}
          </span>
          <${Segments} name="show" label="Show the result as" value=${props.show} options=${FORMS}
              onChange=${(show) => set({ show })} />
          <button type="button" class="button" id="sql-csv" onClick=${saveCsv}>
            <${Icon} name="download" />CSV
          </button>
        </div>
      </div>
      <${View} ...${shared} />
    </section>
  `;
}
