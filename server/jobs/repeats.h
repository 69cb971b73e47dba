/* repeats — seeds added until the differences are known well enough: `"repeats": {"until":
 * ...}`.
 *
 * The rule looks when the last run of the experiment is about to end: it adds as many seeds as the
 * widest interval calls for (its half width goes with 1/sqrt(n)), at least one, at most as many
 * again, never beyond `max`.
 * Threads: any. */
#ifndef SERVER_JOBS_REPEATS_H
#define SERVER_JOBS_REPEATS_H

#include "server/jobs/jobs.h"

/* `last` ends with these metrics (NULL: it failed), and every other run of its experiment has
 * ended: adds seeds if the experiment wants them. */
void jobs_repeats_extend(jobs *j, store *s, const run *last, const run_metrics *metrics);

/* The total of seeds that is wanted after n gave an interval of this half width. */
int64_t jobs_repeats_next(int64_t n, double half_width, double wanted, int64_t most);

#endif
