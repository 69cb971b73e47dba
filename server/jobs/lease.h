/* lease — the events that reach the state machine of runs from outside: engines take and report,
 * users wish. What comes of time is server/jobs/clerk.c's.
 *
 * Threads: any. */
#ifndef SERVER_JOBS_LEASE_H
#define SERVER_JOBS_LEASE_H

#include "server/jobs/internal.h"

/* An engine_owner's functions; the context is an engine_seat. */
bool jobs_take(void *seat, assignment *out);
FAIL_CHECKED bool jobs_report(void *seat, const report *r, command *answer, fail *f);
FAIL_CHECKED bool jobs_load_checkpoint(void *seat, const lease *of, jobs_checkpoint *out, fail *f);
FAIL_CHECKED bool jobs_open_for_engine(void *seat, const train_spec *spec, dataset **out, fail *f);

/* What a user wishes of it from now on; a lease that has not begun is over when it is not to go on.
 * With the lock held. */
void jobs_wish(leased_run *l, command_kind wish);

#endif
