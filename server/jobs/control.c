/* What users do to runs and experiments: each while it holds the experiment. When the store knows
 * of every leased run that it runs, it changes the states of the others, and notes what is wanted
 * of these; only then are leases and queue told. So no run is ever leased twice, or left to nobody,
 * what was accepted outlasts the program, and what was refused has changed nothing. */
#include "core/base/clock.h"
#include "server/jobs/files.h"
#include "server/jobs/lease.h"
#include "server/store/experiments.h"
#include "server/store/files.h"
#include "server/store/runs.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct requeue {
    jobs *jobs;
    int64_t experiment_id;
    int priority;
} requeue;

static void add_one(void *context, int64_t run_id)
{
    const requeue *r = context;
    jobs_add_held(r->jobs, r->experiment_id, r->priority, &run_id, 1);
}

static bool add_row(void *context, const run *row)
{
    add_one(context, row->id);
    return true;
}

/* New runs of which some are no longer queued: somebody has been quick to pause or cancel them. */
static bool add_those_queued(jobs *j, const experiment *e)
{
    run_query waiting = {.experiment_id = e->id, .status = RUN_STATE_QUEUED, .seed = -1};
    char cursor[64];
    fail f;
    return store_list_runs(j->options.store, &waiting, add_row, &(requeue){j, e->id, e->priority},
                           cursor, &f);
}

void jobs_add(jobs *j, int64_t experiment_id, const int64_t *run_ids, int64_t n)
{
    jobs_queue_hold hold;
    experiment e = {0};
    fail f;
    bool is_held = jobs_hold(j, experiment_id, 0, &hold);
    assert(is_held);
    bool is_read = store_get_experiment(j->options.store, experiment_id, &e, &f);
    if ((is_read && (e.runs[RUN_STATE_QUEUED] == n || !add_those_queued(j, &e))) ||
        (!is_read && f.code != FAIL_NOT_FOUND))
        jobs_add_held(j, experiment_id, e.priority, run_ids, n);
    experiment_close(&e);
    jobs_let_go(j, &hold);
}

/* ---- one run ---- */

/* Calls `change` while the experiment of the run is held. */
typedef bool run_change(jobs *j, int64_t experiment_id, int64_t id, fail *f);

static bool change_run(jobs *j, int64_t id, run_change *change, fail *f)
{
    run row = {0};
    jobs_queue_hold hold;
    if (!store_get_run(j->options.store, id, &row, f))
        return false;
    int64_t experiment_id = row.experiment_id;
    run_close(&row);
    bool is_held = jobs_hold(j, experiment_id, 0, &hold);
    assert(is_held);
    bool is_changed = change(j, experiment_id, id, f);
    jobs_let_go(j, &hold);
    return is_changed;
}

static bool conflict_of(const run *r, fail *f)
{
    return fail_set(f, FAIL_CONFLICT, NULL, "Run %" PRId64 " is already %s.", r->id,
                    RUN_STATE_NAMES[r->status]);
}

static bool check_live(jobs *j, int64_t id, fail *f)
{
    run row = {0};
    if (!store_get_run(j->options.store, id, &row, f))
        return false;
    bool is_live = !run_state_is_terminal(row.status) || conflict_of(&row, f);
    run_close(&row);
    return is_live;
}

/* Until the store knows which runs of the experiment are at work. */
static void wait_told(jobs *j, int64_t experiment_id)
{
    jobs_lock(j);
    jobs_wait_told(j, experiment_id);
    jobs_unlock(j);
}

static bool cancel_held_run(jobs *j, int64_t experiment_id, int64_t id, fail *f)
{
    bool moved;
    run_files kept;
    if (!check_live(j, id, f))
        return false;
    wait_told(j, experiment_id);
    if (!store_get_files(j->options.store, id, &kept, f) ||
        !store_cancel_run(j->options.store, id, &moved, f))
        return false;
    jobs_lock(j);
    leased_run *l = jobs_find(j, id);
    if (l)
        jobs_wish(l, COMMAND_CANCEL);
    jobs_queue_remove(j->queue, experiment_id, id);
    jobs_tell_change(j);
    jobs_unlock(j);
    if (moved)
        jobs_files_remove_checkpoint(&j->ledger.files, id, &kept.checkpoint);
    return true;
}

bool jobs_cancel_run(jobs *j, int64_t id, fail *f)
{
    return change_run(j, id, cancel_held_run, f);
}

/* A run that has ended may still be tidied up after. */
static void wait_until_left(jobs *j, int64_t id)
{
    jobs_lock(j);
    while (jobs_find(j, id) && !j->is_closing)
        jobs_wait_change(j);
    jobs_unlock(j);
}

static bool check_retry(jobs *j, int64_t id, fail *f)
{
    run row = {0};
    if (!store_get_run(j->options.store, id, &row, f))
        return false;
    bool is_failed = row.status == RUN_STATE_FAILED || row.status == RUN_STATE_CANCELLED;
    if (!is_failed)
        fail_set(f, FAIL_CONFLICT, NULL,
                 "Run %" PRId64 " is %s; only a failed or a cancelled run is tried again.", id,
                 RUN_STATE_NAMES[row.status]);
    run_close(&row);
    return is_failed;
}

static bool get_priority(jobs *j, int64_t experiment_id, int *out, fail *f)
{
    experiment e = {0};
    if (!store_get_experiment(j->options.store, experiment_id, &e, f))
        return false;
    *out = e.priority;
    experiment_close(&e);
    return true;
}

/* What the row has named and does not any more. */
static void remove_files(const jobs *j, const run_files *kept)
{
    jobs_files_remove_checkpoint(&j->ledger.files, kept->run_id, &kept->checkpoint);
    if (!kept->in_row)
        jobs_files_remove_model(&j->ledger.files, kept->run_id, &kept->model);
}

static bool retry_held_run(jobs *j, int64_t experiment_id, int64_t id, fail *f)
{
    int priority;
    bool moved;
    run_files kept;
    if (!check_retry(j, id, f) || !get_priority(j, experiment_id, &priority, f) ||
        !jobs_check_room(j, 1, f))
        return false;
    wait_until_left(j, id);
    if (!store_get_files(j->options.store, id, &kept, f) ||
        !store_retry_run(j->options.store, id, &moved, f))
        return false;
    if (!moved)
        return fail_set(f, FAIL_CONFLICT, NULL, "Run %" PRId64 " has changed in the meantime.", id);
    remove_files(j, &kept);
    jobs_add_held(j, experiment_id, priority, &id, 1);
    return true;
}

bool jobs_retry_run(jobs *j, int64_t id, fail *f)
{
    return change_run(j, id, retry_held_run, f);
}

/* ---- a whole experiment ---- */

/* Calls `change` with the experiment as it is while it is held. */
typedef bool experiment_change_of(jobs *j, const experiment *e, fail *f);

static bool change_experiment(jobs *j, int64_t id, experiment_change_of *change, fail *f)
{
    experiment e = {0};
    jobs_queue_hold hold;
    bool is_held = jobs_hold(j, id, 0, &hold);
    assert(is_held);
    bool is_changed = store_get_experiment(j->options.store, id, &e, f) && change(j, &e, f);
    experiment_close(&e);
    jobs_let_go(j, &hold);
    return is_changed;
}

static bool check_unfinished(const experiment *e, const char *verb, fail *f)
{
    return !run_state_is_terminal(e->status) ||
           fail_set(f, FAIL_CONFLICT, NULL, "Experiment %" PRId64 " is %s: there is nothing to %s.",
                    e->id, RUN_STATE_NAMES[e->status], verb);
}

static bool is_going_aside(const jobs *j, int64_t id)
{
    for (const leased_run *l = j->leased; l; l = l->next)
        if (l->experiment_id == id && l->stage == LEASE_ASIDE && l->wish == COMMAND_PAUSE)
            return true;
    return false;
}

/* With the lock held. Runs about to be stored as paused are told nothing any more: the store is
 * asked about them after that. */
static void wait_until_aside(jobs *j, int64_t id)
{
    while (is_going_aside(j, id) && !j->is_closing)
        jobs_wait_change(j);
}

static void wish_of_all(jobs *j, int64_t id, command_kind wish)
{
    jobs_lock(j);
    leased_run *next;
    for (leased_run *l = j->leased; l; l = next) {
        next = l->next;
        if (l->experiment_id == id && l->wish < wish)
            jobs_wish(l, wish);
    }
    jobs_tell_change(j);
    jobs_unlock(j);
}

static void drop_waiting(jobs *j, int64_t id)
{
    jobs_lock(j);
    jobs_queue_remove_all(j->queue, id);
    jobs_unlock(j);
}

static bool cancel_held(jobs *j, const experiment *e, fail *f)
{
    wait_told(j, e->id);
    if (!store_cancel_experiment(j->options.store, e->id, NULL, NULL, f))
        return false;
    wish_of_all(j, e->id, COMMAND_CANCEL);
    drop_waiting(j, e->id);
    jobs_clean_checkpoints(j, false); /* of those that were paused */
    return true;
}

bool jobs_cancel_experiment(jobs *j, int64_t id, fail *f)
{
    return change_experiment(j, id, cancel_held, f);
}

/* Runs that were told to pause and have not seen it yet go on; those that are about to be stored as
 * paused are waited for. */
static void call_back(jobs *j, int64_t id)
{
    jobs_lock(j);
    for (leased_run *l = j->leased; l; l = l->next)
        if (l->experiment_id == id && l->wish == COMMAND_PAUSE && l->stage != LEASE_ASIDE)
            jobs_wish(l, COMMAND_GO);
    wait_until_aside(j, id);
    jobs_unlock(j);
}

static bool pause_held(jobs *j, const experiment *e, fail *f)
{
    if (!check_unfinished(e, "pause", f))
        return false;
    wait_told(j, e->id);
    if (!store_pause_experiment(j->options.store, e->id, f))
        return false;
    wish_of_all(j, e->id, COMMAND_PAUSE);
    drop_waiting(j, e->id);
    return true;
}

bool jobs_pause_experiment(jobs *j, int64_t id, fail *f)
{
    return change_experiment(j, id, pause_held, f);
}

static bool resume_held(jobs *j, const experiment *e, fail *f)
{
    if (!check_unfinished(e, "resume", f))
        return false;
    call_back(j, e->id);
    bool is_resumed = store_resume_experiment(j->options.store, e->id, add_one,
                                              &(requeue){j, e->id, e->priority}, f);
    if (!is_resumed)
        wish_of_all(j, e->id, COMMAND_PAUSE);
    return is_resumed;
}

bool jobs_resume_experiment(jobs *j, int64_t id, fail *f)
{
    return change_experiment(j, id, resume_held, f);
}

bool jobs_update_experiment(jobs *j, int64_t id, const experiment_change *change, fail *f)
{
    jobs_queue_hold hold;
    bool is_held = jobs_hold(j, id, 0, &hold);
    assert(is_held);
    bool is_updated = store_update_experiment(j->options.store, id, change, f);
    if (is_updated && change->priority) {
        jobs_lock(j);
        jobs_queue_set_priority(j->queue, id, *change->priority);
        jobs_unlock(j);
    }
    jobs_let_go(j, &hold);
    return is_updated;
}

/* ---- deleting ---- */

static bool is_leased(const jobs *j, int64_t id)
{
    for (const leased_run *l = j->leased; l; l = l->next)
        if (l->experiment_id == id)
            return true;
    return false;
}

/* A cancelled run of the experiment that cannot be ended, since the disk refuses even that. */
static const leased_run *find_stuck(const jobs *j, int64_t id)
{
    for (const leased_run *l = j->leased; l; l = l->next)
        if (l->experiment_id == id && l->stage == LEASE_REFUSED && l->end.to == RUN_STATE_CANCELLED)
            return l;
    return NULL;
}

static bool wait_until_idle(jobs *j, int64_t id, fail *f)
{
    const leased_run *stuck = NULL;
    jobs_lock(j);
    while (is_leased(j, id) && !j->is_closing && !(stuck = find_stuck(j, id)))
        jobs_wait_change(j);
    if (stuck)
        fail_set(f, FAIL_STORAGE, NULL,
                 "The experiment is cancelled, and not deleted yet: run %" PRId64
                 " cannot be ended: %s",
                 stuck->lease.run_id, stuck->trouble.sentence);
    jobs_unlock(j);
    return stuck == NULL;
}

/* The rows first: a crash in between leaves files that the next start removes. */
static bool delete_with_files(jobs *j, int64_t id, fail *f)
{
    run_files_list files;
    if (!store_load_files(j->options.store, id, &files, f))
        return false;
    bool is_deleted = store_delete_experiment(j->options.store, id, NULL, NULL, f);
    for (size_t i = 0; is_deleted && i < files.n; i++)
        remove_files(j, &files.items[i]);
    free(files.items);
    return is_deleted;
}

static bool delete_held(jobs *j, const experiment *e, fail *f)
{
    return cancel_held(j, e, f) && wait_until_idle(j, e->id, f) && delete_with_files(j, e->id, f);
}

/* What the store has ended is idle, though a worker may be about to leave it. */
static bool delete_idle(jobs *j, const experiment *e, fail *f)
{
    jobs_lock(j);
    bool is_running = e->status == RUN_STATE_RUNNING ||
                      (!run_state_is_terminal(e->status) && is_leased(j, e->id));
    jobs_unlock(j);
    if (is_running)
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "Experiment %" PRId64 " is running. Cancel it first, or delete it with "
                        "?force=true.",
                        e->id);
    return delete_held(j, e, f);
}

bool jobs_delete_experiment(jobs *j, int64_t id, bool force, fail *f)
{
    return change_experiment(j, id, force ? delete_held : delete_idle, f);
}
