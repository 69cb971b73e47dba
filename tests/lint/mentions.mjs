// The laws of what is mentioned: what the README and the comments name is there.
const PATH = /(?<=^|[\s"'`(<])(?:core|server|static|tests|migrations)\/[\w./*-]*/gm;
const FUNCTION = /\b[a-z]\w*(?=\(\))/g;

/* Of C and JavaScript the comments, the rest being spaces; of other files everything. */
function wordsOf(tree, path) {
  const text = tree.text(path);
  if (!/\.(c|h|m?js)$/.test(path)) return text;
  const code = tree.code(path);
  return text.replace(/\S/g, (unit, at) => (code[at] === ' ' ? unit : ' '));
}

/* "path:line: no …" of each word that is mentioned there and that is not `known`. */
function unknown(tree, paths, pattern, known, shown) {
  return paths.flatMap((path) => {
    const words = wordsOf(tree, path);
    const lineOf = (at) => words.slice(0, at).split('\n').length;
    return [...words.matchAll(pattern)]
      .map(({ 0: word, index }) => ({ word: word.replace(/[.,]+$/, ''), line: lineOf(index) }))
      .filter(({ word }) => !known(word))
      .map(({ word, line }) => `${path}:${line}: no ${shown(word)}`);
  });
}

/* Whether there is such a file, with or without the ending of its C, such a folder, or one at least
 * that a * stands for. */
function pathsOf(tree) {
  const folders = tree.files.flatMap((path) =>
    path.split('/').map((_, i, names) => names.slice(0, i).join('/')),
  );
  const there = new Set([...tree.files, ...folders]);
  const matches = (path) => {
    const pattern = path.replace(/[.+?]/g, '\\$&').replace(/\*/g, '[^/]*');
    return [...there].some((known) => new RegExp(`^${pattern}$`).test(known));
  };
  return (path) =>
    path.includes('node_modules') ||
    ['', '.c', '.h'].some((ending) => there.has(path.replace(/\/$/, '') + ending)) ||
    (path.includes('*') && matches(path));
}

function missingPaths(tree) {
  const texts = tree.select(/\.(c|h|m?js|sh|py|sql|md)$|^Makefile$|^\.ci\/run$/);
  return unknown(tree, texts, PATH, pathsOf(tree), (path) => path);
}

function missingFunctions(tree) {
  const sources = [...tree.allC, ...tree.modules];
  const names = new Set(sources.flatMap((path) => tree.code(path).match(/\b[A-Za-z_]\w*/g) ?? []));
  return unknown(
    tree,
    sources,
    FUNCTION,
    (name) => names.has(name),
    (name) => `${name}()`,
  );
}

export const LAWS = [
  { law: 'a path that the README or a comment names is there', breaches: missingPaths },
  { law: 'a function that a comment names is there', breaches: missingFunctions },
];
