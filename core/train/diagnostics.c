#include "core/train/diagnostics.h"

#include "core/math/kernel_diagnostics.h"
#include "core/math/mat.h"

#include <assert.h>
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
    size_t kept = at_most(units, METRIC_UNITS_LIMIT);
    return 3 * moments_bytes(units) + align_up(BLOCK_ROWS * kept * sizeof(real)) +
           align_up(kept * kept * sizeof(real)) +
           METRIC_RANK_LIMIT * METRIC_RANK_LIMIT * sizeof(float);
}

/* The next `bytes` of the caller's memory, zeroed. */
static void *take(unsigned char **memory, size_t bytes)
{
    void *start = *memory;
    memset(start, 0, bytes);
    *memory += align_up(bytes);
    return start;
}

static void init_moments(metric_moments *m, unsigned char **memory, size_t units)
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
    size_t kept = at_most(units, METRIC_UNITS_LIMIT);
    *d = (diagnostics){.n_samples = n_samples, .layer = {.units = units, .n_kept = kept}};
    init_moments(&d->layer.outputs, &rest, units);
    init_moments(&d->layer.evaluation, &rest, units);
    init_moments(&d->layer.training, &rest, units);
    d->shifted = (real *)(void *)rest; /* written before it is read: not zeroed */
    rest += align_up(BLOCK_ROWS * kept * sizeof *d->shifted);
    d->products = take(&rest, kept * kept * sizeof *d->products);
    d->layer.scratch = (float *)(void *)rest;
}

/* Of evenly spaced units of a layer that has more than are kept. */
static void shift_kept(diagnostics *d, const real *outputs, size_t n)
{
    for (size_t u = 0; u < d->layer.n_kept; u++) {
        size_t from = metric_spaced_unit(u, d->layer.units, d->layer.n_kept);
        for (size_t r = 0; r < n; r++)
            d->shifted[r * d->layer.n_kept + u] =
                outputs[r * d->layer.units + from] - d->layer.outputs.shift[from];
    }
}

static void add_block(diagnostics *d, const real *outputs, size_t n)
{
    metric_moments *m = &d->layer.outputs;
    bool is_narrow = d->layer.n_kept == d->layer.units;
    if (m->n == 0)
        kernel_diagnostics_centre(outputs, n, d->layer.units, m->shift);
    kernel_diagnostics_add(outputs, n, d->layer.units, m->shift, m->sum, m->squares, m->zeros,
                           is_narrow ? d->shifted : NULL);
    m->n += n;
    if (!is_narrow)
        shift_kept(d, outputs, n);
    mat_add_products(n, d->layer.n_kept, d->shifted, d->layer.n_kept, d->products, d->layer.n_kept);
}

void diagnostics_add(diagnostics *d, const real *outputs, size_t n)
{
    assert(d->layer.outputs.n + n <= d->n_samples);
    for (size_t first = 0; first < n; first += BLOCK_ROWS)
        add_block(d, outputs + first * d->layer.units, at_most(n - first, BLOCK_ROWS));
}

static void add_moments(metric_moments *m, const real *x, size_t n, size_t units)
{
    if (m->n == 0 && n > 0)
        kernel_diagnostics_centre(x, n, units, m->shift);
    kernel_diagnostics_add(x, n, units, m->shift, m->sum, m->squares, m->zeros, NULL);
    m->n += n;
}

void diagnostics_add_pair(diagnostics *d, const real *evaluation, const real *training, size_t n)
{
    add_moments(&d->layer.evaluation, evaluation, n, d->layer.units);
    add_moments(&d->layer.training, training, n, d->layer.units);
}

/* Sums of products to covariances (divisor n), in place. */
static void finish_covariances(diagnostics *d)
{
    size_t n_kept = d->layer.n_kept;
    real mean[METRIC_UNITS_LIMIT], scale = 1 / (real)d->n_samples;
    for (size_t i = 0; i < n_kept; i++) {
        size_t unit = metric_spaced_unit(i, d->layer.units, n_kept);
        mean[i] = (real)(d->layer.outputs.sum[unit] / (double)d->n_samples);
    }
    for (size_t i = 0; i < n_kept; i++)
        kernel_diagnostics_covariance(d->products + i * n_kept + i, n_kept - i, scale, mean[i],
                                      mean + i);
}

metric_layer diagnostics_finish(diagnostics *d)
{
    assert(d->layer.outputs.n == d->n_samples);
    if (d->n_samples > 0)
        finish_covariances(d);
    d->layer.covariances = d->products;
    return d->layer;
}
