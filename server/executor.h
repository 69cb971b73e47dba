/* executor — where one run is trained: today in this process. Knows files and core, nothing of the queue and of SQL. Used by jobs and by
 * `regulab run` alike.
 *
 * Opens the data set (through a small cache of open sets shared by the workers: server/dataset_cache), draws the split, checks memory,
 * calls train_run(). */
#ifndef SERVER_EXECUTOR_H
#define SERVER_EXECUTOR_H

#include "core/train.h"

typedef struct executor_task {
    const train_spec *spec;
    const char *data_dir;
    const char *checkpoint_path; /* NULL: no checkpoints; an existing file is resumed from (one of another run is ignored and said) */
    int threads;
    double checkpoint_seconds;
    train_hooks hooks;           /* on_checkpoint is the executor's own */
} executor_task;

/* Trains one run; *data_sha256 and the result are filled. False with *f: "could not be trained at all". */
FAIL_CHECKED bool executor_train(const executor_task *task, train_result *result, char data_sha256[65], fail *f);

/* Everything that can be known before training: fields against the data set, memory against what is free. Adds faults. */
FAIL_CHECKED bool executor_check(const train_spec *spec, const char *data_dir, fail_list *faults);

#endif
