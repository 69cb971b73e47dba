/* The rows of the data sets, and who uses them. */
#include "server/store/datasets.h"
#include "core/base/clock.h"
#include "server/store/internal.h"

#include <assert.h>

static const char PUT[] =
    "INSERT OR REPLACE INTO datasets (name, sha256, task, n_train, n_validation, n_test, inputs,"
    " outputs, bytes, built_in, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

static bool change_put(store_writer *w, void *arguments, fail *f)
{
    const dataset_info *d = arguments;
    char created[CLOCK_DATE_BYTES];
    sqlite3_stmt *put = store_prepare(&w->connection, PUT, f);
    if (!put)
        return false;
    store_bind_text(put, 1, d->name);
    store_bind_text(put, 2, d->sha256);
    store_bind_text(put, 3, d->task);
    const int64_t numbers[] = {d->n_train, d->n_validation, d->n_test,  d->inputs,
                               d->outputs, d->bytes,        d->built_in};
    for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
        store_bind_integer(put, 4 + i, numbers[i]);
    store_bind_text(put, 11, clock_date_write(d->created_ms, created));
    return store_done(&w->connection, put, f);
}

bool store_put_dataset(store *s, const dataset_info *d, fail *f)
{
    dataset_info copy = *d;
    return store_write(s, change_put, &copy, f);
}

static const char FIND[] = "SELECT 1 FROM datasets WHERE name = ?1";

typedef struct search {
    const char *name;
    bool has;
} search;

static bool look_for(store_connection *c, void *arguments, fail *f)
{
    search *in = arguments;
    sqlite3_stmt *find = store_prepare(c, FIND, f);
    if (!find)
        return false;
    store_bind_text(find, 1, in->name);
    bool is_good = store_step(c, find, &in->has, f);
    store_reset(find);
    return is_good;
}

bool store_has_dataset(store *s, const char *name, bool *has, fail *f)
{
    search in = {.name = name};
    if (!store_read(s, look_for, &in, f))
        return false;
    *has = in.has;
    return true;
}

typedef struct removal {
    const char *name;
} removal;

static const char DELETE[] = "DELETE FROM datasets WHERE name = ?1";

static bool change_delete(store_writer *w, void *arguments, fail *f)
{
    const removal *in = arguments;
    sqlite3_stmt *delete = store_prepare(&w->connection, DELETE, f);
    if (!delete)
        return false;
    store_bind_text(delete, 1, in->name);
    if (!store_done(&w->connection, delete, f))
        return false;
    return sqlite3_changes(w->connection.db) > 0 ||
           fail_set(f, FAIL_NOT_FOUND, NULL, "There is no data set \"%s\".", in->name);
}

bool store_delete_dataset(store *s, const char *name, fail *f)
{
    removal in = {name};
    return store_write(s, change_delete, &in, f);
}

/* ---- counting ---- */

static const char COUNT_USERS[] =
    "SELECT count(*), coalesce(sum(e.n_queued + e.n_running + e.n_paused > 0), 0) "
    "FROM experiments e WHERE e.id IN (SELECT experiment_id FROM config_fields WHERE dataset = "
    "?1)" STORE_NOT_DELETED("e.id");

typedef struct users {
    const char *name;
    int64_t unfinished, all;
} users;

static bool look_at_users(store_connection *c, void *arguments, fail *f)
{
    bool row;
    users *in = arguments;
    sqlite3_stmt *count = store_prepare(c, COUNT_USERS, f);
    if (!count)
        return false;
    store_bind_text(count, 1, in->name);
    if (!store_step(c, count, &row, f))
        return false;
    assert(row);
    in->all = store_column_integer(count, 0);
    in->unfinished = store_column_integer(count, 1);
    store_reset(count);
    return true;
}

bool store_count_dataset_users(store *s, const char *name, int64_t *unfinished, int64_t *all,
                               fail *f)
{
    users in = {.name = name};
    if (!store_read(s, look_at_users, &in, f))
        return false;
    *unfinished = in.unfinished;
    *all = in.all;
    return true;
}
