#include "core/spec/metric_score.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* The bin (b/15, (b+1)/15] that holds a confidence in [0, 1]; 0 itself goes to the first. The
 * borders are floats, as in the reference implementation (gpleiss/temperature_scaling), so that 1/5
 * falls where it does there. */
static int confidence_bin(float confidence)
{
    int bin = (int)(confidence * METRIC_ECE_BINS);
    if (bin >= METRIC_ECE_BINS)
        bin = METRIC_ECE_BINS - 1;
    while (bin > 0 && confidence <= (float)(bin / (double)METRIC_ECE_BINS))
        bin--;
    while (bin < METRIC_ECE_BINS - 1 && confidence > (float)((bin + 1) / (double)METRIC_ECE_BINS))
        bin++;
    return bin;
}

static double expected_calibration_error(const double *gap, size_t n)
{
    double sum = 0;
    for (int bin = 0; bin < METRIC_ECE_BINS; bin++)
        sum += fabs(gap[bin]);
    return sum / (double)n;
}

classification_scores metric_score_classification(const float *probabilities, const int32_t *labels,
                                                  size_t n, size_t k)
{
    double loss = 0, brier = 0, gap[METRIC_ECE_BINS] = {0}; /* gap: sum of correct - confidence */
    size_t n_right = 0;
    for (size_t i = 0; i < n; i++) {
        const float *row = probabilities + i * k;
        size_t label = (size_t)labels[i], best = 0;
        assert(label < k);
        double squares = 0, sum = 0;
        for (size_t c = 0; c < k; c++) {
            squares += (double)row[c] * row[c];
            sum += row[c];
            best = row[c] > row[best] ? c : best;
        }
        if (!isfinite(sum))
            return (classification_scores){NAN, NAN, NAN, NAN};
        /* A probability that underflowed is not impossible: ln of the least normal float is -87. */
        loss -= log(fmax((double)row[label], (double)FLT_MIN));
        brier += squares - 2.0 * row[label] + 1;
        n_right += best == label;
        gap[confidence_bin(row[best])] += (best == label ? 1.0 : 0.0) - row[best];
    }
    return (classification_scores){.loss = loss / (double)n,
                                   .accuracy = (double)n_right / (double)n,
                                   .ece = expected_calibration_error(gap, n),
                                   .brier = brier / (double)n};
}

/* Of one output around its mean, added to `sum`. */
static double add_scatter(double sum, const float *targets, size_t n, size_t k)
{
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += targets[i * k];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        sum += (targets[i * k] - mean) * (targets[i * k] - mean);
    return sum;
}

double metric_score_scatter(const float *targets, size_t n, size_t k, const double *units)
{
    double total = 0;
    for (size_t c = 0; c < k; c++)
        total = units ? total + units[c] * units[c] * add_scatter(0, targets + c, n, k)
                      : add_scatter(total, targets + c, n, k);
    return total;
}

regression_scores metric_score_regression(const float *predictions, const float *targets, size_t n,
                                          size_t k, const double *units)
{
    double residual = 0, own = 0, total = metric_score_scatter(targets, n, k, units);
    for (size_t c = 0; c < k; c++) {
        double before = residual;
        for (size_t i = 0; i < n; i++) {
            double error = (double)predictions[i * k + c] - targets[i * k + c];
            residual += error * error;
        }
        own = units ? own + units[c] * units[c] * (residual - before) : residual;
    }
    double count = (double)n * (double)k;
    return (regression_scores){.loss = residual / count,
                               .rmse = sqrt(own / count),
                               .r2 = total > 0 ? 1 - own / total : NAN};
}
