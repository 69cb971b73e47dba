/* new — the form of a new experiment, made from the field table; checked by the service while it is
 * filled in. */
import { html, useEffect, useMemo, useRef, useState, useTitle, useSettled } from '../lib/html.js';
import { defineView } from './define.js';
import { text, go } from '../lib/state.js';
import { get, getAll, request, newKey, getCatalogue } from '../lib/api.js';
import { draftOf, specOf, fieldOfPointer, parent } from '../lib/spec.js';
import { bytes, count, duration } from '../lib/format.js';
import { Icon, Loading, Failure } from '../part/basic.js';
import { FieldRow } from '../part/form/field.js';
import { SpecificationText } from '../part/specification.js';
import { DatasetInput } from '../part/form/dataset.js';
import { RepeatsInput } from '../part/form/repeats.js';

const PROPS = { spec: text(), from: text(), recipe: text(), find: text() };
const CHECK_MS = 250;
const GROUPS = {
  experiment: ['Experiment', 'What it is called, and how many seeds stand behind each answer.'],
  data: ['Data', 'What is learned, from how many samples.'],
  model: ['Model', 'The net.'],
  regularizers: ['Regularizers', 'What keeps it from learning the training samples by heart.'],
  optimization: ['Optimization', 'How it is trained.'],
  recording: ['Recording', 'What is measured on the way.'],
};
const OPEN = ['experiment', 'data', 'regularizers'];
const FIRST = ['name', 'repeats', 'tags', 'description'];
const NOT_SHOWN = ['sweep']; /* the sweep is edited at each field */

/* The specification that the form starts from: in the URL, a copy of an experiment, a recipe, or
 * nothing. */
async function firstSpec({ spec, from, recipe }) {
  if (spec) return JSON.parse(spec);
  if (from) return (await get(`/experiments/${from}`)).spec;
  if (recipe) {
    const found = (await getAll('/recipes')).find((one) => one.name === recipe);
    if (found) return found.spec;
  }
  return {};
}

/* Asks the service about a specification each time it rests: {answer, problem, busy}. */
function useDryRun(spec) {
  const [state, setState] = useState({ answer: null, problem: null, busy: true });
  const body = useSettled(JSON.stringify(spec), CHECK_MS);
  useEffect(() => {
    const abort = new AbortController();
    setState((old) => ({ ...old, busy: true }));
    request('POST', '/experiments', {
      query: { dry_run: true },
      body: JSON.parse(body),
      signal: abort.signal,
    }).then(
      (answer) => setState({ answer, problem: null, busy: false }),
      (problem) => {
        if (!abort.signal.aborted) setState({ answer: null, problem, busy: false });
      },
    );
    return () => abort.abort();
  }, [body]);
  return state;
}

/* Errors at their fields, and those that belong to none. */
function spread(problem, fields) {
  const at = new Map();
  const other = [];
  for (const error of problem?.errors ?? []) {
    const name = fieldOfPointer(error.pointer, fields);
    if (name && !NOT_SHOWN.includes(name))
      at.set(name, at.has(name) ? `${at.get(name)}; ${error.detail}` : error.detail);
    else other.push(`${error.pointer ? `${error.pointer}: ` : ''}${error.detail}`);
  }
  if (problem && problem.errors.length === 0) other.push(problem.message);
  return { at, other };
}

const wordsIn = (text) => text.toLowerCase().replace(/[_.]/g, ' ').split(/\s+/).filter(Boolean);

/* Whether all words of a search stand in what is said of a field, its name with or without
 * underscores. */
function isFound(field, find) {
  const text = wordsIn(
    [field.name, field.help, field.formula ?? '', ...Object.values(field.equivalents)].join(' '),
  ).join(' ');
  return wordsIn(find).every((word) => text.includes(word));
}

function Group({ name, fields, draft, errors, change, find, datasets, reload, builtIn, metrics }) {
  const [title, help] = GROUPS[name] ?? [name, ''];
  const matching = fields.filter((field) => isFound(field, find));
  const isSet = (field) =>
    draft.sweeps[field.name] || (draft.texts[field.name] ?? '').trim() !== '';
  const set = fields.filter(
    (field) =>
      isSet(field) ||
      (draft.objects[field.name] &&
        !fields.some((one) => parent(one.name) === field.name && isSet(one))),
  ).length;
  const wrong = fields.some((field) => errors.has(field.name));
  const [open, setOpen] = useState(OPEN.includes(name) || set > 0);
  if (find && matching.length === 0) return null;
  const row = (field) => html`
    <${FieldRow} key=${field.name} field=${field}
        label=${loose.includes(field) ? field.name : undefined} text=${draft.texts[field.name]}
        sweep=${draft.sweeps[field.name]} error=${errors.get(field.name)}
        onText=${(value) => change.text(field.name, value)}
        onSweep=${(value) => change.sweep(field.name, value)} input=${special(field)} />
  `;
  const special = (field) => {
    const shared = {
      field,
      text: draft.texts[field.name] ?? '',
      error: errors.get(field.name),
      onText: (value) => change.text(field.name, value),
    };
    if (field.type === 'dataset')
      return html`
        <${DatasetInput} ...${shared} datasets=${datasets} builtIn=${builtIn} reload=${reload} />
      `;
    if (field.name === 'repeats') return html`<${RepeatsInput} ...${shared} metrics=${metrics} />`;
    return undefined;
  };
  const parents = matching.filter((field) => field.type === 'object');
  const childrenOf = (up) => fields.filter((field) => field.name.startsWith(`${up.name}.`));
  const rank = (field) => FIRST.indexOf(field.name) + 1 || FIRST.length + 1;
  const plain = matching
    .filter(
      (field) =>
        field.type !== 'object' && !NOT_SHOWN.includes(field.name) && !field.name.includes('.'),
    )
    .sort((a, b) => rank(a) - rank(b));
  const loose = find
    ? matching.filter(
        (field) =>
          field.name.includes('.') && !parents.some((up) => field.name.startsWith(`${up.name}.`)),
      )
    : [];
  return html`
    <details class="card group" open=${open || !!find || wrong}
        onToggle=${(event) => setOpen(event.target.open)} id="group-${name}">
      <summary>
        <h2>${title}</h2>
        <span class="soft">${help}</span>
        <span class="grow" />
        ${set > 0 && html`<span class="chip on">${set} set</span>`}
      </summary>
      <div class="fields">${plain.map(row)}${loose.map(row)}</div>
      ${parents.map(
        (up) => html`
          <${ObjectFields} key=${up.name} up=${up} children=${childrenOf(up)} draft=${draft}
              errors=${errors} change=${change} row=${row} />
        `,
      )}
    </details>
  `;
}

/* A parent of dotted fields: a switch where it can be null, and its fields. */
function ObjectFields({ up, children, draft, errors, change, row }) {
  const used = children.some(
    (field) => draft.sweeps[field.name] || (draft.texts[field.name] ?? '').trim() !== '',
  );
  const on = up.nullable ? !!draft.objects[up.name] : used;
  const [open, setOpen] = useState(on);
  const id = `object-${up.name}`;
  return html`
    <fieldset class="object" data-field=${up.name}>
      <legend class="visually-hidden">${up.name}</legend>
      <div class="object-head">
        ${
          up.nullable
            ? html`
              <label class="check">
                <input type="checkbox" id=${id} checked=${on}
                    onChange=${(event) => change.object(up.name, event.target.checked)} />${' '}
                <code>${up.name}</code>
              </label>
            `
            : html`
              <button type="button" class="link" id=${id} aria-expanded=${open ? 'true' : 'false'}
                  onClick=${() => setOpen(!open)}>
                <${Icon} name=${open ? 'down' : 'right'} />
                <code>${up.name}</code>
              </button>
            `
        }
        <span class="help">${up.help}</span>
      </div>
      ${errors.has(up.name) && html`<p class="field-error" role="alert">${errors.get(up.name)}</p>`}
      ${(up.nullable ? on : open || used) && html`<div class="fields">${children.map(row)}</div>`}
    </fieldset>
  `;
}

/* "40 runs", "40 to 240 runs" where seeds are added by a rule. */
function runsPlanned({ n_runs, n_configs }, spec) {
  const most = spec.repeats?.until ? n_configs * (spec.repeats.max ?? 40) : n_runs;
  return most > n_runs ? `${n_runs} to ${count(most, 'run')}` : count(n_runs, 'run');
}

/* What the specification would do, and the button that does it. */
function Summary({ spec, check, errors, other, local, submit, busy }) {
  const { answer } = check;
  const wrong = errors.size + other.length;
  const seconds = answer?.estimated_seconds ?? null;
  return html`
    <aside class="card summary-card" aria-label="Summary">
      <div class="start">
        <div aria-live="polite" tabindex="0" role="region" aria-label="What would be trained"
            data-testid="dry-run"
            data-state=${check.busy ? 'checking' : wrong ? 'invalid' : 'valid'}>
          ${
            answer && !local
              ? html`
                <p class="big"><span id="n-runs">${runsPlanned(answer, spec)}</span></p>
                <p class="soft">
                  ${count(answer.n_configs, 'config')} ×${' '}
                  ${count(Math.round(answer.n_runs / Math.max(1, answer.n_configs)), 'seed')}
                  ${
                    seconds !== null
                      ? `, about ${duration(seconds)}${spec.repeats?.until ? ' or more' : ''}`
                      : ''
                  }
                  ${
                    answer.n_cells > answer.n_configs
                      ? `; ${count(answer.n_cells, 'cell')}, ${answer.n_configs} distinct`
                      : ''
                  }${answer.memory_bytes ? `, ${bytes(answer.memory_bytes)} of memory a run` : ''}
                </p>
              `
              : wrong
                ? html`<p class="big bad-text">${count(wrong, 'thing')} to correct</p>`
                : html`<p class="big soft">Checking…</p>`
          }
          ${other.map((line) => html`<p class="field-error">${line}</p>`)}
          ${[...errors].map(
            ([name, words]) => html`
              <p class="field-error">
                <a href="#field-${name.replace(/\./g, '-')}" onClick=${(event) => {
                  event.preventDefault();
                  focusField(name);
                }}>
                  <code>${name}</code>
                </a> ${words}
              </p>
            `,
          )}
          ${(answer?.warnings ?? []).map(
            (line) => html`<p class="warning"><${Icon} name="alert" /><span>${line}</span></p>`,
          )}
        </div>
        <button type="submit" class="button primary large" id="submit" disabled=${busy || wrong > 0}
            onClick=${submit}>
          <${Icon} name="play" />Start
        </button>
      </div>
      <${SpecificationText} spec=${spec} name="experiment" />
    </aside>
  `;
}

function focusField(name) {
  const id = `field-${name.replace(/\./g, '-')}`;
  const input =
    document.getElementById(id) ??
    document.getElementById(`${id}-min`) ??
    document.querySelector(`[data-field="${name}"] input`);
  input?.closest('details')?.setAttribute('open', '');
  input?.scrollIntoView({ block: 'center' });
  input?.focus({ preventScroll: true });
}

/* Enter in the search goes to the first setting that it found. It stands in the form, which it must
 * not send. */
function goToFound(event) {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  if (event.target.value.trim() === '') return;
  event.target.form
    .querySelector(
      '.group .object-head :is(input, button), .group .field :is(input, select, textarea)',
    )
    ?.focus();
}

/* `own`: a ref that holds the specification that this form wrote into the link. */
function Form({ catalogue, first, find, own, set }) {
  const [draft, setDraft] = useState(() => draftOf(first, catalogue.fields));
  const [sent, setSent] = useState({ problem: null, busy: false });
  const [datasets, setDatasets] = useState([]);
  const key = useRef(newKey());
  const reload = () => getAll('/datasets').then(setDatasets, () => {});
  useEffect(() => {
    reload();
  }, []);
  const made = useMemo(() => specOf(draft, catalogue.fields), [draft]);
  const check = useDryRun(
    made.spec,
  ); /* fields that cannot be read are left out: the service sees what else is wrong */
  const words = JSON.stringify(made.spec);
  const settled = useSettled(words, CHECK_MS);
  useEffect(() => {
    own.current = settled === '{}' ? '' : settled;
    set({ spec: own.current, from: '', recipe: '' });
    key.current = newKey();
  }, [settled]);
  const { at, other } = spread(sent.problem ?? check.problem, catalogue.fields);
  const errors = new Map([...at, ...made.errors]);
  const update = (work) => {
    setSent({ problem: null, busy: false });
    setDraft(work);
  };
  /* What a member of an object is set to counts only where the object is there. */
  const withParent = (name, value, objects) =>
    value && parent(name) && catalogue.field(parent(name))?.nullable
      ? { ...objects, [parent(name)]: true }
      : objects;
  const change = {
    text: (name, value) =>
      update((old) => ({
        ...old,
        texts: { ...old.texts, [name]: value },
        objects: withParent(name, value.trim(), old.objects),
      })),
    sweep: (name, value) =>
      update((old) => {
        const sweeps = { ...old.sweeps };
        if (value) sweeps[name] = value;
        else delete sweeps[name];
        return { ...old, sweeps, objects: withParent(name, value, old.objects) };
      }),
    object: (name, on) =>
      update((old) => {
        const objects = { ...old.objects };
        if (on) objects[name] = true;
        else delete objects[name];
        return { ...old, objects };
      }),
  };
  const submit = async (event) => {
    event.preventDefault();
    if (sent.busy) return;
    if (errors.size) {
      focusField([...errors.keys()][0]);
      return;
    }
    setSent({ problem: null, busy: true });
    try {
      const experiment = await request('POST', '/experiments', {
        body: made.spec,
        headers: { 'Idempotency-Key': key.current },
      });
      go(`#/experiments/${experiment.id}`);
    } catch (problem) {
      setSent({ problem, busy: false });
      const [name] = spread(problem, catalogue.fields).at.keys();
      if (name) focusField(name);
    }
  };
  const names = [...new Set(catalogue.fields.map((field) => field.group))];
  const order = ['experiment', ...names.filter((name) => name !== 'experiment')];
  return html`
    <form class="new-form" onSubmit=${submit} autocomplete="off" novalidate>
      <div class="groups">
        <label class="search">
          <span class="visually-hidden">Find a setting</span>
          <${Icon} name="search" />
          <input id="find-field" type="search" placeholder="Find a setting" value=${find}
              onInput=${(event) => set({ find: event.target.value })} onKeyDown=${goToFound} />
        </label>
        ${order.map(
          (name) => html`
            <${Group} key=${name} name=${name}
                fields=${catalogue.fields.filter((field) => field.group === name)} draft=${draft}
                errors=${errors} change=${change} find=${find} datasets=${datasets} reload=${reload}
                metrics=${catalogue.metrics} builtIn=${catalogue.datasets} />
          `,
        )}
        ${
          find &&
          !catalogue.fields.some((field) => isFound(field, find)) &&
          html`
            <p id="nothing-found">
              No setting has these
              words.<button type="button" class="button quiet small"
                  onClick=${() => set({ find: '' })}>
                Show all
              </button>
            </p>
          `
        }
        <p class="soft small" id="symbols">In the formulas ${catalogue.symbols}</p>
      </div>
      <${Summary} spec=${made.spec} check=${check} errors=${errors} other=${other}
          local=${made.errors.size > 0} submit=${submit} busy=${sent.busy} />
    </form>
  `;
}

function New({ set, find, ...props }) {
  useTitle('New experiment');
  const [state, setState] = useState({ ready: null, problem: null });
  const [recipes, setRecipes] = useState([]);
  const own = useRef(null);
  const load = () => {
    setState((old) => ({ ...old, ready: null, problem: null }));
    Promise.all([getCatalogue(), firstSpec(props)]).then(
      ([catalogue, first]) =>
        setState((old) => ({
          ready: { catalogue, first },
          problem: null,
          turn: (old.turn ?? 0) + 1,
        })),
      (problem) => setState((old) => ({ ...old, ready: null, problem })),
    );
  };
  /* A specification in the link that the form did not write there comes from another link or the
   * history. */
  useEffect(() => {
    if (!state.ready || props.from || props.recipe || props.spec !== own.current) load();
  }, [props.from, props.recipe, props.spec]);
  useEffect(() => {
    const abort = new AbortController();
    getAll('/recipes', {}, abort.signal).then(setRecipes, () => {});
    return () => abort.abort();
  }, []);
  return html`
    <div class="page-head">
      <h1>New experiment</h1>
      ${
        recipes.length > 0 &&
        html`
          <label class="run-choice">
            Start from${' '}
            <select id="start-from" value="" onChange=${(event) =>
              event.target.value && set({ spec: '', from: '', recipe: event.target.value })}>
              <option value="">a recipe…</option>
              ${recipes.map(
                (one) => html`
                  <option value=${one.name} title=${one.description}>${one.title}</option>
                `,
              )}
            </select>
          </label>
        `
      }
    </div>
    ${
      state.problem
        ? html`<${Failure} problem=${state.problem} retry=${load} />`
        : state.ready
          ? html`<${Form} key=${state.turn} ...${state.ready} find=${find} own=${own} set=${set} />`
          : html`<${Loading} what="Loading the settings" />`
    }
  `;
}

export default defineView(PROPS, New);
