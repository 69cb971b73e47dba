// The files of the database are taken away under a running service: nothing acknowledged is lost.
import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { eventually, QUICK, removeDirectory, Server } from '../harness.mjs';

const GONE = {
  'the log is deleted': (database) => rmSync(`${database}-wal`),
  'its index is deleted': (database) => rmSync(`${database}-shm`),
  'both are deleted': (database) => ['-wal', '-shm'].forEach((s) => rmSync(database + s)),
  'the log is moved away': (database) => renameSync(`${database}-wal`, `${database}-away`),
};

/** Submits until `n` are accepted -> their ids. */
async function submitSome(server, n, name) {
  const ids = [];
  await eventually(60_000, `${n} submissions`, async () => {
    const answer = await server.request('POST', '/experiments', { ...QUICK, name });
    if (answer.status === 201) ids.push(answer.json.id);
    else assert.equal(answer.status, 503, 'a refusal says so');
    return ids.length === n;
  });
  return ids;
}

async function names(server) {
  const { items } = await server.get('/experiments?limit=500');
  return new Map(items.map((item) => [item.id, item.name]));
}

for (const [what, takeAway] of Object.entries(GONE)) {
  test(`${what}: what is acknowledged before and after survives a kill`, async () => {
    const server = await Server.start();
    const before = await submitSome(server, 3, 'before');
    takeAway(server.database);
    const after = await submitSome(server, 5, 'after');
    await eventually(30_000, 'ready again by itself', async () => {
      return (await server.request('GET', '//readyz')).status === 200;
    });
    const seen = await names(server);
    server.child.kill('SIGKILL');
    await server.exited;
    const again = await Server.start({ directory: server.directory });
    try {
      const found = await names(again);
      for (const id of before) assert.equal(found.get(id), 'before');
      for (const id of after) assert.equal(found.get(id), 'after');
      assert.ok(seen.size >= 8 && seen.size <= found.size, 'readers saw all of them, too');
    } finally {
      await again.stop();
      removeDirectory(server.directory);
    }
  });
}

test('a log that vanishes while nobody writes is noticed, and nothing of it is lost', async () => {
  const server = await Server.start();
  const ids = await submitSome(server, 4, 'quiet');
  for (const id of ids) await server.untilTerminal(id);
  rmSync(`${server.database}-wal`);
  await eventually(30_000, 'told on stderr', () => server.errors.includes('write-ahead log'));
  server.child.kill('SIGKILL');
  await server.exited;
  const again = await Server.start({ directory: server.directory });
  try {
    const found = await names(again);
    assert.deepEqual(
      ids.map((id) => found.get(id)),
      ids.map(() => 'quiet'),
    );
  } finally {
    await again.stop();
    removeDirectory(server.directory);
  }
});
