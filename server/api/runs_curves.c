/* Learning curves and layer diagnostics: records from the store, column by column. */
#include "core/base/array.h"
#include "core/base/nearest.h"
#include "server/api/api.h"
#include "server/api/runs.h"
#include "server/codec/codec.h"
#include "server/store/curves.h"
#include "server/store/runs.h"
#include "server/text/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

typedef struct row {
    int64_t epoch, step;
    double values[METRIC_EPOCH_COUNT];
} row;

typedef struct curve {
    size_t n, capacity;
    row *rows;
    bool has_failed; /* no memory */
} curve;

static bool add_row(void *context, const record *r)
{
    curve *c = context;
    if (!array_reserve(&c->rows, &c->capacity, c->n + 1, ARRAY_BOUNDED_ELSEWHERE)) {
        c->has_failed = true;
        return false;
    }
    row *line = &c->rows[c->n++];
    line->epoch = r->epoch;
    line->step = r->step;
    memcpy(line->values, r->values, sizeof line->values);
    return true;
}

/* Keeps `most` evenly spaced rows, the first and the last among them. */
static void thin(curve *c, size_t most)
{
    if (c->n <= most)
        return;
    for (size_t i = 0; i < most; i++)
        c->rows[i] = c->rows[most == 1 ? c->n - 1 : i * (c->n - 1) / (most - 1)];
    c->n = most;
}

/* ---- columns ---- */

enum { COLUMN_EPOCH = -2, COLUMN_STEP = -1, COLUMNS_LIMIT = METRIC_EPOCH_COUNT + 2 };

typedef struct columns {
    int n;
    int ids[COLUMNS_LIMIT]; /* COLUMN_EPOCH first, then COLUMN_STEP or a metric_id */
} columns;

static const char *column_name(int id)
{
    if (id == COLUMN_EPOCH)
        return "epoch";
    return id == COLUMN_STEP ? "step" : METRICS[id].name;
}

static int column_find(const char *name, size_t n)
{
    for (int id = COLUMN_EPOCH; id < METRIC_EPOCH_COUNT; id++)
        if (strlen(column_name(id)) == n && memcmp(column_name(id), name, n) == 0)
            return id;
    return METRIC_EPOCH_COUNT;
}

static bool has_column(const columns *c, int id)
{
    for (int i = 0; i < c->n; i++)
        if (c->ids[i] == id)
            return true;
    return false;
}

static bool unknown_metric(const char *name, size_t n, fail *f)
{
    const char *known[COLUMNS_LIMIT + 1];
    char wanted[64];
    for (int i = 0; i < COLUMNS_LIMIT; i++)
        known[i] = column_name(i + COLUMN_EPOCH);
    known[COLUMNS_LIMIT] = NULL;
    snprintf(wanted, sizeof wanted, "%.*s", n < sizeof wanted ? (int)n : 60, name);
    const char *nearest = nearest_name(wanted, known);
    return fail_set(f, FAIL_UNKNOWN_FIELD, "/query/metrics",
                    "There is no metric \"%s\" per epoch.%s%s%s", wanted,
                    nearest ? " Did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

/* "val_loss,train_loss": epoch comes first in any case. */
static bool read_columns(const char *names, columns *out, fail *f)
{
    *out = (columns){1, {COLUMN_EPOCH}};
    for (const char *at = names; *at;) {
        size_t n = strcspn(at, ",");
        int id = column_find(at, n);
        if (id == METRIC_EPOCH_COUNT)
            return unknown_metric(at, n, f);
        if (!has_column(out, id))
            out->ids[out->n++] = id;
        at += n + (at[n] == ',');
    }
    return true;
}

static bool is_regression(const run *r, const curve *c)
{
    train_spec spec;
    fail f;
    if (codec_read_config(r->config, strlen(r->config), &spec, &f) && dataset_find(spec.dataset))
        return dataset_find(spec.dataset)->task == TASK_REGRESSION;
    for (size_t i = 0; i < c->n; i++)
        for (int id = 0; id < METRIC_EPOCH_COUNT; id++)
            if (!METRICS[id].classification && isfinite(c->rows[i].values[id]))
                return true;
    return false;
}

/* All that a run of this task has. */
static void fill_columns(bool regression, columns *out)
{
    *out = (columns){2, {COLUMN_EPOCH, COLUMN_STEP}};
    for (int id = 0; id < METRIC_EPOCH_COUNT; id++)
        if (regression ? METRICS[id].regression : METRICS[id].classification)
            out->ids[out->n++] = id;
}

/* ---- answers ---- */

static void add_cell(buffer *b, const row *line, int id, bool is_csv)
{
    if (id == COLUMN_EPOCH)
        json_add_integer(b, line->epoch);
    else if (id == COLUMN_STEP)
        json_add_integer(b, line->step);
    else if (is_csv)
        csv_add_number(b, line->values[id]);
    else
        json_add_number(b, line->values[id]);
}

static void write_json(buffer *b, int64_t run_id, const curve *c, const columns *wanted)
{
    buffer_add_text(b, "{");
    json_add_key(b, "run");
    json_add_integer(b, run_id);
    json_add_key(b, "columns");
    buffer_add_text(b, "{");
    for (int k = 0; k < wanted->n; k++) {
        json_add_key(b, column_name(wanted->ids[k]));
        for (size_t i = 0; i < c->n; i++) {
            buffer_add_text(b, i ? "," : "[");
            add_cell(b, &c->rows[i], wanted->ids[k], false);
        }
        buffer_add_text(b, c->n ? "]" : "[]");
    }
    buffer_add_text(b, "}}");
}

static void write_csv(buffer *b, const curve *c, const columns *wanted)
{
    for (int k = 0; k < wanted->n; k++)
        buffer_add_format(b, "%s%s", k ? "," : "", column_name(wanted->ids[k]));
    buffer_add_text(b, "\r\n");
    for (size_t i = 0; i < c->n; i++) {
        for (int k = 0; k < wanted->n; k++) {
            buffer_add_text(b, k ? "," : "");
            add_cell(b, &c->rows[i], wanted->ids[k], true);
        }
        buffer_add_text(b, "\r\n");
    }
}

typedef struct wish {
    int64_t from_epoch, max_points;
    const char *metrics; /* NULL: all */
    columns columns;
} wish;

static const member CURVES_ROWS[] = {
    {"metrics", MEMBER_TEXT, "Names of columns, separated by commas; all if not given.",
     MEMBER_OPTIONAL, AT(wish, metrics)},
    {"from_epoch", MEMBER_INTEGER, "Only from this epoch on.", MEMBER_OPTIONAL,
     AT(wish, from_epoch), RANGE(0, (double)SPEC_SEED_LIMIT), OTHERWISE(0)},
    {"max_points", MEMBER_INTEGER, "At most so many epochs, evenly spaced.", MEMBER_OPTIONAL,
     AT(wish, max_points), RANGE(1, 1e6), OTHERWISE(1e6)},
};
const shape SHAPE_RUN_CURVES_QUERY = {BYTES_OF(wish), MEMBERS(CURVES_ROWS)};

static bool read_wish(const request *q, wish *out, fail *f)
{
    *out = (wish){.metrics = NULL};
    return request_read_query(q, out, f) &&
           (!out->metrics || read_columns(out->metrics, &out->columns, f));
}

static bool load_curve(app *a, int64_t run_id, wish *w, curve *out, fail *f)
{
    run r = {0};
    curve c = {.n = 0};
    bool is_loaded = store_get_run(a->store, run_id, &r, f) &&
                     store_list_records(a->store, run_id, w->from_epoch, add_row, &c, f);
    if (is_loaded && c.has_failed)
        is_loaded = fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for this curve.");
    if (is_loaded && !w->metrics)
        fill_columns(is_regression(&r, &c), &w->columns);
    run_close(&r);
    if (is_loaded)
        *out = c;
    else
        free(c.rows);
    return is_loaded;
}

void api_runs_curves(app *a, const request *q, response *r)
{
    wish w;
    curve c;
    fail f;
    if (!read_wish(q, &w, &f) || !load_curve(a, q->ids[0], &w, &c, &f)) {
        response_fail(r, &f);
        return;
    }
    thin(&c, (size_t)w.max_points);
    bool is_csv = request_wants_csv(q);
    if (is_csv)
        write_csv(&r->body, &c, &w.columns);
    else
        write_json(&r->body, q->ids[0], &c, &w.columns);
    free(c.rows);
    api_send_tagged(q, is_csv ? MESSAGE_CSV : MESSAGE_JSON, r);
}

/* ---- layers ---- */

typedef struct layer_rows {
    size_t n, capacity;
    struct layer_row {
        int64_t epoch;
        int layer;
        double values[LAYER_METRIC_COUNT];
    } * rows;
    int n_layers;
    bool has_failed;
} layer_rows;

static bool add_layer(void *context, int64_t epoch, int layer,
                      const double values[LAYER_METRIC_COUNT])
{
    layer_rows *l = context;
    if (!array_reserve(&l->rows, &l->capacity, l->n + 1, ARRAY_BOUNDED_ELSEWHERE)) {
        l->has_failed = true;
        return false;
    }
    struct layer_row *line = &l->rows[l->n++];
    line->epoch = epoch;
    line->layer = layer;
    memcpy(line->values, values, sizeof line->values);
    if (layer >= l->n_layers)
        l->n_layers = layer + 1;
    return true;
}

/* One column of one layer; id -1: the epochs. */
static void add_layer_column(buffer *b, const layer_rows *l, int layer, int id)
{
    json_add_key(b, id < 0 ? "epoch" : LAYER_METRICS[id].name);
    buffer_add_text(b, "[");
    for (size_t i = 0; i < l->n; i++) {
        if (l->rows[i].layer != layer)
            continue;
        json_add_separator(b);
        if (id < 0)
            json_add_integer(b, l->rows[i].epoch);
        else
            json_add_number(b, l->rows[i].values[id]);
    }
    buffer_add_text(b, "]");
}

static void write_layers(buffer *b, int64_t run_id, const layer_rows *l)
{
    buffer_add_text(b, "{");
    json_add_key(b, "run");
    json_add_integer(b, run_id);
    json_add_key(b, "layers");
    buffer_add_text(b, "[");
    for (int layer = 0; layer < l->n_layers; layer++) {
        json_add_separator(b);
        buffer_add_text(b, "{");
        json_add_key(b, "layer");
        json_add_integer(b, layer);
        json_add_key(b, "columns");
        buffer_add_text(b, "{");
        for (int id = -1; id < LAYER_METRIC_COUNT; id++)
            add_layer_column(b, l, layer, id);
        buffer_add_text(b, "}}");
    }
    buffer_add_text(b, "]}");
}

void api_runs_layers(app *a, const request *q, response *r)
{
    run row_of_run = {0};
    layer_rows l = {.n = 0};
    fail f;
    bool is_loaded = store_get_run(a->store, q->ids[0], &row_of_run, &f) &&
                     store_list_layers(a->store, q->ids[0], add_layer, &l, &f);
    run_close(&row_of_run);
    if (is_loaded && l.has_failed)
        is_loaded = fail_set(&f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for these layers.");
    if (is_loaded) {
        write_layers(&r->body, q->ids[0], &l);
        api_send_tagged(q, MESSAGE_JSON, r);
    } else {
        response_fail(r, &f);
    }
    free(l.rows);
}
