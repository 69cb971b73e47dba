/* claims — what a lesson claims, and what the learner's runs say to it. */
import { html, useResource } from '../../lib/html.js';
import { get } from '../../lib/api.js';
import { count, number } from '../../lib/format.js';
import { Icon } from '../basic.js';

const OUTCOMES = {
  holds: { icon: 'check', words: 'holds' },
  refuted: { icon: 'close', words: 'refuted' },
  undecided: { icon: 'minus', words: 'undecided' },
  not_yet: { icon: 'clock', words: 'not yet' },
};

/* The outcome of an experiment's claims, once its runs have ended. */
export function useOutcome(lesson, experiment, isCounterexample, isOver) {
  const id = isOver ? experiment?.id : undefined;
  return useResource(
    (signal) =>
      id
        ? get(
            `/lessons/${lesson}/outcome`,
            { experiment: id, counterexample: isCounterexample || undefined },
            signal,
          )
        : Promise.resolve(null),
    [lesson, id, isCounterexample],
  );
}

export function Outcome({ outcome }) {
  const { icon, words } = OUTCOMES[outcome];
  return html`
    <span class="outcome outcome-${outcome}" data-outcome=${outcome}>
      <${Icon} name=${icon} />${words}
    </span>
  `;
}

/* An interval beside 0, to be seen at a glance. */
function Interval({ numbers: { ci_low, ci_high, difference, interaction } }) {
  const mean = difference ?? interaction;
  if (!Number.isFinite(ci_low) || !Number.isFinite(ci_high)) return null;
  const [least, most] = [Math.min(0, ci_low), Math.max(0, ci_high)];
  const place = (x) => 6 + (108 * (x - least)) / (most - least || 1);
  return html`
    <svg class="claim-interval" width="120" height="20" viewBox="0 0 120 20" aria-hidden="true">
      <line class="zero" x1=${place(0)} x2=${place(0)} y1="1" y2="19" />
      <line class="span" x1=${place(ci_low)} x2=${place(ci_high)} y1="10" y2="10" />
      <circle cx=${place(mean)} cy="10" r="4.5" />
    </svg>
  `;
}

const inWords = (name) => name.replaceAll('_', ' ');

function Numbers({ numbers }) {
  const { arm, against, difference, interaction, ci_low, ci_high, n } = numbers;
  const mean = difference ?? interaction;
  if (mean === undefined)
    return html`
      <p class="claim-numbers soft">
        ${Object.entries(numbers)
          .map(([name, value]) => `${inWords(name)} ${number(value, 3)}`)
          .join(', ')}
      </p>
    `;
  const [from, to] = [number(ci_low, 3), number(ci_high, 3)];
  const pair = `${number(arm, 3)} against ${number(against, 3)}: `;
  return html`
    <div class="claim-numbers soft">
      <${Interval} numbers=${numbers} />
      <span>
        ${difference === undefined ? 'beyond the sum ' : pair}<strong>${number(mean, 3)}</strong>
        ${' '}(${from} to ${to}, ${count(n, 'repeat')})
      </span>
    </div>
  `;
}

/* `claims`: as the lesson has them; `results`: null before the runs have ended. */
export function Claims({ claims, results }) {
  const one = (claim, i) => {
    const result = results?.[i];
    return html`
      <li class="claim" data-testid="claim-${i}" key=${i}>
        <${Outcome} outcome=${result?.outcome ?? 'not_yet'} />
        <div>
          <p>${claim.text}</p>
          ${result && html`<${Numbers} numbers=${result.numbers} />`}
        </div>
      </li>
    `;
  };
  return html`<ul class="claims" aria-label="Claims">${claims.map(one)}</ul>`;
}
