/* prediction — what the learner says before anything runs: which way it goes and how far; and
 * afterwards, beside what came out. */
import { html, useState } from '../../lib/html.js';
import { number } from '../../lib/format.js';
import { Icon } from '../basic.js';

/* One of several answers, each as large as a finger. */
/* `right`: known, and told; without `onChange` nothing can be chosen any more. */
export function Choices({ name, choices, value, right, onChange }) {
  const isTold = right !== undefined;
  const look = (i) => {
    if (!isTold) return i === value ? 'on' : '';
    if (i === right) return 'right';
    return i === value ? 'wrong' : '';
  };
  const mark = (i) => {
    if (!isTold || (i !== right && i !== value)) return null;
    const words = i === right ? 'so it is' : 'your answer';
    return html`
      <span class="guess-mark"><${Icon} name=${i === right ? 'check' : 'close'} />${words}</span>
    `;
  };
  const one = (words, i) => html`
    <label class="guess ${look(i)}" key=${i}>
      <input type="radio" name=${name} value=${i} checked=${i === value} disabled=${!onChange}
          id="${name}-${i}" onChange=${() => onChange?.(i)} />
      <span>${words}</span>
      ${mark(i)}
    </label>
  `;
  return html`<div class="guesses">${choices.map(one)}</div>`;
}

function Size({ size, value, onChange }) {
  const id = 'predicted-size';
  return html`
    <div class="predicted-size">
      <label for=${id}>${size.question}</label>
      <div class="row">
        <input type="range" id=${id} min=${size.min} max=${size.max} step=${size.step}
            value=${value} onInput=${(event) => onChange(Number(event.target.value))} />
        <output for=${id}>${number(value, 3)}</output>
      </div>
    </div>
  `;
}

const middle = ({ min, max, step }) =>
  Number((Math.round((min + max) / 2 / step) * step).toPrecision(6));

/* Asks; `commit({choice, size})` says that it is settled and may run. */
export function Prediction({ predict, commit, busy }) {
  const [choice, setChoice] = useState();
  const [size, setSize] = useState(predict.size ? middle(predict.size) : undefined);
  const submit = (event) => {
    event.preventDefault();
    if (choice !== undefined && !busy) commit({ choice, size });
  };
  return html`
    <form class="prediction" onSubmit=${submit}>
      <fieldset>
        <legend>${predict.question}</legend>
        <${Choices} name="prediction" choices=${predict.choices} value=${choice}
            onChange=${setChoice} />
      </fieldset>
      ${predict.size && html`<${Size} size=${predict.size} value=${size} onChange=${setSize} />`}
      <button class="button primary large" id="commit" disabled=${choice === undefined || busy}>
        <${Icon} name="play" />That is what I expect: run it
      </button>
      ${choice === undefined && html`<p class="soft small">Choose one first.</p>`}
    </form>
  `;
}

/* What was said beside what came out. */
function SizeSaid({ said, result }) {
  const mean = result?.numbers.difference ?? result?.numbers.interaction;
  return html`
    <p id="size-said">
      You said <strong>${number(said, 3)}</strong>${
        mean === undefined || mean === null
          ? '.'
          : html`; it is <strong>${number(mean, 3)}</strong>.`
      }
    </p>
  `;
}

export function Said({ predict, said, results }) {
  const isRight = said.choice === predict.answer;
  const { size } = predict;
  const verdict = html`
    <p class="said-verdict" data-testid="said-verdict">
      ${isRight ? 'As you expected.' : 'Otherwise than you expected.'}
      <span class="soft"> ${predict.why_it_is_hard}</span>
    </p>
  `;
  return html`
    <div class="prediction">
      <p class="legend-words">${predict.question}</p>
      <${Choices} name="prediction" choices=${predict.choices} value=${said.choice}
          right=${results ? predict.answer : undefined} />
      ${
        size &&
        said.size !== undefined &&
        html`
        <p class="soft">${size.question}</p>
        <${SizeSaid} said=${said.size} result=${results?.[size.claim]} />
      `
      }
      ${results && verdict}
    </div>
  `;
}
