// Files as people have them, over HTTP and on the command line alike: what is said of them, and
// that a table goes from file to verdict.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { cli, multipart, QUICK, Server, top } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const folder = join(server.directory, 'files');
mkdirSync(folder);

/* What both ways answer to the files with these options: { answer } or { refusal }. */
async function overHttp(paths, options) {
  const query = new URLSearchParams({ ...options, dry_run: true });
  const files = paths.map((path) => ({ name: basename(path), data: readFileSync(path) }));
  const { body, type } = multipart(files);
  const sent = { 'Content-Type': type };
  const { status, json } = await server.request('PUT', `/datasets/taken?${query}`, body, sent);
  assert.ok(status < 500, JSON.stringify(json));
  return status === 200 ? { answer: json } : { refusal: json.detail };
}

function onCommandLine(paths, options) {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const data = ['--data-dir', join(server.directory, 'other-data')];
  const words = ['dataset', 'add', 'taken', ...paths, ...flags, ...data, '--dry-run', '--json'];
  const { status, stdout, stderr } = cli(words);
  return status === 0
    ? { answer: JSON.parse(stdout) }
    : { refusal: stderr.replace(/^regulab: (\/\w+: )?/, '').trimEnd() };
}

/* `expected`: texts that the refusal has, or members that the answer has. */
async function check(what, paths, options, expected) {
  const http = await overHttp(paths, options);
  assert.deepEqual(onCommandLine(paths, options), http, what);
  if (Array.isArray(expected)) {
    assert.ok(http.refusal, `${what}: taken, ${JSON.stringify(http.answer)}`);
    for (const part of expected)
      assert.ok(http.refusal.includes(part), `${what}: no ${part} in ${http.refusal}`);
    return;
  }
  assert.ok(http.answer, `${what}: ${http.refusal}`);
  const { kinds, told = '', ...members } = expected;
  for (const [name, value] of Object.entries(members))
    assert.deepEqual(http.answer[name], value, `${what}: ${name}`);
  const found = http.answer.columns?.map(({ kind }) => kind);
  if (kinds) assert.deepEqual(found, kinds.split(' '), what);
  const warnings = (http.answer.warnings ?? []).join('\n');
  assert.ok(told ? warnings.includes(told) : warnings === '', `${what}: ${warnings}`);
}

const pick = ({ columns, warnings }) => ({ columns, warnings });

const leftOvers = () =>
  ['data', 'other-data'].flatMap((name) => readdirSync(join(server.directory, name, 'content')));

const rowsOf =
  (...lines) =>
  (head, n) =>
    [head, ...Array.from({ length: n }, (_, i) => lines[i % lines.length])].join('\n');
const plain = rowsOf('1,2,p', '3,4,q', '5,7,p', '2,9,q');
const NUMBERS = 'number number label';
const OWN = {
  'names, comma': [plain('a,b,y', 20), {}, { label: 'y', separator: ',', kinds: NUMBERS }],
  'semicolons and decimal commas': [
    rowsOf('1,5;0,25;p', '2,75;-3;q')('a;b;y', 20),
    { decimal: ',' },
    { separator: ';', kinds: NUMBERS, n_train: 20 },
  ],
  'a decimal comma unasked': [
    rowsOf('1;0,25;p', '2;3;q')('a;b;y', 20),
    {},
    ['row 2, column b', '"0,25"', 'decimal=,'],
  ],
  tabs: [rowsOf('1\t2\tp', '2\t3\tq')('a\tb\ty', 20), {}, { separator: 'tab', header: true }],
  'a named label': [
    plain('a,b,y', 20),
    { label: 'b', task: 'regression' },
    { label: 'b', inputs: 3 },
  ],
  'texts, booleans, ignored': [
    rowsOf('1,red,true,x,p', '2,blue,false,y,q', '3,,true,x,q', '4,red,false,z,p')('a,c,d,e,y', 40),
    { ignore: 'e', categories: 'a' },
    { kinds: 'category category number ignored label', inputs: 8, told: '10 values are missing' },
  ],
  'an unknown column': [plain('a,b,y', 20), { ignore: 'zip' }, ['no column "zip"']],
  'other tokens': [
    rowsOf('-,2,p', '3,4,q')('a,b,y', 20),
    { missing: '-' },
    { kinds: NUMBERS, told: '10 values are missing (first in row 2)' },
  ],
  'grouped thousands': [
    rowsOf('"1,000",2,p', '3,4,q')('a,b,y', 20),
    { thousands: ',' },
    { kinds: NUMBERS, told: '' },
  ],
  'labels with units': [rowsOf('1,$3', '2,$4.5')('a,y', 20), {}, ['"$3"', 'task=classification']],
  'an index': [
    rowsOf()(',a,y', 1) +
      Array.from({ length: 30 }, (_, i) => `\n${i},${i ** 2},${i % 2}`).join(''),
    {},
    { kinds: 'ignored number label', told: 'counts the rows' },
  ],
};

test('files of every kind are answered alike over HTTP and on the command line', async () => {
  for (const [what, [text, options, expected]] of Object.entries(OWN)) {
    const path = join(folder, 'table.csv');
    writeFileSync(path, text);
    await check(what, [path], options, expected);
  }
  assert.deepEqual(leftOvers(), []);
  assert.equal((await server.request('GET', '/datasets/taken')).status, 404);
});

const intake = resolve(top, '../shared/cases/intake');
const decimal = { decimal: ',' };
const classes = (n, label) => ({ task: 'classification', classes: n, label });
const picture = (height, width, channels) => ({ height, width, channels });
const SHARED = [
  ['decimal-comma.csv', {}, ['row 2', 'column acid', 'decimal=,']],
  ['decimal-comma.csv', decimal, { n_train: 60, inputs: 3, label: 'quality' }],
  ['decimal-comma-no-names.csv', decimal, { separator: ';', header: false, n_train: 60 }],
  ['decimal-comma-no-names.csv', {}, ['decimal=,']],
  ['names-with-commas.csv', {}, { separator: ';', n_train: 60, inputs: 2, label: 'y' }],
  ['decimal-comma-target.csv', {}, ['row 2', 'column price', 'decimal=,']],
  ['decimal-comma-target.csv', decimal, { task: 'regression' }],
  ['thousands-target.csv', {}, ['row 5', 'thousands=,']],
  ['thousands-target.csv', { thousands: ',' }, { task: 'regression' }],
  ['thousands-input.csv', {}, ['row 12', 'column price', 'thousands=,']],
  ['thousands-input.csv', { thousands: ',' }, { inputs: 2 }],
  ['censored-target.csv', {}, ['column mg', 'task=classification']],
  ['censored-target.csv', { task: 'classification' }, { task: 'classification' }],
  ['missing-question-mark.csv', {}, { told: '1 value is missing (first in row 5)' }],
  ['missing-empty.csv', {}, { told: '1 value is missing (first in row 5)' }],
  ['missing-empty.csv', { impute: 'refuse' }, ['row 5', 'column a']],
  ['missing-dash.csv', {}, ['row 5', 'column a', 'missing=-']],
  ['missing-dash.csv', { missing: '-' }, { told: '1 value is missing', inputs: 2 }],
  ['class-none.csv', {}, classes(3, 'disorder')],
  ['class-na.csv', {}, ['row 2', '"NA"', 'missing']],
  ['class-na.csv', { missing: '?' }, classes(3, 'country')],
  ['utf16.csv', {}, { n_train: 20, inputs: 2 }],
  ['sep-line.csv', {}, { separator: ';', n_train: 20, label: 'label' }],
  ['line-break-in-name.csv', {}, { n_train: 20, inputs: 2, classes: 2 }],
  ['line-break-in-label.csv', {}, classes(2, 'class')],
  ['pipe.csv', {}, { separator: '|' }],
  [
    'aligned-by-blanks.data',
    {},
    { separator: 'space', header: false, n_train: 40, inputs: 4, task: 'regression' },
  ],
  ['trailing-comma.csv', {}, { label: 'y', inputs: 2, told: 'is ignored' }],
  ['comment.csv', {}, { n_train: 20, inputs: 2, told: 'row 1 is taken for a comment' }],
  ['booleans.csv', {}, { kinds: NUMBERS }],
  ['adult/train.csv adult/test.csv', {}, ['"<=50K."', '">50K."', 'by a full stop']],
  ['adult/train.csv adult/test-with-first-line.csv', {}, ['row 1 has 1 column, row 2 has 4']],
  ['adult/categories.csv', {}, { label: '4', kinds: 'number category number category label' }],
  ['label-twice.csv', {}, ['columns 1 and 3 are both called y']],
  ['pandas-index.csv', {}, { inputs: 2, classes: 3, told: 'counts the rows' }],
  ['numbers-as-names-text-label.csv', {}, { header: true, n_train: 40, classes: 2 }],
  ['numbers-as-names.csv', { header: 'true' }, { n_train: 40 }],
  ['years-as-names.csv', {}, { header: true, n_train: 40, classes: 2 }],
  ['stones.csv', {}, { label: 'y', task: 'regression' }],
  ['timestamps.csv', {}, { inputs: 1, told: 'Column time' }],
  ['labels-beyond-2-53.csv', {}, classes(4, 'id')],
  ['labels-of-16-digits.csv', {}, classes(4, 'id')],
  ...[
    ['npy-onehot', { classes: 2 }],
    ['npy-onehot-bytes', { classes: 2 }],
    ['npy-text-labels', { classes: 2 }],
    ['npy-far-from-zero', { inputs: 2, classes: 2, told: 'Column 0 (from 0)' }],
  ].map(([name, expected]) => [`${name}/x_train.npy ${name}/y_train.npy`, {}, expected]),
  ['arr.npz', {}, { inputs: 3, classes: 2 }],
  ['data-target.npz', {}, { inputs: 3, classes: 2 }],
  ['images-labels.npz', {}, { image: picture(4, 5, 3) }],
  [
    'train-images.npz',
    {},
    { image: picture(4, 5, 3), n_train: 12, n_validation: 12, n_test: 12, classes: 2 },
  ],
  ['class-only-in-test.npz', {}, ['class 3', 'test part', 'not in training']],
  ...[
    ['images-idx3-ubyte labels-idx1-ubyte', { image: picture(4, 4, 1), n_train: 20, classes: 3 }],
    ['images-float labels-idx1-ubyte', { image: picture(4, 4, 1), classes: 3 }],
    ['images-int labels-idx1-ubyte', { image: picture(4, 4, 1), classes: 3 }],
    ['images-color-idx4 labels-idx1-ubyte', { image: picture(4, 4, 3), classes: 3 }],
    ['images-vectors-idx2 labels-idx1-ubyte', { image: null, inputs: 16 }],
    ['images-idx3-ubyte labels-int', { classes: 3 }],
    ['images-little-endian labels-idx1-ubyte', ['images-little-endian', 'byte order', 'reversed']],
    ['images-twice.gz labels-idx1-ubyte', ['images-twice.gz', 'packed twice']],
    ['images-idx3-ubyte labels-twice.gz', ['labels-twice.gz', 'packed twice']],
  ].map(([names, expected]) => [names.replace(/(\S+)/g, 'idx/$1'), {}, expected]),
];
const skip = existsSync(intake) ? false : '../shared/cases/intake is not there';

test('the shared files do what their table says', { skip }, async () => {
  for (const [names, options, expected] of SHARED) {
    const paths = names.split(' ').map((name) => join(intake, name));
    await check(`${names} ${JSON.stringify(options)}`, paths, options, expected);
  }
  assert.deepEqual(leftOvers(), []);
});

const noise = (i, k) => ((i * 7919 + k * 104_729) % 1000) / 1000;
const table = (head, n, rowOf) =>
  `${[head, ...Array.from({ length: n }, (_, i) => rowOf(i))].join('\n')}\n`;
/* In the shape of tables that everybody begins with. */
const KNOWN = {
  adult: table('', 240, (i) => {
    const age = 20 + (i % 40);
    const work = ['Private', 'State-gov', '?', 'Never-worked'][i % 4];
    return [age, work, 9 + (i % 5), (i % 3) * 20, age + (i % 5) > 41 ? '>50K' : '<=50K'].join(', ');
  }).trimStart(),
  titanic: table('PassengerId,Survived,Pclass,Name,Sex,Age,Fare,Embarked', 240, (i) => {
    const sex = i % 3 ? 'male' : 'female';
    const age = i % 7 ? 1 + (i % 60) : '';
    const name = `"Somebody, Mr. ${i}"`;
    const survived = noise(i, 1) < (i % 3 ? 0.2 : 0.8) ? 1 : 0;
    return [i + 1, survived, 1 + (i % 3), name, sex, age, noise(i, 2), 'SCQ'[i % 3]].join();
  }),
  wine: table('"fixed acidity";"pH";"alcohol";"quality"', 240, (i) => {
    const alcohol = 9 + noise(i, 3) * 4;
    return (
      [6 + noise(i, 1), 3 + noise(i, 2) / 2, alcohol].map((x) => x.toFixed(2)).join(';') +
      `;${Math.round(alcohol / 2)}`
    );
  }),
  housing: table('longitude,rooms,income,ocean_proximity,median_house_value', 240, (i) => {
    const value = 100_000 + 50_000 * noise(i, 2) + (i % 2) * 40_000 + noise(i, 4) * 1000;
    const place = i % 2 ? 'NEAR BAY' : 'INLAND';
    const rooms = i % 9 ? i % 6 : '';
    return [(-122 + noise(i, 1)).toFixed(2), rooms, noise(i, 2), place, value.toFixed(1)].join();
  }),
};
const OPTIONS = {
  titanic: { label: 'Survived', ignore: 'PassengerId,Name', categories: 'Pclass' },
};

for (const [name, text] of Object.entries(KNOWN))
  test(`a table like ${name} goes from file to verdict`, async () => {
    const query = new URLSearchParams(OPTIONS[name]);
    const put = await server.request('PUT', `/datasets/${name}?${query}`, text, {
      'Content-Type': 'text/csv',
    });
    assert.equal(put.status, 201, put.text);
    const { columns, warnings } = await server.get(`/datasets/${name}`);
    assert.deepEqual({ columns, warnings }, pick(put.json));
    const { experiment } = await server.train({
      ...QUICK,
      dataset: name,
      hidden: [8],
      epochs: 5,
      repeats: 3,
      sweep: { weight_decay: [0, 0.1] },
    });
    const { arms } = await server.get(`/experiments/${experiment.id}/comparison`);
    assert.equal(arms.length, 2);
    assert.ok(
      arms.some(({ verdict }) => verdict),
      name,
    );
    for (const { mean } of arms) assert.ok(Number.isFinite(mean), name);
  });
