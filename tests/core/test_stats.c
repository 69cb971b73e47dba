/* Statistics against SciPy's values, published tables and their own identities. */
#include "core/math/rng.h"
#include "core/stats/stats.h"
#include "tests/check.h"
#include "tests/core/stats_reference.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void t_agrees_with_reference(void)
{
    for (size_t i = 0; i < COUNT(T_REFERENCES); i++) {
        const t_reference *r = &T_REFERENCES[i];
        CHECK_NEAR(stats_t_two_sided(r->t, r->df), r->two_sided, 2e-12);
        CHECK_NEAR(stats_t_two_sided(-r->t, r->df), r->two_sided, 2e-12);
        CHECK_NEAR(stats_t_cdf(r->t, r->df), r->cdf, 1e-12);
        CHECK_NEAR(stats_t_cdf(-r->t, r->df), r->two_sided / 2, 2e-12);
    }
}

static void quantile_agrees_with_reference(void)
{
    for (size_t i = 0; i < COUNT(QUANTILE_REFERENCES); i++) {
        const quantile_reference *r = &QUANTILE_REFERENCES[i];
        CHECK_NEAR(stats_t_quantile(r->p, r->df), r->t, 1e-11);
    }
}

static void quantile_inverts_the_distribution(void)
{
    static const double freedoms[] = {1, 2, 3.5, 10, 200, 1e4};
    static const double probabilities[] = {1e-120, 1e-12, 0.01, 0.2501, 0.4999999, 0.75, 0.999};
    for (size_t i = 0; i < COUNT(freedoms); i++)
        for (size_t j = 0; j < COUNT(probabilities); j++) {
            double t = stats_t_quantile(probabilities[j], freedoms[i]);
            CHECK_NEAR(stats_t_cdf(t, freedoms[i]), probabilities[j], 1e-10);
        }
    CHECK(stats_t_quantile(0, 3) < 0 && isinf(stats_t_quantile(0, 3)));
    CHECK(stats_t_quantile(1, 3) > 0 && isinf(stats_t_quantile(1, 3)));
    CHECK(isnan(stats_t_quantile(1.5, 3)));
    CHECK_WITHIN(stats_t_quantile(0.5, 3), 0, 0);
}

/* Two-sided 5 % points as printed in any textbook, and Cauchy's closed form. */
static void quantile_agrees_with_printed_tables(void)
{
    CHECK_WITHIN(stats_t_quantile(0.975, 1), 12.706, 5e-4);
    CHECK_WITHIN(stats_t_quantile(0.975, 4), 2.776, 5e-4);
    CHECK_WITHIN(stats_t_quantile(0.975, 10), 2.228, 5e-4);
    CHECK_WITHIN(stats_t_quantile(0.975, 30), 2.042, 5e-4);
    CHECK_WITHIN(stats_t_quantile(0.975, 1e6), 1.960, 5e-4);
    CHECK_NEAR(stats_t_quantile(0.9, 1), tan(M_PI * 0.4), 1e-14);
    CHECK_NEAR(stats_normal_cdf(1.959963984540054), 0.975, 1e-14);
}

static void noncentral_agrees_with_reference(void)
{
    for (size_t i = 0; i < COUNT(NONCENTRAL_REFERENCES); i++) {
        const noncentral_reference *r = &NONCENTRAL_REFERENCES[i];
        CHECK_WITHIN(stats_noncentral_t_cdf(r->t, r->df, r->delta), r->cdf, 1e-12);
    }
    CHECK_WITHIN(stats_noncentral_t_cdf(1.3, 7, 0), stats_t_cdf(1.3, 7), 1e-14);
    CHECK_WITHIN(stats_noncentral_t_cdf(0, 7, 1.5), stats_normal_cdf(-1.5), 1e-15);
    CHECK(isnan(stats_noncentral_t_cdf(1, 7, 38)));
}

static void detectable_effect_agrees_with_reference(void)
{
    for (size_t i = 0; i < COUNT(EFFECT_REFERENCES); i++)
        CHECK_NEAR(stats_detectable_effect(EFFECT_REFERENCES[i].n), EFFECT_REFERENCES[i].effect,
                   1e-11);
    /* Cohen's textbook case: an effect of half a deviation wants 34 pairs. */
    CHECK(stats_detectable_effect(33) > 0.5);
    CHECK(stats_detectable_effect(34) < 0.5);
    CHECK(isnan(stats_detectable_effect(1)));
}

static void pairs_agree_with_reference(void)
{
    for (size_t i = 0; i < COUNT(PAIRED_REFERENCES); i++) {
        const paired_reference *r = &PAIRED_REFERENCES[i];
        stats_paired paired = stats_paired_of(r->a, r->b, r->n);
        CHECK_EQUAL_INT(paired.difference.n, r->n);
        CHECK_NEAR(paired.difference.mean, r->mean, 1e-12);
        CHECK_NEAR(paired.difference.std, r->std, 1e-12);
        CHECK_NEAR(paired.difference.ci_low, r->ci_low, 1e-10);
        CHECK_NEAR(paired.difference.ci_high, r->ci_high, 1e-10);
        CHECK_NEAR(paired.p_value, r->p_value, 1e-11);
        stats_summary summary = stats_summary_of(r->a, r->n);
        CHECK_NEAR(summary.mean, r->mean_a, 1e-14);
        CHECK_NEAR(summary.std, r->std_a, 1e-12);
    }
}

static void too_little_data_is_not_a_number(void)
{
    const double one = 3, other = 2;
    CHECK(isnan(stats_mean(&one, 0)));
    CHECK(isnan(stats_std(&one, 1)));
    CHECK(isnan(stats_half_width(1, 1)));
    stats_summary summary = stats_summary_of(&one, 1);
    CHECK(summary.mean == 3 && isnan(summary.ci_low) && isnan(summary.ci_high));
    stats_paired paired = stats_paired_of(&one, &other, 1);
    CHECK(paired.difference.mean == 1 && isnan(paired.p_value));
    CHECK(isnan(paired.difference.ci_low));
    CHECK(isnan(stats_paired_of(&one, &other, 0).difference.mean));
}

/* 0.3 - 0.1 and 0.4 - 0.2 differ in the last bit, which is no evidence of anything. */
static void equal_differences_are_no_test(void)
{
    const double a[] = {0.3, 0.4, 0.5, 0.9}, b[] = {0.1, 0.2, 0.3, 0.7};
    stats_paired paired = stats_paired_of(a, b, COUNT(a));
    CHECK(isnan(paired.p_value));
    CHECK_NEAR(paired.difference.mean, 0.2, 1e-14);
    CHECK_WITHIN(paired.difference.std, 0, 0);
    paired = stats_paired_of(a, a, COUNT(a));
    CHECK(isnan(paired.p_value) && paired.difference.mean == 0);
    const double c[] = {0.3, 0.4, 0.5, 0.9 + 1e-12};
    CHECK(stats_paired_of(c, b, COUNT(c)).p_value < 1e-20);
}

static void spread_far_from_zero_keeps_its_digits(void)
{
    const double values[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    CHECK_NEAR(stats_mean(values, 4), 1e9 + 10, 1e-16);
    CHECK_NEAR(stats_std(values, 4), sqrt(30), 1e-15);
}

/* 0.1 + 0.2 + 0.3 is one or another double by the order of the terms; a tie must not hang on it. */
static void equal_means_are_equal_in_any_order(void)
{
    const double one[] = {0.1, 0.2, 0.3, 0.7}, other[] = {0.7, 0.3, 0.2, 0.1};
    CHECK(one[0] + one[1] + one[2] != other[1] + other[2] + other[3]);
    CHECK(stats_mean(one, 3) == stats_mean(other + 1, 3));
    CHECK(stats_mean(one, 4) == stats_mean(other, 4));
    rng_stream stream = rng_stream_at(5, RNG_DATA, 0, 0, 0);
    for (int trial = 0; trial < 1000; trial++) {
        double up[12], down[12];
        for (size_t i = 0; i < 12; i++)
            up[i] = down[11 - i] = (double)rng_below(&stream, 1000) / 1000;
        CHECK(stats_mean(up, 12) == stats_mean(down, 12));
    }
}

static void median_is_the_middle(void)
{
    double odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2};
    CHECK_WITHIN(stats_median(odd, 3), 3, 0);
    CHECK_NEAR(stats_median(even, 4), 2.5, 0);
    CHECK(isnan(stats_median(even, 0)));
}

static void holm_agrees_with_worked_example(void)
{
    /* R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm"); then with a test that was not made in
     * between. */
    const double p[] = {0.01, 0.04, 0.03, 0.005}, expected[] = {0.03, 0.06, 0.06, 0.02};
    double adjusted[5];
    size_t order[5];
    stats_holm(p, 4, order, adjusted);
    for (size_t i = 0; i < 4; i++)
        CHECK_NEAR(adjusted[i], expected[i], 1e-15);
    const double gap[] = {0.01, NAN, 0.04, 0.03, 0.005};
    stats_holm(gap, 5, order, adjusted);
    CHECK(isnan(adjusted[1]));
    CHECK_NEAR(adjusted[0], 0.03, 1e-15);
    CHECK_NEAR(adjusted[4], 0.02, 1e-15);
    /* One that has no p since all its differences are equal was a comparison all the same. */
    const double equal[] = {0.01, stats_holm_input(NAN, 3), 0.04, stats_holm_input(NAN, 1), 0.03};
    stats_holm(equal, 5, order, adjusted);
    CHECK(isnan(adjusted[1]) && isnan(adjusted[3]));
    CHECK_NEAR(adjusted[0], 0.04, 1e-15);
    CHECK_NEAR(adjusted[4], 0.09, 1e-15);
    CHECK_NEAR(adjusted[2], 0.09, 1e-15);
}

static void holm_never_exceeds_one_nor_reverses(void)
{
    double p[300], adjusted[300];
    size_t order[300];
    rng_stream stream = rng_stream_at(7, RNG_DATA, 0, 0, 0);
    for (size_t i = 0; i < COUNT(p); i++)
        p[i] = rng_uniform(&stream) * (i % 3 ? 1 : 1e-3);
    stats_holm(p, COUNT(p), order, adjusted);
    for (size_t i = 1; i < COUNT(p); i++) {
        CHECK(p[order[i - 1]] <= p[order[i]]);
        CHECK(adjusted[order[i - 1]] <= adjusted[order[i]]);
        CHECK(adjusted[i] <= 1 && adjusted[i] >= p[i]);
    }
    CHECK_NEAR(adjusted[order[0]], 300 * p[order[0]], 1e-15);
}

/* Under the null hypothesis the test rejects as often as its level says. */
static void test_holds_its_level(void)
{
    enum { TRIALS = 10000, PAIRS = 5 };
    rng_stream stream = rng_stream_at(1, RNG_DATA, 0, 0, 0);
    int n_rejected = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        double a[PAIRS], b[PAIRS];
        for (int i = 0; i < PAIRS; i++) {
            double shared = rng_normal(&stream);
            a[i] = shared + 0.5 * rng_normal(&stream);
            b[i] = shared + 0.5 * rng_normal(&stream);
        }
        n_rejected += stats_paired_of(a, b, PAIRS).p_value < STATS_LEVEL;
    }
    CHECK_WITHIN((double)n_rejected / TRIALS, 0.05, 0.007);
}

/* A true difference of the detectable size is found about as often as STATS_POWER says. */
static void detectable_effect_is_detected(void)
{
    enum { TRIALS = 10000, PAIRS = 6 };
    rng_stream stream = rng_stream_at(2, RNG_DATA, 0, 0, 0);
    double effect = stats_detectable_effect(PAIRS);
    int n_found = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        double a[PAIRS], b[PAIRS] = {0};
        for (int i = 0; i < PAIRS; i++)
            a[i] = effect + rng_normal(&stream);
        n_found += stats_paired_of(a, b, PAIRS).p_value < STATS_LEVEL;
    }
    CHECK_WITHIN((double)n_found / TRIALS, STATS_POWER, 0.015);
}

CHECK_MAIN("stats", t_agrees_with_reference, quantile_agrees_with_reference,
           quantile_inverts_the_distribution, quantile_agrees_with_printed_tables,
           noncentral_agrees_with_reference, detectable_effect_agrees_with_reference,
           pairs_agree_with_reference, too_little_data_is_not_a_number,
           equal_differences_are_no_test, spread_far_from_zero_keeps_its_digits,
           equal_means_are_equal_in_any_order, median_is_the_middle,
           holm_agrees_with_worked_example, holm_never_exceeds_one_nor_reverses,
           test_holds_its_level, detectable_effect_is_detected)
