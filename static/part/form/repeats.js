/* repeats — how many seeds: a number, or until every interval is narrow enough. The field's text is
 * a number or the JSON of {"until": {"metric", "half_width"}, "min", "max"}. */
import { html } from '../../lib/html.js';
import { metricLabel } from '../../lib/format.js';

function read(text) {
  if (!text.trim().startsWith('{')) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function RepeatsInput({ field, text, error, onText, metrics }) {
  const rule = read(text);
  const id = 'field-repeats';
  const part = (patch) => onText(JSON.stringify({ ...rule, ...patch }));
  const number = (typed) =>
    typed.trim() === '' || !Number.isFinite(Number(typed)) ? undefined : Number(typed);
  const kind = (next) =>
    onText(
      next === 'until'
        ? JSON.stringify({ until: { metric: 'val_loss', half_width: 0.01 }, max: 30 })
        : '5',
    );
  const described = {
    'aria-describedby': `${id}-help`,
    'aria-invalid': error ? 'true' : undefined,
  };
  return html`
    <div class="repeats">
      <select id="repeats-kind" aria-label="How the number of seeds is decided"
          value=${rule ? 'until' : 'fixed'} onChange=${(event) => kind(event.target.value)}>
        <option value="fixed" selected=${!rule}>this many</option>
        <option value="until" selected=${!!rule}>until it is clear</option>
      </select>
      ${
        !rule &&
        html`
          <input id=${id} name="repeats" type="text" inputmode="numeric" autocomplete="off"
              value=${text} placeholder=${field.default ?? field.default_text} ...${described}
              onInput=${(event) => onText(event.target.value)} />
        `
      }
    </div>
    ${
      rule &&
      html`
        <div class="range-parts">
          <label>
            metric<select id="repeats-metric" value=${rule.until?.metric} onChange=${(event) =>
              part({ until: { ...rule.until, metric: event.target.value } })}>
              ${metrics
                .filter((one) => one.scope !== 'layer' && one.direction !== 'none')
                .map(
                  (one) => html`
                    <option value=${one.name} selected=${one.name === rule.until?.metric}>
                      ${metricLabel(one.name)}
                    </option>
                  `,
                )}
            </select>
          </label>
          <label>
            half
            width<input id=${id} type="text" inputmode="decimal"
                value=${rule.until?.half_width ?? ''} ...${described} onInput=${(event) =>
                  part({ until: { ...rule.until, half_width: number(event.target.value) } })} />
          </label>
          <label>
            at
            least<input id="repeats-min" type="text" inputmode="numeric" value=${rule.min ?? ''}
                placeholder="5" onInput=${(event) => part({ min: number(event.target.value) })} />
          </label>
          <label>
            at
            most<input id="repeats-max" type="text" inputmode="numeric" value=${rule.max ?? ''}
                placeholder="40" onInput=${(event) => part({ max: number(event.target.value) })} />
          </label>
        </div>
      `
    }
  `;
}
