/* curves — the learning curves of one config over its seeds: at each epoch mean,
 * deviation, least, greatest and how many runs reached it.
 *
 * 1. A value that is not finite is not counted; an epoch that only such values reached has n = 0.
 * 2. n falls where runs stopped early: the mean is of those that are left, and n says so.
 * Ownership: comparison_band_close() frees. One thread at a time. */
#ifndef SERVER_STUDY_CURVES_H
#define SERVER_STUDY_CURVES_H

#include "core/base/fail.h"

#include <stddef.h>
#include <stdint.h>

typedef struct band_point {
    int64_t epoch;
    size_t n;
    double mean, squares; /* squares: sum of squared deviations (Welford 1962) */
    double least, greatest;
} band_point;

typedef struct comparison_band { /* points in the order of their epochs */
    band_point *points;
    size_t n, capacity;
} comparison_band;

/* Adds one run's value. Values of one epoch come together, epochs in increasing order. */
FAIL_CHECKED bool comparison_band_add(comparison_band *band, int64_t epoch, double value, fail *f);

/* Sample standard deviation; NaN for n < 2. */
double comparison_band_std(const band_point *point);

void comparison_band_close(comparison_band *band); /* empty afterwards: may be filled again */

#endif
