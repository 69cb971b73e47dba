#include "server/cli/table.h"
#include "core/base/array.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void cli_table_init(cli_table *t, int n_columns)
{
    *t = (cli_table){.n_columns = n_columns};
}

void cli_table_close(cli_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->cells[i]);
    free(t->cells);
    *t = (cli_table){0};
}

void cli_table_add(cli_table *t, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    if (t->failed || !array_reserve(&t->cells, &t->capacity, t->n + 1, ARRAY_BOUNDED_ELSEWHERE) ||
        vasprintf(&text, format, arguments) < 0)
        t->failed = true;
    else
        t->cells[t->n++] = text;
    va_end(arguments);
}

/* Columns on the terminal: characters, since what comes here is not of double width. */
static int width_of(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static bool is_numeric(const char *text)
{
    return *text == '\0' || strchr("-+.0123456789", *text) != NULL || strcmp(text, "null") == 0;
}

/* Width of a column; *is_right where all cells below the head are numbers. */
static int measure(const cli_table *t, int column, bool *is_right)
{
    int width = 0;
    *is_right = t->n > (size_t)t->n_columns;
    for (size_t i = (size_t)column; i < t->n; i += (size_t)t->n_columns) {
        int w = width_of(t->cells[i]);
        width = w > width ? w : width;
        if (i >= (size_t)t->n_columns && !is_numeric(t->cells[i]))
            *is_right = false;
    }
    return width;
}

static void print_cell(FILE *file, const char *text, int width, bool is_right, bool is_last)
{
    int blanks = width - width_of(text);
    if (is_right)
        (void)fprintf(file, "%*s%s", blanks, "", text);
    else
        (void)fprintf(file, "%s%*s", text, is_last ? 0 : blanks, "");
    (void)fputs(is_last ? "\n" : "  ", file);
}

void cli_table_print(const cli_table *t, FILE *file)
{
    size_t columns = (size_t)t->n_columns, n_rows = columns ? t->n / columns : 0;
    int *widths = calloc(columns + 1, sizeof *widths);
    bool *is_right = calloc(columns + 1, sizeof *is_right);
    for (int c = 0; widths && is_right && c < t->n_columns; c++)
        widths[c] = measure(t, c, &is_right[c]);
    for (size_t r = 0; widths && is_right && r < n_rows; r++)
        for (size_t c = 0; c < columns; c++)
            print_cell(file, t->cells[r * columns + c], widths[c], is_right[c], c + 1 == columns);
    free(widths);
    free(is_right);
}
