/* remaining — how long an experiment still takes, by the progress that this page has seen.
 *
 * What counts begins anew when training starts or goes on after a pause, when the progress falls
 * back (more runs were added, or one is trained again), and when the connection was lost: nobody
 * knows for how long the service stood still. */
import { watchConnection } from './events.js';

const PROGRESS_LEAST = 0.002; /* of the whole, or */
const SECONDS_LEAST = 10; /* before the pace is more than a guess */

const begun = new Map(); /* experiment id → {progress, at, latest: {progress, at}} */

watchConnection((status) => {
  if (status !== 'live') begun.clear();
});

/* To be told of every state that is heard or loaded; `at` in milliseconds. */
export function noteProgress(id, { status, progress }, at = performance.now()) {
  const first = begun.get(id);
  if (status !== 'running') begun.delete(id);
  else if (!first || progress < first.latest.progress)
    begun.set(id, { progress, at, latest: { progress, at } });
  else if (progress > first.latest.progress) first.latest = { progress, at };
}

/* Seconds until the experiment is done, as of its last progress; null while that is a guess. */
export function remainingSeconds(id) {
  const first = begun.get(id);
  if (!first) return null;
  const { latest } = first;
  const gained = latest.progress - first.progress;
  const seconds = (latest.at - first.at) / 1000;
  if (gained <= 0 || (gained < PROGRESS_LEAST && seconds < SECONDS_LEAST)) return null;
  return (seconds / gained) * (1 - latest.progress);
}
