// GET /runs/{id}/evaluation: it must agree with what the run itself measured on its test split.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

const sum = (values) => values.reduce((a, b) => a + b, 0);
const near = (actual, expected, what) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${what}: ${actual}, expected ${expected}`);

/* What must hold of any evaluation of a finished run. */
async function check(run) {
  const answer = await server.get(`/runs/${run.id}/evaluation`);
  const { metrics } = await server.get(`/runs/${run.id}`);
  const k = answer.classes.length;
  assert.equal(answer.run, run.id);
  assert.equal(answer.part, 'test');
  assert.equal(answer.task, 'classification');
  assert.equal(answer.confusion.length, k);
  assert.ok(answer.confusion.every((row) => row.length === k));
  assert.equal(sum(answer.confusion.flat()), answer.n);
  const right = sum(answer.confusion.map((row, i) => row[i]));
  near(right / answer.n, metrics.test_accuracy, 'accuracy on the diagonal');
  near(answer.accuracy, metrics.test_accuracy, 'accuracy');
  near(answer.ece, metrics.test_ece, 'ece');
  assert.equal(answer.calibration.length, 15);
  assert.equal(sum(answer.calibration.map((bin) => bin.n)), answer.n);
  near(
    sum(
      answer.calibration.map(({ n, accuracy, confidence }) =>
        n ? (n / answer.n) * Math.abs(accuracy - confidence) : 0,
      ),
    ),
    answer.ece,
    'ece of the bins',
  );
  for (const { low, high, n, confidence, accuracy } of answer.calibration) {
    if (n === 0) {
      assert.equal(confidence, null);
      assert.equal(accuracy, null);
      continue;
    }
    assert.ok(
      confidence >= low - 1e-6 && confidence <= high + 1e-6,
      `${confidence} in ${low} .. ${high}`,
    );
  }
  assert.equal(answer.mistakes.length, Math.min(24, answer.n - right));
  answer.mistakes.forEach((mistake, i) => {
    assert.notEqual(mistake.label, mistake.predicted);
    assert.ok(mistake.index >= 0 && mistake.index < answer.n);
    assert.ok(
      i === 0 || mistake.probability <= answer.mistakes[i - 1].probability,
      'the most confident first',
    );
    assert.ok(answer.confusion[mistake.label][mistake.predicted] > 0);
  });
  return answer;
}

test('of points: the figures are those of the run, mistakes have no picture', async () => {
  const {
    runs: [run],
  } = await server.train({ ...QUICK, dataset: { name: 'moons', n: 2000, noise: 0.4 }, epochs: 5 });
  const { mistakes, classes } = await check(run);
  assert.deepEqual(classes, ['0', '1']);
  assert.ok(mistakes.length > 0);
  assert.ok(mistakes.every((mistake) => mistake.pixels === null));
});

test('of pictures: dropout, classic scaling, normalization, mistakes as 0..255', async () => {
  const { runs } = await server.train({
    dataset: { name: 'glyphs', n: 3000 },
    hidden: [32, 16],
    epochs: 2,
    dropout: 0.3,
    normalization: 'batch',
    label_noise: 0.2,
    sweep: { dropout_scaling: ['inverted', 'classic'] },
  });
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
  const {
    runs: [run],
  } = await server.train(QUICK);
  const first = await server.request('GET', `/runs/${run.id}/evaluation`);
  assert.equal(first.status, 200);
  const again = await server.request('GET', `/runs/${run.id}/evaluation`, undefined, {
    'If-None-Match': first.headers.get('etag'),
  });
  assert.equal(again.status, 304);
  assert.equal((await server.request('HEAD', `/runs/${run.id}/evaluation`)).status, 200);
});

test('of a regression: residuals that agree with the figures of the run', async () => {
  const {
    runs: [run],
  } = await server.train({
    dataset: { name: 'polynomial', dimensions: 3, n: 400, noise: 0.2 },
    hidden: [16],
    epochs: 10,
  });
  const answer = await server.get(`/runs/${run.id}/evaluation`);
  const { metrics } = await server.get(`/runs/${run.id}`);
  assert.deepEqual(
    [answer.run, answer.part, answer.task, answer.n, answer.outputs],
    [run.id, 'test', 'regression', 80, 1],
  );
  near(answer.rmse, metrics.test_rmse, 'rmse');
  near(answer.r2, metrics.test_r2, 'r2');
  const { target, prediction, output } = answer.points;
  assert.deepEqual([target.length, prediction.length, output.length], [80, 80, 80]);
  const residuals = target.map((y, i) => y - prediction[i]);
  near(answer.mae, sum(residuals.map(Math.abs)) / 80, 'mae');
  near(answer.bias, sum(residuals) / 80, 'bias');
  near(Math.sqrt(sum(residuals.map((x) => x * x)) / 80), answer.rmse, 'rmse of the points');
  const sorted = [...residuals].sort((a, b) => a - b);
  assert.deepEqual(
    answer.quantiles.map(({ share }) => share),
    [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1],
  );
  near(answer.quantiles[0].residual, sorted[0], 'least');
  near(answer.quantiles[3].residual, (sorted[39] + sorted[40]) / 2, 'median');
  near(answer.quantiles[6].residual, sorted[79], 'greatest');
  const { low, high, counts } = answer.histogram;
  assert.equal(counts.length, 30);
  assert.equal(sum(counts), 80);
  near(low, sorted[0], 'low');
  near(high, sorted[79], 'high');
  assert.equal(answer.worst.length, 24);
  answer.worst.forEach(({ index, residual, inputs }, i) => {
    near(residual, residuals[index], `residual ${i}`);
    assert.equal(inputs.length, 3);
    assert.ok(
      i === 0 || Math.abs(residual) <= Math.abs(answer.worst[i - 1].residual),
      'the largest first',
    );
  });
  const { outputs } = (
    await server.request('POST', `/runs/${run.id}/predict`, { inputs: [answer.worst[0].inputs] })
  ).json;
  near(outputs[0][0], answer.worst[0].prediction, 'what it predicts there');
});

test('scaled targets: losses are of them, everything else is in the units of the set', async () => {
  const price = (i) => 250_000 + 3000 * (((i * 37) % 100) - 50) + 20_000 * Math.sin(i);
  const rows = Array.from({ length: 200 }, (_, i) => `${(i * 37) % 100},${price(i)}`);
  const put = await server.request(
    'PUT',
    '/datasets/houses?label=price&task=regression',
    `size,price\n${rows.join('\n')}\n`,
    { 'Content-Type': 'text/csv' },
  );
  assert.equal(put.status, 201, put.text);
  const spec = { dataset: 'houses', hidden: [8], epochs: 30, learning_rate: 0.02, dropout: 0.1 };
  const {
    runs: [run],
  } = await server.train({ ...spec, monte_carlo_samples: 3 });
  const { metrics, config } = await server.get(`/runs/${run.id}`);
  assert.equal(config.target_scaling, 'standard');
  const answer = await server.get(`/runs/${run.id}/evaluation`);
  near(answer.rmse / metrics.test_rmse, 1, 'rmse');
  near(answer.r2, metrics.test_r2, 'r2');
  assert.ok(answer.r2 > 0.5, `it learns: ${answer.r2}`);
  const deviation = metrics.test_rmse / Math.sqrt(metrics.test_loss);
  assert.ok(deviation > 50_000 && deviation < 150_000, `of the training targets: ${deviation}`);
  near(metrics.last_val_rmse / Math.sqrt(metrics.last_val_loss) / deviation, 1, 'of validation');
  near(metrics.mc_test_rmse / Math.sqrt(metrics.mc_test_loss) / deviation, 1, 'of sampled masks');
  const known = new Set(rows.map((_, i) => Math.fround(price(i))));
  assert.ok(
    answer.points.target.every((y) => known.has(Math.fround(y))),
    'targets as they came',
  );
  const [worst] = answer.worst;
  near((worst.target - worst.prediction) / worst.residual, 1, 'a residual');
  const predict = async (body) =>
    (await server.request('POST', `/runs/${run.id}/predict`, body)).json;
  const { outputs } = await predict({ inputs: [worst.inputs] });
  near(outputs[0][0] / worst.prediction, 1, 'a prediction');
  const drawn = await predict({ inputs: [worst.inputs], mode: 'train', samples: 9 });
  const values = drawn.samples.map(([[value]]) => value);
  const mean = sum(values) / 9;
  near(drawn.mean[0][0] / mean, 1, 'mean');
  near(drawn.variance[0][0] / (sum(values.map((x) => (x - mean) ** 2)) / 8), 1, 'variance');
});

test('target_scaling is of registered regressions; none is as it was', async () => {
  const plan = async (spec) => {
    const { status, json, text } = await server.request('POST', '/experiments?dry_run=true', spec);
    assert.equal(status, 200, text);
    return json.configs[0];
  };
  const sine = { dataset: 'sine' };
  const ids = new Set();
  for (const scaling of [undefined, 'none', 'standard']) {
    const { config, config_id } = await plan({ ...sine, target_scaling: scaling });
    assert.equal(config.target_scaling, scaling ?? 'none');
    ids.add(config_id);
  }
  assert.equal(ids.size, 2);
  assert.equal((await plan({})).config.target_scaling, undefined);
  assert.equal((await plan({ target_scaling: 'none' })).config_id, (await plan({})).config_id);
  const refused = await server.request('POST', '/experiments', { target_scaling: 'standard' });
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /glyphs is a classification: it has no targets to scale/);
});

test('points of many samples are bounded', async () => {
  const {
    runs: [run],
  } = await server.train({ dataset: { name: 'sine', n: 8000 }, hidden: [8], epochs: 1 });
  const answer = await server.get(`/runs/${run.id}/evaluation`);
  assert.equal(answer.n, 1600);
  assert.equal(answer.points.target.length, 1000);
  assert.equal(sum(answer.histogram.counts), 1600);
});

test('an unfinished run and an unknown one are told apart', async () => {
  const {
    id,
    run_ids: [later],
  } = await server.submit(LONG);
  const early = await server.request('GET', `/runs/${later}/evaluation`);
  assert.equal(early.status, 409);
  assert.match(early.json.detail, /until it has ended/);
  await server.request('DELETE', `/experiments/${id}?force=true`);
  assert.equal((await server.request('GET', '/runs/999999/evaluation')).status, 404);
  const {
    runs: [run],
  } = await server.train(QUICK);
  assert.equal((await server.request('GET', `/runs/${run.id}/evaluation?part=train`)).status, 400);
  assert.equal((await server.request('POST', `/runs/${run.id}/evaluation`)).status, 405);
});

test('with masks on its answers scatter around those in evaluation mode', async () => {
  const spec = {
    dataset: { name: 'glyphs', n: 1500 },
    hidden: [64],
    epochs: 4,
    record_layers: false,
    sweep: { dropout: [0, 0.5] },
  };
  const { experiment } = await server.train(spec);
  const { items } = await server.get(`/experiments/${experiment.id}/runs`);
  for (const { id, values, metrics } of items) {
    const path = `/runs/${id}/evaluation?mode=train&draws=20`;
    const answer = await server.get(path);
    assert.equal(answer.draws.length, 20);
    near(answer.still.loss, metrics.test_loss, 'loss');
    near(answer.still.accuracy, metrics.test_accuracy, 'accuracy');
    assert.equal(answer.still.rmse, null);
    const losses = answer.draws.map(({ loss }) => loss);
    if (values.dropout === 0) {
      assert.ok(losses.every((loss) => Math.abs(loss - answer.still.loss) < 1e-9));
      continue;
    }
    assert.equal(new Set(losses).size, 20);
    assert.ok(Math.min(...losses) > answer.still.loss, 'each mask costs');
    assert.ok(answer.averaged.loss < Math.min(...losses), 'averaging gives some of it back');
    assert.deepEqual(await server.get(path), answer);
  }
  const [{ id }] = items;
  assert.equal((await server.request('GET', `/runs/${id}/evaluation?draws=0`)).status, 400);
  assert.equal((await server.request('GET', `/runs/${id}/evaluation?mode=test`)).status, 400);
});

test('of a regression, too', async () => {
  const spec = { dataset: { name: 'sine', n: 300 }, hidden: [16], epochs: 5, input_dropout: 0.3 };
  const { runs } = await server.train(spec);
  const answer = await server.get(`/runs/${runs[0].id}/evaluation?mode=train&draws=5`);
  near(answer.still.loss, runs[0].metrics.test_loss, 'loss');
  near(answer.still.rmse, runs[0].metrics.test_rmse, 'rmse');
  assert.equal(answer.draws.length, 5);
  assert.equal(answer.draws[0].accuracy, null);
});
