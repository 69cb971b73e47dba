/* statement — prepared statements, their rows, and values in and out of them.
 *
 * 1. A statement is prepared once per connection and found again by the address of its constant
 * text, or of the function that writes its text.
 * 2. Whoever steps a statement ends with store_done() or store_reset(): none stays open, because an
 * open one keeps its snapshot and the WAL behind it.
 * 3. NULL in SQL is NULL, NaN or time 0 in C; numbers that are not finite are stored as NULL.
 * Threads and failure: those of the connection. */
#ifndef SERVER_STORE_STATEMENT_H
#define SERVER_STORE_STATEMENT_H

#include "server/store/connection.h"

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

/* ---- whole statements ---- (`statement` may be NULL: store_prepare() failed and filled *f) */

/* Runs it to its end with ?1 = id; ?1 and ?2, or ?1, ?2 and ?3. */
FAIL_CHECKED bool store_run_with(const store_connection *c, sqlite3_stmt *statement, int64_t id,
                                 fail *f);
FAIL_CHECKED bool store_run_with_2(const store_connection *c, sqlite3_stmt *statement, int64_t a,
                                   int64_t b, fail *f);
FAIL_CHECKED bool store_run_with_3(const store_connection *c, sqlite3_stmt *statement, int64_t a,
                                   int64_t b, int64_t third, fail *f);

/* The first row with ?1 = id, where it has a parameter: to be read and reset. *row is NULL, and
 * nothing to be reset, where there is none. */
FAIL_CHECKED bool store_find(const store_connection *c, sqlite3_stmt *statement, int64_t id,
                             sqlite3_stmt **row, fail *f);

/* Calls `each` for one row after the other until *go_on is false or there are no more; resets. */
typedef bool store_row(void *context, sqlite3_stmt *row, bool *go_on, fail *f);
FAIL_CHECKED bool store_each(const store_connection *c, sqlite3_stmt *statement, store_row *each,
                             void *context, fail *f);

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
