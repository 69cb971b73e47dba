// Charts read and draw what the API says, also where they thin, grow and are moved; the list with many experiments.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { number } from '../../static/lib/format.js';
import { LONG, QUICK, Server } from '../harness.mjs';
import { launch, openPage, overflow, untilPoints } from './browser.mjs';

const server = await Server.start();
const browser = await launch();
after(async () => {
  await browser.close();
  await server.stop();
});
const EPOCHS = 60;
const { experiment, runs } = await server.train({
  ...QUICK,
  name: 'Zoomed',
  epochs: EPOCHS,
  repeats: 3,
  sweep: { dropout: [0, 0.5] },
});

/* Moves the cursor of a chart over all its x by the keyboard -> [{title, rows: [{label, value, detail}]}]. */
const readAll = (page, id) =>
  page.evaluate(async (chart) => {
    const root = document.getElementById(chart);
    const press = (key) =>
      root.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    const read = () => ({
      title: root.querySelector('.tip-title').textContent,
      rows: [...root.querySelectorAll('.tip-row')].map((row) =>
        Object.fromEntries(
          ['label', 'value', 'detail'].map((part) => [
            part,
            row.querySelector(`.tip-${part}`)?.textContent ?? '',
          ]),
        ),
      ),
    });
    root.focus();
    press('Home');
    await null;
    const seen = [read()];
    for (;;) {
      press('ArrowRight');
      await null; /* uPlot moves its cursor in a microtask */
      const now = read();
      if (now.title === seen.at(-1).title) return seen;
      seen.push(now);
    }
  }, id);

const zoomOf = (url) =>
  new URLSearchParams(url.hash.split('?')[1]).get('zoom')?.split(':').map(Number) ?? null;

/** Waits until the link's zoom is one that `holds` -> that zoom. */
async function untilZoom(page, holds) {
  await page.waitForURL((url) => holds(zoomOf(url)));
  return zoomOf(new URL(page.url()));
}

const near = (a, b) => Math.abs(a - b) < 1e-3 * EPOCHS;
const width = ([from, to]) => to - from;

async function openZoomed(zoom) {
  const opened = await openPage(browser, server);
  await opened.page.goto(`${server.url}/#/experiments/${experiment.id}?zoom=${zoom}`);
  await untilPoints(opened.page, 'chart-0', EPOCHS + 1);
  await opened.page.locator('#chart-0').scrollIntoViewIfNeeded();
  const box = await opened.page.locator('#chart-0 .u-over').boundingBox();
  return { ...opened, box, y: box.y + box.height / 2 };
}

test('Shift and drag moves a zoomed chart along, up to its ends', async () => {
  const { page, context, complaints, box, y } = await openZoomed('20:40');
  const drag = async (from, to) => {
    await page.mouse.move(box.x + box.width * from, y);
    await page.keyboard.down('Shift');
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * to, y, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
  };
  await drag(0.75, 0.25);
  const moved = await untilZoom(page, (zoom) => zoom?.[0] > 20);
  assert.ok(near(moved[0], 30) && near(width(moved), 20), `by half of it: ${moved}`);
  await drag(0.1, 0.9);
  await drag(0.1, 0.9);
  await drag(0.1, 0.9);
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[0] === 0), [0, 20]);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a wheel that goes sideways moves it, a pinch zooms it, an upright one scrolls the page', async () => {
  const { page, context, complaints, box, y } = await openZoomed('20:40');
  await page.mouse.move(box.x + box.width / 2, y);
  await page.mouse.wheel(box.width / 4, 0);
  const moved = await untilZoom(page, (zoom) => zoom?.[0] > 20);
  assert.ok(near(moved[0], 25) && near(width(moved), 20), `by a quarter of it: ${moved}`);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -30);
  await page.keyboard.up('Control');
  const closer = await untilZoom(page, (zoom) => width(zoom) < 19);
  assert.ok(closer[0] > moved[0] && closer[1] < moved[1], `around the pointer: ${closer}`);
  const before = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, 200);
  await page.waitForFunction((top) => scrollY !== top, before);
  assert.deepEqual(zoomOf(new URL(page.url())), closer);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the keyboard moves it, and what the cursor reads stays in sight', async () => {
  const { page, context, complaints } = await openZoomed('20:40');
  const chart = page.locator('#chart-0');
  await chart.focus();
  await page.keyboard.press('Shift+ArrowRight');
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[0] > 20), [24, 44]);
  await page.keyboard.press('Shift+ArrowLeft');
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[0] < 24), [20, 40]);
  await page.keyboard.press('Shift+End');
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[1] > 44), [EPOCHS - 20, EPOCHS]);
  await page.keyboard.press('Home');
  assert.deepEqual(await untilZoom(page, (zoom) => zoom?.[0] === 0), [0, 20]);
  assert.equal(await chart.locator('.tip-title').textContent(), 'epoch 0');
  await page.keyboard.press('0');
  await untilZoom(page, (zoom) => zoom === null);
  assert.match(await chart.getAttribute('aria-label'), /Shift and arrow keys move along/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the cursor reads the value of every epoch, also where a pixel has many', async () => {
  const {
    runs: [long],
  } = await server.train({ ...QUICK, hidden: [2], epochs: 2500, record_layers: false });
  const { val_loss } = await server.curves(long.id);
  const { page, context, complaints } = await openPage(browser, server, {
    width: 390,
    height: 844,
  });
  await page.goto(`${server.url}/#/experiments/${long.experiment_id}`);
  assert.equal(await untilPoints(page, 'chart-0', 2501), 2501);
  const seen = await readAll(page, 'chart-0');
  assert.deepEqual(
    seen.map(({ title }) => title.replace(/\D/g, '')),
    val_loss.map((_, epoch) => String(epoch)),
  );
  assert.deepEqual(
    seen.map(({ rows: [row] }) => row.value),
    val_loss.map((value) => number(value)),
  );
  assert.equal(await overflow(page), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the edges of a band may be given either way round, also where many points come to a pixel', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  const { most, inked } = await page.evaluate(async () => {
    const { createLineChart } = await import('/chart/line.js');
    const x = Array.from({ length: 3000 }, (_, i) => i);
    const noise = (k) => ((Math.sin(k * 12.9898) * 43758.5453) % 1) / 4;
    const [one, other] = [x.map((i) => 1 + noise(i)), x.map((i) => 1.2 + noise(i + 5000))];
    const draw = async (low, high) => {
      const root = document.createElement('div');
      root.className = 'chart';
      root.style.width = '640px';
      document.body.append(root);
      const chart = createLineChart(root, { onZoom() {} });
      chart.draw({
        name: 'n',
        xLabel: 'epoch',
        xLog: false,
        yLog: false,
        zoom: null,
        sync: Math.random(),
        marks: [],
        fit: false,
        live: false,
        reach: 3000,
        series: [
          {
            key: '1',
            label: '1',
            color: '#0072b2',
            dash: [],
            width: 1.5,
            x,
            y: one,
            low,
            high,
            n: null,
          },
        ],
      });
      await new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(done));
      });
      const canvas = root.querySelector('.ink');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      chart.destroy();
      root.remove();
      return data;
    };
    const [a, b] = [await draw(one, other), await draw(other, one)];
    return {
      most: a.reduce((far, value, i) => Math.max(far, Math.abs(value - b[i])), 0),
      inked: a.reduce((n, value, i) => n + (i % 4 === 3 && value > 0), 0),
    };
  });
  assert.ok(inked > 5000, `${inked}`);
  assert.ok(most <= 2, `${most}`);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a band that comes later, with the second seed, is drawn like one that was there from the start', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  const [early, late] = await page.evaluate(async () => {
    const { createLineChart } = await import('/chart/line.js');
    const x = Array.from({ length: 50 }, (_, i) => i);
    const [y, low, high] = [0, -0.5, 0.5].map((shift) => x.map((i) => Math.sin(i / 9) + shift));
    const draw = async (bands) => {
      const root = document.createElement('div');
      root.className = 'chart';
      root.style.width = '640px';
      document.body.append(root);
      const chart = createLineChart(root, { onZoom() {} });
      for (const band of bands) {
        chart.draw({
          name: 'n',
          xLabel: 'epoch',
          xLog: false,
          yLog: false,
          zoom: null,
          sync: Math.random(),
          marks: [],
          fit: false,
          live: false,
          reach: 50,
          series: [
            {
              key: '1',
              label: '1',
              color: '#0072b2',
              dash: [],
              width: 1.5,
              x,
              y,
              low: band ? low : null,
              high: band ? high : null,
              n: null,
            },
          ],
        });
        await new Promise((done) => {
          requestAnimationFrame(() => requestAnimationFrame(done));
        });
      }
      const canvas = root.querySelector('.ink');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      chart.destroy();
      root.remove();
      return data.reduce((n, value, i) => n + (i % 4 === 3 && value > 0), 0);
    };
    return [await draw([true]), await draw([false, true])];
  });
  assert.ok(early > 20_000, `${early}`);
  assert.equal(late, early);
  assert.deepEqual(complaints, []);
  await context.close();
});

/* Draws a chart whole, and one of the same size step by step; answers how far their lines differ. */
const differences = (page) =>
  page.evaluate(async () => {
    const { createLineChart } = await import('/chart/line.js');
    const noise = (k) => ((Math.sin(k * 12.9898) * 43758.5453) % 1) / 4;
    const N = 3000;
    const y = (line, i) => 2 + line / 6 + noise(i + 7 * line) + Math.exp(-i / 200);
    const seriesOf = (n) =>
      Array.from({ length: 8 }, (_, line) => {
        const x = Array.from({ length: n(line) }, (_unused, i) => i);
        const values = x.map((i) => (i % 97 === 5 ? null : y(line, i)));
        const band = line % 2 === 0;
        return {
          key: String(line),
          label: String(line),
          color: '#0072b2',
          dash: line % 3 === 2 ? [7, 4] : [],
          width: 1.5,
          x,
          y: values,
          n: null,
          low: band ? values.map((v) => (v === null ? null : v - 0.2)) : null,
          high: band ? values.map((v) => (v === null ? null : v + 0.2)) : null,
        };
      });
    const modelOf = (series) => ({
      name: 'n',
      xLabel: 'epoch',
      series,
      xLog: false,
      yLog: false,
      zoom: [0, N],
      sync: Math.random(),
      marks: [],
      fit: false,
      live: true,
      reach: N,
    });
    const chartIn = () => {
      const root = document.createElement('div');
      root.className = 'chart';
      root.style.width = '640px';
      document.body.append(root);
      return { root, chart: createLineChart(root, { onZoom() {} }) };
    };
    const settled = () =>
      new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(done));
      });
    const [grown, whole] = [chartIn(), chartIn()];
    const final = seriesOf((line) => N - 40 * line);
    const series = seriesOf((line) => (line === 0 ? N : N - 40 * line - 200));
    let drawn = 0;
    grown.chart.draw(modelOf(series));
    const model = grown.chart.model;
    await settled();
    const ctx = grown.root.querySelector('.ink').getContext('2d');
    const { clearRect } = CanvasRenderingContext2D.prototype;
    ctx.clearRect = function count(x, top, w, h) {
      drawn = Math.max(drawn, w);
      clearRect.call(this, x, top, w, h);
    };
    for (let step = 0; step < 200; step += 20) {
      series.forEach((s, line) => {
        for (const name of line === 0 ? [] : ['x', 'y', 'low', 'high'])
          if (s[name])
            s[name].push(...final[line][name].slice(s[name].length, s[name].length + 20));
      });
      grown.chart.draw({ ...model, series });
    }
    whole.chart.draw(modelOf(final));
    await settled();
    const [a, b] = [grown, whole].map(({ root }) => {
      const c = root.querySelector('.ink');
      return c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    });
    let [most, inked, other] = [0, 0, 0];
    for (let i = 3; i < b.length; i += 4) {
      most = Math.max(most, Math.abs(a[i] - b[i]));
      if (b[i] > 0) inked += 1;
      if (Math.abs(a[i] - b[i]) > 32) other += 1;
    }
    for (const { root, chart } of [grown, whole]) {
      chart.destroy();
      root.remove();
    }
    return { most, inked, other, widest: drawn, pixels: a.length === b.length };
  });

test('a chart that grew strip by strip looks like one that was drawn at once', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  const found = await differences(page);
  assert.ok(found.pixels && found.inked > 10_000, JSON.stringify(found));
  assert.ok(found.widest > 0 && found.widest < 200, `only strips were drawn: ${found.widest}`);
  assert.equal(found.other, 0, JSON.stringify(found));
  assert.deepEqual(complaints, []);
  await context.close();
});

test('means that were heard epoch by epoch are those of the service', async () => {
  const alone = await Server.start({ workers: 1 });
  try {
    const first = await alone.submit(LONG);
    const { id } = await alone.submit({
      dataset: { name: 'moons', n: 400 },
      hidden: [32],
      epochs: 40,
      repeats: 4,
      sweep: { dropout: [0, 0.4] },
      name: 'Waits',
    });
    const { page, context, complaints } = await openPage(browser, alone);
    await page.goto(`${alone.url}/#/experiments/${id}`);
    await page.getByText('Waiting for the first epoch').first().waitFor();
    await alone.request('POST', `/experiments/${first.id}/cancel`);
    await alone.untilTerminal(id);
    await page.locator('.head-state').getByText('completed').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('#configs tbody tr').length === 2);
    for (const [chart, metric] of [
      ['chart-0', 'val_loss'],
      ['chart-1', 'val_accuracy'],
    ]) {
      const { configs } = await alone.get(`/experiments/${id}/curves?metric=${metric}`);
      await untilPoints(page, chart, 41);
      for (const { title, rows } of await readAll(page, chart)) {
        const epoch = Number(title.replace(/\D/g, ''));
        const expected = configs.map((config) => number(config.mean[epoch])).sort();
        assert.deepEqual(rows.map((row) => row.value).sort(), expected, `${metric}, ${title}`);
        for (const row of rows) assert.match(row.detail, /n 4$/);
      }
    }
    assert.deepEqual(complaints, []);
    await context.close();
  } finally {
    await alone.stop();
  }
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

test('of very many lines the charts say which they leave out, and their files have room for the names', async () => {
  const many = {
    dropout: [0, 0.5],
    learning_rate: [0.001, 0.002, 0.005, 0.01],
    weight_decay: Array.from({ length: 13 }, (_, i) => i / 1000),
  };
  const {
    experiment: { id },
  } = await server.train({ ...QUICK, name: 'Many', epochs: 2, repeats: 2, sweep: many });
  const { page, context, complaints } = await openPage(browser, server);
  const at = (query) => page.goto(`${server.url}/#/experiments/${id}?${query}`);
  const drawn = (n) =>
    page.waitForFunction(
      (lines) => Number(document.getElementById('chart-0')?.dataset.lines) === lines,
      n,
    );
  const says = (words) =>
    page.waitForFunction(
      (text) => document.getElementById('left-out')?.textContent === text,
      words,
    );
  for (const [query, lines, words] of [
    ['', 100, 'The first 100 of 104 configs; hide configs to see others.'],
    [
      'gap=1',
      100,
      'The first 50 of 104 configs, each with its training line; hide configs to see others.',
    ],
    ['mode=runs', 100, 'The first 100 of 208 runs; hide configs to see others.'],
    [
      'mode=runs&gap=1',
      100,
      'The first 50 of 208 runs, each with its training line; hide configs to see others.',
    ],
    [
      'gap=1&metrics=learning_rate',
      100,
      'The first 100 of 104 configs; hide configs to see others.',
    ],
  ]) {
    await at(query);
    await says(words);
    await drawn(lines);
  }
  await at('');
  await drawn(100);
  const keys = await page
    .locator('.legend-item')
    .evaluateAll((items) => items.slice(0, 4).map((item) => item.dataset.config));
  await at(`hide=${keys.join('%2C')}`);
  await page.locator('#left-out').waitFor({ state: 'detached' });
  await drawn(100);
  await page.locator('#chart-0-save').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('#chart-0-save-svg').click(),
  ]);
  const { plot, texts, width } = await page.evaluate(
    (svg) => {
      const box = document.createElement('div');
      box.innerHTML = svg;
      document.body.append(box);
      const left = box.getBoundingClientRect().x;
      const rows = [...box.querySelectorAll('svg > g:not([clip-path]) > text')]
        .map((text) => text.getBoundingClientRect())
        .map(({ x, y, right, bottom }) => [x - left, y, right - left, bottom]);
      const answer = {
        plot: Number(box.querySelector('clipPath rect').getAttribute('height')),
        texts: rows,
        width: box.querySelector('svg').width.baseVal.value,
      };
      box.remove();
      return answer;
    },
    readFileSync(await download.path(), 'utf8'),
  );
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

test('names that are too long for a picture are cut, and stand in full in its file', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  const { cut, widest, titles, words, room } = await page.evaluate(async () => {
    const [{ layLegend }, { lineChartSvg }] = await Promise.all([
      import('/chart/legend.js'),
      import('/chart/svg.js'),
    ]);
    const series = ['short', 'a very long name of a config '.repeat(12)].map((label) => ({
      key: label,
      label,
      color: '#112233',
      x: [0, 1],
      y: [1, 2],
      low: null,
      high: null,
    }));
    const ctx = document.createElement('canvas').getContext('2d');
    ctx.font = '12px sans-serif';
    const legend = layLegend(series, 600, ctx.font);
    const document_ = new DOMParser().parseFromString(
      lineChartSvg(
        { name: 'Long', xLabel: 'epoch', series, xLog: false, yLog: false, zoom: null },
        { width: 880, height: 480 },
        () => '#000',
      ),
      'image/svg+xml',
    );
    return {
      cut: legend.items.map((item) => item.words),
      widest: Math.max(
        ...legend.items.map((item) => item.left + ctx.measureText(item.words).width),
      ),
      room: 600,
      titles: [...document_.querySelectorAll('title')].map((title) => title.textContent),
      words: series.map((s) => s.label),
    };
  });
  assert.equal(cut[0], 'short');
  assert.match(cut[1], /^a very long .*\S…$/);
  assert.ok(widest <= room, `${widest}`);
  assert.deepEqual(titles, [words[1]]);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('many experiments: the last one is reached by scrolling and by the keyboard, and the place in the list is kept', async () => {
  const { many, first } = await serverWithMany(600);
  try {
    const { page, context, complaints } = await openPage(browser, many);
    const rows = page.locator('#experiments tbody tr[aria-rowindex]');
    const oldest = page.locator(`[data-testid=experiment-${first}]`);
    const rowcount = () => page.locator('#experiments').getAttribute('aria-rowcount');

    await page.goto(`${many.url}/#/experiments`);
    await rows.first().waitFor();
    assert.equal(await rowcount(), '-1', 'how many there are is not known yet');
    await page.waitForFunction((id) => {
      scrollTo(0, document.documentElement.scrollHeight);
      return document.querySelector(`[data-testid=experiment-${id}]`);
    }, first);
    assert.equal(await rowcount(), '601');
    assert.ok((await rows.count()) < 150, 'only rows in sight are in the page');
    assert.equal(await oldest.locator('xpath=ancestor::tr').getAttribute('aria-rowindex'), '601');

    const { id } = await many.submit({ ...QUICK, name: 'Comes later' });
    await page.waitForFunction(
      () => document.getElementById('experiments').getAttribute('aria-rowcount') === '602',
    );
    assert.equal(await oldest.locator('xpath=ancestor::tr').getAttribute('aria-rowindex'), '602');
    await page.evaluate(() => scrollTo(0, 0));
    await page.locator('tr', { hasText: 'Comes later' }).getByText('completed').waitFor();
    await page.locator(`tr[aria-rowindex="2"] [data-testid=experiment-${id}]`).waitFor();

    await page.reload();
    await rows.first().waitFor();
    const deadline = Date.now() + 120_000;
    while ((await oldest.count()) === 0) {
      assert.ok(Date.now() < deadline, 'the last one is reached');
      await page.keyboard.press('End');
      await page.evaluate(
        () =>
          new Promise((done) => {
            requestAnimationFrame(done);
          }),
      );
    }
    await oldest.focus();
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.hash === `#/experiments/${first}`);

    await page.goto(`${many.url}/#/experiments?sort=created_at`);
    await page.waitForFunction((id) => {
      scrollTo(0, 0); // the page may come back to where the list was left
      return document.querySelector(`tr[aria-rowindex="2"] [data-testid=experiment-${id}]`);
    }, first);
    await page.goto(`${many.url}/#/experiments?q=Number 59`);
    await page.waitForFunction(
      () => document.querySelectorAll('#experiments tbody tr').length === 11,
    ); // 59 and 590 to 599
    assert.equal(await rowcount(), '12');
    assert.deepEqual(complaints, []);
    await context.close();
  } finally {
    await many.stop();
  }
});
