// GET /experiments/{id}/comparison: its shape, and its figures from the runs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const SPEC = { ...QUICK, dataset: { name: 'moons', n: 400 }, epochs: 10 };
const { experiment } = await server.train({
  ...SPEC,
  repeats: 4,
  sweep: { learning_rate: [0.001, 0.03], dropout: [0, 0.5] },
});

/* The members that the contract names, as words. */
const MEMBERS = {
  answer:
    'metric direction baseline selected method configs summary headline about question arms ' +
    'contexts checks',
  config: 'config_id label values n n_failed mean std ci_low ci_high verdict',
  difference:
    'mean ci_low ci_high p_value p_adjusted minimum_detectable sign_flip_p pairs_better ' +
    'equivalence_p_adjusted',
};
const VERDICTS = ['better', 'worse', 'no_evidence', 'equivalent'];

function assertMembers(object, names) {
  for (const name of names.split(' ')) assert.ok(name in object, `no ${name}`);
}

/* Each arm has two configs: no difference stands for one of them. */
function checkConfigs(configs) {
  const means = configs.map((config) => config.mean);
  assert.equal(configs.length, 4);
  assert.deepEqual(
    means,
    [...means].sort((a, b) => a - b),
  );
  for (const config of configs) {
    assertMembers(config, MEMBERS.config);
    assert.equal(config.n, 4);
    assert.ok(config.ci_low <= config.mean && config.mean <= config.ci_high);
    assert.deepEqual([config.difference, config.verdict], [null, null]);
  }
}

function checkArms(arms, baseline) {
  assert.deepEqual(arms.map(({ values, n_configs, n }) => [values.dropout, n_configs, n]).sort(), [
    [0, 2, 4],
    [0.5, 2, 4],
  ]);
  for (const { config_id, tuned, budget, verdict, difference } of arms) {
    assert.ok([0.001, 0.03].includes(tuned.learning_rate));
    assert.equal(budget.length, 2);
    assert.ok(budget[1] <= budget[0]);
    if (config_id === baseline) {
      assert.deepEqual([verdict, difference], ['baseline', null]);
      continue;
    }
    assert.ok(VERDICTS.includes(verdict), verdict);
    assertMembers(difference, MEMBERS.difference);
    assert.ok(difference.p_adjusted >= difference.p_value);
  }
}

test('a comparison has the shape of the contract, configs best first', async () => {
  const answer = await server.get(`/experiments/${experiment.id}/comparison?metric=val_loss`);
  assertMembers(answer, MEMBERS.answer);
  assert.equal(answer.metric, 'val_loss');
  assert.deepEqual(
    [answer.question.treatment, answer.question.tune, answer.question.context],
    [['dropout'], ['learning_rate'], []],
  );
  checkConfigs(answer.configs);
  checkArms(answer.arms, answer.baseline);
  assert.ok(answer.configs.some((config) => config.config_id === answer.baseline));
  assert.ok(answer.summary.length > 20);
});

test('mean, deviation and paired difference are those of the runs', async () => {
  const { experiment: plain } = await server.train({
    ...SPEC,
    repeats: 4,
    sweep: { dropout: [0, 0.25, 0.5] },
  });
  const { items } = await server.get(`/experiments/${plain.id}/runs?limit=100`);
  const answer = await server.get(`/experiments/${plain.id}/comparison?metric=val_loss&at=last`);
  const valuesOf = (id) =>
    items
      .filter((run) => run.config_id === id)
      .sort((a, b) => a.seed - b.seed)
      .map((run) => run.metrics.last_val_loss);
  const mean = (values) => values.reduce((a, b) => a + b) / values.length;
  const base = valuesOf(answer.baseline);
  for (const config of answer.configs) {
    const values = valuesOf(config.config_id);
    const center = mean(values);
    const deviation = Math.sqrt(
      values.reduce((a, v) => a + (v - center) ** 2, 0) / (values.length - 1),
    );
    assert.ok(Math.abs(config.mean - center) < 1e-12, `${config.mean} ${center}`);
    assert.ok(Math.abs(config.std - deviation) < 1e-12);
    const half = (3.182446305284263 * deviation) / 2;
    assert.ok(Math.abs(config.ci_high - (center + half)) < 1e-9);
    if (config.config_id !== answer.baseline) {
      const differences = values.map((value, i) => value - base[i]);
      assert.ok(Math.abs(config.difference.mean - mean(differences)) < 1e-12);
      const arm = answer.arms.find(({ config_id }) => config_id === config.config_id);
      assert.deepEqual([arm.difference, arm.verdict], [config.difference, config.verdict]);
    }
  }
});

test('one pair is too few', async () => {
  const { experiment: small } = await server.train({
    ...SPEC,
    repeats: 2,
    sweep: { dropout: [0, 0.5] },
  });
  const answer = await server.get(`/experiments/${small.id}/comparison`);
  const other = answer.configs.find((config) => config.config_id !== answer.baseline);
  assert.equal(other.verdict, 'too_few_seeds');
});

test('the baseline is the config without the regularizer, or the one asked for', async () => {
  const plain = await server.get(`/experiments/${experiment.id}/comparison`);
  assert.equal(
    plain.configs.find((config) => config.config_id === plain.baseline).values.dropout,
    0,
  );
  const { experiment: chosen } = await server.train({
    ...SPEC,
    repeats: 2,
    sweep: { dropout: [0, 0.25, 0.5] },
    baseline: { dropout: 0.25 },
  });
  const answer = await server.get(`/experiments/${chosen.id}/comparison`);
  assert.equal(
    answer.configs.find((config) => config.config_id === answer.baseline).values.dropout,
    0.25,
  );
});

test('accuracy is better when higher; a test metric is said in the method', async () => {
  const accuracy = await server.get(`/experiments/${experiment.id}/comparison?metric=val_accuracy`);
  const means = accuracy.configs.map((config) => config.mean);
  assert.deepEqual(
    means,
    [...means].sort((a, b) => b - a),
  );
  const tested = await server.get(`/experiments/${experiment.id}/comparison?metric=test_accuracy`);
  assert.match(JSON.stringify(tested.method), /test/);
});

test('bad questions are 400', async () => {
  for (const query of ['metric=nonsense', 'at=sometime', 'select_by=test_loss', 'select_by=x']) {
    const answer = await server.request('GET', `/experiments/${experiment.id}/comparison?${query}`);
    assert.equal(answer.status, 400, query);
  }
});

test('failed runs are counted, not averaged', async () => {
  const { experiment: mixed } = await server.train({
    dataset: { name: 'sine' },
    hidden: [8],
    epochs: 5,
    optimizer: 'sgd',
    repeats: 3,
    sweep: { learning_rate: [0.01, 1000] },
  });
  const answer = await server.get(`/experiments/${mixed.id}/comparison`);
  const bad = answer.configs.find((config) => config.values.learning_rate === 1000);
  assert.equal(bad.n_failed, 3);
  assert.equal(bad.n, 0);
  assert.equal(bad.mean, null);
});

test('the notes on the method know how the runs came about', async () => {
  const notes = async (id) =>
    (await server.get(`/experiments/${id}/comparison`)).method.notes.join('\n');
  const once = { ...QUICK, repeats: 2 };
  const { experiment: plain } = await server.train({ ...once, sweep: { dropout: [0, 0.5] } });
  const checks = async (id, query = '') =>
    (await server.get(`/experiments/${id}/comparison${query}`)).checks.map(({ code }) => code);
  assert.match(await notes(plain.id), /paired by repeat;[^]*generated data of its own/);
  assert.doesNotMatch(await notes(plain.id), /same rows|arbitrary/);
  assert.ok(!(await checks(plain.id)).includes('adaptive'));
  assert.equal(
    (await server.request('POST', `/experiments/${plain.id}/extend`, { repeats: 3 })).status,
    200,
  );
  await server.untilTerminal(plain.id);
  assert.ok((await checks(plain.id)).includes('adaptive'));
  const { experiment: own } = await server.train({
    ...once,
    repeat_varies: ['seed'],
    sweep: { dropout: [0, 0.5] },
  });
  assert.match(await notes(own.id), /Repeats measure the same rows/);
  assert.ok((await checks(own.id)).includes('one_split'));
  const { experiment: stopping } = await server.train({
    ...once,
    sweep: { early_stopping: [null, { patience: 1 }] },
  });
  assert.ok(!(await checks(stopping.id)).includes('by_construction'));
  assert.ok((await checks(stopping.id, '?metric=val_loss')).includes('by_construction'));
  const { experiment: drawn } = await server.train({
    ...once,
    sweep_method: 'random',
    trials: 2,
    sweep: { dropout: { min: 0, max: 0.5 } },
  });
  assert.match(await notes(drawn.id), /arbitrary one/);
});

test('targets far from unit size are warned of, and nets worse than a constant named', async () => {
  const rows = Array.from(
    { length: 200 },
    (_, i) => `${(i * 37) % 100},${100_000 + 1500 * ((i * 37) % 100)}`,
  );
  const put = await server.request(
    'PUT',
    '/datasets/prices?label=price&task=regression',
    `size,price\n${rows.join('\n')}\n`,
    { 'Content-Type': 'text/csv' },
  );
  assert.equal(put.status, 201, put.text);
  const spec = {
    dataset: 'prices',
    target_scaling: 'none',
    hidden: [8],
    epochs: 2,
    repeats: 3,
    sweep: { dropout: [0, 0.5] },
  };
  const { json } = await server.request('POST', '/experiments?dry_run=true', spec);
  assert.match(json.warnings.join(), /targets have a standard deviation of 4\.3\de\+04/);
  const { experiment } = await server.train(spec);
  const { checks } = await server.get(`/experiments/${experiment.id}/comparison`);
  const trivial = checks.find(({ code }) => code === 'no_better_than_trivial');
  assert.match(trivial.detail, /no arm does better than predicting the mean of the targets/);
  assert.equal(trivial.config_ids.length, 2);
  const scaled = await server.request('POST', '/experiments?dry_run=true', {
    ...spec,
    target_scaling: undefined,
  });
  assert.doesNotMatch(scaled.json.warnings.join(), /targets have/);
});
