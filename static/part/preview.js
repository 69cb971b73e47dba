/* preview — what a data set looks like: pictures, points in the plane or the first rows, and how
 * many samples each class has; of a built-in set with any options. */
import { html, useMemo, useResource, useSettled, useTheme } from '../lib/html.js';
import { get } from '../lib/api.js';
import { categorical } from '../lib/palette.js';
import { number, value as showValue } from '../lib/format.js';
import { Failure, Loading } from './basic.js';
import { DotLegend, SquareLegend } from './legend.js';
import { NumberInput } from './control.js';
import { Table } from './table.js';
import { Picture } from './picture.js';
import { ColumnTable, PART_NAMES, WithoutLearning, labelName } from './columns.js';
import { XyChart } from './xy-chart.js';

const TABLE_ROWS = 8;
const SETTLE_MS = 300;

/* "validation 40, drawn" */
const sizeOf = ({ part, n, drawn }) => `${PART_NAMES[part]} ${number(n)}${drawn ? ', drawn' : ''}`;

const PARTS = Object.keys(PART_NAMES);

/* How many samples each class has in each part of a run that asks for nothing. */
function Balance({ preview }) {
  const countOf = (part, i) => preview.parts.find((one) => one.part === part).class_counts[i];
  const counts = preview.class_counts.map(({ name }, i) => ({
    name,
    ...Object.fromEntries(PARTS.map((part) => [part, countOf(part, i)])),
  }));
  const theme = useTheme();
  const color = (part) => categorical(PARTS.indexOf(part), theme);
  const parts = PARTS.filter((part) => counts.some((one) => one[part] > 0));
  const totalOf = (one) => parts.reduce((sum, part) => sum + (one[part] ?? 0), 0);
  const most = Math.max(1, ...counts.map(totalOf));
  const names = parts.map((part) => ({
    label: sizeOf(preview.parts.find((one) => one.part === part)),
    color: color(part),
  }));
  const bar = (one, part) => {
    const look = { width: `${(100 * one[part]) / most}%`, background: color(part) };
    return one[part] > 0 && html`<span style=${look} title="${one[part]} ${part}" />`;
  };
  const row = (one) => html`
    <div>
      <dt title=${one.name}>${one.name}</dt>
      <dd>
        <span class="bars">${parts.map((part) => bar(one, part))}</span>
        <span class="soft">${number(totalOf(one))}</span>
      </dd>
    </div>
  `;
  return html`
    <${SquareLegend} series=${names} />
    <dl class="balance" data-testid="balance">${counts.map(row)}</dl>
  `;
}

/* Points of a set in the plane, by class; or targets against the one input. */
function Plane({ id, preview, height }) {
  const theme = useTheme();
  const series = useMemo(() => {
    const groups = new Map();
    preview.rows.forEach((row, i) => {
      if (row.includes(null)) return; /* missing: it has no place */
      const name = preview.labels ? preview.labels[i] : (labelName(preview) ?? 'target');
      if (!groups.has(name)) groups.set(name, { key: name, label: name, points: [] });
      groups.get(name).points.push({
        x: row[0],
        y: preview.labels ? row[1] : preview.targets[i][0],
        low: NaN,
        high: NaN,
      });
    });
    return [...groups.values()]
      .sort((a, b) => a.label.localeCompare(b.label, undefined, { numeric: true }))
      .map((one, i) => ({ ...one, color: categorical(i, theme), joined: false }));
  }, [preview, theme]);
  const [first, second] = (preview.columns ?? []).map((name) =>
    /^\d+$/.test(name) ? `input ${name}` : name,
  );
  return html`
    <${DotLegend} series=${series} />
    <${XyChart} id=${id} height=${height} label="The training samples" series=${series}
        axis=${{ log: false, names: null }} yLog=${false} xLabel=${first ?? 'input'}
        yLabel=${preview.labels ? (second ?? 'second input') : (labelName(preview) ?? 'target')} />
  `;
}

function Rows({ id, preview }) {
  const shown = (preview.columns ?? preview.rows[0]?.map((_, i) => String(i)) ?? []).slice(0, 12);
  const columns = [
    ...shown.map((name, i) => ({
      key: name,
      label: name,
      align: 'num',
      head: false,
      cell: (row) => number(row.values[i]),
    })),
    ...(preview.rows[0]?.length > 12
      ? [
          {
            key: 'more',
            label: `… ${preview.rows[0].length - 12} more`,
            head: false,
            cell: () => '',
          },
        ]
      : []),
    {
      key: 'label',
      label: labelName(preview) ?? (preview.labels ? 'class' : 'target'),
      head: false,
      cell: (row) => row.label,
    },
  ];
  const rows = preview.rows.slice(0, TABLE_ROWS).map((values, place) => ({
    place,
    values,
    label: preview.labels
      ? preview.labels[place]
      : preview.targets[place].map((x) => number(x)).join(', '),
  }));
  return html`
    <${Table} id="${id}-rows" label="The first rows" columns=${columns} rows=${rows}
        rowKey=${(row) => row.place} />
  `;
}

/* The preview of a set, with the options (texts as typed) of a built-in one, once they have been
 * left alone for a moment. */
export function usePreview(name, options, { rows, images }) {
  const query = useSettled(JSON.stringify(options), SETTLE_MS);
  return useResource(
    (signal) =>
      get(
        `/datasets/${encodeURIComponent(name)}/preview`,
        { rows, images, ...JSON.parse(query) },
        signal,
      ),
    [name, query],
  );
}

/* What the service says of each option: Map option → sentence. */
export const optionFaults = (error) =>
  new Map((error?.errors ?? []).map((one) => [one.pointer.replace('/query/', ''), one.detail]));

/* An input for each option of a built-in set. known: what /fields says of it; values: {option:
 * text}. */
export function OptionInputs({ id, known, values, faults, onChange }) {
  return html`
    <div class="range-parts" title=${known.options_help}>
      ${Object.entries(known.options).map(([key, standard]) => {
        const fault = faults?.get(key);
        return html`
          <label>
            <code>${key}</code>
            <${NumberInput} id="${id}-${key}" value=${values[key] ?? ''}
                placeholder=${showValue(standard)} aria-invalid=${fault ? 'true' : undefined}
                onTyped=${(typed) => onChange(key, typed)} />
            ${
              fault &&
              html`<span class="field-error" role="alert" id="${id}-${key}-error">${fault}</span>`
            }
          </label>
        `;
      })}
    </div>
  `;
}

const isPlane = ({ images, rows, targets }) =>
  !images && (rows[0]?.length === 2 ? !targets : rows[0]?.length === 1 && Boolean(targets));

const Pictures = ({ images }) =>
  html`
    <div class="pictures" data-testid="pictures">
      ${images.pixels.map(
        (pixels, i) => html`
          <figure key=${i}>
            <${Picture} values=${pixels} width=${images.width} height=${images.height}
                kind=${images.channels === 3 ? 'colours' : 'grey'}
                label="Class ${images.labels?.[i] ?? ''}" />
            <figcaption class="soft small">${images.labels?.[i] ?? ''}</figcaption>
          </figure>
        `,
      )}
    </div>
  `;

/* resource: of usePreview(). `small`: for a narrow place, without the first rows beside a
 * picture. */
export function PreviewParts({ id, resource, small }) {
  const { data: preview, error, loading, reload } = resource;
  if (error && error.errors.length > 0) return null; /* said at the options */
  if (error)
    return html`
      <${Failure} problem=${error} retry=${reload} title="The preview could not be made" />
    `;
  if (!preview) return loading && html`<${Loading} what="Looking into the data" />`;
  const plane = isPlane(preview);
  return html`
    <div class="preview-parts ${small ? 'small-parts' : ''}">
      <div>
        ${
          preview.images
            ? html`<${Pictures} images=${preview.images} />`
            : plane
              ? html`
                <${Plane} id=${small ? 'look-plane' : 'plane'} preview=${preview}
                    height=${small ? 240 : 310} />
              `
              : html`<${Rows} id=${id} preview=${preview} />`
        }
      </div>
      ${preview.class_counts && html`<div><h3>Classes</h3><${Balance} preview=${preview} /></div>`}
    </div>
    <${WithoutLearning} preview=${preview} />
    ${!small && html`<${ColumnTable} id=${id} preview=${preview} />`}
    ${
      plane &&
      !small &&
      html`
        <details class="method">
          <summary>The first rows</summary>
          <${Rows} id=${id} preview=${preview} />
        </details>
      `
    }
  `;
}
