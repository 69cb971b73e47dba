/* Contrasts of arms over the repeats that all of them have a value for. */
#include "server/study/internal.h"

#include <assert.h>
#include <math.h>

double arms_larger_share(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

stats_design arms_contrast_design(const arms *a, const size_t *which, size_t n)
{
    stats_design design = {.n_first = a->table->options.n_first};
    for (size_t i = 0; i < n; i++)
        design.share =
            arms_larger_share(design.share, a->table->configs[a->items[which[i]].configs[0]].share);
    return design;
}

size_t arms_contrast_fill(const arms *a, const size_t *which, const double *weights, size_t n,
                          double *largest)
{
    struct arms_memory *m = a->memory;
    for (size_t i = 0; i < n && caller_goes_on(&m->pace, 2 * a->items[which[i]].n_values + 4);
         i++) {
        const arm *x = &a->items[which[i]];
        for (size_t k = 0; k < x->n_values; k++) {
            size_t repeat = x->values[k].repeat;
            m->sums[repeat] = m->tops[repeat] = 0;
            m->counts[repeat] = 0;
        }
    }
    for (size_t i = 0; i < n && !m->pace.has_left; i++) {
        const arm *x = &a->items[which[i]];
        for (size_t k = 0; k < x->n_values; k++) {
            const arm_value *v = &x->values[k];
            m->sums[v->repeat] += weights[i] * v->value;
            m->tops[v->repeat] = fmax(m->tops[v->repeat], fabs(v->value));
            m->counts[v->repeat]++;
        }
    }
    size_t n_found = 0;
    *largest = 0;
    const arm *first = &a->items[which[0]];
    for (size_t k = 0; k < first->n_values; k++) {
        size_t repeat = first->values[k].repeat;
        if (m->counts[repeat] < n)
            continue;
        m->contrast[n_found++] = m->sums[repeat];
        *largest = fmax(*largest, m->tops[repeat]);
    }
    return n_found;
}

stats_estimate arms_contrast(const arms *a, const size_t *which, const double *weights, size_t n)
{
    assert(n > 0);
    double largest;
    size_t n_found = arms_contrast_fill(a, which, weights, n, &largest);
    const stats_design design = arms_contrast_design(a, which, n);
    return stats_estimate_of(a->memory->contrast, n_found, largest, &design);
}

double arms_minimum_detectable(const arms *a, const stats_estimate *e)
{
    if (e->n < 2)
        return NAN;
    double *delta = &a->memory->deltas[(size_t)e->df];
    if (!(*delta > 0))
        *delta = stats_detectable_delta(e->df);
    return *delta * e->error;
}

size_t arms_repeats_wanted(const arms *a, double half_width, size_t least, size_t most)
{
    size_t wanted = least;
    for (size_t c = 0; c < a->n_contexts; c++) {
        const arms_context *context = &a->contexts[c];
        for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++) {
            const size_t pair[] = {i, context->baseline};
            const stats_estimate *d = &a->items[i].difference;
            if (i == context->baseline)
                continue;
            size_t total = stats_stein_total(d->spread, d->df, half_width,
                                             arms_contrast_design(a, pair, 2).share, least, most);
            wanted = total > wanted ? total : wanted;
        }
    }
    return wanted;
}
