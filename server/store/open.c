/* Opening and closing a store: what the file must be before anything is read or written. */
#include "server/store/handle.h"
#include "server/store/schema.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RENEWED_PAGES = 16384 }; /* 64 MB */

static const char COUNT_START[] = "UPDATE identity SET starts = starts + 1";

static bool start_afresh(store_writer *w, void *arguments, fail *f)
{
    int64_t last;
    (void)arguments;
    return store_execute(&w->connection, COUNT_START, f) &&
           store_read_event_range(&w->connection, &w->first_event, &last, f) &&
           store_requeue_runs(w, f) && store_find_deletions(w, f);
}

/* Before this start is counted. */
static const char GET_IDENTITY[] = "SELECT id, starts + 1 FROM identity";

static bool read_identity(store *s, fail *f)
{
    sqlite3_stmt *row;
    store_connection *c = &s->writer.connection;
    if (!store_find(c, store_prepare(c, GET_IDENTITY, f), 0, &row, f))
        return false;
    if (!row)
        return fail_set(f, FAIL_STORAGE, NULL, "%s has lost its identity.", s->path);
    bool is_read = store_column_text(row, 0, &s->identity, f);
    s->n_starts = store_column_integer(row, 1);
    store_reset(row);
    return is_read;
}

static const char GET_VACUUM[] = "PRAGMA auto_vacuum";
static const char COUNT_PAGES[] = "PRAGMA page_count";
static const char WRITE_ANEW[] = "VACUUM";

static int64_t ask(store_connection *c, const char *sql)
{
    sqlite3_stmt *row;
    int64_t n = 0;
    if (!store_find(c, store_prepare(c, sql, NULL), 0, &row, NULL) || !row)
        return 0;
    n = store_column_integer(row, 0);
    store_reset(row);
    return n;
}

/* A file of before this version gives no pages back until it is written anew: at once while that
 * takes no time, else by `regulab prune`. Not needed: another program in the way is none. */
static void renew_small(store_connection *c)
{
    if (ask(c, GET_VACUUM) == 0 && ask(c, COUNT_PAGES) <= RENEWED_PAGES)
        sqlite3_exec(c->db, WRITE_ANEW, NULL, NULL, NULL);
}

static bool prepare_database(store *s, fail *f)
{
    store_connection *c = &s->writer.connection;
    if (!store_schema_apply(c, f))
        return false;
    renew_small(c);
    if (!read_identity(s, f) || !store_group_prepare(&s->writer, f))
        return false;
    write_entry first = {.change = start_afresh};
    write_list group = {.first = &first, .last = &first, .n = 1};
    if (!store_group_commit(&s->writer, &group, f))
        return false;
    if (!first.ok && f)
        *f = first.why;
    return first.ok;
}

static void free_store(store *s)
{
    store_readers_close(&s->readers);
    store_connection_close(&s->writer.connection);
    if (s->lock_fd >= 0)
        close(s->lock_fd); /* after SQLite: closing any descriptor of the file drops its locks */
    store_thread_close(&s->thread);
    free(s->writer.events);
    free(s->path);
    free(s->identity);
    free(s);
}

static store *new_store(const char *path, fail *f)
{
    store *s = calloc(1, sizeof *s);
    char *copy = strdup(path);
    if (!s || !copy) {
        free(s);
        free(copy);
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to open the database.");
        return NULL;
    }
    s->path = copy;
    s->lock_fd = -1;
    store_thread_init(&s->thread, &s->writer, &s->readers);
    store_readers_init(&s->readers, copy, &s->writer.place);
    return s;
}

bool store_open(const char *path, store **out, fail *f)
{
    store *s = new_store(path, f);
    if (!s)
        return false;
    if (store_connection_lock(s->path, &s->lock_fd, f) &&
        store_connection_open(&s->writer.connection, s->path, STORE_WRITER, f) &&
        prepare_database(s, f) && store_thread_start(&s->thread, f)) {
        *out = s;
        return true;
    }
    free_store(s);
    return false;
}

void store_close(store *s)
{
    store_thread_stop(&s->thread);
    (void)store_group_tidy(&s->writer);
    free_store(s);
}
