#include "server/jobs/steps.h"

#include "core/base/clock.h"
#include "server/jobs/repeats.h"

#include <inttypes.h>
#include <stdio.h>

enum { RETRY_MS = 500 };

/* ---- ends of a lease; with the lock held ---- */

void jobs_leave(leased_run *l)
{
    jobs *j = l->seat->jobs;
    jobs_queue_finish(j->queue, l->experiment_id, l->is_whole ? l->seconds : 0);
    if (l->is_whole)
        rate_add(&j->rate, l->work, l->seconds);
    if (l->is_last) {
        j->has_new_ends = true;
        jobs_call_clerk(j);
    }
    jobs_move(l, LEASE_OVER);
}

/* It waits again, for another lease. */
void jobs_leave_queued(leased_run *l)
{
    jobs *j = l->seat->jobs;
    if (!jobs_queue_put_back(j->queue, l->experiment_id, l->lease.run_id)) {
        (void)fprintf(stderr, "regulab: no memory: run %" PRId64 " waits for the next start\n",
                      l->lease.run_id);
        jobs_queue_finish(j->queue, l->experiment_id, 0);
    }
    jobs_move(l, LEASE_OVER);
}

void jobs_leave_to_next_start(leased_run *l)
{
    (void)fprintf(stderr, "regulab: run %" PRId64 " is left to the next start: %s\n",
                  l->lease.run_id, l->trouble.sentence);
    jobs_leave(l);
}

/* It waits for a disk, in that stage. */
void jobs_wait_for_disk(leased_run *l, lease_stage stage, const fail *why)
{
    if (l->trouble.code == FAIL_NONE)
        (void)fprintf(stderr, "regulab: run %" PRId64 " waits: %s\n", l->lease.run_id,
                      why->sentence);
    l->trouble = *why;
    l->due_ms = clock_steady_ms() + RETRY_MS;
    jobs_move(l, stage);
}

/* A full disk is emptied, memory is freed, a lock is released; a run that was deleted does not come
 * back. */
bool jobs_is_gone(const fail *f)
{
    return f->code == FAIL_NOT_FOUND;
}

/* ---- the steps of active stages: each with the lock held, which it releases meanwhile; false: the
 * run waits for something, or is over and freed ---- */

static bool set_aside(leased_run *l)
{
    jobs *j = l->seat->jobs;
    fail f;
    if (l->wish == COMMAND_CANCEL) {
        jobs_move(l, LEASE_ENDED);
        return true;
    }
    run_state to = l->wish == COMMAND_PAUSE ? RUN_STATE_PAUSED : RUN_STATE_QUEUED;
    jobs_unlock(j);
    bool is_aside = ledger_set_aside(&j->ledger, l->lease.run_id, to, &f);
    jobs_lock(j);
    if (!is_aside && !jobs_is_gone(&f))
        jobs_wait_for_disk(l, LEASE_KEPT, &f);
    else if (is_aside && to == RUN_STATE_QUEUED)
        jobs_leave_queued(l);
    else
        jobs_leave(l);
    return false;
}

/* What the other leases of the experiment are at. */
typedef struct company {
    bool is_training; /* or runs wait in the queue */
    bool is_ending;
    bool has_last, is_deciding;
} company;

static company company_of(const leased_run *l)
{
    const jobs *j = l->seat->jobs;
    company c = {.is_training = jobs_queue_count_of(j->queue, l->experiment_id) > 0};
    for (const leased_run *other = j->leased; other; other = other->next) {
        if (other == l || other->experiment_id != l->experiment_id)
            continue;
        bool is_ending = STAGES[other->stage].is_ending;
        c.is_training = c.is_training || !is_ending;
        c.is_ending = c.is_ending || is_ending;
        c.has_last = c.has_last || other->stage == LEASE_LAST;
        c.is_deciding = c.is_deciding || other->stage == LEASE_DECIDING;
    }
    return c;
}

/* The last run of an experiment decides, before its own end is stored and after all others are,
 * whether more seeds are wanted: so that the experiment is never seen as completed in between. Runs
 * that a decision has added may end before it is over: they wait for it. About them another one
 * decides. */
lease_stage jobs_judge(const leased_run *l)
{
    company c = company_of(l);
    if (c.is_training || c.has_last)
        return LEASE_STORING;
    if (c.is_deciding)
        return LEASE_ENDED;
    return c.is_ending ? LEASE_LAST : LEASE_DECIDING;
}

static bool judge_end(leased_run *l)
{
    lease_stage to = jobs_judge(l);
    if (to == l->stage)
        return false;
    jobs_move(l, to);
    return true;
}

static bool decide(leased_run *l)
{
    jobs *j = l->seat->jobs;
    const ending *e = &l->end;
    l->is_last = true;
    jobs_unlock(j);
    if (e->to != RUN_STATE_CANCELLED)
        jobs_repeats_extend(j, j->options.store, &l->row,
                            e->to == RUN_STATE_COMPLETED ? &e->metrics : NULL);
    jobs_lock(j);
    jobs_move(l, LEASE_STORING);
    return true;
}

static void leave_place(void *context)
{
    leased_run *l = context;
    jobs *j = l->seat->jobs;
    jobs_lock(j);
    if (l->stage == LEASE_STORING)
        jobs_move(l, LEASE_LEAVING);
    jobs_unlock(j);
}

static bool store_end(leased_run *l)
{
    jobs *j = l->seat->jobs;
    const model_shape shape = {&l->spec, l->inputs, l->outputs};
    fail f;
    jobs_unlock(j);
    bool is_stored = ledger_end(&j->ledger, l->lease.run_id, &shape, &l->end, leave_place, l, &f);
    jobs_lock(j);
    if (is_stored || jobs_is_gone(&f))
        jobs_leave(l);
    else
        jobs_wait_for_disk(l, LEASE_REFUSED, &f);
    return false;
}

/* As far as it goes without waiting. The run may be over and freed afterwards. */
void jobs_advance(leased_run *l)
{
    static bool (*const STEPS[LEASE_STAGE_COUNT])(leased_run * l) = {
        [LEASE_ASIDE] = set_aside, [LEASE_ENDED] = judge_end,   [LEASE_LAST] = judge_end,
        [LEASE_DECIDING] = decide, [LEASE_STORING] = store_end, [LEASE_LEAVING] = store_end,
    };
    bool goes_on = true;
    while (goes_on)
        goes_on = STEPS[l->stage] && STEPS[l->stage](l);
}
