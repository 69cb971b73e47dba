#include "server/api/routes.h"

#include "core/base/nearest.h"
#include "server/api/tokens.h"
#include "server/api/comparison.h"
#include "server/api/datasets.h"
#include "server/api/events.h"
#include "server/api/experiments.h"
#include "server/api/fields.h"
#include "server/api/health.h"
#include "server/api/openapi.h"
#include "server/api/recipes.h"
#include "server/api/runs.h"
#include "server/api/runs_boundary.h"
#include "server/api/runs_evaluation.h"
#include "server/api/session.h"
#include "server/api/sql.h"
#include "server/codec/codec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API "/api/v1"
#define JSON "application/json"
#define KIB ((uint64_t)1024)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define UPLOAD_TYPES                                                                               \
    "multipart/form-data application/octet-stream application/gzip application/x-gzip "            \
    "application/zip text/csv application/csv text/plain application/vnd.ms-excel "                \
    "application/x-npy application/x-npz application/x-idx -"

/* Schemas of parameters. */
#define TEXT "{\"type\":\"string\"}"
#define FLAG "{\"type\":\"boolean\"}"
#define COUNT "{\"type\":\"integer\",\"minimum\":1}"
#define INDEX "{\"type\":\"integer\",\"minimum\":0}"
#define GRID "{\"type\":\"integer\",\"minimum\":4,\"maximum\":128}"
#define STATE                                                                                      \
    "{\"type\":\"string\",\"enum\":[\"queued\",\"running\",\"paused\",\"completed\",\"failed\","   \
    "\"cancelled\"]}"
#define AT "{\"type\":\"string\",\"enum\":[\"selected\",\"best\",\"last\"]}"
#define FORMAT "{\"type\":\"string\",\"enum\":[\"safetensors\"]}"

/* Schemas of bodies. */
#define PATCH_BODY                                                                                 \
    "{\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":1,\"properties\":{"     \
    "\"name\":{\"type\":\"string\"},\"description\":{\"type\":\"string\"},"                        \
    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"                               \
    "\"priority\":{\"type\":\"integer\",\"minimum\":-10,\"maximum\":10}}}"
#define EXTEND_BODY                                                                                \
    "{\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":1,\"properties\":{"     \
    "\"repeats\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000},"                           \
    "\"sweep\":{\"type\":\"object\"}}}"
#define PREDICT_BODY                                                                               \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"inputs\"],"               \
    "\"properties\":{\"inputs\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":"           \
    "\"array\",\"items\":{\"type\":\"number\"}}},\"mode\":{\"type\":\"string\",\"enum\":["         \
    "\"eval\",\"train\"]},\"samples\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000}}}"
#define SQL_BODY                                                                                   \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"query\"],"                \
    "\"properties\":{\"query\":{\"type\":\"string\"},\"parameters\":{\"type\":\"object\","         \
    "\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}},"           \
    "\"limit\":{\"type\":\"integer\",\"minimum\":1}}}"
#define TOKEN_BODY                                                                                 \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"token\"],"                \
    "\"properties\":{\"token\":{\"type\":\"string\"}}}"

#define DRY_RUN                                                                                    \
    {                                                                                              \
        "dry_run", "Answer what would be done, and store nothing.", FLAG                           \
    }
#define SORT                                                                                       \
    {                                                                                              \
        "sort", "A column; with - before it, the greatest first.", TEXT                            \
    }
#define LAST_EVENT_ID                                                                              \
    {                                                                                              \
        "last_event_id", "As the header Last-Event-ID, for what cannot set headers.", INDEX        \
    }
#define METRIC                                                                                     \
    {                                                                                              \
        "metric", "A metric's name; val_loss if not given.", TEXT                                  \
    }

/* A POST that only acts: an empty body, or a JSON one that nobody reads. */
#define ACTION .types = JSON " -", .body_limit = 4 * KIB

static const route_parameter LIST_PARAMETERS[] = {
    {"limit", "Items in the answer, 50 if not given.",
     "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500}"},
    {"cursor", "next_cursor of the answer before.", TEXT}};

/* clang-format off */
const route ROUTES[] = {
    {"POST", API "/experiments", api_experiments_create, ROUTE_PLAN, 201, JSON, JSON, MIB,
     "experiments", "Submit an experiment; its runs are queued, and durable before the answer",
     "spec", {DRY_RUN}},
    {"GET", API "/experiments", api_experiments_list, ROUTE_LIST, 200, JSON, NULL, 0,
     "experiments", "List experiments", NULL,
     {{"status", "Only those in this state.", STATE}, {"tag", "Only those with this tag.", TEXT},
      {"q", "Only those with this text in name or description.", TEXT}, SORT}},
    {"GET", API "/experiments/{id}", api_experiments_get, 0, 200, JSON, NULL, 0,
     "experiments", "One experiment with counts of its runs and progress", NULL, {{0}}},
    {"PATCH", API "/experiments/{id}", api_experiments_update, 0, 200, JSON, JSON, 64 * KIB,
     "experiments", "Change name, description, tags, priority", PATCH_BODY, {{0}}},
    {"DELETE", API "/experiments/{id}", api_experiments_delete, ROUTE_SLOW, 204, "", NULL, 0,
     "experiments", "Delete with all its runs", NULL,
     {{"force", "Also while runs are running: they are cancelled first.", FLAG}}},
    {"POST", API "/experiments/{id}/cancel", api_experiments_cancel, 0, 200, JSON, ACTION,
     .tag = "experiments", .summary = "Cancel the queued and running runs"},
    {"POST", API "/experiments/{id}/pause", api_experiments_pause, 0, 200, JSON, ACTION,
     .tag = "experiments", .summary = "Pause at the next checkpoint"},
    {"POST", API "/experiments/{id}/resume", api_experiments_resume, 0, 200, JSON, ACTION,
     .tag = "experiments", .summary = "Go on with paused runs"},
    {"POST", API "/experiments/{id}/extend", api_experiments_extend, ROUTE_PLAN, 200, JSON, JSON, MIB,
     "experiments", "Queue the missing (config, seed) cells of a larger sweep", EXTEND_BODY, {{0}}},
    {"GET", API "/experiments/{id}/runs", api_experiments_runs, ROUTE_LIST | ROUTE_ANY_QUERY, 200,
     JSON, NULL, 0, "experiments", "Runs of one experiment; any column of run_results filters",
     NULL, {{"status", "Only those in this state.", STATE}, SORT}},
    {"GET", API "/experiments/{id}/curves", api_comparison_curves, 0, 200, JSON, NULL, 0,
     "experiments", "Per config: mean, deviation, least, greatest and n over seeds at each epoch",
     NULL, {METRIC}},
    {"GET", API "/experiments/{id}/comparison", api_comparison_get, 0, 200, JSON, NULL, 0,
     "experiments", "Configs compared with the baseline, paired by seed", NULL,
     {METRIC, {"at", "Which weights' value.", AT},
      {"select_by", "The validation metric that chooses a config.", TEXT}}},
    {"GET", API "/experiments/{id}/events", api_events_experiment, ROUTE_STREAM, 200,
     "text/event-stream", NULL, 0, "events", "Events of one experiment", NULL, {LAST_EVENT_ID}},
    {"GET", API "/runs", api_runs_list, ROUTE_LIST | ROUTE_ANY_QUERY, 200, JSON, NULL, 0,
     "runs", "List runs; any column of run_results filters", NULL,
     {{"experiment_id", "Only those of this experiment.", COUNT},
      {"status", "Only those in this state.", STATE},
      {"config_id", "Only those with this configuration.", TEXT},
      {"seed", "Only those with this seed.", INDEX}, SORT}},
    {"GET", API "/runs/{id}", api_runs_get, 0, 200, JSON, NULL, 0,
     "runs", "One run with its configuration and final metrics", NULL, {{0}}},
    {"GET", API "/runs/{id}/curves", api_runs_curves, ROUTE_CSV, 200, JSON, NULL, 0,
     "runs", "Learning curves, column by column", NULL,
     {{"metrics", "Names of columns, separated by commas; all if not given.", TEXT},
      {"from_epoch", "Only from this epoch on.", INDEX},
      {"max_points", "At most so many epochs, evenly spaced.", COUNT}}},
    {"GET", API "/runs/{id}/layers", api_runs_layers, 0, 200, JSON, NULL, 0,
     "runs", "Diagnostics per layer and epoch", NULL, {{0}}},
    {"GET", API "/runs/{id}/model", api_runs_model, 0, 200, "application/octet-stream", NULL, 0,
     "runs", "The selected weights as safetensors", NULL,
     {{"format", "safetensors.", FORMAT}, {"epoch", "0: the initial weights.", INDEX}}},
    {"GET", API "/runs/{id}/evaluation", api_runs_evaluation, ROUTE_SLOW, 200, JSON, NULL, 0,
     "runs", "What the run gets wrong on its test split: confusion and calibration, or residuals",
     NULL, {{0}}},
    {"GET", API "/runs/{id}/boundary", api_runs_boundary, ROUTE_SLOW, 200, JSON, NULL, 0,
     "runs", "What the net answers over the plane of two inputs, epoch by epoch", NULL,
     {{"epochs", "Increasing, separated by commas; 0, 1, 2, 5, 10, ... and the last if not given.",
       TEXT},
      {"size", "Cells along each side, 48 if not given.", GRID}}},
    {"POST", API "/runs/{id}/predict", api_runs_predict, ROUTE_SLOW | ROUTE_READ, 200, JSON, JSON, 16 * MIB,
     "runs", "Predict with the selected weights", PREDICT_BODY, {{0}}},
    {"GET", API "/runs/{id}/events", api_events_run, ROUTE_STREAM, 200, "text/event-stream", NULL,
     0, "events", "Events of one run", NULL, {LAST_EVENT_ID}},
    {"POST", API "/runs/{id}/cancel", api_runs_cancel, 0, 200, JSON, ACTION,
     .tag = "runs", .summary = "Cancel a queued or running run"},
    {"POST", API "/runs/{id}/retry", api_runs_retry, ROUTE_SLOW, 200, JSON, ACTION,
     .tag = "runs", .summary = "Queue a failed or cancelled run again"},
    {"GET", API "/events", api_events_list, ROUTE_STREAM, 200, "text/event-stream", NULL, 0,
     "events", "Events of all experiments, or of those named", NULL,
     {{"experiments", "Ids, separated by commas; all if not given.", TEXT}, LAST_EVENT_ID}},
    {"GET", API "/datasets", api_datasets_list, ROUTE_LIST, 200, JSON, NULL, 0,
     "datasets", "List data sets, the built-in ones first", NULL, {{0}}},
    {"GET", API "/datasets/{name}", api_datasets_get, 0, 200, JSON, NULL, 0,
     "datasets", "One data set", NULL, {{0}}},
    {"PUT", API "/datasets/{name}", api_datasets_put, ROUTE_UPLOAD | ROUTE_SLOW, 201, JSON, UPLOAD_TYPES,
     2 * GIB, "datasets", "Register a data set from one file, or from several as form data", NULL,
     {{"label", "CSV: the label column's name or index; else one called label, class, target or y, or the last.", TEXT},
      {"header", "CSV: whether the first row holds names.", FLAG},
      {"task", "classification or regression; found out if not given.", TEXT}}},
    {"DELETE", API "/datasets/{name}", api_datasets_delete, 0, 204, "", NULL, 0,
     "datasets", "Remove a data set that no unfinished experiment uses", NULL, {{0}}},
    {"GET", API "/datasets/{name}/preview", api_datasets_preview, ROUTE_SLOW, 200, JSON, NULL, 0,
     "datasets", "First rows, class counts, pictures; of a built-in set with the options given", NULL,
     {{"rows", "How many rows.", COUNT}, {"images", "How many pictures.", COUNT},
      {"n", "Option of the set: how many samples.", COUNT},
      {"noise", "Option of the set.", "{\"type\":\"number\",\"minimum\":0}"},
      {"classes", "Option of the set.", COUNT}, {"dimensions", "Option of the set: inputs.", COUNT}}},
    {"POST", API "/sql", api_sql_post, ROUTE_CSV | ROUTE_SLOW | ROUTE_READ, 200, JSON, JSON, MIB,
     "sql", "Run one read-only statement", SQL_BODY, {{0}}},
    {"GET", API "/sql", api_sql_get, ROUTE_CSV | ROUTE_ANY_QUERY | ROUTE_SLOW, 200, JSON, NULL, 0,
     "sql", "Run one read-only statement; any other parameter NAME is bound to :NAME", NULL,
     {{"query", "The statement.", TEXT}, {"limit", "At most so many rows.", COUNT}}},
    {"POST", API "/session", api_session_post, ROUTE_INLINE | ROUTE_OPEN, 204, "", JSON, 4 * KIB,
     "service", "A token in, a cookie out", TOKEN_BODY, {{0}}},
    {"GET", API "/fields", api_fields_list, ROUTE_LIST, 200, JSON, NULL, 0,
     "service", "The fields of a specification, and the metrics", NULL, {{0}}},
    {"GET", API "/recipes", api_recipes_list, ROUTE_LIST, 200, JSON, NULL, 0,
     "recipes", "List the ready-made experiments", NULL, {{0}}},
    {"POST", API "/recipes/{name}", api_recipes_queue, ROUTE_PLAN, 201, JSON, ACTION,
     .tag = "recipes", .summary = "Queue a ready-made experiment", .query = {DRY_RUN}},
    {"GET", "/api/openapi.json", api_openapi, 0, 200, JSON, NULL, 0,
     "service", "This document", NULL, {{0}}},
    {"GET", "/healthz", api_health_live, ROUTE_INLINE | ROUTE_OPEN, 200, JSON, NULL, 0,
     "service", "Is the process alive", NULL, {{0}}},
    {"GET", "/readyz", api_health_ready, ROUTE_OPEN, 200, JSON, NULL, 0,
     "service", "Can it take work: 503 with the reason if not", NULL, {{0}}},
    {"GET", "/metrics", api_health_metrics, 0, 200, "text/plain; version=0.0.4; charset=utf-8",
     NULL, 0, "service", "Counters for Prometheus", NULL, {{0}}},
};
/* clang-format on */
const int ROUTE_COUNT = (int)(sizeof ROUTES / sizeof *ROUTES);

/* ---- finding ---- */

static bool read_id(const char *text, size_t n, int64_t *out)
{
    if (n == 0 || n > 16 || strspn(text, "0123456789") < n || text[0] == '0')
        return false;
    *out = strtoll(text, NULL, 10);
    return *out <= 9007199254740991LL;
}

/* One path against one pattern, segment by segment. */
static bool matches(const char *pattern, const char *path, route_match *m)
{
    int n_ids = 0;
    m->name = NULL;
    while (*pattern && *path) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t n = strcspn(path, "/");
        if (strncmp(pattern, "{id}", 4) == 0) {
            assert(n_ids < MESSAGE_IDS_LIMIT);
            if (!read_id(path, n, &m->ids[n_ids++]))
                return false;
        } else {
            m->name = path;
            if (n == 0)
                return false;
        }
        pattern += strcspn(pattern, "}") + 1;
        path += n;
    }
    return !*pattern && !*path;
}

static void allow(route_match *m, const char *method)
{
    size_t n = strlen(m->allow);
    snprintf(m->allow + n, sizeof m->allow - n, "%s%s%s", n ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

void routes_find_in(const route *rows, int n, const char *method, const char *path,
                    route_match *out)
{
    *out = (route_match){0};
    for (int i = 0; i < n; i++) {
        route_match m = *out;
        if (!matches(rows[i].pattern, path, &m))
            continue;
        out->path_known = true;
        allow(out, rows[i].method);
        if (strcmp(rows[i].method, method) != 0)
            continue;
        m.row = &rows[i];
        m.path_known = true;
        *out = m;
        return;
    }
}

void routes_find(const char *method, const char *path, route_match *out)
{
    routes_find_in(ROUTES, ROUTE_COUNT, method, path, out);
}

/* ---- parameters ---- */

const route_parameter *route_parameter_get(const route *row, int i)
{
    int n = 0;
    while (n < ROUTE_PARAMETERS_LIMIT && row->query[n].name)
        n++;
    if (i < n)
        return &row->query[i];
    i -= n;
    bool is_list = row->flags & ROUTE_LIST;
    return is_list && i < (int)(sizeof LIST_PARAMETERS / sizeof *LIST_PARAMETERS)
               ? &LIST_PARAMETERS[i]
               : NULL;
}

static bool refuse_parameter(const route *row, const char *name, fail *f)
{
    char pointer[128];
    const char *known[ROUTE_PARAMETERS_LIMIT + 3] = {NULL};
    for (int i = 0; route_parameter_get(row, i); i++)
        known[i] = route_parameter_get(row, i)->name;
    const char *nearest = nearest_name(name, known);
    snprintf(pointer, sizeof pointer, "/query/%.60s", name);
    return fail_set(f, FAIL_UNKNOWN_FIELD, pointer, "There is no query parameter %.60s here%s%s%s",
                    name, nearest ? "; did you mean " : ".", nearest ? nearest : "",
                    nearest ? "?" : "");
}

static bool has_parameter(const route *row, const char *name)
{
    for (int i = 0; route_parameter_get(row, i); i++)
        if (strcmp(route_parameter_get(row, i)->name, name) == 0)
            return true;
    return false;
}

int route_access(const route *row, const request *q)
{
    fail unused;
    bool is_dry = false;
    if (row->flags & ROUTE_OPEN)
        return 0;
    if (row->flags & ROUTE_WORKER)
        return ACCESS_WORKER;
    if (strcmp(row->method, "GET") == 0 || row->flags & ROUTE_READ)
        return ACCESS_READ;
    if (has_parameter(row, "dry_run") &&
        !request_query_boolean(q, "dry_run", false, &is_dry, &unused))
        is_dry = false;
    return is_dry ? ACCESS_READ : ACCESS_WRITE;
}

bool route_check_query(const route *row, const request *q, fail *f)
{
    for (int i = 0; i < q->n_query && !(row->flags & ROUTE_ANY_QUERY); i++)
        if (!has_parameter(row, q->query[i].name))
            return refuse_parameter(row, q->query[i].name, f);
    return true;
}
