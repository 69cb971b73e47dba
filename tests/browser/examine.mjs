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

async function violations(page) {
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
const cutCards = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.stack')]
      .filter((box) => getComputedStyle(box.querySelector('table')).display === 'block')
      .filter((box) => box.scrollWidth > box.clientWidth)
      .map((box) => box.getAttribute('aria-label')),
  );

/** The system turns to other colours, and the page has heard of it: it is told with its next
 * frame. */
export async function turnTo(page, theme) {
  await page.emulateMedia({ colorScheme: theme });
  await page.waitForFunction((to) => document.documentElement.dataset.theme === to, theme);
}

async function examine(page, size, theme) {
  await turnTo(page, theme);
  await page.setViewportSize(size);
  assert.equal(await overflow(page), 0, `${theme}: it is wider than ${size.width} px`);
  assert.deepEqual(await cutCards(page), [], `${theme}, ${size.width} px: cards are cut off`);
  assert.deepEqual(await violations(page), [], `${theme}, ${size.width} px`);
}

/** A test of each view whose path isMine(path) -> { server, page, complaints }, for more. */
export async function examineViews(isMine) {
  const { server, browser } = await stage();
  const { page, context, complaints } = await openPage(browser, server, { ...NARROW, dark: true });
  await page.addInitScript(axe);
  after(() => context.close());
  const views = await viewsOf(server);
  for (const [name, path, ready, refused] of views.filter(([, path]) => isMine(path))) {
    test(`${name}: accessible and fits, narrow and wide, dark and light`, async () => {
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize(NARROW);
      await page.goto('about:blank'); // so that nothing of the view before is taken for this one
      await page.goto(`${server.url}/#${path}`);
      await page.locator(ready).first().waitFor();
      await examine(page, NARROW, 'dark');
      await examine(page, WIDE, 'light');
      // The browser itself notes what the service refused.
      const isExpected = (line) => refused && line.includes(`status of ${refused}`);
      assert.deepEqual(
        complaints.splice(0).filter((line) => !isExpected(line)),
        [],
      );
    });
  }
  return { server, page, complaints };
}
