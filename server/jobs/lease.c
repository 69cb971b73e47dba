/* What becomes of a leased run: a state machine over the reports of its engine, without a stack of
 * its own. Whoever brings an event, an engine a report, the clerk the time or the end of another
 * run, moves the run on as far as that goes; then it waits in its stage, at nobody's thread. What a
 * user wishes of it stands beside the stage. The arrows as a table: server/jobs/stage.c.
 *
 *   the queue
 *     │ jobs_take(): lease_next()
 *     ▼           begin(): a disk refuses         due: tend_blocked()
 *   BEGINNING ──────────────────────────▶ BLOCKED ───────────────────▶ OFFERED
 *     │  │  ▲                                                             │
 *     │  │  └──────────────── jobs_take(): find_offered() ────────────────┘
 *     │  ├─ begin(): it is gone, or not queued any more ─▶ OVER
 *     │  └─ begin(): its config cannot be read ──────────▶ STARTING
 *     │ begin()
 *     ▼
 *   GIVEN ── ended, paused: jobs_leave_queued() ─▶ OVER, back in the queue
 *     │ └─ ended, no memory for it now: take_ended() ─▶ BLOCKED
 *     │ started: take_started()                   ended: end_unstarted()
 *     ▼
 *   STARTING ───────────────────────────────────────────────────────────┐
 *     │                                                                  │ could not
 *     ▼        record, checkpoint: take_line()                           │ be started
 *   TRAINING ◀────────────────────────────────▶ SAVING                   │
 *     │   │ ▲ │                                                          │
 *     │   │ └─┘ ended, paused, and that was called off: take_ended()     │
 *     │   │                                                              │
 *     │   │ ended, paused: take_ended()                                  │
 *     │   ▼            set_aside(): a disk refuses                       │
 *     │ ASIDE ◀────────────────────────────────────▶ KEPT                │
 *     │   │ │          due: tend_kept()                                  │
 *     │   │ └─ set_aside() ─▶ OVER: paused, or back in the queue         │
 *     │   │                                                              │
 *     │   │ set_aside(): the wish is to cancel                           │
 *     │   ▼                                                              │
 *     └▶ ENDED ◀─────────────────────────────────────────────────────────┘
 *         │ judge_end()      judge_end(), also when another run has ended
 *         ├───────▶ LAST ──────────────┬──────────┐
 *         ├────────────────────────────│──▶ DECIDING
 *         ▼                            │          │ decide()
 *   STORING ◀──────────────────────────┴──────────┘
 *     │   │ store_end(): a disk refuses the model
 *     │   └───────────────────────────────────────┐
 *     │ leave_place(): the store has it in hands  ▼
 *     ▼            store_end(): a disk refuses
 *   LEAVING ◀────────────────────────────────▶ REFUSED
 *     │            due: tend_refused()
 *     │ store_end()
 *     ▼
 *   OVER
 *
 * When the service stops, what waits for a disk or is offered is OVER: left to the next start. */
#include "server/jobs/lease.h"

#include "server/codec/codec.h"
#include "server/jobs/steps.h"
#include "server/store/curves.h"
#include "server/store/runs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LEASES_PER_PLACE = 2 };
#define PROGRESS_SECONDS 0.01

/* ---- taking ---- */

/* The store is told of a run that cannot be trained at all, too; then it ends. */
static void end_unstarted(leased_run *l, const report_ended *end)
{
    jobs *j = l->seat->jobs;
    jobs_unlock(j);
    ledger_start(&j->ledger, l->lease.run_id, NULL);
    jobs_lock(j);
    l->trouble.code = FAIL_NONE;
    ending_read(end, &l->end);
    jobs_move(l, LEASE_ENDED);
    jobs_advance(l);
}

typedef enum reading { READING_DONE, READING_GONE, READING_REFUSED, READING_UNREADABLE } reading;

static reading read_row(leased_run *l, fail *f)
{
    const jobs *j = l->seat->jobs;
    run_close(&l->row); /* it may have waited, and been read before */
    if (!jobs_files_check(j->data_dir, f))
        return READING_REFUSED;
    if (!store_get_run(j->options.store, l->lease.run_id, &l->row, f))
        return jobs_is_gone(f) ? READING_GONE : READING_REFUSED;
    if (l->row.status != RUN_STATE_QUEUED)
        return READING_GONE;
    return codec_read_config(l->row.config, strlen(l->row.config), &l->spec, f)
               ? READING_DONE
               : READING_UNREADABLE;
}

static void assign(const leased_run *l, assignment *out)
{
    const jobs *j = l->seat->jobs;
    *out = (assignment){.lease = l->lease,
                        .spec = l->spec,
                        .checkpoint_seconds = j->options.checkpoint_seconds,
                        .progress_seconds = PROGRESS_SECONDS,
                        .threads = l->seat->n_places};
}

/* Reads what is to be trained; false: that could not be given to an engine. */
static bool begin(leased_run *l, assignment *out)
{
    jobs *j = l->seat->jobs;
    fail f;
    jobs_unlock(j);
    reading result = read_row(l, &f);
    jobs_lock(j);
    if (result == READING_DONE) {
        assign(l, out);
        jobs_move(l, LEASE_GIVEN);
        return true;
    }
    if (result == READING_REFUSED) {
        jobs_wait_for_disk(l, LEASE_BLOCKED, &f);
    } else if (result == READING_UNREADABLE) {
        jobs_move(l, LEASE_STARTING);
        end_unstarted(l, &(report_ended){.why = &f});
    } else {
        jobs_leave(l);
    }
    return false;
}

static bool is_leased(void *context, int64_t run_id)
{
    return jobs_find(context, run_id) != NULL;
}

static leased_run *lease_next(engine_seat *seat)
{
    jobs *j = seat->jobs;
    int64_t experiment_id, run_id;
    if (seat->n_running + j->is_tidying >= seat->n_places ||
        seat->n_leases / LEASES_PER_PLACE >= seat->n_places)
        return NULL;
    leased_run *l = calloc(1, sizeof *l);
    if (l && jobs_queue_take(j->queue, is_leased, j, &experiment_id, &run_id)) {
        jobs_lease(seat, l, experiment_id, run_id);
        return l;
    }
    free(l);
    return NULL;
}

static leased_run *find_offered(const engine_seat *seat)
{
    leased_run *l = seat->jobs->leased;
    while (l && (l->stage != LEASE_OFFERED || l->seat != seat))
        l = l->next;
    if (l)
        jobs_move(l, LEASE_BEGINNING);
    return l;
}

bool jobs_take(void *context, assignment *out)
{
    engine_seat *seat = context;
    jobs *j = seat->jobs;
    bool is_taken = false;
    jobs_lock(j);
    while (!is_taken && !j->is_closing) {
        leased_run *l = find_offered(seat);
        if (!l)
            l = lease_next(seat);
        if (!l)
            break;
        is_taken = begin(l, out);
    }
    jobs_unlock(j);
    return is_taken;
}

/* ---- reports; with the lock held, which is released meanwhile ---- */

static command command_for(const leased_run *l)
{
    bool stops = l->wish == COMMAND_GO && l->seat->jobs->is_closing;
    return (command){.kind = stops ? COMMAND_PAUSE : l->wish, .threads = l->threads};
}

static void take_started(leased_run *l, const report *r, command *answer)
{
    jobs *j = l->seat->jobs;
    const report_started *s = &r->started;
    jobs_move(l, LEASE_STARTING);
    jobs_unlock(j);
    l->inputs = s->inputs;
    l->outputs = s->outputs;
    l->work = rate_work(&l->spec, s->inputs, s->outputs, s->n);
    ledger_start(&j->ledger, l->lease.run_id, s);
    jobs_lock(j);
    l->is_whole = !s->is_resumed;
    l->n_steps = s->n_steps;
    l->trouble.code = FAIL_NONE;
    jobs_move(l, LEASE_TRAINING);
    *answer = command_for(l);
}

static void take_progress(leased_run *l, const report *r, command *answer)
{
    l->step = r->progress.step;
    l->n_steps = r->progress.n_steps;
    if (l->first_step < 0)
        l->first_step = l->step;
    *answer = command_for(l);
}

/* A record or a checkpoint. */
static void take_line(leased_run *l, const report *r, command *answer)
{
    jobs *j = l->seat->jobs;
    jobs_move(l, LEASE_SAVING);
    jobs_unlock(j);
    if (r->kind == REPORT_RECORD)
        store_add_record(j->options.store, l->lease.run_id, r->record);
    else
        ledger_save_checkpoint(&j->ledger, l->lease.run_id, &r->checkpoint);
    jobs_lock(j);
    jobs_move(l, LEASE_TRAINING);
    *answer = command_for(l);
}

static bool is_paused(const report *r)
{
    return r->kind == REPORT_ENDED && r->ended.result && r->ended.result->stop == TRAIN_STOP_PAUSED;
}

static bool is_called_off(const leased_run *l)
{
    return command_for(l).kind == COMMAND_GO;
}

static void take_ended(leased_run *l, const report *r, lease_stage to, command *answer)
{
    *answer = (command){.kind = COMMAND_CANCEL}; /* the lease is over */
    l->is_whole = l->is_whole && r->ended.result && r->ended.result->stop == TRAIN_STOP_FINISHED;
    if (to == LEASE_OVER) {
        jobs_leave_queued(l);
    } else if (to == LEASE_BLOCKED) {
        jobs_wait_for_disk(l, LEASE_BLOCKED, r->ended.why);
    } else if (to == LEASE_STARTING) {
        jobs_move(l, LEASE_STARTING);
        end_unstarted(l, &r->ended);
    } else if (to == LEASE_TRAINING) {
        *answer = command_for(l);
    } else {
        if (l->is_whole)
            l->seconds = r->ended.result->wall_seconds;
        ending_read(&r->ended, &l->end);
        jobs_move(l, to);
        jobs_advance(l);
    }
}

/* It was not begun for want of memory that others have now. */
static bool waits_for_memory(const leased_run *l, const report *r)
{
    return l->stage == LEASE_GIVEN && r->kind == REPORT_ENDED && !r->ended.result &&
           r->ended.why->code == FAIL_UNAVAILABLE;
}

/* Where the report leads; false: under this lease there is nothing like it to be said now. */
static bool check_report(const engine_seat *seat, const leased_run *l, const report *r,
                         lease_stage *to, fail *f)
{
    if (!l || l->lease.epoch != r->lease.epoch || l->seat != seat)
        return fail_set(f, FAIL_CONFLICT, NULL, "The lease %" PRId64 " on run %" PRId64 " is over.",
                        r->lease.epoch, r->lease.run_id);
    if (stage_after_report(l->stage, r->kind, is_paused(r), is_called_off(l), to)) {
        *to = waits_for_memory(l, r) ? LEASE_BLOCKED : *to;
        return true;
    }
    return fail_set(f, FAIL_CONFLICT, NULL, "Run %" PRId64 " is %s: \"%s\" is out of order.",
                    r->lease.run_id, STAGES[l->stage].name,
                    r->kind < REPORT_KIND_COUNT ? REPORT_NAMES[r->kind] : "?");
}

bool jobs_report(void *context, const report *r, command *answer, fail *f)
{
    engine_seat *seat = context;
    jobs *j = seat->jobs;
    lease_stage to;
    *answer = (command){.kind = COMMAND_CANCEL};
    jobs_lock(j);
    leased_run *l = jobs_find(j, r->lease.run_id);
    bool is_accepted = check_report(seat, l, r, &to, f);
    if (is_accepted && r->kind == REPORT_STARTED)
        take_started(l, r, answer);
    else if (is_accepted && r->kind == REPORT_PROGRESS)
        take_progress(l, r, answer);
    else if (is_accepted && r->kind == REPORT_ENDED)
        take_ended(l, r, to, answer);
    else if (is_accepted)
        take_line(l, r, answer);
    jobs_unlock(j);
    return is_accepted;
}

bool jobs_open_for_engine(void *context, const train_spec *spec, dataset **out, fail *f)
{
    const engine_seat *seat = context;
    return jobs_open_always(seat->jobs, spec, out, f);
}

bool jobs_load_checkpoint(void *context, const lease *of, jobs_checkpoint *out, fail *f)
{
    const engine_seat *seat = context;
    return ledger_load_checkpoint(&seat->jobs->ledger, of->run_id, out, f);
}

/* ---- what users wish ---- */

void jobs_wish(leased_run *l, command_kind wish)
{
    if (wish != COMMAND_GO && (l->stage == LEASE_BLOCKED || l->stage == LEASE_OFFERED))
        jobs_leave(l); /* the store has it queued still: so it has done there what is wished */
    else
        l->wish = wish;
}
