#include "server/console/guard.h"

#include "core/base/clock.h"
#include "server/console/console.h"

#include <stdio.h>
#include <string.h>

enum { PROGRESS_OPERATIONS = 2000, BUSY_MS = 300 };

/* ---- allow-lists ---- */

/* Without: printf, format, instr, replace, hex, zeroblob, randomblob (one call may take seconds or
 * a gigabyte, and no guard can interrupt it), load_extension, fts3_tokenizer (code addresses) and
 * whatever a later library adds. */
static const char *const FUNCTIONS[] = {"->",
                                        "->>",
                                        "abs",
                                        "acos",
                                        "acosh",
                                        "asin",
                                        "asinh",
                                        "atan",
                                        "atan2",
                                        "atanh",
                                        "avg",
                                        "ceil",
                                        "ceiling",
                                        "char",
                                        "ci95_high",
                                        "ci95_low",
                                        "coalesce",
                                        "cos",
                                        "cosh",
                                        "count",
                                        "cume_dist",
                                        "current_date",
                                        "current_time",
                                        "current_timestamp",
                                        "date",
                                        "datetime",
                                        "degrees",
                                        "dense_rank",
                                        "exp",
                                        "first_value",
                                        "floor",
                                        "glob",
                                        "group_concat",
                                        "ifnull",
                                        "iif",
                                        "json",
                                        "json_array",
                                        "json_array_length",
                                        "json_each",
                                        "json_extract",
                                        "json_group_array",
                                        "json_group_object",
                                        "json_object",
                                        "json_quote",
                                        "json_tree",
                                        "json_type",
                                        "json_valid",
                                        "julianday",
                                        "lag",
                                        "last_value",
                                        "lead",
                                        "length",
                                        "like",
                                        "likelihood",
                                        "likely",
                                        "ln",
                                        "log",
                                        "log10",
                                        "log2",
                                        "lower",
                                        "ltrim",
                                        "max",
                                        "median",
                                        "min",
                                        "mod",
                                        "nth_value",
                                        "ntile",
                                        "nullif",
                                        "percent_rank",
                                        "pi",
                                        "pow",
                                        "power",
                                        "quote",
                                        "radians",
                                        "random",
                                        "rank",
                                        "round",
                                        "row_number",
                                        "rtrim",
                                        "sign",
                                        "sin",
                                        "sinh",
                                        "sqlite_version",
                                        "sqrt",
                                        "stddev",
                                        "strftime",
                                        "substr",
                                        "substring",
                                        "sum",
                                        "tan",
                                        "tanh",
                                        "time",
                                        "total",
                                        "trim",
                                        "trunc",
                                        "typeof",
                                        "unicode",
                                        "unixepoch",
                                        "unlikely",
                                        "upper",
                                        NULL};

static const char *const PRAGMAS[] = {"table_info", "table_xinfo", "table_list",       "index_list",
                                      "index_info", "index_xinfo", "foreign_key_list", NULL};

/* Harmless to read; with a value they would change something. */
static const char *const READ_PRAGMAS[] = {"user_version",
                                           "application_id",
                                           "schema_version",
                                           "encoding",
                                           "page_size",
                                           "page_count",
                                           NULL};

static const char *const VIRTUAL_TABLES[] = {
    "json_each",          "json_tree",          "pragma_table_info",
    "pragma_table_xinfo", "pragma_table_list",  "pragma_index_list",
    "pragma_index_info",  "pragma_index_xinfo", "pragma_foreign_key_list",
    "sqlite_master",      "sqlite_schema",      NULL};

static bool is_listed(const char *name, const char *const *list)
{
    while (*list && sqlite3_stricmp(name, *list) != 0)
        list++;
    return *list != NULL;
}

static bool is_among(const char *name, char names[][CONSOLE_NAME_BYTES], int n)
{
    for (int i = 0; i < n; i++)
        if (sqlite3_stricmp(name, names[i]) == 0)
            return true;
    return false;
}

static int refuse(console_guard *g, const char *format, const char *name)
{
    if (g->refusal[0] == '\0')
        snprintf(g->refusal, sizeof g->refusal, format, name);
    return SQLITE_DENY;
}

/* SQLite asks for column "" of whatever a count(*) counts, common table expressions included; a
 * named column is always one of a real or virtual table. */
static int authorize_read(console_guard *g, const char *table, const char *column)
{
    if (is_listed(table, VIRTUAL_TABLES) || is_among(table, g->tables, g->n_tables))
        return SQLITE_OK;
    bool is_hidden = is_among(table, g->modules, g->n_modules) ||
                     sqlite3_strnicmp(table, "pragma_", 7) == 0 ||
                     sqlite3_strnicmp(table, "sqlite_", 7) == 0;
    if (*column == '\0' && !is_hidden)
        return SQLITE_OK;
    return refuse(g, "The table %.64s cannot be read here.", table);
}

static const char *action_name(int action)
{
    switch (action) {
    case SQLITE_INSERT:
        return "INSERT";
    case SQLITE_UPDATE:
        return "UPDATE";
    case SQLITE_DELETE:
        return "DELETE";
    case SQLITE_ATTACH:
        return "ATTACH";
    case SQLITE_DETACH:
        return "DETACH";
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return "a transaction";
    case SQLITE_ALTER_TABLE:
        return "ALTER TABLE";
    case SQLITE_REINDEX:
        return "REINDEX";
    case SQLITE_ANALYZE:
        return "ANALYZE";
    default:
        return "changing the schema";
    }
}

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    console_guard *g = context;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        return authorize_read(g, first ? first : "", second ? second : "");
    case SQLITE_FUNCTION:
        if (is_listed(second, FUNCTIONS))
            return SQLITE_OK;
        return refuse(g, "The function %.64s is not available here.", second);
    case SQLITE_PRAGMA:
        if (is_listed(first, PRAGMAS) || (!second && is_listed(first, READ_PRAGMAS)))
            return SQLITE_OK;
        return refuse(g, "PRAGMA %.64s is not available here: only those that describe tables are.",
                      first);
    default:
        return refuse(g, "The console only reads: %s is not allowed.", action_name(action));
    }
}

/* ---- limits ---- */

static int on_progress(void *context)
{
    console_guard *g = context;
    g->timed_out = clock_steady_ns() >= g->deadline_ns;
    return g->timed_out;
}

static void set_limits(sqlite3 *db)
{
    static const int limits[][2] = {{SQLITE_LIMIT_LENGTH, CONSOLE_TEXT_LIMIT},
                                    {SQLITE_LIMIT_SQL_LENGTH, CONSOLE_SQL_LIMIT},
                                    {SQLITE_LIMIT_COLUMN, 500},
                                    {SQLITE_LIMIT_EXPR_DEPTH, 100},
                                    {SQLITE_LIMIT_COMPOUND_SELECT, 20},
                                    {SQLITE_LIMIT_VDBE_OP, 100000},
                                    {SQLITE_LIMIT_FUNCTION_ARG, 100},
                                    {SQLITE_LIMIT_ATTACHED, 0},
                                    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
                                    {SQLITE_LIMIT_VARIABLE_NUMBER, SQL_PARAMETERS_LIMIT},
                                    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
                                    {SQLITE_LIMIT_WORKER_THREADS, 0}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i][0], limits[i][1]);
}

static int configure(sqlite3 *db)
{
    static const int switches[][2] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                                      {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
                                      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                      {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0}};
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < sizeof switches / sizeof *switches; i++)
        code = sqlite3_db_config(db, switches[i][0], switches[i][1], NULL);
    return code;
}

bool console_guard_limit_library(fail *f)
{
    if (sqlite3_hard_heap_limit64(CONSOLE_HEAP_LIMIT) < 0)
        return fail_set(f, FAIL_INTERNAL, NULL, "The SQL console could not limit its memory.");
    return true;
}

/* ---- opening ---- */

static int load_names(sqlite3 *db, const char *sql, char names[][CONSOLE_NAME_BYTES], int *n)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && *n < CONSOLE_TABLES_LIMIT) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (name && strlen(name) < CONSOLE_NAME_BYTES)
            memcpy(names[(*n)++], name, strlen(name) + 1);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* A virtual table is declared when it is first named, by a CREATE TABLE that the authorizer would
 * refuse. */
static int declare_virtual_tables(sqlite3 *db)
{
    int code = SQLITE_OK;
    for (const char *const *name = VIRTUAL_TABLES; code == SQLITE_OK && *name; name++) {
        char sql[128];
        sqlite3_stmt *statement = NULL;
        snprintf(sql, sizeof sql, "SELECT 1 FROM %s", *name);
        code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
        sqlite3_finalize(statement);
    }
    return code;
}

static int prepare_connection(console_guard *g)
{
    static const char SETTINGS[] = "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;"
                                   "PRAGMA mmap_size = 0; PRAGMA cache_size = -8192;";
    sqlite3_extended_result_codes(g->db, 1);
    sqlite3_busy_timeout(g->db, BUSY_MS);
    set_limits(g->db);
    sqlite3_progress_handler(g->db, PROGRESS_OPERATIONS, on_progress, g);
    int code = configure(g->db);
    if (code == SQLITE_OK)
        code = sqlite3_exec(g->db, SETTINGS, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = console_register_functions(g->db);
    if (code == SQLITE_OK)
        code = load_names(g->db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')",
                          g->tables, &g->n_tables);
    if (code == SQLITE_OK)
        code = load_names(g->db, "SELECT name FROM pragma_module_list", g->modules, &g->n_modules);
    if (code == SQLITE_OK)
        code = declare_virtual_tables(g->db);
    if (code == SQLITE_OK)
        code = sqlite3_set_authorizer(g->db, authorize, g);
    return code;
}

bool console_guard_open(console_guard *g, const char *database, int time_limit_ms, fail *f)
{
    *g = (console_guard){.deadline_ns = clock_steady_ns() + (int64_t)time_limit_ms * 1000000};
    int code = sqlite3_open_v2(database, &g->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = prepare_connection(g);
    if (code == SQLITE_OK)
        return true;
    console_guard_fail(g, code, "", f);
    console_guard_close(g);
    return false;
}

void console_guard_close(console_guard *g)
{
    sqlite3_close_v2(g->db);
    g->db = NULL;
}

/* ---- failure ---- */

/* " (line 2, column 7)", or "" where SQLite does not know. */
static void describe_place(const console_guard *g, const char *statement, char *place, size_t bytes)
{
    int offset = sqlite3_error_offset(g->db), line = 1, column = 1;
    *place = '\0';
    if (offset < 0 || (size_t)offset > strlen(statement))
        return;
    for (int i = 0; i < offset; i++) {
        bool is_continuation = ((unsigned char)statement[i] & 0xC0) == 0x80;
        column = statement[i] == '\n' ? 1 : column + !is_continuation;
        line += statement[i] == '\n';
    }
    snprintf(place, bytes, " (line %d, column %d)", line, column);
}

bool console_guard_fail(const console_guard *g, int code, const char *statement, fail *f)
{
    char place[48];
    if (g->refusal[0])
        return fail_set(f, FAIL_FORBIDDEN, "/query", "%s", g->refusal);
    if (g->timed_out)
        return fail_set(f, FAIL_TIME_LIMIT, "/query",
                        "The statement took longer than the time limit and was stopped.");
    switch (code & 0xFF) {
    case SQLITE_NOMEM:
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/query",
                        "The statement needs more than the %d MiB of memory that it may have.",
                        CONSOLE_HEAP_LIMIT >> 20);
    case SQLITE_TOOBIG:
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query",
                        "A value is longer than %d bytes, or the statement than %d.",
                        CONSOLE_TEXT_LIMIT, CONSOLE_SQL_LIMIT);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail_set(f, FAIL_UNAVAILABLE, NULL, "The database is locked; try again.");
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_PERM:
        return fail_set(f, FAIL_FORBIDDEN, "/query", "The console only reads: %s.",
                        sqlite3_errmsg(g->db));
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
        describe_place(g, statement, place, sizeof place);
        return fail_set(f, FAIL_SYNTAX, "/query", "%s%s.", sqlite3_errmsg(g->db), place);
    default:
        return fail_set(f, FAIL_STORAGE, NULL, "The database cannot be read: %s.",
                        sqlite3_errmsg(g->db));
    }
}
