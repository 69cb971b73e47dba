/* Moving a run from state to state: each one compare-and-swap, with what follows from it in the
 * same transaction. */
#include "server/store/columns.h"
#include "server/store/internal.h"
#include "server/store/runs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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
    sqlite3_stmt *row;
    if (in->from != RUN_STATE_RUNNING || run_state_is_terminal(in->to))
        return true;
    if (!store_find(&w->connection, store_prepare(&w->connection, IS_CANCELLED, f), in->id, &row,
                    f))
        return false;
    if (row) {
        store_reset(row);
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
    return store_done(&w->connection, move, f) && store_settle_run(w, in->id, &in->moved, f);
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
    return store_done(&w->connection, cancel, f) && store_settle_run(w, in->id, &in->moved, f) &&
           (in->moved || store_change_with(w, WANT_CANCELLED, in->id, f));
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
    " provenance = ?2, data_sha256 = json_extract(?2, '$.data_sha256'),"
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
    return store_done(&w->connection, update, f) && store_settle_run(w, in->id, &moved, f);
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
    buffer_add_text(b, "samples_per_second = ?, selected_weights = ?, model_sha256 = ?,"
                       " model_bytes = ?, stop_reason = ?, error = ?,"
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
    if (end->model_file.bytes > 0) { /* else they stay NULL */
        store_bind_text(finish, at + 1, end->model_file.sha256);
        store_bind_integer(finish, at + 2, end->model_file.bytes);
    }
    at += 2;
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
    if (!store_done(&w->connection, finish, f) || !store_settle_run(w, in->id, &in->moved, f))
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
                       " error = NULL, provenance = NULL, data_sha256 = NULL, started_at = NULL,"
                       " model_sha256 = NULL, model_bytes = NULL, checkpoint_sha256 = NULL,"
                       " checkpoint_bytes = NULL,"
                       " finished_at = NULL, epoch = 0, status = 'queued'"
                       " WHERE id = ?1 AND status IN ('failed', 'cancelled')");
}

static const char DELETE_EPOCHS[] = "DELETE FROM epochs WHERE run_id = ?1";
static const char DELETE_LAYERS[] = "DELETE FROM layers WHERE run_id = ?1";
static const char DELETE_MODEL[] = "DELETE FROM models WHERE run_id = ?1";
static const char DELETE_ARMS[] =
    "DELETE FROM arms WHERE experiment_id = (SELECT experiment_id FROM runs WHERE id = ?1)";
/* Else they would tell of the new epochs when they are replayed. */
static const char DELETE_EPOCH_EVENTS[] = "DELETE FROM events WHERE run_id = ?1 AND kind = 'epoch'";

static bool change_retry(store_writer *w, void *arguments, fail *f)
{
    retrial *in = arguments;
    sqlite3_stmt *retry = store_prepare_written(&w->connection, write_retry, f);
    if (!store_run_with(&w->connection, retry, in->id, f) ||
        !store_settle_run(w, in->id, &in->moved, f))
        return false;
    return !in->moved || (store_change_with(w, DELETE_EPOCHS, in->id, f) &&
                          store_change_with(w, DELETE_LAYERS, in->id, f) &&
                          store_change_with(w, DELETE_MODEL, in->id, f) &&
                          store_change_with(w, DELETE_ARMS, in->id, f) &&
                          store_change_with(w, DELETE_EPOCH_EVENTS, in->id, f));
}

bool store_retry_run(store *s, int64_t id, bool *moved, fail *f)
{
    retrial in = {.id = id};
    if (!store_write(s, change_retry, &in, f))
        return false;
    *moved = in.moved;
    return true;
}
