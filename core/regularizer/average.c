/* The exponential moving average of the weights, evaluated and selected in their place. */
#include "core/regularizer/hooks.h"

#include <string.h>

typedef struct average {
    real *model; /* like the model */
} average;

static bool is_active(const train_spec *spec)
{
    return spec->weight_average > 0;
}

static void take(void *state, const regularization *r, arena *a)
{
    average *s = state;
    s->model = arena_take(a, r->net->n_model, sizeof(real));
}

static void saved_arrays(const void *state, const regularization *r, saved_list *out)
{
    const average *s = state;
    saved_list_add(out, s->model, r->net->n_model * sizeof(real));
}

static void on_start(void *state, const regularization *r, const real *model)
{
    const average *s = state;
    memcpy(s->model, model, r->net->n_model * sizeof(real));
}

/* The average starts with the weights after the first step, as PyTorch's AveragedModel does: the
 * initial ones say nothing. Running statistics are averages already: those of the model itself go
 * with the averaged weights. */
static void after_step(void *state, const regularization *r, const real *model)
{
    const average *s = state;
    size_t n = r->net->n_trained;
    kernel_blend(s->model, model, n, r->step == 0 ? 0 : (real)r->spec->weight_average);
    for (size_t i = n; i < r->net->n_model; i++)
        s->model[i] = model[i];
}

static real *on_evaluation(void *state, const regularization *r)
{
    const average *s = state;
    (void)r;
    return s->model;
}

const regularizer REGULARIZER_WEIGHT_AVERAGE = {.name = "weight_average",
                                                .state_bytes = sizeof(average),
                                                .is_active = is_active,
                                                .take = take,
                                                .saved_arrays = saved_arrays,
                                                .on_start = on_start,
                                                .after_step = after_step,
                                                .on_evaluation = on_evaluation};
