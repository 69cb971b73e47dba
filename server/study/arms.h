/* arms — the arms of an experiment against their baselines, with the evidence: a pure function of
 * its table.
 *
 * 1. An arm is one combination of treatment levels in one context (one combination of context
 *    levels); its configs differ in tuned factors alone.
 * 2. Its value for a repeat is that of its completed run with the best `select` there (ties: first
 *    submitted), so that tuning is part of what is repeated (Bouthillier et al. 2021); an arm of
 *    one config needs no choice. A run without a value makes no pair.
 * 3. The baseline of a context is the arm with all treatments at the levels that `baseline` asks
 *    for, else at their defaults, else its first; with variants and no `baseline` its first.
 * 4. Differences to the baseline are paired by repeat, with the variance of core/stats/estimate.h.
 *    Holm's adjustment is over all arms of all contexts that have two pairs or more.
 * 5. Only validation values choose (tuned, selected, budget); a test value is only reported.
 * Ownership: the table is borrowed and must outlive the result; arms_close() frees. Threads: pure,
 * but one result is for one thread. NaN: not defined. ARMS_NONE: no such index. */
#ifndef SERVER_STUDY_ARMS_H
#define SERVER_STUDY_ARMS_H

#include "core/base/caller.h"
#include "core/stats/estimate.h"
#include "server/study/table.h"

enum { ARMS_PAIRS_LEAST = 3 }; /* for a verdict */
#define ARMS_NONE SIZE_MAX

typedef enum arm_verdict {
    ARM_BASELINE,
    ARM_VOID,    /* holds by construction */
    ARM_TOO_FEW, /* under ARMS_PAIRS_LEAST pairs */
    ARM_EQUIVALENT,
    ARM_BETTER,
    ARM_WORSE,
    ARM_NO_EVIDENCE,
    ARM_NO_DIRECTION,
    ARM_VERDICT_COUNT
} arm_verdict;
/* Names as in JSON; NULL (null) for a metric of which neither more nor less is better. */
extern const char *const ARM_VERDICT_NAMES[ARM_VERDICT_COUNT];

typedef struct arms_tally { /* runs: failed, not ended, completed without a value, see study_run */
    size_t n_runs, n_failed, n_unfinished, n_without, n_unreached;
} arms_tally;

typedef struct arm_value {
    size_t repeat, run;
    double value;
} arm_value;

typedef struct arm {
    size_t context, n_configs, n_values, n_budget;
    const size_t *configs;   /* in order of submission */
    const arm_value *values; /* by repeat */
    /* its config with the best mean `select` among those with most; or its only one */
    size_t tuned;
    arms_tally tally; /* of all its configs */
    stats_estimate summary;
    stats_estimate difference; /* to the baseline, over difference.n pairs; not of the baseline */
    double p_adjusted, minimum_detectable;
    double sign_flip_p;  /* NaN also for resplits and after two stages */
    double pairs_better; /* the share of pairs; NaN without a direction */
    double equivalence_p, equivalence_p_adjusted;
    arm_verdict verdict;
    bool is_tied; /* with its context's leader: nothing shows that they differ */
    /* [k - 1]: the expected best mean `select` of k of its configs, drawn at random without
     * replacement: sum over i of v_(i) C(m - i, k - 1) / C(m, k) (Dodge et al. 2019). */
    const double *budget;
} arm;

typedef struct arms_context {
    size_t first_arm, n_arms; /* its arms: items[first_arm], ... */
    size_t baseline;          /* index of an arm */
    /* The arm that words are about: the best mean among those better than the baseline, else among
     * all; void ones are passed over. ARMS_NONE: nothing has a value. */
    size_t leader;
    estimand_about about;   /* of its baseline */
    double smallest_effect; /* NaN: nothing is equivalent */
} arms_context;

typedef struct arms_config {
    size_t arm, n_select, n_test;
    arms_tally tally;
    stats_estimate summary; /* of the metric */
    double select_mean, test_mean;
} arms_config;

typedef struct arms_selected { /* the best mean `select` among the first context's configs */
    size_t config, baseline;   /* baseline: the tuned config of the first context's baseline */
    /* How much the choice flatters: its validation value beside its test value, signed so that
     * positive flatters, less the mean of the same over all configs of the context. NaN with one
     * config. */
    double optimism;
    stats_estimate test_difference; /* to the baseline config, paired; not of the baseline itself */
} arms_selected;

typedef struct arms {
    const study_table *table;
    size_t n_contexts, n_arms, n_repeats;
    size_t n_tests; /* differences that Holm counted */
    arms_tally tally;
    arms_context *contexts; /* in order of submission */
    arm *items;             /* by context, then best mean first, those without a value last */
    arms_config *configs;   /* by index in the table */
    size_t *config_order;   /* configs, best mean first */
    arms_selected selected;
    struct arms_memory *memory; /* private */
} arms;

/* Compares. False for want of memory, and with FAIL_INTERRUPTED once `by` (NULL: nobody) has
 * left; it must outlive the result. */
FAIL_CHECKED bool arms_open(const study_table *table, const caller *by, arms *out, fail *f);
void arms_close(arms *a);

/* Whoever goes through all of them asks for each: false once the caller has left. */
bool arms_are_wanted(const arms *a);

/* The contrast sum of weights[i] * value of the arm which[i] (indices into items), one number per
 * repeat in which all of them have a value: {1, -1} is a paired difference. Where the arms' shares
 * differ the largest counts. */
stats_estimate arms_contrast(const arms *a, const size_t *which, const double *weights, size_t n);

/* How many repeats repeats.until asks for after its first stage of `least`: the largest
 * stats_stein_total() over all arms that are no baseline. */
size_t arms_repeats_wanted(const arms *a, double half_width, size_t least, size_t most);

/* The level of a factor in an arm, of a tuned one that of its tuned config; NULL: none. */
const study_level *arms_level_of(const arms *a, const arm *x, int factor);

/* Reliably different and equivalent: they differ by less than matters. */
bool arms_differs_by_little(const arm *x);

#endif
