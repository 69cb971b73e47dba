#include "server/store/rescue.h"

#include <stdio.h>

enum { RESCUE_WAIT_MS = 2000 };

static bool copy_log(const store_connection *c, fail *f)
{
    int n_pages = 0, n_copied = 0;
    int code =
        sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &n_pages, &n_copied);
    if (code != SQLITE_OK)
        return store_connection_fail(c, f);
    return n_pages == n_copied ||
           fail_set(f, FAIL_STORAGE, NULL, "The log of the database %s is still being read.",
                    c->path);
}

/* Where it cannot be opened again, the writer is left without a database: the next try opens it. */
static bool open_again(store_writer *w, const char *path, fail *f)
{
    if (w->connection.db)
        store_connection_close(&w->connection);
    return store_connection_open(&w->connection, path, STORE_WRITER, f) &&
           store_group_prepare(w, f);
}

bool store_rescue(store_writer *w, store_readers *r, fail *f)
{
    const char *path = w->connection.path;
    if (!store_readers_shut(r, RESCUE_WAIT_MS, f))
        return false;
    bool is_rescued = (!w->connection.db || copy_log(&w->connection, f)) && open_again(w, path, f);
    store_readers_open(r);
    if (is_rescued)
        (void)fprintf(stderr,
                      "regulab: the write-ahead log of %s was taken away; what it held is in the "
                      "database\n",
                      path);
    return is_rescued;
}
