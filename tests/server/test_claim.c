/* What the numbers say to a claim: each outcome of each kind of expectation, and Holm's adjustment
 * over the claims that are judged together. */
#include "server/study/claim.h"
#include "tests/check.h"

#include <math.h>

/* Differences with this mean, of six repeats. */
static stats_estimate spread_around(double mean, double spread)
{
    const double steps[] = {-1, -0.5, -0.2, 0.2, 0.5, 1};
    double values[6];
    const stats_design design = {.n_first = 0};
    for (int i = 0; i < 6; i++)
        values[i] = mean + spread * steps[i];
    return stats_estimate_of(values, 6, fabs(mean) + spread, &design);
}

static const char *outcome_of(claim_terms terms, metric_direction direction, double mean,
                              double spread)
{
    claim_case c = {
        .terms = terms, .direction = direction, .contrast = spread_around(mean, spread)};
    fail f;
    if (!CHECK_OK(claims_judge(&c, 1, &f), f))
        return "";
    return CLAIM_OUTCOME_NAMES[c.outcome];
}

static void better_is_what_the_metric_says(void)
{
    const claim_terms better = {.expect = CLAIM_BETTER}, worse = {.expect = CLAIM_WORSE};
    CHECK_EQUAL_STRING(outcome_of(better, METRIC_LOWER_IS_BETTER, -1, 0.1), "holds");
    CHECK_EQUAL_STRING(outcome_of(better, METRIC_HIGHER_IS_BETTER, -1, 0.1), "refuted");
    CHECK_EQUAL_STRING(outcome_of(worse, METRIC_LOWER_IS_BETTER, -1, 0.1), "refuted");
    CHECK_EQUAL_STRING(outcome_of(worse, METRIC_HIGHER_IS_BETTER, -1, 0.1), "holds");
    CHECK_EQUAL_STRING(outcome_of(better, METRIC_LOWER_IS_BETTER, -0.2, 1), "undecided");
}

static void a_size_is_of_the_mean(void)
{
    const claim_terms half = {.expect = CLAIM_BETTER, .by_at_least = 0.5};
    CHECK_EQUAL_STRING(outcome_of(half, METRIC_LOWER_IS_BETTER, -0.51, 0.1), "holds");
    CHECK_EQUAL_STRING(outcome_of(half, METRIC_LOWER_IS_BETTER, -0.49, 0.1), "undecided");
    CHECK_EQUAL_STRING(outcome_of(half, METRIC_LOWER_IS_BETTER, -0.3, 0.1), "refuted");
}

static void the_sign_alone_needs_no_test(void)
{
    const claim_terms higher = {.expect = CLAIM_HIGHER}, lower = {.expect = CLAIM_LOWER};
    CHECK_EQUAL_STRING(outcome_of(higher, METRIC_NEITHER, 0.1, 1), "holds");
    CHECK_EQUAL_STRING(outcome_of(lower, METRIC_NEITHER, 0.1, 1), "refuted");
    CHECK_EQUAL_STRING(outcome_of(lower, METRIC_HIGHER_IS_BETTER, -0.1, 1), "holds");
    CHECK_EQUAL_STRING(outcome_of((claim_terms){.expect = CLAIM_HIGHER, .by_at_least = 0.2},
                                  METRIC_NEITHER, 0.1, 1),
                       "undecided");
    claim_case none = {.terms = higher, .direction = METRIC_NEITHER};
    fail f;
    CHECK_OK(claims_judge(&none, 1, &f), f);
    CHECK_EQUAL_STRING(CLAIM_OUTCOME_NAMES[none.outcome], "undecided");
}

static void equivalence_is_shown_not_assumed(void)
{
    const claim_terms within = {.expect = CLAIM_EQUIVALENT, .within = 0.5};
    CHECK_EQUAL_STRING(outcome_of(within, METRIC_LOWER_IS_BETTER, 0.1, 0.1), "holds");
    CHECK_EQUAL_STRING(outcome_of(within, METRIC_LOWER_IS_BETTER, 0.1, 2), "undecided");
    CHECK_EQUAL_STRING(outcome_of(within, METRIC_LOWER_IS_BETTER, 1, 0.1), "refuted");
    CHECK_EQUAL_STRING(outcome_of(within, METRIC_LOWER_IS_BETTER, -1, 0.1), "refuted");
}

static void sums_gain_as_the_metric_says(void)
{
    const claim_terms less = {.expect = CLAIM_LESS_THAN_SUM, .by_at_least = 0.1};
    CHECK(claim_is_of_sum(CLAIM_MORE_THAN_SUM) && !claim_is_of_sum(CLAIM_BETTER));
    CHECK_EQUAL_STRING(outcome_of(less, METRIC_LOWER_IS_BETTER, 0.3, 0.1), "holds");
    CHECK_EQUAL_STRING(outcome_of(less, METRIC_HIGHER_IS_BETTER, 0.3, 0.1), "refuted");
    CHECK_EQUAL_STRING(
        outcome_of((claim_terms){.expect = CLAIM_MORE_THAN_SUM}, METRIC_HIGHER_IS_BETTER, 0.3, 0.1),
        "holds");
}

/* p = 0.03 alone; beside four such claims none is left below 0.05. */
static void many_claims_are_judged_together(void)
{
    claim_case cases[5];
    fail f;
    for (int i = 0; i < 5; i++)
        cases[i] = (claim_case){.terms = {.expect = i < 4 ? CLAIM_HIGHER : CLAIM_BETTER},
                                .direction = METRIC_HIGHER_IS_BETTER,
                                .contrast = spread_around(0.8, 1)};
    CHECK_OK(claims_judge(cases, 5, &f), f);
    CHECK_EQUAL_STRING(CLAIM_OUTCOME_NAMES[cases[4].outcome], "holds");
    CHECK(isnan(cases[0].p_adjusted) && cases[4].p_adjusted < 0.05);
    double alone = cases[4].p_adjusted;
    for (int i = 0; i < 5; i++)
        cases[i].terms.expect = CLAIM_BETTER;
    CHECK_OK(claims_judge(cases, 5, &f), f);
    CHECK_NEAR(cases[0].p_adjusted, 5 * alone, 1e-12);
    CHECK_EQUAL_STRING(CLAIM_OUTCOME_NAMES[cases[0].outcome], "undecided");
}

/* Repeats that all differ by the same have no p, and need none. */
static void what_never_varies_is_shown(void)
{
    CHECK_EQUAL_STRING(
        outcome_of((claim_terms){.expect = CLAIM_BETTER}, METRIC_HIGHER_IS_BETTER, 1, 0), "holds");
    CHECK_EQUAL_STRING(
        outcome_of((claim_terms){.expect = CLAIM_BETTER}, METRIC_HIGHER_IS_BETTER, 0, 0),
        "undecided");
}

CHECK_MAIN("claim", better_is_what_the_metric_says, a_size_is_of_the_mean,
           the_sign_alone_needs_no_test, equivalence_is_shown_not_assumed,
           sums_gain_as_the_metric_says, many_claims_are_judged_together,
           what_never_varies_is_shown)
