// Runs one fuzzer: `FUZZ=DIR node tests/fuzz/fuzz.mjs NAME`, FUZZ_INPUTS inputs, or as many as a
// second has. It begins with what is in tests/fuzz/corpus/; what it finds new is forgotten, an
// input that does harm is left in DIR.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [name] = process.argv.slice(2);
const { FUZZ: folder, FUZZ_INPUTS: inputs } = process.env;
const LONGEST_BYTES = 8192;
const MEMORY_MB = 512;
const SECONDS_FOR_ONE = 20;

const found = mkdtempSync(join(tmpdir(), 'regulab-fuzz-'));
const corpus = join(here, 'corpus', name);
const options = {
  [inputs ? 'runs' : 'max_total_time']: inputs ?? 1,
  max_len: LONGEST_BYTES,
  rss_limit_mb: MEMORY_MB,
  timeout: SECONDS_FOR_ONE,
  print_final_stats: 1,
  artifact_prefix: join(folder, `${name}-`),
};
const words = Object.entries(options).map(([key, value]) => `-${key}=${value}`);
const seeds = existsSync(corpus) ? [corpus] : [];
const { status, signal, stderr } = spawnSync(
  join(folder, 'tests/fuzz', `fuzz_${name}`),
  [...words, found, ...seeds],
  {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=1:allocator_may_return_null=1' },
  },
);
rmSync(found, { recursive: true });

const figure = (pattern) => Number(pattern.exec(stderr)?.[1] ?? 0);
const n_tried = figure(/number_of_executed_units:\s*(\d+)/);
const peak_mb = figure(/peak_rss_mb:\s*(\d+)/);
const coverage = figure(/.*cov: (\d+)/s);
const isGood = status === 0 && n_tried > 0;
console.log(
  `${isGood ? 'ok' : 'not ok'} fuzz/${name}: ${n_tried} inputs, ${coverage} places, ${peak_mb} MB`,
);
if (isGood) console.log(`note ${name}: ${n_tried} inputs, ${peak_mb} MB`);
else console.log(`${signal ?? status}\n${stderr.slice(-6000)}`);
process.exit(isGood ? 0 : 1);
