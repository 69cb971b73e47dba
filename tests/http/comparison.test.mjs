import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const SPEC = { ...QUICK, dataset: { name: 'moons', n: 400 }, epochs: 10 };
const { experiment } = await server.train({ ...SPEC, repeats: 4, sweep: { learning_rate: [0.001, 0.03], dropout: [0, 0.5] } });

test('a comparison has the shape of the contract, configs best first', async () => {
  const answer = await server.get(`/experiments/${experiment.id}/comparison?metric=val_loss`);
  for (const name of ['metric', 'direction', 'baseline', 'selected', 'method', 'configs', 'summary']) assert.ok(name in answer, `no ${name}`);
  assert.equal(answer.metric, 'val_loss');
  assert.equal(answer.configs.length, 4);
  const means = answer.configs.map((config) => config.mean);
  assert.deepEqual(means, [...means].sort((a, b) => a - b));
  for (const config of answer.configs) {
    for (const name of ['config_id', 'label', 'values', 'n', 'n_failed', 'mean', 'std', 'ci_low', 'ci_high', 'verdict']) assert.ok(name in config, `no ${name}`);
    assert.equal(config.n, 4);
    assert.ok(config.ci_low <= config.mean && config.mean <= config.ci_high);
    if (config.config_id === answer.baseline) {
      assert.equal(config.verdict, 'baseline');
    } else {
      assert.ok(['better', 'worse', 'no_evidence'].includes(config.verdict), config.verdict);
      const { difference } = config;
      for (const name of ['mean', 'ci_low', 'ci_high', 'p_value', 'p_adjusted', 'minimum_detectable']) assert.ok(name in difference, `no ${name}`);
      assert.ok(difference.p_adjusted >= difference.p_value);
    }
  }
  assert.ok(answer.configs.some((config) => config.config_id === answer.baseline));
  assert.ok(answer.summary.length > 20);
});

test('mean, deviation and paired difference are those of the runs', async () => {
  const { items } = await server.get(`/experiments/${experiment.id}/runs?limit=100`);
  const answer = await server.get(`/experiments/${experiment.id}/comparison?metric=val_loss&at=last`);
  const valuesOf = (id) => items.filter((run) => run.config_id === id).sort((a, b) => a.seed - b.seed).map((run) => run.metrics.last_val_loss);
  const mean = (values) => values.reduce((a, b) => a + b) / values.length;
  const base = valuesOf(answer.baseline);
  for (const config of answer.configs) {
    const values = valuesOf(config.config_id);
    const center = mean(values);
    const deviation = Math.sqrt(values.reduce((a, v) => a + (v - center) ** 2, 0) / (values.length - 1));
    assert.ok(Math.abs(config.mean - center) < 1e-12, `${config.mean} ${center}`);
    assert.ok(Math.abs(config.std - deviation) < 1e-12);
    const half = 3.182446305284263 * deviation / 2;
    assert.ok(Math.abs(config.ci_high - (center + half)) < 1e-9);
    if (config.config_id !== answer.baseline) {
      const differences = values.map((value, i) => value - base[i]);
      assert.ok(Math.abs(config.difference.mean - mean(differences)) < 1e-12);
    }
  }
});

test('one pair is too few', async () => {
  const { experiment: small } = await server.train({ ...SPEC, repeats: 2, sweep: { dropout: [0, 0.5] } });
  const answer = await server.get(`/experiments/${small.id}/comparison`);
  const other = answer.configs.find((config) => config.config_id !== answer.baseline);
  assert.equal(other.verdict, 'too_few_seeds');
});

test('the baseline is the config without the swept regularizer, or the one that was asked for', async () => {
  const plain = await server.get(`/experiments/${experiment.id}/comparison`);
  assert.equal(plain.configs.find((config) => config.config_id === plain.baseline).values.dropout, 0);
  const { experiment: chosen } = await server.train({ ...SPEC, repeats: 2, sweep: { dropout: [0, 0.25, 0.5] }, baseline: { dropout: 0.25 } });
  const answer = await server.get(`/experiments/${chosen.id}/comparison`);
  assert.equal(answer.configs.find((config) => config.config_id === answer.baseline).values.dropout, 0.25);
});

test('accuracy is better when higher; a test metric is said in the method', async () => {
  const accuracy = await server.get(`/experiments/${experiment.id}/comparison?metric=val_accuracy`);
  const means = accuracy.configs.map((config) => config.mean);
  assert.deepEqual(means, [...means].sort((a, b) => b - a));
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
  const { experiment: mixed } = await server.train({ dataset: { name: 'sine' }, hidden: [8], epochs: 5, optimizer: 'sgd', repeats: 3,
    sweep: { learning_rate: [0.01, 1000] } });
  const answer = await server.get(`/experiments/${mixed.id}/comparison`);
  const bad = answer.configs.find((config) => config.values.learning_rate === 1000);
  assert.equal(bad.n_failed, 3);
  assert.equal(bad.n, 0);
  assert.equal(bad.mean, null);
});
