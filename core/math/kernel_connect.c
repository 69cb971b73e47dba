/* Kernels of masked weights: products and gradients in which some weights take no part. */
#include "core/math/kernel.h"

enum { CHUNK = 256 };

/* Bits first .. first + n - 1 as factors 0 or 1. */
static void expand(const uint32_t *bits, size_t first, size_t n, real *factors)
{
    for (size_t i = 0; i < n; i++)
        factors[i] = (real)(bits[(first + i) / 32] >> ((first + i) % 32) & 1);
}

KERNEL_CLONES
static void connect_row(const real *restrict w, const real *restrict keep, const real *restrict x,
                        size_t n, real lanes[16])
{
    for (size_t i = 0; i < n; i += 16)
        for (size_t j = 0; j < 16; j++)
            lanes[j] += i + j < n ? w[i + j] * keep[i + j] * x[i + j] : 0;
}

void kernel_connect_forward(const real *w, const uint32_t *bits, const real *x, size_t n_out,
                            size_t n_in, real scale, real *z)
{
    real keep[CHUNK];
    for (size_t o = 0; o < n_out; o++) {
        real lanes[16] = {0}, sum = 0;
        for (size_t i = 0; i < n_in; i += CHUNK) {
            size_t n = n_in - i < CHUNK ? n_in - i : CHUNK;
            expand(bits, o * n_in + i, n, keep);
            connect_row(w + o * n_in + i, keep, x + i, n, lanes);
        }
        for (int j = 0; j < 16; j++)
            sum += lanes[j];
        z[o] = scale * sum;
    }
}

KERNEL_CLONES
static void connect_row_backward(const real *restrict w, const real *restrict keep,
                                 const real *restrict x, size_t n, real delta,
                                 real *restrict w_gradient, real *restrict x_gradient)
{
    for (size_t i = 0; i < n; i++)
        w_gradient[i] += delta * keep[i] * x[i];
    for (size_t i = 0; x_gradient && i < n; i++)
        x_gradient[i] += delta * keep[i] * w[i];
}

void kernel_connect_backward(const real *w, const uint32_t *bits, const real *x, const real *delta,
                             size_t n_out, size_t n_in, real scale, real *w_gradient,
                             real *x_gradient)
{
    real keep[CHUNK];
    for (size_t o = 0; o < n_out; o++)
        for (size_t i = 0; i < n_in; i += CHUNK) {
            size_t n = n_in - i < CHUNK ? n_in - i : CHUNK, at = o * n_in + i;
            expand(bits, at, n, keep);
            connect_row_backward(w + at, keep, x + i, n, scale * delta[o], w_gradient + at,
                                 x_gradient ? x_gradient + i : NULL);
        }
}
