// The trained network: its file, and its predictions.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseSafetensors, QUICK, Server } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const {
  runs: [run],
} = await server.train({
  ...QUICK,
  dataset: { name: 'moons', n: 300 },
  scaling: 'none',
  hidden: [16, 8],
  dropout: 0.5,
  epochs: 15,
});

test('the model is safetensors with the documented names and shapes', async () => {
  const answer = await server.request('GET', `/runs/${run.id}/model?format=safetensors`);
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers.get('content-disposition') ?? '', /\.safetensors/);
  const tensors = parseSafetensors(answer.bytes);
  const shapes = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [name, shape]),
  );
  assert.deepEqual(shapes, {
    'layers.0.weight': [16, 2],
    'layers.0.bias': [16],
    'layers.1.weight': [8, 16],
    'layers.1.bias': [8],
    'layers.2.weight': [2, 8],
    'layers.2.bias': [2],
  });
  for (const { dtype, values } of Object.values(tensors)) {
    assert.equal(dtype, 'F32');
    assert.ok(values.every(Number.isFinite));
  }
});

test('epoch=0 gives the initial weights, other epochs are refused', async () => {
  const initial = parseSafetensors(await server.model(run.id, '&epoch=0'));
  const final = parseSafetensors(await server.model(run.id));
  assert.deepEqual(Object.keys(initial).sort(), Object.keys(final).sort());
  assert.notDeepEqual(initial['layers.0.weight'].values, final['layers.0.weight'].values);
  assert.ok(initial['layers.0.bias'].values.every((value) => value === 0));
  assert.equal(
    (await server.request('GET', `/runs/${run.id}/model?format=safetensors&epoch=3`)).status,
    400,
  );
  assert.equal((await server.request('GET', `/runs/${run.id}/model?format=onnx`)).status, 400);
});

test('who has the model gets 304, and no file is read for it', async () => {
  const {
    runs: [large],
  } = await server.train({ ...QUICK, hidden: [128, 128] }); /* its model is a file */
  const ask = (id, query, headers) =>
    server.request('GET', `/runs/${id}/model?format=safetensors${query}`, undefined, headers);
  const tags = [];
  for (const [id, query] of [
    [run.id, ''],
    [run.id, '&epoch=0'],
    [large.id, ''],
  ]) {
    const first = await ask(id, query);
    const tag = first.headers.get('etag');
    assert.match(tag ?? 'none', /^"[0-9a-f]{32}"$/, `run ${id}${query}`);
    const known = await ask(id, query, { 'If-None-Match': `"other", ${tag}` });
    assert.equal(known.status, 304);
    assert.equal(known.headers.get('etag'), tag);
    const other = await ask(id, query, { 'If-None-Match': '"other"' });
    assert.equal(other.status, 200);
    assert.ok(other.bytes.equals(first.bytes));
    tags.push(tag);
  }
  assert.equal(new Set(tags).size, 3);
  const folder = join(server.directory, 'data/models');
  const [file] = readdirSync(folder).filter((name) => name.includes(`-${large.id}-`));
  assert.ok(file.includes(tags[2].slice(1, -1)), `${file} ${tags[2]}: the digest of the model`);
  writeFileSync(join(folder, file), 'spoiled');
  assert.equal((await ask(large.id, '', { 'If-None-Match': tags[2] })).status, 304);
  const damaged = await ask(large.id, '');
  assert.equal(damaged.status, 500);
  assert.equal(damaged.headers.get('etag'), null);
});

test('normalization has parameters and running statistics, and takes the bias away', async () => {
  const {
    runs: [batch],
  } = await server.train({ ...QUICK, hidden: [8], normalization: 'batch' });
  const names = Object.keys(parseSafetensors(await server.model(batch.id))).sort();
  assert.deepEqual(names, [
    'layers.0.weight',
    'layers.1.bias',
    'layers.1.weight',
    'norms.0.bias',
    'norms.0.running_mean',
    'norms.0.running_var',
    'norms.0.weight',
  ]);
  const {
    runs: [layer],
  } = await server.train({ ...QUICK, hidden: [8], normalization: 'layer' });
  const other = Object.keys(parseSafetensors(await server.model(layer.id))).sort();
  assert.deepEqual(other, [
    'layers.0.bias',
    'layers.0.weight',
    'layers.1.bias',
    'layers.1.weight',
    'norms.0.bias',
    'norms.0.weight',
  ]);
});

test('a run that is not finished has no model yet', async () => {
  const {
    id,
    run_ids: [later],
  } = await server.submit({
    ...QUICK,
    hidden: [256],
    dataset: { name: 'glyphs' },
    epochs: 1000,
    repeats: 3,
  });
  assert.equal(
    (await server.request('GET', `/runs/${later}/model?format=safetensors`)).status,
    409,
  );
  assert.equal((await server.request('DELETE', `/experiments/${id}?force=true`)).status, 204);
});

// The network by hand, from the weights that were downloaded.
function forward(tensors, input, layers) {
  let x = input;
  for (let l = 0; l < layers; l++) {
    const {
      shape: [rows, columns],
      values,
    } = tensors[`layers.${l}.weight`];
    const bias = tensors[`layers.${l}.bias`].values;
    const y = Array.from({ length: rows }, (_, i) => {
      let sum = bias[i];
      for (let j = 0; j < columns; j++) sum += values[i * columns + j] * x[j];
      return l < layers - 1 ? Math.max(0, sum) : sum;
    });
    x = y;
  }
  return x;
}

function softmax(z) {
  const top = Math.max(...z);
  const e = z.map((value) => Math.exp(value - top));
  const sum = e.reduce((a, b) => a + b);
  return e.map((value) => value / sum);
}

test('predict in eval mode is the network of the downloaded weights, each time', async () => {
  const inputs = [
    [0.5, -0.2],
    [-1, 1.5],
    [2, 0],
  ];
  const body = { inputs, mode: 'eval' };
  const first = await server.request('POST', `/runs/${run.id}/predict`, body);
  const again = await server.request('POST', `/runs/${run.id}/predict`, body);
  assert.equal(first.status, 200, first.text);
  assert.equal(first.text, again.text);
  const tensors = parseSafetensors(await server.model(run.id));
  const { outputs, classes } = first.json;
  assert.deepEqual([outputs.length, classes.length], [3, 3], first.text);
  inputs.forEach((input, i) => {
    const expected = softmax(forward(tensors, input, 3));
    expected.forEach((value, k) =>
      assert.ok(Math.abs(value - outputs[i][k]) < 1e-5, `${outputs[i]} expected ${expected}`),
    );
    assert.equal(classes[i], expected.indexOf(Math.max(...expected)));
  });
});

test('predict in train mode samples masks: every sample, mean and variance', async () => {
  const answer = await server.request('POST', `/runs/${run.id}/predict`, {
    inputs: [[0.5, -0.2]],
    mode: 'train',
    samples: 30,
  });
  assert.equal(answer.status, 200, answer.text);
  const { samples, mean, variance } = answer.json;
  const flat = samples.map((sample) => sample[0]);
  assert.equal(flat.length, 30);
  assert.ok(new Set(flat.map((sample) => JSON.stringify(sample))).size > 5, 'the masks differ');
  for (const k of [0, 1]) {
    const average = flat.reduce((a, sample) => a + sample[k], 0) / 30;
    assert.ok(Math.abs(average - mean[0][k]) < 1e-6, `${average} ${mean[0][k]}`);
    const spread = flat.reduce((a, sample) => a + (sample[k] - average) ** 2, 0) / 29;
    assert.ok(Math.abs(spread - variance[0][k]) < 1e-6, `${spread} ${variance[0][k]}`);
  }
});

test('predict refuses what it cannot compute', async () => {
  const bad = [
    [{ inputs: [[1, 2, 3]] }, 'three numbers for two inputs'],
    [{ inputs: [[1, 'a']] }, 'text'],
    [{ inputs: [] }, 'nothing'],
    [{ inputs: 'x' }, 'no array'],
    [{}, 'no inputs'],
    [{ inputs: [[1, 2]], mode: 'dream' }, 'an unknown mode'],
    [{ inputs: [[1, 2]], mode: 'train', samples: 0 }, 'no samples'],
    [{ inputs: [[1, 2]], mode: 'train', samples: 1e9 }, 'too many samples'],
    [{ inputs: [[1, 2]], surprise: 1 }, 'an unknown member'],
  ];
  for (const [body, what] of bad) {
    const answer = await server.request('POST', `/runs/${run.id}/predict`, body);
    assert.ok(
      answer.status === 400 || answer.status === 413 || answer.status === 422,
      `${what}: ${answer.status} ${answer.text}`,
    );
    assert.match(answer.headers.get('content-type'), /problem\+json/, what);
  }
  const many = await server.request('POST', `/runs/${run.id}/predict`, {
    inputs: Array.from({ length: 130_000 }, () => [1, 2]),
  });
  assert.equal(many.status, 413, many.text.slice(0, 200));
  assert.equal(
    (await server.request('POST', '/runs/99999/predict', { inputs: [[1, 2]] })).status,
    404,
  );
});

test('two databases in one data directory keep their models apart', async () => {
  const large = { ...QUICK, hidden: [128, 128] }; /* its model is a file */
  const other = await Server.start({ data_directory: join(server.directory, 'data') });
  try {
    const {
      runs: [run],
    } = await server.train({ ...large, seed: 11 });
    const mine = await server.model(run.id);
    let {
      runs: [same],
    } = await other.train({ ...large, seed: 12 });
    while (same.id < run.id)
      ({
        runs: [same],
      } = await other.train({ ...large, seed: 12 }));
    assert.equal(same.id, run.id);
    assert.ok(!(await other.model(same.id)).equals(mine), 'another seed, other weights');
    assert.ok((await server.model(run.id)).equals(mine));
  } finally {
    await other.stop();
  }
});
