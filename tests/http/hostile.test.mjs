// A hostile day: what passes a proxy or comes from an odd client, byte by byte, on raw sockets.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { eventually, LONG, QUICK, Server, sanitizer, within } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const host = `Host: 127.0.0.1:${server.port}`;
const json = 'Content-Type: application/json';

/* Of what takes long, as everything does with a sanitizer, one client may have five under way. */
const AT_ONCE = sanitizer ? 4 : 8;
/* More wait for a moment, and are refused then. */
const STATEMENTS = 3;

/* Of final answers: preliminary ones are passed over. */
const statuses = (text) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, s]) => Number(s)).filter((s) => s >= 200);
const request = (line, headers = [], body = '') =>
  `${line} HTTP/1.1\r\n${[host, ...headers].join('\r\n')}\r\n\r\n${body}`;
const last = (line, headers = [], body = '') =>
  request(line, ['Connection: close', ...headers], body);
const post = (path, headers, body) => request(`POST /api/v1/${path}`, [json, ...headers], body);
const chunked = (body) => post('experiments?dry_run=true', ['Transfer-Encoding: chunked'], body);
const form = 'Content-Type: multipart/form-data; boundary=bound';

const chunks = (text) =>
  `${text
    .match(/[^]{1,7000}/g)
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join('')}0\r\n\r\n`;

/** Writes, shuts its writing side down, and reads until the server closes (or `until(text)`). */
function halfClosed(bytes, until = () => false) {
  return within(
    20_000,
    'the answer to a half-closed client',
    new Promise((done, broken) => {
      const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
      let text = '';
      const finish = () => {
        socket.destroy();
        done(text);
      };
      socket.on('data', (data) => {
        text += data.toString('latin1');
        if (until(text)) finish();
      });
      socket.on('end', finish);
      socket.on('error', broken);
      socket.end(bytes);
    }),
  );
}

test('who shuts its writing side down gets its answer', async () => {
  const other = net.connect(server.port, '127.0.0.1'); // libmicrohttpd treats the oldest better
  await new Promise((connected) => {
    other.on('connect', connected);
  });
  const file =
    '--bound\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' +
    `a,label\n${'1,0\n2,1\n'.repeat(200_000)}\r\n--bound--\r\n`;
  assert.equal(
    statuses(
      await halfClosed(
        request('PUT /api/v1/datasets/half', [form, `Content-Length: ${file.length}`], file),
      ),
    )[0],
    201,
  );
  const slow = JSON.stringify({
    query:
      'WITH RECURSIVE a(b) AS (SELECT 1 UNION ALL ' +
      'SELECT b + 1 FROM a WHERE b < 20000) SELECT sum(b) FROM a',
  });
  const cases = {
    'answered in the loop': [request('GET /healthz'), [200]],
    'answered by a worker': [request('GET /api/v1/experiments'), [200]],
    'with a body': [post('experiments?dry_run=true', ['Content-Length: 2'], '{}'), [200]],
    chunked: [chunked('2\r\n{}\r\n0\r\n\r\n'), [200]],
    slow: [post('sql', [`Content-Length: ${slow.length}`], slow), [200]],
    'an upload': [
      request('PUT /api/v1/datasets/half', [form, `Content-Length: ${file.length}`], file),
      [200],
    ],
    'chunked upload': [
      request('PUT /api/v1/datasets/half', [form, 'Transfer-Encoding: chunked'], chunks(file)),
      [200],
    ],
    pipelined: [
      request('GET /healthz').repeat(3) + request('GET /api/v1/experiments').repeat(3),
      [200, 200, 200, 200, 200, 200],
    ],
  };
  for (const [what, [bytes, expected]] of Object.entries(cases)) {
    const n = what === 'slow' ? STATEMENTS : AT_ONCE;
    const answers = await Promise.all(Array.from({ length: n }, () => halfClosed(bytes)));
    for (const text of answers) assert.deepEqual(statuses(text), expected, `${what}: ${text}`);
  }
  other.destroy();
});

async function openStreams() {
  const { text } = await server.request('GET', '//metrics');
  return Number(/^regulab_http_streams (\d+)$/m.exec(text)?.[1]);
}

test('an event stream goes on after a half-close, and ends when its client is gone', async () => {
  const before = await openStreams();
  const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  let ended = false;
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.on('end', () => {
    ended = true;
  });
  socket.on('error', () => {
    ended = true;
  });
  socket.end(request('GET /api/v1/events'));
  await eventually(10_000, 'the stream begins', () => text.includes('retry: 1000') || ended);
  const { id } = await server.submit({ ...LONG, epochs: 1 });
  await server.untilTerminal(id);
  await eventually(10_000, 'the end is told', () => /"status":"completed"/.test(text) || ended);
  assert.equal(ended, false, `the stream was cut: ${text.slice(0, 400)}`);
  assert.equal(await openStreams(), before + 1);
  socket.destroy(); // without a word more: it shows when something is sent
  await server.submit({ ...LONG, epochs: 1 });
  await eventually(
    10_000,
    'the stream is given back',
    async () => (await openStreams()) === before,
  );
});

test('clients that leave, in either way, are noticed', async () => {
  const before = await openStreams();
  for (const leave of ['destroy', 'resetAndDestroy']) {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(request('GET /api/v1/events'));
    await new Promise((begun) => {
      socket.once('data', begun);
    });
    assert.equal(await openStreams(), before + 1);
    socket[leave]();
    await eventually(10_000, `${leave} is noticed`, async () => (await openStreams()) === before);
  }
});

test('a header line that is none is 400', async () => {
  const lines = {
    'folded value': ['X-A: one\r\n two'],
    'folded with a tab': ['X-A: one\r\n\ttwo'],
    'folded into another name': ['Content-Lengt: 3\r\n h'],
    'folded without a value': ['X-A:\r\n two'],
    'folded to nothing': ['X-A: one\r\n '],
    'space before the colon': ['X-A : one'],
    'space in the name': ['X A: one'],
    'no name': [': one'], // the end of the header, to libmicrohttpd
    'control in the name': ['X\x01A: one'],
    'CR in the name': ['X\rA: one'],
    'separator in the name': ['X(A): one'],
    'no ASCII name': ['X\u00e4A: one'],
    'CR in the value': ['X-A: one\rX-B: two'],
    'NUL in the value': ['X-A: one\0two'],
    'NUL that hides a line': ['X-A: one\0\0X-B: two'],
    'control in the value': ['X-A: one\x1btwo'],
    'no colon': ['X-A'],
  };
  for (const [what, extra] of Object.entries(lines)) {
    for (const place of [
      [...extra, 'X-Z: z'],
      ['X-Z: z', ...extra],
    ]) {
      const bytes = Buffer.from(request('GET /healthz', place) + request('GET /healthz'), 'latin1');
      assert.deepEqual(statuses(await server.raw(bytes)), [400], `${what}: ${place}`);
    }
  }
  const first = `GET /healthz HTTP/1.1\r\n ${host}\r\n${host}\r\n\r\n`;
  assert.deepEqual(statuses(await server.raw(first)), [400], 'the first line begins with a space');
  const split = `GET /healthz HTTP/1.1\r\nHos: 127.0.0.1:${server.port}\r\n t\r\n\r\n`;
  assert.deepEqual(statuses(await server.raw(split)), [400], 'folded into Host');
});

test('odd header lines that are right are taken', async () => {
  const odd = [
    'X-Empty:',
    'X-Tab:\tone\ttwo',
    'X-Blank: one ',
    "X!#$%&'*+-.^_`|~9: one",
    'X-High: \u00e4\u00ff',
    'X-Colon: a:b',
  ];
  const fine = Buffer.from(last('GET /healthz', odd), 'latin1');
  assert.deepEqual(statuses(await server.raw(fine)), [200]);
  const bare = `GET /healthz HTTP/1.1\n${host}\nX-Empty:\nConnection: close\n\n`;
  assert.deepEqual(statuses(await server.raw(bare)), [200], 'lines ended by LF alone');
});

test('a header that comes byte by byte is one header', async () => {
  const text = last('GET /api/v1/experiments?limit=3', ['X-A: one', 'X-Empty:']);
  const answer = await within(
    20_000,
    'the answer',
    new Promise((done, broken) => {
      const socket = net.connect({ port: server.port, host: '127.0.0.1', noDelay: true });
      let answered = '';
      socket.on('data', (data) => {
        answered += data;
      });
      socket.on('close', () => done(answered));
      socket.on('error', broken);
      let at = 0;
      const drip = () => {
        if (at < text.length) socket.write(text[at++], () => setImmediate(drip));
      };
      socket.on('connect', drip);
    }),
  );
  assert.deepEqual(statuses(answer), [200]);
});

test('chunks: lines end with CR LF, and what follows is never served', async () => {
  const smuggled = request('GET /api/v1/fields');
  const bad = {
    'extension ended by LF': '2;a\n{}\r\n0\r\n\r\n',
    'size ended by LF': '2\n{}\r\n0\r\n\r\n',
    'second line ended by LF': '1\r\n{\r\n1;a=b\n}\r\n0\r\n\r\n',
    'data ended by LF': '1\r\n{\n1\r\n}\r\n0\r\n\r\n',
    'CR in an extension': '2;a\rb\r\n{}\r\n0\r\n\r\n',
    'NUL in an extension': '2;a\0b\r\n{}\r\n0\r\n\r\n',
  };
  for (const [what, body] of Object.entries(bad)) {
    assert.deepEqual(statuses(await server.raw(chunked(body))), [400], what);
    const text = await server.raw(chunked(body) + smuggled);
    assert.deepEqual(statuses(text), [400], `${what}, and a request behind`);
  }
  const fine = await server.raw(chunked('2;a="b;c"\r\n{}\r\n0;d\r\nX-Trailer: e\r\n\r\n'));
  assert.deepEqual(statuses(fine), [200]);
  // What cannot be seen, a line without data behind it, decides nothing: the connection ends.
  const unseen = await server.raw(chunked('2\r\n{}\r\n0;a\n\r\n') + smuggled);
  assert.equal(statuses(unseen).length, 1);
  assert.match(unseen, /^Connection: close\r$/im);
});

test('304 says nothing of a body', async () => {
  const { run_ids: ids } = await server.submit(QUICK);
  await server.untilRun(ids[0], (run) => run.status === 'completed');
  const paths = ['/', '/api/v1/fields', `/api/v1/runs/${ids[0]}/curves`];
  for (const path of paths) {
    const first = await server.raw(last(`GET ${path}`));
    const [, tag] = /^ETag: (.*)\r$/m.exec(first);
    const known = [`If-None-Match: ${tag}`];
    for (const method of ['GET', 'HEAD']) {
      const text = await server.raw(request(`${method} ${path}`, known));
      assert.deepEqual(statuses(text), [304], path);
      assert.doesNotMatch(text, /^(Content-Length|Content-Type|Transfer-Encoding):/im, path);
      assert.match(text, new RegExp(`^ETag: ${tag}\r$`, 'm'));
      assert.ok(text.endsWith('\r\n\r\n'), `${path}: ${text}`);
    }
    const other = await server.raw(last(`GET ${path}`, ['If-None-Match: "other"']));
    assert.deepEqual(statuses(other), [200]);
  }
});

test('many cookies are 431', async () => {
  for (const n of [300, 1000, 2000, 5000]) {
    for (const cookie of ['a=b', 'a', '', 'name-of-some-length="value, quoted"']) {
      const value = Array(n).fill(cookie).join('; ');
      const text = await server.raw(last('GET /healthz', [`Cookie: ${value}`]));
      assert.deepEqual(statuses(text), [431], `${n} times ${cookie}: ${text.slice(0, 60)}`);
    }
    const lines = Array(n).fill('Cookie: a=b');
    assert.deepEqual(statuses(await server.raw(last('GET /healthz', lines))), [431], `${n} lines`);
  }
  const some = Array.from({ length: 100 }, (_, i) => `c${i}=${'v'.repeat(40)}`).join('; ');
  assert.deepEqual(statuses(await server.raw(last('GET /healthz', [`Cookie: ${some}`]))), [200]);
});

test('many query parameters get an answer', async () => {
  for (const n of [33, 500, 1000, 3000]) {
    const text = await server.raw(last(`GET /api/v1/experiments?${Array(n).fill('a').join('&')}`));
    assert.deepEqual(statuses(text), [400], `${n}`);
  }
});

test('an upload without a byte is 400', async () => {
  const put = (headers, body) => server.raw(last('PUT /api/v1/datasets/empty', headers, body));
  for (const type of [form, 'Content-Type: text/csv', 'X-No-Type: none']) {
    assert.deepEqual(statuses(await put([type, 'Content-Length: 0'])), [400], type);
    const chunks = await put([type, 'Transfer-Encoding: chunked'], '0\r\n\r\n');
    assert.deepEqual(statuses(chunks), [400], `${type}, chunked`);
  }
});
