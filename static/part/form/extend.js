/* extend — more seeds or more values for an experiment that is there: only what is missing is
 * trained. */
import { html, render, useState } from '../../lib/html.js';
import { request } from '../../lib/api.js';
import { parseSweepValues } from '../../lib/spec.js';
import { count } from '../../lib/format.js';
import { notify } from '../basic.js';

/* The body of the request, or the error of what was typed. swept: the fields of the sweep. */
function read(repeats, texts, swept, now) {
  const body = {};
  if (repeats.trim() !== '' && !(Number(repeats) <= now)) body.repeats = Number(repeats);
  for (const field of swept) {
    if (!(texts[field.name] ?? '').trim()) continue;
    const parsed = parseSweepValues(field, texts[field.name]);
    if (parsed.error) return { error: `${field.name}: ${parsed.error}` };
    body.sweep = { ...body.sweep, [field.name]: parsed.value };
  }
  if (Object.keys(body).length > 0) return { body };
  return { error: `Nothing to add: every config has ${count(now, 'seed')} already.` };
}

function ExtendForm({ experiment, fields, seeds: now, close, done }) {
  const swept = Object.keys(experiment.spec.sweep ?? {})
    .map((name) => fields.find((field) => field.name === name))
    .filter(Boolean);
  const [repeats, setRepeats] = useState(String(Math.max(now + 2, 5)));
  const [texts, setTexts] = useState({});
  const [problem, setProblem] = useState('');
  const submit = async (event) => {
    event.preventDefault();
    const { body, error: fault } = read(repeats, texts, swept, now);
    if (fault) {
      setProblem(fault);
      return;
    }
    try {
      const before = experiment.n_runs;
      const after = await request('POST', `/experiments/${experiment.id}/extend`, { body });
      notify(`${count(after.n_runs - before, 'run')} added.`);
      done(after);
      close();
    } catch (error) {
      const details = error.errors.map((one) => one.detail).join('; ');
      setProblem(details || error.message);
    }
  };
  const valuesInput = ({ name }) => html`
    <label>
      More values of <code>${name}</code>
      <input id="extend-${name.replace(/\./g, '-')}" type="text" autocomplete="off"
          value=${texts[name] ?? ''} placeholder="none"
          onInput=${(event) => setTexts({ ...texts, [name]: event.target.value })} />
    </label>
  `;
  return html`
    <form onSubmit=${submit}>
      <h2 id="extend-title">Extend this experiment</h2>
      <p class="soft">Only the combinations of config and seed that are missing are trained.</p>
      <label>
        Seeds of every config, now ${now}
        <input id="extend-repeats" type="text" inputmode="numeric" value=${repeats}
            onInput=${(event) => setRepeats(event.target.value)} />
      </label>
      ${swept.map(valuesInput)}
      ${problem && html`<p class="field-error" role="alert">${problem}</p>`}
      <div class="row">
        <button class="button primary" id="extend-submit">Extend</button>
        <button type="button" class="button" onClick=${close}>Leave it</button>
      </div>
    </form>
  `;
}

/* Opens the dialog; `seeds`: how many a config has now; done(experiment) after it worked. */
export function openExtend(experiment, fields, seeds, done) {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', 'extend-title');
  document.body.append(dialog);
  dialog.addEventListener('close', () => {
    render(null, dialog);
    dialog.remove();
  });
  render(
    html`
      <${ExtendForm} experiment=${experiment} fields=${fields} seeds=${seeds} done=${done}
          close=${() => dialog.close()} />
    `,
    dialog,
  );
  dialog.showModal();
}
