/* series — all runs of an experiment at once, with what those of one configuration share: for
 * whatever looks at them together (comparison, curves, extension, repeats).
 *
 * Owned by whoever loads it (server/store/runs.h), freed by series_close(); a zeroed one may be
 * closed. */
#ifndef SERVER_MODEL_SERIES_H
#define SERVER_MODEL_SERIES_H

#include "server/model/config_id.h"
#include "server/model/metrics.h"
#include "server/model/state.h"

#include <stddef.h>
#include <stdint.h>

typedef struct series_config {
    char id[CONFIG_ID_BYTES];
    int64_t first_run_id; /* its oldest run, which is of the experiment's first repeat */
    char *label;          /* of its variant; NULL: none */
    char *values;         /* JSON object text: the swept fields */
    char *config;         /* JSON object text: fully resolved, with the seeds of that run */
    char *data;           /* JSON object text: what is known of its rows; NULL: nothing */
    char *data_sha256;    /* of the content that its first run was trained on; NULL: not yet */
} series_config;

typedef struct series_run {
    int64_t id, seed, data_seed;
    size_t config; /* index in configs */
    run_state status;
    stop_reason reason;
    int64_t created_ms, epochs; /* epochs: planned */
    run_metrics metrics;
} series_run;

typedef struct series {
    size_t n_configs, n_runs;
    series_config *configs; /* in the order of their first runs */
    series_run *runs;       /* oldest first */
    size_t configs_capacity, runs_capacity;
} series;

/* The configuration of that id, or NULL. */
const series_config *series_find_config(const series *s, const char *id);

void series_close(series *s);

#endif
