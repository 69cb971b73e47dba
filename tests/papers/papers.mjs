// `make papers`: published figures, trained again. Hours of work, so not part of the tests.
//
//   node tests/papers/papers.mjs [NAME...]
//
// MNIST=FOLDER names the folder of its four files, THREADS=N limits the cores, SEEDS=N the seeds of
// each arm.
//
// Each recipe has arms (specifications), seeds, and the range in which the published figure must
// lie. Errors are in percent of the 10,000 test digits, with the selected weights, averaged over
// the seeds.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, readJson, removeDirectory, sharedFolder, temporaryDirectory } from '../harness.mjs';

const MNIST = {
  dataset: 'mnist',
  validation_size: 1000,
  batch_size: 100,
  record_layers: false,
  evaluate_every: 10,
};
const SIMARD = { ...MNIST, hidden: [800], optimizer: 'sgd', learning_rate: 0.1, momentum: 0.9 };
const WIDE = {
  ...MNIST,
  hidden: [1024, 1024, 1024],
  optimizer: 'sgd',
  momentum: 0.95,
  learning_rate: 0.02,
  learning_rate_schedule: 'cosine',
  epochs: 120,
};
/* The paper bounds the norms at 2, of weights that are halved for use; here a weight is used as it
 * is trained. */
const DROPPED = { ...WIDE, dropout: 0.5, input_dropout: 0.2, max_norm: 1 };
const error = (metrics, name = 'test_accuracy') => 100 * (1 - metrics[name]);
const within = (low, high) => (value) => value >= low && value <= high;

const RECIPES = {
  simard: {
    source: 'Simard, Steinkraus, Platt 2003: 800 hidden units 1.6 %, affine 1.1 %, elastic 0.7 %',
    seeds: 3,
    arms: {
      none: { ...SIMARD, epochs: 30 },
      affine: {
        ...SIMARD,
        epochs: 60,
        learning_rate_schedule: 'cosine',
        augmentation: { shift: 2, rotate: 10, zoom: 0.1, shear: 0.1 },
      },
      elastic: {
        ...SIMARD,
        epochs: 60,
        learning_rate_schedule: 'cosine',
        augmentation: { shift: 2, rotate: 8, elastic: 34 },
      },
    },
    figures: {
      'error without distortion, %': [(arms) => arms.none.test, within(1.45, 1.8)],
      'error with affine distortion, %': [(arms) => arms.affine.test, within(0, 1.3)],
      'error with elastic distortion, %': [(arms) => arms.elastic.test, within(0, 1.0)],
    },
  },
  dropout: {
    source:
      'Srivastava et al. 2014, table 2: dropout with max-norm, 3 layers of 1024: 1.25 ' +
      '% (1.06 % after a million steps)',
    seeds: 3,
    arms: { none: WIDE, dropout: { ...DROPPED, monte_carlo_samples: 50 } },
    figures: {
      'error with dropout and max-norm, %': [(arms) => arms.dropout.test, within(0, 1.35)],
      'gain over the same net without, points': [
        (arms) => arms.none.test - arms.dropout.test,
        within(0.25, 100),
      ],
      'mean of fifty sampled nets, points from weight scaling (figure 11)': [
        (arms) => Math.abs(arms.dropout.sampled - arms.dropout.test),
        within(0, 0.1),
      ],
    },
  },
  'monte-carlo': {
    source:
      'Srivastava et al. 2014, figure 11: one sampled net is clearly worse than weight ' +
      'scaling (what fifty are is measured above, of nets trained to the end)',
    seeds: 3,
    arms: { one: { ...DROPPED, max_norm: 2, epochs: 12, monte_carlo_samples: 1 } },
    figures: {
      'one sampled net, points worse than weight scaling': [
        (arms) => arms.one.sampled - arms.one.test,
        within(0.1, 100),
      ],
    },
  },
  memorize: {
    source:
      'Zhang et al. 2017: random labels are learned by heart; the test error is that of guessing',
    seeds: 3,
    arms: {
      random: {
        ...MNIST,
        train_size: 2000,
        hidden: [512],
        optimizer: 'adam',
        label_noise: 0.9,
        epochs: 300,
      },
    },
    figures: {
      'training accuracy, %': [(arms) => arms.random.train, within(99, 100)],
      'test accuracy, %': [(arms) => 100 - arms.random.test, within(7, 13)],
    },
  },
};

const threads = process.env.THREADS ? ['--threads', process.env.THREADS] : [];
const directory = temporaryDirectory();
const data_dir = join(directory, 'data');

function registerMnist() {
  const folder = process.env.MNIST ?? (sharedFolder() && join(sharedFolder(), 'data/mnist'));
  if (!folder || !existsSync(folder))
    throw new Error('MNIST is needed: MNIST=FOLDER with its four files');
  const files = readdirSync(folder)
    .filter((name) => /idx/.test(name))
    .map((name) => join(folder, name));
  const { status, stderr } = cli(['dataset', 'add', 'mnist', ...files, '--data-dir', data_dir]);
  if (status !== 0) throw new Error(stderr);
}

/** Means over the seeds: test and sampled error, training accuracy, in percent. */
function trainArm(name, spec, seeds) {
  const results = [];
  for (let seed = 0; seed < seeds; seed++) {
    const out = join(directory, 'export');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'spec.json'), JSON.stringify({ ...spec, seed }));
    const { status, stderr } = cli(
      [
        'run',
        join(directory, 'spec.json'),
        '--quiet',
        ...threads,
        '--data-dir',
        data_dir,
        '--export',
        out,
      ],
      { timeout_ms: 6 * 3600_000 },
    );
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    const result = readJson(out, 'result.json');
    const metrics = result.metrics ?? result;
    results.push({
      test: error(metrics),
      sampled: error(metrics, 'mc_test_accuracy'),
      train: 100 * metrics.train_accuracy,
    });
    removeDirectory(out);
    console.log(
      `  ${name}, seed ${seed}: test error ${results.at(-1).test.toFixed(2)} %, ` +
        `training accuracy ${results.at(-1).train.toFixed(2)} %`,
    );
  }
  const mean = (key) => results.reduce((sum, one) => sum + one[key], 0) / results.length;
  return { test: mean('test'), sampled: mean('sampled'), train: mean('train') };
}

let passed = 0;
let failed = 0;
try {
  registerMnist();
  const wanted = process.argv.slice(2);
  for (const [name, recipe] of Object.entries(RECIPES)) {
    if (wanted.length && !wanted.includes(name)) continue;
    console.log(`${name}: ${recipe.source}`);
    const arms = Object.fromEntries(
      Object.entries(recipe.arms).map(([arm, spec]) => [
        arm,
        trainArm(arm, spec, Number(process.env.SEEDS ?? recipe.seeds)),
      ]),
    );
    for (const [figure, [measure, accept]] of Object.entries(recipe.figures)) {
      const value = measure(arms);
      const good = accept(value);
      if (good) passed += 1;
      else failed += 1;
      console.log(`${good ? 'ok' : 'not ok'} ${name}: ${figure}: ${value.toFixed(2)}`);
    }
  }
} finally {
  removeDirectory(directory);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || passed === 0 ? 1 : 0);
