// The files of runs are known by their content: what is damaged, another's or gone is said to be
// so, and nothing else is answered in its place.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LONG, QUICK, sanitizer, Server, sqlite } from '../harness.mjs';

const LARGE = { ...QUICK, hidden: [128, 128] }; /* its model is a file */

let server = await Server.start();
after(() => server.stop());

const models = () => join(server.directory, 'data/models');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The file of a run's model. */
function fileOf(run) {
  const [name] = readdirSync(models()).filter((one) => one.split('-')[1] === String(run));
  assert.ok(name, `run ${run} has a file`);
  return join(models(), name);
}

function flip(file) {
  const bytes = readFileSync(file);
  bytes[bytes.length - 2] ^= 1;
  writeFileSync(file, bytes);
}

/** Everything that is answered from the weights says what has become of them. */
async function refused(run, status, sentence) {
  const answers = [
    await server.request('GET', `/runs/${run}/model?format=safetensors`),
    await server.request('POST', `/runs/${run}/predict`, { inputs: [[0, 0]] }),
  ];
  for (const answer of answers) {
    assert.equal(answer.status, status, answer.text.slice(0, 300));
    assert.match(answer.headers.get('content-type'), /problem\+json/);
    assert.match(answer.json.detail, sentence);
  }
}

async function trainLarge(seed) {
  const {
    runs: [run],
  } = await server.train({ ...LARGE, seed });
  return run.id;
}

test('a run says what its model is, in a file and in a row', async () => {
  const large = await trainLarge(1);
  const {
    runs: [{ id: small }],
  } = await server.train(QUICK);
  for (const run of [large, small]) {
    const bytes = await server.model(run);
    const { rows } = await server.sql(
      'SELECT model_sha256, model_bytes FROM runs WHERE id = :run',
      {
        run,
      },
    );
    assert.deepEqual(rows, [[sha256(bytes), bytes.length]]);
  }
});

test('a damaged model is an error that says so, and not other weights', async () => {
  const run = await trainLarge(2);
  const whole = await server.model(run);
  flip(fileOf(run));
  await refused(run, 500, /model of run \d+ is damaged/);
  writeFileSync(fileOf(run), whole.subarray(0, whole.length - 40));
  await refused(run, 500, /damaged: \d+ bytes/);
  writeFileSync(fileOf(run), whole);
  assert.ok((await server.model(run)).equals(whole), 'it is put back');
});

test("another run's model in its place is not answered", async () => {
  const [mine, other] = [await trainLarge(3), await trainLarge(4)];
  copyFileSync(fileOf(other), fileOf(mine));
  await refused(mine, 500, /damaged/);
});

test('a model that is gone is told as lost', async () => {
  const run = await trainLarge(5);
  const file = fileOf(run);
  renameSync(file, `${file}.away`);
  await refused(run, 410, /model of run \d+ is lost/);
  renameSync(`${file}.away`, file);
  assert.ok((await server.model(run)).length > 66_000);
});

test('a small model that was changed in its row is not answered', async () => {
  const {
    runs: [{ id: run }],
  } = await server.train(QUICK);
  sqlite(
    server.database,
    `UPDATE models SET model = substr(model, 1, length(model) - 1) || x'7f' WHERE run_id = ${run}`,
  );
  await refused(run, 500, /damaged/);
});

async function interrupt(spec) {
  const {
    id,
    run_ids: [run],
  } = await server.submit(spec);
  await server.untilExperiment(id, ({ progress }) => progress > 0.2);
  await server.kill('SIGTERM');
  const folder = join(server.directory, 'data/checkpoints');
  const [name] = readdirSync(folder).filter((one) => one.split('-')[1] === String(run));
  assert.ok(name, 'it has a checkpoint');
  return { id, run, checkpoint: join(folder, name) };
}

test('no run resumes from a damaged or missing checkpoint: it begins again', async () => {
  const few = { dataset: { name: 'glyphs', n: 400 }, epochs: 60 };
  const many = { dataset: { name: 'glyphs', n: 1000 }, epochs: 150 };
  const spec = { ...LONG, ...(sanitizer ? few : many), hidden: [128, 128] };
  const {
    runs: [whole],
  } = await server.train(spec, 120_000);
  for (const [spoil, what] of [
    [flip, 'damaged'],
    [rmSync, 'lost'],
  ]) {
    const { id, run, checkpoint } = await interrupt(spec);
    spoil(checkpoint);
    server = await server.restart();
    await server.untilTerminal(id, 120_000);
    const { provenance, status } = await server.get(`/runs/${run}`);
    assert.equal(status, 'completed');
    assert.match(provenance.note, new RegExp(`checkpoint was ${what}: the run started over`));
    assert.match(server.errors, new RegExp(`run ${run} starts over: .*${what}`));
    assert.ok((await server.model(run)).equals(await server.model(whole.id)), 'the same weights');
    assert.deepEqual(await server.curves(run), await server.curves(whole.id));
  }
});
