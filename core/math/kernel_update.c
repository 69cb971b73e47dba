/* Kernels of a step: what an optimizer makes of a gradient. */
#include "core/math/kernel.h"

#include <math.h>
#include <stddef.h>

enum { LANES = 16 };

static real sum_lanes(const real lanes[LANES])
{
    real sum = 0;
    for (int j = 0; j < LANES; j++)
        sum += lanes[j];
    return sum;
}

static inline real sign(real x)
{
    return (real)((x > 0) - (x < 0));
}

/* The gradient as the optimizer sees it, and the decayed weight; adds the square of the raw one to
 * its lane. */
#define START(i, lane)                                                                             \
    real raw = (g ? g[i] : 0) + by_sign * sign(w[i]);                                              \
    lanes[lane] += raw * raw;                                                                      \
    real gradient = raw + pull * w[i], weight = w[i] * kept

#define LOCALS                                                                                     \
    real by_sign = u->sign_is_in ? 0 : u->sign, pull = u->pull, kept = 1 - u->rate * u->decay,     \
         rate = u->rate

/* One step for element i; each optimizer's loop body is named STEP. Blocks of LANES keep the order
 * of the sum fixed. */
#define SWEEP(STEP)                                                                                \
    real lanes[LANES] = {0};                                                                       \
    size_t whole = n / LANES * LANES;                                                              \
    for (size_t i = 0; i < whole; i += LANES)                                                      \
        for (size_t j = 0; j < LANES; j++)                                                         \
            STEP(i + j, j);                                                                        \
    for (size_t i = whole; i < n; i++)                                                             \
        STEP(i, i - whole);                                                                        \
    return sum_lanes(lanes)

#define ADAM(i, lane)                                                                              \
    {                                                                                              \
        START(i, lane);                                                                            \
        m[i] = beta1 * m[i] + rest1 * gradient;                                                    \
        v[i] = beta2 * v[i] + rest2 * gradient * gradient;                                         \
        w[i] = weight - step * m[i] / (REAL_FUNCTION(sqrt)(v[i]) * inverse_root + epsilon);        \
    }

KERNEL_CLONES
real kernel_update_adam(const kernel_update *u, real *restrict w, const real *restrict g,
                        real *restrict m, real *restrict v, size_t n)
{
    LOCALS;
    real beta1 = u->beta1, beta2 = u->beta2, rest1 = u->beta1_rest, rest2 = u->beta2_rest;
    real epsilon = u->epsilon, step = rate / u->correction1, inverse_root = 1 / u->correction2;
    SWEEP(ADAM);
}

#define SGD_PLAIN(i, lane)                                                                         \
    {                                                                                              \
        START(i, lane);                                                                            \
        w[i] = weight - rate * gradient;                                                           \
    }
#define SGD_MOMENTUM(i, lane)                                                                      \
    {                                                                                              \
        START(i, lane);                                                                            \
        m[i] = momentum * m[i] + gradient;                                                         \
        w[i] = weight - rate * m[i];                                                               \
    }
#define SGD_NESTEROV(i, lane)                                                                      \
    {                                                                                              \
        START(i, lane);                                                                            \
        m[i] = momentum * m[i] + gradient;                                                         \
        w[i] = weight - rate * (gradient + momentum * m[i]);                                       \
    }

KERNEL_CLONES
static real sgd_plain(const kernel_update *u, real *restrict w, const real *restrict g, size_t n)
{
    LOCALS;
    SWEEP(SGD_PLAIN);
}

KERNEL_CLONES
static real sgd_momentum(const kernel_update *u, real *restrict w, const real *restrict g,
                         real *restrict m, size_t n)
{
    LOCALS;
    real momentum = u->momentum;
    SWEEP(SGD_MOMENTUM);
}

KERNEL_CLONES
static real sgd_nesterov(const kernel_update *u, real *restrict w, const real *restrict g,
                         real *restrict m, size_t n)
{
    LOCALS;
    real momentum = u->momentum;
    SWEEP(SGD_NESTEROV);
}

real kernel_update_sgd(const kernel_update *u, real *w, const real *g, real *m, real *v, size_t n)
{
    (void)v;
    if (u->momentum <= 0)
        return sgd_plain(u, w, g, n);
    return u->nesterov ? sgd_nesterov(u, w, g, m, n) : sgd_momentum(u, w, g, m, n);
}

#define RMSPROP(i, lane)                                                                           \
    {                                                                                              \
        START(i, lane);                                                                            \
        v[i] = rho * v[i] + rest * gradient * gradient;                                            \
        w[i] = weight - rate * gradient / (REAL_FUNCTION(sqrt)(v[i]) + epsilon);                   \
    }
#define RMSPROP_MOMENTUM(i, lane)                                                                  \
    {                                                                                              \
        START(i, lane);                                                                            \
        v[i] = rho * v[i] + rest * gradient * gradient;                                            \
        m[i] = momentum * m[i] + gradient / (REAL_FUNCTION(sqrt)(v[i]) + epsilon);                 \
        w[i] = weight - rate * m[i];                                                               \
    }

KERNEL_CLONES
static real rmsprop_plain(const kernel_update *u, real *restrict w, const real *restrict g,
                          real *restrict v, size_t n)
{
    LOCALS;
    real rho = u->rho, rest = u->rho_rest, epsilon = u->epsilon;
    SWEEP(RMSPROP);
}

KERNEL_CLONES
static real rmsprop_momentum(const kernel_update *u, real *restrict w, const real *restrict g,
                             real *restrict m, real *restrict v, size_t n)
{
    LOCALS;
    real rho = u->rho, rest = u->rho_rest, epsilon = u->epsilon, momentum = u->momentum;
    SWEEP(RMSPROP_MOMENTUM);
}

real kernel_update_rmsprop(const kernel_update *u, real *w, const real *g, real *m, real *v,
                           size_t n)
{
    return u->momentum > 0 ? rmsprop_momentum(u, w, g, m, v, n) : rmsprop_plain(u, w, g, v, n);
}

KERNEL_CLONES
real kernel_add_sign(const real *restrict w, real *restrict g, size_t n, real factor)
{
#define ADD_SIGN(i, lane)                                                                          \
    {                                                                                              \
        g[i] += factor * sign(w[i]);                                                               \
        lanes[lane] += g[i] * g[i];                                                                \
    }
    SWEEP(ADD_SIGN);
}
