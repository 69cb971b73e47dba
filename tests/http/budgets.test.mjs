// Work that costs much is known by its cost, takes a place of its kind, and ends when nobody wants
// it: everything else is answered while it runs.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually, QUICK, sanitizer, Server, within } from '../harness.mjs';

const server = await Server.start({ args: ['--sql-time-limit-ms', '10000'] });
after(() => server.stop());

const SMALL = `a,label\n${'1,0\n2,1\n'.repeat(9)}`;
const CSV = { 'Content-Type': 'text/csv' };
const scale = sanitizer ? 8 : 1;

/** A dry run that generates about 200 million numbers. */
const PLAN = {
  dataset: { name: 'blobs', n: Math.round(100_000 / scale), dimensions: 100 },
  sweep: { data_seed: Array.from({ length: 20 }, (_, i) => i) },
};

/** Something that goes on until it is aborted -> { settled, promise, abort }. */
function start(method, path, body, headers = {}) {
  const controller = new AbortController();
  const piece = { settled: false, abort: () => controller.abort() };
  const structured = body !== undefined && !(body instanceof Uint8Array);
  piece.promise = fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: structured ? JSON.stringify(body) : body,
    signal: controller.signal,
  })
    .then(async (answer) => ({ status: answer.status, text: await answer.text() }))
    .catch((error) => ({ status: 0, text: error.message }))
    .finally(() => {
      piece.settled = true;
    });
  return piece;
}

/** How many large requests of the kind are { working, waiting }. */
async function large(kind) {
  const { text } = await server.request('GET', '//metrics');
  const of = (state) =>
    Number(new RegExp(`large_requests\\{kind="${kind}",state="${state}"\\} (\\d+)`).exec(text)[1]);
  return { working: of('working'), waiting: of('waiting') };
}

async function untilWorking(kind) {
  await eventually(30_000, `a large ${kind} at work`, async () => (await large(kind)).working > 0);
}

/** Aborts them, and sees that their work ends, too. */
async function callOff(kind, pieces) {
  for (const piece of pieces) piece.abort();
  await Promise.all(pieces.map((piece) => piece.promise));
  await eventually(2_000, `no large ${kind} any more`, async () => {
    const { working, waiting } = await large(kind);
    return working + waiting === 0;
  });
}

/* ---- what is much of each kind, and what is little ---- */

const row = Array.from({ length: 256 }, () => 0.5);
/** Of a net of some million weights; with a sanitizer they take long to train. */
const predict = (n, samples) => ({
  inputs: Array.from({ length: n }, () => row),
  mode: 'train',
  samples,
});
const width = sanitizer ? 512 : 2048;
const wide = { dataset: { name: 'glyphs', n: 100 }, hidden: [width, width], epochs: 1 };
const trained = await server.train({ ...wide, record_layers: false }, 120_000);
assert.equal(trained.runs[0].status, 'completed');
const predictions = `/runs/${trained.runs[0].id}/predict`;

const SWEPT = ['dropout', 'input_dropout', 'weight_decay', 'l2', 'l1', 'max_norm', 'mixup'].concat([
  'label_smoothing',
  'input_noise',
  'weight_noise',
  'gradient_noise',
]);
/** 2,048 configs, which wait for somebody to go on with them. */
const { id: many } = await server.submit({
  ...QUICK,
  sweep: Object.fromEntries(SWEPT.map((name) => [name, [0, 0.1]])),
});
assert.equal((await server.request('POST', `/experiments/${many}/pause`)).status, 200);
const { id: few } = await server.submit(QUICK);

const ROWS = gzipSync(Buffer.from('0.123456,1.5,2.25,3.125,0\n'.repeat(3_000_000 / scale)));
const ENDLESS =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n';

const KINDS = {
  plan: {
    large: () => start('POST', '/experiments?dry_run=true', PLAN),
    little: () => server.request('POST', '/experiments?dry_run=true', QUICK),
  },
  upload: {
    large: (i) => start('PUT', `/datasets/rows${i}`, ROWS, CSV),
    little: () => server.request('PUT', '/datasets/small', SMALL, CSV),
  },
  predict: {
    large: () => start('POST', predictions, predict(100, sanitizer ? 900 : 400)),
    little: () => server.request('POST', predictions, { inputs: [row], mode: 'eval' }),
  },
  compare: {
    large: () => start('GET', `/experiments/${many}/comparison`),
    little: () => server.request('GET', `/experiments/${few}/comparison`),
  },
};

for (const [kind, { large: begin, little }] of Object.entries(KINDS)) {
  test(`a large ${kind} leaves everything else alone, and ends with its client`, async () => {
    const pieces = [1, 2, 3].map(begin);
    await untilWorking(kind);
    const { working } = await large(kind);
    assert.ok(working <= 1, `${working} at work: one client does not take every place`);
    const answers = await Promise.all([
      server.request('GET', '/experiments?limit=5'),
      server.request('POST', '/sql', { query: 'SELECT 2' }),
      little(),
    ]);
    for (const answer of answers) assert.ok(answer.status < 300, answer.text.slice(0, 200));
    assert.ok(!pieces.every((piece) => piece.settled), 'the last of them is not done');
    await callOff(kind, pieces);
  });
}

test('what was called off has left nothing', async () => {
  assert.equal((await server.request('GET', '/datasets/rows1')).status, 404);
  const submitted = await server.submit(QUICK);
  assert.equal((await server.untilTerminal(submitted.id)).status, 'completed');
});

test('more than may wait are refused at once, with the figures', async () => {
  const pieces = Array.from({ length: 9 }, () => start('POST', '/experiments?dry_run=true', PLAN));
  const refused = await within(30_000, 'a refusal', Promise.race(pieces.map((p) => p.promise)));
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.text, /4 pieces of work/);
  await callOff('plan', pieces);
});

test('a plan above the limit is refused before anything is generated', async () => {
  const answer = await server.request('POST', '/experiments?dry_run=true', {
    dataset: { name: 'blobs', n: 100_000, dimensions: 1000 },
    sweep: { data_seed: [0, 1, 2] },
  });
  assert.equal(answer.status, 400, answer.text);
  assert.match(answer.text, /268435456/, 'the limit');
  assert.match(answer.text, /300000000/, 'what it would need');
  assert.match(answer.text, /sweep\/data_seed/);
});

test('packed blank lines, long rows and many columns are refused while they are read', async () => {
  const blank = gzipSync(Buffer.alloc((64 << 20) / scale, '\n'));
  const pieces = [1, 2, 3].map((i) => start('PUT', `/datasets/blank${i}`, blank, CSV));
  const { rows } = await server.sql('SELECT 1 AS one');
  assert.deepEqual(rows, [[1]]);
  for (const { promise } of pieces) {
    const answer = await promise;
    assert.equal(answer.status, 413, answer.text);
    assert.match(answer.text, /blank lines/);
  }
  const long = gzipSync(Buffer.from(`${'1'.repeat(60_000)},`.repeat(400)));
  const answer = await server.request('PUT', '/datasets/long', long, CSV);
  assert.equal(answer.status, 413, answer.text);
  assert.match(answer.text, /16777216 bytes/);
  await callOff('upload', pieces);
});

if (!sanitizer)
  test('predictions above the limit are refused', async () => {
    const refused = await server.request('POST', predictions, predict(240, 350));
    assert.equal(refused.status, 413, refused.text.slice(0, 200));
    assert.match(refused.text, /multiplications; at most 2.749e\+11/);
  });

test('a statement ends with its client', async () => {
  const pieces = [1, 2, 3].map(() => start('POST', '/sql', { query: ENDLESS }));
  await server.get('/experiments');
  assert.ok(!pieces.some((piece) => piece.settled));
  for (const piece of pieces) piece.abort();
  await eventually(2_000, 'the console is free', async () => {
    const answer = await server.request('POST', '/sql', { query: 'SELECT 3' });
    return answer.status === 200;
  });
});

/** A PUT of which the body never ends. */
async function drip(name) {
  const socket = net.connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise((connected) => {
    socket.on('connect', connected);
  });
  socket.write(
    `PUT /api/v1/datasets/${name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/csv\r\n` +
      'Content-Length: 1000000\r\n\r\na,label\n',
  );
  return socket;
}

test('slow uploads do not keep others from uploading', async () => {
  const sockets = await Promise.all(Array.from({ length: 64 }, (_, i) => drip(`drip${i}`)));
  try {
    await eventually(30_000, 'the slowest makes room', async () => {
      const answer = await server.request('PUT', '/datasets/beside', SMALL, CSV);
      return answer.status < 300;
    });
    const open = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded);
    assert.ok(open.length >= 60, `${open.length} of 64 are still open`);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test('SIGTERM ends the service beside large requests of every kind', async () => {
  const { compare, ...long } = KINDS;
  const pieces = Object.values(long).flatMap(({ large: begin }) => [begin(1), begin(2)]);
  pieces.push(
    start('POST', '/sql', { query: ENDLESS }),
    start('GET', '/datasets/blobs/preview?n=5000&dimensions=1000'),
  );
  for (const kind of Object.keys(long)) await untilWorking(kind);
  pieces.push(...[1, 2, 3, 4].map(compare.large));
  await untilWorking('compare');
  server.child.kill('SIGTERM');
  const { code } = await within(5_000, 'the end', server.exited);
  assert.equal(code, 0, server.errors);
  await Promise.all(pieces.map((piece) => piece.promise));
});
