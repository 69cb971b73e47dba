// Answers of finished runs are kept as they were encoded: the same bytes, and gone with the run.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());

const ask = (path, headers) => server.request('GET', path, undefined, headers);

test('a kept answer is the first one again, for each question one of its own', async () => {
  const { runs } = await server.train(QUICK);
  const paths = ['curves', 'curves?metrics=val_loss', 'curves?from_epoch=2', 'layers'];
  const tags = new Set();
  for (const path of paths.map((end) => `/runs/${runs[0].id}/${end}`)) {
    const [first, second, third] = [await ask(path), await ask(path), await ask(path)];
    assert.equal(first.status, 200);
    for (const again of [second, third]) {
      assert.equal(again.text, first.text);
      assert.equal(again.headers.get('etag'), first.headers.get('etag'));
      assert.equal(again.headers.get('content-type'), first.headers.get('content-type'));
      assert.notEqual(again.headers.get('x-request-id'), first.headers.get('x-request-id'));
    }
    const known = await ask(path, { 'If-None-Match': first.headers.get('etag') });
    assert.equal(known.status, 304);
    assert.equal(known.text, '');
    tags.add(first.headers.get('etag'));
    const csv = await ask(path, { Accept: 'text/csv' });
    if (!path.endsWith('layers')) assert.notEqual(csv.text, first.text);
  }
  assert.equal(tags.size, paths.length);
});

test('the tag of a finished run is known again after a restart, without its body', async () => {
  const { runs } = await server.train(QUICK);
  const path = `/runs/${runs[0].id}/curves`;
  const tag = (await ask(path)).headers.get('etag');
  await server.child.kill('SIGTERM');
  await server.exited;
  const again = await Server.start({ directory: server.directory });
  try {
    const answer = await again.request('GET', path, undefined, { 'If-None-Match': tag });
    assert.equal(answer.status, 304);
  } finally {
    await again.stop();
  }
});

test('a run that is tried again, or deleted, is forgotten', async () => {
  const own = await Server.start();
  try {
    const { id, run_ids } = await own.submit({ ...LONG, epochs: 400 });
    await own.untilExperiment(id, (e) => e.progress > 0);
    const path = `/runs/${run_ids[0]}/curves`;
    const running = await own.request('GET', path);
    assert.equal((await own.request('POST', `/runs/${run_ids[0]}/cancel`)).status, 200);
    await own.untilTerminal(id);
    const ended = await own.request('GET', path);
    assert.notEqual(ended.headers.get('etag'), running.headers.get('etag'));
    assert.equal((await own.request('GET', path)).text, ended.text);
    assert.equal((await own.request('POST', `/runs/${run_ids[0]}/retry`)).status, 200);
    const again = await own.request('GET', path);
    assert.notEqual(again.headers.get('etag'), ended.headers.get('etag'));
    await own.request('POST', `/runs/${run_ids[0]}/cancel`);
    await own.untilTerminal(id);
    assert.equal((await own.request('GET', path)).status, 200);
    assert.equal((await own.request('DELETE', `/experiments/${id}`)).status, 204);
    assert.equal((await own.request('GET', path)).status, 404);
  } finally {
    await own.stop();
  }
});
