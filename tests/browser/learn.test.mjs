// Learn: the path that a new user sees first, a lesson from prediction to proof on the learner's
// own runs, where it fails, the check, and what is kept of it. The lessons here are made up and
// quick.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually, removeDirectory, Server, temporaryDirectory, top } from '../harness.mjs';
import { launch, openPage, overflow } from './browser.mjs';
import { turnTo } from './examine.mjs';

const axe = createRequire(import.meta.url)('axe-core').source;
const directory = temporaryDirectory();
cpSync(join(top, 'static'), directory, { recursive: true });
rmSync(join(directory, 'lessons'), { recursive: true });
mkdirSync(join(directory, 'lessons'));

const SPEC = {
  dataset: { name: 'moons', n: 200 },
  hidden: [8],
  epochs: 10,
  batch_size: 32,
  record_layers: false,
  repeats: 4,
  repeat_varies: ['seed', 'data_seed'],
};
const claim = (expect, arm, against) => ({
  text: `It is ${expect}.`,
  kind: 'comparison',
  metric: 'train_loss',
  arm: { learning_rate: arm },
  against: { learning_rate: against },
  expect,
});
const base = (name, title, step) => ({
  name,
  title,
  step,
  minutes: 1,
  objective: 'Tell slow from quick.',
  concept: 'speed',
  description: `${title}, in short.`,
  text: ['A paragraph.'],
  spec: { ...SPEC, sweep: { learning_rate: [0.0001, 0.03] } },
  claims: [claim('lower', 0.03, 0.0001), claim('higher', 0.03, 0.0001)],
  predict: {
    question: 'Which is ahead?',
    choices: ['The slow one', 'The quick one'],
    answer: 1,
    size: { question: 'By how much?', min: -1, max: 1, step: 0.1, claim: 0 },
    why_it_is_hard: 'It is not.',
  },
  counterexample: {
    text: 'Both are slow.',
    spec: { ...SPEC, epochs: 3, sweep: { learning_rate: [0.0001, 0.0002] } },
    claims: [claim('lower', 0.0002, 0.0001)],
  },
  explain: ['Because.'],
  check: [
    {
      question: 'Which was it?',
      choices: ['This', 'That'],
      answer: 0,
      because: 'So it was.',
      link: '#/experiments/{experiment}',
    },
  ],
  references: [{ text: 'Somebody 2020: found it.' }],
});
const CURVES = {
  kind: 'curves',
  title: 'Over epochs',
  text: 'One falls.',
  lines: [
    { metric: 'train_loss', label: 'own' },
    { metric: 'val_loss', label: 'new' },
  ],
};
const REPEATS = {
  kind: 'repeats',
  title: 'A dot each',
  text: 'Below.',
  lines: [{ metric: 'train_loss', label: 'loss' }],
};
const PICTURES = {
  first: CURVES,
  second: REPEATS,
  third: {
    ...CURVES,
    kind: 'levels',
    over: 'learning_rate',
  },
  fourth: {
    ...CURVES,
    kind: 'metrics',
    over: 'place',
    lines: [
      { metric: 'val_accuracy', label: 'whole', x: 0 },
      { metric: 'ablation_50', label: 'half', x: 50 },
    ],
  },
};
Object.entries(PICTURES).forEach(([name, picture], i) =>
  writeFileSync(
    join(directory, `lessons/${name}.json`),
    JSON.stringify({ ...base(name, `The ${name}`, i + 1), picture }),
  ),
);
cpSync(
  join(top, 'static/lessons/demonstration.json'),
  join(directory, 'lessons/demonstration.json'),
);

const server = await Server.start({ static_directory: directory });
const browser = await launch();
after(async () => {
  await browser.close();
  await server.stop();
  removeDirectory(directory);
});

const outcomes = (page) =>
  page.locator('.outcome').evaluateAll((all) => all.map((one) => one.getAttribute('data-outcome')));
const untilTold = (page, n) =>
  page.waitForFunction(
    (wanted) => {
      const all = [...document.querySelectorAll('.outcome')];
      return all.length === wanted && all.every((one) => one.dataset.outcome !== 'not_yet');
    },
    n,
    { timeout: 60_000 },
  );
const untilCircles = (page, n) =>
  page.waitForFunction(
    (wanted) => document.querySelectorAll('#picture-main circle').length === wanted,
    n,
  );
const stageOf = (page, name) =>
  page.locator(`[data-testid=lesson-${name}]`).getAttribute('data-stage');

async function violations(page) {
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document));
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join('; ')}`);
}

test('a new user proves a claim in four presses, and it is kept', async () => {
  const { page, context, complaints } = await openPage(browser, server, {
    width: 1280,
    height: 720,
  });
  await page.addInitScript(axe);
  await page.goto(server.url);
  assert.equal(await page.locator('.bar nav a').first().textContent(), 'Learn');
  await page.locator('#next-lesson').click();
  await page.locator('#prediction-1').waitFor();
  assert.equal(await page.locator('.outcome, .chart').count(), 0, 'nothing is told before');
  assert.ok(await page.locator('#commit').isDisabled());
  await page.locator('#prediction-1').click();
  await page.locator('#predicted-size').fill('-0.5');
  await page.locator('#commit').click();
  await untilTold(page, 2);
  assert.deepEqual(await outcomes(page), ['holds', 'refuted']);
  assert.match(await page.locator('[data-testid=said-verdict]').textContent(), /^As you expected/);
  assert.match(await page.locator('#size-said').textContent(), /^You said −0.500; it is −\d/);
  await page.locator('#picture-main[data-lines="4"][data-points="11"]').waitFor();
  await page.reload();
  await untilTold(page, 2);
  await page.locator('#break-it').click();
  await untilTold(page, 3);
  await page.locator('#check-0-1').click();
  assert.equal(await page.locator('.guess.wrong').count(), 1);
  const link = page.locator('[data-testid=because-0] a');
  const { id } = (await server.get('/experiments?sort=created_at')).items[0];
  assert.equal(await link.getAttribute('href'), `#/experiments/${id}`);
  for (const [size, colorScheme] of [
    [{ width: 1280, height: 720 }, 'light'],
    [{ width: 390, height: 844 }, 'dark'],
  ]) {
    await page.setViewportSize(size);
    await turnTo(page, colorScheme);
    await eventually(5000, 'nothing sticks out', async () => (await overflow(page)) === 0);
    assert.deepEqual(await violations(page), [], colorScheme);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('what was done is saved, forgotten, and taken back', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/learn/second`);
  await page.locator('#prediction-0').click();
  await page.locator('#commit').click();
  await untilTold(page, 2);
  assert.match(await page.locator('[data-testid=said-verdict]').textContent(), /^Otherwise/);
  await untilCircles(page, 2 * 4 + 2);
  await page.locator('#check-0-0').click();
  await page.goto(`${server.url}/#/learn`);
  assert.equal(await stageOf(page, 'second'), 'done');
  assert.equal(await stageOf(page, 'first'), 'new');
  assert.equal(await page.locator('#path-count').textContent(), '1 of 4 lessons done');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('#save-progress').click(),
  ]);
  const file = join(directory, 'progress.json');
  await download.saveAs(file);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')).lessons.second.outcomes, [
    'holds',
    'refuted',
  ]);
  await page.locator('#forget-progress').click();
  await page.locator('#forget-progress').click();
  assert.equal(await stageOf(page, 'second'), 'new');
  await page.locator('#progress-file').setInputFiles(file);
  await page.locator('[data-testid=lesson-second][data-stage=done]').waitFor();
  await page.locator('#progress-file').setInputFiles(join(directory, 'index.html'));
  await page.locator('.notice.bad').waitFor();
  assert.equal(await stageOf(page, 'second'), 'done');
  await page.goto(`${server.url}/#/learn/second`);
  await page.locator('#again').click();
  await page.locator('#commit').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('by keyboard alone; the other kinds of picture; an experiment that is gone', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  for (const [name, n] of [
    ['third', 4],
    ['fourth', 4],
  ]) {
    await page.goto(`${server.url}/#/learn/${name}`);
    await page.locator('#prediction-0').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'commit');
    await page.keyboard.press('Enter');
    await untilTold(page, 2);
    await untilCircles(page, n);
  }
  const [last] = (await server.get('/experiments?sort=-created_at')).items;
  await server.request('DELETE', `/experiments/${last.id}?force=true`);
  await page.reload();
  await page.locator('#run-again').click();
  await untilTold(page, 2);
  assert.ok(complaints.every((line) => /status of 404/.test(line)));
  await context.close();
});

test('recipes are at hand beside the lessons', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/learn`);
  await page.locator('[data-testid=recipe-demonstration]').waitFor();
  assert.equal(await page.locator('[data-testid^=recipe-]').count(), 1);
  await page.goto(`${server.url}/#/new`);
  await page.locator('#start-from option').nth(5).waitFor({ state: 'attached' });
  assert.deepEqual(complaints, []);
  await context.close();
});

// Every name that a word, its fields, metrics and lessons have is one that there is.
const glossary = JSON.parse(readFileSync(join(top, 'static/glossary.json')));

test('the glossary names what is there', async () => {
  const { items, metrics } = await server.get('/fields');
  const known = {
    fields: new Set(items.map(({ name }) => name)),
    metrics: new Set(metrics.map(({ name }) => name)),
    lessons: new Set(
      readdirSync(join(top, 'static/lessons')).map((name) => name.replace('.json', '')),
    ),
  };
  for (const entry of glossary)
    for (const [kind, names] of Object.entries(known))
      for (const name of entry[kind]) assert.ok(names.has(name), `${entry.term}: ${name}`);
});

test('a word is found by what people call it, here and among the settings', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/learn`);
  await page.locator('#ask-word').fill('eval mode');
  await page.keyboard.press('Enter');
  const first = () => page.locator('.word h2').first().textContent();
  await page.locator('.word').first().waitFor();
  assert.match(await first(), /^training mode and evaluation mode/);
  for (const [words, wanted] of [
    ['overfitting', /^overfitting/],
    ['ensemble', /^ensemble/],
    ['early stop', /^early stopping/],
    ['AdamW', /^weight decay/],
    ['val_loss', /^Validation loss/],
  ]) {
    await page.locator('#find-word').fill(words);
    await page.waitForFunction(
      (pattern) => new RegExp(pattern).test(document.querySelector('.word h2')?.textContent),
      wanted.source,
    );
  }
  await page.locator('#find-word').fill('blancmange');
  await page.locator('#no-word').waitFor();
  await page.goto(`${server.url}/#/new?find=overfitting`);
  await page.locator('[data-field=label_noise]').waitFor();
  assert.equal(await page.locator('#nothing-found').count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the playground trains at a touch, shows one difference, leaves nothing', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const { length: before } = (await server.get('/experiments?limit=500')).items;
  const pane = (name) => page.locator(`[data-testid=pane-${name}]`);
  const untilIdle = (name) =>
    page.locator(`[data-testid=pane-${name}][data-busy="0"] .plane`).first().waitFor();
  await page.goto(`${server.url}/#/playground`);
  await untilIdle('A');
  await page.locator('#A-weight_decay').focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForURL(/weight_decay/);
  await page.locator('#play-two').click();
  await untilIdle('B');
  assert.match(await page.locator('#play-difference').textContent(), /They are the same/);
  await page.locator('#B-dropout').fill('5');
  await page.locator('[data-testid=pane-B] .play-mask').nth(5).waitFor();
  assert.match(
    await page.locator('#play-difference').textContent(),
    /They differ in dropout 0 and 0.5\./,
  );
  assert.equal(await pane('A').locator('.play-mask').count(), 0);
  await page.locator('#play-set').selectOption('circles');
  await page.waitForURL(/points=circles/);
  await untilIdle('A');
  await untilIdle('B');
  await eventually(
    5000,
    'what was trained is deleted',
    async () => (await server.get('/experiments?limit=500')).items.length === before,
  );
  await page.locator('#play-keep').click();
  await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
  const spec = JSON.parse(await page.locator('#spec-text').textContent());
  assert.deepEqual(spec.variants, [
    { label: 'A', dropout: 0 },
    { label: 'B', dropout: 0.5 },
  ]);
  assert.equal(spec.weight_decay, 0.01);
  assert.equal(spec.dataset.name, 'circles');
  assert.deepEqual(complaints, []);
  await context.close();
});
