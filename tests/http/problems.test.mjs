// Bad specifications: the right status, an exact message with its JSON pointer, nothing left
// behind.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cli, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

async function refused(body, status = 400) {
  const answer = await server.request('POST', '/experiments', body);
  assert.equal(
    answer.status,
    status,
    `${String(body).slice(0, 100)}: ${answer.status} ${answer.text.slice(0, 300)}`,
  );
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
  for (const name of ['type', 'title', 'status', 'detail'])
    assert.ok(name in answer.json, `no ${name}`);
  assert.equal(answer.json.status, status);
  return answer.json;
}

async function refusedAt(spec, pointer, code) {
  const problem = await refused(JSON.stringify(spec));
  const found = problem.errors.find((error) => error.pointer === pointer);
  assert.ok(
    found,
    `${JSON.stringify(spec)}: no error at ${pointer} in ${JSON.stringify(problem.errors)}`,
  );
  if (code) assert.equal(found.code, code, JSON.stringify(found));
  assert.ok(found.detail.length > 10, JSON.stringify(found));
  return found;
}

test('malformed JSON is refused with the place', async () => {
  const texts = [
    '',
    ' ',
    '{',
    '{"epochs":}',
    '{"epochs":1,}',
    '{"epochs" 1}',
    "{'epochs':1}",
    '{"epochs":01}',
    '{"epochs":5.}',
    '{"epochs":.5}',
    '{"epochs":+1}',
    '{"epochs":0x10}',
    '{"epochs":1..2}',
    '{"epochs":1}{}',
    '{"epochs":1} x',
    '{"epochs":NaN}',
    '{"epochs":Infinity}',
    '{"name":"a\tb"}',
    '{"name":"\\x"}',
    '{"name":"\\ud800"}',
    '{"name":"a\\u0000b"}',
    '{"na\\u0000me":"b"}',
    '\ufeff{}',
    '{"name":"unterminated',
    '{"epochs":tru}',
    '{/* c */}',
    '{"a":1 "b":2}',
    '[',
    ']',
    '{]',
  ];
  for (const text of texts) await refused(text);
  await refused(
    Buffer.from([0x7b, 0x22, 0x6e, 0x61, 0x6d, 0x65, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
  );
  await refused(
    Buffer.from([0x7b, 0x22, 0x6e, 0x61, 0x6d, 0x65, 0x22, 0x3a, 0x22, 0xc0, 0xaf, 0x22, 0x7d]),
  );
  await refused(Buffer.from('{"name":"a\u0000b"}'));
});

test('the top must be an object', async () => {
  for (const text of ['[]', 'null', '1', '"x"', 'true']) await refused(text);
});

test('an unknown field is named, with the nearest known one', async () => {
  const error = await refusedAt({ droput: 0.5 }, '/droput', 'unknown_field');
  assert.match(error.detail, /dropout/);
  assert.match(
    (
      await refusedAt(
        { early_stopping: { patiense: 3 } },
        '/early_stopping/patiense',
        'unknown_field',
      )
    ).detail,
    /patience/,
  );
  await refusedAt({ Epochs: 3 }, '/Epochs', 'unknown_field');
  await refusedAt({ dataset: { name: 'moons', nois: 1 } }, '/dataset/nois');
});

test('duplicate keys are refused, also nested ones', async () => {
  const problem = await refused('{"epochs":1,"epochs":2}');
  assert.match(JSON.stringify(problem), /duplicate|twice/i);
  for (const [text, pointer] of [
    ['{"dataset":{"name":"moons","name":"blobs"}}', '/dataset/name'],
    ['{"epochs":1,"e\\u0070ochs":2}', '/epochs'],
  ]) {
    const { errors } = await refused(text);
    assert.deepEqual(
      errors.map((error) => [error.pointer, error.code]),
      [[pointer, 'duplicate_key']],
    );
  }
});

test('wrong types are refused at their place', async () => {
  for (const spec of [
    { epochs: '5' },
    { epochs: 1.5 },
    { seed: 0.5 },
    { epochs: true },
    { epochs: null },
    { hidden: 5 },
    { hidden: { a: 1 } },
    { activation: 3 },
    { shuffle: 1 },
    { shuffle: 'true' },
    { dropout: 'high' },
    { dataset: 7 },
    { name: 5 },
    { tags: 'x' },
    { sweep: [] },
    { early_stopping: true },
    { augmentation: 1 },
    { repeats: '3' },
    { baseline: 3 },
  ]) {
    const [name] = Object.keys(spec);
    await refusedAt(spec, `/${name}`, 'wrong_type');
  }
  await refusedAt({ hidden: [16, 'x'] }, '/hidden/1');
  await refusedAt({ dropout: [0.1, null] }, '/dropout/1');
  await refusedAt({ tags: ['a', 1] }, '/tags/1');
});

test('values out of range are refused at their place', async () => {
  for (const spec of [
    { epochs: 0 },
    { epochs: 100001 },
    { dropout: 1 },
    { dropout: -0.1 },
    { input_dropout: 1 },
    { l1: -1 },
    { weight_decay: -1e-9 },
    { label_smoothing: 1 },
    { label_noise: 1.1 },
    { batch_size: 0 },
    { batch_size: 65537 },
    { learning_rate: 0 },
    { learning_rate: -1 },
    { seed: -1 },
    { seed: 2 ** 53 },
    { activation: 'swish' },
    { optimizer: 'lion' },
    { repeats: 0 },
    { repeats: 1001 },
    { monte_carlo_samples: 1001 },
    { weight_average: 1 },
    { gradient_clip: -1 },
    { evaluate_every: 0 },
    { hidden: Array(17).fill(4) },
    { beta1: 1 },
  ]) {
    const [name] = Object.keys(spec);
    await refusedAt(spec, `/${name}`, 'out_of_range');
  }
  await refusedAt({ hidden: [0] }, '/hidden/0', 'out_of_range');
  await refusedAt({ hidden: [16385] }, '/hidden/0', 'out_of_range');
  for (const text of [
    '{"learning_rate":1e999}',
    '{"l2":1e400}',
    '{"seed":9007199254740993}',
    '{"epochs":99999999999999999999}',
  ])
    await refused(text);
});

test('combinations that make no sense are refused with the reason', async () => {
  for (const [spec, pointer, words] of [
    [{ dropout: [0.1, 0.2, 0.3], hidden: [8, 8] }, '/dropout', /2 hidden layers, not 3/],
    [{ dataset: 'moons', augmentation: { shift: 1 } }, '/augmentation', /not images/],
    [{ normalization: 'batch', batch_size: 1 }, '/batch_size', /no variance/],
    [{ dataset: 'nonesuch' }, '/dataset', /neither registered nor built in/],
    [{ early_stopping: { monitor: 'test_loss' } }, '/early_stopping/monitor', /val_loss/],
    [{ dropout: 1e-9 }, '/dropout', /rounds to 0/],
    [{ dropout: [0.1] }, '/dropout', /hidden layers, not 1/], // two of them by default
    [{ learning_rate_schedule: 'one_cycle', warmup_epochs: 2 }, '/warmup_epochs', /warm/],
    [{ dataset: { name: 'glyphs' }, train_size: 4000 }, '/train_size', /training rows/],
  ]) {
    const { detail } = await refusedAt(spec, pointer);
    assert.match(detail, words, JSON.stringify(spec));
  }
});

test('parts that leave a class without a training row are refused at once', async () => {
  for (const [sizes, pointer, words] of [
    [{ train_size: 5 }, '/train_size', /train_size is 5: fewer than the 10 classes/],
    [
      { dataset: { name: 'glyphs', n: 5000 }, validation_size: 3999, test_size: 1000 },
      '/validation_size',
      /leave a class without a training row \(10 classes\)/,
    ],
  ]) {
    for (const query of ['', '?dry_run=true']) {
      const { status, json, text } = await server.request('POST', `/experiments${query}`, sizes);
      assert.equal(status, 400, text);
      assert.deepEqual(
        json.errors.map((error) => error.pointer),
        [pointer],
      );
      assert.match(json.errors[0].detail, words);
    }
    const { status, stdout, stderr } = cli(['check', '-'], { input: JSON.stringify(sizes) });
    assert.notEqual(status, 0);
    assert.match(stdout + stderr, words);
  }
});

test('a field that has no effect is said in a warning', async () => {
  for (const [name, spec] of Object.entries({
    momentum: { momentum: 0.5 },
    nesterov: { optimizer: 'sgd', momentum: 0, nesterov: true },
  })) {
    const answer = await server.request('POST', '/experiments?dry_run=true', spec);
    assert.equal(answer.status, 200, answer.text);
    assert.match(JSON.stringify(answer.json.warnings), new RegExp(name));
  }
});

test('bad sweeps are refused at their place', async () => {
  await refusedAt({ sweep: { droput: [0, 1] } }, '/sweep/droput');
  await refusedAt({ sweep: { dropout: [0, 2] } }, '/sweep/dropout/1');
  for (const sweep of [
    { dropout: [] },
    { dropout: 0.5 },
    { dropout: { min: 0 } },
    { dropout: { min: 1, max: 0, count: 3 } },
    { l2: { min: 0, max: 1, scale: 'log', count: 3 } },
    { l2: { min: 0.1, max: 1, scale: 'cubic', count: 3 } },
    { l2: { min: 0.1, max: 1, count: 0 } },
    { name: ['a', 'b'] },
    { sweep: [1] },
    { repeats: [1, 2] },
    { epochs: [1, 'x'] },
  ]) {
    const problem = await refused(JSON.stringify({ sweep }));
    assert.ok(
      problem.errors.some((error) => error.pointer.startsWith('/sweep')),
      JSON.stringify(problem.errors),
    );
  }
  const huge = Object.fromEntries(
    ['l1', 'l2', 'weight_decay', 'max_norm', 'label_smoothing', 'dropout'].map((name) => [
      name,
      Array.from({ length: 60 }, (_, i) => i / 100),
    ]),
  );
  const answer = await server.request('POST', '/experiments', { sweep: huge, repeats: 1000 });
  assert.ok(
    [400, 413, 429].includes(answer.status),
    `${answer.status} ${answer.text.slice(0, 200)}`,
  );
});

test('all errors of a specification come at once', async () => {
  const problem = await refused(
    JSON.stringify({
      epochs: 0,
      droput: 1,
      batch_size: 'x',
      hidden: [0, 4, -1],
      activation: 'relux',
    }),
  );
  const pointers = problem.errors.map((error) => error.pointer).sort();
  assert.deepEqual(pointers, [
    '/activation',
    '/batch_size',
    '/droput',
    '/epochs',
    '/hidden/0',
    '/hidden/2',
  ]);
});

test('deep nesting and many values are refused', async () => {
  for (const text of [
    '['.repeat(50_000),
    `{"dataset":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
    `{"hidden":${'['.repeat(300)}${']'.repeat(300)}}`,
    `{"tags":[${'"a",'.repeat(15_000)}"a"]}`,
    `{"hidden":[${'1,'.repeat(20_000)}1]}`,
  ]) {
    const answer = await server.request('POST', '/experiments', text);
    assert.ok(
      answer.status === 400 || answer.status === 413,
      `${text.slice(0, 30)}: ${answer.status}`,
    );
    assert.match(answer.headers.get('content-type'), /problem\+json/);
  }
});

test('a pointer escapes what JSON pointers escape, hostile names come back harmless', async () => {
  await refusedAt({ 'a/b~c': 1 }, '/a~1b~0c');
  for (const name of [
    '<script>alert(1)</script>',
    '"; DROP TABLE runs; --',
    '\u202e\u2028',
    '%s%s%n',
    'x'.repeat(5000),
    '',
    '__proto__',
  ]) {
    const answer = await server.request(
      'POST',
      '/experiments',
      JSON.stringify(Object.fromEntries([[name, 1]])),
    );
    assert.equal(answer.status, 400, name.slice(0, 40));
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    JSON.parse(answer.text);
  }
});

test('names, descriptions and tags come back as they were sent', async () => {
  const name = 'Ünï-çødé "quoted" \\ 🦆 <b>';
  const created = await server.submit({
    ...QUICK,
    name,
    description: 'line\nbreak\tand tab',
    tags: ['日本', 'a b'],
  });
  await server.untilTerminal(created.id);
  const experiment = await server.get(`/experiments/${created.id}`);
  assert.equal(experiment.name, name);
  assert.equal(experiment.description, 'line\nbreak\tand tab');
  assert.deepEqual(experiment.tags, ['日本', 'a b']);
});

test('nothing was left behind', async () => {
  const { rows } = await server.sql(
    "SELECT count(*) FROM experiments WHERE name IS NULL OR name NOT LIKE 'Ünï%'",
  );
  assert.equal(rows[0][0], 0);
  assert.equal((await server.request('GET', '//readyz')).status, 200);
});
