/* effects — what each setting of a full grid does by itself, and what two do together beyond
 * that. */
import { html, useMemo } from '../../lib/html.js';
import { metricLabel, number, pValue, value as showValue } from '../../lib/format.js';
import { Table } from '../table.js';
import { Difference } from './verdict.js';

const SHOWN = 12; /* interactions that are shown without being asked for */
const LEVEL = 0.05;

/* What the service says of two together, in the words of one alone. */
const OF_SUM = { more_than_sum: 'better', less_than_sum: 'worse', no_evidence: 'no_evidence' };

/* What the evidence says: of one alone the adjusted p decides, as for the configs. */
function verdictOf(item, direction) {
  if (item.verdict) return OF_SUM[item.verdict];
  if (item.p_adjusted === null) return item.n < 3 ? 'too_few_seeds' : 'no_evidence';
  if (item.p_adjusted >= LEVEL) return 'no_evidence';
  if (direction === 'none') return 'differs';
  return item.mean < 0 === (direction === 'lower') ? 'better' : 'worse';
}

const ALONE = {
  better: '▲ better',
  worse: '▼ worse',
  differs: '≠ differs',
  no_evidence: '≈ no evidence',
  too_few_seeds: '… too few seeds',
};
const TOGETHER = {
  better: '▲ more than their sum',
  worse: '▼ less than their sum',
  differs: '≠ differs',
  no_evidence: '≈ no evidence',
  too_few_seeds: '… too few seeds',
};

function columnsOf(name, words, direction, span) {
  return [
    { key: 'name', label: name, cell: (item) => item.name },
    {
      key: 'change',
      label: 'Change',
      line: true,
      cell: (item) => html`
        <${Difference} difference=${item} direction=${direction === 'none' ? undefined : direction}
            span=${span} verdict=${item.verdict} />
      `,
    },
    {
      key: 'verdict',
      label: 'Verdict',
      cell: (item) =>
        html`<span class="verdict verdict-${item.verdict}">${words[item.verdict]}</span>`,
    },
    { key: 'n', label: 'Seeds', align: 'num', cell: (item) => number(item.n) },
    {
      key: 'p',
      label: 'p',
      align: 'num',
      help: 'Two-sided paired t test, adjusted by Holm over all effects',
      cell: (item) => pValue(item.p_adjusted),
    },
  ];
}

const settingOf = ({ field, level }) => `${field} ${showValue(level)}`;

export function Effects({ comparison }) {
  const { effects, direction, metric } = comparison;
  const rows = useMemo(() => {
    const reference = new Map(effects.factors.map((factor) => [factor.field, factor.reference]));
    return effects.items.map((item, place) => ({
      ...item,
      place,
      verdict: verdictOf(item, direction),
      name: item.with
        ? `${settingOf(item)} with ${settingOf(item.with)}`
        : `${settingOf(item)} instead of ${showValue(reference.get(item.field))}`,
    }));
  }, [comparison]);
  const span = Math.max(
    0,
    ...rows
      .flatMap((row) => [row.mean, row.ci_low, row.ci_high])
      .filter(Number.isFinite)
      .map(Math.abs),
  );
  const [alone, together] = [rows.filter((row) => !row.with), rows.filter((row) => row.with)];
  const table = (id, name, words, items) => html`
    <${Table} stack id=${id} label=${name} columns=${columnsOf(name, words, direction, span)}
        rows=${items} rowKey=${(row) => row.place} />
  `;
  return html`
    <section class="card effects" aria-labelledby="effects-title" data-testid="effects">
      <div class="section-head"><h2 id="effects-title">What each setting does</h2></div>
      <p class="soft small">
        How much ${metricLabel(metric)} changes, with 95 % intervals over
        seeds${direction === 'none' ? '' : `; ${direction} is better`}. A setting’s own effect is
        averaged over all values of the others.
      </p>
      ${table('main-effects', 'Setting', ALONE, alone)}
      ${
        together.length > 0 &&
        html`
          <p class="soft small">What two do together beyond the sum of their own effects:</p>
          ${
            together.length <= SHOWN
              ? table('interactions', 'Together', TOGETHER, together)
              : html`
                <details class="method">
                  <summary>${number(together.length)} pairs of values</summary>
                  ${table('interactions', 'Together', TOGETHER, together)}
                </details>
              `
          }
        `
      }
    </section>
  `;
}
