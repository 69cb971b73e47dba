// What every view has to be, wide and narrow: nothing that axe-core finds, nothing sticks out, no
// error on the console.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { openPage, overflow } from './browser.mjs';
import { viewsOf } from './views.mjs';

const axe = createRequire(import.meta.url)('axe-core').source;
const SIZES = [
  [1400, 900],
  [390, 844],
];

async function violations(page) {
  await page.evaluate(axe);
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

/* view: an item of viewsOf(). */
async function look(page, url, [name, path, ready]) {
  await page.goto('about:blank'); // so that nothing of the view before is taken for this one
  await page.goto(`${url}/#${path}`);
  try {
    await page.locator(ready).first().waitFor();
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
  assert.equal(await overflow(page), 0, `${name} is wider than the window`);
  assert.deepEqual(await cutCards(page), [], `${name}: cards are cut off`);
  assert.deepEqual(await violations(page), [], name);
}

/** Tests every view in light or dark colours. */
export async function testViews({ server, browser }, { dark }) {
  const views = await viewsOf(server);
  const theme = dark ? 'dark' : 'light';
  for (const [width, height] of SIZES) {
    test(`${width} px, ${theme}: every view is accessible and fits`, async () => {
      const { page, context, complaints } = await openPage(browser, server, {
        width,
        height,
        dark,
      });
      for (const view of views) {
        const [name, , , refused] = view;
        await look(page, server.url, view);
        assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
        // The browser itself notes what the service refused.
        const isExpected = (line) => refused && line.includes(`status of ${refused}`);
        assert.deepEqual(
          complaints.splice(0).filter((line) => !isExpected(line)),
          [],
          name,
        );
      }
      await context.close();
    });
  }
}
