/* Events, read again by those who come back; the values of an epoch are read from `epochs`. */
#include "server/store/events.h"

#include "server/store/columns.h"
#include "server/store/internal.h"

/* ---- the range ---- */

typedef struct range {
    int64_t first, last;
} range;

static bool look_at_range(store_connection *c, void *arguments, fail *f)
{
    range *out = arguments;
    return store_read_event_range(c, &out->first, &out->last, f);
}

bool store_event_range(store *s, int64_t *first, int64_t *last, fail *f)
{
    range r;
    if (!store_read(s, look_at_range, &r, f))
        return false;
    *first = r.first;
    *last = r.last;
    return true;
}

/* ---- reading ---- */

static void write_list(buffer *b, const char *condition)
{
    buffer_add_text(b, "SELECT v.id, v.kind, v.experiment_id, v.run_id, v.epoch, v.status,"
                       " v.stop_reason, v.n_queued, v.n_running, v.n_paused, v.n_completed,"
                       " v.n_failed, v.n_cancelled, v.progress, e.step");
    store_columns_add(b, STORE_EPOCH_COLUMNS, ", e.", "");
    buffer_add_text(b, " FROM events v LEFT JOIN epochs e ON v.kind = 'epoch'"
                       " AND e.run_id = v.run_id AND e.epoch = v.epoch"
                       " WHERE v.id > ?1" STORE_NOT_DELETED("v.experiment_id"));
    buffer_add_format(b, "%s ORDER BY v.id LIMIT ?2", condition);
}

static void write_list_all(buffer *b)
{
    write_list(b, "");
}

static void write_list_of_run(buffer *b)
{
    write_list(b, " AND v.run_id = ?3");
}

static void write_list_of_experiments(buffer *b)
{
    write_list(b, " AND v.experiment_id IN (SELECT value FROM json_each(?3))");
}

static void read_event(sqlite3_stmt *row, event_row *e)
{
    *e = (event_row){.id = store_column_integer(row, 0)};
    e->kind = (event_kind)store_column_name(row, 1, EVENT_KIND_NAMES, EVENT_KIND_COUNT, EVENT_RUN);
    e->experiment_id = store_column_integer(row, 2);
    e->run_id = store_column_integer(row, 3);
    e->epoch = store_column_integer(row, 4);
    e->status =
        (run_state)store_column_name(row, 5, RUN_STATE_NAMES, RUN_STATE_COUNT, RUN_STATE_QUEUED);
    e->reason = (stop_reason)store_column_name(row, 6, STOP_REASON_NAMES, STOP_REASON_COUNT,
                                               STOP_REASON_NONE);
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        e->runs[i] = store_column_integer(row, 7 + i);
    e->progress = e->kind == EVENT_EXPERIMENT ? store_column_number(row, 13) : 0;
    if (e->kind != EVENT_EPOCH)
        return;
    e->record.epoch = e->epoch;
    e->record.step = store_column_integer(row, 14);
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        e->record.values[i] = store_column_number(row, 15 + i);
}

typedef struct event_list {
    int64_t after, run_id;
    const int64_t *experiment_ids;
    int n, limit;
    event_callback *each;
    void *context;
} event_list;

static bool give_event(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const event_list *list = context;
    event_row e;
    (void)f;
    read_event(row, &e);
    *go_on = list->each(list->context, &e);
    return true;
}

/* [1,2,3] */
static bool write_ids(const int64_t *ids, int n, buffer *out, fail *f)
{
    for (int i = 0; i < n; i++)
        buffer_add_format(out, "%c%lld", i == 0 ? '[' : ',', (long long)ids[i]);
    buffer_add_text(out, "]");
    return !out->failed || fail_set(f, FAIL_TOO_LARGE, NULL, "These are too many experiments.");
}

static bool look_at_events(store_connection *c, void *arguments, fail *f)
{
    const event_list *in = arguments;
    buffer ids;
    buffer_init(&ids, 1 << 20);
    store_writes_sql *write = in->run_id  ? write_list_of_run
                              : in->n > 0 ? write_list_of_experiments
                                          : write_list_all;
    bool is_good = in->n == 0 || write_ids(in->experiment_ids, in->n, &ids, f);
    sqlite3_stmt *list = is_good ? store_prepare_written(c, write, f) : NULL;
    if (list) {
        store_bind_integer(list, 1, in->after);
        store_bind_integer(list, 2, in->limit);
        if (in->run_id)
            store_bind_integer(list, 3, in->run_id);
        else if (in->n > 0)
            store_bind_text(list, 3, ids.data);
    }
    is_good = list && store_each(c, list, give_event, arguments, f);
    buffer_close(&ids);
    return is_good;
}

bool store_list_events(store *s, int64_t after, const int64_t *experiment_ids, int n,
                       int64_t run_id, int limit, event_callback *each, void *context, fail *f)
{
    event_list in = {after, run_id, experiment_ids, n, limit, each, context};
    return store_read(s, look_at_events, &in, f);
}
