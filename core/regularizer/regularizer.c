#include "core/regularizer/regularizer.h"

#include "core/regularizer/internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* In the order in which they act on a minibatch and on a layer; backward is the opposite order. */
const regularizer REGULARIZERS[] = {
    {.name = "augmentation",
     .is_active = augmentation_is_active,
     .take = augmentation_take,
     .on_batch = augmentation_on_batch},
    {.name = "label_smoothing",
     .is_active = label_smoothing_is_active,
     .on_batch = label_smoothing_on_batch},
    {.name = "mixup",
     .is_active = mixup_is_active,
     .take = mixup_take,
     .on_whole_batch = mixup_on_whole_batch},
    {.name = "input_noise", .is_active = input_noise_is_active, .on_batch = input_noise_on_batch},
    {.name = "weight_noise",
     .is_active = weight_noise_is_active,
     .take = weight_noise_take,
     .on_weights = weight_noise_on_weights},
    {.name = "dropconnect",
     .is_active = connect_is_active,
     .is_sampled = true,
     .take = connect_take,
     .on_weights = connect_on_weights,
     .replaces_dense = connect_replaces_dense,
     .dense_forward = connect_dense_forward,
     .dense_backward = connect_dense_backward,
     .on_weight_gradient = connect_on_weight_gradient},
    {.name = "activation_noise",
     .is_active = activation_noise_is_active,
     .on_forward = activation_noise_on_forward},
    {.name = "dropout",
     .is_active = dropout_is_active,
     .is_sampled = true,
     .take = dropout_take,
     .on_step = dropout_on_step,
     .on_batch = dropout_on_batch,
     .on_weights = dropout_on_weights,
     .on_forward = dropout_on_forward,
     .on_backward = dropout_on_backward},
    {.name = "l1",
     .is_active = l1_is_active,
     .penalty = l1_penalty,
     .add_gradient = l1_add_gradient},
    {.name = "l2",
     .is_active = l2_is_active,
     .penalty = l2_penalty,
     .add_gradient = l2_add_gradient},
    {.name = "weight_decay",
     .is_active = weight_decay_is_active,
     .add_gradient = weight_decay_add_gradient},
    {.name = "gradient_noise",
     .is_active = gradient_noise_is_active,
     .on_update = gradient_noise_on_update},
    {.name = "max_norm", .is_active = max_norm_is_active, .after_update = max_norm_after_update},
    {.name = "weight_average",
     .is_active = weight_average_is_active,
     .take = weight_average_take,
     .after_step = weight_average_after_step},
};
const int REGULARIZER_COUNT = (int)(sizeof REGULARIZERS / sizeof REGULARIZERS[0]);

_Static_assert(sizeof REGULARIZERS / sizeof REGULARIZERS[0] <= REGULARIZERS_LIMIT,
               "the list of active ones holds them all");

void regularization_take(regularization *r, arena *a, const train_spec *spec, const net *shape,
                         net_work *work, const split *data, size_t batch, bool sampling)
{
    *r = (regularization){.spec = spec, .net = shape, .work = work, .data = data, .batch = batch};
    for (int i = 0; i < REGULARIZER_COUNT; i++) {
        const regularizer *row = &REGULARIZERS[i];
        if (!row->is_active(spec) || (sampling && !row->is_sampled))
            continue;
        r->active[r->n_active++] = row;
        if (row->take)
            row->take(r, a);
    }
}

double regularization_scheduled_rate(const train_spec *spec, double rate, int64_t epoch)
{
    double t = (double)epoch / (double)spec->dropout_schedule_epochs;
    switch ((dropout_schedule)spec->dropout_schedule) {
    case DROPOUT_SCHEDULE_CONSTANT:
        break;
    case DROPOUT_SCHEDULE_LINEAR:
        return t < 1 ? rate * t : rate;
    case DROPOUT_SCHEDULE_EARLY:
        return t < 1 ? rate * (1 - t) : 0;
    case DROPOUT_SCHEDULE_LATE:
        return t < 1 ? 0 : rate;
    case DROPOUT_SCHEDULE_CURRICULUM:
        return rate * (1 - exp(-10 * t));
    }
    return rate;
}

/* The rate as masks see it: quantized to 1/65536 (not for gaussian, which takes no decisions). */
static void set_rate(const train_spec *spec, mask_place *place, double rate)
{
    place->rate = rate;
    place->threshold = rng_threshold(rate);
    double kept = 1 - (double)place->threshold / 65536;
    place->scale = spec->dropout_scaling == DROPOUT_SCALING_CLASSIC ? 1 : (real)(1 / kept);
}

void regularization_start_epoch(regularization *r, int64_t epoch)
{
    for (int i = 0; i <= r->spec->n_hidden; i++) {
        double rate = i ? spec_dropout_rate(r->spec, i - 1) : r->spec->input_dropout;
        set_rate(r->spec, &r->places[i], regularization_scheduled_rate(r->spec, rate, epoch));
    }
}

void regularization_start_step(regularization *r, rng_purpose purpose, uint32_t step,
                               uint32_t first_row, bool training, parallel *p)
{
    r->mask_purpose = purpose;
    r->step = step;
    r->first_row = first_row;
    r->gathers = false;
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i]->on_step)
            r->active[i]->on_step(r, training);
    for (int layer = 0; layer < r->net->n_layers; layer++)
        for (int i = 0; i < r->n_active; i++)
            if (r->active[i]->on_weights)
                r->active[i]->on_weights(r, layer, p);
}

typedef struct batch_job {
    regularization *r;
    const regularizer *row;
} batch_job;

static void batch_part(void *context, int part)
{
    batch_job *j = context;
    net_rows rows = net_group(j->r->work->n, part);
    j->row->on_batch(j->r, rows.first, rows.n);
}

void regularization_apply_batch(regularization *r, parallel *p)
{
    for (int i = 0; i < r->n_active; i++) {
        batch_job j = {r, r->active[i]};
        if (j.row->on_whole_batch)
            j.row->on_whole_batch(r);
        if (j.row->on_batch)
            parallel_run(p, net_groups(r->work->n), batch_part, &j);
    }
}

static void hook_forward(void *context, int layer, net_stage stage, const net_slice *s, real *x)
{
    regularization *r = context;
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i]->on_forward)
            r->active[i]->on_forward(r, layer, stage, s, x);
}

static void hook_backward(void *context, int layer, net_stage stage, const net_slice *s,
                          real *delta)
{
    regularization *r = context;
    for (int i = r->n_active - 1; i >= 0; i--)
        if (r->active[i]->on_backward)
            r->active[i]->on_backward(r, layer, stage, s, delta);
}

static void hook_weight_gradient(void *context, int layer, size_t row, size_t rows, real *gradient)
{
    regularization *r = context;
    for (int i = r->n_active - 1; i >= 0; i--)
        if (r->active[i]->on_weight_gradient)
            r->active[i]->on_weight_gradient(r, layer, row, rows, gradient);
}

static const regularizer *dense_owner(const regularization *r, int layer)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i]->replaces_dense && r->active[i]->replaces_dense(r, layer))
            return r->active[i];
    return NULL;
}

static bool hook_replaces_dense(void *context, int layer)
{
    return dense_owner(context, layer) != NULL;
}

static void hook_dense_forward(void *context, int layer, size_t row, const real *x, real *z)
{
    dense_owner(context, layer)->dense_forward(context, layer, row, x, z);
}

static void hook_dense_backward(void *context, int layer, size_t row, const real *x,
                                const real *delta, real *weight_gradient, real *x_gradient)
{
    dense_owner(context, layer)
        ->dense_backward(context, layer, row, x, delta, weight_gradient, x_gradient);
}

net_hooks regularization_hooks(regularization *r)
{
    net_hooks hooks = {.context = r};
    for (int i = 0; i < r->n_active; i++) {
        const regularizer *row = r->active[i];
        hooks.on_forward = row->on_forward ? hook_forward : hooks.on_forward;
        hooks.on_backward = row->on_backward ? hook_backward : hooks.on_backward;
        hooks.on_weight_gradient =
            row->on_weight_gradient ? hook_weight_gradient : hooks.on_weight_gradient;
        if (row->replaces_dense) {
            hooks.replaces_dense = hook_replaces_dense;
            hooks.dense_forward = hook_dense_forward;
            hooks.dense_backward = hook_dense_backward;
        }
    }
    return hooks;
}

/* Sums over what the penalties apply to: the weight matrices, or all trained parameters. */
double regularization_penalty(const regularization *r, const real *model)
{
    double sum = 0;
    for (int i = 0; i < r->n_active; i++) {
        if (!r->active[i]->penalty)
            continue;
        if (r->spec->penalty_applies_to == PENALTY_ALL)
            sum += r->active[i]->penalty(r->spec, model, r->net->n_trained);
        for (int l = 0; r->spec->penalty_applies_to == PENALTY_WEIGHTS && l < r->net->n_layers;
             l++) {
            const net_layer *layer = &r->net->layers[l];
            sum += r->active[i]->penalty(r->spec, model + layer->weight,
                                         layer->inputs * layer->outputs);
        }
    }
    return sum;
}

bool regularization_defers_update(const train_spec *spec)
{
    return spec->gradient_clip > 0 || spec->gradient_noise > 0;
}

void regularization_add_gradient(const regularization *r, bool is_weight, kernel_update *u)
{
    if (!is_weight && r->spec->penalty_applies_to == PENALTY_WEIGHTS)
        return;
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i]->add_gradient)
            r->active[i]->add_gradient(r->spec, u);
}
