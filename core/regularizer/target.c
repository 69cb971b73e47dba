/* Softer targets: label smoothing (Szegedy et al. 2016) and mixup (Zhang et al. 2018). */
#include "core/regularizer/hooks.h"

#include <string.h>

/* ---- label smoothing ---- */

static bool smoothing_is_active(const train_spec *spec)
{
    return spec->label_smoothing > 0;
}

static bool smoothing_check(const train_spec *spec, const dataset *set, fail_list *faults)
{
    (void)spec;
    return set->task == TASK_CLASSIFICATION ||
           fail_list_add(faults, FAIL_INCOMPATIBLE, "/label_smoothing",
                         "%s is a regression: there are no classes to smooth over", set->name);
}

/* (1 - e) * onehot + e / K: the true class gets 1 - e + e/K. */
static void smoothing_on_batch(void *state, const regularization *r, size_t row, size_t rows)
{
    (void)state;
    size_t k = r->net->outputs;
    real e = (real)r->spec->label_smoothing, floor = (real)(r->spec->label_smoothing / (double)k);
    for (size_t i = row * k; i < (row + rows) * k; i++)
        r->work->target[i] = (1 - e) * r->work->target[i] + floor;
}

const regularizer REGULARIZER_LABEL_SMOOTHING = {.name = "label_smoothing",
                                                 .is_active = smoothing_is_active,
                                                 .check = smoothing_check,
                                                 .on_batch = smoothing_on_batch};

/* ---- mixup ---- */

typedef struct mixup {
    real *input, *target; /* copies of the minibatch's: rows are partners of each other */
    uint32_t *order;      /* row k's partner */
} mixup;

static bool mixup_is_active(const train_spec *spec)
{
    return spec->mixup > 0;
}

static void mixup_take(void *state, const regularization *r, arena *a)
{
    mixup *m = state;
    m->input = arena_take(a, r->batch * r->net->inputs, sizeof(real));
    m->target = arena_take(a, r->batch * r->net->outputs, sizeof(real));
    m->order = arena_take(a, r->batch, sizeof(uint32_t));
}

/* x <- weight * x + (1 - weight) * x[order] */
static void mix(real *x, real *copy, size_t n_rows, size_t n, const uint32_t *order, real weight)
{
    memcpy(copy, x, n_rows * n * sizeof *x);
    for (size_t k = 0; k < n_rows; k++)
        kernel_blend(x + k * n, copy + (size_t)order[k] * n, n, weight);
}

static void mixup_on_whole_batch(void *state, const regularization *r)
{
    const mixup *m = state;
    net_work *work = r->work;
    rng_stream draw = rng_stream_at(r->spec->seed, RNG_MIXUP, 0, r->step, 0);
    rng_stream permutation = rng_stream_at(r->spec->seed, RNG_MIXUP, 1, r->step, 0);
    real weight = (real)rng_beta(&draw, r->spec->mixup, r->spec->mixup);
    for (uint32_t k = 0; k < work->n; k++)
        m->order[k] = k;
    rng_permute(&permutation, m->order, work->n);
    mix(work->input, m->input, work->n, r->net->inputs, m->order, weight);
    mix(work->target, m->target, work->n, r->net->outputs, m->order, weight);
}

const regularizer REGULARIZER_MIXUP = {.name = "mixup",
                                       .state_bytes = sizeof(mixup),
                                       .is_active = mixup_is_active,
                                       .take = mixup_take,
                                       .on_whole_batch = mixup_on_whole_batch};
