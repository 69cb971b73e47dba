/* queries — the questions that people ask the database first, and what a query asks to be filled
 * in. */

const lines = (...parts) => parts.join('\n');

const BEST = lines(
  'SELECT c.experiment_id,',
  '  (SELECT swept FROM runs AS r',
  '    WHERE r.experiment_id = c.experiment_id AND r.config_id = c.config_id LIMIT 1) AS swept,',
  '  c.n, c.n_failed, c.mean_val_loss, c.std_val_loss, c.mean_test_accuracy, c.config_id',
  'FROM config_results AS c',
  'WHERE c.mean_val_loss IS NOT NULL',
  'ORDER BY c.experiment_id DESC, c.mean_val_loss',
  'LIMIT 20',
);

const CURVE = lines(
  'SELECT epoch, train_loss, val_loss, val_accuracy',
  'FROM epochs',
  'WHERE run_id = :run',
  'ORDER BY epoch',
);

const meanBy = (setting) =>
  lines(
    `SELECT ${setting}, count(*) AS n, avg(loss) AS mean,`,
    '  ci95_low(loss) AS low, ci95_high(loss) AS high',
    `FROM (SELECT ${setting}, seed,`,
    '    avg(val_loss) AS loss -- one value a seed: intervals are over seeds',
    '  FROM run_results',
    "  WHERE status = 'completed' AND experiment_id = :experiment",
    `  GROUP BY ${setting}, seed)`,
    `GROUP BY ${setting}`,
    `ORDER BY ${setting}`,
  );

const GAP = lines(
  'SELECT e.epoch, r.config_id, avg(e.val_loss - e.train_loss) AS gap',
  'FROM epochs AS e JOIN runs AS r ON r.id = e.run_id',
  'WHERE r.experiment_id = :experiment',
  'GROUP BY r.config_id, e.epoch',
  'ORDER BY r.config_id, e.epoch',
);

const FAILED = lines(
  'SELECT id, experiment_id, seed, stop_reason, error, finished_at',
  'FROM runs',
  "WHERE status = 'failed'",
  'ORDER BY id DESC',
  'LIMIT 100',
);

const FASTEST = lines(
  'SELECT e.id, e.name, e.n_runs, avg(r.samples_per_second) AS samples_per_second',
  'FROM experiments AS e JOIN runs AS r ON r.experiment_id = e.id',
  'GROUP BY e.id',
  'ORDER BY samples_per_second DESC',
  'LIMIT 20',
);

/* `setting`: the name of a regularizer's field, from the field table → [[words, query]]. */
export const readyQueries = (setting) => [
  ['The best configs', BEST],
  ['The curve of one run', CURVE],
  [`Mean and interval by ${setting}`, meanBy(setting)],
  ['The gap by epoch', GAP],
  ['What failed and why', FAILED],
  ['Fastest experiments', FASTEST],
];

/* The :names in a query, outside of its texts and comments. */
export function parametersOf(query) {
  const bare = query.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  return [...new Set([...bare.matchAll(/(?<!:):([A-Za-z_]\w*)/g)].map((match) => match[1]))];
}
