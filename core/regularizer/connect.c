#include "core/regularizer/internal.h"

#include <string.h>

/* Mask i + 1 belongs to the weights INTO hidden layer i (0-based), as its dropout rate does. */
static const mask_place *place_of(const regularization *r, int layer)
{
    return &r->places[layer + 1];
}

static bool is_batch(const regularization *r)
{
    return r->spec->dropout_scope == DROPOUT_SCOPE_BATCH;
}

bool connect_is_active(const train_spec *spec)
{
    for (int i = 0; i < spec->n_hidden && spec->dropout_kind == DROPOUT_DROPCONNECT; i++)
        if (spec_dropout_rate(spec, i) > 0)
            return true;
    return false;
}

void connect_take(regularization *r, arena *a)
{
    for (int i = 0; i < r->spec->n_hidden; i++) {
        const net_layer *layer = &r->net->layers[i];
        size_t n = layer->inputs * layer->outputs;
        if (spec_dropout_rate(r->spec, i) <= 0)
            continue;
        r->connect_words[i] = (n + 31) / 32;
        r->connect_bits[i] =
            arena_take(a, (is_batch(r) ? 1 : r->batch) * r->connect_words[i], sizeof(uint32_t));
        r->connected_weights[i] = is_batch(r) ? arena_take(a, n, sizeof(real)) : NULL;
    }
}

static bool is_idle(const regularization *r, int layer)
{
    return layer == r->spec->n_hidden || !r->connect_bits[layer] ||
           place_of(r, layer)->threshold == 0;
}

static void draw(const regularization *r, int layer, uint32_t counter_row, uint32_t *bits)
{
    rng_address address = {rng_key_of(r->spec->seed, r->mask_purpose), counter_row, r->step,
                           (uint32_t)layer + 1};
    const net_layer *shape = &r->net->layers[layer];
    rng_fill_mask(&address, shape->inputs * shape->outputs, place_of(r, layer)->threshold, bits);
}

/* Scope batch: one mask over the weights, put in their place for the step. */
void connect_on_weights(regularization *r, int layer, parallel *p)
{
    (void)p; /* one pass over the weights beside the draws, which are sequential in their address */
    if (is_idle(r, layer) || !is_batch(r))
        return;
    net_state *state = &r->work->states[layer];
    size_t n = r->net->layers[layer].inputs * r->net->layers[layer].outputs;
    draw(r, layer, 0, r->connect_bits[layer]);
    memcpy(r->connected_weights[layer], state->weights, n * sizeof(real));
    kernel_mask_apply(r->connected_weights[layer], r->connect_bits[layer], n,
                      place_of(r, layer)->scale, 0, 0);
    state->weights = r->connected_weights[layer];
}

void connect_on_weight_gradient(regularization *r, int layer, size_t row, size_t rows,
                                real *gradient)
{
    if (is_idle(r, layer) || !is_batch(r))
        return;
    size_t inputs = r->net->layers[layer].inputs, first = row * inputs, n = rows * inputs;
    const uint32_t *bits = r->connect_bits[layer];
    real scale = place_of(r, layer)->scale;
    for (size_t i = 0; i < n; i++) /* a part may start inside a mask word */
        gradient[i] = bits[(first + i) / 32] >> ((first + i) % 32) & 1 ? gradient[i] * scale : 0;
}

bool connect_replaces_dense(const regularization *r, int layer)
{
    return !is_idle(r, layer) && !is_batch(r);
}

void connect_dense_forward(regularization *r, int layer, size_t row, const real *x, real *z)
{
    const net_layer *shape = &r->net->layers[layer];
    uint32_t *bits = r->connect_bits[layer] + row * r->connect_words[layer];
    draw(r, layer, r->first_row + (uint32_t)row, bits);
    kernel_connect_forward(r->work->states[layer].weights, bits, x, shape->outputs, shape->inputs,
                           place_of(r, layer)->scale, z);
}

void connect_dense_backward(regularization *r, int layer, size_t row, const real *x,
                            const real *delta, real *weight_gradient, real *x_gradient)
{
    const net_layer *shape = &r->net->layers[layer];
    const uint32_t *bits = r->connect_bits[layer] + row * r->connect_words[layer];
    kernel_connect_backward(r->work->states[layer].weights, bits, x, delta, shape->outputs,
                            shape->inputs, place_of(r, layer)->scale, weight_gradient, x_gradient);
}
