/* dataset — the choice of a data set, with the options of a built-in one. The field's text is a
 * name or the JSON of {"name", options}. */
import { html, useState } from '../../lib/html.js';
import { count } from '../../lib/format.js';
import { OptionInputs, PreviewParts, optionFaults, usePreview } from '../preview.js';
import { Upload } from './upload.js';

const PREVIEW_ROWS = 200;
const PICTURES = 20;

/* {name, options} of the field's text. */
function read(text) {
  if (!text.trim().startsWith('{')) return { name: text.trim(), options: {} };
  try {
    const { name = '', ...options } = JSON.parse(text);
    return { name, options };
  } catch {
    return { name: text, options: {} };
  }
}

const defaultName = (field) => field.default ?? (field.default_text ?? '').replace(/"/g, '');
const write = (name, options) =>
  Object.keys(options).length ? JSON.stringify({ name: name || undefined, ...options }) : name;

const ID = 'field-dataset';

/* What a data set is, in words. */
const Words = ({ set, known }) => html`
  <p class="soft small">
    ${[set.task, known?.help ?? count(set.n_train, 'training sample')].filter(Boolean).join(' · ')}
  </p>
`;

function SetSelect({ field, name, error, datasets, builtIn, onText }) {
  const groups = [
    ['Built in', builtIn],
    ['Registered', datasets.filter((one) => !one.built_in)],
  ].filter(([, sets]) => sets.length);
  const isListed = groups.some(([, sets]) => sets.some((one) => one.name === name));
  const option = (one) => html`
    <option value=${one.name} selected=${one.name === name}>${one.name}</option>
  `;
  return html`
    <select id=${ID} name="dataset" value=${name} aria-invalid=${error ? 'true' : undefined}
        aria-describedby="${ID}-help" onChange=${(event) => onText(event.target.value)}>
      <option value="" selected=${name === ''}>default: ${defaultName(field)}</option>
      ${name !== '' && !isListed && html`<option value=${name} selected>${name}</option>`}
      ${groups.map(
        ([words, sets]) => html`<optgroup label=${words}>${sets.map(option)}</optgroup>`,
      )}
    </select>
  `;
}

/* datasets: all sets, empty until they are loaded, which reload() does again; builtIn: what /fields
 * says of the built-in ones, with their options and defaults. */
export function DatasetInput({ reload, ...shared }) {
  const { field, text, onText, datasets, builtIn } = shared;
  const [brought, setBrought] = useState('');
  const { name, options } = read(text);
  const chosen = datasets.find((one) => one.name === (name || defaultName(field)));
  const known = builtIn.find((one) => one.name === chosen?.name);
  const option = (key, typed) => {
    const next = { ...options };
    const parsed = Number(typed);
    if (typed.trim() === '') delete next[key];
    else next[key] = Number.isFinite(parsed) ? parsed : typed;
    onText(write(name || defaultName(field), next));
  };
  const take = async (own) => {
    await reload();
    setBrought(own);
    onText(own);
  };
  const look = () => html`
    <${Look} key=${chosen.name} name=${chosen.name} options=${known ? options : {}}
        opened=${chosen.name === brought} />
  `;
  const inputs = html`
    <${OptionInputs} id="dataset-option" known=${known} values=${options} onChange=${option} />
  `;
  return html`
    <${SetSelect} ...${shared} name=${name} />
    ${chosen && html`<${Words} set=${chosen} known=${known} />`}
    ${known && inputs}
    ${chosen && look()}
    <details class="look" id="dataset-upload">
      <summary>Bring your own</summary>
      <${Upload} done=${take} />
    </details>
  `;
}

/* The preview of the chosen set with the options as they are, made when it is opened, as it is from
 * the start where the set has just come. */
function Look({ name, options, opened }) {
  const [open, setOpen] = useState(opened);
  return html`
    <details class="look" id="dataset-look" open=${open}
        onToggle=${(event) => setOpen(event.target.open)}>
      <summary>Look at it</summary>
      ${open && html`<${Looking} name=${name} options=${options} />`}
    </details>
  `;
}

function Looking({ name, options }) {
  const resource = usePreview(name, options, { rows: PREVIEW_ROWS, images: PICTURES });
  const faults = [...optionFaults(resource.error).values()];
  return html`
    <${PreviewParts} id="look" resource=${resource} small />
    ${faults.length > 0 && html`<p class="field-error" role="alert">${faults.join(' ')}</p>`}
  `;
}
