/* The rows of LAYER_METRICS[] and their functions: what a layer's units do. */
#include "core/spec/metric_moment.h"

#include "core/math/kernel_diagnostics.h"

#include <math.h>

/* ---- functions of the rows ---- */

static double weight_norm(const metric_moment *m)
{
    const metric_layer *l = m->layer;
    return l->weights ? sqrt((double)kernel_sum_squares(l->weights, l->inputs * l->units)) : NAN;
}

static double gradient_norm(const metric_moment *m)
{
    const metric_sums *s = m->sums;
    return s->n_steps ? s->layer_gradient_norms[m->layer->number] / (double)s->n_steps : NAN;
}

/* Sum of squared deviations of one unit from its mean. */
static double scatter(const metric_moments *m, size_t unit)
{
    return fmax(0, m->squares[unit] - m->sum[unit] * m->sum[unit] / (double)m->n);
}

static double unit_mean(const metric_moments *m, size_t unit)
{
    return (double)m->shift[unit] + m->sum[unit] / (double)m->n;
}

static double activation_mean(const metric_moment *m)
{
    const metric_layer *l = m->layer;
    double mean = 0;
    for (size_t u = 0; u < l->units && l->outputs.n > 0; u++)
        mean += unit_mean(&l->outputs, u) / (double)l->units;
    return l->outputs.n > 0 ? mean : NAN;
}

static double activation_std(const metric_moment *m)
{
    const metric_layer *l = m->layer;
    double mean = activation_mean(m), total = 0, n = (double)l->outputs.n;
    for (size_t u = 0; u < l->units && l->outputs.n > 0; u++) {
        double deviation = unit_mean(&l->outputs, u) - mean;
        total += scatter(&l->outputs, u) + n * deviation * deviation;
    }
    return l->outputs.n > 0 ? sqrt(total / (n * (double)l->units)) : NAN;
}

static double sparsity(const metric_moment *m)
{
    const metric_layer *l = m->layer;
    double n_zero = 0;
    for (size_t u = 0; u < l->units && l->outputs.n > 0; u++)
        n_zero += l->outputs.zeros[u];
    return l->outputs.n > 0 ? n_zero / ((double)l->outputs.n * (double)l->units) : NAN;
}

static double dead_fraction(const metric_moment *m)
{
    const metric_layer *l = m->layer;
    double n_dead = 0;
    for (size_t u = 0; u < l->units && l->outputs.n > 0; u++)
        n_dead += l->outputs.zeros[u] == l->outputs.n;
    return l->outputs.n > 0 ? n_dead / (double)l->units : NAN;
}

/* Mean |corr_ij|, i < j, over live units; NaN with fewer than two. */
static double coadaptation(const metric_moment *m)
{
    const metric_layer *l = m->layer;
    real inverse[METRIC_UNITS_LIMIT];
    size_t n = l->outputs.n > 0 ? l->n_kept : 0;
    double sum = 0, n_live = 0;
    for (size_t i = 0; i < n; i++) {
        double std = sqrt(fmax(0, (double)l->covariances[i * n + i]));
        bool live = !(std <= METRIC_LIVE_STD);
        inverse[i] = live ? (real)(1 / std) : 0;
        n_live += live;
    }
    for (size_t i = 0; i < n; i++)
        sum += (double)inverse[i] * kernel_diagnostics_absolute_sum(l->covariances + i * n + i + 1,
                                                                    n - i - 1, inverse + i + 1);
    return n_live < 2 ? NAN : sum / (n_live * (n_live - 1) / 2);
}

/* var(evaluation) over var(training): the ratio of the two averages over units, not the average of
 * ratios: one unit that hardly moves in training would outweigh all others. 1 for a layer that does
 * the same in both modes. */
static double variance_shift(const metric_moment *m)
{
    const metric_layer *l = m->layer;
    double evaluation = 0, training = 0;
    if (l->training.n == 0)
        return l->covariances ? 1 : NAN;
    for (size_t u = 0; u < l->units; u++) {
        evaluation += scatter(&l->evaluation, u);
        training += scatter(&l->training, u);
    }
    return training > 0 ? evaluation / training : NAN;
}

size_t metric_spaced_unit(size_t i, size_t n, size_t limit)
{
    return n > limit ? i * n / limit : i;
}

/* Units of a layer, evenly spaced, and the sum of their variances. */
typedef struct unit_choice {
    size_t n, units[METRIC_RANK_LIMIT];
    double trace;
} unit_choice;

static unit_choice choose_units(const metric_layer *l)
{
    unit_choice c = {.n = l->n_kept < METRIC_RANK_LIMIT ? l->n_kept : METRIC_RANK_LIMIT};
    for (size_t i = 0; i < c.n; i++) {
        c.units[i] = metric_spaced_unit(i, l->n_kept, c.n);
        c.trace += (double)l->covariances[c.units[i] * l->n_kept + c.units[i]];
    }
    return c;
}

/* Their covariances, of trace 1, into the scratch: both triangles. */
static void fill_scratch(const metric_layer *l, const unit_choice *c)
{
    real trace = (real)c->trace;
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = i; j < c->n; j++) {
            real value = l->covariances[c->units[i] * l->n_kept + c->units[j]] / trace;
            l->scratch[i * METRIC_RANK_LIMIT + j] = (float)value;
            l->scratch[j * METRIC_RANK_LIMIT + i] = (float)value;
        }
}

/* exp(-sum p ln p), p the eigenvalues of the covariance over their sum; NaN if all units stand
 * still. */
static double effective_rank(const metric_moment *m)
{
    const metric_layer *l = m->layer;
    float diagonal[METRIC_RANK_LIMIT], off[METRIC_RANK_LIMIT];
    unit_choice chosen = l->outputs.n > 0 ? choose_units(l) : (unit_choice){0};
    if (!(chosen.trace > 0) || !isfinite(chosen.trace))
        return NAN;
    if (chosen.n == 1)
        return 1;
    fill_scratch(l, &chosen);
    kernel_spectrum_tridiagonal(l->scratch, chosen.n, diagonal, off);
    return exp(kernel_spectrum_entropy(diagonal, off, chosen.n));
}

/* ---- the table ---- */

#define LOWER METRIC_LOWER_IS_BETTER
#define NEITHER METRIC_NEITHER

const metric LAYER_METRICS[LAYER_METRIC_COUNT] = {
#define METRIC_LAYER_ROW(id_, name_, unit_, direction_, part_, measure_, help_)                    \
    [LAYER_METRIC_##id_] = {.name = name_,                                                         \
                            .unit = unit_,                                                         \
                            .help = help_,                                                         \
                            .direction = direction_,                                               \
                            .when = METRIC_PER_LAYER,                                              \
                            .part = METRIC_OF_##part_,                                             \
                            .classification = true,                                                \
                            .regression = true,                                                    \
                            .measure = measure_},
#include "core/spec/metric_layer_rows.h"
};

void metric_measure_layer(const metric_moment *known, const metric_layer *layer,
                          double values[LAYER_METRIC_COUNT])
{
    metric_moment now = *known;
    now.layer = layer;
    for (int i = 0; i < LAYER_METRIC_COUNT; i++)
        values[i] = LAYER_METRICS[i].measure(&now);
}
