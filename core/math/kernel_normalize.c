/* Kernels of normalization: moments of columns and rows, and what is done with them. */
#include "core/math/kernel.h"

#include <math.h>

KERNEL_CLONES
static void column_moments(const real *restrict x, size_t ld, size_t n_rows, size_t n,
                           real *restrict mean, real *restrict variance)
{
    kernel_sum_rows(x, ld, n_rows, n, mean);
    for (size_t j = 0; j < n; j++)
        mean[j] /= (real)n_rows;
    for (size_t j = 0; j < n; j++)
        variance[j] = 0;
    for (size_t r = 0; r < n_rows; r++)
        for (size_t j = 0; j < n; j++) {
            real d = x[r * ld + j] - mean[j];
            variance[j] += d * d;
        }
    for (size_t j = 0; j < n; j++)
        variance[j] /= (real)n_rows;
}

KERNEL_CLONES
void kernel_batch_normalize(real *restrict x, size_t ld, size_t n_rows, size_t n,
                            const real *restrict gamma, const real *restrict beta, real epsilon,
                            real *restrict mean, real *restrict variance,
                            real *restrict inverse_deviation, real *restrict out)
{
    column_moments(x, ld, n_rows, n, mean, variance);
    for (size_t j = 0; j < n; j++)
        inverse_deviation[j] = 1 / REAL_FUNCTION(sqrt)(variance[j] + epsilon);
    for (size_t r = 0; r < n_rows; r++)
        for (size_t j = 0; j < n; j++) {
            real normal = (x[r * ld + j] - mean[j]) * inverse_deviation[j];
            x[r * ld + j] = normal;
            out[r * ld + j] = gamma[j] * normal + beta[j];
        }
}

KERNEL_CLONES
void kernel_batch_normalize_backward(real *restrict delta, const real *restrict x_hat, size_t ld,
                                     size_t n_rows, size_t n, const real *restrict gamma,
                                     const real *restrict inverse_deviation,
                                     real *restrict gamma_gradient, real *restrict beta_gradient)
{
    kernel_sum_rows(delta, ld, n_rows, n, beta_gradient);
    kernel_sum_products(delta, x_hat, ld, n_rows, n, gamma_gradient);
    real inverse_n = 1 / (real)n_rows;
    for (size_t r = 0; r < n_rows; r++)
        for (size_t j = 0; j < n; j++)
            delta[r * ld + j] =
                gamma[j] * inverse_deviation[j] *
                (delta[r * ld + j] -
                 inverse_n * (beta_gradient[j] + x_hat[r * ld + j] * gamma_gradient[j]));
}

/* Two passes and doubles for the moments: rows are short and their mean may be large. Returns
 * 1/sqrt(variance + epsilon). */
static real row_moments(const real *x, size_t n, real epsilon, real *mean)
{
    double sum = 0, squares = 0;
    for (size_t j = 0; j < n; j++)
        sum += (double)x[j];
    double center = sum / (double)n;
    for (size_t j = 0; j < n; j++)
        squares += ((double)x[j] - center) * ((double)x[j] - center);
    *mean = (real)center;
    return (real)(1 / sqrt(squares / (double)n + (double)epsilon));
}

real kernel_layer_normalize(real *restrict x, size_t n, const real *restrict gamma,
                            const real *restrict beta, real epsilon, real *restrict out)
{
    real center, inverse = row_moments(x, n, epsilon, &center);
    for (size_t j = 0; j < n; j++) {
        real normal = (x[j] - center) * inverse;
        x[j] = normal;
        out[j] = gamma[j] * normal + beta[j];
    }
    return inverse;
}

void kernel_layer_normalize_only(real *restrict x, size_t n, const real *restrict gamma,
                                 const real *restrict beta, real epsilon)
{
    real center, inverse = row_moments(x, n, epsilon, &center);
    for (size_t j = 0; j < n; j++)
        x[j] = gamma[j] * ((x[j] - center) * inverse) + beta[j];
}

void kernel_layer_normalize_backward(real *restrict delta, const real *restrict x_hat, size_t n,
                                     const real *restrict gamma, real inverse_deviation)
{
    double sum = 0, products = 0;
    for (size_t j = 0; j < n; j++) {
        real scaled = delta[j] * gamma[j];
        sum += (double)scaled;
        products += (double)scaled * (double)x_hat[j];
    }
    real mean = (real)(sum / (double)n), slope = (real)(products / (double)n);
    for (size_t j = 0; j < n; j++)
        delta[j] = inverse_deviation * (delta[j] * gamma[j] - mean - x_hat[j] * slope);
}
