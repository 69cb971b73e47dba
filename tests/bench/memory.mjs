// The peak of memory when more is asked than there is.
//
//   node tests/bench/memory.mjs [SECONDS]
//
// A service with a budget of 1 GB is asked for sixteen runs that take a quarter of it each, on four
// workers, and over and over for uploads that unpack to many times their size, for plans that draw
// their data and for predictions, two of each at once, a minute if not said. Printed is the
// process's highest resident size; what was acknowledged has to be whole in the end. REGULAB names
// the program.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Server } from '../harness.mjs';

const seconds = Number(process.argv[2] ?? 60);
const BUDGET_MB = 1000;
const server = await Server.start({ workers: 4, args: ['--memory', `${BUDGET_MB}M`] });

const WIDE = {
  dataset: { name: 'moons', n: 2000 },
  hidden: [8192],
  batch_size: 600,
  epochs: 6,
  evaluate_every: 3,
  record_layers: false,
  repeats: 16,
};
const bombs = ['0,0\n', '0.1,a,b,1\n'].map((line) => gzipSync(line.repeat(80e6 / line.length)));
const answers = new Map();

/* What is asked and how it is answered, counted. */
async function ask(what, ...request) {
  const { status } = await server.request(...request);
  const key = `${what}: ${status}`;
  answers.set(key, (answers.get(key) ?? 0) + 1);
}

const {
  runs: [small],
} = await server.train({
  dataset: { name: 'moons', n: 200 },
  hidden: [512, 512],
  dropout: 0.5,
  epochs: 1,
});
const { id } = await server.submit(WIDE);
const drawn = { ...WIDE, dataset: { name: 'glyphs', n: 20_000 }, sweep: { data_seed: [1, 2, 3] } };
const inputs = Array.from({ length: 500 }, (_, i) => [i / 500, 0]);
const predictions = { inputs, mode: 'train', samples: 100 };
let n_asked = 0;
const KINDS = [
  () =>
    ask('upload', 'PUT', `/datasets/bomb${n_asked % 7}`, bombs[n_asked++ % bombs.length], {
      'Content-Type': 'text/csv',
      'Content-Encoding': 'gzip',
    }),
  () => ask('plan', 'POST', '/experiments?dry_run=true', drawn),
  () => ask('predict', 'POST', `/runs/${small.id}/predict`, predictions),
];
const until = performance.now() + 1000 * seconds;
async function again(kind) {
  while (performance.now() < until) await kind();
}
await Promise.all([...KINDS, ...KINDS].map(again));

const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`))[1]) / 1000;
const { status, runs } = await server.untilTerminal(id, 600_000);
console.log([...answers].map(([what, n]) => `${what} x ${n}`).join(', '));
console.log(`experiment ${status}, ${runs.completed} runs completed`);
console.log(`peak ${peak.toFixed(0)} MB of a budget of ${BUDGET_MB} MB`);
await server.stop();
process.exitCode = status === 'completed' && peak <= 1.1 * BUDGET_MB ? 0 : 1;
