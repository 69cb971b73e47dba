#include "server/store/snapshot.h"

#include "core/base/digest.h"
#include "server/store/internal.h"
#include "server/store/migrations.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store_snapshot {
    store_connection connection;
    char *path, *identity;
};

/* ---- opening ---- */

static const char BEGIN[] = "BEGIN";
static const char GET_VERSION[] = "PRAGMA user_version";
static const char GET_IDENTITY[] = "SELECT id FROM identity";

static bool check_version(store_connection *c, fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, GET_VERSION, f), 0, &row, f))
        return false;
    int64_t version = row ? store_column_integer(row, 0) : 0;
    if (row)
        store_reset(row);
    return version == MIGRATION_COUNT ||
           fail_set(f, FAIL_CONFLICT, NULL,
                    "The database %s has schema %" PRId64 ", this program's is %d: %s.", c->path,
                    version, MIGRATION_COUNT,
                    version < MIGRATION_COUNT ? "serve it once with this version first"
                                              : "use the version that wrote it");
}

/* The first look is what fixes the moment. */
static bool begin(store_snapshot *s, fail *f)
{
    store_connection *c = &s->connection;
    sqlite3_stmt *row;
    if (!store_run(c, BEGIN, f) || !check_version(c, f) ||
        !store_find(c, store_prepare(c, GET_IDENTITY, f), 0, &row, f))
        return false;
    if (!row)
        return fail_set(f, FAIL_STORAGE, NULL, "%s has lost its identity.", s->path);
    bool is_read = store_column_text(row, 0, &s->identity, f);
    store_reset(row);
    return is_read;
}

bool store_snapshot_open(const char *path, store_snapshot **out, fail *f)
{
    if (access(path, R_OK) != 0)
        return fail_set(f, errno == ENOENT ? FAIL_NOT_FOUND : FAIL_STORAGE, NULL,
                        "The database %s cannot be read: %s.", path, strerror(errno));
    store_snapshot *s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(path))) {
        free(s);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to open the database.");
    }
    if (!store_connection_open(&s->connection, s->path, STORE_READER, f)) {
        free(s->path);
        free(s);
        return false;
    }
    if (begin(s, f)) {
        *out = s;
        return true;
    }
    store_snapshot_close(s);
    return false;
}

void store_snapshot_close(store_snapshot *s)
{
    if (!s)
        return;
    store_connection_close(&s->connection); /* with it the transaction */
    free(s->path);
    free(s->identity);
    free(s);
}

const char *store_snapshot_identity(const store_snapshot *s)
{
    return s->identity;
}

bool store_snapshot_load_files(store_snapshot *s, run_files_list *out, fail *f)
{
    return store_look_for_files(&s->connection, 0, out, f);
}

/* ---- copying ---- */

/* In one step under the transaction that is open: it begins again for nobody's write. */
static bool copy_pages(store_snapshot *s, sqlite3 *to, const char *path, fail *f)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", s->connection.db, "main");
    if (copy)
        sqlite3_backup_step(copy, -1);
    int code = copy ? sqlite3_backup_finish(copy) : sqlite3_errcode(to);
    return code == SQLITE_OK ||
           fail_set(f, FAIL_STORAGE, NULL, "The copy %s cannot be written: %s.", path,
                    sqlite3_errmsg(to));
}

static bool sync_file(const char *path, fail *f)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool is_synced = file >= 0 && fsync(file) == 0;
    if (!is_synced)
        fail_set(f, FAIL_STORAGE, NULL, "The copy %s cannot be synced: %s.", path, strerror(errno));
    if (file >= 0)
        close(file);
    return is_synced;
}

bool store_snapshot_copy(store_snapshot *s, const char *to, fail *f)
{
    sqlite3 *copy = NULL;
    int file = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return fail_set(f, FAIL_STORAGE, NULL, "The copy %s cannot be made: %s.", to,
                        strerror(errno));
    close(file);
    bool is_copied = sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                     sqlite3_exec(copy, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK;
    if (!is_copied)
        fail_set(f, FAIL_STORAGE, NULL, "The copy %s cannot be opened: %s.", to,
                 sqlite3_errmsg(copy));
    is_copied = is_copied && copy_pages(s, copy, to, f);
    sqlite3_close(copy);
    if (is_copied && sync_file(to, f))
        return true;
    unlink(to);
    return false;
}

/* ---- checking ---- */

typedef struct checking {
    const store_snapshot *snapshot;
    void (*each)(void *context, const char *sentence);
    void *context;
} checking;

static void say(const checking *c, const char *what, const char *detail)
{
    char sentence[512];
    snprintf(sentence, sizeof sentence, "%s: %s: %s", c->snapshot->path, what, detail);
    c->each(c->context, sentence);
}

static bool hear_page(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const char *text = (const char *)sqlite3_column_text(row, 0);
    (void)f;
    *go_on = true;
    if (text && strcmp(text, "ok") != 0)
        say(context, "damaged", text);
    return true;
}

static bool hear_reference(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const char *text = (const char *)sqlite3_column_text(row, 0);
    (void)f;
    *go_on = true;
    say(context, "a row refers to one that is not there", text ? text : "?");
    return true;
}

static bool hear_model(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    char found[DIGEST_TEXT_BYTES], what[64];
    const void *bytes = sqlite3_column_blob(row, 1);
    const char *expected = (const char *)sqlite3_column_text(row, 2);
    (void)f;
    *go_on = true;
    digest_write_of(bytes ? bytes : "", (size_t)sqlite3_column_bytes(row, 1), found);
    snprintf(what, sizeof what, "the model of run %" PRId64, store_column_integer(row, 0));
    if (!expected || strcmp(expected, found) != 0)
        say(context, what, "is not what was stored");
    return true;
}

static const char CHECK_PAGES[] = "PRAGMA integrity_check";
static const char CHECK_REFERENCES[] = "PRAGMA foreign_key_check";
static const char LIST_MODELS[] = "SELECT m.run_id, m.model, r.model_sha256 FROM models m"
                                  " JOIN runs r ON r.id = m.run_id";

bool store_snapshot_check(store_snapshot *s, void (*each)(void *context, const char *sentence),
                          void *context, fail *f)
{
    store_connection *c = &s->connection;
    checking check = {s, each, context};
    return store_each(c, store_prepare(c, CHECK_PAGES, f), hear_page, &check, f) &&
           store_each(c, store_prepare(c, CHECK_REFERENCES, f), hear_reference, &check, f) &&
           store_each(c, store_prepare(c, LIST_MODELS, f), hear_model, &check, f);
}
