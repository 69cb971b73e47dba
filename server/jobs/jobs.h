/* jobs — the queue of runs, their leases to engines and the state machine of a run.
 *
 *   queued ──take──▶ running ──▶ completed | failed | cancelled
 *     ▲  │cancel        │pause, stop of the server
 *     │  ▼              ▼
 *   retry cancelled   paused ──resume──▶ queued
 *
 * 1. The database is the truth; the queue in memory holds ids only and is filled from it at start.
 * 2. Experiments of a higher priority come first; between equal ones the engines take turns (the
 *    one with the fewest running runs first); inside one, oldest first. What runs goes on.
 * 3. A run's checkpoint lies in DATA_DIR/checkpoints, its model in the database if it is small,
 *    else in DATA_DIR/models; both are written atomically and go with the run.
 * Threads: every function may be called from any thread. */
#ifndef SERVER_JOBS_JOBS_H
#define SERVER_JOBS_JOBS_H

#include "core/base/fail.h"
#include "core/data/dataset.h"
#include "core/data/import/register.h"
#include "server/jobs/memory.h"
#include "server/store/datasets.h"
#include "server/store/experiments.h"

typedef struct jobs jobs;
struct engine_kind;

typedef struct jobs_options {
    store *store;
    const char *data_dir;
    int n_workers;
    int64_t queue_limit; /* runs that may wait; beyond it FAIL_QUEUE_FULL */
    double checkpoint_seconds;
    memory_budget *memory; /* of runs and data sets, borrowed; NULL: as much as there is */
    int64_t data_quota, upload_quota;  /* bytes that the data directory, its data sets may have; 0:
                                          as many as there are */
    const struct engine_kind *engines; /* (n_engines) NULL: ENGINES[] (server/jobs/engine.h) */
    int n_engines;
} jobs_options;

/* Loads the queue from the store and opens the engines. */
FAIL_CHECKED bool jobs_open(const jobs_options *options, jobs **out, fail *f);
/* Pauses what runs at one of its next steps with a checkpoint (the runs are queued again), closes
 * the engines. */
void jobs_close(jobs *j);

/* Room for n more runs? False with FAIL_QUEUE_FULL, or FAIL_NO_ROOM for their files. */
FAIL_CHECKED bool jobs_check_room(jobs *j, int64_t n, fail *f);
/* Room for a data set of so many bytes? FAIL_NO_ROOM, FAIL_TOO_LARGE. */
FAIL_CHECKED bool jobs_check_upload(jobs *j, int64_t n_bytes, fail *f);
/* Tells the queue of the runs of an experiment that was just stored. */
void jobs_add(jobs *j, int64_t experiment_id, const int64_t *run_ids, int64_t n);

FAIL_CHECKED bool jobs_cancel_experiment(jobs *j, int64_t id, fail *f);
FAIL_CHECKED bool jobs_pause_experiment(jobs *j, int64_t id, fail *f);
FAIL_CHECKED bool jobs_resume_experiment(jobs *j, int64_t id, fail *f);
FAIL_CHECKED bool jobs_cancel_run(jobs *j, int64_t id, fail *f); /* FAIL_CONFLICT if terminal */
/* FAIL_CONFLICT unless failed or cancelled. */
FAIL_CHECKED bool jobs_retry_run(jobs *j, int64_t id, fail *f);
/* Name, description, tags, priority; of the runs that wait, too. */
FAIL_CHECKED bool jobs_update_experiment(jobs *j, int64_t id, const experiment_change *change,
                                         fail *f);
/* Cancels what runs (waits for it), then deletes rows and files. FAIL_CONFLICT while running unless
 * force. */
FAIL_CHECKED bool jobs_delete_experiment(jobs *j, int64_t id, bool force, fail *f);

typedef struct jobs_state {
    int n_workers, n_running;
    int64_t n_queued;
    double steps_per_second;
} jobs_state;
void jobs_get_state(jobs *j, jobs_state *out);
/* The data directory can be used, and no run waits for it or for the database; else why not. */
FAIL_CHECKED bool jobs_is_healthy(jobs *j, fail *f);
/* Seconds that the queue still needs by the measured rate of finished runs; NaN if unknown. */
double jobs_remaining_seconds(jobs *j, int64_t experiment_id);

/* Expected seconds of this much work (server/plan/rate) on all workers, by what finished runs
 * took. */
double jobs_estimate_seconds(jobs *j, double work, int64_t n_runs);

/* Where the model of a run is: small ones in the database, others in a file. */
typedef struct jobs_model {
    char *bytes;    /* heap: a whole safetensors file; NULL: `path` has it */
    size_t n_bytes; /* of `bytes` */
    char path[512];
} jobs_model;
/* *has says whether there is one; then `bytes` is for the caller to free. Its content is that which
 * was kept, or it is none: FAIL_LOST, FAIL_DAMAGED. */
FAIL_CHECKED bool jobs_find_model(const jobs *j, int64_t run_id, bool *has, jobs_model *out,
                                  fail *f);
/* The bytes of it, wherever; *bytes is NULL and true where there is none. */
FAIL_CHECKED bool jobs_load_model(const jobs *j, int64_t run_id, char **bytes, size_t *n, fail *f);

/* One reference to the data set of a spec, from the cache that all runs share (a dataset_opener;
 * `source` is a jobs_set_source). Its memory is of the budget. FAIL_INTERRUPTED after
 * jobs_leave_requests(), or when the caller has left; what the caller, or the budget, refuses. */
typedef struct jobs_set_source {
    jobs *jobs;
    const caller *by; /* who is told what there is to generate, and may leave; NULL: nobody */
    bool is_counted;  /* it has been told already */
    bool always;      /* also while the service stops, and for whoever asks */
} jobs_set_source;
FAIL_CHECKED bool jobs_open_dataset(void *source, const train_spec *spec, dataset **out, fail *f);

/* The service is about to stop: requests under way open no more data sets, so that a large plan
 * does not hold it up. Workers go on until jobs_close(). */
void jobs_leave_requests(jobs *j);

/* The row of a data set for the store. */
void jobs_describe_dataset(const dataset_summary *s, dataset_info *out);

#endif
