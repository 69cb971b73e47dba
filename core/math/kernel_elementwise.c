/* Kernels of single elements: activations and their slopes, softmax, losses, sums. */
#include "core/math/activation.h"
#include "core/math/kernel.h"

#include <math.h>
#include <string.h>

enum { LANES = 16, BLOCK = 1 << 16 };
#define ELU_ALPHA ((real)1)
#define SELU_SCALE ((real)1.0507009873554804934193349852946) /* Klambauer et al. 2017 */
#define SELU_ALPHA ((real)1.6732632423543772848170429916717)
#define LEAKY_SLOPE ((real)0.01)
#define ROOT_HALF ((real)0.70710678118654752440)
#define ROOT_HALF_OVER_PI ((real)0.39894228040143267794)

#ifdef REAL_DOUBLE
static inline double exponential(double x)
{
    return exp(x);
}
#else
/* exp by Cody and Waite's reduction and a polynomial of degree 6: within 2 units in the last place,
 * without branches or calls, so that loops over it vectorize. NaN stays NaN; the ends are clamped
 * to the range of normal floats, above it the result is infinite. */
static inline float exponential(float x)
{
    float clamped = x > 88.72283f ? 88.72283f : x < -87.33654f ? -87.33654f : x;
    float t = clamped * 1.44269504f + 12582912.0f,
          n = t - 12582912.0f; /* n = round(x / ln 2), also in t's low bits */
    float r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits, half;
    memcpy(&bits, &t, sizeof bits);
    int32_t exponent = (int32_t)(bits - 0x4B400000u), first = exponent / 2,
            second = exponent - first;
    /* 2^128 is no float: two factors reach the top of the range. */
    float low, high;
    half = (uint32_t)(first + 127) << 23;
    memcpy(&low, &half, sizeof low);
    half = (uint32_t)(second + 127) << 23;
    memcpy(&high, &half, sizeof high);
    float result = p * low * high;
    return x > 88.72283f ? INFINITY : result;
}
#endif

static inline real logistic(real x)
{
    return 1 / (1 + exponential(-x));
}

KERNEL_CLONES
void kernel_add_rows(real *restrict x, size_t ld, size_t n_rows, size_t n,
                     const real *restrict bias)
{
    for (size_t r = 0; r < n_rows; r++)
        for (size_t j = 0; j < n; j++)
            x[r * ld + j] += bias[j];
}

/* One loop per activation: VALUE gives f(x), SLOPE (which may use y = f(x)) f'(x). */
#define ACTIVATE(VALUE, SLOPE)                                                                     \
    for (size_t i = 0; i < n; i++) {                                                               \
        real x = z[i], y = VALUE;                                                                  \
        out[i] = y;                                                                                \
        z[i] = SLOPE;                                                                              \
    }                                                                                              \
    break

#define SELU_VALUE (x > 0 ? SELU_SCALE * x : SELU_SCALE * SELU_ALPHA * (exponential(x) - 1))

KERNEL_CLONES
void kernel_activate(int activation, real *restrict z, real *restrict out, size_t n)
{
    switch (activation) {
    case ACTIVATION_ELU:
        ACTIVATE((x > 0 ? x : ELU_ALPHA * (exponential(x) - 1)), (x > 0 ? 1 : y + ELU_ALPHA));
    case ACTIVATION_SELU:
        ACTIVATE(SELU_VALUE, (x > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA));
    case ACTIVATION_GELU:
        ACTIVATE((x * (real)0.5 * (1 + REAL_FUNCTION(erf)(x * ROOT_HALF))),
                 ((real)0.5 * (1 + REAL_FUNCTION(erf)(x * ROOT_HALF)) +
                  x * ROOT_HALF_OVER_PI * exponential(-x * x / 2)));
    case ACTIVATION_SILU:
        ACTIVATE((x * logistic(x)), (logistic(x) * (1 + x * (1 - logistic(x)))));
    case ACTIVATION_TANH:
        ACTIVATE(REAL_FUNCTION(tanh)(x), (1 - y * y));
    case ACTIVATION_SIGMOID:
        ACTIVATE(logistic(x), (y * (1 - y)));
    default:
        kernel_activate_only(activation, z, out, n);
    }
}

#define ACTIVATE_ONLY(VALUE)                                                                       \
    for (size_t i = 0; i < n; i++) {                                                               \
        real x = z[i];                                                                             \
        out[i] = VALUE;                                                                            \
    }                                                                                              \
    break

/* `out` may be z: to be inlined where the compiler sees whether it is, else no loop vectorizes. */
static inline __attribute__((always_inline)) void activate_only(int activation, const real *z,
                                                                real *out, size_t n)
{
    switch (activation) {
    case ACTIVATION_RELU:
        ACTIVATE_ONLY((x > 0 ? x : x * 0)); /* x * 0 keeps a NaN, which max(0, x) would hide */
    case ACTIVATION_LEAKY_RELU:
        ACTIVATE_ONLY((x > 0 ? x : LEAKY_SLOPE * x));
    case ACTIVATION_ELU:
        ACTIVATE_ONLY((x > 0 ? x : ELU_ALPHA * (exponential(x) - 1)));
    case ACTIVATION_SELU:
        ACTIVATE_ONLY(SELU_VALUE);
    case ACTIVATION_GELU:
        ACTIVATE_ONLY((x * (real)0.5 * (1 + REAL_FUNCTION(erf)(x * ROOT_HALF))));
    case ACTIVATION_SILU:
        ACTIVATE_ONLY((x * logistic(x)));
    case ACTIVATION_TANH:
        ACTIVATE_ONLY(REAL_FUNCTION(tanh)(x));
    case ACTIVATION_SIGMOID:
        ACTIVATE_ONLY(logistic(x));
    default:
        if (out != z)
            memcpy(out, z, n * sizeof *out);
    }
}

KERNEL_CLONES
static void activate_in_place(int activation, real *x, size_t n)
{
    activate_only(activation, x, x, n);
}

KERNEL_CLONES
static void activate_apart(int activation, const real *restrict z, real *restrict out, size_t n)
{
    activate_only(activation, z, out, n);
}

void kernel_activate_only(int activation, const real *z, real *out, size_t n)
{
    if (out == z)
        activate_in_place(activation, out, n);
    else
        activate_apart(activation, z, out, n);
}

KERNEL_CLONES
void kernel_activate_backward(int activation, const real *restrict z, real *restrict delta,
                              size_t n)
{
    switch (activation) {
    case ACTIVATION_RELU:
        for (size_t i = 0; i < n; i++)
            delta[i] = z[i] > 0 ? delta[i] : 0;
        break;
    case ACTIVATION_LEAKY_RELU:
        for (size_t i = 0; i < n; i++)
            delta[i] = z[i] > 0 ? delta[i] : LEAKY_SLOPE * delta[i];
        break;
    case ACTIVATION_IDENTITY:
        break;
    default:
        kernel_scale_by(delta, z, n);
    }
}

KERNEL_CLONES
void kernel_sum_rows(const real *restrict x, size_t ld, size_t n_rows, size_t n,
                     real *restrict sums)
{
    memset(sums, 0, n * sizeof *sums);
    for (size_t r = 0; r < n_rows; r++)
        for (size_t j = 0; j < n; j++)
            sums[j] += x[r * ld + j];
}

KERNEL_CLONES
void kernel_sum_products(const real *restrict x, const real *restrict y, size_t ld, size_t n_rows,
                         size_t n, real *restrict sums)
{
    memset(sums, 0, n * sizeof *sums);
    for (size_t r = 0; r < n_rows; r++)
        for (size_t j = 0; j < n; j++)
            sums[j] += x[r * ld + j] * y[r * ld + j];
}

static real sum_lanes(const real lanes[LANES])
{
    real sum = 0;
    for (int j = 0; j < LANES; j++)
        sum += lanes[j];
    return sum;
}

/* Sums in LANES partial sums, so that the loop vectorizes with an order of its own that no compiler
 * option changes. A lane loses digits when it grows long: blocks of BLOCK elements are added up in
 * double. */
#define SUM(NAME, TERM)                                                                            \
    KERNEL_CLONES                                                                                  \
    static real NAME##_of_block(const real *x, size_t n)                                           \
    {                                                                                              \
        real lanes[LANES] = {0};                                                                   \
        size_t whole = n / LANES * LANES;                                                          \
        for (size_t i = 0; i < whole; i += LANES)                                                  \
            for (size_t j = 0; j < LANES; j++)                                                     \
                lanes[j] += TERM(i + j);                                                           \
        for (size_t i = whole; i < n; i++)                                                         \
            lanes[i - whole] += TERM(i);                                                           \
        return sum_lanes(lanes);                                                                   \
    }                                                                                              \
                                                                                                   \
    real NAME(const real *x, size_t n)                                                             \
    {                                                                                              \
        double sum = 0;                                                                            \
        for (size_t done = 0; done < n; done += BLOCK)                                             \
            sum += (double)NAME##_of_block(x + done, n - done < BLOCK ? n - done : BLOCK);         \
        return (real)sum;                                                                          \
    }

#define SQUARE(i) (x[i] * x[i])
#define ABSOLUTE(i) (x[i] > 0 ? x[i] : -x[i])

SUM(kernel_sum_squares, SQUARE)
SUM(kernel_sum_absolute, ABSOLUTE)

KERNEL_CLONES
void kernel_scale(real *x, size_t n, real factor)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

KERNEL_CLONES
void kernel_scale_by(real *restrict x, const real *restrict factors, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= factors[i];
}

KERNEL_CLONES
void kernel_gather(const real *restrict x, const uint32_t *restrict index, size_t n,
                   real *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = x[index[i]];
}

void kernel_scatter(const real *restrict x, const uint32_t *restrict index, size_t n,
                    real *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[index[i]] = x[i];
}

KERNEL_CLONES
void kernel_blend(real *restrict average, const real *restrict x, size_t n, real keep)
{
    for (size_t i = 0; i < n; i++)
        average[i] = keep * average[i] + (1 - keep) * x[i];
}

/* Takes each row's largest from the row: softmax does not change, and exp cannot overflow. */
static void subtract_row_maxima(real *x, size_t n_rows, size_t n)
{
    for (size_t r = 0; r < n_rows; r++) {
        real *row = x + r * n, largest = row[0];
        for (size_t j = 1; j < n; j++)
            largest = row[j] > largest ? row[j] : largest;
        for (size_t j = 0; j < n; j++)
            row[j] -= largest;
    }
}

/* log of the row's sum of exponentials is still to be added: loss = log(sum) * sum(target) -
 * sum(target * x). */
static void start_losses(const real *x, size_t n_rows, size_t n, const real *target, double *loss)
{
    for (size_t r = 0; r < n_rows; r++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++)
            if (target[r * n + j] > 0)
                sum -= (double)target[r * n + j] * (double)x[r * n + j];
        loss[r] = sum;
    }
}

KERNEL_CLONES
static void exponentiate(real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = exponential(x[i]);
}

void kernel_softmax(real *x, size_t n_rows, size_t n, const real *target, double *loss)
{
    subtract_row_maxima(x, n_rows, n);
    if (target)
        start_losses(x, n_rows, n, target, loss);
    exponentiate(x, n_rows * n);
    for (size_t r = 0; r < n_rows; r++) {
        real *row = x + r * n;
        double rest = -1; /* the largest's own exponential is 1 */
        for (size_t j = 0; j < n; j++)
            rest += (double)row[j];
        real factor = (real)(1 / (1 + rest));
        for (size_t j = 0; j < n; j++)
            row[j] *= factor;
        if (target)
            loss[r] += log1p(rest); /* the targets of a row sum to 1 */
    }
}

double kernel_cross_entropy(const real *x, const int32_t *labels, size_t n_rows, size_t n)
{
    double loss = 0;
    for (size_t r = 0; r < n_rows; r++) {
        const real *row = x + r * n;
        real largest = row[0];
        for (size_t j = 1; j < n; j++)
            largest = row[j] > largest ? row[j] : largest;
        double rest = -1; /* the largest's own exponential is 1 */
        for (size_t j = 0; j < n; j++)
            rest += (double)exponential(row[j] - largest);
        loss += (double)largest - (double)row[labels[r]] + log1p(rest);
    }
    return loss;
}
