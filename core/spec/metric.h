/* metric — METRICS[], the one table of what is measured, and the record of one epoch.
 *
 * 1. A metric's name is the same in C, JSON, SQL, CSV and the dashboard.
 * 2. A value that does not exist (accuracy of a regression, val_loss in an epoch without
 *    evaluation) is NaN.
 * Threads: constant tables, plain values. Losses are in nats (cross-entropy) or squared target
 * units. */
#ifndef CORE_SPEC_METRIC_H
#define CORE_SPEC_METRIC_H

#include "core/spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum metric_id {
    /* per epoch, in the order of curves.csv and of the table `epochs`, after `epoch` and `step` */
    METRIC_BATCH_LOSS,
    METRIC_TRAIN_LOSS,
    METRIC_TRAIN_ACCURACY,
    METRIC_VAL_LOSS,
    METRIC_VAL_ACCURACY,
    METRIC_TRAIN_RMSE,
    METRIC_TRAIN_R2,
    METRIC_VAL_RMSE,
    METRIC_VAL_R2,
    METRIC_PENALTY,
    METRIC_LEARNING_RATE,
    METRIC_GRADIENT_NORM,
    METRIC_GRADIENT_NOISE,
    METRIC_WEIGHT_NORM,
    METRIC_SECONDS,
    METRIC_EPOCH_COUNT,
    /* once, at the end, with the selected weights */
    METRIC_TEST_LOSS = METRIC_EPOCH_COUNT,
    METRIC_TEST_ACCURACY,
    METRIC_TEST_RMSE,
    METRIC_TEST_R2,
    METRIC_TEST_ECE,
    METRIC_TEST_BRIER,
    METRIC_GENERALIZATION_GAP,
    METRIC_MC_TEST_LOSS,
    METRIC_MC_TEST_ACCURACY,
    METRIC_MC_TEST_ECE,
    METRIC_MC_TEST_RMSE,
    METRIC_COUNT
} metric_id;

typedef enum layer_metric_id {
    LAYER_METRIC_WEIGHT_NORM,
    LAYER_METRIC_GRADIENT_NORM,
    LAYER_METRIC_ACTIVATION_MEAN,
    LAYER_METRIC_ACTIVATION_STD,
    LAYER_METRIC_SPARSITY,
    LAYER_METRIC_DEAD_FRACTION,
    LAYER_METRIC_COADAPTATION,
    LAYER_METRIC_VARIANCE_SHIFT,
    LAYER_METRIC_EFFECTIVE_RANK,
    LAYER_METRIC_COUNT
} layer_metric_id;

typedef enum metric_direction {
    METRIC_LOWER_IS_BETTER,
    METRIC_HIGHER_IS_BETTER,
    METRIC_NEITHER
} metric_direction;

typedef struct metric {
    const char *name, *unit, *help;
    metric_direction direction;
    bool is_test;                    /* of the test split: never used to select */
    bool classification, regression; /* the tasks that have it */
} metric;

extern const metric METRICS[METRIC_COUNT];
extern const metric LAYER_METRICS[LAYER_METRIC_COUNT];

/* Index of the metric called `name`, or -1. */
int metric_find(const char *name);

/* One epoch's line of the learning curves. Epoch 0 is the state before training. */
typedef struct record {
    int64_t epoch, step; /* epochs and optimizer steps done */
    double values[METRIC_EPOCH_COUNT];
    int n_layers; /* 0 where layers are not recorded; else hidden layers + the output layer */
    double layers[SPEC_ALL_LAYERS_LIMIT][LAYER_METRIC_COUNT];
} record;

/* Mean cross-entropy (nats), accuracy, 15-bin expected calibration error and Brier score of class
 * probabilities. probabilities: (n, k) row-major, rows sum to 1; labels: (n) in 0..k-1. ECE:
 * equal-width bins (lo, hi] of the largest probability, sum of n_b/n * |accuracy_b - confidence_b|
 * (Guo et al. 2017). Brier: mean over samples of sum_k (p_k - onehot_k)^2, range 0..2. */
typedef struct classification_scores {
    double loss, accuracy, ece, brier;
} classification_scores;
classification_scores metric_score_classification(const float *probabilities, const int32_t *labels,
                                                  size_t n, size_t k);

enum { METRIC_ECE_BINS = 15 };

/* Mean squared error over samples and outputs, its root, and R^2 = 1 - SS_res/SS_tot (SS_tot around
 * each output's mean, summed over outputs; NaN when SS_tot is 0). predictions, targets: (n, k)
 * row-major. */
typedef struct regression_scores {
    double loss, rmse, r2;
} regression_scores;
regression_scores metric_score_regression(const float *predictions, const float *targets, size_t n,
                                          size_t k);

#endif
