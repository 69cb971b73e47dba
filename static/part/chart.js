/* chart — the line chart as a component, with its files to save. */
import { html, useEffect, useLayoutEffect, useRef, useTheme } from '../lib/html.js';
import { createLineChart } from '../chart/line.js';
import { standalonePng, standaloneSvg } from '../chart/standalone.js';
import { lineChartSvg } from '../chart/svg.js';
import { css } from '../lib/palette.js';
import { Icon, attempt, saveFile } from './basic.js';

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

const fileName = (name) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '') || 'chart';

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/* Rows of cells as CSV; what is not there is empty. */
const csvText = (rows) =>
  `${rows.map((cells) => cells.map((cell) => quoted(String(cell ?? ''))).join(',')).join('\n')}\n`;

function csvOf(model) {
  const rows = [['series', model.xLabel, 'value', 'low', 'high', 'n']];
  for (const s of model.series) {
    const edge = (choose, i) =>
      !s.isGap && Number.isFinite(s.low?.[i]) && Number.isFinite(s.high?.[i])
        ? choose(s.low[i], s.high[i])
        : null;
    s.x.forEach((x, i) =>
      rows.push([s.label, x, s.y[i], edge(Math.min, i), edge(Math.max, i), s.n?.[i]]),
    );
  }
  return csvText(rows);
}

/* A menu of files to save. files: kind → what saves it. Once it is left, it closes; it can hold the
 * focus itself, so that a press between its buttons does not leave it. */
function FilesMenu({ id, files }) {
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
  return html`
    <details class="menu" ref=${menu} tabindex="-1"
        onKeyDown=${(event) => event.key === 'Escape' && menu.current.open && close()}>
      <summary class="button quiet icon-only" id="${id}-save" aria-label="Save this chart"
          title="Save this chart">
        <${Icon} name="download" />
      </summary>
      <div class="menu-items">
        ${Object.entries(files).map(
          ([kind, save]) => html`
            <button type="button" id="${id}-save-${kind}" onClick=${() => {
              close();
              save();
            }}>
              ${kind.toUpperCase()}
            </button>
          `,
        )}
      </div>
    </details>
  `;
}

/* The files of a line chart. `handle`: the ref that LineChart filled. */
export function SaveMenu({ id, handle }) {
  const size = { width: 880, height: 480 };
  const of = (work) => () => {
    if (handle.current) work(handle.current.model);
  };
  return html`
    <${FilesMenu} id=${id} files=${{
      svg: of((model) =>
        saveFile(`${fileName(model.name)}.svg`, lineChartSvg(model, size, css), 'image/svg+xml'),
      ),
      png: of((model) =>
        handle.current.toCanvas().toBlob((blob) => saveFile(`${fileName(model.name)}.png`, blob)),
      ),
      csv: of((model) => saveFile(`${fileName(model.name)}.csv`, csvOf(model), 'text/csv')),
    }} />
  `;
}

/* The files of a chart that stands in the page as SVG, inside the element of the ref `box`; rows():
 * its numbers, the head first; legend(): the {label, color} of its series. */
export function SaveSvgMenu({ id, box, title, rows, legend }) {
  const svg = () => box.current.querySelector('svg[role=img]');
  return html`
    <${FilesMenu} id=${id} files=${{
      svg: () =>
        saveFile(
          `${fileName(title)}.svg`,
          standaloneSvg(svg(), title, legend()).text,
          'image/svg+xml',
        ),
      png: () =>
        attempt(async () =>
          saveFile(`${fileName(title)}.png`, await standalonePng(svg(), title, legend())),
        ),
      csv: () => saveFile(`${fileName(title)}.csv`, csvText(rows()), 'text/csv'),
    }} />
  `;
}
