// What taking in a CSV file of 100 MB costs, beside pandas.read_csv.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 100e6;
const BLOCK_ROWS = 2000;

/* A small generator: the bench is to read the same file each time. */
let state = 1;
const next = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
};
const of = (texts) => texts[Math.floor(next() * texts.length)];
const WORK = ['Private', 'State-gov', 'Self-emp-not-inc', '?', 'Local-gov'];
const ROWS = {
  'short numbers': {
    head: [...Array(20).keys(), 'y'].map((i) => `c${i}`),
    row: () => [...Array.from({ length: 20 }, () => (next() * 20 - 10).toFixed(3)), of(['a', 'b'])],
  },
  'long numbers': {
    head: [...Array(10).keys(), 'y'].map((i) => `c${i}`),
    row: () => [...Array.from({ length: 10 }, () => next() * next()), of([0, 1, 2])],
  },
  'numbers and categories': {
    head: ['age', 'income', 'hours', 'gain', 'work', 'score', 'y'],
    row: () => [
      Math.floor(next() * 90),
      (next() * 1e5).toFixed(2),
      Math.floor(next() * 99),
      (next() * 1e4).toFixed(2),
      of(WORK),
      next().toFixed(6),
      of(['<=50K', '>50K']),
    ],
  },
};

function writeTable(path, { head, row }) {
  const file = openSync(path, 'w');
  let bytes = writeSync(file, `${head.join()}\n`);
  while (bytes < BYTES) {
    const block = Array.from({ length: BLOCK_ROWS }, () => row().join());
    bytes += writeSync(file, `${block.join('\n')}\n`);
  }
  closeSync(file);
}

const ratio = (a, b) => (a / b).toFixed(2);

/** A row for each kind of table: the program, pandas, and how many times as much. */
export function benchTables({ python, binary, script, directory, rounds, table }) {
  if (!existsSync(python)) {
    console.log('\nTables beside pandas: skipped, `make interop` installs it');
    return;
  }
  const rows = [];
  for (const [name, kind] of Object.entries(ROWS)) {
    const path = join(directory, 'table.csv');
    writeTable(path, kind);
    const args = [script, binary, path, join(directory, 'data'), String(rounds)];
    const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8' });
    rmSync(path);
    if (status !== 0) throw new Error(stderr);
    const { regulab, pandas } = JSON.parse(stdout);
    rows.push([
      name,
      ...[regulab.seconds, pandas.seconds].map((x) => `${x.toFixed(2)} s`),
      ratio(regulab.seconds, pandas.seconds),
      ratio(regulab.processor, pandas.processor),
      ...[regulab.megabytes, pandas.megabytes].map((x) => `${x.toFixed(0)} MB`),
      ratio(regulab.megabytes, pandas.megabytes),
    ]);
  }
  console.log('\nTaking in a CSV file of 100 MB beside pandas.read_csv, the best of each');
  table(['table', 'regulab', 'pandas', 'times', 'processor', 'regulab', 'pandas', 'times'], rows);
}
