// Every view of the dashboard with something in it: what views.test.mjs examines and
// screenshots.mjs takes pictures of.
import { QUICK } from '../harness.mjs';

const PICTURES = { dataset: { name: 'glyphs', n: 1500 }, hidden: [16], epochs: 3 };
const PLANE = { dataset: { name: 'spirals', n: 400 }, hidden: [32, 32], epochs: 12, repeats: 3 };
const ARMS = { dataset: { name: 'moons', n: 300, noise: 0.3 }, hidden: [16], epochs: 8 };
const VARIANTS = {
  ...ARMS,
  name: 'One regularizer at a time',
  repeats: 6,
  variants: [
    { label: 'none' },
    { label: 'dropout', dropout: 0.3 },
    { label: 'weight decay', weight_decay: 0.1 },
    { label: 'label smoothing', label_smoothing: 0.1 },
  ],
  sweep: { learning_rate: [0.001, 0.01, 0.03] },
};
const CONTEXTS = {
  ...ARMS,
  name: 'Where it helps',
  hidden: [32],
  epochs: 30,
  learning_rate: 0.02,
  repeats: 5,
  repeat_varies: ['seed'],
  sweep: { weight_decay: [0, 1, 10], train_size: [30, 150], label_noise: [0, 0.3] },
};
const query = encodeURIComponent('SELECT epoch, train_loss, val_loss FROM epochs WHERE run_id = 1');
const faulty = encodeURIComponent('SELECT epoch FORM epochs');

/* Trains what the views show. */
async function train(server) {
  const [grid, pictures, regression, plane, three, variants, contexts] = await Promise.all([
    server.train({
      ...QUICK,
      name: 'Grid',
      description: 'Two fields, three seeds.',
      tags: ['short', 'two fields'],
      repeats: 3,
      sweep: { dropout: [0, 0.5], weight_decay: [0, 0.1, 1] },
    }),
    server.train({ ...PICTURES, name: 'Pictures', repeats: 3, sweep: { dropout: [0, 0.3] } }),
    server.train({
      dataset: 'sine',
      hidden: [16],
      epochs: 3,
      repeats: 3,
      sweep: { input_noise: [0, 0.2] },
    }),
    server.train({
      ...PLANE,
      name: 'Decay on spirals',
      sweep: { weight_decay: [0, 0.001, 0.01, 0.1, 1] },
    }),
    server.train({
      ...QUICK,
      name: 'Three fields',
      sweep: { dropout: [0, 0.25, 0.5], weight_decay: [0, 0.1], learning_rate: [0.001, 0.01] },
    }),
    server.train(VARIANTS),
    server.train(CONTEXTS),
  ]);
  const failed = await server.train({
    ...QUICK,
    optimizer: 'sgd',
    learning_rate: 1000,
    activation: 'identity',
    hidden: [64, 64, 64],
    name: 'Diverges',
  });
  return { grid, pictures, regression, plane, three, variants, contexts, failed };
}

/** Trains what the views show -> their list: [name, what follows #, a selector that is there when
 * the view is complete, the status of what the service refuses there, if it does]. */
export async function viewsOf(server) {
  const { grid, pictures, regression, plane, three, variants, contexts, failed } =
    await train(server);
  const [points, picture, number] = [grid, pictures, regression].map(({ runs }) => runs[0].id);
  const experiment = ({ experiment: { id } }, parameters = '') => `/experiments/${id}${parameters}`;
  return [
    ['the path', '/learn', '.step'],
    ['a lesson', '/learn/learned-by-heart', '#commit'],
    ['words', '/glossary?find=noise', '.word'],
    ['the playground', '/playground?two=1', '[data-testid=right-B]'],
    ['experiments', '/experiments', `[data-testid=experiment-${failed.experiment.id}]`],
    ['a grid', experiment(grid), '#interactions tbody tr'],
    ['a grid, its runs', experiment(grid, '?mode=runs&tab=runs'), '#runs tbody tr'],
    ['two configs', experiment(pictures, '?y=log&x=log'), '#configs tbody tr'],
    ['regression', experiment(regression, '?tab=specification'), '#path circle'],
    ['a path', experiment(plane), '#path circle'],
    ['three fields', experiment(three, '?against=parallel'), '.parallel polyline'],
    ['variants', experiment(variants), '#arms tbody tr'],
    ['contexts', experiment(contexts), '#arms tbody tr'],
    ['an experiment that failed', experiment(failed, '?tab=runs'), '#runs tbody tr'],
    ['layers', `/runs/${picture}`, '[data-testid=layers] canvas'],
    ['weights', `/runs/${picture}?tab=weights`, '[data-testid=filters]'],
    ['answers of pictures', `/runs/${picture}?tab=answers`, '[data-testid=mistakes]'],
    ['answers of points', `/runs/${points}?tab=answers`, '#reliability svg'],
    ['configuration', `/runs/${number}?tab=configuration`, '.pairs'],
    ['new', '/new', '[data-testid=dry-run][data-state=valid]'],
    ['a copy', `/new?from=${grid.experiment.id}`, '[data-testid=dry-run][data-state=valid]'],
    [
      'a copy of an explicit list',
      `/new?from=${variants.experiment.id}`,
      '[data-testid=dry-run][data-state=valid]',
    ],
    [
      'a faulty specification',
      `/new?spec=${encodeURIComponent('{"dropout": 2, "epochs": 0}')}`,
      '[data-testid=dry-run][data-state=invalid]',
      400,
    ],
    ['data sets', '/datasets', '#datasets tbody tr'],
    ['pictures', '/datasets?name=glyphs', '[data-testid=pictures] canvas'],
    ['points', '/datasets?name=moons', '#plane circle'],
    ['dropout', '/explain', '.net svg'],
    ['SQL', '/sql', '[data-query]'],
    ['a result', `/sql?query=${query}`, '#sql-result tbody tr'],
    ['a chart of a result', `/sql?show=chart&query=${query}`, '#sql-chart svg'],
    ['a faulty query', `/sql?query=${faulty}`, '[data-testid=failure]', 400],
    [
      'comparison',
      `/compare?ids=${grid.experiment.id},${pictures.experiment.id}`,
      '[data-status=completed]',
    ],
    ['no such page', '/nowhere', 'h1'],
    ['no such experiment', '/experiments/999999', '[data-testid=failure]', 404],
  ];
}
