// Runs the test groups against one build and ends with one line, "N passed, N failed".
//
//   node tests/run.mjs [--build DIR] [--jobs N] [unit] [http] [browser] [interop] [fuzz] [FILE...]
//
// TEST_LIMIT_SECONDS is how long one program or file may take: 400, or 900 with a sanitizer or in
// Python.
// A unit program, a Node file and a Python one print a line per case, "ok ..." or "not ok ...":
// those are counted. A program that ends badly without saying which case failed, or that tested
// nothing, is a failure.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/* Two more at a time than there are processors, as each waits now and then. */
const n_processors = availableParallelism?.() ?? cpus().length;
const options = { build: 'build', jobs: n_processors + 2, groups: [], files: [] };
for (let i = 2; i < process.argv.length; i++) {
  const word = process.argv[i];
  if (word === '--build') options.build = process.argv[++i];
  else if (word === '--jobs') options.jobs = Number(process.argv[++i]);
  else if (['unit', 'http', 'browser', 'interop', 'fuzz'].includes(word)) options.groups.push(word);
  else options.files.push(word);
}
const build = resolve(options.build);
const flags = existsSync(join(build, 'flags')) ? readFileSync(join(build, 'flags'), 'utf8') : '';
const sanitizer = /-fsanitize=(\S+)/.exec(flags)?.[1] ?? '';
const isLong = sanitizer || options.groups.includes('interop');
const limit_ms = Number(process.env.TEST_LIMIT_SECONDS ?? (isLong ? 900 : 400)) * 1000;

// The sanitizers' shadow memory wants addresses that are not randomized too widely.
const wrapper = sanitizer ? ['setarch', '-R'] : [];
// Their allocators say no as malloc() does, where they would rather stop the program.
const environment = {
  ...process.env,
  NODE_NO_WARNINGS: '1',
  REGULAB: join(build, 'regulab'),
  REGULAB_WRAPPER: wrapper.join(' '),
  REGULAB_SANITIZER: sanitizer,
  ASAN_OPTIONS:
    'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:' +
    'allocator_may_return_null=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS:
    'halt_on_error=0:allocator_may_return_null=1:second_deadlock_stack=1:' +
    `suppressions=${join(top, 'tests/tsan.supp')}`,
};

function sourcesOf(folder, pattern) {
  const path = join(top, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name));
}

const isDouble = (source) => basename(source).startsWith('test_gradient');

/* Whether some function of the program starts a thread. */
function startsThreads(source) {
  const program = join(build, source.replace(/\.c$/, ''));
  const { stdout } = spawnSync('nm', ['-D', '--undefined-only', program], { encoding: 'utf8' });
  return stdout === '' || /\bpthread_create\b/.test(stdout); /* one that is missing fails later */
}

/* What a sanitizer can see: the same memory with double in place of float, so that those programs
 * are not built for it; and races only where threads are started. Those of core are all of one
 * file, which has a test of its own and serves training. */
function isSeen(source) {
  if (!sanitizer) return true;
  if (isDouble(source)) return false;
  if (sanitizer !== 'thread') return true;
  if (source.startsWith('tests/core/')) return /^test_(parallel|train)\./.test(basename(source));
  return startsThreads(source);
}

function unitJobs() {
  const sources = [
    ...sourcesOf('tests/core', /^test_.*\.c$/),
    ...sourcesOf('tests/server', /^test_.*\.c$/),
  ];
  return sources.filter(isSeen).map(unitJob);
}

function unitJob(source) {
  const flavour = isDouble(source) ? 'double' : '';
  return { name: source, command: [...wrapper, join(build, flavour, source.replace(/\.c$/, ''))] };
}

// A file of any kind: the program that was built of a .c, or the tests of a .mjs or .py.
function fileJob(file) {
  if (/fuzz_\w+\.c$/.test(file)) return fuzzJob(file);
  if (file.endsWith('.c')) return unitJob(relative(top, resolve(file)));
  return file.endsWith('.py') ? pythonJob(file) : nodeJob(file);
}

// In the virtual environment of `make interop`.
function pythonJob(file) {
  const [python, runner] = [join(build, 'venv/bin/python'), join(top, 'tests/interop/run.py')];
  return { name: file, command: [python, runner, basename(file, '.py')] };
}

function nodeJob(file) {
  const reporter = join(top, 'tests/reporter.mjs');
  return {
    name: file,
    command: [
      process.execPath,
      `--test-reporter=${reporter}`,
      '--test-reporter-destination=stdout',
      join(top, file),
    ],
  };
}

/* A fuzzer, for a second or for FUZZ_INPUTS; its programs are in the folder FUZZ. */
function fuzzJob(source) {
  const runner = join(top, 'tests/fuzz/fuzz.mjs');
  const name = basename(source, '.c').slice('fuzz_'.length);
  return { name: source, command: [process.execPath, runner, name] };
}

/* Files that ask one thing after the other: of threads they show nothing that others do not. Named
 * on the command line they run with any sanitizer. */
const IN_SEQUENCE = new Set([
  'adoption',
  'boundary',
  'cli',
  'comparison',
  'conclusions',
  'datasets',
  'evaluation',
  'files',
  'identity',
  'intake',
  'log',
  'model',
  'pictures',
  'problems',
  'prune',
  'reproducibility',
  'schema',
  'sequences',
  'sql',
]);
const isThreaded = (file) =>
  sanitizer !== 'thread' || !IN_SEQUENCE.has(basename(file, '.test.mjs'));

function jobsOf(group) {
  if (group === 'unit') return unitJobs();
  if (group === 'fuzz') return sourcesOf('tests/fuzz', /^fuzz_.*\.c$/).map(fuzzJob);
  if (group === 'interop') return sourcesOf('tests/interop', /^test_.*\.py$/).map(pythonJob);
  return sourcesOf(`tests/${group}`, /\.test\.mjs$/)
    .filter(isThreaded)
    .map(nodeJob);
}

/* Both streams of the child -> { output, trouble }: why it ended badly, or ''. The whole group is
 * ended after the limit, so that no server outlives its test; first asked, so that the browser
 * closes too. */
function execute(command, limit_ms) {
  return new Promise((done) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const options = { cwd: top, env: environment, stdio, detached: true };
    const child = spawn(command[0], command.slice(1), options);
    let output = '';
    let isLate = false;
    const add = (data) => {
      output += data;
    };
    const end = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        /* it has ended */
      }
    };
    const timer = setTimeout(() => {
      isLate = true;
      end('SIGTERM');
      setTimeout(end, 5000, 'SIGKILL');
    }, limit_ms);
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', (error) => add(`${error.message}\n`));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      end('SIGKILL');
      const bad = signal ? `ended by ${signal}` : code ? `exit status ${code}` : '';
      done({ output, trouble: isLate ? `no end after ${limit_ms / 1000} s` : bad });
    });
  });
}

/* What the lines say; something bad that no line tells of is a failure, too. */
function judge({ output, trouble }) {
  const count = (pattern) => (output.match(pattern) ?? []).length;
  const passed = count(/^ok /gm);
  const skipped = count(/^skip /gm);
  const failed = count(/^not ok /gm);
  const why = trouble || (passed + failed + skipped === 0 ? 'nothing was tested' : '');
  return { passed, skipped, failed: failed || (why ? 1 : 0), why };
}

// -> { name, passed, failed, skipped, seconds }; prints one line for a good job, everything for a
// bad one.
async function runJob(job) {
  const started = performance.now();
  const done = await execute(job.command, limit_ms);
  const { passed, failed, skipped, why } = judge(done);
  const name = relative(top, resolve(top, job.name));
  const seconds = (performance.now() - started) / 1000;
  const counts = `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
  const notes = `(${seconds.toFixed(1)} s)${why ? ` [${why}]` : ''}`;
  console.log(`${failed ? 'FAILED' : 'passed'} ${name}: ${counts} ${notes}`);
  if (failed) console.log(done.output.replace(/^/gm, '  | '));
  else for (const line of done.output.match(/^(skip|note) .*$/gm) ?? []) console.log(`  ${line}`);
  return { name, passed, failed, skipped, seconds };
}

/* What takes longest begins first, so that in the end no worker waits for the other. */
const LONGEST = [
  'test_schema.py',
  'test_parity.py',
  'views.test.mjs',
  'views_of_experiments.test.mjs',
  'boundary.test.mjs',
  'submit.test.mjs',
  'experiment.test.mjs',
  'tools.test.mjs',
  'crash.test.mjs',
  'test_extremes.c',
  'durability.test.mjs',
  'experiments.test.mjs',
  'test_jobs_resume.c',
  'many.test.mjs',
  'test_train.c',
  'hardening.test.mjs',
];
const turnOf = ({ name }) =>
  (LONGEST.indexOf(basename(name)) + LONGEST.length + 1) % (LONGEST.length + 1);
const queue = [...options.groups.flatMap(jobsOf), ...options.files.map(fileJob)].sort(
  (a, b) => turnOf(a) - turnOf(b),
);
const results = [];
async function worker() {
  for (let job = queue.shift(); job; job = queue.shift()) results.push(await runJob(job));
}
await Promise.all(Array.from({ length: options.jobs }, worker));

const SHOWN = 10;
if (results.length > SHOWN) {
  const slowest = [...results].sort((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
  console.log('the slowest:');
  for (const { name, seconds } of slowest)
    console.log(`${seconds.toFixed(1).padStart(8)} s  ${name}`);
}
const sum = (key) => results.reduce((n, result) => n + result[key], 0);
const n_failed = sum('passed') + sum('failed') ? sum('failed') : 1;
if (sum('skipped')) console.log(`${sum('skipped')} skipped`);
console.log(`${sum('passed')} passed, ${n_failed} failed`);
process.exit(n_failed ? 1 : 0);
