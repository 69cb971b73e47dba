// `node tests/browser/screenshots.mjs FOLDER [NAME...]`: a picture of every view, or of those whose
// name has one of the words in it, wide and narrow, light and dark, for a person to look at. After
// `make npm build`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '../harness.mjs';
import { launch, openPage } from './browser.mjs';
import { viewsOf } from './views.mjs';

const [folder, ...words] = process.argv.slice(2);
if (!folder) throw new Error('usage: screenshots.mjs FOLDER [NAME...]');
mkdirSync(folder, { recursive: true });

const frames = (page) =>
  page.evaluate(
    () =>
      new Promise((drawn) => {
        requestAnimationFrame(() => requestAnimationFrame(drawn));
      }),
  );

/* Some parts of a page are loaded when they come into sight, and it grows with what is: goes
 * through all of it until nothing is being loaded. */
async function settle(page) {
  for (let round = 0; round < 50; round++) {
    for (
      let y = 0;
      y < (await page.evaluate(() => document.documentElement.scrollHeight));
      y += 600
    ) {
      await page.evaluate((top) => window.scrollTo(0, top), y);
      await frames(page);
    }
    if (!(await page.evaluate(() => document.querySelector('.loading, .chart-note.loading'))))
      break;
    await page.waitForTimeout(100);
  }
  await page.evaluate(() => window.scrollTo(0, 0));
  await frames(page);
}

const server = await Server.start();
const browser = await launch();
try {
  const views = (await viewsOf(server)).filter(
    ([name]) => !words.length || words.some((word) => name.includes(word)),
  );
  for (const [width, height] of [
    [1400, 900],
    [390, 844],
  ]) {
    for (const dark of [false, true]) {
      const { page, context } = await openPage(browser, server, { width, height, dark });
      for (const [name, path, ready] of views) {
        await page.goto('about:blank');
        await page.goto(`${server.url}/#${path}`);
        await page.locator(ready).first().waitFor();
        await settle(page);
        const file = `${name.replace(/\W+/g, '-')}.${width}.${dark ? 'dark' : 'light'}.png`;
        await page.screenshot({ path: join(folder, file), fullPage: true });
        console.log(file);
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
