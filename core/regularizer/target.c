#include "core/regularizer/internal.h"

#include <string.h>

bool label_smoothing_is_active(const train_spec *spec)
{
    return spec->label_smoothing > 0;
}

/* (1 - e) * onehot + e / K: the true class gets 1 - e + e/K. */
void label_smoothing_on_batch(regularization *r, size_t row, size_t rows)
{
    size_t k = r->net->outputs;
    real e = (real)r->spec->label_smoothing, floor = (real)(r->spec->label_smoothing / (double)k);
    for (size_t i = row * k; i < (row + rows) * k; i++)
        r->work->target[i] = (1 - e) * r->work->target[i] + floor;
}

bool mixup_is_active(const train_spec *spec)
{
    return spec->mixup > 0;
}

void mixup_take(regularization *r, arena *a)
{
    r->mixed_input = arena_take(a, r->batch * r->net->inputs, sizeof(real));
    r->mixed_target = arena_take(a, r->batch * r->net->outputs, sizeof(real));
    r->mix_order = arena_take(a, r->batch, sizeof(uint32_t));
}

/* x <- weight * x + (1 - weight) * x[order], against a copy, since rows are partners of each
 * other. */
static void mix(real *x, real *copy, size_t n_rows, size_t n, const uint32_t *order, real weight)
{
    memcpy(copy, x, n_rows * n * sizeof *x);
    for (size_t k = 0; k < n_rows; k++)
        kernel_blend(x + k * n, copy + (size_t)order[k] * n, n, weight);
}

void mixup_on_whole_batch(regularization *r)
{
    net_work *work = r->work;
    rng_stream draw = rng_stream_at(r->spec->seed, RNG_MIXUP, 0, r->step, 0);
    rng_stream permutation = rng_stream_at(r->spec->seed, RNG_MIXUP, 1, r->step, 0);
    real weight = (real)rng_beta(&draw, r->spec->mixup, r->spec->mixup);
    for (uint32_t k = 0; k < work->n; k++)
        r->mix_order[k] = k;
    rng_permute(&permutation, r->mix_order, work->n);
    mix(work->input, r->mixed_input, work->n, r->net->inputs, r->mix_order, weight);
    mix(work->target, r->mixed_target, work->n, r->net->outputs, r->mix_order, weight);
}
