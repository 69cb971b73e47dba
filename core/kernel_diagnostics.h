/* kernel_diagnostics — the loops of core/diagnostics that are worth vector instructions.
 *
 * Arrays are row-major and belong to the caller. Threads: pure functions on distinct outputs. */
#ifndef CORE_KERNEL_DIAGNOSTICS_H
#define CORE_KERNEL_DIAGNOSTICS_H

#include "core/kernel.h"

#include <stddef.h>
#include <stdint.h>

enum { KERNEL_TRIDIAGONAL_STRIDE = 128 }; /* floats from one row to the next in the matrix below */

/* Adds x (n, units) to the sums per unit: sum[u] of x - shift[u], squares[u] of its square,
 * zeros[u] of x == 0. Blocks of 64 rows are summed in single precision, the blocks in double. */
void kernel_diagnostics_add(const real *x, size_t n, size_t units, const real *shift, double *sum,
                            double *squares, uint32_t *zeros);

/* Householder reduction of the symmetric matrix a (n, n), KERNEL_TRIDIAGONAL_STRIDE, both triangles given,
 * trace about 1, 2 <= n <= 128: diagonal[0..n-1], off[0..n-2] of a similar tridiagonal matrix (Golub and Van
 * Loan 8.3.1). Overwrites a. */
void kernel_diagnostics_tridiagonal(float *a, size_t n, float *diagonal, float *off);

#endif
