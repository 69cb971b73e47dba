/* plan — what a specification means on this machine: its configs, checked against their data
 * sets, and the rows of its runs.
 *
 * 1. Every config of a plan is resolved, also by its data set, and can be trained; no two have the
 *    same config_id.
 * 2. Runs are listed seed by seed, all configs of one seed together: an experiment that is stopped
 *    early still compares.
 * Ownership: a plan owns its texts; rows borrow from it. Threads: one plan in one thread. */
#ifndef SERVER_PLAN_PLAN_H
#define SERVER_PLAN_PLAN_H

#include "core/base/fail.h"
#include "server/model/config_id.h"
#include "server/model/model.h"
#include "server/plan/baseline.h"
#include "server/plan/check.h"
#include "server/study/estimand.h"
#include "server/study/sweep.h"

typedef struct plan_config {
    char id[CONFIG_ID_BYTES];
    char *values;      /* JSON text of the swept fields */
    char *data;        /* JSON text of what is known of its rows (codec_add_facts()) */
    const char *label; /* of its variant, the specification's; NULL: there are none */
    estimand_facts facts;
    double work;         /* of one run: server/plan/rate.h */
    size_t memory_bytes; /* of one run */
} plan_config;

typedef struct plan {
    experiment_spec spec;
    grid grid;
    plan_config *configs; /* grid.n_configs */
    plan_design design;   /* before equal configs were merged, its baseline excepted */
    /* standard deviation of a regression's training targets, of the set farthest from 1 whose
     * targets are not scaled; 0: none */
    double target_deviation;
    bool is_too_large; /* a config does not fit into the free memory; `memory` says so */
    fail memory;
} plan;

typedef struct plan_source { /* what a plan is told of this machine */
    dataset_opener *open_dataset;
    void *context;     /* of open_dataset, which need not be told of generated values again */
    const caller *by;  /* who may call the plan off, and is told how much is to be generated */
    size_t free_bytes; /* of memory, that a run may have */
} plan_source;

/* Reads and plans a specification, and checks each config against its data set. Adds every fault
 * found; memory that does not fit is a fault only with `must_fit`. */
FAIL_CHECKED bool plan_read(const plan_source *source, const char *text, size_t n, bool must_fit,
                            plan *out, fail_list *faults);

/* The same from a specification already read, which the plan takes over in any case. */
FAIL_CHECKED bool plan_take(const plan_source *source, experiment_spec *spec, bool must_fit,
                            plan *out, fail_list *faults);
void plan_close(plan *p);

/* The config_id of the baseline. */
const char *plan_baseline(const plan *p);

/* Does the config_id leave data_seed out? Where the repeats are told to vary it; where they do so
 * by themselves the id has that of the first repeat, as it has without repeats. */
bool plan_hides_data_seed(const experiment_spec *e);

typedef struct plan_runs {
    int64_t n;
    new_run *rows;  /* (n) borrow from the plan and from... */
    char **configs; /* (n) JSON texts */
} plan_runs;

/* All configs as they are stored; on the heap, borrowing from the plan. NULL without memory. */
new_config *plan_list_configs(const plan *p);

/* Rows for all repeats and configs that `exists` (may be NULL; it is asked with the run's seeds)
 * does not know; the caller frees them with plan_runs_close(). */
typedef bool plan_cell_exists(const void *context, const char *config_id, const train_spec *spec);
FAIL_CHECKED bool plan_list_runs(const plan *p, plan_cell_exists *exists, const void *context,
                                 plan_runs *out, fail *f);
void plan_runs_close(plan_runs *runs);

/* What the user should know before the runs start: memory that does not fit, merged cells, fields
 * without effect, what this many seeds cannot detect, a regularizer compared at one learning rate
 * only. One sentence per call of `each`. */
typedef void plan_warning(void *context, const char *sentence);
void plan_list_warnings(const plan *p, plan_warning *each, void *context);

/* Nominal seconds of all runs one after the other; the most memory that one takes. */
double plan_work(const plan *p);
size_t plan_memory_bytes(const plan *p);

#endif
