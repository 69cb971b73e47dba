/* threads — the engine in this process: each place trains one run, in a thread.
 *
 * There are two threads a place: one that reports the end of its run waits until that is stored,
 * and another trains the next. How many train at once is the owner's to say, by what it lets them
 * take.
 * Threads: as server/jobs/engine.h says. */
#ifndef SERVER_JOBS_THREADS_H
#define SERVER_JOBS_THREADS_H

#include "server/jobs/engine.h"

/* Functions of a row of ENGINES[]. */
FAIL_CHECKED bool threads_open(const engine_owner *owner, const engine_options *options,
                               void **engine, int *n_places, fail *f);
void threads_offer(void *engine);
void threads_close(void *engine);

#endif
