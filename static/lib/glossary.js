/* glossary — what words mean, in the words that people use: glossary.json, and of each setting and
 * metric the words that are about it. */

let glossary = null;

/* [{term, also, text, formula, fields, metrics, lessons, link}], fetched once; without it, none. */
export function getGlossary() {
  glossary ??= fetch('/glossary.json')
    .then((response) => (response.ok ? response.json() : []))
    .catch(() => []);
  return glossary;
}

const about = (entries, key, name) => entries.filter((entry) => entry[key].includes(name));

/* Gives every setting and metric its `words`: the entries that are about it. */
export function nameRows({ items, metrics }, entries) {
  for (const row of items) row.words = about(entries, 'fields', row.name);
  for (const row of metrics) row.words = about(entries, 'metrics', row.name);
}

export const wordsIn = (text) =>
  text.toLowerCase().replace(/[_.]/g, ' ').split(/\s+/).filter(Boolean);

/* What people call it, as one text to search in. */
export const namesOf = (words = []) => words.flatMap(({ term, also }) => [term, ...also]).join(' ');

/* How well an entry fits: 0 not at all, 1 somewhere, 2 in one of its names, 3 it is called so. */
export function fitOf(find, names, text) {
  const wanted = wordsIn(find);
  const said = names.map((name) => wordsIn(name).join(' '));
  if (said.includes(wanted.join(' '))) return 3;
  if (said.some((name) => wanted.every((word) => name.includes(word)))) return 2;
  const all = wordsIn(`${names.join(' ')} ${text}`).join(' ');
  return wanted.every((word) => all.includes(word)) ? 1 : 0;
}
