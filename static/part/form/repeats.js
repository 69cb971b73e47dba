/* repeats — how many seeds: a number, or until every interval is narrow enough. The field's text is
 * a number or the JSON of {"until": {"metric", "half_width"}, "min", "max"}. */
import { html } from '../../lib/html.js';
import { metricLabel } from '../../lib/format.js';
import { NumberInput } from '../control.js';

function read(text) {
  if (!text.trim().startsWith('{')) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const ID = 'field-repeats';
const UNTIL = JSON.stringify({ until: { metric: 'val_loss', half_width: 0.01 }, max: 30 });

const numberOf = (typed) =>
  typed.trim() === '' || !Number.isFinite(Number(typed)) ? undefined : Number(typed);

/* The parts of a rule; `change` gets those that are different. */
function Rule({ rule, metrics, described, change }) {
  const { until = {}, min = '', max = '' } = rule;
  const changeUntil = (patch) => change({ until: { ...until, ...patch } });
  const option = ({ name }) => html`
    <option value=${name} selected=${name === until.metric}>${metricLabel(name)}</option>
  `;
  return html`
    <div class="range-parts">
      <label>
        metric
        <select id="repeats-metric" value=${until.metric}
            onChange=${(event) => changeUntil({ metric: event.target.value })}>
          ${metrics.filter((one) => one.scope !== 'layer' && one.direction !== 'none').map(option)}
        </select>
      </label>
      <label>
        half width
        <${NumberInput} id=${ID} value=${until.half_width ?? ''} ...${described}
            onTyped=${(typed) => changeUntil({ half_width: numberOf(typed) })} />
      </label>
      <label>
        at least
        <${NumberInput} id="repeats-min" value=${min} placeholder="10"
            onTyped=${(typed) => change({ min: numberOf(typed) })} />
      </label>
      <label>
        at most
        <${NumberInput} id="repeats-max" value=${max} placeholder="40"
            onTyped=${(typed) => change({ max: numberOf(typed) })} />
      </label>
    </div>
  `;
}

export function RepeatsInput({ field, text, error, onText, metrics }) {
  const rule = read(text);
  const described = {
    'aria-describedby': `${ID}-help`,
    'aria-invalid': error ? 'true' : undefined,
  };
  const choose = (event) => onText(event.target.value === 'until' ? UNTIL : '5');
  const fixed = html`
    <input id=${ID} name="repeats" type="text" inputmode="numeric" autocomplete="off" value=${text}
        placeholder=${field.default ?? field.default_text} ...${described}
        onInput=${(event) => onText(event.target.value)} />
  `;
  const change = (patch) => onText(JSON.stringify({ ...rule, ...patch }));
  return html`
    <div class="repeats">
      <select id="repeats-kind" aria-label="How the number of seeds is decided"
          value=${rule ? 'until' : 'fixed'} onChange=${choose}>
        <option value="fixed" selected=${!rule}>this many</option>
        <option value="until" selected=${!!rule}>until it is clear</option>
      </select>
      ${!rule && fixed}
    </div>
    ${
      rule &&
      html`<${Rule} rule=${rule} metrics=${metrics} described=${described} change=${change} />`
    }
  `;
}
