// Charts draw what their model says: bands, strips of what has grown, names in a picture.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, stage } from './browser.mjs';

const { server, browser } = await stage();

test('the edges of a band may be given either way round, of dense lines, too', async () => {
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

test('a band that comes with the second seed is drawn like one from the start', async () => {
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

/* In the page, where globalThis.bench is what these three share.
 * Prepares two charts of one size, and lines of which all but the first still grow. */
async function prepare() {
  const { createLineChart } = await import('/chart/line.js');
  const N = 3000;
  const noise = (k) => ((Math.sin(k * 12.9898) * 43758.5453) % 1) / 4;
  const valueAt = (line, i) =>
    i % 97 === 5 ? null : 2 + line / 6 + noise(i + 7 * line) + Math.exp(-i / 200);
  const lineOf = (line, n) => {
    const x = Array.from({ length: n }, (_, i) => i);
    const y = x.map((i) => valueAt(line, i));
    const edge = (by) => (line % 2 === 0 ? y.map((v) => (v === null ? null : v + by)) : null);
    const dash = line % 3 === 2 ? [7, 4] : [];
    const look = { key: `${line}`, label: `${line}`, color: '#0072b2', dash, width: 1.5 };
    return { ...look, x, y, n: null, low: edge(-0.2), high: edge(0.2) };
  };
  const seriesOf = (n) => Array.from({ length: 8 }, (_, line) => lineOf(line, n(line)));
  const chartIn = () => {
    const root = document.createElement('div');
    root.className = 'chart';
    root.style.width = '640px';
    document.body.append(root);
    return { root, chart: createLineChart(root, { onZoom() {} }) };
  };
  globalThis.bench = {
    grown: chartIn(),
    whole: chartIn(),
    final: seriesOf((line) => N - 40 * line),
    series: seriesOf((line) => (line === 0 ? N : N - 40 * line - 200)),
    modelOf: (series) => ({
      ...{ name: 'n', xLabel: 'epoch', xLog: false, yLog: false, sync: Math.random() },
      ...{ series, zoom: [0, N], marks: [], fit: false, live: true, reach: N },
    }),
    settled: () =>
      new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(done));
      }),
  };
}

/* Draws one chart step by step, the other at once; answers the width of the widest strip. */
async function grow() {
  const { grown, whole, final, series, modelOf, settled } = globalThis.bench;
  grown.chart.draw(modelOf(series));
  const { model } = grown.chart;
  await settled();
  let widest = 0;
  const ctx = grown.root.querySelector('.ink').getContext('2d');
  const { clearRect } = CanvasRenderingContext2D.prototype;
  ctx.clearRect = function count(x, top, w, h) {
    widest = Math.max(widest, w);
    clearRect.call(this, x, top, w, h);
  };
  for (let step = 0; step < 200; step += 20) {
    series.slice(1).forEach((s, i) => {
      const full = final[i + 1];
      for (const name of ['x', 'y', 'low', 'high'])
        s[name]?.push(...full[name].slice(s[name].length, s[name].length + 20));
    });
    grown.chart.draw({ ...model, series });
  }
  whole.chart.draw(modelOf(final));
  await settled();
  return widest;
}

/* How far the pixels of both charts differ: {most, inked, other, pixels (as many in both)}. */
function compare() {
  const { grown, whole } = globalThis.bench;
  const [a, b] = [grown, whole].map(({ root }) => {
    const canvas = root.querySelector('.ink');
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
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
  return { most, inked, other, pixels: a.length === b.length };
}

test('a chart that grew strip by strip looks like one that was drawn at once', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  await page.evaluate(prepare);
  const widest = await page.evaluate(grow);
  const found = await page.evaluate(compare);
  assert.ok(found.pixels && found.inked > 10_000, JSON.stringify(found));
  assert.ok(widest > 0 && widest < 200, `only strips were drawn: ${widest}`);
  assert.equal(found.other, 0, JSON.stringify(found));
  assert.deepEqual(complaints, []);
  await context.close();
});

/* In the page: how many pixels of a chart of one line are inked. */
async function countInk(y) {
  const { createLineChart } = await import('/chart/line.js');
  const root = document.createElement('div');
  root.className = 'chart';
  document.body.append(root);
  const chart = createLineChart(root, { onZoom() {} });
  const look = { key: 'a', label: 'a', color: '#0072b2', dash: [], width: 2 };
  const line = { ...look, x: y.map((_, i) => i), y, low: null, high: null, n: null };
  const axes = { xLabel: 'epoch', xLog: false, yLog: false, zoom: null, sync: 'ink' };
  chart.draw({ name: 'n', ...axes, series: [line], marks: [], fit: false, live: false });
  await new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
  });
  const ink = root.querySelector('.ink');
  const { data } = ink.getContext('2d').getImageData(0, 0, ink.width, ink.height);
  let inked = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) inked += 1;
  chart.destroy();
  root.remove();
  return inked;
}

test('a value that stands alone is a dot, whatever gaps there are around it', async () => {
  const { page, context, complaints } = await openPage(browser, server);
  await page.goto(`${server.url}/#/experiments`);
  const dot = await page.evaluate(countInk, [1]);
  assert.ok(dot > 20, `${dot} pixels`);
  for (const y of [
    [1, null],
    [null, 1],
    [null, null, 1, null],
  ])
    assert.ok((await page.evaluate(countInk, y)) > 20, `${y}`);
  assert.equal(await page.evaluate(countInk, [null, null]), 0);
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
