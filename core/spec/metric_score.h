/* metric_score — the scores of a model's answers to the rows of a part.
 *
 * Pure functions; scores that are not finite, or not of the task, are NaN. */
#ifndef CORE_SPEC_METRIC_SCORE_H
#define CORE_SPEC_METRIC_SCORE_H

#include <stddef.h>
#include <stdint.h>

enum { METRIC_ECE_BINS = 15 };

/* Mean cross-entropy (nats), accuracy, 15-bin expected calibration error and Brier score of class
 * probabilities. probabilities: (n, k) row-major, rows sum to 1; labels: (n) in 0..k-1. ECE:
 * equal-width bins (lo, hi] of the largest probability, sum of n_b/n * |accuracy_b - confidence_b|
 * (Guo et al. 2017). Brier: mean over samples of sum_k (p_k - onehot_k)^2, range 0..2. */
typedef struct classification_scores {
    double loss, accuracy, ece, brier;
} classification_scores;
classification_scores metric_score_classification(const float *probabilities, const int32_t *labels,
                                                  size_t n, size_t k);

/* Mean squared error over samples and outputs; and with every output multiplied by its unit (the
 * deviation by which targets were divided), the root of that, and R^2 = 1 - SS_res/SS_tot (SS_tot
 * around each output's mean, summed over outputs; NaN when SS_tot is 0). predictions, targets:
 * (n, k) row-major; units: (k), NULL: 1. */
typedef struct regression_scores {
    double loss, rmse, r2;
} regression_scores;
/* SS_tot. */
double metric_score_scatter(const float *targets, size_t n, size_t k, const double *units);
regression_scores metric_score_regression(const float *predictions, const float *targets, size_t n,
                                          size_t k, const double *units);

#endif
