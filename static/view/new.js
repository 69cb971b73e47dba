/* new — the form of a new experiment, made from the field table; checked by the service while it is
 * filled in. */
import { html, useEffect, useMemo, useRef, useState, useTitle, useSettled } from '../lib/html.js';
import { defineView } from './define.js';
import { text, go } from '../lib/state.js';
import { get, getAll, request, newKey, getCatalogue } from '../lib/api.js';
import { draftOf, specOf, fieldOfPointer, parent } from '../lib/spec.js';
import { Icon, Loading, Failure } from '../part/basic.js';
import { Group, NOT_SHOWN, groupOf, isFound } from '../part/form/group.js';
import { Summary, focusField } from '../part/form/summary.js';

const PROPS = { spec: text(), from: text(), recipe: text(), find: text() };
const CHECK_MS = 250;

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
    const [, variant] = /^\/variants\/(\d+)/.exec(error.pointer ?? '') ?? [];
    const words = variant ? `variant ${Number(variant) + 1}: ${error.detail}` : error.detail;
    if (name && !NOT_SHOWN.includes(name))
      at.set(name, at.has(name) ? `${at.get(name)}; ${words}` : words);
    else other.push(`${error.pointer ? `${error.pointer}: ` : ''}${error.detail}`);
  }
  if (problem && problem.errors.length === 0) other.push(problem.message);
  return { at, other };
}

/* The draft, and what changes it: {draft, change: {text, sweep, part, object}}; `touched()` is
 * called with every change. */
function useDraft(first, catalogue, touched) {
  const [draft, setDraft] = useState(() => draftOf(first, catalogue.fields));
  const update = (work) => {
    touched();
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
    part: (name, value) => update((old) => ({ ...old, [name]: value })),
    object: (name, on) =>
      update((old) => {
        const objects = { ...old.objects };
        if (on) objects[name] = true;
        else delete objects[name];
        return { ...old, objects };
      }),
  };
  return { draft, change };
}

/* Writes the specification into the link, once it rests; answers the key of what is in it. */
function useLink(spec, own, set) {
  const key = useRef(newKey());
  const settled = useSettled(JSON.stringify(spec), CHECK_MS);
  useEffect(() => {
    own.current = settled === '{}' ? '' : settled;
    set({ spec: own.current, from: '', recipe: '' });
    key.current = newKey();
  }, [settled]);
  return key;
}

function useDatasets() {
  const [datasets, setDatasets] = useState([]);
  const reload = () => getAll('/datasets').then(setDatasets, () => {});
  useEffect(() => {
    reload();
  }, []);
  return { datasets, reload };
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

function Search({ fields, find, set }) {
  const isNothing = find && !fields.some((field) => isFound(field, find));
  const nothing = html`
    <p id="nothing-found">
      No setting has these words.
      <button type="button" class="button quiet small" onClick=${() => set({ find: '' })}>
        Show all
      </button>
    </p>
  `;
  return html`
    <label class="search">
      <span class="visually-hidden">Find a setting</span>
      <${Icon} name="search" />
      <input id="find-field" type="search" placeholder="Find a setting" value=${find}
          onInput=${(event) => set({ find: event.target.value })} onKeyDown=${goToFound} />
    </label>
    ${isNothing && nothing}
  `;
}

/* `own`: a ref that holds the specification that this form wrote into the link. */
function Form({ catalogue, first, find, own, set }) {
  const { fields, metrics, symbols } = catalogue;
  const [sent, setSent] = useState({ problem: null, busy: false });
  const touched = () => setSent({ problem: null, busy: false });
  const { draft, change } = useDraft(first, catalogue, touched);
  const made = useMemo(() => specOf(draft, fields), [draft]);
  /* fields that cannot be read are left out: the service sees what else is wrong */
  const check = useDryRun(made.spec);
  const key = useLink(made.spec, own, set);
  const { at, other } = spread(sent.problem ?? check.problem, fields);
  const errors = new Map([...at, ...made.errors]);
  const send = async () => {
    setSent({ problem: null, busy: true });
    try {
      const headers = { 'Idempotency-Key': key.current };
      const experiment = await request('POST', '/experiments', { body: made.spec, headers });
      go(`#/experiments/${experiment.id}`);
    } catch (problem) {
      setSent({ problem, busy: false });
      const [name] = spread(problem, fields).at.keys();
      if (name) focusField(name);
    }
  };
  const submit = (event) => {
    event.preventDefault();
    if (sent.busy) return;
    if (errors.size) focusField([...errors.keys()][0]);
    else send();
  };
  const builtIn = catalogue.datasets;
  const asked = check.answer?.question ?? null;
  const form = { draft, errors, change, find, metrics, builtIn, asked, all: fields };
  const sets = useDatasets();
  const names = [...new Set(['experiment', 'design', ...fields.map(groupOf)])];
  const group = (name) => html`
    <${Group} key=${name} name=${name} ...${form} ...${sets}
        fields=${fields.filter((field) => groupOf(field) === name)} />
  `;
  return html`
    <form class="new-form" onSubmit=${submit} autocomplete="off" novalidate>
      <div class="groups">
        <${Search} fields=${fields} find=${find} set=${set} />
        ${names.map(group)}
        <p class="soft small" id="symbols">In the formulas ${symbols}</p>
      </div>
      <${Summary} spec=${made.spec} check=${check} errors=${errors} other=${other}
          local=${made.errors.size > 0} submit=${submit} busy=${sent.busy} />
    </form>
  `;
}

/* The recipes to start from, as a select. */
function StartFrom({ set }) {
  const [recipes, setRecipes] = useState([]);
  useEffect(() => {
    const abort = new AbortController();
    getAll('/recipes', {}, abort.signal).then(setRecipes, () => {});
    return () => abort.abort();
  }, []);
  if (recipes.length === 0) return null;
  const start = ({ target: { value } }) => value && set({ spec: '', from: '', recipe: value });
  const group = (words, some) => html`
    <optgroup label=${words}>
      ${some.map(
        (one) => html`<option value=${one.name} title=${one.description}>${one.title}</option>`,
      )}
    </optgroup>
  `;
  return html`
    <label class="run-choice">
      Start from${' '}
      <select id="start-from" value="" onChange=${start}>
        <option value="">a recipe…</option>
        ${group(
          'Recipes',
          recipes.filter((one) => !one.is_lesson),
        )}
        ${group(
          'Lessons',
          recipes.filter((one) => one.is_lesson),
        )}
      </select>
    </label>
  `;
}

/* What is below the title: the form, once its specification is there. */
function Content({ state: { ready, problem, turn }, load, ...form }) {
  if (problem) return html`<${Failure} problem=${problem} retry=${load} />`;
  if (!ready) return html`<${Loading} what="Loading the settings" />`;
  return html`<${Form} key=${turn} ...${ready} ...${form} />`;
}

function New({ set, find, ...props }) {
  useTitle('New experiment');
  const [state, setState] = useState({ ready: null, problem: null });
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
  return html`
    <div class="page-head">
      <h1>New experiment</h1>
      <${StartFrom} set=${set} />
    </div>
    <${Content} state=${state} load=${load} find=${find} own=${own} set=${set} />
  `;
}

export default defineView(PROPS, New);
