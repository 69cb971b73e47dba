/* learn — what this learner has predicted, run and answered: kept in this browser, saved to a file
 * and taken back from one. No account: another browser begins anew.
 *
 * {version, seed, lessons: {name: {choice, size, experiment, counterexample, outcomes, answers,
 * again}}}; `seed` makes the runs this learner's own, `again` how often others were asked for. */
import { useEffect, useState } from './html.js';

const KEY = 'regulab-learn';
const VERSION = 1;
const SEEDS = 1_000_000; /* of learners */
const APART = 1000; /* between the seeds of two learners, and SEEDS · APART of two attempts */

let memory = null; /* where storage is blocked it lasts as long as the page */

const fresh = () => ({
  version: VERSION,
  seed: APART * Math.floor(Math.random() * SEEDS),
  lessons: {},
});

const isProgress = (value) =>
  value?.version === VERSION &&
  Number.isSafeInteger(value.seed) &&
  value.seed >= 0 &&
  typeof value.lessons === 'object' &&
  value.lessons !== null;

export function readProgress() {
  if (memory) return memory;
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    memory = isProgress(kept) ? kept : fresh();
  } catch {
    memory = fresh();
  }
  return memory;
}

function writeProgress(progress) {
  memory = progress;
  try {
    localStorage.setItem(KEY, JSON.stringify(progress));
  } catch {
    /* storage is blocked */
  }
  dispatchEvent(new CustomEvent('regulab-learn'));
}

/* Changes what is known of one lesson. */
export function noteLesson(name, patch) {
  const progress = readProgress();
  const lesson = { ...progress.lessons[name], ...patch };
  writeProgress({ ...progress, lessons: { ...progress.lessons, [name]: lesson } });
}

/* As if it had not been begun, but with other seeds. */
export function beginAgain(name) {
  const progress = readProgress();
  const again = (progress.lessons[name]?.again ?? 0) + 1;
  writeProgress({ ...progress, lessons: { ...progress.lessons, [name]: { again } } });
}

export const forgetProgress = () => writeProgress(fresh());

/* Takes what was saved in place of what is here; throws where it is no such file. */
export function restoreProgress(text) {
  const value = JSON.parse(text);
  if (!isProgress(value)) throw new Error('This file does not hold the progress of a learner.');
  writeProgress(value);
}

export const saidOf = (progress, name) => progress.lessons[name] ?? {};

export const seedOf = (progress, name) =>
  progress.seed + (saidOf(progress, name).again ?? 0) * SEEDS * APART;

/* "new", "predicted", "proved" (its runs have ended), "done" (a question was answered, too). */
export function stageOf(said) {
  if (said.choice === undefined) return 'new';
  if (!said.outcomes) return 'predicted';
  return Object.keys(said.answers ?? {}).length > 0 ? 'done' : 'proved';
}

/* The progress, as it changes, in other tabs too. */
export function useProgress() {
  const [progress, setProgress] = useState(readProgress);
  useEffect(() => {
    const abort = new AbortController();
    const options = { signal: abort.signal };
    addEventListener('regulab-learn', () => setProgress(readProgress()), options);
    addEventListener(
      'storage',
      (event) => {
        if (event.key !== KEY) return;
        memory = null;
        setProgress(readProgress());
      },
      options,
    );
    return () => abort.abort();
  }, []);
  return progress;
}
