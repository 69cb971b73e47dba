#include "core/spec/metric.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* The tasks that have a metric. */
#define BOTH .classification = true, .regression = true
#define CLASSES .classification = true, .regression = false
#define NUMBERS .classification = false, .regression = true

#define LOWER .direction = METRIC_LOWER_IS_BETTER
#define HIGHER .direction = METRIC_HIGHER_IS_BETTER
#define NEITHER .direction = METRIC_NEITHER

#define LOSS_UNIT "nats or squared units"

const metric METRICS[METRIC_COUNT] = {
    [METRIC_BATCH_LOSS] =
        {"batch_loss", LOSS_UNIT,
         "Mean over the epoch's samples of the loss as trained: with noise, masks "
         "and smoothed targets, without penalties.",
         LOWER, .is_test = false, BOTH},
    [METRIC_TRAIN_LOSS] = {"train_loss", LOSS_UNIT,
                           "Loss on the training split in evaluation mode: cross-entropy "
                           "-mean ln p(label), or the mean squared error of a regression.",
                           LOWER, .is_test = false, BOTH},
    [METRIC_TRAIN_ACCURACY] = {"train_accuracy", "fraction",
                               "Fraction of the training split whose most probable class is the "
                               "label it is trained on, in evaluation mode.",
                               HIGHER, .is_test = false, CLASSES},
    [METRIC_VAL_LOSS] = {"val_loss", LOSS_UNIT,
                         "Loss on the validation split: cross-entropy -mean ln p(label), or the "
                         "mean squared error of a regression.",
                         LOWER, .is_test = false, BOTH},
    [METRIC_VAL_ACCURACY] = {"val_accuracy", "fraction",
                             "Fraction of the validation split whose most probable class is right.",
                             HIGHER, .is_test = false, CLASSES},
    [METRIC_TRAIN_RMSE] = {"train_rmse", "target units",
                           "Root of the mean squared error on the training split.", LOWER,
                           .is_test = false, NUMBERS},
    [METRIC_TRAIN_R2] = {"train_r2", "fraction",
                         "Explained variance 1 - SS_res/SS_tot on the training split.", HIGHER,
                         .is_test = false, NUMBERS},
    [METRIC_VAL_RMSE] = {"val_rmse", "target units",
                         "Root of the mean squared error on the validation split.", LOWER,
                         .is_test = false, NUMBERS},
    [METRIC_VAL_R2] = {"val_r2", "fraction",
                       "Explained variance 1 - SS_res/SS_tot on the validation split.", HIGHER,
                       .is_test = false, NUMBERS},
    [METRIC_PENALTY] = {"penalty", LOSS_UNIT,
                        "The explicit weight penalties (l2/2) sum w^2 + l1 sum |w|, which the "
                        "objective has beside the loss.",
                        NEITHER, .is_test = false, BOTH},
    [METRIC_LEARNING_RATE] = {"learning_rate", "",
                              "Learning rate of the epoch's last step, schedule and warm-up "
                              "included.",
                              NEITHER, .is_test = false, BOTH},
    [METRIC_GRADIENT_NORM] = {"gradient_norm", "",
                              "L2 norm of the whole gradient before clipping, mean over the "
                              "epoch's steps.",
                              NEITHER, .is_test = false, BOTH},
    [METRIC_GRADIENT_NOISE] = {"gradient_noise", LOSS_UNIT,
                               "Standard deviation of the minibatch losses within the epoch.",
                               NEITHER, .is_test = false, BOTH},
    [METRIC_WEIGHT_NORM] = {"weight_norm", "", "L2 norm over all weights, sqrt(sum w^2).", NEITHER,
                            .is_test = false, BOTH},
    [METRIC_SECONDS] = {"seconds", "s", "Wall time of the epoch's training, without evaluation.",
                        NEITHER, .is_test = false, BOTH},
    [METRIC_TEST_LOSS] = {"test_loss", LOSS_UNIT,
                          "Loss on the test split with the selected weights: cross-entropy "
                          "-mean ln p(label), or the mean squared error.",
                          LOWER, .is_test = true, BOTH},
    [METRIC_TEST_ACCURACY] = {"test_accuracy", "fraction",
                              "Fraction of the test split whose most probable class is right.",
                              HIGHER, .is_test = true, CLASSES},
    [METRIC_TEST_RMSE] = {"test_rmse", "target units",
                          "Root of the mean squared error on the test split.", LOWER,
                          .is_test = true, NUMBERS},
    [METRIC_TEST_R2] = {"test_r2", "fraction",
                        "Explained variance 1 - SS_res/SS_tot on the test split.", HIGHER,
                        .is_test = true, NUMBERS},
    [METRIC_TEST_ECE] = {"test_ece", "fraction",
                         "Expected calibration error: sum over 15 equal-width bins of "
                         "n_bin/n * |accuracy - mean confidence| (Guo et al. 2017).",
                         LOWER, .is_test = true, CLASSES},
    [METRIC_TEST_BRIER] = {"test_brier", "0 to 2",
                           "Brier score: mean over samples of the sum over classes of "
                           "(p - onehot)^2.",
                           LOWER, .is_test = true, CLASSES},
    [METRIC_GENERALIZATION_GAP] = {"generalization_gap", LOSS_UNIT,
                                   "val_loss - train_loss with the selected weights: how much "
                                   "better the net does on what it has seen.",
                                   LOWER, .is_test = false, BOTH},
    [METRIC_MC_TEST_LOSS] = {"mc_test_loss", LOSS_UNIT,
                             "Loss on the test split of the mean prediction over "
                             "monte_carlo_samples sampled masks: -mean ln of the mean p(label), or "
                             "the mean squared error.",
                             LOWER, .is_test = true, BOTH},
    [METRIC_MC_TEST_ACCURACY] = {"mc_test_accuracy", "fraction",
                                 "Accuracy on the test split of the class probabilities averaged "
                                 "over the sampled masks.",
                                 HIGHER, .is_test = true, CLASSES},
    [METRIC_MC_TEST_ECE] = {"mc_test_ece", "fraction",
                            "Expected calibration error (15 bins) of the class probabilities "
                            "averaged over the sampled masks.",
                            LOWER, .is_test = true, CLASSES},
    [METRIC_MC_TEST_RMSE] = {"mc_test_rmse", "target units",
                             "Root of the mean squared error on the test split of the prediction "
                             "averaged over the sampled masks.",
                             LOWER, .is_test = true, NUMBERS},
};

const metric LAYER_METRICS[LAYER_METRIC_COUNT] = {
    [LAYER_METRIC_WEIGHT_NORM] = {"weight_norm", "", "L2 norm of the layer's weight matrix.",
                                  NEITHER, .is_test = false, BOTH},
    [LAYER_METRIC_GRADIENT_NORM] = {"gradient_norm", "",
                                    "L2 norm of the gradient of the layer's parameters (weights, "
                                    "bias, normalization), mean over the "
                                    "epoch's steps.",
                                    NEITHER, .is_test = false, BOTH},
    [LAYER_METRIC_ACTIVATION_MEAN] = {"activation_mean", "",
                                      "Mean of the layer's outputs over units and validation "
                                      "samples, evaluation mode.",
                                      NEITHER, .is_test = false, BOTH},
    [LAYER_METRIC_ACTIVATION_STD] = {"activation_std", "",
                                     "Standard deviation of the layer's outputs over units and "
                                     "validation samples, evaluation mode.",
                                     NEITHER, .is_test = false, BOTH},
    [LAYER_METRIC_SPARSITY] = {"sparsity", "fraction",
                               "Fraction of the layer's outputs that are exactly zero on the "
                               "validation split, evaluation mode.",
                               NEITHER, .is_test = false, BOTH},
    [LAYER_METRIC_DEAD_FRACTION] = {"dead_fraction", "fraction",
                                    "Fraction of units that are zero on every validation sample.",
                                    LOWER, .is_test = false, BOTH},
    [LAYER_METRIC_COADAPTATION] = {"coadaptation", "fraction",
                                   "Mean |correlation| over the pairs of live units (deviation "
                                   "above 1e-6) on the validation split; of layers wider than 1024 "
                                   "units, 1024 evenly spaced ones.",
                                   LOWER, .is_test = false, BOTH},
    [LAYER_METRIC_VARIANCE_SHIFT] =
        {"variance_shift", "ratio",
         "Variance of what the layer hands on after its dropout, "
         "evaluation mode over training mode, each averaged over units, on at most 256 evenly "
         "spaced validation samples; 1 is no shift, 1 - rate is expected for centred inputs "
         "(Li et al. 2018).",
         NEITHER, .is_test = false, BOTH},
    [LAYER_METRIC_EFFECTIVE_RANK] = {"effective_rank", "dimensions",
                                     "exp of the entropy of the normalized eigenvalues of the "
                                     "outputs' covariance (Roy and Vetterli 2007); of layers wider "
                                     "than 128 units, 128 evenly spaced ones.",
                                     NEITHER, .is_test = false, BOTH},
};

int metric_find(const char *name)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        if (strcmp(METRICS[i].name, name) == 0)
            return i;
    return -1;
}

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

regression_scores metric_score_regression(const float *predictions, const float *targets, size_t n,
                                          size_t k)
{
    double residual = 0, total = 0;
    for (size_t c = 0; c < k; c++) {
        double mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += targets[i * k + c];
        mean /= (double)n;
        for (size_t i = 0; i < n; i++) {
            double error = (double)predictions[i * k + c] - targets[i * k + c];
            double deviation = targets[i * k + c] - mean;
            residual += error * error;
            total += deviation * deviation;
        }
    }
    double loss = residual / ((double)n * (double)k);
    return (regression_scores){
        .loss = loss, .rmse = sqrt(loss), .r2 = total > 0 ? 1 - residual / total : NAN};
}
