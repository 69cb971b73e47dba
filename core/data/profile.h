/* profile — what a data set is like in figures: the columns of its stored training rows, and the
 * parts that a run would have that asks for nothing.
 *
 * 1. Columns are those of the files (core/data/origin.h) where they are known, else the inputs and,
 *    of a regression, the targets; in the set's own units, bytes as 0 .. 1. Pictures have none.
 * 2. Of many values every so-manieth row is looked at, from the first on: n says how many were.
 * 3. Parts are those of the split with data_seed 0 and without sizes, as core/data/split.h draws
 *    them; what cannot be split has the stored parts.
 * Ownership: profile_open() allocates, profile_close() frees; names are borrowed from the set.
 * Threads: pure. */
#ifndef CORE_DATA_PROFILE_H
#define CORE_DATA_PROFILE_H

#include "core/data/dataset.h"
#include "core/data/origin.h"

enum {
    PROFILE_BINS = 20,
    PROFILE_COLUMNS_LIMIT = 256,   /* of more the first */
    PROFILE_VALUES_LIMIT = 1 << 24 /* that are looked at */
};

typedef struct profile_column {
    char name[128];
    column_kind kind;
    size_t n_missing; /* of the rows that were looked at */
    /* of a number (NaN where no value is there); the histogram's bins are of equal width from least
     * to most */
    double mean, deviation, least, most;
    size_t counts[PROFILE_BINS];
    /* of a category: how often each; `of` names them. NULL: another kind */
    const dataset_column *of;
    size_t *category_counts;
} profile_column;

typedef struct profile_part {
    size_t n;
    bool is_drawn;  /* from the stored training part */
    size_t *counts; /* (k) rows of each class; NULL: a regression */
    double rmse;    /* of predicting the part's mean targets; NaN: a classification */
} profile_part;

typedef struct profile {
    const dataset *set;
    size_t n; /* rows that were looked at */
    size_t n_columns;
    profile_column *columns;
    profile_part parts[PART_COUNT];
    void *counts; /* private: what the pointers point into */
} profile;

FAIL_CHECKED bool profile_open(const dataset *set, profile *out, fail *f);
void profile_close(profile *p); /* safe on a zeroed one */

#endif
