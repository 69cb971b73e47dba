/* scaling — scale and shift of every input, fitted on training rows alone.
 *
 * Private to core/data/; pure. */
#ifndef CORE_DATA_SCALING_H
#define CORE_DATA_SCALING_H

#include "core/base/fail.h"
#include "core/data/dataset.h"

/* Fills scale (d) and shift (d), so that x_raw * scale + shift is what core/data/dataset.h says of
 * `scaling` (a scaling_kind), from rows[0 .. n-1] of the stored training part, n >= 1. Deviations
 * too small for a float count as constant. fill (d), if not NULL, is what stands, scaled, where an
 * input is missing: the mean of the others. */
FAIL_CHECKED bool dataset_fit_scaling(const dataset *set, int scaling, const uint32_t *rows,
                                      size_t n, float *scale, float *shift, float *fill, fail *f);

#endif
