#include "core/base/clock.h"
#include "server/jobs/internal.h"

#include "server/jobs/files.h"
#include "server/jobs/repeats.h"
#include "server/store/runs.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RETRY_MS = 500, QUEUE_LIMIT_LEAST = 1, WORKERS_PER_PLACE = 2 };

struct jobs_sync {
    pthread_mutex_t lock;
    pthread_cond_t work;   /* there is a run to take, or the end */
    pthread_cond_t change; /* a worker has changed what it does; a data set is open; a hold ended */
    pthread_t *threads;
    int n_threads;
};

/* ---- lock ---- */

void jobs_lock(jobs *j)
{
    pthread_mutex_lock(&j->sync->lock);
}

void jobs_unlock(jobs *j)
{
    pthread_mutex_unlock(&j->sync->lock);
}

void jobs_wait_change(jobs *j)
{
    pthread_cond_wait(&j->sync->change, &j->sync->lock);
}

void jobs_tell_change(jobs *j)
{
    pthread_cond_broadcast(&j->sync->change);
}

void jobs_wake(jobs *j)
{
    pthread_cond_broadcast(&j->sync->work);
    jobs_share_threads(j);
}

static bool is_told_to_cancel(jobs *j, int64_t run_id)
{
    worker *w = run_id ? jobs_find_worker(j, run_id) : NULL;
    return w && atomic_load(&w->command) == TRAIN_CANCEL;
}

bool jobs_hold(jobs *j, int64_t experiment_id, int64_t on_behalf_of, jobs_queue_hold *hold)
{
    jobs_lock(j);
    bool gives_up = is_told_to_cancel(j, on_behalf_of);
    while (!gives_up && jobs_queue_is_held(j->queue, experiment_id)) {
        jobs_wait_change(j);
        gives_up = is_told_to_cancel(j, on_behalf_of);
    }
    if (!gives_up)
        jobs_queue_hold_lane(j->queue, experiment_id, hold);
    jobs_unlock(j);
    return !gives_up;
}

void jobs_let_go(jobs *j, jobs_queue_hold *hold)
{
    jobs_lock(j);
    jobs_queue_let_go(j->queue, hold);
    jobs_wake(j);
    jobs_tell_change(j);
    jobs_unlock(j);
}

/* ---- workers ---- */

worker *jobs_find_worker(jobs *j, int64_t run_id)
{
    for (int i = 0; i < j->n_workers; i++)
        if (j->workers[i].run_id == run_id)
            return &j->workers[i];
    return NULL;
}

static bool is_untold(const jobs *j, int64_t experiment_id)
{
    for (int i = 0; i < j->n_workers; i++) {
        const worker *w = &j->workers[i];
        if (w->run_id && w->experiment_id == experiment_id && !w->is_told)
            return true;
    }
    return false;
}

void jobs_wait_told(jobs *j, int64_t experiment_id)
{
    while (is_untold(j, experiment_id) && !j->is_closing)
        jobs_wait_change(j);
}

bool jobs_takes_place(const worker *w)
{
    return w->run_id && !w->is_handed_over;
}

/* Places where nothing is trained lend their cores to those where something is: evenly, the first
 * get what is left over. */
void jobs_share_threads(jobs *j)
{
    size_t n_waiting = jobs_queue_count(j->queue);
    int n_idle = j->n_places - j->n_running, rank = 0;
    if (n_waiting >= (size_t)n_idle)
        n_idle = 0;
    for (int i = 0; i < j->n_workers; i++) {
        worker *w = &j->workers[i];
        if (!jobs_takes_place(w))
            continue;
        int extra = n_idle / j->n_running + (rank++ < n_idle % j->n_running);
        atomic_store(&w->threads, 1 + extra);
    }
}

static train_command on_poll(void *context)
{
    worker *w = context;
    return (train_command)atomic_load_explicit(&w->command, memory_order_relaxed);
}

static int on_threads(void *context)
{
    worker *w = context;
    return atomic_load_explicit(&w->threads, memory_order_relaxed);
}

static void on_step(void *context, int64_t step, int64_t n_steps)
{
    worker *w = context;
    if (atomic_load_explicit(&w->first_step, memory_order_relaxed) < 0)
        atomic_store_explicit(&w->first_step, step, memory_order_relaxed);
    atomic_store_explicit(&w->n_steps, n_steps, memory_order_relaxed);
    atomic_store_explicit(&w->step, step, memory_order_relaxed);
}

static void on_told(void *context)
{
    worker *w = context;
    jobs_lock(w->jobs);
    w->is_told = true;
    w->is_waiting = false;
    jobs_tell_change(w->jobs);
    jobs_unlock(w->jobs);
}

static bool may_begin(void *context)
{
    worker *w = context;
    jobs_lock(w->jobs);
    bool is_free = atomic_load(&w->command) == TRAIN_GO_ON;
    if (is_free)
        w->is_told = false;
    jobs_unlock(w->jobs);
    return is_free;
}

static run_state on_paused(void *context)
{
    worker *w = context;
    run_state to = RUN_STATE_RUNNING;
    jobs_lock(w->jobs);
    w->is_waiting = false;
    bool is_cancelled = atomic_load(&w->command) == TRAIN_CANCEL; /* after the run saw the pause */
    w->is_aside = w->is_pausing && !is_cancelled;
    if (is_cancelled)
        to = RUN_STATE_CANCELLED;
    else if (w->is_aside)
        to = RUN_STATE_PAUSED;
    else if (w->jobs->is_closing)
        to = RUN_STATE_QUEUED;
    jobs_unlock(w->jobs);
    return to;
}

/* What the other workers do for the experiment of this one. */
typedef struct company {
    bool is_training; /* or runs wait in the queue */
    bool is_ending;
    bool has_last; /* one of them is the last, and waits for the ends of others */
    bool is_deciding;
} company;

static company company_of(const worker *w)
{
    const jobs *j = w->jobs;
    company c = {.is_training = jobs_queue_count_of(j->queue, w->experiment_id) > 0};
    for (int i = 0; i < j->n_workers; i++) {
        const worker *other = &j->workers[i];
        if (other == w || !other->run_id || other->experiment_id != w->experiment_id)
            continue;
        c.is_training = c.is_training || !other->is_ending;
        c.is_ending = c.is_ending || other->is_ending;
        c.has_last = c.has_last || (other->is_last && !other->is_deciding);
        c.is_deciding = c.is_deciding || other->is_deciding;
    }
    return c;
}

/* True if this run is the last of its experiment, and all others are stored. Runs that a decision
 * has added may end before it is over: they wait for it. With the lock held. */
static bool await_others(worker *w)
{
    w->is_ending = true;
    for (;;) {
        company c = company_of(w);
        w->is_last = !c.is_training && !c.has_last && !c.is_deciding;
        w->is_deciding = w->is_last && !c.is_ending;
        if (w->is_deciding || c.is_training || c.has_last)
            return w->is_deciding;
        jobs_wait_change(w->jobs);
    }
}

/* The last run of an experiment decides, before its own end is stored, whether more seeds are
 * wanted: so that the experiment is never seen as completed in between. About those that it adds,
 * another one decides. */
static void on_end(void *context, const run *r, run_state to, const run_metrics *metrics)
{
    worker *w = context;
    jobs_lock(w->jobs);
    bool decides = await_others(w);
    jobs_tell_change(w->jobs);
    jobs_unlock(w->jobs);
    if (!decides)
        return;
    if (to != RUN_STATE_CANCELLED)
        jobs_repeats_extend(w->jobs, w->jobs->options.store, r,
                            to == RUN_STATE_COMPLETED ? metrics : NULL);
    jobs_lock(w->jobs);
    w->is_last = w->is_deciding = false;
    jobs_tell_change(w->jobs);
    jobs_unlock(w->jobs);
}

/* With the lock held: somebody may take the place, or its core. */
static void leave_place(worker *w)
{
    jobs *j = w->jobs;
    if (w->is_handed_over)
        return;
    w->is_handed_over = true;
    j->n_running--;
    jobs_wake(j);
}

static void on_handed_over(void *context)
{
    worker *w = context;
    jobs_lock(w->jobs);
    leave_place(w);
    jobs_unlock(w->jobs);
}

static bool on_wait(void *context, const fail *why)
{
    worker *w = context;
    jobs *j = w->jobs;
    const struct timespec until = clock_steady_timespec(clock_steady_ms() + RETRY_MS);
    jobs_lock(j);
    w->is_told = true; /* what waits does not keep others from changing its state */
    w->is_aside = false;
    w->is_waiting = true;
    w->waits_to_cancel = atomic_load(&w->command) == TRAIN_CANCEL;
    w->trouble = *why;
    jobs_tell_change(j);
    if (!w->has_said_why)
        (void)fprintf(stderr, "regulab: run %lld waits: %s\n", (long long)w->run_id, why->sentence);
    w->has_said_why = true;
    for (int error = 0; !j->is_closing && error != ETIMEDOUT;)
        error = pthread_cond_timedwait(&j->sync->work, &j->sync->lock, &until);
    bool is_closing = j->is_closing;
    jobs_unlock(j);
    if (is_closing)
        (void)fprintf(stderr, "regulab: run %lld is left to the next start: %s\n",
                      (long long)w->run_id, why->sentence);
    return !is_closing;
}

static bool open_for_worker(void *context, const train_spec *spec, dataset **out, fail *f)
{
    const worker *w = context;
    return jobs_open_always(w->jobs, spec, out, f);
}

/* With the lock held. */
static void begin_run(worker *w, int64_t experiment_id, int64_t run_id)
{
    w->experiment_id = experiment_id;
    w->run_id = run_id;
    w->is_pausing = w->is_aside = w->is_told = w->is_ending = false;
    w->is_last = w->is_deciding = false;
    w->is_waiting = w->has_said_why = w->is_handed_over = w->waits_to_cancel = false;
    w->started_ms = clock_steady_ms();
    atomic_store(&w->command, TRAIN_GO_ON);
    atomic_store(&w->first_step, -1);
    atomic_store(&w->step, -1);
    atomic_store(&w->n_steps, 0);
    w->jobs->n_running++;
    jobs_share_threads(w->jobs);
}

/* With the lock held. */
static void leave_queue(worker *w, const jobs_outcome *outcome)
{
    jobs_queue *q = w->jobs->queue;
    if (outcome->is_left_queued && jobs_queue_put_back(q, w->experiment_id, w->run_id))
        return;
    if (outcome->is_left_queued)
        (void)fprintf(stderr, "regulab: no memory: run %lld waits for the next start\n",
                      (long long)w->run_id);
    jobs_queue_finish(q, w->experiment_id, outcome->is_finished ? outcome->seconds : 0);
}

/* With the lock held. */
static void end_run(worker *w, const jobs_outcome *outcome)
{
    jobs *j = w->jobs;
    if (outcome->is_finished)
        rate_add(&j->rate, outcome->work, outcome->seconds);
    leave_queue(w, outcome);
    leave_place(w);
    w->run_id = w->experiment_id = 0;
    if (jobs_queue_count(j->queue) > 0)
        jobs_wake(j); /* somebody may have passed over this run because it was here */
    jobs_tell_change(j);
}

static void work(worker *w)
{
    jobs *j = w->jobs;
    jobs_task task = {
        .store = j->options.store,
        .files = &j->files,
        .checkpoint_seconds = j->options.checkpoint_seconds,
        .threads = j->n_places,
        .run_id = w->run_id,
        .context = w,
        .poll = on_poll,
        .on_step = on_step,
        .allowed = on_threads,
        .open_dataset = open_for_worker,
        .may_begin = may_begin,
        .on_told = on_told,
        .paused_as = on_paused,
        .before_end = on_end,
        .on_handed_over = on_handed_over,
        .wait = on_wait,
    };
    jobs_outcome outcome;
    jobs_unlock(j);
    jobs_run_train(&task, &outcome);
    jobs_lock(j);
    end_run(w, &outcome);
}

static bool is_at_work(void *context, int64_t run_id)
{
    return jobs_find_worker(context, run_id) != NULL;
}

static bool take_run(jobs *j, int64_t *experiment_id, int64_t *run_id)
{
    return j->n_running + j->is_tidying < j->n_places &&
           jobs_queue_take(j->queue, is_at_work, j, experiment_id, run_id);
}

static void tidy_first(jobs *j)
{
    jobs_tidy(j);
    jobs_lock(j);
    j->is_tidying = false;
    jobs_wake(j);
    jobs_unlock(j);
}

static void *worker_main(void *context)
{
    worker *w = context;
    jobs *j = w->jobs;
    bool may_tidy = w == j->workers;
    if (may_tidy)
        tidy_first(j);
    jobs_lock(j);
    while (!j->is_closing) {
        int64_t experiment_id, run_id;
        if (take_run(j, &experiment_id, &run_id)) {
            begin_run(w, experiment_id, run_id);
            work(w);
        } else if (may_tidy && j->n_running < j->n_places) {
            jobs_unlock(j);
            may_tidy = jobs_tidy_more(j);
            jobs_lock(j);
        } else {
            pthread_cond_wait(&j->sync->work, &j->sync->lock);
        }
    }
    jobs_unlock(j);
    return NULL;
}

/* ---- data sets ---- */

bool jobs_open_always(void *context, const train_spec *spec, dataset **out, fail *f)
{
    jobs *j = context;
    dataset_key key;
    if (!dataset_key_of(spec, j->data_dir, &key, f))
        return false;
    jobs_lock(j);
    dataset_cache_state state;
    while ((state = dataset_cache_find(&j->cache, &key, out)) == DATASET_CACHE_OPENING)
        jobs_wait_change(j);
    jobs_unlock(j);
    if (state == DATASET_CACHE_READY)
        return true;
    bool is_open =
        dataset_open(spec->dataset, &spec->dataset_options, spec->data_seed, j->data_dir, out, f);
    if (state == DATASET_CACHE_FULL)
        return is_open;
    jobs_lock(j);
    if (is_open)
        dataset_cache_put(&j->cache, &key, *out);
    else
        dataset_cache_drop(&j->cache, &key);
    jobs_tell_change(j);
    jobs_unlock(j);
    return is_open;
}

bool jobs_open_dataset(void *context, const train_spec *spec, dataset **out, fail *f)
{
    jobs *j = context;
    if (atomic_load(&j->is_leaving))
        return fail_set(f, FAIL_INTERRUPTED, NULL, "The service stops.");
    return jobs_open_always(j, spec, out, f);
}

void jobs_leave_requests(jobs *j)
{
    atomic_store(&j->is_leaving, true);
}

/* ---- start and end ---- */

static bool open_sync(jobs *j)
{
    struct jobs_sync *sync = calloc(1, sizeof *sync);
    pthread_t *threads = calloc((size_t)j->n_workers, sizeof *threads);
    pthread_condattr_t monotonic;
    if (!sync || !threads || pthread_condattr_init(&monotonic) != 0) {
        free(sync);
        free(threads);
        return false;
    }
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&sync->lock, NULL);
    pthread_cond_init(&sync->work, &monotonic);
    pthread_cond_init(&sync->change, NULL);
    pthread_condattr_destroy(&monotonic);
    sync->threads = threads;
    j->sync = sync;
    return true;
}

static void close_sync(struct jobs_sync *sync)
{
    if (!sync)
        return;
    pthread_mutex_destroy(&sync->lock);
    pthread_cond_destroy(&sync->work);
    pthread_cond_destroy(&sync->change);
    free(sync->threads);
    free(sync);
}

static void jobs_free(jobs *j)
{
    close_sync(j->sync);
    dataset_cache_close(&j->cache);
    jobs_queue_free(j->queue);
    free(j->workers);
    free(j->data_dir);
    free(j);
}

static jobs *jobs_new(const jobs_options *options)
{
    jobs *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->options = *options;
    j->n_places = options->n_workers;
    j->n_workers = WORKERS_PER_PLACE * j->n_places;
    j->is_tidying = true; /* until the first worker has */
    dataset_cache_init(&j->cache);
    j->data_dir = strdup(options->data_dir);
    j->queue = jobs_queue_new();
    j->workers = calloc((size_t)j->n_workers, sizeof *j->workers);
    if (!j->data_dir || !j->queue || !j->workers || !open_sync(j)) {
        jobs_free(j);
        return NULL;
    }
    for (int i = 0; i < j->n_workers; i++)
        j->workers[i].jobs = j;
    return j;
}

typedef struct filling {
    jobs_queue *queue;
    bool has_failed; /* no memory */
} filling;

static bool add_queued(void *context, int64_t run_id, int64_t experiment_id, int priority)
{
    filling *x = context;
    x->has_failed = !jobs_queue_add(x->queue, experiment_id, priority, &run_id, 1);
    return !x->has_failed;
}

static bool fill_queue(jobs *j, fail *f)
{
    filling x = {.queue = j->queue};
    if (!store_list_queued(j->options.store, add_queued, &x, f))
        return false;
    return !x.has_failed ||
           fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the queue.");
}

static bool start_workers(jobs *j, fail *f)
{
    for (int i = 0; i < j->n_workers; i++) {
        int error = pthread_create(&j->sync->threads[i], NULL, worker_main, &j->workers[i]);
        if (error)
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Cannot start worker thread %d: %s.",
                            i + 1, strerror(error));
        j->sync->n_threads++;
    }
    return true;
}

bool jobs_open(const jobs_options *options, jobs **out, fail *f)
{
    assert(options->n_workers > 0 && options->queue_limit >= QUEUE_LIMIT_LEAST);
    if (!jobs_files_open(options->data_dir, f))
        return false;
    jobs *j = jobs_new(options);
    if (!j)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the workers.");
    j->files = (jobs_files){j->data_dir, store_identity(options->store)};
    jobs_files_clean(&j->files);
    jobs_clean_checkpoints(j);
    if (!fill_queue(j, f)) {
        jobs_free(j);
        return false;
    }
    if (!start_workers(j, f)) {
        jobs_close(j);
        return false;
    }
    *out = j;
    return true;
}

void jobs_close(jobs *j)
{
    if (!j)
        return;
    jobs_lock(j);
    j->is_closing = true;
    for (int i = 0; i < j->n_workers; i++) {
        int go_on = TRAIN_GO_ON;
        atomic_compare_exchange_strong(&j->workers[i].command, &go_on, TRAIN_PAUSE);
    }
    pthread_cond_broadcast(&j->sync->work);
    jobs_tell_change(j);
    jobs_unlock(j);
    for (int i = 0; i < j->sync->n_threads; i++)
        pthread_join(j->sync->threads[i], NULL);
    jobs_free(j);
}
