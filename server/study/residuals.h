/* residuals — how far the answers of a regression are off: scores, quantiles, a histogram and the
 * worst of them, from predictions and targets that come in pieces.
 *
 * 1. A residual is target - prediction, in the target's units; those of all outputs are looked at
 *    together.
 * 2. rmse and r2 are as metric_score_regression() defines them. Adding samples in any pieces, in
 * their order, gives the same result.
 * 3. The worst are the largest by size, the largest first; ties go to the earlier sample.
 * Ownership: residuals_open() allocates for all samples, residuals_close() frees. Threads: one at a
 * time for one of them. Failure: want of memory, and predictions that are not finite. */
#ifndef SERVER_STUDY_RESIDUALS_H
#define SERVER_STUDY_RESIDUALS_H

#include "core/base/fail.h"

#include <stddef.h>

enum { RESIDUALS_WORST = 24, RESIDUALS_BINS = 30, RESIDUALS_QUANTILES = 7 };
extern const double RESIDUALS_SHARES[RESIDUALS_QUANTILES]; /* 0, 0.05, 0.25, 0.5, ... 1 */

typedef struct residuals_summary {
    double rmse, r2, mae, bias; /* bias: mean residual */
    /* of the residuals, linear between order statistics (Hyndman and Fan's type 7) */
    double quantiles[RESIDUALS_QUANTILES];
    /* range of the histogram: of the residuals, or 1 wide where they are all one */
    double low, high;
    size_t counts[RESIDUALS_BINS];
    size_t n_worst;
    size_t worst[RESIDUALS_WORST]; /* places in predictions and targets: sample * k + output */
} residuals_summary;

typedef struct residuals {
    size_t n, k;                   /* samples so far, outputs */
    size_t n_all;                  /* samples there is room for */
    double *predictions, *targets; /* (n, k) */
} residuals;

FAIL_CHECKED bool residuals_open(size_t n_all, size_t k, residuals *out, fail *f);
void residuals_close(residuals *r); /* safe on a zeroed one */

/* Adds n samples; predictions, targets: (n, k). False where a prediction is not finite. */
FAIL_CHECKED bool residuals_add(residuals *r, const double *predictions, const double *targets,
                                size_t n, fail *f);

/* Of at least one sample. */
FAIL_CHECKED bool residuals_summarize(const residuals *r, residuals_summary *out, fail *f);

#endif
