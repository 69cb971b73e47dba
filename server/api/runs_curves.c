/* Learning curves and layer diagnostics: records from the store, column by column. */
#include "core/base/array.h"
#include "server/api/api.h"
#include "server/api/runs.h"
#include "server/codec/codec.h"
#include "server/codec/curves.h"
#include "server/store/curves.h"
#include "server/store/runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines ---- */

typedef struct curve {
    size_t n, capacity;
    curve_line *lines;
    bool has_failed; /* no memory */
} curve;

static bool add_line(void *context, const record *r)
{
    curve *c = context;
    if (!array_reserve(&c->lines, &c->capacity, c->n + 1, ARRAY_BOUNDED_ELSEWHERE)) {
        c->has_failed = true;
        return false;
    }
    curve_line *line = &c->lines[c->n++];
    line->epoch = r->epoch;
    line->step = r->step;
    memcpy(line->values, r->values, sizeof line->values);
    return true;
}

/* Keeps `most` evenly spaced lines, the first and the last among them. */
static void thin(curve *c, size_t most)
{
    if (c->n <= most)
        return;
    for (size_t i = 0; i < most; i++)
        c->lines[i] = c->lines[most == 1 ? c->n - 1 : i * (c->n - 1) / (most - 1)];
    c->n = most;
}

/* ---- columns ---- */

typedef struct columns {
    int n;
    int ids[CURVE_COLUMNS_LIMIT]; /* CURVE_EPOCH first */
} columns;

static const char *column_name(int i)
{
    return codec_curve_column(i + CURVE_EPOCH);
}

static int column_find(const char *name, size_t n)
{
    int i = 0;
    while (column_name(i) && (strlen(column_name(i)) != n || memcmp(column_name(i), name, n) != 0))
        i++;
    return i + CURVE_EPOCH;
}

static bool has_column(const columns *c, int id)
{
    for (int i = 0; i < c->n; i++)
        if (c->ids[i] == id)
            return true;
    return false;
}

/* "val_loss,train_loss", which are known: epoch comes first in any case. */
static void read_columns(const char *names, columns *out)
{
    *out = (columns){1, {CURVE_EPOCH}};
    for (const char *at = names; *at;) {
        size_t n = strcspn(at, ",");
        int id = column_find(at, n);
        if (!has_column(out, id))
            out->ids[out->n++] = id;
        at += n + (at[n] == ',');
    }
}

static bool is_regression(const run *r, const curve *c)
{
    train_spec spec;
    fail f;
    if (codec_read_config(r->config, strlen(r->config), &spec, &f) && dataset_find(spec.dataset))
        return dataset_find(spec.dataset)->task == TASK_REGRESSION;
    for (size_t i = 0; i < c->n; i++)
        for (int id = 0; id < METRIC_EPOCH_COUNT; id++)
            if (!METRICS[id].classification && isfinite(c->lines[i].values[id]))
                return true;
    return false;
}

/* All that a run of this task has. */
static void fill_columns(bool regression, columns *out)
{
    *out = (columns){2, {CURVE_EPOCH, CURVE_STEP}};
    for (int id = 0; id < METRIC_EPOCH_COUNT; id++)
        if (regression ? METRICS[id].regression : METRICS[id].classification)
            out->ids[out->n++] = id;
}

/* ---- answers ---- */

typedef struct wish {
    int64_t from_epoch, max_points;
    const char *metrics; /* NULL: all */
    columns columns;
} wish;

static const member CURVES_ROWS[] = {
    {"metrics", MEMBER_NAME, "Names of columns, separated by commas; all if not given.",
     MEMBER_OPTIONAL, AT(wish, metrics), .depth = 1, .least = 1, .name_at = column_name},
    {"from_epoch", MEMBER_INTEGER, "Only from this epoch on.", MEMBER_OPTIONAL,
     AT(wish, from_epoch), RANGE(0, (double)SPEC_SEED_LIMIT), OTHERWISE(0)},
    {"max_points", MEMBER_INTEGER, "At most so many epochs, evenly spaced.", MEMBER_OPTIONAL,
     AT(wish, max_points), RANGE(1, 1e6), OTHERWISE(1e6)},
};
const shape SHAPE_RUN_CURVES_QUERY = {BYTES_OF(wish), MEMBERS(CURVES_ROWS)};

static bool read_wish(const request *q, wish *out, fail *f)
{
    *out = (wish){.metrics = NULL};
    if (!request_read_query(q, out, f))
        return false;
    if (out->metrics)
        read_columns(out->metrics, &out->columns);
    return true;
}

static bool load_lines(app *a, const run *row, wish *w, curve *out, fail *f)
{
    curve c = {.n = 0};
    bool is_loaded = store_list_records(a->store, row->id, w->from_epoch, add_line, &c, f);
    if (is_loaded && c.has_failed)
        is_loaded = fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for this curve.");
    if (is_loaded && !w->metrics)
        fill_columns(is_regression(row, &c), &w->columns);
    if (is_loaded)
        *out = c;
    else
        free(c.lines);
    return is_loaded;
}

static bool send_curve(app *a, const request *q, const run *row, wish *w, response *r, fail *f)
{
    curve c;
    if (!load_lines(a, row, w, &c, f))
        return false;
    thin(&c, (size_t)w->max_points);
    bool is_csv = request_wants_csv(q);
    const curve_answer answer = {row->id, c.n, c.lines, w->columns.n, w->columns.ids};
    if (is_csv)
        codec_add_curves_csv(&r->body, &answer);
    else
        shape_add(&r->body, &SHAPE_CURVES, &answer);
    free(c.lines);
    api_send_tagged(q, is_csv ? MESSAGE_CSV : MESSAGE_JSON, r);
    return true;
}

void api_runs_curves(app *a, const request *q, response *r)
{
    wish w;
    run row = {0};
    fail f;
    bool is_there = read_wish(q, &w, &f) && store_get_run(a->store, q->ids[0], &row, &f);
    bool is_known = is_there && api_answer_lasting(a, &row, q, r);
    if (!is_known && (!is_there || !send_curve(a, q, &row, &w, r, &f)))
        response_fail(r, &f);
    run_close(&row);
}

/* ---- layers ---- */

typedef struct layer_table {
    size_t n, capacity;
    layer_line *lines;
    int n_layers;
    bool has_failed;
} layer_table;

static bool add_layer(void *context, int64_t epoch, int layer,
                      const double values[LAYER_METRIC_COUNT])
{
    layer_table *l = context;
    if (!array_reserve(&l->lines, &l->capacity, l->n + 1, ARRAY_BOUNDED_ELSEWHERE)) {
        l->has_failed = true;
        return false;
    }
    layer_line *line = &l->lines[l->n++];
    line->epoch = epoch;
    line->layer = layer;
    memcpy(line->values, values, sizeof line->values);
    if (layer >= l->n_layers)
        l->n_layers = layer + 1;
    return true;
}

static bool send_layers(app *a, const request *q, response *r, fail *f)
{
    layer_table l = {.n = 0};
    bool is_loaded = store_list_layers(a->store, q->ids[0], add_layer, &l, f);
    if (is_loaded && l.has_failed)
        is_loaded = fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for these layers.");
    if (is_loaded) {
        shape_add(&r->body, &SHAPE_LAYERS, &(layers_answer){q->ids[0], l.n, l.lines, l.n_layers});
        api_send_tagged(q, MESSAGE_JSON, r);
    }
    free(l.lines);
    return is_loaded;
}

void api_runs_layers(app *a, const request *q, response *r)
{
    run row = {0};
    fail f;
    bool is_there = store_get_run(a->store, q->ids[0], &row, &f);
    bool is_known = is_there && api_answer_lasting(a, &row, q, r);
    if (!is_known && (!is_there || !send_layers(a, q, r, &f)))
        response_fail(r, &f);
    run_close(&row);
}
