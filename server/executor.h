/* executor — where one run is trained: today in this process. Knows files and core, nothing of the
 * queue and of SQL. Used by jobs and by `regulab run` alike.
 *
 * 1. A checkpoint file is whole or absent: written beside its place, synced, renamed. What the
 *    hooks were told before it is durable first (hooks.on_checkpoint), so that a run resumed from
 *    it repeats nothing and misses nothing.
 * 2. A checkpoint that cannot be written (a full disk) does not end the run: the one before it
 *    stays.
 * 3. Nothing is trained that does not fit into the memory that is free now.
 * Threads: any number of runs at once. */
#ifndef SERVER_EXECUTOR_H
#define SERVER_EXECUTOR_H

#include "core/train.h"

/* What is known when training is about to begin; borrowed for the call. */
typedef struct executor_start {
    const char *data_sha256;
    size_t inputs, outputs;
    size_t n[PART_COUNT];
    size_t memory_bytes; /* that the run and its split will take */
    int64_t n_steps;     /* of the whole run */
    bool is_resumed;     /* from a checkpoint */
    const char
        *note; /* "", or what the user should know: an unusable checkpoint, another BLAS core */
} executor_start;

/* Gives one reference to the data set of a spec. */
typedef bool executor_open(void *context, const train_spec *spec, dataset **out, fail *f);

typedef struct executor_task {
    const train_spec *spec;
    const char *data_dir;
    /* NULL: no checkpoints. An existing file is resumed from; one of another run is left aside and
     * said. */
    const char *checkpoint_path;
    int threads;
    double checkpoint_seconds;
    /* on_checkpoint may be NULL: it makes durable what was told, before the file is written. */
    train_hooks hooks;
    void (*on_start)(void *context, const executor_start *start); /* may be NULL; hooks.context */
    executor_open *open_dataset; /* NULL: dataset_open() in data_dir */
    void *open_context;
} executor_task;

/* Trains one run; *data_sha256 and the result are filled. False with *f: "could not be trained at
 * all". */
FAIL_CHECKED bool executor_train(const executor_task *task, train_result *result,
                                 char data_sha256[65], fail *f);

/* Fills what only the data set knows: its own scaling, the generator's own options, the sizes of the
 * parts. Idempotent. */
FAIL_CHECKED bool executor_resolve(train_spec *spec, const dataset *set, const char *data_dir,
                                   fail *f);

/* Everything that can be known before training: fields against the data set, memory against what is
 * free. Adds faults. */
FAIL_CHECKED bool executor_check(const train_spec *spec, const char *data_dir, fail_list *faults);
FAIL_CHECKED bool executor_check_set(const train_spec *spec, const dataset *set, fail_list *faults);

/* Bytes that one run will take, 0 where its split cannot be drawn; bytes that are free now
 * (SIZE_MAX where the system does not say). */
size_t executor_memory_bytes(const train_spec *spec, const dataset *set);
size_t executor_available_bytes(void);

/* Optimizer steps of the whole run with n_train training samples. */
int64_t executor_step_count(const train_spec *spec, size_t n_train);

#endif
