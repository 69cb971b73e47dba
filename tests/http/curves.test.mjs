// Curves of runs and experiments: columns, thinning, CSV, ETag.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const { experiment, runs } = await server.train({
  ...QUICK,
  epochs: 40,
  repeats: 3,
  sweep: { dropout: [0, 0.5] },
});
const run = runs[0].id;
const METRICS = [
  'step',
  'batch_loss',
  'train_loss',
  'train_accuracy',
  'val_loss',
  'val_accuracy',
  'penalty',
  'learning_rate',
  'gradient_norm',
  'batch_loss_std',
  'weight_norm',
  'seconds',
];

test('a curve is columns of one length, from epoch 0', async () => {
  const { run: id, columns } = await server.get(`/runs/${run}/curves`);
  assert.equal(id, run);
  assert.deepEqual(
    columns.epoch,
    Array.from({ length: 41 }, (_, i) => i),
  );
  for (const name of METRICS) {
    assert.ok(name in columns, `no ${name}`);
    assert.equal(columns[name].length, 41, name);
  }
  assert.equal(columns.step[0], 0);
  assert.ok(columns.step[40] > columns.step[1]);
  assert.ok(columns.train_loss.every((value) => value > 0));
});

test('metrics and from_epoch choose columns and rows', async () => {
  const { columns } = await server.get(
    `/runs/${run}/curves?metrics=val_loss,train_loss&from_epoch=30`,
  );
  assert.deepEqual(Object.keys(columns).sort(), ['epoch', 'train_loss', 'val_loss']);
  assert.deepEqual(
    columns.epoch,
    Array.from({ length: 11 }, (_, i) => 30 + i),
  );
  const bad = await server.request('GET', `/runs/${run}/curves?metrics=val_los`);
  assert.equal(bad.status, 400);
  assert.match(bad.text, /val_loss/, 'the nearest name is suggested');
});

test('max_points thins the curve and keeps its ends', async () => {
  const { columns } = await server.get(`/runs/${run}/curves?max_points=10`);
  assert.ok(columns.epoch.length <= 10 && columns.epoch.length >= 5, `${columns.epoch}`);
  assert.equal(columns.epoch[0], 0);
  assert.equal(columns.epoch.at(-1), 40);
  const all = (await server.get(`/runs/${run}/curves`)).columns;
  columns.epoch.forEach((epoch, i) => assert.equal(columns.val_loss[i], all.val_loss[epoch]));
});

test('CSV has the same numbers', async () => {
  const answer = await server.request('GET', `/runs/${run}/curves`, undefined, {
    Accept: 'text/csv',
  });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/csv/);
  const [head, ...lines] = answer.text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const { columns } = await server.get(`/runs/${run}/curves`);
  assert.deepEqual([...head].sort(), Object.keys(columns).sort());
  assert.equal(lines.length, 41);
  head.forEach((name, i) =>
    lines.forEach((line, row) => {
      assert.equal(line[i] === '' ? null : Number(line[i]), columns[name][row], `${name} ${row}`);
    }),
  );
});

test('ETag and 304; another representation has another tag', async () => {
  const first = await server.request('GET', `/runs/${run}/curves`);
  const tag = first.headers.get('etag');
  assert.match(tag, /^(W\/)?"[^"]+"$/);
  const again = await server.request('GET', `/runs/${run}/curves`, undefined, {
    'If-None-Match': tag,
  });
  assert.equal(again.status, 304);
  assert.equal(again.bytes.length, 0);
  assert.equal(again.headers.get('etag'), tag);
  assert.equal(first.headers.get('vary'), 'Accept', 'said once');
  assert.equal(again.headers.get('content-length'), null, 'no length, and never 0');
  const many = await server.request('GET', `/runs/${run}/curves`, undefined, {
    'If-None-Match': `"x", ${tag}`,
  });
  assert.equal(many.status, 304);
  const other = await server.request('GET', `/runs/${run}/curves`, undefined, {
    'If-None-Match': '"other"',
  });
  assert.equal(other.status, 200);
  const csv = await server.request('GET', `/runs/${run}/curves`, undefined, {
    Accept: 'text/csv',
    'If-None-Match': tag,
  });
  assert.equal(csv.status, 200, 'CSV is not the JSON that the client has');
});

test('HEAD is GET without the body', async () => {
  const get = await server.request('GET', `/runs/${run}/curves`);
  const head = await server.request('HEAD', `/runs/${run}/curves`);
  assert.equal(head.status, 200);
  assert.equal(head.bytes.length, 0);
  assert.equal(head.headers.get('content-length'), String(get.bytes.length));
  assert.equal(head.headers.get('content-type'), get.headers.get('content-type'));
});

test('evaluate_every keeps epoch 0 and the last', async () => {
  const {
    runs: [sparse],
  } = await server.train({ ...QUICK, epochs: 10, evaluate_every: 4 });
  const { columns } = await server.get(`/runs/${sparse.id}/curves`);
  assert.deepEqual(columns.epoch, [0, 4, 8, 10]);
});

test('curves of an experiment: per config, mean and spread over the seeds', async () => {
  const answer = await server.get(`/experiments/${experiment.id}/curves?metric=val_loss`);
  assert.equal(answer.configs.length, 2, JSON.stringify(answer).slice(0, 300));
  for (const config of answer.configs) {
    const own = runs.filter((one) => one.config_id === config.config_id);
    assert.equal(own.length, 3);
    const curves = await Promise.all(own.map((one) => server.curves(one.id)));
    const columns = config.columns ?? config;
    for (const epoch of [0, 1, 20, 40]) {
      const values = curves.map((curve) => curve.val_loss[epoch]);
      const mean = values.reduce((a, b) => a + b) / 3;
      const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / 2);
      const at = columns.epoch.indexOf(epoch);
      assert.ok(
        Math.abs(columns.mean[at] - mean) < 1e-9,
        `mean ${columns.mean[at]}, expected ${mean}`,
      );
      assert.ok(Math.abs((columns.std ?? columns.standard_deviation)[at] - deviation) < 1e-9);
      assert.equal(columns.min[at], Math.min(...values));
      assert.equal(columns.max[at], Math.max(...values));
      assert.equal(columns.n[at], 3);
    }
  }
  assert.equal(
    (await server.request('GET', `/experiments/${experiment.id}/curves?metric=nonsense`)).status,
    400,
  );
});

test('curves of an experiment say up to which event they go; later ones are added', async () => {
  const { id } = await server.submit({ ...LONG, name: 'Adds up' });
  const stream = await server.events(`/events?experiments=${id}`);
  await stream.next(({ event }) => event === 'epoch');
  const { configs, last_event_id: last } = await server.get(
    `/experiments/${id}/curves?metric=val_loss`,
  );
  const {
    data: { epoch: next },
  } = await stream.next(({ event, id: at }) => event === 'epoch' && Number(at) > last);
  assert.equal(next, configs[0].epoch.at(-1) + 1);
  await stream.close();
  await server.request('POST', `/experiments/${id}/cancel`);
  await server.untilTerminal(id);
});

test('the database has the same rows under the same names', async () => {
  const { columns } = await server.get(`/runs/${run}/curves`);
  const names = ['epoch', ...METRICS];
  const { rows } = await server.sql(
    `SELECT ${names.join(', ')} FROM epochs WHERE run_id = :run ORDER BY epoch`,
    { run },
  );
  names.forEach((name, i) =>
    assert.deepEqual(
      rows.map((row) => row[i]),
      columns[name],
      name,
    ),
  );
});

test('regression has rmse and r2 in place of accuracy', async () => {
  const {
    runs: [sine],
  } = await server.train({ dataset: { name: 'sine' }, hidden: [16], epochs: 3 });
  const { columns } = await server.get(`/runs/${sine.id}/curves`);
  for (const name of ['train_rmse', 'val_rmse', 'train_r2', 'val_r2'])
    assert.ok(name in columns, `no ${name}`);
  assert.ok(!('val_accuracy' in columns));
  columns.val_rmse.forEach((value, i) =>
    assert.ok(Math.abs(value ** 2 - columns.val_loss[i]) < 1e-5 * columns.val_loss[i]),
  );
});
