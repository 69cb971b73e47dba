// Random damage to good input: whatever comes, the answer is 200 or a problem of the client's, and
// the server stands. FUZZ_REQUESTS is how many requests are sent in all, FUZZ_SEED which:
//
//   make BUILD=build/asan SANITIZE=address,undefined build
//   FUZZ_REQUESTS=100000 TEST_LIMIT_SECONDS=20000 node tests/run.mjs --build build/asan \
//     tests/http/fuzz.test.mjs
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bandImages, multipart, sanitizer, Server, within } from '../harness.mjs';

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const requests = Number(process.env.FUZZ_REQUESTS ?? (sanitizer ? 600 : 1200));
/* A data file takes two requests. */
const [specifications, messages, files, queries] = [0.5, 0.35, 0.05, 0.05].map((share) =>
  Math.max(1, Math.round(share * requests)),
);
const limits = { timeout: 600_000 + 100 * requests };
const server = await Server.start();
after(() => server.stop());

let state = seed || 1;
function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
}
const pick = (items) => items[below(items.length)];

const GOOD = [
  {
    dropout: 0.5,
    hidden: [32, 16],
    sweep: { l2: { min: 1e-5, max: 0.1, scale: 'log', count: 4 }, activation: ['relu', 'gelu'] },
    repeats: 3,
  },
  {
    dataset: { name: 'blobs', n: 500, classes: 3, dimensions: 4 },
    early_stopping: { monitor: 'val_loss', patience: 3 },
    tags: ['a', 'b'],
    name: 'x',
  },
  {
    optimizer: 'sgd',
    learning_rate_schedule: 'step',
    decay_every: 3,
    augmentation: { shift: 1, flip: true },
    baseline: { dropout: 0 },
  },
  {
    repeats: { until: { metric: 'val_accuracy', half_width: 0.01 }, min: 5, max: 9 },
    sweep: { dropout: [0, 0.5] },
    sweep_method: 'random',
    trials: 5,
  },
];
const SCRAPS = [
  'null',
  '-1',
  '1e999',
  '0.0000000000000001',
  '9007199254740993',
  '"\\u0000"',
  '"\\ud83d"',
  '[]',
  '{}',
  '[[[[',
  '"é🦆"',
  'true',
  ',',
  ':',
  '"',
  '\\',
  '\u0001',
  '{"name":',
  'NaN',
  '1e-400',
  '""',
  '"sweep"',
  '0.5',
  '[0,0,0,0]',
  '\ufeff',
];

function damage(text, scraps = SCRAPS) {
  let bytes = Buffer.from(text);
  for (let n = 1 + below(3); n > 0; n--) {
    const at = below(bytes.length + 1);
    const to = Math.min(bytes.length, at + below(8));
    const scrap = below(3) === 0 ? Buffer.from([below(256)]) : Buffer.from(pick(scraps));
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      below(4) === 0 ? Buffer.alloc(0) : scrap,
      bytes.subarray(to),
    ]);
  }
  return bytes;
}

test(`${specifications} damaged specifications (FUZZ_SEED=${seed})`, limits, async () => {
  let accepted = 0;
  for (let i = 0; i < specifications; i++) {
    const body = damage(JSON.stringify(pick(GOOD)));
    const answer = await server.request('POST', '/experiments?dry_run=true', body);
    assert.ok(
      [200, 400, 413, 429].includes(answer.status),
      `${answer.status} for ${JSON.stringify(body.toString('latin1'))}: ` +
        answer.text.slice(0, 300),
    );
    if (answer.status === 200) accepted += 1;
    else {
      assert.match(answer.headers.get('content-type'), /problem\+json/);
      assert.ok(answer.json.detail.length > 0, body.toString('latin1'));
    }
  }
  assert.ok(accepted < specifications || specifications < 100);
});

/* What is cut out of or put into the bytes of whole messages. */
const TORN = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  ';',
  '%',
  '\r\n\r\n',
  '\r\n ',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Expect: 100-continue\r\n',
  'HTTP/1.0',
  '0\r\n\r\n',
  'ffffffffffffffff',
  '../',
  '\0',
];

function wholeMessages() {
  const host = `Host: 127.0.0.1:${server.port}`;
  const json = 'Content-Type: application/json';
  const spec = JSON.stringify(GOOD[1]);
  const { body, type } = multipart([{ name: 'a.csv', data: Buffer.from('a,label\n1,0\n2,1\n') }]);
  const plan = '/api/v1/experiments?dry_run=true';
  const get = (path) => `GET ${path} HTTP/1.1\r\n${host}\r\nAccept: */*\r\nCookie: a=b\r\n\r\n`;
  const post = (framing, text) =>
    `POST ${plan} HTTP/1.1\r\n${host}\r\n${json}\r\n${framing}\r\n\r\n${text}`;
  const chunked = `${spec.length.toString(16)};a=b\r\n${spec}\r\n0\r\nX-Trailer: c\r\n\r\n`;
  return [
    get('/healthz'),
    get('/api/v1/experiments?limit=3&q=a%20b'),
    get('/healthz') + get('/api/v1/fields') + get('/'),
    post(`Content-Length: ${spec.length}`, spec),
    post('Transfer-Encoding: chunked', chunked),
    `PUT /api/v1/datasets/torn HTTP/1.1\r\n${host}\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`,
  ];
}

/** All that is answered to a client that sends this and nothing more. */
function converse(bytes) {
  const answer = new Promise((done) => {
    const options = { port: server.port, host: '127.0.0.1', allowHalfOpen: true };
    const socket = net.connect(options);
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => {}); // cut, because of what was sent
    socket.on('end', () => socket.destroy());
    socket.on('close', () => done(text));
    socket.end(bytes);
  });
  return within(30_000, `the end of the connection after ${JSON.stringify(`${bytes}`)}`, answer);
}

test(`${messages} damaged messages (FUZZ_SEED=${seed})`, limits, async () => {
  const whole = wholeMessages();
  const torn = Array.from({ length: messages }, () => damage(pick(whole), TORN));
  const seen = new Set();
  const client = async () => {
    for (let bytes = torn.pop(); bytes; bytes = torn.pop()) {
      const text = await converse(bytes);
      const sent = JSON.stringify(bytes.toString('latin1'));
      if (text) assert.match(text, /^HTTP\/1\.1 \d{3} /, sent);
      for (const [, status] of text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
        assert.ok(status < 500 || ['501', '503', '505'].includes(status), `${status} for ${sent}`);
        seen.add(status);
      }
    }
  };
  await Promise.all(Array.from({ length: 48 }, client));
  assert.ok(seen.has('200') && seen.has('400'), [...seen].join());
  assert.equal((await server.request('GET', '//healthz')).status, 200);
});

test(`${files} damaged data files (FUZZ_SEED=${seed})`, limits, async () => {
  const { images, labels } = bandImages(20, { side: 4 });
  const rowOf = (_, i) => `${i},${(i * 7) % 11},${i % 2 ? 'yes' : 'no'}`;
  const csv = Buffer.from(['a,b,label', ...Array.from({ length: 40 }, rowOf), ''].join('\n'));
  for (let i = 0; i < files; i++) {
    const kind = below(3);
    const name = `fuzz${i}`;
    let answer;
    if (kind === 0) {
      answer = await server.request('PUT', `/datasets/${name}`, damage(csv), {
        'Content-Type': 'text/csv',
      });
    } else {
      const broken = damage(images.toString('latin1'));
      const data = kind === 1 ? broken : damage(gzipSync(broken).toString('latin1'));
      const { body, type } = multipart([
        { name: 'train-images', data },
        { name: 'train-labels', data: labels },
      ]);
      answer = await server.request('PUT', `/datasets/${name}`, body, { 'Content-Type': type });
    }
    assert.ok(
      [200, 201, 400, 413, 415, 422].includes(answer.status),
      `${answer.status} ${answer.text.slice(0, 300)}`,
    );
    const known = (await server.request('GET', `/datasets/${name}`)).status;
    assert.equal(known, answer.status < 300 ? 200 : 404);
  }
  assert.equal((await server.request('GET', '//healthz')).status, 200);
});

test(`${queries} damaged queries to the SQL console (FUZZ_SEED=${seed})`, limits, async () => {
  const good = [
    'SELECT * FROM run_results WHERE dropout > :x',
    'WITH a AS (SELECT 1 AS b) SELECT sum(b) OVER () FROM a',
    "SELECT json_extract(config, '$.hidden[0]') FROM runs",
    'SELECT stddev(seed), ci95_low(seed) FROM runs GROUP BY status',
  ];
  for (let i = 0; i < queries; i++) {
    const query = damage(pick(good)).toString('utf8');
    const answer = await server.request('POST', '/sql', { query, parameters: { x: 1 } });
    assert.ok(
      [200, 400, 403, 408, 413, 503].includes(answer.status),
      `${answer.status} ${query}: ${answer.text.slice(0, 300)}`,
    );
  }
});
