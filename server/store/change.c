#include "server/store/change.h"

#include "core/base/array.h"

#include <inttypes.h>
#include <stdlib.h>

bool store_change_with(store_writer *w, const char *sql, int64_t id, fail *f)
{
    return store_run_with(&w->connection, store_prepare(&w->connection, sql, f), id, f);
}

/* ---- ids ---- */

static bool add_id(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    store_ids *list = context;
    (void)go_on;
    if (!array_reserve(&list->ids, &list->capacity, list->n + 1, ARRAY_BOUNDED_ELSEWHERE))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to list the runs.");
    list->ids[list->n++] = store_column_integer(row, 0);
    return true;
}

bool store_ids_list(store_writer *w, const char *sql, int64_t id, store_ids *out, fail *f)
{
    sqlite3_stmt *list = store_prepare(&w->connection, sql, f);
    out->n = 0;
    if (list)
        store_bind_integer(list, 1, id);
    return store_each(&w->connection, list, add_id, out, f);
}

void store_ids_tell(store_ids *list, void (*each)(void *context, int64_t id), void *context)
{
    for (size_t i = 0; each && i < list->n; i++)
        each(context, list->ids[i]);
    free(list->ids);
    *list = (store_ids){0};
}

/* ---- what is not there ---- */

bool store_no_run(int64_t id, fail *f)
{
    return fail_set(f, FAIL_NOT_FOUND, NULL, "There is no run %" PRId64 ".", id);
}

bool store_no_experiment(int64_t id, fail *f)
{
    return fail_set(f, FAIL_NOT_FOUND, NULL, "There is no experiment %" PRId64 ".", id);
}

static bool find_id(store_connection *c, const char *sql, int64_t id, bool *found, fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, sql, f), id, &row, f))
        return false;
    *found = row != NULL;
    if (row)
        store_reset(row);
    return true;
}

static const char GET_RUN_ID[] =
    "SELECT id FROM runs WHERE id = ?1" STORE_NOT_DELETED("experiment_id");

bool store_check_run(store_connection *c, int64_t id, fail *f)
{
    bool found;
    return find_id(c, GET_RUN_ID, id, &found, f) && (found || store_no_run(id, f));
}

static const char GET_EXPERIMENT_ID[] =
    "SELECT id FROM experiments WHERE id = ?1" STORE_NOT_DELETED("id");

bool store_check_experiment(store_connection *c, int64_t id, fail *f)
{
    bool found;
    return find_id(c, GET_EXPERIMENT_ID, id, &found, f) && (found || store_no_experiment(id, f));
}
