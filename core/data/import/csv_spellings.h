/* csv_spellings — the different texts of a column, where each was first seen and how often, part by
 * part.
 *
 * Zeroed is empty; private to core/data/import/. Texts are copied; csv_spellings_close() frees. */
#ifndef CORE_DATA_IMPORT_CSV_SPELLINGS_H
#define CORE_DATA_IMPORT_CSV_SPELLINGS_H

#include "core/data/dataset.h"

typedef struct csv_spelling {
    char *text;             /* as first spelled */
    char *key;              /* what makes it this one; text itself where both are the same */
    double number;          /* of a label that is one, else NaN */
    size_t n[PART_COUNT];   /* cells */
    size_t row[PART_COUNT]; /* the first of them */
    int32_t index;          /* for whoever numbers them */
} csv_spelling;

typedef struct csv_spellings {
    size_t n, capacity, n_slots, limit; /* limit: beyond it no more are kept */
    csv_spelling *items;
    int32_t *slots; /* hash table of indices, -1: free */
    bool is_full;   /* there was one more than the limit */
} csv_spellings;

/* The spelling with this key, or NULL. */
csv_spelling *csv_spellings_find(const csv_spellings *s, const char *key);

/* Counts one cell; *out (may be NULL) is its spelling, NULL where there are too many. False without
 * memory. */
FAIL_CHECKED bool csv_spellings_add(csv_spellings *s, const char *key, const char *text,
                                    dataset_part part, size_t row, csv_spelling **out);

void csv_spellings_close(csv_spellings *s);

#endif
