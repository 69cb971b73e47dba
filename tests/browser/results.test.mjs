// What the pages of an experiment and of a run say is what the API says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUICK } from '../harness.mjs';
import { openPage, stage } from './browser.mjs';
import { GRID } from './grid.mjs';

const { server, browser } = await stage();
const { experiment } = await server.train(GRID);
const {
  runs: [picture],
} = await server.train({
  dataset: { name: 'glyphs', n: 1500 },
  hidden: [16],
  epochs: 3,
  name: 'Pictures',
});
const {
  runs: [regression],
} = await server.train({ dataset: 'sine', hidden: [8], epochs: 2 });
const at = `#/experiments/${experiment.id}`;

test('the verdict is the summary of the comparison, for every metric and epoch', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  for (const [metric, which] of [
    ['val_loss', 'selected'],
    ['val_accuracy', 'selected'],
    ['val_accuracy', 'last'],
    ['train_loss', 'best'],
  ]) {
    await page.locator('#verdict-metric').selectOption(metric);
    await page.locator('#verdict-at').selectOption(which);
    const { headline, checks, summary, configs } = await server.get(
      `/experiments/${experiment.id}/comparison?metric=${metric}&at=${which}`,
    );
    await page.waitForFunction(
      (words) => document.getElementById('verdict-summary')?.textContent === words,
      summary,
    );
    assert.equal(await page.locator('#verdict-headline').textContent(), headline);
    assert.deepEqual(
      await page.locator('.verdict-card .warning').allTextContents(),
      checks.filter(({ severity }) => severity !== 'note').map(({ detail }) => detail),
      'cautions stand beside the headline',
    );
    const verdicts = configs.map((config) => config.verdict);
    await page.waitForFunction(
      (words) =>
        JSON.stringify(
          [...document.querySelectorAll('#configs [data-verdict]')].map(
            (one) => one.dataset.verdict,
          ),
        ) === words,
      JSON.stringify(verdicts),
    );
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a metric that cannot be compared there is compared elsewhere, or refused', async () => {
  const { page, context } = await openPage(browser, server);
  const verdicts = () => page.locator('#configs [data-verdict]').count();
  await page.goto(`${server.url}/${at}?at=last`);
  await page.locator('#configs [data-verdict]').first().waitFor();
  await page.locator('#verdict-metric').selectOption('test_loss');
  const { summary } = await server.get(`/experiments/${experiment.id}/comparison?metric=test_loss`);
  await page.waitForFunction(
    (words) => document.getElementById('verdict-summary')?.textContent === words,
    summary,
  );
  const places = (disabled) =>
    page
      .locator(`#verdict-at option${disabled ? ':disabled' : ':not(:disabled)'}`)
      .evaluateAll((all) => all.map((one) => one.value));
  assert.deepEqual([await places(false), await places(true)], [['selected'], ['best', 'last']]);
  await page.locator('#verdict-metric').selectOption('learning_rate');
  await page.waitForFunction(() =>
    /learning/.test(document.getElementById('verdict-summary')?.textContent),
  );
  assert.deepEqual([await places(false), await places(true)], [['best', 'last'], ['selected']]);
  await page.locator('table#configs').waitFor();
  assert.equal(
    await page.getByRole('region', { name: 'Configs, the lowest first' }).count(),
    1,
    'of which neither more nor less is better',
  );
  assert.doesNotMatch((await page.locator('#configs title').allTextContents()).join(), /is better/);
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `${at}?compare=learning_rate&at=selected`);
  await page.waitForFunction(
    () =>
      /learning/.test(document.getElementById('verdict-summary')?.textContent) &&
      document.getElementById('verdict-at').value === 'best',
  );
  await page.locator('#verdict-metric').selectOption('val_loss');
  await page.waitForFunction(
    () => document.getElementById('verdict-at').value === 'selected',
  ); /* what was asked for before the detour */
  await page.locator('#configs [data-verdict]').first().waitFor();
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `${at}?compare=nonsense`);
  await page.getByTestId('verdict').getByText('There is no metric "nonsense"').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('#configs tbody tr').length === 4);
  assert.equal(await verdicts(), 0);
  await page.locator('#verdict-metric').selectOption('val_loss');
  await page.locator('#configs [data-verdict]').first().waitFor();
  await context.close();
});

test('a metric that no run has leaves the page in its order', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await page.locator('.settings').waitFor();
  await page.locator('#verdict-metric').selectOption('mc_test_loss');
  await page.waitForFunction(() =>
    /No finished run has a test loss/.test(document.getElementById('verdict-summary')?.textContent),
  );
  await page.locator('.settings').waitFor({ state: 'detached' });
  const order = await page.evaluate(() =>
    [...document.querySelectorAll('.crumbs, .page-head, .verdict-card, .tables, .foot')].map(
      (one) => one.classList[one.classList.length - 1],
    ),
  );
  assert.deepEqual(order, ['crumbs', 'page-head', 'verdict-card', 'tables', 'foot']);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('experiments can be compared by every metric', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/compare?ids=${experiment.id},${picture.experiment_id}`);
  await page.locator('#compared tbody tr').first().waitFor();
  assert.match(
    await page.locator('#compare-differing').textContent(),
    /Not the same in all:.*epochs 12 \/ 3/,
  );
  const metrics = await page
    .locator('#compare-metric option')
    .evaluateAll((all) => all.map((one) => one.value));
  assert.ok(metrics.includes('learning_rate') && metrics.includes('test_loss'), `${metrics}`);
  for (const metric of ['test_loss', 'learning_rate', 'seconds', 'val_accuracy']) {
    await page.locator('#compare-metric').selectOption(metric);
    await page
      .getByRole('heading', {
        level: 2,
        name: new RegExp(`^${metric.replace('val', 'validation').replace('_', ' ')} by epoch`, 'i'),
      })
      .waitFor();
    assert.equal(await page.locator('#compared tbody tr').count(), 5, metric);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('main effects and interactions of a full grid stand in a table of their own', async () => {
  const { effects } = await server.get(`/experiments/${experiment.id}/comparison`);
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await page.locator('#interactions tbody tr').first().waitFor();
  const alone = effects.items.filter((item) => !item.with);
  assert.equal(await page.locator('#main-effects tbody tr').count(), alone.length);
  assert.equal(
    await page.locator('#interactions tbody tr').count(),
    effects.items.length - alone.length,
  );
  assert.match(
    await page.locator('#main-effects tbody').textContent(),
    /dropout 0\.5 instead of 0/,
  );
  assert.match(
    await page.locator('#interactions tbody').textContent(),
    /dropout 0\.5 with weight_decay 0\.1/,
  );
  await page.goto(`${server.url}/#/experiments/${picture.experiment_id}`);
  await page.locator('#verdict-summary').waitFor();
  assert.equal(await page.locator('[data-testid=effects]').count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the charts against the settings and the effects claim no more than was tested', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const note = page.locator('.settings > p');
  const cell = page.locator('.heat svg > g').last();
  const hatched = page.locator('.heat rect[fill="url(#hatch)"]');
  const { effects, direction } = await server.get(
    `/experiments/${experiment.id}/comparison?metric=weight_norm`,
  );
  assert.equal(direction, 'none');
  await page.goto(`${server.url}/${at}?against=heat&compare=weight_norm`);
  await page.getByRole('heading', { name: 'Weight norm against the settings' }).waitFor();
  await cell.waitFor();
  assert.equal(await hatched.count(), 0);
  assert.equal(
    await note.textContent(),
    'Lighter is more, which is neither better nor worse. The baseline is framed.',
  );
  for (const [table, items] of [
    ['main-effects', effects.items.filter((item) => !item.with)],
    ['interactions', effects.items.filter((item) => item.with)],
  ]) {
    const words = await page.locator(`#${table} .verdict`).allTextContents();
    assert.deepEqual(
      words,
      items.map((item) => (item.p_adjusted < 0.05 ? '≠ differs' : '≈ no evidence')),
    );
  }
  assert.ok(effects.items.some((item) => item.p_adjusted < 0.05));
  await page.goto(`${server.url}/${at}?against=parallel&compare=weight_norm`);
  await page.locator('.parallel polyline').first().waitFor();
  assert.match(await note.textContent(), /the strongest colour has the highest value/);
  const { experiment: few } = await server.train({
    ...QUICK,
    repeats: 2,
    sweep: { dropout: [0, 0.5], weight_decay: [0, 0.1] },
  });
  await page.goto(`${server.url}/#/experiments/${few.id}?against=heat`);
  await hatched.nth(2).waitFor();
  assert.equal(
    await note.textContent(),
    'Lighter is better. The baseline is framed. Hatched: too few seeds to tell.',
  );
  for (const one of await page.locator('.heat svg > g').all()) {
    await one.hover();
    const isBaseline = (await one.locator('.base-cell').count()) > 0;
    await page.waitForFunction(
      ([words, end]) => document.querySelector('.settings > p').textContent === words + end,
      [await one.locator('title').textContent(), isBaseline ? '' : ', too few seeds to tell'],
    );
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the answers of a run: confusion, calibration and mistakes of its evaluation', async () => {
  const evaluation = await server.get(`/runs/${picture.id}/evaluation`);
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/runs/${picture.id}`);
  await page.getByRole('tab', { name: 'Answers' }).click();
  await page.locator('[data-testid=mistakes] canvas').first().waitFor();
  const cells = await page
    .locator('#confusion tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) =>
        [...row.querySelectorAll('td:not(.right-share)')].map((cell) => Number(cell.textContent)),
      ),
    );
  assert.deepEqual(cells, evaluation.confusion);
  assert.equal(
    await page.locator('[data-testid=mistakes] figure').count(),
    evaluation.mistakes.length,
  );
  const [worst] = evaluation.mistakes;
  assert.match(
    await page.locator('[data-testid=mistakes] figcaption').first().textContent(),
    new RegExp(`^${worst.label} → ${worst.predicted}`),
  );
  const inked = await page
    .locator('[data-testid=mistakes] canvas')
    .first()
    .evaluate((canvas) =>
      [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data].filter(
        (_, i) => i % 4 === 0,
      ),
    );
  assert.deepEqual(inked, worst.pixels);
  assert.equal(
    await page.locator('#reliability .counted').count(),
    evaluation.calibration.filter((bin) => bin.n > 0).length,
  );
  await page.goto(`${server.url}/#/runs/${regression.id}?tab=answers`);
  await page.locator('[data-testid=residuals]').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a forgotten evaluation mode is a cloud around the still point', async () => {
  const { runs } = await server.train({
    dataset: { name: 'glyphs', n: 1500 },
    hidden: [32],
    epochs: 3,
    record_layers: false,
    dropout: 0.4,
  });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/runs/${runs[0].id}?tab=answers`);
  await page.locator('#forgotten').click();
  await page.locator('#forgotten-cloud circle').nth(101).waitFor();
  assert.match(
    await page.locator('[data-testid=forgotten-words]').textContent(),
    /in evaluation mode, and 0\.\d+ on average with masks left on/,
  );
  assert.deepEqual(complaints, []);
  await context.close();
});
