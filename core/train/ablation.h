/* ablation — how well a trained net does without some of its hidden units (Morcos et al. 2018).
 *
 * 1. Of every hidden layer with n units round(share * n) hand on 0, the others 1/(1 - share) times
 *    what they did; batch normalization keeps its running statistics.
 * 2. The masks are fixed: ABLATION_MASKS permutations of each layer's units (core/math/rng.h,
 *    purpose ablation), whose first units are taken out, so that a larger share takes out those of
 * a smaller one too. Ownership: memory is the run's arena's. Threads: products are split over the
 * run's threads. */
#ifndef CORE_TRAIN_ABLATION_H
#define CORE_TRAIN_ABLATION_H

#include "core/net/thin.h"
#include "core/train/evaluate.h"

enum { ABLATION_MASKS = 20 };

typedef struct ablation {
    evaluation *e;
    thin_net thin;
    thin_layer kept[SPEC_LAYERS_LIMIT];
    uint32_t *orders[SPEC_LAYERS_LIMIT]; /* of the units of each hidden layer, of the mask */
    unsigned char *is_out;               /* (widest) */
    real *hidden, *inputs;               /* (EVALUATE_ROWS, units of the first hidden layer) */
    /* of all masks and the rows so far: right ones, or the squares of what is left */
    double sums[METRIC_ABLATION_COUNT];
} ablation;

/* Carves (or counts) the memory; e is borrowed. */
void ablation_take(ablation *x, arena *a, evaluation *e);

/* Accuracy, or R^2, of `model` on the validation split with METRIC_ABLATION_PERCENT[i] of the units
 * taken out, mean over the masks. NaN without hidden layers, or where an answer is not finite. */
void ablation_run(ablation *x, const real *model, double scores[METRIC_ABLATION_COUNT]);

#endif
