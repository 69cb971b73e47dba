/* open — data sets for whoever keeps account: what opening one costs, that it may be called off,
 * and when its memory is free again.
 *
 * Threads: as core/data/dataset.h. */
#ifndef CORE_DATA_OPEN_H
#define CORE_DATA_OPEN_H

#include "core/base/caller.h"
#include "core/data/dataset.h"

/* dataset_open() for work that may be called off. */
FAIL_CHECKED bool dataset_open_for(const caller *by, const char *name,
                                   const dataset_options *options, int64_t data_seed,
                                   const char *data_dir, dataset **out, fail *f);

/* What opening costs before it is begun: numbers to be generated (0 for a registered set), bytes of
 * memory or of the mapped file. */
typedef struct dataset_cost {
    uint64_t n_values, n_bytes;
} dataset_cost;
FAIL_CHECKED bool dataset_find_cost(const char *name, const dataset_options *options,
                                    const char *data_dir, dataset_cost *out, fail *f);

/* Called once when the last reference is given back; at most one hook for a set, before it is
 * shared. */
void dataset_on_close(dataset *set, void (*hook)(void *context, size_t n_bytes), void *context,
                      size_t n_bytes);

/* Whether more than one reference to it is held. */
bool dataset_is_shared(const dataset *set);

#endif
