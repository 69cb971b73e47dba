// What every view has to be, wide and narrow, in light and in dark colours: nothing that axe-core
// finds, nothing sticks out, no error on the console. A view is opened narrow and dark, and then
// becomes wide and light under the reader's eyes.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { openPage, overflow, stage } from './browser.mjs';
import { viewsOf } from './views.mjs';

const axe = createRequire(import.meta.url)('axe-core').source;
const NARROW = { width: 390, height: 844 };
const WIDE = { width: 1400, height: 900 };

const { server, browser } = await stage();
const { page, context, complaints } = await openPage(browser, server, { ...NARROW, dark: true });
await page.addInitScript(axe);
after(() => context.close());

async function violations() {
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ['violations'] }),
  );
  const placeOf = ({ target, any, all }) =>
    `${target} (${any[0]?.message ?? all[0]?.message ?? ''})`;
  return found.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(placeOf).join('; ')}`,
  );
}

/* The tables whose rows are cards, on a narrow screen, but wider than their box. */
const cutCards = () =>
  page.evaluate(() =>
    [...document.querySelectorAll('.stack')]
      .filter((box) => getComputedStyle(box.querySelector('table')).display === 'block')
      .filter((box) => box.scrollWidth > box.clientWidth)
      .map((box) => box.getAttribute('aria-label')),
  );

async function examine(size, theme) {
  await page.emulateMedia({ colorScheme: theme });
  await page.setViewportSize(size);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
  assert.equal(await overflow(page), 0, `${theme}: it is wider than ${size.width} px`);
  assert.deepEqual(await cutCards(), [], `${theme}, ${size.width} px: cards are cut off`);
  assert.deepEqual(await violations(), [], `${theme}, ${size.width} px`);
}

for (const [name, path, ready, refused] of await viewsOf(server)) {
  test(`${name}: accessible and fits, narrow and wide, dark and light`, async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize(NARROW);
    await page.goto('about:blank'); // so that nothing of the view before is taken for this one
    await page.goto(`${server.url}/#${path}`);
    await page.locator(ready).first().waitFor();
    await examine(NARROW, 'dark');
    await examine(WIDE, 'light');
    // The browser itself notes what the service refused.
    const isExpected = (line) => refused && line.includes(`status of ${refused}`);
    assert.deepEqual(
      complaints.splice(0).filter((line) => !isExpected(line)),
      [],
    );
  });
}

test('the switch changes the colours, and the choice outlives a reload', async () => {
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
});
