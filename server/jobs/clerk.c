#include "server/jobs/clerk.h"

#include "core/base/clock.h"
#include "server/jobs/arms.h"
#include "server/jobs/steps.h"

/* ---- leases ---- */

static void tend_blocked(leased_run *l)
{
    jobs *j = l->seat->jobs;
    jobs_move(l, LEASE_OFFERED);
    jobs_wake(j);
}

static void tend_kept(leased_run *l)
{
    jobs_move(l, LEASE_ASIDE);
    jobs_advance(l);
}

/* Who cancels a run that cannot be stored does without its model. */
static void tend_refused(leased_run *l)
{
    if (l->wish == COMMAND_CANCEL && l->end.to != RUN_STATE_CANCELLED)
        ending_cancel(&l->end);
    jobs_move(l, LEASE_LEAVING);
    jobs_advance(l);
}

/* What waits for a disk, and when the service stops what waits for an engine. */
static bool is_due(const leased_run *l, int64_t now_ms)
{
    if (l->seat->jobs->is_closing)
        return STAGES[l->stage].waits_on_disk || l->stage == LEASE_OFFERED;
    return STAGES[l->stage].waits_on_disk && l->due_ms <= now_ms;
}

static void tend_due(leased_run *l)
{
    if (l->seat->jobs->is_closing)
        jobs_leave_to_next_start(l);
    else if (l->stage == LEASE_BLOCKED)
        tend_blocked(l);
    else if (l->stage == LEASE_KEPT)
        tend_kept(l);
    else
        tend_refused(l);
}

static bool has_others_ended(const leased_run *l)
{
    bool waits = l->stage == LEASE_ENDED || l->stage == LEASE_LAST;
    return waits && jobs_judge(l) != l->stage;
}

/* Moves on one run that is due, or has waited for others; false where there is none: then *at_ms is
 * when there will be (-1: never). */
static bool tend(jobs *j, int64_t *at_ms)
{
    int64_t now_ms = clock_steady_ms();
    *at_ms = -1;
    for (leased_run *l = j->leased; l; l = l->next) {
        if (has_others_ended(l)) {
            jobs_advance(l);
            return true;
        }
        if (is_due(l, now_ms)) {
            tend_due(l);
            return true;
        }
        if (STAGES[l->stage].waits_on_disk && (*at_ms < 0 || l->due_ms < *at_ms))
            *at_ms = l->due_ms;
    }
    return false;
}

/* ---- its day ---- */

static void tidy_first(jobs *j)
{
    jobs_tidy(j);
    jobs_lock(j);
    j->is_tidying = false;
    jobs_wake(j);
    jobs_unlock(j);
}

/* One thing of what can be done now; false: nothing. With the lock held, released meanwhile. */
static bool work_once(jobs *j, int64_t *at_ms)
{
    if (tend(j, at_ms))
        return true;
    if (j->has_new_ends && !j->is_closing) {
        j->has_new_ends = false;
        jobs_unlock(j);
        bool has_kept = jobs_keep_arms(j->options.store);
        jobs_lock(j);
        j->has_new_ends = j->has_new_ends || has_kept;
        return true;
    }
    if (!j->is_untidy || j->is_closing || !jobs_has_idle_place(j))
        return false;
    jobs_unlock(j);
    bool has_more = jobs_tidy_more(j);
    jobs_lock(j);
    j->is_untidy = has_more;
    return true;
}

void *jobs_clerk(void *context)
{
    jobs *j = context;
    int64_t at_ms;
    tidy_first(j);
    jobs_lock(j);
    j->has_new_ends = true; /* of an earlier version, or of a program that ended before */
    while (!j->is_closed || j->n_leased > 0)
        if (!work_once(j, &at_ms))
            jobs_wait_call(j, at_ms);
    jobs_unlock(j);
    return NULL;
}
