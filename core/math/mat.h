/* mat — matrix products: the only door to the BLAS.
 *
 * Matrices are row-major, `ld` is the distance between rows in elements. Every product runs on the
 * calling thread alone, whatever the environment says, so that its bits do not depend on the number
 * of threads. Safe from several threads at once. */
#ifndef CORE_MATH_MAT_H
#define CORE_MATH_MAT_H

#include "core/math/kernel.h"

#include <stddef.h>

/* Makes the BLAS single-threaded; cheap, to be called before the first product of a run. */
void mat_setup(void);

/* c (m, n) = op(a) op(b) + beta * c with op(a) (m, k), op(b) (k, n); op is the transpose where the
 * flag is set. m, n >= 1; k may be 0. */
void mat_multiply(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const real *a,
                  size_t lda, const real *b, size_t ldb, real beta, real *c, size_t ldc);

/* c (n, n) += x' x with x (rows, n), rows >= 0: on and right of the diagonal alone; the rest is
 * left as it is. */
void mat_add_products(size_t rows, size_t n, const real *x, size_t ldx, real *c, size_t ldc);

/* "OpenBLAS 0.3.21" and the kernel set that it chose for this processor, "SkylakeX". Constant
 * text. */
const char *mat_blas_name(void);
const char *mat_blas_core(void);

#endif
