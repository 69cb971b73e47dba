/* repeats — repeats added until the differences are known well enough: `"repeats": {"until": ...}`,
 * Stein's two-stage rule (server/study/arms.h).
 *
 * The rule looks when the last run of the first stage is about to end, and adds once as many
 * repeats as the deviation of those calls for, never beyond `max`. Threads: any. */
#ifndef SERVER_JOBS_REPEATS_H
#define SERVER_JOBS_REPEATS_H

#include "server/jobs/jobs.h"

/* `last` ends with these metrics (NULL: it failed), and every other run of its experiment has
 * ended: adds repeats if the experiment wants them. */
void jobs_repeats_extend(jobs *j, store *s, const run *last, const run_metrics *metrics);

#endif
