/* run — a run as a plain struct: as it is queued, as it is, and as it ends.
 *
 * Texts of a run are owned by the struct (heap) and freed by run_close(); a zeroed struct may be
 * closed. Times are milliseconds since 1970 UTC, 0 = not yet. */
#ifndef SERVER_MODEL_RUN_H
#define SERVER_MODEL_RUN_H

#include "core/base/digest.h"
#include "server/model/config_id.h"
#include "server/model/file.h"
#include "server/model/metrics.h"
#include "server/model/state.h"

#include <stddef.h>
#include <stdint.h>

/* A configuration as it is stored beside its runs; texts are borrowed. */
typedef struct new_config {
    const char *config_id;
    const char *values; /* JSON text */
    const char *label;  /* of its variant; NULL: none */
    const char *data;   /* JSON text: what is known of its rows; NULL: as it is stored */
} new_config;

/* A run to be queued; texts are JSON, borrowed. */
typedef struct new_run {
    char config_id[CONFIG_ID_BYTES];
    const char *config, *values; /* JSON text */
    int64_t seed, epochs;
} new_run;

typedef struct run {
    int64_t id, experiment_id;
    char config_id[CONFIG_ID_BYTES];
    int64_t seed, data_seed;
    run_state status;
    stop_reason reason;
    char *error; /* NULL unless failed */
    int64_t attempt;
    char *label;  /* of its variant; NULL: none */
    char *values; /* JSON object text: the swept fields of this run's config */
    char *config; /* JSON object text: fully resolved, with the seed */
    int64_t epoch, epochs;
    run_metrics metrics;
    double samples_per_second;           /* NaN until finished */
    char *provenance;                    /* JSON object text, NULL until started */
    char data_sha256[DIGEST_TEXT_BYTES]; /* the content of its data set as it was trained on; ""
                                            until then */
    char selected_weights[16];           /* "best", "last", "average" or "" */
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
    run_file model_file;          /* what the model is, wherever it lies */
    const void *model;            /* NULL: none, or a file has it */
    size_t model_bytes;           /* at most STORE_MODEL_BYTES (server/store/runs.h) */
    /* NULL, or called once this is in the writer's hands: what it is asked after that it does
     * later. */
    void (*on_handed_over)(void *context);
    void *context;
} run_end;

void run_close(run *r);

#endif
