// Data sets: those built in, and those that are uploaded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bandImages, cli, eventually, idx, LONG, multipart, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const train = bandImages(400, { seed: 1 });
const held_out = bandImages(100, { seed: 2 });

/** Sixty rows of CSV under this head. */
const tableOf = (head, rowOf) =>
  `${[head, ...Array.from({ length: 60 }, (_, i) => rowOf(i))].join('\n')}\n`;

function put(name, files, query = '') {
  const { body, type } = multipart(files);
  return server.request('PUT', `/datasets/${name}${query}`, body, { 'Content-Type': type });
}

function fourFiles({ zip = false } = {}) {
  const pack = (data) => (zip ? gzipSync(data) : data);
  const end = zip ? '.gz' : '';
  return [
    { name: `train-images-idx3-ubyte${end}`, data: pack(train.images) },
    { name: `train-labels-idx1-ubyte${end}`, data: pack(train.labels) },
    { name: `t10k-images-idx3-ubyte${end}`, data: pack(held_out.images) },
    { name: `t10k-labels-idx1-ubyte${end}`, data: pack(held_out.labels) },
  ];
}

function filesOnDisk(folder = join(server.directory, 'data')) {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .flatMap((entry) =>
        entry.isDirectory() ? filesOnDisk(join(folder, entry.name)) : [join(folder, entry.name)],
      )
      .sort();
  } catch {
    return [];
  }
}

test('the built-in sets are listed with their options', async () => {
  const { items } = await server.get('/datasets');
  const names = items.map((item) => item.name);
  for (const name of ['glyphs', 'moons', 'spirals', 'blobs'])
    assert.ok(names.includes(name), `no ${name} in ${names}`);
  for (const { name, built_in, options, options_help, n_train } of items) {
    assert.ok(built_in, name);
    assert.equal(options.n, n_train, name);
    for (const option of Object.keys(options)) assert.match(options_help, new RegExp(option), name);
  }
  const { statistics, statistics_n, parts, ...glyphs } = await server.get('/datasets/glyphs');
  assert.deepEqual([statistics, statistics_n, parts.length], [[], glyphs.n_train, 3]);
  assert.deepEqual(
    glyphs,
    items.find(({ name }) => name === 'glyphs'),
  );
  assert.equal((await server.request('GET', '/datasets/nonesuch')).status, 404);
});

test('plain IDX files are registered and trained on', async () => {
  const answer = await put('bands', fourFiles());
  assert.equal(answer.status, 201, answer.text);
  const info = await server.get('/datasets/bands');
  assert.match(info.sha256, /^[0-9a-f]{64}$/);
  const {
    runs: [run],
  } = await server.train({ dataset: 'bands', hidden: [32], epochs: 8 });
  assert.equal(run.status, 'completed', run.error);
  assert.ok(run.metrics.test_accuracy > 0.9, `${run.metrics.test_accuracy}`);
  assert.ok(JSON.stringify(run.provenance).includes(info.sha256));
});

test('gzip changes nothing of the content', async () => {
  const answer = await put('bands-zipped', fourFiles({ zip: true }));
  assert.equal(answer.status, 201, answer.text);
  const [plain, zipped] = [
    await server.get('/datasets/bands'),
    await server.get('/datasets/bands-zipped'),
  ];
  assert.equal(zipped.sha256, plain.sha256);
});

test('the same content again is no conflict, other content is 409', async () => {
  assert.ok([200, 201, 204].includes((await put('bands', fourFiles())).status));
  const other = await put('bands', fourFiles().slice(0, 2));
  assert.equal(other.status, 409, other.text);
  assert.match(other.headers.get('content-type'), /problem\+json/);
});

test('a set without a test part has one drawn', async () => {
  const answer = await put('two-files', fourFiles().slice(0, 2));
  assert.equal(answer.status, 201, answer.text);
  const {
    runs: [run],
  } = await server.train({ dataset: 'two-files', hidden: [16], epochs: 2 });
  assert.equal(run.status, 'completed', run.error);
  assert.ok(Number.isFinite(run.metrics.test_accuracy));
});

test('bad files are refused whole, with what is wrong, and leave nothing behind', async () => {
  const before = filesOnDisk();
  const zipped = gzipSync(train.images);
  const damaged = Buffer.from(zipped);
  damaged[damaged.length - 6] ^= 0xff;
  const labels = { name: 'train-labels-idx1-ubyte', data: train.labels };
  const images = { name: 'train-images-idx3-ubyte', data: train.images };
  const wide = Buffer.from(train.images);
  wide.writeUInt32BE(0xffffffff, 4);
  const odd = Buffer.from(train.images);
  odd[2] = 0x0b;
  const cases = {
    'truncated in the data': [{ ...images, data: train.images.subarray(0, 5000) }, labels],
    'truncated in the header': [{ ...images, data: train.images.subarray(0, 10) }, labels],
    'one byte too many': [
      { ...images, data: Buffer.concat([train.images, Buffer.from([1])]) },
      labels,
    ],
    'a size that cannot be': [{ ...images, data: wide }, labels],
    'an unknown element type': [{ ...images, data: odd }, labels],
    'fewer labels than images': [images, { ...labels, data: idx([10], Buffer.alloc(10)) }],
    'images alone': [images],
    'labels alone': [labels],
    'images twice': [images, { ...images, name: 'train-images-2' }, labels],
    'truncated gzip': [
      { ...images, name: 'train-images.gz', data: zipped.subarray(0, zipped.length >> 1) },
      labels,
    ],
    'gzip with a wrong checksum': [{ ...images, name: 'train-images.gz', data: damaged }, labels],
    'no IDX at all': [{ ...images, data: Buffer.from('hello, world\n') }, labels],
    'an empty file': [{ ...images, data: Buffer.alloc(0) }, labels],
    'a test part of another shape': [
      images,
      labels,
      { name: 't10k-images', data: bandImages(20, { side: 6 }).images },
      { name: 't10k-labels', data: bandImages(20, { side: 6 }).labels },
    ],
  };
  for (const [what, files] of Object.entries(cases)) {
    const answer = await put('broken', files);
    assert.ok([400, 413, 422].includes(answer.status), `${what}: ${answer.status} ${answer.text}`);
    assert.match(answer.headers.get('content-type'), /problem\+json/, what);
    assert.ok(answer.json.detail.length > 15, `${what}: ${answer.text}`);
    assert.equal((await server.request('GET', '/datasets/broken')).status, 404, what);
  }
  assert.deepEqual(filesOnDisk(), before);
});

test('a text among numbers is refused with the column taken for the label', async () => {
  const csv = 'x,y,c\n1,2,4\n3,4,b\n5,6,7\n';
  const type = { 'Content-Type': 'text/csv' };
  const guessed = await server.request('PUT', '/datasets/guessed', csv, type);
  assert.equal(guessed.status, 400);
  assert.match(
    guessed.json.detail,
    /row 3, column c: the value "b" is not a number.*missing=b.*The label is column y/,
  );
  const named = await server.request('PUT', '/datasets/guessed?label=x', csv, type);
  assert.match(named.json.detail, /The label is column x/);
});

test('bad names are refused', async () => {
  for (const name of ['..', '%2e%2e', 'a%2fb', 'x'.repeat(300), 'a%20b', '%00', 'glyphs']) {
    const answer = await put(name, fourFiles());
    assert.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.status}`);
  }
});

test('a label column that is not there is a wrong request, not a missing resource', async () => {
  const answer = await server.request('PUT', '/datasets/nolabel?label=colour', 'a,b\n1,x\n2,y\n', {
    'Content-Type': 'text/csv',
  });
  assert.equal(answer.status, 400, answer.text);
  assert.match(answer.json.detail, /no column "colour"/);
});

test('a type that no loader reads is 415', async () => {
  const answer = await server.request('PUT', '/datasets/odd', '<html></html>', {
    'Content-Type': 'text/html',
  });
  assert.equal(answer.status, 415, answer.text);
});

test('an upload that breaks off leaves nothing behind', async () => {
  const before = filesOnDisk();
  const { body, type } = multipart(fourFiles());
  const head = [
    'PUT /api/v1/datasets/half HTTP/1.1',
    `Host: 127.0.0.1:${server.port}`,
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    '\r\n',
  ].join('\r\n');
  const socket = (await import('node:net')).connect(server.port, '127.0.0.1');
  await new Promise((sent) => {
    socket.write(Buffer.concat([Buffer.from(head), body.subarray(0, 9000)]), sent);
  });
  socket.destroy();
  assert.equal((await server.request('GET', '/datasets/half')).status, 404);
  await eventually(
    20_000,
    'the half upload is removed',
    () => JSON.stringify(filesOnDisk()) === JSON.stringify(before),
  );
});

test('deletion is refused while an experiment uses the set', async () => {
  assert.equal((await put('used', fourFiles().slice(0, 2))).status, 201);
  const { id } = await server.submit({ ...LONG, dataset: 'used' });
  const refused = await server.request('DELETE', '/datasets/used');
  assert.equal(refused.status, 409, refused.text);
  assert.equal((await server.request('DELETE', `/experiments/${id}?force=true`)).status, 204);
  assert.equal((await server.request('DELETE', '/datasets/used')).status, 204);
  assert.equal((await server.request('GET', '/datasets/used')).status, 404);
  assert.equal((await server.request('DELETE', '/datasets/used')).status, 404);
  await server.submit(LONG);
  const built_in = await server.request('DELETE', '/datasets/glyphs');
  assert.equal(
    built_in.status,
    403,
    'a built-in set stays, and it is no use to wait until nobody needs it',
  );
  assert.match(built_in.json.detail, /built in/);
  const unknown = await server.request('POST', '/experiments', { dataset: 'used' });
  assert.equal(unknown.status, 400, 'an experiment on a set that is gone');
});

test('a name with other content now is not what a run was trained on', async () => {
  const csv = (odd) =>
    tableOf('a,b,kind', (i) => `${i},${(i * 7) % 11},${i % 2 === odd ? 'cat' : 'dog'}`);
  const register = (text) =>
    server.request('PUT', '/datasets/pets?label=kind', text, { 'Content-Type': 'text/csv' });
  const asks = [
    ['POST', 'predict', { inputs: [[1, 2]] }],
    ['GET', 'evaluation'],
    ['GET', 'model?epoch=0'],
  ];
  assert.equal((await register(csv(0))).status, 201);
  const {
    experiment,
    runs: [{ id }],
  } = await server.train({ ...QUICK, dataset: 'pets' });
  for (const [method, path, body] of asks)
    assert.equal((await server.request(method, `/runs/${id}/${path}`, body)).status, 200, path);
  assert.equal((await server.request('DELETE', '/datasets/pets')).status, 204);
  for (const [method, path, body] of asks) {
    const gone = await server.request(method, `/runs/${id}/${path}`, body);
    assert.equal(gone.status, 409, `${path}: ${gone.text}`);
    assert.match(gone.json.detail, /is gone/);
  }
  assert.equal((await register(csv(1))).status, 201);
  for (const [method, path, body] of asks) {
    const changed = await server.request(method, `/runs/${id}/${path}`, body);
    assert.equal(changed.status, 409, `${path}: ${changed.text}`);
    assert.match(changed.json.detail, /no longer/);
  }
  const extended = await server.request('POST', `/experiments/${experiment.id}/extend`, {
    repeats: 2,
  });
  assert.equal(extended.status, 409, extended.text);
  assert.match(extended.json.detail, /other content/);
  assert.equal((await server.request('GET', `/runs/${id}/model`)).status, 200, 'the weights stay');
  assert.equal((await server.request('DELETE', '/datasets/pets')).status, 204);
  assert.equal((await register(csv(0))).status, 201);
  for (const [method, path, body] of asks)
    assert.equal((await server.request(method, `/runs/${id}/${path}`, body)).status, 200, path);
  assert.equal(
    (await server.request('POST', `/experiments/${experiment.id}/extend`, { repeats: 2 })).status,
    200,
  );
});

test('a run is not tried again on other content', async () => {
  const csv = (odd) => tableOf('a,kind', (i) => `${i},${i % 2 === odd ? 'cat' : 'dog'}`);
  const register = (text) =>
    server.request('PUT', '/datasets/again?label=kind', text, { 'Content-Type': 'text/csv' });
  assert.equal((await register(csv(0))).status, 201);
  const {
    id,
    run_ids: [run, , , waiting],
  } = await server.submit({ ...LONG, dataset: 'again', epochs: 100000, repeats: 4 });
  await eventually(
    30_000,
    'the run starts',
    async () => (await server.get(`/runs/${run}`)).status === 'running',
  );
  assert.equal((await server.request('POST', `/experiments/${id}/cancel`)).status, 200);
  await server.untilTerminal(id);
  assert.equal((await server.request('DELETE', '/datasets/again')).status, 204);
  assert.equal((await register(csv(1))).status, 201);
  const retried = await server.request('POST', `/runs/${run}/retry`);
  assert.equal(retried.status, 409, retried.text);
  assert.match(retried.json.detail, /no longer/);
  assert.equal((await server.get(`/runs/${run}`)).status, 'cancelled');
  const begun = await server.request('POST', `/runs/${waiting}/retry`);
  assert.equal(begun.status, 409, begun.text);
  assert.match(begun.json.detail, /other content/, 'nor one that never began');
  assert.equal((await server.request('DELETE', '/datasets/again')).status, 204);
  assert.equal((await register(csv(0))).status, 201);
  assert.equal((await server.request('POST', `/runs/${waiting}/retry`)).status, 200);
  assert.equal((await server.request('DELETE', `/experiments/${id}?force=true`)).status, 204);
});

test('preview: first rows and class counts', async () => {
  for (const [name, n, d, k] of [
    ['bands', 400, 64, 4],
    ['glyphs', 5000, 256, 10],
    ['moons', 1000, 2, 2],
  ]) {
    const preview = await server.get(`/datasets/${name}/preview?rows=4`);
    assert.deepEqual([preview.n, preview.columns.length, preview.rows.length], [n, d, 4], name);
    assert.ok(preview.rows.every((row) => row.length === d && row.every(Number.isFinite)));
    assert.equal(preview.labels.length, 4);
    assert.equal(preview.class_counts.length, k);
    assert.equal(
      preview.class_counts.reduce((sum, one) => sum + one.train, 0),
      n,
      name,
    );
  }
  const { rows, labels, class_counts } = await server.get('/datasets/bands/preview?rows=3');
  for (const [i, row] of rows.entries()) {
    const pixels = [...train.images.subarray(16 + 64 * i, 80 + 64 * i)];
    assert.deepEqual(
      row.map(Math.fround),
      pixels.map((pixel) => Math.fround(pixel / 255)),
    );
  }
  assert.deepEqual(labels, [...train.labels.subarray(8, 11)].map(String));
  const counts = [0, 0, 0, 0];
  for (const label of train.labels.subarray(8)) counts[label]++;
  assert.deepEqual(
    class_counts.map((one) => one.train),
    counts,
  );
});

test('a preview takes the options of a built-in set, and says which it cannot take', async () => {
  const preview = await server.get(
    '/datasets/blobs/preview?n=120&classes=4&dimensions=3&noise=0.5&rows=5',
  );
  assert.deepEqual(
    [preview.n, preview.columns.length, preview.rows.length, preview.class_counts.length],
    [120, 3, 5, 4],
  );
  assert.deepEqual(
    preview.class_counts.map((one) => one.train),
    [30, 30, 30, 30],
  );
  const spread = async (noise) =>
    (await server.get(`/datasets/moons/preview?noise=${noise}&rows=500`)).rows;
  const onArc = ([x, y], label) => Math.abs(Math.hypot(label ? x - 1 : x, label ? y - 0.5 : y) - 1);
  const { labels } = await server.get('/datasets/moons/preview?noise=0&rows=500');
  assert.ok(
    (await spread(0)).every((row, i) => onArc(row, Number(labels[i])) < 1e-5),
    'without noise',
  );
  assert.ok(
    (await spread(1)).some((row, i) => onArc(row, Number(labels[i])) > 0.5),
    'with noise',
  );
  assert.equal(
    (await server.get('/datasets/glyphs/preview?classes=3&images=9')).images.pixels.length,
    9,
  );
  for (const [query, pointer, code] of [
    ['moons/preview?classes=3', 'classes', 'incompatible'],
    ['moons/preview?noise=-1', 'noise', 'out_of_range'],
    ['moons/preview?noise=much', 'noise', 'out_of_range'],
    ['moons/preview?n=3', 'n', 'incompatible'],
    ['moons/preview?n=0', 'n', 'out_of_range'],
    ['moons/preview?n=50001', 'n', 'out_of_range'],
    ['blobs/preview?classes=101', 'classes', 'incompatible'],
    ['blobs/preview?dimensions=1001', 'dimensions', 'out_of_range'],
    ['blobs/preview?n=50000&dimensions=1000', 'n', 'incompatible'],
    ['bands/preview?n=50', 'n', 'incompatible'],
    ['moons/preview?seed=1', 'seed', 'unknown_field'],
  ]) {
    const refused = await server.request('GET', `/datasets/${query}`);
    assert.equal(refused.status, 400, query);
    assert.deepEqual(
      refused.json.errors.map((error) => [error.pointer, error.code]),
      [[`/query/${pointer}`, code]],
      query,
    );
  }
});

test('the SHA-256 survives a restart', async () => {
  const before = await server.get('/datasets/bands');
  const hash = createHash('sha256').update(JSON.stringify(before)).digest('hex');
  const next = await server.restart({}, 'SIGTERM');
  const now = await next.get('/datasets/bands');
  assert.equal(createHash('sha256').update(JSON.stringify(now)).digest('hex'), hash);
  Object.assign(server, next);
});

test('a set that the command line registered meanwhile is deleted like any other', async () => {
  const file = join(server.directory, 'late.csv');
  writeFileSync(file, `a,kind\n${'1,cat\n2,dog\n'.repeat(30)}`);
  const added = cli(['dataset', 'add', 'late', file, '--data-dir', join(server.directory, 'data')]);
  assert.equal(added.status, 0, added.stderr);
  assert.equal((await server.request('GET', '/datasets/late')).status, 200);
  assert.equal((await server.request('DELETE', '/datasets/late')).status, 204);
  assert.equal((await server.request('GET', '/datasets/late')).status, 404);
});

test('a set whose files are gone is deleted all the same', async () => {
  const csv = `a,kind\n${'1,cat\n2,dog\n'.repeat(30)}`;
  assert.equal(
    (await server.request('PUT', '/datasets/half?label=kind', csv, { 'Content-Type': 'text/csv' }))
      .status,
    201,
  );
  rmSync(join(server.directory, 'data', 'datasets', 'half'));
  assert.equal((await server.request('DELETE', '/datasets/half')).status, 204);
  assert.equal((await server.request('DELETE', '/datasets/half')).status, 404);
});

test('a second service on the data directory leaves uploads alone', async () => {
  const body = `a,kind\n${'1,cat\n2,dog\n'.repeat(30)}`;
  const half = body.length >> 1;
  let second;
  const slow = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode(body.slice(0, half)));
      await eventually(
        20_000,
        'the upload has begun',
        () => readdirSync(join(server.directory, 'data', 'incoming')).length > 0,
      );
      second = await Server.start({ data_directory: join(server.directory, 'data') });
      controller.enqueue(new TextEncoder().encode(body.slice(half)));
      controller.close();
    },
  });
  const answer = await fetch(`${server.url}/api/v1/datasets/slow?label=kind`, {
    method: 'PUT',
    body: slow,
    duplex: 'half',
    headers: { 'Content-Type': 'text/csv' },
  });
  assert.equal(answer.status, 201, await answer.text());
  await second.stop();
});
