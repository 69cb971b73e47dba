#include "server/console/answer.h"
#include "server/text/csv.h"

#include "server/codec/codec.h"

#include <math.h>
#include <string.h>

static void add_json_cell(buffer *b, const console_cell *cell)
{
    switch (cell->type) {
    case SQL_VALUE_INTEGER:
        json_add_integer(b, cell->integer);
        break;
    case SQL_VALUE_REAL:
        json_add_number(b, cell->real);
        break;
    default:
        json_add_string(b, cell->text); /* NULL: null */
    }
}

typedef struct sql_answer {
    console_result *result; /* its names and cells come one after the other */
    int n_columns;
    int64_t n_rows;
    bool truncated;
    double elapsed_ms;
} sql_answer;

static void add_columns(buffer *b, const void *object, const member *m)
{
    const sql_answer *answer = object;
    (void)m;
    buffer_add_text(b, "[");
    for (int i = 0; i < answer->n_columns; i++) {
        json_add_separator(b);
        json_add_string(b, console_next_name(answer->result));
    }
    buffer_add_text(b, "]");
}

static void add_rows(buffer *b, const void *object, const member *m)
{
    const sql_answer *answer = object;
    (void)m;
    buffer_add_text(b, "[");
    for (int64_t row = 0; row < answer->n_rows; row++) {
        buffer_add_text(b, row ? ",[" : "[");
        for (int i = 0; i < answer->n_columns; i++) {
            console_cell cell = console_next_cell(answer->result);
            buffer_add_text(b, i ? "," : "");
            add_json_cell(b, &cell);
        }
        buffer_add_text(b, "]");
    }
    buffer_add_text(b, "]");
}

static const member RESULT_ROWS[] = {
    {"columns", MEMBER_TEXT, "Their names.", .depth = 1, .write = add_columns},
    {"rows", MEMBER_SCALAR, "Of each row its values.", .depth = 2, .write = add_rows},
    {"truncated", MEMBER_BOOLEAN, "Whether there were more rows than the limit.",
     AT(sql_answer, truncated)},
    {"elapsed_ms", MEMBER_NUMBER, "How long the statement took.", AT(sql_answer, elapsed_ms)},
};
const shape SHAPE_SQL_RESULT = {.name = "SqlResult", BYTES_OF(sql_answer), MEMBERS(RESULT_ROWS)};

void console_add_json(buffer *b, console_result *result)
{
    shape_add(b, &SHAPE_SQL_RESULT,
              &(sql_answer){.result = result,
                            .n_columns = result->n_columns,
                            .n_rows = result->n_rows,
                            .truncated = result->truncated,
                            .elapsed_ms = round(result->elapsed_ms * 1000) / 1000});
}

static void add_csv_cell(buffer *b, const console_cell *cell)
{
    switch (cell->type) {
    case SQL_VALUE_INTEGER:
        json_add_integer(b, cell->integer);
        break;
    case SQL_VALUE_REAL:
        csv_add_number(b, cell->real);
        break;
    case SQL_VALUE_TEXT:
        csv_add_text(b, cell->text);
        break;
    default:
        break;
    }
}

void console_add_csv(buffer *b, console_result *result)
{
    for (int i = 0; i < result->n_columns; i++) {
        buffer_add_text(b, i ? "," : "");
        csv_add_text(b, console_next_name(result));
    }
    buffer_add_text(b, "\r\n");
    for (int64_t row = 0; row < result->n_rows; row++) {
        for (int i = 0; i < result->n_columns; i++) {
            console_cell cell = console_next_cell(result);
            buffer_add_text(b, i ? "," : "");
            add_csv_cell(b, &cell);
        }
        buffer_add_text(b, "\r\n");
    }
}
