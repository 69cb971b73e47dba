// `make lessons`: trains every lesson and its counterexample on two groups of seeds that nobody has
// chosen, and writes what came out beside its claims to LESSONS.md in this folder. Exit status 1
// where a claim does not hold.
//
//   node tests/papers/lessons.mjs [NAME...]     these alone, and no table
//
// SEEDS=1000,2000: groups of seeds in place of the day's.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.REGULAB ?? join(top, 'build/regulab');
const day = Math.floor(Date.now() / 86_400_000);
const groups = (process.env.SEEDS ?? `${day * 100},${day * 100 + 50}`).split(',');

function names() {
  const { stdout } = spawnSync(binary, ['lessons'], { encoding: 'utf8' });
  return [...stdout.matchAll(/^ *\d+ {2}([\w-]+):/gm)].map((match) => match[1]);
}

/** What one group of seeds says to the claims of a lesson, or of its counterexample. */
function train(name, isCounterexample, seed) {
  const flags = ['--json', '--seed', seed, ...(isCounterexample ? ['--counterexample'] : [])];
  const { stdout, stderr } = spawnSync(binary, ['lesson', name, ...flags], { encoding: 'utf8' });
  if (!stdout) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout).claims;
}

const short = (value) => (value === null ? '' : String(Number(value.toPrecision(3))));

function words({ outcome, numbers }) {
  const mean = numbers.difference ?? numbers.interaction;
  if (mean !== undefined) {
    const interval = `[${short(numbers.ci_low)}, ${short(numbers.ci_high)}]`;
    return `${outcome}: ${short(mean)} ${interval}`;
  }
  const told = Object.entries(numbers).map(([name, value]) => `${name} ${short(value)}`);
  return `${outcome}: ${told.join(', ')}`;
}

const rows = [];
let n_failed = 0;

function judge(name, title, isCounterexample) {
  const found = groups.map((seed) => train(name, isCounterexample, seed));
  found[0].forEach((claim, i) => {
    const told = found.map((claims) => words(claims[i]));
    rows.push(`| ${i || isCounterexample ? '' : title} | ${claim.text} | ${told.join(' | ')} |`);
    for (const claims of found) n_failed += claims[i].outcome !== 'holds';
    console.log(`${name}: ${claim.text}\n    ${told.join('\n    ')}`);
  });
}

const wanted = process.argv.slice(2);
for (const name of wanted.length ? wanted : names()) {
  const { title, counterexample } = JSON.parse(
    readFileSync(join(top, `static/lessons/${name}.json`), 'utf8'),
  );
  judge(name, title, false);
  if (!counterexample) continue;
  rows.push(`| | *Where it fails:* ${counterexample.text} | ${groups.map(() => '').join(' | ')} |`);
  judge(name, title, true);
}
const HEAD = `# What the lessons claim, and what came out

Made by \`make lessons\`: every lesson and its counterexample, trained on groups of seeds that
nobody has chosen. Differences are means over the repeats of a group, with their 95 % intervals.

| lesson | claim | seeds from ${groups.join(' | seeds from ')} |
|---|---|${groups.map(() => '---|').join('')}
`;
if (!wanted.length)
  writeFileSync(join(top, 'tests/papers/LESSONS.md'), HEAD + rows.join('\n') + '\n');
console.log(n_failed ? `${n_failed} claims do not hold` : 'all claims hold');
process.exitCode = n_failed ? 1 : 0;
