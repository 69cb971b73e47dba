/* targets — regression targets as a net is trained on them, and back in the set's own units.
 *
 * Private to core/data/ but for what core/data/split.h declares; pure. */
#ifndef CORE_DATA_TARGETS_H
#define CORE_DATA_TARGETS_H

#include "core/data/split.h"

/* Doubles that split.target_mean and target_deviation take together; 0: the spec scales no targets
 * of this set. */
size_t targets_count(const dataset *set, const train_spec *spec);

/* Mean and population deviation of each target over rows[0 .. n-1] of the stored training part,
 * n >= 1: mean (k), deviation (k). A constant target has the deviation 1: it becomes 0. */
void targets_fit(const dataset *set, const uint32_t *rows, size_t n, double *mean,
                 double *deviation);

#endif
