/* table — what a study is made from: the factors that configs vary, the configs, their runs, and
 * what is asked. Plain values; whoever has specification and store fills it.
 *
 * 1. A factor is a varied field; every config has a level of each. Configs and runs stand in order
 *    of submission; no two configs have all levels equal.
 * 2. A repeat is one (seed, data_seed); data_seed is 0 unless repeats vary it.
 * Ownership: all texts and arrays are the caller's. NaN: none, not known. */
#ifndef SERVER_STUDY_TABLE_H
#define SERVER_STUDY_TABLE_H

#include "server/model/model.h"
#include "server/study/estimand.h"
#include "server/study/question.h"

typedef struct study_factor {
    const char *name; /* of the field */
    question_role role;
    bool is_regularizer; /* at its default it is off */
    bool is_of_variants; /* some variant names it: their labels stand for its levels */
} study_factor;

typedef struct study_level {
    const char *text;             /* JSON; equal texts are equal levels */
    const char *plain;            /* as a person writes it: 0.5, sgd, [128,128], none */
    double number;                /* NaN: not a number */
    bool is_default, is_baseline; /* is_baseline: as `baseline` asks, unnamed ones by default */
} study_level;

typedef struct study_config {
    const char *config_id;
    const char *variant;       /* label of its variant; NULL: none */
    const study_level *levels; /* by factor */
    const char *stopping;      /* how it stops early; equal texts stop alike */
    estimand_about about;      /* of the metric */
    double share, test_share;  /* estimand_share() of the metric and of the test metric */
    double trivial;            /* the metric's value without learning */
} study_config;

typedef struct study_run {
    size_t config;
    int64_t seed, data_seed;
    run_state status;
    bool is_finished;            /* it trained all its epochs */
    bool is_unreached;           /* of epochs_to: it counts as its last epoch */
    double metric, select, test; /* test: the counterpart of select on the test split */
    double r2;                   /* of a regression, on the metric's part */
    estimand_progress progress;
} study_run;

typedef enum study_at { STUDY_AT_SELECTED, STUDY_AT_BEST, STUDY_AT_LAST, STUDY_AT_COUNT } study_at;

typedef struct study_options {
    const char *metric; /* public name; of epochs_to these too: */
    const char *of;     /* the curve, else NULL */
    double target;
    metric_direction direction, select_direction;
    study_at at;
    const char *select_by, *test_metric;
    const char *primary;    /* the question's metric */
    double smallest_effect; /* the question's, for its metric alone; NaN: the default */
    bool has_variants, has_baseline;
    bool is_drawn;        /* the configs are a random search's */
    size_t n_first;       /* `min` of repeats.until (Stein's first stage); 0: a settled number */
    bool was_extended;    /* repeats were added after others had ended */
    int64_t n_test_asked; /* how often test metrics of this experiment were asked for */
} study_options;

typedef struct study_table {
    int n_factors;
    const study_factor *factors;
    size_t n_configs, n_runs;
    const study_config *configs;
    const study_run *runs;
    study_options options;
} study_table;

#endif
