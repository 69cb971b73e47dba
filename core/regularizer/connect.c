/* DropConnect (Wan et al. 2013): masks of the weights into hidden layers. */
#include "core/regularizer/hooks.h"
#include "core/regularizer/mask.h"

#include <string.h>

/* By hidden layer (0-based): the mask of the weights into it has the rate of its units. */
typedef struct connect_mask {
    mask_rate rate; /* in this epoch */
    uint32_t *bits; /* scope element: (batch, words), batch: (1, words); NULL: rate 0 */
    size_t words;   /* of the weights */
    real *weights;  /* scope batch: those that are left */
} connect_mask;

typedef struct drop_connect {
    connect_mask layers[SPEC_LAYERS_LIMIT];
} drop_connect;

static bool is_batch(const regularization *r)
{
    return mask_is_of_batch(r->spec);
}

static bool is_active(const train_spec *spec)
{
    for (int i = 0; i < spec->n_hidden && spec->dropout_kind == DROPOUT_DROPCONNECT; i++)
        if (spec_dropout_rate(spec, i) > 0)
            return true;
    return false;
}

/* keep * (W x) + b */
static void inference(const train_spec *spec, net_inference *out)
{
    for (int i = 0; i < spec->n_hidden; i++)
        out->keep_dense[i] = mask_inference_factor(spec, spec_dropout_rate(spec, i));
}

static void take(void *state, const regularization *r, arena *a)
{
    drop_connect *c = state;
    for (int i = 0; i < r->spec->n_hidden; i++) {
        const net_layer *layer = &r->net->layers[i];
        connect_mask *mask = &c->layers[i];
        size_t n = layer->inputs * layer->outputs;
        if (spec_dropout_rate(r->spec, i) <= 0)
            continue;
        mask->words = (n + 31) / 32;
        mask->bits = arena_take(a, (is_batch(r) ? 1 : r->batch) * mask->words, sizeof(uint32_t));
        mask->weights = is_batch(r) ? arena_take(a, n, sizeof(real)) : NULL;
    }
}

static void on_epoch(void *state, const regularization *r, int64_t epoch)
{
    drop_connect *c = state;
    for (int i = 0; i < r->spec->n_hidden; i++)
        c->layers[i].rate = mask_rate_of(r->spec, spec_dropout_rate(r->spec, i), epoch);
}

static bool is_idle(const drop_connect *c, const regularization *r, int layer)
{
    return layer == r->spec->n_hidden || !c->layers[layer].bits ||
           c->layers[layer].rate.threshold == 0;
}

static void draw(const drop_connect *c, const regularization *r, int layer, uint32_t counter_row,
                 uint32_t *bits)
{
    rng_address address = {rng_key_of(r->spec->seed, r->mask_purpose), counter_row, r->step,
                           (uint32_t)layer + 1};
    const net_layer *shape = &r->net->layers[layer];
    rng_fill_mask(&address, shape->inputs * shape->outputs, c->layers[layer].rate.threshold, bits);
}

/* Scope batch: one mask over the weights, put in their place for the step. */
static void on_weights(void *state, const regularization *r, int layer, parallel *p)
{
    const drop_connect *c = state;
    (void)p; /* one pass over the weights beside the draws, which are sequential in their address */
    if (is_idle(c, r, layer) || !is_batch(r))
        return;
    const connect_mask *mask = &c->layers[layer];
    net_state *step = &r->work->states[layer];
    size_t n = r->net->layers[layer].inputs * r->net->layers[layer].outputs;
    draw(c, r, layer, 0, mask->bits);
    memcpy(mask->weights, step->weights, n * sizeof(real));
    kernel_mask_apply(mask->weights, mask->bits, n, mask->rate.scale, 0, 0);
    step->weights = mask->weights;
}

static void on_weight_gradient(void *state, const regularization *r, int layer, size_t row,
                               size_t rows, real *gradient)
{
    const drop_connect *c = state;
    if (is_idle(c, r, layer) || !is_batch(r))
        return;
    size_t inputs = r->net->layers[layer].inputs, first = row * inputs, n = rows * inputs;
    const uint32_t *bits = c->layers[layer].bits;
    real scale = c->layers[layer].rate.scale;
    for (size_t i = 0; i < n; i++) /* a part may start inside a mask word */
        gradient[i] = bits[(first + i) / 32] >> ((first + i) % 32) & 1 ? gradient[i] * scale : 0;
}

static bool replaces_dense(const void *state, const regularization *r, int layer)
{
    return !is_idle(state, r, layer) && !is_batch(r);
}

static void dense_forward(void *state, const regularization *r, int layer, size_t row,
                          const real *x, real *z)
{
    const drop_connect *c = state;
    const net_layer *shape = &r->net->layers[layer];
    uint32_t *bits = c->layers[layer].bits + row * c->layers[layer].words;
    draw(c, r, layer, r->first_row + (uint32_t)row, bits);
    kernel_connect_forward(r->work->states[layer].weights, bits, x, shape->outputs, shape->inputs,
                           c->layers[layer].rate.scale, z);
}

static void dense_backward(void *state, const regularization *r, int layer, size_t row,
                           const real *x, const real *delta, real *weight_gradient,
                           real *x_gradient)
{
    const drop_connect *c = state;
    const net_layer *shape = &r->net->layers[layer];
    const uint32_t *bits = c->layers[layer].bits + row * c->layers[layer].words;
    kernel_connect_backward(r->work->states[layer].weights, bits, x, delta, shape->outputs,
                            shape->inputs, c->layers[layer].rate.scale, weight_gradient,
                            x_gradient);
}

const regularizer REGULARIZER_DROPCONNECT = {.name = "dropconnect",
                                             .state_bytes = sizeof(drop_connect),
                                             .is_sampled = true,
                                             .is_active = is_active,
                                             .inference = inference,
                                             .take = take,
                                             .on_epoch = on_epoch,
                                             .on_weights = on_weights,
                                             .replaces_dense = replaces_dense,
                                             .dense_forward = dense_forward,
                                             .dense_backward = dense_backward,
                                             .on_weight_gradient = on_weight_gradient};
