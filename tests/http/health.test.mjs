// What says that the service lives, and the tables that it tells of itself.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

test('healthz and readyz answer 200', async () => {
  assert.equal((await server.request('GET', '//healthz')).status, 200);
  assert.equal((await server.request('GET', '//readyz')).status, 200);
});

test('metrics are Prometheus text', async () => {
  await server.train(QUICK);
  const answer = await server.request('GET', '//metrics');
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/plain/);
  const lines = answer.text.trim().split('\n');
  for (const line of lines)
    assert.match(
      line,
      /^(#|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? -?[0-9.eE+-]+$|[a-z_]+(\{[^}]*\})? (NaN|\+Inf))/,
      line,
    );
  assert.ok(lines.some((line) => line.startsWith('# TYPE')));
});

test('every answer has its own X-Request-Id', async () => {
  const ids = new Set();
  for (const path of [
    '//healthz',
    '/experiments',
    '/experiments/99999',
    '/fields',
    '//nowhere',
    '//',
  ]) {
    const id = (await server.request('GET', path)).headers.get('x-request-id');
    assert.ok(id, path);
    ids.add(id);
  }
  assert.equal(ids.size, 6);
});

test('fields: one row per field, with all that a form needs', async () => {
  const { items } = await server.get('/fields');
  const names = items.map((field) => field.name);
  for (const name of [
    'dataset',
    'hidden',
    'dropout',
    'l1',
    'l2',
    'weight_decay',
    'optimizer',
    'learning_rate',
    'epochs',
    'batch_size',
    'seed',
    'early_stopping.patience',
    'sweep',
    'repeats',
    'name',
    'augmentation.shift',
  ])
    assert.ok(names.includes(name), `no ${name}`);
  assert.equal(new Set(names).size, names.length);
  for (const field of items)
    assert.ok(field.help && field.help.length > 10, `${field.name} has no help`);
  const dropout = items.find((field) => field.name === 'dropout');
  assert.ok('default' in dropout, JSON.stringify(dropout));
  assert.match(dropout.formula, /1 − r/);
  assert.deepEqual(Object.keys(dropout.equivalents), ['pytorch', 'keras', 'scikit_learn']);
  assert.match(dropout.equivalents.pytorch, /nn\.Dropout/);
  assert.equal(dropout.equivalents.scikit_learn, null);
  assert.match((await server.get('/fields')).symbols, /λ/);
});

test('fields: a metric says where it can be compared', async () => {
  const { metrics } = await server.get('/fields');
  const { components } = (await server.request('GET', '//api/openapi.json')).json;
  const { experiment } = await server.train(QUICK);
  for (const metric of metrics) {
    assert.deepEqual(Object.keys(metric).sort(), components.schemas.Metric.required.slice().sort());
    if (metric.scope === 'layer') {
      assert.deepEqual(metric.compared_at, ['last'], metric.name);
      continue;
    }
    assert.ok(metric.compared_at.length > 0, metric.name);
    for (const at of ['selected', 'best', 'last']) {
      const { status } = await server.request(
        'GET',
        `/experiments/${experiment.id}/comparison?metric=${metric.name}&at=${at}`,
      );
      assert.equal(
        status === 200,
        metric.compared_at.includes(at),
        `${metric.name} at ${at}: ${status}`,
      );
    }
  }
});

test('every default of the field table is accepted when sent', async () => {
  const { items } = await server.get('/fields');
  const spec = {};
  for (const field of items) {
    const [name, member] = field.name.split('.');
    if (field.default === null && !field.nullable) continue; // depends on other fields
    if (member === undefined) spec[name] = field.default;
    else spec[name] = { ...spec[name], [member]: field.default };
  }
  assert.ok(spec.early_stopping.patience > 0 && spec.augmentation.flip === false);
  const answer = await server.request('POST', '/experiments?dry_run=true', spec);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.n_runs, 1);
});

test('OpenAPI 3.1 names every path with its methods, as the server knows them', async () => {
  const answer = await server.request('GET', '//api/openapi.json');
  assert.equal(answer.status, 200);
  assert.match(answer.json.openapi, /^3\.1\./);
  const paths = Object.entries(answer.json.paths);
  assert.ok(paths.length > 25, `${paths.length} paths`);
  for (const [path, methods] of paths) {
    const at = path.replace('{id}', '1').replace('{name}', 'glyphs');
    const text = await server.raw(
      `PROPFIND ${at} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(text, /^HTTP\/1\.1 405 /, path);
    const allowed = /^Allow: (.*)\r$/im.exec(text)[1].split(', ');
    const known = Object.keys(methods).map((method) => method.toUpperCase());
    assert.deepEqual(
      allowed.sort(),
      [...known, ...(known.includes('GET') ? ['HEAD'] : [])].sort(),
      path,
    );
  }
});

test('the dashboard is served with a strict policy', async () => {
  const answer = await server.request('GET', '//');
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/html/);
  const policy = answer.headers.get('content-security-policy');
  assert.match(policy, /default-src '(self|none)'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  const files = [...answer.text.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|mjs|css|svg))"/g)].map(
    ([, path]) => path,
  );
  assert.ok(files.length > 0, answer.text);
  for (const path of files)
    assert.equal((await server.request('GET', `/${path}`)).status, 200, path);
});

test('static files are told by exact name, with a tag', async () => {
  const page = await server.request('GET', '//index.html');
  assert.ok([200, 301, 302, 308].includes(page.status) || page.status === 404);
  const root = await server.request('GET', '//');
  const tag = root.headers.get('etag');
  assert.ok(tag);
  const known = await server.request('GET', '//', undefined, { 'If-None-Match': tag });
  assert.equal(known.status, 304);
  assert.equal(known.headers.get('etag'), tag);
  assert.equal(known.headers.get('content-length'), null);
  for (const path of [
    '//../Makefile',
    '//%2e%2e/Makefile',
    '//static/../../Makefile',
    '//package.json%00',
    '//.npmrc',
  ]) {
    const answer = await server.raw(
      `GET ${path.slice(1)} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n` +
        'Connection: close\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, path);
  }
});

test('without Accept-Encoding nothing comes compressed', async () => {
  const plain = await server.raw(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`,
  );
  assert.doesNotMatch(plain, /Content-Encoding/i);
});
