#include "core/regularizer/survivors.h"

#include <string.h>

/* Whether the layer's products change: units are dropped before it or of it. */
static bool is_next_to(int layer, const net *shape, const bool *drops)
{
    return drops[layer] || (layer + 1 < shape->n_layers && drops[layer + 1]);
}

void survivors_take(survivors *s, arena *a, const net *shape, size_t batch, const bool *drops)
{
    for (int i = 0; i < shape->n_layers; i++)
        if (drops[i]) {
            size_t width = i ? shape->layers[i - 1].outputs : shape->inputs;
            s->places[i].units = arena_take(a, width, sizeof(uint32_t));
        }
    if (drops[0])
        s->input = arena_take(a, batch * shape->inputs, sizeof(real));
    for (int i = 0; i < shape->n_layers; i++) {
        const net_layer *layer = &shape->layers[i];
        if (!is_next_to(i, shape, drops))
            continue;
        s->weights[i] = arena_take(a, layer->inputs * layer->outputs, sizeof(real));
        s->bias[i] = arena_take(a, layer->outputs, sizeof(real));
    }
}

void survivors_start(survivors *s)
{
    for (int i = 0; i < SPEC_ALL_LAYERS_LIMIT; i++)
        s->places[i].is_listed = false;
}

void survivors_list(survivors *s, int place, const uint32_t *bits, size_t width)
{
    uint32_t *units = s->places[place].units;
    size_t n = 0;
    for (uint32_t u = 0; u < width; u++)
        if (bits[u / 32] >> (u % 32) & 1)
            units[n++] = u;
    s->places[place].n = n;
    s->places[place].is_listed = true;
}

/* The units of a place that are left, and their number in *n; NULL: all of them. */
static const uint32_t *units_of(const survivors *s, int place, size_t *n)
{
    if (place == SPEC_ALL_LAYERS_LIMIT || !s->places[place].is_listed)
        return NULL;
    *n = s->places[place].n;
    return s->places[place].units;
}

typedef struct gather_job {
    const real *from, *bias;
    real *to, *to_bias;
    size_t ld, n_inputs, n_outputs;
    const uint32_t *inputs, *outputs;
} gather_job;

static void gather_rows(void *context, int part)
{
    const gather_job *j = context;
    size_t end = net_part_start(j->n_outputs, part + 1);
    for (size_t o = net_part_start(j->n_outputs, part); o < end; o++) {
        size_t row = j->outputs ? j->outputs[o] : o;
        const real *from = j->from + row * j->ld;
        if (j->inputs)
            kernel_gather(from, j->inputs, j->n_inputs, j->to + o * j->n_inputs);
        else
            memcpy(j->to + o * j->n_inputs, from, j->n_inputs * sizeof(real));
        if (j->bias)
            j->to_bias[o] = j->bias[row];
    }
}

void survivors_put_weights(const survivors *s, int layer, net_work *work, parallel *p)
{
    net_state *state = &work->states[layer];
    gather_job j = {.from = state->weights,
                    .bias = state->bias,
                    .to = s->weights[layer],
                    .to_bias = s->bias[layer],
                    .ld = state->inputs,
                    .n_inputs = state->inputs,
                    .n_outputs = state->outputs};
    j.inputs = units_of(s, layer, &j.n_inputs);
    j.outputs = units_of(s, layer + 1, &j.n_outputs);
    if (!j.inputs && !j.outputs)
        return;
    parallel_run(p, net_parts(j.n_outputs), gather_rows, &j);
    state->weights = j.to;
    state->bias = state->bias ? j.to_bias : NULL;
    state->inputs = j.n_inputs;
    state->outputs = j.n_outputs;
    state->kept_inputs = j.inputs;
    state->kept_outputs = j.outputs;
    if (layer == 0 && j.inputs)
        work->x = s->input;
}

void survivors_put_input(const survivors *s, const net_work *work, size_t width, size_t row,
                         size_t rows)
{
    size_t n = s->places[0].n;
    for (size_t k = row; k < row + rows; k++)
        kernel_gather(work->input + k * width, s->places[0].units, n, s->input + k * n);
}
