/* chart — the line chart as a component, with its files to save. */
import { html, useEffect, useLayoutEffect, useRef, useTheme } from '../lib/html.js';
import { createLineChart } from '../chart/line.js';
import { Icon, attempt } from './basic.js';

/* How many points the longest line has. With the numbers of lines and marks on the element it lets
 * a test see a curve grow. */
const pointsOf = (model) => model.series.reduce((most, s) => Math.max(most, s.x.length), 0);

/* Draws at once, so that whoever asked for it sees what it costs. */
function drawInto(root, chart, model) {
  const start = performance.now();
  chart.draw(model);
  root.dataset.points = pointsOf(model);
  root.dataset.lines = model.series.length;
  root.dataset.marks = model.marks?.length ?? 0;
  queueMicrotask(() => {
    /* behind the one in which uPlot draws; only the latest measure is kept */
    performance.clearMeasures(`chart-${root.id}`);
    performance.measure(`chart-${root.id}`, { start });
  });
}

const KEYS =
  'Arrow keys read the values, plus and minus zoom, Shift and arrow keys move along, ' +
  'zero shows all';

/* model: see chart/line.js, or a function that answers it, which is asked again whenever
 * `watch(listener)` calls its listener: what grows is drawn without the page around it.
 * `onZoom(pair or null)`; `handle`, a ref, gets the chart. */
export function LineChart({ id, label, model, watch, onZoom, small, handle }) {
  const root = useRef(null);
  const chart = useRef(null);
  const zoomed = useRef(onZoom);
  const theme = useTheme();
  zoomed.current = onZoom;
  useLayoutEffect(() => {
    chart.current = createLineChart(root.current, { onZoom: (pair) => zoomed.current(pair) });
    if (handle) handle.current = chart.current;
    return () => chart.current.destroy();
  }, []);
  useLayoutEffect(() => {
    const draw = () =>
      drawInto(root.current, chart.current, typeof model === 'function' ? model() : model);
    draw();
    return watch?.(draw);
  }, [model, watch, theme]);
  return html`
    <div id=${id} class="chart ${small ? 'small' : ''}" ref=${root} tabindex="0" role="group"
        aria-roledescription="chart" aria-label="${label}. ${KEYS}" data-testid=${id} />
  `;
}

/* How a chart is moved about, in words. */
export const ChartHelp = () => html`
  <span class="soft small wide-only">
    Drag to zoom, double press to show all. Shift and drag, or scroll sideways, to move along;
    pinch, or scroll with Ctrl, to zoom. With the keyboard: arrows read, + − 0 zoom, Shift and
    arrows move along.
  </span>
`;

const KINDS = ['svg', 'png', 'csv'];

/* A menu of files to save: save(kind, what saves). Once it is left, it closes; it can hold the
 * focus itself, so that a press between its buttons does not leave it. */
function FilesMenu({ id, save }) {
  const menu = useRef(null);
  useEffect(() => {
    const { current } = menu;
    const leave = (event) => {
      if (!current.contains(event.relatedTarget)) current.open = false;
    };
    current.addEventListener('focusout', leave); /* preact knows no onFocusOut */
    return () => current.removeEventListener('focusout', leave);
  }, []);
  const close = () => {
    menu.current.open = false;
    menu.current.querySelector('summary').focus();
  };
  const press = (event) => event.key === 'Escape' && menu.current.open && close();
  const choose = (kind) => {
    close();
    attempt(async () => save(kind, await import('./files.js')));
  };
  const item = (kind) => html`
    <button type="button" id="${id}-save-${kind}" onClick=${() => choose(kind)}>
      ${kind.toUpperCase()}
    </button>
  `;
  return html`
    <details class="menu" ref=${menu} tabindex="-1" onKeyDown=${press}>
      <summary class="button quiet icon-only" id="${id}-save" aria-label="Save this chart"
          title="Save this chart">
        <${Icon} name="download" />
      </summary>
      <div class="menu-items">${KINDS.map(item)}</div>
    </details>
  `;
}

/* The files of a line chart. `handle`: the ref that LineChart filled. */
export const SaveMenu = ({ id, handle }) => html`
  <${FilesMenu} id=${id}
      save=${(kind, { saveLines }) => handle.current && saveLines(kind, handle.current)} />
`;

/* The files of a chart that stands in the page as SVG, inside the element of the ref `box`; rows():
 * its numbers, the head first; legend(): the {label, color} of its series. */
export function SaveSvgMenu({ id, box, title, rows, legend }) {
  const save = (kind, { saveDrawn }) => {
    const svg = box.current.querySelector('svg[role=img]');
    return saveDrawn(kind, { svg, title, rows: rows(), legend: legend() });
  };
  return html`<${FilesMenu} id=${id} save=${save} />`;
}
