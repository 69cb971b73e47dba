// The decision boundary as it forms: two configs side by side at the same epoch, in the link;
// residuals; previews with options.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { openPage, overflow, stage } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const { server, browser } = await stage();
const MOONS = {
  dataset: { name: 'moons', n: 200, noise: 0.25 },
  hidden: [16],
  epochs: 12,
  batch_size: 32,
  name: 'Moons',
};
const { experiment, runs } = await server.train({
  ...MOONS,
  repeats: 2,
  sweep: { dropout: [0, 0.3, 0.6] },
});
const {
  runs: [plane],
} = await server.train({
  dataset: { name: 'polynomial', n: 100, dimensions: 2 },
  hidden: [8],
  epochs: 3,
  name: 'Plane',
});
const at = `#/experiments/${experiment.id}`;
const runOf = (dropout, seed) =>
  runs.find((run) => run.values.dropout === dropout && run.seed === seed);

/* The canvases of the panel, when both show this epoch. */
async function untilEpoch(page, epoch, n = 2) {
  await page.waitForFunction(
    ([wanted, many]) => {
      const shown = [...document.querySelectorAll('canvas.plane')];
      return shown.length === many && shown.every((canvas) => canvas.dataset.epoch === wanted);
    },
    [String(epoch), n],
  );
}
const pixels = (page) =>
  page.locator('canvas.plane').evaluateAll((all) => all.map((canvas) => canvas.toDataURL()));
const show = async (page, query = '') => {
  await page.goto('about:blank');
  await page.goto(`${server.url}/${at}${query}`);
  await page.locator('[data-testid=boundaries]').scrollIntoViewIfNeeded();
};
async function check(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ['violations'] }),
  );
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`),
    [],
    what,
  );
}

test('two configs side by side at the last epoch, with words for who does not see', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await show(page);
  await untilEpoch(page, 12);
  const { baseline, configs } = await server.get(`/experiments/${experiment.id}/comparison`);
  assert.equal(await page.locator('#boundary-left').inputValue(), baseline);
  assert.equal(
    await page.locator('#boundary-right').inputValue(),
    configs.find((config) => config.config_id !== baseline).config_id,
  );
  const {
    grids: [grid],
  } = await server.get(`/runs/${runOf(0, 0).id}/boundary?epochs=12`);
  const share = Math.round((100 * grid.class.filter((c) => c === 0).length) / grid.class.length);
  const words = await page.locator('canvas.plane').first().getAttribute('aria-label');
  assert.match(
    words,
    new RegExp(
      '^dropout 0, seed 0 at epoch 12: ' +
        `class 0 on ${share} % of the plane, class 1 on ${100 - share} %`,
    ),
  );
  assert.equal(await page.locator('[data-testid=boundary-at]').textContent(), 'epoch 12 of 12');
  await check(page, 'light');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('configs, seed and epoch are chosen with the keyboard, and stand in the link', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await show(page);
  await untilEpoch(page, 12);
  const last = await pixels(page);
  await page.locator('#boundary-epoch').focus();
  await page.keyboard.press('Home');
  await untilEpoch(page, 0);
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
  await untilEpoch(page, 3);
  assert.equal(
    await page.locator('#boundary-epoch').getAttribute('aria-valuetext'),
    'epoch 3 of 12',
  );
  await page.waitForFunction(() => location.hash.includes('epoch=3'));
  await page.locator('#boundary-right').selectOption(runOf(0.6, 1).config_id);
  await page.locator('#boundary-seed').selectOption('1');
  await page.locator(`.planes a[href="#/runs/${runOf(0, 1).id}?tab=boundary"]`).waitFor();
  await page.locator(`.planes a[href="#/runs/${runOf(0.6, 1).id}?tab=boundary"]`).waitFor();
  await untilEpoch(page, 3);
  const drawn = await pixels(page);
  assert.notEqual(drawn[0], drawn[1]);
  assert.notEqual(drawn[0], last[0]);
  await page.reload();
  await page.locator('[data-testid=boundaries]').scrollIntoViewIfNeeded();
  await untilEpoch(page, 3);
  await page.waitForFunction(
    (same) =>
      JSON.stringify(
        [...document.querySelectorAll('canvas.plane')].map((canvas) => canvas.toDataURL()),
      ) === same,
    JSON.stringify(drawn),
  );
  assert.deepEqual(complaints, []);
  await context.close();
});

test('it plays from the beginning to the end when it is asked to, and only then', async () => {
  for (const reduced of [true, false]) {
    const { page, context, complaints } = await openPage(browser, server, { reduced });
    await show(page, '?epoch=0');
    await untilEpoch(page, 0);
    assert.equal(await page.locator('#boundary-play').textContent(), 'Play');
    await page.locator('#boundary-play').focus();
    await page.keyboard.press('Enter');
    await untilEpoch(page, 12);
    await page.waitForFunction(
      () =>
        document.getElementById('boundary-play').textContent === 'Play' &&
        !location.hash.includes('epoch='),
    );
    await page.locator('#boundary-play').click(); /* from the start again */
    await page.waitForFunction(
      () => document.getElementById('boundary-play').textContent === 'Pause',
    );
    await page.locator('#boundary-play').click();
    await page.waitForFunction(
      () => document.getElementById('boundary-play').textContent === 'Play',
    );
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('on a phone and in the dark nothing sticks out and axe finds nothing', async () => {
  for (const size of [
    { width: 360, height: 740 },
    { width: 390, height: 844, dark: true },
  ]) {
    const { page, context } = await openPage(browser, server, size);
    await show(page);
    await untilEpoch(page, 12);
    assert.equal(await overflow(page), 0);
    await check(page, JSON.stringify(size));
    await context.close();
  }
});

test('a run has its own, also while it trains: the film grows with it', async () => {
  const {
    id,
    run_ids: [run],
  } = await server.submit({
    ...MOONS,
    dataset: { name: 'moons', n: 2000 },
    hidden: [64, 64],
    epochs: 100000,
    name: 'Long',
  });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/runs/${run}?tab=boundary`);
  await page.locator('canvas.plane').waitFor();
  const frames = () => page.locator('#boundary-epoch').getAttribute('max').then(Number);
  const first = await frames();
  await page.waitForFunction(
    (before) => Number(document.getElementById('boundary-epoch').max) > before,
    first,
  );
  await page.locator('#run-cancel').click();
  await server.untilTerminal(id);
  const { epoch } = await server.get(`/runs/${run}`);
  /* it is trained once more up to there, which takes as long as it did */
  const last = page.locator('[data-testid=boundary-at]').getByText(`epoch ${epoch} of ${epoch}`);
  await last.waitFor({ timeout: 180_000 });
  assert.deepEqual(complaints, []);
  await context.close();
});

test('of a regression in the plane: values as colours; its answers: residuals', async () => {
  const evaluation = await server.get(`/runs/${plane.id}/evaluation`);
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/runs/${plane.id}?tab=boundary&epoch=1`);
  await untilEpoch(page, 1, 1);
  assert.match(
    await page.locator('canvas.plane').getAttribute('aria-label'),
    /at epoch 1: predicted values from/,
  );
  await check(page, 'boundary');
  await page.getByRole('tab', { name: 'Answers' }).click();
  await page.locator('#predicted circle').first().waitFor();
  assert.equal(await page.locator('#predicted circle').count(), evaluation.points.target.length);
  assert.equal(
    await page.locator('#residual-histogram .bin').count(),
    evaluation.histogram.counts.length,
  );
  assert.equal(
    await page.locator('#worst tbody tr').first().getAttribute('data-key'),
    `${evaluation.worst[0].index}-0`,
  );
  await check(page, 'answers');
  const phone = await openPage(browser, server, { width: 360, height: 740, dark: true });
  await phone.page.goto(`${server.url}/#/runs/${plane.id}?tab=answers`);
  await phone.page.locator('#residual-histogram .bin').first().waitFor();
  assert.equal(await overflow(phone.page), 0);
  assert.deepEqual([...complaints, ...phone.complaints], []);
  await context.close();
  await phone.context.close();
});

test('what is too much work is shown as far as the service goes, with what it says', async () => {
  const { page, context } = await openPage(browser, server);
  await page.route('**/boundary?*', (route) => {
    const epochs = new URL(route.request().url()).searchParams.get('epochs').split(',').map(Number);
    if (epochs.at(-1) <= 6) return route.continue();
    const detail = 'Training it would take about 95 s.';
    return route.fulfill({
      status: 400,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        title: 'Bad Request',
        detail,
        errors: [{ pointer: '/query/epochs', code: 'time_limit', detail }],
      }),
    });
  });
  await show(page);
  await page.getByText('There is no boundary of epoch 12').first().waitFor();
  await page.getByText('about 95 s').first().waitFor();
  await untilEpoch(page, 5); // of 0 .. 12, half
  await show(page, '?epoch=3');
  await untilEpoch(page, 3);
  assert.equal(await page.locator('[data-testid=boundaries] [role=alert]').count(), 0);
  await context.close();
});

test('data that are no plane have no boundary', async () => {
  const {
    runs: [pictures],
  } = await server.train({ dataset: { name: 'glyphs', n: 200 }, hidden: [8], epochs: 1 });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments/${pictures.experiment_id}`);
  await page.locator('#configs tbody tr').first().waitFor();
  assert.equal(await page.locator('[data-testid=boundaries]').count(), 0);
  await page.goto(`${server.url}/#/runs/${pictures.id}`);
  await page.getByRole('tab', { name: 'Answers' }).waitFor();
  assert.equal(await page.getByRole('tab', { name: 'Boundary' }).count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the preview of a built-in set follows its options, into link and form', async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto(`${server.url}/#/datasets?name=blobs`);
  await page.locator('#plane circle').first().waitFor();
  await page.locator('#preview-option-classes').fill('5');
  await page.locator('#preview-option-n').fill('200');
  await page.waitForFunction(
    () => document.querySelectorAll('[data-testid=balance] dt').length === 5,
  );
  await page.waitForFunction(() => document.querySelectorAll('#plane circle').length === 200);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll('#plane circle').length === 200);
  await page.locator('#preview-option-noise').fill('200');
  assert.match(
    await page.locator('#preview-option-noise-error').textContent(),
    /must be in 0 \.\. 100, not 200/,
  );
  await page.locator('#preview-option-noise').fill('0.5');
  await page.locator('#preview-option-noise-error').waitFor({ state: 'detached' });
  await check(page, 'preview');
  await page.locator('#use-dataset').click();
  await page.locator('#field-dataset').waitFor();
  assert.equal(await page.locator('#field-dataset').inputValue(), 'blobs');
  assert.deepEqual(
    await Promise.all(
      ['n', 'noise', 'classes', 'dimensions'].map((key) =>
        page.locator(`#dataset-option-${key}`).inputValue(),
      ),
    ),
    ['200', '0.5', '5', ''],
  );
  await page.locator('#dataset-look summary').click();
  await page.waitForFunction(() => document.querySelectorAll('#look-plane circle').length === 200);
  await page.locator('#dataset-option-classes').fill('3');
  await page.waitForFunction(
    () => document.querySelectorAll('#dataset-look [data-testid=balance] dt').length === 3,
  );
  await check(page, 'form');
  await context.close();
});
