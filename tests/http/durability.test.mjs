// The ground gives way under a running service: each cause is said, and it recovers by itself when
// the cause goes.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  eventually,
  LONG,
  QUICK,
  removeDirectory,
  sanitizer,
  Server,
  sqlite,
  temporaryDirectory,
  within,
} from '../harness.mjs';

const mounts = new Set();
after(() => {
  for (const place of mounts) unmount(place);
});

function run(command, ...args) {
  return spawnSync(command, args, { encoding: 'utf8' });
}

/** A file system of its own of that size, or undefined where the test may not mount one. */
function mount(size) {
  const place = temporaryDirectory();
  if (run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', place).status === 0) {
    mounts.add(place);
    return place;
  }
  removeDirectory(place);
  return undefined;
}

function unmount(place) {
  run('umount', '-l', place);
  mounts.delete(place);
  removeDirectory(place);
}

/** A file that takes all the room that is left. */
function fill(place) {
  const file = join(place, 'filler');
  writeFileSync(file, '');
  for (const size of [1 << 20, 1 << 16, 4096, 1]) {
    for (let room = true; room;) {
      try {
        appendFileSync(file, Buffer.alloc(size));
      } catch {
        room = false;
      }
    }
  }
  return file;
}

const ready = async (server) => await server.request('GET', '//readyz');

async function untilReady(server) {
  await eventually(
    60_000,
    'ready again by itself',
    async () => (await ready(server)).status === 200,
  );
}

async function untilTroubled(server, reason) {
  const answer = await eventually(60_000, `not ready: ${reason}`, async () => {
    const found = await ready(server);
    return found.status === 503 && reason.test(found.json.detail) && found;
  });
  assert.match(answer.headers.get('content-type'), /problem\+json/);
  assert.equal((await server.request('GET', '//healthz')).status, 200, 'alive all the same');
}

async function isContiguous(server, run_id) {
  const { columns } = await server.get(`/runs/${run_id}/curves`);
  assert.deepEqual(
    columns.epoch,
    columns.epoch.map((_, i) => i),
  );
  return columns.epoch.length;
}

async function untilRunning(server, id) {
  await server.untilExperiment(
    id,
    (experiment) => experiment.runs.running > 0 && experiment.progress > 0,
  );
}

test('a data directory that is moved away: runs wait, and go on when it is back', async () => {
  const server = await Server.start();
  const data = join(server.directory, 'data');
  try {
    const {
      runs: [before],
    } = await server.train(QUICK);
    renameSync(data, `${data}.away`);
    await untilTroubled(server, /data/);
    const {
      id,
      run_ids: [run_id],
    } = await server.submit({ ...QUICK, repeats: 3 });
    await untilTroubled(server, /No such file or directory/);
    assert.equal((await server.get(`/experiments/${id}`)).runs.failed, 0);
    assert.equal(
      existsSync(data),
      false,
      'it may be the place of a disk that is not mounted: nothing is made there',
    );
    renameSync(`${data}.away`, data);
    assert.equal((await server.untilTerminal(id)).runs.completed, 3);
    await untilReady(server);
    assert.ok((await server.model(run_id)).length > 0);
    assert.ok((await server.model(before.id)).length > 0);
  } finally {
    await server.stop();
  }
});

test('a data directory that is replaced by an empty one is used', async () => {
  const server = await Server.start();
  const data = join(server.directory, 'data');
  try {
    rmSync(data, { recursive: true });
    await untilTroubled(server, /data/);
    mkdirSync(data);
    await untilReady(server);
    const {
      experiment,
      runs: [run],
    } = await server.train(QUICK);
    assert.equal(experiment.status, 'completed');
    assert.ok((await server.model(run.id)).length > 0);
    const upload = await server.request(
      'PUT',
      '/datasets/pets?label=kind',
      `a,kind\n${'1,cat\n2,dog\n'.repeat(30)}`,
      { 'Content-Type': 'text/csv' },
    );
    assert.equal(upload.status, 201, upload.text);
  } finally {
    await server.stop();
  }
});

test('a data directory that vanishes: the end of a run is kept until it is written', async () => {
  const server = await Server.start();
  const data = join(server.directory, 'data');
  try {
    const {
      id,
      run_ids: [run_id],
    } = await server.submit(LONG);
    await untilRunning(server, id);
    renameSync(data, `${data}.away`);
    assert.equal((await server.request('POST', `/runs/${run_id}/cancel`)).status, 200);
    await untilTroubled(server, /data/);
    renameSync(`${data}.away`, data);
    assert.equal((await server.untilTerminal(id)).status, 'cancelled');
    await untilReady(server);
    assert.ok((await isContiguous(server, run_id)) > 1);
  } finally {
    await server.stop();
  }
});

/** Another program that holds the write lock until `release()`. */
async function lock(database) {
  const child = spawn('sqlite3', [database], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((done) => {
    child.on('close', done);
  });
  const held = new Promise((done) => {
    child.stdout.on('data', done);
  });
  child.stdin.write('.timeout 20000\nBEGIN IMMEDIATE;\nSELECT 1;\n');
  await within(30_000, 'the lock', held);
  return {
    release: async () => {
      child.stdin.end('COMMIT;\n');
      await ended;
    },
  };
}

test('a database locked by another program: readers go on, writers are told', async () => {
  const server = await Server.start();
  try {
    const {
      id,
      run_ids: [run_id],
    } = await server.submit(LONG);
    await untilRunning(server, id);
    const held = await lock(server.database);
    const refused = await server.request('POST', '/experiments', QUICK);
    assert.equal(refused.status, 503, refused.text);
    assert.match(refused.json.detail, /lock/);
    await untilTroubled(server, /lock/);
    assert.equal((await server.get(`/experiments/${id}`)).status, 'running');
    const before = (await server.get('/experiments')).items.length;
    await held.release();
    await untilReady(server);
    const done = await server.train(QUICK);
    assert.equal(done.experiment.status, 'completed');
    assert.equal(
      (await server.get('/experiments')).items.length,
      before + 1,
      'what was refused is not there',
    );
    assert.equal((await server.request('POST', `/experiments/${id}/cancel`)).status, 200);
    await server.untilTerminal(id);
    assert.ok((await isContiguous(server, run_id)) > 1);
  } finally {
    await server.stop();
  }
});

test('a full disk under the database: said, and made good when there is room again', async (t) => {
  const place = mount('24m');
  if (!place) {
    t.skip('this user may not mount a file system');
    return;
  }
  const server = await Server.start({ directory: place, data_directory: join(place, 'data') });
  try {
    const {
      id,
      run_ids: [run_id],
    } = await server.submit({ ...LONG, hidden: [32] });
    await untilRunning(server, id);
    const filler = fill(place);
    await untilTroubled(server, /full|No space/);
    const { id: first } = await server.get(`/experiments/${id}`);
    assert.equal(first, id, 'readers go on');
    await eventually(60_000, 'a submission is refused', async () => {
      const answer = await server.request('POST', '/experiments', { ...QUICK, name: 'refused' });
      assert.ok([201, 503].includes(answer.status), answer.text);
      return answer.status === 503 && /full|No space/.test(answer.json.detail);
    });
    rmSync(filler);
    await untilReady(server);
    assert.equal((await server.request('POST', `/experiments/${id}/cancel`)).status, 200);
    await server.untilTerminal(id);
    assert.ok((await isContiguous(server, run_id)) > 1);
    assert.equal((await server.train(QUICK)).experiment.status, 'completed');
    assert.deepEqual(sqlite(server.database, 'PRAGMA integrity_check'), [
      { integrity_check: 'ok' },
    ]);
  } finally {
    await server.stop();
    unmount(place);
  }
});

test('a full disk under the models: the run waits with its result for room', async (t) => {
  const place = mount('2m');
  if (!place) {
    t.skip('this user may not mount a file system');
    return;
  }
  const server = await Server.start({ data_directory: join(place, 'data') });
  try {
    const filler = fill(place);
    const {
      id,
      run_ids: [run_id],
    } = await server.submit({ ...QUICK, hidden: [128, 128] }); /* a model that is a file */
    await untilTroubled(server, /No space/);
    assert.ok(['queued', 'running'].includes((await server.get(`/runs/${run_id}`)).status));
    rmSync(filler);
    assert.equal((await server.untilTerminal(id)).status, 'completed');
    await untilReady(server);
    assert.ok((await server.model(run_id)).length > 66_000);
    assert.ok((await isContiguous(server, run_id)) === QUICK.epochs + 1);
  } finally {
    await server.stop();
    unmount(place);
  }
});

test('a run that a full disk keeps from ending is cancelled, and holds up no stop', async (t) => {
  const place = mount('2m');
  if (!place) {
    t.skip('this user may not mount a file system');
    return;
  }
  const server = await Server.start({ data_directory: join(place, 'data') });
  const spec = { ...QUICK, hidden: [128, 128] };
  try {
    fill(place);
    const {
      id: first,
      run_ids: [run_id],
    } = await server.submit(spec);
    await untilTroubled(server, /No space/);
    assert.equal((await server.request('POST', `/runs/${run_id}/cancel`)).status, 200);
    const cancelled = await server.untilRun(run_id, (one) => one.status === 'cancelled');
    assert.equal(
      cancelled.metrics.test_loss,
      undefined,
      'nothing is said of weights that are not there',
    );
    assert.equal((await server.request('DELETE', `/experiments/${first}`)).status, 204);
    const { id } = await server.submit(spec);
    await untilTroubled(server, /No space/);
    assert.equal((await server.request('DELETE', `/experiments/${id}?force=true`)).status, 204);
    assert.equal((await server.request('GET', `/experiments/${id}`)).status, 404);
    await server.submit(spec);
    await untilTroubled(server, /No space/);
  } finally {
    await server.stop(); /* fails where it does not end */
    unmount(place);
  }
});

test('a data directory that becomes read-only: runs wait until it is writable', async (t) => {
  const place = mount('8m');
  if (!place) {
    t.skip('this user may not mount a file system');
    return;
  }
  const server = await Server.start({ data_directory: join(place, 'data') });
  try {
    await server.train(QUICK);
    assert.equal(run('mount', '-o', 'remount,ro', place).status, 0);
    await untilTroubled(server, /Read-only/);
    const { id } = await server.submit(QUICK);
    await untilTroubled(server, /Read-only/);
    assert.equal(run('mount', '-o', 'remount,rw', place).status, 0);
    assert.equal((await server.untilTerminal(id)).status, 'completed');
    await untilReady(server);
  } finally {
    await server.stop();
    unmount(place);
  }
});

test('a database on a read-only disk is refused at the start, in one sentence', async (t) => {
  const place = mount('8m');
  if (!place) {
    t.skip('this user may not mount a file system');
    return;
  }
  const first = await Server.start({ directory: place, data_directory: join(place, 'data') });
  await first.train(QUICK);
  await first.kill('SIGTERM');
  try {
    assert.equal(run('mount', '-o', 'remount,ro', place).status, 0);
    await assert.rejects(
      Server.start({ directory: place, data_directory: join(place, 'data') }),
      /[Rr]ead-only/,
    );
    assert.equal(run('mount', '-o', 'remount,rw', place).status, 0);
    const again = await first.restart({ data_directory: join(place, 'data') });
    assert.equal((await again.get('/experiments')).items.length, 1);
    await again.stop();
  } finally {
    unmount(place);
  }
});

test('a large experiment is gone when DELETE answers, and its rows soon after', async () => {
  const server = await Server.start();
  try {
    const { id, run_ids } = await server.submit({
      ...QUICK,
      epochs: sanitizer ? 200 : 1500,
      hidden: [4, 4],
      dataset: { name: 'moons', n: 100 },
      repeats: 4,
    });
    await server.untilTerminal(id, 120_000);
    const other = await server.train({ ...QUICK, hidden: [128, 128] });
    assert.equal((await server.request('DELETE', `/experiments/${id}`)).status, 204);
    for (const path of [
      `/experiments/${id}`,
      `/experiments/${id}/runs`,
      `/runs/${run_ids[0]}`,
      `/runs/${run_ids[3]}/curves`,
      `/runs/${run_ids[3]}/layers`,
      `/runs/${run_ids[1]}/model`,
    ]) {
      assert.equal((await server.request('GET', path)).status, 404, path);
    }
    assert.deepEqual(
      (await server.get('/runs')).items.map((item) => item.id),
      [other.runs[0].id],
    );
    assert.deepEqual((await server.sql('SELECT count(*) FROM run_results')).rows, [[1]]);
    const models = readdirSync(join(server.directory, 'data/models'));
    assert.equal(
      models.filter((name) => name.includes(`-${other.runs[0].id}-`)).length,
      1,
      models.join(),
    );
    assert.equal(models.length, 1, models.join());
    const counts =
      'SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM epochs), (SELECT ' +
      'count(*) FROM experiments)';
    await eventually(
      60_000,
      'the rows are gone',
      async () => (await server.sql(counts)).rows[0].join() === `1,${QUICK.epochs + 1},1`,
    );
  } finally {
    await server.stop();
  }
});

test('runs join with their data set by name, also a built-in one', async () => {
  const server = await Server.start();
  try {
    await server.train(QUICK);
    const wanted = (await server.get('/datasets')).items.map((item) => item.name).sort();
    await eventually(
      60_000,
      'every built-in set has a row',
      async () =>
        (await server.sql('SELECT name FROM datasets ORDER BY name')).rows.flat().join() ===
        wanted.join(),
    );
    const { rows } = await server.sql(
      'SELECT d.task, d.outputs, d.built_in FROM run_results r JOIN datasets d ON ' +
        'd.name = r.dataset',
    );
    assert.deepEqual(rows, [['classification', 2, 1]]);
    const listed = await server.get('/datasets/moons');
    assert.deepEqual(
      (await server.sql("SELECT sha256, n_train, inputs, bytes FROM datasets WHERE name = 'moons'"))
        .rows,
      [[listed.sha256, listed.n_train, listed.inputs, listed.bytes]],
    );
  } finally {
    await server.stop();
  }
});
