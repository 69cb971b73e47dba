/* settle — what follows from a change of a run, in its transaction: the experiment's state, and
 * what is told of both. The counters themselves are kept by triggers (migrations/). */
#include "server/store/change.h"

/* ---- experiments ---- */

/* Between two of its runs an experiment goes on `running`; one that was cancelled as a whole is
 * cancelled in the end, whatever had been completed before. */
static const char SETTLE[] =
    "UPDATE experiments SET status = CASE"
    " WHEN n_running > 0 THEN 'running'"
    " WHEN n_queued > 0 AND status = 'running' AND n_completed + n_failed + n_cancelled > 0"
    " THEN 'running'"
    " WHEN n_queued > 0 THEN 'queued'"
    " WHEN n_paused > 0 THEN 'paused'"
    " WHEN is_cancelled AND n_cancelled > 0 THEN 'cancelled'"
    " WHEN n_completed > 0 THEN 'completed'"
    " WHEN n_cancelled > 0 THEN 'cancelled'"
    " WHEN n_failed > 0 THEN 'failed'"
    " ELSE 'completed' END,"
    " started_at = CASE WHEN n_running > 0 THEN coalesce(started_at, ?2) ELSE started_at END,"
    " finished_at = CASE WHEN n_queued + n_running + n_paused = 0 THEN ?2 END "
    "WHERE id = ?1";

static const char GET_COUNTS[] =
    "SELECT status, n_queued, n_running, n_paused, n_completed, n_failed, n_cancelled,"
    " CASE WHEN epochs_planned > 0 THEN CAST(epochs_done AS REAL) / epochs_planned ELSE 0.0 END "
    "FROM experiments WHERE id = ?1";

bool store_tell_experiment(store_writer *w, int64_t id, fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(&w->connection, store_prepare(&w->connection, GET_COUNTS, f), id, &row, f))
        return false;
    if (!row)
        return store_no_experiment(id, f);
    event_row event = {.kind = EVENT_EXPERIMENT, .experiment_id = id};
    event.status =
        (run_state)store_column_name(row, 0, RUN_STATE_NAMES, RUN_STATE_COUNT, RUN_STATE_QUEUED);
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        event.runs[i] = store_column_integer(row, 1 + i);
    event.progress = store_column_number(row, 7);
    store_reset(row);
    return store_add_event(w, &event, f);
}

bool store_settle_experiment(store_writer *w, int64_t experiment_id, fail *f)
{
    sqlite3_stmt *settle = store_prepare(&w->connection, SETTLE, f);
    if (!settle)
        return false;
    store_bind_integer(settle, 1, experiment_id);
    store_bind_text(settle, 2, w->now);
    return store_done(&w->connection, settle, f) && store_tell_experiment(w, experiment_id, f);
}

/* ---- runs ---- */

static const char GET_STATE[] =
    "SELECT experiment_id, status, stop_reason, epoch FROM runs WHERE id = ?1";

bool store_tell_run(store_writer *w, int64_t run_id, int64_t *experiment_id, fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(&w->connection, store_prepare(&w->connection, GET_STATE, f), run_id, &row, f))
        return false;
    if (!row)
        return store_no_run(run_id, f);
    event_row event = {.kind = EVENT_RUN, .run_id = run_id};
    event.experiment_id = *experiment_id = store_column_integer(row, 0);
    event.status =
        (run_state)store_column_name(row, 1, RUN_STATE_NAMES, RUN_STATE_COUNT, RUN_STATE_QUEUED);
    event.reason = (stop_reason)store_column_name(row, 2, STOP_REASON_NAMES, STOP_REASON_COUNT,
                                                  STOP_REASON_NONE);
    event.epoch = store_column_integer(row, 3);
    store_reset(row);
    return store_add_event(w, &event, f);
}

bool store_tell_runs(store_writer *w, const store_ids *runs, fail *f)
{
    int64_t experiment_id;
    for (size_t i = 0; i < runs->n; i++)
        if (!store_tell_run(w, runs->ids[i], &experiment_id, f))
            return false;
    return true;
}

/* Also one of a deleted experiment, whose rows are still there. */
static const char IS_THERE[] = "SELECT id FROM runs WHERE id = ?1";

bool store_settle_run(store_writer *w, int64_t run_id, bool *moved, fail *f)
{
    int64_t experiment_id = 0;
    sqlite3_stmt *row;
    *moved = sqlite3_changes(w->connection.db) > 0;
    if (*moved)
        return store_tell_run(w, run_id, &experiment_id, f) &&
               store_settle_experiment(w, experiment_id, f);
    if (!store_find(&w->connection, store_prepare(&w->connection, IS_THERE, f), run_id, &row, f))
        return false;
    if (!row)
        return store_no_run(run_id, f);
    store_reset(row);
    return true;
}
