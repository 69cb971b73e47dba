/* glossary — every word of the form and the charts, found by what people call it: its sentence, its
 * formula, the lesson that shows it, the setting that changes it. */
import { html, useEffect, useResource, useSettled, useState, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { text } from '../lib/state.js';
import { getAll, getCatalogue } from '../lib/api.js';
import { fitOf, getGlossary, namesOf } from '../lib/glossary.js';
import { metricTitle } from '../lib/format.js';
import { Failure, Icon, Loading } from '../part/basic.js';

const PROPS = { find: text() };

const ofWord = (entry) => ({
  kind: 'word',
  key: `word ${entry.term}`,
  title: entry.term,
  names: [entry.term, ...entry.also],
  ...entry,
});

const ofField = (field) => ({
  kind: 'setting',
  key: `setting ${field.name}`,
  title: field.name,
  names: [field.name, ...Object.values(field.equivalents ?? {}).filter(Boolean)],
  also: [],
  text: field.help,
  formula: field.formula,
  lessons: field.words.flatMap(({ lessons }) => lessons),
  fields: [field.name],
  heard: namesOf(field.words),
});

const ofMetric = (metric) => ({
  kind: 'metric',
  key: `metric ${metric.scope} ${metric.name}`,
  title: metricTitle(metric.name),
  names: [metric.name, metricTitle(metric.name)],
  also: [metric.name],
  text: metric.help,
  lessons: metric.words.flatMap(({ lessons }) => lessons),
  fields: [],
  heard: namesOf(metric.words),
});

/* All that can be found; without a search the words alone. */
function itemsOf({ entries, catalogue }, find) {
  const words = entries.map(ofWord);
  if (!find.trim()) return words.sort((a, b) => a.title.localeCompare(b.title));
  return [...words, ...catalogue.fields.map(ofField), ...catalogue.metrics.map(ofMetric)]
    .map((item) => ({
      ...item,
      fit: fitOf(find, item.names, `${item.text} ${item.heard ?? ''}`),
    }))
    .filter(({ fit }) => fit > 0)
    .sort((a, b) => b.fit - a.fit);
}

const KINDS = { word: '', setting: 'setting', metric: 'metric' };

function Links({ item, titles }) {
  const lessons = [...new Set(item.lessons)].filter((name) => titles.has(name));
  const links = [
    ...lessons.map((name) => [`#/learn/${name}`, `Lesson: ${titles.get(name)}`]),
    ...item.fields.map((name) => [
      `#/new?find=${encodeURIComponent(name)}`,
      `Setting: ${name.replaceAll('_', ' ')}`,
    ]),
    ...(item.link ? [[item.link, 'See it']] : []),
  ];
  return html`
    <p class="word-links">
      ${links.map(([href, words]) => html`<a key=${href} href=${href}>${words}</a>`)}
    </p>
  `;
}

const Item = ({ item, titles }) => html`
  <li class="card word" data-testid=${item.key}>
    <h2>${item.title} <span class="soft small">${KINDS[item.kind]}</span></h2>
    ${item.also.length > 0 && html`<p class="soft small">also: ${item.also.join(', ')}</p>`}
    <p>${item.text}</p>
    ${item.formula && html`<p class="formula">${item.formula}</p>`}
    <${Links} item=${item} titles=${titles} />
  </li>
`;

function Search({ find, set }) {
  const [typed, setTyped] = useState(find);
  const settled = useSettled(typed, 150);
  useEffect(() => {
    if (settled !== find) set({ find: settled });
  }, [settled]);
  useEffect(() => {
    if (find !== settled) setTyped(find);
  }, [find]);
  return html`
    <form role="search" class="filters" onSubmit=${(event) => event.preventDefault()}>
      <label class="search">
        <span class="visually-hidden">Find a word</span>
        <${Icon} name="search" />
        <input id="find-word" type="search" placeholder="What people call it: eval mode, AdamW, …"
            value=${typed} onInput=${(event) => setTyped(event.target.value)} />
      </label>
    </form>
  `;
}

async function load(signal) {
  const [catalogue, entries, lessons] = await Promise.all([
    getCatalogue(),
    getGlossary(),
    getAll('/lessons', {}, signal),
  ]);
  return { catalogue, entries, titles: new Map(lessons.map(({ name, title }) => [name, title])) };
}

function Glossary({ find, set }) {
  useTitle('Glossary');
  const { data, error, reload } = useResource(load, []);
  const items = data ? itemsOf(data, find) : [];
  return html`
    <div class="page-head">
      <div class="head-words">
        <h1>Glossary</h1>
        <p class="soft">Words, settings and metrics, by whatever they are called elsewhere.</p>
      </div>
    </div>
    <${Search} find=${find} set=${set} />
    ${error && html`<${Failure} problem=${error} retry=${reload} />`}
    ${!data && !error && html`<${Loading} what="Loading the words" />`}
    ${data && items.length === 0 && html`<p id="no-word">Nothing is called so.</p>`}
    <ul class="words">
      ${items.map((item) => html`<${Item} key=${item.key} item=${item} titles=${data.titles} />`)}
    </ul>
  `;
}

export default defineView(PROPS, Glossary);
