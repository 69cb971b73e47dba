/* The SQL console against a database of its own: answers, refusals, attacks, each in a real child
 * process. */
#include "server/console/console.h"
#include "server/console/wire.h"
#include "tests/check.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[] = "/tmp/regulab-console-XXXXXX", database[64];

static const char SCHEMA[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE epochs (run_id INTEGER, epoch INTEGER, val_loss REAL, PRIMARY KEY (run_id, "
    "epoch));"
    "CREATE VIEW best AS SELECT run_id, min(val_loss) AS val_loss FROM epochs GROUP BY run_id;"
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999)"
    "INSERT INTO epochs SELECT i / 100, i % 100, 1.0 / (1 + i % 100) + i / 100 FROM n;";

static sqlite3 *held; /* the service, which has the database open */

static bool make_database(void)
{
    if (!mkdtemp(directory))
        return false;
    snprintf(database, sizeof database, "%s/test.db", directory);
    return sqlite3_open(database, &held) == SQLITE_OK &&
           sqlite3_exec(held, SCHEMA, NULL, NULL, NULL) == SQLITE_OK;
}

static void remove_database(void)
{
    char path[80];
    static const char *const endings[] = {"", "-wal", "-shm"};
    sqlite3_close(held);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s%s", database, endings[i]);
        unlink(path);
    }
    rmdir(directory); /* fails, and says so below, if the console left a file */
}

static console_result result;
static fail f;

/* Longer than any statement that ends takes on a busy machine; of those that do not end. */
enum { PATIENT_MS = 60000, BOMB_MS = 500 };

static int time_limit_ms = PATIENT_MS;

static bool ask_with(const char *query, const sql_parameter *parameters, int n, int64_t row_limit)
{
    console_request q = {.database = database,
                         .query = query,
                         .parameters = parameters,
                         .n_parameters = n,
                         .row_limit = row_limit,
                         .time_limit_ms = time_limit_ms};
    f = (fail){0};
    return console_run(&q, &result, &f);
}

static bool ask(const char *query)
{
    return ask_with(query, NULL, 0, 100);
}

/* "name name|cell cell|cell cell" of the answer, which is closed. */
static const char *answer_text(void)
{
    static char text[4000];
    size_t n = 0;
    for (int i = 0; i < result.n_columns; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? " " : "",
                              console_next_name(&result));
    for (int64_t row = 0; row < result.n_rows; row++)
        for (int i = 0; i < result.n_columns && n < sizeof text; i++) {
            console_cell cell = console_next_cell(&result);
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", i ? " " : "|");
            if (cell.type == SQL_VALUE_INTEGER)
                n += (size_t)snprintf(text + n, sizeof text - n, "%lld", (long long)cell.integer);
            else if (cell.type == SQL_VALUE_REAL)
                n += (size_t)snprintf(text + n, sizeof text - n, "%.15g", cell.real);
            else
                n += (size_t)snprintf(text + n, sizeof text - n, "%s",
                                      cell.type == SQL_VALUE_TEXT ? cell.text : "NULL");
        }
    console_result_close(&result);
    return text;
}

static void check_answer(const char *query, const char *expected)
{
    if (CHECK_OK(ask(query), f))
        CHECK_EQUAL_STRING(answer_text(), expected);
}

static void answers_come_with_names_and_types(void)
{
    check_answer("SELECT 1 AS one, 2.5 AS x, NULL AS nil, '\xC3\xA9' AS text",
                 "one x nil text|1 2.5 NULL \xC3\xA9");
    check_answer("VALUES (9223372036854775807), (-1)", "column1|9223372036854775807|-1");
    check_answer("SELECT x'00ff' AS blob", "blob|x'00ff'");
    check_answer("SELECT CAST(x'61ff62' AS TEXT) AS broken", "broken|a\xEF\xBF\xBD"
                                                             "b");
    check_answer("SELECT val_loss FROM best WHERE run_id = 3", "val_loss|3.01");
    check_answer("SELECT 1 WHERE 0", "1");
    check_answer("  -- first\n SELECT 2 AS two; -- last\n /* none */ ;", "two|2");
    check_answer("WITH c AS (SELECT * FROM epochs) SELECT count(*) AS n FROM c", "n|2000");
    check_answer("SELECT count(*) AS n FROM (SELECT DISTINCT run_id FROM epochs)", "n|20");
    check_answer("SELECT json_extract('{\"a\":[1,2]}', '$.a[1]') AS a, '[3]' ->> 0 AS b",
                 "a b|2 3");
    check_answer("SELECT sum(value) AS s FROM json_each('[1,2,3]')", "s|6");
    check_answer("SELECT name FROM pragma_table_info('epochs') LIMIT 1", "name|run_id");
    check_answer("SELECT name FROM sqlite_schema WHERE type = 'view'", "name|best");
    check_answer("SELECT epoch, row_number() OVER (ORDER BY epoch DESC) AS r FROM epochs WHERE "
                 "run_id = 0 LIMIT 1",
                 "epoch r|99 1");
    CHECK_OK(ask("EXPLAIN QUERY PLAN SELECT * FROM epochs"), f);
    CHECK_CONTAINS(answer_text(), "SCAN epochs");
    CHECK_OK(ask("PRAGMA table_info(epochs)"), f);
    CHECK_CONTAINS(answer_text(), "val_loss REAL");
}

static void rows_and_bytes_have_limits(void)
{
    CHECK_OK(ask_with("SELECT epoch FROM epochs", NULL, 0, 7), f);
    CHECK(result.n_rows == 7 && result.truncated);
    console_result_close(&result);
    CHECK_OK(ask_with("SELECT epoch FROM epochs LIMIT 7", NULL, 0, 7), f);
    CHECK(result.n_rows == 7 && !result.truncated && result.elapsed_ms >= 0);
    console_result_close(&result);
    const char *long_rows = "WITH RECURSIVE d(s, i) AS (SELECT 'xxxxxxxxxxxxxxxx', 0 UNION ALL "
                            "SELECT s || s, i + 1 FROM d WHERE i < 15) "
                            "SELECT s FROM d, epochs WHERE i = 15";
    CHECK_OK(ask_with(long_rows, NULL, 0, 1000), f);
    CHECK(result.truncated && result.n_rows >= 15 && result.n_rows <= 17);
    console_result_close(&result);
}

static void parameters_are_bound_by_name(void)
{
    const sql_parameter all[] = {{.name = "a", .type = SQL_VALUE_INTEGER, .integer = 2},
                                 {.name = "b", .type = SQL_VALUE_REAL, .real = 0.5},
                                 {.name = "text", .type = SQL_VALUE_TEXT, .text = "'; DROP"},
                                 {.name = "none", .type = SQL_VALUE_NULL}};
    CHECK_OK(
        ask_with("SELECT :a + @b AS sum, $text AS text, :none AS none, :a AS again", all, 4, 10),
        f);
    CHECK_EQUAL_STRING(answer_text(), "sum text none again|2.5 '; DROP NULL 2");
    CHECK_FAILS(ask_with("SELECT :missing", all, 0, 10), f, FAIL_SYNTAX, "/parameters");
    CHECK_CONTAINS(f.sentence, ":missing");
    CHECK_FAILS(ask_with("SELECT :a", all, 2, 10), f, FAIL_INCOMPATIBLE, "/parameters/b");
    CHECK_FAILS(ask_with("SELECT ?", all, 0, 10), f, FAIL_SYNTAX, "/query");
}

static void statistics_of_a_column(void)
{
    check_answer("SELECT stddev(value) AS s, median(value) AS m, ci95_low(value) AS l, "
                 "ci95_high(value) AS h "
                 "FROM json_each('[1, 2, null, \"word\", 3, 4]')",
                 "s m l h|1.29099444873581 2.5 0.445739743239479 4.55426025676052");
    check_answer(
        "SELECT stddev(value) AS s, median(value) AS m, ci95_low(value) AS l FROM json_each('[7]')",
        "s m l|NULL 7 NULL");
    check_answer(
        "SELECT stddev(value) AS s, median(value) AS m, ci95_high(value) AS h FROM json_each('[]')",
        "s m h|NULL NULL NULL");
    check_answer(
        "SELECT run_id / 10 AS g, median(epoch) AS m, count(*) AS n FROM epochs GROUP BY 1",
        "g m n|0 49.5 1000|1 49.5 1000");
}

static void mistakes_are_told_with_their_place(void)
{
    CHECK_FAILS(ask("SELEC 1"), f, FAIL_SYNTAX, "/query");
    CHECK_CONTAINS(f.sentence, "SELEC");
    CHECK_CONTAINS(f.sentence, "(line 1, column 1)");
    CHECK_FAILS(ask("SELECT '\xC3\xA9' AS e,\n  val_los FROM epochs"), f, FAIL_SYNTAX, "/query");
    CHECK_CONTAINS(f.sentence, "no such column: val_los (line 2, column 3)");
    CHECK_FAILS(ask("SELECT * FROM nowhere"), f, FAIL_SYNTAX, "/query");
    CHECK_CONTAINS(f.sentence, "no such table: nowhere");
    static const char *const empty[] = {"", "   ", "-- nothing", ";", "/* a */ ; ;"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        CHECK_FAILS(ask(empty[i]), f, FAIL_SYNTAX, "/query");
}

static const char *const REFUSED[] = {
    "INSERT INTO epochs VALUES (1, 1000, 1)",
    "UPDATE epochs SET epoch = 9 RETURNING *",
    "DELETE FROM epochs",
    "DROP TABLE epochs",
    "WITH x AS (SELECT 1) DELETE FROM epochs",
    "REPLACE INTO epochs VALUES (1, 1, 1)",
    "CREATE TABLE t (a)",
    "CREATE TEMP TABLE t AS SELECT 1",
    "ALTER TABLE epochs RENAME TO e",
    "REINDEX",
    "CREATE TEMP TRIGGER t AFTER INSERT ON epochs BEGIN SELECT 1; END",
    "ANALYZE",
    "VACUUM",
    "VACUUM INTO '/tmp/regulab-stolen.db'",
    "BEGIN",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "SAVEPOINT s",
    "ATTACH '/etc/passwd' AS p",
    "ATTACH ':memory:' AS m",
    "DETACH main",
    "PRAGMA query_only = OFF",
    "PRAGMA query_only(0)",
    "PRAGMA writable_schema = ON",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA hard_heap_limit = 1",
    "PRAGMA temp_store_directory = '/tmp'",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA database_list",
    "PRAGMA user_version = 7",
    "PRAGMA mmap_size = 100000000",

    "SELECT load_extension('/tmp/x.so')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT fts3_tokenizer('x', x'4141414141414141')",
    "CREATE VIRTUAL TABLE v USING fts3(a)",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_module_list",
    "SELECT * FROM pragma_query_only(0)",
    "SELECT * FROM dbstat",
    "SELECT count(*) FROM dbstat",

    "SELECT printf('%.*c', 1000000000, 'x')",
    "SELECT format('%d', 1)",
    "SELECT instr('a', 'b')",
    "SELECT replace('a', 'a', 'b')",
    "SELECT hex(zeroblob(1000000000))",
    "SELECT length(randomblob(1000000000))",
    "EXPLAIN DELETE FROM epochs",
    "SELECT 1; DROP TABLE epochs",
    "SELECT 1; SELECT 2",
    "SELECT 1;; SELEC"};

static void only_reading_is_allowed(void)
{
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        if (!CHECK_FAILS(ask(REFUSED[i]), f, FAIL_FORBIDDEN, "/query"))
            printf("    %s\n", REFUSED[i]);
    CHECK_FAILS(ask("UPDATE sqlite_schema SET sql = 'x'"), f, FAIL_SYNTAX, "/query");
    CHECK_FAILS(ask("SELECT readfile('/etc/passwd')"), f, FAIL_SYNTAX, "/query");
    CHECK_FAILS(ask("SELECT writefile('/tmp/x', 'x')"), f, FAIL_SYNTAX, "/query");
    CHECK(access("/tmp/regulab-stolen.db", F_OK) != 0);
    check_answer("SELECT count(*) AS n FROM epochs", "n|2000");
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The billion laughs of common table expressions: names that double, expanded before anything runs.
 */
static const char *laughs(int levels)
{
    static char text[4000];
    size_t n = (size_t)snprintf(text, sizeof text, "WITH a0 AS (SELECT 1 AS n)");
    for (int i = 1; i < levels; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              ", a%d AS (SELECT x.n FROM a%d AS x, a%d AS y)", i, i - 1, i - 1);
    snprintf(text + n, sizeof text - n, " SELECT count(*) FROM a%d", levels - 1);
    return text;
}

static void bombs_are_bounded(void)
{
    const char *const bombs[] = {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT i FROM n ORDER BY i "
        "DESC LIMIT 1",
        "SELECT count(*) FROM epochs a, epochs b, epochs c, epochs d",
        "SELECT a.epoch FROM epochs a, epochs b, epochs c ORDER BY a.val_loss + b.val_loss",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
        "group_concat('xxxxxxxx' || i) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
        "json_group_array(i) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT median(i) FROM n",
        "WITH RECURSIVE d(s) AS (SELECT 'xxxxxxxxxxxxxxxx' UNION ALL SELECT s || s FROM d) SELECT "
        "length(s) FROM d",
        laughs(24)};
    time_limit_ms = BOMB_MS;
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        double start = seconds();
        if (!CHECK(!ask(bombs[i]))) {
            printf("    answered: %s\n", bombs[i]);
            console_result_close(&result);
        }
        if (!CHECK(f.code == FAIL_TIME_LIMIT || f.code == FAIL_OUT_OF_MEMORY ||
                   f.code == FAIL_OUT_OF_RANGE))
            printf("    %s\n", f.sentence);
        CHECK(strlen(f.sentence) > 20);
        CHECK(seconds() - start < 60); /* unbounded, it would be for ever */
    }
    time_limit_ms = PATIENT_MS;
}

static void long_statements_are_refused(void)
{
    size_t n = 60000;
    char *query = malloc(n);
    CHECK_OR_RETURN(query != NULL);
    memcpy(query, "SELECT 1", 9);
    for (size_t at = 8; at + 3 < n; at += 2)
        memcpy(query + at, "+1", 3);
    CHECK_FAILS(ask(query), f, FAIL_OUT_OF_RANGE, "/query");
    query[600] = '\0';
    CHECK_FAILS(ask(query), f, FAIL_SYNTAX, "/query"); /* too deep */
    n = (size_t)snprintf(query, 60000, "SELECT 'a' LIKE '");
    memset(query + n, '%', 200);
    memcpy(query + n + 200, "'", 2);
    CHECK_FAILS(ask(query), f, FAIL_SYNTAX, "/query");
    n = (size_t)snprintf(query, 60000, "SELECT 1");
    for (int i = 0; i < 50; i++)
        n += (size_t)snprintf(query + n, 60000 - n, " UNION ALL SELECT 1");
    CHECK_FAILS(ask(query), f, FAIL_SYNTAX, "/query");
    free(query);
}

static void a_database_that_is_none_is_told(void)
{
    char path[80];
    snprintf(path, sizeof path, "%s/missing.db", directory);
    console_request q = {
        .database = path, .query = "SELECT 1", .row_limit = 1, .time_limit_ms = PATIENT_MS};
    CHECK_FAILS(console_run(&q, &result, &f), f, FAIL_STORAGE, "");
    CHECK(access(path, F_OK) != 0);
    snprintf(path, sizeof path, "/proc/self/exe");
    CHECK_FAILS(console_run(&q, &result, &f), f, FAIL_STORAGE, "");
    CHECK_CONTAINS(f.sentence, "not a database");
}

/* Bytes that are cut anywhere are refused, never read past. */
static void cut_messages_are_refused(void)
{
    const sql_parameter one = {.name = "a", .type = SQL_VALUE_TEXT, .text = "x"};
    console_request q = {.database = "d",
                         .query = "SELECT :a",
                         .parameters = &one,
                         .n_parameters = 1},
                    read;
    sql_parameter parameters[SQL_PARAMETERS_LIMIT];
    buffer b;
    buffer_init(&b, 10000);
    console_add_request(&b, &q);
    for (size_t n = 0; n < b.n; n++) {
        char *copy = malloc(n + 1);
        CHECK_OR_RETURN(copy != NULL);
        memcpy(copy, b.data, n);
        console_reader cut = {.bytes = copy, .n = n};
        CHECK(!console_read_request(&cut, &read, parameters));
        free(copy);
    }
    console_reader whole = {.bytes = b.data, .n = b.n};
    CHECK(console_read_request(&whole, &read, parameters));
    CHECK_EQUAL_STRING(read.query, "SELECT :a");
    CHECK_EQUAL_STRING(read.parameters[0].text, "x");
    buffer_close(&b);
}

static void texts_become_utf8(void)
{
    static const char *const cases[][2] = {
        {"plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
         "plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},                 /* overlong */
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* a surrogate */
        {"\xF4\x90\x80\x80",
         "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* above U+10FFFF */
        {"a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"}};          /* cut */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer b;
        buffer_init(&b, 1000);
        console_add_text(&b, cases[i][0], strlen(cases[i][0]));
        console_reader r = {.bytes = b.data, .n = b.n};
        CHECK_EQUAL_STRING(console_read_text(&r), cases[i][1]);
        buffer_close(&b);
    }
    check_answer("SELECT 'a' || char(0) || 'b' AS t", "t|a\xEF\xBF\xBD"
                                                      "b");
}

int main(int n_arguments, char **arguments)
{
    if (n_arguments > 1 && strcmp(arguments[1], CONSOLE_CHILD) == 0)
        return console_child();
    static void (*const cases[])(void) = {answers_come_with_names_and_types,
                                          rows_and_bytes_have_limits,
                                          parameters_are_bound_by_name,
                                          statistics_of_a_column,
                                          mistakes_are_told_with_their_place,
                                          only_reading_is_allowed,
                                          bombs_are_bounded,
                                          long_statements_are_refused,
                                          a_database_that_is_none_is_told,
                                          cut_messages_are_refused,
                                          texts_become_utf8};
    const char *names =
        "answers_come_with_names_and_types, rows_and_bytes_have_limits, "
        "parameters_are_bound_by_name,"
        "statistics_of_a_column, mistakes_are_told_with_their_place, only_reading_is_allowed,"
        "bombs_are_bounded, long_statements_are_refused, a_database_that_is_none_is_told,"
        "cut_messages_are_refused, texts_become_utf8";
    if (!CHECK(make_database()))
        return check_finish("console");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        names = check_case("console", names, cases[i]);
    remove_database();
    CHECK(access(directory, F_OK) != 0);
    return check_finish("console");
}
