// Runs: their members, filters, pages, and moving them from state to state.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

test('a run has exactly the members of the contract', async () => {
  const {
    runs: [{ id }],
  } = await server.train({ ...QUICK, seed: 3, sweep: { dropout: [0.25] } });
  const run = await server.get(`/runs/${id}`);
  assert.deepEqual(
    Object.keys(run).sort(),
    [
      'id',
      'experiment_id',
      'config_id',
      'seed',
      'status',
      'stop_reason',
      'error',
      'attempt',
      'label',
      'values',
      'config',
      'epoch',
      'epochs',
      'metrics',
      'samples_per_second',
      'selected_weights',
      'provenance',
      'created_at',
      'started_at',
      'finished_at',
    ].sort(),
  );
  assert.equal(run.seed, 3);
  assert.deepEqual(run.values, { dropout: 0.25 });
  assert.equal(run.config.seed, 3);
  assert.equal(run.config.learning_rate, 0.001);
  assert.equal(run.error, null);
  assert.ok(run.samples_per_second > 0);
  assert.match(JSON.stringify(run.provenance), /[0-9a-f]{64}/, 'the SHA-256 of the data');
  const {
    test_loss,
    test_accuracy,
    test_ece,
    test_brier,
    generalization_gap,
    val_loss,
    train_loss,
    best_epoch,
  } = run.metrics;
  for (const value of [test_loss, test_accuracy, test_ece, test_brier, val_loss, train_loss])
    assert.ok(Number.isFinite(value));
  assert.ok(Math.abs(generalization_gap - (val_loss - train_loss)) < 1e-6, `${generalization_gap}`);
  assert.ok(best_epoch >= 1 && best_epoch <= 3);
  assert.ok('last_val_loss' in run.metrics && 'best_val_loss' in run.metrics);
});

test('the resolved configuration has every field that applies, one of them null', async () => {
  const {
    runs: [{ config }],
  } = await server.train(QUICK);
  for (const [name, value] of Object.entries(config)) {
    if (name !== 'early_stopping') assert.notEqual(value, null, name);
  }
  const { items } = await server.get('/fields');
  const missing = items
    .filter(({ name, group }) => group !== 'experiment' && !name.includes('.'))
    .map(({ name }) => name)
    .filter((name) => !(name in config));
  assert.deepEqual(
    missing.sort(),
    [
      // of masks, of normalization, of penalties: there is none
      ...['dropout_kind', 'dropout_position', 'dropout_scaling', 'dropout_schedule'],
      ...['dropout_schedule_epochs', 'dropout_scope', 'penalty_applies_to'],
      // of other optimizers and schedules
      ...['momentum', 'nesterov', 'rho', 'decay_factor', 'decay_every'],
      'target_scaling', // of regressions
    ].sort(),
  );
});

test('runs are filtered and sorted by configuration and metric', async () => {
  const { experiment } = await server.train({
    ...QUICK,
    repeats: 2,
    sweep: { learning_rate: [0.001, 0.01, 0.1] },
  });
  const all = (await server.get(`/experiments/${experiment.id}/runs?sort=-test_accuracy`)).items;
  assert.equal(all.length, 6);
  const values = all.map((run) => run.metrics.test_accuracy);
  assert.deepEqual(
    values,
    [...values].sort((a, b) => b - a),
  );
  const few = (await server.get(`/experiments/${experiment.id}/runs?learning_rate=0.01`)).items;
  assert.equal(few.length, 2);
  assert.ok(few.every((run) => run.values.learning_rate === 0.01));
  assert.ok((await server.get('/runs?status=completed&limit=3')).items.length === 3);
});

/** Queries of runs, where each is wrong and what is said of it. */
const REFUSED = [
  ['dropout=abc', '/query/dropout', /number.*"abc"/],
  ['l2=', '/query/l2', /number/],
  ['epochs=0x3', '/query/epochs', /number/],
  ['val_loss=nan', '/query/val_loss', /number/],
  ['shuffle=maybe', '/query/shuffle', /true or false/],
  ['optimizer=adm', '/query/optimizer', /sgd, adam, rmsprop/],
  ['droput=0.5', '/query/droput', /no column "droput".*dropout/],
  ['sort=droput', '/query/sort', /droput/],
  ['sort=-', '/query/sort', /column/],
  ['seed=x', '/query/seed', /seed/],
  ['status=done', '/query/status', /status/],
  ['cursor=zzz', '/query/cursor', /cursor/],
  ['limit=0', '/query/limit', /limit/],
  ['early_stopping.patience=many', '/query/early_stopping_patience', /number/],
];

test('a filter, a sort or a cursor that can never be right is refused with its place', async () => {
  const { experiment } = await server.train({
    ...QUICK,
    hidden: [8, 8],
    sweep: { dropout: [0.1, [0.1, 0.2]], shuffle: [true, false], optimizer: ['adam', 'sgd'] },
  });
  for (const path of ['/runs', `/experiments/${experiment.id}/runs`]) {
    for (const [query, pointer, detail] of REFUSED) {
      const answer = await server.request('GET', `${path}?${query}`);
      assert.equal(answer.status, 400, `${path}?${query}: ${answer.text}`);
      assert.match(answer.json.detail, detail, query);
      assert.ok(JSON.stringify(answer.json).includes(pointer), `${query}: ${answer.text}`);
    }
  }
  const count = async (query) =>
    (await server.get(`/experiments/${experiment.id}/runs?${query}`)).items.length;
  assert.equal(await count('dropout=0.1'), 4);
  assert.equal(await count(`dropout=${encodeURIComponent('[0.1,0.2]')}`), 4);
  assert.equal(
    await count(`dropout=${encodeURIComponent('[0.1, 0.2]')}`),
    4,
    'blanks do not count',
  );
  assert.equal(await count(`hidden=${encodeURIComponent('[8, 8]')}`), 8);
  assert.equal(await count('early_stopping=null'), 8);
  assert.equal(await count('val_rmse=null'), 8);
  assert.equal(await count('val_loss=null'), 0);
  const named = await server.request('GET', '/runs?name=x');
  assert.equal(named.status, 400);
  assert.doesNotMatch(named.json.detail, /did you mean/);
  assert.equal(await count('shuffle=true'), 4);
  assert.equal(await count('shuffle=0'), 4);
  assert.equal(await count('optimizer=adamw'), 4, 'another name of adam');
  assert.equal(await count('dataset=true'), 0);
  for (const path of ['/datasets', '/recipes', '/fields']) {
    for (const query of [
      'limit=0',
      'limit=x',
      'cursor=zzz',
      'cursor=-1',
      'sort=name',
      'nonsense=1',
    ]) {
      assert.equal(
        (await server.request('GET', `${path}?${query}`)).status,
        400,
        `${path}?${query}`,
      );
    }
  }
});

test('runs page by cursor, each once', async () => {
  const { experiment, runs } = await server.train({ ...QUICK, repeats: 7 });
  const seen = [];
  let cursor = '';
  do {
    const page = await server.get(
      `/experiments/${experiment.id}/runs?limit=3` +
        (cursor && `&cursor=${encodeURIComponent(cursor)}`),
    );
    seen.push(...page.items.map((run) => run.id));
    cursor = page.next_cursor;
  } while (cursor !== null && seen.length < 50);
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    runs.map((run) => run.id),
  );
});

test('one run is cancelled, the others go on; retry runs it again', async () => {
  const blocker = await server.submit({ ...LONG, repeats: 2, priority: 10 });
  await server.untilExperiment(blocker.id, (e) => e.runs.running === 2);
  const { id, run_ids } = await server.submit({ ...QUICK, repeats: 6 });
  const last = run_ids[5];
  assert.ok((await server.request('POST', `/runs/${last}/cancel`)).status < 300);
  assert.equal((await server.get(`/runs/${last}`)).status, 'cancelled');
  assert.equal(
    (await server.request('DELETE', `/experiments/${blocker.id}?force=true`)).status,
    204,
  );
  const experiment = await server.untilTerminal(id);
  assert.equal(experiment.runs.completed, 5);
  assert.equal(experiment.status, 'completed');
  assert.equal(
    (await server.request('POST', `/runs/${last}/cancel`)).status,
    409,
    'a run that has ended',
  );
  assert.equal(
    (await server.request('POST', `/runs/${run_ids[0]}/retry`)).status,
    409,
    'a run that was completed',
  );
  assert.ok((await server.request('POST', `/runs/${last}/retry`)).status < 300);
  const again = await server.untilExperiment(id, (e) => e.runs.completed === 6);
  assert.equal(again.status, 'completed');
  const run = await server.get(`/runs/${last}`);
  assert.ok(run.attempt >= 1);
  const { columns } = await server.get(`/runs/${last}/curves`);
  assert.equal(columns.epoch.length, QUICK.epochs + 1);
});

test('a running run is cancelled on the way', async () => {
  const {
    id,
    run_ids: [run],
  } = await server.submit(LONG);
  await server.untilExperiment(id, (experiment) => experiment.status === 'running');
  assert.ok((await server.request('POST', `/runs/${run}/cancel`)).status < 300);
  await server.untilTerminal(id);
  const { stop_reason, epoch, epochs } = await server.get(`/runs/${run}`);
  assert.equal(stop_reason, 'cancelled');
  assert.ok(epoch < epochs);
});

test('a diverging run is failed with its curve kept and nulls for what is not finite', async () => {
  const {
    experiment,
    runs: [run],
  } = await server.train({
    dataset: { name: 'sine' },
    hidden: [16],
    optimizer: 'sgd',
    learning_rate: 1000,
    epochs: 10,
  });
  assert.equal(run.status, 'failed');
  assert.equal(run.stop_reason, 'diverged');
  assert.ok(run.error.length > 10);
  for (const name of ['train_loss', 'val_loss', 'test_loss', 'last_val_loss'])
    assert.equal(run.metrics[name], null, name);
  assert.equal(experiment.status, 'failed');
  const { columns } = await server.get(`/runs/${run.id}/curves`);
  assert.equal(columns.epoch[0], 0);
  assert.ok(Number.isFinite(columns.val_loss[0]));
  for (const column of Object.values(columns))
    for (const value of column) assert.ok(value === null || Math.abs(value) < 1e300, `${value}`);
  const { rows } = await server.sql(
    'SELECT count(*) FROM epochs WHERE run_id = :run AND val_loss > 1e300',
    { run: run.id },
  );
  assert.equal(rows[0][0], 0);
});

test('early stopping ends a run early, with the best weights selected', async () => {
  const {
    runs: [run],
  } = await server.train({
    dataset: { name: 'moons', n: 300 },
    hidden: [64],
    epochs: 500,
    learning_rate: 0.01,
    early_stopping: { patience: 3 },
  });
  assert.equal(run.status, 'completed');
  assert.equal(run.stop_reason, 'early_stopped');
  assert.ok(run.epoch < 500);
  const { columns } = await server.get(`/runs/${run.id}/curves`);
  const best = columns.epoch
    .slice(1)
    .reduce((a, e) => (columns.val_loss[e] < columns.val_loss[a] ? e : a), 1);
  assert.equal(run.metrics.best_epoch, best);
  assert.equal(run.epoch, best + 3);
  assert.ok(Math.abs(run.metrics.val_loss - columns.val_loss[best]) < 1e-6);
});

test('layers: diagnostics per layer and epoch', async () => {
  const {
    runs: [run],
  } = await server.train({ ...QUICK, hidden: [8, 6], dropout: 0.5 });
  const { run: id, layers } = await server.get(`/runs/${run.id}/layers`);
  const { metrics } = await server.get('/fields');
  const names = metrics.filter(({ scope }) => scope === 'layer').map(({ name }) => name);
  assert.ok(names.includes('effective_rank'));
  assert.equal(id, run.id);
  assert.deepEqual(
    layers.map(({ layer }) => layer),
    [0, 1, 2],
    'two hidden layers and the output',
  );
  const { columns, rows } = await server.sql(
    'SELECT * FROM layers WHERE run_id = :run ORDER BY layer, epoch',
    { run: run.id },
  );
  assert.equal(rows.length, 12);
  for (const [i, layer] of layers.entries()) {
    assert.deepEqual(Object.keys(layer.columns).sort(), ['epoch', ...names].sort());
    for (const [name, values] of Object.entries(layer.columns)) {
      const stored = rows.slice(4 * i, 4 * i + 4).map((row) => row[columns.indexOf(name)]);
      assert.deepEqual(values, stored, `${name} of layer ${i}`);
    }
    assert.deepEqual(layer.columns.epoch, [0, 1, 2, 3]);
    assert.ok(layer.columns.weight_norm.every((value) => value > 0));
  }
});

test('the queue serves experiments in turn: a small one is not starved', async () => {
  const big = await server.submit({
    ...QUICK,
    epochs: 400,
    dataset: { name: 'moons', n: 2000 },
    repeats: 1000,
  });
  const small = await server.submit({ ...QUICK, repeats: 2 });
  assert.equal((await server.untilTerminal(small.id)).status, 'completed');
  const { runs } = await server.get(`/experiments/${big.id}`);
  assert.ok(runs.queued > 0, 'the small experiment waited for the whole big one');
  assert.equal((await server.request('DELETE', `/experiments/${big.id}?force=true`)).status, 204);
});
