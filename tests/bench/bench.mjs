// `make bench`: training speed beside OpenBLAS alone and PyTorch, and what the service costs, as
// tables.
//
//   node tests/bench/bench.mjs [train] [diagnostics] [repeats] [ablation] [service] [curves]
//     [large] [tables] [pictures]
//
// ROUNDS=N, default 3; COMPILE=1: torch.compile.
//
// The processor time over the wall time shows how many cores were busy, and a run of twice the
// epochs confirms the reported rate by wall time alone. MNIST's rows need its four files:
// MNIST=FOLDER, or the shared folder beside the checkout. PyTorch is the one that `make interop`
// installed; without it its columns are empty. All of a row is measured turn by turn, round after
// round.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  binary,
  cli,
  parseSafetensors,
  QUICK,
  readJson,
  removeDirectory,
  Server,
  sharedFolder,
  temporaryDirectory,
  top,
} from '../harness.mjs';
import { benchCurves } from './curves.mjs';
import { benchPictures } from './pictures.mjs';
import { benchTables } from './tables.mjs';

const build = resolve(top, process.env.BUILD ?? 'build');
const rounds = Number(process.env.ROUNDS ?? 3);
const quiet = { evaluate_every: 1000, record_layers: false };
const WORKLOADS = {
  'W1 spirals 32-32': {
    dataset: 'spirals',
    hidden: [32, 32],
    dropout: 0.2,
    l2: 1e-4,
    batch_size: 32,
    epochs: 40,
  },
  'W2 glyphs 256-256': {
    dataset: 'glyphs',
    hidden: [256, 256],
    dropout: 0.5,
    l2: 1e-4,
    batch_size: 32,
    epochs: 10,
  },
  'W3 mnist 512-512': {
    dataset: 'mnist',
    hidden: [512, 512],
    dropout: 0.5,
    input_dropout: 0.2,
    l2: 1e-4,
    batch_size: 128,
    epochs: 2,
  },
  'W4 mnist 1024x3': {
    dataset: 'mnist',
    hidden: [1024, 1024, 1024],
    dropout: 0.5,
    input_dropout: 0.2,
    max_norm: 2,
    optimizer: 'sgd',
    momentum: 0.95,
    learning_rate: 0.05,
    batch_size: 100,
    epochs: 2,
  },
  'W4, scope batch': {
    dataset: 'mnist',
    hidden: [1024, 1024, 1024],
    dropout: 0.5,
    input_dropout: 0.2,
    dropout_scope: 'batch',
    max_norm: 2,
    optimizer: 'sgd',
    momentum: 0.95,
    learning_rate: 0.05,
    batch_size: 100,
    epochs: 2,
  },
};
WORKLOADS['W4, 2 threads'] = { ...WORKLOADS['W4 mnist 1024x3'], threads: 2 };
const python = process.env.PYTHON ?? join(build, 'venv/bin/python');
const directory = temporaryDirectory();

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  for (const row of all)
    console.log(
      row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '),
    );
}

/** Samples per second in PyTorch on what the last training exported, or NaN. */
function pytorch(out, threads) {
  if (!existsSync(python)) return NaN;
  const args = [
    join(top, 'tests/bench/pytorch.py'),
    out,
    String(threads),
    ...(process.env.COMPILE ? ['--compile'] : []),
  ];
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

/** `regulab run` of a specification -> { elapsed, processor }, seconds of the whole process. */
function timedRun(spec, args) {
  const file = join(directory, 'spec.json');
  writeFileSync(file, JSON.stringify(spec));
  const script = '"$@" >&2; status=$?; times; exit $status';
  const command = ['-c', script, 'bench', binary, 'run', file, '--quiet', ...args];
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync('bash', command, { encoding: 'utf8' });
  const elapsed = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(stderr);
  const [user, system] = [...stdout.split('\n')[1].matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, m, s]) => 60 * Number(m) + Number(s),
  );
  return { elapsed, processor: user + system };
}

/**
 * Trains once with an export; cores: processor time over elapsed time, both of the whole process.
 */
function train(spec, threads, compare = false) {
  const out = join(directory, 'export');
  const { elapsed, processor } = timedRun({ ...spec, ...quiet }, [
    '--threads',
    String(threads),
    '--data-dir',
    join(directory, 'data'),
    '--export',
    out,
  ]);
  const result = readJson(out, 'result.json');
  const data = parseSafetensors(readFileSync(join(out, 'data.safetensors')));
  const final = parseSafetensors(readFileSync(join(out, 'final.safetensors')));
  const outputs = final[`layers.${spec.hidden.length}.weight`].shape[0];
  const torch = compare ? pytorch(out, threads) : NaN;
  removeDirectory(out);
  return {
    result,
    torch,
    cores: processor / elapsed,
    n: data.x_train.shape[0],
    widths: [data.x_train.shape[1], ...spec.hidden, outputs],
  };
}

function blas(batch, widths) {
  const { stdout } = spawnSync(join(build, 'tests/bench/blas'), [batch, ...widths].map(String), {
    encoding: 'utf8',
    env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
  });
  return Number(stdout);
}

/* Registers MNIST where there are its files; false if there are none. */
function addMnist() {
  const folder = process.env.MNIST ?? (sharedFolder() && join(sharedFolder(), 'data/mnist'));
  if (!folder || !existsSync(folder)) return false;
  const files = readdirSync(folder)
    .filter((name) => /idx/.test(name))
    .map((name) => join(folder, name));
  const data = ['--data-dir', join(directory, 'data')];
  const { status, stderr } = cli(['dataset', 'add', 'mnist', ...files, ...data]);
  if (status !== 0) throw new Error(stderr);
  return true;
}

/* One row of the table: all of it measured turn by turn, round after round. */
function measureTraining(name, { threads = 1, ...spec }) {
  const [floors, rates, torch, confirmed] = [[], [], [], []];
  let last;
  for (let round = 0; round < rounds; round++) {
    // PyTorch has no dropout of scope batch.
    const once = train(spec, threads, !spec.dropout_scope);
    const twice = train({ ...spec, epochs: 2 * spec.epochs }, threads);
    floors.push(blas(spec.batch_size, once.widths));
    torch.push(once.torch);
    rates.push(once.result.samples_per_second);
    confirmed.push((once.n * spec.epochs) / (twice.result.wall_seconds - once.result.wall_seconds));
    last = once;
  }
  const step_us = (1e6 * spec.batch_size) / median(rates);
  return [
    name,
    Math.round(median(rates)),
    Math.round(median(confirmed)),
    step_us.toFixed(1),
    median(floors).toFixed(1),
    (step_us / median(floors)).toFixed(2),
    median(torch) ? Math.round(median(torch)) : '',
    median(torch) ? (median(rates) / median(torch)).toFixed(2) : '',
    last.cores.toFixed(2),
    (last.result.peak_memory_bytes / 1e6).toFixed(0),
  ];
}

const TRAINING_HEAD =
  'workload, samples/s, by wall, step us, BLAS us, x BLAS, PyTorch, times, cores, MB'.split(', ');

function benchTraining() {
  const has_mnist = addMnist();
  const rows = [];
  for (const [name, workload] of Object.entries(WORKLOADS))
    if (workload.dataset === 'mnist' && !has_mnist)
      console.log(`${name}: skipped, MNIST=FOLDER is not given`);
    else rows.push(measureTraining(name, workload));
  console.log(
    `\nTraining, one thread unless said, medians of ${rounds} ` +
      '(by wall: from the time of twice the epochs; us per step,',
  );
  console.log(
    'BLAS: OpenBLAS alone on one thread; times faster than PyTorch on as many threads; cores busy)',
  );
  table(TRAINING_HEAD, rows);
}

/* What recording every layer adds to the processor time of a default run, data and start included:
 * turn by turn, the ratio of each pair. */
function benchDiagnostics() {
  const seconds = (spec) => timedRun(spec, ['--threads', '1']).processor;
  const pairs = Array.from({ length: 3 * rounds }, () => [
    seconds({}),
    seconds({ record_layers: false }),
  ]);
  const added = median(pairs.map(([recorded, plain]) => recorded / plain - 1));
  console.log(
    `\nPer-layer diagnostics add ${(100 * added).toFixed(1)} % to a run with the default ` +
      `settings (median of ${pairs.length} pairs, processor time, ` +
      `${median(pairs.map(([recorded]) => recorded)).toFixed(2)} s)`,
  );
}

/* What it costs that every repeat draws its own data and split: 1,000 small runs, turn by turn with
 * those that share one. */
function benchRepeats() {
  const small = {
    dataset: { name: 'moons', n: 100 },
    hidden: [4],
    epochs: 1,
    record_layers: false,
    repeats: 1000,
  };
  const db = join(directory, 'repeats.db');
  const seconds = (repeat_varies) => timedRun({ ...small, repeat_varies }, ['--db', db]).processor;
  const pairs = Array.from({ length: 3 * rounds }, () => [
    seconds(['seed', 'data_seed']),
    seconds(['seed']),
  ]);
  const added = median(pairs.map(([own, shared]) => own / shared - 1));
  console.log(
    `\nData drawn for every repeat adds ${(100 * added).toFixed(1)} % to 1,000 small runs ` +
      `(median of ${pairs.length} pairs, processor time)`,
  );
}

/**
 * Whether ablation_50 tells dropout from weight decay on glyphs, and coadaptation does not: with
 * batch normalization and without, over three seeds. Both arms answer alike; what they lose without
 * half of their units differs the same way in both nets, while the mean correlation differs one way
 * in one and the other way in the other.
 */
function benchAblation() {
  const arms = { none: {}, dropout: { dropout: 0.5 }, 'weight decay': { weight_decay: 1 } };
  const spec = { dataset: { name: 'glyphs', n: 2000 }, hidden: [128, 128], epochs: 20 };
  const rows = [];
  const differences = { ablation_50: [], coadaptation: [] };
  for (const normalization of ['none', 'batch']) {
    const means = {};
    for (const [name, arm] of Object.entries(arms)) {
      means[name] = damage({ ...spec, normalization, ...arm });
      rows.push([
        `${normalization}, ${name}`,
        ...Object.values(means[name]).map((x) => x.toFixed(3)),
      ]);
    }
    for (const metric of Object.keys(differences))
      differences[metric].push(means.dropout[metric] - means['weight decay'][metric]);
  }
  console.log('\nDropout beside weight decay on glyphs, means of three seeds');
  table(['normalization, arm', 'val_accuracy', 'ablation_50', 'coadaptation'], rows);
  const told = differences.ablation_50.every((x) => x > 0.05);
  const misled = Math.sign(differences.coadaptation[0]) !== Math.sign(differences.coadaptation[1]);
  console.log(
    `${told && misled ? 'ok' : 'not ok'}: dropout less weight decay, ` +
      'without and with batch normalization: ' +
      `ablation_50 ${differences.ablation_50.map((x) => x.toFixed(3)).join(', ')}; ` +
      `coadaptation ${differences.coadaptation.map((x) => x.toFixed(3)).join(', ')}`,
  );
  if (!told || !misled) process.exitCode = 1;
}

/** Means over three seeds at the end of training; coadaptation over the hidden layers. */
function damage(spec) {
  const file = join(directory, 'spec.json');
  const db = join(directory, 'damage.db');
  writeFileSync(file, JSON.stringify({ ...spec, repeats: 3 }));
  const query =
    'SELECT avg(val_accuracy), avg(ablation_50), (SELECT avg(coadaptation) FROM layers l ' +
    'JOIN runs r ON r.id = l.run_id AND r.epoch = l.epoch ' +
    'WHERE l.layer < 2 AND r.experiment_id = :last) FROM run_results WHERE experiment_id = :last';
  const last = '(SELECT max(id) FROM experiments)';
  const ask = (...args) => {
    const { status, stdout, stderr } = cli([...args, '--db', db]);
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  ask('run', file, '--quiet', '--threads', '1', '--data-dir', join(directory, 'data'));
  const [, line] = ask('sql', query.replaceAll(':last', last), '--csv').trim().split(/\r?\n/);
  const [val_accuracy, ablation_50, coadaptation] = line.split(',').map(Number);
  return { val_accuracy, ablation_50, coadaptation };
}

const resident = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

/** Requests per second and p99 by wrk, if it is there. */
function wrk(url, connections) {
  const { status, stdout } = spawnSync(
    'wrk',
    ['-t1', `-c${connections}`, '-d3s', '--latency', url],
    { encoding: 'utf8' },
  );
  if (status !== 0) return 'wrk is not installed';
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(stdout);
  return `${rate} requests/s, p99 ${/99%\s+(\S+)/.exec(stdout)[1]}`;
}

async function latency(server, path, n = 300) {
  const times = [];
  for (let i = 0; i < n; i++) {
    const start = performance.now();
    await server.get(path);
    times.push(performance.now() - start);
  }
  return `${median(times).toFixed(2)} ms`;
}

/* What a thousand runs of one epoch cost -> rows. */
async function benchManyRuns(server) {
  const before = performance.now();
  const small = {
    dataset: { name: 'moons', n: 100 },
    hidden: [4],
    epochs: 1,
    record_layers: false,
  };
  const many = await server.submit({ ...small, repeats: 1000 });
  const accepted = performance.now() - before;
  await server.untilTerminal(many.id, 120_000);
  const each = (performance.now() - before) / 1000;
  const {
    rows: [[training]],
  } = await server.sql(
    'SELECT 1000 * avg(last_seconds) FROM run_results WHERE experiment_id = :id',
    { id: many.id },
  );
  return [
    ['1,000 one-epoch runs accepted in', `${accepted.toFixed(0)} ms`],
    ['1,000 one-epoch runs, each from its place in the queue to disk', `${each.toFixed(2)} ms`],
    ['of which its steps, on one of 2 workers', `${training.toFixed(2)} ms`],
  ];
}

async function benchService() {
  const starts = [];
  for (let i = 0; i < 10; i++) {
    const server = await Server.start();
    starts.push(server.start_ms);
    await server.stop();
  }
  const server = await Server.start();
  const rows = [
    ['start to listening, empty database', `${median(starts).toFixed(1)} ms`],
    ['memory, idle', `${resident(server.pid).toFixed(1)} MB`],
  ];
  try {
    const { experiment, runs } = await server.train({
      ...QUICK,
      epochs: 100,
      sweep: { dropout: [0, 0.25, 0.5] },
      repeats: 3,
    });
    for (const path of [
      '/experiments',
      `/experiments/${experiment.id}`,
      `/runs/${runs[0].id}/curves`,
      `/experiments/${experiment.id}/comparison`,
      `/experiments/${experiment.id}/curves?metric=val_loss`,
    ])
      rows.push([`GET ${path.replace(/\d+/, '{id}')}, median`, await latency(server, path)]);
    rows.push(
      ['GET /healthz, 32 connections', wrk(`${server.url}/healthz`, 32)],
      [
        'GET /experiments/{id}, 32 connections',
        wrk(`${server.url}/api/v1/experiments/${experiment.id}`, 32),
      ],
    );
    rows.push(...(await benchManyRuns(server)));
    rows.push(['memory after it', `${resident(server.pid).toFixed(1)} MB`]);
  } finally {
    await server.stop();
  }
  console.log('\nService, 2 workers');
  table(['figure', 'measured'], rows);
}

/** The queries that the README shows. */
const readmeQueries = () =>
  [...readFileSync(join(top, 'README.md'), 'utf8').matchAll(/```sql\n([^`]*)```/g)]
    .flatMap(([, block]) => block.split(/;\s*(?:\n|$)/))
    .map((query) => query.trim())
    .filter(Boolean);

/** What the pages ask for on 10,000 runs x 100 epochs, over HTTP. */
async function benchLarge() {
  const large = join(directory, 'large');
  mkdirSync(large);
  const { status, stdout, stderr } = spawnSync(
    join(build, 'tests/bench/store'),
    [join(large, 'regulab.db')],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  console.log(`\nThe store with 100 experiments x 100 runs x 100 epochs\n${stdout.trimEnd()}`);
  const server = await Server.start({ directory: large });
  const rows = [];
  try {
    const {
      items: [experiment],
    } = await server.get('/experiments');
    const {
      items: [run],
    } = await server.get(`/experiments/${experiment.id}/runs`);
    const named = {
      '/experiments': 'list page',
      [`/experiments/${experiment.id}`]: 'one experiment',
      [`/experiments/${experiment.id}/runs?limit=100`]: 'its runs',
      [`/runs/${run.id}`]: 'a run',
      [`/runs/${run.id}/curves`]: 'its curves',
      [`/runs/${run.id}/layers`]: 'its layers',
      [`/experiments/${experiment.id}/comparison`]: 'comparison of 100 runs',
      [`/experiments/${experiment.id}/curves?metric=val_loss`]: 'curves per config',
    };
    for (const [path, name] of Object.entries(named))
      rows.push([`GET, ${name}`, await latency(server, path, 50)]);
    for (const query of readmeQueries()) {
      const times = [];
      for (let i = 0; i < 11; i++) {
        const started = performance.now();
        await server.sql(query);
        times.push(performance.now() - started);
      }
      rows.push([`POST /sql, ${/^-- (.*)\.$/m.exec(query)[1]}`, `${median(times).toFixed(1)} ms`]);
    }
  } finally {
    await server.stop();
  }
  console.log('\nThe same database over HTTP, medians');
  table(['figure', 'measured'], rows);
}

const wanted = process.argv.slice(2);
try {
  if (!wanted.length || wanted.includes('train')) benchTraining();
  if (!wanted.length || wanted.includes('diagnostics')) benchDiagnostics();
  if (!wanted.length || wanted.includes('repeats')) benchRepeats();
  if (!wanted.length || wanted.includes('ablation')) benchAblation();
  if (!wanted.length || wanted.includes('service')) await benchService();
  if (!wanted.length || wanted.includes('curves'))
    await benchCurves({ build, rounds, median, table });
  if (!wanted.length || wanted.includes('large')) await benchLarge();
  const script = join(top, 'tests/bench/tables.py');
  if (!wanted.length || wanted.includes('tables'))
    benchTables({ python, binary, script, directory, rounds, table });
  if (!wanted.length || wanted.includes('pictures'))
    await benchPictures({ binary, directory, table });
} finally {
  removeDirectory(directory);
}
