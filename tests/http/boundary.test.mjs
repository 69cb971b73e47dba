// GET /runs/{id}/boundary: the decision boundary as it forms, from weights that nobody kept.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

const MOONS = {
  dataset: { name: 'moons', n: 300, noise: 0.25 },
  hidden: [16],
  epochs: 12,
  batch_size: 32,
};
const at = ({ low, high }, i, size) => low + ((i + 0.5) * (high - low)) / size;

/* What the run's own model answers at the centres of the cells. */
async function asked(run, { inputs: [x, y], size }) {
  const inputs = [];
  for (let j = 0; j < size; j++)
    for (let i = 0; i < size; i++) inputs.push([at(x, i, size), at(y, j, size)]);
  const answer = await server.request('POST', `/runs/${run}/predict`, { inputs, mode: 'eval' });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

async function agrees(run, epoch) {
  const answer = await server.get(`/runs/${run}/boundary?epochs=${epoch}&size=24`);
  const { outputs, classes } = await asked(run, answer);
  const [grid] = answer.grids;
  assert.equal(grid.epoch, epoch);
  assert.equal(grid.class.length, 24 * 24);
  outputs.forEach((row, cell) => {
    const most = Math.max(...row);
    if (row.filter((p) => most - p < 1e-4).length === 1)
      assert.equal(grid.class[cell], classes[cell], `cell ${cell}`);
    assert.ok(
      Math.abs(grid.probability[cell] - most) < 1e-4,
      `cell ${cell}: ${grid.probability[cell]}, expected ${most}`,
    );
  });
}

test('the last epoch is what the model predicts, whatever regularizes it', async () => {
  const specs = [
    { dropout: 0.4, normalization: 'batch', input_noise: 0.1 },
    { optimizer: 'sgd', weight_decay: 0.01, mixup: 0.2, label_noise: 0.1, scaling: 'minmax' },
    { dropout: 0.3, dropout_kind: 'dropconnect', dropout_scaling: 'classic', evaluate_every: 5 },
    { weight_average: 0.9, learning_rate_schedule: 'one_cycle' },
  ];
  for (const spec of specs) {
    const {
      runs: [run],
    } = await server.train({ ...MOONS, ...spec });
    assert.equal(run.status, 'completed');
    await agrees(run.id, 12);
  }
});

test('with early stopping, the epoch whose weights were restored is', async () => {
  const {
    runs: [run],
  } = await server.train({
    ...MOONS,
    epochs: 200,
    learning_rate: 0.03,
    early_stopping: { patience: 3 },
  });
  assert.equal(run.stop_reason, 'early_stopped');
  await agrees(run.id, run.metrics.selected_epoch);
  const beyond = await server.request('GET', `/runs/${run.id}/boundary?epochs=${run.epoch + 1}`);
  assert.equal(beyond.status, 400);
  assert.match(beyond.json.detail, new RegExp(`recorded 0 to ${run.epoch}\\.`));
});

test('epochs in one pass are those one by one; the same again, or 304', async () => {
  const {
    runs: [run],
  } = await server.train({ ...MOONS, dropout: 0.2 });
  const path = `/runs/${run.id}/boundary?size=16&epochs=`;
  const first = await server.request('GET', `${path}0,3,7,12`);
  assert.equal(first.status, 200);
  for (const grid of first.json.grids) {
    const alone = await server.get(path + grid.epoch);
    assert.deepEqual(alone.grids, [grid]);
  }
  const again = await server.request('GET', `${path}0,3,7,12`);
  assert.deepEqual(again.bytes, first.bytes);
  assert.equal(again.headers.get('etag'), first.headers.get('etag'));
  const known = await server.request('GET', `${path}0,3,7,12`, undefined, {
    'If-None-Match': first.headers.get('etag'),
  });
  assert.equal(known.status, 304);
  const other = await server.request('GET', `${path}0,3,7`, undefined, {
    'If-None-Match': first.headers.get('etag'),
  });
  assert.equal(other.status, 200);
  assert.equal((await server.request('HEAD', `${path}0`)).status, 200);
  assert.notDeepEqual(first.json.grids[0].class, first.json.grids[3].class, 'it forms');
});

test('without parameters: 48 by 48 at epochs that grow, and the samples of training', async () => {
  const {
    runs: [run],
  } = await server.train({ ...MOONS, epochs: 23, label_noise: 0.3 });
  const answer = await server.get(`/runs/${run.id}/boundary`);
  assert.deepEqual([answer.run, answer.task, answer.size], [run.id, 'classification', 48]);
  assert.deepEqual(
    answer.grids.map((grid) => grid.epoch),
    [0, 1, 2, 5, 10, 20, 23],
  );
  assert.deepEqual(answer.classes, ['0', '1']);
  const { points, inputs } = answer;
  assert.equal(points.x.length, 180);
  [points.x, points.y].forEach((values, c) =>
    values.forEach((x) => assert.ok(x > inputs[c].low && x < inputs[c].high)),
  );
  const { rows, labels } = await server.get('/datasets/moons/preview?n=300&noise=0.25&rows=500');
  const nearest = (x, y) =>
    rows.reduce(
      (best, row, i) =>
        Math.hypot(row[0] - x, row[1] - y) < Math.hypot(rows[best][0] - x, rows[best][1] - y)
          ? i
          : best,
      0,
    );
  const changed = points.x.filter(
    (x, i) => Number(labels[nearest(x, points.y[i])]) !== points.class[i],
  ).length;
  assert.equal(changed, 54, '30 % of 180 labels');
});

test('of a regression: the predicted value', async () => {
  const {
    runs: [run],
  } = await server.train({
    dataset: { name: 'polynomial', dimensions: 2, n: 100 },
    hidden: [8],
    epochs: 4,
  });
  const answer = await server.get(`/runs/${run.id}/boundary?epochs=0,4&size=10`);
  assert.equal(answer.classes, null);
  const { outputs } = await asked(run.id, answer);
  outputs.forEach(([y], cell) =>
    assert.ok(Math.abs(answer.grids[1].value[cell] - y) < 1e-4 * Math.max(1, Math.abs(y))),
  );
  assert.equal(answer.points.value.length, answer.points.x.length);
});

test('a diverged run has the epochs before', async () => {
  const {
    runs: [run],
  } = await server.train({ ...MOONS, optimizer: 'sgd', learning_rate: 1e30, epochs: 5 });
  assert.equal(run.stop_reason, 'diverged');
  const answer = await server.get(`/runs/${run.id}/boundary?size=8`);
  assert.equal(answer.grids.at(-1).epoch, run.epoch - 1);
  assert.equal(
    (await server.request('GET', `/runs/${run.id}/boundary?epochs=${run.epoch}`)).status,
    400,
  );
});

test('a run that trains has the epochs that it has recorded', async () => {
  const {
    id,
    run_ids: [run],
  } = await server.submit({ ...MOONS, epochs: 100000 });
  await server.untilExperiment(id, (experiment) => experiment.progress > 0);
  const { epoch } = await server.get(`/runs/${run}`);
  const answer = await server.get(
    `/runs/${run}/boundary?size=8&epochs=0,${Math.max(1, Math.min(epoch, 20))}`,
  );
  assert.equal(answer.grids.length, 2);
  await server.request('DELETE', `/experiments/${id}?force=true`);
});

test('what cannot be drawn is refused with the reason', async () => {
  const refused = async (path, status, words) => {
    const answer = await server.request('GET', path);
    assert.equal(answer.status, status, `${path}: ${answer.text}`);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.match(answer.json.detail, words);
    return answer.json;
  };
  const {
    runs: [glyphs],
  } = await server.train({ dataset: { name: 'glyphs', n: 200 }, hidden: [4], epochs: 1 });
  await refused(`/runs/${glyphs.id}/boundary`, 409, /glyphs has 256 inputs/);
  const {
    runs: [sine],
  } = await server.train({ dataset: 'sine', hidden: [4], epochs: 1 });
  await refused(`/runs/${sine.id}/boundary`, 409, /1 input:/);
  const {
    runs: [run],
  } = await server.train(MOONS);
  const path = `/runs/${run.id}/boundary`;
  for (const epochs of ['', '1,1', '3,2', 'x', '1,', '-1', '1.5']) {
    const { errors } = await refused(`${path}?epochs=${epochs}`, 400, /increasing whole numbers/);
    const code = ['1,1', '3,2'].includes(epochs) ? 'incompatible' : 'out_of_range';
    assert.deepEqual([errors[0].pointer, errors[0].code], ['/query/epochs', code]);
  }
  await refused(`${path}?size=3`, 400, /4 to 128/);
  await refused(`${path}?size=129`, 400, /4 to 128/);
  await refused(`${path}?epoch=1`, 400, /did you mean epochs/);
  await refused('/runs/999999/boundary', 404, /999999/);
  assert.equal((await server.request('POST', path)).status, 405);
  const {
    id,
    run_ids: [, , waiting],
  } = await server.submit({ ...LONG, repeats: 3 });
  await server.untilExperiment(id, (experiment) => experiment.runs.running === 2);
  await refused(`/runs/${waiting}/boundary`, 409, /queued: it has no epochs/);
  await server.request('DELETE', `/experiments/${id}?force=true`);
  const {
    json: { paths },
  } = await server.request('GET', '//api/openapi.json');
  const { get } = paths['/api/v1/runs/{id}/boundary'];
  assert.deepEqual(
    get.parameters.map((parameter) => parameter.name),
    ['id', 'epochs', 'size'],
  );
  assert.ok(get.responses[409]);
});

test('a stop of the server does not wait for it', async () => {
  const other = await Server.start();
  const {
    runs: [run],
  } = await other.train({ ...MOONS, hidden: [64, 64], epochs: 1500, evaluate_every: 100 });
  const asking = other.request('GET', `/runs/${run.id}/boundary?epochs=0,1500&size=8`).then(
    (answer) => answer.status,
    () => 0,
  );
  await other.get('/experiments'); // the request before it has arrived by then
  await other.stop(); // checks that it ends well
  assert.ok([200, 503, 0].includes(await asking), 'answered, or told that the service stops');
});
