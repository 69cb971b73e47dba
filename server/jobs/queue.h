/* queue — which run comes next: one lane per experiment, served by priority, then in turn.
 *
 * 1. The next run is of the highest priority; there, of the experiment with the fewest runs at
 *    work; among equals, of the one that has waited longest for its turn; inside an experiment the
 *    oldest comes first. So 10,000 runs of one do not starve three of another.
 * 2. A lane exists while it has runs that wait or are at work.
 * 3. A lane is a set: a run that waits already is not added again.
 * 4. While an experiment is held nothing is taken of it; a run that its owner calls busy waits
 *    until it is not. Neither is lost or dropped meanwhile.
 * Taking costs as many looks as there are runs at work and experiments held, whatever waits.
 * Threads: none of its own; guarded by its owner's lock. */
#ifndef SERVER_JOBS_QUEUE_H
#define SERVER_JOBS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct jobs_queue jobs_queue;

jobs_queue *jobs_queue_new(void); /* NULL: no memory */
void jobs_queue_free(jobs_queue *q);

/* Adds runs to the experiment's lane, which has this priority from now on. False (and nothing
 * added) without memory. */
bool jobs_queue_add(jobs_queue *q, int64_t experiment_id, int priority, const int64_t *run_ids,
                    size_t n);
/* The lane's place among the others, if there is one. */
void jobs_queue_set_priority(jobs_queue *q, int64_t experiment_id, int priority);

/* Takes the next run that is not busy (NULL: none is); it is at work from now on. False where there
 * is none. */
typedef bool jobs_queue_busy(void *context, int64_t run_id);
bool jobs_queue_take(jobs_queue *q, jobs_queue_busy *is_busy, void *context, int64_t *experiment_id,
                     int64_t *run_id);

/* One hold of an experiment, in the holder's memory until it lets go. */
typedef struct jobs_queue_hold {
    int64_t experiment_id;
    struct jobs_queue_hold *next;
} jobs_queue_hold;
void jobs_queue_hold_lane(jobs_queue *q, int64_t experiment_id, jobs_queue_hold *hold);
void jobs_queue_let_go(jobs_queue *q, jobs_queue_hold *hold);
bool jobs_queue_is_held(const jobs_queue *q, int64_t experiment_id);

/* A run of the experiment is no longer at work. `seconds`: what it took from start to end, 0 where
 * that says nothing. */
void jobs_queue_finish(jobs_queue *q, int64_t experiment_id, double seconds);
/* The same for a run that was not begun: it waits again. False (and still at work) without memory.
 * */
bool jobs_queue_put_back(jobs_queue *q, int64_t experiment_id, int64_t run_id);
/* Mean of these seconds; NaN while there are none. */
double jobs_queue_mean_seconds(const jobs_queue *q, int64_t experiment_id);

/* Takes a waiting run out of its lane; false if it does not wait there. */
bool jobs_queue_remove(jobs_queue *q, int64_t experiment_id, int64_t run_id);
/* Takes all waiting runs of an experiment out; says how many. */
size_t jobs_queue_remove_all(jobs_queue *q, int64_t experiment_id);

/* Runs at work. */
size_t jobs_queue_count_working(const jobs_queue *q);

/* Runs that wait: of all, of one experiment. Experiments that have runs waiting or at work. */
size_t jobs_queue_count(const jobs_queue *q);
size_t jobs_queue_count_of(const jobs_queue *q, int64_t experiment_id);
size_t jobs_queue_lane_count(const jobs_queue *q);

#endif
