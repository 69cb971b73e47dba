/* records — the learning curves: one row per epoch and one per layer, and what a
 * configuration's runs amount to. */
#include "server/store/columns.h"
#include "server/store/internal.h"

#include <assert.h>
#include <math.h>
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
    sqlite3_stmt *set = store_prepare(&w->connection, SET_EPOCH, f);
    if (!set)
        return false;
    store_bind_integer(set, 1, run_id);
    store_bind_integer(set, 2, epoch);
    return store_done(&w->connection, set, f);
}

static bool get_experiment_of(store_writer *w, int64_t run_id, int64_t *experiment_id, fail *f)
{
    bool row;
    sqlite3_stmt *get = store_prepare(&w->connection, GET_EXPERIMENT, f);
    if (!get)
        return false;
    store_bind_integer(get, 1, run_id);
    if (!store_step(&w->connection, get, &row, f))
        return false;
    if (!row)
        return store_no_run(run_id, f);
    *experiment_id = store_column_integer(get, 0);
    store_reset(get);
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

/* ---- a configuration's mean and standard deviation ---- */

static void write_get_config(buffer *b)
{
    buffer_add_text(b, "SELECT c.experiment_id, c.config_id, c.n");
    store_columns_add(b, STORE_RUN_COLUMNS, ", c.mean_", "");
    store_columns_add(b, STORE_RUN_COLUMNS, ", c.std_", "");
    buffer_add_text(b, " FROM configs c JOIN runs r ON r.experiment_id = c.experiment_id"
                       " AND r.config_id = c.config_id WHERE r.id = ?1");
}

static void write_set_config(buffer *b)
{
    buffer_add_text(b, "UPDATE configs SET ");
    store_columns_add(b, STORE_RUN_COLUMNS, "mean_", " = ?, ");
    store_columns_add(b, STORE_RUN_COLUMNS, "std_", " = ?, ");
    buffer_add_text(b, "n = ? WHERE experiment_id = ? AND config_id = ?");
}

/* One more value joins n others (Welford 1962, with the sum of squares kept as standard deviation).
 * A value that is missing makes the statistics unknown for good: a mean over some of the runs would
 * pass for one over all. */
static void join(double value, int64_t n, double *mean, double *deviation)
{
    if (n == 0) {
        *mean = value;
        *deviation = NAN;
        return;
    }
    double squares = n == 1 ? 0 : *deviation * *deviation * (double)(n - 1);
    double step = value - *mean;
    *mean += step / (double)(n + 1);
    squares += step * (value - *mean);
    *deviation = sqrt(squares > 0 || isnan(squares) ? squares / (double)n : 0);
}

static void join_all(sqlite3_stmt *get, const run_metrics *m, int64_t n, sqlite3_stmt *set)
{
    const char *name;
    double value;
    int n_metrics = run_metric_count();
    for (int i = 0; run_metric_get(m, i, &name, &value); i++) {
        double mean = store_column_number(get, 3 + i);
        double deviation = store_column_number(get, 3 + n_metrics + i);
        join(isfinite(value) ? value : NAN, n, &mean, &deviation);
        store_bind_number(set, 1 + i, mean);
        store_bind_number(set, 1 + n_metrics + i, deviation);
    }
}

bool store_count_result(store_writer *w, int64_t run_id, const run_metrics *m, fail *f)
{
    bool row;
    char config_id[17];
    int at = 2 * run_metric_count();
    sqlite3_stmt *get = store_prepare_written(&w->connection, write_get_config, f);
    sqlite3_stmt *set = get ? store_prepare_written(&w->connection, write_set_config, f) : NULL;
    if (!set)
        return false;
    store_bind_integer(get, 1, run_id);
    if (!store_step(&w->connection, get, &row, f))
        return false;
    if (!row)
        return store_no_run(run_id, f);
    int64_t experiment_id = store_column_integer(get, 0), n = store_column_integer(get, 2);
    store_column_copy(get, 1, config_id, sizeof config_id);
    join_all(get, m, n, set);
    store_reset(get);
    store_bind_integer(set, ++at, n + 1);
    store_bind_integer(set, ++at, experiment_id);
    store_bind_text(set, ++at, config_id);
    return store_done(&w->connection, set, f);
}

/* ---- reading ---- */

static void write_list_epochs(buffer *b)
{
    buffer_add_text(b, "SELECT epoch, step");
    store_columns_add(b, STORE_EPOCH_COLUMNS, ", ", "");
    buffer_add_text(b, " FROM epochs WHERE run_id = ?1 AND epoch >= ?2 ORDER BY epoch");
}

static const char GET_RUN_ID[] =
    "SELECT id FROM runs WHERE id = ?1" STORE_NOT_DELETED("experiment_id");
static const char GET_EXPERIMENT_ID[] =
    "SELECT id FROM experiments WHERE id = ?1" STORE_NOT_DELETED("id");

static bool check_row(store_connection *c, const char *sql, int64_t id,
                      bool (*missing)(int64_t id, fail *f), fail *f)
{
    bool row;
    sqlite3_stmt *get = store_prepare(c, sql, f);
    if (!get)
        return false;
    store_bind_integer(get, 1, id);
    if (!store_step(c, get, &row, f))
        return false;
    store_reset(get);
    return row || missing(id, f);
}

static void read_record(sqlite3_stmt *row, record *out)
{
    *out = (record){.epoch = store_column_integer(row, 0), .step = store_column_integer(row, 1)};
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        out->values[i] = store_column_number(row, 2 + i);
}

static bool list_records(store_connection *c, int64_t run_id, int64_t from_epoch,
                         record_callback *each, void *context, fail *f)
{
    bool row = true;
    record r;
    sqlite3_stmt *list = store_prepare_written(c, write_list_epochs, f);
    if (!list)
        return false;
    store_bind_integer(list, 1, run_id);
    store_bind_integer(list, 2, from_epoch);
    while (row) {
        if (!store_step(c, list, &row, f))
            return false;
        if (!row)
            break;
        read_record(list, &r);
        if (!each(context, &r)) {
            store_reset(list);
            break;
        }
    }
    return true;
}

bool store_list_records(store *s, int64_t run_id, int64_t from_epoch, record_callback *each,
                        void *context, fail *f)
{
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    bool is_good = check_row(c, GET_RUN_ID, run_id, store_no_run, f) &&
                   list_records(c, run_id, from_epoch, each, context, f);
    store_give_back(s, c);
    return is_good;
}

static void write_list_layers(buffer *b)
{
    buffer_add_text(b, "SELECT epoch, layer");
    store_columns_add(b, STORE_LAYER_COLUMNS, ", ", "");
    buffer_add_text(b, " FROM layers WHERE run_id = ?1 ORDER BY epoch, layer");
}

static bool list_layers(store_connection *c, int64_t run_id, layer_callback *each, void *context,
                        fail *f)
{
    bool row = true;
    double values[LAYER_METRIC_COUNT];
    sqlite3_stmt *list = store_prepare_written(c, write_list_layers, f);
    if (!list)
        return false;
    store_bind_integer(list, 1, run_id);
    while (row) {
        if (!store_step(c, list, &row, f))
            return false;
        if (!row)
            break;
        for (int i = 0; i < LAYER_METRIC_COUNT; i++)
            values[i] = store_column_number(list, 2 + i);
        if (!each(context, store_column_integer(list, 0), (int)store_column_integer(list, 1),
                  values)) {
            store_reset(list);
            break;
        }
    }
    return true;
}

bool store_list_layers(store *s, int64_t run_id, layer_callback *each, void *context, fail *f)
{
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    bool is_good = check_row(c, GET_RUN_ID, run_id, store_no_run, f) &&
                   list_layers(c, run_id, each, context, f);
    store_give_back(s, c);
    return is_good;
}

/* ---- one metric of many runs ---- */

static const char BEGIN[] = "BEGIN";
static const char COMMIT[] = "COMMIT";
static const char GET_LAST_EVENT[] =
    "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";

static bool get_last_event(store_connection *c, int64_t *out, fail *f)
{
    bool row;
    sqlite3_stmt *get = store_prepare(c, GET_LAST_EVENT, f);
    if (!get || !store_step(c, get, &row, f))
        return false;
    assert(row);
    *out = store_column_integer(get, 0);
    store_reset(get);
    return true;
}

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

static bool list_curves(const store_connection *c, sqlite3_stmt *list, curve_callback *each,
                        void *context, fail *f)
{
    bool row = true;
    while (row) {
        if (!store_step(c, list, &row, f))
            return false;
        if (row && !each(context, (const char *)sqlite3_column_text(list, 0),
                         store_column_integer(list, 1), store_column_integer(list, 2),
                         store_column_integer(list, 3), store_column_number(list, 4)))
            return true;
    }
    return true;
}

/* The last event and the values are of one snapshot. */
bool store_list_curves(store *s, int64_t experiment_id, metric_id which, curve_callback *each,
                       void *context, int64_t *last_event, fail *f)
{
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    int64_t last = 0;
    sqlite3_stmt *list = NULL;
    bool is_good = store_run(c, BEGIN, f) &&
                   check_row(c, GET_EXPERIMENT_ID, experiment_id, store_no_experiment, f) &&
                   get_last_event(c, &last, f) && (list = prepare_curves(c, which, f)) != NULL;
    if (is_good) {
        store_bind_integer(list, 1, experiment_id);
        is_good = list_curves(c, list, each, context, f);
    }
    sqlite3_finalize(list);
    if (!sqlite3_get_autocommit(c->db) && !store_run(c, COMMIT, is_good ? f : NULL))
        is_good = false;
    store_give_back(s, c);
    if (is_good)
        *last_event = last;
    return is_good;
}
