/* comparison — the configs of one experiment against its baseline, with the evidence: a pure
 * function of its runs.
 *
 * 1. Runs pair up by (seed, data_seed); data_seed is 0 unless the repeats vary it: one that is
 *    swept
 * belongs to the config. A run without a value (failed, or the metric is not there) makes no pair.
 * 2. Intervals are not adjusted for the number of configs, verdicts are (Holm).
 * 3. The selected config is chosen by a validation metric alone; a test value is only reported.
 * Ownership: texts of the rows are borrowed by the result, which must not outlive them;
 * comparison_close() frees. Threads: pure functions. NaN: not defined. */
#ifndef SERVER_STUDY_COMPARISON_H
#define SERVER_STUDY_COMPARISON_H

#include "core/base/fail.h"
#include "core/spec/metric.h"
#include "core/stats/stats.h"
#include "server/model/model.h"
#include "server/text/buffer.h"

#include <stddef.h>
#include <stdint.h>

enum { COMPARISON_PAIRS_LEAST = 3 }; /* for a verdict */

typedef struct comparison_row {             /* one run */
    const char *config_id, *label, *values; /* values: JSON text of the swept fields */
    int64_t seed, data_seed;
    run_state status;
    /* the compared, the selecting and its test counterpart; NaN: none */
    double metric, select, test;
    double r2; /* val_r2 of a regression, else NaN */
} comparison_row;

typedef enum comparison_at {
    COMPARISON_AT_SELECTED,
    COMPARISON_AT_BEST,
    COMPARISON_AT_LAST,
    COMPARISON_AT_COUNT
} comparison_at;
extern const char *const COMPARISON_AT_NAMES[COMPARISON_AT_COUNT];

/* How the runs came about: what the notes on the method have to say of it. */
typedef struct comparison_design {
    bool is_sequential;    /* seeds were added until the intervals were narrow */
    bool was_extended;     /* runs were added later, by a user */
    bool varies_data_seed; /* over repeats; then seed may stay the same: */
    bool keeps_seed;
    bool has_generated_data; /* each data_seed is another set, not another split of the same rows */
    bool has_drawn_baseline; /* it is the first config of a random search */
    bool compares_stopping;  /* early stopping differs between configs */
} comparison_design;

typedef struct comparison_options {
    /* test: of select_by, as comparison_test_metric() gives it */
    metric_id metric, select_by, test;
    comparison_at at;
    const char *baseline; /* config_id; unknown: the config that comes first among the rows */
    comparison_design design;
} comparison_options;

typedef enum comparison_verdict {
    COMPARISON_BASELINE,
    COMPARISON_BETTER,
    COMPARISON_WORSE,
    COMPARISON_NO_EVIDENCE,
    COMPARISON_TOO_FEW_SEEDS,
    COMPARISON_NO_DIRECTION,
    COMPARISON_VERDICT_COUNT
} comparison_verdict;
/* Names as in JSON; NULL (null) for a metric of which neither more nor less is better. */
extern const char *const COMPARISON_VERDICT_NAMES[COMPARISON_VERDICT_COUNT];

typedef struct comparison_config {
    const char *config_id, *label, *values;
    /* n_without: completed, but without a value of the metric */
    size_t n_runs, n_failed, n_unfinished, n_without;
    stats_summary summary;   /* of the metric: summary.n values */
    stats_paired difference; /* config - baseline over difference.difference.n pairs; meaningless
                                for the baseline */
    double p_adjusted, minimum_detectable;
    comparison_verdict verdict;
    stats_summary select, test; /* of the selecting metric and its test counterpart */
    stats_summary r2;
} comparison_config;

typedef struct comparison {
    comparison_options options;
    /* n_tests: p values that Holm counted */
    size_t n_configs, n_failed, n_unfinished, n_without, n_tests;
    comparison_config *configs;        /* best mean first, those without a value last */
    const comparison_config *baseline; /* among configs; NULL without rows */
    const comparison_config *selected; /* best by select_by; NULL while nothing has a value */
    /* of the selected: how much its validation mean flatters, positive: too good */
    double optimism;
    stats_paired test_difference; /* selected - baseline on the test metric, paired */
    /* (n_configs) heap, those of configs[].label where they were made for it; else NULL */
    char **labels;
} comparison;

/* The test metric that belongs to a validation metric ("val_loss": test_loss), or METRIC_COUNT.
 * Only metrics that have one may select. */
metric_id comparison_test_metric(metric_id select_by);

/* Can this metric be had there? False with *f (field "/query/at") for what is measured once, with
 * the selected weights, and for what belongs to an epoch. */
FAIL_CHECKED bool comparison_check_metric(metric_id id, comparison_at at, fail *f);

/* A run's value of a metric. */
double comparison_value(const run_metrics *metrics, metric_id id, comparison_at at);

/* Compares. False only for want of memory. Rows of one config need not be neighbours. */
FAIL_CHECKED bool comparison_open(const comparison_row *rows, size_t n,
                                  const comparison_options *options, comparison *out, fail *f);
void comparison_close(comparison *c);

/* One or two plain sentences with the numbers; and what the method is, sentence number i, until
 * false. */
void comparison_add_summary(const comparison *c, buffer *out);
bool comparison_method_note(const comparison *c, int i, char *sentence, size_t sentence_bytes);

#endif
