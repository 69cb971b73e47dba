/* `regulab sql`: the console of the service, for the terminal. */
#include "server/cli/cli.h"
#include "server/cli/table.h"
#include "server/codec/codec.h"
#include "server/console/console.h"
#include "server/text/csv.h"
#include "server/text/utf8.h"

#include <inttypes.h>
#include <unistd.h>

enum { ROWS_DEFAULT = 10000, TIME_DEFAULT_MS = 10000, CELL_CHARACTERS = 60 };

static void add_cell_text(buffer *b, const console_cell *cell)
{
    if (cell->type == SQL_VALUE_INTEGER)
        json_add_integer(b, cell->integer);
    else if (cell->type == SQL_VALUE_REAL)
        csv_add_number(b, cell->real);
    else if (cell->type == SQL_VALUE_TEXT)
        csv_add_text(b, cell->text);
}

static bool print_csv(console_result *r, fail *f)
{
    buffer b;
    buffer_init(&b, 4u * CONSOLE_RESULT_LIMIT);
    for (int c = 0; c < r->n_columns; c++) {
        buffer_add_text(&b, c ? "," : "");
        csv_add_text(&b, console_next_name(r));
    }
    buffer_add_text(&b, "\n");
    for (int64_t row = 0; row < r->n_rows; row++)
        for (int c = 0; c < r->n_columns; c++) {
            console_cell cell = console_next_cell(r);
            buffer_add_text(&b, c ? "," : "");
            add_cell_text(&b, &cell);
            buffer_add_text(&b, c + 1 == r->n_columns ? "\n" : "");
        }
    bool ok = !b.failed || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the result");
    if (ok)
        (void)fwrite(b.data, 1, b.n, stdout);
    buffer_close(&b);
    return ok;
}

/* One line, so that the table stays one: line breaks and tabs become blanks. */
static void add_line(cli_table *t, const char *text)
{
    char line[4 * CELL_CHARACTERS + 8];
    int n_characters = 0;
    size_t n = 0;
    for (; *text && n_characters < CELL_CHARACTERS; n_characters++) {
        size_t length = utf8_length(text, 4);
        for (size_t i = 0; i < (length ? length : 1); i++)
            line[n++] = (unsigned char)*text < 0x20 ? ' ' : *text, text++;
    }
    line[n] = '\0';
    cli_table_add(t, "%s%s", line, *text ? "..." : "");
}

static void add_table_cell(cli_table *t, const console_cell *cell)
{
    buffer b;
    buffer_init(&b, 64);
    switch (cell->type) {
    case SQL_VALUE_NULL:
        cli_table_add(t, "null");
        break;
    case SQL_VALUE_INTEGER:
        cli_table_add(t, "%" PRId64, cell->integer);
        break;
    case SQL_VALUE_TEXT:
        add_line(t, cell->text);
        break;
    case SQL_VALUE_REAL:
        json_add_number(&b, cell->real);
        cli_table_add(t, "%s", b.data ? b.data : "");
        break;
    }
    buffer_close(&b);
}

static bool print_table(console_result *r, fail *f)
{
    cli_table t;
    cli_table_init(&t, r->n_columns);
    for (int c = 0; c < r->n_columns; c++)
        add_line(&t, console_next_name(r));
    for (int64_t i = 0; i < r->n_rows * r->n_columns; i++) {
        console_cell cell = console_next_cell(r);
        add_table_cell(&t, &cell);
    }
    bool ok = !t.failed || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the result");
    if (ok)
        cli_table_print(&t, stdout);
    cli_table_close(&t);
    return ok;
}

int cli_sql(const cli_arguments *a)
{
    int64_t rows, time_ms;
    fail f;
    if (!cli_integer(a, "--limit", 1, 1000000, ROWS_DEFAULT, &rows) ||
        !cli_integer(a, "--time-limit-ms", 1, 3600000, TIME_DEFAULT_MS, &time_ms))
        return CLI_USAGE;
    const char *database = cli_value(a, "--db", "regulab.db");
    if (access(database, R_OK) != 0) {
        fail_set(&f, FAIL_NOT_FOUND, NULL,
                 "there is no database %s that can be read; name another with --db", database);
        return cli_failed(&f);
    }
    console_request q = {.database = database,
                         .query = a->words[0],
                         .row_limit = rows,
                         .time_limit_ms = (int)time_ms};
    console_result result;
    if (!console_run(&q, &result, &f))
        return cli_failed(&f);
    bool ok = cli_has(a, "--csv") ? print_csv(&result, &f) : print_table(&result, &f);
    if (ok && result.truncated)
        (void)fprintf(stderr, "regulab: cut off after %" PRId64 " rows; --limit takes more\n",
                      result.n_rows);
    console_result_close(&result);
    return ok ? CLI_DONE : cli_failed(&f);
}
