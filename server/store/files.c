#include "server/store/files.h"

#include "core/base/array.h"
#include "server/store/internal.h"

#include <stdlib.h>

/* ---- reading ---- */

#define COLUMNS                                                                                    \
    "SELECT r.id, r.status, coalesce(r.selected_weights, '') <> '', m.run_id IS NOT NULL,"         \
    " r.model_sha256, r.model_bytes, r.checkpoint_sha256, r.checkpoint_bytes"                      \
    " FROM runs r LEFT JOIN models m ON m.run_id = r.id"

#define HAS_FILE "(r.checkpoint_bytes > 0 OR (r.model_bytes > 0 AND m.run_id IS NULL))"

static const char GET[] = COLUMNS " WHERE r.id = ?1" STORE_NOT_DELETED("r.experiment_id");
static const char LIST_OF[] = COLUMNS " WHERE r.experiment_id = ?1"
                                      " AND " HAS_FILE " ORDER BY r.id";
static const char LIST_ALL[] =
    COLUMNS " WHERE " HAS_FILE STORE_NOT_DELETED("r.experiment_id") " ORDER BY r.id";

static void read_file(sqlite3_stmt *row, int at, run_file *out)
{
    store_column_copy(row, at, out->sha256, sizeof out->sha256);
    out->bytes = store_column_integer(row, at + 1);
}

static void read_files(sqlite3_stmt *row, run_files *out)
{
    *out = (run_files){.run_id = store_column_integer(row, 0),
                       .status = (run_state)store_column_name(row, 1, RUN_STATE_NAMES,
                                                              RUN_STATE_COUNT, RUN_STATE_QUEUED),
                       .left_model = store_column_integer(row, 2) != 0,
                       .in_row = store_column_integer(row, 3) != 0};
    read_file(row, 4, &out->model);
    read_file(row, 6, &out->checkpoint);
}

typedef struct wanted_files {
    int64_t run_id;
    run_files *out;
} wanted_files;

static bool look_at_one(store_connection *c, void *arguments, fail *f)
{
    const wanted_files *in = arguments;
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, GET, f), in->run_id, &row, f))
        return false;
    if (!row)
        return store_no_run(in->run_id, f);
    read_files(row, in->out);
    store_reset(row);
    return true;
}

bool store_get_files(store *s, int64_t run_id, run_files *out, fail *f)
{
    return store_read(s, look_at_one, &(wanted_files){run_id, out}, f);
}

static bool add_files(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    run_files_list *list = context;
    (void)go_on;
    if (!array_reserve(&list->items, &list->capacity, list->n + 1, ARRAY_BOUNDED_ELSEWHERE))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the list of files.");
    read_files(row, &list->items[list->n++]);
    return true;
}

typedef struct wanted_list {
    int64_t experiment_id;
    run_files_list *out;
} wanted_list;

bool store_look_for_files(store_connection *c, int64_t experiment_id, run_files_list *out, fail *f)
{
    sqlite3_stmt *list = store_prepare(c, experiment_id ? LIST_OF : LIST_ALL, f);
    *out = (run_files_list){.n = 0};
    if (list && experiment_id)
        store_bind_integer(list, 1, experiment_id);
    if (store_each(c, list, add_files, out, f))
        return true;
    free(out->items);
    return false;
}

static bool look_at_list(store_connection *c, void *arguments, fail *f)
{
    const wanted_list *in = arguments;
    return store_look_for_files(c, in->experiment_id, in->out, f);
}

bool store_load_files(store *s, int64_t experiment_id, run_files_list *out, fail *f)
{
    return store_read(s, look_at_list, &(wanted_list){experiment_id, out}, f);
}

static const char LAST_RUN[] =
    "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'runs'), 0),"
    " coalesce((SELECT max(id) FROM runs), 0))";

static bool look_at_integer(store_connection *c, const char *sql, int64_t id, int64_t *out, fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, sql, f), id, &row, f))
        return false;
    *out = row ? store_column_integer(row, 0) : 0;
    if (row)
        store_reset(row);
    return true;
}

static bool look_at_last(store_connection *c, void *arguments, fail *f)
{
    return look_at_integer(c, LAST_RUN, 0, arguments, f);
}

bool store_last_run(store *s, int64_t *out, fail *f)
{
    return store_read(s, look_at_last, out, f);
}

/* ---- writing ---- */

typedef struct placing {
    int64_t run_id;
    const char *sql;
    const run_file *file;
    bool moved;
} placing;

static bool change_file(store_writer *w, void *arguments, fail *f)
{
    placing *in = arguments;
    sqlite3_stmt *put = store_prepare(&w->connection, in->sql, f);
    if (!put)
        return false;
    store_bind_integer(put, 1, in->run_id);
    store_bind_text(put, 2, in->file->sha256);
    store_bind_integer(put, 3, in->file->bytes);
    if (!store_done(&w->connection, put, f))
        return false;
    in->moved = sqlite3_changes(w->connection.db) > 0;
    return true;
}

static const char PUT_CHECKPOINT[] = "UPDATE runs SET checkpoint_sha256 = ?2, checkpoint_bytes = ?3"
                                     " WHERE id = ?1 AND status = 'running'";

bool store_put_checkpoint(store *s, int64_t run_id, const run_file *file, bool *moved, fail *f)
{
    placing in = {run_id, PUT_CHECKPOINT, file, false};
    if (!store_write(s, change_file, &in, f))
        return false;
    *moved = in.moved;
    return true;
}

/* ---- older versions ---- */

/* A run that may have such a file and says nothing of it. */
#define MODEL_IS_UNKNOWN                                                                           \
    " AND model_sha256 IS NULL AND coalesce(selected_weights, '') <> ''"                           \
    " AND status IN ('completed', 'failed', 'cancelled')"
#define CHECKPOINT_IS_UNKNOWN                                                                      \
    " AND checkpoint_sha256 IS NULL AND status IN ('queued', 'running', 'paused')"
/* Databases have names since the fourth migration; ?2: whether that is asked for. */
#define IS_AS_OLD                                                                                  \
    " AND (?2 = 0 OR coalesce(finished_at, created_at) <="                                         \
    " (SELECT applied_at FROM schema_migrations WHERE number = 4))"

static const char WANTS_MODEL[] = "SELECT 1 FROM runs WHERE id = ?1" MODEL_IS_UNKNOWN IS_AS_OLD;
static const char WANTS_CHECKPOINT[] =
    "SELECT 1 FROM runs WHERE id = ?1" CHECKPOINT_IS_UNKNOWN IS_AS_OLD;

typedef struct wanted_file {
    int64_t run_id;
    const char *sql;
    bool is_nameless, *wants;
} wanted_file;

static bool look_for_want(store_connection *c, void *arguments, fail *f)
{
    const wanted_file *in = arguments;
    sqlite3_stmt *row = store_prepare(c, in->sql, f);
    if (!row)
        return false;
    store_bind_integer(row, 2, in->is_nameless);
    if (!store_find(c, row, in->run_id, &row, f))
        return false;
    *in->wants = row != NULL;
    if (row)
        store_reset(row);
    return true;
}

bool store_wants_file(store *s, int64_t run_id, run_file_kind kind, bool is_nameless, bool *wants,
                      fail *f)
{
    wanted_file in = {run_id, kind == RUN_FILE_MODEL ? WANTS_MODEL : WANTS_CHECKPOINT, is_nameless,
                      wants};
    return store_read(s, look_for_want, &in, f);
}

static const char ADOPT_MODEL[] = "UPDATE runs SET model_sha256 = ?2, model_bytes = ?3"
                                  " WHERE id = ?1" MODEL_IS_UNKNOWN;
static const char ADOPT_CHECKPOINT[] =
    "UPDATE runs SET checkpoint_sha256 = ?2, checkpoint_bytes = ?3"
    " WHERE id = ?1" CHECKPOINT_IS_UNKNOWN;

bool store_adopt_file(store *s, int64_t run_id, run_file_kind kind, const run_file *file, fail *f)
{
    placing in = {run_id, kind == RUN_FILE_MODEL ? ADOPT_MODEL : ADOPT_CHECKPOINT, file, false};
    return store_write(s, change_file, &in, f);
}
