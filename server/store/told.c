/* told — what happened, with ids that are never used twice: added in the transaction of the change
 * that it tells of. The last 200,000 are kept. */
#include "core/base/array.h"
#include "server/store/change.h"

enum { EVENTS_KEPT = 200000, EVENTS_SURPLUS = 1000 };

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
    store_bind_text(insert, 1, EVENT_KIND_NAMES[event->kind]);
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
    if (!store_change_with(w, PRUNE, first, f) || !store_change_with(w, MOVE_HORIZON, first, f))
        return false;
    w->first_event = first;
    return true;
}

static const char GET_RANGE[] =
    "SELECT (SELECT first_event FROM event_horizon),"
    " coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";

bool store_read_event_range(store_connection *c, int64_t *first, int64_t *last, fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, GET_RANGE, f), 0, &row, f))
        return false;
    *first = store_column_integer(row, 0);
    *last = store_column_integer(row, 1);
    store_reset(row);
    return true;
}
