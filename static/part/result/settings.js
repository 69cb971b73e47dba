/* settings — results against what was swept: regularization path, heat map of two settings,
 * parallel coordinates. */
import { html, useMemo, useRef, useTheme } from '../../lib/html.js';
import { metricTitle } from '../../lib/format.js';
import { SaveSvgMenu } from '../chart.js';
import { Segments } from '../control.js';
import { HeatMap } from './heat-map.js';
import { Parallel } from './parallel.js';
import { Path, pathField, pathSeries } from './path.js';
import { keyOf, namesOf } from './swept.js';

/* The numbers behind the charts, a row for each config. */
function rowsOf({ configs }, names) {
  const numbers = (config) => [
    config.n,
    config.mean,
    config.std,
    config.ci_low,
    config.ci_high,
    config.difference?.mean,
    config.difference?.ci_low,
    config.difference?.ci_high,
    config.difference?.p_adjusted,
  ];
  return [
    [
      ...names,
      'n',
      'mean',
      'std',
      'ci_low',
      'ci_high',
      'difference',
      'difference_ci_low',
      'difference_ci_high',
      'p_adjusted',
      'verdict',
    ],
    ...configs.map((config) => [
      ...names.map((name) =>
        typeof config.values[name] === 'string' ? config.values[name] : keyOf(config.values[name]),
      ),
      ...numbers(config),
      config.verdict,
    ]),
  ];
}

/* Whether there is anything to be shown. */
export const hasSettings = (comparison) =>
  namesOf(comparison).length > 0 &&
  comparison.configs.some((config) => Number.isFinite(config.mean));

const KINDS = [
  ['path', 'Path', Path],
  ['heat', 'Heat map', HeatMap],
  ['parallel', 'Parallel', Parallel],
];

export function Settings({ comparison, props, set }) {
  const theme = useTheme();
  const box = useRef(null);
  const names = useMemo(() => namesOf(comparison), [comparison]);
  const kinds = names.length > 1 ? KINDS : KINDS.slice(0, 1);
  const usual = kinds[Math.min(names.length, kinds.length) - 1];
  const [shown, , View] = kinds.find(([kind]) => kind === props.against) ?? usual;
  const legend = () =>
    shown === 'path'
      ? pathSeries(comparison.configs, names, pathField(comparison.configs, names, props.px), theme)
      : [];
  const against = names.length === 1 ? names[0] : 'the settings';
  const title = `${metricTitle(comparison.metric)} against ${against}`;
  const choice = html`
    <${Segments} name="against" label="Kind of chart" value=${shown}
        options=${kinds.map(([kind, words]) => [kind, words])}
        onChange=${(kind) => set({ against: kind })} />
  `;
  return html`
    <section class="card settings" aria-labelledby="settings-title" ref=${box}>
      <div class="section-head">
        <h2 id="settings-title">${title}</h2>
        <span class="row">
          ${kinds.length > 1 && choice}
          <${SaveSvgMenu} id="settings" box=${box} title=${title}
              rows=${() => rowsOf(comparison, names)} legend=${legend} />
        </span>
      </div>
      <${View} comparison=${comparison} names=${names} props=${props} set=${set} />
    </section>
  `;
}
