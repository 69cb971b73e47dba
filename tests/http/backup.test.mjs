// A store is backed up while it is in use, made anew from that, and looked through.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { binary, cli, eventually, QUICK, Server, sqlite, within } from '../harness.mjs';

const LARGE = { ...QUICK, hidden: [128, 128] }; /* its model is a file */

const server = await Server.start();
after(() => server.stop());

const inside = (...parts) => join(server.directory, ...parts);
const store = () => ['--db', server.database, '--data-dir', inside('data')];
const identity = () => sqlite(server.database, 'SELECT id FROM identity')[0].id;
const CSV = `a,kind\n${'1,cat\n2,dog\n'.repeat(30)}`;

function checked(...args) {
  const result = cli(args);
  assert.equal(result.status, 0, `${args.join(' ')}: ${result.stdout}${result.stderr}`);
  return result.stdout;
}

function spoil(file) {
  const bytes = readFileSync(file);
  bytes[bytes.length - 2] ^= 1;
  rmSync(file); /* it may be a link */
  writeFileSync(file, bytes);
}

const upload = await server.request('PUT', '/datasets/pets?label=kind', CSV, {
  'Content-Type': 'text/csv',
});
assert.equal(upload.status, 201, upload.text);
const {
  runs: [large],
} = await server.train(LARGE);
const {
  runs: [small],
} = await server.train({ ...QUICK, dataset: 'pets' });
const models = {
  [large.id]: await server.model(large.id),
  [small.id]: await server.model(small.id),
};

/** A run that writes records all the time -> { id, records: so many are there now }. */
async function startWriting() {
  const {
    id,
    run_ids: [run],
  } = await server.submit({ ...QUICK, epochs: 100_000, record_layers: false });
  const records = async () =>
    (await server.sql(`SELECT count(*) FROM epochs WHERE run_id = ${run}`)).rows[0][0];
  await eventually(30_000, 'records', async () => (await records()) > 100);
  return { id, run, records };
}

test('a backup beside a run that writes all the time ends, and is whole', async () => {
  const { id, run, records } = await startWriting();
  const before = await records();
  const backup = spawn(binary, ['backup', inside('kept'), ...store()]);
  let out = '';
  backup.stdout.on('data', (data) => {
    out += data;
  });
  const status = await within(
    60_000,
    'the backup',
    new Promise((done) => {
      backup.on('close', done);
    }),
  );
  assert.equal(status, 0, out);
  assert.match(out, /1 model file, .* 1 data set/);
  assert.ok((await records()) > before, 'they went on');
  const sums = spawnSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: inside('kept') });
  assert.equal(sums.status, 0, String(sums.stdout) + sums.stderr);
  const [{ n, last }] = sqlite(
    inside('kept/regulab.db'),
    `SELECT count(*) AS n, max(epoch) AS last FROM epochs WHERE run_id = ${run}`,
  );
  assert.ok(n > 100, `${n} records`);
  assert.equal(n, last + 1, 'each epoch up to the last');
  const [name] = readdirSync(inside('kept/regulab-data/models'));
  assert.equal(statSync(inside('kept/regulab-data/models', name)).nlink, 2, 'a link, not a copy');
  const again = cli(['backup', inside('kept'), ...store()]);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /not empty/);
  assert.equal((await server.request('DELETE', `/experiments/${id}?force=true`)).status, 204);
});

test('what is restored has every model, goes on, and is another database', async () => {
  const place = inside('again');
  mkdirSync(place);
  const to = ['--db', join(place, 'regulab.db'), '--data-dir', join(place, 'data')];
  checked('restore', inside('kept'), ...to);
  const other = await Server.start({ directory: place });
  try {
    for (const [run, bytes] of Object.entries(models))
      assert.ok((await other.model(run)).equals(bytes), `run ${run}`);
    const pets = await other.get('/datasets/pets');
    assert.equal(pets.n_train, 60);
    assert.deepEqual(pets.columns, upload.json.columns, 'what the file said is kept, too');
    const { items } = await other.get('/experiments');
    assert.equal(items.length, 3, 'the run that trained is there');
    const interrupted = items.find(({ status }) => ['queued', 'running'].includes(status));
    assert.ok(interrupted, JSON.stringify(items));
    const { runs } = await other.train({ ...QUICK, dataset: 'pets', seed: 5 });
    assert.equal(runs[0].status, 'completed');
    assert.equal((await other.request('DELETE', '/experiments/1')).status, 204);
  } finally {
    await other.kill('SIGTERM');
  }
  const [one, another] = [server.database, join(place, 'regulab.db')].map(
    (file) => sqlite(file, 'SELECT id FROM identity')[0].id,
  );
  assert.notEqual(one, another);
  assert.ok((await server.model(large.id)).equals(models[large.id]));
});

test('it is restored into the directory of the original, too', async () => {
  checked('restore', inside('kept'), '--db', inside('beside.db'), '--data-dir', inside('data'));
  checked('check-data', '--db', inside('beside.db'), '--data-dir', inside('data'));
  const refused = cli([
    'restore',
    inside('kept'),
    '--db',
    inside('beside.db'),
    '--data-dir',
    inside('data'),
  ]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /nothing is restored over it/);
  writeFileSync(inside('fresh.db-wal'), 'left over');
  const stale = cli(['restore', inside('kept'), '--db', inside('fresh.db'), ...store().slice(2)]);
  assert.equal(stale.status, 1);
  assert.match(stale.stderr, /fresh\.db-wal is there/);
});

test('check-data finds each damaged thing, a line each, also beside the service', async () => {
  assert.match(checked('check-data', ...store()), /all is well/);
  const [model] = readdirSync(inside('data/models')).filter((one) =>
    one.startsWith(`${identity()}-${large.id}-`),
  );
  const [content] = readdirSync(inside('data/content')).filter((one) => !one.startsWith('.'));
  const file = inside('data/models', model);
  const whole = readFileSync(file);
  spoil(file);
  spoil(inside('data/content', content));
  sqlite(server.database, `UPDATE models SET model = x'00' WHERE run_id = ${small.id}`);
  const damaged = cli(['check-data', ...store()]);
  assert.equal(damaged.status, 1);
  const lines = damaged.stdout.trim().split('\n');
  assert.equal(lines.length, 3, damaged.stdout);
  assert.match(damaged.stdout, new RegExp(`model of run ${small.id}: is not what was stored`));
  assert.match(damaged.stdout, new RegExp(`model of run ${large.id} is damaged`));
  assert.match(damaged.stdout, /data set pets is damaged/);
  rmSync(file);
  assert.match(cli(['check-data', ...store()]).stdout, /is lost/);
  writeFileSync(file, whole);
});

test('a damaged backup is not restored as if it were whole', async () => {
  const place = inside('third');
  mkdirSync(place);
  const to = ['--db', join(place, 'regulab.db'), '--data-dir', join(place, 'data')];
  const [model] = readdirSync(inside('kept/regulab-data/models'));
  spoil(inside('kept/regulab-data/models', model));
  const partly = cli(['restore', inside('kept'), ...to]);
  assert.equal(partly.status, 1, partly.stderr);
  assert.match(partly.stdout, /model of run \d+ is damaged/);
  assert.ok(existsSync(join(place, 'regulab.db')), 'the rest is');
  spoil(inside('kept/regulab.db'));
  const refused = cli(['restore', inside('kept'), '--db', join(place, 'b.db'), ...to.slice(2)]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /regulab\.db is damaged/);
  assert.ok(!existsSync(join(place, 'b.db')));
});
