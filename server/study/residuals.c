#include "server/study/residuals.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const double RESIDUALS_SHARES[RESIDUALS_QUANTILES] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};

bool residuals_open(size_t n_all, size_t k, residuals *out, fail *f)
{
    assert(n_all > 0 && k > 0);
    residuals r = {.k = k, .n_all = n_all};
    r.predictions = calloc(n_all * k, sizeof *r.predictions);
    r.targets = calloc(n_all * k, sizeof *r.targets);
    if (!r.predictions || !r.targets) {
        residuals_close(&r);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                        "There is no memory for %zu predictions of %zu numbers.", n_all, k);
    }
    *out = r;
    return true;
}

void residuals_close(residuals *r)
{
    free(r->predictions);
    free(r->targets);
    *r = (residuals){.n = 0};
}

bool residuals_add(residuals *r, const double *predictions, const double *targets, size_t n,
                   fail *f)
{
    assert(r->n + n <= r->n_all);
    for (size_t i = 0; i < n * r->k; i++)
        if (!isfinite(predictions[i]))
            return fail_set(f, FAIL_CONFLICT, NULL,
                            "The model's predictions are not finite numbers: it diverged.");
    memcpy(r->predictions + r->n * r->k, predictions, n * r->k * sizeof *predictions);
    memcpy(r->targets + r->n * r->k, targets, n * r->k * sizeof *targets);
    r->n += n;
    return true;
}

static double residual_at(const residuals *r, size_t i)
{
    return r->targets[i] - r->predictions[i];
}

/* Moves the smaller ones down; the last falls off when there is no room. */
static void add_worst(const residuals *r, size_t i, residuals_summary *s)
{
    size_t at = s->n_worst;
    while (at > 0 && fabs(residual_at(r, s->worst[at - 1])) < fabs(residual_at(r, i)))
        at--;
    if (at == RESIDUALS_WORST)
        return;
    if (s->n_worst < RESIDUALS_WORST)
        s->n_worst++;
    memmove(&s->worst[at + 1], &s->worst[at], (s->n_worst - at - 1) * sizeof *s->worst);
    s->worst[at] = i;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double share)
{
    double place = share * (double)(n - 1);
    size_t below = (size_t)place, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

static void count_bins(const double *sorted, size_t n, residuals_summary *s)
{
    s->low = sorted[0];
    s->high = sorted[n - 1];
    if (!(s->high > s->low)) {
        s->low -= 0.5;
        s->high += 0.5;
    }
    for (size_t i = 0; i < n; i++) {
        double place = (sorted[i] - s->low) / (s->high - s->low) * RESIDUALS_BINS;
        size_t bin = (size_t)place;
        s->counts[bin < RESIDUALS_BINS ? bin : RESIDUALS_BINS - 1]++;
    }
}

/* Sums of squares of one output: residuals, and targets around their mean. */
static void add_squares(const residuals *r, size_t output, double *residual, double *total)
{
    double mean = 0;
    for (size_t i = output; i < r->n * r->k; i += r->k)
        mean += r->targets[i];
    mean /= (double)r->n;
    for (size_t i = output; i < r->n * r->k; i += r->k) {
        *residual += residual_at(r, i) * residual_at(r, i);
        *total += (r->targets[i] - mean) * (r->targets[i] - mean);
    }
}

static void score(const residuals *r, residuals_summary *s)
{
    double residual = 0, total = 0;
    for (size_t c = 0; c < r->k; c++)
        add_squares(r, c, &residual, &total);
    s->rmse = sqrt(residual / ((double)r->n * (double)r->k));
    s->r2 = total > 0 ? 1 - residual / total : NAN;
}

bool residuals_summarize(const residuals *r, residuals_summary *out, fail *f)
{
    size_t n = r->n * r->k;
    assert(n > 0);
    double *sorted = calloc(n, sizeof *sorted);
    if (!sorted)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu residuals.", n);
    residuals_summary s = {.n_worst = 0};
    score(r, &s);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = residual_at(r, i);
        s.mae += fabs(sorted[i]) / (double)n;
        s.bias += sorted[i] / (double)n;
        add_worst(r, i, &s);
    }
    qsort(sorted, n, sizeof *sorted, compare);
    for (int q = 0; q < RESIDUALS_QUANTILES; q++)
        s.quantiles[q] = quantile(sorted, n, RESIDUALS_SHARES[q]);
    count_bins(sorted, n, &s);
    free(sorted);
    *out = s;
    return true;
}
