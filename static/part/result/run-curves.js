/* run-curves — the curves of one run: the gap between training and validation, the loss as trained
 * and in inference, the gradient. */
import { html, useCallback, useMemo, useRef, useTheme } from '../../lib/html.js';
import { metricLabel } from '../../lib/format.js';
import { categorical, ink } from '../../lib/palette.js';
import { isOver } from '../../lib/status.js';
import { LineChart, SaveMenu } from '../chart.js';
import { AxisSegments, FitToggle, LogEpochs } from '../control.js';
import { LineLegend } from '../legend.js';

/* The band between a line and the column that it is shown against; its edges cross where the lines
 * do. */
function gapOf(columns, { column, against }) {
  if (!against) return { low: null, high: null };
  const [own, other] = [columns[column], columns[against]];
  const known = own.map((y, i) => y !== null && other[i] !== null);
  return {
    low: own.map((y, i) => (known[i] ? y : null)),
    high: other.map((y, i) => (known[i] ? y : null)),
  };
}

/* The lines whose columns are there, as series. */
const seriesOf = (lines, columns) =>
  lines.map((line) => ({
    key: line.column,
    label: line.label,
    color: line.color,
    dash: line.dash,
    width: 2,
    x: columns.epoch,
    y: columns[line.column],
    ...gapOf(columns, line),
    n: null,
  }));

/* A chart of some columns. lines: [{label, color, column, against}]; `against`: a column to shade
 * the gap to. */
function Panel({ id, title, note, lines, store, version, props, set, marks }) {
  const theme = useTheme();
  const handle = useRef(null);
  const zoomKey = JSON.stringify(props.zoom);
  const known = () => lines.filter((line) => store.columns[line.column]);
  const shown = known();
  const model = useCallback(
    () => ({
      name: title,
      xLabel: 'epoch',
      xLog: props.x === 'log',
      yLog: props.y === 'log',
      zoom: props.zoom,
      sync: 'run',
      marks,
      fit: props.fit === 'end',
      live: !isOver(store.run),
      reach: store.run.epochs,
      series: seriesOf(known(), store.columns),
    }),
    [version, theme, props.x, props.y, props.fit, zoomKey, marks],
  );
  const watch = useCallback((draw) => store.watchCurves(draw), [store]);
  const showAll = html`
    <button type="button" class="button quiet small" onClick=${() => set({ zoom: null })}>
      Show all
    </button>
  `;
  return html`
    <section class="panel" aria-label=${title}>
      <div class="panel-head">
        <h3>${title}</h3>
        <span class="soft small hint">${note}</span>
        <span class="grow" />
        ${props.zoom && showAll}
        <${SaveMenu} id=${id} handle=${handle} />
      </div>
      ${shown.length > 0 && html`<${LineLegend} series=${shown} />`}
      <${LineChart} id=${id} label="${title} by epoch" model=${model} watch=${watch}
          handle=${handle} onZoom=${(zoom) => set({ zoom })} />
    </section>
  `;
}

/* Where the best epoch and an early stop lie on a curve. */
function marksOf(run, columns, metric, color) {
  const at = (epoch) => columns.epoch.indexOf(epoch);
  const marks = [];
  const best = at(run.metrics?.best_epoch);
  if (best >= 0 && columns[metric]?.[best] !== null)
    marks.push({ x: columns.epoch[best], y: columns[metric][best], color, kind: 'best' });
  const last = columns.epoch.length - 1;
  if (run.stop_reason === 'early_stopped' && last >= 0)
    marks.push({ x: columns.epoch[last], y: columns[metric][last], color, kind: 'stop' });
  return marks;
}

/* A metric on both splits, the gap between them shaded. */
const bothSplits = (name, colors) => [
  { label: 'training', color: colors.train, column: `train_${name}` },
  { label: 'validation', color: colors.val, column: `val_${name}`, against: `train_${name}` },
];

/* The loss as the optimizer sees it, and as it counts. */
const ledgerLines = (columns, colors) => [
  { label: 'data loss as trained', color: colors.batch, column: 'batch_loss' },
  { label: 'the same in inference mode', color: colors.train, column: 'train_loss' },
  ...(columns.penalty?.some((x) => x > 0)
    ? [{ label: 'penalties', color: colors.penalty, column: 'penalty' }]
    : []),
];

export function RunCurves({ store, version, props, set }) {
  const theme = useTheme();
  const { run, columns } = store;
  const other = columns.val_rmse?.some((x) => x !== null) ? 'rmse' : 'accuracy';
  const colors = {
    train: ink(theme),
    val: categorical(0, theme),
    batch: categorical(1, theme),
    gradient: categorical(2, theme),
    penalty: categorical(4, theme),
  };
  const marks = useMemo(
    () => ({
      loss: marksOf(run, columns, 'val_loss', colors.val),
      other: marksOf(run, columns, `val_${other}`, colors.val),
    }),
    [version, theme],
  );
  const shared = { store, version, props, set };
  const norm = [{ label: 'gradient norm', color: colors.gradient, column: 'gradient_norm' }];
  return html`
    <section class="card">
      <div class="section-head">
        <h2>Curves</h2>
        <div class="toolbar">
          <${AxisSegments} props=${props} set=${set} />
          <${FitToggle} props=${props} set=${set} />
          <${LogEpochs} props=${props} set=${set} />
        </div>
      </div>
      <div class="panels">
        <${Panel} id="chart-loss" title="Training and validation loss" note="the gap is shaded"
            ...${shared} marks=${marks.loss} lines=${bothSplits('loss', colors)} />
        <${Panel} id="chart-other" title="Training and validation ${metricLabel(other)}"
            ...${shared} marks=${marks.other} lines=${bothSplits(other, colors)} />
        <${Panel} id="chart-ledger" title="Loss as trained and in inference" ...${shared}
            lines=${ledgerLines(columns, colors)} />
        <${Panel} id="chart-gradient" title="Gradient norm" ...${shared} lines=${norm} />
      </div>
      <p class="soft small">A ring marks the best epoch, a square an early stop.</p>
    </section>
  `;
}
