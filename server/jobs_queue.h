/* jobs_queue — which run comes next: one lane per experiment, served in turn.
 *
 * 1. The next run is of the experiment with the fewest runs at work; among equals, of the one that
 *    has waited longest for its turn; inside an experiment the oldest comes first. So 10,000 runs
 *    of one do not starve three of another.
 * 2. A lane exists while it has runs that wait or are at work.
 * Taking costs as many looks as there are runs at work, whatever waits.
 * Threads: none of its own; guarded by its owner's lock. */
#ifndef SERVER_JOBS_QUEUE_H
#define SERVER_JOBS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct jobs_queue jobs_queue;

jobs_queue *jobs_queue_new(void); /* NULL: no memory */
void jobs_queue_free(jobs_queue *q);

/* Adds runs at the end of the experiment's lane. False (and nothing added) without memory. */
bool jobs_queue_add(jobs_queue *q, int64_t experiment_id, const int64_t *run_ids, size_t n);

/* Takes the next run, which is at work from now on. False where none waits. */
bool jobs_queue_take(jobs_queue *q, int64_t *experiment_id, int64_t *run_id);

/* A run of the experiment is no longer at work. `seconds`: what it took from start to end, 0 where
 * that says nothing. */
void jobs_queue_finish(jobs_queue *q, int64_t experiment_id, double seconds);
/* Mean of these seconds; NaN while there are none. */
double jobs_queue_mean_seconds(const jobs_queue *q, int64_t experiment_id);

/* Takes a waiting run out of its lane; false if it does not wait there. */
bool jobs_queue_remove(jobs_queue *q, int64_t experiment_id, int64_t run_id);
/* Takes all waiting runs of an experiment out; says how many. */
size_t jobs_queue_remove_all(jobs_queue *q, int64_t experiment_id);

/* Runs that wait: of all, of one experiment. Experiments that have runs waiting or at work. */
size_t jobs_queue_count(const jobs_queue *q);
size_t jobs_queue_count_of(const jobs_queue *q, int64_t experiment_id);
size_t jobs_queue_lane_count(const jobs_queue *q);

#endif
