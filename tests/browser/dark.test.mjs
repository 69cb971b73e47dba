// Every view in dark colours is accessible and fits; the colours can be chosen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testViews } from './accessible.mjs';
import { openPage, stage } from './browser.mjs';

const { server, browser } = await stage();
await testViews({ server, browser }, { dark: true });

test('the switch changes the colours, and the choice outlives a reload', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
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
  await context.close();
});
