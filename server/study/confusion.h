/* confusion — what a classifier gets wrong and how sure it is: confusion matrix, calibration bins
 * and the worst mistakes, from class probabilities and labels, in one pass that takes the samples
 * in pieces.
 *
 * 1. Adding samples in any pieces, in their order, gives the same result.
 * 2. Bins, accuracy and calibration error are those of metric_score_classification(); ties of
 *    probability go to the lower class.
 * 3. Mistakes are the most confident wrong answers, the most confident first; ties go to the
 *    earlier sample.
 * Ownership: confusion_open() allocates, confusion_close() frees. Threads: one at a time for one
 * confusion. Failure: want of memory, and probabilities that are not finite. */
#ifndef SERVER_STUDY_CONFUSION_H
#define SERVER_STUDY_CONFUSION_H

#include "core/base/fail.h"
#include "core/spec/metric_score.h"

#include <stddef.h>
#include <stdint.h>

enum { CONFUSION_MISTAKES = 24 };

typedef struct confusion_bin { /* confidences in (b/15, (b+1)/15] */
    size_t n, n_right;
    double confidence; /* sum over the samples */
} confusion_bin;

typedef struct confusion_mistake {
    size_t index;            /* of the sample, from 0 in the order they were added */
    size_t label, predicted; /* classes */
    float probability;       /* of the predicted class */
} confusion_mistake;

typedef struct confusion {
    size_t n, k;    /* samples so far, classes */
    size_t *counts; /* (k, k): [label * k + predicted] */
    confusion_bin bins[METRIC_ECE_BINS];
    size_t n_mistakes; /* kept */
    confusion_mistake mistakes[CONFUSION_MISTAKES];
} confusion;

FAIL_CHECKED bool confusion_open(size_t k, confusion *out, fail *f);
void confusion_close(confusion *e); /* safe on a zeroed one */

/* Adds n samples. probabilities: (n, k) row-major; labels: (n) in 0..k-1. False where a probability
 * is not finite. */
FAIL_CHECKED bool confusion_add(confusion *e, const float *probabilities, const int32_t *labels,
                                size_t n, fail *f);

/* Means of one bin, NaN where it is empty. */
double confusion_bin_confidence(const confusion_bin *bin);
double confusion_bin_accuracy(const confusion_bin *bin);

/* Expected calibration error: sum of n_b/n * |accuracy_b - confidence_b| (Guo et al. 2017); NaN
 * without samples. */
double confusion_error(const confusion *e);

#endif
