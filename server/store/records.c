/* The learning curves: one row per epoch and one per layer. */
#include "server/store/columns.h"
#include "server/store/curves.h"
#include "server/store/internal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- adding ---- */

static void write_insert_epoch(buffer *b)
{
    buffer_add_text(b, "INSERT OR IGNORE INTO epochs (run_id, epoch, step");
    store_columns_add(b, STORE_EPOCH_COLUMNS, ", ", "");
    buffer_add_text(b, ") VALUES (?, ?, ?");
    store_columns_add_places(b, STORE_EPOCH_COLUMNS);
    buffer_add_text(b, ")");
}

static void write_insert_layer(buffer *b)
{
    buffer_add_text(b, "INSERT OR IGNORE INTO layers (run_id, epoch, layer");
    store_columns_add(b, STORE_LAYER_COLUMNS, ", ", "");
    buffer_add_text(b, ") VALUES (?, ?, ?");
    store_columns_add_places(b, STORE_LAYER_COLUMNS);
    buffer_add_text(b, ")");
}

static const char SET_EPOCH[] = "UPDATE runs SET epoch = max(epoch, ?2) WHERE id = ?1";
static const char GET_EXPERIMENT[] =
    "SELECT experiment_id FROM runs WHERE id = ?1" STORE_NOT_DELETED("experiment_id");

typedef struct addition {
    int64_t run_id;
    record record; /* cut behind its last layer when copied */
} addition;

static bool insert_epoch(store_writer *w, int64_t run_id, const record *r, bool *is_new, fail *f)
{
    sqlite3_stmt *insert = store_prepare_written(&w->connection, write_insert_epoch, f);
    if (!insert)
        return false;
    store_bind_integer(insert, 1, run_id);
    store_bind_integer(insert, 2, r->epoch);
    store_bind_integer(insert, 3, r->step);
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        store_bind_number(insert, 4 + i, r->values[i]);
    if (!store_done(&w->connection, insert, f))
        return false;
    *is_new = sqlite3_changes(w->connection.db) > 0;
    return true;
}

static bool insert_layers(store_writer *w, int64_t run_id, const record *r, fail *f)
{
    sqlite3_stmt *insert = store_prepare_written(&w->connection, write_insert_layer, f);
    if (!insert)
        return false;
    for (int layer = 0; layer < r->n_layers; layer++) {
        store_bind_integer(insert, 1, run_id);
        store_bind_integer(insert, 2, r->epoch);
        store_bind_integer(insert, 3, layer);
        for (int i = 0; i < LAYER_METRIC_COUNT; i++)
            store_bind_number(insert, 4 + i, r->layers[layer][i]);
        if (!store_done(&w->connection, insert, f))
            return false;
    }
    return true;
}

static bool set_epoch(store_writer *w, int64_t run_id, int64_t epoch, fail *f)
{
    store_connection *c = &w->connection;
    return store_run_with_2(c, store_prepare(c, SET_EPOCH, f), run_id, epoch, f);
}

static bool get_experiment_of(store_writer *w, int64_t run_id, int64_t *experiment_id, fail *f)
{
    store_connection *c = &w->connection;
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, GET_EXPERIMENT, f), run_id, &row, f))
        return false;
    if (!row)
        return store_no_run(run_id, f);
    *experiment_id = store_column_integer(row, 0);
    store_reset(row);
    return true;
}

static bool change_add_record(store_writer *w, void *arguments, fail *f)
{
    const addition *in = arguments;
    const record *r = &in->record;
    bool is_new;
    event_row event = {.kind = EVENT_EPOCH, .run_id = in->run_id, .epoch = r->epoch};
    if (!get_experiment_of(w, in->run_id, &event.experiment_id, f) ||
        !insert_epoch(w, in->run_id, r, &is_new, f))
        return false;
    if (!is_new) /* trained again after a crash: told already */
        return true;
    memcpy(&event.record, r, offsetof(record, n_layers));
    return insert_layers(w, in->run_id, r, f) && set_epoch(w, in->run_id, r->epoch, f) &&
           store_add_event(w, &event, f);
}

void store_add_record(store *s, int64_t run_id, const record *r)
{
    addition in = {.run_id = run_id, .record = *r};
    size_t bytes = offsetof(addition, record.layers) + (size_t)r->n_layers * sizeof r->layers[0];
    store_write_later(s, change_add_record, &in, bytes);
}

/* ---- reading ---- */

static void write_list_epochs(buffer *b)
{
    buffer_add_text(b, "SELECT epoch, step");
    store_columns_add(b, STORE_EPOCH_COLUMNS, ", ", "");
    buffer_add_text(b, " FROM epochs WHERE run_id = ?1 AND epoch >= ?2 ORDER BY epoch");
}

typedef struct record_list {
    int64_t run_id, from_epoch;
    record_callback *each;
    void *context;
} record_list;

static bool give_record(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const record_list *list = context;
    record r = {.epoch = store_column_integer(row, 0), .step = store_column_integer(row, 1)};
    (void)f;
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        r.values[i] = store_column_number(row, 2 + i);
    *go_on = list->each(list->context, &r);
    return true;
}

static bool look_at_records(store_connection *c, void *arguments, fail *f)
{
    const record_list *in = arguments;
    if (!store_check_run(c, in->run_id, f))
        return false;
    sqlite3_stmt *list = store_prepare_written(c, write_list_epochs, f);
    if (list) {
        store_bind_integer(list, 1, in->run_id);
        store_bind_integer(list, 2, in->from_epoch);
    }
    return store_each(c, list, give_record, arguments, f);
}

bool store_list_records(store *s, int64_t run_id, int64_t from_epoch, record_callback *each,
                        void *context, fail *f)
{
    record_list in = {run_id, from_epoch, each, context};
    return store_read(s, look_at_records, &in, f);
}

static void write_list_layers(buffer *b)
{
    buffer_add_text(b, "SELECT epoch, layer");
    store_columns_add(b, STORE_LAYER_COLUMNS, ", ", "");
    buffer_add_text(b, " FROM layers WHERE run_id = ?1 ORDER BY epoch, layer");
}

typedef struct layer_list {
    int64_t run_id;
    layer_callback *each;
    void *context;
} layer_list;

static bool give_layer(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const layer_list *list = context;
    double values[LAYER_METRIC_COUNT];
    (void)f;
    for (int i = 0; i < LAYER_METRIC_COUNT; i++)
        values[i] = store_column_number(row, 2 + i);
    *go_on = list->each(list->context, store_column_integer(row, 0),
                        (int)store_column_integer(row, 1), values);
    return true;
}

static bool look_at_layers(store_connection *c, void *arguments, fail *f)
{
    const layer_list *in = arguments;
    if (!store_check_run(c, in->run_id, f))
        return false;
    sqlite3_stmt *list = store_prepare_written(c, write_list_layers, f);
    if (list)
        store_bind_integer(list, 1, in->run_id);
    return store_each(c, list, give_layer, arguments, f);
}

bool store_list_layers(store *s, int64_t run_id, layer_callback *each, void *context, fail *f)
{
    layer_list in = {run_id, each, context};
    return store_read(s, look_at_layers, &in, f);
}

/* ---- one metric of many runs ---- */

typedef struct curve_list {
    int64_t experiment_id;
    metric_id which;
    curve_callback *each;
    void *context;
    int64_t last_event;
} curve_list;

/* CROSS JOIN: runs first, so that the long table is read by its key only. */
static sqlite3_stmt *prepare_curves(const store_connection *c, metric_id which, fail *f)
{
    char sql[512];
    const char *column = METRICS[which].name;
    snprintf(sql, sizeof sql,
             "SELECT r.config_id, r.id, r.seed, e.epoch, e.%s "
             "FROM runs r CROSS JOIN epochs e ON e.run_id = r.id "
             "WHERE r.experiment_id = ?1 AND e.%s IS NOT NULL "
             "ORDER BY r.config_id, e.epoch, r.seed, r.id",
             column, column);
    return store_prepare_once(c, sql, f);
}

static bool give_point(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const curve_list *list = context;
    (void)f;
    *go_on = list->each(list->context, (const char *)sqlite3_column_text(row, 0),
                        store_column_integer(row, 1), store_column_integer(row, 2),
                        store_column_integer(row, 3), store_column_number(row, 4));
    return true;
}

static bool look_at_curves(store_connection *c, void *arguments, fail *f)
{
    curve_list *in = arguments;
    int64_t first;
    if (!store_check_experiment(c, in->experiment_id, f) ||
        !store_read_event_range(c, &first, &in->last_event, f))
        return false;
    sqlite3_stmt *list = prepare_curves(c, in->which, f);
    if (list)
        store_bind_integer(list, 1, in->experiment_id);
    bool is_good = store_each(c, list, give_point, in, f);
    sqlite3_finalize(list);
    return is_good;
}

/* The last event and the values are of one moment. */
bool store_list_curves(store *s, int64_t experiment_id, metric_id which, curve_callback *each,
                       void *context, int64_t *last_event, fail *f)
{
    curve_list in = {experiment_id, which, each, context, 0};
    if (!store_read_at_once(s, look_at_curves, &in, f))
        return false;
    *last_event = in.last_event;
    return true;
}
