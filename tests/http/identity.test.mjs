// A data directory knows which database it belongs to: copies of that database touch nothing of
// its, whoever is started on them, and in whatever order.
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, QUICK, Server, sqlite } from '../harness.mjs';

const LARGE = { ...QUICK, hidden: [128, 128] }; /* its model is a file */

async function trainLarge(server, seed) {
  const {
    runs: [run],
  } = await server.train({ ...LARGE, seed });
  return run.id;
}

/** A copy of the database in a directory of its own, as it is now: its whole content. */
function copyOf(server, name) {
  const directory = join(server.directory, name);
  mkdirSync(directory);
  const database = join(directory, 'regulab.db');
  sqlite(server.database, `VACUUM INTO '${database}'`);
  chmodSync(database, 0o600);
  return { directory, database };
}

const identity = (database) => sqlite(database, 'SELECT id FROM identity')[0].id;
const dataOf = (server) => join(server.directory, 'data');

test('a copy served on the directory of the original leaves its models as they were', async (t) => {
  let server = await Server.start();
  try {
    const first = await trainLarge(server, 1);
    const copy = copyOf(server, 'copy');
    const second = await trainLarge(server, 2);
    const models = [await server.model(first), await server.model(second)];
    await server.kill('SIGTERM');
    const other = await Server.start({
      directory: copy.directory,
      data_directory: dataOf(server),
    });
    t.after(() => other.kill());
    assert.match(other.errors, /is a copy of the database .*goes on as a database of its own/);
    assert.ok((await other.model(first)).equals(models[0]), 'the copy knows the first model');
    const same = await trainLarge(other, 3);
    assert.equal(same, second, 'the same number as the run that the copy has not seen');
    const others = await other.model(same);
    assert.ok(!others.equals(models[1]));
    assert.equal((await other.request('DELETE', `/experiments/1`)).status, 204);
    await other.kill('SIGTERM');
    server = await server.restart();
    assert.doesNotMatch(server.errors, /is a copy of/);
    assert.ok((await server.model(first)).equals(models[0]), 'deleted by the copy only');
    assert.ok((await server.model(second)).equals(models[1]), 'not overwritten');
    const again = await Server.start({ directory: copy.directory, data_directory: dataOf(server) });
    t.after(() => again.kill());
    assert.doesNotMatch(
      again.errors,
      /is a copy of/,
      'both at once: it is a database of its own by now',
    );
    assert.ok((await again.model(same)).equals(others));
    await again.kill('SIGTERM');
    assert.notEqual(identity(copy.database), identity(server.database));
  } finally {
    await server.stop();
  }
});

test('a copy beside the live original is refused with the process and its database', async () => {
  const server = await Server.start();
  try {
    const run = await trainLarge(server, 1);
    const model = await server.model(run);
    const copy = copyOf(server, 'copy');
    const second = await trainLarge(server, 2);
    const model2 = await server.model(second);
    writeFileSync(join(server.directory, 'spec.json'), JSON.stringify({ ...LARGE, seed: 9 }));
    for (const args of [
      ['run', join(server.directory, 'spec.json'), '--quiet'],
      ['serve', '--listen', '127.0.0.1:0'],
    ]) {
      const refused = cli([...args, '--db', copy.database, '--data-dir', dataOf(server)]);
      assert.equal(refused.status, 1, refused.stdout);
      assert.match(refused.stderr, new RegExp(`in use by process ${server.pid} for .*regulab.db`));
      assert.match(refused.stderr.trim(), /^[^\n]{20,}\.$/, 'one sentence');
    }
    const same = cli([
      'run',
      join(server.directory, 'spec.json'),
      '--quiet',
      '--db',
      server.database,
      '--data-dir',
      dataOf(server),
    ]);
    assert.equal(same.status, 1, same.stdout);
    assert.match(same.stderr, /in use/);
    assert.ok((await server.model(run)).equals(model));
    assert.ok((await server.model(second)).equals(model2));
  } finally {
    await server.stop();
  }
});

test('another database is trained beside a live one, in one directory', async () => {
  const server = await Server.start();
  try {
    const run = await trainLarge(server, 1);
    const model = await server.model(run);
    const spec = join(server.directory, 'spec.json');
    writeFileSync(spec, JSON.stringify({ ...LARGE, seed: 9 }));
    const database = join(server.directory, 'other.db');
    const other = cli(['run', spec, '--quiet', '--db', database, '--data-dir', dataOf(server)]);
    assert.equal(other.status, 0, other.stderr);
    assert.ok((await server.model(run)).equals(model));
    assert.equal(readdirSync(join(dataOf(server), 'databases')).length, 2);
  } finally {
    await server.stop();
  }
});

test('an older content put back in place of the newer one touches nothing of that', async () => {
  let server = await Server.start();
  try {
    const first = await trainLarge(server, 1);
    await server.kill('SIGTERM');
    const [old, newer] = [`${server.database}.old`, `${server.database}.newer`];
    copyFileSync(server.database, old);
    server = await server.restart();
    const second = await trainLarge(server, 2);
    const models = [await server.model(first), await server.model(second)];
    await server.kill('SIGTERM');
    copyFileSync(server.database, newer);
    copyFileSync(old, server.database); /* the same inode */
    server = await server.restart();
    assert.ok((await server.model(first)).equals(models[0]));
    assert.equal(await trainLarge(server, 3), second);
    assert.equal((await server.request('DELETE', `/experiments/1`)).status, 204);
    assert.equal((await server.request('DELETE', `/experiments/2`)).status, 204);
    await server.kill('SIGTERM');
    copyFileSync(newer, server.database);
    server = await server.restart();
    assert.ok((await server.model(first)).equals(models[0]));
    assert.ok((await server.model(second)).equals(models[1]));
  } finally {
    await server.stop();
  }
});

test('a store that is moved, and one that is copied as a whole, goes on as it is', async (t) => {
  let server = await Server.start();
  try {
    const run = await trainLarge(server, 1);
    const model = await server.model(run);
    await server.kill('SIGTERM');
    const before = identity(server.database);
    renameSync(dataOf(server), `${dataOf(server)}.moved`);
    server = await server.restart({ data_directory: `${dataOf(server)}.moved` });
    assert.ok((await server.model(run)).equals(model));
    await server.kill('SIGTERM');
    assert.equal(identity(server.database), before);
    const whole = join(server.directory, 'whole');
    mkdirSync(whole);
    copyFileSync(server.database, join(whole, 'regulab.db'));
    cpSync(`${dataOf(server)}.moved`, join(whole, 'data'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    const copy = await Server.start({ directory: whole });
    t.after(() => copy.kill());
    assert.ok((await copy.model(run)).equals(model));
    await copy.kill('SIGTERM');
    assert.equal(identity(copy.database), before, 'no other database is in that directory');
    assert.equal(readdirSync(join(whole, 'data/models')).length, 1);
    server = await server.restart({ data_directory: `${dataOf(server)}.moved` });
    assert.ok((await server.model(run)).equals(model));
  } finally {
    await server.stop();
  }
});
