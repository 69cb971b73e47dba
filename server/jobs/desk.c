/* The leased runs under their lock: what every change of a stage brings along, and what must be
 * true whenever the lock is let go. */
#include "core/base/clock.h"
#include "server/jobs/internal.h"
#include "server/jobs/room.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct jobs_sync {
    pthread_mutex_t lock;
    pthread_cond_t change; /* a run has come to another stage; a data set is open; a hold ended */
    pthread_cond_t call;   /* the clerk is wanted */
    pthread_t clerk;
    bool has_clerk;
};

bool jobs_desk_open(jobs *j)
{
    pthread_condattr_t monotonic;
    struct jobs_sync *sync = calloc(1, sizeof *sync);
    if (!sync)
        return false;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&sync->lock, NULL);
    pthread_cond_init(&sync->change, &monotonic);
    pthread_cond_init(&sync->call, &monotonic);
    pthread_condattr_destroy(&monotonic);
    j->sync = sync;
    return true;
}

void jobs_desk_close(jobs *j)
{
    struct jobs_sync *sync = j->sync;
    if (!sync)
        return;
    assert(j->n_leased == 0 && !sync->has_clerk);
    pthread_mutex_destroy(&sync->lock);
    pthread_cond_destroy(&sync->change);
    pthread_cond_destroy(&sync->call);
    free(sync);
}

bool jobs_desk_start(jobs *j, void *(*clerk)(void *jobs), fail *f)
{
    int error = pthread_create(&j->sync->clerk, NULL, clerk, j);
    if (error)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Cannot start a thread: %s.", strerror(error));
    j->sync->has_clerk = true;
    return true;
}

void jobs_desk_join(jobs *j)
{
    if (j->sync->has_clerk)
        pthread_join(j->sync->clerk, NULL);
    j->sync->has_clerk = false;
}

/* ---- lock ---- */

/* One run of an experiment decides about more seeds, or is to. */
static bool is_deciding(const leased_run *l)
{
    return l->stage == LEASE_LAST || l->stage == LEASE_DECIDING;
}

static bool decides_alone(const jobs *j, const leased_run *l)
{
    const leased_run *other = j->leased;
    while (other && (other == l || other->experiment_id != l->experiment_id || !is_deciding(other)))
        other = other->next;
    return other == NULL;
}

/* What one lease must be like. */
static void check_lease(const jobs *j, const leased_run *l)
{
    const stage_row *s = &STAGES[l->stage];
    bool has_trouble = l->trouble.code != FAIL_NONE;
    assert(l->stage < LEASE_OVER && l->lease.run_id > 0);
    assert(l->lease.epoch > 0 && l->lease.epoch <= j->last_epoch);
    assert(!s->waits_on_disk || has_trouble);
    assert(!has_trouble || l->stage != LEASE_TRAINING);
    assert(!l->end.model || s->is_ending);
    assert(!s->takes_place || l->threads > 0);
    assert(!is_deciding(l) || decides_alone(j, l));
}

/* Whenever the lock is let go. One walk over the leases: cheap, and always compiled in. */
static void check_invariants(const jobs *j)
{
    int n_leased = 0, n_running = 0, n_of_seats = 0, n_running_of_seats = 0;
    for (const leased_run *l = j->leased; l; l = l->next) {
        check_lease(j, l);
        n_leased++;
        n_running += STAGES[l->stage].takes_place;
    }
    for (int i = 0; i < j->n_seats; i++) {
        const engine_seat *seat = &j->seats[i];
        assert(seat->n_running >= 0 && seat->n_running <= seat->n_places);
        n_of_seats += seat->n_leases;
        n_running_of_seats += seat->n_running;
    }
    assert(n_leased == j->n_leased && n_leased == n_of_seats && n_running == n_running_of_seats);
    assert((size_t)n_leased == jobs_queue_count_working(j->queue));
}

void jobs_lock(jobs *j)
{
    pthread_mutex_lock(&j->sync->lock);
}

void jobs_unlock(jobs *j)
{
    check_invariants(j);
    pthread_mutex_unlock(&j->sync->lock);
}

void jobs_wait_change(jobs *j)
{
    check_invariants(j);
    pthread_cond_wait(&j->sync->change, &j->sync->lock);
}

void jobs_wait_change_for(jobs *j, int64_t most_ms)
{
    const struct timespec at = clock_steady_timespec(clock_steady_ms() + most_ms);
    check_invariants(j);
    pthread_cond_timedwait(&j->sync->change, &j->sync->lock, &at);
}

void jobs_tell_change(jobs *j)
{
    pthread_cond_broadcast(&j->sync->change);
}

void jobs_wait_call(jobs *j, int64_t at_ms)
{
    check_invariants(j);
    if (at_ms < 0) {
        pthread_cond_wait(&j->sync->call, &j->sync->lock);
        return;
    }
    const struct timespec at = clock_steady_timespec(at_ms);
    pthread_cond_timedwait(&j->sync->call, &j->sync->lock, &at);
}

void jobs_call_clerk(jobs *j)
{
    pthread_cond_signal(&j->sync->call);
}

/* ---- leases ---- */

leased_run *jobs_find(const jobs *j, int64_t run_id)
{
    leased_run *l = j->leased;
    while (l && l->lease.run_id != run_id)
        l = l->next;
    return l;
}

int jobs_count_running(const jobs *j)
{
    int n = 0;
    for (int i = 0; i < j->n_seats; i++)
        n += j->seats[i].n_running;
    return n;
}

bool jobs_has_idle_place(const jobs *j)
{
    return jobs_count_running(j) < j->n_places && jobs_queue_count(j->queue) == 0;
}

/* Places where nothing is trained lend their cores to those where something is: evenly, the first
 * get what is left over. */
static void share_threads(const engine_seat *seat)
{
    const jobs *j = seat->jobs;
    size_t n_waiting = jobs_queue_count(j->queue);
    int n_idle = seat->n_places - seat->n_running, rank = 0;
    if (n_waiting >= (size_t)n_idle)
        n_idle = 0;
    for (leased_run *l = j->leased; l; l = l->next)
        if (l->seat == seat && STAGES[l->stage].takes_place)
            l->threads = 1 + n_idle / seat->n_running + (rank++ < n_idle % seat->n_running ? 1 : 0);
}

/* It would only be woken up: most that goes on is none of its business. */
static bool is_clerk_wanted(const jobs *j)
{
    bool is_wanted = j->is_untidy && jobs_has_idle_place(j);
    for (const leased_run *l = j->leased; l && !is_wanted; l = l->next)
        is_wanted = l->stage == LEASE_ENDED || l->stage == LEASE_LAST;
    return is_wanted;
}

static bool has_something(const jobs *j)
{
    bool has_offered = false;
    for (const leased_run *l = j->leased; l && !has_offered; l = l->next)
        has_offered = l->stage == LEASE_OFFERED;
    return !j->is_closing && (has_offered || jobs_queue_count(j->queue) > 0);
}

void jobs_wake(jobs *j)
{
    bool is_offer = has_something(j);
    for (int i = 0; i < j->n_seats; i++) {
        engine_seat *seat = &j->seats[i];
        share_threads(seat);
        if (is_offer && seat->engine)
            seat->kind->offer(seat->engine);
    }
    if (is_clerk_wanted(j))
        jobs_call_clerk(j);
}

void jobs_lease(engine_seat *seat, leased_run *l, int64_t experiment_id, int64_t run_id)
{
    jobs *j = seat->jobs;
    assert(!jobs_find(j, run_id));
    l->lease = (lease){.run_id = run_id, .epoch = ++j->last_epoch};
    l->experiment_id = experiment_id;
    l->seat = seat;
    l->stage = LEASE_BEGINNING;
    l->leased_ms = clock_steady_ms();
    l->first_step = l->step = -1;
    l->next = j->leased;
    j->leased = l;
    j->n_leased++;
    seat->n_leases++;
    seat->n_running++;
    share_threads(seat);
}

static void remove_lease(leased_run *l)
{
    jobs *j = l->seat->jobs;
    leased_run **at = &j->leased;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    j->n_leased--;
    l->seat->n_leases--;
    run_close(&l->row);
    ending_close(&l->end);
    free(l);
}

/* The clerk looks after what waits for a disk, and for other runs. */
static bool concerns_clerk(const jobs *j, lease_stage to)
{
    return STAGES[to].waits_on_disk ||
           ((to == LEASE_OVER || STAGES[to].is_ending) && is_clerk_wanted(j));
}

void jobs_move(leased_run *l, lease_stage to)
{
    jobs *j = l->seat->jobs;
    assert(stage_leads(l->stage, to));
    assert(STAGES[l->stage].takes_place || !STAGES[to].takes_place);
    bool leaves_place = STAGES[l->stage].takes_place && !STAGES[to].takes_place;
    l->stage = to;
    l->seat->n_running -= leaves_place;
    if (to == LEASE_OVER)
        remove_lease(l);
    /* Somebody may take the place, or its core; or had passed over this run because it was here. */
    if (leaves_place || (to == LEASE_OVER && jobs_queue_count(j->queue) > 0))
        jobs_wake(j);
    if (concerns_clerk(j, to))
        jobs_call_clerk(j);
    jobs_tell_change(j);
}

/* ---- waiting for the store to know ---- */

static bool is_untold(const jobs *j, int64_t experiment_id)
{
    for (const leased_run *l = j->leased; l; l = l->next)
        if (l->experiment_id == experiment_id && STAGES[l->stage].is_untold)
            return true;
    return false;
}

void jobs_wait_told(jobs *j, int64_t experiment_id)
{
    while (is_untold(j, experiment_id) && !j->is_closing)
        jobs_wait_change(j);
}

/* ---- holds ---- */

static bool is_told_to_cancel(const jobs *j, int64_t run_id)
{
    const leased_run *l = run_id ? jobs_find(j, run_id) : NULL;
    return l && l->wish == COMMAND_CANCEL;
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

/* ---- the queue ---- */

bool jobs_check_room(jobs *j, int64_t n, fail *f)
{
    jobs_lock(j);
    int64_t n_waiting = (int64_t)jobs_queue_count(j->queue);
    jobs_unlock(j);
    if (n <= j->options.queue_limit - n_waiting)
        return room_check_data(j->room, f);
    return fail_set(f, FAIL_QUEUE_FULL, NULL,
                    "%" PRId64 " runs wait already, %" PRId64 " more would be above the limit of "
                    "%" PRId64 ". Try again when some have ended.",
                    n_waiting, n, j->options.queue_limit);
}

bool jobs_check_upload(jobs *j, int64_t n_bytes, fail *f)
{
    return room_check_upload(j->room, n_bytes, f);
}

void jobs_add_held(jobs *j, int64_t experiment_id, int priority, const int64_t *run_ids, int64_t n)
{
    jobs_lock(j);
    if (!jobs_queue_add(j->queue, experiment_id, priority, run_ids, (size_t)n))
        (void)fprintf(stderr,
                      "regulab: no memory: the runs of experiment %" PRId64
                      " wait for the next start\n",
                      experiment_id);
    jobs_unlock(j); /* whoever lets go wakes the engines */
}
