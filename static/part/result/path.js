/* path — a metric along one swept setting, a line for each combination of the others. */
import { html, useMemo, useTheme } from '../../lib/html.js';
import { count, metricLabel, value as showValue, valuesLabel } from '../../lib/format.js';
import { categorical, sequential } from '../../lib/palette.js';
import { Check } from '../control.js';
import { DotLegend } from '../legend.js';
import { XyChart } from '../xy-chart.js';
import { EVIDENCE, FieldSelect, isNumeric, keyOf, valuesOf } from './swept.js';

function wantsLog(values) {
  const positive = values.filter((value) => value > 0);
  return positive.length > 1 && Math.max(...positive) / Math.min(...positive) > 20;
}

/* The setting along which a path goes. */
export const pathField = (configs, names, wanted) =>
  names.includes(wanted) ? wanted : (names.find((name) => isNumeric(configs, name)) ?? names[0]);

/* A series of a path for each combination of the other settings, in their order. */
export function pathSeries(configs, names, field, theme) {
  const others = names.filter((name) => name !== field);
  const numeric = isNumeric(configs, field);
  const groups = new Map();
  for (const config of configs) {
    const rest = Object.fromEntries(others.map((name) => [name, config.values[name]]));
    const key = keyOf(rest);
    if (!groups.has(key))
      groups.set(key, {
        key,
        label: others.length ? valuesLabel(rest) : field,
        order: rest,
        points: [],
      });
    groups.get(key).points.push({
      x: numeric ? config.values[field] : showValue(config.values[field]),
      y: config.mean,
      low: config.ci_low,
      high: config.ci_high,
      hollow: config.n < 3,
      label: valuesLabel(config.values),
      note: [count(config.n, 'seed'), EVIDENCE[config.verdict]].filter(Boolean).join('; '),
    });
  }
  const list = [...groups.values()].sort((a, b) =>
    others.reduce(
      (sum, name) => sum || (a.order[name] > b.order[name]) - (a.order[name] < b.order[name]),
      0,
    ),
  );
  const ordered = others.length === 1 && isNumeric(configs, others[0]) && list.length > 2;
  list.forEach((one, i) => {
    one.color = ordered ? sequential(i / (list.length - 1), theme) : categorical(i, theme);
    one.joined = numeric;
    one.points.sort((a, b) => a.x - b.x);
  });
  return list;
}

/* Where the baseline is, with its interval; null where that is not known. */
function baselineOf({ configs, baseline }) {
  const found = configs.find((config) => config.config_id === baseline);
  if (!found || !Number.isFinite(found.mean)) return null;
  const { mean, ci_low: low, ci_high: high } = found;
  return { y: mean, low: low ?? NaN, high: high ?? NaN, label: 'baseline' };
}

function Toolbar({ metric, names, field, log, isNumber, props, set }) {
  const choose = html`
    <${FieldSelect} id="path-field" label="Against" names=${names} value=${field}
        onChange=${(px) => set({ px })} />
  `;
  const across = html`
    <${Check} id="path-log" label="log ${field}" checked=${log}
        onChange=${(on) => set({ plog: on ? 'log' : 'linear' })} />
  `;
  return html`
    <div class="toolbar">
      ${names.length > 1 && choose}
      ${isNumber && across}
      <${Check} id="path-y-log" label="log ${metricLabel(metric)}" checked=${props.pylog}
          onChange=${(pylog) => set({ pylog })} />
    </div>
  `;
}

export function Path({ comparison, names, props, set }) {
  const theme = useTheme();
  const { configs, metric } = comparison;
  const field = pathField(configs, names, props.px);
  const numeric = isNumeric(configs, field);
  const values = valuesOf(configs, field);
  const log = props.plog === 'auto' ? numeric && wantsLog(values) : props.plog === 'log';
  const series = useMemo(
    () => pathSeries(configs, names, field, theme),
    [comparison, field, theme],
  );
  const axis = numeric ? { log, names: null, values } : { log, names: values.map(showValue) };
  const label = `${metricLabel(metric)} against ${field}, with 95 % intervals`;
  return html`
    <${Toolbar} metric=${metric} names=${names} field=${field} log=${log} isNumber=${numeric}
        props=${props} set=${set} />
    <${DotLegend} series=${series} />
    <${XyChart} id="path" label="${label}; the table of configs has the numbers" series=${series}
        axis=${axis} yLog=${props.pylog} xLabel=${field} yLabel=${metricLabel(metric)}
        line=${baselineOf(comparison)} dodge />
    <p class="soft small">
      Points are means over seeds with their 95 % intervals; hollow ones stand on fewer than three
      seeds. The band is the baseline’s interval.
    </p>
  `;
}
