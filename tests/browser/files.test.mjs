// What is shown can be saved: charts as CSV, SVG and PNG, a run as CSV and as a model.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openPage, stage, untilPoints } from './browser.mjs';
import { GRID, GRID_POINTS } from './grid.mjs';

const { server, browser } = await stage();
const { experiment, runs } = await server.train(GRID);
const at = `#/experiments/${experiment.id}`;
const BEGINS = { svg: '<svg ', png: '\x89PNG' };

/* What is saved after a click -> [its name, its bytes]. */
async function save(page, click) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  return [download.suggestedFilename(), readFileSync(await download.path())];
}

/* One of the files of a chart. */
async function saveKind(page, chart, kind) {
  await page.locator(`#${chart}-save`).click();
  return save(page, () => page.locator(`#${chart}-save-${kind}`).click());
}

const beginsWith = (bytes, words) =>
  assert.ok(bytes.toString('latin1').startsWith(words), `${bytes.subarray(0, 60)}`);

test('a line chart is saved as CSV, SVG and PNG', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await untilPoints(page, 'chart-0', GRID_POINTS);
  for (const [kind, begins] of Object.entries(BEGINS)) {
    const [name, bytes] = await saveKind(page, 'chart-0', kind);
    assert.equal(name, `validation-loss.${kind}`);
    beginsWith(bytes, begins);
  }
  const [name, bytes] = await saveKind(page, 'chart-0', 'csv');
  assert.equal(name, 'validation-loss.csv');
  beginsWith(bytes, 'series,epoch,value,low,high,n\n');
  const lines = bytes.toString().trim().split('\n');
  assert.equal(lines.length, 1 + 4 * GRID_POINTS, 'a line per config and epoch');
  assert.deepEqual(complaints, []);
  await context.close();
});

for (const [kind, ready, looks, hasLegend] of [
  ['path', '#path circle', /<circle [^>]*fill="rgb/, true],
  ['heat', '.heat svg[role=img]', /<rect [^>]*fill="rgb/, false],
  ['parallel', '.parallel polyline', /<polyline [^>]*stroke="rgb/, false],
]) {
  test(`the chart against the settings is saved as SVG, PNG and CSV: ${kind}`, async () => {
    const { page, context, complaints } = await openPage(browser, server);
    await page.goto(`${server.url}/${at}?against=${kind}`);
    await page.locator(ready).first().waitFor();
    for (const [file, begins] of Object.entries(BEGINS)) {
      const [name, bytes] = await saveKind(page, 'settings', file);
      assert.equal(name, `validation-loss-against-the-settings.${file}`);
      beginsWith(bytes, begins);
      if (file === 'png') assert.ok(bytes.readUInt32BE(16) > 500, 'its width');
      if (file === 'png') continue;
      assert.match(bytes.toString(), looks, 'the looks are in it');
      for (const value of ['0', '0.1']) {
        const isNamed = bytes.toString().includes(`>weight_decay ${value}</text>`);
        assert.equal(isNamed, hasLegend, 'a legend where colours need one');
      }
    }
    const [name, bytes] = await saveKind(page, 'settings', 'csv');
    assert.equal(name, 'validation-loss-against-the-settings.csv');
    beginsWith(bytes, 'dropout,weight_decay,n,mean,std,ci_low,ci_high,');
    const { configs } = await server.get(`/experiments/${experiment.id}/comparison`);
    const rows = bytes.toString().trim().split('\n').slice(1);
    assert.deepEqual(
      rows.map((line) => Number(line.split(',')[3])),
      configs.map((config) => config.mean),
    );
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test('a run is saved as CSV and as a model', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/runs/${runs[0].id}`);
  const [name, bytes] = await save(page, () => page.locator('#curves-download').click());
  assert.equal(name, `run-${runs[0].id}-curves.csv`);
  const wanted = await server.request('GET', `/runs/${runs[0].id}/curves`, undefined, {
    Accept: 'text/csv',
  });
  assert.equal(bytes.toString(), wanted.text);
  const [, model] = await save(page, () => page.locator('#model-download').click());
  assert.deepEqual(model, await server.model(runs[0].id));
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the menu of files closes when it is left, and gives the focus back', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await untilPoints(page, 'chart-0', 13);
  const summary = page.locator('#chart-0-save');
  const isOpen = () =>
    page.evaluate(() => document.getElementById('chart-0-save').parentElement.open);
  const isFocused = () => page.evaluate(() => document.activeElement.id === 'chart-0-save');
  await summary.click();
  assert.equal(await isOpen(), true);
  await page.locator('.menu-items:visible').click({ position: { x: 2, y: 2 } });
  assert.equal(await isOpen(), true, 'after a press beside its buttons');
  await page.locator('#curves-title').click();
  assert.equal(await isOpen(), false, 'after a press elsewhere');
  await summary.focus();
  await page.keyboard.press('Enter');
  for (const kind of ['svg', 'png', 'csv']) {
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), `chart-0-save-${kind}`);
  }
  assert.equal(await isOpen(), true);
  await page.keyboard.press('Tab');
  assert.deepEqual(
    [await isOpen(), await isFocused()],
    [false, false],
    'after the last of its buttons',
  );
  await summary.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  assert.deepEqual([await isOpen(), await isFocused()], [false, true], 'after Escape');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  assert.deepEqual([await isOpen(), await isFocused()], [false, true], 'after a choice');
  assert.deepEqual(complaints, []);
  await context.close();
});
