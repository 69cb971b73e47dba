// The end of the process in the midst of work: kill -9, SIGTERM, SIGINT.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, sanitizer } from '../harness.mjs';
import { crashRounds } from '../crash.mjs';

// CRASH_ROUNDS=100 for the long form, CRASH_SEED to repeat one. What is on the disk after a kill is
// the same with a sanitizer: there a few are enough.
const few = sanitizer === 'thread' ? 1 : 3;
const rounds = Number(process.env.CRASH_ROUNDS ?? (sanitizer ? few : 10));
const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);

test(
  `kill -9 at ${rounds} random moments of a busy queue (CRASH_SEED=${seed})`,
  { timeout: 1_800_000 },
  async () => {
    await crashRounds({ rounds, seed });
  },
);

/* How long it is to the first epoch that is new, beside what an epoch takes. */
async function timeOfNextEpoch(server, run) {
  const stream = await server.events(`/runs/${run}/events`);
  const isEpoch = ({ event }) => event === 'epoch';
  const began = performance.now();
  const { data } = await stream.next(isEpoch);
  const first = performance.now() - began;
  for (let i = 0; i < 5; i++) await stream.next(isEpoch);
  const each = (performance.now() - began - first) / 5;
  await stream.close();
  return { epoch: data.epoch, first, each };
}

test('SIGTERM keeps the work: the run goes on and ends in the same bytes', async () => {
  const spec = {
    dataset: { name: 'glyphs', n: sanitizer ? 400 : 2000 }, // all takes some times as long there
    hidden: [512, 256],
    dropout: 0.5,
    epochs: sanitizer ? 30 : 60,
    record_layers: !sanitizer,
  };
  let server = await Server.start();
  try {
    const {
      id,
      run_ids: [run],
    } = await server.submit(spec);
    /* Six epochs are heard after either. */
    for (const progress of [0.3, 0.5]) {
      const { status } = await server.untilExperiment(id, (one) => one.progress > progress);
      assert.equal(status, 'running', 'it is interrupted');
      const { code } = await server.kill('SIGTERM');
      assert.equal(code, 0, server.errors);
      server = await server.restart();
      const { epoch, first, each } = await timeOfNextEpoch(server, run);
      const told = `${first} ms to epoch ${epoch}, ${each} ms each`;
      assert.ok(epoch > progress * spec.epochs, told);
      assert.ok(first < (each * epoch) / 2, `not from the beginning: ${told}`);
    }
    await server.untilTerminal(id);
    const {
      runs: [whole],
    } = await server.train(spec, 120_000);
    assert.ok((await server.model(run)).equals(await server.model(whole.id)), 'final weights');
    assert.deepEqual(await server.curves(run), await server.curves(whole.id));
  } finally {
    await server.stop();
  }
});

test('SIGINT stops as cleanly, an idle service too', async () => {
  const server = await Server.start();
  const { code } = await server.kill('SIGINT');
  assert.equal(code, 0, server.errors);
  await server.stop();
});

/** A net whose steps take a second or two: what its worker is told comes late. */
const SLOW_STEPS = {
  dataset: { name: 'glyphs', n: 5000 },
  hidden: [2048, 2048],
  batch_size: 3000,
  epochs: 50,
  record_layers: false,
};

test('a cancel and a pause outlast kill -9 before the worker gets there', async () => {
  let server = await Server.start({ workers: 1 });
  try {
    for (const [path, status] of [
      ['/experiments/ID/cancel', 'cancelled'],
      ['/runs/ID/cancel', 'cancelled'],
      ['/experiments/ID/pause', 'paused'],
    ]) {
      const {
        id,
        run_ids: [run],
      } = await server.submit(SLOW_STEPS);
      await server.untilRun(run, (one) => one.status === 'running');
      const answer = await server.request(
        'POST',
        path.replace('ID', path.startsWith('/runs') ? run : id),
      );
      assert.equal(answer.status, 200, answer.text);
      server = await server.restart();
      assert.equal((await server.get(`/runs/${run}`)).status, status, path);
      assert.equal((await server.get(`/experiments/${id}`)).status, status, path);
      assert.equal((await server.request('DELETE', `/experiments/${id}?force=true`)).status, 204);
    }
  } finally {
    await server.stop();
  }
});

test('a resume takes back a pause that the worker has not seen', async () => {
  let server = await Server.start({ workers: 1 });
  try {
    const {
      id,
      run_ids: [run],
    } = await server.submit(SLOW_STEPS);
    await server.untilRun(run, (one) => one.status === 'running');
    assert.equal((await server.request('POST', `/experiments/${id}/pause`)).status, 200);
    assert.equal((await server.request('POST', `/experiments/${id}/resume`)).status, 200);
    server = await server.restart();
    await server.untilRun(run, (one) => one.status === 'running');
    assert.equal((await server.request('DELETE', `/experiments/${id}?force=true`)).status, 204);
  } finally {
    await server.stop();
  }
});
