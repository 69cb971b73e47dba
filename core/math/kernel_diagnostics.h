/* kernel_diagnostics — the loops of core/train/diagnostics that are worth vector instructions.
 *
 * Arrays are row-major and belong to the caller. Threads: pure functions on distinct outputs. */
#ifndef CORE_MATH_KERNEL_DIAGNOSTICS_H
#define CORE_MATH_KERNEL_DIAGNOSTICS_H

#include "core/math/kernel.h"

#include <stddef.h>
#include <stdint.h>

/* centre[u] = mean of column u of x (n, units), n >= 1; exact where the column is constant. */
void kernel_diagnostics_centre(const real *x, size_t n, size_t units, real *centre);

/* Adds x (n, units) to the sums per unit: sum[u] of x - shift[u], squares[u] of its square,
 * zeros[u] of x == 0. Blocks of 64 rows are summed in single precision, the blocks in double.
 * Where shifted (n, units) is given, x - shift goes there. */
void kernel_diagnostics_add(const real *x, size_t n, size_t units, const real *shift, double *sum,
                            double *squares, uint32_t *zeros, real *shifted);

/* row[j] = row[j] * scale - mean_i * mean[j]: sums of products to covariances. */
void kernel_diagnostics_covariance(real *row, size_t n, real scale, real mean_i, const real *mean);

/* mean[j] becomes the mean of `count` values, of which it was that of the first count - 1 and x[j]
 * is the last: the sum of the squares of x - mean as it was. */
double kernel_diagnostics_move_mean(real *mean, const real *x, size_t n, int count);

/* Sum of |row[j]| * factor[j]. */
double kernel_diagnostics_absolute_sum(const real *row, size_t n, const real *factor);

#endif
