/* replay — the training of a run once more, with nothing measured on the way: the weights of epochs
 * that were not kept.
 *
 * 1. With the run's spec, split and BLAS core, the weights of an epoch are those that evaluation
 *    used there, bit for bit: training is reproducible, and no record changes a weight.
 * 2. Training ends with the last epoch that is asked for.
 * Ownership: everything is borrowed for the call. Threads: one, the caller's; any number of replays
 * at once. Failure: want of memory, what on_model() says, and FAIL_INTERRUPTED. */
#ifndef CORE_TRAIN_REPLAY_H
#define CORE_TRAIN_REPLAY_H

#include "core/base/fail.h"
#include "core/data/split.h"
#include "core/spec/spec.h"

typedef struct train_replay {
    const train_spec *spec; /* resolved */
    const split *data;
    size_t n_epochs;       /* at least 1 */
    const int64_t *epochs; /* (n_epochs) increasing, from 0 to at most spec->epochs */
    void *context;
    /* The weights (core/net/tensor.h) after epochs[i], for i = 0, 1, ...: valid during the call
     * only. */
    bool (*on_model)(void *context, size_t i, const float *model, fail *f);
    bool (*is_stopped)(void *context); /* asked once per step: true gives up. May be NULL */
} train_replay;

/* *n_reached of the epochs were told: fewer than n_epochs where the training diverged on the
 * way. */
FAIL_CHECKED bool train_replay_run(const train_replay *t, size_t *n_reached, fail *f);

#endif
