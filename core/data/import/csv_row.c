#include "core/data/import/csv_row.h"

#include "core/base/array.h"
#include "core/data/container.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char *csv_row_cell(const csv_row *row, size_t i)
{
    return row->text + row->starts[i];
}

bool csv_row_add(csv_row *row, const char *text, size_t n_bytes)
{
    if (!array_reserve(&row->text, &row->text_capacity, row->used + n_bytes + 1,
                       ARRAY_BOUNDED_ELSEWHERE) ||
        !array_reserve(&row->starts, &row->starts_capacity, row->n + 1,
                       CONTAINER_COLUMNS_LIMIT + 1))
        return false;
    row->starts[row->n++] = row->used;
    memcpy(row->text + row->used, text, n_bytes);
    row->text[row->used + n_bytes] = '\0';
    row->used += n_bytes + 1;
    return true;
}

void csv_row_close(csv_row *row)
{
    free(row->text);
    free(row->starts);
    *row = (csv_row){0};
}

/* Up to nine digits, the commonest cell by far, without strtod. */
static bool read_digits(const char *text, double *value)
{
    uint32_t sum = 0;
    size_t n = 0;
    for (; text[n] >= '0' && text[n] <= '9' && n < 9; n++)
        sum = 10 * sum + (uint32_t)(text[n] - '0');
    *value = sum;
    return n > 0 && text[n] == '\0';
}

bool csv_row_read_number(const char *text, double *value)
{
    if (read_digits(text, value))
        return true;
    char *end;
    size_t n = strspn(text, "0123456789+-.eE");
    if (n == 0 || text[n] != '\0')
        return false;
    *value = strtod(text, &end);
    return *end == '\0' && end != text && isfinite(*value);
}

bool csv_row_is_missing(const char *text)
{
    static const char *const words[] = {"",     "NA",   "N/A",  "NaN", "nan", "NAN",
                                        "null", "NULL", "None", "?",   NULL};
    for (int i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}
