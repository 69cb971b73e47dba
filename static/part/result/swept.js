/* swept — the settings that differ between the configs of an experiment, and their values. */
import { html } from '../../lib/html.js';
import { sweptNames } from '../../lib/palette.js';
import { Select } from '../control.js';

export const keyOf = (value) => JSON.stringify(value);

/* The different values of a field, in order. */
export function valuesOf(configs, name) {
  const found = new Map(configs.map((config) => [keyOf(config.values[name]), config.values[name]]));
  const values = [...found.values()];
  return values.every((value) => typeof value === 'number') ? values.sort((a, b) => a - b) : values;
}

export const isNumeric = (configs, name) =>
  configs.every((config) => typeof config.values[name] === 'number');

/* The settings with more than one value. */
export const namesOf = ({ configs }) =>
  sweptNames(configs).filter((name) => valuesOf(configs, name).length > 1);

/* A verdict in the words of a chart. */
export const EVIDENCE = {
  no_evidence: 'no evidence of a difference',
  too_few_seeds: 'too few seeds to tell',
  better: 'better than the baseline',
  worse: 'worse than the baseline',
  equivalent: 'as good as the baseline, as far as it matters',
  void: 'different by construction',
  baseline: 'the baseline',
};

export const FieldSelect = ({ names, ...more }) => html`
  <${Select} ...${more} options=${names.map((name) => [name, name])} />
`;
