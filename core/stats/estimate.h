/* estimate — what the values of n repeats say of the mean behind them: interval, tests, power.
 *
 * 1. One variance serves interval, p, equivalence and power: s^2 (1/n + share), with the s that
 *    `spread` holds and `df` degrees of freedom. share = n_measured / n_pool where every repeat
 *    splits one set anew (Nadeau and Bengio 2003, their corrected resampled t with the rows that
 *    could have trained in place of those that did); 0 where repeats are independent.
 * 2. After a two-stage stop (Stein 1945) s is that of the first `n_first` values alone and df is
 *    n_first - 1, whatever n has become: an ordinary interval would be too narrow.
 * 3. Inputs are finite; a result that is not defined is NaN. Nothing is allocated or kept.
 * Threads: pure functions. Units: those of the values; probabilities in [0, 1]. */
#ifndef CORE_STATS_ESTIMATE_H
#define CORE_STATS_ESTIMATE_H

#include "core/stats/stats.h"

/* How the repeats came about. All zero: independent, their number settled beforehand. */
typedef struct stats_design {
    double share;   /* n_measured / n_pool; 0: independent repeats */
    size_t n_first; /* repeats of the first of two stages; 0: there was one stage */
} stats_design;

typedef struct stats_estimate {
    size_t n;
    double mean, std;       /* of all values; std NaN for n < 2 */
    double spread;          /* the s of the error; NaN for n < 2 */
    double error, df;       /* spread * sqrt(1/n + share) and its degrees of freedom */
    double ci_low, ci_high; /* mean -+ t(1 - (1 - STATS_CONFIDENCE)/2, df) * error */
    double p_value;         /* two-sided t test of mean = 0; NaN for n < 2 or without variation */
} stats_estimate;

/* Describes values[0..n-1], in the order of their repeats. Values whose deviation is not above what
 * rounding makes of numbers as large as `largest` (8 units in the last place) are all equal: std,
 * spread and error are 0. Where only those of the first stage are equal, spread and df are of all
 * values. */
stats_estimate stats_estimate_of(const double *values, size_t n, double largest,
                                 const stats_design *design);

/* Half the width of the interval with another confidence, say 0.9; NaN for n < 2. */
double stats_estimate_half_width(const stats_estimate *e, double confidence);

/* Two one-sided tests of "the mean lies outside (-margin, margin)" (Schuirmann 1987): the larger of
 * their p, P(T >= (margin - |mean|) / error). Without variation 0 inside, else 1. NaN for n < 2 and
 * where the error is not known or margin is not positive. */
double stats_equivalence_p(const stats_estimate *e, double margin);

/* The smallest true mean that the test finds with STATS_POWER at STATS_LEVEL: error times
 * stats_detectable_delta(df). NaN for n < 2. */
double stats_minimum_detectable(const stats_estimate *e);

enum { STATS_SIGN_FLIP_LIMIT = 20 };

/* The paired sign-flip test of "symmetric around 0" on the mean, exact and two-sided (Fisher 1935):
 * the share of the 2^n assignments of signs whose |sum| is at least the one seen, ties within
 * 1e-12 * sum |d| counted as such. NaN for n < 2 and n > STATS_SIGN_FLIP_LIMIT. */
double stats_sign_flip_p(const double *differences, size_t n);

/* The share of differences below 0, those that are 0 counted half: P(A < B) of pairs a - b. NaN for
 * n = 0. */
double stats_share_below(const double *differences, size_t n);

/* Stein's second stage: how many repeats in all make an interval's half width `half_width`, known
 * the deviation `std` of the first `least` (df + 1 of which make pairs):
 *   N = ceil((t s / half_width)^2), t = t(0.975, df), without share;
 *   N = ceil(1 / ((half_width / (t s))^2 - share)) with it, and `least` where that is not positive,
 * since more splits of one set cannot help. At least `least`, at most `most`. A std or share that
 * is not known (NaN) asks for `least`. */
size_t stats_stein_total(double std, double df, double half_width, double share, size_t least,
                         size_t most);

#endif
