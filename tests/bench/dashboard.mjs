// What the dashboard costs in Chromium, as a table: the first paint of an experiment of 100 runs x
// 1,000 epochs, a live update with 10 and with 100 lines of that length, scrolling through 10,000
// experiments, bytes of the first load.
//
//   node tests/bench/dashboard.mjs [first] [live] [list] [bytes]
//
// The page itself measures (performance.measure): `live-update` in static/lib/redraw.js,
// `curves-loaded` in static/lib/experiment-store.js. `ROUNDS` first paints; LIVE_SECONDS of a live
// page; LIST experiments in the list.
import { launch } from '../browser/browser.mjs';
import { Server } from '../harness.mjs';

const rounds = Number(process.env.ROUNDS ?? 5);
const live_seconds = Number(process.env.LIVE_SECONDS ?? 8);
const n_listed = Number(process.env.LIST ?? 10_000);
const EPOCHS = 1000;
const FAST = {
  dataset: { name: 'moons', n: 200 },
  hidden: [[4]],
  batch_size: 100,
  epochs: EPOCHS,
  record_layers: false,
};
const SLOW = {
  hidden: [[4], [1200, 1200]],
}; /* some milliseconds an epoch: there is something to see until the page has been watched */
const TINY = { dataset: { name: 'moons', n: 100 }, hidden: [2], epochs: 1, record_layers: false };

const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, q) => {
  const all = sorted(values);
  return all[Math.min(all.length - 1, Math.floor(q * all.length))];
};
const ms = (value) => `${value.toFixed(1)} ms`;
const rows = [];
const row = (name, values) =>
  rows.push([
    name,
    values.length,
    ms(quantile(values, 0.5)),
    ms(quantile(values, 0.95)),
    ms(Math.max(...values)),
  ]);

function table(head, lines) {
  const all = [head, ...lines].map((line) => line.map(String));
  const widths = head.map((_, i) => Math.max(...all.map((line) => line[i].length)));
  for (const line of all)
    console.log(
      line.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '),
    );
}

/** A page that keeps every measure of its own in globalThis.measures as {name, start, duration}. */
async function open(browser) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.measures = [];
    performance.setResourceTimingBufferSize(5000);
    new PerformanceObserver((list) => {
      for (const { name, startTime, duration } of list.getEntries())
        globalThis.measures.push({ name, start: startTime, duration });
    }).observe({ type: 'measure', buffered: true });
  });
  return { page, context };
}

/** From the last byte of the curves to the end of the drawing that shows them all. */
async function benchFirst(browser, server) {
  const { experiment } = await server.train(
    { ...FAST, hidden: [4], name: 'First paint', repeats: 100 },
    600_000,
  );
  for (const [mode, words, n_answers] of [
    ['runs', '100 lines', 100],
    ['mean', 'mean of 100 runs', 2],
  ]) {
    const paints = [];
    const loads = [];
    for (let round = 0; round < rounds; round++) {
      const { page, context } = await open(browser);
      await page.goto(`${server.url}/#/experiments/${experiment.id}?mode=${mode}`);
      const times = await page
        .waitForFunction((n) => {
          const answers = performance
            .getEntriesByType('resource')
            .filter((one) => /\/curves/.test(one.name))
            .map((one) => one.responseEnd);
          const arrived = Math.max(...answers);
          const loaded = performance.getEntriesByName('curves-loaded').at(-1)?.startTime;
          const drawn = globalThis.measures.find(
            (one) => one.name === 'live-update' && one.start > loaded,
          );
          return (
            answers.length >= n &&
            loaded > arrived &&
            drawn && { drawn: drawn.start + drawn.duration, arrived }
          );
        }, n_answers)
        .then((handle) => handle.jsonValue());
      paints.push(times.drawn - times.arrived);
      loads.push(times.drawn);
      await context.close();
    }
    row(`first paint after the data, ${words} x ${EPOCHS} epochs`, paints);
    row('  the same from the start of the page', loads);
  }
}

/** `n` lines of which two still grow: the others have trained to the end before. */
async function benchLive(browser, server, n) {
  const { experiment } = await server.train(
    { ...FAST, hidden: [4], name: `${n} lines`, repeats: n - 2 },
    600_000,
  );
  const { status, text } = await server.request('POST', `/experiments/${experiment.id}/extend`, {
    sweep: SLOW,
    repeats: n - 2,
  });
  if (status >= 300) throw new Error(text);
  for (const mode of ['runs', 'mean']) {
    const { page, context } = await open(browser);
    await page.goto(`${server.url}/#/experiments/${experiment.id}?mode=${mode}`);
    await page.waitForFunction(
      (least) => Number(document.getElementById('chart-1')?.dataset.points) >= least,
      EPOCHS + 1,
    );
    await page.waitForTimeout(2000);
    await page.evaluate(() => {
      globalThis.measures.length = 0;
    });
    await page.waitForTimeout(1000 * live_seconds);
    const updates = (
      await page.evaluate(() => globalThis.measures.filter((one) => one.name === 'live-update'))
    ).map((one) => one.duration);
    row(
      `live update, ${mode === 'runs' ? `${n} lines` : `means of ${n} runs`} x ${EPOCHS} epochs`,
      updates,
    );
    await context.close();
  }
  await server.request('POST', `/experiments/${experiment.id}/cancel`);
  await server.untilTerminal(experiment.id);
}

/** Submits `n` experiments of one epoch, a few at a time, and waits for the last of them. */
async function fill(server, n) {
  let next = 0;
  let last = 0;
  const lane = async () => {
    while (next < n)
      last = Math.max(
        last,
        (await server.submit({ ...TINY, name: `Experiment number ${next++}`, tags: ['many'] })).id,
      );
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  await server.untilTerminal(last, 600_000);
}

/** Scrolls from the first to the last row, a third of a window a frame. */
async function benchList(browser, server) {
  await fill(server, n_listed);
  const { page, context } = await open(browser);
  await page.goto(`${server.url}/#/experiments`);
  await page.locator('#experiments tbody tr').first().waitFor();
  const { frames, reached } = await page.evaluate(async () => {
    const frame = () =>
      new Promise((done) => {
        requestAnimationFrame(done);
      });
    const times = [];
    let still = 0;
    let before = await frame();
    while (still < 60) {
      /* no further for a second: that was the end */
      const top = scrollY;
      scrollBy(0, innerHeight / 3);
      const now = await frame();
      times.push(now - before);
      before = now;
      still = scrollY === top ? still + 1 : 0;
    }
    const places = [...document.querySelectorAll('#experiments tbody tr[aria-rowindex]')].map(
      (line) => Number(line.getAttribute('aria-rowindex')),
    );
    return { frames: times, reached: Math.max(...places) - 1 };
  });
  row(`a frame while scrolling through ${reached} experiments`, frames);
  await context.close();
}

/** Bytes on the wire until the page rests, with an empty cache. */
async function benchBytes(browser, server) {
  for (const [words, path] of [
    ['the list of experiments', '#/experiments'],
    ['an experiment', '#/experiments/1'],
  ]) {
    const { page, context } = await open(browser);
    const client = await context.newCDPSession(page);
    let bytes = 0;
    let files = 0;
    client.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
      files += 1;
    });
    await client.send('Network.enable');
    await page.goto(`${server.url}/${path}`);
    await page.locator('h1').waitFor();
    await page.waitForTimeout(1500);
    rows.push([`first load of ${words}: ${(bytes / 1024).toFixed(0)} KiB`, files, '', '', '']);
    await context.close();
  }
}

const parts = {
  bytes: async (browser, server) => {
    await server.train({ ...TINY });
    await benchBytes(browser, server);
  },
  first: benchFirst,
  live: async (browser, server) => {
    await benchLive(browser, server, 10);
    await benchLive(browser, server, 100);
  },
  list: benchList,
};
const wanted = process.argv.slice(2);
const browser = await launch();
try {
  for (const [name, work] of Object.entries(parts)) {
    if (wanted.length && !wanted.includes(name)) continue;
    const server = await Server.start();
    try {
      await work(browser, server);
    } finally {
      await server.stop();
    }
  }
} finally {
  await browser.close();
}
console.log('\nDashboard, Chromium, 1400 x 900');
table(['figure', 'n', 'median', '95 %', 'most'], rows);
