// The page of one experiment, and the list: links, zoom, live changes, recovery.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONG, QUICK, Server } from '../harness.mjs';
import { launch, openPage, overflow, untilPoints, untilStill } from './browser.mjs';

let server = await Server.start();
const browser = await launch();
after(async () => {
  await browser.close();
  await server.stop();
});
const { experiment } = await server.train({
  ...QUICK,
  name: 'Finished',
  epochs: 30,
  repeats: 3,
  sweep: { dropout: [0, 0.5] },
});

test('what the URL says is what is shown, also after a reload', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments/${experiment.id}`);
  await untilPoints(page, 'chart-0', 31);
  await page.locator('#panel-metric-0').selectOption('train_loss');
  await page.getByRole('tab', { name: /^Runs/ }).click();
  await page.locator('[data-testid=panel-train_loss]').waitFor();
  await page.reload();
  await page.locator('[data-testid=panel-train_loss]').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('#runs tbody tr').length === 6);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('drag zooms, the link keeps it, a key shows all again', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments/${experiment.id}`);
  await untilPoints(page, 'chart-0', 31);
  await untilStill(page);
  await page.locator('#chart-0').scrollIntoViewIfNeeded();
  const box = await page.locator('#chart-0 .u-over').boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 8 });
  await page.mouse.up();
  await page.locator('#zoom-reset-0').waitFor();
  assert.match(page.url(), /zoom=/);
  await page.locator('#chart-0').focus();
  await page.keyboard.press('0');
  await page.locator('#zoom-reset-0').waitFor({ state: 'detached' });
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the values stand under the pointer', async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments/${experiment.id}`);
  await untilPoints(page, 'chart-0', 31);
  await page.locator('#chart-0').scrollIntoViewIfNeeded();
  await page.locator('#chart-0').focus();
  await page.keyboard.press('End');
  await page
    .getByText(/epoch 30/)
    .first()
    .waitFor();
  await context.close();
});

test('the list shows a new experiment by itself, and its progress', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  await page.getByRole('link', { name: 'Finished' }).waitFor();
  const { id } = await server.submit({ ...QUICK, name: 'Appears by itself' });
  await page.locator(`[data-testid=experiment-${id}]`).waitFor();
  await page
    .locator('tr', { hasText: 'Appears by itself' })
    .getByText(/completed/i)
    .first()
    .waitFor();
  await page.locator('#search').fill('Finis');
  await page.locator(`[data-testid=experiment-${id}]`).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Finished' }).waitFor();
  assert.match(page.url(), /q=Finis/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('names and notes are changed in the list', async () => {
  const { id } = await server.submit({ ...QUICK, name: 'To be renamed' });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  const change = async (what, words) => {
    /* the pens are there for who is at the row */
    await page.locator(`[data-testid=experiment-${id}]`).focus();
    await page.locator(`#${what}-${id}-edit`).click();
    await page.locator(`#${what}-${id}-input`).fill(words);
    await page.keyboard.press('Enter');
  };
  await change('name', 'Renamed in the list');
  await page.getByRole('link', { name: 'Renamed in the list' }).waitFor();
  await change('note', 'What it was for');
  await page.getByText('What it was for').waitFor();
  const now = await server.get(`/experiments/${id}`);
  assert.deepEqual([now.name, now.description], ['Renamed in the list', 'What it was for']);
  await page.reload();
  await page.getByText('What it was for').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('cancel from the page', async () => {
  const { id } = await server.submit({ ...LONG, name: 'To be cancelled' });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments/${id}`);
  await page.locator('#cancel').click();
  await page.getByRole('button', { name: /Cancel all runs\?/ }).click();
  assert.equal((await server.untilTerminal(id)).status, 'cancelled');
  await page.locator('#cancel').waitFor({ state: 'detached' });
  assert.deepEqual(complaints, []);
  await context.close();
});

test('with the keyboard alone', async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  await page.getByRole('link', { name: 'Finished' }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'skip-link');
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => ({
      text: document.activeElement.textContent,
      outline: getComputedStyle(document.activeElement).outlineStyle,
      shadow: getComputedStyle(document.activeElement).boxShadow,
    }));
    if (at.text === 'Finished') {
      assert.ok(at.outline !== 'none' || at.shadow !== 'none', 'the focus can be seen');
      await page.keyboard.press('Enter');
      break;
    }
  }
  await page.waitForURL(new RegExp(`experiments/${experiment.id}`));
  await untilPoints(page, 'chart-0', 31);
  await context.close();
});

for (const [width, height] of [
  [1400, 900],
  [390, 844],
  [360, 740],
]) {
  for (const dark of [false, true]) {
    test(`${width} px, ${dark ? 'dark' : 'light'}: nothing sticks out`, async () => {
      const { page, context, complaints } = await openPage(browser, server, {
        width,
        height,
        dark,
      });
      for (const path of ['#/experiments', `#/experiments/${experiment.id}`, '#/new']) {
        await page.goto(`${server.url}/${path}`);
        if (path === '#/new') await page.locator('#field-name').waitFor();
        else if (path === '#/experiments')
          await page.getByRole('link', { name: 'Finished' }).waitFor();
        else await untilPoints(page, 'chart-0', 31);
        assert.equal(await overflow(page), 0, path);
        const [ground, ink] = await page.evaluate(() =>
          [document.body, document.querySelector('h1, main')].map(
            (e, i) =>
              getComputedStyle(e)
                [i ? 'color' : 'backgroundColor'].match(/[\d.]+/g)
                .slice(0, 3)
                .reduce((a, v) => a + Number(v), 0) / 3,
          ),
        );
        assert.ok(
          dark ? ground < 90 && ink > 150 : ground > 200 && ink < 100,
          `${path}: ground ${ground}, ink ${ink}`,
        );
      }
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
}

test('through a restart of the server the page recovers and loses no epoch', async () => {
  const { port } = server;
  const { id } = await server.submit({
    ...LONG,
    name: 'Survives',
    dataset: { name: 'glyphs', n: 1000 },
    hidden: [64],
    epochs: 250,
  });
  const { page, context } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments/${id}`);
  await untilPoints(page, 'chart-0', 10);
  await server.kill();
  await page.evaluate(async () => {
    /* as a button would that is pressed now */
    const [{ attempt }, { request }] = [
      await import('/part/basic.js'),
      await import('/lib/api.js'),
    ];
    await attempt(() => request('POST', '/experiments/1/pause'));
  });
  await page.locator('.notice', { hasText: 'cannot be reached' }).waitFor();
  server = await server.restart({ port });
  await untilPoints(page, 'chart-0', 251, 120_000);
  await page.locator('#connection[data-status=live]').waitFor();
  await page.locator('.notice', { hasText: 'cannot be reached' }).waitFor({ state: 'detached' });
  await page
    .getByText(/completed/i)
    .first()
    .waitFor();
  await context.close();
});
