#include "server/study/estimand.h"

#include "core/stats/stats.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *const ESTIMAND_ABOUT_NAMES[ESTIMAND_ABOUT_COUNT] = {"split", "resplit", "new_data"};
const char *const ESTIMAND_ABOUT_WORDS[ESTIMAND_ABOUT_COUNT] = {
    "On these rows", "On other splits of this set", "On new data of this kind"};

/* ---- what rows a metric is of ---- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), length = strlen(end);
    return n >= length && strcmp(text + n - length, end) == 0;
}

dataset_part estimand_part(const char *name)
{
    static const struct {
        const char *start;
        dataset_part part;
    } parts[] = {{"test_", PART_TEST},
                 {"mc_test_", PART_TEST},
                 {"train_", PART_TRAIN},
                 {"batch_", PART_TRAIN}};
    for (size_t i = 0; i < COUNT(parts); i++)
        if (starts_with(name, parts[i].start))
            return parts[i].part;
    return PART_VALIDATION;
}

bool estimand_is_of_validation(const char *name)
{
    return starts_with(name, "val_") || strcmp(name, METRICS[METRIC_GENERALIZATION_GAP].name) == 0;
}

static size_t measured_rows(const estimand_data *data, const char *name)
{
    if (starts_with(name, "train_"))
        return data->n_train_evaluation;
    return data->drawn[estimand_part(name)];
}

/* A stored part that is measured whole is the same in every repeat. */
estimand_about estimand_about_of(const estimand_data *data, const char *name)
{
    if (!data->varies_data_seed)
        return ESTIMAND_SPLIT;
    if (data->is_generated)
        return ESTIMAND_NEW_DATA;
    size_t stored = data->stored[estimand_part(name)];
    return stored > 0 && measured_rows(data, name) == stored ? ESTIMAND_SPLIT : ESTIMAND_RESPLIT;
}

double estimand_share(const estimand_data *data, const char *name)
{
    if (estimand_about_of(data, name) != ESTIMAND_RESPLIT)
        return 0;
    size_t stored = 0;
    for (int part = 0; part < PART_COUNT; part++)
        stored += data->stored[part];
    size_t held_out = data->drawn[PART_VALIDATION] + data->drawn[PART_TEST];
    if (stored <= held_out)
        return NAN;
    return (double)measured_rows(data, name) / (double)(stored - held_out);
}

/* ---- what difference matters ---- */

static double of_error(double mean)
{
    return 0.01 * mean;
}

static double of_r2(double mean)
{
    return 0.01 * (1 - mean);
}

static double of_accuracy(double mean)
{
    return fmin(0.05 * (1 - mean), 0.005);
}

double estimand_smallest_effect(const char *name, double baseline_mean)
{
    static const struct {
        const char *end;
        double (*effect)(double mean);
    } scales[] = {{"_loss", of_error},  {"_rmse", of_error}, {"_ece", of_error},
                  {"_brier", of_error}, {"_r2", of_r2},      {"_accuracy", of_accuracy}};
    for (size_t i = 0; i < COUNT(scales) && !isnan(baseline_mean); i++)
        if (ends_with(name, scales[i].end)) {
            double effect = scales[i].effect(baseline_mean);
            return effect > 0 ? effect : NAN;
        }
    return NAN;
}

static double entropy_of(const double *shares, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum -= shares[i] > 0 ? shares[i] * log(shares[i]) : 0;
    return sum;
}

static double largest_of(const double *shares, size_t k)
{
    double largest = 0;
    for (size_t i = 0; i < k; i++)
        largest = fmax(largest, shares[i]);
    return largest;
}

static double brier_of(const double *shares, size_t k)
{
    double sum = 1;
    for (size_t i = 0; i < k; i++)
        sum -= shares[i] * shares[i];
    return sum;
}

static const struct {
    const char *end;
    double (*value)(const double *shares, size_t k);
} SCORES[ESTIMAND_SCORE_COUNT] = {[ESTIMAND_LOSS] = {"_loss", entropy_of},
                                  [ESTIMAND_ACCURACY] = {"_accuracy", largest_of},
                                  [ESTIMAND_BRIER] = {"_brier", brier_of}};

static int score_of(const char *name)
{
    int i = 0;
    while (i < ESTIMAND_SCORE_COUNT && !ends_with(name, SCORES[i].end))
        i++;
    return i;
}

double estimand_trivial(const char *name, const double *shares, size_t k)
{
    int score = score_of(name);
    return score < ESTIMAND_SCORE_COUNT ? SCORES[score].value(shares, k) : NAN;
}

double estimand_trivial_of(const estimand_facts *facts, const char *name)
{
    int score = score_of(name);
    return score < ESTIMAND_SCORE_COUNT ? facts->trivial[estimand_part(name)][score] : NAN;
}

/* ---- what a curve says ---- */

double estimand_epochs_to(const int64_t *epochs, const double *values, size_t n, double target,
                          metric_direction direction, bool *is_reached)
{
    assert(n > 0 && direction != METRIC_NEITHER);
    for (size_t i = 0; i < n; i++) {
        *is_reached =
            direction == METRIC_LOWER_IS_BETTER ? values[i] <= target : values[i] >= target;
        if (*is_reached)
            return (double)epochs[i];
    }
    return (double)epochs[n - 1];
}

size_t estimand_progress_records(size_t n)
{
    size_t k = n / 10 > 2 ? n / 10 : 2;
    return n < 2 * k ? 0 : 2 * k;
}

estimand_progress estimand_progress_of_tail(const double *val_loss, size_t n_tail)
{
    size_t k = n_tail / 2;
    if (k == 0)
        return ESTIMAND_PROGRESS_UNKNOWN;
    double last = stats_mean(val_loss + k, k), before = stats_mean(val_loss, k);
    if (!isfinite(last) || !isfinite(before))
        return ESTIMAND_PROGRESS_UNKNOWN;
    return last < 0.99 * before ? ESTIMAND_PROGRESS_IMPROVING : ESTIMAND_PROGRESS_SETTLED;
}

estimand_progress estimand_progress_of(const double *val_loss, size_t n)
{
    size_t n_tail = estimand_progress_records(n);
    return estimand_progress_of_tail(val_loss + n - n_tail, n_tail);
}
