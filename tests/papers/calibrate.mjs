// `make calibrate`: how often a comparison is wrong, by experiments whose answer is known. Minutes
// of work on two cores, so not part of the tests.
//
//   node tests/papers/calibrate.mjs [NAME...]
//
// EXPERIMENTS=400 of each kind, FIRST=0 the first one's number.
//
// A/A: two arms that differ in one of 200 training rows, so their order of visits and every draw of
// a minibatch differ and what they learn does not. A verdict of better or worse is wrong. Resplits:
// tables of 200 rows of one population; the truth is the mean difference over all tables and
// splits, and each interval should cover it.
import { removeDirectory, Server, temporaryDirectory } from '../harness.mjs';

const EXPERIMENTS = Number(process.env.EXPERIMENTS ?? 400);
const FIRST = Number(process.env.FIRST ?? 0);
const AT_ONCE = 20; // experiments in the queue
const APART = 1000; // between the first seeds of two experiments: more than any has repeats
const ROWS = 200;

const SMALL = { hidden: [8], epochs: 8, batch_size: 32, record_layers: false };
const SAME = {
  ...SMALL,
  dataset: { name: 'moons', n: 400 },
  sweep: { train_size: [200, 201] },
  question: { treatment: ['train_size'], metric: 'val_loss' },
};
const TUNED = {
  ...SAME,
  sweep: { ...SAME.sweep, learning_rate: [0.001, 0.003, 0.01] },
  question: { treatment: ['train_size'], tune: ['learning_rate'] },
};
const wrong = ({ verdict }) => verdict === 'better' || verdict === 'worse';

const KINDS = {
  'fixed-3': { spec: { ...SAME, repeats: 3 } },
  'fixed-5': { spec: { ...SAME, repeats: 5 } },
  'fixed-10': { spec: { ...SAME, repeats: 10 } },
  tuned: { spec: { ...TUNED, repeats: 5 } },
  until: {
    spec: {
      ...SAME,
      repeats: { until: { metric: 'val_loss', half_width: 0.002 }, min: 10, max: 200 },
    },
  },
  resplits: {
    spec: { ...SMALL, scaling: 'none', sweep: { weight_decay: [0, 3] }, repeats: 10 },
    table: true,
  },
};
const AT_MOST = 0.06;
const COVERS_AT_LEAST = 0.93;

/** Numbers in [0, 1) that another program can draw again: a linear congruence's upper bits. */
function uniforms(seed) {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** ROWS rows of one population: two classes in four dimensions that overlap. */
function table(seed) {
  const next = uniforms(seed);
  for (let i = 0; i < 8; i++) next();
  const noise = () => next() + next() + next() + next() - 2;
  const line = () => {
    const label = next() < 0.5 ? 0 : 1;
    const inputs = Array.from({ length: 4 }, (_, j) => (label && j < 2 ? 0.6 : 0) + noise());
    return `${inputs.map((x) => x.toFixed(5)).join(',')},${label ? 'b' : 'a'}`;
  };
  return `p,q,r,s,class\n${Array.from({ length: ROWS }, line).join('\n')}\n`;
}

async function submit(server, kind, number) {
  const spec = { ...kind.spec, seed: number * APART, data_seed: number * APART };
  if (kind.table) {
    spec.dataset = `table${number}`;
    const type = { 'Content-Type': 'text/csv' };
    const put = await server.request(
      'PUT',
      `/datasets/${spec.dataset}?label=class`,
      table(number),
      type,
    );
    if (put.status !== 201) throw new Error(put.text);
  }
  return (await server.submit(spec)).id;
}

/** The arm that is no baseline of each of `n` experiments, and what each repeat added. */
async function judge(server, kind, n) {
  const arms = [];
  for (let done = 0; done < n; done += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, n - done) }, (_, i) => FIRST + done + i);
    const ids = [];
    for (const number of numbers) ids.push(await submit(server, kind, number));
    for (const id of ids) {
      await server.untilTerminal(id, 600_000);
      const answer = await server.get(`/experiments/${id}/comparison`);
      arms.push(answer.arms.find(({ difference }) => difference));
    }
    process.stderr.write(`\r${done + numbers.length} of ${n} `);
  }
  process.stderr.write('\r');
  return arms;
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const shareOf = (arms, holds) => arms.filter(holds).length / arms.length;

/** Beside what is asked: how often p alone is below 0.05, and how many pairs there were. */
function told(arms) {
  const significant = shareOf(arms, ({ difference }) => difference.p_adjusted < 0.05);
  const pairs = mean(arms.map(({ n }) => n));
  return `p below 0.05 in ${percent(significant)}, ${pairs.toFixed(1)} pairs`;
}

function report(name, kind, arms) {
  if (kind.table) {
    const truth = mean(arms.map(({ difference }) => difference.mean));
    const covers = ({ difference: { ci_low, ci_high } }) => ci_low <= truth && truth <= ci_high;
    const share = shareOf(arms, covers);
    console.log(
      `${name}: the interval covers ${truth.toFixed(4)} in ${percent(share)}; ${told(arms)}`,
    );
    return share >= COVERS_AT_LEAST;
  }
  const share = shareOf(arms, wrong);
  const covered = shareOf(arms, ({ difference: d }) => d.ci_low <= 0 && 0 <= d.ci_high);
  console.log(
    `${name}: wrong verdicts ${percent(share)}, ` +
      `the interval covers 0 in ${percent(covered)}; ${told(arms)}`,
  );
  return share <= AT_MOST;
}

const names = process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(KINDS);
const directory = temporaryDirectory();
const server = await Server.start({ directory });
let failed = 0;
try {
  for (const name of names)
    if (!report(name, KINDS[name], await judge(server, KINDS[name], EXPERIMENTS))) failed++;
} finally {
  await server.stop();
  removeDirectory(directory);
}
console.log(`${names.length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
