/* metric_moment — what is known when a metric is measured, as plain values: the argument of every
 * row's function.
 *
 * 1. Whoever trains fills a moment and loops over the rows with metric_measure(): a new metric
 *    reads what is here, and nothing of core/train/ changes. Only what no sum and no array here
 *    tells needs a new member, and a line where it is gathered.
 * 2. A moment grows by the stages of metric_part: the steps first, then each part as it is
 *    measured, the model last. What is not known yet, or never is, is 0, NULL or NaN; a function
 *    answers NaN then.
 * 3. Everything here comes out the same whether the run was interrupted or not. So there is no
 *    gradient of the last step: it is gone after a resumption. What a metric wants of gradients
 *    is a sum over steps, or of those of the steps to come.
 * Ownership: pointers are borrowed for the call. */
#ifndef CORE_SPEC_METRIC_MOMENT_H
#define CORE_SPEC_METRIC_MOMENT_H

#include "core/math/kernel.h"
#include "core/math/kernel_spectrum.h"
#include "core/spec/metric.h"

/* What the steps of an epoch have added up to; all 0 before the first. It goes into checkpoints. */
typedef struct metric_sums {
    int64_t n_steps, n_samples;
    double loss; /* over samples, of the loss as trained */
    /* of the minibatch losses: Welford's mean and sum of squared differences */
    double loss_mean, loss_squares;
    double gradient_norm; /* over steps, before clipping */
    double layer_gradient_norms[SPEC_ALL_LAYERS_LIMIT];
    double learning_rate; /* of the last step */
    double seconds;
} metric_sums;

/* Scores of a model's answers to a part; NaN where the task has none. */
typedef struct metric_scores {
    double loss, accuracy, rmse, r2, ece, brier;
} metric_scores;

typedef struct metric_answers {
    size_t n, k;           /* rows, and classes or targets */
    const float *outputs;  /* (n, k) row-major: class probabilities, or predictions */
    const int32_t *labels; /* (n), NULL for a regression */
    const float *targets;  /* (n, k), NULL for a classification */
    metric_scores scores;
} metric_answers;

/* Sums over n samples of x - shift and of its square, and how often x was 0: each (units). */
typedef struct metric_moments {
    size_t n;
    real *shift; /* near the mean: keeps the squares small */
    double *sum, *squares;
    uint32_t *zeros;
} metric_moments;

enum { METRIC_UNITS_LIMIT = 1024, METRIC_RANK_LIMIT = KERNEL_SPECTRUM_LIMIT };
#define METRIC_LIVE_STD 1e-6 /* a unit with a smaller deviation has no correlations */

/* A layer, and what its units do. The activity is of the validation split, and only where layers
 * are recorded: else the moments have n = 0. */
typedef struct metric_layer {
    int number; /* 0: the first hidden layer */
    size_t inputs, units;
    const real *weights;    /* (units, inputs) row-major */
    metric_moments outputs; /* evaluation mode, after the activation, before dropout */
    /* What it hands on after its dropout, in both modes, of the same samples; n = 0: nothing is
     * dropped. */
    metric_moments evaluation, training;
    /* Covariances (divisor n) of n_kept <= METRIC_UNITS_LIMIT evenly spaced units: (n_kept, n_kept)
     * row-major, only j >= i. */
    size_t n_kept;
    const real *covariances;
    float *scratch; /* (METRIC_RANK_LIMIT, METRIC_RANK_LIMIT), for any function to overwrite */
} metric_layer;

/* Gradients of n minibatches at the weights of a record: sum of the squared distances from their
 * mean, and that mean's squared norm. */
enum { METRIC_GRADIENTS = 8 };
typedef struct metric_gradients {
    int n;
    double scatter, mean_squares;
} metric_gradients;

enum { METRIC_ABLATION_COUNT = 3 };
extern const int METRIC_ABLATION_PERCENT[METRIC_ABLATION_COUNT]; /* 25, 50, 75 */

/* What one regularizer has of the penalty. */
typedef struct metric_penalty {
    const char *regularizer; /* its name */
    double value;
} metric_penalty;

typedef struct metric_moment {
    const train_spec *spec;
    bool is_classification;
    const metric_sums *sums; /* of the epoch under way; at the end of a run nothing is under way */
    const metric_answers *answers; /* of the part whose stage it is, else NULL */
    /* (METRIC_ABLATION_COUNT) accuracy, or R^2, with that share of each hidden layer taken out: at
     * its stage, else NULL */
    const double *ablations;
    const metric_gradients *gradients; /* at the model's stage, where layers are recorded */
    double penalty; /* of the explicit weight penalties; NaN before the model's stage */
    /* (n_penalties) of those that are active, their sum is the penalty; NULL before that stage */
    const metric_penalty *penalties;
    int n_penalties;
    int n_layers;
    /* (n_layers) of the model that is measured; NULL before its stage */
    const metric_layer *layers;
    const metric_layer *layer; /* the one that a layer's metric is of, else NULL */
    /* The metrics measured before, by metric_id: of earlier stages, of earlier rows of this one,
     * and at the end those of the selected epoch. */
    const double *values;
} metric_moment;

/* Sets values[i] of the rows of that time and part: NaN where the task does not have the metric,
 * else what the row's function says. values: METRIC_EPOCH_COUNT of them per epoch, METRIC_COUNT at
 * the end. */
void metric_measure(const metric_moment *known, metric_when when, metric_part part, double *values);

/* True where the task has a metric of that time and part: else the part need not be evaluated. */
bool metric_is_wanted(const metric_moment *known, metric_when when, metric_part part);

/* Unit number i of `limit` evenly spaced ones of n: i itself where n is not above the limit. */
size_t metric_spaced_unit(size_t i, size_t n, size_t limit);

/* All of LAYER_METRICS[] for one layer. */
void metric_measure_layer(const metric_moment *known, const metric_layer *layer,
                          double values[LAYER_METRIC_COUNT]);

#endif
