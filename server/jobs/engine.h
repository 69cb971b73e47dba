/* engine — where one run is trained: today in this process. Knows files and core, nothing of the
 * queue and of SQL. Used by jobs and by `regulab run` alike.
 *
 * 1. A checkpoint file is whole or absent: written beside its place, synced, renamed. What the
 *    hooks were told before it is durable first (hooks.on_checkpoint), so that a run resumed from
 *    it repeats nothing and misses nothing.
 * 2. A checkpoint that cannot be written (a full disk) does not end the run: the one before it
 *    stays.
 * 3. Nothing is trained that does not fit into the memory that is free now.
 * Threads: any number of runs at once. */
#ifndef SERVER_JOBS_ENGINE_H
#define SERVER_JOBS_ENGINE_H

#include "core/train/train.h"

/* What is known when training is about to begin; borrowed for the call. */
typedef struct engine_start {
    const char *data_sha256;
    size_t inputs, outputs;
    size_t n[PART_COUNT];
    size_t memory_bytes; /* that the run and its split will take */
    int64_t n_steps;     /* of the whole run */
    bool is_resumed;     /* from a checkpoint */
    /* "", or what the user should know: an unusable checkpoint, another BLAS core */
    const char *note;
} engine_start;

typedef struct engine_task {
    const train_spec *spec;
    const char *data_dir;
    /* NULL: no checkpoints. An existing file is resumed from; one of another run is left aside and
     * said. */
    const char *checkpoint_path;
    int threads;
    double checkpoint_seconds;
    /* on_checkpoint may be NULL: it makes durable what was told, before the file is written. */
    train_hooks hooks;
    void (*on_start)(void *context, const engine_start *start); /* may be NULL; hooks.context */
    dataset_opener *open_dataset; /* NULL: dataset_open() in data_dir */
    void *open_context;
} engine_task;

/* Trains one run; *data_sha256 and the result are filled. False with *f: "could not be trained at
 * all". */
FAIL_CHECKED bool engine_train(const engine_task *task, train_result *result, char data_sha256[65],
                               fail *f);

#endif
