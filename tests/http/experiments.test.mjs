// Experiments: submitting, sweeping, changing, deleting.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

test('an empty object is a whole experiment', async () => {
  const answer = await server.request('POST', '/experiments', {});
  assert.equal(answer.status, 201, answer.text);
  const { json } = answer;
  assert.equal(answer.headers.get('location'), `/api/v1/experiments/${json.id}`);
  assert.equal(json.n_configs, 1);
  assert.equal(json.n_runs, 1);
  assert.equal(json.run_ids.length, 1);
  assert.deepEqual(json.spec, {});
  assert.ok(['queued', 'running'].includes(json.status), json.status);
  const done = await server.untilTerminal(json.id);
  assert.equal(done.status, 'completed');
  assert.equal(done.progress, 1);
  assert.equal(done.runs.completed, 1);
  const run = await server.get(`/runs/${json.run_ids[0]}`);
  assert.equal(run.status, 'completed');
  assert.equal(run.stop_reason, 'finished');
  assert.equal(run.epochs, 20);
  assert.equal(run.epoch, 20);
  assert.ok(run.metrics.test_accuracy > 0.5, `test accuracy ${run.metrics.test_accuracy}`);
  assert.deepEqual(run.config.hidden, [128, 128]);
});

test('an experiment has exactly the members of the contract', async () => {
  const created = await server.submit({
    ...QUICK,
    name: 'named',
    description: 'words',
    tags: ['a', 'b'],
  });
  await server.untilTerminal(created.id);
  const experiment = await server.get(`/experiments/${created.id}`);
  const members = [
    'id',
    'name',
    'description',
    'tags',
    'status',
    'priority',
    'spec',
    'baseline',
    'n_configs',
    'n_runs',
    'runs',
    'progress',
    'remaining_seconds',
    'created_at',
    'started_at',
    'finished_at',
  ];
  assert.deepEqual(Object.keys(experiment).sort(), members.sort());
  assert.equal(experiment.name, 'named');
  assert.equal(experiment.description, 'words');
  assert.deepEqual(experiment.tags, ['a', 'b']);
  for (const name of ['created_at', 'started_at', 'finished_at']) {
    assert.match(experiment[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  assert.ok(
    experiment.created_at <= experiment.started_at &&
      experiment.started_at <= experiment.finished_at,
  );
});

test('a sweep is a grid, repeats pair the seeds', async () => {
  const { experiment, runs } = await server.train({
    ...QUICK,
    seed: 7,
    repeats: 2,
    sweep: { dropout: [0, 0.5], l2: [0, 0.01, 0.1] },
  });
  assert.equal(experiment.n_configs, 6);
  assert.equal(experiment.n_runs, 12);
  assert.equal(runs.length, 12);
  const cells = runs.map((run) => `${run.values.dropout}/${run.values.l2}/${run.seed}`).sort();
  const expected = [0, 0.5]
    .flatMap((d) => [0, 0.01, 0.1].flatMap((l) => [7, 8].map((s) => `${d}/${l}/${s}`)))
    .sort();
  assert.deepEqual(cells, expected);
  assert.equal(new Set(runs.map((run) => run.config_id)).size, 6);
  for (const run of runs) assert.equal(run.config.dropout, run.values.dropout);
});

test('a sweep over a range, over a nested field and over optimizers', async () => {
  const range = await server.request('POST', '/experiments?dry_run=true', {
    ...QUICK,
    sweep: { weight_decay: { min: 1e-4, max: 1e-1, scale: 'log', count: 4 } },
  });
  assert.equal(range.status, 200, range.text);
  const decays = range.json.configs.map((config) => (config.config ?? config).weight_decay);
  assert.equal(decays.length, 4);
  decays
    .sort((a, b) => a - b)
    .forEach((decay, i) => assert.ok(Math.abs(Math.log10(decay) - (i - 4)) < 1e-9, `${decays}`));
  const nested = await server.request('POST', '/experiments?dry_run=true', {
    ...QUICK,
    early_stopping: {},
    sweep: { 'early_stopping.patience': [2, 4] },
  });
  assert.equal(nested.status, 200, nested.text);
  assert.equal(nested.json.n_configs, 2);
});

test('dry_run stores nothing and says what would be trained', async () => {
  const count = async () =>
    Promise.all(
      ['experiments', 'runs', 'configs', 'events'].map(
        async (table) => (await server.sql(`SELECT count(*) FROM ${table}`)).rows[0][0],
      ),
    );
  const before = await count();
  const answer = await server.request('POST', '/experiments?dry_run=true', {
    ...QUICK,
    repeats: 2,
    sweep: { dropout: [0, 0.5] },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.n_configs, 2);
  assert.equal(answer.json.n_runs, 4);
  assert.equal(answer.json.configs.length, 2);
  assert.deepEqual(
    answer.json.configs.map((config) => config.config.dropout),
    [0, 0.5],
  );
  assert.ok(Array.isArray(answer.json.warnings));
  assert.deepEqual(await count(), before);
});

test('dry_run says where it leaves configs out', async () => {
  for (const [n, truncated] of [
    [1000, false],
    [1001, true],
  ]) {
    const { json } = await server.request('POST', '/experiments?dry_run=true', {
      ...QUICK,
      sweep: { l2: { min: 0.001, max: 1, count: n } },
    });
    assert.equal(json.n_configs, n);
    assert.equal(json.configs.length, 1000);
    assert.equal(json.truncated, truncated);
  }
});

test('cells that mean the same are merged', async () => {
  const answer = await server.request('POST', '/experiments?dry_run=true', {
    ...QUICK,
    sweep: { optimizer: ['adam', 'sgd'], momentum: [0, 0.9] },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.n_configs, 3, 'momentum means nothing to adam');
  assert.ok(answer.json.warnings.length > 0, 'the merge is said');
});

test('a sweep that would generate data without end is refused before it does', async () => {
  const answer = await server.request('POST', '/experiments?dry_run=true', {
    dataset: { name: 'glyphs', n: 10000 },
    sweep: { data_seed: { min: 0, max: 9999, count: 10000 } },
  });
  assert.equal(answer.status, 400);
  assert.equal(answer.json.errors[0].pointer, '/sweep/data_seed');
  assert.match(answer.json.errors[0].detail, /10000 data sets of 25600000000 values together/);
});

test('Idempotency-Key: the same answer again, 409 for another body', async () => {
  const key = { 'Idempotency-Key': 'key-1' };
  const body = JSON.stringify({ ...QUICK, name: 'once' });
  const first = await server.request('POST', '/experiments', body, key);
  const again = await server.request('POST', '/experiments', body, key);
  assert.equal(first.status, 201);
  assert.equal(again.status, 201);
  assert.equal(again.json.id, first.json.id);
  assert.equal(again.text, first.text, 'the first answer, to the byte');
  const other = await server.request('POST', '/experiments', { ...QUICK, name: 'twice' }, key);
  assert.equal(other.status, 409, other.text);
  const { rows } = await server.sql(
    "SELECT count(*) FROM experiments WHERE name IN ('once', 'twice')",
  );
  assert.equal(rows[0][0], 1);
  await server.untilTerminal(first.json.id);
  const late = await server.request('POST', '/experiments', body, key);
  assert.equal(late.text, first.text, 'also when it has been trained since');
  await server.request('PATCH', `/experiments/${first.json.id}`, {
    name: 'renamed',
    description: 'd',
    tags: ['t'],
    priority: 1,
  });
  const extended = await server.request('POST', `/experiments/${first.json.id}/extend`, {
    repeats: 2,
    sweep: { dropout: [0.5] },
  });
  assert.equal(extended.status, 200, extended.text);
  const much_later = await server.request('POST', '/experiments', body, key);
  assert.equal(much_later.text, first.text, 'also when it has been renamed and extended since');
});

test('Idempotency-Key: at once from many clients, trained once', async () => {
  const body = JSON.stringify({ ...QUICK, name: 'raced' });
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      server.request('POST', '/experiments', body, { 'Idempotency-Key': 'key-race' }),
    ),
  );
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201]);
  assert.equal(new Set(answers.map((answer) => answer.json.id)).size, 1);
  await server.untilTerminal(answers[0].json.id);
});

test('a new post always trains', async () => {
  const [a, b] = [await server.submit(QUICK), await server.submit(QUICK)];
  assert.notEqual(a.id, b.id);
  await server.untilTerminal(a.id);
  assert.equal((await server.untilTerminal(b.id)).status, 'completed');
});

test('the list pages through everything once, with filters', async () => {
  for (let i = 0; i < 5; i++) await server.submit({ ...QUICK, name: `page ${i}`, tags: ['paged'] });
  const seen = [];
  let path = '/experiments?tag=paged&limit=2';
  for (let page = 0; path && page < 10; page++) {
    const { items, next_cursor } = await server.get(path);
    assert.ok(items.length <= 2);
    seen.push(...items.map((item) => item.name));
    path =
      next_cursor === null
        ? null
        : `/experiments?tag=paged&limit=2&cursor=${encodeURIComponent(next_cursor)}`;
  }
  assert.deepEqual(
    [...seen].sort(),
    [0, 1, 2, 3, 4].map((i) => `page ${i}`),
  );
  assert.equal((await server.get('/experiments?q=page%203')).items.length, 1);
  assert.equal((await server.get('/experiments?tag=nobody')).items.length, 0);
  assert.equal((await server.get('/experiments?tag=nobody')).next_cursor, null);
  for (const bad of [
    'limit=0',
    'limit=501',
    'limit=x',
    'status=sleeping',
    'cursor=%21%21',
    'sort=dropout',
    'dropout=0.5',
    'nonsense=1',
  ]) {
    assert.equal((await server.request('GET', `/experiments?${bad}`)).status, 400, bad);
  }
});

test('PATCH changes name, description and tags, nothing else', async () => {
  const old = { name: 'old', description: 'old words', tags: ['old'] };
  const { id } = await server.submit({ ...QUICK, ...old });
  await server.untilTerminal(id);
  let expected = await server.get(`/experiments/${id}`);
  for (const change of [{ name: 'new' }, { description: 'new words' }, { tags: ['x', 'y'] }]) {
    const answer = await server.request('PATCH', `/experiments/${id}`, change);
    assert.equal(answer.status, 200, answer.text);
    expected = { ...expected, ...change };
    assert.deepEqual(await server.get(`/experiments/${id}`), expected);
  }
  assert.equal((await server.request('PATCH', `/experiments/${id}`, { epochs: 3 })).status, 400);
  assert.equal((await server.request('PATCH', '/experiments/999999', { name: 'x' })).status, 404);
});

test('DELETE removes the experiment with its runs; 409 while running unless forced', async () => {
  const quick = await server.submit(QUICK);
  await server.untilTerminal(quick.id);
  assert.equal((await server.request('DELETE', `/experiments/${quick.id}`)).status, 204);
  assert.equal((await server.request('GET', `/experiments/${quick.id}`)).status, 404);
  assert.equal((await server.request('GET', `/runs/${quick.run_ids[0]}`)).status, 404);
  assert.equal((await server.request('GET', `/runs/${quick.run_ids[0]}/curves`)).status, 404);
  assert.equal((await server.request('DELETE', `/experiments/${quick.id}`)).status, 404);
  const long = await server.submit(LONG);
  await server.untilExperiment(long.id, (experiment) => experiment.status === 'running');
  assert.equal((await server.request('DELETE', `/experiments/${long.id}`)).status, 409);
  assert.equal((await server.request('DELETE', `/experiments/${long.id}?force=true`)).status, 204);
  assert.equal((await server.request('GET', `/experiments/${long.id}`)).status, 404);
  for (const table of ['runs', 'epochs', 'layers']) {
    const key = table === 'runs' ? 'id' : 'run_id';
    const { rows } = await server.sql(`SELECT count(*) FROM ${table} WHERE ${key} = :run`, {
      run: long.run_ids[0],
    });
    assert.equal(rows[0][0], 0, table);
  }
});

test('cancel ends queued and running runs', async () => {
  const { id } = await server.submit({ ...LONG, repeats: 5 });
  await server.untilExperiment(id, (experiment) => experiment.runs.running > 0);
  const answer = await server.request('POST', `/experiments/${id}/cancel`);
  assert.ok([200, 202, 204].includes(answer.status), answer.text);
  const experiment = await server.untilTerminal(id);
  assert.equal(experiment.status, 'cancelled');
  assert.equal(experiment.runs.cancelled, 5);
  const { items } = await server.get(`/experiments/${id}/runs`);
  for (const run of items) {
    assert.equal(run.status, 'cancelled');
    assert.equal(run.stop_reason, 'cancelled');
  }
});

test('pause keeps the work, resume goes on with it', async () => {
  const {
    id,
    run_ids: [run],
  } = await server.submit({ ...LONG, hidden: [64] });
  const beyond = (progress) =>
    server.untilExperiment(id, (experiment) => experiment.progress > progress);
  await beyond(0);
  assert.ok((await server.request('POST', `/experiments/${id}/pause`)).status < 300);
  const paused = await server.untilExperiment(id, (experiment) => experiment.status === 'paused');
  const { epoch } = await server.get(`/runs/${run}`);
  assert.ok(epoch >= 1);
  assert.ok((await server.request('POST', `/experiments/${id}/resume`)).status < 300);
  await beyond(paused.progress);
  assert.equal((await server.request('POST', `/experiments/${id}/cancel`)).status, 200);
  await server.untilTerminal(id);
  const { columns } = await server.get(`/runs/${run}/curves`);
  assert.ok(columns.epoch.length > epoch + 1);
  assert.deepEqual(
    columns.epoch,
    columns.epoch.map((_, i) => i),
  );
});

test('a higher priority is served first, also when it comes later or changes', async () => {
  const one = await Server.start({ workers: 1 });
  try {
    const blocker = await one.submit({ ...LONG, priority: 10 });
    await one.untilExperiment(blocker.id, (experiment) => experiment.status === 'running');
    const plain = await one.submit(QUICK);
    const low = await one.submit({ ...QUICK, priority: -1 });
    const high = await one.submit({ ...QUICK, priority: 3, repeats: 2 });
    const raised = await one.submit({ ...QUICK, priority: -10 });
    assert.deepEqual([plain.priority, low.priority, high.priority], [0, -1, 3]);
    const answer = await one.request('PATCH', `/experiments/${raised.id}`, { priority: 5 });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.priority, 5);
    assert.equal(
      (await one.get(`/experiments/${blocker.id}`)).status,
      'running',
      'what runs goes on',
    );
    for (const bad of [{ priority: 11 }, { priority: 'high' }, { priority: 0.5 }]) {
      assert.equal(
        (await one.request('PATCH', `/experiments/${plain.id}`, bad)).status,
        400,
        JSON.stringify(bad),
      );
      assert.equal(
        (await one.request('POST', '/experiments', { ...QUICK, ...bad })).status,
        400,
        JSON.stringify(bad),
      );
    }
    const listed = await one.get('/experiments?sort=-priority');
    assert.deepEqual(
      listed.items.map((item) => item.priority),
      [10, 5, 3, 0, -1],
    );
    assert.equal((await one.request('POST', `/experiments/${blocker.id}/cancel`)).status, 200);
    for (const { id } of [plain, low, high, raised]) await one.untilTerminal(id);
    const { rows } = await one.sql(
      "SELECT experiment_id FROM events WHERE kind = 'run' AND status = 'completed' ORDER BY id",
    );
    assert.deepEqual(rows.flat(), [raised.id, high.id, high.id, plain.id, low.id]);
  } finally {
    await one.stop();
  }
});

test('priorities outlast a restart', async () => {
  let one = await Server.start({ workers: 1 });
  try {
    const blocker = await one.submit({ ...LONG, priority: 10 });
    const low = await one.submit({ ...QUICK, priority: -1 });
    const high = await one.submit({ ...QUICK, priority: 1 });
    one = await one.restart({ workers: 1 });
    assert.equal((await one.request('POST', `/experiments/${blocker.id}/cancel`)).status, 200);
    for (const { id } of [low, high]) await one.untilTerminal(id);
    const { rows } = await one.sql(
      "SELECT experiment_id FROM events WHERE kind = 'run' AND status = 'completed' ORDER BY id",
    );
    assert.deepEqual(rows.flat(), [high.id, low.id]);
  } finally {
    await one.stop();
  }
});

const FAULTS = [
  [
    { epochs: 0, dropout: [0.1, 0.2, 0.3], dataset: 'nonesuch' },
    ['/dataset', '/dropout', '/epochs'],
  ],
  [
    { dataset: { name: 'moons', n: 2, noise: 99, classes: 5 } },
    ['/dataset/classes', '/dataset/n', '/dataset/noise'],
  ],
  [
    {
      dataset: { name: 'moons', n: 200 },
      train_size: 900,
      validation_size: 901,
      test_size: 902,
      augmentation: { shift: 1 },
    },
    ['/augmentation', '/test_size', '/train_size', '/validation_size'],
  ],
  [
    {
      dataset: 'sine',
      label_smoothing: 0.1,
      l1: -1,
      learning_rate_schedule: 'one_cycle',
      warmup_epochs: 2,
    },
    ['/l1', '/label_smoothing', '/warmup_epochs'],
  ],
  // The rates may be right for the hidden layers that were meant.
  [{ hidden: 'wide', dropout: [0.1, 0.2, 0.3] }, ['/hidden']],
  // Also what only the data tell.
  [{ sweep: { train_size: [100, 90000, 80000] } }, ['/sweep/train_size/1', '/sweep/train_size/2']],
  [
    {
      sweep: { dataset: ['moons', { name: 'blobs', n: 2 }, 'sine'], label_smoothing: [0, 0.1] },
    },
    ['/sweep/dataset/1/n', '/sweep/label_smoothing/1'],
  ],
  [
    { baseline: { dropout: 0.3 }, sweep: { dropout: [0, 0.5], dataset: ['nonesuch'] } },
    ['/baseline', '/sweep/dataset/0'],
  ],
  // A sweep is there.
  [{ sweep: { droput: [0.1] }, sweep_method: 'random' }, ['/sweep/droput']],
];

test('every fault is told at once, whatever found it', async () => {
  for (const [spec, pointers] of FAULTS) {
    const answers = [
      await server.request('POST', '/experiments?dry_run=true', spec),
      await server.request('POST', '/experiments', spec),
    ];
    for (const answer of answers) assert.equal(answer.status, 400, answer.text);
    assert.deepEqual(answers[0].json.errors, answers[1].json.errors);
    const found = answers[0].json.errors.map((error) => error.pointer).sort();
    assert.deepEqual(found, pointers, JSON.stringify(spec));
  }
});

test('a recipe is queued as it is: a body that would change it is refused', async () => {
  const before = (await server.sql('SELECT count(*) FROM experiments')).rows[0][0];
  for (const body of [{ epochs: 1 }, '{"epochs":1}', '[]', 'x']) {
    const answer = await server.request('POST', '/recipes/demonstration', body);
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.detail, /GET \/recipes .* POST \/experiments/);
  }
  assert.equal((await server.sql('SELECT count(*) FROM experiments')).rows[0][0], before);
  const dry = await server.request('POST', '/recipes/demonstration?dry_run=true', ' {} ');
  assert.equal(dry.status, 200, dry.text);
});

test('recipes are listed and queued', async () => {
  const list = await server.get('/recipes');
  const items = list.items ?? list;
  assert.ok(
    items.some((recipe) => recipe.name === 'demonstration'),
    JSON.stringify(items),
  );
  const answer = await server.request('POST', '/recipes/demonstration');
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.json.n_runs, 15);
  assert.equal(
    (await server.request('DELETE', `/experiments/${answer.json.id}?force=true`)).status,
    204,
  );
  assert.equal((await server.request('POST', '/recipes/nonesuch')).status, 404);
});

test('an unknown id is 404 with a problem, whatever is asked of it', async () => {
  const bodies = { extend: { repeats: 2 }, predict: { inputs: [[1, 2]] }, patch: { name: 'x' } };
  const { paths } = (await server.request('GET', '//api/openapi.json')).json;
  const asked = Object.entries(paths)
    .filter(([path]) => path.includes('{id}'))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => [method, path]));
  assert.ok(asked.length > 20, `${asked}`);
  for (const [method, path] of asked) {
    const body = bodies[path.split('/').at(-1)] ?? bodies[method];
    const question = `/${path.replace('{id}', '987654')}`;
    const answer = await server.request(method.toUpperCase(), question, body);
    assert.equal(answer.status, 404, `${method} ${path}: ${answer.text}`);
    assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
  }
});
