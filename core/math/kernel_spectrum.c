#include "core/math/kernel_spectrum.h"

#include "core/math/kernel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { LANES = 16, LIMIT = KERNEL_SPECTRUM_LIMIT, NODES = 32, MOST_ROWS = 4 };

/* Sum of a*b in 16 partial sums: a plain loop would add in order, one number at a time. */
static inline __attribute__((always_inline)) float dot(const float *a, const float *b, size_t n)
{
    float partial[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            partial[lane] += a[i + lane] * b[i + lane];
    for (size_t lane = 0; lane < LANES; lane++)
        sum += partial[lane];
    for (; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Squared length, of a matrix of trace 1, below which a column is rounding error: what is left of a
 * matrix of low rank. Reflecting it would divide by numbers that underflow. */
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

/* The reflector of the step before and its w (the update is -v w' - w v'), the reflector of this
 * step, and the product of the updated matrix with it. v and w are 0 where the matrix has no
 * columns, and where columns are done. */
typedef struct reflection {
    float v[LIMIT], w[LIMIT], next[LIMIT], product[LIMIT];
} reflection;

/* Updates rows i .. i + rows - 1 of the matrix from column `first` on and adds what they give to
 * the product. `rows` is a constant wherever it matters: several rows share one pass over the
 * vectors. Columns go in whole blocks: nobody reads those before `first` again, those behind the
 * matrix stay as they are, and of neither does anybody read the product. */
static inline __attribute__((always_inline)) void reflect_rows(float *restrict a, size_t i,
                                                               size_t rows, size_t first, size_t n,
                                                               reflection *restrict r)
{
    float v[MOST_ROWS], w[MOST_ROWS], next[MOST_ROWS];
    for (size_t row = 0; row < rows; row++) {
        v[row] = r->v[i + row];
        w[row] = r->w[i + row];
        next[row] = r->next[i + row];
    }
    a += i * LIMIT;
    for (size_t j = first / LANES * LANES; j < n; j += LANES) {
        float sum[LANES];
        for (size_t lane = 0; lane < LANES; lane++)
            sum[lane] = r->product[j + lane];
        for (size_t row = 0; row < rows; row++)
            for (size_t lane = 0; lane < LANES; lane++) {
                float *value = &a[row * LIMIT + j + lane];
                *value -= v[row] * r->w[j + lane] + w[row] * r->v[j + lane];
                sum[lane] += *value * next[row];
            }
        for (size_t lane = 0; lane < LANES; lane++)
            r->product[j + lane] = sum[lane];
    }
}

/* Step k reflects column k below the diagonal. The update of step k and the product A v of step k +
 * 1 share one pass over the matrix: row k + 1 is updated first, since the next reflector is made of
 * it. */
KERNEL_CLONES void kernel_spectrum_tridiagonal(float *a, size_t n, float *diagonal, float *off)
{
    assert(n >= 2 && n <= LIMIT);
    reflection r = {.v = {0}};
    for (size_t k = 0; k + 1 < n; k++) {
        float *row = a + k * LIMIT;
        for (size_t j = k; j < n; j++)
            row[j] -= r.v[k] * r.w[j] + r.w[k] * r.v[j];
        diagonal[k] = row[k];
        size_t m = n - k - 1, i = k + 1;
        memcpy(r.next + k + 1, row + k + 1, m * sizeof *r.next);
        float beta = reflector(r.next + k + 1, m, &off[k]);
        memset(r.product, 0, sizeof r.product);
        for (; i + MOST_ROWS <= n; i += MOST_ROWS)
            reflect_rows(a, i, MOST_ROWS, k + 1, n, &r);
        for (; i < n; i++)
            reflect_rows(a, i, 1, k + 1, n, &r);
        float half = beta * beta / 2 * dot(r.product + k + 1, r.next + k + 1, m);
        for (size_t j = k + 1; j < n; j++) {
            r.v[j] = r.next[j];
            r.w[j] = beta * r.product[j] - half * r.next[j];
        }
        r.v[k] = r.w[k] = 0;
    }
    float *last = a + (n - 1) * LIMIT;
    diagonal[n - 1] = last[n - 1] - 2 * r.v[n - 1] * r.w[n - 1];
}

/* A tridiagonal matrix of trace 1: its diagonal, and the squares of what stands beside it (the
 * first is 0). */
typedef struct tridiagonal {
    size_t n;
    double diagonal[LIMIT], squares[LIMIT];
} tridiagonal;

/* The integral over t from `floor` instead of 0: -sum p ln(p + floor) + ln(1 + floor), by the
 * trapezoidal rule in ln(t - floor) from ln (FIRST * floor) to ln LAST. Beyond both ends the
 * integrand is a geometric series. NaN if p + floor is not above 0 for all p. */
static inline __attribute__((always_inline)) double entropy_above(const tridiagonal *m,
                                                                  double floor)
{
    const double first = 0.01 * floor, last = 1e4, ratio = pow(last / first, 1.0 / (NODES - 1));
    double t[NODES], reciprocal[NODES] = {0}, derivative[NODES] = {0}, trace[NODES] = {0},
                     lowest[NODES];
    double above = first, sum = 0;
    for (size_t k = 0; k < NODES; k++, above *= ratio) {
        t[k] = floor + above;
        lowest[k] = 1;
    }
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < NODES; k++) {
            double below = m->squares[i] * reciprocal[k];
            double pivot = m->diagonal[i] + t[k] - below;
            derivative[k] = 1 + below * reciprocal[k] * derivative[k];
            reciprocal[k] = 1 / pivot;
            trace[k] += derivative[k] * reciprocal[k];
            lowest[k] = pivot < lowest[k] ? pivot : lowest[k];
        }
    for (size_t k = 0; k < NODES; k++) {
        if (!(lowest[k] > 0))
            return NAN;
        double value = (t[k] - floor) * ((double)m->n - t[k] * trace[k] - 1 / (1 + t[k]));
        bool is_end = k == 0 || k + 1 == NODES;
        sum += is_end ? value * ratio / (ratio - 1) : value;
    }
    return sum * log(ratio);
}

KERNEL_CLONES double kernel_spectrum_entropy(const float *diagonal, const float *off, size_t n)
{
    assert(n >= 1 && n <= LIMIT);
    tridiagonal m = {.n = n};
    double trace = 0;
    for (size_t i = 0; i < n; i++)
        trace += (double)diagonal[i];
    if (!(trace > 0))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double next = i > 0 ? (double)off[i - 1] / trace : 0;
        m.diagonal[i] = (double)diagonal[i] / trace;
        m.squares[i] = next * next;
    }
    /* Rounding leaves eigenvalues a little below 0. What the floor takes away is proportional to it
     * but for eigenvalues near it: two floors tell what none would give. */
    for (double floor = 1e-6; floor < 0.011; floor *= 10) {
        double one = entropy_above(&m, floor) - log1p(floor);
        double two = entropy_above(&m, 2 * floor) - log1p(2 * floor);
        if (isfinite(one))
            return 2 * one - two;
    }
    return NAN;
}
