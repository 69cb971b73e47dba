#include "server/study/claim.h"

#include <math.h>
#include <stdlib.h>

const char *const CLAIM_EXPECT_NAMES[CLAIM_EXPECT_COUNT] = {
    "better", "worse", "lower", "higher", "equivalent", "more_than_sum", "less_than_sum", "true"};
const char *const CLAIM_OUTCOME_NAMES[CLAIM_OUTCOME_COUNT] = {"holds", "refuted", "undecided",
                                                              "not_yet"};

bool claim_is_of_sum(claim_expect expect)
{
    return expect == CLAIM_MORE_THAN_SUM || expect == CLAIM_LESS_THAN_SUM;
}

bool claim_wants_direction(claim_expect expect)
{
    return expect == CLAIM_BETTER || expect == CLAIM_WORSE || claim_is_of_sum(expect);
}

/* +1 where the claim says that the mean is above 0, else -1. */
static double sign_of(const claim_case *c)
{
    bool better_is_lower = c->direction == METRIC_LOWER_IS_BETTER;
    switch (c->terms.expect) {
    case CLAIM_BETTER:
    case CLAIM_MORE_THAN_SUM:
        return better_is_lower ? -1 : 1;
    case CLAIM_WORSE:
    case CLAIM_LESS_THAN_SUM:
        return better_is_lower ? 1 : -1;
    default:
        return c->terms.expect == CLAIM_LOWER ? -1 : 1;
    }
}

/* What counts in Holm's; NaN: the claim needs no test. */
static double p_of(const claim_case *c)
{
    if (c->terms.expect == CLAIM_EQUIVALENT)
        return stats_holm_input(stats_equivalence_p(&c->contrast, c->terms.within), c->contrast.n);
    return claim_wants_direction(c->terms.expect)
               ? stats_holm_input(c->contrast.p_value, c->contrast.n)
               : NAN;
}

static claim_outcome judge_equivalence(const claim_case *c)
{
    if (c->p_adjusted < STATS_LEVEL)
        return CLAIM_HOLDS;
    bool is_outside =
        c->contrast.ci_low >= c->terms.within || c->contrast.ci_high <= -c->terms.within;
    return is_outside ? CLAIM_REFUTED : CLAIM_UNDECIDED;
}

/* Differences that are all equal have no p, and need none. */
static bool is_shown(const claim_case *c)
{
    bool is_constant = isnan(c->contrast.p_value) && c->contrast.n > 1;
    return !claim_wants_direction(c->terms.expect) || is_constant || c->p_adjusted < STATS_LEVEL;
}

static claim_outcome judge_difference(const claim_case *c)
{
    double sign = sign_of(c), gain = sign * c->contrast.mean;
    double most = sign > 0 ? c->contrast.ci_high : -c->contrast.ci_low;
    if (gain > 0 && gain >= c->terms.by_at_least && is_shown(c))
        return CLAIM_HOLDS;
    if (!claim_wants_direction(c->terms.expect) && gain <= 0)
        return CLAIM_REFUTED;
    return most < fmax(c->terms.by_at_least, 0) ? CLAIM_REFUTED : CLAIM_UNDECIDED;
}

static claim_outcome judge(const claim_case *c)
{
    if (c->contrast.n == 0)
        return CLAIM_UNDECIDED;
    return c->terms.expect == CLAIM_EQUIVALENT ? judge_equivalence(c) : judge_difference(c);
}

bool claims_judge(claim_case *cases, size_t n, fail *f)
{
    double *p = calloc(n + 1, sizeof *p);
    size_t *order = calloc(n + 1, sizeof *order);
    bool has_room = p && order;
    for (size_t i = 0; has_room && i < n; i++)
        p[i] = p_of(&cases[i]);
    if (has_room)
        stats_holm(p, n, order, p);
    for (size_t i = 0; has_room && i < n; i++) {
        cases[i].p_adjusted = p[i];
        cases[i].outcome = judge(&cases[i]);
    }
    free(p);
    free(order);
    return has_room || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to judge.");
}
