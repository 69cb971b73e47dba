/* kernel — the vectorized inner loops, and what every kernel file shares.
 *
 * Kernel files (core/math/kernel_*.c) are plain loops, compiled with -O3 -fno-math-errno
 * -fno-trapping-math (else a choice between two sides keeps a loop from being vectorized);
 * KERNEL_CLONES makes GCC emit one version of a function per x86-64 level and choose at load time.
 * On other processors and compilers it is empty. Matrices are row-major; `ld` is the distance
 * between rows in elements. No function allocates or fails. Sums are taken in an order that depends
 * on the shape alone. */
#ifndef CORE_MATH_KERNEL_H
#define CORE_MATH_KERNEL_H

#include "core/math/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The engine's number: float; double in the build that checks gradients by finite differences. */
#ifdef REAL_DOUBLE
typedef double real;
#define REAL_FUNCTION(name) name
#else
typedef float real;
#define REAL_FUNCTION(name) name##f
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(NO_TARGET_CLONES)
#define KERNEL_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL_CLONES
#endif

/* ---- random numbers (core/math/rng.h has the addressing) ---- */

/* The words of blocks block0 .. block0 + n_blocks - 1 of rows row0 .. row0 + n_rows - 1
 * (address->row is not used): words (n_rows, 4 * n_blocks). As 16-bit little-endian numbers these
 * are the decisions of units 8 * block0, ... */
void kernel_blocks(const rng_address *address, uint32_t row0, size_t n_rows, uint32_t block0,
                   size_t n_blocks, uint32_t *words);

/* Decisions of n units (words as kernel_blocks() gives them) to bits, 1 = survives. */
void kernel_mask_bits(const uint32_t *words, size_t n, uint32_t threshold, uint32_t *bits);

/* x[u] = bit u ? x[u] * scale + shift : dropped. */
void kernel_mask_apply(real *x, const uint32_t *bits, size_t n, real scale, real shift,
                       real dropped);

/* Standard normals from n_blocks blocks of words: out has 4 * n_blocks elements (Box-Muller,
 * core/math/rng.h). */
void kernel_normals(const uint32_t *words, size_t n_blocks, real *out);

/* ---- elementwise ---- */

/* x[r][j] += bias[j]. */
void kernel_add_rows(real *x, size_t ld, size_t n_rows, size_t n, const real *bias);

/* out = f(z); where f' is not simply told by the sign of z, z becomes f'(z). activation:
 * activation_kind. */
void kernel_activate(int activation, real *z, real *out, size_t n);

/* delta *= f'(z), z as kernel_activate() left it. */
void kernel_activate_backward(int activation, const real *z, real *delta, size_t n);

/* out = f(z) and nothing else: inference. In place is allowed. */
void kernel_activate_only(int activation, const real *z, real *out, size_t n);

/* sums[j] = sum over rows of x[r][j]; and of x[r][j] * y[r][j]. */
void kernel_sum_rows(const real *x, size_t ld, size_t n_rows, size_t n, real *sums);
void kernel_sum_products(const real *x, const real *y, size_t ld, size_t n_rows, size_t n,
                         real *sums);

/* Sums over n elements of x^2 and of |x|, to the precision of a float however large n is. */
real kernel_sum_squares(const real *x, size_t n);
real kernel_sum_absolute(const real *x, size_t n);
void kernel_scale(real *x, size_t n, real factor);
void kernel_scale_by(real *x, const real *factors, size_t n); /* x[i] *= factors[i] */
/* out[i] = x[index[i]]. */
void kernel_gather(const real *x, const uint32_t *index, size_t n, real *out);
/* out[index[i]] = x[i]. */
void kernel_scatter(const real *x, const uint32_t *index, size_t n, real *out);
/* average = keep * average + (1 - keep) * x. */
void kernel_blend(real *average, const real *x, size_t n, real keep);

/* Softmax of each row in place; loss[r] = -sum_j target[r][j] * log p[r][j]. target may be NULL: no
 * loss. (n_rows, n) dense. */
void kernel_softmax(real *x, size_t n_rows, size_t n, const real *target, double *loss);

/* Sum over the rows of -log softmax(x)[label], from the logits x (n_rows, n) themselves: exact for
 * probabilities that round to 1 or underflow. */
double kernel_cross_entropy(const real *x, const int32_t *labels, size_t n_rows, size_t n);

/* ---- normalization ---- */

/* Batch normalization of columns, training: mean and 1/sqrt(biased variance + epsilon) over the
 * rows, x becomes x-hat; y = gamma * x-hat + beta goes to out. variance: the biased one. */
void kernel_batch_normalize(real *x, size_t ld, size_t n_rows, size_t n, const real *gamma,
                            const real *beta, real epsilon, real *mean, real *variance,
                            real *inverse_deviation, real *out);
/* delta (gradient of y) becomes the gradient of x; gamma_gradient and beta_gradient are set. */
void kernel_batch_normalize_backward(real *delta, const real *x_hat, size_t ld, size_t n_rows,
                                     size_t n, const real *gamma, const real *inverse_deviation,
                                     real *gamma_gradient, real *beta_gradient);
/* The same for one row (layer normalization); returns 1/sqrt(variance + epsilon). */
real kernel_layer_normalize(real *x, size_t n, const real *gamma, const real *beta, real epsilon,
                            real *out);
/* In place: inference. */
void kernel_layer_normalize_only(real *x, size_t n, const real *gamma, const real *beta,
                                 real epsilon);
void kernel_layer_normalize_backward(real *delta, const real *x_hat, size_t n, const real *gamma,
                                     real inverse_deviation);

/* ---- DropConnect: one mask per sample over the weights (n_out, n_in), decisions as bits ---- */
void kernel_connect_forward(const real *w, const uint32_t *bits, const real *x, size_t n_out,
                            size_t n_in, real scale, real *z);
/* x_gradient may be NULL; both are added to. */
void kernel_connect_backward(const real *w, const uint32_t *bits, const real *x, const real *delta,
                             size_t n_out, size_t n_in, real scale, real *w_gradient,
                             real *x_gradient);

/* ---- update ---- */

/* What one fused pass over a piece of the flat arrays needs. The gradient's way: g + sign*sign(w)
 * (in g already where sign_is_in), + pull*w; then the decoupled decay w *= 1 - rate*decay; then
 * the optimizer's step. */
typedef struct kernel_update {
    real rate; /* eta of this step */
    real sign, pull, decay;
    bool sign_is_in; /* the gradient was measured as a whole before */
    real momentum, beta1, beta2, rho, epsilon;
    /* 1 - beta1, ...: subtracted in double, since 1 - 0.999f is off by 5e-5 */
    real beta1_rest, beta2_rest, rho_rest;
    bool nesterov;
    real correction1, correction2; /* adam: 1 - beta1^t, sqrt(1 - beta2^t) */
} kernel_update;

/* Each returns the sum of squares of g + sign*sign(w) before any scaling. m and v are the
 * optimizer's buffers (may be NULL where unused). g NULL: a gradient of zeros. */
typedef real kernel_update_function(const kernel_update *u, real *w, const real *g, real *m,
                                    real *v, size_t n);
kernel_update_function kernel_update_sgd, kernel_update_adam, kernel_update_rmsprop;

/* g += factor * sign(w); returns the sum of squares of the result. */
real kernel_add_sign(const real *w, real *g, size_t n, real factor);

#endif
