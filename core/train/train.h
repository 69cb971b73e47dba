/* train — train_run(): the only training loop, its hooks, its result; and prediction with a trained
 * model.
 *
 * 1. The same spec, split and BLAS core give the same bytes (times aside), for any number of
 *    threads and however often the run was stopped and resumed.
 * 2. All memory of a run is allocated before its first step and freed before train_run() returns,
 *    but result.model.
 * 3. Training and inference are different functions: inference draws no random number.
 * 4. The core talks back only through the hooks, always from the thread that called train_run().
 * A model is one flat float vector (core/net/tensor.h names its tensors): the weights, biases and
 * normalization parameters and statistics in the order of tensor_get(). */
#ifndef CORE_TRAIN_TRAIN_H
#define CORE_TRAIN_TRAIN_H

#include "core/base/fail.h"
#include "core/data/split.h"
#include "core/spec/metric.h"
#include "core/spec/spec.h"

#include <stdint.h>

typedef enum train_command { TRAIN_GO_ON, TRAIN_PAUSE, TRAIN_CANCEL } train_command;

/* How a run is to go on after a step. */
typedef struct train_answer {
    train_command command;
    int threads; /* that may work now, at most input.threads; 0: all of these */
} train_answer;

typedef enum train_stop {
    TRAIN_STOP_FINISHED,      /* all epochs done */
    TRAIN_STOP_EARLY_STOPPED, /* a regularizer ended it after a record */
    TRAIN_STOP_DIVERGED,      /* a loss was not finite */
    TRAIN_STOP_CANCELLED,     /* on_step() said TRAIN_CANCEL */
    TRAIN_STOP_PAUSED /* on_step() said TRAIN_PAUSE; on_checkpoint() has been given the state */
} train_stop;

typedef struct train_hooks { /* any may be NULL */
    void *context;
    /* A record is complete. False stops the run with that fail. Resuming repeats no record that
     * came before the checkpoint. */
    bool (*on_record)(void *context, const record *r, fail *f);
    /* The state of the run, enough to resume; valid during the call only. Called when on_step()
     * says pause and every checkpoint_seconds, at the end of an epoch. */
    bool (*on_checkpoint)(void *context, const void *bytes, size_t n_bytes, fail *f);
    /* At epoch 0 and at the end of every epoch, before its record: the weights that evaluation uses
     * (an average of them where a regularizer keeps one), borrowed for the call. False stops the
     * run with that fail. */
    bool (*on_model)(void *context, int64_t epoch, const float *model, fail *f);
    /* Once per step: how far the run is. NULL: it goes on, with all threads. */
    train_answer (*on_step)(void *context, int64_t step, int64_t n_steps);
} train_hooks;

typedef struct train_input {
    const train_spec *spec; /* resolved */
    const split *data;
    const void *checkpoint; /* NULL: from the start */
    size_t checkpoint_bytes;
    int threads;               /* at least 1; also the most that on_step() may ask for */
    double checkpoint_seconds; /* least time between checkpoints, 0: none but at a pause */
    /* Nothing is measured or recorded, so nothing stops it early: on_model() tells the same weights
     * as without, and the result has no metrics. */
    bool only_weights;
} train_input;

typedef struct train_result {
    train_stop stop;
    int64_t epoch, step; /* done */
    /* by the lowest val_loss, or what a regularizer watches; 0: none yet */
    int64_t best_epoch;
    int64_t selected_epoch;   /* whose weights were selected */
    bool selected_is_best;    /* they are the best epoch's, as a regularizer asked for */
    bool selected_is_average; /* they are what a regularizer keeps of them: an average */
    double last[METRIC_EPOCH_COUNT], best[METRIC_EPOCH_COUNT];
    /* with the selected weights; test metrics included. NaN where not measured */
    double selected[METRIC_COUNT];
    double train_seconds;      /* epochs less evaluation, recording and checkpoints */
    double samples_per_second; /* training samples over train_seconds */
    double wall_seconds;       /* of this call */
    /* resumed from a checkpoint of another BLAS core: not bit-identical to an undisturbed run */
    bool is_other_core;
    size_t memory_bytes; /* what the run allocated */
    size_t n_model;      /* floats in model */
    /* the selected weights; the caller frees. NULL unless finished or early stopped or diverged */
    float *model;
} train_result;

/* Trains. False with *f only where something outside went wrong (FAIL_OUT_OF_MEMORY; FAIL_CONFLICT
 * for a checkpoint of another run; or what a hook said); divergence, cancelling and pausing are
 * results. */
FAIL_CHECKED bool train_run(const train_input *input, const train_hooks *hooks,
                            train_result *result, fail *f);

/* Frees what the result holds; safe on a zeroed one. */
void train_result_close(train_result *result);

/* Bytes that train_run() will allocate for itself and for the BLAS, with n[] samples in the
 * parts. */
size_t train_memory_bytes(const train_spec *spec, const dataset *set, const size_t n[PART_COUNT]);

/* Rules of a resolved spec that need the data set (what regularizers demand of it, batches of two
 * for batch normalization, ...). Adds every fault found; true when it added none. */
FAIL_CHECKED bool train_check(const train_spec *spec, const dataset *set, fail_list *faults);

/* The model that training starts from: out has tensor_model_size() floats. */
void train_initial_model(const train_spec *spec, size_t inputs, size_t outputs, float *out);

/* What a model answers to scaled inputs (n, inputs): class probabilities, or regression outputs:
 * out (n, outputs). */
FAIL_CHECKED bool train_predict(const train_spec *spec, const float *model, size_t inputs,
                                size_t outputs, dataset_task task, const float *x, size_t n,
                                float *out, fail *f);

/* One answer with the masks of training at the rates of `epoch` (0-based: a schedule may move
 * them), mask number `sample` (core/math/rng.h, purpose monte_carlo): out (n, outputs). Batch
 * normalization keeps its running statistics. */
FAIL_CHECKED bool train_predict_sample(const train_spec *spec, const float *model, size_t inputs,
                                       size_t outputs, dataset_task task, const float *x, size_t n,
                                       uint32_t sample, int64_t epoch, float *out, fail *f);

/* Name of the BLAS and of the kernel set it chose for this processor ("OpenBLAS 0.3.21",
 * "SkylakeX"). */
const char *train_blas_name(void);
const char *train_blas_core(void);

#endif
