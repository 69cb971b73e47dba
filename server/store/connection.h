/* connection — one SQLite connection, its prepared statements, and values in and out of them.
 *
 * 1. A statement is prepared once per connection and found again by the address of its constant
 * text, or of the function that writes its text.
 * 2. Whoever steps a statement ends with store_done() or store_reset(): none stays open, because an
 * open one keeps its snapshot and the WAL behind it.
 * 3. NULL in SQL is NULL, NaN or time 0 in C; numbers that are not finite are stored as NULL.
 * Threads: one at a time per connection. Failure: FAIL_STORAGE where trying again may help (disk
 * full, locked, damaged, read-only), FAIL_INTERNAL where the statement itself is refused. */
#ifndef SERVER_STORE_CONNECTION_H
#define SERVER_STORE_CONNECTION_H

#include "core/base/fail.h"
#include "server/text/buffer.h"

#include <sqlite3.h>
#include <stdint.h>

enum { STORE_STATEMENTS_LIMIT = 96, STORE_BUSY_MS = 5000 };

/* Writes the text of a statement that is derived from tables: always the same. */
typedef void store_writes_sql(buffer *b);

typedef struct store_connection {
    sqlite3 *db;
    const char *path; /* borrowed, for messages */
    int n_statements;
    struct {
        const char *sql;         /* or: */
        store_writes_sql *write; /* what it is found by */
        sqlite3_stmt *statement;
    } statements[STORE_STATEMENTS_LIMIT];
    struct store_connection *next; /* in the store's list of idle ones */
} store_connection;

typedef enum store_access { STORE_READER, STORE_WRITER } store_access;

/* Makes the file if it is missing (mode 0666 less the umask) and takes it for one process, until
 * *fd is closed: that is to be after its connections, because closing any descriptor of a file
 * drops SQLite's own locks on it. This lock is of another kind than those, so that other programs
 * can read. In use: FAIL_CONFLICT. */
FAIL_CHECKED bool store_connection_lock(const char *path, int *fd, fail *f);

/* Opens the file (a writer makes it if it is missing) and sets busy timeout, foreign keys,
 * synchronous; a reader may only read. On false *c is closed. */
FAIL_CHECKED bool store_connection_open(store_connection *c, const char *path, store_access access,
                                        fail *f);
void store_connection_close(store_connection *c);

/* Fills *f with what the connection's last error means to the user; returns false. */
bool store_connection_fail(const store_connection *c, fail *f);

/* Runs a text of any number of statements. */
FAIL_CHECKED bool store_execute(store_connection *c, const char *sql, fail *f);

/* The statement of that constant text, reset, with nothing bound; NULL with *f. */
sqlite3_stmt *store_prepare(store_connection *c, const char *sql, fail *f);

/* The same of a text that `write` writes, once per connection. */
sqlite3_stmt *store_prepare_written(store_connection *c, store_writes_sql *write, fail *f);

/* A statement of a text made for this call: to be freed with sqlite3_finalize(). NULL with *f. */
sqlite3_stmt *store_prepare_once(const store_connection *c, const char *sql, fail *f);

/* Runs the one statement of that constant text, which takes and gives nothing: prepared once. */
FAIL_CHECKED bool store_run(store_connection *c, const char *sql, fail *f);

/* One row: true with *row saying whether there is one (without: the statement is reset). False with
 * *f: reset too. */
FAIL_CHECKED bool store_step(const store_connection *c, sqlite3_stmt *statement, bool *row,
                             fail *f);

/* Runs a statement that returns nothing to its end and resets it. */
FAIL_CHECKED bool store_done(const store_connection *c, sqlite3_stmt *statement, fail *f);
void store_reset(sqlite3_stmt *statement);

/* ---- values ---- (texts are borrowed until the statement is reset) */
void store_bind_integer(sqlite3_stmt *statement, int at, int64_t value);
void store_bind_number(sqlite3_stmt *statement, int at, double value);
void store_bind_text(sqlite3_stmt *statement, int at, const char *text); /* NULL: NULL */
void store_bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t n);

int64_t store_column_integer(sqlite3_stmt *statement, int at); /* NULL: 0 */
double store_column_number(sqlite3_stmt *statement, int at);   /* NULL: NaN */
int64_t store_column_time(sqlite3_stmt *statement, int at);
/* Copies into `out`, cut to its size; NULL gives "". */
void store_column_copy(sqlite3_stmt *statement, int at, char *out, size_t out_bytes);
/* A heap copy, NULL for NULL; false with *f when there is no memory. */
FAIL_CHECKED bool store_column_text(sqlite3_stmt *statement, int at, char **out, fail *f);
FAIL_CHECKED bool store_column_bytes(sqlite3_stmt *statement, int at, char **out, size_t *n,
                                     fail *f);
/* Index of the text in names[n] (of which any may be NULL), or `otherwise`. */
int store_column_name(sqlite3_stmt *statement, int at, const char *const *names, int n,
                      int otherwise);

#endif
