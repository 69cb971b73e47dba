/* models — the models that are small enough to lie in a row. */
#include "server/store/internal.h"

#include <stdlib.h>
#include <string.h>

static const char PUT[] = "INSERT INTO models (run_id, model) VALUES (?1, ?2)";

bool store_put_model(store_writer *w, int64_t run_id, const void *model, size_t n_bytes, fail *f)
{
    sqlite3_stmt *put = store_prepare(&w->connection, PUT, f);
    if (!put)
        return false;
    store_bind_integer(put, 1, run_id);
    store_bind_bytes(put, 2, model, n_bytes);
    return store_done(&w->connection, put, f);
}

static const char GET[] = "SELECT model FROM models WHERE run_id = ?1";

static bool read_model(store_connection *c, sqlite3_stmt *get, char **bytes, size_t *n, fail *f)
{
    bool found;
    if (!store_step(c, get, &found, f))
        return false;
    *bytes = NULL;
    *n = 0;
    return !found || store_column_bytes(get, 0, bytes, n, f);
}

bool store_get_model(store *s, int64_t run_id, char **bytes, size_t *n, fail *f)
{
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    sqlite3_stmt *get = store_prepare(c, GET, f);
    if (get)
        store_bind_integer(get, 1, run_id);
    bool is_good = get && read_model(c, get, bytes, n, f);
    if (get)
        store_reset(get);
    store_give_back(s, c);
    return is_good;
}
