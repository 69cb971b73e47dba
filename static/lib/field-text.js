/* field-text — values of fields as they are typed into a form, and back. */

export const isNumeric = (field) => ['number', 'integer', 'rates'].includes(field.type);
export const isArray = (field) => field.type === 'integer_array' || field.type === 'string_array';

/* The object that a dotted field is a member of, or null. */
export const parent = (name) => (name.includes('.') ? name.slice(0, name.indexOf('.')) : null);
export const child = (name) => name.slice(name.indexOf('.') + 1);

/* Sets a member of a specification, of the object that it belongs to where it is dotted. */
export function place(spec, name, value) {
  const up = parent(name);
  if (!up) {
    spec[name] = value;
    return;
  }
  spec[up] = { ...(spec[up] ?? {}), [child(name)]: value };
}

/* The text that a value has in the form. */
export function textOf(value) {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length ? value.map(textOf).join(', ') : '[]';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

export const fail = (message) => ({ error: message });

export function parseNumber(text, whole) {
  const value = Number(text.replace(/\u2212/g, '-'));
  if (text.trim() === '' || !Number.isFinite(value))
    return fail(`“${text.trim()}” is not a number`);
  if (whole && !Number.isInteger(value)) return fail(`${text.trim()} is not a whole number`);
  return { value };
}

function parseList(text, one) {
  const values = [];
  for (const word of text
    .replace(/[[\]]/g, '')
    .split(/[,\s]+/)
    .filter(Boolean)) {
    const parsed = one(word);
    if (parsed.error) return parsed;
    values.push(parsed.value);
  }
  return { value: values };
}

const PARSERS = {
  number: (text) => parseNumber(text, false),
  integer: (text) => parseNumber(text, true),
  boolean: (text) =>
    ['true', 'on', 'yes'].includes(text)
      ? { value: true }
      : ['false', 'off', 'no'].includes(text)
        ? { value: false }
        : fail('on or off'),
  enum: (text) => ({ value: text.trim() }),
  string: (text) => ({ value: text }),
  string_array: (text) => ({
    value: text
      .replace(/^\s*\[\s*\]\s*$/, '')
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  }),
  integer_array: (text) => parseList(text, (word) => parseNumber(word, true)),
  rates: (text) => {
    const list = parseList(text, (word) => parseNumber(word, false));
    if (list.error) return list;
    return { value: list.value.length === 1 && !text.includes('[') ? list.value[0] : list.value };
  },
  dataset: (text) => parseObject(text),
  object: (text) => parseObject(text),
  structure: (text) => parseObject(text),
};

function parseObject(text) {
  if (!/^\s*[[{\d]/.test(text)) return { value: text.trim() };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return fail('not valid JSON');
  }
}

/* {value} or {error} of a text typed into a field; undefined for the default. */
export function parseField(field, text) {
  if (text === undefined || text.trim() === '') return undefined;
  return (PARSERS[field.type] ?? parseObject)(text);
}
