/* regularizer — the hook contract, REGULARIZERS[], and the state of the regularizers of one run.
 *
 * The training loop calls hooks named after WHEN in a step they act, never by a regularizer's name.
 * A NULL hook costs nothing.
 *
 *   on_step      a step begins: draw what its rows share                                    (one
 *                thread)
 *   on_batch     rows of the minibatch are read: change inputs and targets, row by row
 *                (parallel over rows)
 *   on_whole_batch  the same where rows depend on each other                                (one
 *                   thread)
 *   on_weights   before the forward pass: put other weights in a layer's place              (splits
 *                its work itself)
 *   dense_*      instead of a layer's matrix product, where replaces_dense says so
 *                (parallel over rows; backward one thread)
 *   on_forward   a slice of a hidden layer is computed
 *                (parallel over slices)
 *   on_backward  its gradient comes back, in the opposite order
 *                (parallel over slices)
 *   on_weight_gradient  undo what on_weights did, in the gradient
 *                       (parallel over parts)
 *   penalty      its explicit term in the objective
 *   add_gradient its constants for the fused update pass of one tensor
 *   on_update    a block of whole rows of a layer's gradient, just before the update
 *                (parallel over parts)
 *   after_update the same rows of the weights, just after
 *                                                                                           (parallel over parts)
 *   after_step   the step is done
 *
 * What that comes to, for a minibatch: augmentation, label smoothing, mixup, input noise, input
 * dropout; for a hidden layer: the product with noisy or masked weights, the bias, [dropout where
 * dropout_position says so,] normalization, activation, activation noise, dropout; for a gradient:
 * data loss, l1, clipping, gradient noise, l2, weight decay, the optimizer, max_norm, and then the
 * moving average. The metric gradient_norm is before clipping, with l1, without l2 and noise. With
 * weight_average, every loss but batch_loss, penalty and weight_norm are of the averaged weights,
 * with the running statistics of the model itself. Sampled predictions have the rates of the epoch
 * that ended with their weights (0 before the first). Classic scaling infers with keep * (W x) + b
 * for DropConnect.
 *
 * 1. Each regularizer draws from its own stream: switching one on changes nobody else's draws.
 * 2. Inactive ones are not in the run's list at all: strength 0 is bit-identical to absence.
 * Ownership: memory comes from the run's arena. Threads: as noted; every hook writes only inside
 * its slice. */
#ifndef CORE_REGULARIZER_REGULARIZER_H
#define CORE_REGULARIZER_REGULARIZER_H

#include "core/math/rng.h"
#include "core/net/net.h"
#include "core/spec/spec.h"

struct augment_state;

enum { REGULARIZERS_LIMIT = 24 };

typedef struct regularization regularization;

typedef struct regularizer {
    const char *name; /* its field, or the value of dropout_kind */
    bool is_sampled;  /* acts in sampled predictions too (Monte-Carlo dropout): a mask */
    bool (*is_active)(const train_spec *spec);
    void (*take)(regularization *r, arena *a); /* its memory */
    void (*on_step)(regularization *r, bool training);
    void (*on_batch)(regularization *r, size_t row, size_t rows);
    void (*on_whole_batch)(regularization *r);
    void (*on_weights)(regularization *r, int layer, parallel *p);
    bool (*replaces_dense)(const regularization *r, int layer);
    void (*dense_forward)(regularization *r, int layer, size_t row, const real *x, real *z);
    void (*dense_backward)(regularization *r, int layer, size_t row, const real *x,
                           const real *delta, real *weight_gradient, real *x_gradient);
    void (*on_forward)(regularization *r, int layer, net_stage stage, const net_slice *s, real *x);
    void (*on_backward)(regularization *r, int layer, net_stage stage, const net_slice *s,
                        real *delta);
    void (*on_weight_gradient)(regularization *r, int layer, size_t row, size_t rows,
                               real *gradient);
    double (*penalty)(const train_spec *spec, const real *x, size_t n);
    void (*add_gradient)(const train_spec *spec, kernel_update *u);
    void (*on_update)(regularization *r, int layer, size_t row, size_t rows, real *gradient);
    void (*after_update)(const regularization *r, int layer, size_t rows, real *weights);
    void (*after_step)(regularization *r, const real *model);
} regularizer;

extern const regularizer REGULARIZERS[];
extern const int REGULARIZER_COUNT;

/* Masks of one place: the input (0) or what hidden layer i hands on (i). */
typedef struct mask_place {
    double rate;        /* in this epoch, schedule applied */
    uint32_t threshold; /* of a decision */
    real scale;         /* of survivors in training */
    uint32_t *bits;     /* (batch or 1, words) */
    size_t words;       /* per row */
    real *factors;      /* gaussian: (batch or 1, width) */
    uint32_t *kept;     /* gathered: surviving units, increasing */
    size_t n_kept;
} mask_place;

struct regularization {
    const train_spec *spec;
    const net *net;
    net_work *work;
    const split *data; /* NULL in predictions */
    size_t batch;      /* rows that the memory is for */
    int n_active;
    const regularizer *active[REGULARIZERS_LIMIT];
    /* the step */
    rng_purpose mask_purpose; /* dropout, monte_carlo or diagnostics */
    uint32_t step;            /* of the counters */
    uint32_t first_row;       /* counter row of the minibatch's row 0 */
    bool gathers;             /* dropped units are left out of the products in this step */
    /* memory of the regularizers */
    mask_place places[SPEC_ALL_LAYERS_LIMIT];
    real *gathered_input; /* (batch, inputs) */
    real *gathered_weights[SPEC_ALL_LAYERS_LIMIT], *gathered_bias[SPEC_ALL_LAYERS_LIMIT];
    real *noisy_weights[SPEC_ALL_LAYERS_LIMIT];
    uint32_t *connect_bits
        [SPEC_ALL_LAYERS_LIMIT]; /* element: (batch, words of the weights), batch: (1, words) */
    size_t connect_words[SPEC_ALL_LAYERS_LIMIT];
    real *connected_weights[SPEC_ALL_LAYERS_LIMIT];
    real *mixed_input, *mixed_target;
    uint32_t *mix_order;
    real *average; /* weight_average: like the model */
    struct augment_state *augmentation;
};

/* Sets up the list of active regularizers and carves (or counts) their memory for minibatches of up
 * to `batch` rows. With `sampling` only the masks: for Monte-Carlo evaluation and predictions. */
void regularization_take(regularization *r, arena *a, const train_spec *spec, const net *shape,
                         net_work *work, const split *data, size_t batch, bool sampling);

/* The rates of an epoch (0-based) by dropout_schedule. */
void regularization_start_epoch(regularization *r, int64_t epoch);

/* Draws what a whole step shares and prepares weights: net_use_model() must have been called.
 * purpose and step address the draws. */
void regularization_start_step(regularization *r, rng_purpose purpose, uint32_t step,
                               uint32_t first_row, bool training, parallel *p);

/* Runs on_batch and on_whole_batch on work->input and work->target. In a sampling step: input masks
 * alone. */
void regularization_apply_batch(regularization *r, parallel *p);

/* The hooks that net_forward() and net_backward() take. */
net_hooks regularization_hooks(regularization *r);

/* Explicit penalties of a model, and the constants of the fused update for one tensor. */
double regularization_penalty(const regularization *r, const real *model);
void regularization_add_gradient(const regularization *r, bool is_weight, kernel_update *u);

/* Whether clipping or gradient noise need the whole gradient before any update. Dropped units are
 * then computed too (scope batch): the norm is that of the whole gradient. */
bool regularization_defers_update(const train_spec *spec);

/* The factors of classic scaling at inference. */
void regularization_fill_inference(const train_spec *spec, net_inference *inference);

/* The rate of an epoch (0-based) under the field dropout_schedule. */
double regularization_scheduled_rate(const train_spec *spec, double rate, int64_t epoch);

#endif
