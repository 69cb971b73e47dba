// Random damage to good input: whatever comes, the answer is 200 or a problem of the client's, and the server stands.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bandImages, multipart, sanitizer, Server } from '../harness.mjs';

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const rounds = Number(process.env.FUZZ_ROUNDS ?? (sanitizer ? 300 : 600));
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

function damage(text) {
  let bytes = Buffer.from(text);
  for (let n = 1 + below(3); n > 0; n--) {
    const at = below(bytes.length + 1);
    const to = Math.min(bytes.length, at + below(8));
    const scrap = below(3) === 0 ? Buffer.from([below(256)]) : Buffer.from(pick(SCRAPS));
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      below(4) === 0 ? Buffer.alloc(0) : scrap,
      bytes.subarray(to),
    ]);
  }
  return bytes;
}

test(`${rounds} damaged specifications (FUZZ_SEED=${seed})`, { timeout: 600_000 }, async () => {
  let accepted = 0;
  for (let i = 0; i < rounds; i++) {
    const body = damage(JSON.stringify(pick(GOOD)));
    const answer = await server.request('POST', '/experiments?dry_run=true', body);
    assert.ok(
      [200, 400, 413, 429].includes(answer.status),
      `${answer.status} for ${JSON.stringify(body.toString('latin1'))}: ${answer.text.slice(0, 300)}`,
    );
    if (answer.status === 200) accepted += 1;
    else {
      assert.match(answer.headers.get('content-type'), /problem\+json/);
      assert.ok(answer.json.detail.length > 0, body.toString('latin1'));
    }
  }
  assert.ok(accepted < rounds);
});

test(`damaged data files (FUZZ_SEED=${seed})`, { timeout: 600_000 }, async () => {
  const { images, labels } = bandImages(20, { side: 4 });
  const csv = Buffer.from(
    `a,b,label\n${Array.from({ length: 40 }, (_, i) => `${i},${(i * 7) % 11},${i % 2 ? 'yes' : 'no'}`).join('\n')}\n`,
  );
  for (let i = 0; i < rounds / 10; i++) {
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

test(`damaged queries to the SQL console (FUZZ_SEED=${seed})`, { timeout: 600_000 }, async () => {
  const good = [
    'SELECT * FROM run_results WHERE dropout > :x',
    'WITH a AS (SELECT 1 AS b) SELECT sum(b) OVER () FROM a',
    "SELECT json_extract(config, '$.hidden[0]') FROM runs",
    'SELECT stddev(seed), ci95_low(seed) FROM runs GROUP BY status',
  ];
  for (let i = 0; i < rounds / 10; i++) {
    const query = damage(pick(good)).toString('utf8');
    const answer = await server.request('POST', '/sql', { query, parameters: { x: 1 } });
    assert.ok(
      [200, 400, 403, 408, 413, 503].includes(answer.status),
      `${answer.status} ${query}: ${answer.text.slice(0, 300)}`,
    );
  }
});
