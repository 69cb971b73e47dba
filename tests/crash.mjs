// kill -9 at random moments of a busy queue, then a restart, again and again; at the end nothing
// may be lost.
//
//   node tests/crash.mjs [ROUNDS] [SEED]        (100 rounds by default; prints the seed)
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { Server, sanitizer, sqlite } from './harness.mjs';

const GLYPHS = { name: 'glyphs', n: sanitizer ? 300 : 1500 };
const SPECS = [
  { dataset: GLYPHS, hidden: [96, 96], dropout: 0.5, epochs: 12 },
  {
    dataset: GLYPHS,
    hidden: [64],
    l2: 1e-4,
    optimizer: 'sgd',
    epochs: 20,
    repeats: 2,
  },
  {
    dataset: { name: 'moons', n: sanitizer ? 200 : 800 },
    hidden: [32, 32],
    weight_decay: 1e-3,
    input_dropout: 0.1,
    epochs: 30,
    repeats: 2,
  },
];

function generator(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

function checkDatabase(file, acknowledged) {
  assert.deepEqual(sqlite(file, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  const ids = sqlite(file, 'SELECT id FROM experiments').map((row) => row.id);
  for (const { id } of acknowledged)
    assert.ok(ids.includes(id), `experiment ${id} was acknowledged and is lost`);
  const gaps = sqlite(
    file,
    'SELECT run_id, count(*) AS n, min(epoch) AS low, max(epoch) AS high FROM epochs ' +
      'GROUP BY run_id HAVING n <> high - low + 1 OR low <> 0',
  );
  assert.deepEqual(gaps, [], 'curves without gaps');
}

/** What each specification gives when nobody disturbs it: [{ model, curves }] per run. */
async function undisturbed() {
  const server = await Server.start();
  try {
    const all = [];
    for (const spec of SPECS) {
      const { runs } = await server.train(spec, 120_000);
      all.push(
        await Promise.all(
          runs.map(async ({ id }) => ({
            model: await server.model(id),
            curves: await server.curves(id),
          })),
        ),
      );
    }
    return all;
  } finally {
    await server.stop();
  }
}

export async function crashRounds({ rounds, seed, log = () => {} }) {
  const random = generator(seed);
  const expected = await undisturbed();
  let server = await Server.start();
  const acknowledged = [];
  // Posts in flight when the kill comes are not acknowledged: they may be there or not.
  const submit = async () => {
    const which = Math.floor(random() * SPECS.length);
    const answer = await server
      .request('POST', '/experiments', SPECS[which])
      .catch(() => undefined);
    if (answer?.status === 201)
      acknowledged.push({ id: answer.json.id, run_ids: answer.json.run_ids, which });
  };
  try {
    await submit();
    for (let round = 0; round < rounds; round++) {
      const posts = Array.from({ length: 1 + Math.floor(random() * 2) }, () =>
        random() < 0.7 ? submit() : undefined,
      );
      await new Promise((wake) => {
        setTimeout(wake, random() * 700);
      });
      const killed = server.restart();
      await Promise.all(posts);
      server = await killed;
      checkDatabase(server.database, acknowledged);
      log(`round ${round + 1}/${rounds}: ${acknowledged.length} experiments acknowledged`);
    }
    const all = sqlite(server.database, 'SELECT id FROM experiments');
    for (const { id } of all) {
      const experiment = await server.untilTerminal(id, 300_000);
      assert.equal(experiment.status, 'completed', `experiment ${id}`);
      assert.equal(experiment.runs.completed, experiment.n_runs);
    }
    for (const { id, run_ids, which } of acknowledged) {
      for (const [i, run] of run_ids.entries()) {
        const { curves, model } = expected[which][i];
        assert.ok(
          model.equals(await server.model(run)),
          `experiment ${id}, run ${run}: weights differ from an undisturbed run`,
        );
        assert.deepEqual(await server.curves(run), curves, `experiment ${id}, run ${run}`);
      }
    }
    assert.ok(acknowledged.length > 0);
    await server.kill('SIGTERM');
    checkDatabase(server.database, acknowledged);
    return acknowledged.length;
  } finally {
    await server.stop();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rounds = Number(process.argv[2] ?? 100);
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const n = await crashRounds({ rounds, seed, log: console.log });
  console.log(`${rounds} kills, ${n} acknowledged experiments, nothing lost`);
}
