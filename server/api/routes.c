#include "server/api/routes.h"

#include "server/api/api.h"
#include "server/api/comparison.h"
#include "server/api/datasets.h"
#include "server/api/events.h"
#include "server/api/experiments.h"
#include "server/api/fields.h"
#include "server/api/health.h"
#include "server/api/lessons.h"
#include "server/api/openapi.h"
#include "server/api/recipes.h"
#include "server/api/runs.h"
#include "server/api/runs_boundary.h"
#include "server/api/runs_evaluation.h"
#include "server/api/session.h"
#include "server/api/sql.h"
#include "server/api/submit.h"
#include "server/codec/boundary.h"
#include "server/codec/codec.h"
#include "server/codec/comparison.h"
#include "server/codec/curves.h"
#include "server/codec/evaluation.h"
#include "server/codec/lesson.h"
#include "server/codec/prediction.h"
#include "server/codec/preview.h"
#include "server/codec/request.h"
#include "server/console/answer.h"
#include "server/lesson/outcome.h"

#define API "/api/v1"
#define JSON "application/json"
#define KIB ((uint64_t)1024)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define UPLOAD_TYPES                                                                               \
    "multipart/form-data application/octet-stream application/gzip application/x-gzip "            \
    "application/zip application/x-zip-compressed application/x-tar application/x-gtar "           \
    "application/x-compressed-tar text/csv text/tab-separated-values application/csv text/plain "  \
    "application/vnd.ms-excel application/x-npy application/x-npz application/x-idx -"

/* A POST that only acts: no body, or an empty object. */
#define ACTION .types = JSON " -", .body_limit = 4 * KIB, .body = &SHAPE_NOTHING

static request_handler send_document;

/* clang-format off */
const route ROUTES[] = {
    {"POST", API "/experiments", api_experiments_create, ROUTE_PLAN, 201, JSON, JSON, MIB,
     "experiments", "Submit an experiment; its runs are queued, and durable before the answer",
     .query = &SHAPE_SUBMIT_QUERY, .body = &SHAPE_SPECIFICATION,
     .answer = &SHAPE_EXPERIMENT, .other_answer = &SHAPE_PLAN},
    {"GET", API "/experiments", api_experiments_list, 0, 200, JSON, NULL, 0,
     "experiments", "List experiments",
     .query = &SHAPE_EXPERIMENTS_QUERY, .item = &SHAPE_EXPERIMENT},
    {"GET", API "/experiments/{id}", api_experiments_get, 0, 200, JSON, NULL, 0,
     "experiments", "One experiment with counts of its runs and progress",
     .answer = &SHAPE_EXPERIMENT},
    {"PATCH", API "/experiments/{id}", api_experiments_update, ROUTE_CHANGE, 200, JSON, JSON,
     64 * KIB,
     "experiments", "Change name, description, tags, priority",
     .body = &SHAPE_EXPERIMENT_PATCH, .answer = &SHAPE_EXPERIMENT},
    {"DELETE", API "/experiments/{id}", api_experiments_delete, ROUTE_CHANGE, 204, "", NULL, 0,
     "experiments", "Delete with all its runs", .query = &SHAPE_DELETE_QUERY},
    {"POST", API "/experiments/{id}/cancel", api_experiments_cancel, ROUTE_CHANGE, 200, JSON,
     ACTION,
     .tag = "experiments", .summary = "Cancel the queued and running runs",
     .answer = &SHAPE_EXPERIMENT},
    {"POST", API "/experiments/{id}/pause", api_experiments_pause, ROUTE_CHANGE, 200, JSON, ACTION,
     .tag = "experiments", .summary = "Pause at the next checkpoint", .answer = &SHAPE_EXPERIMENT},
    {"POST", API "/experiments/{id}/resume", api_experiments_resume, ROUTE_CHANGE, 200, JSON,
     ACTION,
     .tag = "experiments", .summary = "Go on with paused runs", .answer = &SHAPE_EXPERIMENT},
    {"POST", API "/experiments/{id}/extend", api_experiments_extend, ROUTE_PLAN, 200, JSON, JSON,
     MIB, "experiments", "Queue the missing (config, seed) cells of a larger sweep",
     .body = &SHAPE_EXTENSION, .answer = &SHAPE_EXPERIMENT},
    {"GET", API "/experiments/{id}/runs", api_experiments_runs, 0, 200, JSON, NULL, 0,
     "experiments", "Runs of one experiment; any column of run_results filters",
     .query = &SHAPE_RUNS_QUERY, .others = api_runs_describe_filters, .item = &SHAPE_RUN},
    {"GET", API "/experiments/{id}/curves", api_comparison_curves, ROUTE_COMPARE, 200, JSON,
     NULL, 0,
     "experiments", "Per config: mean, deviation, least, greatest and n over seeds at each epoch",
     .query = &SHAPE_CURVES_QUERY, .answer = &SHAPE_BANDS},
    {"GET", API "/experiments/{id}/comparison", api_comparison_get, ROUTE_CSV | ROUTE_COMPARE,
     200, JSON, NULL, 0,
     "experiments", "Arms compared with their baselines, paired by repeat",
     .query = &SHAPE_COMPARISON_QUERY, .answer = &SHAPE_COMPARISON},
    {"GET", API "/comparison", api_comparison_get_several, ROUTE_CSV | ROUTE_COMPARE, 200, JSON,
     NULL, 0, "experiments",
     "Arms of several experiments, paired where data, parts and seeds match",
     .query = &SHAPE_SEVERAL_QUERY, .answer = &SHAPE_COMPARISON},
    {"GET", API "/experiments/{id}/events", api_events_experiment, ROUTE_STREAM, 200,
     "text/event-stream", NULL, 0, "events", "Events of one experiment",
     .query = &SHAPE_EVENTS_QUERY},
    {"GET", API "/runs", api_runs_list, 0, 200, JSON, NULL, 0,
     "runs", "List runs; any column of run_results filters",
     .query = &SHAPE_ALL_RUNS_QUERY, .others = api_runs_describe_filters, .item = &SHAPE_RUN},
    {"GET", API "/runs/{id}", api_runs_get, 0, 200, JSON, NULL, 0,
     "runs", "One run with its configuration and final metrics", .answer = &SHAPE_RUN},
    {"GET", API "/runs/{id}/curves", api_runs_curves, ROUTE_CSV | ROUTE_LASTING, 200, JSON, NULL, 0,
     "runs", "Learning curves, column by column", .query = &SHAPE_RUN_CURVES_QUERY,
     .answer = &SHAPE_CURVES},
    {"GET", API "/runs/{id}/layers", api_runs_layers, ROUTE_LASTING, 200, JSON, NULL, 0,
     "runs", "Diagnostics per layer and epoch", .answer = &SHAPE_LAYERS},
    {"GET", API "/runs/{id}/model", api_runs_model, ROUTE_PREDICT | ROUTE_OF_STATE, 200,
     "application/octet-stream", NULL, 0, "runs", "The selected weights as safetensors",
     .query = &SHAPE_MODEL_QUERY},
    {"GET", API "/runs/{id}/evaluation", api_runs_evaluation, ROUTE_PREDICT | ROUTE_OF_STATE, 200,
     JSON, NULL, 0, "runs",
     "What the run gets wrong on its test split: confusion and calibration, or residuals",
     .query = &SHAPE_EVALUATION_QUERY, .answer = &SHAPE_EVALUATION},
    {"GET", API "/runs/{id}/boundary", api_runs_boundary, ROUTE_PREDICT | ROUTE_OF_STATE, 200, JSON,
     NULL, 0, "runs", "What the net answers over the plane of two inputs, epoch by epoch",
     .query = &SHAPE_BOUNDARY_QUERY, .answer = &SHAPE_BOUNDARY},
    {"POST", API "/runs/{id}/predict", api_runs_predict, ROUTE_PREDICT | ROUTE_READ, 200, JSON,
     JSON,
     16 * MIB, "runs", "Predict with the selected weights", .body = &SHAPE_PREDICT_REQUEST,
     .answer = &SHAPE_PREDICTION},
    {"GET", API "/runs/{id}/events", api_events_run, ROUTE_STREAM, 200, "text/event-stream", NULL,
     0, "events", "Events of one run", .query = &SHAPE_EVENTS_QUERY},
    {"POST", API "/runs/{id}/cancel", api_runs_cancel, ROUTE_CHANGE, 200, JSON, ACTION,
     .tag = "runs", .summary = "Cancel a queued or running run", .answer = &SHAPE_RUN},
    {"POST", API "/runs/{id}/retry", api_runs_retry, ROUTE_PLAN, 200, JSON, ACTION,
     .tag = "runs", .summary = "Queue a failed or cancelled run again", .answer = &SHAPE_RUN},
    {"GET", API "/events", api_events_list, ROUTE_STREAM, 200, "text/event-stream", NULL, 0,
     "events", "Events of all experiments, or of those named", .query = &SHAPE_ALL_EVENTS_QUERY},
    {"GET", API "/datasets", api_datasets_list, 0, 200, JSON, NULL, 0,
     "datasets", "List data sets, the built-in ones first",
     .query = &SHAPE_PAGE_QUERY, .item = &SHAPE_DATASET},
    {"GET", API "/datasets/{name}", api_datasets_get, 0, 200, JSON, NULL, 0,
     "datasets", "One data set", .answer = &SHAPE_DATASET},
    {"PUT", API "/datasets/{name}", api_datasets_put, ROUTE_UPLOAD, 201, JSON,
     UPLOAD_TYPES, 2 * GIB, "datasets",
     "Register a data set from one file, or from several as form data",
     .query = &SHAPE_REGISTER_QUERY, .answer = &SHAPE_DATASET},
    {"DELETE", API "/datasets/{name}", api_datasets_delete, 0, 204, "", NULL, 0,
     "datasets", "Remove a data set that no unfinished experiment uses", .query = NULL},
    {"GET", API "/datasets/{name}/preview", api_datasets_preview, ROUTE_PLAN, 200, JSON, NULL, 0,
     "datasets", "First rows, class counts, pictures; of a built-in set with the options given",
     .query = &SHAPE_PREVIEW_QUERY, .answer = &SHAPE_PREVIEW},
    {"POST", API "/sql", api_sql_post, ROUTE_CSV | ROUTE_SQL | ROUTE_READ, 200, JSON, JSON, MIB,
     "sql", "Run one read-only statement", .body = &SHAPE_SQL_REQUEST,
     .answer = &SHAPE_SQL_RESULT},
    {"GET", API "/sql", api_sql_get, ROUTE_CSV | ROUTE_SQL, 200, JSON, NULL, 0,
     "sql", "Run one read-only statement; any other parameter NAME is bound to :NAME",
     .query = &SHAPE_SQL_QUERY, .others = api_sql_describe_parameters, .answer = &SHAPE_SQL_RESULT},
    {"POST", API "/session", api_session_post, ROUTE_INLINE | ROUTE_OPEN, 204, "", JSON, 4 * KIB,
     "service", "A token in, a cookie out", .body = &SHAPE_TOKEN_REQUEST},
    {"GET", API "/fields", api_fields_list, 0, 200, JSON, NULL, 0,
     "service", "The fields of a specification, and the metrics", .query = &SHAPE_PART_QUERY,
     .answer = &SHAPE_FIELDS},
    {"GET", API "/recipes", api_recipes_list, 0, 200, JSON, NULL, 0,
     "recipes", "List the ready-made experiments", .query = &SHAPE_PAGE_QUERY,
     .item = &SHAPE_RECIPE},
    {"POST", API "/recipes/{name}", api_recipes_queue, ROUTE_PLAN, 201, JSON, ACTION,
     .tag = "recipes", .summary = "Queue a ready-made experiment",
     .query = &SHAPE_SUBMIT_QUERY, .answer = &SHAPE_EXPERIMENT, .other_answer = &SHAPE_PLAN},
    {"GET", API "/lessons", api_lessons_list, 0, 200, JSON, NULL, 0,
     "lessons", "List the lessons, in the order of the path", .query = &SHAPE_PAGE_QUERY,
     .item = &SHAPE_LESSON_ITEM},
    {"GET", API "/lessons/{name}", api_lessons_get, 0, 200, JSON, NULL, 0,
     "lessons", "One lesson", .answer = &SHAPE_LESSON},
    {"POST", API "/lessons/{name}", api_lessons_queue, ROUTE_PLAN, 201, JSON, ACTION,
     .tag = "lessons", .summary = "Queue the experiment of a lesson, or its counterexample",
     .query = &SHAPE_LESSON_QUERY, .answer = &SHAPE_EXPERIMENT, .other_answer = &SHAPE_PLAN},
    {"GET", API "/lessons/{name}/outcome", api_lessons_outcome, ROUTE_COMPARE, 200, JSON, NULL, 0,
     "lessons", "What the runs of an experiment say to the claims of a lesson",
     .query = &SHAPE_LESSON_OUTCOME_QUERY, .answer = &SHAPE_LESSON_OUTCOME},
    {"GET", "/api/openapi.json", send_document, 0, 200, JSON, NULL, 0,
     "service", "This document", .query = NULL},
    {"GET", "/healthz", api_health_live, ROUTE_INLINE | ROUTE_OPEN, 200, JSON, NULL, 0,
     "service", "Is the process alive", .answer = &SHAPE_HEALTH},
    {"GET", "/readyz", api_health_ready, ROUTE_OPEN, 200, JSON, NULL, 0,
     "service", "Can it take work: 503 with the reason if not",
     .answer = &SHAPE_HEALTH},
    {"GET", "/metrics", api_health_metrics, 0, 200, "text/plain; version=0.0.4; charset=utf-8",
     NULL, 0, "service", "Counters for Prometheus", .query = NULL},
};
/* clang-format on */
const int ROUTE_COUNT = (int)(sizeof ROUTES / sizeof *ROUTES);

void routes_find(const char *method, const char *path, route_match *out)
{
    route_find(&(route_table){ROUTES, ROUTE_COUNT}, method, path, out);
}

void routes_add_document(buffer *b)
{
    openapi_add_document(b, &(route_table){ROUTES, ROUTE_COUNT});
}

static void send_document(struct app *shared, const request *q, response *r)
{
    (void)shared;
    (void)q;
    routes_add_document(&r->body);
    response_set(r, 200, MESSAGE_JSON);
}
