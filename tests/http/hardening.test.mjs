// What a hostile or broken client may send, byte by byte, on raw sockets.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { eventually, patience, Server, within } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const host = `Host: 127.0.0.1:${server.port}`;

const statuses = (text) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const request = (line, headers = [], body = '') =>
  `${line} HTTP/1.1\r\n${[host, 'Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`;

async function statusOf(bytes) {
  const [first] = statuses(await server.raw(bytes));
  return first;
}

test('a wrong method is 405 with Allow', async () => {
  const cases = {
    'PUT /api/v1/experiments': 'GET',
    'DELETE /api/v1/experiments': 'POST',
    'POST /api/v1/runs/1/curves': 'GET',
    'GET /api/v1/runs/1/predict': 'POST',
    'POST /healthz': 'GET',
    'POST /': 'GET',
    'PATCH /api/v1/sql': 'POST',
  };
  for (const [line, allowed] of Object.entries(cases)) {
    const text = await server.raw(request(line, ['Content-Length: 0']));
    assert.deepEqual(statuses(text), [405], `${line}: ${text}`);
    assert.match(text, new RegExp(`^Allow: .*\\b${allowed}\\b`, 'mi'), line);
  }
  for (const method of ['OPTIONS', 'TRACE', 'CONNECT', 'BREW', 'get', 'Post']) {
    assert.ok(
      [400, 405, 501].includes(await statusOf(request(`${method} /api/v1/experiments`))),
      method,
    );
  }
});

test('a body of a wrong type is 415, without a type too', async () => {
  for (const type of [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'jsonish',
  ]) {
    const answer = await server.request('POST', '/experiments', '{}', { 'Content-Type': type });
    assert.equal(answer.status, 415, type);
    assert.match(answer.headers.get('content-type'), /problem\+json/);
  }
  assert.equal(
    (
      await server.request('POST', '/experiments?dry_run=true', '{}', {
        'Content-Type': 'application/json; charset=utf-8',
      })
    ).status,
    200,
  );
  assert.equal(
    await statusOf(request('POST /api/v1/experiments', ['Content-Length: 2'], '{}')),
    415,
  );
});

test('a body of 100 MB is refused before it is read', async () => {
  const head = request('POST /api/v1/experiments', [
    'Content-Type: application/json',
    'Content-Length: 104857600',
  ]);
  assert.deepEqual(statuses(await server.raw(`${head}{`)), [413]);
  const expecting = request('POST /api/v1/experiments', [
    'Content-Type: application/json',
    'Content-Length: 104857600',
    'Expect: 100-continue',
  ]);
  const text = await server.raw(expecting);
  assert.deepEqual(statuses(text), [413], 'no 100 Continue for a body that nobody wants');
});

test('who writes all of a long body before reading gets to read why it is refused', async () => {
  for (const bytes of [1_500_000, 5_000_000, 15_000_000]) {
    const head = request('POST /api/v1/experiments', [
      'Content-Type: application/json',
      `Content-Length: ${bytes}`,
    ]);
    const { hostname, port } = new URL(server.url);
    const answer = await new Promise((done, broken) => {
      const socket = net.connect(Number(port), hostname, () =>
        socket.write(head + ' '.repeat(bytes), (error) => {
          if (error) {
            broken(error);
            return;
          }
          let text = '';
          socket.on('data', (data) => {
            text += data;
          }); // not before all is written
          socket.on('end', () => done(text));
        }),
      );
      socket.on('error', broken);
    });
    assert.deepEqual(statuses(answer), [413], `${bytes} bytes`);
  }
});

test('a chunked body over the limit is refused as well', async () => {
  const head = request('POST /api/v1/experiments', [
    'Content-Type: application/json',
    'Transfer-Encoding: chunked',
  ]);
  const chunk = `10000\r\n${' '.repeat(65536)}\r\n`;
  const text = await server.raw(`${head}${chunk.repeat(40)}0\r\n\r\n`);
  assert.deepEqual(statuses(text), [413], text.slice(0, 100));
  const fine = await server.raw(
    request('POST /api/v1/experiments?dry_run=true', [
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    ]) + '2\r\n{}\r\n0\r\n\r\n',
  );
  assert.deepEqual(statuses(fine), [200], fine);
});

test('smuggling: two lengths, length and chunks, odd lengths', async () => {
  const smuggled = `GET /api/v1/fields HTTP/1.1\r\n${host}\r\n\r\n`;
  const type = 'Content-Type: application/json';
  const post = (headers, body) =>
    `POST /api/v1/experiments HTTP/1.1\r\n${[host, type, ...headers].join('\r\n')}\r\n\r\n${body}`;
  const probes = {
    'two Content-Length': post(
      ['Content-Length: 0', `Content-Length: ${smuggled.length}`],
      smuggled,
    ),
    'two equal Content-Length': post(['Content-Length: 2', 'Content-Length: 2'], '{}'),
    'Content-Length and chunked': post(
      [`Content-Length: ${smuggled.length}`, 'Transfer-Encoding: chunked'],
      `0\r\n\r\n${smuggled}`,
    ),
    'Content-Length 3, 3': post(['Content-Length: 3, 3'], smuggled),
    'Content-Length +3': post(['Content-Length: +3'], smuggled),
    'Content-Length -1': post(['Content-Length: -1'], smuggled),
    'Content-Length 0x3': post(['Content-Length: 0x3'], smuggled),
    'Content-Length empty': post(['Content-Length: '], smuggled),
    'Content-Length overflow': post(['Content-Length: 99999999999999999999999'], smuggled),
    'bad chunk size': post(['Transfer-Encoding: chunked'], `zz\r\n${smuggled}`),
    'negative chunk size': post(['Transfer-Encoding: chunked'], `-1\r\n${smuggled}`),
    'overlong chunk size': post(['Transfer-Encoding: chunked'], `${'f'.repeat(40)}\r\n${smuggled}`),
  };
  for (const [what, bytes] of Object.entries(probes)) {
    const text = await server.raw(bytes);
    assert.ok(
      statuses(text).length > 0 && statuses(text).every((status) => status >= 400),
      `${what}: ${text.slice(0, 300)}`,
    );
    assert.ok(!text.includes('"dropout"'), `${what}: the smuggled request was served`);
  }
  for (const coding of ['gzip', 'gzip, chunked', 'xchunked', 'identity']) {
    assert.ok(
      [400, 501].includes(
        await statusOf(post([`Transfer-Encoding: ${coding}`, 'Connection: close'], '{}')),
      ),
      coding,
    );
  }
});

test('exactly one Host, and one of ours', async () => {
  const line = 'GET /healthz HTTP/1.1\r\nConnection: close\r\n';
  assert.equal(await statusOf(`${line}\r\n`), 400);
  assert.ok([400, 421].includes(await statusOf(`${line}${host}\r\nHost: evil.example\r\n\r\n`)));
  assert.ok(
    [400, 403, 421].includes(await statusOf(`${line}Host: evil.example\r\n\r\n`)),
    'DNS rebinding',
  );
  assert.ok([400, 403, 421].includes(await statusOf(`${line}Host: \r\n\r\n`)));
  assert.ok(
    [400, 403, 421].includes(
      await statusOf(`${line}Host: 127.0.0.1.evil.example:${server.port}\r\n\r\n`),
    ),
  );
  assert.equal(await statusOf(`${line}Host: localhost:${server.port}\r\n\r\n`), 200);
});

test('--allow-host adds a name', async () => {
  const other = await Server.start({ args: ['--allow-host', 'lab.example'] });
  try {
    const ask = (name) =>
      other.raw(`GET /healthz HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
    assert.deepEqual(statuses(await ask('lab.example')), [200]);
    assert.deepEqual(statuses(await ask(`lab.example:${other.port}`)), [200]);
    assert.notDeepEqual(statuses(await ask('lab.example.evil')), [200]);
  } finally {
    await other.stop();
  }
});

test('a request from a foreign page changes nothing', async () => {
  const count = async () => (await server.sql('SELECT count(*) FROM experiments')).rows[0][0];
  const before = await count();
  for (const origin of ['http://evil.example', 'null']) {
    const text = await server.raw(
      request(
        'POST /api/v1/experiments',
        [`Origin: ${origin}`, 'Content-Type: application/json', 'Content-Length: 2'],
        '{}',
      ),
    );
    assert.ok([400, 403].includes(statuses(text)[0]), `${origin}: ${text.slice(0, 80)}`);
  }
  const own = await server.raw(
    request(
      'POST /api/v1/experiments?dry_run=true',
      [
        `Origin: http://127.0.0.1:${server.port}`,
        'Content-Type: application/json',
        'Content-Length: 2',
      ],
      '{}',
    ),
  );
  assert.deepEqual(statuses(own), [200]);
  assert.equal(await count(), before);
  const { headers } = await server.request('GET', '/experiments', undefined, {
    Origin: 'http://evil.example',
  });
  assert.equal(headers.get('access-control-allow-origin'), null);
});

test('odd paths are refused, whatever is encoded in them', async () => {
  for (const path of [
    '/%00',
    '/api/v1/experiments/%00',
    '/..%2f..%2fetc/passwd',
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/%252e%252e/',
    '/%5c..%5c',
    '/%0d%0aX-Evil:1',
    '/%ff%c0%ae',
    '/%zz',
    '/%',
    '/%4',
    '/api/v1/experiments/1%2f2',
    '//api/v1/experiments',
    '/api/v1/experiments/',
    '/api/v1/experiments/-1',
    '/api/v1/experiments/1e1',
    '/api/v1/experiments/99999999999999999999',
    '/api/v1/experiments/0x1',
    '/api/v1/experiments/ 1',
  ]) {
    const [status] = statuses(await server.raw(request(`GET ${path}`)));
    assert.ok(status === undefined || (status >= 400 && status < 500), `${path}: ${status}`);
  }
  for (const line of ['GET http://evil.example/healthz', 'GET *', 'GET healthz']) {
    const [status] = statuses(await server.raw(request(line)));
    assert.ok(status === undefined || (status >= 400 && status < 500), `${line}: ${status}`);
  }
});

test('over-long lines and headers get an answer of their own', async () => {
  assert.ok(
    [414, 431, 400].includes(await statusOf(request(`GET /healthz?${'a'.repeat(20_000)}`))),
  );
  assert.ok(
    [431, 400].includes(await statusOf(request('GET /healthz', [`X-Long: ${'a'.repeat(60_000)}`]))),
  );
  assert.ok(
    [431, 400].includes(
      await statusOf(
        request(
          'GET /healthz',
          Array.from({ length: 2000 }, (_, i) => `X-H${i}: value of some length`),
        ),
      ),
    ),
  );
});

test('odd queries are refused or harmless', async () => {
  for (const query of [
    'limit=%00',
    'limit=1%00',
    'q=%ff',
    'limit=1&limit=2',
    '=',
    '&&&',
    'q=%',
    'q=%zz',
  ]) {
    const [status] = statuses(await server.raw(request(`GET /api/v1/experiments?${query}`)));
    assert.ok(status === 200 || status === 400, `${query}: ${status}`);
  }
  assert.equal(await statusOf(request('GET /api/v1/experiments?limit=1%00')), 400);
  assert.equal((await server.request('GET', '/experiments?q=a%2Bb+c%20d')).status, 200);
});

test('garbage and other versions', async () => {
  for (const bytes of [
    '\r\n\r\n\r\n',
    'garbage\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]) {
    const found = server.raw(Buffer.from(bytes, 'latin1'), {
      ms: 20_000,
      until: (text) => text.length > 0,
    });
    const socketEnds = await Promise.race([
      found,
      new Promise((done) => {
        setTimeout(() => done('open'), 300);
      }),
    ]);
    assert.ok(!statuses(socketEnds).includes(200), bytes);
  }
  assert.equal((await server.request('GET', '//healthz')).status, 200);
});

test('pipelined requests are answered in order', async () => {
  const one = `GET /healthz HTTP/1.1\r\n${host}\r\n\r\n`;
  const text = await server.raw(one.repeat(9) + request('GET /api/v1/experiments/424242'));
  assert.deepEqual(statuses(text), [...Array(9).fill(200), 404]);
});

test('128 connections at once are all answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 128 }, () => server.raw(request('GET /healthz'), { ms: 20_000 })),
  );
  assert.ok(answers.every((text) => statuses(text)[0] === 200));
});

test(
  'a slow client is cut off, others are served meanwhile',
  { timeout: 120_000 * patience },
  async () => {
    const slow = [
      'GET /healthz HTTP/1.1\r\nX-Slow: ',
      `POST /api/v1/experiments HTTP/1.1\r\n${host}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
    ];
    await Promise.all(
      slow.map(async (head) => {
        const socket = net.connect(server.port, '127.0.0.1');
        const closed = new Promise((done) => {
          socket.on('close', done);
          socket.on('error', () => {});
          socket.on('data', () => {});
        });
        socket.write(head);
        const drip = setInterval(() => {
          if (socket.writable) socket.write('a');
        }, 500);
        assert.equal((await server.request('GET', '//healthz')).status, 200, 'meanwhile');
        assert.ok(socket.writable, 'it is not cut off yet');
        try {
          await within(60_000, 'the slow client is cut off', closed);
        } finally {
          clearInterval(drip);
          socket.destroy();
        }
      }),
    );
    assert.equal((await server.request('GET', '//healthz')).status, 200);
  },
);

test('abandoned connections are given back', async () => {
  const before = (await import('node:fs')).readdirSync(`/proc/${server.pid}/fd`).length;
  const sockets = Array.from({ length: 60 }, () => net.connect(server.port, '127.0.0.1'));
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise((done) => {
          socket.on('connect', done);
        }),
    ),
  );
  for (const socket of sockets) {
    socket.write(`GET /api/v1/events HTTP/1.1\r\n${host}\r\n\r\n`);
  }
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise((done) => {
          socket.once('data', done);
        }),
    ),
  );
  for (const socket of sockets) socket.destroy();
  const { readdirSync } = await import('node:fs');
  await eventually(
    40_000,
    'the descriptors are closed',
    () => readdirSync(`/proc/${server.pid}/fd`).length <= before + 5,
  );
});

test('a token, where one is wanted', async () => {
  const { writeFileSync } = await import('node:fs');
  const { join } = await import('node:path');
  const { temporaryDirectory, removeDirectory } = await import('../harness.mjs');
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'token'), 'correct-horse-battery\n', { mode: 0o600 });
  const guarded = await Server.start({ args: ['--token-file', join(directory, 'token')] });
  try {
    const none = await guarded.request('GET', '/experiments');
    assert.equal(none.status, 401);
    assert.match(none.headers.get('www-authenticate') ?? '', /Bearer/);
    assert.equal(
      (await guarded.request('GET', '/experiments', undefined, { Authorization: 'Bearer wrong' }))
        .status,
      401,
    );
    assert.equal(
      (
        await guarded.request('GET', '/experiments', undefined, {
          Authorization: 'Bearer correct-horse-battery',
        })
      ).status,
      200,
    );
    assert.equal(
      (await guarded.request('GET', '//healthz')).status,
      200,
      'liveness needs no token',
    );
    assert.equal((await guarded.request('POST', '/session', { token: 'wrong' })).status, 401);
    const session = await guarded.request('POST', '/session', { token: 'correct-horse-battery' });
    assert.ok(session.status < 300, session.text);
    const cookie = session.headers.get('set-cookie');
    assert.match(cookie, /HttpOnly/i);
    assert.match(cookie, /SameSite=Strict/i);
    assert.equal(
      (await guarded.request('GET', '/experiments', undefined, { Cookie: cookie.split(';')[0] }))
        .status,
      200,
    );
    assert.equal(
      (await guarded.request('GET', '/experiments', undefined, { Cookie: 'regulab_session=x' }))
        .status,
      401,
    );
  } finally {
    await guarded.stop();
    removeDirectory(directory);
  }
});

test('plans of large sweeps hold up neither other requests nor the stop', async () => {
  const own = await Server.start();
  const large = {
    dataset: { name: 'glyphs', n: 5000 },
    sweep: { data_seed: { min: 0, max: 199, count: 200 } },
  };
  const plans = Array.from({ length: 5 }, () =>
    own.request('POST', '/experiments?dry_run=true', large).then(
      (answer) => answer.status,
      () => 'cut',
    ),
  );
  await eventually(
    20_000,
    'the plans are at work or wait',
    async () =>
      Number(
        /^regulab_large_requests\{kind="plan",state="waiting"\} (\d+)$/m.exec(
          (await own.request('GET', '//metrics')).text,
        )?.[1],
      ) >= 3,
  );
  for (let i = 0; i < 5; i++) assert.equal((await own.request('GET', '/experiments')).status, 200);
  await own.stop();
  for (const status of await Promise.all(plans))
    assert.ok([503, 'cut'].includes(status), String(status));
});
