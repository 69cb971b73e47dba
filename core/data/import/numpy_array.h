/* numpy_array — one NumPy array as .npy stores it (format 1.0 to 3.0), read and checked.
 *
 * Taken: either order, either byte order, at most 4 dimensions, types b1 u1 i1 u2 i2 u4 i4 u8 i8 f2
 * f4 f8, and as labels the texts S and U. Private to core/data/. */
#ifndef CORE_DATA_IMPORT_NUMPY_ARRAY_H
#define CORE_DATA_IMPORT_NUMPY_ARRAY_H

#include "core/data/import/load.h"
#include "core/data/import/source.h"

enum { NUMPY_DIMENSIONS_LIMIT = 4, NUMPY_ITEM_LIMIT = 4096 };

typedef struct numpy_array {
    char kind; /* b, u, i, f, S or U, as in NumPy's descr */
    size_t item_bytes;
    bool is_big_endian, is_fortran; /* Fortran order: the first index varies fastest */
    int n_dimensions;
    uint64_t shape[NUMPY_DIMENSIONS_LIMIT];
} numpy_array;

/* The header, up to where the values start. */
FAIL_CHECKED bool numpy_array_read_header(dataset_source *s, numpy_array *out, fail *f);

/* Before inputs are read, from another source of the same bytes: the spreads of the columns of a
 * table of wide numbers (*columns, made at the first array, for free()); others are passed over. */
struct spread;
FAIL_CHECKED bool numpy_array_survey(dataset_source *s, const numpy_array *a, dataset_load *load,
                                     struct spread **columns, fail *f);
/* After all arrays: what the columns (NULL: none) are to be centred by, for those that read. */
FAIL_CHECKED bool numpy_array_centre(dataset_load *load, const struct spread *columns, fail *f);

/* The values of an array of inputs into part and shape of the load: (n), (n, d), (n, h, w),
 * (n, h, w, c) or (n, c, h, w) with 1, 3 or 4 channels. u1 stays bytes; everything else becomes
 * float32, and must be finite. */
FAIL_CHECKED bool numpy_array_read_inputs(dataset_source *s, const numpy_array *a,
                                          dataset_load *load, dataset_load_part *part, fail *f);

/* The values of an array (n, d), d at least 2, of which column `label` is the output of each row,
 * kept as exact as numpy_array_read_outputs() keeps it, and the others are inputs. */
FAIL_CHECKED bool numpy_array_read_table(dataset_source *s, const numpy_array *a, size_t label,
                                         dataset_load *load, dataset_load_part *part, fail *f);

/* The values of an array of outputs, (n) or (n, k), texts (n) or (n, 1); *n is n. */
FAIL_CHECKED bool numpy_array_read_outputs(dataset_source *s, const numpy_array *a,
                                           dataset_load *load, dataset_load_part *part, size_t *n,
                                           fail *f);

/* The same for an array of n texts; the load's shape and *n are not touched. */
FAIL_CHECKED bool numpy_array_read_texts(dataset_source *s, const numpy_array *a,
                                         dataset_load *load, dataset_load_part *part, fail *f);

#endif
