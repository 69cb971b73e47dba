/* built_in — DATASETS[], the generators that need no file, and their options.
 *
 * Private to core/data/, but for the table itself (core/data/dataset.h). */
#ifndef CORE_DATA_BUILT_IN_H
#define CORE_DATA_BUILT_IN_H

#include "core/data/dataset.h"

/* The options with the generator's own values where none are given. FAIL_OUT_OF_RANGE or
 * FAIL_INCOMPATIBLE at "/dataset/OPTION". */
FAIL_CHECKED bool built_in_resolve(const dataset_row *row, const dataset_options *options,
                                   dataset_options *out, fail *f);

#endif
