/* regularizer — REGULARIZERS[], and the hooks of one run's active rows, called by WHEN.
 *
 * What the rows come to: a minibatch is augmented, its labels smoothed, mixed up, its inputs given
 * noise, masked; a hidden layer is the product with noisy or masked weights, the bias, [dropout
 * where dropout_position says so,] normalization, activation, activation noise, dropout; a
 * gradient is the data loss's and l1's, then clipping, gradient noise, l2, weight decay, the
 * optimizer, max_norm, and the moving average. The metric gradient_norm is before clipping, with
 * l1, without l2 and noise. With weight_average, every loss but batch_loss, penalty and
 * weight_norm are of the averaged weights, with the running statistics of the model itself.
 * Sampled predictions have the rates of the epoch that ended with their weights (0 before the
 * first). Classic scaling infers with keep * (W x) + b for DropConnect.
 *
 * Inactive rows are not in a run's list at all: strength 0 is bit-identical to absence.
 * Ownership: memory comes from the run's arena. Threads: one caller at a time, but for the hooks
 * that net_forward(), net_backward() and the update call in parallel. */
#ifndef CORE_REGULARIZER_REGULARIZER_H
#define CORE_REGULARIZER_REGULARIZER_H

#include "core/regularizer/hooks.h"
#include "core/spec/metric_moment.h"

/* In the order in which they act on a minibatch and on a layer; backward is the opposite order. */
extern const regularizer *const REGULARIZERS[];
extern const int REGULARIZER_COUNT;

/* The field that usually keeps a training from diverging. */
const char *regularizer_remedy(void);

/* ---- asked of a specification ---- */

/* What the active rows demand of it and of the data set: adds every fault; true when it added
 * none. */
FAIL_CHECKED bool regularization_check(const train_spec *spec, const dataset *set,
                                       fail_list *faults);

/* Whether the best record's weights are to be selected: a copy has to be kept. */
bool regularization_keeps_best(const train_spec *spec);

/* Whether sampled predictions differ from inference: some active row is a mask. */
bool regularization_is_sampled(const train_spec *spec);

/* Whether a step's forward pass is inference: no active row acts before the gradient. */
bool regularization_leaves_forward(const train_spec *spec);

/* How many sampled predictions the test split is to be evaluated with too; 0: none. */
int64_t regularization_samples(const train_spec *spec);

/* The factors of inference. */
void regularization_fill_inference(const train_spec *spec, net_inference *inference);

/* ---- a run ---- */

/* Sets up the list of active rows and carves (or counts) their memory for minibatches of up to
 * `batch` rows. With `sampling` only the masks: for Monte-Carlo evaluation and predictions. */
void regularization_take(regularization *r, arena *a, const train_spec *spec, const net *shape,
                         net_work *work, const split *data, size_t batch, bool sampling);

/* Training starts from `model`. What a checkpoint saved (r->saved) is put back after this. */
void regularization_start(regularization *r, const real *model);

/* An epoch (0-based) begins or goes on. */
void regularization_start_epoch(regularization *r, int64_t epoch);

/* A step of training, or a sampled prediction: draws what it shares and prepares weights, for which
 * net_use_model() must have been called. purpose, step (the mask's number) and first_row address
 * the draws. */
void regularization_start_step(regularization *r, uint32_t step, parallel *p);
void regularization_start_sample(regularization *r, rng_purpose purpose, uint32_t mask,
                                 uint32_t first_row, parallel *p);

/* Runs on_batch and on_whole_batch on work->input and work->target. In a sampling step: input masks
 * alone. */
void regularization_apply_batch(regularization *r, parallel *p);

/* The hooks that net_forward() and net_backward() take. */
net_hooks regularization_hooks(regularization *r);

/* Explicit penalties of a model: the sum, and what each active row has of it (*n of them); and the
 * constants of the fused update for one tensor. */
double regularization_penalty(const regularization *r, const real *model,
                              metric_penalty parts[REGULARIZERS_LIMIT], int *n);
void regularization_add_gradient(const regularization *r, bool is_weight, kernel_update *u);

/* The whole gradient, where r->needs_whole_gradient; then rows of it and of the weights, as the
 * hooks on_update and after_update say. */
void regularization_on_gradient(const regularization *r, double norm, real *gradient);
void regularization_on_update(const regularization *r, int layer, size_t row, size_t rows,
                              real *gradient);
void regularization_after_update(const regularization *r, int layer, size_t rows, real *weights);

void regularization_after_step(const regularization *r, const real *model);

/* The weights to evaluate and select: the model, or what a row puts in its place. */
real *regularization_evaluated_model(const regularization *r, real *model);

/* A record of an epoch >= 1 is complete; *is_best comes in as by the lowest val_loss. True: the
 * training is to end. */
bool regularization_after_record(const regularization *r, const record *made, bool *is_best);

#endif
