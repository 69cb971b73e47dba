/* table — a sortable table that scrolls sideways in its own box and, when long, keeps only the rows
 * in sight.
 *
 * columns: [{key, label, hidden (the label is for screen readers only), help, align,
 *   value(row) for sorting, cell(row), head: false where the first cell does not name the row,
 *   line: takes a line of its own in a card, wide: and needs no label}]
 * sort: "key" or "-key". */
import { html, useState, useEffect, useRef, useMemo } from '../lib/html.js';

const WINDOW_FROM = 150; /* rows; shorter tables are drawn whole */
const ROW_PX = 41; /* until a row was measured */
const AROUND = 12;

const isAbsent = (value) => value === null || value === undefined || Number.isNaN(value);

function compare(a, b) {
  const noneA = isAbsent(a);
  const noneB = isAbsent(b);
  if (noneA || noneB) return Number(noneA) - Number(noneB);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

/* The rows in the order of `sort`; values that are not there come last either way. */
function sortRows(rows, columns, sort) {
  const key = sort?.replace(/^-/, '');
  const column = columns.find((one) => one.key === key && one.value);
  if (!column) return rows;
  const direction = sort.startsWith('-') ? -1 : 1;
  const keyed = rows.map((row) => [column.value(row), row]);
  keyed.sort(([a], [b]) =>
    isAbsent(a) || isAbsent(b) ? compare(a, b) : direction * compare(a, b),
  );
  return keyed.map(([, row]) => row);
}

function HeadCell({ column, sort, onSort }) {
  const active = sort?.replace(/^-/, '') === column.key;
  const state = !active ? 'none' : sort.startsWith('-') ? 'descending' : 'ascending';
  const next = active && !sort.startsWith('-') ? `-${column.key}` : column.key;
  if (!column.value || !onSort)
    return html`
      <th scope="col" class=${column.align ?? ''} title=${column.help}>
        ${column.hidden ? html`<span class="visually-hidden">${column.label}</span>` : column.label}
      </th>
    `;
  return html`
    <th scope="col" class="sorts ${column.align ?? ''}" aria-sort=${state} title=${column.help}>
      <button type="button" class="sort ${active ? 'on' : ''}" onClick=${() => onSort(next)}
          data-sort=${column.key}>
        ${column.label}
        <span class="arrow" aria-hidden="true">
          ${state === 'descending' ? '↓' : state === 'ascending' ? '↑' : ''}
        </span>
      </button>
    </th>
  `;
}

/* First and last row to draw, from where the page is scrolled to. */
function useWindow(box, n) {
  const [span, setSpan] = useState({ first: 0, last: 60, rowPx: ROW_PX });
  useEffect(() => {
    if (n <= WINDOW_FROM) return undefined;
    const measure = () => {
      const top = box.current?.getBoundingClientRect().top ?? 0;
      const inner = box.current?.scrollTop ?? 0;
      const height = Math.min(innerHeight, box.current?.clientHeight ?? innerHeight);
      const rowPx = box.current?.querySelector('tbody tr:not(.spacer)')?.offsetHeight || ROW_PX;
      const first = Math.max(0, Math.floor((Math.max(0, -top) + inner) / rowPx) - AROUND);
      const last = first + Math.ceil(height / rowPx) + 3 * AROUND;
      /* A little further is still in the rows around, but for the very first ones: nothing stands
       * above them. */
      const isNear = (old) =>
        Math.abs(old.first - first) < AROUND / 2 && (first > 0 || old.first === 0);
      setSpan((old) => (isNear(old) && old.rowPx === rowPx ? old : { first, last, rowPx }));
    };
    const abort = new AbortController();
    addEventListener('scroll', measure, { signal: abort.signal, passive: true });
    addEventListener('resize', measure, { signal: abort.signal });
    box.current?.addEventListener('scroll', measure, { signal: abort.signal, passive: true });
    measure();
    return () => abort.abort();
  }, [n]);
  return n <= WINDOW_FROM
    ? { first: 0, last: n, rowPx: ROW_PX }
    : { first: Math.min(span.first, n), last: Math.min(n, span.last), rowPx: span.rowPx };
}

const drawRow = ({ row, columns, name, place, look }) => html`
  <tr key=${name} data-key=${name} aria-rowindex=${place} class=${look}>
    ${columns.map((column, i) =>
      i === 0 && column.head !== false
        ? html`<th scope="row" class=${column.align ?? ''}>${column.cell(row)}</th>`
        : html`
          <td class=${column.align ?? ''} data-label=${column.hidden ? undefined : column.label}
              data-wide=${column.wide ? '' : undefined} data-line=${column.line ? '' : undefined}>
            ${column.cell(row)}
          </td>
        `,
    )}
  </tr>
`;

/* Rows as elements. One whose row, columns, place and look are the same as before is the same
 * element: it is not drawn again. (As a component it would not be either, but preact moves
 * components one by one when rows before them go.) */
function useRows(wanted) {
  const kept = useRef(new Map());
  const drawn = new Map();
  for (const one of wanted) {
    const known = kept.current.get(one.name);
    const isSame =
      known && ['row', 'columns', 'place', 'look'].every((part) => known.one[part] === one[part]);
    drawn.set(one.name, isSame ? known : { one, element: drawRow(one) });
  }
  kept.current = drawn;
  return [...drawn.values()].map(({ element }) => element);
}

/* In the place of rows that are not drawn. */
const Spacer = ({ columns, rows, rowPx }) => html`
  <tr class="spacer" aria-hidden="true">
    <td colspan=${columns.length} style=${{ height: `${rows * rowPx}px` }} />
  </tr>
`;

const Head = ({ columns, sort, onSort }) => html`
  <thead class=${onSort && columns.some((column) => column.value) ? 'sorts' : ''}>
    <tr>
      ${columns.map(
        (column) => html`<${HeadCell} column=${column} sort=${sort} onSort=${onSort} />`,
      )}
    </tr>
  </thead>
`;

/* A long table scrolls in a box of its own, or with the page (`inPage`); a stacked one has its rows
 * as cards on narrow screens; of one that `isPart` of the whole, more rows come while it is
 * scrolled. */
export function Table(properties) {
  const { id, label, columns, rows, sort, onSort, rowKey, rowClass } = properties;
  const { empty = 'Nothing here yet.', inPage = false, stack = false, isPart = false } = properties;
  const box = useRef(null);
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort]);
  const n = sorted.length;
  const { first, last, rowPx } = useWindow(box, n);
  const drawn = useRows(
    sorted.slice(first, last).map((row, i) => ({
      row,
      columns,
      name: rowKey(row),
      place: first + i + 2,
      look: rowClass?.(row) ?? '',
    })),
  );
  const looks = ['table-box', n > WINDOW_FROM && !inPage && 'long', stack && 'stack'];
  const spacer = (key, count) => html`
    <${Spacer} key=${key} columns=${columns} rows=${count} rowPx=${rowPx} />
  `;
  const none = html`<tr><td class="soft" colspan=${columns.length}>${empty}</td></tr>`;
  return html`
    <div class=${looks.filter(Boolean).join(' ')} ref=${box} role="region" aria-label=${label}
        tabindex="0">
      <table id=${id} data-testid=${id} aria-rowcount=${isPart ? -1 : n + 1}>
        <${Head} columns=${columns} sort=${sort} onSort=${onSort} />
        <tbody>
          ${first > 0 && spacer('above', first)}
          ${drawn}
          ${last < n && spacer('below', n - last)}
          ${n === 0 && none}
        </tbody>
      </table>
    </div>
  `;
}
