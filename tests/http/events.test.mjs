// Event streams: every epoch once, filters, and coming back.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, QUICK, sanitizer, Server, within } from '../harness.mjs';

let server = await Server.start();
after(() => server.stop());

const runOf = (event) => event.data.run_id ?? event.data.run;
const epochsOf = (events, run) =>
  events.filter((e) => e.event === 'epoch' && runOf(e) === run).map((e) => e.data.epoch);
const increasing = (ids) => ids.every((id, i) => i === 0 || Number(id) > Number(ids[i - 1]));

test('events tell every epoch once, then the end of run and experiment', async () => {
  const stream = await server.events('/events');
  const {
    id,
    run_ids: [run],
  } = await server.submit({ ...QUICK, epochs: 10 });
  await stream.next((e) => e.event === 'experiment' && e.data.status === 'completed');
  await stream.close();
  assert.deepEqual(
    epochsOf(stream.all, run),
    Array.from({ length: 11 }, (_, i) => i),
  );
  assert.ok(increasing(stream.all.map((e) => e.id)), 'ids increase');
  const states = stream.all
    .filter((e) => e.event === 'run' && runOf(e) === run)
    .map((e) => e.data.status);
  assert.equal(states.at(-1), 'completed');
  assert.ok(states.includes('running'));
  const { columns } = await server.get(`/runs/${run}/curves`);
  for (const event of stream.all.filter((e) => e.event === 'epoch')) {
    const told = event.data.metrics ?? event.data;
    assert.equal(told.val_loss, columns.val_loss[event.data.epoch]);
  }
  assert.equal((await server.get(`/experiments/${id}`)).status, 'completed');
});

test('the answer is a stream that nobody caches', async () => {
  const stream = await server.events('/events');
  assert.match(stream.response.headers.get('content-type'), /^text\/event-stream/);
  assert.match(stream.response.headers.get('cache-control') ?? '', /no-(store|cache)/);
  await stream.close();
});

test('a filtered stream tells nothing of others', async () => {
  const wanted = await server.submit({ ...QUICK, epochs: 30 });
  const stream = await server.events(`/events?experiments=${wanted.id}`, { 'Last-Event-ID': '0' });
  const other = await server.submit(QUICK);
  await server.untilTerminal(other.id);
  await stream.next((e) => e.event === 'experiment' && e.data.status === 'completed');
  await stream.close();
  const experiments = new Set(
    stream.all.map((e) => e.data.experiment_id ?? e.data.experiment ?? e.data.id),
  );
  assert.deepEqual([...experiments], [wanted.id]);
  for (const bad of ['experiments=x', 'experiments=', 'experiments=1,,2']) {
    assert.equal((await server.request('GET', `/events?${bad}`)).status, 400, bad);
  }
});

test('events of a run and of an experiment', async () => {
  const { id, run_ids } = await server.submit({ ...QUICK, repeats: 2 });
  const ofRun = await server.events(`/runs/${run_ids[0]}/events`, { 'Last-Event-ID': '0' });
  const ofExperiment = await server.events(`/experiments/${id}/events`, { 'Last-Event-ID': '0' });
  await ofRun.next((e) => e.event === 'run' && e.data.status === 'completed');
  await ofExperiment.next((e) => e.event === 'experiment' && e.data.status === 'completed');
  await ofRun.close();
  await ofExperiment.close();
  assert.deepEqual(epochsOf(ofRun.all, run_ids[0]), [0, 1, 2, 3]);
  assert.deepEqual(epochsOf(ofRun.all, run_ids[1]), []);
  assert.deepEqual(epochsOf(ofExperiment.all, run_ids[1]), [0, 1, 2, 3]);
  assert.equal((await server.request('GET', '/runs/99999/events')).status, 404);
});

test('Last-Event-ID resumes without loss or repeat', async () => {
  const {
    id,
    run_ids: [run],
  } = await server.submit({ ...QUICK, dataset: { name: 'moons', n: 2000 }, epochs: 120 });
  const all = [];
  let last = '0';
  let status = '';
  while (status !== 'completed') {
    const stream = await server.events(`/experiments/${id}/events`, { 'Last-Event-ID': last });
    for (let i = 0; i < 25 && status !== 'completed'; i++) {
      const event = await stream.next();
      all.push(event);
      last = event.id;
      if (event.event === 'experiment') status = event.data.status;
    }
    await stream.close();
  }
  assert.ok(increasing(all.map((e) => e.id)));
  assert.deepEqual(
    epochsOf(all, run),
    Array.from({ length: 121 }, (_, i) => i),
  );
});

test('what was deleted takes nothing of the others with it', async () => {
  const first = await server.train({ ...QUICK, epochs: 5 });
  const {
    experiment,
    runs: [run],
  } = await server.train({ ...QUICK, epochs: 5 });
  for (const { id } of (await server.get('/experiments?limit=500')).items)
    if (id !== experiment.id) await server.request('DELETE', `/experiments/${id}?force=true`);
  assert.equal((await server.request('GET', `/experiments/${first.experiment.id}`)).status, 404);
  for (const path of [
    `/events?experiments=${experiment.id}`,
    `/experiments/${experiment.id}/events`,
    '/events',
  ]) {
    const stream = await server.events(path, { 'Last-Event-ID': '0' });
    await stream.next((e) => e.event === 'experiment' && e.data.status === 'completed');
    assert.deepEqual(epochsOf(stream.all, run.id), [0, 1, 2, 3, 4, 5], path);
    assert.ok(
      stream.all.every((e) => e.event !== 'reset'),
      path,
    );
    await stream.close();
  }
});

test('a bad Last-Event-ID is refused or a fresh start, never an error of the server', async () => {
  for (const value of ['abc', '-1', '99999999999999999999', '1e3', '1 2']) {
    const controller = new AbortController();
    const response = await fetch(`${server.url}/api/v1/events`, {
      headers: { 'Last-Event-ID': value },
      signal: controller.signal,
    });
    assert.ok(response.status === 200 || response.status === 400, `${value}: ${response.status}`);
    controller.abort();
  }
});

test('through a kill and a restart: no epoch lost, none told twice', async () => {
  const {
    id,
    run_ids: [run],
  } = await server.submit({
    ...QUICK,
    dataset: { name: 'moons', n: sanitizer ? 800 : 4000 },
    hidden: [64, 64],
    epochs: 150,
  });
  const all = [];
  const collect = async (enough) => {
    const stream = await server.events(`/experiments/${id}/events`, {
      'Last-Event-ID': all.at(-1)?.id ?? '0',
    });
    for (;;) {
      const event = await stream.next();
      all.push(event);
      if (enough(event)) break;
    }
    await stream.close();
  };
  await collect((event) => event.event === 'epoch' && event.data.epoch >= 20);
  server = await server.restart();
  await collect((event) => event.event === 'epoch' && event.data.epoch >= 60);
  server = await server.restart({}, 'SIGTERM');
  await collect((event) => event.event === 'experiment' && event.data.status === 'completed');
  assert.ok(increasing(all.map((e) => e.id)), 'ids go on after a restart');
  assert.deepEqual(
    epochsOf(all, run),
    Array.from({ length: 151 }, (_, i) => i),
  );
});

test('many subscribers, some of which leave, all hear the same', async () => {
  const streams = await Promise.all(Array.from({ length: 40 }, () => server.events('/events')));
  for (const stream of streams.splice(0, 15)) await stream.close();
  const {
    run_ids: [run],
  } = await server.submit({ ...QUICK, epochs: 20 });
  await Promise.all(
    streams.map((stream) =>
      stream.next((e) => e.event === 'experiment' && e.data.status === 'completed'),
    ),
  );
  for (const stream of streams) {
    assert.deepEqual(
      epochsOf(stream.all, run),
      Array.from({ length: 21 }, (_, i) => i),
    );
    await stream.close();
  }
});

test('a stop ends open streams and the process', async () => {
  const busy = await server.submit(LONG);
  const streams = await Promise.all(Array.from({ length: 10 }, () => server.events('/events')));
  await streams[0].next((e) => e.event === 'epoch');
  server.child.kill('SIGTERM');
  const { code } = await within(30_000, 'the end after SIGTERM', server.exited);
  assert.equal(code, 0, server.errors);
  await Promise.all(streams.map((stream) => stream.reading));
  server = await server.restart();
  assert.ok(
    ['queued', 'running'].includes((await server.get(`/experiments/${busy.id}`)).status),
    'the work is kept',
  );
  await server.request('DELETE', `/experiments/${busy.id}?force=true`);
});
