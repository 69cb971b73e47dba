// Who may do what: the lines of a token file, reading it anew, and who can read it besides.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually, QUICK, removeDirectory, Server, temporaryDirectory } from '../harness.mjs';

const directory = temporaryDirectory();
const file = join(directory, 'tokens');
const lines = (...all) => writeFileSync(file, `${all.join('\n')}\n`, { mode: 0o600 });
lines('all-of-it', 'read looker', 'write writer', 'worker hauler');
const server = await Server.start({ args: ['--token-file', file] });
after(async () => {
  await server.stop();
  removeDirectory(directory);
});

const as = (token) => ({ Authorization: `Bearer ${token}` });
const ask = async (token, method, path, body) =>
  (await server.request(method, path, body, token ? as(token) : {})).status;

test('a token may do what its line says', async () => {
  const made = await server.request('POST', '/experiments', QUICK, as('writer'));
  assert.equal(made.status, 201);
  const { id } = made.json;
  const reading = [
    ['GET', '/experiments'],
    ['HEAD', '/experiments'],
    ['GET', `/experiments/${id}`],
    ['POST', '/experiments?dry_run=true', {}],
    ['POST', '/sql', { query: 'SELECT 1' }],
    ['GET', '//metrics'],
    ['GET', '//api/openapi.json'],
  ];
  const writing = [
    ['POST', '/experiments?dry_run=false', QUICK],
    ['PATCH', `/experiments/${id}`, { name: 'renamed' }],
    ['POST', `/experiments/${id}/cancel`],
    ['DELETE', `/experiments/${id}?force=true`],
  ];
  for (const [method, path, body] of reading) {
    for (const token of ['all-of-it', 'looker', 'writer'])
      assert.equal(await ask(token, method, path, body), 200, `${token}: ${method} ${path}`);
    assert.equal(await ask('hauler', method, path, body), 403, `hauler: ${method} ${path}`);
    assert.equal(await ask(null, method, path, body), 401, `nobody: ${method} ${path}`);
  }
  for (const [method, path, body] of writing) {
    for (const token of ['looker', 'hauler'])
      assert.equal(await ask(token, method, path, body), 403, `${token}: ${method} ${path}`);
    assert.equal(await ask(null, method, path, body), 401, `nobody: ${method} ${path}`);
    const status = await ask('writer', method, path, body);
    assert.ok(status >= 200 && status < 300, `writer: ${method} ${path}: ${status}`);
  }
  assert.match(
    (await server.request('POST', '/experiments', {}, as('looker'))).json.detail,
    /write/,
  );
});

test('a session may do what its token may', async () => {
  const session = await server.request('POST', '/session', { token: 'looker' });
  assert.equal(session.status, 204);
  const headers = { Cookie: session.headers.get('set-cookie').split(';')[0] };
  assert.equal((await server.request('GET', '/experiments', undefined, headers)).status, 200);
  assert.equal((await server.request('POST', '/experiments', {}, headers)).status, 403);
});

test('SIGHUP reads the tokens anew, and a bad file changes nothing', async () => {
  const session = await server.request('POST', '/session', { token: 'all-of-it' });
  const headers = { Cookie: session.headers.get('set-cookie').split(';')[0] };
  lines('another', 'read looker');
  server.child.kill('SIGHUP');
  await eventually(
    10_000,
    'the new token',
    async () => (await ask('another', 'GET', '/runs')) === 200,
  );
  assert.equal(await ask('all-of-it', 'GET', '/runs'), 401);
  assert.equal((await server.request('GET', '/runs', undefined, headers)).status, 401);
  assert.equal(await ask('looker', 'GET', '/runs'), 200);
  assert.match(server.errors, /has been read again: 2 tokens/);
  for (const bad of ['two words here', 'read', '']) {
    const before = server.errors.length;
    lines('good-one', bad, bad && 'good-one');
    if (!bad) rmSync(file);
    server.child.kill('SIGHUP');
    await eventually(10_000, 'a word of it', () => /stay valid/.test(server.errors.slice(before)));
    assert.doesNotMatch(server.errors, /good-one|two words|another|looker/);
    assert.equal(await ask('another', 'GET', '/runs'), 200);
    assert.equal(await ask('good-one', 'GET', '/runs'), 401);
  }
  lines('all-of-it');
  server.child.kill('SIGHUP');
  await eventually(
    10_000,
    'the old one',
    async () => (await ask('all-of-it', 'GET', '/runs')) === 200,
  );
});

test('SIGHUP does no harm without a token file', async () => {
  const open = await Server.start();
  for (let i = 0; i < 20; i++) open.child.kill('SIGHUP');
  assert.equal((await open.request('GET', '/experiments')).status, 200);
  await open.stop();
});

test('files that everyone can read are told at the start, with the remedy', async () => {
  const readable = join(directory, 'readable');
  writeFileSync(readable, 'a-token\n');
  chmodSync(readable, 0o644);
  const first = await Server.start({ args: ['--token-file', readable] });
  assert.match(first.errors, new RegExp(`can read ${readable}; chmod o-rwx ${readable}`));
  assert.equal(statSync(first.database).mode & 0o077, 0, 'a new database is private');
  assert.ok(!first.errors.includes(first.database));
  await first.kill('SIGTERM');
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(first.database + suffix)) chmodSync(first.database + suffix, 0o644);
  const second = await Server.start({ directory: first.directory });
  assert.ok(second.errors.includes(`chmod o-rwx ${first.database}`), second.errors);
  await second.stop();
  removeDirectory(first.directory);
});

test('wrong tokens are answered late, and nobody else waits for it', async () => {
  lines('all-of-it');
  const own = await Server.start({ args: ['--token-file', file] });
  const host = `Host: 127.0.0.1:${own.port}`;
  const guess = (i, headers = []) =>
    own.raw(
      [`GET /api/v1/runs HTTP/1.1`, host, `Authorization: Bearer guess-${i}`, ...headers].join(
        '\r\n',
      ) + '\r\n\r\n',
      { until: (text) => text.includes('\r\n\r\n'), ms: 60_000 },
    );
  const statusOf = (text) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  const pending = new Set();
  const all = [];
  const send = (answer) => {
    pending.add(answer);
    all.push(answer.finally(() => pending.delete(answer)));
  };
  // Each waits twice as long as the one before: the last of them for seconds.
  for (let i = 0; i < 6; i++) send(guess(i));
  send(guess(6, ['Content-Length: 99999999']));
  send(guess(7, ['Content-Length: 5', 'Expect: 100-continue']));
  send(
    own
      .request('POST', '/session', { token: 'guess-8' })
      .then(({ status }) => `HTTP/1.1 ${status}`),
  );
  send(
    own
      .request('GET', '/runs', undefined, { Cookie: 'regulab_session=guess-9' })
      .then(({ status }) => `HTTP/1.1 ${status}`),
  );
  for (let i = 0; i < 20; i++) {
    assert.equal((await own.request('GET', '/runs', undefined, as('all-of-it'))).status, 200);
    assert.equal((await own.request('GET', '/runs')).status, 401, 'who guesses nothing');
  }
  assert.ok(pending.size > 0, 'the others have been answered while these wait');
  // More at a time than may wait: the rest is not looked at.
  const many = await Promise.all(Array.from({ length: 140 }, (_, i) => guess(100 + i)));
  for (const text of await Promise.all(all)) assert.equal(statusOf(text), 401, text);
  const refused = many.filter((text) => statusOf(text) === 429);
  assert.ok(refused.length >= 140 - 64 - all.length, `${refused.length} refused at once`);
  assert.equal(many.filter((text) => statusOf(text) === 401).length, 140 - refused.length);
  assert.match(refused[0], /^Retry-After: /m);
  assert.equal((await own.request('GET', '/runs', undefined, as('all-of-it'))).status, 200);
  await eventually(
    30_000,
    'they are told',
    () => (own.errors.match(/wrong token/g) ?? []).length > 1,
  );
  assert.match(own.errors, /regulab: 1 wrong token, the last from 127\.0\.0\.1/);
  assert.doesNotMatch(own.errors, /guess/);
  const late = guess(999); // waits when the server stops
  await own.request('GET', '/runs', undefined, as('all-of-it'));
  await own.stop();
  assert.ok([401, NaN].includes(statusOf(await late)));
});
