/* csv_row — one row of a CSV file as it came, and what its cells say.
 *
 * Private to core/data/import/. A row of zeros is empty; csv_row_close() makes it so again. */
#ifndef CORE_DATA_IMPORT_CSV_ROW_H
#define CORE_DATA_IMPORT_CSV_ROW_H

#include <stdbool.h>
#include <stddef.h>

/* n cells, one after the other in text, each with its NUL. */
typedef struct csv_row {
    char *text;
    size_t *starts;
    size_t n, used, text_capacity, starts_capacity;
} csv_row;

/* Borrowed until the row changes. */
const char *csv_row_cell(const csv_row *row, size_t i);

/* Appends n_bytes of text as a cell. False without memory. */
bool csv_row_add(csv_row *row, const char *text, size_t n_bytes);

void csv_row_close(csv_row *row);

/* A decimal number that a double holds; not inf, nan or hexadecimal. */
bool csv_row_read_number(const char *text, double *value);

/* One of the words by which files say that there is no value. */
bool csv_row_is_missing(const char *text);

#endif
