// Experiments grow: extensions, baselines, seeds that are added, data seeds.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

test('extend gives every config its seeds, also those of fields that came later', async () => {
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, repeats: 2, sweep: { dropout: [0, 0.5] } });
  const extend = async (body) => {
    const answer = await server.request('POST', `/experiments/${id}/extend`, body);
    assert.equal(answer.status, 200, answer.text);
    return server.untilTerminal(id);
  };
  const wider = await extend({ sweep: { l1: [0.1] } });
  assert.deepEqual([wider.n_configs, wider.n_runs], [4, 8]);
  const longer = await extend({ repeats: 4 });
  assert.deepEqual([longer.n_configs, longer.n_runs], [4, 16]);
  const { items } = await server.get(`/experiments/${id}/runs?limit=500`);
  const cells = new Set(items.map((run) => `${run.config_id} ${run.seed}`));
  assert.equal(cells.size, 16);
  assert.ok(items.every((run) => run.seed < 4));
  const with_l1 = items.filter((run) => run.config.l1 === 0.1);
  assert.equal(with_l1.length, 8);
  assert.ok(
    with_l1.every((run) => run.values.l1 === 0.1),
    'its values are told as before',
  );
});

test('extensions one after the other give the grid that all at once would give', async () => {
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, sweep: { dropout: [0, 0.5] } });
  for (const [sweep, n_configs] of [
    [{ l2: [0.1] }, 4],
    [{ l1: [0.1] }, 8],
    [{ dropout: [0.25] }, 12],
  ]) {
    const answer = await server.request('POST', `/experiments/${id}/extend`, { sweep });
    assert.equal(answer.status, 200, answer.text);
    const now = await server.untilTerminal(id);
    assert.deepEqual([now.n_configs, now.n_runs], [n_configs, n_configs], JSON.stringify(sweep));
  }
  const { items } = await server.get(`/experiments/${id}/runs?limit=500`);
  const cells = new Set(items.map(({ config }) => `${config.dropout} ${config.l1} ${config.l2}`));
  for (const dropout of [0, 0.25, 0.5])
    for (const l1 of [0, 0.1])
      for (const l2 of [0, 0.1])
        assert.ok(cells.has(`${dropout} ${l1} ${l2}`), `${dropout} ${l1} ${l2}`);
});

test('an extension by what is off makes that the baseline; a given one stays', async () => {
  const baselineOf = async (id) => {
    const { configs, baseline } = await server.get(`/experiments/${id}/comparison`);
    return configs.find(({ config_id }) => config_id === baseline).values;
  };
  const extended = async (spec, sweep) => {
    const {
      experiment: { id },
    } = await server.train({ ...QUICK, epochs: 1, ...spec });
    const answer = await server.request('POST', `/experiments/${id}/extend`, { sweep });
    assert.equal(answer.status, 200, answer.text);
    await server.untilTerminal(id);
    return baselineOf(id);
  };
  assert.deepEqual(await extended({ sweep: { dropout: [0.2, 0.5] } }, { dropout: [0] }), {
    dropout: 0,
  });
  assert.deepEqual(
    await extended({ sweep: { dropout: [0, 0.5] }, baseline: { dropout: 0.5 } }, { l2: [0.1] }),
    { dropout: 0.5, l2: 0 },
  );
});

async function trainedOnce(spec) {
  const { experiment } = await server.train({ ...QUICK, epochs: 1, ...spec });
  return experiment.id;
}

test('the baseline is what is off, and of several the one in the usual manner', async () => {
  const baselineOf = async (spec) => {
    const { configs, baseline } = await server.get(
      `/experiments/${await trainedOnce(spec)}/comparison`,
    );
    return configs.find(({ config_id }) => config_id === baseline).values;
  };
  assert.deepEqual(
    await baselineOf({ early_stopping: {}, sweep: { 'early_stopping.patience': [2, 5] } }),
    { 'early_stopping.patience': 5 },
  );
  assert.deepEqual(
    await baselineOf({ dropout: 0.5, sweep: { dropout_kind: ['gaussian', 'bernoulli'] } }),
    { dropout_kind: 'bernoulli' },
  );
  assert.deepEqual(
    await baselineOf({
      l2: 0.1,
      sweep: { penalty_applies_to: ['all', 'weights'], dropout: [0.5, 0] },
    }),
    { penalty_applies_to: 'weights', dropout: 0 },
  );
  assert.deepEqual(await baselineOf({ sweep: { dropout: [0.2, 0.5] } }), { dropout: 0.2 });
});

test('seeds are added by a metric that the task has', async () => {
  for (const [dataset, metric] of [
    ['sine', 'val_accuracy'],
    ['moons', 'val_rmse'],
  ]) {
    const { status, json } = await server.request('POST', '/experiments?dry_run=true', {
      dataset,
      sweep: { dropout: [0, 0.5] },
      repeats: { until: { metric, half_width: 0.1 } },
    });
    assert.equal(status, 400);
    assert.deepEqual(
      json.errors.map(({ pointer }) => pointer),
      ['/repeats/until/metric'],
    );
  }
});

test('a specification that names its metric as the version before did is read', async () => {
  const {
    experiment: { id, spec },
  } = await server.train({
    ...QUICK,
    sweep: { dropout: [0, 0.5] },
    repeats: { until: { metric: 'gradient_noise', half_width: 100 }, min: 3 },
  });
  assert.equal(spec.repeats.until.metric, 'gradient_noise', 'it is stored as it was sent');
  for (const metric of ['val_loss', 'batch_loss_std'])
    assert.equal(
      (await server.get(`/experiments/${id}/comparison?metric=${metric}`)).metric,
      metric,
    );
  const answer = await server.request('POST', `/experiments/${id}/extend`, {
    sweep: { dropout: [0.2] },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await server.untilTerminal(id)).n_runs, 9);
});

test('a metric that no run has is not a failure of the runs', async () => {
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, epochs: 1, repeats: 2, sweep: { dropout: [0, 0.5] } });
  const { configs, summary } = await server.get(`/experiments/${id}/comparison?metric=val_rmse`);
  assert.deepEqual(
    configs.map(({ n, n_failed }) => [n, n_failed]),
    [
      [0, 0],
      [0, 0],
    ],
  );
  assert.equal(
    summary,
    'No finished run has a validation RMSE. ' +
      '4 runs ended without a validation RMSE and are left out.',
  );
});

test('extend takes a total of seeds, no rule for them', async () => {
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, repeats: 3 });
  for (const repeats of [
    { until: { metric: 'val_loss', half_width: 0.001 }, max: 40 },
    { count: 5 },
    '5',
    null,
    [5],
  ]) {
    const answer = await server.request('POST', `/experiments/${id}/extend`, { repeats });
    assert.equal(answer.status, 400, answer.text);
    assert.deepEqual(
      answer.json.errors.map((one) => one.pointer),
      ['/repeats'],
    );
    assert.match(answer.json.errors[0].detail, /a whole number, not/);
  }
  assert.equal((await server.get(`/experiments/${id}`)).n_runs, 3);
});

test('extend trains only what is missing', async () => {
  const first = await server.train({ ...QUICK, repeats: 2, sweep: { dropout: [0, 0.5] } });
  const { id } = first.experiment;
  const answer = await server.request('POST', `/experiments/${id}/extend`, {
    repeats: 3,
    sweep: { dropout: [0.25] },
  });
  assert.ok([200, 201, 202].includes(answer.status), answer.text);
  const experiment = await server.untilTerminal(id);
  assert.equal(experiment.n_configs, 3);
  assert.equal(experiment.n_runs, 9);
  const { items } = await server.get(`/experiments/${id}/runs?limit=500`);
  const cells = items.map((run) => `${run.values.dropout}/${run.seed}`).sort();
  assert.deepEqual(cells, [
    '0.25/0',
    '0.25/1',
    '0.25/2',
    '0.5/0',
    '0.5/1',
    '0.5/2',
    '0/0',
    '0/1',
    '0/2',
  ]);
  for (const old of first.runs) {
    const now = items.find((run) => run.id === old.id);
    assert.equal(now.finished_at, old.finished_at, 'a run that was there is not trained again');
  }
});

test('extend by a field of something that is off adds what was asked for alone', async () => {
  const {
    experiment: { id },
  } = await server.train(QUICK);
  const answer = await server.request('POST', `/experiments/${id}/extend`, {
    sweep: { 'early_stopping.patience': [3] },
  });
  assert.equal(answer.status, 200, answer.text);
  const { n_configs, n_runs } = await server.untilTerminal(id);
  assert.deepEqual([n_configs, n_runs], [2, 2]);
  const { items } = await server.get(`/experiments/${id}/runs`);
  assert.deepEqual(items.map((run) => run.config.early_stopping?.patience ?? null).sort(), [
    3,
    null,
  ]);
});

test('repeats of data_seed alone: each has its own data, runs pair, extend adds', async () => {
  const {
    experiment: { id },
    runs,
  } = await server.train({
    ...QUICK,
    seed: 5,
    data_seed: 40,
    repeats: 3,
    repeat_varies: ['data_seed'],
    sweep: { dropout: [0, 0.5] },
  });
  assert.deepEqual([...new Set(runs.map((run) => run.seed))], [5]);
  assert.deepEqual([...new Set(runs.map((run) => run.config.seed))], [5]);
  assert.deepEqual([...new Set(runs.map((run) => run.config.data_seed))].sort(), [40, 41, 42]);
  const compared = async () =>
    (await server.get(`/experiments/${id}/comparison`)).configs.map((config) => config.n);
  assert.deepEqual(await compared(), [3, 3]);
  const { configs } = await server.get(`/experiments/${id}/comparison`);
  assert.ok(
    configs.some((config) => Number.isFinite(config.difference?.ci_low)),
    'pairs by data_seed',
  );
  const extended = await server.request('POST', `/experiments/${id}/extend`, { repeats: 4 });
  assert.equal(extended.json.run_ids.length, 2, extended.text);
  await server.untilTerminal(id);
  assert.deepEqual(await compared(), [4, 4]);
  const { rows } = await server.sql(
    'SELECT seed, data_seed, count(*) FROM run_results WHERE experiment_id = :id GROUP ' +
      'BY 1, 2 ORDER BY 2',
    { id },
  );
  assert.deepEqual(rows, [
    [5, 40, 2],
    [5, 41, 2],
    [5, 42, 2],
    [5, 43, 2],
  ]);
});

test('both seeds vary together; they are added until the interval is narrow', async () => {
  for (const repeat_varies of [['seed', 'data_seed'], ['data_seed']]) {
    const { experiment, runs } = await server.train({
      ...QUICK,
      repeat_varies,
      sweep: { dropout: [0, 0.5] },
      repeats: { until: { metric: 'val_loss', half_width: 1e-9 }, min: 3, max: 5 },
    });
    assert.equal(experiment.n_runs, 10, `${repeat_varies}`);
    assert.deepEqual([...new Set(runs.map((run) => run.config.data_seed))].sort(), [0, 1, 2, 3, 4]);
    const narrow = await server.train({
      ...QUICK,
      repeat_varies,
      sweep: { dropout: [0, 0.5] },
      repeats: { until: { metric: 'val_loss', half_width: 1e9 }, min: 3, max: 5 },
    });
    assert.equal(narrow.experiment.n_runs, 6, 'they pair up, so there is an interval');
  }
});

test('a swept data_seed is a config of its own and pairs by seed; seed is not swept', async () => {
  const {
    experiment: { id, n_configs },
  } = await server.train({ ...QUICK, repeats: 3, sweep: { data_seed: [0, 7] } });
  assert.equal(n_configs, 2);
  const { configs } = await server.get(`/experiments/${id}/comparison`);
  const other = configs.find((config) => config.verdict !== 'baseline');
  assert.notEqual(other.verdict, 'too_few_seeds');
  assert.ok(Number.isFinite(other.difference.ci_low));
  const more = await server.request('POST', `/experiments/${id}/extend`, {
    repeats: 4,
    sweep: { data_seed: [9] },
  });
  assert.equal(more.json.run_ids.length, 6, more.text);
  await server.untilTerminal(id);
  const refused = await server.request('POST', '/experiments', {
    ...QUICK,
    sweep: { seed: [1, 2] },
  });
  assert.equal(refused.status, 400);
  assert.equal(refused.json.errors[0].pointer, '/sweep/seed');
  assert.match(refused.json.errors[0].detail, /"repeats"/);
});

test('an extension by a field: every run names its value, old and new', async () => {
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, sweep: { dropout: [0, 0.5] }, repeats: 2 });
  const extend = async (body) => {
    await server.request('POST', `/experiments/${id}/extend`, body);
    await server.untilTerminal(id);
  };
  await extend({ sweep: { l2: [0, 0.01] } });
  await extend({ sweep: { dropout: [0.25] } });
  const { items } = await server.get(`/experiments/${id}/runs?limit=500`);
  for (const run of items) {
    assert.deepEqual(Object.keys(run.values).sort(), ['dropout', 'l2'], `run ${run.id}`);
    for (const [name, value] of Object.entries(run.values))
      assert.equal(value, run.config[name], `${name} of run ${run.id}`);
  }
  const { configs } = await server.get(`/experiments/${id}/comparison`);
  assert.equal(
    new Set(configs.map(({ label }) => label)).size,
    configs.length,
    'no two configs have one label',
  );
});
