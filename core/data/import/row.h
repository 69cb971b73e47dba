/* row — one cell of a row, as the reader of the set's files takes it: numbers, categories, what is
 * missing.
 *
 * Threads: pure. */
#ifndef CORE_DATA_IMPORT_ROW_H
#define CORE_DATA_IMPORT_ROW_H

#include "core/base/fail.h"
#include "core/data/dataset.h"
#include "core/data/origin.h"

typedef enum row_kind { ROW_MISSING, ROW_NUMBER, ROW_TEXT } row_kind;
typedef struct row_cell {
    row_kind kind;
    double number;    /* of a number; true and false are 1 and 0 */
    const char *text; /* of a text, and of a number as it was written */
} row_cell;

/* Puts the cell of a column that is a number or a category into inputs (d), in the set's own units;
 * NaN stands for a number that is missing. A text in a column of numbers is read as in a CSV file
 * with decimal points and the usual tokens for what is missing. False, with a sentence and no
 * field, where training knew no such value: another spelling, or a missing one. */
FAIL_CHECKED bool row_encode(const dataset *set, const dataset_column *column, const row_cell *cell,
                             double *inputs, fail *f);

#endif
