/* resource — experiments, runs, events, data sets and problems as JSON: what each answer is made
 * from, and its shape. */
#ifndef SERVER_CODEC_RESOURCE_H
#define SERVER_CODEC_RESOURCE_H

#include "core/data/import/register.h"
#include "server/codec/profile.h"
#include "server/codec/shape.h"
#include "server/model/model.h"

/* ---- made of FIELDS[] ---- */
extern const shape SHAPE_SPECIFICATION; /* read by codec_read_experiment_spec() */
extern const shape SHAPE_CONFIG;        /* written by codec_add_config() */
extern const shape SHAPE_VALUES;        /* written by codec_add_values() */

/* ---- experiments ---- */
typedef struct experiment_answer {
    const experiment *row;
    const int64_t *run_ids; /* NULL: without */
    int64_t n_run_ids;
    double remaining_seconds; /* NaN: not known, or nothing is to be waited for */
} experiment_answer;
extern const shape SHAPE_EXPERIMENT; /* of an experiment_answer */
extern const shape SHAPE_RUN_COUNTS; /* of int64_t[RUN_STATE_COUNT] */

/* ---- runs ---- */
extern const shape SHAPE_RUN, SHAPE_RUN_METRICS; /* of a run */
extern const shape SHAPE_RECORD_METRICS;         /* of a record */

/* What a run was trained with and on. */
typedef struct run_provenance {
    const char *version, *blas, *blas_core;
    const char *data_sha256; /* NULL, and the next -1: before training began */
    int64_t memory_bytes;
    const char *note; /* NULL: none */
} run_provenance;
extern const shape SHAPE_PROVENANCE;

/* ---- events ---- */
extern const shape *const CODEC_EVENT_SHAPES[EVENT_KIND_COUNT]; /* each of an event_row */

/* ---- data sets ---- */
typedef struct dataset_answer {
    const dataset_summary *summary;
    const dataset_row *generator; /* NULL: it is a registered one */
    const dataset_origin *origin; /* NULL: without */
    const profile *figures;       /* NULL: without */
} dataset_answer;
dataset_answer dataset_answer_of(const dataset_summary *summary, const dataset_origin *origin);
extern const shape SHAPE_DATASET;   /* of a dataset_answer */
extern const shape SHAPE_GENERATOR; /* of a dataset_row, as in GET /fields */

/* ---- problems ---- */
typedef struct problem {
    const char *type, *title, *detail;
    int status;
    const fail *faults; /* NULL: not of fields */
    int n_faults, n_found;
} problem;
extern const shape SHAPE_PROBLEM; /* of a problem */

#endif
