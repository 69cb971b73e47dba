/* field — a row of the field table in words: its range and its default. */
import { value as showValue } from './format.js';

const HUGE = 1e5;

/* The range of a field in words, "" where it says nothing. */
export function rangeWords(field) {
  const { minimum: low, maximum: high } = field;
  const hasLow = low !== undefined && low !== null && low > -HUGE;
  const hasHigh = high !== undefined && high !== null && high < HUGE;
  if (!['number', 'integer', 'rates', 'integer_array'].includes(field.type)) return '';
  const above = field.exclusive_minimum ? 'above ' : '';
  const below = field.exclusive_maximum ? 'below ' : '';
  if (hasLow && hasHigh) return `${above}${showValue(low)} to ${below}${high}`;
  if (hasLow) return field.exclusive_minimum ? `above ${low}` : `${low} or more`;
  return '';
}

/* The default of a field in words, "" where there is none. */
export function defaultWords(field) {
  const { default: value } = field;
  if (value === null || value === undefined)
    return field.type === 'object' ? 'off' : (field.default_text ?? '').replace(/^(null|"")$/, '');
  return typeof value === 'object' && Object.keys(value).length === 0
    ? ''
    : showValue(value).replace(/^\[(.*)\]$/, '$1');
}
