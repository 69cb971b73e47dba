// The system's Chromium, driven by playwright-core. A page notes everything that must not happen:
// errors on the console, uncaught exceptions, breaches of the content security policy, requests to
// another host.
import { existsSync } from 'node:fs';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { Server } from '../harness.mjs';

/* The shell is the same engine without the windows of a desktop: half the work. */
const CANDIDATES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export async function launch() {
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium: set CHROMIUM');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A server and a browser for the tests of one file, which end with it -> { server, browser }. */
export async function stage() {
  const [server, browser] = await Promise.all([Server.start(), launch()]);
  after(async () => {
    await browser.close();
    await server.stop();
  });
  return { server, browser };
}

/* DELAY=PATTERN:MS holds every request back whose path matches: finds what assumes that one answer
 * comes before another. */
async function delay(context) {
  const [, pattern, ms] = /^(.*):(\d+)$/.exec(process.env.DELAY ?? '') ?? [];
  if (!ms) return;
  await context.route(
    (url) => new RegExp(pattern).test(url.pathname),
    async (route) => {
      await new Promise((resolve) => {
        setTimeout(resolve, Number(ms));
      });
      await route.fallback().catch(() => {}); /* the page may be gone */
    },
  );
}

/** A page of its own in `browser` -> { page, complaints }. `complaints` must stay empty. */
export async function openPage(
  browser,
  server,
  { width = 1400, height = 900, dark = false, reduced = true } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: reduced ? 'reduce' : 'no-preference',
    acceptDownloads: true,
  });
  await delay(context);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error')
      complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== new URL(server.url).host)
      complaints.push(`request to ${url.host}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  return { page, context, complaints };
}

/** The number of points of the longest line of a chart. */
export const points = (page, chart) =>
  page.locator(`#${chart}`).getAttribute('data-points').then(Number);

/** Waits until the longest line of a chart has at least `n` points -> how many it has. */
export async function untilPoints(page, chart, n, timeout = 60_000) {
  await page.waitForFunction(
    ([id, least]) => Number(document.getElementById(id)?.dataset.points ?? 0) >= least,
    [chart, n],
    { timeout },
  );
  return points(page, chart);
}

/** Waits until an experiment's page is whole and has stopped growing: then one can measure where
 * something in it is. */
export const untilStill = (page) =>
  page.waitForFunction(
    () => {
      const isWhole =
        document.getElementById('verdict-headline') && document.querySelector('.foot');
      const height = isWhole ? document.body.scrollHeight : -1;
      const { last, n } = globalThis.still ?? { n: 0 };
      globalThis.still = { last: height, n: isWhole && height === last ? n + 1 : 0 };
      return globalThis.still.n >= 5;
    },
    undefined,
    { polling: 50 },
  );

/** How far the page is wider than its window: 0 when nothing sticks out. */
export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
