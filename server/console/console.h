/* console — one read-only SQL statement, run in a child process that cannot hurt the service.
 *
 *   console_run --> posix_spawn /proc/self/exe sql-child --> console_child: limits, guards,
 * statement
 *        <-- answer or fault over a pipe; at the end of the time SIGKILL
 *
 * 1. The child is this program itself, so main() must hand the subcommand CONSOLE_CHILD to
 *    console_child(). It is spawned, never forked: the service has threads.
 * 2. No guard is trusted alone: read-only file, query_only, allow-lists of tables, functions and
 *    PRAGMAs, limits of SQLite, a hard heap limit, a progress handler, and round it RLIMIT_AS,
 *    RLIMIT_CPU, RLIMIT_FSIZE and SIGKILL.
 * 3. At most CONSOLE_PLACES children at once; who finds no place in CONSOLE_WAIT_MS is told so.
 * Ownership: console_result_close() frees. Threads: any number at once. */
#ifndef SERVER_CONSOLE_CONSOLE_H
#define SERVER_CONSOLE_CONSOLE_H

#include "core/base/caller.h"
#include "core/base/fail.h"
#include "server/codec/request.h"
#include "server/text/buffer.h"

#include <stddef.h>
#include <stdint.h>

#define CONSOLE_CHILD "sql-child" /* argv[1] of the child */

enum {
    CONSOLE_PLACES = 3,
    CONSOLE_WAIT_MS = 200,
    CONSOLE_SQL_LIMIT = 20000,      /* bytes of a statement */
    CONSOLE_TEXT_LIMIT = 1000000,   /* bytes of one text or blob */
    CONSOLE_RESULT_LIMIT = 8 << 20, /* bytes of all rows; more is cut off and said */
    CONSOLE_HEAP_LIMIT = 64 << 20   /* bytes that SQLite may use */
};

typedef struct console_request {
    const char *database; /* path of the file */
    const char *query;    /* one statement */
    const sql_parameter *parameters;
    int n_parameters;
    int64_t row_limit;
    int time_limit_ms;
    const caller *by; /* who may leave before the end; NULL: nobody */
} console_request;

typedef struct console_result {
    int n_columns;
    int64_t n_rows;
    bool truncated;    /* there were more rows, or more bytes, than the limit */
    double elapsed_ms; /* of the statement itself */
    buffer bytes;      /* private: names, then cells row by row */
    size_t at;
} console_result;

typedef struct console_cell {
    sql_value_type type;
    int64_t integer;
    double real;
    const char *text; /* UTF-8 without NUL; a blob comes as text: x'4142' */
} console_cell;

/* Runs the statement. Codes: FAIL_SYNTAX what SQLite does not understand (with line and column
 * where it says so), FAIL_FORBIDDEN what the console refuses, FAIL_TIME_LIMIT, FAIL_OUT_OF_MEMORY,
 * FAIL_TOO_LARGE, FAIL_UNAVAILABLE (no place, database locked), FAIL_STORAGE. Faults of the
 * statement have the field "/query", of a parameter
 * "/parameters/NAME". */
FAIL_CHECKED bool console_run(const console_request *q, console_result *out, fail *f);
void console_result_close(console_result *r);

/* The next column name (n_columns times), then the next cell (n_rows * n_columns times); texts stay
 * valid until console_result_close(). */
const char *console_next_name(console_result *r);
console_cell console_next_cell(console_result *r);

/* The child: reads the request from standard input, answers on standard output; the exit status. To
 * be called first thing in main(), before any thread is started. */
int console_child(void);

#endif
