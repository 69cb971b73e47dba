#include "server/store/statement.h"

#include "core/base/clock.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- preparing ---- */

enum { STATEMENT_BYTES_LIMIT = 1 << 20 };

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

/* ---- whole statements ---- */

bool store_run_with_3(const store_connection *c, sqlite3_stmt *statement, int64_t a, int64_t b,
                      int64_t third, fail *f)
{
    if (!statement)
        return false;
    const int64_t numbers[] = {a, b, third};
    int n = sqlite3_bind_parameter_count(statement);
    assert(n <= (int)(sizeof numbers / sizeof *numbers));
    for (int i = 0; i < n; i++)
        store_bind_integer(statement, 1 + i, numbers[i]);
    return store_done(c, statement, f);
}

bool store_run_with_2(const store_connection *c, sqlite3_stmt *statement, int64_t a, int64_t b,
                      fail *f)
{
    return store_run_with_3(c, statement, a, b, 0, f);
}

bool store_run_with(const store_connection *c, sqlite3_stmt *statement, int64_t id, fail *f)
{
    return store_run_with_3(c, statement, id, 0, 0, f);
}

bool store_find(const store_connection *c, sqlite3_stmt *statement, int64_t id, sqlite3_stmt **row,
                fail *f)
{
    bool is_there;
    if (!statement)
        return false;
    if (sqlite3_bind_parameter_count(statement) > 0)
        store_bind_integer(statement, 1, id);
    if (!store_step(c, statement, &is_there, f))
        return false;
    *row = is_there ? statement : NULL;
    return true;
}

bool store_each(const store_connection *c, sqlite3_stmt *statement, store_row *each, void *context,
                fail *f)
{
    bool row, go_on = true;
    while (statement && go_on) {
        if (!store_step(c, statement, &row, f))
            return false;
        if (!row)
            return true;
        if (!each(context, statement, &go_on, f)) {
            store_reset(statement);
            return false;
        }
    }
    if (statement)
        store_reset(statement);
    return statement != NULL;
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
