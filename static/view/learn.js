/* learn — the path: lessons in their order under what one can do after them, what is done and what
 * comes next; and the recipes, which only ask. */
import { html, useRef, useResource, useTitle } from '../lib/html.js';
import { defineView } from './define.js';
import { go } from '../lib/state.js';
import { getAll } from '../lib/api.js';
import { count } from '../lib/format.js';
import {
  forgetProgress,
  readProgress,
  restoreProgress,
  saidOf,
  stageOf,
  useProgress,
} from '../lib/learn.js';
import { ConfirmButton, Failure, Icon, Loading, attempt, saveFile } from '../part/basic.js';
import { Recipes } from '../part/recipes.js';

const STAGES = {
  new: null,
  predicted: { icon: 'clock', words: 'predicted' },
  proved: { icon: 'vary', words: 'proved' },
  done: { icon: 'check', words: 'done' },
};

const minutes = (lesson) => (lesson.minutes ? `${lesson.minutes} min` : '');

function Stage({ stage }) {
  const { icon, words } = STAGES[stage] ?? {};
  return words
    ? html`<span class="stage stage-${stage}"><${Icon} name=${icon} />${words}</span>`
    : null;
}

const Step = ({ lesson, stage, isNext }) => html`
  <li class="step ${isNext ? 'next' : ''}">
    <a class="step-link" href="#/learn/${lesson.name}" data-testid="lesson-${lesson.name}"
        data-stage=${stage} aria-current=${isNext ? 'step' : undefined}>
      <span class="step-number" aria-hidden="true">
        ${stage === 'done' ? html`<${Icon} name="check" />` : lesson.step}
      </span>
      <span class="step-words">
        <strong>${lesson.title}</strong>
        <span class="soft">${lesson.description}</span>
      </span>
      <span class="step-state">
        <${Stage} stage=${stage} />
        <span class="soft nowrap">${minutes(lesson)}</span>
      </span>
    </a>
  </li>
`;

/* [[objective, its lessons]], in the order in which the path comes to them. */
function parts(lessons) {
  const found = new Map();
  for (const lesson of lessons)
    found.set(lesson.objective, [...(found.get(lesson.objective) ?? []), lesson]);
  return [...found];
}

function Next({ lesson, stage }) {
  return html`
    <section class="card next-lesson" aria-label="Next">
      <p class="soft">${lesson.step === 1 && stage === 'new' ? 'Begin here' : 'Next'}</p>
      <h2>${lesson.title}</h2>
      <p>${lesson.description}</p>
      <a class="button primary large" id="next-lesson" href="#/learn/${lesson.name}">
        ${stage === 'new' ? 'Start' : 'Go on'}${minutes(lesson) && `, ${minutes(lesson)}`}
        <${Icon} name="right" />
      </a>
    </section>
  `;
}

/* Saving, taking back, and forgetting what was done. */
function Keeping() {
  const input = useRef(null);
  const restore = async ({ target }) => {
    const [file] = target.files;
    if (file) await attempt(async () => restoreProgress(await file.text()), 'Taken back.');
    target.value = '';
  };
  const save = () =>
    saveFile('regulab-learn.json', JSON.stringify(readProgress(), null, 1), 'application/json');
  return html`
    <div class="row keeping">
      <span class="soft small">What you have done is kept in this browser alone.</span>
      <button type="button" class="button small" id="save-progress" onClick=${save}>
        <${Icon} name="download" />Save it
      </button>
      <button type="button" class="button small" id="restore-progress"
          onClick=${() => input.current.click()}>
        <${Icon} name="upload" />Take it back
      </button>
      <input type="file" accept=".json,application/json" ref=${input} hidden
          aria-label="Saved progress" id="progress-file" onChange=${restore} />
      <${ConfirmButton} id="forget-progress" label="Begin anew" confirm="Forget all of it?" quiet
          onConfirm=${forgetProgress} />
    </div>
  `;
}

function Path({ lessons, progress }) {
  const stages = new Map(lessons.map(({ name }) => [name, stageOf(saidOf(progress, name))]));
  const next = lessons.find(({ name }) => stages.get(name) !== 'done');
  const n_done = [...stages.values()].filter((stage) => stage === 'done').length;
  const step = (lesson) => html`
    <${Step} key=${lesson.name} lesson=${lesson} stage=${stages.get(lesson.name)}
        isNext=${lesson === next} />
  `;
  return html`
    <div class="path-head">
      ${next && html`<${Next} lesson=${next} stage=${stages.get(next.name)} />`}
      <div class="path-count">
        <p id="path-count">${n_done} of ${count(lessons.length, 'lesson')} done</p>
        <progress max=${lessons.length} value=${n_done} aria-labelledby="path-count" />
        <${Keeping} />
      </div>
    </div>
    ${parts(lessons).map(
      ([objective, some]) => html`
        <section class="card path-part" key=${objective}>
          <h2>${objective}</h2>
          <ol class="steps">${some.map(step)}</ol>
        </section>
      `,
    )}
  `;
}

function findWord(event) {
  event.preventDefault();
  const find = new FormData(event.target).get('find');
  go(`#/glossary?find=${encodeURIComponent(find)}`);
}

function Learn() {
  useTitle('Learn');
  const progress = useProgress();
  const { data, error, reload } = useResource((signal) => getAll('/lessons', {}, signal), []);
  return html`
    <div class="page-head">
      <div class="head-words">
        <h1>Learn</h1>
        <p class="soft">
          Lessons that prove themselves: say what will come out, let this machine train it, and see.
          Each also shows where it fails.
        </p>
      </div>
      <form class="find-word" role="search" onSubmit=${findWord}>
        <label class="search">
          <span class="visually-hidden">Find a word</span>
          <${Icon} name="search" />
          <input id="ask-word" name="find" type="search" placeholder="What does a word mean?" />
        </label>
        <a class="button" href="#/glossary" id="glossary">Glossary</a>
        <a class="button" href="#/playground" id="playground">Playground</a>
      </form>
    </div>
    ${error && html`<${Failure} problem=${error} retry=${reload} />`}
    ${!data && !error && html`<${Loading} what="Loading the lessons" />`}
    ${data && html`<${Path} lessons=${data} progress=${progress} />`}
    <section class="more-recipes">
      <h2>Recipes</h2>
      <p class="soft">Experiments that only ask: start one, or look at it and change it.</p>
      <${Recipes} />
    </section>
  `;
}

export default defineView({}, Learn);
