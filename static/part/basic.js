/* basic — the small parts that all views share: icons, badges, bars, notices, states of loading. */
import { html, useState, useEffect, useRef } from '../lib/html.js';
import { count, duration } from '../lib/format.js';
import { remainingSeconds } from '../lib/remaining.js';
import { ENDS, OTHERS, STATUSES } from '../lib/status.js';

const PATHS = {
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  check: 'M3.5 8.5l3 3 6-7',
  stop: 'M4.5 4.5h7v7h-7z',
  pause: 'M5.5 4v8M10.5 4v8',
  play: 'M5 3.5v9l7-4.5z',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  copy: 'M5.5 5.5h7v7h-7zM3.5 10.5v-7h7',
  trash: 'M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.7 9h5.6l.7-9',
  download: 'M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10',
  sun:
    'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15' +
    'M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M12.5 9.8A5.2 5.2 0 0 1 6.2 3.5 5.2 5.2 0 1 0 12.5 9.8z',
  auto: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.3',
  pen: 'M3 13l.7-2.8 7-7 2.1 2.1-7 7zM9.5 4.4l2.1 2.1',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.4 10.4L13.5 13.5',
  alert: 'M8 2.5l6 10.5H2zM8 6.5v3M8 11v.6',
  vary: 'M2 12c3 0 3-8 6-8s3 8 6 8',
  info: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 7.3v3.4M8 5.2v.6',
  upload: 'M8 11V3M4.5 6L8 2.5 11.5 6M3 13.5h10',
  table: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6',
  minus: 'M3 8h10',
};

export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>
`;

const REASONS = {
  early_stopped: 'stopped early',
  diverged: 'diverged',
  error: 'failed',
  finished: 'completed',
  cancelled: 'cancelled',
};

/* A status in word and sign; with a stop reason where that says more. */
export function Status({ status, reason }) {
  const icon = STATUSES[status]?.icon ?? 'info';
  const shown =
    reason && status !== 'running' && status !== 'queued' ? (REASONS[reason] ?? status) : status;
  return html`
    <span class="status status-${status}" data-status=${status}>
      <${Icon} name=${icon} />
      ${shown}
    </span>
  `;
}

const PARTS = [...ENDS, ...OTHERS];

/* How far an experiment is; the parts of the bar are its runs by status. */
export function Progress({ experiment }) {
  const { runs = {}, n_runs: total, progress } = experiment;
  const done = ENDS.reduce((sum, key) => sum + (runs[key] ?? 0), 0);
  const percent = Math.floor((progress ?? 0) * 100);
  const words = `${done} of ${count(total, 'run')} done, ${percent} %`;
  const rest = Math.max(0, (progress ?? 0) - done / Math.max(1, total));
  return html`
    <div class="progress" role="progressbar" aria-valuemin="0" aria-valuemax="100"
        aria-valuenow=${percent} aria-label="Progress" aria-valuetext=${words}
        title=${PARTS.filter((key) => runs[key])
          .map((key) => `${runs[key]} ${key}`)
          .join(', ')}>
      ${ENDS.map(
        (key) =>
          runs[key] > 0 &&
          html`
            <span class="part part-${key}" style=${{ width: `${(100 * runs[key]) / total}%` }} />
          `,
      )}
      ${
        rest > 0.001 &&
        html`<span class="part part-running" style=${{ width: `${100 * rest}%` }} />`
      }
    </div>
  `;
}

export function Remaining({ experiment }) {
  const seconds = remainingSeconds(experiment.id);
  return seconds === null ? null : html`<span class="soft nowrap">${duration(seconds)} left</span>`;
}

export const Loading = ({ what = 'Loading' }) =>
  html`<p class="loading" role="status">${what}…</p>`;

/* What went wrong, and a way to try again where that may help: what does not exist will not the
 * next time. `heading`: h1 where there is nothing else. */
export const Failure = ({ problem, retry, title, heading: Heading = 'strong' }) => html`
  <div class="notice-block bad" role="alert" data-testid="failure">
    <${Icon} name="alert" />
    <div>
      <${Heading}>${title ?? problem.title ?? 'That did not work'}<//>
      <p>${problem.message}</p>
      ${
        retry &&
        problem.status !== 404 &&
        html`<button type="button" class="button" onClick=${retry}>Try again</button>`
      }
    </div>
  </div>
`;

export const Empty = ({ title, children, testid, heading: Heading = 'h2' }) => html`
  <div class="empty" data-testid=${testid}><${Heading}>${title}<//>${children}</div>
`;

/* Says something in passing at the foot of the page; errors stay until they are dismissed. */
export function notify(message, kind = 'good') {
  const box = document.createElement('div');
  const close = document.createElement('button');
  box.className = `notice ${kind}`;
  box.append(document.createTextNode(message), close);
  close.type = 'button';
  close.className = 'link';
  close.textContent = 'Dismiss';
  close.addEventListener('click', () => box.remove());
  document.getElementById('notices').append(box);
  if (kind === 'good') setTimeout(() => box.remove(), 5000);
}

/* Does something that may fail, telling the user if it did; answers whether it worked. */
export async function attempt(work, done) {
  try {
    await work();
    if (done) notify(done);
    return true;
  } catch (error) {
    notify(error.message, error.status === 0 ? 'bad unreached' : 'bad');
    return false;
  }
}

/* The service can be reached again: what says that it cannot is not true any more. */
export function dismissUnreached() {
  for (const box of document.querySelectorAll('.notice.unreached')) box.remove();
}

/* A button that asks once more before it acts. */
export function ConfirmButton({ id, label, confirm, icon, onConfirm, quiet }) {
  const [asked, setAsked] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const click = () => {
    clearTimeout(timer.current);
    if (asked) {
      setAsked(false);
      onConfirm();
      return;
    }
    setAsked(true);
    timer.current = setTimeout(() => setAsked(false), 4000);
  };
  return html`
    <button type="button" id=${id} class="button ${asked ? 'danger' : quiet ? 'quiet' : ''}"
        onClick=${click}>
      ${icon && html`<${Icon} name=${icon} />`}
      <span aria-live="polite">${asked ? confirm : label}</span>
    </button>
  `;
}

/* Lets the browser save text or a Blob under a name. */
export function saveFile(name, content, type = 'text/plain') {
  const url = URL.createObjectURL(
    content instanceof Blob ? content : new Blob([content], { type }),
  );
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    notify('Copied.');
  } catch {
    notify('The browser does not allow copying here; select the text instead.', 'bad');
  }
}
