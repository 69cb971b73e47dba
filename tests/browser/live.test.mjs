// What a page says stays true while things happen: runs come, end, are paused and retried, answers
// are late.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { noteProgress, remainingSeconds } from '../../static/lib/remaining.js';
import { LONG, QUICK, Server, eventually } from '../harness.mjs';
import { launch, openPage, overflow, untilPoints } from './browser.mjs';

const server = await Server.start({ workers: 1 });
const browser = await launch();
after(async () => {
  await browser.close();
  await server.stop();
});

const post = async (path, body) => {
  const answer = await server.request('POST', path, body);
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`);
  return answer.json;
};
const runsOf = async (id) => (await server.get(`/experiments/${id}/runs`)).items;
const isRunning = (one) => one.status === 'running';

test('curves of runs lose nothing by a detour to the means', async () => {
  const { id } = await server.submit({ ...LONG, dataset: { name: 'glyphs', n: 1000 }, repeats: 2 });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments/${id}?mode=runs`);
  const before = await untilPoints(page, 'chart-0', 5);
  await page.getByTestId('mode-mean').check({ force: true });
  await page.locator('#band').waitFor();
  const between = await untilPoints(page, 'chart-0', before + 10);
  await page.getByTestId('mode-runs').check({ force: true });
  await page.locator('#band').waitFor({ state: 'detached' });
  await untilPoints(page, 'chart-0', between + 5);
  await post(`/experiments/${id}/pause`);
  await server.untilExperiment(id, (one) => one.status === 'paused');
  const { epoch } = await server.curves((await runsOf(id))[0].id);
  assert.equal(await untilPoints(page, 'chart-0', epoch.length), epoch.length);
  assert.deepEqual(complaints, []);
  await post(`/experiments/${id}/cancel`);
  await context.close();
});

test('the numbers of configs and runs follow what is added, in the list, too', async () => {
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, name: 'Grows', repeats: 3, sweep: { dropout: [0, 0.5] } });
  const [one, list] = await Promise.all([openPage(browser, server), openPage(browser, server)]);
  await Promise.all([
    one.page.goto(`${server.url}/#/experiments/${id}`),
    list.page.goto(`${server.url}/#/experiments`),
  ]);
  await one.page.locator('.head-state').getByText('2 configs · 6 runs').waitFor();
  const row = list.page.locator('tr', { hasText: 'Grows' });
  await row.getByText('2 configs · 6 runs').waitFor();
  await post(`/experiments/${id}/extend`, { repeats: 4, sweep: { dropout: [0.25] } });
  await Promise.all([
    one.page.locator('.head-state').getByText('3 configs · 12 runs').waitFor(),
    row.getByText('3 configs · 12 runs').waitFor(),
  ]);
  await one.page.getByRole('tab', { name: 'Runs (12)' }).waitFor();
  await server.untilTerminal(id);
  await one.page.locator('#extend').click();
  await one.page.getByText('Seeds of every config, now 4').waitFor();
  await one.page.locator('#extend-repeats').fill('4');
  await one.page.locator('#extend-submit').click();
  await one.page.getByText('Nothing to add: every config has 4 seeds already.').waitFor();
  assert.deepEqual([...one.complaints, ...list.complaints], []);
  await Promise.all([one.context.close(), list.context.close()]);
});

test('a list by status is kept true, also of experiments that were not in it', async () => {
  const [running, ended] = await Promise.all([
    openPage(browser, server),
    openPage(browser, server),
  ]);
  await Promise.all([
    running.page.goto(`${server.url}/#/experiments?status=running`),
    ended.page.goto(`${server.url}/#/experiments?status=cancelled`),
  ]);
  await running.page.getByTestId('no-match').waitFor();
  const { id } = await server.submit({ ...LONG, name: 'Now and then' });
  const row = running.page.getByTestId(`experiment-${id}`);
  await row.waitFor();
  await post(`/experiments/${id}/pause`);
  await row.waitFor({ state: 'detached' });
  await post(`/experiments/${id}/resume`);
  await row.waitFor();
  await post(`/experiments/${id}/cancel`);
  await row.waitFor({ state: 'detached' });
  await ended.page.getByTestId(`experiment-${id}`).waitFor();
  assert.deepEqual([...running.complaints, ...ended.complaints], []);
  await Promise.all([running.context.close(), ended.context.close()]);
});

test('a list of runs that comes late does not undo what was heard meanwhile', async () => {
  const { id } = await server.submit({ ...LONG, repeats: 2 });
  await server.untilExperiment(id, isRunning);
  const { page, context, complaints } = await openPage(browser, server);
  let release;
  const isHeard = new Promise((resolve) => {
    release = resolve;
  });
  let n_asked = 0;
  let n_answered = 0;
  await page.route(
    (url) => url.pathname === `/api/v1/experiments/${id}/runs`,
    async (route) => {
      n_asked += 1;
      const answer = await route.fetch(); // of now
      if (n_asked === 1) {
        await post(`/experiments/${id}/cancel`);
        await isHeard;
      }
      await route.fulfill({ response: answer });
      n_answered += 1;
    },
  );
  await page.goto(`${server.url}/#/experiments/${id}?tab=runs`);
  await page.locator('.head-state [data-status=cancelled]').waitFor();
  await eventually(10_000, 'the answers to later questions', () => n_answered === n_asked - 1);
  /* is asked for after the runs */
  const isTaken = page.waitForRequest((one) => one.url().includes(`/experiments/${id}/curves`));
  release();
  await isTaken;
  await page.getByRole('tab', { name: 'Specification' }).click(); // draws anew
  await page.getByRole('tab', { name: /^Runs/ }).click();
  assert.deepEqual(
    await page
      .locator('#runs tbody [data-status]')
      .evaluateAll((all) => all.map((one) => one.dataset.status)),
    ['cancelled', 'cancelled'],
  );
  /* what no event says */
  await page.locator('#runs td[data-label=Took]', { hasNotText: '–' }).first().waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('runs that could not be loaded are not told to be none, and come later', async () => {
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, repeats: 2 });
  const { page, context } = await openPage(browser, server);
  const path = (url) => url.pathname === `/api/v1/experiments/${id}/runs`;
  await page.route(path, (route) => route.abort());
  await page.goto(`${server.url}/#/experiments/${id}`);
  await page.getByText('The runs could not be loaded').waitFor();
  assert.equal(await page.getByRole('tab', { name: /\(0\)/ }).count(), 0);
  await page.unroute(path);
  await page.locator('.tables').getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('tab', { name: 'Runs (2)' }).waitFor();
  await page.getByText('The runs could not be loaded').waitFor({ state: 'detached' });
  await context.close();
});

test('a retried run that waits has no values of its attempt before', async () => {
  const { id } = await server.submit({ ...LONG, name: 'Retried' });
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments/${id}?tab=runs`);
  await page.locator('#runs [title="So far"]').first().waitFor();
  const [{ id: run }] = await runsOf(id);
  const other = await server.submit({ ...LONG, name: 'In the way' });
  await post(`/runs/${run}/cancel`);
  await page.locator('#runs [data-status=cancelled]').waitFor();
  await server.untilExperiment(other.id, isRunning);
  await post(`/runs/${run}/retry`);
  await page.locator('#runs [data-status=queued]').waitFor();
  await page.waitForFunction(
    () => document.querySelectorAll('#runs [title="So far"]').length === 0,
  );
  await page.waitForFunction(() =>
    [...document.querySelectorAll('#runs td')]
      .filter((cell) => ['Took', 'Best epoch'].includes(cell.dataset.label))
      .every((cell) => cell.textContent === '–'),
  );
  assert.deepEqual(complaints, []);
  await post(`/experiments/${id}/cancel`);
  await post(`/experiments/${other.id}/cancel`);
  await context.close();
});

test('without layers a run’s page says why there are none', async () => {
  const busy = await server.submit(LONG);
  await server.untilExperiment(busy.id, isRunning);
  const { id } = await server.submit({ ...QUICK, name: 'Waits' });
  const [{ id: waiting }] = await runsOf(id);
  const { page, context } = await openPage(browser, server);
  const path = (url) => url.pathname === `/api/v1/runs/${waiting}/layers`;
  await page.route(path, (route) => route.abort());
  await page.goto(`${server.url}/#/runs/${waiting}`);
  await page.getByText('The layers could not be loaded').waitFor();
  await page.unroute(path);
  await page.locator('#run-tabs-panel').getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Nothing yet').waitFor();
  await post(`/experiments/${busy.id}/cancel`);
  await page.getByTestId('layers').waitFor();
  const {
    runs: [without],
  } = await server.train({ ...QUICK, record_layers: false });
  await page.goto(`${server.url}/#/runs/${without.id}`);
  await page.getByText('does not record its layers').waitFor();
  await context.close();
});

test('a long name without spaces does not widen a run’s page', async () => {
  const {
    runs: [{ id }],
  } = await server.train({ ...QUICK, name: 'without_a_space_'.repeat(12) });
  const { page, context } = await openPage(browser, server, { width: 390, height: 844 });
  await page.goto(`${server.url}/#/runs/${id}`);
  await page.locator('.crumbs', { hasText: 'without_a_space' }).waitFor();
  await untilPoints(page, 'chart-loss', 4);
  assert.equal(await overflow(page), 0);
  await context.close();
});

test('the time that is left follows from what was seen since training went on', () => {
  const note = (progress, seconds, status = 'running') =>
    noteProgress(1, { status, progress }, 1000 * seconds);
  const isLeft = (wanted) =>
    assert.ok(
      Math.abs(remainingSeconds(1) - wanted) < 1e-6,
      `${remainingSeconds(1)}, not ${wanted}`,
    );
  note(0, 0, 'queued');
  assert.equal(remainingSeconds(1), null);
  note(0.5, 1000); // however long it trained before
  assert.equal(remainingSeconds(1), null);
  note(0.501, 1002);
  assert.equal(remainingSeconds(1), null, 'too little to tell');
  note(0.51, 1010);
  isLeft(490);
  note(0.51, 1020, 'paused');
  assert.equal(remainingSeconds(1), null);
  note(0.51, 5000);
  note(0.61, 5010);
  isLeft(39);
  note(0.3, 5020); // more runs
  assert.equal(remainingSeconds(1), null);
  note(0.3005, 5031);
  isLeft((0.6995 * 11) / 0.0005);
});
