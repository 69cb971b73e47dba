/* Penalties and constraints of weights: l1, l2, weight decay, max-norm. */
#include "core/regularizer/hooks.h"

#include <math.h>

/* ---- l1 ---- */

static bool l1_is_active(const train_spec *spec)
{
    return spec->l1 > 0;
}

static double l1_penalty(const train_spec *spec, const real *x, size_t n)
{
    return spec->l1 * (double)kernel_sum_absolute(x, n);
}

static void l1_add_gradient(const train_spec *spec, kernel_update *u)
{
    u->sign += (real)spec->l1;
}

const regularizer REGULARIZER_L1 = {.name = "l1",
                                    .is_active = l1_is_active,
                                    .penalty = l1_penalty,
                                    .add_gradient = l1_add_gradient};

/* ---- l2 ---- */

static bool l2_is_active(const train_spec *spec)
{
    return spec->l2 > 0;
}

static double l2_penalty(const train_spec *spec, const real *x, size_t n)
{
    return spec->l2 / 2 * (double)kernel_sum_squares(x, n);
}

static void l2_add_gradient(const train_spec *spec, kernel_update *u)
{
    u->pull += (real)spec->l2;
}

const regularizer REGULARIZER_L2 = {.name = "l2",
                                    .is_active = l2_is_active,
                                    .penalty = l2_penalty,
                                    .add_gradient = l2_add_gradient};

/* ---- weight decay ---- */

static bool decay_is_active(const train_spec *spec)
{
    return spec->weight_decay > 0;
}

static void decay_add_gradient(const train_spec *spec, kernel_update *u)
{
    u->decay += (real)spec->weight_decay;
}

const regularizer REGULARIZER_WEIGHT_DECAY = {
    .name = "weight_decay", .is_active = decay_is_active, .add_gradient = decay_add_gradient};

/* ---- max-norm ---- */

static bool norm_is_active(const train_spec *spec)
{
    return spec->n_hidden > 0 && spec->max_norm > 0;
}

/* Srebro and Shraibman 2005 as in Srivastava et al. 2014: each hidden unit's incoming vector onto
 * the ball. */
static void norm_after_update(void *state, const regularization *r, int layer, size_t rows,
                              real *weights)
{
    (void)state;
    if (layer == r->spec->n_hidden)
        return;
    size_t inputs = r->net->layers[layer].inputs;
    for (size_t k = 0; k < rows; k++) {
        double norm = sqrt((double)kernel_sum_squares(weights + k * inputs, inputs));
        if (norm > r->spec->max_norm)
            kernel_scale(weights + k * inputs, inputs, (real)(r->spec->max_norm / norm));
    }
}

const regularizer REGULARIZER_MAX_NORM = {
    .name = "max_norm", .is_active = norm_is_active, .after_update = norm_after_update};
