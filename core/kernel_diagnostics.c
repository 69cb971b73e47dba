#include "core/kernel_diagnostics.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { STRIP = 16, BLOCK_ROWS = 64, STRIDE = KERNEL_TRIDIAGONAL_STRIDE };

/* One strip of `width` units over at most BLOCK_ROWS rows; `width` is a constant wherever it
 * matters. */
static inline __attribute__((always_inline)) void add_strip(const real *x, size_t n, size_t units,
                                                            size_t width, const real *shift,
                                                            double *sum, double *squares,
                                                            uint32_t *zeros)
{
    real first[STRIP] = {0}, second[STRIP] = {0};
    uint32_t zero[STRIP] = {0};
    for (size_t i = 0; i < n; i++) {
        const real *row = x + i * units;
        for (size_t u = 0; u < width; u++) {
            real value = row[u] - shift[u];
            first[u] += value;
            second[u] += value * value;
            zero[u] += row[u] == 0;
        }
    }
    for (size_t u = 0; u < width; u++) {
        sum[u] += (double)first[u];
        squares[u] += (double)second[u];
        zeros[u] += zero[u];
    }
}

KERNEL_CLONES void kernel_diagnostics_add(const real *x, size_t n, size_t units, const real *shift,
                                          double *sum, double *squares, uint32_t *zeros)
{
    for (size_t row = 0; row < n; row += BLOCK_ROWS) {
        size_t rows = n - row < BLOCK_ROWS ? n - row : BLOCK_ROWS, u = 0;
        const real *block = x + row * units;
        for (; u + STRIP <= units; u += STRIP)
            add_strip(block + u, rows, units, STRIP, shift + u, sum + u, squares + u, zeros + u);
        if (u < units)
            add_strip(block + u, rows, units, units - u, shift + u, sum + u, squares + u,
                      zeros + u);
    }
}

/* Sum of a*b in 16 partial sums: a plain loop would add in order, one number at a time. */
static inline __attribute__((always_inline)) float dot(const float *a, const float *b, size_t n)
{
    float partial[STRIP] = {0}, sum = 0;
    size_t i = 0;
    for (; i + STRIP <= n; i += STRIP)
        for (size_t lane = 0; lane < STRIP; lane++)
            partial[lane] += a[i + lane] * b[i + lane];
    for (size_t lane = 0; lane < STRIP; lane++)
        sum += partial[lane];
    for (; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Squared length, of a matrix of trace 1, below which a column is rounding error: what is left of a matrix of low rank. Reflecting it would
 * divide by numbers that underflow. */
#define NEGLIGIBLE 1e-18f

/* The reflector I - beta v v' that maps x (n) to (*image, 0, ..., 0); v replaces x. Returns beta, 0
 * if x is there. */
static inline __attribute__((always_inline)) float reflector(float *x, size_t n, float *image)
{
    float rest = dot(x + 1, x + 1, n - 1);
    if (!(rest > NEGLIGIBLE)) {
        *image = x[0];
        return 0;
    }
    float length = sqrtf(x[0] * x[0] + rest);
    *image = x[0] > 0 ? -length : length;
    x[0] -= *image;
    return 2 / (x[0] * x[0] + rest);
}

/* Step k reflects column k below the diagonal. The update of step k and the product A v of step k +
 * 1 share one pass over the matrix: row k + 1 is updated first, since the next reflector is made of
 * it. */
KERNEL_CLONES void kernel_diagnostics_tridiagonal(float *a, size_t n, float *diagonal, float *off)
{
    assert(n >= 2 && n <= STRIDE);
    float v[STRIDE] = {0}, w[STRIDE] = {0}, next[STRIDE], product[STRIDE];
    for (size_t k = 0; k + 1 < n; k++) {
        float *row = a + k * STRIDE;
        for (size_t j = k; j < n; j++)
            row[j] -= v[k] * w[j] + w[k] * v[j];
        diagonal[k] = row[k];
        size_t m = n - k - 1;
        memcpy(next + k + 1, row + k + 1, m * sizeof *next);
        float beta = reflector(next + k + 1, m, &off[k]);
        memset(product, 0, sizeof product);
        for (size_t i = k + 1; i < n; i++) {
            float *restrict line = a + i * STRIDE;
            float vi = v[i], wi = w[i], ni = next[i];
            for (size_t j = k + 1; j < n; j++) {
                line[j] -= vi * w[j] + wi * v[j];
                product[j] += line[j] * ni;
            }
        }
        float half = beta * beta / 2 * dot(product + k + 1, next + k + 1, m);
        for (size_t j = k + 1; j < n; j++) {
            v[j] = next[j];
            w[j] = beta * product[j] - half * next[j];
        }
    }
    float *last = a + (n - 1) * STRIDE;
    diagonal[n - 1] = last[n - 1] - 2 * v[n - 1] * w[n - 1];
}
