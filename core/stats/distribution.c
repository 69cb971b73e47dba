/* The distributions behind core/stats/stats.h: normal, incomplete beta, Student t, noncentral t. */
#include "core/stats/stats.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#define LOG_SQRT_2_PI 0.91893853320467274178
#define SQRT_2_OVER_PI 0.79788456080286535588

double stats_normal_cdf(double z)
{
    return 0.5 * erfc(-z * M_SQRT1_2);
}

/* ln Gamma(x) - [(x - 1/2) ln x - x + ln sqrt(2 pi)] for x >= 10 (DLMF 5.11.1; the next term is
 * below 1e-15). */
static double stirling_rest(double x)
{
    double z = 1 / (x * x);
    double series = -691.0 / 360360;
    series = series * z + 1.0 / 1188;
    series = series * z - 1.0 / 1680;
    series = series * z + 1.0 / 1260;
    series = series * z - 1.0 / 360;
    series = series * z + 1.0 / 12;
    return series / x;
}

/* lgamma writes the global signgam, which threads would race for. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* ln B(a, b). Where an argument is large the big terms of the three ln Gamma are cancelled by hand:
 * their plain sum would lose nine digits at 1e6. */
static double log_beta(double a, double b)
{
    double p = fmin(a, b), q = fmax(a, b);
    if (p >= 10) {
        double rest = stirling_rest(p) + stirling_rest(q) - stirling_rest(p + q);
        return -0.5 * log(q) + LOG_SQRT_2_PI + rest + (p - 0.5) * log(p / (p + q)) +
               q * log1p(-p / (p + q));
    }
    if (q >= 10) {
        double rest = stirling_rest(q) - stirling_rest(p + q);
        return log_gamma(p) + rest + p - p * log(p + q) + (q - 0.5) * log1p(-p / (p + q));
    }
    return log_gamma(p) + log_gamma(q) - log_gamma(p + q);
}

/* ln of a number x in [0, 1] whose complement y = 1 - x is known to full precision. */
static double log_of(double x, double y)
{
    return y < 0.5 ? log1p(-y) : log(x);
}

/* The continued fraction of I_x(a, b), for x < (a + 1) / (a + b + 2): modified Lentz. It needs
 * about sqrt(max(a, b)) terms there. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 100000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON)
            break;
    }
    return value;
}

double stats_beta_cdf(double a, double b, double x, double y)
{
    assert(a > 0 && b > 0);
    if (!(x > 0))
        return isnan(x) ? NAN : 0;
    if (!(y > 0))
        return isnan(y) ? NAN : 1;
    double front = exp(a * log_of(x, y) + b * log_of(y, x) - log_beta(a, b));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, y) / b;
}

/* x = df / (df + t^2) and y = t^2 / (df + t^2), both to full precision and without overflow. */
static void beta_arguments(double t, double df, double *x, double *y)
{
    double ratio = fabs(t) / sqrt(df);
    if (ratio > 1) {
        double inverse = 1 / ratio;
        *y = 1 / (1 + inverse * inverse);
        *x = *y * inverse * inverse;
    } else {
        *x = 1 / (1 + ratio * ratio);
        *y = *x * ratio * ratio;
    }
}

double stats_t_two_sided(double t, double df)
{
    double x, y;
    beta_arguments(t, df, &x, &y);
    return stats_beta_cdf(df / 2, 0.5, x, y);
}

double stats_t_cdf(double t, double df)
{
    double tails = stats_t_two_sided(t, df);
    return t < 0 ? tails / 2 : 1 - tails / 2;
}

/* P(|T| <= t), exact near 0 where 1 - P(|T| > t) is not. */
static double central_mass(double t, double df)
{
    double x, y;
    beta_arguments(t, df, &x, &y);
    return stats_beta_cdf(0.5, df / 2, y, x);
}

/* ln of the density of |T| at t > 0. */
static double log_density(double t, double df)
{
    double x, y;
    beta_arguments(t, df, &x, &y);
    return M_LN2 + (df + 1) / 2 * log_of(x, y) - log_beta(df / 2, 0.5) - 0.5 * log(df);
}

/* The t > 0 with mass(t, df) = target, by Newton steps on ln mass as a function of ln t, which is
 * nearly straight in both tails, kept inside a bracket. sign: +1 where the mass grows with t, -1
 * where it falls. */
static double solve_mass(double (*mass)(double, double), double sign, double target, double df)
{
    double low = -745, high = 709, u = 0;
    for (int i = 0; i < 200; i++) {
        double t = exp(u), value = mass(t, df);
        double gap = sign * (log(target) - log(value));
        if (gap > 0)
            low = u;
        else
            high = u;
        double step = gap / exp(log_density(t, df) + u - log(value));
        if (u + step > low && u + step < high) {
            u += step;
            if (fabs(step) < 1e-9) /* the error left is of the order of its square */
                break;
        } else {
            u = low + (high - low) / 2;
        }
    }
    return exp(u);
}

double stats_t_quantile(double p, double df)
{
    assert(df > 0);
    if (!(p > 0 && p < 1))
        return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
    if (p == 0.5)
        return 0;
    double tail = p < 0.5 ? p : 1 - p, t;
    if (tail < 0.25)
        t = solve_mass(stats_t_two_sided, -1, 2 * tail, df);
    else
        t = solve_mass(central_mass, 1, 2 * fabs(p - 0.5), df);
    return p < 0.5 ? -t : t;
}

/* AS 243 for t >= 0: Phi(-delta) + sum over j of p_j I_x(j + 1/2, df/2) + q_j I_x(j + 1, df/2), the
 * two incomplete beta functions and their decrements carried by recursion in j. */
static double noncentral_upper(double t, double df, double delta)
{
    double x, y, b = df / 2, half_square = delta * delta / 2;
    beta_arguments(t, df, &y, &x);
    double p = 0.5 * exp(-half_square), q = SQRT_2_OVER_PI * p * delta;
    double y_power = exp(b * log_of(y, x));
    double odd = stats_beta_cdf(0.5, b, x, y), even = -expm1(b * log_of(y, x));
    double odd_step = 2 * y_power * exp(0.5 * log_of(x, y) - log_beta(0.5, b));
    double even_step = b * x * y_power;
    double sum = p * odd + q * even;
    for (int j = 1; j < 10000; j++) {
        odd = fmax(0, odd - odd_step);
        even = fmax(0, even - even_step);
        odd_step *= x * (j + b - 0.5) / (j + 0.5);
        even_step *= x * (j + b) / (j + 1);
        p *= half_square / j;
        q *= half_square / (j + 0.5);
        sum += p * odd + q * even;
        if (j > half_square && fmax(p * odd, fabs(q) * even) < 1e-18)
            break;
    }
    return fmin(1, fmax(0, sum + stats_normal_cdf(-delta)));
}

double stats_noncentral_t_cdf(double t, double df, double delta)
{
    if (isnan(t) || !(df > 0) || !(fabs(delta) <= 37))
        return NAN;
    if (t < 0)
        return 1 - noncentral_upper(-t, df, -delta);
    return t > 0 ? noncentral_upper(t, df, delta) : stats_normal_cdf(-delta);
}
