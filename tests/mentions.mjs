// Prints what the README and comments name though it is not there, a line each: paths of this
// repository (with or without the ending, or with *), and functions as `name()`. For tests/lint.sh.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const ROOMS = ['core', 'server', 'static', 'tests', 'migrations'];
const LEFT_OUT = new Set(['node_modules', '__pycache__']);

function walk(folder) {
  return readdirSync(join(top, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (LEFT_OUT.has(entry.name)) return [];
    return entry.isDirectory() ? [`${path}/`, ...walk(path)] : [path];
  });
}

const there = [...ROOMS.map((room) => `${room}/`), ...ROOMS.flatMap(walk)];
const text = (path) => readFileSync(join(top, path), 'utf8');
const lineOf = (whole, at) => whole.slice(0, at).split('\n').length;

// The comments of C or JavaScript, each with its line; and the code without them.
function apart(source) {
  const comments = [];
  const code = source.replace(
    /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`|\/\*[^]*?\*\/|\/\/[^\n]*/g,
    (token, at) => {
      if (!token.startsWith('/')) return token;
      comments.push({ text: token, line: lineOf(source, at) });
      return ' ';
    },
  );
  return { comments, code };
}

function isThere(path) {
  if (path.includes('*')) {
    const pattern = path.replace(/[.+?]/g, '\\$&').replace(/\*/g, '[^/]*');
    return there.some((known) => new RegExp(`^${pattern}$`).test(known));
  }
  return ['', '/', '.c', '.h'].some((ending) => there.includes(path + ending));
}

function missingPaths({ text: words, line }, file) {
  const found = words.matchAll(
    /(?<=^|[\s"'`(<])(?:core|server|static|tests|migrations)\/[\w./*-]*/g,
  );
  return [...found]
    .map(({ 0: word, index }) => ({ path: word.replace(/[.,]+$/, ''), index }))
    .filter(({ path }) => !path.includes('node_modules') && !isThere(path))
    .map(({ path, index }) => `${file}:${line + lineOf(words, index) - 1}: no ${path}`);
}

function missingFunctions({ text: words, line }, file, names) {
  return [...words.matchAll(/\b([a-z]\w*)\(\)/g)]
    .filter(({ 1: name }) => !names.has(name))
    .map(({ 1: name, index }) => `${file}:${line + lineOf(words, index) - 1}: no ${name}()`);
}

const sources = there.filter((path) => /\.(c|h|js|mjs)$/.test(path));
const parts = sources.map((file) => ({ file, ...apart(text(file)) }));
const names = new Set(parts.flatMap(({ code }) => code.match(/\b[A-Za-z_]\w*/g) ?? []));
const others = ['README.md', 'Makefile', ...there.filter((path) => /\.(sh|sql|py)$/.test(path))];
const breaches = [
  ...parts.flatMap(({ file, comments }) =>
    comments.flatMap((comment) => [
      ...missingPaths(comment, file),
      ...missingFunctions(comment, file, names),
    ]),
  ),
  ...others
    .filter((file) => statSync(join(top, file), { throwIfNoEntry: false }))
    .flatMap((file) => missingPaths({ text: text(file), line: 1 }, file)),
];
for (const breach of breaches) console.log(breach);
