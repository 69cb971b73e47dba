/* run — one run from `queued` to what it ends as: trained by the engine, told to the store,
 * its files written.
 *
 * 1. Records are handed to the store as they come; before a checkpoint file replaces another, they
 *    are on disk.
 * 2. The model is on disk before the store says that the run has ended; its checkpoint goes after
 *    that.
 * 3. While database or data directory refuse, the run waits and tries again; it is neither lost nor
 *    failed.
 * Threads: one run in one thread; the callbacks come from that thread. */
#ifndef SERVER_JOBS_RUN_H
#define SERVER_JOBS_RUN_H

#include "server/jobs/engine.h"
#include "server/jobs/files.h"
#include "server/model/run.h"
#include "server/store/store.h"

typedef struct jobs_task {
    store *store;
    const jobs_files *files;
    double checkpoint_seconds;
    int threads; /* the most that `allowed` says */
    int64_t run_id;
    void *context; /* of all callbacks */
    train_command (*poll)(void *context);
    void (*on_step)(void *context, int64_t step, int64_t n_steps);
    int (*allowed)(void *context);
    dataset_opener *open_dataset;
    /* Asked before the row is read: may it still be begun? NULL: yes. From then until on_told()
     * nobody changes its state but this run. */
    bool (*may_begin)(void *context);
    void (*on_told)(void *context); /* the store has been told that the run is running */
    /* What a paused run becomes: paused, queued, cancelled, or running: it goes on at once. Asked
     * again after each wait(). */
    run_state (*paused_as)(void *context);
    /* The run is about to end in a terminal state: what has to be stored before it (more seeds). */
    void (*before_end)(void *context, const run *r, run_state to, const run_metrics *metrics);
    /* NULL: nobody asks; its end is the store's to write, before all that it is asked from now on
     * unless the disk refuses. May come again,
     * after a wait(). */
    void (*on_handed_over)(void *context);
    void (*on_result)(void *context,
                      const train_result *result); /* NULL: none; trained, not yet stored */
    bool (*wait)(void *context,
                 const fail *why); /* some time; false: stop trying, the service ends */
} jobs_task;

typedef struct jobs_outcome {
    bool is_finished;    /* trained to an end of its own, in this process from the start */
    bool is_left_queued; /* not begun: told to pause before */
    double work, seconds;
} jobs_outcome;

void jobs_run_train(const jobs_task *task, jobs_outcome *out);

#endif
