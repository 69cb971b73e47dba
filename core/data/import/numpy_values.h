/* numpy_values — the numbers of an array as they come from its file: checked, and put into floats
 * or doubles, or only looked at.
 *
 * Private to core/data/import/; one thread. */
#ifndef CORE_DATA_IMPORT_NUMPY_VALUES_H
#define CORE_DATA_IMPORT_NUMPY_VALUES_H

#include "core/data/import/numpy_array.h"
#include "core/data/import/spread.h"

/* Where the values go; on false, too, the arrays that grew are the caller's. */
typedef struct numpy_values {
    spread *spreads; /* (columns) only looked at; or NULL */
    float *floats;   /* else one of the two is filled; it grows as the file gives */
    double *doubles;
    bool are_floats;
    const double *offsets; /* (columns) taken off what becomes floats; or NULL */
    double limit;          /* of their size */
    double *column; /* (rows) the values of one column as they are, not among the floats; or NULL */
    size_t column_index;
    double column_limit;
} numpy_values;

/* Reads the n values, per_row in each row. FAIL_SYNTAX names row and column of a bad one. */
FAIL_CHECKED bool numpy_values_read(dataset_source *s, const numpy_array *a, size_t n,
                                    size_t per_row, numpy_values *v, fail *f);

/* The place of value number i of the file. */
size_t numpy_values_row(const numpy_array *a, size_t i, size_t per_row);
size_t numpy_values_column(const numpy_array *a, size_t i, size_t per_row);

#endif
