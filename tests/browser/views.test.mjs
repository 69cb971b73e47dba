// Every view, light and dark, wide and narrow: nothing that axe-core finds, nothing sticks out, no error on the console.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { QUICK, Server } from '../harness.mjs';
import { launch, openPage, overflow } from './browser.mjs';

const axe = createRequire(import.meta.url)('axe-core').source;
const server = await Server.start();
const browser = await launch();
after(async () => { await browser.close(); await server.stop(); });

const PICTURES = { dataset: { name: 'glyphs', n: 1500 }, hidden: [16], epochs: 3 };
const [grid, pictures, regression] = await Promise.all([
  server.train({ ...QUICK, name: 'Grid', tags: ['short', 'two fields'], repeats: 3, sweep: { dropout: [0, 0.5], weight_decay: [0, 0.1, 1] } }),
  server.train({ ...PICTURES, name: 'Pictures', repeats: 3, sweep: { dropout: [0, 0.3] } }),
  server.train({ dataset: 'sine', hidden: [16], epochs: 3, repeats: 3, sweep: { input_noise: [0, 0.2] } }),
]);
const failed = await server.train({ ...QUICK, optimizer: 'sgd', learning_rate: 1000, activation: 'identity', hidden: [64, 64, 64], name: 'Diverges' });
const [points, picture, number] = [grid, pictures, regression].map(({ runs }) => runs[0].id);
const query = encodeURIComponent('SELECT epoch, train_loss, val_loss FROM epochs WHERE run_id = 1');

/* [name, what follows #, a selector that is there when the view is complete]. */
const VIEWS = [
  ['experiments', '/experiments', `[data-testid=experiment-${failed.experiment.id}]`],
  ['a grid', `/experiments/${grid.experiment.id}`, '#interactions tbody tr'],
  ['a grid, path', `/experiments/${grid.experiment.id}?mode=runs&tab=runs`, '#runs tbody tr'],
  ['two configs', `/experiments/${pictures.experiment.id}?y=log&x=log`, '#configs tbody tr'],
  ['regression', `/experiments/${regression.experiment.id}?tab=specification`, '#path circle'],
  ['an experiment that failed', `/experiments/${failed.experiment.id}?tab=runs`, '#runs tbody tr'],
  ['layers', `/runs/${picture}`, '[data-testid=layers] canvas'],
  ['weights', `/runs/${picture}?tab=weights`, '[data-testid=filters]'],
  ['answers of pictures', `/runs/${picture}?tab=answers`, '[data-testid=mistakes]'],
  ['answers of points', `/runs/${points}?tab=answers`, '#reliability svg'],
  ['configuration', `/runs/${number}?tab=configuration`, '.pairs'],
  ['new', '/new', '[data-testid=dry-run][data-state=valid]'],
  ['a copy', `/new?from=${grid.experiment.id}`, '[data-testid=dry-run][data-state=valid]'],
  ['data sets', '/datasets', '#datasets tbody tr'],
  ['pictures', '/datasets?name=glyphs', '[data-testid=pictures] canvas'],
  ['points', '/datasets?name=moons', '#plane circle'],
  ['dropout', '/explain', '.net svg'],
  ['SQL', '/sql', '[data-query]'],
  ['a result', `/sql?query=${query}`, '#sql-result tbody tr'],
  ['a chart of a result', `/sql?show=chart&query=${query}`, '#sql-chart svg'],
  ['comparison', `/compare?ids=${grid.experiment.id},${pictures.experiment.id}`, '[data-status=completed]'],
  ['no such page', '/nowhere', 'h1'],
];

async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.target} (${node.any[0]?.message ?? node.all[0]?.message ?? ''})`).join('; ')}`);
}

for (const [width, dark] of [[1400, false], [1400, true], [390, false], [390, true]]) {
  test(`${width} px, ${dark ? 'dark' : 'light'}: every view is accessible and fits`, async () => {
    const { page, context, complaints } = await openPage(browser, server, { width, height: width < 500 ? 844 : 900, dark });
    for (const [name, path, ready] of VIEWS) {
      await page.goto('about:blank'); // so that nothing of the view before is taken for this one
      await page.goto(`${server.url}/#${path}`);
      await page.locator(ready).first().waitFor().catch((error) => { throw new Error(`${name}: ${error.message}`); });
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), dark ? 'dark' : 'light');
      assert.equal(await overflow(page), 0, `${name} is wider than the window`);
      assert.deepEqual(await violations(page), [], name);
    }
    assert.deepEqual(complaints, []);
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
