/* work — one assignment in the caller's thread, from the data set to its last report: what every
 * engine in a process of this program does with a lease, and `regulab run` too.
 *
 * 1. A run takes its memory of the budget before it begins; what has no room in it ends unstarted
 *    with FAIL_UNAVAILABLE, and waits; what would never have any fails. Without a budget (NULL) it
 *    is to fit into what is free now.
 * 2. A checkpoint that cannot be used is left aside and said; the run starts over.
 * 3. Once a report is refused the run is dropped: no more is reported.
 * Threads: any number of assignments at once; the owner is called from the caller's thread
 * alone. */
#ifndef SERVER_JOBS_WORK_H
#define SERVER_JOBS_WORK_H

#include "server/jobs/engine.h"

void work_train(const assignment *a, const engine_owner *owner, memory_budget *memory);

#endif
