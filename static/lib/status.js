/* status — what a run or an experiment can be: in the order of a life, with its sign, and whether
 * it is over, so that nothing more comes. */

export const STATUSES = {
  queued: { icon: 'clock', isOver: false },
  running: { icon: 'play', isOver: false },
  paused: { icon: 'pause', isOver: false },
  completed: { icon: 'check', isOver: true },
  failed: { icon: 'alert', isOver: true },
  cancelled: { icon: 'minus', isOver: true },
};

const names = Object.keys(STATUSES);

/* How a run can end. */
export const ENDS = names.filter((name) => STATUSES[name].isOver);
export const OTHERS = names.filter((name) => !STATUSES[name].isOver);

/* Of a run, an experiment, or an event of one. */
export const isOver = ({ status }) => STATUSES[status]?.isOver ?? false;

/* How many runs an experiment has, from an event of it. */
export const countRuns = ({ runs }) => Object.values(runs).reduce((sum, n) => sum + n, 0);
