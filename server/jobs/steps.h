/* steps — what a thread does for a run at an active stage, and the ends of a lease: the arrows of
 * the state machine that server/jobs/lease.c draws.
 *
 * Threads: with the lock held. */
#ifndef SERVER_JOBS_STEPS_H
#define SERVER_JOBS_STEPS_H

#include "server/jobs/internal.h"

/* Moves it on as far as that goes without waiting; the lock is released meanwhile. The lease may be
 * over and freed afterwards. */
void jobs_advance(leased_run *l);

/* Where a run that has ended is to go from LEASE_ENDED or LEASE_LAST; the same: it waits on. */
lease_stage jobs_judge(const leased_run *l);

/* The lease is over: for good, or for the run to wait in the queue, or for the next start of the
 * service. */
void jobs_leave(leased_run *l);
void jobs_leave_queued(leased_run *l);
void jobs_leave_to_next_start(leased_run *l);

/* It waits for a disk in that stage; `why` is told. */
void jobs_wait_for_disk(leased_run *l, lease_stage stage, const fail *why);

/* What refused is no disk: the run was deleted. */
bool jobs_is_gone(const fail *f);

#endif
