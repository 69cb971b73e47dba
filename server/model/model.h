/* model — experiment and run as plain structs: what codec, store, jobs and api hand each other.
 *
 * Texts are owned by the struct (heap) and freed by *_close(); a zeroed struct may be closed. Times
 * are milliseconds since 1970 UTC, 0 = not yet. */
#ifndef SERVER_MODEL_MODEL_H
#define SERVER_MODEL_MODEL_H

#include "core/spec/metric.h"
#include "core/spec/spec.h"

#include <stdint.h>

typedef enum run_state {
    RUN_STATE_QUEUED,
    RUN_STATE_RUNNING,
    RUN_STATE_PAUSED,
    RUN_STATE_COMPLETED,
    RUN_STATE_FAILED,
    RUN_STATE_CANCELLED,
    RUN_STATE_COUNT
} run_state;
extern const char *const RUN_STATE_NAMES[RUN_STATE_COUNT]; /* also the states of an experiment */

typedef enum stop_reason {
    STOP_REASON_NONE,
    STOP_REASON_FINISHED,
    STOP_REASON_EARLY_STOPPED,
    STOP_REASON_DIVERGED,
    STOP_REASON_CANCELLED,
    STOP_REASON_ERROR,
    STOP_REASON_COUNT
} stop_reason;
extern const char *const STOP_REASON_NAMES[STOP_REASON_COUNT]; /* NULL for NONE */

bool run_state_is_terminal(run_state state);

typedef struct experiment {
    int64_t id;
    char *name, *description, *tags; /* tags: JSON array text */
    char *spec;                      /* JSON text as sent */
    run_state status;
    char baseline_config_id[17]; /* what its comparison compares against, "" if unknown */
    int priority;                /* its queued runs start before those of experiments with less */
    int64_t n_configs, n_runs;
    int64_t runs[RUN_STATE_COUNT]; /* how many runs are in each state */
    double progress; /* 0..1: epochs done over epochs planned; a run that has ended is done */
    int64_t created_ms, started_ms, finished_ms;
} experiment;

typedef struct run_metrics { /* what a run ends with; NaN = none */
    double last[METRIC_EPOCH_COUNT], best[METRIC_EPOCH_COUNT];
    double selected[METRIC_COUNT]; /* with the selected weights: train_loss, ..., test_loss, ... */
    int64_t best_epoch, selected_epoch; /* -1: none */
} run_metrics;

/* The final metrics as X(name, member of run_metrics): their public names, in this order the
 * columns of `runs` and run_results. Plain names are of the selected weights; what belongs to an
 * epoch rather than to weights (batch_loss, learning_rate, gradient_norm, gradient_noise, seconds)
 * has none. */
/* clang-format off */
#define RUN_METRICS(X)                                                                            \
    X(best_epoch, best_epoch)                                                                     \
    X(selected_epoch, selected_epoch)                                                             \
    X(train_loss, selected[METRIC_TRAIN_LOSS])                                                    \
    X(train_accuracy, selected[METRIC_TRAIN_ACCURACY])                                            \
    X(val_loss, selected[METRIC_VAL_LOSS])                                                        \
    X(val_accuracy, selected[METRIC_VAL_ACCURACY])                                                \
    X(train_rmse, selected[METRIC_TRAIN_RMSE])                                                    \
    X(train_r2, selected[METRIC_TRAIN_R2])                                                        \
    X(val_rmse, selected[METRIC_VAL_RMSE])                                                        \
    X(val_r2, selected[METRIC_VAL_R2])                                                            \
    X(penalty, selected[METRIC_PENALTY])                                                          \
    X(weight_norm, selected[METRIC_WEIGHT_NORM])                                                  \
    X(test_loss, selected[METRIC_TEST_LOSS])                                                      \
    X(test_accuracy, selected[METRIC_TEST_ACCURACY])                                              \
    X(test_rmse, selected[METRIC_TEST_RMSE])                                                      \
    X(test_r2, selected[METRIC_TEST_R2])                                                          \
    X(test_ece, selected[METRIC_TEST_ECE])                                                        \
    X(test_brier, selected[METRIC_TEST_BRIER])                                                    \
    X(generalization_gap, selected[METRIC_GENERALIZATION_GAP])                                    \
    X(mc_test_loss, selected[METRIC_MC_TEST_LOSS])                                                \
    X(mc_test_accuracy, selected[METRIC_MC_TEST_ACCURACY])                                        \
    X(mc_test_ece, selected[METRIC_MC_TEST_ECE])                                                  \
    X(mc_test_rmse, selected[METRIC_MC_TEST_RMSE])                                                \
    X(last_batch_loss, last[METRIC_BATCH_LOSS])                                                   \
    X(last_train_loss, last[METRIC_TRAIN_LOSS])                                                   \
    X(last_train_accuracy, last[METRIC_TRAIN_ACCURACY])                                           \
    X(last_val_loss, last[METRIC_VAL_LOSS])                                                       \
    X(last_val_accuracy, last[METRIC_VAL_ACCURACY])                                               \
    X(last_train_rmse, last[METRIC_TRAIN_RMSE])                                                   \
    X(last_train_r2, last[METRIC_TRAIN_R2])                                                       \
    X(last_val_rmse, last[METRIC_VAL_RMSE])                                                       \
    X(last_val_r2, last[METRIC_VAL_R2])                                                           \
    X(last_penalty, last[METRIC_PENALTY])                                                         \
    X(last_learning_rate, last[METRIC_LEARNING_RATE])                                             \
    X(last_gradient_norm, last[METRIC_GRADIENT_NORM])                                             \
    X(last_gradient_noise, last[METRIC_GRADIENT_NOISE])                                           \
    X(last_weight_norm, last[METRIC_WEIGHT_NORM])                                                 \
    X(last_seconds, last[METRIC_SECONDS])                                                         \
    X(best_batch_loss, best[METRIC_BATCH_LOSS])                                                   \
    X(best_train_loss, best[METRIC_TRAIN_LOSS])                                                   \
    X(best_train_accuracy, best[METRIC_TRAIN_ACCURACY])                                           \
    X(best_val_loss, best[METRIC_VAL_LOSS])                                                       \
    X(best_val_accuracy, best[METRIC_VAL_ACCURACY])                                               \
    X(best_train_rmse, best[METRIC_TRAIN_RMSE])                                                   \
    X(best_train_r2, best[METRIC_TRAIN_R2])                                                       \
    X(best_val_rmse, best[METRIC_VAL_RMSE])                                                       \
    X(best_val_r2, best[METRIC_VAL_R2])                                                           \
    X(best_penalty, best[METRIC_PENALTY])                                                         \
    X(best_learning_rate, best[METRIC_LEARNING_RATE])                                             \
    X(best_gradient_norm, best[METRIC_GRADIENT_NORM])                                             \
    X(best_gradient_noise, best[METRIC_GRADIENT_NOISE])                                           \
    X(best_weight_norm, best[METRIC_WEIGHT_NORM])                                                 \
    X(best_seconds, best[METRIC_SECONDS])
/* clang-format on */
#define RUN_METRIC_COUNT_ONE(name, member) +1
enum { RUN_METRIC_COUNT = 0 RUN_METRICS(RUN_METRIC_COUNT_ONE) };

typedef struct run {
    int64_t id, experiment_id;
    char config_id[17];
    int64_t seed, data_seed;
    run_state status;
    stop_reason reason;
    char *error; /* NULL unless failed */
    int64_t attempt;
    char *values; /* JSON object text: the swept fields of this run's config */
    char *config; /* JSON object text: fully resolved, with the seed */
    int64_t epoch, epochs;
    run_metrics metrics;
    double samples_per_second; /* NaN until finished */
    char *provenance;          /* JSON object text, NULL until started */
    char selected_weights[16]; /* "best", "last", "average" or "" */
    int64_t created_ms, started_ms, finished_ms;
} run;

/* What a run ends with; texts and bytes are borrowed. */
typedef struct run_end {
    run_state to; /* a terminal one */
    stop_reason reason;
    const char *error; /* NULL: none */
    const run_metrics *metrics;
    double samples_per_second;
    const char *selected_weights; /* "best", "last", "average"; "": no model */
    const void *model;            /* NULL: none, or a file has it */
    size_t model_bytes;           /* at most STORE_MODEL_BYTES (server/store/store.h) */
    /* NULL, or called once this is in the writer's hands: what it is asked after that it does
     * later. */
    void (*on_handed_over)(void *context);
    void *context;
} run_end;

/* What happened, as it is told to whoever listens. */
typedef enum event_kind { EVENT_EPOCH, EVENT_RUN, EVENT_EXPERIMENT } event_kind;

typedef struct event_row {
    int64_t id; /* global, increasing, never reused */
    event_kind kind;
    int64_t experiment_id, run_id;
    record record;                 /* EVENT_EPOCH: values of the epoch (no layers) */
    run_state status;              /* EVENT_RUN, EVENT_EXPERIMENT */
    stop_reason reason;            /* EVENT_RUN */
    int64_t epoch;                 /* EVENT_RUN */
    int64_t runs[RUN_STATE_COUNT]; /* EVENT_EXPERIMENT */
    double progress;               /* EVENT_EXPERIMENT */
} event_row;

/* A run to be queued; texts are JSON, borrowed. */
typedef struct new_run {
    char config_id[17];
    const char *config, *values; /* JSON text */
    int64_t seed, epochs;
} new_run;

/* The row of a data set. */
typedef struct dataset_info {
    char name[64], sha256[65], task[16];
    int64_t n_train, n_validation, n_test, inputs, outputs, bytes, created_ms;
    bool built_in;
} dataset_info;

void experiment_close(experiment *e);
void run_close(run *r);

/* All NaN and -1. */
void run_metrics_init(run_metrics *m);
/* The final metrics under their public names, in the order of RUN_METRICS: i = 0, 1, ... until
 * false. An epoch of -1 gives NaN. */
bool run_metric_get(const run_metrics *m, int i, const char **name, double *value);
/* Sets the i-th of them, 0 <= i < RUN_METRIC_COUNT; NaN for an epoch becomes -1. */
void run_metric_set(run_metrics *m, int i, double value);
/* Index for run_metric_get, or -1. */
int run_metric_find(const char *name);

#endif
