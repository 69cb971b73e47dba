// The laws that a tool holds: clang-format and prettier, clang-tidy, eslint, shellcheck.
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linesOf } from './tree.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const installed = (name) => join(HERE, '../node_modules/.bin', name);
const n_processors = availableParallelism?.() ?? cpus().length;

async function clangFormat(tree) {
  const { err } = await tree.run('clang-format', ['--dry-run', '-Werror', ...tree.allC]);
  const places = linesOf(err).filter((line) => /: error: /.test(line));
  return [...new Set(places.map((line) => line.replace(/:\d+: error: .*/, '')))];
}

async function prettier(tree) {
  const { out, err } = await tree.run(installed('prettier'), ['--list-different', ...tree.modules]);
  return linesOf(out + err);
}

async function eslint(tree) {
  const words = ['-c', join(HERE, 'eslint.config.mjs'), '-f', 'json', ...tree.modules];
  const { out, err } = await tree.run(installed('eslint'), words);
  if (!out.startsWith('[')) return linesOf(err);
  return JSON.parse(out).flatMap(({ filePath, messages }) =>
    messages.map(
      ({ line, ruleId, message }) =>
        `${filePath.slice(tree.top.length + 1)}:${line}: ${message} (${ruleId})`,
    ),
  );
}

async function shellcheck(tree) {
  if (tree.scripts.length === 0) return [];
  const { out, err } = await tree.run('shellcheck', ['-f', 'gcc', ...tree.scripts]);
  return linesOf(out + err);
}

/* The analyzer leaves a function after so many states. Its own limit, 225,000, takes three times as
 * long over everything and finds nothing more. */
const ANALYZER = ['-Xclang', '-analyzer-config', '-Xclang', 'max-nodes=50000'];

/* Tests go without the analyzer: they leave early and let the system clear up. The gradient checks
 * are of the build with double in place of float. */
async function tidyOne(tree, path) {
  const checks = path.startsWith('tests/') ? ['--checks=-clang-analyzer-*'] : [];
  const flags = ['-std=c17', '-D_GNU_SOURCE', '-I.'];
  flags.push('-DREGULAB_VERSION="0"', '-DREGULAB_STATIC_DIR="/"', ...ANALYZER);
  if (path.includes('test_gradient')) flags.push('-DREAL_DOUBLE');
  const { out } = await tree.run('clang-tidy', ['--quiet', ...checks, path, '--', ...flags]);
  return linesOf(out)
    .filter((line) => /(warning|error):/.test(line))
    .map((line) => line.replace(`${tree.top}/`, ''));
}

/* One file a time: with several the analyzer carries states from one to the next. */
async function clangTidy(tree) {
  const waiting = tree.allC.filter((path) => path.endsWith('.c'));
  const found = new Set();
  const lane = async () => {
    for (let path = waiting.shift(); path; path = waiting.shift()) {
      for (const line of await tidyOne(tree, path)) found.add(line);
    }
  };
  await Promise.all(Array.from({ length: n_processors }, lane));
  return [...found].sort();
}

export const LAWS = [
  { law: 'C is written as clang-format does (make format)', breaches: clangFormat },
  { law: 'JavaScript is written as prettier does (make format)', breaches: prettier },
  { law: 'eslint finds nothing', breaches: eslint },
  { law: 'shellcheck finds nothing', breaches: shellcheck },
  { law: 'clang-tidy finds nothing', breaches: clangTidy, isSlow: true },
];
