// What taking in an archive of 10,000 pictures of 32 x 32 in class folders costs.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { png, tar, zip } from '../picture-files.mjs';

const PICTURES = 10_000;
const CLASSES = 10;
const SIDE = 32;
const ROUNDS = 3;
const BETWEEN_LOOKS_MS = 5;

/* A small generator: the bench is to read the same pictures each time. */
let state = 1;
const next = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
};

/* Colours that go over into each other, and noise: about 3 kB, as photographs have. */
function picture(class_number) {
  const [red, green, blue] = [next() * 100, next() * 100, class_number * 10];
  return png(SIDE, SIDE, (x, y) =>
    [red + 4 * x, green + 4 * y, blue + 2 * (x + y)].map((value) =>
      Math.floor(value + 24 * next()),
    ),
  );
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/* Runs the program to its end -> { seconds, peak_bytes }. */
function measure(binary, args) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    let peak_bytes = 0;
    const look = setInterval(() => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak_bytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? peak_bytes / 1024);
    }, BETWEEN_LOOKS_MS);
    child.on('exit', (code) => {
      clearInterval(look);
      if (code === 0) resolve({ seconds: (performance.now() - started) / 1000, peak_bytes });
      else reject(new Error(`${args.join(' ')}: exit status ${code}`));
    });
  });
}

export async function benchPictures({ binary, directory, table }) {
  const files = Array.from({ length: PICTURES }, (_, i) => [
    `all/class${i % CLASSES}/${i}.png`,
    picture(i % CLASSES),
  ]);
  const rows = [];
  for (const [name, pack] of [
    ['set.zip', () => zip(files)],
    ['set.tar.gz', () => gzipSync(tar(files))],
  ]) {
    const path = join(directory, name);
    writeFileSync(path, pack());
    const found = [];
    for (let i = 0; i < ROUNDS; i++) {
      const data = join(directory, 'pictures');
      found.push(await measure(binary, ['dataset', 'add', 'set', path, '--data-dir', data]));
      rmSync(data, { recursive: true });
    }
    rows.push([
      name,
      megabytes(statSync(path).size),
      `${Math.min(...found.map(({ seconds }) => seconds)).toFixed(2)} s`,
      megabytes(Math.max(...found.map(({ peak_bytes }) => peak_bytes))),
    ]);
    rmSync(path);
  }
  console.log(`\nTaking in ${PICTURES} PNG pictures of ${SIDE} x ${SIDE}, the best of ${ROUNDS}`);
  table(['archive', 'size', 'time', 'memory at most'], rows);
}
