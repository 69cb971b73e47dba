/* stats — Student intervals, paired comparisons, Holm's adjustment and power: pure mathematics on
 * doubles.
 *
 * 1. Inputs are finite; a caller leaves out what does not exist. A result that is not defined (the
 * deviation of one value, a test without variation) is NaN.
 * 2. Relative error below 1e-12 up to 1e5 degrees of freedom, below 1e-10 at 1e6 (checked against
 * SciPy and against 40-digit integrals; SciPy's noncentral t is NaN in parts of its lower tail).
 * 3. Every array belongs to the caller; nothing is allocated or kept.
 * Threads: pure functions. Units: those of the values; probabilities in [0, 1]. */
#ifndef CORE_STATS_STATS_H
#define CORE_STATS_STATS_H

#include <stddef.h>

/* What the intervals and tests of the whole program use. */
#define STATS_CONFIDENCE 0.95 /* of two-sided intervals */
#define STATS_LEVEL 0.05      /* of two-sided tests */
#define STATS_POWER 0.8       /* with which a minimum detectable difference is found */

/* Arithmetic mean, its sum rounded once (Neumaier 1974): the same in whatever order the values
 * come, so that equal means are equal. NaN for n = 0. */
double stats_mean(const double *values, size_t n);

/* Sample standard deviation (divisor n - 1), two-pass (Chan, Golub, LeVeque 1983). NaN for n < 2.
 */
double stats_std(const double *values, size_t n);

/* Median; the mean of the two middle values for even n. Sorts `values` in place. NaN for n = 0. */
double stats_median(double *values, size_t n);

/* Values described: mean +- t(1 - (1 - STATS_CONFIDENCE)/2, n - 1) * std / sqrt(n). std and
 * interval NaN for n < 2. */
typedef struct stats_summary {
    size_t n;
    double mean, std, ci_low, ci_high;
} stats_summary;
stats_summary stats_summary_of(const double *values, size_t n);

/* The interval's half width for n values with this deviation; NaN for n < 2. */
double stats_half_width(double std, size_t n);

/* Two arms paired by seed: the differences a[i] - b[i] and the two-sided paired t test of "no
 * difference". p_value is NaN for n < 2, and when all differences are equal: their deviation is not
 * above what rounding of the values themselves makes (8 units in the last place of the largest); it
 * is then reported as 0. */
typedef struct stats_paired {
    stats_summary difference;
    double p_value;
} stats_paired;
stats_paired stats_paired_of(const double *a, const double *b, size_t n);

/* The noncentrality with which a two-sided t test with df degrees of freedom rejects with
 * STATS_POWER at STATS_LEVEL: delta with P(|T| > t_crit) = STATS_POWER, both tails counted, for T
 * noncentral t. NaN for df < 1. */
double stats_detectable_delta(double df);

/* The smallest true difference, as a multiple of the deviation of the differences, that a paired t
 * test with n pairs finds so: stats_detectable_delta(n - 1) / sqrt(n). NaN for n < 2. */
double stats_detectable_effect(size_t n);
/* The same where the test is the first of n_tests that Holm adjusts, at STATS_LEVEL / n_tests;
 * infinite where it is beyond 36 / sqrt(n). */
double stats_detectable_effect_among(size_t n, size_t n_tests);

/* What stats_holm() is to be given for a comparison of n pairs: its p; STATS_UNKNOWN_P where all
 * differences are equal, which is a comparison like the others though it has no p; NaN for n < 2,
 * where nothing was compared. */
#define STATS_UNKNOWN_P 2.0
double stats_holm_input(double p_value, size_t n);

/* Holm 1979: adjusted[i] = running maximum over the sorted p of (m - rank) * p, at most 1, where m
 * counts the p that are numbers, unknown ones too. NaN and unknown ones become NaN. order: (n)
 * scratch. adjusted may be p. */
void stats_holm(const double *p, size_t n, size_t *order, double *adjusted);

/* Standard normal P(Z <= z). */
double stats_normal_cdf(double z);

/* Regularized incomplete beta function I_x(a, b) with y = 1 - x given beside x, so that neither
 * tail loses digits. Continued fraction (DLMF 8.17.22) by Lentz' method, on the side where it
 * converges fast. a, b > 0. */
double stats_beta_cdf(double a, double b, double x, double y);

/* Student t with df > 0 degrees of freedom: P(T <= t); P(|T| > |t|); and the t with P(T <= t) = p
 * (p in (0, 1), else
 * -+infinity at 0 and 1). Both keep their relative precision far in the tails. */
double stats_t_cdf(double t, double df);
double stats_t_two_sided(double t, double df);
double stats_t_quantile(double p, double df);

/* Noncentral t, P(T <= t) with noncentrality delta: Lenth 1989 (AS 243), to 1e-12 absolute. NaN for
 * |delta| > 37, where its first term underflows. */
double stats_noncentral_t_cdf(double t, double df, double delta);

#endif
