// Stores of earlier versions, whose files have no digest in their names, and whose rows say nothing
// of them, keep their models.
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { QUICK, Server, sqlite } from '../harness.mjs';

const LARGE = { ...QUICK, hidden: [128, 128] }; /* its model is a file */

/** The store as a program of that age has left it: `age` names a file of an own database's run. */
function makeOlder(server, age, applied_at) {
  const folder = join(server.directory, 'data/models');
  for (const name of readdirSync(folder)) {
    const [own, run] = name.split('-');
    renameSync(join(folder, name), join(folder, age(own, run)));
  }
  sqlite(
    server.database,
    `UPDATE runs SET model_sha256 = NULL, model_bytes = NULL
       WHERE id NOT IN (SELECT run_id FROM models);
     UPDATE schema_migrations SET applied_at = '${applied_at}' WHERE number = 4`,
  );
}

const nameless = (own, run) => `${run}.safetensors`;
const named = (own, run) => `${own}-${run}.safetensors`;
const [PAST, FUTURE] = ['2000-01-01T00:00:00.000Z', '2100-01-01T00:00:00.000Z'];

async function trained() {
  const server = await Server.start();
  const { runs } = await server.train({ ...LARGE, repeats: 2 });
  const ids = runs.map(({ id }) => id);
  const models = [];
  for (const id of ids) models.push(await server.model(id));
  return { server, ids, models };
}

for (const [what, age] of [
  ['before databases had names', nameless],
  ['since they have', named],
]) {
  test(`a store of ${what} keeps its models`, async () => {
    let { server, ids, models } = await trained();
    try {
      await server.kill('SIGTERM');
      makeOlder(server, age, FUTURE);
      server = await server.restart();
      assert.match(server.errors, /took in 2 files/);
      for (const [i, id] of ids.entries())
        assert.ok((await server.model(id)).equals(models[i]), `run ${id}`);
      server = await server.restart({}, 'SIGTERM');
      assert.doesNotMatch(server.errors, /took in/);
      assert.ok((await server.model(ids[1])).equals(models[1]), 'after another start');
    } finally {
      await server.stop();
    }
  });
}

test('files without a name are not taken for runs that are younger', async () => {
  let { server, ids } = await trained();
  try {
    await server.kill('SIGTERM');
    makeOlder(server, nameless, PAST);
    server = await server.restart();
    const answer = await server.request('GET', `/runs/${ids[0]}/model`);
    assert.equal(answer.status, 410, answer.text.slice(0, 200));
    assert.match(answer.json.detail, /lost/);
  } finally {
    await server.stop();
  }
});

test("a file that is none of the run's configuration is left aside, and said", async () => {
  let { server, ids, models } = await trained();
  try {
    const {
      runs: [other],
    } = await server.train({ ...QUICK, hidden: [96, 96] });
    await server.kill('SIGTERM');
    makeOlder(server, nameless, FUTURE);
    const folder = join(server.directory, 'data/models');
    copyFileSync(join(folder, `${ids[0]}.safetensors`), join(folder, `${other.id}.safetensors`));
    server = await server.restart();
    assert.match(server.errors, /left aside: it is none of that run's configuration/);
    assert.equal((await server.request('GET', `/runs/${other.id}/model`)).status, 410);
    assert.ok((await server.model(ids[1])).equals(models[1]));
  } finally {
    await server.stop();
  }
});
