/* internal — what the files behind server/study/arms.h share: the memory of a result, and the
 * steps that fill it. Private to server/study/. */
#ifndef SERVER_STUDY_INTERNAL_H
#define SERVER_STUDY_INTERNAL_H

#include "server/study/arms.h"

struct arms_memory {
    caller_pace pace;     /* of whoever has asked for the comparison */
    size_t *members;      /* (n_configs) the arms' configs, arm by arm */
    size_t *repeat_of;    /* (n_runs) index of the run's repeat */
    size_t *runs;         /* (n_runs) by config, then repeat, then submission */
    size_t *config_start; /* (n_configs + 1) where a config's runs start */
    arm_value *values;    /* (n_runs) the arms' values, arm by arm */
    double *budgets;      /* (n_configs) */
    /* scratch, by repeat */
    size_t *counts;
    double *sums, *tops, *contrast;
    double *deltas; /* (n_repeats + 1) stats_detectable_delta() by df; 0: not computed yet */
    /* scratch, by arm or config */
    double *p, *adjusted;
    size_t *order;
};

/* The larger share; NaN where one is not known. */
double arms_larger_share(double a, double b);

/* The numbers of arms_contrast() in memory->contrast, in the order of their repeats; gives how
 * many, and in *largest the largest magnitude among the values behind them. Of no meaning once the
 * caller has left. */
size_t arms_contrast_fill(const arms *a, const size_t *which, const double *weights, size_t n,
                          double *largest);

/* The design of a contrast of these arms. */
stats_design arms_contrast_design(const arms *a, const size_t *which, size_t n);

/* stats_minimum_detectable(), the same for every metric and arm with as many repeats. */
double arms_minimum_detectable(const arms *a, const stats_estimate *e);

enum { ARMS_ESTIMATE_STEPS = 256 }; /* of an estimate, for the pace */

/* The steps that take long; false once the caller has left.
 * Tally, summary and means of every config. */
bool arms_describe_configs(arms *a);
/* Values, tuned config, budget, tally and summary of every arm. */
bool arms_tune(arms *a);
/* Differences, adjusted p, verdicts, leaders and ties. */
bool arms_judge(arms *a);
/* The selected config and its optimism. */
void arms_select(arms *a);

#endif
