/* csv_cell — what one cell of a CSV file says, in the format that the options name.
 *
 * Cells are trimmed and end in NUL. Private to core/data/import/; pure. */
#ifndef CORE_DATA_IMPORT_CSV_CELL_H
#define CORE_DATA_IMPORT_CSV_CELL_H

#include "core/data/import/options.h"

#include <stdbool.h>
#include <stddef.h>

/* What stands for nothing where `missing` is not given. */
#define CSV_USUAL_TOKENS ",NA,N/A,NaN,nan,NAN,null,NULL,?"

typedef struct csv_cell {
    char *text;
    size_t n; /* bytes, without the NUL */
} csv_cell;

/* How values are written. */
typedef struct csv_format {
    char decimal, thousands; /* thousands: 0, none */
    csv_cell *tokens;        /* (n_tokens) that stand for nothing, see csv_read_list() */
    size_t n_tokens;
    bool starts[256]; /* by first byte: whether a token begins so */
} csv_format;

typedef enum csv_kind {
    CELL_MISSING,
    CELL_NUMBER,
    CELL_BOOLEAN,
    CELL_ALMOST, /* digits with signs about them that these options do not read: 1,250  $3  <0.1 */
    CELL_TEXT
} csv_kind;

/* *value is the number, 0 or 1 of a boolean, else anything. */
csv_kind csv_cell_read(const csv_format *format, const csv_cell *cell, double *value);

bool csv_cell_is_missing(const csv_format *format, const csv_cell *cell);

/* A decimal number that a double holds, correctly rounded; not inf, nan or hexadecimal. */
bool csv_read_number(const char *text, size_t n, double *value);

/* What would read an "almost": both may be true (1,005 is 1005 or 1.005). */
bool csv_is_decimal(const csv_cell *cell, char decimal);
bool csv_is_grouped(const csv_cell *cell, char thousands);

/* Copies what fits of the text, cut between two characters of UTF-8; returns to. */
char *csv_cut(const char *text, char *to, size_t n_bytes);

/* The start of a text, for a sentence. */
enum { CSV_SHORT_BYTES = 61 };
#define CSV_SHORT(text) csv_cut((text), (char[CSV_SHORT_BYTES]){0}, CSV_SHORT_BYTES)

/* Takes the list apart at its commas, quotes protect them: *cells (*n) of one block for free().
 * False without memory. */
FAIL_CHECKED bool csv_read_list(const char *list, csv_cell **cells, size_t *n);

#endif
