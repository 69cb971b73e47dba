// Lessons: files that teach with an experiment, what they claim of it, and what its runs say. The
// lessons here are made up and quick; three of those that are shipped are trained in turn.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cli, removeDirectory, Server, temporaryDirectory, top } from '../harness.mjs';

const directory = temporaryDirectory();
const lessons = join(directory, 'lessons');
mkdirSync(lessons);

const SPEC = {
  dataset: { name: 'moons', n: 200 },
  hidden: [8],
  epochs: 12,
  batch_size: 32,
  record_layers: false,
  repeats: 6,
  repeat_varies: ['seed', 'data_seed'],
};
const compare = (arm, against, expect, more = {}) => ({
  text: `${JSON.stringify(arm)} is ${expect}`,
  kind: 'comparison',
  metric: 'train_loss',
  arm,
  against,
  expect,
  ...more,
});
const SLOW = { learning_rate: 0.0001 };
const QUICK = { learning_rate: 0.03 };
const LESSON = {
  name: 'speed',
  title: 'Speed',
  step: 1,
  objective: 'See that steps can be too small.',
  minutes: 1,
  text: ['A paragraph.'],
  spec: { ...SPEC, sweep: { learning_rate: [0.0001, 0.03] } },
  claims: [
    compare(QUICK, SLOW, 'better', { by_at_least: 0.05 }),
    compare(SLOW, QUICK, 'better'),
    compare(QUICK, SLOW, 'equivalent', { within: 1000 }),
    {
      text: 'there are twelve runs',
      kind: 'sql',
      query: 'SELECT count(*) = 12, count(*) AS runs FROM runs WHERE experiment_id = :experiment',
      expect: 'true',
    },
    {
      text: 'there are nine runs',
      kind: 'sql',
      query: 'SELECT count(*) = 9 FROM runs WHERE experiment_id = :experiment',
      expect: 'true',
    },
  ],
  counterexample: {
    text: 'Both are slow.',
    spec: { ...SPEC, sweep: { learning_rate: [0.0001, 0.0002] } },
    claims: [compare({ learning_rate: 0.0002 }, SLOW, 'equivalent', { within: 0.2 })],
  },
};
const VARIED = {
  name: 'varied',
  title: 'Varied',
  step: 2,
  spec: {
    ...SPEC,
    data_seed: 7,
    variants: [
      { label: 'none' },
      { label: 'l2', l2: 1 },
      { label: 'noise', input_noise: 3 },
      { label: 'both', l2: 1, input_noise: 3 },
    ],
  },
  claims: [
    compare({ label: 'l2' }, { label: 'none' }, 'worse'),
    compare({ l2: 1 }, {}, 'worse'),
    compare({ l2: 1, input_noise: 3 }, {}, 'more_than_sum'),
  ],
};
const write = (lesson, text = JSON.stringify(lesson)) =>
  writeFileSync(join(lessons, `${lesson.name}.json`), text);
write(LESSON);
write(VARIED);
write({ name: 'plain', title: 'Plain', description: 'A recipe.', spec: SPEC });
write({ name: 'broken' }, '{"name": "broken", "title": "Broken", "steps": 1, "spec": {}}');
cpSync(join(top, 'static/index.html'), join(directory, 'index.html'));

const server = await Server.start({ static_directory: directory });
after(async () => {
  await server.stop();
  removeDirectory(directory);
});

async function run(path) {
  const answer = await server.request('POST', path);
  assert.equal(answer.status, 201, answer.text);
  await server.untilTerminal(answer.json.id);
  return answer.json;
}

test('lessons are listed in order of the path, recipes before them', async () => {
  const { items } = await server.get('/lessons');
  assert.deepEqual(
    items.map(({ name, step }) => [name, step]),
    [
      ['speed', 1],
      ['varied', 2],
    ],
  );
  const recipes = (await server.get('/recipes')).items;
  assert.deepEqual(
    recipes.map(({ name, is_lesson }) => [name, is_lesson]),
    [
      ['plain', false],
      ['speed', true],
      ['varied', true],
    ],
  );
  assert.match(server.errors, /broken\.json: .*\/steps: unknown .*did you mean "step"/);
  const page = await server.get('/lessons?limit=1');
  assert.equal(page.items.length, 1);
  assert.equal((await server.get(`/lessons?cursor=${page.next_cursor}`)).items[0].name, 'varied');
});

test('a lesson is answered as its file has it', async () => {
  assert.deepEqual(await server.get('/lessons/speed'), LESSON);
  for (const name of ['plain', 'nonesuch', 'a..b'])
    assert.equal((await server.request('GET', `/lessons/${name}`)).status, 404, name);
  assert.equal((await server.request('GET', '/lessons/broken')).status, 500);
  assert.equal((await server.request('POST', '/lessons/speed', { epochs: 1 })).status, 400);
  assert.equal((await server.request('POST', '/lessons/varied?counterexample=true')).status, 404);
});

test('its runs say whether a claim holds', async () => {
  const { id, spec } = await run('/lessons/speed');
  assert.deepEqual({ seed: 0, data_seed: 0, ...LESSON.spec }, spec);
  const { claims, experiment } = await server.get(`/lessons/speed/outcome?experiment=${id}`);
  assert.equal(experiment, id);
  assert.deepEqual(
    claims.map(({ outcome }) => outcome),
    ['holds', 'refuted', 'holds', 'holds', 'refuted'],
    JSON.stringify(claims, null, 1),
  );
  const { numbers } = claims[0];
  const comparison = await server.get(`/experiments/${id}/comparison?metric=train_loss`);
  const [quick, slow] = comparison.arms;
  assert.equal(numbers.n, 6);
  assert.equal(numbers.arm, quick.mean);
  assert.equal(numbers.against, slow.mean);
  assert.ok(Math.abs(numbers.difference - (quick.mean - slow.mean)) < 1e-12);
  assert.ok(numbers.ci_low < numbers.difference && numbers.difference < numbers.ci_high);
  assert.ok(numbers.p_adjusted > 0 && numbers.p_adjusted < 0.05);
  assert.deepEqual(claims[3].numbers, { runs: 12 });
});

test('a counterexample has claims of its own, and other seeds other runs', async () => {
  const query = 'counterexample=true';
  const made = await run(`/lessons/speed?${query}&seed=50`);
  assert.deepEqual([made.spec.seed, made.spec.data_seed], [50, 50]);
  const { claims } = await server.get(`/lessons/speed/outcome?experiment=${made.id}&${query}`);
  assert.deepEqual(
    claims.map(({ outcome }) => outcome),
    ['holds'],
  );
  const other = await server.request('GET', `/lessons/speed/outcome?experiment=${made.id}`);
  assert.equal(other.status, 400, other.text);
  assert.match(other.json.detail, /lacks an arm/);
});

test('arms are named by label or by fields, sums by both', async () => {
  const { id, spec } = await run('/lessons/varied?seed=3');
  assert.equal(spec.data_seed, 10);
  const { claims } = await server.get(`/lessons/varied/outcome?experiment=${id}`);
  assert.deepEqual(claims[0].numbers.difference, claims[1].numbers.difference);
  const { arms } = await server.get(`/experiments/${id}/comparison?metric=train_loss`);
  const mean = (label) => arms.find((arm) => arm.label === label).mean;
  const interaction = mean('both') - mean('l2') - mean('noise') + mean('none');
  assert.ok(Math.abs(claims[2].numbers.interaction - interaction) < 1e-12);
});

test('before the runs have ended nothing is said', async () => {
  const { status, json } = await server.request('POST', '/lessons/speed?seed=9');
  assert.equal(status, 201);
  await server.request('POST', `/experiments/${json.id}/pause`);
  const { claims } = await server.get(`/lessons/speed/outcome?experiment=${json.id}`);
  for (const { outcome, numbers } of claims) assert.deepEqual([outcome, numbers], ['not_yet', {}]);
  await server.request('POST', `/experiments/${json.id}/cancel`);
  const missing = await server.request('GET', '/lessons/speed/outcome?experiment=987654');
  assert.equal(missing.status, 404);
});

test('regulab lesson says the same, and its exit status is 1 where a claim does not hold', () => {
  const folder = ['--static', directory];
  const all = cli(['lessons', ...folder]);
  assert.match(all.stdout, /^ 1 {2}speed: Speed\n 2 {2}varied: Varied\n$/);
  const bad = cli(['lesson', 'speed', ...folder]);
  assert.equal(bad.status, 1, bad.stderr);
  assert.match(bad.stdout, /^holds .*\n.*difference -0\.\d+.*\nrefuted /);
  const good = cli(['lesson', 'speed', '--counterexample', '--json', ...folder]);
  assert.equal(good.status, 0, good.stderr);
  assert.equal(JSON.parse(good.stdout).claims[0].outcome, 'holds');
  assert.equal(cli(['lesson', 'plain', ...folder]).status, 1);
  assert.match(cli(['lessons', '--static', '/nowhere']).stderr, /no lessons in \/nowhere/);
  assert.match(cli(['lesson', 'nonesuch', ...folder]).stderr, /no recipe or lesson "nonesuch"/);
});

// What is shipped: every file is whole, and three quick lessons in turn hold on seeds of their own.
const SHIPPED = join(top, 'static/lessons');
const shipped = readdirSync(SHIPPED).map((name) => JSON.parse(readFileSync(join(SHIPPED, name))));
const taught = shipped.filter(({ claims }) => claims).sort((a, b) => a.step - b.step);

test('every lesson that is shipped is whole', () => {
  assert.deepEqual(
    taught.map(({ step }) => step),
    taught.map((_, i) => i + 1),
  );
  for (const one of taught) {
    for (const part of ['objective', 'concept', 'text', 'predict', 'picture', 'counterexample'])
      assert.ok(one[part], `${one.name} has no ${part}`);
    assert.ok(one.explain.length && one.check.length && one.references.length, one.name);
    assert.ok(one.predict.answer < one.predict.choices.length, one.name);
    for (const { answer, choices } of one.check) assert.ok(answer < choices.length, one.name);
  }
  const listed = cli(['lessons', '--static', join(top, 'static')]);
  assert.equal(listed.stderr, '');
  assert.equal(listed.stdout.trim().split('\n').length, taught.length);
});

const QUICK_LESSONS = ['fragile-teams', 'two-cures', 'the-forgotten-switch'];
test('a lesson that is shipped holds', { skip: Boolean(process.env.REGULAB_SANITIZER) }, () => {
  const day = Math.floor(Date.now() / 86_400_000);
  const name = QUICK_LESSONS[day % QUICK_LESSONS.length];
  const { status, stdout, stderr } = cli(['lesson', name, '--static', join(top, 'static')]);
  assert.equal(status, 0, `${name}:\n${stdout}${stderr}`);
});
