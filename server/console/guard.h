/* guard — what a statement of the SQL console may touch: the guards inside SQLite.
 *
 * Order of a child's life: console_guard_limit_library() before the first connection,
 * console_guard_open(), then statements, console_guard_close(). Single-threaded. */
#ifndef SERVER_CONSOLE_GUARD_H
#define SERVER_CONSOLE_GUARD_H

#include "core/base/fail.h"

#include <sqlite3.h>
#include <stdint.h>

enum { CONSOLE_TABLES_LIMIT = 256, CONSOLE_NAME_BYTES = 64 };

typedef struct console_guard {
    sqlite3 *db;
    int64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none yet */
    bool timed_out;
    char refusal[256]; /* why the authorizer said no; "" while it has not */
    int n_tables;      /* tables and views of the file: those that may be read by name */
    char tables[CONSOLE_TABLES_LIMIT][CONSOLE_NAME_BYTES];
    int n_modules; /* virtual tables that the library brings: refused unless listed */
    char modules[CONSOLE_TABLES_LIMIT][CONSOLE_NAME_BYTES];
} console_guard;

/* The heap limit, for all connections of the process. */
FAIL_CHECKED bool console_guard_limit_library(fail *f);

/* Opens the database read-only with every guard on. */
FAIL_CHECKED bool console_guard_open(console_guard *g, const char *database, int time_limit_ms,
                                     fail *f);
void console_guard_close(console_guard *g);

/* Turns SQLite's code for a statement into a fail; `statement` is its text, for line and column. */
bool console_guard_fail(const console_guard *g, int code, const char *statement, fail *f);

/* stddev, median, ci95_low, ci95_high as aggregates (server/console/functions.c). SQLite's code. */
int console_register_functions(sqlite3 *db);

#endif
