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

void console_add_json(buffer *b, console_result *result)
{
    buffer_add_text(b, "{\"columns\":[");
    for (int i = 0; i < result->n_columns; i++) {
        buffer_add_text(b, i ? "," : "");
        json_add_string(b, console_next_name(result));
    }
    buffer_add_text(b, "],\"rows\":[");
    for (int64_t row = 0; row < result->n_rows; row++) {
        buffer_add_text(b, row ? ",[" : "[");
        for (int i = 0; i < result->n_columns; i++) {
            console_cell cell = console_next_cell(result);
            buffer_add_text(b, i ? "," : "");
            add_json_cell(b, &cell);
        }
        buffer_add_text(b, "]");
    }
    buffer_add_text(b, "],\"truncated\":");
    json_add_boolean(b, result->truncated);
    buffer_add_text(b, ",\"elapsed_ms\":");
    json_add_number(b, round(result->elapsed_ms * 1000) / 1000);
    buffer_add_text(b, "}");
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
