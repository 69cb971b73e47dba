#include "core/stats/estimate.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* ---- the estimate ---- */

/* The deviation, or 0 where it is no more than rounding; NaN for n < 2. */
static double spread_of(const double *values, size_t n, double largest)
{
    double std = stats_std(values, n);
    return std <= 8 * DBL_EPSILON * largest ? 0 : std;
}

/* spread and df: of the first stage where there were two. */
static void describe_spread(const double *values, double largest, const stats_design *design,
                            stats_estimate *e)
{
    e->spread = e->std;
    e->df = (double)e->n - 1;
    if (design->n_first < 2 || design->n_first >= e->n)
        return;
    double spread = spread_of(values, design->n_first, largest);
    if (!(spread > 0))
        return;
    e->spread = spread;
    e->df = (double)(design->n_first - 1);
}

stats_estimate stats_estimate_of(const double *values, size_t n, double largest,
                                 const stats_design *design)
{
    stats_estimate e = {.n = n,
                        .mean = stats_mean(values, n),
                        .std = spread_of(values, n, largest),
                        .spread = NAN,
                        .error = NAN,
                        .df = NAN,
                        .ci_low = NAN,
                        .ci_high = NAN,
                        .p_value = NAN};
    if (n < 2)
        return e;
    describe_spread(values, largest, design, &e);
    e.error = e.spread * sqrt(1 / (double)n + design->share);
    double half = stats_estimate_half_width(&e, STATS_CONFIDENCE);
    e.ci_low = e.mean - half;
    e.ci_high = e.mean + half;
    if (e.error > 0)
        e.p_value = stats_t_two_sided(e.mean / e.error, e.df);
    return e;
}

double stats_estimate_half_width(const stats_estimate *e, double confidence)
{
    return e->n < 2 ? NAN : stats_t_quantile(1 - (1 - confidence) / 2, e->df) * e->error;
}

double stats_equivalence_p(const stats_estimate *e, double margin)
{
    if (e->n < 2 || isnan(e->error) || !(margin > 0))
        return NAN;
    double room = margin - fabs(e->mean);
    if (!(e->error > 0))
        return room > 0 ? 0 : 1;
    return stats_t_cdf(-room / e->error, e->df);
}

double stats_minimum_detectable(const stats_estimate *e)
{
    return e->n < 2 ? NAN : stats_detectable_delta(e->df) * e->error;
}

/* ---- without a distribution ---- */

enum { HALF_LIMIT = 1 << (STATS_SIGN_FLIP_LIMIT / 2) };

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* All 2^n signed sums of values[0..n-1], each summed afresh so that no rounding piles up. */
static size_t fill_sums(const double *values, size_t n, double *sums)
{
    size_t n_sums = (size_t)1 << n;
    for (size_t signs = 0; signs < n_sums; signs++) {
        sums[signs] = 0;
        for (size_t i = 0; i < n; i++)
            sums[signs] += signs >> i & 1 ? -values[i] : values[i];
    }
    qsort(sums, n_sums, sizeof *sums, compare_doubles);
    return n_sums;
}

/* How many of the sums low[i] + high[j] are at least `bound`; both are sorted. */
static size_t count_at_least(const double *low, size_t n_low, const double *high, size_t n_high,
                             double bound)
{
    size_t count = 0, first = n_high;
    for (size_t i = 0; i < n_low; i++) {
        while (first > 0 && low[i] + high[first - 1] >= bound)
            first--;
        count += n_high - first;
    }
    return count;
}

/* By halves: 2^(n/2) sums of either, then one walk over both in order. The assignments come in
 * pairs of opposite sums, so that those below -bound are as many as those above it. */
double stats_sign_flip_p(const double *differences, size_t n)
{
    if (n < 2 || n > STATS_SIGN_FLIP_LIMIT)
        return NAN;
    double low[HALF_LIMIT], high[HALF_LIMIT], sum = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        sum += differences[i];
        size += fabs(differences[i]);
    }
    double bound = fabs(sum) - 1e-12 * size;
    if (!(bound > 0)) /* every assignment is as far from 0 as the one seen */
        return 1;
    size_t n_low = fill_sums(differences, n / 2, low);
    size_t n_high = fill_sums(differences + n / 2, n - n / 2, high);
    return 2 * (double)count_at_least(low, n_low, high, n_high, bound) / ldexp(1, (int)n);
}

double stats_share_below(const double *differences, size_t n)
{
    double count = 0;
    for (size_t i = 0; i < n; i++)
        count += differences[i] < 0 ? 1 : differences[i] > 0 ? 0 : 0.5;
    return n > 0 ? count / (double)n : NAN;
}

/* ---- how many repeats ---- */

size_t stats_stein_total(double std, double df, double half_width, double share, size_t least,
                         size_t most)
{
    if (!(std > 0) || !(df >= 1) || !(half_width > 0) || isnan(share))
        return least;
    double ratio = stats_t_quantile(1 - (1 - STATS_CONFIDENCE) / 2, df) * std / half_width;
    double room = 1 / (ratio * ratio) - share, total = ceil(ratio * ratio);
    if (share > 0)
        total = room > 0 ? ceil(1 / room) : (double)least;
    return total <= (double)least ? least : total >= (double)most ? most : (size_t)total;
}
