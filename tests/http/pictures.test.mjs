// Archives of class folders of pictures, over HTTP and on the command line alike.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { cli, eventually, Server } from '../harness.mjs';
import { png, tar, zip } from '../picture-files.mjs';

const server = await Server.start();
after(() => server.stop());

const CLASSES = { sky: [40, 80, 220], grass: [50, 200, 40], brick: [190, 70, 50] };
const SIDE = 12;

/** Pictures of one class: its colour, a little lighter or darker everywhere. */
function picture(class_name, i) {
  const shade = (x, y) => ((x * 7 + y * 13 + i * 31) % 41) - 20;
  return png(SIDE, SIDE, (x, y) => CLASSES[class_name].map((value) => value + shade(x, y)));
}

/** [path, data] of n pictures for every class under this folder. */
const folder = (name, n) =>
  Object.keys(CLASSES).flatMap((class_name) =>
    Array.from({ length: n }, (_, i) => [`${name}/${class_name}/${i}.png`, picture(class_name, i)]),
  );
const parts = [
  ...folder('set/train', 20),
  ...folder('set/test', 4),
  ['set/.DS_Store', Buffer.of(1)],
];

const put = (name, body, type, query = '') =>
  server.request('PUT', `/datasets/${name}${query}`, body, { 'Content-Type': type });
const contents = () => readdirSync(join(server.directory, 'data/content')).sort();

test('a zip of folders is a set of pictures with its parts, and a net learns it', async () => {
  const answer = await put('scenes', zip(parts), 'application/zip');
  assert.equal(answer.status, 201, answer.text);
  const { image, n_train, n_validation, n_test, classes } = answer.json;
  assert.deepEqual(image, { height: SIDE, width: SIDE, channels: 3 });
  assert.deepEqual([n_train, n_validation ?? 0, n_test], [60, 0, 12]);
  assert.equal(classes, 3);
  const { images } = await server.get('/datasets/scenes/preview?images=3');
  assert.deepEqual(images.labels, ['brick', 'grass', 'sky']);
  assert.equal(images.channels, 3);
  const first = images.pixels.map((pixels) => pixels.slice(0, 3));
  const darker = ([red, green, blue]) => [red - 20, green - 20, blue - 20];
  assert.deepEqual(first, [CLASSES.brick, CLASSES.grass, CLASSES.sky].map(darker));
  const spec = { dataset: 'scenes', hidden: [8], epochs: 15, learning_rate: 0.01 };
  const {
    runs: [run],
  } = await server.train(spec);
  assert.equal(run.status, 'completed', run.error);
  assert.ok(run.metrics.test_accuracy > 0.9, `${run.metrics.test_accuracy}`);
});

test('a tar, packed or not, and the command line give the same set', async () => {
  const { sha256 } = await server.get('/datasets/scenes');
  const plain = tar(parts);
  for (const [name, body, type] of [
    ['scenes-tar', plain, 'application/x-tar'],
    ['scenes-tgz', gzipSync(plain), 'application/gzip'],
    ['scenes-any', plain, 'application/octet-stream'],
  ]) {
    const answer = await put(name, body, type);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.json.sha256, sha256, name);
  }
  const path = join(server.directory, 'scenes.tar.gz');
  writeFileSync(path, gzipSync(plain));
  const data_dir = join(server.directory, 'other');
  const { status, stdout, stderr } = cli(['dataset', 'add', 's', path, '--data-dir', data_dir]);
  assert.equal(status, 0, stderr);
  assert.ok(stdout.includes(sha256), stdout);
});

test('size and channels are asked for alike', async () => {
  const answer = await put('small', zip(parts), 'application/zip', '?size=8&channels=1');
  assert.equal(answer.status, 201, answer.text);
  const { image, sha256 } = answer.json;
  assert.deepEqual(image, { height: 8, width: 8, channels: 1 });
  const path = join(server.directory, 'scenes.zip');
  writeFileSync(path, zip(parts));
  const words = ['--size', '8', '--channels', '1', '--data-dir', join(server.directory, 'other')];
  const { status, stdout, stderr } = cli(['dataset', 'add', 'small', path, ...words]);
  assert.equal(status, 0, stderr);
  assert.ok(stdout.includes(sha256), stdout);
});

test('a bad archive is refused with the place and leaves nothing', async () => {
  const before = contents();
  const refusals = [
    [[...parts, ['set/../../up.png', picture('sky', 1)]], /set\/\.\.\/\.\.\/up\.png/],
    [[...parts, ['/etc/up.png', picture('sky', 1)]], /\/etc\/up\.png/],
    [
      [...parts, ['set/test/sky/z.png', picture('sky', 1).subarray(0, 90)]],
      /set\/test\/sky\/z\.png/,
    ],
    [[...parts, ['set/test/sky/z.png', png(5, 5, () => 1)]], /z\.png has 5 x 5.*size=32/],
    [[...parts, ['set/notes/x.png', picture('sky', 1)]], /set\/notes\/x\.png|notes\/x\.png/],
  ];
  for (const [files, sentence] of refusals)
    for (const [pack, type] of [
      [zip, 'application/zip'],
      [tar, 'application/x-tar'],
    ]) {
      const answer = await put('bad', pack(files), type);
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.json.detail, sentence);
    }
  const cut = await put('bad', gzipSync(tar(parts)).subarray(0, -500), 'application/x-tar');
  assert.equal(cut.status, 400, cut.text);
  assert.deepEqual(contents(), before);
  assert.equal((await server.request('GET', '/datasets/bad')).status, 404);
});

test('who goes away stops the work', async () => {
  const one = png(400, 400, (x, y) => (x * y) & 255);
  const files = Array.from({ length: 600 }, (_, i) => [`${i % 2}/${i}.png`, one]);
  const leave = new AbortController();
  const sent = fetch(`${server.url}/api/v1/datasets/long?size=8`, {
    method: 'PUT',
    body: gzipSync(tar(files), { level: 1 }),
    headers: { 'Content-Type': 'application/gzip' },
    signal: leave.signal,
  }).catch(() => 'left');
  const isWorking = async () => {
    const { text } = await server.request('GET', '//metrics');
    return /large_requests\{kind="upload",state="working"\} [1-9]/.test(text);
  };
  await eventually(10_000, 'the work begins', isWorking);
  leave.abort();
  assert.equal(await sent, 'left');
  await eventually(500, 'the work ends', async () => !(await isWorking()));
  assert.equal((await server.request('GET', '/datasets/long')).status, 404);
});
