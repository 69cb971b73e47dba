#include "server/store/connection.h"
#include "core/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { STATEMENT_BYTES_LIMIT = 1 << 20 };

/* ---- opening ---- */

static const char SETTINGS[] = "PRAGMA foreign_keys = ON;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -8192;"
                               "PRAGMA trusted_schema = OFF;";

static const char READ_ONLY[] = "PRAGMA query_only = ON;";

bool store_connection_open(store_connection *c, const char *path, store_access access, fail *f)
{
    *c = (store_connection){.path = path};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (access == STORE_WRITER)
        flags |= SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(path, &c->db, flags, NULL) != SQLITE_OK)
        goto failed;
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, STORE_BUSY_MS);
    if (sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
        goto failed;
    if (sqlite3_exec(c->db, SETTINGS, NULL, NULL, NULL) != SQLITE_OK)
        goto failed;
    if (access == STORE_READER && sqlite3_exec(c->db, READ_ONLY, NULL, NULL, NULL) != SQLITE_OK)
        goto failed;
    return true;
failed:
    store_connection_fail(c, f);
    store_connection_close(c);
    return false;
}

void store_connection_close(store_connection *c)
{
    for (int i = 0; i < c->n_statements; i++)
        sqlite3_finalize(c->statements[i].statement);
    int code = sqlite3_close(c->db);
    assert(code == SQLITE_OK); /* else a statement was left open */
    c->db = NULL;
    c->n_statements = 0;
}

bool store_connection_lock(const char *path, int *fd, fail *f)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        return fail_set(f, FAIL_STORAGE, NULL, "The database %s cannot be opened for writing: %s.",
                        path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    int cause = errno;
    close(*fd);
    *fd = -1;
    if (cause == EWOULDBLOCK)
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "The database %s is in use by another Regulab: stop it, or name another "
                        "file.",
                        path);
    return fail_set(f, FAIL_STORAGE, NULL, "The database %s cannot be locked: %s.", path,
                    strerror(cause));
}

/* ---- failure ---- */

static bool fail_of_io(const store_connection *c, fail *f)
{
    int cause = sqlite3_system_errno(c->db);
    return fail_set(f, FAIL_STORAGE, NULL, "The disk refused to read or write the database %s: %s.",
                    c->path, cause ? strerror(cause) : sqlite3_errmsg(c->db));
}

bool store_connection_fail(const store_connection *c, fail *f)
{
    if (!c->db)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to open the database.");
    const char *path = c->path;
    switch (sqlite3_errcode(c->db) & 0xff) {
    case SQLITE_FULL:
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The disk that holds the database %s is full: free some space.", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail_set(f, FAIL_STORAGE, NULL,
                        "Another program holds a lock on the database %s: end its transaction.",
                        path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The database %s cannot be written: it, or its folder, is read-only.",
                        path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The file %s is damaged or not a database (%s): restore it from a copy.",
                        path, sqlite3_errmsg(c->db));
    case SQLITE_CANTOPEN:
        return fail_set(f, FAIL_STORAGE, NULL, "The database %s cannot be opened: %s.", path,
                        sqlite3_system_errno(c->db) ? strerror(sqlite3_system_errno(c->db))
                                                    : "is its folder there?");
    case SQLITE_IOERR:
        return fail_of_io(c, f);
    case SQLITE_NOMEM:
        return fail_set(f, FAIL_STORAGE, NULL, "There is not enough memory for the database %s.",
                        path);
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        return fail_set(f, FAIL_STORAGE, NULL, "The database %s did not answer: %s.", path,
                        sqlite3_errmsg(c->db));
    default:
        return fail_set(f, FAIL_INTERNAL, NULL, "The database %s refused a statement: %s.", path,
                        sqlite3_errmsg(c->db));
    }
}

/* ---- statements ---- */

bool store_execute(store_connection *c, const char *sql, fail *f)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_connection_fail(c, f);
}

static sqlite3_stmt *find(const store_connection *c, const char *sql, store_writes_sql *write)
{
    for (int i = 0; i < c->n_statements; i++)
        if (c->statements[i].sql == sql && c->statements[i].write == write)
            return c->statements[i].statement;
    return NULL;
}

/* Found by `sql` or by `write` from now on; its text is not kept. */
static sqlite3_stmt *prepare(store_connection *c, const char *sql, store_writes_sql *write,
                             const char *text, fail *f)
{
    assert(c->n_statements < STORE_STATEMENTS_LIMIT);
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(c->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        store_connection_fail(c, f);
        return NULL;
    }
    c->statements[c->n_statements].sql = sql;
    c->statements[c->n_statements].write = write;
    c->statements[c->n_statements++].statement = statement;
    return statement;
}

sqlite3_stmt *store_prepare(store_connection *c, const char *sql, fail *f)
{
    sqlite3_stmt *found = find(c, sql, NULL);
    return found ? found : prepare(c, sql, NULL, sql, f);
}

sqlite3_stmt *store_prepare_written(store_connection *c, store_writes_sql *write, fail *f)
{
    sqlite3_stmt *statement = find(c, NULL, write);
    if (statement)
        return statement;
    buffer text;
    buffer_init(&text, STATEMENT_BYTES_LIMIT);
    write(&text);
    if (text.failed)
        fail_set(f, FAIL_STORAGE, NULL, "There is no memory for a statement.");
    else
        statement = prepare(c, NULL, write, text.data, f);
    buffer_close(&text);
    return statement;
}

sqlite3_stmt *store_prepare_once(const store_connection *c, const char *sql, fail *f)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL) == SQLITE_OK)
        return statement;
    store_connection_fail(c, f);
    return NULL;
}

bool store_step(const store_connection *c, sqlite3_stmt *statement, bool *row, fail *f)
{
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return true;
    bool is_done = code == SQLITE_DONE || store_connection_fail(c, f);
    store_reset(statement);
    return is_done;
}

bool store_done(const store_connection *c, sqlite3_stmt *statement, fail *f)
{
    bool row = true;
    while (row)
        if (!store_step(c, statement, &row, f))
            return false;
    return true;
}

bool store_run(store_connection *c, const char *sql, fail *f)
{
    sqlite3_stmt *statement = store_prepare(c, sql, f);
    return statement && store_done(c, statement, f);
}

void store_reset(sqlite3_stmt *statement)
{
    sqlite3_reset(statement); /* repeats the code of the last step, which was looked at there */
    sqlite3_clear_bindings(statement);
}

/* ---- values ---- */

/* Binding to an index that exists, of a value that is borrowed, cannot fail. */
static void check_bound(int code)
{
    assert(code == SQLITE_OK);
}

void store_bind_integer(sqlite3_stmt *statement, int at, int64_t value)
{
    check_bound(sqlite3_bind_int64(statement, at, value));
}

void store_bind_number(sqlite3_stmt *statement, int at, double value)
{
    if (isfinite(value))
        check_bound(sqlite3_bind_double(statement, at, value));
    else
        check_bound(sqlite3_bind_null(statement, at));
}

void store_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    if (text)
        check_bound(sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC));
    else
        check_bound(sqlite3_bind_null(statement, at));
}

void store_bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t n)
{
    check_bound(sqlite3_bind_blob64(statement, at, bytes, n, SQLITE_STATIC));
}

int64_t store_column_integer(sqlite3_stmt *statement, int at)
{
    return sqlite3_column_int64(statement, at);
}

double store_column_number(sqlite3_stmt *statement, int at)
{
    bool is_null = sqlite3_column_type(statement, at) == SQLITE_NULL;
    return is_null ? NAN : sqlite3_column_double(statement, at);
}

int64_t store_column_time(sqlite3_stmt *statement, int at)
{
    return clock_date_read((const char *)sqlite3_column_text(statement, at));
}

void store_column_copy(sqlite3_stmt *statement, int at, char *out, size_t out_bytes)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    snprintf(out, out_bytes, "%s", text ? text : "");
}

bool store_column_text(sqlite3_stmt *statement, int at, char **out, fail *f)
{
    *out = NULL;
    if (sqlite3_column_type(statement, at) == SQLITE_NULL)
        return true;
    const char *text = (const char *)sqlite3_column_text(statement, at);
    *out = text ? strdup(text) : NULL;
    return *out || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to read a row.");
}

bool store_column_bytes(sqlite3_stmt *statement, int at, char **out, size_t *n, fail *f)
{
    *n = 0;
    *out = NULL;
    if (sqlite3_column_type(statement, at) == SQLITE_NULL)
        return true;
    const void *bytes = sqlite3_column_blob(statement, at); /* before its length is asked for */
    size_t length = (size_t)sqlite3_column_bytes(statement, at);
    *out = bytes ? malloc(length) : NULL;
    if (!*out)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to read a row.");
    memcpy(*out, bytes, length);
    *n = length;
    return true;
}

int store_column_name(sqlite3_stmt *statement, int at, const char *const *names, int n,
                      int otherwise)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    for (int i = 0; text && i < n; i++)
        if (names[i] && strcmp(names[i], text) == 0)
            return i;
    return otherwise;
}
