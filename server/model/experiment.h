/* experiment — an experiment as a plain struct: what codec, store, jobs and api hand each other.
 *
 * Texts are owned by the struct (heap) and freed by experiment_close(); a zeroed struct may be
 * closed. Times are milliseconds since 1970 UTC, 0 = not yet. */
#ifndef SERVER_MODEL_EXPERIMENT_H
#define SERVER_MODEL_EXPERIMENT_H

#include "server/model/config_id.h"
#include "server/model/state.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct experiment {
    int64_t id;
    char *name, *description, *tags; /* tags: JSON array text */
    char *spec;                      /* JSON text as sent */
    char *extensions;                /* JSON array of what was added since, as sent */
    bool varies_data_seed;           /* over repeats, by itself or by its specification */
    run_state status;
    char baseline_config_id[CONFIG_ID_BYTES]; /* what its comparison compares against, "" if unknown
                                               */
    int priority; /* its queued runs start before those of experiments with less */
    int64_t n_configs, n_runs;
    int64_t runs[RUN_STATE_COUNT]; /* how many runs are in each state */
    double progress; /* 0..1: epochs done over epochs planned; a run that has ended is done */
    int64_t created_ms, started_ms, finished_ms;
} experiment;

void experiment_close(experiment *e);

#endif
