/* design — what a specification compares and asks, as the form holds it, and back.
 *
 * Variants are [{label, values: [{name, text}], rest}]: the fields that each sets, as texts. A
 * question is {roles: {field: "treatment" | "tune" | "context"}, metric, smallest_effect, rest},
 * where the metric and the effect are texts. `rest` holds what the form has no input for. */
import { parent, parseField, parseNumber, place, textOf } from './field-text.js';

/* [role, what it means for a field]. */
export const ROLES = [
  ['treatment', 'asked about'],
  ['tune', 'tuned by each arm'],
  ['context', 'asked within'],
];
const isRole = (key) => ROLES.some(([role]) => role === key);

const isObject = (value) =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !('name' in value);

/* [field, value] of all that a variant sets: the members of an object one by one. */
function settingsOf(variant) {
  return Object.entries(variant).flatMap(([name, value]) =>
    isObject(value) && Object.keys(value).length > 0
      ? Object.entries(value).map(([key, part]) => [`${name}.${key}`, part])
      : [[name, value]],
  );
}

/* known: Map field → its row. */
export function variantDrafts(variants, known) {
  if (!Array.isArray(variants)) return [];
  return variants.map((variant) => {
    const draft = { label: '', values: [], rest: {} };
    const { label, ...others } = variant ?? {};
    if (typeof label === 'string') draft.label = label;
    else if (label !== undefined) draft.rest.label = label;
    for (const [name, value] of settingsOf(others)) {
      if (known.has(name) && value !== null) draft.values.push({ name, text: textOf(value) });
      else place(draft.rest, name, value);
    }
    return draft;
  });
}

/* Drafts → {variants, error}: a value that cannot be read is left out and told. A setting without a
 * value is at its default. */
export function variantsOf(drafts, fields) {
  const faults = [];
  const variants = drafts.map(({ label, values, rest }, i) => {
    const variant = { ...(label.trim() ? { label: label.trim() } : {}), ...rest };
    for (const { name, text } of values) {
      const field = fields.find((one) => one.name === name);
      const parsed = parseField(field, text);
      if (parsed?.error) faults.push(`variant ${i + 1}, ${name}: ${parsed.error}`);
      else if (parsed) place(variant, name, parsed.value);
    }
    return variant;
  });
  return { variants, error: faults.join('; ') };
}

export function questionDraft(question) {
  const draft = { roles: {}, metric: '', smallest_effect: '', rest: {} };
  for (const [key, value] of Object.entries(question ?? {})) {
    if (isRole(key) && Array.isArray(value)) for (const name of value) draft.roles[name] = key;
    else if (key === 'metric' || key === 'smallest_effect') draft[key] = textOf(value);
    else draft.rest[key] = value;
  }
  return draft;
}

/* A draft → {question, error}. */
export function questionOf({ roles, metric, smallest_effect: least, rest }) {
  const question = { ...rest };
  for (const [role] of ROLES) {
    const names = Object.keys(roles).filter((name) => roles[name] === role);
    if (names.length) question[role] = names;
  }
  if (metric.trim()) question.metric = metric.trim();
  if (!least.trim()) return { question };
  const parsed = parseNumber(least, false);
  if (parsed.error) return { question, error: `smallest_effect: ${parsed.error}` };
  return { question: { ...question, smallest_effect: parsed.value } };
}

/* What is asked, as the service understands it, in parts of a sentence. */
export const questionWords = ({ treatment, tune, context }) =>
  [
    treatment.length > 0 && `asks about ${treatment.join(', ')}`,
    tune.length > 0 && `each arm tunes ${tune.join(', ')} for itself in every repeat`,
    context.length > 0 && `within each ${context.join(', ')}`,
  ].filter(Boolean);

/* The fields that variants name, and whether a field is one of theirs, itself or its object. */
export const variedFields = (variants) =>
  new Set((variants ?? []).flatMap((variant) => Object.keys(variant)).filter(isNoLabel));
const isNoLabel = (name) => name !== 'label';
export const isVaried = (name, varied) => varied.has(name) || varied.has(parent(name));
