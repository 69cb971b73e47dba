// Every view but those of experiments is accessible and fits, and the colours are the reader's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineViews, turnTo } from './examine.mjs';

const { server, page, complaints } = await examineViews((path) => !path.startsWith('/experiments'));

test('the switch changes the colours, and the choice outlives a reload', async () => {
  await page.goto(`${server.url}/#/experiments`);
  await turnTo(page, 'light');
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.locator('#theme-switch').click(); // as the system -> light
  await page.locator('#theme-switch').click(); // -> dark
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await page.locator('#theme-switch').waitFor();
  assert.equal(await ground(), dark);
  assert.deepEqual(complaints, []);
});
