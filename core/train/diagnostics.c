#include "core/train/diagnostics.h"

#include "core/math/kernel_diagnostics.h"
#include "core/math/mat.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { ALIGNMENT = 64, BLOCK_ROWS = 256 };

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
    return 3 * moments_bytes(units) + align_up(BLOCK_ROWS * kept * sizeof(real)) +
           align_up(kept * kept * sizeof(real)) +
           DIAGNOSTICS_RANK_LIMIT * DIAGNOSTICS_RANK_LIMIT * sizeof(float);
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
    d->shifted = (real *)(void *)rest; /* written before it is read: not zeroed */
    rest += align_up(BLOCK_ROWS * kept * sizeof *d->shifted);
    d->products = take(&rest, kept * kept * sizeof *d->products);
    d->covariance = (float *)(void *)rest;
}

/* Number i of `limit` evenly spaced numbers below n; i itself where n is not above the limit. */
static size_t spaced(size_t i, size_t n, size_t limit)
{
    return n > limit ? i * n / limit : i;
}

/* Of evenly spaced units of a layer that has more than are kept. */
static void shift_kept(diagnostics *d, const real *outputs, size_t n)
{
    for (size_t u = 0; u < d->n_kept; u++) {
        size_t from = spaced(u, d->units, d->n_kept);
        for (size_t r = 0; r < n; r++)
            d->shifted[r * d->n_kept + u] = outputs[r * d->units + from] - d->outputs.shift[from];
    }
}

static void add_block(diagnostics *d, const real *outputs, size_t n)
{
    diagnostics_moments *m = &d->outputs;
    bool is_narrow = d->n_kept == d->units;
    if (m->n == 0)
        kernel_diagnostics_centre(outputs, n, d->units, m->shift);
    kernel_diagnostics_add(outputs, n, d->units, m->shift, m->sum, m->squares, m->zeros,
                           is_narrow ? d->shifted : NULL);
    m->n += n;
    if (!is_narrow)
        shift_kept(d, outputs, n);
    mat_add_products(n, d->n_kept, d->shifted, d->n_kept, d->products, d->n_kept);
}

void diagnostics_add(diagnostics *d, const real *outputs, size_t n)
{
    assert(d->outputs.n + n <= d->n_samples);
    for (size_t first = 0; first < n; first += BLOCK_ROWS)
        add_block(d, outputs + first * d->units, at_most(n - first, BLOCK_ROWS));
}

static void add_moments(diagnostics_moments *m, const real *x, size_t n, size_t units)
{
    if (m->n == 0 && n > 0)
        kernel_diagnostics_centre(x, n, units, m->shift);
    kernel_diagnostics_add(x, n, units, m->shift, m->sum, m->squares, m->zeros, NULL);
    m->n += n;
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

/* The ratio of the two averages over units, not the average of ratios: one unit that hardly moves
 * in training would outweigh all others. */
static double read_variance_shift(const diagnostics *d)
{
    double evaluation = 0, training = 0;
    for (size_t u = 0; u < d->units; u++) {
        evaluation += scatter(&d->evaluation, u);
        training += scatter(&d->training, u);
    }
    return training > 0 ? evaluation / training : NAN;
}

/* Sums of products to covariances (divisor n), in place. */
static void finish_covariances(diagnostics *d)
{
    real mean[DIAGNOSTICS_UNITS_LIMIT], scale = 1 / (real)d->n_samples;
    for (size_t i = 0; i < d->n_kept; i++)
        mean[i] = (real)(d->outputs.sum[spaced(i, d->units, d->n_kept)] / (double)d->n_samples);
    for (size_t i = 0; i < d->n_kept; i++)
        kernel_diagnostics_covariance(d->products + i * d->n_kept + i, d->n_kept - i, scale,
                                      mean[i], mean + i);
}

static double coadaptation_of(const diagnostics *d)
{
    real inverse[DIAGNOSTICS_UNITS_LIMIT];
    size_t n = d->n_kept;
    double sum = 0, n_live = 0;
    for (size_t i = 0; i < n; i++) {
        double std = sqrt(fmax(0, (double)d->products[i * n + i]));
        bool live = !(std <= DIAGNOSTICS_LIVE_STD);
        inverse[i] = live ? (real)(1 / std) : 0;
        n_live += live;
    }
    for (size_t i = 0; i < n; i++)
        sum += (double)inverse[i] * kernel_diagnostics_absolute_sum(d->products + i * n + i + 1,
                                                                    n - i - 1, inverse + i + 1);
    return n_live < 2 ? NAN : sum / (n_live * (n_live - 1) / 2);
}

/* Of evenly spaced units into d->covariance, both triangles; returns how many. */
static size_t fill_covariance(diagnostics *d)
{
    size_t units = at_most(d->n_kept, DIAGNOSTICS_RANK_LIMIT), chosen[DIAGNOSTICS_RANK_LIMIT];
    for (size_t i = 0; i < units; i++)
        chosen[i] = spaced(i, d->n_kept, units);
    for (size_t i = 0; i < units; i++)
        for (size_t j = i; j < units; j++) {
            float value = (float)d->products[chosen[i] * d->n_kept + chosen[j]];
            d->covariance[i * DIAGNOSTICS_RANK_LIMIT + j] = value;
            d->covariance[j * DIAGNOSTICS_RANK_LIMIT + i] = value;
        }
    return units;
}

/* Overwrites the covariance. */
static double effective_rank_of(float *covariance, size_t units)
{
    float diagonal[DIAGNOSTICS_RANK_LIMIT], off[DIAGNOSTICS_RANK_LIMIT];
    double trace = 0;
    for (size_t i = 0; i < units; i++)
        trace += (double)covariance[i * DIAGNOSTICS_RANK_LIMIT + i];
    if (!(trace > 0) || !isfinite(trace))
        return NAN;
    if (units == 1)
        return 1;
    for (size_t i = 0; i < units; i++)
        for (size_t j = 0; j < units; j++)
            covariance[i * DIAGNOSTICS_RANK_LIMIT + j] /= (float)trace;
    kernel_spectrum_tridiagonal(covariance, units, diagonal, off);
    return exp(kernel_spectrum_entropy(diagonal, off, units));
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
    finish_covariances(d);
    values[LAYER_METRIC_COADAPTATION] = coadaptation_of(d);
    values[LAYER_METRIC_EFFECTIVE_RANK] = effective_rank_of(d->covariance, fill_covariance(d));
}
