/* lesson — one lesson as a page of its own: words, prediction, run, proof, where it fails,
 * explanation, and a check of what was learned. */
import { html, useEffect, useResource, useState, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { get, getAll, newKey, request } from '../lib/api.js';
import { beginAgain, noteLesson, saidOf, seedOf, useProgress } from '../lib/learn.js';
import { isOver } from '../lib/status.js';
import { value } from '../lib/format.js';
import { Failure, Icon, Loading, Progress, Remaining, attempt } from '../part/basic.js';
import { Choices, Prediction, Said } from '../part/learn/prediction.js';
import { Claims, useOutcome } from '../part/learn/claims.js';
import { Picture } from '../part/learn/picture.js';
import { useExperiment } from '../part/learn/data.js';

/* Starts the lesson's experiment, or its counterexample's -> its id. */
async function start(lesson, seed, isCounterexample) {
  const made = await request('POST', `/lessons/${lesson.name}`, {
    query: { seed, counterexample: isCounterexample || undefined },
    headers: { 'Idempotency-Key': newKey() },
  });
  return made.id;
}

/* What trains, as it is: how far, or that it is gone. */
function Running({ experiment }) {
  if (!experiment || isOver(experiment)) return null;
  return html`
    <div class="row running" role="status">
      <span>Training ${experiment.n_runs} nets on this machine</span>
      <${Progress} experiment=${experiment} />
      <${Remaining} experiment=${experiment} />
    </div>
  `;
}

/* The experiment of a part of the lesson with its claims: {experiment, turn, results, problem}. */
function usePart(lesson, id, isCounterexample) {
  const { experiment, problem, turn } = useExperiment(id);
  const over = Boolean(experiment && isOver(experiment));
  const { data, error } = useOutcome(lesson.name, experiment, isCounterexample, over);
  const results = data && data.experiment === id ? data.claims : null;
  return { experiment, turn, results, problem: problem ?? error };
}

const Part = ({ id, title, children, hint }) => html`
  <section class="card beat" aria-labelledby="beat-${id}">
    <h2 id="beat-${id}">${title}</h2>
    ${hint && html`<p class="soft">${hint}</p>`}
    ${children}
  </section>
`;

const paragraphs = (texts) => texts.map((words) => html`<p>${words}</p>`);

/* ---- proof ---- */

function Proof({ part, claims, picture, id, tells }) {
  const { experiment, turn, results, problem } = part;
  const gone = html`
    <${Failure} problem=${problem} title="Its experiment cannot be shown" />
  `;
  return html`
    <div class="proof">
      <${Running} experiment=${experiment} />
      ${problem && gone}
      <${Picture} id="picture-${id}" picture=${picture} experiment=${experiment} turn=${turn}
          isTold=${Boolean(tells && results)} />
      <${Claims} claims=${claims} results=${results} />
      ${
        experiment &&
        html`
        <p class="small">
          <a href="#/experiments/${experiment.id}">All about these runs</a>
          ${' · '}
          <a href="#/new?from=${experiment.id}">Change something and run it</a>
        </p>
      `
      }
    </div>
  `;
}

/* ---- where it fails ---- */

const UNSAID = ['name', 'description', 'tags', 'seed', 'data_seed'];

/* What the counterexample says otherwise: [[field, before, after]]. */
function changes({ spec, counterexample }) {
  const other = counterexample.spec;
  const names = [...new Set([...Object.keys(spec), ...Object.keys(other)])];
  const text = (one) => JSON.stringify(one);
  return names
    .filter((name) => !UNSAID.includes(name) && text(spec[name]) !== text(other[name]))
    .map((name) => [name, spec[name], other[name]]);
}

const shownValue = (one) => {
  if (one === undefined) return 'as by default';
  if (Array.isArray(one) && one.some((part) => part?.label))
    return one.map((part) => part.label).join(', ');
  return value(one);
};

const Changes = ({ lesson }) => html`
  <ul class="changes">
    ${changes(lesson).map(
      ([name, before, after]) => html`
        <li key=${name}>
          <span class="soft">${name.replaceAll('_', ' ')}</span>${' '}
          ${shownValue(before)} <span aria-label="becomes">→</span> ${shownValue(after)}
        </li>
      `,
    )}
  </ul>
`;

function BreakIt({ lesson, said, seed }) {
  const [busy, setBusy] = useState(false);
  const part = usePart(lesson, said.counterexample, true);
  const run = async () => {
    setBusy(true);
    await attempt(async () =>
      noteLesson(lesson.name, { counterexample: await start(lesson, seed, true) }),
    );
    setBusy(false);
  };
  const button = html`
    <button type="button" class="button primary" id="break-it" disabled=${busy} onClick=${run}>
      <${Icon} name="play" />Break it
    </button>
  `;
  const { text, claims } = lesson.counterexample;
  const proof = () => html`
    <${Proof} id="counterexample" part=${part} claims=${claims} picture=${lesson.picture} />
  `;
  return html`
    <${Part} id="fails" title="Where it fails">
      <div class="lesson">
        <div class="beat">
          <p>${text}</p>
          <${Changes} lesson=${lesson} />
          ${!said.counterexample && button}
        </div>
        ${said.counterexample && proof()}
      </div>
    <//>
  `;
}

/* ---- check ---- */

function Question({ lesson, check, i, said }) {
  const answer = said.answers?.[i];
  const isAnswered = answer !== undefined;
  const choose = (choice) => noteLesson(lesson.name, { answers: { ...said.answers, [i]: choice } });
  const link = check.link?.replace('{experiment}', said.experiment ?? '');
  return html`
    <fieldset class="question">
      <legend>${check.question}</legend>
      <${Choices} name="check-${i}" choices=${check.choices} value=${answer}
          right=${isAnswered ? check.answer : undefined}
          onChange=${isAnswered ? undefined : choose} />
      ${
        isAnswered &&
        html`
        <p class="because" role="status" data-testid="because-${i}">
          ${check.because}${' '}
          ${link && said.experiment && html`<a href=${link}>See your runs</a>`}
        </p>
      `
      }
    </fieldset>
  `;
}

function Foot({ lesson, next }) {
  const onward = () => html`
    <a class="button primary large" id="next-lesson" href="#/learn/${next.name}">
      Next: ${next.title}<${Icon} name="right" />
    </a>
  `;
  return html`
    <div class="row lesson-foot">
      ${next && onward()}
      <a class="button" href="#/learn">The path</a>
      <button type="button" class="button quiet" id="again"
          onClick=${() => beginAgain(lesson.name)}>
        <${Icon} name="retry" />Again, with other seeds
      </button>
    </div>
  `;
}

function Afterwards({ lesson, said, seed, next }) {
  const question = (check, i) => html`
    <${Question} key=${i} lesson=${lesson} check=${check} i=${i} said=${said} />
  `;
  return html`
    <${BreakIt} lesson=${lesson} said=${said} seed=${seed} />
    <div class="beats">
      <div class="lesson-words">
        <${Part} id="explain" title="Why">${paragraphs(lesson.explain)}<//>
        <${Part} id="references" title="Who found it">
          <ul class="references">${lesson.references.map(({ text }) => html`<li>${text}</li>`)}</ul>
        <//>
      </div>
      <${Part} id="check" title="Check yourself">${lesson.check.map(question)}<//>
    </div>
    <${Foot} lesson=${lesson} next=${next} />
  `;
}

/* ---- the page ---- */

/* Brings what comes out into sight, where it is not. */
function useInSight(id, isWanted) {
  useEffect(() => {
    const box = isWanted && document.getElementById(id);
    if (box && box.getBoundingClientRect().top > innerHeight * 0.7) box.scrollIntoView();
  }, [isWanted]);
}

/* Before it has run: the question. Then: what was said, what comes out. */
function Beats({ lesson, said, part, run }) {
  const { results } = part;
  const hasSaid = said.choice !== undefined;
  const isLost = hasSaid && !run.busy && (!said.experiment || part.problem?.status === 404);
  const asking = html`
    <${Part} id="predict" title="What do you expect?">
      <${Prediction} predict=${lesson.predict} commit=${run.commit} busy=${run.busy} />
    <//>
  `;
  const again = html`
    <button type="button" class="button primary" id="run-again"
        onClick=${() => run.commit({ choice: said.choice, size: said.size })}>
      <${Icon} name="play" />Run it
    </button>
  `;
  const told = () => html`
    <${Part} id="predict" title="You expected">
      <${Said} predict=${lesson.predict} said=${said} results=${results ?? null} />
      ${isLost && again}
    <//>
  `;
  const proof = () => html`
    <${Part} id="proof" title="What comes out">
      <${Proof} id="main" part=${isLost ? { turn: 0 } : part} claims=${lesson.claims}
          picture=${lesson.picture} tells />
    <//>
  `;
  useInSight('beat-proof', run.isFresh);
  return html`
    <div class="lesson">
      <div class="lesson-words">
        <section class="card beat lesson-text">${paragraphs(lesson.text)}</section>
        ${hasSaid && told()}
      </div>
      ${hasSaid ? proof() : asking}
    </div>
  `;
}

function Lesson({ lesson, path }) {
  const progress = useProgress();
  const said = saidOf(progress, lesson.name);
  const seed = seedOf(progress, lesson.name);
  const [state, setState] = useState({ busy: false, isFresh: false });
  const part = usePart(lesson, said.experiment, false);
  const { results } = part;
  useEffect(() => {
    if (results && !said.outcomes)
      noteLesson(lesson.name, { outcomes: results.map(({ outcome }) => outcome) });
  }, [results]);
  const commit = async (guess) => {
    setState({ busy: true, isFresh: true });
    noteLesson(lesson.name, guess);
    await attempt(async () =>
      noteLesson(lesson.name, { experiment: await start(lesson, seed, false) }),
    );
    setState({ busy: false, isFresh: true });
  };
  const next = path.find(({ step }) => step === lesson.step + 1);
  return html`
    <${Beats} key=${seed} lesson=${lesson} said=${said} part=${part} run=${{ ...state, commit }} />
    ${
      (results || said.outcomes) &&
      html`<${Afterwards} lesson=${lesson} said=${said} seed=${seed} next=${next} />`
    }
  `;
}

function LessonPage({ name }) {
  const { data, error, reload } = useResource(
    async (signal) => {
      const [lesson, path] = await Promise.all([
        get(`/lessons/${encodeURIComponent(name)}`, {}, signal),
        getAll('/lessons', {}, signal),
      ]);
      return { lesson, path };
    },
    [name],
  );
  useTitle(data?.lesson.title ?? 'Lesson');
  if (error) return html`<${Failure} problem=${error} retry=${reload} heading="h1" />`;
  if (!data) return html`<${Loading} what="Loading the lesson" />`;
  const { lesson, path } = data;
  return html`
    <nav class="crumbs" aria-label="Where this is">
      <a href="#/learn">Learn</a><span aria-hidden="true">/</span>
      <span>Lesson ${lesson.step} of ${path.length}, about ${lesson.concept}</span>
    </nav>
    <div class="page-head">
      <div class="head-words">
        <h1>${lesson.title}</h1>
        <p class="soft">${lesson.objective}</p>
      </div>
    </div>
    <${Lesson} lesson=${lesson} path=${path} />
  `;
}

export default defineView({}, LessonPage);
