#include "server/store/prune.h"

#include "core/base/array.h"
#include "server/store/internal.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is old ---- */

static const char LIST_OLD[] =
    "SELECT e.id, e.n_runs, e.name, e.finished_at FROM experiments e"
    " WHERE e.status IN ('completed', 'failed', 'cancelled') AND e.finished_at < ?1"
    " AND NOT EXISTS (SELECT 1 FROM json_each(e.tags) t JOIN json_each(?2) k ON k.value = "
    "t.value)" STORE_NOT_DELETED("e.id") " ORDER BY e.finished_at, e.id";

typedef struct old_list {
    int64_t before_ms;
    const char *kept_tags;
    old_experiment *items;
    size_t n, capacity;
} old_list;

static bool add_old(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    old_list *list = context;
    *go_on = true;
    if (!array_reserve(&list->items, &list->capacity, list->n + 1, ARRAY_BOUNDED_ELSEWHERE))
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the experiments.");
    old_experiment *e = &list->items[list->n++];
    *e = (old_experiment){.id = store_column_integer(row, 0),
                          .n_runs = store_column_integer(row, 1)};
    store_column_copy(row, 2, e->name, sizeof e->name);
    store_column_copy(row, 3, e->finished_at, sizeof e->finished_at);
    return true;
}

static bool look_for_old(store_connection *c, void *arguments, fail *f)
{
    old_list *in = arguments;
    char before[CLOCK_DATE_BYTES];
    sqlite3_stmt *list = store_prepare(c, LIST_OLD, f);
    if (!list)
        return false;
    store_bind_text(list, 1, clock_date_write(in->before_ms, before));
    store_bind_text(list, 2, in->kept_tags);
    return store_each(c, list, add_old, in, f);
}

bool store_load_old(store *s, int64_t before_ms, const char *kept_tags, old_experiment **out,
                    size_t *n, fail *f)
{
    old_list list = {.before_ms = before_ms, .kept_tags = kept_tags};
    if (!store_read(s, look_for_old, &list, f)) {
        free(list.items);
        return false;
    }
    *out = list.items;
    *n = list.n;
    return true;
}

/* ---- rows ---- */

static bool change_removed(store_writer *w, void *arguments, fail *f)
{
    bool *is_left = arguments;
    if (!store_remove_some(w, NULL, f))
        return false;
    *is_left = w->has_deletions;
    return true;
}

bool store_remove_deleted(store *s, fail *f)
{
    bool is_left = true;
    while (is_left)
        if (!store_write(s, change_removed, &is_left, f))
            return false;
    return true;
}

/* ---- room ---- */

/* The copy that it takes meanwhile is on disk, not in memory. */
static const char COMPACT[] = "PRAGMA temp_store = FILE; PRAGMA auto_vacuum = INCREMENTAL; VACUUM;"
                              "PRAGMA wal_checkpoint(TRUNCATE)";

static int64_t size_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (int64_t)about.st_size : 0;
}

bool store_compact(const char *path, int64_t *bytes, fail *f)
{
    store_connection c;
    int lock;
    int64_t before = size_of(path);
    if (!store_connection_lock(path, &lock, f))
        return false;
    bool is_open = store_connection_open(&c, path, STORE_WRITER, f);
    bool is_compact = is_open && store_execute(&c, COMPACT, f);
    if (is_open)
        store_connection_close(&c);
    close(lock);
    *bytes = before - size_of(path);
    return is_compact;
}
