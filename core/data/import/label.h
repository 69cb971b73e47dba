/* label — labels that are texts: of NumPy's text arrays, of folders, of files of names.
 *
 * A text that is how a whole number is written (7, -12; not 07, 1.5) is that number, so that
 * classes 0 to 9 stay in order; every other one is a text. Private to core/data/import/. */
#ifndef CORE_DATA_IMPORT_LABEL_H
#define CORE_DATA_IMPORT_LABEL_H

#include "core/data/import/load.h"

/* Room for the labels of n rows in outputs and texts of the part, which has none. */
FAIL_CHECKED bool label_reserve(dataset_load_part *part, size_t n, fail *f);

/* The label of row i: the first n_bytes of the text. `where` (a file's name) and the row go into
 * the sentences. FAIL_SYNTAX for an empty text or one that is no name. */
FAIL_CHECKED bool label_put(dataset_load *load, dataset_load_part *part, size_t i, const char *text,
                            size_t n_bytes, const char *where, fail *f);

/* Outputs (n, k), k at least 2, of which every row of every part has one 1 and else zeros become
 * the classes 0 .. k-1; others stay what they are. */
FAIL_CHECKED bool label_from_one_hot(dataset_load *load, fail *f);

#endif
