/* kernel_spectrum — the entropy of a symmetric matrix's eigenvalues, without the eigenvalues.
 *
 * Matrices belong to the caller. Threads: pure functions on distinct outputs. */
#ifndef CORE_MATH_KERNEL_SPECTRUM_H
#define CORE_MATH_KERNEL_SPECTRUM_H

#include <stddef.h>

enum { KERNEL_SPECTRUM_LIMIT = 128 }; /* the largest order; floats from one row to the next */

/* Householder reduction of the symmetric matrix a (n, n), KERNEL_SPECTRUM_LIMIT floats from row to
 * row, both triangles given, trace about 1, 2 <= n <= 128: diagonal[0..n-1], off[0..n-2] of a
 * similar tridiagonal matrix (Golub and Van Loan 8.3.1). Overwrites a; the floats between its rows
 * may be anything, and stay. */
void kernel_spectrum_tridiagonal(float *a, size_t n, float *diagonal, float *off);

/* -sum p ln p over the eigenvalues p of a positive semidefinite tridiagonal matrix, divided by its
 * trace; 1 <= n <= 128. Off by less than
 * 1e-6 for each eigenvalue near 1e-6; single precision gives no better matrix. NaN if the trace is
 * not above 0 or an eigenvalue lies below -0.01.
 *
 * It is the integral over t from 0 of sum p / (p + t) - 1 / (1 + t), and sum 1 / (p + t), the trace
 * of the resolvent, is the logarithmic derivative of the determinant, which the pivots of the
 * tridiagonal matrix give. With t = e^s the trapezoidal rule converges exponentially (Trefethen and
 * Weideman 2014). */
double kernel_spectrum_entropy(const float *diagonal, const float *off, size_t n);

#endif
