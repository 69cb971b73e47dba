// The experiment that most tests look at: a grid of two fields.
import { QUICK } from '../harness.mjs';

export const GRID = {
  ...QUICK,
  name: 'Grid',
  epochs: 12,
  repeats: 4,
  sweep: { dropout: [0, 0.5], weight_decay: [0, 0.1] },
};
export const GRID_POINTS = GRID.epochs + 1; /* of a line: epoch 0 is there, too */
