/* check_data — whether everything that a store has kept is what was kept: the database, models and
 * checkpoints, registered data sets. Reads only; also while the store is in use. */
#ifndef SERVER_JOBS_CHECK_DATA_H
#define SERVER_JOBS_CHECK_DATA_H

#include "core/base/fail.h"

#include <stddef.h>

typedef struct data_counts {
    size_t n_models, n_checkpoints, n_sets; /* looked at; models in rows are not counted */
} data_counts;

/* Calls `each` with a sentence for every damaged or lost thing. False where it could not be looked
 * at. */
FAIL_CHECKED bool jobs_check_data(const char *database, const char *data_dir,
                                  void (*each)(void *context, const char *sentence), void *context,
                                  data_counts *out, fail *f);

#endif
