/* The tables of metrics, each row's function on tiny runs, and scores against worked examples. */
#include "core/math/kernel.h"
#include "core/spec/metric_moment.h"
#include "core/spec/metric_score.h"
#include "tests/core/engine.h"

#include <float.h>

static void check_row(const metric *row)
{
    CHECK(row->name && strlen(row->name) > 1);
    CHECK(row->unit && row->help && strlen(row->help) > 20);
    CHECK(row->classification || row->regression);
    CHECK(row->measure != NULL);
}

static void tables_are_complete(void)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        const metric *row = &METRICS[i];
        check_row(row);
        CHECK_EQUAL_INT(metric_find(row->name), i);
        CHECK_EQUAL_INT(row->is_test, strstr(row->name, "test_") != NULL);
        CHECK_EQUAL_INT(row->when == METRIC_PER_EPOCH, i < METRIC_EPOCH_COUNT);
        /* The test split is measured once, with the selected weights. */
        CHECK(!row->is_test || row->when == METRIC_AT_END);
        /* There is no last and no best epoch of what is measured once; what belongs to the steps of
         * an epoch is not of any weights. */
        CHECK(row->when == METRIC_PER_EPOCH || row->keeps == METRIC_KEEPS_SELECTED);
        CHECK(row->part != METRIC_OF_STEPS || !(row->keeps & METRIC_KEEPS_SELECTED));
    }
    for (int i = 0; i < LAYER_METRIC_COUNT; i++) {
        check_row(&LAYER_METRICS[i]);
        CHECK(LAYER_METRICS[i].when == METRIC_PER_LAYER &&
              LAYER_METRICS[i].keeps == METRIC_KEEPS_NOTHING);
        for (int j = 0; j < i; j++)
            CHECK(strcmp(LAYER_METRICS[i].name, LAYER_METRICS[j].name) != 0);
    }
    CHECK_EQUAL_INT(metric_find("val_los"), -1);
    CHECK_EQUAL_INT(metric_find(""), -1);
}

static void a_metric_is_found_in_another_part(void)
{
    CHECK_EQUAL_INT(metric_of_part(METRIC_VAL_LOSS, METRIC_OF_TEST), METRIC_TEST_LOSS);
    CHECK_EQUAL_INT(metric_of_part(METRIC_VAL_R2, METRIC_OF_TEST), METRIC_TEST_R2);
    CHECK_EQUAL_INT(metric_of_part(METRIC_TEST_ECE, METRIC_OF_SAMPLED_TEST), METRIC_MC_TEST_ECE);
    CHECK_EQUAL_INT(metric_of_part(METRIC_TEST_ECE, METRIC_OF_TRAIN), METRIC_COUNT);
    CHECK_EQUAL_INT(metric_of_part(METRIC_PENALTY, METRIC_OF_TEST), METRIC_COUNT);
}

/* A run in which everything that there is to measure is measured. */
static bool train_tiny(engine *e, const char *dataset_name)
{
    train_spec s = engine_spec(dataset_name, 200);
    s.epochs = 2;
    s.dropout[0] = s.dropout[1] = 0.25;
    s.l2 = 0.01;
    s.monte_carlo_samples = 3;
    return engine_open(e, &s) && engine_train(e) && CHECK_EQUAL_INT(e->n_records, 3);
}

/* Each row has a value for its task, and none for the other. */
static void every_row_measures_its_task(void)
{
    static const char *const DATASETS_OF[] = {"moons", "sine"};
    for (int task = 0; task < 2; task++) {
        engine e;
        CHECK_OR_RETURN(train_tiny(&e, DATASETS_OF[task]));
        const record *last = &e.records[2], *first = &e.records[0];
        for (int i = 0; i < METRIC_COUNT; i++) {
            const metric *row = &METRICS[i];
            bool applies = task == 0 ? row->classification : row->regression;
            double value = i < METRIC_EPOCH_COUNT ? last->values[i] : e.result.selected[i];
            if (!CHECK(applies ? isfinite(value) : isnan(value)))
                printf("    %s of %s: %g\n", row->name, DATASETS_OF[task], value);
            if (i < METRIC_EPOCH_COUNT && row->part == METRIC_OF_STEPS) /* before training */
                CHECK(isnan(first->values[i]));
        }
        for (int i = 0; i < LAYER_METRIC_COUNT; i++)
            if (!CHECK(isfinite(last->layers[0][i])))
                printf("    %s of %s\n", LAYER_METRICS[i].name, DATASETS_OF[task]);
        engine_close(&e);
    }
}

/* Of nothing, nothing is told: a row's function looks at what there is before it reads it. */
static void nothing_is_measured_of_nothing(void)
{
    double values[METRIC_COUNT], layers[LAYER_METRIC_COUNT];
    const metric_sums none = {0};
    const metric_layer layer = {.units = 3, .n_kept = 3};
    for (int task = 0; task < 2; task++) {
        const metric_moment known = {.sums = &none, .is_classification = task == 0, .penalty = NAN};
        for (int i = 0; i < METRIC_COUNT; i++)
            values[i] = NAN;
        for (int part = 0; part < METRIC_PART_COUNT; part++) {
            metric_measure(&known, METRIC_PER_EPOCH, (metric_part)part, values);
            metric_measure(&known, METRIC_AT_END, (metric_part)part, values);
        }
        for (int i = 0; i < METRIC_COUNT; i++)
            CHECK(isnan(values[i]));
        metric_measure_layer(&known, &layer, layers);
        for (int i = 0; i < LAYER_METRIC_COUNT; i++)
            CHECK(isnan(layers[i]));
    }
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
    CHECK(isnan(metric_score_regression(y, target, 2, 1, NULL).loss));
}

static void regression_of_worked_example(void)
{
    /* Two outputs; column means 2 and 20: SS_tot = 2 + 200, SS_res = 1 + 4. */
    const float targets[] = {1, 10, 2, 20, 3, 30}, predictions[] = {1, 12, 3, 20, 3, 30};
    regression_scores s = metric_score_regression(predictions, targets, 3, 2, NULL);
    CHECK_NEAR(s.loss, 5.0 / 6, 1e-15);
    CHECK_NEAR(s.rmse, sqrt(5.0 / 6), 1e-15);
    CHECK_NEAR(s.r2, 1 - 5.0 / 202, 1e-15);
    const float constant[] = {4, 4, 4};
    CHECK(isnan(metric_score_regression(constant, constant, 3, 1, NULL).r2));
    /* of targets that were divided by 10 and 0.5: the loss is of what was trained on, the others
     * are as before */
    const double units[] = {10, 0.5};
    float scaled_predictions[6], scaled_targets[6];
    for (size_t i = 0; i < 6; i++) {
        scaled_predictions[i] = predictions[i] / (float)units[i % 2];
        scaled_targets[i] = targets[i] / (float)units[i % 2];
    }
    regression_scores own =
        metric_score_regression(scaled_predictions, scaled_targets, 3, 2, units);
    CHECK_NEAR(own.rmse, s.rmse, 1e-6);
    CHECK_NEAR(own.r2, s.r2, 1e-6);
    CHECK_NEAR(own.loss,
               metric_score_regression(scaled_predictions, scaled_targets, 3, 2, NULL).loss, 1e-12);
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

CHECK_MAIN("metric", tables_are_complete, a_metric_is_found_in_another_part,
           every_row_measures_its_task, nothing_is_measured_of_nothing,
           calibration_error_of_hand_vector, calibration_bins_are_closed_above,
           certainty_is_perfect_or_terrible, not_a_number_is_passed_on,
           regression_of_worked_example, losses_are_exact_where_probabilities_round)
