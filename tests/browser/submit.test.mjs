// The way of a user: fill in the form, start, watch the curve grow, read the verdict.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUICK } from '../harness.mjs';
import { openPage, stage, untilPoints } from './browser.mjs';

const { server, browser } = await stage();

/* Fills in the form: dropout 0 and 0.5 on glyphs, three seeds -> with the dry run content, six runs
 * of `epochs`. */
async function fillForm(page, name, epochs) {
  await page.goto(`${server.url}/#/new`);
  await page.locator('#field-name').fill(name);
  await page.locator('#field-repeats').fill('3');
  await page.locator('#field-dataset').selectOption('glyphs');
  await page.locator('#sweep-dropout').click();
  await page.locator('#field-dropout').fill('0, 0.5');
  const find = page.locator('#find-field');
  await find.fill('epochs');
  await page.locator('#field-epochs').fill(String(epochs));
  await find.fill('');
  await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
  await page.waitForFunction(() => document.getElementById('n-runs')?.textContent.startsWith('6 '));
}

/** Starts what the form says -> the experiment's id. */
async function start(page) {
  await page.locator('#submit').click();
  await page.waitForURL(/#\/experiments\/\d+/);
  return Number(/experiments\/(\d+)/.exec(page.url())[1]);
}

test('the curve of an experiment submitted from the form grows live', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  /* far more epochs than are waited for: there is always something left to grow */
  await fillForm(page, 'Grows', 100_000);
  const id = await start(page);
  let n = await untilPoints(page, 'chart-0', 2);
  for (let step = 0; step < 4; step++) n = await untilPoints(page, 'chart-0', n + 1);
  const { status } = await server.get(`/experiments/${id}`);
  assert.equal(status, 'running', 'all that was seen, was seen while it trained');
  assert.deepEqual(complaints, []);
  await server.request('DELETE', `/experiments/${id}?force=true`);
  await context.close();
});

test('an experiment submitted from the form is trained and gets its verdict', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await fillForm(page, 'From the form', 40);
  const id = await start(page);
  await untilPoints(page, 'chart-0', 41);
  await server.untilTerminal(id);
  const experiment = await server.get(`/experiments/${id}`);
  assert.equal(experiment.name, 'From the form');
  assert.deepEqual(experiment.spec, {
    name: 'From the form',
    repeats: 3,
    dataset: 'glyphs',
    epochs: 40,
    sweep: { dropout: [0, 0.5] },
  });
  const { summary } = await server.get(`/experiments/${id}/comparison`);
  await page.getByText(summary.split('. ')[0]).first().waitFor();
  assert.equal(await page.locator('#configs tbody tr').count(), 2, 'a row per config');
  await page.getByRole('tab', { name: /^Runs/ }).click();
  await page.waitForFunction(() => document.querySelectorAll('#runs tbody tr').length === 6);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('Enter in the search goes to what it found, and starts nothing', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const started = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && !request.url().includes('dry_run'))
      started.push(request.url());
  });
  const focused = () => page.evaluate(() => document.activeElement.id);
  await page.goto(`${server.url}/#/new`);
  const find = page.locator('#find-field');
  await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
  await find.press('Enter');
  assert.equal(await focused(), 'find-field', 'nothing is looked for');
  await find.fill('no such setting');
  await find.press('Enter');
  assert.equal(await focused(), 'find-field', 'nothing is found');
  await find.fill('weight_decay');
  await page.locator('#field-weight_decay').waitFor();
  await find.press('Enter');
  assert.equal(await focused(), 'field-weight_decay');
  assert.match(page.url(), /#\/new/);
  assert.deepEqual(started, []);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the search takes words as people write them, and what is set there counts', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/new`);
  const find = page.locator('#find-field');
  for (const [words, id] of [
    ['weight decay', 'weight_decay'],
    ['label smoothing', 'label_smoothing'],
    ['learning rate', 'learning_rate'],
    ['Batch Size', 'batch_size'],
    ['early stopping', 'early_stopping'],
  ]) {
    await find.fill(words);
    await page.locator(`[data-field="${id}"]`).first().waitFor();
  }
  await find.fill('nonesuch');
  await page.locator('#nothing-found').waitFor();
  await page.locator('#nothing-found button').click();
  await page.locator('#field-dropout').waitFor();
  await find.fill('patience');
  assert.match(
    await page.locator('[data-field="early_stopping.patience"] label').first().textContent(),
    /early_stopping\.patience/,
  );
  await page.locator('#field-early_stopping-patience').fill('3');
  await page.waitForFunction(
    () =>
      JSON.parse(new URLSearchParams(location.hash.split('?')[1]).get('spec') ?? '{}')
        .early_stopping?.patience === 3,
  );
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a mistake that the page finds hides none that the service finds', async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto(`${server.url}/#/new`);
  await page.locator('#field-dropout').fill('1.5');
  await page.locator('#field-dropout-error').waitFor();
  await page.locator('#sweep-weight_decay').click();
  await page.locator('#field-weight_decay').fill('0, nothing');
  await page.locator('#field-weight_decay-error').waitFor();
  await page.getByText('2 things to correct').waitFor();
  assert.equal(await page.locator('#field-dropout-error').count(), 1);
  assert.ok(await page.locator('#submit').isDisabled());
  await context.close();
});

test('errors stand at their fields before anything is sent', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/new`);
  await page.locator('#find-field').fill('epochs');
  await page.locator('#field-epochs').fill('0');
  await page.locator('#field-epochs-error').waitFor();
  assert.match(await page.locator('#field-epochs-error').textContent(), /\d/);
  assert.ok(await page.locator('#submit').isDisabled());
  await page.locator('#field-epochs').fill('5');
  await page.locator('#field-epochs-error').waitFor({ state: 'detached' });
  await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
  // The browser itself notes the refused dry run on the console; nothing else may be there.
  assert.deepEqual(
    complaints.filter((line) => !/status of 400/.test(line)),
    [],
  );
  await context.close();
});

test('every field of the table is in the form', async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto(`${server.url}/#/new`);
  await page.locator('#field-name').waitFor();
  const { items } = await server.get('/fields');
  const missing = [];
  for (const field of items) {
    if (field.name === 'sweep' || field.name.includes('.')) continue;
    if ((await page.locator(`[data-field="${field.name}"]`).count()) === 0)
      missing.push(field.name);
  }
  assert.deepEqual(missing, []);
  for (const field of items.filter(
    ({ formula, is_regularizer, name }) => formula && is_regularizer && !name.includes('.'),
  )) {
    assert.equal(
      await page.locator(`[data-field="${field.name}"] .formula`).textContent(),
      field.formula,
    );
  }
  const l2 = items.find((field) => field.name === 'l2');
  await page.locator('[data-field=l2] summary').click();
  for (const words of Object.values(l2.equivalents))
    await page.locator('[data-field=l2]').getByText(words, { exact: true }).waitFor();
  await context.close();
});

test('on a phone, what would be trained and the button for it stay in sight', async () => {
  const { page, context, complaints } = await openPage(browser, server, {
    width: 390,
    height: 844,
  });
  const unused = {
    momentum: 0.5,
    rho: 0.9,
    nesterov: true,
    decay_factor: 0.5,
    decay_every: 3,
    dropout_kind: 'gaussian',
    dropout_scope: 'batch',
    penalty_applies_to: 'all',
  };
  for (const spec of [{}, unused]) {
    await page.goto(`${server.url}/#/new?spec=${encodeURIComponent(JSON.stringify(spec))}`);
    await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
    if (spec === unused)
      await page.waitForFunction(() => document.querySelectorAll('.warning').length >= 6);
    await page.locator('#field-name').focus();
    for (let stop = 0; stop < 25; stop++) {
      await page.keyboard.press('Tab');
      const [bottom, top, end] = await page.evaluate(() => [
        document.activeElement.getBoundingClientRect().bottom,
        document.querySelector('.start').getBoundingClientRect().top,
        document.getElementById('submit').getBoundingClientRect().bottom,
      ]);
      assert.ok(end <= 844, `Start ends at ${end}`);
      assert.ok(
        bottom <= top + 1,
        `stop ${stop} of ${Object.keys(spec).length} settings: it ends at ${bottom}, ` +
          `the bar begins at ${top}`,
      );
    }
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('who presses Start right after a change gets to the experiment, however late', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.route('**/view/experiment.js', async (route) => {
    await new Promise((later) => {
      setTimeout(later, 900);
    });
    await route.continue();
  });
  await page.goto(`${server.url}/#/new?spec=${encodeURIComponent(JSON.stringify(QUICK))}`);
  await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
  await page.locator('#field-name').fill('Just now');
  await page.locator('#submit').click();
  await page.getByRole('heading', { name: 'Just now' }).waitFor();
  await page.waitForTimeout(500); // what the form had still to say must not lead back
  assert.match(page.url(), /#\/experiments\/\d+$/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a copy of an experiment starts from its specification', async () => {
  const made = await server.submit({
    name: 'original',
    dataset: 'moons',
    epochs: 7,
    dropout: 0.25,
  });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/new?from=${made.id}`);
  await page.locator('#field-name').waitFor();
  assert.equal(await page.locator('#field-name').inputValue(), 'original');
  assert.equal(await page.locator('#field-dropout').inputValue(), '0.25');
  assert.deepEqual(complaints, []);
  await context.close();
});
