/* train/internal — the inside of a run, shared by the files that train, save and predict. Not for
 * others. */
#ifndef CORE_TRAIN_INTERNAL_H
#define CORE_TRAIN_INTERNAL_H

#include "core/train/ablation.h"
#include "core/train/evaluate.h"
#include "core/train/train.h"
#include "core/train/update.h"

/* Everything of a run that is neither memory of one step nor derived from the spec: it goes into
 * checkpoints as it is. */
typedef struct trainer_state {
    int64_t epoch, step; /* done */
    metric_sums sums;    /* of the epoch that is under way */
    double train_seconds;
    int64_t samples;
    int64_t best_epoch; /* 0: none yet */
    double lowest_loss; /* val_loss of a record after epoch 0; NaN: none yet */
    double last[METRIC_EPOCH_COUNT], best[METRIC_EPOCH_COUNT];
    bool has_stopped_early;
} trainer_state;

/* The gradients of the next minibatches at the weights of a record. Where a step's forward pass
 * is inference, what the layers give for their rows is kept from the evaluation of the training
 * part, and not computed again. */
typedef struct gradient_probe {
    real *mean; /* of the gradients; NULL unless layers are recorded */
    bool keeps;
    uint32_t *places;                  /* of each training row: 1 + its row in `kept`, or 0 */
    real *kept[SPEC_ALL_LAYERS_LIMIT]; /* (rows of the minibatches, outputs) */
} gradient_probe;

typedef struct trainer {
    const train_input *input;
    const train_spec *spec;
    const split *data;
    const train_hooks *hooks;
    net net;
    arena arena;
    parallel *parallel;
    /* memory */
    real *model, *first, *second, *best_model;
    net_work work;
    regularization regularization;
    update update;
    evaluation evaluation;
    ablation ablation;
    uint32_t *order;
    float *rows; /* the minibatch as the split gives it, where real is not float */
    gradient_probe probe;
    char *checkpoint; /* checkpoint_bytes() */
    float *told;      /* the model as hooks.on_model gets it, where real is not float */
    /* state */
    trainer_state state;
    train_stop stop;
    bool is_other_core; /* the checkpoint came from another BLAS core */
    int64_t steps_per_epoch;
    double began, last_checkpoint;
} trainer;

/* trainer.c: carves (or counts) the memory of a run. */
void trainer_take(trainer *t, arena *a);

/* A training of `input` from its start: memory, threads, initial weights. False (out of memory)
 * holds nothing. */
FAIL_CHECKED bool trainer_open(trainer *t, const train_input *input, const train_hooks *hooks,
                               fail *f);
void trainer_close(trainer *t);

/* minibatch.c: the order of an epoch's samples into t->order; minibatch number `number` of it into
 * t->work: its n, input, target. */
void minibatch_shuffle(trainer *t, int64_t epoch);
void minibatch_read(trainer *t, int64_t number);

/* gradients.c: carves (or counts) t->probe; watches the evaluation of the training part that comes
 * next, for the gradients of that model; the gradients of `model` on the minibatches of the next
 * steps, as these steps would have them (masks and noises too), without penalties, clipping and
 * gradient_noise. The run goes on as if nothing had been measured. Between epochs only. */
void gradients_take(trainer *t, arena *a);
void gradients_watch(trainer *t);
metric_gradients gradients_measure(trainer *t, real *model);

/* measure.c. Everything NaN but what the epoch's steps tell. */
void measure_steps(const trainer *t, record *out);
/* The record of the epoch that has ended: `model` on the training and the validation part. Returns
 * whether both losses are finite. */
bool measure_epoch(trainer *t, real *model, record *out);
/* What is measured once, at the end, of the selected model of `epoch`; selected: NaN there, the
 * epoch's metrics before. */
void measure_end(trainer *t, real *model, int64_t epoch, double selected[METRIC_COUNT]);

/* checkpoint.c: the bytes of a checkpoint, and back. Reading refuses (FAIL_CONFLICT) what is not a
 * checkpoint of this very run. */
size_t checkpoint_bytes(trainer *t);
void checkpoint_write(trainer *t); /* into t->checkpoint */
FAIL_CHECKED bool checkpoint_read(trainer *t, const char *bytes, size_t n_bytes, fail *f);

#endif
