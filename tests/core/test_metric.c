/* The table of metrics, and scores against worked examples. */
#include "core/math/kernel.h"
#include "core/spec/metric.h"
#include "tests/check.h"

#include <float.h>

static void tables_are_complete(void)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        CHECK(METRICS[i].name && strlen(METRICS[i].name) > 1);
        CHECK(METRICS[i].unit && METRICS[i].help && strlen(METRICS[i].help) > 20);
        CHECK(METRICS[i].classification || METRICS[i].regression);
        CHECK_EQUAL_INT(metric_find(METRICS[i].name), i);
        CHECK_EQUAL_INT(METRICS[i].is_test, strstr(METRICS[i].name, "test_") != NULL);
    }
    for (int i = 0; i < LAYER_METRIC_COUNT; i++)
        CHECK(LAYER_METRICS[i].name && LAYER_METRICS[i].help && LAYER_METRICS[i].unit);
    CHECK_EQUAL_INT(metric_find("val_los"), -1);
    CHECK_EQUAL_INT(metric_find(""), -1);
}

/* Two samples at 0.95 with one right, two at 0.55 with both right: gaps 0.45 and 0.45, each with
 * weight one half. */
static void calibration_error_of_hand_vector(void)
{
    const float p[] = {0.95F, 0.05F, 0.95F, 0.05F, 0.55F, 0.45F, 0.55F, 0.45F};
    const int32_t labels[] = {0, 1, 0, 0};
    classification_scores s = metric_score_classification(p, labels, 4, 2);
    CHECK_WITHIN(s.ece, 0.45, 1e-7);
    CHECK_NEAR(s.accuracy, 0.75, 0);
    CHECK_WITHIN(s.loss, -(log(0.95) + log(0.05) + 2 * log(0.55)) / 4, 1e-7);
    CHECK_WITHIN(s.brier, 2 * (0.05 * 0.05 + 0.95 * 0.95 + 0.45 * 0.45 + 0.45 * 0.45) / 4, 1e-7);
}

/* One sample per confidence: a bin is open below and closed above, so 1/5 shares the bin of 0.19.
 */
static void calibration_bins_are_closed_above(void)
{
    const float fifth = (float)(3 / 15.0), below = 0.19F, above = 0.201F;
    float p[2][5];
    for (int i = 0; i < 2; i++)
        for (int c = 0; c < 5; c++)
            p[i][c] = 0.1F;
    p[0][0] = fifth; /* right */
    p[1][0] = below; /* wrong */
    const int32_t labels[] = {0, 1};
    classification_scores s = metric_score_classification(&p[0][0], labels, 2, 5);
    CHECK_WITHIN(s.ece, fabs((1 - (double)fifth) - (double)below) / 2, 1e-7);
    p[1][0] = above;
    s = metric_score_classification(&p[0][0], labels, 2, 5);
    CHECK_WITHIN(s.ece, ((1 - (double)fifth) + (double)above) / 2, 1e-7);
}

static void certainty_is_perfect_or_terrible(void)
{
    const float p[] = {1, 0, 0};
    const int32_t right = 0, wrong = 2;
    classification_scores s = metric_score_classification(p, &right, 1, 3);
    CHECK(s.loss == 0 && s.accuracy == 1 && s.ece == 0 && s.brier == 0);
    s = metric_score_classification(p, &wrong, 1, 3);
    CHECK_WITHIN(s.loss, -log((double)FLT_MIN), 1e-12);
    CHECK(s.accuracy == 0 && s.ece == 1 && s.brier == 2);
}

static void not_a_number_is_passed_on(void)
{
    const float p[] = {0.5F, 0.5F, NAN, 0.5F};
    const int32_t labels[] = {0, 1};
    classification_scores s = metric_score_classification(p, labels, 2, 2);
    CHECK(isnan(s.loss) && isnan(s.accuracy) && isnan(s.ece) && isnan(s.brier));
    const float y[] = {1, NAN}, target[] = {1, 2};
    CHECK(isnan(metric_score_regression(y, target, 2, 1).loss));
}

static void regression_of_worked_example(void)
{
    /* Two outputs; column means 2 and 20: SS_tot = 2 + 200, SS_res = 1 + 4. */
    const float targets[] = {1, 10, 2, 20, 3, 30}, predictions[] = {1, 12, 3, 20, 3, 30};
    regression_scores s = metric_score_regression(predictions, targets, 3, 2);
    CHECK_NEAR(s.loss, 5.0 / 6, 1e-15);
    CHECK_NEAR(s.rmse, sqrt(5.0 / 6), 1e-15);
    CHECK_NEAR(s.r2, 1 - 5.0 / 202, 1e-15);
    const float constant[] = {4, 4, 4};
    CHECK(isnan(metric_score_regression(constant, constant, 3, 1).r2));
}

static void losses_are_exact_where_probabilities_round(void)
{
    /* -log softmax: log(1 + e^-20), 20 more for the other class, and 200 where the probability
     * underflows. */
    const real logits[] = {3, -17, 3, -17, 100, -100};
    const int32_t labels[] = {0, 1, 1};
    const double expected[] = {log1p(exp(-20)), 20 + log1p(exp(-20)), 200};
    double sum = 0;
    for (size_t i = 0; i < 3; i++) {
        double loss = kernel_cross_entropy(logits + 2 * i, &labels[i], 1, 2);
        CHECK_NEAR(loss / expected[i], 1, 1e-6);
        sum += expected[i];
    }
    CHECK_NEAR(kernel_cross_entropy(logits, labels, 3, 2) / sum, 1, 1e-6);
    real copy[6], target[] = {1, 0, 0, 1, 0, 1};
    double losses[3];
    memcpy(copy, logits, sizeof copy);
    kernel_softmax(copy, 3, 2, target, losses);
    for (size_t i = 0; i < 3; i++)
        CHECK_NEAR(losses[i] / expected[i], 1, 1e-6);
}

CHECK_MAIN("metric", tables_are_complete, calibration_error_of_hand_vector,
           calibration_bins_are_closed_above, certainty_is_perfect_or_terrible,
           not_a_number_is_passed_on, regression_of_worked_example,
           losses_are_exact_where_probabilities_round)
