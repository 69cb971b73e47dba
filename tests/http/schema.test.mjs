// What openapi.json says is what the service takes and gives; and the check of every answer, which
// all tests go through, sees an answer that is not so.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { QUICK, Server } from '../harness.mjs';
import { Schemas } from '../schema.mjs';

const server = await Server.start();
after(() => server.stop());
const document = await server.get('//api/openapi.json');
const schemas = new Schemas(document);

const operation = (method, path) => document.paths[`/api/v1${path}`][method];
const parameter = (method, path, name) =>
  operation(method, path).parameters.find((one) => one.name === name);
const bodyOf = (method, path) => {
  const { schema } = operation(method, path).requestBody.content['application/json'];
  return schemas.ajv.compile({ $ref: `openapi${schema.$ref}` });
};

test('an answer that is not as it is described is seen', async () => {
  const { runs } = await server.train(QUICK);
  const [run] = runs;
  const path = `/api/v1/runs/${run.id}`;
  const check = (json) => schemas.check('GET', path, 200, 'application/json', json);
  check(run);
  const planted = {
    'a member more': { ...run, more: 1 },
    'a member less': { ...run, seed: undefined },
    'another type': { ...run, seed: '0' },
    'a name that is none': { ...run, status: 'done' },
    'a null that may not be': { ...run, config_id: null },
    'a metric that is none': { ...run, metrics: { ...run.metrics, loss: 1 } },
    'a field that is none': { ...run, config: { ...run.config, droput: 0 } },
    'a time that is none': { ...run, created_at: 'today' },
  };
  for (const [what, json] of Object.entries(planted))
    assert.throws(
      () => check(JSON.parse(JSON.stringify(json))),
      /is not as openapi.json says/,
      what,
    );
  assert.throws(
    () => schemas.check('GET', path, 202, 'application/json', run),
    /is not in openapi/,
  );
  assert.throws(() => schemas.check('GET', path, 418, 'application/problem+json', {}), /is not in/);
  assert.throws(
    () => schemas.checkComponent('EpochEvent', { run: 1 }),
    /is not as openapi.json says/,
  );
});

test('every success in JSON has a schema, and every object says what it must have', () => {
  let n = 0;
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, { responses }] of Object.entries(operations))
      for (const [status, { content }] of Object.entries(responses)) {
        const schema = content?.['application/json']?.schema;
        if (!schema || path === '/api/openapi.json') continue;
        assert.match(
          schema.$ref ?? '',
          /^#\/components\/schemas\/\w+$/,
          `${method} ${path} ${status}`,
        );
        n++;
      }
  assert.ok(n > 30, String(n));
  for (const [name, schema] of Object.entries(document.components.schemas))
    if (!schema.oneOf) assert.ok(schema.properties && schema.required, name);
});

test('metrics of answers are those of the catalogue', async () => {
  const { metrics } = await server.get('/fields');
  const names = (scope) => metrics.filter((one) => one.scope === scope).map((one) => one.name);
  const { RunMetrics, CurveColumns, LayerColumns, EpochMetrics } = document.components.schemas;
  assert.deepEqual(Object.keys(CurveColumns.properties), ['epoch', 'step', ...names('epoch')]);
  assert.deepEqual(Object.keys(EpochMetrics.properties), names('epoch'));
  assert.deepEqual(Object.keys(LayerColumns.properties), ['epoch', ...names('layer')]);
  for (const name of names('final')) assert.ok(RunMetrics.properties[name], name);
  assert.deepEqual(
    parameter('get', '/experiments/{id}/curves', 'metric').schema.enum,
    names('epoch'),
  );
});

test('a specification is described to its leaves, with its defaults', () => {
  const { properties } = document.components.schemas.Specification;
  assert.equal(properties.epochs.default, 20);
  assert.deepEqual(properties.hidden.default, [128, 128]);
  assert.equal(properties.early_stopping.default, null);
  assert.equal(properties.early_stopping.properties.patience.default, 5);
  assert.ok(properties.optimizer.enum.includes('adamw'));
  const takes = schemas.ajv.compile({ $ref: 'openapi#/components/schemas/Specification' });
  for (const spec of [
    {},
    { sweep: { dropout: [0, [0.1, 0.2]], l2: { min: 0.1, max: 1, scale: 'log', count: 3 } } },
    { sweep: { 'early_stopping.patience': [3] }, baseline: { 'early_stopping.patience': 3 } },
    { repeats: { until: { metric: 'val_loss', half_width: 0.1 }, min: 3, max: 5 } },
    { dataset: { name: 'moons', n: 100, noise: 0.1 }, repeat_varies: ['seed', 'data_seed'] },
  ])
    assert.ok(takes(spec), `${JSON.stringify(spec)}: ${JSON.stringify(takes.errors)}`);
  for (const spec of [
    { sweep: { dropout: [] } },
    { sweep: { dropout: [1] } },
    { sweep: { seed: [1] } },
    { sweep: { optimizer: { min: 0, max: 1 } } },
    { sweep: { l2: { min: 0.1 } } },
    { baseline: { droput: 0 } },
    { baseline: { sweep: {} } },
    { repeats: { until: { metric: 'test_loss', half_width: 1 } } },
    { repeats: { until: { half_width: 0 } } },
    { repeats: 0 },
    { tags: [''] },
    { tags: ['a', 'a'] },
    { dataset: { nois: 1 } },
    { dropout: [] },
    { name: 'a\nb' },
  ])
    assert.ok(!takes(spec), JSON.stringify(spec));
});

/** Requests, and what is answered: of an experiment `id` and its run. */
const casesOf = (id, run) => [
  ['GET', '/sql', 400],
  ['GET', '/sql?query=', 400],
  ['GET', '/sql?query=SELECT+1', 200],
  ['GET', `/runs/${run}/model?epoch=1`, 400],
  ['GET', `/runs/${run}/model?epoch=0`, 200],
  ['GET', '/datasets/moons/preview?rows=500', 200],
  ['GET', '/datasets/moons/preview?rows=501', 400],
  ['GET', '/datasets/moons/preview?images=0', 200],
  ['GET', '/experiments?cursor=', 200],
  ['GET', '/datasets?cursor=', 200],
  ['GET', '/fields?cursor=', 200],
  ['GET', '/experiments?cursor=next', 400],
  ['GET', '/experiments?sort=', 400],
  ['GET', '/experiments?sort=-name', 200],
  ['GET', '/experiments?q=a%0Ab', 400],
  ['GET', '/runs?sort=', 400],
  ['GET', '/runs?sort=loss', 400],
  ['GET', '/runs?sort=-val_loss', 200],
  ['GET', '/runs?sort=early_stopping_patience', 200],
  ['GET', '/runs?config_id=a%0Ab', 400],
  ['GET', `/sql?query=${'SELECT+1'.padEnd(8001, '+')}`, 400],
  ['GET', `/sql?query=${'SELECT+1'.padEnd(8000, '+')}`, 200],
  ['GET', `/experiments/${id}/comparison?metric=`, 400],
  ['GET', `/experiments/${id}/curves?metric=`, 400],
  ['GET', `/experiments/${id}/curves?metric=test_loss`, 400],
  ['GET', `/runs/${run}/curves?metrics=`, 400],
  ['GET', '/experiments?limit=501', 400],
  ['DELETE', `/experiments/987654?force=1`, 400],
  ['DELETE', `/experiments/987654?force=true`, 404],
  ['POST', '/recipes/demonstration?dry_run=true', 200, {}],
  ['POST', '/recipes/demonstration?dry_run=true', 400, { epochs: 1 }],
  ['POST', `/experiments/${id}/cancel`, 200, {}],
  ['POST', `/experiments/${id}/cancel`, 400, { reason: 'none' }],
  ['PATCH', `/experiments/${id}`, 400, {}],
  ['PATCH', `/experiments/${id}`, 400, { tags: [''] }],
  ['PATCH', `/experiments/${id}`, 200, { tags: ['a'] }],
  ['POST', `/runs/${run}/predict`, 400, { inputs: [[]] }],
  ['POST', `/runs/${run}/predict`, 400, { inputs: [] }],
  ['POST', `/runs/${run}/predict`, 200, { inputs: [[0, 1]] }],
  ['POST', '/sql', 400, { query: '' }],
  ['POST', '/sql', 200, { query: 'SELECT 1', parameters: null, limit: 1 }],
];

test('what a schema says of a value, the service says too', async () => {
  const { id, run_ids } = await server.submit(QUICK);
  await server.untilTerminal(id);
  const [run] = run_ids;
  const cases = casesOf(id, run);
  for (const [method, path, status, body] of cases) {
    const answer = await server.request(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text.slice(0, 300)}`);
    const { pathname, searchParams } = new URL(`http://x${path}`);
    const template = pathname
      .replace(/\/\d+/, '/{id}')
      .replace(/(datasets|recipes)\/\w+/, '$1/{name}');
    const verb = method.toLowerCase();
    for (const { name, required, schema, in: place } of operation(verb, template).parameters) {
      if (place !== 'query' || name === 'values') continue;
      const text = searchParams.get(name);
      if (text === null) {
        if (required) assert.equal(status, 400, `${path}: ${name} is required`);
        continue;
      }
      const one = {
        string: text,
        array: text.split(','),
        boolean: { true: true, false: false }[text],
      };
      const value = schema.type in one ? one[schema.type] : text === '' ? text : Number(text);
      const takes = schemas.ajv.compile(schema);
      // A cursor is opaque: what it is made of is said, what it names is not.
      if (status !== 400) assert.ok(takes(value), `${path}: ${name} is taken, but not described`);
      else if (!body) assert.ok(!takes(value), `${path}: ${name} is described, but not taken`);
    }
    if (body)
      assert.equal(bodyOf(verb, template)(body), status !== 400, `${path} ${JSON.stringify(body)}`);
  }
  assert.equal(parameter('get', '/sql', 'query').required, true);
});

test('runs are filtered by columns, each with values of its own', async () => {
  const { schema } = parameter('get', '/runs', 'values');
  const takes = schemas.ajv.compile(schema);
  const cases = [
    [{ dropout: 0.5 }, 200],
    [{ dropout: 'null' }, 200],
    [{ dropout: '[0.5,0.5]' }, 200],
    [{ dropout: 'much' }, 400],
    [{ epochs: '[3]' }, 400],
    [{ optimizer: 'sgd' }, 200],
    [{ optimizer: 'sdg' }, 400],
    [{ shuffle: true }, 200],
    [{ shuffle: 1 }, 200],
    [{ shuffle: 2 }, 400],
    [{ hidden: '[8]' }, 200],
    [{ early_stopping_patience: 5 }, 200],
    [{ droput: 0.5 }, 400],
    [{ l1: 0, l2: 0, epochs: 1, attempt: 1, epoch: 1, mixup: 0, rho: 1, beta1: 1 }, 200],
    [{ l1: 0, l2: 0, epochs: 1, attempt: 1, epoch: 1, mixup: 0, rho: 1, beta1: 1, beta2: 1 }, 400],
  ];
  for (const [values, status] of cases) {
    const what = JSON.stringify(values);
    const answer = await server.request('GET', `/runs?${new URLSearchParams(values)}`);
    assert.equal(answer.status, status, `${what}: ${answer.text.slice(0, 300)}`);
    assert.equal(takes(values), status === 200, what);
  }
});

test('every operation tells the scope of token that it wants', () => {
  const scope = (method, path) => operation(method, path)['x-token-scope'];
  assert.equal(scope('post', '/experiments'), 'write');
  assert.equal(scope('get', '/runs'), 'read');
  assert.equal(scope('post', '/sql'), 'read');
  assert.equal(scope('post', '/session'), undefined);
  assert.deepEqual(operation('post', '/session').security, []);
});

test('a data set is sent as bytes, as text or as parts of a form, never as nothing', async () => {
  const { required, content } = operation('put', '/datasets/{name}').requestBody;
  assert.equal(required, true);
  assert.equal(content['text/csv'].schema.type, 'string');
  assert.equal(content['application/zip'].schema.format, 'binary');
  assert.deepEqual(content['multipart/form-data'].schema.required, ['file']);
  const empty = await server.request('PUT', '/datasets/nothing', '', {
    'Content-Type': 'text/csv',
  });
  assert.equal(empty.status, 400, empty.text);
});

test('events are described beside their stream', () => {
  for (const path of ['/events', '/experiments/{id}/events', '/runs/{id}/events']) {
    const stream = operation('get', path).responses[200].content['text/event-stream'];
    assert.deepEqual(Object.keys(stream['x-events']), ['epoch', 'run', 'experiment']);
  }
  const { EpochEvent } = document.components.schemas;
  for (const name of ['run_id', 'experiment_id', 'run', 'experiment'])
    assert.ok(EpochEvent.required.includes(name), name);
});
