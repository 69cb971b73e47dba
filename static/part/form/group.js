/* group — the settings of one group of the form, those that a search finds, with their objects. */
import { html, useState } from '../../lib/html.js';
import { namesOf, wordsIn } from '../../lib/glossary.js';
import { parent } from '../../lib/spec.js';
import { Icon } from '../basic.js';
import { DatasetInput } from './dataset.js';
import { FieldRow } from './field.js';
import { QuestionInput } from './question.js';
import { RepeatsInput } from './repeats.js';
import { VariantsInput } from './variants.js';

const GROUPS = {
  experiment: ['Experiment', 'What it is called, and how many seeds stand behind each answer.'],
  design: ['Comparison', 'What is compared with what, and what it is to answer.'],
  data: ['Data', 'What is learned, from how many samples.'],
  model: ['Model', 'The net.'],
  regularizers: ['Regularizers', 'What keeps it from learning the training samples by heart.'],
  optimization: ['Optimization', 'How it is trained.'],
  recording: ['Recording', 'What is measured on the way.'],
};
const OPEN = ['experiment', 'design', 'data', 'regularizers'];
/* What of an experiment is about its comparison. */
const DESIGN = [
  'variants',
  'question',
  'repeat_varies',
  'baseline',
  'sweep',
  'sweep_method',
  'trials',
];
export const groupOf = ({ name, group }) => (DESIGN.includes(name) ? 'design' : group);
const FIRST = ['name', 'repeats', 'tags', 'description'];
const VARIES = [
  ['', 'default: as the data set allows'],
  ['seed', 'seed: weights, order and noise'],
  ['data_seed, seed', 'seed and data_seed: its own data and split too'],
  ['data_seed', 'data_seed alone'],
];
export const NOT_SHOWN = ['sweep']; /* the sweep is edited at each field */

/* Whether all words of a search stand in what is said of a field, or in what people call it; its
 * name with or without underscores. */
export function isFound(field, find) {
  const text = wordsIn(
    [
      field.name,
      field.help,
      field.formula ?? '',
      ...Object.values(field.equivalents),
      namesOf(field.words),
    ].join(' '),
  ).join(' ');
  return wordsIn(find).every((word) => text.includes(word));
}

/* What has an input of its own: whether it is set. */
const BLOCKS = {
  variants: ({ variants }) => variants.length > 0,
  question: ({ question: { roles, metric, smallest_effect: least } }) =>
    Object.keys(roles).length > 0 || metric !== '' || least !== '',
};
const isSet = (draft, { name }) =>
  BLOCKS[name]?.(draft) || draft.sweeps[name] || (draft.texts[name] ?? '').trim() !== '';

/* How many of the fields are set; an object that is on counts where none of its members is. */
function countSet(fields, draft) {
  const isBare = ({ name }) =>
    draft.objects[name] && !fields.some((one) => parent(one.name) === name && isSet(draft, one));
  return fields.filter((field) => isSet(draft, field) || isBare(field)).length;
}

/* The matching fields as they are shown: {plain, loose (members whose object does not match),
 * parents}. */
function sortOut(matching, find) {
  const parents = matching.filter((field) => field.type === 'object');
  const isMember = (field) => field.name.includes('.');
  const isUnder = (field) => parents.some((up) => field.name.startsWith(`${up.name}.`));
  const isPlain = (field) =>
    field.type !== 'object' &&
    !NOT_SHOWN.includes(field.name) &&
    !BLOCKS[field.name] &&
    !isMember(field);
  const rank = (field) => FIRST.indexOf(field.name) + 1 || FIRST.length + 1;
  return {
    parents,
    blocks: matching.filter((field) => BLOCKS[field.name]),
    plain: matching.filter(isPlain).sort((a, b) => rank(a) - rank(b)),
    loose: find ? matching.filter((field) => isMember(field) && !isUnder(field)) : [],
  };
}

/* The input of a field that has one of its own, or none. shared: what every input gets. */
function specialInput(shared, { datasets, builtIn, reload, metrics }) {
  if (shared.field.type === 'dataset')
    return html`
      <${DatasetInput} ...${shared} datasets=${datasets} builtIn=${builtIn} reload=${reload} />
    `;
  if (shared.field.name === 'repeats')
    return html`<${RepeatsInput} ...${shared} metrics=${metrics} />`;
  if (shared.field.name === 'repeat_varies') return html`<${VariesInput} ...${shared} />`;
  return undefined;
}

/* What each repeat draws anew. */
function VariesInput({ field, text, error, onText }) {
  const id = `field-${field.name}`;
  const key = text
    .split(/[,\s]+/)
    .filter(Boolean)
    .sort()
    .join(', ');
  const option = ([value, words]) => html`
    <option value=${value} selected=${value === key}>${words}</option>
  `;
  return html`
    <select id=${id} name=${field.name} value=${key} aria-invalid=${error ? 'true' : undefined}
        aria-describedby="${id}-help" onChange=${(event) => onText(event.target.value)}>
      ${VARIES.map(option)}
    </select>
  `;
}

/* A field that has more than an input: variants, or the question. */
function Block({ field, form: { draft, errors, change, metrics, all, asked } }) {
  const shared = { field, error: errors.get(field.name) };
  const onChange = (value) => change.part(field.name, value);
  if (field.name === 'variants')
    return html`
      <${VariantsInput} ...${shared} fields=${all} variants=${draft.variants}
          onChange=${onChange} />
    `;
  return html`
    <${QuestionInput} ...${shared} metrics=${metrics} asked=${asked} question=${draft.question}
        swept=${Object.keys(draft.sweeps)} onChange=${onChange} />
  `;
}

/* form: {draft, errors, change, find, datasets, reload, builtIn, metrics, all (every field),
 * asked (what the service makes of the question, or null)}. */
export function Group({ name, fields, ...form }) {
  const { draft, errors, change, find } = form;
  const [title, help] = GROUPS[name] ?? [name, ''];
  const matching = fields.filter((field) => isFound(field, find));
  const n_set = countSet(fields, draft);
  const isWrong = fields.some((field) => errors.has(field.name));
  const [open, setOpen] = useState(OPEN.includes(name) || n_set > 0);
  if (find && matching.length === 0) return null;
  const { plain, loose, parents, blocks } = sortOut(matching, find);
  const row = (field) => {
    const text = draft.texts[field.name];
    const error = errors.get(field.name);
    const onText = (value) => change.text(field.name, value);
    const input = specialInput({ field, text: text ?? '', error, onText }, form);
    return html`
      <${FieldRow} key=${field.name} field=${field} text=${text} error=${error}
          label=${loose.includes(field) ? field.name : undefined}
          sweep=${draft.sweeps[field.name]} onText=${onText}
          onSweep=${(value) => change.sweep(field.name, value)} input=${input} />
    `;
  };
  const object = (up) => html`
    <${ObjectFields} key=${up.name} up=${up} form=${form} row=${row}
        members=${fields.filter((field) => field.name.startsWith(`${up.name}.`))} />
  `;
  return html`
    <details class="card group" open=${open || !!find || isWrong}
        onToggle=${(event) => setOpen(event.target.open)} id="group-${name}">
      <summary>
        <h2>${title}</h2>
        <span class="soft">${help}</span>
        <span class="grow" />
        ${n_set > 0 && html`<span class="chip on">${n_set} set</span>`}
      </summary>
      ${blocks.map((field) => html`<${Block} key=${field.name} field=${field} form=${form} />`)}
      <div class="fields">${plain.map(row)}${loose.map(row)}</div>
      ${parents.map(object)}
    </details>
  `;
}

/* A parent of dotted fields: a switch where it can be null, and its fields. */
function ObjectFields({ up, members, form: { draft, errors, change }, row }) {
  const { name, nullable, help } = up;
  const isUsed = members.some((field) => isSet(draft, field));
  const on = nullable ? !!draft.objects[name] : isUsed;
  const [open, setOpen] = useState(on);
  const id = `object-${name}`;
  const onOff = html`
    <label class="check">
      <input type="checkbox" id=${id} checked=${on}
          onChange=${(event) => change.object(name, event.target.checked)} />
      ${' '}<code>${name}</code>
    </label>
  `;
  const opener = html`
    <button type="button" class="link" id=${id} aria-expanded=${open ? 'true' : 'false'}
        onClick=${() => setOpen(!open)}>
      <${Icon} name=${open ? 'down' : 'right'} /><code>${name}</code>
    </button>
  `;
  const isShown = nullable ? on : open || isUsed;
  return html`
    <fieldset class="object" data-field=${name}>
      <legend class="visually-hidden">${name}</legend>
      <div class="object-head">
        ${nullable ? onOff : opener}
        <span class="help">${help}</span>
      </div>
      ${errors.has(name) && html`<p class="field-error" role="alert">${errors.get(name)}</p>`}
      ${isShown && html`<div class="fields">${members.map(row)}</div>`}
    </fieldset>
  `;
}
