/* study — the table of an experiment's comparison, or of that of several, from what the store has.
 *
 * 1. Of several experiments configs that say the same are one, and a run that two of them have
 *    trained counts once, as the first one's. Their questions are the first one's.
 * Ownership: everything is the study's until jobs_study_close(). Threads: any, one at a time. */
#ifndef SERVER_JOBS_STUDY_H
#define SERVER_JOBS_STUDY_H

#include "core/base/caller.h"
#include "server/model/model.h"
#include "server/plan/inquiry.h"
#include "server/store/store.h"

enum { JOBS_STUDY_EXPERIMENTS_LIMIT = 16, JOBS_STUDY_RUNS_LIMIT = 20000 /* of several */ };

typedef struct jobs_study_query {
    int64_t ids[JOBS_STUDY_EXPERIMENTS_LIMIT];
    size_t n_ids;
    measure_query measure; /* without a metric: the question's */
    metric_id select_by;
    /* A run that is about to end: its state and metrics take the place of those stored. NULL: none.
     */
    const run *last;
    const run_metrics *last_metrics; /* NULL: it has failed */
    const caller *by;                /* who is told how many runs there are; NULL: nobody */
} jobs_study_query;

typedef struct jobs_study {
    size_t n_experiments;
    experiment *experiments; /* (n_experiments) */
    experiment_spec *specs;  /* (n_experiments) */
    series *all;             /* (n_experiments) */
    size_t **places;         /* (n_experiments) where the configs of a series stand here */
    size_t *n_runs_of;       /* (n_experiments) how many runs here are of it */
    measure measure;
    size_t n_configs, n_runs;
    train_spec *configs;   /* (n_configs) resolved */
    estimand_facts *facts; /* (n_configs) */
    const char **sha256;   /* (n_configs) of the content of its data; NULL: not known */
    inquiry_config *given; /* (n_configs) */
    int64_t *run_ids;      /* (n_runs) */
    study_run *runs;       /* (n_runs) in order of submission */
    inquiry inquiry;       /* its table is whole, n_test_asked excepted */
    caller_pace pace;      /* private */
} jobs_study;

/* False with *f: FAIL_NOT_FOUND without an experiment; faults of the query at "/query/...";
 * FAIL_INTERRUPTED. */
FAIL_CHECKED bool jobs_study_open(store *s, const jobs_study_query *query, jobs_study *out,
                                  fail *f);
void jobs_study_close(jobs_study *x);

#endif
