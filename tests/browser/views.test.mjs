// Every view, light and dark, wide and narrow: nothing that axe-core finds, nothing sticks out, no
// error on the console.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { openPage, overflow, stage } from './browser.mjs';
import { viewsOf } from './views.mjs';

const axe = createRequire(import.meta.url)('axe-core').source;
const { server, browser } = await stage();

const VIEWS = await viewsOf(server);

async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ['violations'] }),
  );
  return found.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes
        .slice(0, 3)
        .map((node) => `${node.target} (${node.any[0]?.message ?? node.all[0]?.message ?? ''})`)
        .join('; ')}`,
  );
}

for (const [width, dark] of [
  [1400, false],
  [1400, true],
  [390, false],
  [390, true],
]) {
  test(`${width} px, ${dark ? 'dark' : 'light'}: every view is accessible and fits`, async () => {
    const { page, context, complaints } = await openPage(browser, server, {
      width,
      height: width < 500 ? 844 : 900,
      dark,
    });
    for (const [name, path, ready, refused] of VIEWS) {
      await page.goto('about:blank'); // so that nothing of the view before is taken for this one
      await page.goto(`${server.url}/#${path}`);
      await page
        .locator(ready)
        .first()
        .waitFor()
        .catch((error) => {
          throw new Error(`${name}: ${error.message}`);
        });
      assert.equal(
        await page.evaluate(() => document.documentElement.dataset.theme),
        dark ? 'dark' : 'light',
      );
      assert.equal(await overflow(page), 0, `${name} is wider than the window`);
      assert.deepEqual(await violations(page), [], name);
      // The browser itself notes what the service refused.
      assert.deepEqual(
        complaints.splice(0).filter((line) => !refused || !line.includes(`status of ${refused}`)),
        [],
        name,
      );
    }
    await context.close();
  });
}

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
