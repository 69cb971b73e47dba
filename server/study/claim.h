/* claim — what a lesson says will come out, and what the numbers say to it: a pure function of the
 * estimates.
 *
 * 1. A claim is about one contrast per repeat: one arm less another, or how much more two arms do
 *    together than each alone.
 * 2. `gain` below is the mean signed so that positive is as claimed. A claim holds where the gain
 *    is positive, at least `by_at_least`, and (better, worse, and those of sums) its p after Holm's
 *    adjustment over all claims judged together is below STATS_LEVEL.
 * 3. It is refuted where the whole interval of the gain lies below what was claimed; lower and
 *    higher, which ask for the sign of the mean alone, also where the gain is not positive.
 * 4. An equivalence holds where two one-sided tests put the mean inside (-within, within), and is
 *    refuted where the whole interval lies outside.
 * 5. All else is undecided: more repeats would tell.
 * Threads: pure. */
#ifndef SERVER_STUDY_CLAIM_H
#define SERVER_STUDY_CLAIM_H

#include "core/base/fail.h"
#include "core/spec/metric.h"
#include "core/stats/estimate.h"

typedef enum claim_expect {
    CLAIM_BETTER,
    CLAIM_WORSE,
    CLAIM_LOWER,
    CLAIM_HIGHER,
    CLAIM_EQUIVALENT,
    CLAIM_MORE_THAN_SUM,
    CLAIM_LESS_THAN_SUM,
    CLAIM_TRUE, /* of a statement of SQL */
    CLAIM_EXPECT_COUNT
} claim_expect;
extern const char *const CLAIM_EXPECT_NAMES[CLAIM_EXPECT_COUNT]; /* as in JSON */

typedef enum claim_outcome {
    CLAIM_HOLDS,
    CLAIM_REFUTED,
    CLAIM_UNDECIDED,
    CLAIM_NOT_YET, /* its runs have not ended */
    CLAIM_OUTCOME_COUNT
} claim_outcome;
extern const char *const CLAIM_OUTCOME_NAMES[CLAIM_OUTCOME_COUNT];

typedef struct claim_terms {
    claim_expect expect;
    double by_at_least; /* of the mean, 0: any */
    double within;      /* of an equivalence */
} claim_terms;

typedef struct claim_case { /* one claim with its evidence; not of CLAIM_TRUE */
    claim_terms terms;
    metric_direction direction;
    stats_estimate contrast;
    double p_adjusted; /* claims_judge() fills in; NaN where nothing is tested */
    claim_outcome outcome;
} claim_case;

/* Does it compare more than two arms? */
bool claim_is_of_sum(claim_expect expect);

/* Does the claim say which of less and more is better? Then its metric must have a direction. */
bool claim_wants_direction(claim_expect expect);

/* Judges all of them together. False for want of memory. */
FAIL_CHECKED bool claims_judge(claim_case *cases, size_t n, fail *f);

#endif
