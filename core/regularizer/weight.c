#include "core/regularizer/internal.h"

#include <math.h>

bool l1_is_active(const train_spec *spec)
{
    return spec->l1 > 0;
}

double l1_penalty(const train_spec *spec, const real *x, size_t n)
{
    return spec->l1 * (double)kernel_sum_absolute(x, n);
}

void l1_add_gradient(const train_spec *spec, kernel_update *u)
{
    u->l1 = (real)spec->l1;
}

bool l2_is_active(const train_spec *spec)
{
    return spec->l2 > 0;
}

double l2_penalty(const train_spec *spec, const real *x, size_t n)
{
    return spec->l2 / 2 * (double)kernel_sum_squares(x, n);
}

void l2_add_gradient(const train_spec *spec, kernel_update *u)
{
    u->l2 = (real)spec->l2;
}

bool weight_decay_is_active(const train_spec *spec)
{
    return spec->weight_decay > 0;
}

void weight_decay_add_gradient(const train_spec *spec, kernel_update *u)
{
    u->decay = (real)spec->weight_decay;
}

bool max_norm_is_active(const train_spec *spec)
{
    return spec->n_hidden > 0 && spec->max_norm > 0;
}

/* Srebro and Shraibman 2005 as in Srivastava et al. 2014: each hidden unit's incoming vector onto
 * the ball. */
void max_norm_after_update(const regularization *r, int layer, size_t rows, real *weights)
{
    if (layer == r->spec->n_hidden)
        return;
    size_t inputs = r->net->layers[layer].inputs;
    for (size_t k = 0; k < rows; k++) {
        double norm = sqrt((double)kernel_sum_squares(weights + k * inputs, inputs));
        if (norm > r->spec->max_norm)
            kernel_scale(weights + k * inputs, inputs, (real)(r->spec->max_norm / norm));
    }
}

bool weight_average_is_active(const train_spec *spec)
{
    return spec->weight_average > 0;
}

void weight_average_take(regularization *r, arena *a)
{
    r->average = arena_take(a, r->net->n_model, sizeof(real));
}

/* The average starts with the weights after the first step, as PyTorch's AveragedModel does: the
 * initial ones say nothing. Running statistics are averages already: those of the model itself go
 * with the averaged weights. */
void weight_average_after_step(regularization *r, const real *model)
{
    size_t n = r->net->n_trained;
    kernel_blend(r->average, model, n, r->step == 0 ? 0 : (real)r->spec->weight_average);
    for (size_t i = n; i < r->net->n_model; i++)
        r->average[i] = model[i];
}
