/* The models that are small enough to lie in a row. */
#include "server/store/files.h"
#include "server/store/internal.h"

#include <stdlib.h>

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

typedef struct wanted_model {
    int64_t run_id;
    char **bytes;
    size_t *n;
} wanted_model;

static bool look_at_model(store_connection *c, void *arguments, fail *f)
{
    const wanted_model *in = arguments;
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, GET, f), in->run_id, &row, f))
        return false;
    *in->bytes = NULL;
    *in->n = 0;
    bool is_read = !row || store_column_bytes(row, 0, in->bytes, in->n, f);
    if (row)
        store_reset(row);
    return is_read;
}

bool store_get_model(store *s, int64_t run_id, char **bytes, size_t *n, fail *f)
{
    return store_read(s, look_at_model, &(wanted_model){run_id, bytes, n}, f);
}
