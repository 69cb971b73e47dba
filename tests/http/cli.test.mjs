// The command line: its help, its faults, and what each command prints and leaves.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  bandImages,
  cli,
  parseSafetensors,
  QUICK,
  readJson,
  removeDirectory,
  Server,
  sqlite,
  temporaryDirectory,
} from '../harness.mjs';

const directory = temporaryDirectory();
after(() => removeDirectory(directory));
const inside = (...path) => join(directory, ...path);
const file = (name, value) => {
  writeFileSync(inside(name), typeof value === 'string' ? value : JSON.stringify(value));
  return inside(name);
};
const run = (args, options = {}) => cli(args, { cwd: directory, ...options });

test('version', () => {
  const { status, stdout } = run(['version']);
  assert.equal(status, 0);
  assert.match(stdout, /\d+\.\d+\.\d+/);
});

test('--help everywhere', () => {
  for (const words of [
    [],
    ['serve'],
    ['run'],
    ['check'],
    ['fields'],
    ['dataset'],
    ['dataset', 'add'],
    ['sql'],
    ['version'],
  ]) {
    const { status, stdout } = run([...words, '--help']);
    assert.equal(status, 0, words.join(' '));
    assert.ok(stdout.length > 60 && /usage/i.test(stdout), `${words.join(' ')}: ${stdout}`);
  }
  const { stdout } = run(['--help']);
  for (const word of ['serve', 'run', 'check', 'fields', 'dataset', 'sql', 'version'])
    assert.match(stdout, new RegExp(`\\b${word}\\b`));
  const serve = run(['serve', '--help']).stdout;
  for (const flag of [
    '--listen',
    '--db',
    '--workers',
    '--data-dir',
    '--static',
    '--token-file',
    '--allow-host',
    '--sql-time-limit-ms',
    '--sql-max-rows',
  ]) {
    assert.ok(serve.includes(flag), flag);
  }
});

test('usage errors are 2 with a word of help on standard error', () => {
  for (const args of [
    [],
    ['sevre'],
    ['run'],
    ['run', '--nonsense', 'x.json'],
    ['serve', '--workers', 'many'],
    ['serve', '--workers', '0'],
    ['serve', '--listen', 'nowhere'],
    ['serve', '--listen', '127.0.0.1:99999'],
    ['serve', '--db'],
    ['dataset'],
    ['dataset', 'add'],
    ['dataset', 'add', 'x'],
    ['sql'],
    ['check'],
    ['version', 'extra'],
    ['run', file('q.json', QUICK), '--threads', '0'],
  ]) {
    const { status, stderr, stdout } = run(args, { timeout_ms: 10_000 });
    assert.equal(status, 2, `${args.join(' ')}: ${status} ${stdout} ${stderr}`);
    assert.ok(stderr.length > 5, args.join(' '));
  }
});

test('check says what a specification is, or everything that is wrong', () => {
  assert.equal(run(['check', file('good.json', QUICK)]).status, 0);
  assert.equal(run(['check', '-'], { input: '{}' }).status, 0);
  const { status, stdout, stderr } = run(['check', file('bad.json', { epochs: 0, droput: 1 })]);
  assert.equal(status, 2);
  assert.match(stdout + stderr, /\/epochs/);
  assert.match(stdout + stderr, /\/droput[\s\S]*dropout/);
  const broken = run(['check', file('broken.json', '{"epochs":\n "dropout" 1}')]);
  assert.equal(broken.status, 2);
  assert.match(broken.stdout, /^not valid JSON at byte \d+ \(line 2, column \d+\): /);
  assert.notEqual(run(['check', inside('missing.json')]).status, 0);
});

test('fields prints the table', () => {
  const { status, stdout } = run(['fields']);
  assert.doesNotMatch(stdout, / \n/, 'no blanks at the end of a line');
  assert.equal(status, 0);
  for (const name of [
    'dataset',
    'dropout',
    'weight_decay',
    'early_stopping.patience',
    'learning_rate',
    'repeats',
  ])
    assert.ok(stdout.includes(name), name);
});

test('run trains and exports exactly the documented files', () => {
  const out = inside('export');
  const spec = {
    dataset: { name: 'moons', n: 300 },
    hidden: [16],
    epochs: 4,
    shuffle: false,
    dropout: 0.5,
    label_noise: 0.1,
  };
  const { status, stderr } = run([
    'run',
    file('spec.json', spec),
    '--quiet',
    '--threads',
    '1',
    '--export',
    out,
  ]);
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(out).sort(), [
    'curves.csv',
    'data.safetensors',
    'final.safetensors',
    'initial.safetensors',
    'result.json',
    'spec.json',
  ]);
  const data = parseSafetensors(readFileSync(join(out, 'data.safetensors')));
  assert.deepEqual(Object.keys(data).sort(), [
    'train_evaluation_index',
    'x_test',
    'x_train',
    'x_val',
    'y_test',
    'y_train',
    'y_val',
  ]);
  assert.equal(data.x_train.dtype, 'F32');
  assert.equal(data.y_train.dtype, 'I64');
  assert.equal(data.train_evaluation_index.dtype, 'I64');
  assert.equal(data.x_train.shape[0], data.y_train.shape[0]);
  assert.equal(data.x_train.shape[1], 2);
  const resolved = readJson(out, 'spec.json');
  assert.equal(resolved.batch_size, 64);
  assert.equal(resolved.early_stopping, null);
  for (const [name, value] of Object.entries(resolved))
    if (name !== 'early_stopping') assert.notEqual(value, null, name);
  const result = readJson(out, 'result.json');
  for (const name of ['train_seconds', 'samples_per_second', 'wall_seconds', 'peak_memory_bytes'])
    assert.ok(name in result, name);
  const lines = readFileSync(join(out, 'curves.csv'), 'utf8').trim().split(/\r?\n/);
  assert.equal(lines.length, 6);
  assert.ok(lines[0].split(',').includes('val_loss'));
  const { 'layers.0.weight': first } = parseSafetensors(
    readFileSync(join(out, 'initial.safetensors')),
  );
  assert.deepEqual(first.shape, [16, 2]);
});

test('the resolved specification gives the same export again', () => {
  const again = inside('export-again');
  const { status, stderr } = run([
    'run',
    inside('export', 'spec.json'),
    '--quiet',
    '--export',
    again,
  ]);
  assert.equal(status, 0, stderr);
  for (const name of [
    'spec.json',
    'data.safetensors',
    'initial.safetensors',
    'final.safetensors',
  ]) {
    assert.ok(readFileSync(inside('export', name)).equals(readFileSync(join(again, name))), name);
  }
});

test('run adds seeds as the service does: a config without a value asks for no more', async () => {
  const spec = {
    dataset: { name: 'moons', n: 100 },
    epochs: 2,
    hidden: [4],
    optimizer: 'sgd',
    sweep: { learning_rate: [0.01, 0.02, 1e20] },
    repeats: { until: { metric: 'val_loss', half_width: 1 }, min: 3, max: 12 },
  };
  const database = inside('until.db');
  const { status, stderr } = run(['run', file('until.json', spec), '--quiet', '--db', database]);
  assert.equal(status, 1, stderr); // some runs diverge
  assert.equal(sqlite(database, 'SELECT count(*) AS n FROM runs')[0].n, 9);
});

test('run says of a sweep what the service says', async () => {
  const spec = { ...QUICK, repeats: 3, sweep: { dropout: [0, 0.5] } };
  const { status, stdout } = run(['run', '-'], { input: JSON.stringify(spec) });
  assert.equal(status, 0);
  const server = await Server.start();
  try {
    const { experiment } = await server.train(spec);
    const { summary } = await server.get(`/experiments/${experiment.id}/comparison`);
    assert.equal(stdout.trim().split('\n').at(-1), summary);
  } finally {
    await server.stop();
  }
  assert.doesNotMatch(
    run(['run', '-'], { input: JSON.stringify(QUICK) }).stdout,
    /has the best mean/,
    'one config: nothing to compare',
  );
});

test('to export several runs is a usage error, a diverging run fails: no half files', () => {
  const several = run([
    'run',
    file('several.json', { ...QUICK, repeats: 2 }),
    '--quiet',
    '--export',
    inside('several'),
  ]);
  assert.equal(several.status, 2, several.stderr);
  assert.throws(() => readdirSync(inside('several')));
  const bad = run([
    'run',
    file('diverge.json', {
      dataset: { name: 'sine' },
      hidden: [8],
      optimizer: 'sgd',
      learning_rate: 1000,
      epochs: 5,
    }),
    '--quiet',
  ]);
  assert.equal(bad.status, 1, bad.stderr);
  assert.match(bad.stderr + bad.stdout, /diverge/i);
  const shown = run(['run', inside('diverge.json'), '--quiet', '--export', inside('diverged')]);
  assert.equal(shown.status, 1, shown.stderr);
  assert.equal(readJson(inside('diverged'), 'result.json').stop_reason, 'diverged');
  assert.ok(
    readFileSync(inside('diverged', 'curves.csv'), 'utf8').split('\n').length > 2,
    'the curve shows where',
  );
  assert.equal(
    JSON.parse(readFileSync(inside('diverged', 'result.json'), 'utf8')).test_loss ?? null,
    null,
  );
  assert.equal(run(['run', file('wrong.json', { epochs: 0 }), '--quiet']).status, 2);
});

test('run reads standard input, keeps results in a database that sql reads', () => {
  const { status, stderr } = run(['run', '-', '--quiet', '--db', inside('kept.db')], {
    input: JSON.stringify({ ...QUICK, repeats: 2 }),
  });
  assert.equal(status, 0, stderr);
  assert.equal(
    sqlite(inside('kept.db'), "SELECT count(*) AS n FROM runs WHERE status = 'completed'")[0].n,
    2,
  );
  const sql = run([
    'sql',
    'SELECT count(*) AS n, min(seed) AS low FROM runs',
    '--db',
    inside('kept.db'),
  ]);
  assert.equal(sql.status, 0, sql.stderr);
  assert.match(sql.stdout, /^\s*n\s+low\s*\n[-\s]*2\s+0\s*\n/);
  const refused = run(['sql', 'DELETE FROM runs', '--db', inside('kept.db')]);
  assert.equal(refused.status, 1, refused.stderr);
  assert.equal(sqlite(inside('kept.db'), 'SELECT count(*) AS n FROM runs')[0].n, 2);
  assert.notEqual(run(['sql', 'SELECT 1', '--db', inside('no-such.db')]).status, 0);
});

test('--quiet is quiet, and without a terminal there is no progress bar', () => {
  const quiet = run(['run', file('quick.json', QUICK), '--quiet']);
  assert.equal(quiet.stderr, '');
  const plain = run(['run', file('quick.json', QUICK)]);
  assert.equal(plain.status, 0);
  assert.doesNotMatch(plain.stdout + plain.stderr, /\r[^\n]|\u001b\[/);
});

test('dataset add registers files for run and serve', async () => {
  const data_dir = inside('data');
  mkdirSync(inside('files'));
  const { images, labels } = bandImages(300);
  writeFileSync(inside('files', 'train-images-idx3-ubyte.gz'), gzipSync(images));
  writeFileSync(inside('files', 'train-labels-idx1-ubyte'), labels);
  const files = ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte'].map((name) =>
    inside('files', name),
  );
  const added = run(['dataset', 'add', 'bands', ...files, '--data-dir', data_dir]);
  assert.equal(added.status, 0, added.stderr);
  const trained = run([
    'run',
    file('bands.json', { dataset: 'bands', hidden: [16], epochs: 3 }),
    '--quiet',
    '--data-dir',
    data_dir,
  ]);
  assert.equal(trained.status, 0, trained.stderr);
  const missing = run(['dataset', 'add', 'other', inside('files', 'none'), '--data-dir', data_dir]);
  assert.equal(missing.status, 1, missing.stderr);
  assert.match(missing.stderr, /none/);
  writeFileSync(inside('files', 'cut'), images.subarray(0, 999));
  const cut = run([
    'dataset',
    'add',
    'cut',
    inside('files', 'cut'),
    files[1],
    '--data-dir',
    data_dir,
  ]);
  assert.equal(cut.status, 1, cut.stderr);
  const server = await Server.start({ data_directory: data_dir });
  try {
    const { items } = await server.get('/datasets');
    assert.ok(items.some((item) => item.name === 'bands'));
    assert.ok(!items.some((item) => item.name === 'cut'));
  } finally {
    await server.stop();
  }
});

const isSentence = ({ stderr }) => assert.match(stderr.trim(), /^[^\n]{20,}\.$/);

/** `serve` that cannot start: it says in one sentence what this looks like. */
function cannotServe(database, what, listen = '127.0.0.1:0') {
  const words = ['serve', '--listen', listen, '--db', database, '--data-dir', inside('d')];
  const { status, stderr } = run(words);
  assert.equal(status, 1, stderr);
  assert.match(stderr, what);
  return stderr;
}

test('serve says in one sentence why it cannot start', async () => {
  const busy = await Server.start();
  try {
    cannotServe(inside('a.db'), /in use|already/i, `127.0.0.1:${busy.port}`);
  } finally {
    await busy.stop();
  }
  writeFileSync(inside('corrupt.db'), Buffer.alloc(8192, 0x5a), { mode: 0o600 });
  sqlite(
    inside('newer.db'),
    'PRAGMA journal_mode=WAL; CREATE TABLE schema_migrations (number INTEGER PRIMARY ' +
      'KEY, name TEXT, applied_at TEXT); INSERT INTO schema_migrations (number, name) ' +
      "VALUES (9999, 'future');",
  );
  chmodSync(inside('newer.db'), 0o600);
  for (const [database, what] of [
    [inside('corrupt.db'), /corrupt\.db/],
    [inside('newer.db'), /newer/],
    ['/nonexistent/x.db', /nonexistent/],
  ])
    isSentence({ stderr: cannotServe(database, what) });
});

test('serve --recipe queues it once, on an empty database', async () => {
  const server = await Server.start({ args: ['--recipe', 'demonstration'] });
  let next = server;
  try {
    const { items } = await server.get('/experiments');
    assert.equal(items.length, 1);
    assert.equal(items[0].n_runs, 15);
    next = await server.restart({ args: ['--recipe', 'demonstration'] }, 'SIGTERM');
    assert.equal((await next.get('/experiments')).items.length, 1);
  } finally {
    await next.stop();
  }
});
