// A client as a stranger writes it: submits a sweep and reads its comparison, by the types that
// openapi-typescript has made of the service's document. `tsc --strict` checks it, then it runs.
import type { components, paths } from './openapi.js';

declare const process: { argv: string[] };
type Schemas = components['schemas'];

const json = 'application/json';
type Json = typeof json;
/** What a call answers with this status. */
type Answer<Call, Status> = Call extends { responses: infer All }
  ? Status extends keyof All
    ? All[Status] extends { content: Record<Json, infer Body> }
      ? Body
      : never
    : never
  : never;

const service = process.argv[2];

async function get<Path extends keyof paths>(
  path: Path,
  id: number,
  query: Record<string, string | number> = {},
): Promise<Answer<paths[Path]['get'], 200>> {
  const address = path.replace('{id}', String(id));
  const texts = Object.entries(query).map(([name, value]) => [name, String(value)]);
  const answer = await fetch(`${service}${address}?${new URLSearchParams(texts)}`);
  if (answer.status !== 200) throw new Error(((await answer.json()) as Schemas['Problem']).detail);
  return answer.json();
}

type Submit = paths['/api/v1/experiments']['post'];

async function submit(body: Submit['requestBody']['content'][Json]): Promise<Answer<Submit, 201>> {
  const answer = await fetch(`${service}/api/v1/experiments`, {
    method: 'POST',
    headers: { 'Content-Type': json },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return answer.json();
}

const sweep: Schemas['Specification'] = {
  dataset: { name: 'moons', n: 200 },
  hidden: [8],
  epochs: 2,
  optimizer: 'sgd',
  repeats: 3,
  sweep: {
    dropout: [0, 0.5],
    learning_rate: { min: 0.01, max: 0.1, scale: 'log', count: 2 },
  },
};

let experiment: Schemas['Experiment'] = await submit(sweep);
while (!['completed', 'failed', 'cancelled'].includes(experiment.status)) {
  await new Promise((wake) => setTimeout(wake, 50));
  experiment = await get('/api/v1/experiments/{id}', experiment.id);
}

const question: NonNullable<
  paths['/api/v1/experiments/{id}/comparison']['get']['parameters']['query']
> = { metric: 'val_loss', at: 'last' };
const comparison = await get('/api/v1/experiments/{id}/comparison', experiment.id, question);
const rows: [string, number, number | null][] = comparison.configs.map(
  ({ config_id, n, difference }) => [config_id, n, difference?.mean ?? null],
);
console.log(JSON.stringify({ metric: comparison.metric, n_runs: experiment.n_runs, rows }));

// The types say no as well: each of these lines is an error, and it is one if it is none.
export const refused = () => {
  // @ts-expect-error a field that is none
  void submit({ droput: 0.5 });
  // @ts-expect-error a value of another type
  void submit({ epochs: '2' });
  // @ts-expect-error a name that is none
  void submit({ optimizer: 'adagrad' });
  // @ts-expect-error what cannot be swept
  void submit({ sweep: { seed: [1, 2] } });
  // @ts-expect-error weights that are none
  const other: typeof question = { at: 'first' };
  // @ts-expect-error a member that no comparison has
  return [other, comparison.winner];
};
