// Charts are moved about and read what the API says, also where they thin and grow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanStd, number } from '../../static/lib/format.js';
import { LONG, QUICK, Server } from '../harness.mjs';
import { openPage, overflow, stage, untilPoints, untilStill } from './browser.mjs';

const { server, browser } = await stage();
const EPOCHS = 60;
const { experiment } = await server.train({
  ...QUICK,
  name: 'Zoomed',
  epochs: EPOCHS,
  repeats: 3,
  sweep: { dropout: [0, 0.5] },
});

/* Moves the cursor of a chart over all its x by the keyboard -> [{title, rows: [{label, value,
 * detail}]}]. */
const readAll = (page, id) =>
  page.evaluate(async (chart) => {
    const root = document.getElementById(chart);
    const press = (key) =>
      root.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    const read = () => ({
      title: root.querySelector('.tip-title').textContent,
      rows: [...root.querySelectorAll('.tip-row')].map((row) =>
        Object.fromEntries(
          ['label', 'value', 'detail'].map((part) => [
            part,
            row.querySelector(`.tip-${part}`)?.textContent ?? '',
          ]),
        ),
      ),
    });
    root.focus();
    press('Home');
    await null;
    const seen = [read()];
    for (;;) {
      press('ArrowRight');
      await null; /* uPlot moves its cursor in a microtask */
      const now = read();
      if (now.title === seen.at(-1).title) return seen;
      seen.push(now);
    }
  }, id);

const zoomOf = (url) =>
  new URLSearchParams(url.hash.split('?')[1]).get('zoom')?.split(':').map(Number) ?? null;

/** Waits until the link's zoom is one that `holds` -> that zoom. */
async function untilZoom(page, holds) {
  await page.waitForURL((url) => holds(zoomOf(url)));
  return zoomOf(new URL(page.url()));
}

const near = (a, b) => Math.abs(a - b) < 1e-3 * EPOCHS;
const width = ([from, to]) => to - from;

async function openZoomed(zoom) {
  const opened = await openPage(browser, server);
  await opened.page.goto(`${server.url}/#/experiments/${experiment.id}?zoom=${zoom}`);
  await untilPoints(opened.page, 'chart-0', EPOCHS + 1);
  await untilStill(opened.page);
  await opened.page.locator('#chart-0').scrollIntoViewIfNeeded();
  const box = await opened.page.locator('#chart-0 .u-over').boundingBox();
  return { ...opened, box, y: box.y + box.height / 2 };
}

test('Shift and drag moves a zoomed chart along, up to its ends', async () => {
  const { page, context, complaints, box, y } = await openZoomed('20:40');
  const drag = async (from, to) => {
    await page.mouse.move(box.x + box.width * from, y);
    await page.keyboard.down('Shift');
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * to, y, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
  };
  await drag(0.75, 0.25);
  const moved = await untilZoom(page, (zoom) => zoom?.[0] > 20);
  assert.ok(near(moved[0], 30) && near(width(moved), 20), `by half of it: ${moved}`);
  await drag(0.1, 0.9);
  await drag(0.1, 0.9);
  await drag(0.1, 0.9);
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[0] === 0), [0, 20]);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a sideways wheel moves it, a pinch zooms it, an upright one scrolls the page', async () => {
  const { page, context, complaints, box, y } = await openZoomed('20:40');
  await page.mouse.move(box.x + box.width / 2, y);
  await page.mouse.wheel(box.width / 4, 0);
  const moved = await untilZoom(page, (zoom) => zoom?.[0] > 20);
  assert.ok(near(moved[0], 25) && near(width(moved), 20), `by a quarter of it: ${moved}`);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -30);
  await page.keyboard.up('Control');
  const closer = await untilZoom(page, (zoom) => width(zoom) < 19);
  assert.ok(closer[0] > moved[0] && closer[1] < moved[1], `around the pointer: ${closer}`);
  const before = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, 200);
  await page.waitForFunction((top) => scrollY !== top, before);
  assert.deepEqual(zoomOf(new URL(page.url())), closer);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the keyboard moves it, and what the cursor reads stays in sight', async () => {
  const { page, context, complaints } = await openZoomed('20:40');
  const chart = page.locator('#chart-0');
  await chart.focus();
  await page.keyboard.press('Shift+ArrowRight');
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[0] > 20), [24, 44]);
  await page.keyboard.press('Shift+ArrowLeft');
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[0] < 24), [20, 40]);
  await page.keyboard.press('Shift+End');
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[1] > 44), [EPOCHS - 20, EPOCHS]);
  await page.keyboard.press('Home');
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[0] === 0), [0, 20]);
  assert.equal(await chart.locator('.tip-title').textContent(), 'epoch 0');
  await page.keyboard.press('0');
  await untilZoom(page, (zoom) => zoom === null);
  assert.match(await chart.getAttribute('aria-label'), /Shift and arrow keys move along/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the cursor reads the value of every epoch, also where a pixel has many', async () => {
  const {
    runs: [long],
  } = await server.train({ ...QUICK, hidden: [2], epochs: 800, record_layers: false });
  const { val_loss } = await server.curves(long.id);
  const { page, context, complaints } = await openPage(browser, server, {
    width: 390,
    height: 844,
  });
  await page.goto(`${server.url}/#/experiments/${long.experiment_id}`);
  assert.equal(await untilPoints(page, 'chart-0', 801), 801);
  const seen = await readAll(page, 'chart-0');
  assert.deepEqual(
    seen.map(({ title }) => title.replace(/\D/g, '')),
    val_loss.map((_, epoch) => String(epoch)),
  );
  assert.deepEqual(
    seen.map(({ rows: [row] }) => row.value),
    val_loss.map((value) => number(value)),
  );
  assert.equal(await overflow(page), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('means that were heard epoch by epoch are those of the service', async () => {
  const alone = await Server.start({ workers: 1 });
  try {
    const first = await alone.submit(LONG);
    const { id } = await alone.submit({
      dataset: { name: 'moons', n: 400 },
      hidden: [32],
      epochs: 40,
      repeats: 4,
      sweep: { dropout: [0, 0.4] },
      name: 'Waits',
    });
    const { page, context, complaints } = await openPage(browser, alone);
    await page.goto(`${alone.url}/#/experiments/${id}`);
    await page.getByText('Waiting for the first epoch').first().waitFor();
    await alone.request('POST', `/experiments/${first.id}/cancel`);
    await alone.untilTerminal(id);
    await page.locator('.head-state').getByText('completed').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('#configs tbody tr').length === 2);
    for (const [chart, metric] of [
      ['chart-0', 'val_loss'],
      ['chart-1', 'val_accuracy'],
    ]) {
      const { configs } = await alone.get(`/experiments/${id}/curves?metric=${metric}`);
      await untilPoints(page, chart, 41);
      for (const { title, rows } of await readAll(page, chart)) {
        const epoch = Number(title.replace(/\D/g, ''));
        const expected = configs.map((config) => number(config.mean[epoch])).sort();
        assert.deepEqual(rows.map((row) => row.value).sort(), expected, `${metric}, ${title}`);
        for (const row of rows) assert.match(row.detail, /n 4$/);
      }
    }
    assert.deepEqual(complaints, []);
    await context.close();
  } finally {
    await alone.stop();
  }
});

test('a mean has the digits that its deviation justifies, and none of rounding', () => {
  assert.equal(meanStd(0.88333333, 0.0123456), '0.883 ± 0.012');
  assert.equal(meanStd(0.8833333333, 1.2e-16), '0.8833 ± 0');
  assert.equal(meanStd(0, 0), '0 ± 0');
  assert.equal(meanStd(null, 0.1), '–');
});
