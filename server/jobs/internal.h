/* jobs/internal — what the files of jobs/ share: the workers and their lock.
 *
 * 1. Everything in `jobs` and `worker` but the atomics is guarded by the lock (jobs_lock).
 * 2. A queued run is in the queue or at a worker; one that is at a worker is not taken by another.
 * 3. The lock is never held while the store or a file is asked. What changes queue and store
 *    together holds the experiment meanwhile (jobs_hold): nothing of it is taken from the queue,
 *    and nobody else changes it. The queue is changed only after the store has agreed, so a refusal
 *    leaves both as they were.
 * 4. n_places runs train at once. A run whose end has been handed to the store takes no place any
 *    more, also if the disk refuses it and it has to be handed over again: its worker waits for the
 *    disk while another trains the next run. So there are more workers than places.
 * 5. Whoever holds an experiment waits for its workers only while these are untold or going aside,
 *    or after telling them to cancel: in no other state does a worker wait for a hold. After a
 *    cancel it does not wait for one that a disk keeps from ending its run. */
#ifndef SERVER_JOBS_INTERNAL_H
#define SERVER_JOBS_INTERNAL_H

#include "server/jobs/dataset_cache.h"
#include "server/jobs/files.h"
#include "server/jobs/jobs.h"
#include "server/jobs/queue.h"
#include "server/jobs/run.h"
#include "server/plan/rate.h"

#include <stdatomic.h>

typedef struct worker {
    jobs *jobs;
    int64_t experiment_id, run_id; /* 0: idle */
    bool is_pausing;               /* asked to pause by the user */
    bool is_aside;       /* the store is about to say `paused`: it can no longer be told to go on */
    bool is_told;        /* the store knows that it runs, before all that it is asked from now on */
    bool is_ending;      /* trained; its end is being stored */
    bool is_last;        /* and the last of its experiment: it waits for the ends of the others */
    bool is_deciding;    /* about more seeds: all others are stored */
    bool is_handed_over; /* its end is the store's to write: it takes no place */
    bool is_waiting, has_said_why; /* for database or data directory */
    bool waits_to_cancel;          /* so: it has been told to, and tries nothing else any more */
    fail trouble;                  /* what it waits for */
    int64_t started_ms;
    atomic_int command;      /* train_command, read at every step */
    atomic_int threads;      /* that the run may use now */
    atomic_llong first_step; /* of this start; -1: no step yet */
    atomic_llong step, n_steps;
} worker;

struct jobs {
    jobs_options options;
    char *data_dir;
    jobs_files files;       /* there, of this database */
    struct jobs_sync *sync; /* lock, conditions and threads: server/jobs/jobs.c */
    bool is_closing;
    atomic_bool is_leaving; /* users are no longer served: their plans are given up */
    jobs_queue *queue;
    dataset_cache cache;
    rate rate;
    int n_places, n_running; /* how many runs may train, and do */
    bool is_tidying;         /* takes a place too */
    int n_workers;
    worker *workers;
    int n_described; /* built-in data sets with a row in the store; the first worker's own */
};

/* jobs_open_dataset() for a worker: also while the service stops. */
FAIL_CHECKED bool jobs_open_always(void *j, const train_spec *spec, dataset **out, fail *f);

void jobs_lock(jobs *j);
void jobs_unlock(jobs *j);
/* Waits, with the lock held, until a worker has changed what it does, or a data set is open. */
void jobs_wait_change(jobs *j);
void jobs_tell_change(jobs *j);
/* A worker has something to take. With the lock held. */
void jobs_wake(jobs *j);

/* One change at a time to an experiment's runs; to be called without the lock. With `on_behalf_of`
 * (a run id, 0: a user's request) the wait is given up, and false returned, once that run is told
 * to cancel. */
FAIL_CHECKED bool jobs_hold(jobs *j, int64_t experiment_id, int64_t on_behalf_of,
                            jobs_queue_hold *hold);
void jobs_let_go(jobs *j, jobs_queue_hold *hold);

/* Adds queued runs of an experiment that the caller holds. */
void jobs_add_held(jobs *j, int64_t experiment_id, int priority, const int64_t *run_ids, int64_t n);

/* The worker at this run, or NULL. With the lock held. */
worker *jobs_find_worker(jobs *j, int64_t run_id);

/* Waits, with the lock held, until the store has been told of every run of the experiment that a
 * worker has taken: a change of state in the store then finds it running or not at all. */
void jobs_wait_told(jobs *j, int64_t experiment_id);

/* It has a run that trains, or is about to. With the lock held. */
bool jobs_takes_place(const worker *w);

/* How many threads each run may use, after who works has changed. With the lock held. */
void jobs_share_threads(jobs *j);

/* Removes checkpoints of runs that have ended or are gone. */
void jobs_clean_checkpoints(jobs *j);

/* Removes models whose runs are gone, and tells the store of data sets that it has not heard of: by
 * one worker, before its first run. */
void jobs_tidy(jobs *j);
/* Adds the row of one more built-in data set that the store has not: by the same worker while it
 * has nothing else to do, until false. */
bool jobs_tidy_more(jobs *j);

#endif
