// Many of something: lines in a chart, experiments in the list.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { QUICK, Server } from '../harness.mjs';
import { openPage, stage } from './browser.mjs';

const { server, browser } = await stage();

const LINES = [
  ['', 'The first 100 of 104 configs; hide configs to see others.'],
  [
    'gap=1',
    'The first 50 of 104 configs, each with its training line; hide configs to see others.',
  ],
  ['mode=runs', 'The first 100 of 208 runs; hide configs to see others.'],
  [
    'mode=runs&gap=1',
    'The first 50 of 208 runs, each with its training line; hide configs to see others.',
  ],
  ['gap=1&metrics=learning_rate', 'The first 100 of 104 configs; hide configs to see others.'],
];

/* What the SVG of a chart is when it is drawn -> {plot (its height), texts (of the legend: [x, y,
 * right]), width}. */
const measure = (page, svg) =>
  page.evaluate((text) => {
    const box = document.createElement('div');
    box.innerHTML = text;
    document.body.append(box);
    const left = box.getBoundingClientRect().x;
    const answer = {
      plot: Number(box.querySelector('clipPath rect').getAttribute('height')),
      texts: [...box.querySelectorAll('svg > g:not([clip-path]) > text')]
        .map((one) => one.getBoundingClientRect())
        .map(({ x, y, right }) => [x - left, y, right - left]),
      width: box.querySelector('svg').width.baseVal.value,
    };
    box.remove();
    return answer;
  }, svg);

const untilLines = (page, n) =>
  page.waitForFunction(
    (lines) => Number(document.getElementById('chart-0')?.dataset.lines) === lines,
    n,
  );

const { experiment: many } = await server.train({
  ...QUICK,
  name: 'Many',
  epochs: 2,
  repeats: 2,
  sweep: {
    dropout: [0, 0.5],
    learning_rate: [0.001, 0.002, 0.005, 0.01],
    weight_decay: Array.from({ length: 13 }, (_, i) => i / 1000),
  },
});
const at = (query) => `${server.url}/#/experiments/${many.id}?${query}`;

test('of very many lines the charts say which they leave out', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  for (const [query, words] of LINES) {
    await page.goto(at(query));
    await page.waitForFunction(
      (text) => document.getElementById('left-out')?.textContent === text,
      words,
    );
    await untilLines(page, 100);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the file of a chart with very many lines has room for their names', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(at(''));
  await untilLines(page, 100);
  const keys = await page
    .locator('.legend-item')
    .evaluateAll((items) => items.slice(0, 4).map((item) => item.dataset.config));
  await page.goto(at(`hide=${keys.join('%2C')}`));
  await page.locator('#left-out').waitFor({ state: 'detached' });
  await untilLines(page, 100);
  await page.locator('#chart-0-save').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('#chart-0-save-svg').click(),
  ]);
  const { plot, texts, width } = await measure(page, readFileSync(await download.path(), 'utf8'));
  assert.ok(plot > 350, `the plot is ${plot} px high`);
  assert.equal(texts.length, 100);
  for (const [i, [x, y, right]] of texts.entries()) {
    assert.ok(right <= width, `${right}`);
    const next = texts[i + 1];
    if (next?.[1] === y) assert.ok(right < next[0], `${right} ${next}`);
    assert.ok(x > 0);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

/** A server with `n` tiny experiments, the first named "Number 0". */
async function serverWithMany(n) {
  const many = await Server.start();
  const spec = { dataset: { name: 'moons', n: 100 }, hidden: [2], epochs: 1, record_layers: false };
  const first = await many.submit({ ...spec, name: 'Number 0' });
  let next = 1;
  let last = first.id;
  const lane = async () => {
    while (next < n)
      last = Math.max(last, (await many.submit({ ...spec, name: `Number ${next++}` })).id);
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  await many.untilTerminal(last, 240_000);
  return { many, first: first.id };
}

const { many: listed, first } = await serverWithMany(600);
after(() => listed.stop());
const rowsOf = (page) => page.locator('#experiments tbody tr[aria-rowindex]');
const rowcount = (page) => page.locator('#experiments').getAttribute('aria-rowcount');
const untilRow = (page, place, id) =>
  page.locator(`tr[aria-rowindex="${place}"] [data-testid=experiment-${id}]`).waitFor();

test('many experiments: the place in the list is kept when more come', async () => {
  const { page, context, complaints } = await openPage(browser, listed);
  await page.goto(`${listed.url}/#/experiments`);
  await rowsOf(page).first().waitFor();
  assert.equal(await rowcount(page), '-1', 'how many there are is not known yet');
  await page.waitForFunction((id) => {
    scrollTo(0, document.documentElement.scrollHeight);
    return document.querySelector(`[data-testid=experiment-${id}]`);
  }, first);
  assert.equal(await rowcount(page), '601');
  assert.ok((await rowsOf(page).count()) < 150, 'only rows in sight are in the page');
  await untilRow(page, 601, first);
  const { id } = await listed.submit({ ...QUICK, name: 'Comes later' });
  await untilRow(page, 602, first);
  assert.equal(await rowcount(page), '602');
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('tr', { hasText: 'Comes later' }).getByText('completed').waitFor();
  await untilRow(page, 2, id);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('many experiments: the last one is reached by the keyboard', async () => {
  const { page, context, complaints } = await openPage(browser, listed);
  const oldest = page.locator(`[data-testid=experiment-${first}]`);
  await page.goto(`${listed.url}/#/experiments`);
  await rowsOf(page).first().waitFor();
  const deadline = Date.now() + 120_000;
  while ((await oldest.count()) === 0) {
    assert.ok(Date.now() < deadline, 'the last one is reached');
    await page.keyboard.press('End');
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  }
  await oldest.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.hash === `#/experiments/${first}`);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('many experiments: they are sorted and searched by the service', async () => {
  const { page, context, complaints } = await openPage(browser, listed);
  await page.goto(`${listed.url}/#/experiments?sort=created_at`);
  await untilRow(page, 2, first);
  await page.goto(`${listed.url}/#/experiments?q=Number 59`);
  await page.waitForFunction(
    () => document.querySelectorAll('#experiments tbody tr').length === 11,
  ); // 59 and 590 to 599
  assert.equal(await rowcount(page), '12');
  assert.deepEqual(complaints, []);
  await context.close();
});
