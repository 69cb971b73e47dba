// Prints each law of the house with its breaches, and ends with "N passed, N failed".
//
//   node tests/lint/lint.mjs [--build DIR] [--fast]
//
// DIR is the build whose program and objects are looked at; --fast leaves out clang-tidy, which is
// most of the time.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAWS as MENTIONS } from './mentions.mjs';
import { LAWS as OBJECTS } from './objects.mjs';
import { LAWS as ROOMS } from './rooms.mjs';
import { LAWS as TEXT } from './text.mjs';
import { LAWS as TOOLS } from './tools.mjs';
import { Tree, linesOf } from './tree.mjs';

/* The laws are tried themselves: each against a breach that is planted for it. */
const TRIED = {
  law: 'each law finds a breach that is planted for it',
  breaches: async (tree) => {
    const words = ['tests/run.mjs', '--build', tree.build, 'tests/lint/laws.test.mjs'];
    const { out, status } = await tree.run(process.execPath, words);
    const failures = linesOf(out).filter((line) => /^\W*not ok /.test(line));
    return status === 0 || failures.length ? failures : linesOf(out);
  },
};

const LAWS = [...ROOMS, ...TEXT, ...MENTIONS, ...OBJECTS, TRIED, ...TOOLS];

function report(law, breaches) {
  console.log(`${breaches.length ? 'FAIL' : 'ok  '} ${law}`);
  for (const breach of breaches) console.log(`       ${breach}`);
}

async function main(words) {
  const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
  const build = words.includes('--build') ? words[words.indexOf('--build') + 1] : 'build';
  const tree = new Tree(top, build);
  let n_failed = 0;
  const laws = LAWS.filter(({ isSlow }) => !(isSlow && words.includes('--fast')));
  const all = laws.map(({ breaches }) => breaches(tree)); /* at once: most wait for a tool */
  for (const [i, { law }] of laws.entries()) {
    const found = await all[i];
    report(law, found);
    if (found.length) n_failed++;
  }
  console.log(`lint: ${laws.length - n_failed} passed, ${n_failed} failed`);
  process.exitCode = n_failed ? 1 : 0;
}

await main(process.argv.slice(2));
