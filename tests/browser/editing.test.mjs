// What is written on an experiment is changed where it stands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUICK } from '../harness.mjs';
import { openPage, stage } from './browser.mjs';

const { server, browser } = await stage();

test('name, note and tags are changed in place', async () => {
  const { experiment } = await server.train({ ...QUICK, name: 'Named' });
  const { page, context, complaints } = await openPage(browser, server);
  const change = async (what, words) => {
    await page.locator(`#experiment-${what}-edit`).click();
    await page.locator(`#experiment-${what}-input`).fill(words);
    await page.keyboard.press('Enter');
    await page.locator(`#experiment-${what}-input`).waitFor({ state: 'detached' });
  };
  await page.goto(`${server.url}/#/experiments/${experiment.id}`);
  await change('name', 'Another name');
  await change('description', 'With a note');
  await change('tags', ' first, second ,first,, ');
  await page.getByRole('link', { name: 'second' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Another name' }).waitFor();
  const now = await server.get(`/experiments/${experiment.id}`);
  assert.deepEqual(
    [now.name, now.description, now.tags],
    ['Another name', 'With a note', ['first', 'second']],
  );
  await page.locator('#experiment-tags-edit').click();
  await page.locator('#experiment-tags-input').fill('');
  /* redraws the page */
  await page.evaluate(() => dispatchEvent(new CustomEvent('regulab-theme', { detail: 'dark' })));
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'second' }).waitFor({ state: 'detached' });
  await page.getByText('Add tags').waitFor();
  assert.deepEqual((await server.get(`/experiments/${experiment.id}`)).tags, []);
  assert.deepEqual(complaints, []);
  await context.close();
});

const NOTE = ' First line\n\n- second\n';
const LONGER = 'First line\n\n- second\nthird\nfourth';

/* The page of an experiment with the note; `patches` gets what the page saves. */
async function openNoted() {
  const { experiment } = await server.train({ ...QUICK, name: 'Noted', description: NOTE });
  const opened = await openPage(browser, server);
  const { page } = opened;
  const patches = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') patches.push(request.postDataJSON());
  });
  await page.goto(`${server.url}/#/experiments/${experiment.id}`);
  await page.locator('#experiment-description').waitFor();
  const input = page.locator('#experiment-description-input');
  const leave = async (key) => {
    await (key ? page.keyboard.press(key) : page.locator('#experiment-name').click());
    await input.waitFor({ state: 'detached' });
  };
  return { ...opened, id: experiment.id, patches, input, leave };
}

test('a note keeps its lines, and is not saved while nothing is changed', async () => {
  const { page, context, complaints, patches, input, leave } = await openNoted();
  const words = await page.locator('#experiment-description').innerText();
  assert.match(words, /First line\n\n- second/, 'with its lines');
  for (const key of [null, 'Enter', 'Escape']) {
    await page.locator('#experiment-description-edit').click();
    assert.equal(await input.inputValue(), NOTE);
    await leave(key);
  }
  await page.locator('#experiment-name-edit').click();
  await page.keyboard.press('Enter');
  await page.locator('#experiment-description-edit').click();
  await input.fill('To be given up');
  await leave('Escape');
  assert.deepEqual(patches, [], 'nothing was changed');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('lines are added to a note, which is saved once, and looked at in the list', async () => {
  const { page, context, complaints, id, patches, input, leave } = await openNoted();
  const isSaved = async () =>
    assert.equal((await server.get(`/experiments/${id}`)).description, LONGER);
  await page.locator('#experiment-description-edit').click();
  await input.press('ControlOrMeta+End');
  await page.keyboard.type('third');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('fourth');
  await leave('Enter');
  await page.getByText('fourth').waitFor();
  await isSaved();
  await page.goto(`${server.url}/#/experiments`);
  await page.locator(`[data-testid=experiment-${id}]`).focus();
  await page.locator(`#note-${id}-edit`).click();
  const rows = page.locator('#experiments tbody tr');
  const own = rows.filter({ has: page.locator(`#note-${id}-input`) });
  const [one, other] = [await own.boundingBox(), await rows.last().boundingBox()];
  assert.equal(one.height, other.height, 'rows stay of one height');
  await page.keyboard.press('Enter');
  await page.locator(`#note-${id}-input`).waitFor({ state: 'detached' });
  await isSaved();
  assert.equal(patches.length, 1);
  assert.deepEqual(complaints, []);
  await context.close();
});
