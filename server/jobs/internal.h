/* jobs/internal — what the files of jobs/ share: the leased runs and their lock.
 *
 * 1. Everything in `jobs` and `leased_run` is guarded by the lock (jobs_lock), but what belongs to
 *    an active stage (server/jobs/stage.h) and is at that stage's thread.
 * 2. A queued run is in the queue or under a lease; one that is under a lease is not taken again.
 * 3. The lock is never held while the store or a file is asked. What changes queue and store
 *    together holds the experiment meanwhile (jobs_hold): nothing of it is taken from the queue,
 *    and nobody else changes it. The queue is changed only after the store has agreed, so a refusal
 *    leaves both as they were.
 * 4. An engine trains at most n_places runs at once. A run whose end has been handed to the store
 *    takes no place any more, nor one whose end a disk refuses: another is trained meanwhile. So
 *    there are more leases than places, at most twice as many.
 * 5. Whoever holds an experiment waits for its leased runs only while these are untold or going
 *    aside, or after telling them to cancel: in no other stage does a run wait for a hold. After a
 *    cancel it does not wait for one that a disk keeps from ending. */
#ifndef SERVER_JOBS_INTERNAL_H
#define SERVER_JOBS_INTERNAL_H

#include "server/jobs/dataset_cache.h"
#include "server/jobs/engine.h"
#include "server/jobs/jobs.h"
#include "server/jobs/ledger.h"
#include "server/jobs/queue.h"
#include "server/jobs/stage.h"
#include "server/plan/rate.h"

#include <stdatomic.h>

/* Epochs of leases are greater after a restart than before: the start counts above, the lease
 * below. */
#define JOBS_EPOCHS_PER_START ((int64_t)1 << 32)

/* An open engine. */
typedef struct engine_seat {
    jobs *jobs;
    const engine_kind *kind;
    void *engine;
    int n_places, n_running, n_leases; /* n_running: of those that take a place */
} engine_seat;

typedef struct leased_run {
    struct leased_run *next;
    lease lease;
    int64_t experiment_id;
    engine_seat *seat;
    lease_stage stage;
    command_kind wish;                 /* of a user; that the service stops is no wish */
    fail trouble;                      /* what it waits for, or did last; FAIL_NONE: nothing */
    int64_t due_ms;                    /* when it is tried again */
    int threads;                       /* that it may use */
    int64_t leased_ms;                 /* steady */
    int64_t first_step, step, n_steps; /* of this lease; -1: no step yet */
    /* the active stage's */
    run row;
    train_spec spec;
    size_t inputs, outputs;
    double work;
    bool is_last;   /* no other run of its experiment was waited for when it ended */
    bool is_whole;  /* trained by this lease from the start to an end of its own... */
    double seconds; /* in so long */
    ending end;
} leased_run;

struct jobs {
    jobs_options options;
    char *data_dir;
    struct room *room; /* in it */
    int claim;         /* on it, for the store's identity */
    ledger ledger;
    struct jobs_sync *sync; /* lock, conditions and the clerk: server/jobs/desk.c */
    bool is_closing;        /* nothing is begun any more, and what is trained is to pause */
    bool is_closed;         /* the engines are */
    atomic_bool is_leaving; /* users are no longer served: their plans are given up */
    jobs_queue *queue;
    dataset_cache cache;
    rate rate;
    engine_seat *seats;
    int n_seats, n_places; /* of all seats */
    leased_run *leased;
    int n_leased;
    int64_t last_epoch;
    bool is_tidying, is_untidy; /* that takes a place, too; there is more of it for idle times */
    bool has_new_ends; /* experiments may have ended whose arms are not kept yet: the clerk's */
    int n_described;   /* built-in data sets with a row in the store; the clerk's own */
};

/* ---- desk: the leased runs under their lock ---- */

FAIL_CHECKED bool jobs_desk_open(jobs *j);
void jobs_desk_close(jobs *j);
FAIL_CHECKED bool jobs_desk_start(jobs *j, void *(*clerk)(void *jobs), fail *f);
void jobs_desk_join(jobs *j); /* without a clerk: nothing */
void jobs_lock(jobs *j);
void jobs_unlock(jobs *j);
/* Wait, with the lock held, until a run has come to another stage, or a data set is open. */
void jobs_wait_change(jobs *j);
void jobs_wait_change_for(jobs *j, int64_t most_ms);
void jobs_tell_change(jobs *j);
/* Waits likewise, for the clerk, until it may have something to do, at most until `at` (steady; -1:
 * for ever). */
void jobs_wait_call(jobs *j, int64_t at_ms);
void jobs_call_clerk(jobs *j);
/* What follows is called with the lock held. */
/* There may be something to take: the engines and the clerk are told, and the threads shared. */
void jobs_wake(jobs *j);

/* The run's lease, or NULL. */
leased_run *jobs_find(const jobs *j, int64_t run_id);
/* Adds a lease on a run just taken, in its first stage. `l` is zeroed, from the heap. */
void jobs_lease(engine_seat *seat, leased_run *l, int64_t experiment_id, int64_t run_id);
/* Along an arrow. To LEASE_OVER: frees it. */
void jobs_move(leased_run *l, lease_stage to);

int jobs_count_running(const jobs *j); /* by all engines */
bool jobs_has_idle_place(const jobs *j);

/* Waits until the store has been told of every leased run of the experiment: a change of state in
 * the store then finds it running or not at all. */
void jobs_wait_told(jobs *j, int64_t experiment_id);

/* ---- holds; called without the lock ---- */

/* One change at a time to an experiment's runs. With `on_behalf_of` (a run id, 0: a user's request)
 * the wait is given up, and false returned, once that run is told to cancel. */
FAIL_CHECKED bool jobs_hold(jobs *j, int64_t experiment_id, int64_t on_behalf_of,
                            jobs_queue_hold *hold);
void jobs_let_go(jobs *j, jobs_queue_hold *hold);

/* Adds queued runs of an experiment that the caller holds. */
void jobs_add_held(jobs *j, int64_t experiment_id, int priority, const int64_t *run_ids, int64_t n);

/* ---- sets, tidy ---- */

void jobs_share_memory(jobs *j); /* sets kept for nobody make room in the budget */
/* jobs_open_dataset() for an engine: also while the service stops. */
FAIL_CHECKED bool jobs_open_always(jobs *j, const train_spec *spec, dataset **out, fail *f);

/* Of runs that have ended or are gone; at the start also what a crash left beside the last. */
void jobs_clean_checkpoints(jobs *j, bool is_start);
/* Removes models whose runs are gone, and tells the store of data sets that it has not heard of: by
 * the clerk, before the first run. */
void jobs_tidy(jobs *j);
/* The row of one more built-in data set that has none: by the idle clerk, until false. */
bool jobs_tidy_more(jobs *j);

#endif
