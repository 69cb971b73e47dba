/* csv_text — the rows of a CSV file, front to back, taken apart into cells.
 *
 * 1. Cells lie in the reader's buffer, trimmed, unquoted, each with its NUL; they hold until the
 *    next row is asked for. Memory is a chunk, or the longest row.
 * 2. UTF-16 with a byte-order mark becomes UTF-8; the mark of UTF-8 is dropped. Rows end in LF or
 *    CR LF; in CR where the start of the file has no LF.
 * 3. `row` counts from 1: rows of names, comments and blank lines too; a row with line breaks in
 *    quotes is one.
 * Private to core/data/import/; one thread. Why no library: libcsv knows one byte between columns,
 * not blanks in any number, calls back for every cell, and strict as it must be (a missing quote
 * would swallow the file) it refuses a quote within a cell. */
#ifndef CORE_DATA_IMPORT_CSV_TEXT_H
#define CORE_DATA_IMPORT_CSV_TEXT_H

#include "core/data/import/csv_cell.h"
#include "core/data/import/source.h"

typedef enum csv_encoding { ENCODING_UTF8, ENCODING_UTF16_LE, ENCODING_UTF16_BE } csv_encoding;

typedef struct csv_text {
    dataset_source source;
    bool has_source; /* false: a copy of a file's start, without its last, cut row */
    csv_encoding encoding;
    char separator; /* ' ': one or more blanks */
    char line_end;
    char *buffer; /* begin .. end is still to be read */
    size_t capacity, begin, end;
    bool has_nul, has_quotes; /* anywhere in the buffer */
    bool is_end;              /* of the file: nothing follows the buffer */
    unsigned char held[4];    /* of UTF-16, what is no whole character yet */
    size_t n_held;
    size_t row, n_blank; /* the row last read; blank ones so far */
    csv_cell *cells;     /* (n) of that row */
    size_t n, cells_capacity;
} csv_text;

/* Opens the file and reads its first chunk. On false nothing is held. */
FAIL_CHECKED bool csv_text_open(const char *path, const char *name, const caller *by, csv_text *out,
                                fail *f);
void csv_text_close(csv_text *t);

/* A copy of what is in the buffer, to be read with another separator. */
FAIL_CHECKED bool csv_text_copy_start(const csv_text *t, char separator, csv_text *out, fail *f);

/* The next row that is not blank into cells; *is_there is false behind the last. */
FAIL_CHECKED bool csv_text_next(csv_text *t, bool *is_there, fail *f);

#endif
