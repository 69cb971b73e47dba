#include "core/diagnostics.h"

#include "core/mat.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { ALIGNMENT = 64, WAITING_ROWS = 256, PRODUCT_ROWS = 64 };

static size_t align_up(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t at_most(size_t n, size_t limit)
{
    return n < limit ? n : limit;
}

static size_t moments_bytes(size_t units)
{
    return align_up(units * sizeof(real)) + 2 * align_up(units * sizeof(double)) +
           align_up(units * sizeof(uint32_t));
}

size_t diagnostics_bytes(size_t units)
{
    size_t kept = at_most(units, DIAGNOSTICS_UNITS_LIMIT);
    return 3 * moments_bytes(units) + align_up(kept * sizeof(real)) +
           align_up(WAITING_ROWS * kept * sizeof(real)) + align_up(kept * kept * sizeof(real)) +
           DIAGNOSTICS_RANK_LIMIT * KERNEL_TRIDIAGONAL_STRIDE * sizeof(float);
}

/* The next `bytes` of the caller's memory, zeroed. */
static void *take(unsigned char **memory, size_t bytes)
{
    void *start = *memory;
    memset(start, 0, bytes);
    *memory += align_up(bytes);
    return start;
}

static void init_moments(diagnostics_moments *m, unsigned char **memory, size_t units)
{
    m->n = 0;
    m->shift = take(memory, units * sizeof *m->shift);
    m->sum = take(memory, units * sizeof *m->sum);
    m->squares = take(memory, units * sizeof *m->squares);
    m->zeros = take(memory, units * sizeof *m->zeros);
}

void diagnostics_init(diagnostics *d, void *memory, size_t units, size_t n_samples)
{
    assert((uintptr_t)memory % ALIGNMENT == 0);
    unsigned char *rest = memory;
    *d = (diagnostics){.units = units, .n_samples = n_samples};
    init_moments(&d->outputs, &rest, units);
    init_moments(&d->evaluation, &rest, units);
    init_moments(&d->training, &rest, units);
    size_t kept = d->n_kept = at_most(units, DIAGNOSTICS_UNITS_LIMIT);
    d->centre = take(&rest, kept * sizeof *d->centre);
    d->waiting = (real *)(void *)rest; /* filled row by row before it is read: not zeroed */
    rest += align_up(WAITING_ROWS * kept * sizeof *d->waiting);
    d->products = take(&rest, kept * kept * sizeof *d->products);
    d->covariance =
        take(&rest, DIAGNOSTICS_RANK_LIMIT * KERNEL_TRIDIAGONAL_STRIDE * sizeof *d->covariance);
}

static void add_moments(diagnostics_moments *m, const real *x, size_t n, size_t units)
{
    if (m->n == 0 && n > 0)
        memcpy(m->shift, x, units * sizeof *x);
    kernel_diagnostics_add(x, n, units, m->shift, m->sum, m->squares, m->zeros);
    m->n += n;
}

/* Number i of `limit` evenly spaced numbers below n; i itself where n is not above the limit. */
static size_t spaced(size_t i, size_t n, size_t limit)
{
    return n > limit ? i * n / limit : i;
}

static void find_centre(diagnostics *d)
{
    for (size_t u = 0; u < d->n_kept; u++) {
        double sum = 0;
        for (size_t r = 0; r < d->n_waiting; r++)
            sum += (double)d->waiting[r * d->n_kept + u];
        d->centre[u] = (real)(sum / (double)d->n_waiting);
    }
}

/* Adds the rows that wait to the sums over pairs: what lies on and right of the diagonal, in strips. */
static void multiply_waiting(diagnostics *d, bool is_first)
{
    size_t n = d->n_kept;
    if (is_first)
        find_centre(d);
    for (size_t r = 0; r < d->n_waiting; r++)
        for (size_t u = 0; u < n; u++)
            d->waiting[r * n + u] -= d->centre[u];
    for (size_t i = 0; i < n; i += PRODUCT_ROWS)
        mat_multiply(true, false, at_most(n - i, PRODUCT_ROWS), n - i, d->n_waiting, d->waiting + i,
                     n, d->waiting + i, n, 1, d->products + i * n + i, n);
    d->n_waiting = 0;
}

static void keep_row(diagnostics *d, const real *row)
{
    real *out = d->waiting + d->n_waiting++ * d->n_kept;
    if (d->n_kept == d->units)
        memcpy(out, row, d->units * sizeof *row);
    else
        for (size_t u = 0; u < d->n_kept; u++)
            out[u] = row[spaced(u, d->units, d->n_kept)];
}

void diagnostics_add(diagnostics *d, const real *outputs, size_t n)
{
    size_t first = d->outputs.n;
    assert(first + n <= d->n_samples);
    for (size_t i = 0; i < n; i++) {
        keep_row(d, outputs + i * d->units);
        if (d->n_waiting == WAITING_ROWS || first + i + 1 == d->n_samples)
            multiply_waiting(d, first + i < WAITING_ROWS);
    }
    add_moments(&d->outputs, outputs, n, d->units);
}

void diagnostics_add_pair(diagnostics *d, const real *evaluation, const real *training, size_t n)
{
    add_moments(&d->evaluation, evaluation, n, d->units);
    add_moments(&d->training, training, n, d->units);
}

/* Sum of squared deviations of one unit from its mean. */
static double scatter(const diagnostics_moments *m, size_t unit)
{
    return fmax(0, m->squares[unit] - m->sum[unit] * m->sum[unit] / (double)m->n);
}

static double unit_mean(const diagnostics_moments *m, size_t unit)
{
    return (double)m->shift[unit] + m->sum[unit] / (double)m->n;
}

static void read_activity(const diagnostics *d, double values[LAYER_METRIC_COUNT])
{
    const diagnostics_moments *m = &d->outputs;
    double n = (double)m->n, units = (double)d->units, mean = 0, total = 0, n_zero = 0, n_dead = 0;
    for (size_t u = 0; u < d->units; u++)
        mean += unit_mean(m, u) / units;
    for (size_t u = 0; u < d->units; u++) {
        double deviation = unit_mean(m, u) - mean;
        total += scatter(m, u) + n * deviation * deviation;
        n_zero += m->zeros[u];
        n_dead += m->zeros[u] == m->n;
    }
    values[LAYER_METRIC_ACTIVATION_MEAN] = mean;
    values[LAYER_METRIC_ACTIVATION_STD] = sqrt(total / (n * units));
    values[LAYER_METRIC_SPARSITY] = n_zero / (n * units);
    values[LAYER_METRIC_DEAD_FRACTION] = n_dead / units;
}

/* The ratio of the two averages over units, not the average of ratios: one unit that hardly moves in training would outweigh all
 * others. */
static double read_variance_shift(const diagnostics *d)
{
    double evaluation = 0, training = 0;
    for (size_t u = 0; u < d->units; u++) {
        evaluation += scatter(&d->evaluation, u);
        training += scatter(&d->training, u);
    }
    return training > 0 ? evaluation / training : NAN;
}

/* Means of the kept units less their centres. */
static void read_kept_means(const diagnostics *d, double mean[DIAGNOSTICS_UNITS_LIMIT])
{
    for (size_t i = 0; i < d->n_kept; i++)
        mean[i] = unit_mean(&d->outputs, spaced(i, d->units, d->n_kept)) - (double)d->centre[i];
}

/* Covariance (divisor n) of two of the kept units, i <= j. */
static double covariance_of(const diagnostics *d, const double *mean, size_t i, size_t j)
{
    return (double)d->products[i * d->n_kept + j] / (double)d->n_samples - mean[i] * mean[j];
}

static double coadaptation_of(const diagnostics *d, const double *mean)
{
    double inverse[DIAGNOSTICS_UNITS_LIMIT], sum = 0, n_live = 0;
    for (size_t i = 0; i < d->n_kept; i++) {
        double std = sqrt(fmax(0, covariance_of(d, mean, i, i)));
        bool live = !(std <= DIAGNOSTICS_LIVE_STD);
        inverse[i] = live ? 1 / std : 0;
        n_live += live;
    }
    for (size_t i = 0; i < d->n_kept; i++) {
        double row = 0;
        for (size_t j = i + 1; j < d->n_kept; j++)
            row += fabs(covariance_of(d, mean, i, j)) * inverse[j];
        sum += row * inverse[i];
    }
    return n_live < 2 ? NAN : sum / (n_live * (n_live - 1) / 2);
}

/* Of evenly spaced units into d->covariance, both triangles; returns how many. */
static size_t fill_covariance(diagnostics *d, const double *mean)
{
    size_t units = at_most(d->n_kept, DIAGNOSTICS_RANK_LIMIT);
    for (size_t i = 0; i < units; i++)
        for (size_t j = i; j < units; j++) {
            float value = (float)covariance_of(d, mean, spaced(i, d->n_kept, units),
                                               spaced(j, d->n_kept, units));
            d->covariance[i * KERNEL_TRIDIAGONAL_STRIDE + j] = value;
            d->covariance[j * KERNEL_TRIDIAGONAL_STRIDE + i] = value;
        }
    return units;
}

/* Overwrites the covariance. */
static double effective_rank_of(float *covariance, size_t units)
{
    float diagonal[DIAGNOSTICS_RANK_LIMIT], off[DIAGNOSTICS_RANK_LIMIT];
    double eigenvalues[DIAGNOSTICS_RANK_LIMIT], next[DIAGNOSTICS_RANK_LIMIT];
    double trace = 0, entropy = 0, sum = 0;
    for (size_t i = 0; i < units; i++)
        trace += (double)covariance[i * KERNEL_TRIDIAGONAL_STRIDE + i];
    if (!(trace > 0) || !isfinite(trace))
        return NAN;
    if (units == 1)
        return 1;
    for (size_t i = 0; i < units; i++)
        for (size_t j = 0; j < units; j++)
            covariance[i * KERNEL_TRIDIAGONAL_STRIDE + j] /= (float)trace;
    kernel_diagnostics_tridiagonal(covariance, units, diagonal, off);
    for (size_t i = 0; i < units; i++) {
        eigenvalues[i] = (double)diagonal[i];
        next[i] = i + 1 < units ? (double)off[i] : 0;
    }
    if (!mat_tridiagonal_eigenvalues(eigenvalues, next, units))
        return NAN;
    for (size_t i = 0; i < units; i++)
        sum += fmax(0, eigenvalues[i]);
    for (size_t i = 0; i < units; i++)
        if (eigenvalues[i] > 0)
            entropy -= eigenvalues[i] / sum * log(eigenvalues[i] / sum);
    return exp(entropy);
}

void diagnostics_read(diagnostics *d, double values[LAYER_METRIC_COUNT])
{
    assert(d->outputs.n == d->n_samples);
    for (int i = LAYER_METRIC_ACTIVATION_MEAN; i < LAYER_METRIC_COUNT; i++)
        values[i] = NAN;
    values[LAYER_METRIC_VARIANCE_SHIFT] = d->training.n > 0 ? read_variance_shift(d) : 1;
    if (d->n_samples == 0)
        return;
    read_activity(d, values);
    double mean[DIAGNOSTICS_UNITS_LIMIT];
    read_kept_means(d, mean);
    values[LAYER_METRIC_COADAPTATION] = coadaptation_of(d, mean);
    values[LAYER_METRIC_EFFECTIVE_RANK] =
        effective_rank_of(d->covariance, fill_covariance(d, mean));
}
