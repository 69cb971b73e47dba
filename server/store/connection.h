/* connection — one SQLite connection: opening, closing, and what its errors mean to the user.
 *
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

#endif
