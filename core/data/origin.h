/* origin — what the files of a registered set said: their columns, label, separator and header, and
 * what whoever brought them is to be told.
 *
 * It stands beside the content, in DATA_DIR/origins/<name>: the SHA-256 of the content that it is
 * of, that of what follows, and the bytes of origin_write(). So the content, and its digest, are of
 * the data alone, and two files of one content may each be told of. A set without an origin, or
 * with one that is damaged or of other content, is as good: it has none.
 *
 * 1. `columns` are all columns of a table in the order of its files, the label and those ignored
 *    too; pictures and arrays have none, and may have warnings all the same.
 * 2. Inputs first_input .. first_input + n_inputs - 1 of a row are made of the column: one of a
 *    number, one per category (1 where the cell has that spelling, else 0), none else. The names of
 *    inputs are the set's (dataset_write_column_name); here are those of the file.
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
    const char *label; /* the label column's name; NULL: no table */
    size_t n_columns;
    const dataset_column *columns;
    size_t n_warnings;
    const char *const *warnings;
} dataset_origin;

/* Bytes of the origin as it is stored, and those bytes. Everything is little-endian: five numbers
 * of 8 bytes (separator, header, whether there is a label, columns, warnings), the label; of each
 * column five numbers (kind, missing cells, inputs, categories, whether the last is the missing
 * one), name, categories; the warnings. Texts end in NUL. */
size_t origin_bytes(const dataset_origin *o);
void origin_write(const dataset_origin *o, char *bytes);

/* The origin that the bytes are, of a set of d inputs, in one block for free(); its texts point
 * into the bytes. FAIL_STORAGE where they make no sense: nothing is believed. */
FAIL_CHECKED bool origin_read(const char *bytes, size_t n_bytes, size_t d, dataset_origin **out,
                              fail *f);

/* Writes the file at path, of the content `sha256`, whole or not at all, by way of one that begins
 * with a dot. */
FAIL_CHECKED bool origin_save(const dataset_origin *o, const char *sha256, const char *path,
                              fail *f);

/* The origin in the file at path, and the bytes that it points into, both for free(). False where
 * there is none of this content. */
FAIL_CHECKED bool origin_load(const char *path, const char *sha256, size_t d, dataset_origin **out,
                              char **bytes, fail *f);

#endif
