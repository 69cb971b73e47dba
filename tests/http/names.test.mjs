// What a set says of its columns, and that their names stay: in figures, predictions and scores.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

const sum = (values) => values.reduce((a, b) => a + b, 0);
const near = (actual, expected, what) =>
  assert.ok(
    Math.abs(actual - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, expected ${expected}`,
  );

async function register(name, query, rows) {
  const text = `${rows.map((row) => row.join(',')).join('\n')}\n`;
  const type = { 'Content-Type': 'text/csv' };
  const answer = await server.request('PUT', `/datasets/${name}${query}`, text, type);
  assert.equal(answer.status, 201, answer.text);
}

/* What NumPy would say of the values. */
function figuresOf(values) {
  const mean = sum(values) / values.length;
  const deviation = Math.sqrt(sum(values.map((x) => (x - mean) ** 2)) / values.length);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const counts = Array(20).fill(0);
  for (const x of values) counts[Math.min(19, Math.floor(((x - low) / (high - low)) * 20))]++;
  return { mean, deviation, histogram: { low, high, counts } };
}

function checkFigures(column, values) {
  const expected = figuresOf(values);
  near(column.mean, expected.mean, `mean of ${column.name}`);
  near(column.deviation, expected.deviation, `deviation of ${column.name}`);
  near(column.histogram.low, expected.histogram.low, 'low');
  near(column.histogram.high, expected.histogram.high, 'high');
  assert.deepEqual(column.histogram.counts, expected.histogram.counts, column.name);
}

const flowers = Array.from({ length: 90 }, (_, i) => [
  (i * 37) % 50,
  (((i * 11) % 30) - 20) / 4,
  ['iris', 'rose', 'iris', 'tulip', 'iris', 'iris'][i % 6],
]);

test('a set tells mean, deviation and histogram of each column', async () => {
  await register('flowers', '', [['length', 'width', 'kind'], ...flowers]);
  const set = await server.get('/datasets/flowers');
  const { statistics, statistics_n, parts } = set;
  assert.equal(statistics_n, 90);
  assert.deepEqual(
    statistics.slice(0, 2).map(({ name, kind, missing }) => [name, kind, missing]),
    [
      ['length', 'number', 0],
      ['width', 'number', 0],
    ],
  );
  checkFigures(
    statistics[0],
    flowers.map(([x]) => x),
  );
  checkFigures(
    statistics[1],
    flowers.map(([, x]) => x),
  );
  const preview = await server.get('/datasets/flowers/preview');
  assert.deepEqual(preview.statistics, statistics);
  assert.deepEqual(preview.parts, parts);
});

test('and of every part its size, its classes, and scores without learning', async () => {
  const { parts } = await server.get('/datasets/flowers');
  assert.deepEqual(
    parts.map(({ part, n, drawn, class_counts }) => [part, n, drawn, class_counts]),
    [
      ['train', 54, false, [36, 9, 9]],
      ['validation', 18, true, [12, 3, 3]],
      ['test', 18, true, [12, 3, 3]],
    ],
  );
  const { accuracy, loss, brier } = parts[2].without_learning;
  near(accuracy, 2 / 3, 'accuracy');
  near(loss, -(2 / 3) * Math.log(2 / 3) - (1 / 3) * Math.log(1 / 6), 'loss');
  near(brier, 1 - 4 / 9 - 2 / 36, 'brier');
  const { statistics, parts: ofSine } = await server.get('/datasets/sine');
  const target = statistics.at(-1);
  assert.deepEqual([target.name, target.kind], ['target', 'label']);
  assert.ok(Math.abs(ofSine[0].without_learning.rmse / target.deviation - 1) < 0.2);
  assert.deepEqual(Object.keys(ofSine[0].without_learning), ['rmse']);
  const { metrics } = (await server.train({ dataset: 'sine', hidden: [], epochs: 1 })).runs[0];
  const run = metrics.test_rmse / Math.sqrt(1 - metrics.test_r2);
  near(ofSine[2].without_learning.rmse, run, 'R2 is measured against the same');
});

/* Categories, a number that is missing, and a target far from 0. */
const rooms = Array.from({ length: 80 }, (_, i) => [
  (i * 7) % 31,
  ['Bern', 'Basel', ''][i % 5 > 2 ? 2 : i % 2],
  i % 9 ? (i * 13) % 40 : '',
  1_000_000 + ((i * 7) % 31) * 2 + (i % 2),
]);

test('categories are counted, missing cells told, targets are in their own units', async () => {
  await register('rooms', '?task=regression', [['size', 'city', 'age', 'rent'], ...rooms]);
  const { statistics, parts } = await server.get('/datasets/rooms');
  const [size, city, age, rent] = statistics;
  assert.deepEqual(city, {
    name: 'city',
    kind: 'category',
    missing: 32,
    categories: ['Basel', 'Bern', 'missing'],
    counts: ['Basel', 'Bern', ''].map((name) => rooms.filter((row) => row[1] === name).length),
  });
  const column = (c) => rooms.map((row) => row[c]).filter((x) => x !== '');
  assert.equal(age.missing, 80 - column(2).length);
  checkFigures(size, column(0));
  checkFigures(age, column(2));
  checkFigures(rent, column(3));
  assert.deepEqual([rent.name, rent.kind], ['rent', 'label']);
  assert.ok(Math.abs(parts[0].without_learning.rmse / rent.deviation - 1) < 0.2);
  const preview = await server.get('/datasets/rooms/preview?rows=10');
  assert.deepEqual(
    preview.rows.map((row) => row.at(-1)),
    rooms.slice(0, 10).map(([, , years]) => (years === '' ? null : years)),
  );
  assert.deepEqual(
    preview.targets,
    rooms.slice(0, 10).map((row) => [row[3]]),
  );
});

const predict = async (id, body) => server.request('POST', `/runs/${id}/predict`, body);

test('predictions name classes; rows may be objects by column', async () => {
  const {
    runs: [run],
  } = await server.train({ dataset: 'flowers', hidden: [8], epochs: 20 });
  const rows = flowers.slice(0, 4);
  const plain = (await predict(run.id, { inputs: rows.map((row) => row.slice(0, 2)) })).json;
  assert.deepEqual(plain.class_names, ['iris', 'rose', 'tulip']);
  assert.deepEqual(
    plain.labels,
    plain.classes.map((c) => plain.class_names[c]),
  );
  /* in any order, as texts too, and with the label that a row of the file has */
  const objects = rows.map(([length, width, kind]) => ({ kind, width: `${width}`, length }));
  const named = await predict(run.id, { inputs: objects });
  assert.equal(named.status, 200, named.text);
  assert.deepEqual(named.json, plain);
  for (const [row, pointer, said] of [
    [{ length: 1 }, '/inputs/0', /width is not there: give null/],
    [{ length: 1, width: 'wide' }, '/inputs/0/width', /width must be a number, not \\"wide\\"/],
    [{ length: 1, width: null }, '/inputs/0/width', /width is missing, but no number was/],
    [{ length: 1, width: 2, witdh: 3 }, '/inputs/0/witdh', /did you mean \\"width\\"/],
    [{ length: 1, width: [2] }, '/inputs/0/width', /not an array/],
    [{ length: 1, width: 1e39 }, '/inputs/0/1', /finite single precision/],
  ]) {
    const answer = await predict(run.id, { inputs: [row] });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.text, said);
    assert.ok(
      answer.json.errors.some((one) => one.pointer === pointer),
      answer.text,
    );
  }
  const mixed = await predict(run.id, { inputs: [objects[0], [1, 2]] });
  assert.equal(mixed.status, 400);
});

test('categories and missing values are encoded as the reader of the set does it', async () => {
  const {
    runs: [run],
  } = await server.train({ dataset: 'rooms', hidden: [8], epochs: 60, learning_rate: 0.02 });
  const { points, worst, columns, target_names, r2 } = await server.get(
    `/runs/${run.id}/evaluation`,
  );
  assert.deepEqual(target_names, ['rent']);
  assert.deepEqual(columns, ['size', 'city=Basel', 'city=Bern', 'city=missing', 'age']);
  assert.ok(r2 > 0.5, `${r2}`);
  const known = new Set(rooms.map((row) => row[3]));
  assert.ok(
    points.target.every((y) => known.has(y)),
    'targets as they came',
  );
  for (const { inputs, prediction } of worst.slice(0, 8)) {
    const [size, basel, bern, , age] = inputs;
    const city = basel ? 'Basel' : bern ? 'Bern' : null;
    const { json, text } = await predict(run.id, { inputs: [{ size, city, age }] });
    assert.deepEqual(json?.target_names, ['rent'], text);
    near(json.outputs[0][0], prediction, `size ${size}, city ${city}, age ${age}`);
    const array = (await predict(run.id, { inputs: [inputs] })).json;
    assert.deepEqual(array.outputs, json.outputs);
  }
  const texts = { size: ' 7 ', city: 'N/A', age: '' };
  const nulls = { size: 7, city: null, age: null };
  const both = (await predict(run.id, { inputs: [texts, nulls] })).json.outputs;
  assert.deepEqual(both[0], both[1]);
  const unknown = await predict(run.id, { inputs: [{ ...nulls, city: 'Bonn' }] });
  assert.match(
    unknown.text,
    /city is \\"Bonn\\", which training did not know; it knew Basel, Bern/,
  );
});
