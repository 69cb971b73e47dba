// The curves of an experiment: what the link says of them, their ticks, training lines and marks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { QUICK } from '../harness.mjs';
import { openPage, stage, untilPoints } from './browser.mjs';
import { GRID } from './grid.mjs';

const { server, browser } = await stage();
const { experiment } = await server.train(GRID);
const at = `#/experiments/${experiment.id}`;

test('zoom, hidden configs, axes and tabs are in the link: a reload shows the same', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await untilPoints(page, 'chart-0', 13);
  await page.locator('#chart-0').scrollIntoViewIfNeeded();
  const box = await page.locator('#chart-0 .u-over').boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 6 });
  await page.mouse.up();
  await page.locator('#zoom-reset-0').waitFor();
  await page.locator('[data-testid=legend] button').nth(1).click();
  await page.locator('[data-testid=y-log]').check({ force: true });
  await page.locator('#x-log').check();
  await page.locator('#band').selectOption('range');
  await page.getByRole('tab', { name: /^Runs/ }).click();
  const link = page.url();
  const picture_of = () => page.locator('#chart-0 .ink').evaluate((canvas) => canvas.toDataURL());
  const state = async () => ({
    off: await page.locator('[data-testid=legend] .off').allTextContents(),
    log: await page.locator('[data-testid=y-log]').isChecked(),
    x: await page.locator('#x-log').isChecked(),
    band: await page.locator('#band').inputValue(),
    runs: await page.locator('#runs tbody tr').count(),
    zoomed: await page.locator('#zoom-reset-0').count(),
  });
  const before = await state();
  assert.deepEqual(
    { ...before, off: before.off.length },
    { off: 1, log: true, x: true, band: 'range', runs: 16, zoomed: 1 },
  );
  await page.mouse.move(0, 0);
  const drawn = await picture_of();
  await page.reload();
  await untilPoints(page, 'chart-0', 13);
  await page.locator('#runs tbody tr').nth(15).waitFor();
  assert.equal(page.url(), link);
  assert.deepEqual(await state(), before);
  await page.waitForFunction(
    (same) => document.querySelector('#chart-0 .ink').toDataURL() === same,
    drawn,
  );
  assert.deepEqual(complaints, []);
  await context.close();
});

test('epochs tick at whole numbers only', async () => {
  const { page, context } = await openPage(browser, server);
  await page.addInitScript(() => {
    globalThis.words = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function keep(text, x, y, ...rest) {
      globalThis.words.push([text, x, y]);
      return fillText.call(this, text, x, y, ...rest);
    };
  });
  for (const query of ['?zoom=3:5', '?zoom=1:3&x=log', '']) {
    await page.goto('about:blank');
    await page.goto(`${server.url}/${at}${query}`);
    await untilPoints(page, 'chart-0', 13);
    await page.evaluate(() => {
      globalThis.words.length = 0;
    });
    await page.setViewportSize({ width: 1300 + query.length, height: 900 });
    await page.waitForFunction(() => globalThis.words.length > 4);
    const words = await page.evaluate(() => globalThis.words);
    const lowest = Math.max(...words.map(([, , y]) => y));
    const ticks = words.filter(([, , y]) => Math.abs(y - lowest) < 2).map(([text]) => text);
    assert.ok(ticks.length >= 2, `${query}: ${words}`);
    assert.ok(
      ticks.every((text) => /^\d+$/.test(text)),
      `${query}: ${ticks}`,
    );
  }
  await context.close();
});

test('training lines, gaps, best epochs and early stops are in the charts', async () => {
  const { experiment: stopped } = await server.train({
    ...QUICK,
    epochs: 60,
    repeats: 2,
    learning_rate: 0.05,
    early_stopping: { patience: 2 },
    sweep: { dropout: [0, 0.5] },
  });
  const reasons = (await server.get(`/experiments/${stopped.id}/runs`)).items.map(
    (run) => run.stop_reason,
  );
  const n_early = reasons.filter((reason) => reason === 'early_stopped').length;
  assert.ok(n_early > 0, `${reasons}`);
  const { page, context, complaints } = await openPage(browser, server);
  const drawn = (lines, marks) =>
    page.waitForFunction(
      ([n, m]) => {
        const dataset = document.getElementById('chart-0')?.dataset ?? {};
        return Number(dataset.lines) === n && Number(dataset.marks) === m;
      },
      [lines, marks],
    );
  await page.goto(`${server.url}/#/experiments/${stopped.id}?mode=runs`);
  await drawn(4, 4 + n_early);
  await page.locator('#gap').check();
  await drawn(8, 4 + n_early);
  await page.reload();
  await drawn(8, 4 + n_early);
  await page.goto(`${server.url}/${at}?gap=1`);
  await drawn(8, 4);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    (async () => {
      await page.locator('#chart-0-save').click();
      await page.locator('#chart-0-save-csv').click();
    })(),
  ]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/,(?=[^ ])/));
  const means = (
    await server.get(`/experiments/${experiment.id}/curves?metric=train_loss`)
  ).configs.find(({ values }) => values.dropout === 0 && values.weight_decay === 0);
  const own = lines
    .filter(
      ([label]) => label.includes(', training') && label.includes('dropout 0, weight_decay 0, '),
    )
    .map((cells) => Number(cells[2]));
  assert.deepEqual(own, means.mean);
  const other = lines.find(([label, epoch]) => !label.includes('training') && epoch === '12');
  assert.match(other.join(), /,12,[0-9.]+,,,$/, 'the gap is no interval');
  assert.deepEqual(complaints, []);
  await context.close();
});
