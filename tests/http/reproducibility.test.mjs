// The same specification gives the same bytes: again, with other workers, threads, interruptions,
// from the command line.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cli, removeDirectory, Server, temporaryDirectory } from '../harness.mjs';

const one = await Server.start({ workers: 1 });
const two = await Server.start({ workers: 2 });
after(async () => {
  await one.stop();
  await two.stop();
});

const SPECS = {
  plain: { dataset: { name: 'glyphs', n: 1200 }, hidden: [64, 32], epochs: 4, repeats: 2 },
  'with every kind of draw': {
    dataset: { name: 'glyphs', n: 900 },
    hidden: [48, 48],
    epochs: 4,
    dropout: 0.5,
    input_dropout: 0.2,
    l2: 1e-4,
    weight_decay: 1e-3,
    max_norm: 3,
    label_noise: 0.1,
    label_smoothing: 0.1,
    optimizer: 'sgd',
    repeats: 2,
  },
  'a big batch': {
    dataset: { name: 'glyphs', n: 2000 },
    hidden: [256, 256],
    epochs: 2,
    batch_size: 512,
    dropout: 0.5,
    repeats: 2,
  },
};

async function results(server, spec) {
  const { runs } = await server.train(spec, 120_000);
  return Promise.all(
    runs.map(async (run) => {
      assert.equal(run.status, 'completed', run.error);
      return {
        config_id: run.config_id,
        model: await server.model(run.id),
        initial: await server.model(run.id, '&epoch=0'),
        curves: await server.curves(run.id),
        metrics: Object.fromEntries(
          Object.entries(run.metrics).filter(([name]) => !name.endsWith('seconds')),
        ),
      };
    }),
  );
}

for (const [what, spec] of Object.entries(SPECS)) {
  test(`${what}: twice, and with 1 and 2 workers`, async () => {
    const [first, again, other] = [
      await results(two, spec),
      await results(two, spec),
      await results(one, spec),
    ];
    assert.equal(first.length, 2);
    assert.ok(!first[0].model.equals(first[1].model), 'two seeds differ');
    for (const [i, run] of first.entries()) {
      for (const same of [again[i], other[i]]) {
        assert.ok(run.model.equals(same.model), 'final weights');
        assert.ok(run.initial.equals(same.initial), 'initial weights');
        assert.deepEqual(run.curves, same.curves);
        assert.deepEqual(run.metrics, same.metrics);
        assert.equal(run.config_id, same.config_id);
      }
    }
  });
}

test('1 and 2 threads, and the command line against the service', async () => {
  const directory = temporaryDirectory();
  try {
    const spec = { ...SPECS['a big batch'], repeats: 1 };
    writeFileSync(join(directory, 'spec.json'), JSON.stringify(spec));
    for (const threads of ['1', '2']) {
      const { status, stderr } = cli([
        'run',
        join(directory, 'spec.json'),
        '--quiet',
        '--threads',
        threads,
        '--export',
        join(directory, threads),
      ]);
      assert.equal(status, 0, stderr);
    }
    const read = (threads, name) => readFileSync(join(directory, threads, name));
    for (const name of [
      'initial.safetensors',
      'final.safetensors',
      'data.safetensors',
      'spec.json',
    ])
      assert.ok(read('1', name).equals(read('2', name)), name);
    const [run] = await results(two, spec);
    assert.ok(run.model.equals(read('1', 'final.safetensors')), 'service and command line');
  } finally {
    removeDirectory(directory);
  }
});

test('two configs with one seed share what does not differ between them', async () => {
  const { runs } = await two.train({ ...SPECS.plain, repeats: 1, sweep: { dropout: [0, 0.5] } });
  const [a, b] = await Promise.all(runs.map((run) => two.model(run.id, '&epoch=0')));
  assert.ok(a.equals(b), 'the initial weights');
  const [c, d] = await Promise.all(runs.map((run) => two.curves(run.id)));
  assert.equal(c.val_loss[0], d.val_loss[0]);
  assert.notEqual(c.val_loss[4], d.val_loss[4]);
});

test('strength 0 is bit-identical to absence', async () => {
  const base = { ...SPECS.plain, repeats: 1 };
  const [plain] = await results(two, base);
  for (const off of [
    { dropout: 0, input_dropout: 0 },
    { l1: 0, l2: 0, weight_decay: 0 },
    { max_norm: 0, gradient_clip: 0 },
    { label_smoothing: 0, label_noise: 0 },
  ]) {
    const [same] = await results(two, { ...base, ...off });
    assert.ok(plain.model.equals(same.model), JSON.stringify(off));
  }
});
