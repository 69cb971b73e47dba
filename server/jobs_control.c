/* What users do to runs and experiments. Runs leave the queue and workers are told first; then,
 * when the store knows of every run that a worker has taken, the store changes the states of the
 * others: no run is ever at two workers, or at none. */
#include "server/jobs_files.h"
#include "server/jobs_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

bool jobs_check_room(jobs *j, int64_t n, fail *f)
{
    jobs_lock(j);
    int64_t n_waiting = (int64_t)jobs_queue_count(j->queue);
    jobs_unlock(j);
    if (n <= j->options.queue_limit - n_waiting)
        return true;
    return fail_set(f, FAIL_QUEUE_FULL, NULL,
                    "%" PRId64 " runs wait already, %" PRId64 " more would be above the limit of "
                    "%" PRId64 ". Try again when some have ended.",
                    n_waiting, n, j->options.queue_limit);
}

void jobs_add(jobs *j, int64_t experiment_id, const int64_t *run_ids, int64_t n)
{
    jobs_lock(j);
    if (!jobs_queue_add(j->queue, experiment_id, run_ids, (size_t)n))
        (void)fprintf(stderr,
                      "regulab: no memory: the runs of experiment %" PRId64
                      " wait for the next start\n",
                      experiment_id);
    jobs_wake(j);
    jobs_tell_change(j);
    jobs_unlock(j);
}

/* ---- one run ---- */

static bool conflict_of(const run *r, fail *f)
{
    return fail_set(f, FAIL_CONFLICT, NULL, "Run %" PRId64 " is already %s.", r->id,
                    RUN_STATE_NAMES[r->status]);
}

/* The experiment of a run that has not ended. */
static bool find_live_run(jobs *j, int64_t id, int64_t *experiment_id, fail *f)
{
    run row = {0};
    if (!store_get_run(j->options.store, id, &row, f))
        return false;
    bool is_live = !run_state_is_terminal(row.status) || conflict_of(&row, f);
    *experiment_id = row.experiment_id;
    run_close(&row);
    return is_live;
}

/* A run that no worker has: out of the queue, or paused. */
static bool cancel_waiting_run(jobs *j, int64_t id, fail *f)
{
    static const run_state STATES[] = {RUN_STATE_QUEUED, RUN_STATE_PAUSED};
    bool moved = false;
    for (int i = 0; i < 2 && !moved; i++)
        if (!store_move_run(j->options.store, id, STATES[i], RUN_STATE_CANCELLED,
                            STOP_REASON_CANCELLED, NULL, &moved, f))
            return false;
    if (!moved)
        return fail_set(f, FAIL_CONFLICT, NULL, "Run %" PRId64 " has ended in the meantime.", id);
    jobs_files_remove_checkpoint(j->data_dir, id);
    return true;
}

bool jobs_cancel_run(jobs *j, int64_t id, fail *f)
{
    int64_t experiment_id;
    if (!find_live_run(j, id, &experiment_id, f))
        return false;
    jobs_lock(j);
    bool was_waiting = jobs_queue_remove(j->queue, experiment_id, id);
    worker *w;
    while ((w = jobs_find_worker(j, id)) && w->is_aside && !j->is_closing)
        jobs_wait_change(j);
    if (w)
        atomic_store(&w->command, TRAIN_CANCEL);
    jobs_unlock(j);
    if (w)
        return true;
    bool is_cancelled = cancel_waiting_run(j, id, f);
    if (!is_cancelled && was_waiting && f->code == FAIL_STORAGE)
        jobs_add(j, experiment_id, &id, 1);
    return is_cancelled;
}

/* A run that has ended may still be at the worker that tidies up after it. */
static void wait_until_left(jobs *j, int64_t id)
{
    jobs_lock(j);
    while (jobs_find_worker(j, id) && !j->is_closing)
        jobs_wait_change(j);
    jobs_unlock(j);
}

bool jobs_retry_run(jobs *j, int64_t id, fail *f)
{
    run row = {0};
    if (!store_get_run(j->options.store, id, &row, f))
        return false;
    int64_t experiment_id = row.experiment_id;
    bool is_failed = row.status == RUN_STATE_FAILED || row.status == RUN_STATE_CANCELLED;
    if (!is_failed)
        fail_set(f, FAIL_CONFLICT, NULL,
                 "Run %" PRId64 " is %s; only a failed or a cancelled run is tried again.", id,
                 RUN_STATE_NAMES[row.status]);
    run_close(&row);
    if (!is_failed || !jobs_check_room(j, 1, f))
        return false;
    wait_until_left(j, id);
    /* Before the change: a checkpoint left over would start the new attempt behind its missing
     * epochs. */
    jobs_files_remove_checkpoint(j->data_dir, id);
    bool moved;
    if (!store_retry_run(j->options.store, id, &moved, f))
        return false;
    if (!moved)
        return fail_set(f, FAIL_CONFLICT, NULL, "Run %" PRId64 " has changed in the meantime.", id);
    jobs_files_remove(j->data_dir, id);
    jobs_add(j, experiment_id, &id, 1);
    return true;
}

/* ---- a whole experiment ---- */

static bool is_going_aside(const jobs *j, int64_t id)
{
    for (int i = 0; i < j->n_workers; i++)
        if (j->workers[i].experiment_id == id && j->workers[i].is_aside)
            return true;
    return false;
}

/* With the lock held. Runs about to be stored as paused are told nothing any more: the store is asked about them after that. */
static void wait_until_aside(jobs *j, int64_t id)
{
    while (is_going_aside(j, id) && !j->is_closing)
        jobs_wait_change(j);
}

/* Takes its waiting runs out of the queue, tells those at work, and waits until the store knows
 * which these are. */
static void command_experiment(jobs *j, int64_t id, train_command command)
{
    jobs_lock(j);
    jobs_queue_remove_all(j->queue, id);
    for (int i = 0; i < j->n_workers; i++) {
        worker *w = &j->workers[i];
        int go_on = TRAIN_GO_ON;
        if (!w->run_id || w->experiment_id != id)
            continue;
        if (command == TRAIN_CANCEL)
            atomic_store(&w->command, TRAIN_CANCEL);
        else if (atomic_compare_exchange_strong(&w->command, &go_on, TRAIN_PAUSE))
            w->is_pausing = true;
    }
    jobs_share_threads(j);
    jobs_wait_told(j, id);
    if (command == TRAIN_CANCEL)
        wait_until_aside(j, id);
    jobs_unlock(j);
}

typedef struct requeue {
    jobs *jobs;
    int64_t experiment_id;
} requeue;

static bool add_again(void *context, int64_t run_id, int64_t experiment_id)
{
    const requeue *r = context;
    if (experiment_id == r->experiment_id)
        jobs_add(r->jobs, experiment_id, &run_id, 1);
    return true;
}

/* The store refused: what waits there waits here again. */
static bool undo_command(jobs *j, int64_t id)
{
    fail f;
    if (!store_list_queued(j->options.store, add_again, &(requeue){j, id}, &f))
        (void)fprintf(stderr, "regulab: experiment %" PRId64 " waits for the next start: %s\n", id,
                      f.sentence);
    return false;
}

/* The experiment is there, and has not ended unless that does not matter. */
static bool check_experiment(jobs *j, int64_t id, const char *verb, fail *f)
{
    experiment e = {0};
    if (!store_get_experiment(j->options.store, id, &e, f))
        return false;
    bool is_fine = !verb || !run_state_is_terminal(e.status);
    if (!is_fine)
        fail_set(f, FAIL_CONFLICT, NULL, "Experiment %" PRId64 " is %s: there is nothing to %s.",
                 id, RUN_STATE_NAMES[e.status], verb);
    experiment_close(&e);
    return is_fine;
}

static void ignore_run(void *context, int64_t run_id)
{
    (void)context;
    (void)run_id;
}

bool jobs_cancel_experiment(jobs *j, int64_t id, fail *f)
{
    if (!check_experiment(j, id, NULL, f))
        return false;
    command_experiment(j, id, TRAIN_CANCEL);
    if (!store_cancel_experiment(j->options.store, id, ignore_run, NULL, f))
        return undo_command(j, id);
    jobs_clean_checkpoints(j); /* of those that were paused */
    return true;
}

bool jobs_pause_experiment(jobs *j, int64_t id, fail *f)
{
    if (!check_experiment(j, id, "pause", f))
        return false;
    command_experiment(j, id, TRAIN_PAUSE);
    return store_pause_experiment(j->options.store, id, f) || undo_command(j, id);
}

static void add_resumed(void *context, int64_t run_id)
{
    const requeue *r = context;
    jobs_add(r->jobs, r->experiment_id, &run_id, 1);
}

/* Runs that were told to pause and have not seen it yet go on; those that are about to be stored as
 * paused are waited for. */
static void call_back(jobs *j, int64_t id)
{
    jobs_lock(j);
    for (int i = 0; i < j->n_workers; i++) {
        worker *w = &j->workers[i];
        int pause = TRAIN_PAUSE;
        if (w->experiment_id != id || !w->is_pausing || w->is_aside)
            continue;
        w->is_pausing = false;
        if (!j->is_closing)
            atomic_compare_exchange_strong(&w->command, &pause, TRAIN_GO_ON);
    }
    wait_until_aside(j, id);
    jobs_unlock(j);
}

bool jobs_resume_experiment(jobs *j, int64_t id, fail *f)
{
    if (!check_experiment(j, id, "resume", f))
        return false;
    call_back(j, id);
    return store_resume_experiment(j->options.store, id, add_resumed, &(requeue){j, id}, f);
}

static bool is_at_work(const jobs *j, int64_t id)
{
    for (int i = 0; i < j->n_workers; i++)
        if (j->workers[i].run_id && j->workers[i].experiment_id == id)
            return true;
    return false;
}

static void wait_until_idle(jobs *j, int64_t id)
{
    jobs_lock(j);
    while (is_at_work(j, id) && !j->is_closing)
        jobs_wait_change(j);
    jobs_unlock(j);
}

static void remove_files(void *context, int64_t run_id)
{
    const jobs *j = context;
    jobs_files_remove(j->data_dir, run_id);
}

bool jobs_delete_experiment(jobs *j, int64_t id, bool force, fail *f)
{
    experiment e = {0};
    if (!store_get_experiment(j->options.store, id, &e, f))
        return false;
    bool is_running = e.status == RUN_STATE_RUNNING;
    experiment_close(&e);
    jobs_lock(j);
    is_running = is_running || is_at_work(j, id);
    jobs_unlock(j);
    if (is_running && !force)
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "Experiment %" PRId64 " is running. Cancel it first, or delete it with "
                        "?force=true.",
                        id);
    if (!jobs_cancel_experiment(j, id, f))
        return false;
    wait_until_idle(j, id);
    return store_delete_experiment(j->options.store, id, remove_files, j, f);
}

/* ---- what it says ---- */

void jobs_get_state(jobs *j, jobs_state *out)
{
    int64_t now_ms = jobs_now_ms();
    jobs_lock(j);
    *out = (jobs_state){.n_workers = j->n_workers,
                        .n_running = j->n_running,
                        .n_queued = (int64_t)jobs_queue_count(j->queue)};
    for (int i = 0; i < j->n_workers; i++) {
        worker *w = &j->workers[i];
        int64_t n_done = atomic_load(&w->step) - atomic_load(&w->first_step);
        if (w->run_id && now_ms > w->started_ms && n_done > 0)
            out->steps_per_second += 1000.0 * (double)n_done / (double)(now_ms - w->started_ms);
    }
    jobs_unlock(j);
}

double jobs_estimate_seconds(jobs *j, double work, int64_t n_runs)
{
    jobs_lock(j);
    double seconds = jobs_rate_seconds(&j->rate, work);
    jobs_unlock(j);
    double n_lanes = (double)(n_runs < j->n_workers ? n_runs : j->n_workers);
    return n_lanes > 0 ? seconds / n_lanes : 0;
}

/* Of the whole run at this worker, by its own steps; NaN before the first. */
static double projected_seconds(worker *w, int64_t now_ms, double *left)
{
    int64_t step = atomic_load(&w->step), first = atomic_load(&w->first_step);
    int64_t n_steps = atomic_load(&w->n_steps);
    if (first < 0 || step <= first || n_steps <= 0)
        return NAN;
    double per_step = (double)(now_ms - w->started_ms) / 1000.0 / (double)(step - first);
    *left = per_step * (double)(n_steps - step);
    return per_step * (double)n_steps;
}

double jobs_remaining_seconds(jobs *j, int64_t experiment_id)
{
    int64_t now_ms = jobs_now_ms();
    jobs_lock(j);
    double mean = jobs_queue_mean_seconds(j->queue, experiment_id), sum = 0;
    double n_waiting = (double)jobs_queue_count_of(j->queue, experiment_id), n_working = 0;
    for (int i = 0; i < j->n_workers; i++) {
        worker *w = &j->workers[i];
        if (!w->run_id || w->experiment_id != experiment_id)
            continue;
        double left = NAN, whole = projected_seconds(w, now_ms, &left);
        n_working++;
        if (isnan(mean))
            mean = whole;
        sum += isnan(whole) ? mean : left;
    }
    double n_lanes = (double)jobs_queue_lane_count(j->queue);
    jobs_unlock(j);
    double share = n_lanes > 0 ? (double)j->n_workers / n_lanes : (double)j->n_workers;
    share = fmin(fmax(share, fmax(n_working, 1)), fmax(n_waiting + n_working, 1));
    return (n_waiting > 0 ? sum + n_waiting * mean : sum) / share;
}

void jobs_model_path(const jobs *j, int64_t run_id, char out[512])
{
    jobs_files_model(j->data_dir, run_id, out);
}
