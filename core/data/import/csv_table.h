/* csv_table — CSV files on their way to be a data set: what was found out about them, step by step.
 *
 *   guess     from the first rows of each file: separator, names, how many columns
 *   survey    all rows: of each column how many cells are numbers, texts, missing; its spellings
 *   decide    from the survey: the label, the kind of every column, classes, offsets; refusals
 *   fill      all rows again: inputs and outputs, in arrays that are as long as needed
 *
 * So the files are read twice and hold in memory as what they become alone. Private to
 * core/data/import/; owns heap memory until csv_table_close(); one thread. */
#ifndef CORE_DATA_IMPORT_CSV_TABLE_H
#define CORE_DATA_IMPORT_CSV_TABLE_H

#include "core/data/import/csv_cell.h"
#include "core/data/import/csv_spellings.h"
#include "core/data/import/csv_text.h"
#include "core/data/import/load.h"
#include "core/data/import/spread.h"

enum { CATEGORIES_LIMIT = 100, PLACE_BYTES = 64 };

/* A cell that a sentence may speak of; row 0: none. */
typedef struct csv_place {
    size_t file, row;
    char text[PLACE_BYTES];
} csv_place;

typedef struct csv_column {
    const char *name;      /* "0", "1", ... without names */
    bool is_category;      /* as the options say */
    bool is_tracked;       /* its numbers are among its spellings */
    bool has_lost_numbers; /* that came before its first text, and are not */
    column_kind kind;      /* by decide */
    size_t n_missing, n_numbers, n_booleans, n_almost, n_texts;
    size_t n_missing_of[PART_COUNT], n_seen_of[PART_COUNT];
    csv_place missing, almost, text;
    csv_place large;             /* more than a float holds */
    csv_place point;             /* with decimal=, one that has a point */
    bool has_comma;              /* and one that has a comma */
    size_t n_decimal, n_grouped; /* of the almost ones, how a comma could be meant */
    bool is_counting;            /* 0, 1, 2 ... or 1, 2, 3 ... in the first file */
    double count;                /* the last number of it */
    spread spread;
    csv_spellings spellings;
    size_t first_input;
} csv_column;

typedef struct csv_file {
    const dataset_file *file;
    dataset_part part;
    char separator;
    bool has_header, has_order; /* order: a first line sep=; */
    size_t n_skipped;           /* rows before names or data */
} csv_file;

typedef struct csv_table {
    const dataset_add_options *options;
    dataset_load *load;
    csv_format format;
    size_t n_files, n_columns, label;
    csv_file files[DATASET_FILES_LIMIT];
    csv_column *columns; /* (n_columns) */
    char *names;         /* what the columns' names point into */
    size_t n_rows[PART_COUNT];
    size_t spelled, granted; /* bytes of the spellings, and what the caller has granted for them */
    bool is_classification;
} csv_table;

void csv_table_close(csv_table *t);

/* Sets separator, names and columns. Refuses rows of other lengths, doubled and differing names. */
FAIL_CHECKED bool csv_guess(csv_table *t, fail *f);

/* The column of a name or an index from 0 (-1: the last). */
bool csv_find_column(const csv_table *t, const char *wanted, size_t *column);

FAIL_CHECKED bool csv_survey(csv_table *t, fail *f);

/* *again: the files are to be surveyed once more. */
FAIL_CHECKED bool csv_decide(csv_table *t, bool *again, fail *f);

FAIL_CHECKED bool csv_fill(csv_table *t, fail *f);

/* Calls each() for every row of data of every file, with its cells; t->files say what is before
 * them. */
typedef bool csv_each_row(csv_table *t, const csv_file *file, const csv_text *row, fail *f);
FAIL_CHECKED bool csv_for_each_row(csv_table *t, csv_each_row *each, fail *f);

/* What a label's cell is known by: numbers by their value, of any number of digits, texts by
 * themselves. Returns the cell's text or room, which has CONTAINER_NAME_LIMIT bytes. */
const char *csv_label_key(csv_kind kind, const csv_cell *cell, double value, char *room);

#endif
