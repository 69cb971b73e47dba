// Every law is tried against breaches that are planted in a small house: that law fails, no other.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BREACHES, FINE } from './breaches.mjs';
import { HOUSE } from './house.mjs';
import { LAWS as MENTIONS } from './mentions.mjs';
import { LAWS as OBJECTS } from './objects.mjs';
import { LAWS as ROOMS } from './rooms.mjs';
import { LAWS as TEXT } from './text.mjs';
import { LAWS as TOOLS } from './tools.mjs';
import { Tree } from './tree.mjs';

const TOP = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const CONFIGURATIONS = ['.clang-format', '.clang-tidy', '.prettierrc.json'];
const LAWS = [...ROOMS, ...TEXT, ...MENTIONS, ...OBJECTS, ...TOOLS];
const scratch = mkdtempSync(join(tmpdir(), 'regulab-lint-'));
after(() => rmSync(scratch, { recursive: true }));

let n_houses = 0;

/* The house with its plants, on disk. */
function build(plants) {
  const top = join(scratch, String(n_houses++));
  const files = { ...HOUSE };
  for (const [path, plant] of Object.entries(plants)) {
    files[path] = typeof plant === 'function' ? plant(HOUSE[path]) : plant;
    assert.notEqual(files[path], HOUSE[path], `${path} is changed`);
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  chmodSync(join(top, 'build/regulab'), 0o755);
  for (const name of CONFIGURATIONS) copyFileSync(join(TOP, name), join(top, name));
  return new Tree(top, 'build');
}

function compile(tree) {
  for (const source of tree.sources) {
    mkdirSync(dirname(join(tree.top, tree.object(source))), { recursive: true });
    const words = ['-std=c17', '-O0', '-I.', '-c', source, '-o', tree.object(source)];
    const { status, stderr } = spawnSync('gcc', words, { cwd: tree.top, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }
}

async function broken(tree, laws) {
  const found = [];
  for (const { law, breaches } of laws) {
    const places = await breaches(tree);
    if (places.length) found.push(`${law}: ${places.join('; ')}`);
  }
  return found;
}

test('every law holds in the house as it is', async () => {
  const tree = build({});
  compile(tree);
  assert.deepEqual(await broken(tree, LAWS), []);
});

test('every law has a breach that tries it', () => {
  const untried = LAWS.filter(({ law }) => !BREACHES.some(([words]) => law.includes(words)));
  assert.deepEqual(untried, []);
});

for (const [words, plants] of BREACHES) {
  test(`found in ${Object.keys(plants).join(', ')}: ${words}`, async () => {
    const [wanted, ...others] = LAWS.filter(({ law }) => law.includes(words));
    assert.ok(wanted && others.length === 0, `"${words}" means one law`);
    const tree = build(plants);
    if (OBJECTS.includes(wanted)) compile(tree);
    const found = await broken(tree, [...new Set([...ROOMS, ...TEXT, ...MENTIONS, wanted])]);
    assert.equal(found.length, 1, `one law fails: ${found.join('\n')}`);
    assert.ok(found[0].startsWith(wanted.law), found[0]);
  });
}

for (const [words, plants] of Object.entries(FINE)) {
  test(`no breach: ${words}`, async () => {
    const tools = TOOLS.filter(({ law }) => law.startsWith('eslint'));
    assert.deepEqual(await broken(build(plants), [...ROOMS, ...TEXT, ...MENTIONS, ...tools]), []);
  });
}
