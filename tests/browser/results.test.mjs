// What the pages of an experiment and of a run say is what the API says.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { QUICK, Server } from '../harness.mjs';
import { launch, openPage, untilPoints } from './browser.mjs';

const server = await Server.start();
const browser = await launch();
after(async () => {
  await browser.close();
  await server.stop();
});
const { experiment, runs } = await server.train({
  ...QUICK,
  name: 'Grid',
  epochs: 12,
  repeats: 4,
  sweep: { dropout: [0, 0.5], weight_decay: [0, 0.1] },
});
const {
  runs: [picture],
} = await server.train({
  dataset: { name: 'glyphs', n: 1500 },
  hidden: [16],
  epochs: 3,
  name: 'Pictures',
});
const {
  runs: [regression],
} = await server.train({ dataset: 'sine', hidden: [8], epochs: 2 });
const at = `#/experiments/${experiment.id}`;

test('the verdict is the summary of the comparison, for every metric and epoch that is asked for', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  for (const [metric, which] of [
    ['val_loss', 'selected'],
    ['val_accuracy', 'selected'],
    ['val_accuracy', 'last'],
    ['train_loss', 'best'],
  ]) {
    await page.locator('#verdict-metric').selectOption(metric);
    await page.locator('#verdict-at').selectOption(which);
    const { summary, configs } = await server.get(
      `/experiments/${experiment.id}/comparison?metric=${metric}&at=${which}`,
    );
    await page.waitForFunction(
      (words) => document.getElementById('verdict-summary')?.textContent === words,
      summary,
    );
    const verdicts = configs.map((config) => config.verdict);
    await page.waitForFunction(
      (words) =>
        JSON.stringify(
          [...document.querySelectorAll('#configs [data-verdict]')].map(
            (one) => one.dataset.verdict,
          ),
        ) === words,
      JSON.stringify(verdicts),
    );
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('where a metric cannot be compared, it is compared elsewhere or the service says so: no numbers of another one', async () => {
  const { page, context } = await openPage(browser, server);
  const verdicts = () => page.locator('#configs [data-verdict]').count();
  await page.goto(`${server.url}/${at}?at=last`);
  await page.locator('#configs [data-verdict]').first().waitFor();
  await page.locator('#verdict-metric').selectOption('test_loss');
  const { summary } = await server.get(`/experiments/${experiment.id}/comparison?metric=test_loss`);
  await page.waitForFunction(
    (words) => document.getElementById('verdict-summary')?.textContent === words,
    summary,
  );
  const places = (disabled) =>
    page
      .locator(`#verdict-at option${disabled ? ':disabled' : ':not(:disabled)'}`)
      .evaluateAll((all) => all.map((one) => one.value));
  assert.deepEqual([await places(false), await places(true)], [['selected'], ['best', 'last']]);
  await page.locator('#verdict-metric').selectOption('learning_rate');
  await page.waitForFunction(() =>
    /learning/.test(document.getElementById('verdict-summary')?.textContent),
  );
  assert.deepEqual([await places(false), await places(true)], [['best', 'last'], ['selected']]);
  await page.locator('table#configs').waitFor();
  assert.equal(
    await page.getByRole('region', { name: 'Configs, the lowest first' }).count(),
    1,
    'of which neither more nor less is better',
  );
  assert.doesNotMatch((await page.locator('#configs title').allTextContents()).join(), /is better/);
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `${at}?compare=learning_rate&at=selected`);
  await page.waitForFunction(
    () =>
      /learning/.test(document.getElementById('verdict-summary')?.textContent) &&
      document.getElementById('verdict-at').value === 'best',
  );
  await page.locator('#verdict-metric').selectOption('val_loss');
  await page.waitForFunction(
    () => document.getElementById('verdict-at').value === 'selected',
  ); /* what was asked for before the detour */
  await page.locator('#configs [data-verdict]').first().waitFor();
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `${at}?compare=nonsense`);
  await page.getByTestId('verdict').getByText('metric has no value "nonsense"').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('#configs tbody tr').length === 4);
  assert.equal(await verdicts(), 0);
  await page.locator('#verdict-metric').selectOption('val_loss');
  await page.locator('#configs [data-verdict]').first().waitFor();
  await context.close();
});

test('a metric that no run has leaves the page in its order', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await page.locator('.settings').waitFor();
  await page.locator('#verdict-metric').selectOption('mc_test_loss');
  await page.waitForFunction(() =>
    /No run has a value/.test(document.getElementById('verdict-summary')?.textContent),
  );
  await page.locator('.settings').waitFor({ state: 'detached' });
  const order = await page.evaluate(() =>
    [...document.querySelectorAll('.crumbs, .page-head, .verdict-card, .tables, .foot')].map(
      (one) => one.classList[one.classList.length - 1],
    ),
  );
  assert.deepEqual(order, ['crumbs', 'page-head', 'verdict-card', 'tables', 'foot']);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('experiments can be compared by every metric', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/compare?ids=${experiment.id},${picture.experiment_id}`);
  await page.locator('#compared tbody tr').first().waitFor();
  assert.match(
    await page.locator('#compare-differing').textContent(),
    /Not the same in all:.*epochs 12 \/ 3/,
  );
  const metrics = await page
    .locator('#compare-metric option')
    .evaluateAll((all) => all.map((one) => one.value));
  assert.ok(metrics.includes('learning_rate') && metrics.includes('test_loss'), `${metrics}`);
  for (const metric of ['test_loss', 'learning_rate', 'seconds', 'val_accuracy']) {
    await page.locator('#compare-metric').selectOption(metric);
    await page
      .getByRole('heading', {
        level: 2,
        name: new RegExp(`^${metric.replace('val', 'validation').replace('_', ' ')} by epoch`, 'i'),
      })
      .waitFor();
    assert.equal(await page.locator('#compared tbody tr').count(), 5, metric);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('main effects and interactions of a full grid stand in a table of their own', async () => {
  const { effects } = await server.get(`/experiments/${experiment.id}/comparison`);
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await page.locator('#interactions tbody tr').first().waitFor();
  const alone = effects.items.filter((item) => !item.with);
  assert.equal(await page.locator('#main-effects tbody tr').count(), alone.length);
  assert.equal(
    await page.locator('#interactions tbody tr').count(),
    effects.items.length - alone.length,
  );
  assert.match(
    await page.locator('#main-effects tbody').textContent(),
    /dropout 0\.5 instead of 0/,
  );
  assert.match(
    await page.locator('#interactions tbody').textContent(),
    /dropout 0\.5 with weight_decay 0\.1/,
  );
  await page.goto(`${server.url}/#/experiments/${picture.experiment_id}`);
  await page.locator('#verdict-summary').waitFor();
  assert.equal(await page.locator('[data-testid=effects]').count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the charts against the settings and the effects claim no more than was tested', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const note = page.locator('.settings > p');
  const cell = page.locator('.heat svg > g').last();
  const hatched = page.locator('.heat rect[fill="url(#hatch)"]');
  const { effects, direction } = await server.get(
    `/experiments/${experiment.id}/comparison?metric=weight_norm`,
  );
  assert.equal(direction, 'none');
  await page.goto(`${server.url}/${at}?against=heat&compare=weight_norm`);
  await page.getByRole('heading', { name: 'Weight norm against the settings' }).waitFor();
  await cell.waitFor();
  assert.equal(await hatched.count(), 0);
  assert.equal(
    await note.textContent(),
    'Lighter is more, which is neither better nor worse. The baseline is framed.',
  );
  for (const [table, items] of [
    ['main-effects', effects.items.filter((item) => !item.with)],
    ['interactions', effects.items.filter((item) => item.with)],
  ]) {
    const words = await page.locator(`#${table} .verdict`).allTextContents();
    assert.deepEqual(
      words,
      items.map((item) => (item.p_adjusted < 0.05 ? '≠ differs' : '≈ no evidence')),
    );
  }
  assert.ok(effects.items.some((item) => item.p_adjusted < 0.05));
  await page.goto(`${server.url}/${at}?against=parallel&compare=weight_norm`);
  await page.locator('.parallel polyline').first().waitFor();
  assert.match(await note.textContent(), /the strongest colour has the highest value/);
  const { experiment: few } = await server.train({
    ...QUICK,
    repeats: 2,
    sweep: { dropout: [0, 0.5], weight_decay: [0, 0.1] },
  });
  await page.goto(`${server.url}/#/experiments/${few.id}?against=heat`);
  await hatched.nth(2).waitFor();
  assert.equal(
    await note.textContent(),
    'Lighter is better. The baseline is framed. Hatched: too few seeds to tell.',
  );
  for (const one of await page.locator('.heat svg > g').all()) {
    await one.hover();
    const isBaseline = (await one.locator('.base-cell').count()) > 0;
    await page.waitForFunction(
      ([words, end]) => document.querySelector('.settings > p').textContent === words + end,
      [await one.locator('title').textContent(), isBaseline ? '' : ', too few seeds to tell'],
    );
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('zoom, hidden configs, axes and tabs are in the link: a reload shows the same', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await untilPoints(page, 'chart-0', 13);
  await page.locator('#chart-0').scrollIntoViewIfNeeded();
  const box = await page.locator('#chart-0 .u-over').boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 6 });
  await page.mouse.up();
  await page.locator('#zoom-reset-0').waitFor();
  await page.locator('[data-testid=legend] button').nth(1).click();
  await page.locator('[data-testid=y-log]').check({ force: true });
  await page.locator('#x-log').check();
  await page.locator('#band').selectOption('range');
  await page.getByRole('tab', { name: /^Runs/ }).click();
  const link = page.url();
  const picture_of = () => page.locator('#chart-0 .ink').evaluate((canvas) => canvas.toDataURL());
  const state = async () => ({
    off: await page.locator('[data-testid=legend] .off').allTextContents(),
    log: await page.locator('[data-testid=y-log]').isChecked(),
    x: await page.locator('#x-log').isChecked(),
    band: await page.locator('#band').inputValue(),
    runs: await page.locator('#runs tbody tr').count(),
    zoomed: await page.locator('#zoom-reset-0').count(),
  });
  const before = await state();
  assert.deepEqual(
    { ...before, off: before.off.length },
    { off: 1, log: true, x: true, band: 'range', runs: 16, zoomed: 1 },
  );
  await page.mouse.move(0, 0);
  const drawn = await picture_of();
  await page.reload();
  await untilPoints(page, 'chart-0', 13);
  await page.locator('#runs tbody tr').nth(15).waitFor();
  assert.equal(page.url(), link);
  assert.deepEqual(await state(), before);
  await page.waitForFunction(
    (same) => document.querySelector('#chart-0 .ink').toDataURL() === same,
    drawn,
  );
  assert.deepEqual(complaints, []);
  await context.close();
});

test('epochs tick at whole numbers only', async () => {
  const { page, context } = await openPage(browser, server);
  await page.addInitScript(() => {
    globalThis.words = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function keep(text, x, y, ...rest) {
      globalThis.words.push([text, x, y]);
      return fillText.call(this, text, x, y, ...rest);
    };
  });
  for (const query of ['?zoom=3:5', '?zoom=1:3&x=log', '']) {
    await page.goto('about:blank');
    await page.goto(`${server.url}/${at}${query}`);
    await untilPoints(page, 'chart-0', 13);
    await page.evaluate(() => {
      globalThis.words.length = 0;
    });
    await page.setViewportSize({ width: 1300 + query.length, height: 900 });
    await page.waitForFunction(() => globalThis.words.length > 4);
    const words = await page.evaluate(() => globalThis.words);
    const lowest = Math.max(...words.map(([, , y]) => y));
    const ticks = words.filter(([, , y]) => Math.abs(y - lowest) < 2).map(([text]) => text);
    assert.ok(ticks.length >= 2, `${query}: ${words}`);
    assert.ok(
      ticks.every((text) => /^\d+$/.test(text)),
      `${query}: ${ticks}`,
    );
  }
  await context.close();
});

test('training lines with their gap, best epochs and early stops are in the charts, for configs and for runs', async () => {
  const { experiment: stopped } = await server.train({
    ...QUICK,
    epochs: 60,
    repeats: 2,
    learning_rate: 0.05,
    early_stopping: { patience: 2 },
    sweep: { dropout: [0, 0.5] },
  });
  const reasons = (await server.get(`/experiments/${stopped.id}/runs`)).items.map(
    (run) => run.stop_reason,
  );
  const n_early = reasons.filter((reason) => reason === 'early_stopped').length;
  assert.ok(n_early > 0, `${reasons}`);
  const { page, context, complaints } = await openPage(browser, server);
  const drawn = (lines, marks) =>
    page.waitForFunction(
      ([n, m]) => {
        const dataset = document.getElementById('chart-0')?.dataset ?? {};
        return Number(dataset.lines) === n && Number(dataset.marks) === m;
      },
      [lines, marks],
    );
  await page.goto(`${server.url}/#/experiments/${stopped.id}?mode=runs`);
  await drawn(4, 4 + n_early);
  await page.locator('#gap').check();
  await drawn(8, 4 + n_early);
  await page.reload();
  await drawn(8, 4 + n_early);
  await page.goto(`${server.url}/${at}?gap=1`);
  await drawn(8, 4);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    (async () => {
      await page.locator('#chart-0-save').click();
      await page.locator('#chart-0-save-csv').click();
    })(),
  ]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/,(?=[^ ])/));
  const means = (
    await server.get(`/experiments/${experiment.id}/curves?metric=train_loss`)
  ).configs.find(({ values }) => values.dropout === 0 && values.weight_decay === 0);
  const own = lines
    .filter(
      ([label]) => label.includes(', training') && label.includes('dropout 0, weight_decay 0, '),
    )
    .map((cells) => Number(cells[2]));
  assert.deepEqual(own, means.mean);
  const other = lines.find(([label, epoch]) => !label.includes('training') && epoch === '12');
  assert.match(other.join(), /,12,[0-9.]+,,,$/, 'the gap is no interval');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a chart can be saved as CSV, SVG and PNG, a run as CSV and as a model', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const save = async (click) => {
    const [download] = await Promise.all([page.waitForEvent('download'), click()]);
    return [download.suggestedFilename(), readFileSync(await download.path())];
  };
  await page.goto(`${server.url}/${at}`);
  await untilPoints(page, 'chart-0', 13);
  for (const [kind, begins] of [
    ['csv', 'series,epoch,value,low,high,n\n'],
    ['svg', '<svg '],
    ['png', '\x89PNG'],
  ]) {
    await page.locator('#chart-0-save').click();
    const [name, bytes] = await save(() => page.locator(`#chart-0-save-${kind}`).click());
    assert.equal(name, `validation-loss.${kind}`);
    assert.ok(bytes.toString('latin1').startsWith(begins), `${kind}: ${bytes.subarray(0, 30)}`);
    if (kind === 'csv')
      assert.equal(
        bytes.toString().trim().split('\n').length,
        1 + 4 * 13,
        'a line per config and epoch',
      );
  }
  for (const kind of ['path', 'heat', 'parallel']) {
    await page.goto(`${server.url}/${at}?against=${kind}`);
    await page
      .locator(
        { path: '#path circle', heat: '.heat svg[role=img]', parallel: '.parallel polyline' }[kind],
      )
      .first()
      .waitFor();
    for (const [file, begins] of [
      ['svg', '<svg '],
      ['png', '\x89PNG'],
      ['csv', 'dropout,weight_decay,n,mean,std,ci_low,ci_high,'],
    ]) {
      await page.locator('#settings-save').click();
      const [saved, content] = await save(() => page.locator(`#settings-save-${file}`).click());
      assert.equal(saved, `validation-loss-against-the-settings.${file}`);
      assert.ok(
        content.toString('latin1').startsWith(begins),
        `${kind} ${file}: ${content.subarray(0, 60)}`,
      );
      if (file === 'svg')
        assert.match(
          content.toString(),
          kind === 'path'
            ? /<circle [^>]*fill="rgb/
            : kind === 'heat'
              ? /<rect [^>]*fill="rgb/
              : /<polyline [^>]*stroke="rgb/,
          'the looks are in it',
        );
      if (file === 'svg')
        assert.deepEqual(
          ['0', '0.1'].map((value) => content.toString().includes(`>weight_decay ${value}</text>`)),
          [kind === 'path', kind === 'path'],
          'a legend where colours need one',
        );
      if (file === 'png') assert.ok(content.readUInt32BE(16) > 500, 'its width');
      if (file === 'csv') {
        const { configs } = await server.get(`/experiments/${experiment.id}/comparison`);
        assert.deepEqual(
          content
            .toString()
            .trim()
            .split('\n')
            .slice(1)
            .map((line) => Number(line.split(',')[3])),
          configs.map((config) => config.mean),
        );
      }
    }
  }
  await page.goto(`${server.url}/#/runs/${runs[0].id}`);
  const [name, bytes] = await save(() => page.locator('#curves-download').click());
  assert.equal(name, `run-${runs[0].id}-curves.csv`);
  const wanted = await server.request('GET', `/runs/${runs[0].id}/curves`, undefined, {
    Accept: 'text/csv',
  });
  assert.equal(bytes.toString(), wanted.text);
  const [, model] = await save(() => page.locator('#model-download').click());
  assert.deepEqual(model, await server.model(runs[0].id));
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the menu of files closes when it is left, and gives the focus back when it was used', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/${at}`);
  await untilPoints(page, 'chart-0', 13);
  const summary = page.locator('#chart-0-save');
  const isOpen = () =>
    page.evaluate(() => document.getElementById('chart-0-save').parentElement.open);
  const isFocused = () => page.evaluate(() => document.activeElement.id === 'chart-0-save');
  await summary.click();
  assert.equal(await isOpen(), true);
  await page.locator('.menu-items:visible').click({ position: { x: 2, y: 2 } });
  assert.equal(await isOpen(), true, 'after a press beside its buttons');
  await page.locator('#curves-title').click();
  assert.equal(await isOpen(), false, 'after a press elsewhere');
  await summary.focus();
  await page.keyboard.press('Enter');
  for (const kind of ['svg', 'png', 'csv']) {
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), `chart-0-save-${kind}`);
  }
  assert.equal(await isOpen(), true);
  await page.keyboard.press('Tab');
  assert.deepEqual(
    [await isOpen(), await isFocused()],
    [false, false],
    'after the last of its buttons',
  );
  await summary.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  assert.deepEqual([await isOpen(), await isFocused()], [false, true], 'after Escape');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  assert.deepEqual([await isOpen(), await isFocused()], [false, true], 'after a choice');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('name, note and tags are changed in place', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  const change = async (what, words) => {
    await page.locator(`#experiment-${what}-edit`).click();
    await page.locator(`#experiment-${what}-input`).fill(words);
    await page.keyboard.press('Enter');
    await page.locator(`#experiment-${what}-input`).waitFor({ state: 'detached' });
  };
  await page.goto(`${server.url}/${at}`);
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
  await page.evaluate(() => dispatchEvent(new CustomEvent('regulab-theme', { detail: 'dark' }))); // redraws the page
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'second' }).waitFor({ state: 'detached' });
  await page.getByText('Add tags').waitFor();
  assert.deepEqual((await server.get(`/experiments/${experiment.id}`)).tags, []);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a note keeps its lines: it is saved when it was changed, and only then', async () => {
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, name: 'Noted', description: ' First line\n\n- second\n' });
  const { page, context, complaints } = await openPage(browser, server);
  const patches = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') patches.push(request.postDataJSON());
  });
  const note = page.locator('#experiment-description');
  const input = page.locator('#experiment-description-input');
  const leave = async (key) => {
    await (key ? page.keyboard.press(key) : page.locator('#experiment-name').click());
    await input.waitFor({ state: 'detached' });
  };
  await page.goto(`${server.url}/#/experiments/${id}`);
  await note.waitFor();
  assert.match(await note.innerText(), /First line\n\n- second/, 'with its lines');
  for (const key of [null, 'Enter', 'Escape']) {
    await page.locator('#experiment-description-edit').click();
    assert.equal(await input.inputValue(), ' First line\n\n- second\n');
    await leave(key);
  }
  await page.locator('#experiment-name-edit').click();
  await page.keyboard.press('Enter');
  await page.locator('#experiment-description-edit').click();
  await input.fill('To be given up');
  await leave('Escape');
  assert.deepEqual(patches, [], 'nothing was changed');
  await page.locator('#experiment-description-edit').click();
  await input.press('ControlOrMeta+End');
  await page.keyboard.type('third');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('fourth');
  await leave('Enter');
  await page.getByText('fourth').waitFor();
  assert.equal(
    (await server.get(`/experiments/${id}`)).description,
    'First line\n\n- second\nthird\nfourth',
  );
  await page.goto(`${server.url}/#/experiments`);
  await page.locator(`[data-testid=experiment-${id}]`).focus();
  await page.locator(`#note-${id}-edit`).click();
  const height = (
    await page
      .locator('#experiments tbody tr', { has: page.locator(`#note-${id}-input`) })
      .boundingBox()
  ).height;
  assert.equal(
    height,
    (await page.locator('#experiments tbody tr').last().boundingBox()).height,
    'rows stay of one height',
  );
  await page.keyboard.press('Enter');
  await page.locator(`#note-${id}-input`).waitFor({ state: 'detached' });
  assert.equal(
    (await server.get(`/experiments/${id}`)).description,
    'First line\n\n- second\nthird\nfourth',
  );
  assert.equal(patches.length, 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the answers of a run: confusion, calibration and mistakes of its evaluation', async () => {
  const evaluation = await server.get(`/runs/${picture.id}/evaluation`);
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/runs/${picture.id}`);
  await page.getByRole('tab', { name: 'Answers' }).click();
  await page.locator('[data-testid=mistakes] canvas').first().waitFor();
  const cells = await page
    .locator('#confusion tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) =>
        [...row.querySelectorAll('td:not(.right-share)')].map((cell) => Number(cell.textContent)),
      ),
    );
  assert.deepEqual(cells, evaluation.confusion);
  assert.equal(
    await page.locator('[data-testid=mistakes] figure').count(),
    evaluation.mistakes.length,
  );
  const [worst] = evaluation.mistakes;
  assert.match(
    await page.locator('[data-testid=mistakes] figcaption').first().textContent(),
    new RegExp(`^${worst.label} → ${worst.predicted}`),
  );
  const inked = await page
    .locator('[data-testid=mistakes] canvas')
    .first()
    .evaluate((canvas) =>
      [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data].filter(
        (_, i) => i % 4 === 0,
      ),
    );
  assert.deepEqual(inked, worst.pixels);
  assert.equal(
    await page.locator('#reliability .counted').count(),
    evaluation.calibration.filter((bin) => bin.n > 0).length,
  );
  await page.goto(`${server.url}/#/runs/${regression.id}?tab=answers`);
  await page.locator('[data-testid=residuals]').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});
