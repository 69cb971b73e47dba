/* origin — what the files of a registered set said: their columns, label, separator and header, and
 * what whoever brought them is to be told; kept with the set.
 *
 * 1. `columns` are all columns of a table in the order of its files, the label and those ignored
 *    too; pictures and arrays have none, and may have warnings all the same.
 * 2. Inputs first_input .. first_input + n_inputs - 1 of a row are made of the column: one of a
 *    number, one per category (1 where the cell has that spelling, else 0), none else. The names of
 *    inputs are the set's (dataset_write_column_name); here are those of the file.
 * 3. What was stored is the value less the offset, where there are offsets: a column whose spread
 *    is far below its size would lose it in float32.
 * 4. With has_missing an input that is a number may be NaN in the stored rows: a split puts the
 *    mean of its training rows there.
 * Ownership: a set's origin belongs to its storage. Texts are UTF-8. */
#ifndef CORE_DATA_ORIGIN_H
#define CORE_DATA_ORIGIN_H

#include "core/base/fail.h"

#include <stddef.h>
#include <stdint.h>

typedef enum dataset_separator {
    SEPARATOR_AUTO, /* in an origin: no table */
    SEPARATOR_COMMA,
    SEPARATOR_SEMICOLON,
    SEPARATOR_TAB,
    SEPARATOR_PIPE,
    SEPARATOR_SPACE, /* one or more */
    SEPARATOR_COUNT
} dataset_separator;
extern const char *const DATASET_SEPARATOR_WORDS[SEPARATOR_COUNT + 1]; /* NULL-terminated */

typedef enum column_kind {
    COLUMN_NUMBER,
    COLUMN_CATEGORY,
    COLUMN_LABEL,
    COLUMN_IGNORED,
    COLUMN_KIND_COUNT
} column_kind;
extern const char *const COLUMN_KIND_NAMES[COLUMN_KIND_COUNT];

typedef struct dataset_column {
    const char *name; /* "0", "1", ... in a file without names */
    column_kind kind;
    size_t n_missing; /* cells, over all parts */
    size_t first_input, n_inputs;
    size_t n_categories;
    /* (n_categories) their spellings, in the order of the inputs; where cells are missing, the last
     * is "missing" */
    const char *const *categories;
    bool has_missing_category;
} dataset_column;

typedef struct dataset_origin {
    dataset_separator separator;
    bool has_header;
    bool has_missing;  /* see 4 */
    const char *label; /* the label column's name; NULL: no table */
    size_t n_columns;
    const dataset_column *columns;
    size_t n_warnings;
    const char *const *warnings;
    const double *input_offsets;  /* (d), or NULL: 0 */
    const double *target_offsets; /* (k) of a regression, or NULL: 0 */
} dataset_origin;

/* Bytes of the origin as a container keeps it, and those bytes; d, k: length of the offsets.
 * Everything is little-endian: eight numbers of 8 bytes (separator, header, missing, label,
 * columns, warnings, and whether there are offsets of inputs, of targets), the offsets, the label;
 * of each column five numbers (kind, missing cells, inputs, categories, whether the last is the
 * missing one), name, categories; the warnings. Texts end in NUL. */
size_t origin_bytes(const dataset_origin *o, size_t d, size_t k);
void origin_write(const dataset_origin *o, size_t d, size_t k, char *bytes);

/* The origin that the bytes are, in one block for free(); its texts point into the bytes.
 * FAIL_STORAGE where they make no sense: nothing is believed. */
FAIL_CHECKED bool origin_read(const char *bytes, size_t n_bytes, size_t d, size_t k,
                              dataset_origin **out, fail *f);

#endif
