#include "core/stats/stats.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

double stats_mean(const double *values, size_t n)
{
    double sum = 0, rest = 0;
    for (size_t i = 0; i < n; i++) {
        double next = sum + values[i];
        rest += fabs(sum) >= fabs(values[i]) ? sum - next + values[i] : values[i] - next + sum;
        sum = next;
    }
    return (sum + rest) / (double)n;
}

double stats_std(const double *values, size_t n)
{
    if (n < 2)
        return NAN;
    double mean = stats_mean(values, n), squares = 0, rest = 0;
    for (size_t i = 0; i < n; i++) {
        double deviation = values[i] - mean;
        squares += deviation * deviation;
        rest += deviation;
    }
    return sqrt(fmax(0, squares - rest * rest / (double)n) / (double)(n - 1));
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double stats_median(double *values, size_t n)
{
    if (n == 0)
        return NAN;
    qsort(values, n, sizeof *values, compare_doubles);
    double upper = values[n / 2];
    return n % 2 ? upper : values[n / 2 - 1] / 2 + upper / 2;
}

double stats_half_width(double std, size_t n)
{
    if (n < 2)
        return NAN;
    double t = stats_t_quantile(1 - (1 - STATS_CONFIDENCE) / 2, (double)(n - 1));
    return t * std / sqrt((double)n);
}

static stats_summary summary_from(size_t n, double mean, double std)
{
    double half_width = stats_half_width(std, n);
    return (stats_summary){.n = n,
                           .mean = mean,
                           .std = std,
                           .ci_low = mean - half_width,
                           .ci_high = mean + half_width};
}

stats_summary stats_summary_of(const double *values, size_t n)
{
    return summary_from(n, stats_mean(values, n), stats_std(values, n));
}

/* Mean and deviation of a[i] - b[i]; *largest: the largest magnitude among the values. */
static void describe_differences(const double *a, const double *b, size_t n, double *mean,
                                 double *std, double *largest)
{
    double sum = 0, rest = 0, squares = 0, top = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] - b[i];
        top = fmax(top, fmax(fabs(a[i]), fabs(b[i])));
    }
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double deviation = a[i] - b[i] - *mean;
        squares += deviation * deviation;
        rest += deviation;
    }
    *mean += rest / (double)n;
    *std = n < 2 ? NAN : sqrt(fmax(0, squares - rest * rest / (double)n) / (double)(n - 1));
    *largest = top;
}

stats_paired stats_paired_of(const double *a, const double *b, size_t n)
{
    double mean, std, largest;
    describe_differences(a, b, n, &mean, &std, &largest);
    stats_paired paired = {.p_value = NAN};
    if (n >= 2 && std <= 8 * DBL_EPSILON * largest)
        std = 0;
    else if (n >= 2)
        paired.p_value = stats_t_two_sided(mean / (std / sqrt((double)n)), (double)(n - 1));
    paired.difference = summary_from(n, mean, std);
    return paired;
}

/* Power of the two-sided test when the statistic is noncentral t around delta. */
static double power_at(double delta, double critical, double df)
{
    return 1 - stats_noncentral_t_cdf(critical, df, delta) +
           stats_noncentral_t_cdf(-critical, df, delta);
}

/* delta with that power at `level`, known to be in 0 .. high; infinite where it is not. */
static double delta_below(double high, double df, double level)
{
    double critical = stats_t_quantile(1 - level / 2, df), low = 0;
    if (!(power_at(high, critical, df) >= STATS_POWER))
        return INFINITY;
    while (high - low > 4 * DBL_EPSILON * high) {
        double middle = low + (high - low) / 2;
        if (power_at(middle, critical, df) < STATS_POWER)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

/* With one degree of freedom delta is 16.2, with more it is less: the bracket holds for every df.
 */
double stats_detectable_delta(double df)
{
    return df >= 1 ? delta_below(20, df, STATS_LEVEL) : NAN;
}

double stats_detectable_effect_among(size_t n, size_t n_tests)
{
    if (n < 2 || n_tests <= 1)
        return stats_detectable_effect(n);
    return delta_below(36, (double)(n - 1), STATS_LEVEL / (double)n_tests) / sqrt((double)n);
}

double stats_detectable_effect(size_t n)
{
    return n < 2 ? NAN : stats_detectable_delta((double)(n - 1)) / sqrt((double)n);
}

static int compare_p(const void *a, const void *b, void *context)
{
    const double *p = *(const double *const *)context;
    double x = p[*(const size_t *)a], y = p[*(const size_t *)b];
    return (x > y) - (x < y);
}

double stats_holm_input(double p_value, size_t n)
{
    return isnan(p_value) && n >= 2 ? STATS_UNKNOWN_P : p_value;
}

void stats_holm(const double *p, size_t n, size_t *order, double *adjusted)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            order[m++] = i;
        else
            adjusted[i] = NAN;
    qsort_r(order, m, sizeof *order, compare_p, &p);
    double running = 0;
    for (size_t rank = 0; rank < m; rank++) {
        bool is_known = p[order[rank]] <= 1;
        running = is_known ? fmax(running, fmin(1, (double)(m - rank) * p[order[rank]])) : NAN;
        adjusted[order[rank]] = running;
    }
}
