// The verdict of an experiment: its question's own metric first, words and cautions, the table of
// its arms, and the paragraph for a paper.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { QUICK } from '../harness.mjs';
import { openPage, stage } from './browser.mjs';

const { server, browser } = await stage();
const ARMS = { ...QUICK, dataset: { name: 'moons', n: 200, noise: 0.3 }, repeats: 4 };
const [{ experiment: tuned }, { experiment: mapped }, { experiment: plain }] = await Promise.all([
  server.train({
    ...ARMS,
    name: 'Tuned',
    variants: [
      { label: 'none' },
      { label: 'dropout', dropout: 0.5 },
      { label: 'weight decay', weight_decay: 0.1 },
    ],
    sweep: { learning_rate: [0.001, 0.03] },
  }),
  server.train({
    ...ARMS,
    name: 'Mapped',
    sweep: { dropout: [0, 0.2, 0.5], train_size: [40, 80] },
  }),
  server.train({ ...ARMS, name: 'Plain', sweep: { dropout: [0, 0.5] } }),
]);
const comparisonOf = ({ id }, query = '') => server.get(`/experiments/${id}/comparison${query}`);

async function open(experiment, query = '', size = {}) {
  const opened = await openPage(browser, server, size);
  await opened.page.goto(`${server.url}/#/experiments/${experiment.id}${query}`);
  await opened.page.locator('#verdict-headline').waitFor();
  return opened;
}

/** The texts of a table's rows -> [[cell, ...], ...]. */
const textsOf = (page, table) =>
  page
    .locator(`#${table} tbody tr`)
    .evaluateAll((rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent.trim())),
    );

test('the metric of the question is asked for first, and shown as chosen', async () => {
  const { page, context, complaints } = await open(tuned);
  const { metric, headline, checks } = await comparisonOf(tuned);
  assert.equal(metric, 'test_loss', 'something is tuned');
  assert.equal(await page.locator('#verdict-metric').inputValue(), metric);
  assert.match(await page.locator('#verdict-metric option:checked').textContent(), /the question/);
  assert.equal(await page.locator('#verdict-headline').textContent(), headline);
  assert.doesNotMatch(page.url(), /compare=/);
  assert.ok(!checks.some(({ code }) => code === 'exploratory'));
  await page.locator('#verdict-metric').selectOption('val_accuracy');
  await page.locator('[data-check=exploratory]').waitFor();
  const other = await comparisonOf(tuned, '?metric=val_accuracy');
  assert.equal(await page.locator('#verdict-headline').textContent(), other.headline);
  assert.match(page.url(), /compare=val_accuracy/);
  await page.locator('#verdict-metric').selectOption('test_loss');
  await page.locator('[data-check=exploratory]').waitFor({ state: 'detached' });
  assert.doesNotMatch(page.url(), /compare=/, 'the question again');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the cautions stand beside the headline and behind no fold', async () => {
  const { page, context, complaints } = await open(tuned);
  const { checks } = await comparisonOf(tuned);
  const wanted = checks.filter(({ severity }) => severity !== 'note');
  assert.ok(wanted.length > 0);
  for (const { code, detail } of wanted) {
    const caution = page.locator(`[data-check=${code}]`);
    assert.ok(await caution.isVisible(), code);
    assert.equal((await caution.textContent()).trim(), detail);
  }
  const [words, cautions, table] = await Promise.all(
    ['#verdict-headline', '.cautions', '#arms'].map((one) => page.locator(one).boundingBox()),
  );
  assert.ok(cautions.x >= words.x + words.width && cautions.y < words.y + words.height, 'beside');
  assert.ok(table.y >= cautions.y + cautions.height, 'the table comes after');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('each arm has a row: its mean, its difference, its verdict and what it tuned', async () => {
  const { page, context, complaints } = await open(tuned);
  const { arms } = await comparisonOf(tuned);
  const rows = await textsOf(page, 'arms');
  assert.equal(rows.length, arms.length);
  for (const [i, arm] of arms.entries()) {
    const [name, chosen, repeats] = rows[i];
    assert.ok(name.startsWith(arm.label), `${name}: ${arm.label}`);
    assert.equal(name.includes('tied with the best'), arm.is_tied, name);
    assert.equal(chosen, `learning_rate ${arm.tuned.learning_rate} of ${arm.n_configs}`);
    assert.equal(repeats, String(arm.n));
  }
  assert.deepEqual(
    await page
      .locator('#arms [data-verdict]')
      .evaluateAll((all) => all.map((one) => one.dataset.verdict)),
    arms.map(({ verdict }) => verdict),
  );
  await page.locator('#arm-details summary').click();
  const tests = await textsOf(page, 'arm-tests');
  const compared = arms.filter(({ difference }) => difference);
  assert.deepEqual(
    tests.map(([name, pairs, better]) => [name, pairs, better]),
    compared.map(({ label, difference: { n, pairs_better: better } }) => [
      label,
      String(n),
      `${Math.round(100 * better)} %`,
    ]),
  );
  assert.equal(await page.locator('#configs').count(), 1, 'the configs have a table of their own');
  await page.locator('#arms a').first().click();
  await page.locator('.pairs').getByText('learning_rate', { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('where arms are configs there is one table, and the runs below', async () => {
  const { page, context, complaints } = await open(plain);
  assert.equal(await page.locator('#configs').count(), 1);
  assert.equal(await page.locator('.verdict-card #configs tbody tr').count(), 2);
  assert.deepEqual(await page.getByRole('tab').allTextContents(), ['Runs (8)', 'Specification']);
  await page.locator('#runs tbody tr').first().waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('every context has a row of the map, with its own baseline', async () => {
  const { page, context, complaints } = await open(mapped);
  const { arms, contexts } = await comparisonOf(mapped);
  assert.equal(contexts.length, 2);
  const heads = await page.locator('#regime thead th').allTextContents();
  assert.equal(heads.length, 4, 'the context, and every treatment');
  const rows = await page.locator('#regime tbody tr').evaluateAll((all) =>
    all.map((row) => ({
      context: row.children[0].textContent.trim(),
      cells: [...row.querySelectorAll('td')].map((cell) => [
        cell.dataset.label,
        cell.querySelector('[data-verdict]').dataset.verdict,
      ]),
    })),
  );
  assert.deepEqual(
    rows.map((row) => row.context),
    contexts.map(({ values }) => `train_size ${values.train_size}`),
  );
  for (const [i, { cells }] of rows.entries()) {
    const own = arms.filter((arm) => arm.context.train_size === contexts[i].values.train_size);
    assert.deepEqual([...cells].sort(), own.map(({ label, verdict }) => [label, verdict]).sort());
  }
  const words = await page.locator('#regime tbody').textContent();
  for (const { verdict } of arms)
    assert.match(words, new RegExp({ no_evidence: 'no evidence' }[verdict] ?? verdict));
  assert.equal(await page.locator('#verdict-summary').isVisible(), false);
  await page.getByText('Every context in words').click();
  await page.locator('#verdict-summary').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('arms that tune have a line of what the best of so many configs is', async () => {
  const { page, context, complaints } = await open(tuned);
  const { arms } = await comparisonOf(tuned);
  await page.locator('#budget-chart circle').first().waitFor();
  assert.equal(
    await page.locator('#budget-chart circle').count(),
    arms.reduce((sum, { budget }) => sum + budget.length, 0),
  );
  assert.deepEqual(
    (await page.getByTestId('budget').locator('.legend-item').allTextContents()).sort(),
    arms.map(({ label }) => label).sort(),
  );
  await page.locator('#budget-save').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('#budget-save-csv').click(),
  ]);
  const [head, ...lines] = readFileSync(await download.path(), 'utf8')
    .trim()
    .split(/\r?\n/);
  assert.equal(head, ['configs', ...arms.map(({ label }) => label)].join(','));
  assert.deepEqual(
    lines.map((line) => line.split(',').map(Number)),
    arms[0].budget.map((_, k) => [k + 1, ...arms.map(({ budget }) => budget[k])]),
  );
  await page.goto('about:blank'); // so that nothing of the view before is taken for this one
  await page.goto(`${server.url}/#/experiments/${plain.id}`);
  await page.locator('.settings').waitFor();
  assert.equal(await page.getByTestId('budget').count(), 0, 'nothing is tuned there');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the paragraph on methods is shown in a fold, and copied by a button', async () => {
  const { page, context, complaints } = await open(tuned);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const {
    method: { paragraph },
  } = await comparisonOf(tuned);
  assert.ok(paragraph.length > 200);
  await page.locator('#methods-copy').click();
  await page.locator('.notice', { hasText: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), paragraph);
  const words = page.locator('#methods .paragraph');
  assert.equal(await words.isVisible(), false);
  await page.locator('#methods summary').click();
  await words.waitFor();
  assert.equal(await words.textContent(), paragraph);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('nothing below the verdict moves when its answer comes', async () => {
  const { page, context } = await openPage(browser, server);
  await page.addInitScript(() => {
    globalThis.shifts = [];
    new PerformanceObserver((list) =>
      globalThis.shifts.push(...list.getEntries().map(({ value }) => value)),
    ).observe({ type: 'layout-shift', buffered: true });
  });
  await page.route(/\/comparison/, async (route) => {
    await new Promise((later) => {
      setTimeout(later, 700);
    });
    await route.continue();
  });
  await page.goto(`${server.url}/#/experiments/${mapped.id}`);
  await page.locator('#verdict-headline').waitFor();
  await page.locator('#runs tbody tr, #configs tbody tr').first().waitFor();
  await page.waitForTimeout(300);
  const moved = await page.evaluate(() => globalThis.shifts.reduce((a, b) => a + b, 0));
  assert.ok(moved < 0.05, `the page moved by ${moved}`);
  await context.close();
});
