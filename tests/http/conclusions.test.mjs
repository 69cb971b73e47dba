// What a comparison concludes: roles and arms, what its interval is about, the four verdicts and
// the checks beside them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

const comparison = (id, query = '') => server.get(`/experiments/${id}/comparison${query}`);
const codes = ({ checks }) => checks.map(({ code }) => code);
const mean = (values) => values.reduce((a, b) => a + b) / values.length;

async function train(spec) {
  const { experiment } = await server.train(spec);
  return experiment.id;
}

/** The runs of an experiment, completed. */
async function runsOf(id) {
  return (await server.get(`/experiments/${id}/runs?limit=500`)).items;
}

/** Three classes that overlap, of few rows: every split is another task. */
async function putTable(name, n) {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const row = (i) => {
    const noise = () => uniform() + uniform() + uniform() - 1.5;
    const inputs = Array.from({ length: 6 }, (_, j) => (i % 3 === j % 3 ? 0.7 : 0) + noise());
    return `${inputs.map((x) => x.toFixed(4)).join(',')},c${i % 3}`;
  };
  const text = `a,b,c,d,e,f,class\n${Array.from({ length: n }, (_, i) => row(i)).join('\n')}\n`;
  const put = await server.request('PUT', `/datasets/${name}?label=class`, text, {
    'Content-Type': 'text/csv',
  });
  assert.equal(put.status, 201, put.text);
}

test('on a small table a verdict is about other splits, and does not turn with them', async () => {
  await putTable('table', 180);
  const spec = { dataset: 'table', hidden: [16], epochs: 15, sweep: { weight_decay: [0, 0.1] } };
  const seen = new Set();
  for (const data_seed of [0, 100, 200, 300]) {
    const answer = await comparison(await train({ ...spec, data_seed, repeats: 5 }));
    assert.equal(answer.about, 'resplit');
    assert.match(answer.headline, /^On other splits of this set, /);
    assert.ok(!codes(answer).includes('one_split'));
    const { difference, verdict } = answer.arms.find((arm) => arm.difference);
    // t with 4 degrees, (1/n + n_measured/n_pool) s² in place of s²/n: 36 measured, 180 - 72 to
    // train on.
    const half = 2.7764451051977987 * difference.std * Math.sqrt(1 / 5 + 36 / 108);
    assert.ok(Math.abs(difference.ci_high - difference.mean - half) < 1e-9, `${half}`);
    assert.equal(difference.sign_flip_p, null);
    seen.add(verdict);
  }
  assert.ok(!(seen.has('better') && seen.has('worse')), [...seen].join());
  const one = await comparison(await train({ ...spec, repeat_varies: ['seed'], repeats: 3 }));
  assert.equal(one.about, 'split');
  assert.match(
    one.method.paragraph,
    new RegExp(
      '^We compared 2 arms \\(.*\\) by validation loss\\. ' +
        'Data: table \\(SHA-256 [0-9a-f]{16}\\), 108 training, 36 validation and 36 test rows\\. ' +
        'There were 3 repeats; .* Regulab \\d',
    ),
  );
  assert.ok(codes(one).includes('one_split'));
});

test('with learning rates beside it, best is compared with best', async () => {
  const id = await train({
    ...QUICK,
    epochs: 8,
    repeats: 5,
    sweep: { dropout: [0, 0.4], learning_rate: [0.0003, 0.003, 0.03] },
  });
  const answer = await comparison(id);
  assert.equal(answer.metric, 'test_loss');
  assert.deepEqual(answer.question.tune, ['learning_rate']);
  const runs = await runsOf(id);
  const valuesOf = (dropout) =>
    [0, 1, 2, 3, 4].map((seed) => {
      const own = runs.filter((run) => run.seed === seed && run.values.dropout === dropout);
      return own.sort((a, b) => a.metrics.val_loss - b.metrics.val_loss)[0].metrics.test_loss;
    });
  const expected = mean(valuesOf(0.4)) - mean(valuesOf(0));
  const arm = answer.arms.find(({ values }) => values.dropout === 0.4);
  assert.ok(Math.abs(arm.difference.mean - expected) < 1e-12, `${expected}`);
  assert.equal(answer.arms.length, 2);
  assert.ok(codes(await comparison(id, '?metric=val_loss')).includes('chosen_by_validation'));
  assert.ok(!codes(answer).includes('untuned'));
});

test('nets that are still learning are said to be', async () => {
  const id = await train({
    dataset: { name: 'glyphs', n: 600 },
    train_size: 200,
    hidden: [16],
    epochs: 8,
    repeats: 3,
    sweep: { dropout: [0, 0.5] },
  });
  const found = (await comparison(id)).checks.find(({ code }) => code === 'still_improving');
  assert.equal(found.severity, 'caution');
  assert.ok(found.config_ids.length > 0);
  assert.match(found.detail, /still falling/);
});

test('what is judged by its own monitor is void; the test split may judge it', async () => {
  const id = await train({
    ...QUICK,
    epochs: 10,
    repeats: 4,
    sweep: { early_stopping: [null, { patience: 2 }] },
  });
  const judged = await comparison(id, '?metric=val_loss');
  const verdictOf = ({ arms }) => arms.find((arm) => arm.difference).verdict;
  assert.equal(verdictOf(judged), 'void');
  assert.equal(judged.checks.find(({ code }) => code === 'by_construction').severity, 'void');
  const answer = await comparison(id);
  assert.equal(answer.metric, 'test_loss');
  assert.notEqual(verdictOf(answer), 'void');
  assert.notEqual(verdictOf(await comparison(id, '?metric=val_loss&at=last')), 'void');
});

test('a nil effect is equivalent, and never worded as no evidence', async () => {
  const id = await train({ ...QUICK, repeats: 4, sweep: { weight_decay: [0, 1e-7] } });
  const answer = await comparison(id);
  const arm = answer.arms.find(({ difference }) => difference);
  assert.equal(arm.verdict, 'equivalent');
  assert.ok(arm.difference.equivalence_p_adjusted < 0.05);
  const smallest = answer.arms.find(({ difference }) => !difference).mean / 100;
  assert.ok(Math.abs(answer.question.smallest_effect - smallest) < 1e-12);
  assert.doesNotMatch(answer.headline, /no evidence/i);
  const wider = await train({
    ...QUICK,
    repeats: 4,
    sweep: { weight_decay: [0, 1e-7] },
    question: { smallest_effect: 1e-12, metric: 'val_accuracy' },
  });
  assert.equal((await comparison(wider)).metric, 'val_accuracy');
  assert.equal((await comparison(wider)).question.smallest_effect, 1e-12);
});

test('variants beside each other, with labels, and more of them later', async () => {
  const id = await train({
    ...QUICK,
    repeats: 3,
    variants: [{ label: 'none' }, { dropout: 0.2 }, { label: 'decay', weight_decay: 0.1 }],
    sweep: { train_size: [40, 80] },
  });
  const answer = await comparison(id);
  assert.deepEqual(answer.question.treatment.toSorted(), ['dropout', 'weight_decay']);
  assert.deepEqual(answer.question.context, ['train_size']);
  assert.equal(answer.contexts.length, 2);
  assert.deepEqual(
    answer.arms.map(({ label, context }) => `${label} ${context.train_size}`).toSorted(),
    ['decay 40', 'decay 80', 'dropout 0.2 40', 'dropout 0.2 80', 'none 40', 'none 80'],
  );
  assert.equal(answer.arms.filter(({ verdict }) => verdict === 'baseline').length, 2);
  for (const run of await runsOf(id)) {
    assert.deepEqual(Object.keys(run.values).toSorted(), ['dropout', 'train_size', 'weight_decay']);
    assert.equal(run.label === 'decay', run.config.weight_decay === 0.1);
  }
  const more = {
    variants: [{ label: 'smooth', label_smoothing: 0.1 }],
    sweep: { train_size: [60] },
  };
  const extended = await server.request('POST', `/experiments/${id}/extend`, more);
  assert.equal(extended.status, 200, extended.text);
  await server.untilTerminal(id);
  const wider = await comparison(id);
  assert.equal(wider.arms.length, 12);
  assert.deepEqual([...new Set(wider.arms.map(({ label }) => label))].toSorted(), [
    'decay',
    'dropout 0.2',
    'none',
    'smooth',
  ]);
  assert.ok(wider.question.treatment.includes('label_smoothing'));
  for (const [variants, pointer] of [
    [[{}, { dropout: 0 }], '/variants/1'],
    [[{ label: 'a' }, { label: 'a', dropout: 0.5 }], '/variants/1'],
    [[{}, { train_size: 50 }], '/variants/1/train_size'],
    [[{ seed: 3 }], '/variants/0/seed'],
  ]) {
    const { json } = await server.request('POST', '/experiments?dry_run=true', {
      ...QUICK,
      variants,
      sweep: { train_size: [40, 80] },
    });
    assert.deepEqual(
      json.errors?.map((error) => error.pointer),
      [pointer],
    );
  }
});

test('a question names roles; what is not varied has none', async () => {
  const spec = {
    ...QUICK,
    repeats: 3,
    sweep: { dropout: [0, 0.5], learning_rate: [0.01, 0.03] },
    question: { treatment: ['learning_rate'], context: ['dropout'], metric: 'val_loss' },
  };
  const id = await train(spec);
  const { question, arms, contexts } = await comparison(id);
  const plan = (await server.request('POST', '/experiments?dry_run=true', spec)).json;
  const { smallest_effect } = question; // which needs a mean
  const known = { ...plan.question, smallest_effect };
  assert.deepEqual(known, question, 'known before anything is trained');
  assert.deepEqual(question.treatment, ['learning_rate']);
  assert.deepEqual([arms.length, contexts.length], [4, 2]);
  const { json } = await server.request('POST', '/experiments?dry_run=true', {
    ...QUICK,
    question: { treatment: ['dropout'] },
  });
  assert.equal(json.errors[0].pointer, '/question/treatment');
});

test('metrics of layers and epochs to a target are compared, arms are rows of CSV', async () => {
  const id = await train({ ...QUICK, epochs: 6, repeats: 3, sweep: { dropout: [0, 0.5] } });
  const [run] = await runsOf(id);
  const layers = await server.get(`/runs/${run.id}/layers`);
  const sparse = await comparison(id, '?metric=layers.0.sparsity');
  assert.equal(sparse.method.at, 'last');
  assert.ok(sparse.arms.every(({ n, mean: value }) => n === 3 && value >= 0 && value <= 1));
  assert.ok(JSON.stringify(layers).includes('sparsity'));
  const target = run.metrics.last_val_loss;
  const reached = await comparison(id, `?metric=epochs_to&of=val_loss&target=${target}`);
  assert.deepEqual([reached.of, reached.target], ['val_loss', target]);
  assert.ok(reached.arms.every(({ mean: value }) => value > 0 && value <= 6));
  const csv = await server.request('GET', `/experiments/${id}/comparison`, undefined, {
    Accept: 'text/csv',
  });
  const lines = csv.text.trim().split('\n');
  assert.match(lines[0], /^label,dropout,config_id,n,/);
  assert.equal(lines.length, 3);
  for (const query of ['metric=epochs_to', 'metric=layers.0.nothing', 'metric=val_loss&target=1'])
    assert.equal(
      (await server.request('GET', `/experiments/${id}/comparison?${query}`)).status,
      400,
      query,
    );
});

test('looks at test metrics are counted, once for each question of as many runs', async () => {
  const id = await train({ ...QUICK, repeats: 3, sweep: { dropout: [0, 0.5] } });
  assert.ok(!codes(await comparison(id)).includes('test_seen'));
  const looks = async (query) => {
    const { checks } = await comparison(id, query);
    return checks.find(({ code }) => code === 'test_seen').detail.match(/for (\d+) time/)[1];
  };
  assert.equal(await looks('?metric=test_loss'), '1');
  assert.equal(await looks('?metric=test_loss'), '1');
  assert.equal(await looks('?metric=test_accuracy'), '2');
  assert.ok(codes(await comparison(id, '?metric=test_accuracy')).includes('exploratory'));
});

test('several experiments are compared where their data and seeds match', async () => {
  const one = await train({ ...QUICK, repeats: 4 });
  const other = await train({ ...QUICK, repeats: 4, dropout: 0.5 });
  const apart = await train({ ...QUICK, repeats: 4, dropout: 0.5, data_seed: 50 });
  const both = await server.get(`/comparison?experiments=${one},${other}&metric=val_loss`);
  assert.deepEqual(both.question.treatment, ['dropout']);
  assert.equal(both.arms.find(({ difference }) => difference).difference.n, 4);
  const swept = await train({ ...QUICK, repeats: 4, sweep: { dropout: [0, 0.5] } });
  const within = await comparison(swept, '?metric=val_loss');
  assert.deepEqual(
    both.arms.map((arm) => arm.difference),
    within.arms.map((arm) => arm.difference),
  );
  const unlike = await server.get(`/comparison?experiments=${one},${apart}&metric=val_loss`);
  assert.equal(unlike.arms.find(({ difference }) => difference).difference.n, 0);
  assert.equal((await server.request('GET', '/comparison')).status, 400);
  assert.equal((await server.request('GET', `/comparison?experiments=${one},987654`)).status, 404);
});

test('the view has the arms of what has ended, also after an extension', async () => {
  const id = await train({ ...QUICK, repeats: 3, sweep: { dropout: [0, 0.5] } });
  const rowsOf = async () => {
    const { columns, rows } = await server.sql(
      'SELECT label, metric, n, mean, verdict FROM comparison_results WHERE ' +
        'experiment_id = :id ORDER BY number',
      { id },
    );
    return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
  };
  const agree = async (n) => {
    const rows = await eventually(10_000, 'the arms are kept', async () => {
      const found = await rowsOf();
      return found.length === 2 && found[0].n === n && found;
    });
    const { arms } = await comparison(id);
    assert.deepEqual(
      rows.map(({ label, mean: value, verdict }) => [label, value, verdict]),
      arms.map(({ label, mean: value, verdict }) => [label, value, verdict]),
    );
  };
  await agree(3);
  await server.request('POST', `/experiments/${id}/extend`, { repeats: 4 });
  await server.untilTerminal(id);
  await agree(4);
});

test('a dry run says what the design can find', async () => {
  const dry = async (more) =>
    (
      await server.request('POST', '/experiments?dry_run=true', {
        ...QUICK,
        repeats: 5,
        ...more,
      })
    ).json.warnings.join('\n');
  assert.match(await dry({ sweep: { dropout: [0, 0.5] } }), /below 1\.68 standard deviations/);
  const many = await dry({ sweep: { dropout: [0, 0.1, 0.2, 0.3, 0.4], l2: [0, 0.1] } });
  assert.match(many, /Of 9 comparisons, adjusted together, one alone must differ by \d/);
  assert.match(many, /with \d+ repeats by 1\.68/);
});

test('repeats are added once, as many as the first stage asks for', async () => {
  const id = await train({
    ...QUICK,
    sweep: { dropout: [0, 0.5] },
    repeats: { until: { metric: 'val_loss', half_width: 0.01 }, min: 4, max: 30 },
  });
  const answer = await comparison(id);
  const runs = await runsOf(id);
  const at = (dropout) =>
    runs.filter((r) => r.values.dropout === dropout).sort((a, b) => a.seed - b.seed);
  const [base, other] = [at(0), at(0.5)];
  const first = [0, 1, 2, 3].map((k) => other[k].metrics.val_loss - base[k].metrics.val_loss);
  const deviation = Math.sqrt(first.reduce((a, d) => a + (d - mean(first)) ** 2, 0) / 3);
  const t = 3.182446305284263;
  const wanted = Math.min(30, Math.max(4, Math.ceil(((t * deviation) / 0.01) ** 2)));
  assert.equal(base.length, wanted);
  const { difference } = answer.arms.find((arm) => arm.difference);
  const half = (t * deviation) / Math.sqrt(wanted);
  assert.ok(Math.abs((difference.ci_high - difference.ci_low) / 2 - half) < 1e-9);
  assert.ok(answer.method.sequential);
});
