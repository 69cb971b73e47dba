/* state — the changes of a run's state: each one compare-and-swap, with the counts, the
 * experiment's state and the events that follow from it in the same transaction. The counters
 * themselves are kept by triggers (migrations/). */
#include "core/base/array.h"
#include "server/store/columns.h"
#include "server/store/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool store_no_run(int64_t id, fail *f)
{
    return fail_set(f, FAIL_NOT_FOUND, NULL, "There is no run %" PRId64 ".", id);
}

/* ---- ids ---- */

static bool add_id(store_ids *list, int64_t id, fail *f)
{
    if (!array_reserve(&list->ids, &list->capacity, list->n + 1, ARRAY_BOUNDED_ELSEWHERE))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to list the runs.");
    list->ids[list->n++] = id;
    return true;
}

bool store_ids_list(store_writer *w, const char *sql, int64_t id, store_ids *out, fail *f)
{
    bool row = true;
    sqlite3_stmt *list = store_prepare(&w->connection, sql, f);
    if (!list)
        return false;
    store_bind_integer(list, 1, id);
    out->n = 0;
    while (row) {
        if (!store_step(&w->connection, list, &row, f))
            return false;
        if (row && !add_id(out, store_column_integer(list, 0), f)) {
            store_reset(list);
            return false;
        }
    }
    return true;
}

void store_ids_tell(store_ids *list, void (*each)(void *context, int64_t id), void *context)
{
    for (size_t i = 0; each && i < list->n; i++)
        each(context, list->ids[i]);
    free(list->ids);
    *list = (store_ids){0};
}

bool store_run_with_id(store_writer *w, const char *sql, int64_t id, fail *f)
{
    sqlite3_stmt *statement = store_prepare(&w->connection, sql, f);
    if (!statement)
        return false;
    store_bind_integer(statement, 1, id);
    return store_done(&w->connection, statement, f);
}

/* ---- what follows from a change ---- */

static const char GET_STATE[] =
    "SELECT experiment_id, status, stop_reason, epoch FROM runs WHERE id = ?1";

/* The event of the run as it is now; *experiment_id is set. */
static bool tell_run(store_writer *w, int64_t run_id, int64_t *experiment_id, fail *f)
{
    bool row;
    sqlite3_stmt *get = store_prepare(&w->connection, GET_STATE, f);
    if (!get)
        return false;
    store_bind_integer(get, 1, run_id);
    if (!store_step(&w->connection, get, &row, f))
        return false;
    if (!row)
        return store_no_run(run_id, f);
    event_row event = {.kind = EVENT_RUN, .run_id = run_id};
    event.experiment_id = *experiment_id = store_column_integer(get, 0);
    event.status =
        (run_state)store_column_name(get, 1, RUN_STATE_NAMES, RUN_STATE_COUNT, RUN_STATE_QUEUED);
    event.reason = (stop_reason)store_column_name(get, 2, STOP_REASON_NAMES, STOP_REASON_COUNT,
                                                  STOP_REASON_NONE);
    event.epoch = store_column_integer(get, 3);
    store_reset(get);
    return store_add_event(w, &event, f);
}

/* After a compare-and-swap: whether it took place, and then its events. A run that does not exist
 * is a failure. */
static bool follow(store_writer *w, int64_t run_id, bool *moved, fail *f)
{
    static const char GET_RUN_ID[] = "SELECT id FROM runs WHERE id = ?1";
    int64_t experiment_id;
    *moved = sqlite3_changes(w->connection.db) > 0;
    if (*moved)
        return tell_run(w, run_id, &experiment_id, f) &&
               store_settle_experiment(w, experiment_id, f);
    bool row;
    sqlite3_stmt *get = store_prepare(&w->connection, GET_RUN_ID, f);
    if (!get)
        return false;
    store_bind_integer(get, 1, run_id);
    if (!store_step(&w->connection, get, &row, f))
        return false;
    store_reset(get);
    return row || store_no_run(run_id, f);
}

/* ---- moving ---- */

typedef struct movement {
    int64_t id;
    run_state from, to;
    stop_reason reason;
    const char *error;
    bool moved;
} movement;

static const char MOVE[] = "UPDATE runs SET status = ?3, stop_reason = ?4, error = ?5,"
                           " finished_at = ?6 WHERE id = ?1 AND status = ?2";

/* A run that is set aside after its cancel was accepted is cancelled. */
static bool check_wanted(store_writer *w, movement *in, fail *f)
{
    static const char IS_CANCELLED[] =
        "SELECT 1 FROM runs WHERE id = ?1 AND wanted_status = 'cancelled'";
    bool row;
    if (in->from != RUN_STATE_RUNNING || run_state_is_terminal(in->to))
        return true;
    sqlite3_stmt *get = store_prepare(&w->connection, IS_CANCELLED, f);
    if (!get)
        return false;
    store_bind_integer(get, 1, in->id);
    if (!store_step(&w->connection, get, &row, f))
        return false;
    store_reset(get);
    if (row) {
        in->to = RUN_STATE_CANCELLED;
        in->reason = STOP_REASON_CANCELLED;
    }
    return true;
}

static bool change_move(store_writer *w, void *arguments, fail *f)
{
    movement *in = arguments;
    if (!check_wanted(w, in, f))
        return false;
    sqlite3_stmt *move = store_prepare(&w->connection, MOVE, f);
    if (!move)
        return false;
    store_bind_integer(move, 1, in->id);
    store_bind_text(move, 2, RUN_STATE_NAMES[in->from]);
    store_bind_text(move, 3, RUN_STATE_NAMES[in->to]);
    store_bind_text(move, 4, STOP_REASON_NAMES[in->reason]);
    store_bind_text(move, 5, in->error);
    store_bind_text(move, 6, run_state_is_terminal(in->to) ? w->now : NULL);
    return store_done(&w->connection, move, f) && follow(w, in->id, &in->moved, f);
}

bool store_move_run(store *s, int64_t id, run_state from, run_state to, stop_reason reason,
                    const char *error, bool *moved, fail *f)
{
    assert(to != RUN_STATE_COMPLETED && to != from); /* store_finish_run() completes */
    movement in = {.id = id, .from = from, .to = to, .reason = reason, .error = error};
    if (!store_write(s, change_move, &in, f))
        return false;
    *moved = in.moved;
    return true;
}

typedef struct cancellation {
    int64_t id;
    bool moved;
} cancellation;

static const char CANCEL[] = "UPDATE runs SET status = 'cancelled', stop_reason = 'cancelled',"
                             " error = NULL, finished_at = ?2"
                             " WHERE id = ?1 AND status IN ('queued', 'paused')";
static const char WANT_CANCELLED[] =
    "UPDATE runs SET wanted_status = 'cancelled' WHERE id = ?1 AND status = 'running'";

static bool change_cancel(store_writer *w, void *arguments, fail *f)
{
    cancellation *in = arguments;
    sqlite3_stmt *cancel = store_prepare(&w->connection, CANCEL, f);
    if (!cancel)
        return false;
    store_bind_integer(cancel, 1, in->id);
    store_bind_text(cancel, 2, w->now);
    return store_done(&w->connection, cancel, f) && follow(w, in->id, &in->moved, f) &&
           (in->moved || store_run_with_id(w, WANT_CANCELLED, in->id, f));
}

bool store_cancel_run(store *s, int64_t id, bool *moved, fail *f)
{
    cancellation in = {.id = id};
    if (!store_write(s, change_cancel, &in, f))
        return false;
    *moved = in.moved;
    return true;
}

/* ---- starting ---- */

typedef struct start {
    int64_t id;
    const char *provenance; /* NULL: it is in `copy` */
    char copy[];
} start;

static const char START[] =
    "UPDATE runs SET status = 'running', wanted_status = NULL, attempt = attempt + 1,"
    " provenance = ?2,"
    " started_at = coalesce(started_at, ?3) WHERE id = ?1 AND status = 'queued'";

static bool change_start(store_writer *w, void *arguments, fail *f)
{
    const start *in = arguments;
    bool moved;
    sqlite3_stmt *update = store_prepare(&w->connection, START, f);
    if (!update)
        return false;
    store_bind_integer(update, 1, in->id);
    store_bind_text(update, 2, in->provenance ? in->provenance : in->copy);
    store_bind_text(update, 3, w->now);
    return store_done(&w->connection, update, f) && follow(w, in->id, &moved, f);
}

void store_start_run(store *s, int64_t id, const char *provenance)
{
    size_t n = strlen(provenance) + 1;
    start *in = malloc(sizeof *in + n);
    if (!in) { /* then this call waits, and needs no copy */
        start borrowed = {.id = id, .provenance = provenance};
        store_write_surely(s, change_start, &borrowed);
        return;
    }
    in->id = id;
    in->provenance = NULL;
    memcpy(in->copy, provenance, n);
    store_write_later(s, change_start, in, sizeof *in + n);
    free(in);
}

/* ---- finishing ---- */

typedef struct finishing {
    int64_t id;
    const run_end *end;
    bool moved;
} finishing;

/* The metrics are ?1 ... in their order, what follows comes after them. */
static void write_finish(buffer *b)
{
    buffer_add_text(b, "UPDATE runs SET ");
    store_columns_add(b, STORE_RUN_COLUMNS, "", " = ?, ");
    buffer_add_text(b, "samples_per_second = ?, selected_weights = ?, stop_reason = ?, error = ?,"
                       " finished_at = ?, status = ? WHERE id = ? AND status = 'running'");
}

static void bind_metrics(sqlite3_stmt *statement, const run_metrics *m)
{
    const char *name;
    double value;
    for (int i = 0; run_metric_get(m, i, &name, &value); i++)
        store_bind_number(statement, 1 + i, value);
}

static void bind_end(sqlite3_stmt *finish, const run_end *end, const char *now, int64_t id)
{
    int at = run_metric_count();
    bind_metrics(finish, end->metrics);
    store_bind_number(finish, ++at, end->samples_per_second);
    store_bind_text(finish, ++at, end->selected_weights);
    store_bind_text(finish, ++at, STOP_REASON_NAMES[end->reason]);
    store_bind_text(finish, ++at, end->error);
    store_bind_text(finish, ++at, now);
    store_bind_text(finish, ++at, RUN_STATE_NAMES[end->to]);
    store_bind_integer(finish, ++at, id);
}

static bool change_finish(store_writer *w, void *arguments, fail *f)
{
    finishing *in = arguments;
    const run_end *end = in->end;
    sqlite3_stmt *finish = store_prepare_written(&w->connection, write_finish, f);
    if (!finish)
        return false;
    bind_end(finish, end, w->now, in->id);
    if (!store_done(&w->connection, finish, f) || !follow(w, in->id, &in->moved, f))
        return false;
    if (!in->moved)
        return true;
    return (!end->model || store_put_model(w, in->id, end->model, end->model_bytes, f)) &&
           (end->to != RUN_STATE_COMPLETED || store_count_result(w, in->id, end->metrics, f));
}

bool store_finish_run(store *s, int64_t id, const run_end *end, bool *moved, fail *f)
{
    assert(run_state_is_terminal(end->to) && end->model_bytes <= STORE_MODEL_BYTES);
    finishing in = {.id = id, .end = end};
    if (!store_write_telling(s, change_finish, &in, end->on_handed_over, end->context, f))
        return false;
    *moved = in.moved;
    return true;
}

/* ---- retrying ---- */

typedef struct retrial {
    int64_t id;
    bool moved;
} retrial;

static void write_retry(buffer *b)
{
    buffer_add_text(b, "UPDATE runs SET ");
    store_columns_add(b, STORE_RUN_COLUMNS, "", " = NULL, ");
    buffer_add_text(b, "samples_per_second = NULL, selected_weights = NULL, stop_reason = NULL,"
                       " error = NULL, provenance = NULL, started_at = NULL, finished_at = NULL,"
                       " epoch = 0, status = 'queued'"
                       " WHERE id = ?1 AND status IN ('failed', 'cancelled')");
}

static const char DELETE_EPOCHS[] = "DELETE FROM epochs WHERE run_id = ?1";
static const char DELETE_LAYERS[] = "DELETE FROM layers WHERE run_id = ?1";
static const char DELETE_MODEL[] = "DELETE FROM models WHERE run_id = ?1";
/* Else they would tell of the new epochs when they are replayed. */
static const char DELETE_EPOCH_EVENTS[] = "DELETE FROM events WHERE run_id = ?1 AND kind = 'epoch'";

static bool change_retry(store_writer *w, void *arguments, fail *f)
{
    retrial *in = arguments;
    sqlite3_stmt *retry = store_prepare_written(&w->connection, write_retry, f);
    if (!retry)
        return false;
    store_bind_integer(retry, 1, in->id);
    if (!store_done(&w->connection, retry, f) || !follow(w, in->id, &in->moved, f))
        return false;
    return !in->moved || (store_run_with_id(w, DELETE_EPOCHS, in->id, f) &&
                          store_run_with_id(w, DELETE_LAYERS, in->id, f) &&
                          store_run_with_id(w, DELETE_MODEL, in->id, f) &&
                          store_run_with_id(w, DELETE_EPOCH_EVENTS, in->id, f));
}

bool store_retry_run(store *s, int64_t id, bool *moved, fail *f)
{
    retrial in = {.id = id};
    if (!store_write(s, change_retry, &in, f))
        return false;
    *moved = in.moved;
    return true;
}

/* ---- a whole experiment ---- */

typedef struct bulk {
    int64_t id;
    const char *list, *move; /* the runs to be moved, and how */
    const char *mark;        /* what else is changed in the experiment, or NULL */
    const char *want;        /* what is noted at those that are running */
    const char *list_after;  /* the runs to be told, or NULL: those that were moved */
    store_ids told;
} bulk;

static bool tell_runs(store_writer *w, const store_ids *runs, fail *f)
{
    int64_t experiment_id;
    for (size_t i = 0; i < runs->n; i++)
        if (!tell_run(w, runs->ids[i], &experiment_id, f))
            return false;
    return true;
}

static bool change_all(store_writer *w, void *arguments, fail *f)
{
    bulk *in = arguments;
    if (!store_check_experiment(w, in->id, f) || !store_ids_list(w, in->list, in->id, &in->told, f))
        return false;
    if ((in->mark && !store_run_with_id(w, in->mark, in->id, f)) ||
        !store_run_with_id(w, in->want, in->id, f))
        return false;
    if (in->told.n > 0 && (!store_run_with_id(w, in->move, in->id, f) ||
                           !tell_runs(w, &in->told, f) || !store_settle_experiment(w, in->id, f)))
        return false;
    return !in->list_after || store_ids_list(w, in->list_after, in->id, &in->told, f);
}

static bool move_all(store *s, bulk *in, void (*each)(void *context, int64_t run_id), void *context,
                     fail *f)
{
    bool is_moved = store_write(s, change_all, in, f);
    store_ids_tell(&in->told, is_moved ? each : NULL, context);
    return is_moved;
}

#define WANT(status, condition)                                                                    \
    "UPDATE runs SET wanted_status = " status                                                      \
    " WHERE experiment_id = ?1 AND status = 'running' AND wanted_status " condition

static const char LIST_RUNNING[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 AND status = 'running' ORDER BY id";
static const char LIST_WAITING[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 AND status IN ('queued', 'paused') ORDER BY id";
static const char CANCEL_WAITING[] =
    "UPDATE runs SET status = 'cancelled', stop_reason = 'cancelled',"
    " finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') "
    "WHERE experiment_id = ?1 AND status IN ('queued', 'paused')";
static const char MARK_CANCELLED[] = "UPDATE experiments SET is_cancelled = 1 WHERE id = ?1";

bool store_cancel_experiment(store *s, int64_t id, void (*running)(void *context, int64_t run_id),
                             void *context, fail *f)
{
    bulk in = {.id = id,
               .list = LIST_WAITING,
               .move = CANCEL_WAITING,
               .mark = MARK_CANCELLED,
               .want = WANT("'cancelled'", "IS NOT 'cancelled'"),
               .list_after = LIST_RUNNING};
    return move_all(s, &in, running, context, f);
}

static const char LIST_QUEUED[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 AND status = 'queued' ORDER BY id";
static const char PAUSE[] =
    "UPDATE runs SET status = 'paused' WHERE experiment_id = ?1 AND status = 'queued'";

bool store_pause_experiment(store *s, int64_t id, fail *f)
{
    bulk in = {.id = id, .list = LIST_QUEUED, .move = PAUSE, .want = WANT("'paused'", "IS NULL")};
    return move_all(s, &in, NULL, NULL, f);
}

static const char LIST_PAUSED[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 AND status = 'paused' ORDER BY id";
static const char RESUME[] =
    "UPDATE runs SET status = 'queued' WHERE experiment_id = ?1 AND status = 'paused'";

bool store_resume_experiment(store *s, int64_t id, void (*queued)(void *context, int64_t run_id),
                             void *context, fail *f)
{
    bulk in = {.id = id, .list = LIST_PAUSED, .move = RESUME, .want = WANT("NULL", "= 'paused'")};
    return move_all(s, &in, queued, context, f);
}

/* ---- at the start of the program ---- */

static const char LIST_LEFT[] =
    "SELECT id FROM runs WHERE status = 'running' AND id > ?1 ORDER BY id";
static const char REQUEUE[] =
    "UPDATE runs SET status = coalesce(wanted_status, 'queued'),"
    " stop_reason = CASE WHEN wanted_status = 'cancelled' THEN 'cancelled' END,"
    " finished_at = CASE WHEN wanted_status = 'cancelled'"
    " THEN strftime('%Y-%m-%dT%H:%M:%fZ', 'now') END"
    " WHERE status = 'running' AND id > ?1";
/* Also one between two of its runs, see SETTLE. */
static const char LIST_UNSETTLED[] =
    "SELECT id FROM experiments WHERE status = 'running' AND id > ?1 ORDER BY id";
static const char UNSETTLE[] =
    "UPDATE experiments SET status = 'queued' WHERE status = 'running' AND id > ?1";

bool store_requeue_runs(store_writer *w, fail *f)
{
    store_ids runs = {0}, experiments = {0};
    bool is_good = store_ids_list(w, LIST_LEFT, 0, &runs, f) &&
                   store_ids_list(w, LIST_UNSETTLED, 0, &experiments, f) &&
                   store_run_with_id(w, REQUEUE, 0, f) && store_run_with_id(w, UNSETTLE, 0, f) &&
                   tell_runs(w, &runs, f);
    for (size_t i = 0; is_good && i < experiments.n; i++)
        is_good = store_settle_experiment(w, experiments.ids[i], f);
    store_ids_tell(&runs, NULL, NULL);
    store_ids_tell(&experiments, NULL, NULL);
    return is_good;
}
