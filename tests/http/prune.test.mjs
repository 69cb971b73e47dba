// Room: what is old is removed with its files, and the pages that nothing is in are given back.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, eventually, QUICK, Server, sqlite } from '../harness.mjs';

const LARGE = { ...QUICK, hidden: [128, 128] }; /* its model is a file */
const LONG_AGO = '2020-01-01T00:00:00.000Z';

test('prune removes what is old, keeps what is tagged, and says so before it does', async () => {
  let server = await Server.start();
  try {
    for (const tags of [[], ['keep'], ['other']]) await server.train({ ...LARGE, tags });
    await server.train({ ...LARGE, name: 'young' });
    const prune = (...args) =>
      cli([
        'prune',
        ...args,
        '--db',
        server.database,
        '--data-dir',
        join(server.directory, 'data'),
      ]);
    const served = prune('--older-than', '30d');
    assert.equal(served.status, 1, 'not beside the service');
    assert.match(served.stderr, /in use/);
    await server.kill('SIGTERM');
    sqlite(
      server.database,
      `UPDATE experiments SET finished_at = '${LONG_AGO}' WHERE name <> 'young'`,
    );
    const asked = ['--older-than', '30d', '--keep-tagged', 'keep', '--keep-tagged', 'not there'];
    const dry = prune(...asked, '--dry-run');
    assert.equal(dry.status, 0, dry.stderr);
    assert.match(dry.stdout, /would remove 2 experiments with 2 runs/);
    const models = () => readdirSync(join(server.directory, 'data/models')).length;
    assert.equal(models(), 4);
    const done = prune(...asked);
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /^removed experiment 1 of 2020-01-01, 1 run$/m);
    assert.match(done.stdout, /^removed 2 experiments with 2 runs/m);
    assert.equal(models(), 2);
    server = await server.restart();
    const { items } = await server.get('/experiments');
    assert.deepEqual(items.map(({ id }) => id).sort(), [2, 4]);
    assert.deepEqual((await server.sql('SELECT DISTINCT run_id FROM epochs')).rows, [[2], [4]]);
    assert.ok((await server.model(2)).length > 66_000);
  } finally {
    await server.stop();
  }
  for (const age of ['30', 'd', '-1d', '3 d', '']) {
    const refused = cli(['prune', '--older-than', age]);
    assert.equal(refused.status, 2, age);
  }
});

test('pages are given back after a deletion, in files of older versions too', async () => {
  let server = await Server.start();
  try {
    await server.kill('SIGTERM');
    for (const text of [
      'PRAGMA journal_mode = DELETE',
      'PRAGMA auto_vacuum = NONE; VACUUM',
      'PRAGMA journal_mode = WAL',
    ])
      sqlite(server.database, text);
    assert.deepEqual(sqlite(server.database, 'PRAGMA auto_vacuum'), [{ auto_vacuum: 0 }]);
    server = await server.restart();
    assert.deepEqual(sqlite(server.database, 'PRAGMA auto_vacuum'), [{ auto_vacuum: 2 }]);
    const before = statSync(server.database).size;
    const {
      experiment: { id },
    } = await server.train(
      { ...QUICK, epochs: 5000, hidden: [4, 4, 4, 4], dataset: { name: 'moons', n: 60 } },
      120_000,
    );
    const size = () => statSync(server.database).size;
    await eventually(60_000, 'the rows are in the file', () => size() > before + (2 << 20));
    assert.equal((await server.request('DELETE', `/experiments/${id}`)).status, 204);
    await eventually(60_000, 'the file is small again', () => size() < before + (3 << 19));
    assert.deepEqual(sqlite(server.database, 'PRAGMA integrity_check'), [
      { integrity_check: 'ok' },
    ]);
  } finally {
    await server.stop();
  }
});

test('quotas are kept, and told with their figures', async () => {
  const rows = (n) => `a,kind\n${'1,cat\n2,dog\n'.repeat(n)}`;
  let server = await Server.start({ args: ['--upload-quota', '20k'] });
  const put = (name, n) =>
    server.request('PUT', `/datasets/${name}?label=kind`, rows(n), { 'Content-Type': 'text/csv' });
  try {
    const large = await put('large', 5000);
    assert.equal(large.status, 413, large.text);
    assert.match(large.json.detail, /0\.1 MB.*0\.0 MB \(--upload-quota\)/);
    assert.equal((await put('first', 500)).status, 201);
    const second = await put('second', 1000); /* other content, as large as what is left */
    assert.equal(second.status, 507, second.text);
    assert.match(second.json.detail, /--upload-quota/);
    assert.equal((await server.request('GET', '/datasets/second')).status, 404);
    assert.equal((await server.request('DELETE', '/datasets/first')).status, 204);
    assert.equal((await put('second', 600)).status, 201);
    await server.kill('SIGTERM');
    server = await server.restart({ args: ['--data-quota', '60k'] });
    const { runs } = await server.train(LARGE);
    assert.equal(runs[0].status, 'completed');
    const full = await eventually(10_000, 'it is full', async () => {
      const answer = await server.request('POST', '/experiments', QUICK);
      return answer.status === 507 && answer;
    });
    assert.match(full.json.detail, /holds 0\.1 MB, and its quota is 0\.1 MB \(--data-quota\)/);
    assert.ok((await server.model(runs[0].id)).length > 66_000, 'what was accepted is kept');
    assert.equal((await server.request('DELETE', '/experiments/1')).status, 204);
    await eventually(
      10_000,
      'there is room again',
      async () => (await server.request('POST', '/experiments', QUICK)).status === 201,
    );
  } finally {
    await server.stop();
  }
});
