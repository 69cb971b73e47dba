// The form of a new experiment: variants, the question, what each repeat draws anew, and what the
// design can find.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftOf, specOf } from '../../static/lib/spec.js';
import { QUICK } from '../harness.mjs';
import { openPage, stage } from './browser.mjs';

const { server, browser } = await stage();
const VARIANTS = [{ label: 'none' }, { label: 'dropout', dropout: 0.5 }];

/* The specification that the page shows as JSON. */
const shownSpec = async (page) => JSON.parse(await page.locator('#spec-text').textContent());
const untilValid = (page) => page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
const openForm = async (query = '') => {
  const opened = await openPage(browser, server);
  await opened.page.goto(`${server.url}/#/new${query}`);
  await opened.page.locator('#add-variant').waitFor();
  return opened;
};
const formOf = (spec) => openForm(`?spec=${encodeURIComponent(JSON.stringify(spec))}`);

test('variants and a question are filled in, started, and come back in a copy', async () => {
  const { page, context, complaints } = await formOf({ ...QUICK, repeats: 3 });
  await page.locator('#add-variant').click(); // none, and the first
  await page.locator('#variant-1-label').fill('dropout');
  await page.locator('#variant-1-add').selectOption('dropout');
  await page.locator('#variant-1-dropout').pressSequentially('0.25');
  await page.locator('#add-variant').click();
  await page.locator('#variant-2-label').fill('shift');
  await page.locator('#variant-2-add').selectOption('early_stopping.patience');
  await page.waitForFunction(() => document.activeElement.id.endsWith('patience'));
  await page.keyboard.type('7');
  await page.locator('#sweep-learning_rate').evaluate((button) => button.click());
  await page.locator('#field-learning_rate').fill('0.001, 0.01');
  await page.locator('#role-learning_rate').selectOption('context');
  await page.locator('#question-metric').selectOption('test_accuracy');
  await page.locator('#question-effect').pressSequentially('0.02');
  await page.locator('#field-repeat_varies').selectOption('data_seed, seed');
  await untilValid(page);
  await page.waitForFunction(() => document.getElementById('n-runs')?.textContent.startsWith('18'));
  const wanted = {
    ...QUICK,
    repeats: 3,
    repeat_varies: ['data_seed', 'seed'],
    variants: [
      { label: 'none' },
      { label: 'dropout', dropout: 0.25 },
      { label: 'shift', early_stopping: { patience: 7 } },
    ],
    question: { context: ['learning_rate'], metric: 'test_accuracy', smallest_effect: 0.02 },
    sweep: { learning_rate: [0.001, 0.01] },
  };
  assert.deepEqual(await shownSpec(page), wanted);
  await page.locator('#submit').click();
  await page.waitForURL(/#\/experiments\/\d+/);
  const id = Number(/experiments\/(\d+)/.exec(page.url())[1]);
  assert.deepEqual((await server.get(`/experiments/${id}`)).spec, wanted);
  await page.goto(`${server.url}/#/new?from=${id}`);
  await page.locator('#variant-2-label').waitFor();
  assert.equal(await page.locator('#variant-1-dropout').inputValue(), '0.25');
  assert.equal(await page.locator('#role-learning_rate').inputValue(), 'context');
  await untilValid(page);
  assert.deepEqual(await shownSpec(page), wanted);
  await page.getByRole('button', { name: 'Remove shift' }).click();
  await page.getByRole('button', { name: 'Remove dropout from dropout' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.variant').length === 2);
  assert.deepEqual((await shownSpec(page)).variants, [{ label: 'none' }, { label: 'dropout' }]);
  // The browser notes what the service refused: variants that are still the same.
  assert.deepEqual(
    complaints.filter((line) => !/status of 400/.test(line)),
    [],
  );
  await context.close();
});

test('a number that is typed letter by letter is that number', async () => {
  const { page, context } = await openForm();
  const type = async (input, words) => {
    await input.fill('');
    await input.pressSequentially(words);
    assert.equal(await input.inputValue(), words);
  };
  await page.locator('#repeats-kind').selectOption('until');
  await type(page.locator('#field-repeats'), '0.005');
  await type(page.locator('#repeats-min'), '12');
  await page.locator('#field-dataset').selectOption('moons');
  await type(page.locator('#dataset-option-noise'), '0.05');
  await page.waitForFunction(() =>
    document.getElementById('spec-text').textContent.includes('.05'),
  );
  const { dataset, repeats } = await shownSpec(page);
  assert.deepEqual([repeats.until.half_width, repeats.min, dataset.noise], [0.005, 12, 0.05]);
  await context.close();
});

test('every specification with variants or a question survives the form', async () => {
  const { items } = await server.get('/fields');
  for (const spec of [
    { variants: VARIANTS },
    { variants: [{ hidden: [8, 8] }, { hidden: [] }, { dataset: { name: 'moons', n: 90 } }] },
    { variants: [{ dropout: [0.1, 0.2], nesterov: true, optimizer: 'sgd' }] },
    {
      variants: [{ early_stopping: {} }, { early_stopping: null }, { augmentation: { shift: 2 } }],
    },
    { question: { tune: ['learning_rate', 'momentum'], context: ['train_size'] } },
    { question: { metric: 'layers.0.coadaptation', smallest_effect: 1e-3 } },
    { question: { treatment: ['dropout'], unheard: 1 }, variants: [{ label: 'a', unheard: [2] }] },
    { repeat_varies: ['seed', 'data_seed'], baseline: { dropout: 0 } },
  ]) {
    const { spec: back, errors } = specOf(draftOf(spec, items), items);
    assert.deepEqual([...errors], []);
    assert.deepEqual(back, spec);
  }
});

test('what is wrong in a variant is told where the variants are', async () => {
  const { page, context } = await formOf({ ...QUICK, variants: VARIANTS });
  await untilValid(page);
  await page.locator('#variant-1-dropout').fill('2');
  const error = page.locator('#field-variants-error');
  await error.filter({ hasText: /^variant 2: dropout must be in/ }).waitFor();
  await page.locator('#variant-1-dropout').fill('half');
  await error.filter({ hasText: 'variant 2, dropout: “half” is not a number' }).waitFor();
  assert.ok(await page.locator('#submit').isDisabled());
  await page.locator('#question-effect').fill('-1');
  await page.locator('#variant-1-dropout').fill('0.5');
  await page.locator('#field-question-error').filter({ hasText: 'must be above 0' }).waitFor();
  await page.locator('#question-effect').fill('');
  await untilValid(page);
  assert.equal(await error.count(), 0);
  await context.close();
});

test('what the specification asks is told, and how the roles of its fields are taken', async () => {
  const { page, context, complaints } = await formOf({
    ...QUICK,
    repeats: 3,
    variants: VARIANTS,
    sweep: { learning_rate: [0.001, 0.01], train_size: [40, 80] },
  });
  const asked = page.locator('#asked');
  await asked.waitFor();
  assert.equal(
    (await asked.textContent()).replace(/\s+/g, ' ').trim(),
    'It asks about dropout; each arm tunes learning_rate for itself in every repeat; ' +
      'within each train_size. Judged by test loss.',
  );
  const chosen = (name) => page.locator(`#role-${name} option:checked`).textContent();
  assert.equal(await chosen('learning_rate'), 'by its group: tuned by each arm');
  assert.equal(await chosen('train_size'), 'by its group: asked within');
  await page.locator('#role-learning_rate').selectOption('treatment');
  await asked.filter({ hasText: /asks about .*learning_rate.*validation loss/ }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('what the design can find is told before it is started', async () => {
  const { page, context, complaints } = await formOf({ ...QUICK, repeats: 4, variants: VARIANTS });
  await untilValid(page);
  const words = page.getByTestId('dry-run').getByText(/a true difference below [\d.]+ standard/);
  await words.waitFor();
  const before = await words.textContent();
  await page.locator('#field-repeats').fill('12');
  await page.waitForFunction(
    (old) => !document.querySelector('[data-testid=dry-run]').textContent.includes(old),
    before.trim(),
  );
  await words.waitFor();
  const least = (text) => Number(/below ([\d.]+) standard/.exec(text)[1]);
  assert.ok(least(await words.textContent()) < least(before), 'more repeats find less');
  assert.deepEqual(complaints, []);
  await context.close();
});
