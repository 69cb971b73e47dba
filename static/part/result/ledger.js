/* ledger — objective = data loss + penalties, in training mode, and its parts in inference mode, at
 * one epoch. */
import { html } from '../../lib/html.js';
import { NONE, number } from '../../lib/format.js';

/* The epochs that are told of: [[what it is, its place in the columns]]. */
function placesOf({ metrics, stop_reason: reason }, { epoch }) {
  const last = epoch.length - 1;
  const chosen = metrics?.selected_epoch ?? metrics?.best_epoch;
  const best = epoch.indexOf(metrics?.best_epoch);
  const isSelected = chosen === metrics?.best_epoch && reason === 'early_stopped';
  return [
    ...(best >= 0 && best !== last
      ? [[isSelected ? 'best epoch, selected' : 'best epoch', best]]
      : []),
    ['last epoch', last],
  ];
}

/* [[name, what is in its cell at a place, how it looks]]. */
function entriesOf(columns) {
  const at = (name, i) => columns[name]?.[i] ?? null;
  const sum = (i) =>
    at('batch_loss', i) === null ? null : at('batch_loss', i) + (at('penalty', i) ?? 0);
  const gap = (i) =>
    at('val_loss', i) === null || at('train_loss', i) === null
      ? NONE
      : number(at('val_loss', i) - at('train_loss', i));
  return [
    ['Epoch', (i) => columns.epoch[i]],
    ['Data loss as trained', (i) => number(at('batch_loss', i))],
    ['+ penalties', (i) => number(at('penalty', i))],
    ['= objective', (i) => number(sum(i)), 'main'],
    ['Training loss, inference', (i) => number(at('train_loss', i))],
    ['Validation loss', (i) => number(at('val_loss', i))],
    ['Gap', gap],
  ];
}

export function Ledger({ run, columns }) {
  if (columns.epoch.length === 0) return null;
  const entries = entriesOf(columns);
  const row = ([words, i]) => html`
    <tr>
      <th scope="row">${words}</th>
      ${entries.map(
        ([name, cell, look]) => html`
          <td class="num ${look ?? ''}" data-label=${name}>${cell(i)}</td>
        `,
      )}
    </tr>
  `;
  return html`
    <section class="card">
      <h2>Loss ledger</h2>
      <p class="soft small">
        What the optimizer minimizes is the data loss as trained, with noise and masks on, plus the
        penalties. What counts is the loss in inference mode.
      </p>
      <div class="table-box stack" role="region" tabindex="0" aria-label="Loss ledger">
        <table id="ledger">
          <thead>
            <tr>
              <th scope="col">At</th>
              ${entries.map(([name]) => html`<th scope="col" class="num">${name}</th>`)}
            </tr>
          </thead>
          <tbody>${placesOf(run, columns).map(row)}</tbody>
        </table>
      </div>
    </section>
  `;
}
