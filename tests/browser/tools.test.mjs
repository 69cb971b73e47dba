// SQL, data sets, cancelling, the keyboard alone, and a server that goes away and comes back.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { bandImages, LONG, QUICK, Server } from '../harness.mjs';
import { launch, openPage, untilPoints } from './browser.mjs';

let server = await Server.start();
const browser = await launch();
after(async () => {
  await browser.close();
  await server.stop();
});
const {
  runs: [run],
} = await server.train({ ...QUICK, name: 'First', epochs: 6 });

test('a query is run, is in the link, and is saved as CSV', async () => {
  const query = 'SELECT epoch, val_loss FROM epochs WHERE run_id = :run ORDER BY epoch';
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/sql`);
  await page.locator('#sql-query').fill(query);
  await page.locator('#sql-parameter-run').fill(String(run.id));
  await page.locator('#sql-query').press('Control+Enter');
  await page.locator('#sql-result tbody tr').nth(6).waitFor();
  const { rows } = await server.sql(query, { run: run.id });
  assert.equal(await page.locator('#sql-result tbody tr').count(), rows.length);
  const shown = await page
    .locator('#sql-result tbody tr td:nth-child(2) [title]')
    .evaluateAll((cells) => cells.map((cell) => Number(cell.title)));
  assert.deepEqual(
    shown,
    rows.map(([, loss]) => loss),
  );
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('#sql-csv').click(),
  ]);
  const wanted = await server.request(
    'POST',
    '/sql',
    { query, parameters: { run: run.id } },
    { Accept: 'text/csv' },
  );
  assert.equal(readFileSync(await download.path(), 'utf8'), wanted.text);
  await page.locator('[data-testid=show-chart]').check({ force: true });
  await page.locator('#sql-chart circle').first().waitFor();
  assert.equal(await page.locator('#sql-chart circle').count(), rows.length);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the history goes through the queries, and every ready query works', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const head = () => page.locator('#sql-result thead').textContent();
  await page.goto(`${server.url}/#/sql?query=${encodeURIComponent('SELECT 1 AS first')}`);
  await page.locator('#sql-result', { hasText: 'first' }).waitFor();
  await page.locator('#sql-query').fill('SELECT 2 AS second');
  await page.locator('#sql-run').click();
  await page.locator('#sql-result', { hasText: 'second' }).waitFor();
  await page.goBack();
  await page.locator('#sql-result', { hasText: 'first' }).waitFor();
  assert.equal(await page.locator('#sql-query').inputValue(), 'SELECT 1 AS first');
  await page.goForward();
  await page.locator('#sql-result', { hasText: 'second' }).waitFor();
  assert.match(await head(), /second/);
  await page.goto(`${server.url}/#/sql`);
  const ready = page.locator('[data-query]');
  await ready.first().waitFor();
  for (let i = 0, n = await ready.count(); i < n; i++) {
    await page.goto(`${server.url}/#/sql`);
    await ready.nth(i).click();
    if (await page.locator('.parameters').count()) {
      for (const input of await page.locator('.parameters input').all()) await input.fill('1');
      await page.locator('#sql-run').click();
    }
    await page.locator('[data-testid=result]').waitFor();
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a faulty query says where, a writing one why not', async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto(`${server.url}/#/sql`);
  for (const [query, words] of [
    ['SELECT nothing FROM runs', /nothing/],
    ['DELETE FROM runs', /read|allow|refus/i],
  ]) {
    await page.locator('#sql-query').fill(query);
    await page.locator('#sql-run').click();
    await page.locator('[data-testid=failure]', { hasText: words }).waitFor();
  }
  await context.close();
});

test('a CSV file is uploaded, previewed, trained on from there, and removed', async () => {
  const lines = Array.from(
    { length: 90 },
    (_, i) => `${(i % 3) + Math.sin(i) / 5},${Math.cos(i)},${['red', 'green', 'blue'][i % 3]}`,
  );
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/datasets`);
  await page.locator('#upload-files').setInputFiles({
    name: 'colours.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`length,width,colour\n${lines.join('\n')}\n`),
  });
  assert.equal(await page.locator('#upload-name').inputValue(), 'colours');
  const columns = page.locator('[data-testid=upload-columns]');
  await columns.locator('select').first().waitFor();
  assert.deepEqual(
    await columns.locator('select').evaluateAll((all) => all.map((one) => one.value)),
    ['number', 'number', 'label'],
  );
  await page.locator('#upload-label').selectOption('width'); // and back: each time it is looked at
  await columns.locator('select:disabled').nth(0).waitFor();
  await page.locator('#upload-kind-2', { hasText: 'category' }).waitFor();
  await page.locator('#upload-kind-2').selectOption('ignored');
  await page.locator('[data-testid=upload-columns]', { hasText: 'regression' }).waitFor();
  await page.locator('#upload-label').selectOption('colour');
  await page.locator('[data-testid=upload-columns]', { hasText: 'label colour' }).waitFor();
  assert.equal((await server.request('GET', '/datasets/colours')).status, 404);
  await page.locator('#upload-submit').click();
  await page.locator('[data-testid=preview]', { hasText: 'colours' }).waitFor();
  await page.locator('#dataset-colours').waitFor();
  await page.locator('#plane circle').first().waitFor();
  assert.deepEqual((await page.locator('[data-testid=balance] dt').allTextContents()).sort(), [
    'blue',
    'green',
    'red',
  ]);
  assert.match(
    await page.locator('[data-testid=without-learning]').textContent(),
    /on 18 test samples:\s+predicting the most frequent class .* is right 33\.3/,
  );
  const figures = page.locator('#preview-columns tbody tr');
  assert.equal(await figures.count(), 3);
  assert.match(await figures.nth(0).textContent(), /^\s*length\s*number/);
  assert.equal((await figures.nth(0).locator('rect').count()) > 5, true);
  assert.match(await figures.nth(2).textContent(), /^\s*colour\s*label/);
  const registered = await server.get('/datasets/colours');
  assert.equal(registered.classes, 3);
  await page.locator('#use-dataset').click();
  await page.locator('#field-dataset').waitFor();
  assert.equal(await page.locator('#field-dataset').inputValue(), 'colours');
  await page.goBack();
  await page.locator('#dataset-delete').click();
  await page.getByRole('button', { name: 'Remove this set?' }).click();
  await page.locator('#dataset-colours').waitFor({ state: 'detached' });
  assert.equal((await server.request('GET', '/datasets/colours')).status, 404);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a data set is brought in the form of a new experiment, seen and trained on', async () => {
  const lines = Array.from(
    { length: 60 },
    (_, i) => `${i % 2},${Math.sin(i)},${['no', 'yes'][i % 2]}`,
  );
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/new`);
  await page.locator('#dataset-upload summary').click();
  await page.locator('#dataset-upload input[type=file]').setInputFiles({
    name: 'own.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`a,b,class\n${lines.join('\n')}\n`),
  });
  await page.locator('#upload-name').fill('brought');
  await page.keyboard.press('Enter'); // sends the file, not the form
  await page.waitForFunction(() => document.getElementById('field-dataset').value === 'brought');
  await page.locator('#dataset-look circle').first().waitFor();
  await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
  assert.match(page.url(), /#\/new/);
  await page.locator('#submit').click();
  await page.locator('#verdict-summary').waitFor();
  const [made] = (await server.get('/experiments?limit=1')).items;
  assert.equal(made.spec.dataset, 'brought');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('two IDX files are uploaded together; a broken one is refused with the reason', async () => {
  const { images, labels } = bandImages(80);
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/datasets`);
  await page.locator('#upload-files').setInputFiles([
    { name: 'train-images-idx3-ubyte', mimeType: '', buffer: images },
    { name: 'train-labels-idx1-ubyte', mimeType: '', buffer: labels },
  ]);
  await page.locator('#upload-name').fill('bands');
  await page.locator('#upload-submit').click();
  await page.locator('[data-testid=pictures] canvas').first().waitFor();
  assert.ok((await page.locator('[data-testid=pictures] canvas').count()) >= 24);
  assert.deepEqual(complaints, []);
  await page.locator('#upload-files').setInputFiles({
    name: 'broken.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('a,b\n1,2\n3\n'),
  });
  await page.locator('#upload-name').fill('broken');
  await page.locator('#upload-submit').click();
  await page.locator('#upload-problem').waitFor();
  assert.match(await page.locator('#upload-problem').textContent(), /row|line|2|3/);
  assert.equal((await server.request('GET', '/datasets/broken')).status, 404);
  await context.close();
});

test('an upload that is left is stopped, and leaves nothing for the next one', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const csv = (name) => ({
    name,
    mimeType: 'text/csv',
    buffer: Buffer.from(`a,b,class\n${'1,2,x\n3,4,y\n'.repeat(20)}`),
  });
  const choose = (...names) => page.locator('#upload-files').setInputFiles(names.map(csv));
  const name = page.locator('#upload-name');
  const held = [];
  await page.route('**/api/v1/datasets/*', (route) =>
    route.request().method() === 'PUT' && !route.request().url().includes('dry_run')
      ? held.push(route)
      : route.fallback(),
  );
  await page.goto(`${server.url}/#/datasets`);
  await choose('first.csv');
  assert.equal(
    await page.locator('#upload-files').inputValue(),
    '',
    'the same file may be chosen again',
  );
  await choose('one.csv');
  assert.equal(await name.inputValue(), 'one', 'another choice, another name');
  await page.locator('select#upload-label').selectOption('class');
  await page.locator('#upload-submit').click();
  await page.locator('#upload-submit:disabled').waitFor();
  await Promise.all([page.waitForEvent('requestfailed'), page.locator('#upload-leave').click()]);
  await name.waitFor({ state: 'detached' });
  assert.ok(await page.evaluate(() => document.activeElement.id === 'upload-files'));
  await choose('two.csv');
  assert.deepEqual(
    [await name.inputValue(), await page.locator('#upload-label').inputValue()],
    ['two', ''],
  );
  await name.fill('own');
  await choose('three.csv');
  assert.equal(await name.inputValue(), 'own', 'what was typed stays');
  await page.unroute('**/api/v1/datasets/*');
  await page.locator('#upload-submit').click();
  await page.locator('[data-testid=preview]', { hasText: 'own' }).waitFor();
  assert.equal(held.length, 1);
  assert.equal((await server.request('GET', '/datasets/one')).status, 404);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('an upload that wants a token asks for it', async () => {
  const { page, context } = await openPage(browser, server);
  await page.route('**/api/v1/datasets/*', (route) =>
    route.request().method() === 'PUT'
      ? route.fulfill({
          status: 401,
          contentType: 'application/problem+json',
          body: '{"title": "Unauthorized", "status": 401, "detail": "A token is wanted."}',
        })
      : route.fallback(),
  );
  await page.goto(`${server.url}/#/datasets`);
  await page
    .locator('#upload-files')
    .setInputFiles({ name: 'secret.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') });
  await page.locator('#upload-submit').click();
  await page.locator('#token-dialog').waitFor();
  await context.close();
});

test('one run is cancelled and retried from its page', async () => {
  const {
    id,
    run_ids: [first],
  } = await server.submit({ ...LONG, name: 'One of two' });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/runs/${first}`);
  await page.locator('#run-cancel').click();
  await page.locator('.status[data-status=cancelled]').first().waitFor();
  assert.equal((await server.get(`/runs/${first}`)).status, 'cancelled');
  await page.locator('#run-retry').click();
  await page.locator('#run-cancel').waitFor();
  await page.locator('#run-cancel').click();
  await page.locator('#run-retry').waitFor();
  assert.deepEqual(complaints, []);
  await server.request('DELETE', `/experiments/${id}?force=true`);
  await context.close();
});

test('an experiment is submitted with the keyboard alone', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  const press = async (key) => page.keyboard.press(key);
  const focused = () => page.evaluate(() => document.activeElement.id);
  const tabTo = async (id) => {
    for (let i = 0; i < 400 && (await focused()) !== id; i++) await press('Tab');
    assert.equal(await focused(), id);
  };
  await page.locator('#nav-new').waitFor();
  await tabTo('nav-new');
  await press('Enter');
  await page.locator('#field-name').waitFor();
  await tabTo('field-name');
  await page.keyboard.type('By keyboard');
  await tabTo('field-dataset');
  await page.keyboard.type('moons');
  await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
  await tabTo('submit');
  await press('Enter');
  await page.waitForURL(/#\/experiments\/\d+/);
  const id = Number(/experiments\/(\d+)/.exec(page.url())[1]);
  const { spec } = await server.get(`/experiments/${id}`);
  assert.equal(spec.name, 'By keyboard');
  assert.equal(spec.dataset, 'moons');
  await server.untilTerminal(id);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the form follows its link: the history, and New starts afresh', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const name = page.locator('#field-name');
  await page.goto(`${server.url}/#/new`);
  await name.fill('Half done');
  await page.waitForURL(/Half/);
  await page.locator('#nav-new').click();
  await page.waitForFunction(() => document.getElementById('field-name')?.value === '');
  await page.goBack();
  await page.waitForFunction(() => document.getElementById('field-name')?.value === 'Half done');
  await page.locator('#start-from').selectOption({ index: 1 });
  await page.waitForFunction(
    () => !['', 'Half done', undefined].includes(document.getElementById('field-name')?.value),
  );
  await page.locator('[data-testid=dry-run][data-state=valid]').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a run’s page and the list recover when the server comes back', async () => {
  const { port } = server;
  const {
    id,
    run_ids: [long],
  } = await server.submit({
    ...QUICK,
    dataset: { name: 'glyphs', n: 1000 },
    hidden: [64],
    epochs: 200,
    name: 'Goes on',
  });
  const { page, context } = await openPage(browser, server);
  const list = await context.newPage();
  await page.goto(`${server.url}/#/runs/${long}`);
  await list.goto(`${server.url}/#/experiments`);
  await list.locator(`[data-testid=experiment-${id}]`).waitFor();
  await untilPoints(page, 'chart-loss', 5);
  await server.kill();
  await page.locator('#connection[data-status=connecting]').waitFor({ timeout: 30_000 });
  server = await server.restart({ port });
  await untilPoints(page, 'chart-loss', 201, 120_000);
  await page.locator('#connection[data-status=live]').waitFor();
  await page.locator('.status[data-status=completed]').first().waitFor();
  const { columns } = await server.get(`/runs/${long}/curves`);
  assert.equal(columns.epoch.length, 201);
  assert.equal(Number(await page.locator('#chart-loss').getAttribute('data-points')), 201);
  const { id: later } = await server.submit({ ...QUICK, name: 'Afterwards' });
  await list.locator(`[data-testid=experiment-${later}]`).waitFor();
  await context.close();
});
