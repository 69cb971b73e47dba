#include "server/store/group.h"
#include "core/base/clock.h"

enum {
    ANALYZE_ROWS_IDLE = 10000, /* changed since the last ANALYZE */
    ANALYZE_ROWS_BUSY = 200000,
    FREE_PAGES_KEPT = 256 /* they are used again */
};
#define GIVEN_BACK_AT_ONCE "2000" /* pages: some milliseconds */

/* ---- lists ---- */

void store_group_push(write_list *list, write_entry *w)
{
    w->next = NULL;
    *(list->last ? &list->last->next : &list->first) = w;
    list->last = w;
    list->n++;
}

write_entry *store_group_pop(write_list *list)
{
    write_entry *w = list->first;
    list->first = w->next;
    if (!list->first)
        list->last = NULL;
    list->n--;
    return w;
}

void store_group_prepend(write_list *list, write_list *head)
{
    if (!head->first)
        return;
    head->last->next = list->first;
    if (!list->last)
        list->last = head->last;
    list->first = head->first;
    list->n += head->n;
    *head = (write_list){0};
}

/* ---- the transaction ---- */

static int note_wal(void *context, sqlite3 *db, const char *name, int n_pages)
{
    store_writer *w = context;
    (void)db;
    (void)name;
    w->wal_pages = n_pages;
    return SQLITE_OK;
}

/* A connection has its log from its first look on. */
bool store_group_prepare(store_writer *w, fail *f)
{
    if (!store_execute(&w->connection, "PRAGMA journal_size_limit = 16777216", f) ||
        !store_execute(&w->connection, "SELECT count(*) FROM identity", f))
        return false;
    sqlite3_wal_hook(w->connection.db, note_wal, w);
    store_place_note(&w->place, &w->connection);
    return true;
}

bool store_group_check_place(const store_writer *w, fail *f)
{
    return store_place_check_database(&w->connection, f) &&
           store_place_check_log(&w->place, w->connection.path, f);
}

static const char BEGIN[] = "BEGIN IMMEDIATE";
static const char COMMIT[] = "COMMIT";
static const char SAVE[] = "SAVEPOINT entry";
static const char RELEASE[] = "RELEASE entry";
static const char UNDO[] = "ROLLBACK TO entry";
/* Writes a page that says the same as before: whether the disk takes writes again. */
static const char PROBE[] = "PRAGMA application_id = 0x52474c42";

/* False when the whole group has to be undone; a change that fails by itself is undone alone. */
static bool apply(store_writer *w, write_entry *entry, fail *f)
{
    store_connection *c = &w->connection;
    int n_events = w->n_events;
    if (!store_run(c, SAVE, f))
        return false;
    entry->ok = entry->change(w, entry->arguments, &entry->why);
    if (entry->ok)
        return store_run(c, RELEASE, f);
    w->n_events = n_events;
    if (entry->why.code == FAIL_STORAGE || sqlite3_get_autocommit(c->db)) {
        *f = entry->why;
        return false;
    }
    return store_run(c, UNDO, f) && store_run(c, RELEASE, f);
}

bool store_group_commit(store_writer *w, const write_list *group, fail *f)
{
    store_connection *c = &w->connection;
    w->n_events = 0;
    clock_date_write(clock_date_ms(), w->now);
    if (!store_group_check_place(w, f) || !store_run(c, BEGIN, f))
        return false;
    bool is_good = group->first || store_run(c, PROBE, f);
    for (write_entry *entry = group->first; entry && is_good; entry = entry->next)
        is_good = apply(w, entry, f);
    is_good = is_good && store_prune_events(w, f) && store_run(c, COMMIT, f);
    if (!is_good && !sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL); /* fails only if it is rolled back */
    return is_good;
}

/* ---- upkeep ---- */

/* Copies the WAL back into the database, outside of any caller's time. */
static void copy_wal(store_writer *w, int mode)
{
    sqlite3 *db = w->connection.db;
    int n_pages = 0, n_copied = 0;
    sqlite3_busy_timeout(db, 0); /* a reader in the way: another time */
    if (sqlite3_wal_checkpoint_v2(db, NULL, mode, &n_pages, &n_copied) == SQLITE_OK &&
        n_pages == n_copied)
        w->wal_pages = 0;
    sqlite3_busy_timeout(db, STORE_BUSY_MS);
}

/* Keeps the planner's figures near the truth; that it fails costs speed, not correctness. */
static void analyze(store_writer *w, int64_t after_rows)
{
    sqlite3 *db = w->connection.db;
    int64_t n_changes = sqlite3_total_changes64(db);
    if (n_changes - w->analyzed_at < after_rows)
        return;
    sqlite3_exec(db, "PRAGMA analysis_limit = 400; ANALYZE", NULL, NULL, NULL);
    w->analyzed_at = sqlite3_total_changes64(db);
}

void store_group_checkpoint(store_writer *w)
{
    if (w->wal_pages < STORE_WAL_PAGES)
        return;
    copy_wal(w, SQLITE_CHECKPOINT_PASSIVE);
    analyze(w, ANALYZE_ROWS_BUSY);
}

static const char COUNT_FREE[] = "PRAGMA freelist_count";
static const char GIVE_BACK[] = "PRAGMA incremental_vacuum(" GIVEN_BACK_AT_ONCE ")";

static int64_t count_free(store_writer *w)
{
    sqlite3_stmt *row;
    int64_t n = 0;
    store_connection *c = &w->connection;
    if (!store_find(c, store_prepare(c, COUNT_FREE, NULL), 0, &row, NULL) || !row)
        return 0;
    n = store_column_integer(row, 0);
    store_reset(row);
    return n;
}

/* Files of before this version keep their pages until they are written anew: nothing happens. */
static bool give_back(store_writer *w)
{
    int64_t before = count_free(w);
    if (before < FREE_PAGES_KEPT)
        return false;
    sqlite3_exec(w->connection.db, GIVE_BACK, NULL, NULL, NULL);
    int64_t left = count_free(w);
    return left < before && left >= FREE_PAGES_KEPT;
}

bool store_group_tidy(store_writer *w)
{
    if (!w->connection.db) /* a rescue left it so: there is nothing to tidy */
        return false;
    bool has_more = give_back(w);
    analyze(w, ANALYZE_ROWS_IDLE);
    copy_wal(w, SQLITE_CHECKPOINT_TRUNCATE);
    return has_more;
}
