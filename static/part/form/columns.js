/* columns — what the service finds in a table before it is stored: how it is written, its columns
 * and their kinds, which can be changed, and what it has to say of them. */
import { html } from '../../lib/html.js';
import { number } from '../../lib/format.js';

/* What each option of a table may be; '' is the service's own choice. */
const CHOICES = {
  header: { label: 'First row', '': 'found by itself', true: 'names', false: 'data' },
  separator: {
    label: 'Between columns',
    '': 'found by itself',
    ',': 'comma',
    ';': 'semicolon',
    tab: 'tab',
    '|': '|',
    space: 'blanks',
  },
  decimal: { label: 'Decimals', '': '7.2', ',': '7,2' },
  thousands: {
    label: 'Thousands',
    '': '1000',
    ',': '1,000',
    '.': '1.000',
    "'": "1'000",
    space: '1 000',
  },
  impute: { label: 'Missing inputs', '': 'mean, or their own category', refuse: 'refused' },
};
export const TABLE_OPTIONS = {
  label: '',
  missing: '',
  ignore: [],
  categories: [],
  ...Object.fromEntries(Object.keys(CHOICES).map((name) => [name, ''])),
};

/* A list as the service reads it: quotes keep a comma. */
const listOf = (names) =>
  names.map((name) => (/[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',');

/* The options as parameters of a query; what is not chosen is left out. */
export const queryOf = ({ ignore = [], categories = [], ...options }) => ({
  ...options,
  ignore: listOf(ignore),
  categories: listOf(categories),
});

/* What an option calls the column: its name, or its index where that does not tell. */
function keyOf(columns, i) {
  const { name } = columns[i];
  const isKnown = name !== '' && columns.filter((one) => one.name === name).length === 1;
  return isKnown ? name : String(i);
}

const without = (list, key) => list.filter((one) => one !== key);

/* The options once the column is to be of that kind; the label is of none. */
function changeKind(options, key, kind) {
  const ignore = without(options.ignore, key);
  const categories = without(options.categories, key);
  if (kind === 'ignored') ignore.push(key);
  if (kind === 'category') categories.push(key);
  return { ignore, categories };
}

/* A column of texts is no number, and what the service leaves out stays out. */
function kindsOf({ kind }, isAsked) {
  if (kind === 'label') return ['label'];
  if (kind === 'ignored' && !isAsked) return ['ignored'];
  return kind === 'category' && !isAsked
    ? ['category', 'ignored']
    : ['number', 'category', 'ignored'];
}

function Kind({ columns, i, options, change }) {
  const key = keyOf(columns, i);
  const isAsked = options.ignore.includes(key) || options.categories.includes(key);
  const kinds = kindsOf(columns[i], isAsked);
  return html`
    <select aria-label="Kind of ${columns[i].name || `column ${i + 1}`}" id="upload-kind-${i}"
        value=${columns[i].kind} disabled=${kinds.length === 1}
        onChange=${(event) => change(changeKind(options, key, event.target.value))}>
      ${kinds.map((kind) => html`<option value=${kind}>${kind}</option>`)}
    </select>
  `;
}

const SHOWN = 6;
const categoriesOf = ({ categories = [] }) =>
  categories.slice(0, SHOWN).join(', ') +
  (categories.length > SHOWN ? ` … (${categories.length})` : '');

const COLUMNS_SHOWN = 200;

/* `answer`: of a dry run. */
export function Columns({ answer, options, change }) {
  const { columns, n_train: n, warnings } = answer;
  const row = (column, i) => html`
    <tr key=${i}>
      <th scope="row">${column.name || html`<span class="soft">without a name</span>`}</th>
      <td><${Kind} columns=${columns} i=${i} options=${options} change=${change} /></td>
      <td class="num">${column.missing ? number(column.missing) : ''}</td>
      <td class="soft">${categoriesOf(column)}</td>
    </tr>
  `;
  return html`
    <div data-testid="upload-columns">
      <p class="soft small">${number(n)} training rows, ${answer.task}, label ${answer.label}.</p>
      <div class="table-box" tabindex="0" role="region" aria-label="Columns of the file">
        <table class="upload-columns">
          <thead>
            <tr><th scope="col">Column</th><th scope="col">Kind</th>
              <th scope="col" class="num">Missing</th><th scope="col">Categories</th></tr>
          </thead>
          <tbody>${columns.slice(0, COLUMNS_SHOWN).map(row)}</tbody>
        </table>
      </div>
      <ul class="small" data-testid="upload-warnings">
        ${warnings.map((warning) => html`<li>${warning}</li>`)}
      </ul>
    </div>
  `;
}

/* The label is picked from the columns once they are known. */
function LabelField({ answer, options, change }) {
  const pick = ({ target: { value } }) =>
    change({ ...changeKind(options, value, 'label'), label: value });
  if (!answer)
    return html`
      <input id="upload-label" value=${options.label} placeholder="found by itself"
          onInput=${pick} />
    `;
  const { columns } = answer;
  return html`
    <select id="upload-label" value=${options.label} onChange=${pick}>
      <option value="">found by itself</option>
      ${columns.map(
        ({ name }, i) =>
          html`<option value=${keyOf(columns, i)}>${name || `column ${i + 1}`}</option>`,
      )}
    </select>
  `;
}

function Choice({ name, options, change }) {
  const { label, ...words } = CHOICES[name];
  return html`
    <label>
      ${label}
      <select id="upload-${name}" value=${options[name]}
          onChange=${(event) => change({ [name]: event.target.value })}>
        <option value="">${words['']}</option>
        ${Object.entries(words)
          .filter(([value]) => value !== '')
          .map(([value, word]) => html`<option value=${value}>${word}</option>`)}
      </select>
    </label>
  `;
}

/* How a table is to be read. */
export const TableOptions = ({ answer, options, change }) => html`
  <label>
    Label column
    <${LabelField} answer=${answer} options=${options} change=${change} />
  </label>
  ${Object.keys(CHOICES).map(
    (name) => html`<${Choice} key=${name} name=${name} options=${options} change=${change} />`,
  )}
  <label>
    Missing stands as
    <input id="upload-missing" value=${options.missing} placeholder="NA, N/A, NaN, null, ?"
        onInput=${(event) => change({ missing: event.target.value })} />
  </label>
`;
