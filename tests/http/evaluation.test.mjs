// GET /runs/{id}/evaluation: it must agree with what the run itself measured on its test split.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

const sum = (values) => values.reduce((a, b) => a + b, 0);
const near = (actual, expected, what) => assert.ok(Math.abs(actual - expected) < 1e-6, `${what}: ${actual}, expected ${expected}`);

/* What must hold of any evaluation of a finished run. */
async function check(run) {
  const answer = await server.get(`/runs/${run.id}/evaluation`);
  const { metrics } = await server.get(`/runs/${run.id}`);
  const k = answer.classes.length;
  assert.equal(answer.run, run.id);
  assert.equal(answer.part, 'test');
  assert.equal(answer.confusion.length, k);
  assert.ok(answer.confusion.every((row) => row.length === k));
  assert.equal(sum(answer.confusion.flat()), answer.n);
  const right = sum(answer.confusion.map((row, i) => row[i]));
  near(right / answer.n, metrics.test_accuracy, 'accuracy on the diagonal');
  near(answer.accuracy, metrics.test_accuracy, 'accuracy');
  near(answer.ece, metrics.test_ece, 'ece');
  assert.equal(answer.calibration.length, 15);
  assert.equal(sum(answer.calibration.map((bin) => bin.n)), answer.n);
  near(sum(answer.calibration.map(({ n, accuracy, confidence }) => (n ? (n / answer.n) * Math.abs(accuracy - confidence) : 0))), answer.ece, 'ece of the bins');
  for (const { low, high, n, confidence, accuracy } of answer.calibration) {
    if (n === 0) { assert.equal(confidence, null); assert.equal(accuracy, null); continue; }
    assert.ok(confidence >= low - 1e-6 && confidence <= high + 1e-6, `${confidence} in ${low} .. ${high}`);
  }
  assert.equal(answer.mistakes.length, Math.min(24, answer.n - right));
  answer.mistakes.forEach((mistake, i) => {
    assert.notEqual(mistake.label, mistake.predicted);
    assert.ok(mistake.index >= 0 && mistake.index < answer.n);
    assert.ok(i === 0 || mistake.probability <= answer.mistakes[i - 1].probability, 'the most confident first');
    assert.ok(answer.confusion[mistake.label][mistake.predicted] > 0);
  });
  return answer;
}

test('of points: the figures are those of the run, mistakes have no picture', async () => {
  const { runs: [run] } = await server.train({ ...QUICK, dataset: { name: 'moons', n: 2000, noise: 0.4 }, epochs: 5 });
  const { mistakes, classes } = await check(run);
  assert.deepEqual(classes, ['0', '1']);
  assert.ok(mistakes.length > 0);
  assert.ok(mistakes.every((mistake) => mistake.pixels === null));
});

test('of pictures: with dropout, classic scaling and normalization, mistakes as 0..255', async () => {
  const { runs } = await server.train({ dataset: { name: 'glyphs', n: 3000 }, hidden: [32, 16], epochs: 2, dropout: 0.3, normalization: 'batch',
    label_noise: 0.2, sweep: { dropout_scaling: ['inverted', 'classic'] } });
  for (const run of runs) {
    const { mistakes } = await check(run);
    assert.ok(mistakes.length > 0);
    for (const { pixels, height, width } of mistakes) {
      assert.deepEqual([height, width], [16, 16]);
      assert.equal(pixels.length, 256);
      assert.equal(Math.min(...pixels), 0);
      assert.equal(Math.max(...pixels), 255);
    }
  }
});

test('the same answer twice, and 304 to who has it', async () => {
  const { runs: [run] } = await server.train(QUICK);
  const first = await server.request('GET', `/runs/${run.id}/evaluation`);
  assert.equal(first.status, 200);
  const again = await server.request('GET', `/runs/${run.id}/evaluation`, undefined, { 'If-None-Match': first.headers.get('etag') });
  assert.equal(again.status, 304);
  assert.equal((await server.request('HEAD', `/runs/${run.id}/evaluation`)).status, 200);
});

test('regression, an unfinished run and an unknown one are told apart', async () => {
  const { runs: [regression] } = await server.train({ dataset: 'sine', hidden: [8], epochs: 2 });
  const refused = await server.request('GET', `/runs/${regression.id}/evaluation`);
  assert.equal(refused.status, 409);
  assert.match(refused.json.detail, /predicts numbers/);
  const { id, run_ids: [later] } = await server.submit(LONG);
  const early = await server.request('GET', `/runs/${later}/evaluation`);
  assert.equal(early.status, 409);
  assert.match(early.json.detail, /until it has ended/);
  await server.request('DELETE', `/experiments/${id}?force=true`);
  assert.equal((await server.request('GET', '/runs/999999/evaluation')).status, 404);
  assert.equal((await server.request('GET', `/runs/${regression.id}/evaluation?part=train`)).status, 400);
  assert.equal((await server.request('POST', `/runs/${regression.id}/evaluation`)).status, 405);
});
