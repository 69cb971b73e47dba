/* events — what happened, with ids that are never used twice: added in the transaction of the
 * change, read again by those who come back. The last 200,000 are kept; the values of an epoch are
 * read from `epochs`. */
#include "core/base/array.h"
#include "server/store/columns.h"
#include "server/store/internal.h"

#include <assert.h>
#include <stdlib.h>

enum { EVENTS_KEPT = 200000, EVENTS_SURPLUS = 1000 };

static const char *const KIND_NAMES[] = {
    [EVENT_EPOCH] = "epoch", [EVENT_RUN] = "run", [EVENT_EXPERIMENT] = "experiment"};
enum { KIND_COUNT = sizeof KIND_NAMES / sizeof *KIND_NAMES };

/* ---- adding ---- */

static const char INSERT[] =
    "INSERT INTO events (kind, experiment_id, run_id, epoch, status, stop_reason, n_queued,"
    " n_running, n_paused, n_completed, n_failed, n_cancelled, progress) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static bool reserve(store_writer *w, fail *f)
{
    return array_reserve(&w->events, &w->events_capacity, (size_t)w->n_events + 1,
                         ARRAY_BOUNDED_ELSEWHERE) ||
           fail_set(f, FAIL_STORAGE, NULL, "There is no memory to tell of a change.");
}

bool store_add_event(store_writer *w, const event_row *event, fail *f)
{
    sqlite3_stmt *insert = store_prepare(&w->connection, INSERT, f);
    if (!insert || !reserve(w, f))
        return false;
    store_bind_text(insert, 1, KIND_NAMES[event->kind]);
    store_bind_integer(insert, 2, event->experiment_id);
    store_bind_integer(insert, 3, event->run_id);
    store_bind_integer(insert, 4, event->epoch);
    if (event->kind != EVENT_EPOCH)
        store_bind_text(insert, 5, RUN_STATE_NAMES[event->status]);
    store_bind_text(insert, 6, STOP_REASON_NAMES[event->reason]);
    if (event->kind == EVENT_EXPERIMENT) {
        for (int i = 0; i < RUN_STATE_COUNT; i++)
            store_bind_integer(insert, 7 + i, event->runs[i]);
        store_bind_number(insert, 7 + RUN_STATE_COUNT, event->progress);
    }
    if (!store_done(&w->connection, insert, f))
        return false;
    w->events[w->n_events] = *event;
    w->events[w->n_events++].id = sqlite3_last_insert_rowid(w->connection.db);
    return true;
}

static const char PRUNE[] = "DELETE FROM events WHERE id < ?1";
static const char MOVE_HORIZON[] = "UPDATE event_horizon SET first_event = ?1";

bool store_prune_events(store_writer *w, fail *f)
{
    if (w->n_events == 0)
        return true;
    int64_t last = w->events[w->n_events - 1].id;
    if (last - w->first_event < EVENTS_KEPT + EVENTS_SURPLUS)
        return true;
    int64_t first = last - EVENTS_KEPT + 1;
    if (!store_run_with_id(w, PRUNE, first, f) || !store_run_with_id(w, MOVE_HORIZON, first, f))
        return false;
    w->first_event = first;
    return true;
}

/* ---- the range ---- */

static const char GET_RANGE[] =
    "SELECT (SELECT first_event FROM event_horizon),"
    " coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";

static bool get_range(store_connection *c, int64_t *first, int64_t *last, fail *f)
{
    bool row;
    sqlite3_stmt *get = store_prepare(c, GET_RANGE, f);
    if (!get || !store_step(c, get, &row, f))
        return false;
    assert(row);
    *first = store_column_integer(get, 0);
    *last = store_column_integer(get, 1);
    store_reset(get);
    return true;
}

bool store_load_event_range(store_writer *w, fail *f)
{
    int64_t last;
    return get_range(&w->connection, &w->first_event, &last, f);
}

bool store_event_range(store *s, int64_t *first, int64_t *last, fail *f)
{
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    bool is_good = get_range(c, first, last, f);
    store_give_back(s, c);
    return is_good;
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
    e->kind = (event_kind)store_column_name(row, 1, KIND_NAMES, KIND_COUNT, EVENT_RUN);
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

static bool list_events(const store_connection *c, sqlite3_stmt *list, event_callback *each,
                        void *context, fail *f)
{
    bool row = true;
    event_row e;
    while (row) {
        if (!store_step(c, list, &row, f))
            return false;
        if (!row)
            break;
        read_event(list, &e);
        if (!each(context, &e)) {
            store_reset(list);
            break;
        }
    }
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

bool store_list_events(store *s, int64_t after, const int64_t *experiment_ids, int n,
                       int64_t run_id, int limit, event_callback *each, void *context, fail *f)
{
    buffer ids;
    buffer_init(&ids, 1 << 20);
    bool is_good = n == 0 || write_ids(experiment_ids, n, &ids, f);
    store_connection *c = is_good ? store_borrow(s, f) : NULL;
    store_writes_sql *write = run_id  ? write_list_of_run
                              : n > 0 ? write_list_of_experiments
                                      : write_list_all;
    sqlite3_stmt *list = c ? store_prepare_written(c, write, f) : NULL;
    is_good = list != NULL;
    if (list) {
        store_bind_integer(list, 1, after);
        store_bind_integer(list, 2, limit);
        if (run_id)
            store_bind_integer(list, 3, run_id);
        else if (n > 0)
            store_bind_text(list, 3, ids.data);
        is_good = list_events(c, list, each, context, f);
    }
    if (c)
        store_give_back(s, c);
    buffer_close(&ids);
    return is_good;
}
