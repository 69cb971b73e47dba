/* spec — an experiment's specification as the form holds it, and back: texts typed into fields ⇄
 * JSON.
 *
 * A draft is {texts: {field: string}, sweeps: {field: sweep}, objects: {field: true}, variants,
 * question, rest: {}}. sweep: {kind: "values", text} or {kind: "range", min, max, count, scale}
 * (texts). `objects` are nullable parents that are on; variants and question are as in design.js.
 * `rest` holds what the form has no field for, kept as it is. An empty text means: the default. */

import {
  fail,
  isArray,
  isNumeric,
  parent,
  parseField,
  parseNumber,
  place,
  textOf,
} from './field-text.js';
import { questionDraft, questionOf, variantDrafts, variantsOf } from './design.js';

export { parent };

/* The values of a sweep's text: separated by commas, or by semicolons where a value itself has
 * commas. */
export function parseSweepValues(field, text) {
  const comma =
    !isArray(field) && !(field.type === 'rates' && /[;[]/.test(text)) && field.type !== 'dataset';
  const separator = comma ? /[,\s]+/ : /\s*;\s*/;
  const values = [];
  for (const word of text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean)) {
    const parsed = parseField(field, word);
    if (parsed.error) return parsed;
    values.push(parsed.value);
  }
  return { value: values };
}

export function sweepText(field, values) {
  const separated =
    isArray(field) || values.some((value) => Array.isArray(value) || typeof value === 'object');
  return values.map(textOf).join(separated ? '; ' : ', ');
}

/* {value} or {error} of a sweep; undefined for none. */
export function parseSweep(field, sweep) {
  if (sweep.kind === 'values') {
    const parsed = parseSweepValues(field, sweep.text);
    return parsed.error || parsed.value.length > 0 ? parsed : undefined;
  }
  const out = { scale: sweep.scale };
  for (const key of ['min', 'max', 'count']) {
    if (sweep[key].trim() === '') return undefined;
    const parsed = parseNumber(sweep[key], key === 'count');
    if (parsed.error) return fail(`${key}: ${parsed.error}`);
    out[key] = parsed.value;
  }
  if (out.min >= out.max) return fail('the least value must be below the greatest');
  if (out.scale === 'log' && out.min <= 0) return fail('a logarithmic range starts above 0');
  return { value: { min: out.min, max: out.max, scale: out.scale, count: out.count } };
}

/* The values that a range stands for, to be shown. */
export function rangeValues({ min, max, scale, count }, whole) {
  const n = Math.min(count, 50);
  if (n < 2) return [min];
  const at = (i) =>
    scale === 'log' ? min * (max / min) ** (i / (n - 1)) : min + ((max - min) * i) / (n - 1);
  return Array.from({ length: n }, (_, i) =>
    whole ? Math.round(at(i)) : Number(at(i).toPrecision(6)),
  );
}

export const canSweep = (field) =>
  field.sweepable !== false &&
  field.group !== 'experiment' &&
  field.type !== 'object' &&
  field.type !== 'structure';
export const canRange = (field) => field.takes_range ?? isNumeric(field);

/* Specification → draft. */
export function draftOf(spec, fields) {
  const known = new Map(fields.map((field) => [field.name, field]));
  const { sweep = {}, variants, question, ...plain } = spec;
  const draft = {
    texts: {},
    sweeps: {},
    objects: {},
    variants: variantDrafts(variants, known),
    question: questionDraft(question),
    rest: {},
  };
  for (const [name, value] of Object.entries(plain)) {
    const field = known.get(name);
    if (!field) draft.rest[name] = value;
    else if (field.type === 'object' && value !== null && typeof value === 'object') {
      if (field.nullable) draft.objects[name] = true;
      for (const [key, part] of Object.entries(value)) draft.texts[`${name}.${key}`] = textOf(part);
    } else
      draft.texts[name] =
        field.type === 'rates' && Array.isArray(value) && value.length === 1
          ? `[${value}]`
          : textOf(value);
  }
  for (const [name, values] of Object.entries(sweep)) {
    const field = known.get(name);
    if (!field) {
      draft.rest.sweep = { ...draft.rest.sweep, [name]: values };
      continue;
    }
    if (parent(name) && known.get(parent(name))?.nullable && plain[parent(name)])
      draft.objects[parent(name)] = true;
    draft.sweeps[name] = Array.isArray(values)
      ? { kind: 'values', text: sweepText(field, values) }
      : {
          kind: 'range',
          min: textOf(values.min),
          max: textOf(values.max),
          count: textOf(values.count),
          scale: values.scale ?? 'linear',
        };
  }
  return draft;
}

/* Draft → {spec, errors: Map field → sentence}. A field with an error is left out. */
export function specOf(draft, fields) {
  const spec = { ...draft.rest };
  const errors = new Map();
  delete spec.sweep;
  const sweeps = { ...(draft.rest.sweep ?? {}) };
  for (const field of fields) {
    const { name } = field;
    const up = parent(name);
    const nullable = up && fields.find((one) => one.name === up)?.nullable;
    if (nullable && !draft.objects[up]) continue;
    if (draft.objects[name]) {
      spec[name] ??= {};
      continue;
    }
    if (draft.sweeps[name]) {
      const parsed = parseSweep(field, draft.sweeps[name]);
      if (parsed?.error) errors.set(name, parsed.error);
      else if (parsed) sweeps[name] = parsed.value;
      continue;
    }
    const parsed = parseField(field, draft.texts[name]);
    if (parsed?.error) errors.set(name, parsed.error);
    else if (parsed) place(spec, name, parsed.value);
  }
  const { variants, error } = variantsOf(draft.variants, fields);
  const asked = questionOf(draft.question);
  if (variants.length) spec.variants = variants;
  if (Object.keys(sweeps).length) spec.sweep = sweeps;
  if (Object.keys(asked.question).length) spec.question = asked.question;
  if (error) errors.set('variants', error);
  if (asked.error) errors.set('question', asked.error);
  return { spec, errors };
}

/* The field that a JSON pointer of an error speaks of: "/sweep/dropout/1" → "dropout"; null where
 * there is none. */
export function fieldOfPointer(pointer, fields) {
  const words = (pointer ?? '')
    .split('/')
    .slice(1)
    .map((word) => word.replace(/~1/g, '/').replace(/~0/g, '~'));
  if (words[0] === 'sweep' || words[0] === 'baseline') words.shift();
  const names = new Set(fields.map((field) => field.name));
  const nested = words.slice(0, 2).join('.');
  if (names.has(nested)) return nested;
  return names.has(words[0]) ? words[0] : null;
}
