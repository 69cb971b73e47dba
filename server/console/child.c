/* The child's side of the SQL console: its own limits, then one statement, then the answer as a
 * whole. */
#include "core/base/clock.h"
#include "server/console/console.h"
#include "server/console/guard.h"
#include "server/console/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ADDRESS_SPACE_MORE = 256 << 20, /* bytes above what the program maps when it starts */
    FILE_LIMIT = 16 << 20, /* a WAL index may have to be made to read; nothing else is written */
    DESCRIPTORS_LIMIT = 16
};

/* A sanitizer maps terabytes and grows them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMITS_ADDRESS_SPACE false
#else
#define LIMITS_ADDRESS_SPACE true
#endif

/* ---- limits of the process ---- */

static void limit(int resource, rlim_t value)
{
    /* One more for the hard limit of seconds: at the soft one SIGXCPU says why the child ended. */
    struct rlimit wanted = {.rlim_cur = value, .rlim_max = value + (resource == RLIMIT_CPU)};
    (void)setrlimit(resource, &wanted); /* a lower limit that is there already stays */
}

/* Bytes of address space in use, 0 if /proc does not say. */
static rlim_t address_space(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    return n > 0 ? (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) : 0;
}

static void limit_process(int time_limit_ms)
{
    rlim_t mapped = address_space();
    if (LIMITS_ADDRESS_SPACE && mapped > 0)
        limit(RLIMIT_AS, mapped + ADDRESS_SPACE_MORE);
    limit(RLIMIT_CPU, (rlim_t)(time_limit_ms / 1000 + 2));
    limit(RLIMIT_FSIZE, FILE_LIMIT);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, DESCRIPTORS_LIMIT);
    signal(SIGXFSZ, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* ---- one statement ---- */

/* The first statement of the text, and nothing but blanks and comments after it. */
static bool prepare(console_guard *g, const char *query, sqlite3_stmt **out, fail *f)
{
    const char *rest = query;
    sqlite3_stmt *statement = NULL, *second = NULL;
    while (!statement && *rest) {
        int code = sqlite3_prepare_v2(g->db, rest, -1, &statement, &rest);
        if (code != SQLITE_OK)
            return console_guard_fail(g, code, query, f);
    }
    if (!statement)
        return fail_set(f, FAIL_SYNTAX, "/query", "There is no statement to run.");
    while (*rest) {
        int code = sqlite3_prepare_v2(g->db, rest, -1, &second, &rest);
        if (code == SQLITE_OK && !second)
            continue;
        sqlite3_finalize(second);
        sqlite3_finalize(statement);
        return fail_set(f, FAIL_FORBIDDEN, "/query",
                        "The console runs one statement: there is a second one.");
    }
    if (!sqlite3_stmt_readonly(statement)) {
        sqlite3_finalize(statement);
        return fail_set(f, FAIL_FORBIDDEN, "/query", "The console only reads.");
    }
    *out = statement;
    return true;
}

static const sql_parameter *find_parameter(const console_request *q, const char *name)
{
    for (int i = 0; i < q->n_parameters; i++)
        if (strcmp(q->parameters[i].name, name) == 0)
            return &q->parameters[i];
    return NULL;
}

static int bind(sqlite3_stmt *statement, int at, const sql_parameter *p)
{
    switch (p->type) {
    case SQL_VALUE_INTEGER:
        return sqlite3_bind_int64(statement, at, p->integer);
    case SQL_VALUE_REAL:
        return sqlite3_bind_double(statement, at, p->real);
    case SQL_VALUE_TEXT:
        return sqlite3_bind_text(statement, at, p->text, -1, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, at);
    }
}

/* SQLite knows :name, @name and $name; the request gives the name alone. */
static bool is_used(sqlite3_stmt *statement, const char *name)
{
    char marked[CONSOLE_NAME_BYTES];
    int length = snprintf(marked, sizeof marked, ":%s", name);
    bool used = false;
    for (const char *mark = ":@$"; *mark && length < (int)sizeof marked; mark++) {
        marked[0] = *mark;
        used = used || sqlite3_bind_parameter_index(statement, marked) > 0;
    }
    return used;
}

static bool check_unused(sqlite3_stmt *statement, const console_request *q, fail *f)
{
    char pointer[128];
    for (int i = 0; i < q->n_parameters; i++) {
        const char *name = q->parameters[i].name;
        if (is_used(statement, name))
            continue;
        snprintf(pointer, sizeof pointer, "/parameters/%s", name);
        return fail_set(f, FAIL_INCOMPATIBLE, pointer, "The statement has no parameter :%s.", name);
    }
    return true;
}

static bool bind_all(const console_guard *g, sqlite3_stmt *statement, const console_request *q,
                     fail *f)
{
    int n = sqlite3_bind_parameter_count(statement);
    for (int at = 1; at <= n; at++) {
        const char *name = sqlite3_bind_parameter_name(statement, at);
        if (!name || *name == '?')
            return fail_set(f, FAIL_SYNTAX, "/query",
                            "Parameters have names here: write :name instead of ?.");
        const sql_parameter *p = find_parameter(q, name + 1);
        if (!p)
            return fail_set(f, FAIL_SYNTAX, "/parameters",
                            "The parameter %s of the statement has no value.", name);
        int code = bind(statement, at, p);
        if (code != SQLITE_OK)
            return console_guard_fail(g, code, q->query, f);
    }
    return check_unused(statement, q, f);
}

/* ---- the answer ---- */

static void add_blob(buffer *b, const unsigned char *bytes, int n)
{
    static const char DIGITS[] = "0123456789abcdef";
    char *text = malloc(2 * (size_t)n + 4);
    if (!text) {
        b->failed = true;
        return;
    }
    size_t length = 0;
    text[length++] = 'x';
    text[length++] = '\'';
    for (int i = 0; i < n; i++) {
        text[length++] = DIGITS[bytes[i] >> 4];
        text[length++] = DIGITS[bytes[i] & 15];
    }
    text[length++] = '\'';
    console_add_text(b, text, length);
    free(text);
}

static void add_cell(buffer *b, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        console_add_integer(b, SQL_VALUE_INTEGER);
        console_add_integer(b, sqlite3_column_int64(statement, column));
        break;
    case SQLITE_FLOAT:
        console_add_integer(b, SQL_VALUE_REAL);
        console_add_real(b, sqlite3_column_double(statement, column));
        break;
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(statement, column);
        console_add_integer(b, SQL_VALUE_TEXT);
        console_add_text(b, text ? text : "", (size_t)sqlite3_column_bytes(statement, column));
        break;
    }
    case SQLITE_BLOB: {
        const unsigned char *bytes = sqlite3_column_blob(statement, column);
        console_add_integer(b, SQL_VALUE_TEXT);
        add_blob(b, bytes, sqlite3_column_bytes(statement, column));
        break;
    }
    default:
        console_add_integer(b, SQL_VALUE_NULL);
    }
}

/* Names and rows up to the limits, into `cells`. */
static bool read_rows(console_guard *g, sqlite3_stmt *statement, const console_request *q,
                      buffer *cells, int64_t *n_rows, bool *truncated, fail *f)
{
    int n_columns = sqlite3_column_count(statement), code;
    for (int i = 0; i < n_columns; i++) {
        const char *name = sqlite3_column_name(statement, i);
        console_add_text(cells, name ? name : "", name ? strlen(name) : 0);
    }
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        *truncated = *n_rows >= q->row_limit || cells->n >= CONSOLE_RESULT_LIMIT;
        if (*truncated)
            return true;
        for (int i = 0; i < n_columns; i++)
            add_cell(cells, statement, i);
        if (cells->failed)
            return fail_set(f, FAIL_OUT_OF_RANGE, "/query",
                            "The rows are too large to be answered.");
        ++*n_rows;
    }
    return code == SQLITE_DONE || console_guard_fail(g, code, q->query, f);
}

static bool run_statement(console_guard *g, const console_request *q, buffer *answer, fail *f)
{
    int64_t n_rows = 0, start = clock_steady_ns();
    bool truncated = false, done = false;
    sqlite3_stmt *statement = NULL;
    buffer cells;
    buffer_init(&cells, CONSOLE_ANSWER_LIMIT);
    if (!prepare(g, q->query, &statement, f))
        goto out;
    if (!bind_all(g, statement, q, f) ||
        !read_rows(g, statement, q, &cells, &n_rows, &truncated, f))
        goto out;
    console_add_integer(answer, CONSOLE_ANSWER_ROWS);
    console_add_integer(answer, sqlite3_column_count(statement));
    console_add_integer(answer, n_rows);
    console_add_integer(answer, truncated);
    console_add_real(answer, (double)(clock_steady_ns() - start) / 1e6);
    buffer_add(answer, cells.data, cells.n);
    done = !answer->failed || fail_set(f, FAIL_OUT_OF_MEMORY, "/query",
                                       "Not enough memory for the rows of the answer.");
out:
    sqlite3_finalize(statement);
    buffer_close(&cells);
    return done;
}

static bool run_request(const console_request *q, buffer *answer, fail *f)
{
    console_guard *g = calloc(1, sizeof *g);
    if (!g)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory for the SQL console.");
    bool done =
        console_guard_limit_library(f) && console_guard_open(g, q->database, q->time_limit_ms, f);
    if (done) {
        done = run_statement(g, q, answer, f);
        console_guard_close(g);
    }
    free(g);
    return done;
}

/* ---- in and out ---- */

static bool read_standard_input(buffer *b)
{
    char chunk[16384];
    ssize_t n;
    while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0)
        buffer_add(b, chunk, (size_t)n);
    return n == 0 && !b->failed && b->n > 0;
}

static bool write_standard_output(const buffer *b)
{
    size_t at = 0;
    while (at < b->n) {
        ssize_t n = write(STDOUT_FILENO, b->data + at, b->n - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

int console_child(void)
{
    buffer input, answer;
    console_request q;
    sql_parameter parameters[SQL_PARAMETERS_LIMIT];
    fail f = {0};
    buffer_init(&input, CONSOLE_REQUEST_LIMIT);
    buffer_init(&answer, CONSOLE_ANSWER_LIMIT + 1024);
    bool done = read_standard_input(&input);
    console_reader reader = {.bytes = input.data, .n = input.n};
    done = done && console_read_request(&reader, &q, parameters);
    if (done) {
        limit_process(q.time_limit_ms);
        if (!run_request(&q, &answer, &f)) {
            buffer_close(&answer);
            console_add_integer(&answer, CONSOLE_ANSWER_FAIL);
            console_add_integer(&answer, (int64_t)f.code);
            console_add_text(&answer, f.field, strlen(f.field));
            console_add_text(&answer, f.sentence, strlen(f.sentence));
        }
        done = write_standard_output(&answer);
    }
    buffer_close(&input);
    buffer_close(&answer);
    return done ? 0 : 1;
}
