/* Confusion, calibration and worst mistakes: a worked example, and the same figures as the run's
 * own scores. */
#include "server/study/confusion.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>

static fail f;

static void worked_example(void)
{
    /* Right at 0.9, wrong at 0.8 (0 for 1), wrong at 0.6 (2 for 0), a tie that goes to class 0. */
    const float p[] = {0.05F, 0.9F, 0.05F, 0.8F, 0.1F, 0.1F, 0.1F, 0.3F, 0.6F, 0.5F, 0.5F, 0};
    const int32_t labels[] = {1, 1, 0, 0};
    confusion e;
    CHECK_OK(confusion_open(3, &e, &f), f);
    CHECK_OK(confusion_add(&e, p, labels, 4, &f), f);
    const size_t expected[] = {1, 0, 1, 1, 1, 0, 0, 0, 0};
    for (size_t i = 0; i < 9; i++)
        CHECK_EQUAL_INT(e.counts[i], expected[i]);
    CHECK_EQUAL_INT(e.n_mistakes, 2);
    CHECK_EQUAL_INT(e.mistakes[0].index, 1);
    CHECK_EQUAL_INT(e.mistakes[0].label, 1);
    CHECK_EQUAL_INT(e.mistakes[0].predicted, 0);
    CHECK_NEAR(e.mistakes[0].probability, 0.8F, 0);
    CHECK_EQUAL_INT(e.mistakes[1].index, 2);
    CHECK_EQUAL_INT(e.bins[13].n, 1); /* 0.9 in (13/15, 14/15] */
    CHECK_NEAR(confusion_bin_accuracy(&e.bins[13]), 1.0, 0);
    CHECK(isnan(confusion_bin_accuracy(&e.bins[0])));
    CHECK(isnan(confusion_bin_confidence(&e.bins[0])));
    CHECK_WITHIN(confusion_error(&e), (0.1 + 0.8 + 0.6 + 0.5) / 4, 1e-7);
    confusion_close(&e);
}

enum { N = 3000, K = 4 };

static void fill(float *p, int32_t *labels)
{
    unsigned state = 7;
    for (size_t i = 0; i < N; i++) {
        float sum = 0;
        for (size_t c = 0; c < K; c++) {
            state = state * 1103515245U + 12345U;
            sum += p[i * K + c] = powf((float)(state >> 16 & 1023) + 1, 1.0F + (float)(i % 5));
        }
        for (size_t c = 0; c < K; c++)
            p[i * K + c] /= sum;
        labels[i] = (int32_t)(state >> 20 & 3);
    }
    /* On the borders of bins. */
    for (size_t i = 0; i < 15; i++) {
        p[i * K] = (float)((double)(i + 1) / 15);
        p[i * K + 1] = p[i * K + 2] = p[i * K + 3] = (1 - p[i * K]) / 3;
    }
}

static void agrees_with_the_metric(void)
{
    static float p[N * K];
    static int32_t labels[N];
    fill(p, labels);
    confusion e;
    CHECK_OK(confusion_open(K, &e, &f), f);
    CHECK_OK(confusion_add(&e, p, labels, N, &f), f);
    classification_scores s = metric_score_classification(p, labels, N, K);
    size_t n_right = 0, n = 0;
    for (size_t c = 0; c < K; c++)
        n_right += e.counts[c * K + c];
    for (int b = 0; b < METRIC_ECE_BINS; b++)
        n += e.bins[b].n;
    CHECK_EQUAL_INT(n, N);
    CHECK_NEAR((double)n_right / N, s.accuracy, 1e-15);
    CHECK_WITHIN(confusion_error(&e), s.ece, 1e-12);
    confusion_close(&e);
}

static void pieces_make_no_difference(void)
{
    static float p[N * K];
    static int32_t labels[N];
    fill(p, labels);
    confusion whole, parts;
    CHECK_OK(confusion_open(K, &whole, &f), f);
    CHECK_OK(confusion_open(K, &parts, &f), f);
    CHECK_OK(confusion_add(&whole, p, labels, N, &f), f);
    for (size_t first = 0; first < N; first += 7) {
        size_t n = N - first < 7 ? N - first : 7;
        CHECK_OK(confusion_add(&parts, p + first * K, labels + first, n, &f), f);
    }
    CHECK_EQUAL_BYTES(parts.counts, whole.counts, K * K * sizeof *whole.counts);
    CHECK_EQUAL_BYTES(parts.bins, whole.bins, sizeof whole.bins);
    CHECK_EQUAL_INT(whole.n_mistakes, CONFUSION_MISTAKES);
    for (size_t i = 0; i < CONFUSION_MISTAKES; i++)
        CHECK_EQUAL_INT(parts.mistakes[i].index, whole.mistakes[i].index);
    confusion_close(&whole);
    confusion_close(&parts);
}

/* The most confident first; of equals the earlier; a full list drops its last. */
static void mistakes_are_the_worst(void)
{
    enum { MANY = 100 };
    float p[MANY * 2];
    int32_t labels[MANY];
    for (size_t i = 0; i < MANY; i++) {
        p[2 * i] = 0.55F + 0.1F * (float)(i % 4);
        p[2 * i + 1] = 1 - p[2 * i];
        labels[i] = 1;
    }
    confusion e;
    CHECK_OK(confusion_open(2, &e, &f), f);
    CHECK_OK(confusion_add(&e, p, labels, MANY, &f), f);
    CHECK_EQUAL_INT(e.n_mistakes, CONFUSION_MISTAKES);
    for (size_t i = 0; i < CONFUSION_MISTAKES; i++)
        CHECK_EQUAL_INT(e.mistakes[i].index, 4 * i + 3);
    confusion_close(&e);
}

static void not_a_number_is_refused(void)
{
    const float p[] = {0.5F, 0.5F, NAN, 0.5F};
    const int32_t labels[] = {0, 1};
    confusion e;
    CHECK_OK(confusion_open(2, &e, &f), f);
    CHECK_FAILS(confusion_add(&e, p, labels, 2, &f), f, FAIL_CONFLICT, "");
    CHECK_EQUAL_INT(e.n, 0);
    CHECK(isnan(confusion_error(&e)));
    confusion_close(&e);
}

CHECK_MAIN("confusion", worked_example, agrees_with_the_metric, pieces_make_no_difference,
           mistakes_are_the_worst, not_a_number_is_refused)
