#include "core/math/kernel_diagnostics.h"

#include <math.h>
#include <string.h>

enum { STRIP = 16, BLOCK_ROWS = 64 };

KERNEL_CLONES void kernel_diagnostics_centre(const real *x, size_t n, size_t units, real *centre)
{
    memset(centre, 0, units * sizeof *centre);
    for (size_t i = 1; i < n; i++)
        for (size_t u = 0; u < units; u++)
            centre[u] += x[i * units + u] - x[u];
    for (size_t u = 0; u < units; u++)
        centre[u] = x[u] + centre[u] / (real)n;
}

/* One strip of `width` units over at most BLOCK_ROWS rows; `width` and whether `shifted` is NULL
 * are constants wherever it matters. */
static inline __attribute__((always_inline)) void add_strip(const real *x, size_t n, size_t units,
                                                            size_t width, const real *shift,
                                                            double *sum, double *squares,
                                                            uint32_t *zeros, real *restrict shifted)
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
            if (shifted)
                shifted[i * units + u] = value;
        }
    }
    for (size_t u = 0; u < width; u++) {
        sum[u] += (double)first[u];
        squares[u] += (double)second[u];
        zeros[u] += zero[u];
    }
}

static inline __attribute__((always_inline)) void add_strips(const real *x, size_t n, size_t units,
                                                             const real *shift, double *sum,
                                                             double *squares, uint32_t *zeros,
                                                             real *shifted)
{
    for (size_t row = 0; row < n; row += BLOCK_ROWS) {
        size_t rows = n - row < BLOCK_ROWS ? n - row : BLOCK_ROWS, u = 0;
        const real *block = x + row * units;
        real *out = shifted ? shifted + row * units : NULL;
        for (; u + STRIP <= units; u += STRIP)
            add_strip(block + u, rows, units, STRIP, shift + u, sum + u, squares + u, zeros + u,
                      shifted ? out + u : NULL);
        if (u < units)
            add_strip(block + u, rows, units, units - u, shift + u, sum + u, squares + u, zeros + u,
                      shifted ? out + u : NULL);
    }
}

KERNEL_CLONES void kernel_diagnostics_add(const real *x, size_t n, size_t units, const real *shift,
                                          double *sum, double *squares, uint32_t *zeros,
                                          real *shifted)
{
    if (shifted)
        add_strips(x, n, units, shift, sum, squares, zeros, shifted);
    else
        add_strips(x, n, units, shift, sum, squares, zeros, NULL);
}

KERNEL_CLONES void kernel_diagnostics_covariance(real *row, size_t n, real scale, real mean_i,
                                                 const real *mean)
{
    for (size_t j = 0; j < n; j++)
        row[j] = row[j] * scale - mean_i * mean[j];
}

KERNEL_CLONES double kernel_diagnostics_absolute_sum(const real *row, size_t n, const real *factor)
{
    real partial[STRIP] = {0};
    double sum = 0;
    size_t j = 0;
    for (; j + STRIP <= n; j += STRIP)
        for (size_t lane = 0; lane < STRIP; lane++)
            partial[lane] += REAL_FUNCTION(fabs)(row[j + lane]) * factor[j + lane];
    for (size_t lane = 0; lane < STRIP; lane++)
        sum += (double)partial[lane];
    for (; j < n; j++)
        sum += (double)(REAL_FUNCTION(fabs)(row[j]) * factor[j]);
    return sum;
}

KERNEL_CLONES
static real move_block(real *restrict mean, const real *restrict x, size_t n, real weight)
{
    real lanes[STRIP] = {0}, sum = 0;
    for (size_t i = 0; i + STRIP <= n; i += STRIP)
        for (size_t j = 0; j < STRIP; j++) {
            real difference = x[i + j] - mean[i + j];
            lanes[j] += difference * difference;
            mean[i + j] += difference * weight;
        }
    for (size_t i = n / STRIP * STRIP; i < n; i++) {
        real difference = x[i] - mean[i];
        sum += difference * difference;
        mean[i] += difference * weight;
    }
    for (size_t j = 0; j < STRIP; j++)
        sum += lanes[j];
    return sum;
}

double kernel_diagnostics_move_mean(real *mean, const real *x, size_t n, int count)
{
    enum { BLOCK = 4096 };
    double sum = 0;
    for (size_t i = 0; i < n; i += BLOCK)
        sum += (double)move_block(mean + i, x + i, n - i < BLOCK ? n - i : BLOCK, 1 / (real)count);
    return sum;
}
