// Runs take their memory from one budget: what does not fit waits and says so, across a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, sanitizer, Server } from '../harness.mjs';

/* One run of this takes 56 MB, mostly for its minibatch: two do not fit. */
const BUDGET = ['--memory', '96M'];
const WIDE = {
  dataset: { name: 'moons', n: 200 },
  hidden: [8192],
  batch_size: 120,
  evaluate_every: 1000,
  record_layers: false,
  repeats: 2,
};
const WAITS = /run (\d+) waits: The run needs 56 MB of memory; of the 101 MB .* are left now/;

async function memory(server) {
  const { text } = await server.request('GET', '//metrics');
  const [budget, taken] = ['budget', 'taken'].map((name) =>
    Number(new RegExp(`^regulab_memory_${name}_bytes (\\S+)$`, 'm').exec(text)[1]),
  );
  assert.ok(taken <= budget, `${taken} of ${budget} bytes are taken`);
  return taken;
}

/** One of both trains, the other waits -> { training, waiting }. */
async function besideEachOther(server, ids) {
  await eventually(30_000, 'one waits', () => WAITS.test(server.errors));
  const waiting = Number(WAITS.exec(server.errors)[1]);
  const training = ids.find((id) => id !== waiting);
  await server.untilRun(training, ({ status }) => status === 'running');
  assert.equal((await server.get(`/runs/${waiting}`)).status, 'queued');
  assert.equal((await server.request('GET', '//readyz')).status, 200, 'to wait is no trouble');
  await eventually(10_000, 'one run has its memory, and nothing else any', async () => {
    return Math.round((await memory(server)) / 1e6) === 56; /* sets that nobody uses make room */
  });
  return { training, waiting };
}

test('two runs that fit only one at a time take turns', async () => {
  const server = await Server.start({ args: BUDGET });
  try {
    const { experiment, runs } = await server.train({ ...WIDE, epochs: sanitizer ? 4 : 20 });
    assert.equal(experiment.status, 'completed');
    assert.deepEqual(
      runs.map(({ status }) => status),
      ['completed', 'completed'],
    );
    assert.match(server.errors, WAITS);
    const [, waiting] = WAITS.exec(server.errors);
    const [first, second] = runs.sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
    assert.equal(second.id, Number(waiting), `${first.started_at}, ${second.started_at}`);
  } finally {
    await server.stop();
  }
});

test('after kill -9 as much is taken as before, and who waited waits for its turn', async () => {
  let server = await Server.start({ args: BUDGET });
  try {
    const { id, run_ids: ids } = await server.submit({ ...WIDE, epochs: 100_000 });
    await besideEachOther(server, ids);
    server = await server.restart({ args: BUDGET });
    const after = await besideEachOther(server, ids);
    assert.equal((await server.request('POST', `/runs/${after.training}/cancel`)).status, 200);
    await server.untilRun(after.waiting, ({ status }) => status === 'running');
    assert.equal((await server.request('POST', `/runs/${after.waiting}/cancel`)).status, 200);
    assert.equal((await server.untilTerminal(id)).status, 'cancelled');
    await eventually(10_000, 'their memory is free', async () => {
      return (await memory(server)) < 12e6;
    });
  } finally {
    await server.stop();
  }
});
