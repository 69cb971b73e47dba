// The laws of the text: sizes, columns, names of types, first sentences, nothing left to do.

const LIMITS = { file: 500, header: 150, function: 60, columns: 100 };

const countLines = (text) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);

function tooLong(tree, paths, limit) {
  return paths
    .map((path) => [path, countLines(tree.text(path))])
    .filter(([, n]) => n > limit)
    .map(([path, n]) => `${path}: ${n} lines, at most ${limit}`);
}

/* A function of C begins with its name at the margin; its braces stand alone there. */
function longFunctions(tree, path) {
  const found = [];
  let name = '';
  let start = 0;
  tree
    .text(path)
    .split('\n')
    .forEach((line, i) => {
      if (/^[a-zA-Z_].*\(/.test(line)) name = /(\w+)\(/.exec(line)?.[1] ?? line;
      if (line.startsWith('{')) start = i + 1;
      if (!line.startsWith('}') || !start) return;
      const n = i + 2 - start;
      if (n > LIMITS.function) {
        found.push(`${path}:${start}: ${name}() has ${n} lines, at most ${LIMITS.function}`);
      }
      start = 0;
    });
  return found;
}

/* Characters, not bytes; an address alone cannot be broken. */
const isWide = (line) =>
  line.length > LIMITS.columns &&
  [...line].length > LIMITS.columns &&
  !/^\W*https?:\/\/\S+$/.test(line);

const wideFiles = (tree) => [
  ...tree.allC,
  ...tree.modules,
  ...tree.select(/\.(css|sh|py)$|^\.ci\/run$|^Makefile$/),
];

/* {name, path, line} of each type that a file defines; a forward declaration defines none. */
function typesOf(tree, path) {
  const code = tree.code(path).replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
  const at = (index, name) => ({ name, path, line: countLines(`${code.slice(0, index)}x`) });
  const tags = [...code.matchAll(/\b(?:struct|union|enum)\s+(\w+)\s*\{/g)];
  const found = tags.map((match) => at(match.index, match[1]));
  for (const match of code.matchAll(/\btypedef\b/g)) {
    const name = typedefName(code.slice(match.index + match[0].length));
    if (name) found.push(at(match.index, name));
  }
  return found;
}

/* The name that the typedef at the beginning of the code gives, or null if it only announces. */
function typedefName(code) {
  let depth = 0;
  let end = 0;
  while (end < code.length && (depth > 0 || code[end] !== ';')) {
    if ('{('.includes(code[end])) depth++;
    if ('})'.includes(code[end])) depth--;
    end++;
  }
  let words = code.slice(0, end);
  while (/\{[^{}]*\}/.test(words)) words = words.replace(/\{[^{}]*\}/, ' ');
  const forward = /^\s*(?:struct|union|enum)\s+(\w+)\s+(\w+)\s*$/.exec(words);
  if (forward && forward[1] === forward[2] && !/\{/.test(code.slice(0, end))) return null;
  const ofPointer = /\(\s*\*\s*(\w+)/.exec(words);
  const ofFunction = /(\w+)\s*\(/.exec(words);
  return ofPointer?.[1] ?? ofFunction?.[1] ?? /(\w+)\s*(\[[^\]]*\]\s*)*$/.exec(words)?.[1] ?? null;
}

function doubledTypes(tree) {
  const places = new Map();
  for (const { name, path, line } of tree.c.flatMap((path) => typesOf(tree, path))) {
    const before = places.get(name) ?? [];
    if (!before.some((place) => place.startsWith(`${path}:`))) before.push(`${path}:${line}`);
    places.set(name, before);
  }
  return [...places]
    .filter(([, where]) => where.length > 1)
    .map(([name, where]) => `${where[0]}: ${name} is also a type in ${where.slice(1).join(', ')}`);
}

/* A sentence ends within the first comment, which is the first thing in the file. */
const opensWithSentence = (text) =>
  /^(#!.*\n)?(\/\*[^]*?[.:]\s[^]*?\*\/|(\/\/.*\n)*\/\/.*[.:]\s)/.test(text.replace(/\*\//, ' $&'));

function unopened(tree) {
  const files = new Set(tree.files);
  const owns = (path) => files.has(path.replace(/\.c$/, '.h'));
  return [...tree.allC, ...tree.modules]
    .filter((path) => !(path.endsWith('.c') && owns(path)) && !opensWithSentence(tree.text(path)))
    .map((path) => `${path}:1: the file does not open with a sentence`);
}

const LEFT = new RegExp(
  `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b|^#if 0`,
);

/* The Makefile's lines without comments, continued lines as one. */
const recipe = (tree) => tree.text('Makefile').replace(/\\\n/g, ' ').replace(/^#.*$/gm, '');

function castsUnseen(tree) {
  const words = (/^WARNINGS\s*=(.*)$/m.exec(recipe(tree))?.[1] ?? '').split(/\s+/);
  return ['-Wcast-qual', '-Werror']
    .filter((flag) => !words.includes(flag))
    .map((flag) => `Makefile: ${flag} is not among WARNINGS`);
}

export const LAWS = [
  {
    law: `a file has at most ${LIMITS.file} lines`,
    breaches: (tree) => tooLong(tree, [...tree.allC, ...tree.modules], LIMITS.file),
  },
  {
    law: `a header of a room has at most ${LIMITS.header} lines`,
    breaches: (tree) => tooLong(tree, tree.headers, LIMITS.header),
  },
  {
    law: `a function of C has at most ${LIMITS.function} lines`,
    breaches: (tree) => tree.allC.flatMap((path) => longFunctions(tree, path)),
  },
  {
    law: `a line has at most ${LIMITS.columns} columns`,
    breaches: (tree) => tree.grep(wideFiles(tree), isWide),
  },
  { law: 'no type name stands for two things', breaches: doubledTypes },
  { law: 'a file without a header of its own opens with a sentence', breaches: unopened },
  {
    law: 'nothing is left to do',
    breaches: (tree) =>
      tree.grep([...tree.allC, ...tree.modules, ...tree.select(/\.(sql|css|sh)$/)], (line) =>
        LEFT.test(line),
      ),
  },
  {
    law: 'no -Ofast, no -ffast-math, no -DNDEBUG',
    breaches: (tree) =>
      recipe(tree)
        .split('\n')
        .filter((line) => /-Ofast|-ffast-math|-DNDEBUG/.test(line))
        .map((line) => `Makefile: ${line.trim()}`),
  },
  {
    law: 'only core/base/ grows an array or reads a clock',
    breaches: (tree) =>
      tree.grepCode(
        tree.c.filter((path) => !path.startsWith('core/base/')),
        (line) => /\b(realloc|reallocarray|clock_gettime|gettimeofday|time)\(/.test(line),
      ),
  },
  {
    /* With one of them anywhere, every change of a page styles all of it anew. */
    law: 'no style depends on what an element has in it',
    breaches: (tree) => tree.grep(tree.select(/\.css$/), (line) => line.includes(':has(')),
  },
  { law: 'the compiler refuses a const that is cast away', breaches: castsUnseen },
];
