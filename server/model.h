/* model — experiment and run as plain structs: what codec, store, jobs and api hand each other.
 *
 * Texts are owned by the struct (heap) and freed by *_close(); a zeroed struct may be closed. Times are milliseconds since 1970 UTC, 0 = not yet. */
#ifndef SERVER_MODEL_H
#define SERVER_MODEL_H

#include "core/metric.h"
#include "core/spec.h"

#include <stdint.h>

typedef enum run_state { RUN_STATE_QUEUED, RUN_STATE_RUNNING, RUN_STATE_PAUSED, RUN_STATE_COMPLETED, RUN_STATE_FAILED,
                         RUN_STATE_CANCELLED, RUN_STATE_COUNT } run_state;
extern const char *const RUN_STATE_NAMES[RUN_STATE_COUNT]; /* also the states of an experiment */

typedef enum stop_reason { STOP_REASON_NONE, STOP_REASON_FINISHED, STOP_REASON_EARLY_STOPPED, STOP_REASON_DIVERGED,
                           STOP_REASON_CANCELLED, STOP_REASON_ERROR, STOP_REASON_COUNT } stop_reason;
extern const char *const STOP_REASON_NAMES[STOP_REASON_COUNT]; /* NULL for NONE */

bool run_state_is_terminal(run_state state);

typedef struct experiment {
    int64_t id;
    char *name, *description, *tags; /* tags: JSON array text */
    char *spec;                      /* JSON text as sent */
    run_state status;
    char baseline_config_id[17];     /* what its comparison compares against, "" if unknown */
    int64_t n_configs, n_runs;
    int64_t runs[RUN_STATE_COUNT]; /* how many runs are in each state */
    double progress;               /* 0..1: epochs done over epochs planned */
    int64_t created_ms, started_ms, finished_ms;
} experiment;

typedef struct run_metrics { /* what a run ends with; NaN = none */
    double last[METRIC_EPOCH_COUNT], best[METRIC_EPOCH_COUNT];
    double selected[METRIC_COUNT]; /* plain names: train_loss, val_loss, test_loss, ... with the selected weights */
    int64_t best_epoch, selected_epoch; /* -1: none */
} run_metrics;

typedef struct run {
    int64_t id, experiment_id;
    char config_id[17];
    int64_t seed;
    run_state status;
    stop_reason reason;
    char *error; /* NULL unless failed */
    int64_t attempt;
    char *values;     /* JSON object text: the swept fields of this run's config */
    char *config;     /* JSON object text: fully resolved, with the seed */
    int64_t epoch, epochs;
    run_metrics metrics;
    double samples_per_second; /* NaN until finished */
    char *provenance;          /* JSON object text, NULL until started */
    char selected_weights[16]; /* "best", "last", "average" or "" */
    int64_t created_ms, started_ms, finished_ms;
} run;

void experiment_close(experiment *e);
void run_close(run *r);

/* The final metrics under their public names, in a fixed order: i = 0, 1, ... until false. "best_epoch", "train_loss", "last_train_loss",
 * "best_train_loss", ..., "test_loss", ... Also the columns of run_results and what runs can be sorted by. */
bool run_metric_get(const run_metrics *m, int i, const char **name, double *value);
/* Index for run_metric_get, or -1. */
int run_metric_find(const char *name);

#endif
