/* Residuals of a regression: a worked example, and the same figures as the run's own scores. */
#include "core/spec/metric_score.h"
#include "server/study/residuals.h"

#include "core/spec/metric.h"
#include "tests/check.h"

#include <math.h>

static fail f;

static void worked_example(void)
{
    const double targets[] = {1, 2, 3, 4, 5}, predictions[] = {1.5, 2, 2, 4.25, 3};
    residuals r;
    residuals_summary s;
    CHECK_OK(residuals_open(5, 1, &r, &f), f);
    CHECK_OK(residuals_add(&r, predictions, targets, 2, &f), f);
    CHECK_OK(residuals_add(&r, predictions + 2, targets + 2, 3, &f), f);
    CHECK_OK(residuals_summarize(&r, &s, &f), f);
    CHECK_NEAR(s.mae, (0.5 + 0 + 1 + 0.25 + 2) / 5, 1e-12);
    CHECK_NEAR(s.bias, (-0.5 + 0 + 1 - 0.25 + 2) / 5, 1e-12);
    CHECK_NEAR(s.rmse, sqrt((0.25 + 1 + 0.0625 + 4) / 5), 1e-12);
    CHECK_NEAR(s.r2, 1 - (0.25 + 1 + 0.0625 + 4) / 10, 1e-12);
    CHECK_NEAR(s.quantiles[0], -0.5, 0);
    CHECK_WITHIN(s.quantiles[1], -0.45, 1e-12); /* numpy.quantile */
    CHECK_WITHIN(s.quantiles[3], 0, 0);
    CHECK_WITHIN(s.quantiles[5], 1.8, 1e-12);
    CHECK_NEAR(s.quantiles[6], 2, 0);
    const size_t worst[] = {4, 2, 0, 3, 1};
    CHECK_EQUAL_INT(s.n_worst, 5);
    for (size_t i = 0; i < 5; i++)
        CHECK_EQUAL_INT(s.worst[i], worst[i]);
    CHECK_NEAR(s.low, -0.5, 0);
    CHECK_NEAR(s.high, 2, 0);
    CHECK_EQUAL_INT(s.counts[0], 1);
    CHECK_EQUAL_INT(s.counts[3], 1); /* -0.25 */
    CHECK_EQUAL_INT(s.counts[RESIDUALS_BINS - 1], 1);
    residuals_close(&r);
}

enum { N = 1000, K = 3 };

static void agrees_with_the_metric_in_any_pieces(void)
{
    static double predictions[N * K], targets[N * K];
    static float as_answered[N * K], as_wanted[N * K];
    unsigned state = 5;
    for (size_t i = 0; i < (size_t)N * K; i++) {
        state = state * 1103515245U + 12345U;
        as_wanted[i] = (float)(state >> 16 & 1023) / 100;
        as_answered[i] = as_wanted[i] + (float)(state >> 8 & 255) / 128 - 1;
        targets[i] = (double)as_wanted[i];
        predictions[i] = (double)as_answered[i];
    }
    residuals whole, pieces;
    residuals_summary a, b;
    CHECK_OK(residuals_open(N, K, &whole, &f), f);
    CHECK_OK(residuals_open(N, K, &pieces, &f), f);
    CHECK_OK(residuals_add(&whole, predictions, targets, N, &f), f);
    for (size_t first = 0, n = 1; first < N; first += n, n = n * 2 % 97 + 1) {
        n = n < N - first ? n : N - first;
        CHECK_OK(residuals_add(&pieces, predictions + first * K, targets + first * K, n, &f), f);
    }
    CHECK_OK(residuals_summarize(&whole, &a, &f), f);
    CHECK_OK(residuals_summarize(&pieces, &b, &f), f);
    CHECK_EQUAL_BYTES(&a, &b, sizeof a);
    regression_scores scores = metric_score_regression(as_answered, as_wanted, N, K, NULL);
    CHECK_NEAR(a.rmse, scores.rmse, 0);
    CHECK_NEAR(a.r2, scores.r2, 0);
    size_t n_counted = 0;
    for (int i = 0; i < RESIDUALS_BINS; i++)
        n_counted += a.counts[i];
    CHECK_EQUAL_INT(n_counted, N * K);
    CHECK_EQUAL_INT(a.n_worst, RESIDUALS_WORST);
    for (size_t i = 1; i < a.n_worst; i++) {
        double before = targets[a.worst[i - 1]] - predictions[a.worst[i - 1]];
        double here = targets[a.worst[i]] - predictions[a.worst[i]];
        CHECK(fabs(before) >= fabs(here));
    }
    residuals_close(&whole);
    residuals_close(&pieces);
}

static void equal_residuals_and_numbers_that_are_none(void)
{
    const double targets[] = {1, 2}, same[] = {1, 2}, bad[] = {1, NAN};
    residuals r;
    residuals_summary s;
    CHECK_OK(residuals_open(2, 1, &r, &f), f);
    CHECK_FAILS(residuals_add(&r, bad, targets, 2, &f), f, FAIL_CONFLICT, "");
    CHECK_EQUAL_INT(r.n, 0);
    CHECK_OK(residuals_add(&r, same, targets, 2, &f), f);
    CHECK_OK(residuals_summarize(&r, &s, &f), f);
    CHECK(s.low < 0 && s.high > 0);
    CHECK_EQUAL_INT(s.counts[RESIDUALS_BINS / 2], 2);
    CHECK_WITHIN(s.rmse, 0, 0);
    residuals_close(&r);
}

CHECK_MAIN("residuals", worked_example, agrees_with_the_metric_in_any_pieces,
           equal_residuals_and_numbers_that_are_none)
