#include "core/train/update.h"

#include <math.h>
#include <string.h>

enum {
    BLOCK_ELEMENTS = 16384
}; /* 64 KB of each array: four of them stay in the second-level cache */

static size_t count_squares(const update *u)
{
    return (size_t)u->net->n_layers * (size_t)u->most_parts;
}

/* Where the sum of squares of a part goes. */
static double *squares_of(const update *u, int layer, int part)
{
    return u->squares + (size_t)layer * (size_t)u->most_parts + part;
}

void update_take(update *u, arena *a, const train_spec *spec, const net *shape, net_work *work,
                 regularization *r)
{
    *u = (update){.spec = spec,
                  .net = shape,
                  .work = work,
                  .regularization = r,
                  .rule = &OPTIMIZERS[spec->optimizer]};
    u->is_deferred = r->needs_whole_gradient;
    u->most_parts = 1;
    for (int i = 0; i < shape->n_layers; i++) {
        int n_parts = net_parts(shape->layers[i].outputs);
        u->most_parts = n_parts > u->most_parts ? n_parts : u->most_parts;
    }
    u->squares = arena_take(a, count_squares(u), sizeof *u->squares);
    u->rows = arena_take(a, (size_t)u->most_parts * shape->widest, sizeof(real));
}

void update_start_step(update *u, int64_t step, double rate)
{
    u->weight_step = u->vector_step = optimizer_step(u->spec, step, rate);
    regularization_add_gradient(u->regularization, true, &u->weight_step);
    regularization_add_gradient(u->regularization, false, &u->vector_step);
    memset(u->squares, 0, count_squares(u) * sizeof *u->squares);
}

/* One stretch of the flat arrays from `offset` on. */
static double apply(update *u, const kernel_update *step, size_t offset, size_t n,
                    const real *gradient)
{
    return (double)u->rule->update(step, u->model + offset, gradient,
                                   u->first ? u->first + offset : NULL,
                                   u->second ? u->second + offset : NULL, n);
}

static void before(const update *u, int layer, size_t row, size_t rows, real *gradient)
{
    regularization_on_update(u->regularization, layer, row, rows, gradient);
}

static void after(const update *u, int layer, size_t row, size_t rows)
{
    const net_layer *shape = &u->net->layers[layer];
    regularization_after_update(u->regularization, layer, rows,
                                u->model + shape->weight + row * shape->inputs);
}

/* Rows [row, end) of a weight matrix whose gradient is complete, in blocks that stay in cache. */
static double update_rows(update *u, int layer, size_t row, size_t end)
{
    const net_layer *shape = &u->net->layers[layer];
    size_t block = shape->inputs < BLOCK_ELEMENTS ? BLOCK_ELEMENTS / shape->inputs : 1;
    double squares = 0;
    for (; row < end; row += block) {
        size_t rows = end - row < block ? end - row : block,
               offset = shape->weight + row * shape->inputs;
        real *gradient = u->work->gradient + offset;
        before(u, layer, row, rows, gradient);
        squares += apply(u, &u->weight_step, offset, rows * shape->inputs, gradient);
        after(u, layer, row, rows);
    }
    return squares;
}

/* The same of a gathered layer: compact row `at` belongs to row kept_outputs[at], and every other
 * row has a gradient of zero. */
static double update_gathered_rows(update *u, int layer, size_t row, size_t end, size_t at,
                                   real *spread)
{
    const net_layer *shape = &u->net->layers[layer];
    const net_state *state = &u->work->states[layer];
    double squares = 0;
    for (; row < end; row++) {
        bool computed =
            at < state->outputs && (!state->kept_outputs || state->kept_outputs[at] == row);
        const real *compact = u->work->gradient + shape->weight + at * state->inputs,
                   *gradient = computed ? compact : NULL;
        if (computed && state->kept_inputs) {
            memset(spread, 0, shape->inputs * sizeof *spread);
            kernel_scatter(compact, state->kept_inputs, state->inputs, spread);
            gradient = spread;
        }
        at += computed;
        squares +=
            apply(u, &u->weight_step, shape->weight + row * shape->inputs, shape->inputs, gradient);
        after(u, layer, row, 1);
    }
    return squares;
}

static bool is_gathered(const net_state *state)
{
    return state->kept_inputs || state->kept_outputs;
}

/* Which full rows belong to a part of the step's (perhaps gathered) outputs: those up to the next
 * part's first. */
static size_t first_row(const net *shape, const net_state *state, int layer, int part)
{
    if (!state->kept_outputs)
        return net_part_start(state->outputs, part);
    if (part == 0)
        return 0;
    return part == net_parts(state->outputs)
               ? shape->layers[layer].outputs
               : state->kept_outputs[net_part_start(state->outputs, part)];
}

typedef enum vector_kind {
    VECTOR_BIAS = 1,
    VECTOR_NORM_WEIGHT,
    VECTOR_NORM_BIAS
} vector_kind; /* as on_update has them (core/math/rng.h) */

static size_t vector_offset(const net_layer *shape, vector_kind kind)
{
    return kind == VECTOR_BIAS          ? shape->bias
           : kind == VECTOR_NORM_WEIGHT ? shape->norm_weight
                                        : shape->norm_bias;
}

/* Elements [row, end) of a vector. A gathered bias is spread out first, in the part's row. */
static double update_vector(update *u, int layer, vector_kind kind, size_t row, size_t end,
                            size_t at, real *spread)
{
    const net_state *state = &u->work->states[layer];
    size_t offset = vector_offset(&u->net->layers[layer], kind);
    real *gradient = u->work->gradient + (offset == NET_NONE ? 0 : offset) + row;
    if (offset == NET_NONE || row == end)
        return 0;
    if (kind == VECTOR_BIAS && state->kept_outputs) {
        memset(spread, 0, (end - row) * sizeof *spread);
        for (; at < state->outputs && state->kept_outputs[at] < end; at++)
            spread[state->kept_outputs[at] - row] = u->work->gradient[offset + at];
        gradient = spread;
    }
    return apply(u, &u->vector_step, offset + row, end - row, gradient);
}

static double update_part(update *u, int layer, int part)
{
    const net_state *state = &u->work->states[layer];
    size_t row = first_row(u->net, state, layer, part),
           end = first_row(u->net, state, layer, part + 1);
    size_t at = net_part_start(state->outputs, part);
    real *spread = u->rows + (size_t)part * u->net->widest;
    double squares = is_gathered(state) ? update_gathered_rows(u, layer, row, end, at, spread)
                                        : update_rows(u, layer, row, end);
    for (vector_kind kind = VECTOR_BIAS; kind <= VECTOR_NORM_BIAS; kind++)
        squares += update_vector(u, layer, kind, row, end, at, spread);
    return squares;
}

/* Measures a part's raw gradient (the loss's, and what joins by the weights' signs, in place)
 * without updating. Nothing is gathered then. */
static double measure_part(const update *u, int layer, int part)
{
    const net_layer *shape = &u->net->layers[layer];
    size_t row = net_part_start(shape->outputs, part),
           rows = net_part_start(shape->outputs, part + 1) - row;
    size_t weights = shape->weight + row * shape->inputs;
    real *gradient = u->work->gradient;
    double squares = (double)kernel_add_sign(u->model + weights, gradient + weights,
                                             rows * shape->inputs, u->weight_step.sign);
    for (vector_kind kind = VECTOR_BIAS; kind <= VECTOR_NORM_BIAS; kind++) {
        size_t offset = vector_offset(shape, kind);
        if (offset != NET_NONE)
            squares += (double)kernel_add_sign(u->model + offset + row, gradient + offset + row,
                                               rows, u->vector_step.sign);
    }
    return squares;
}

void update_layer(void *context, int layer, int part)
{
    update *u = context;
    *squares_of(u, layer, part) =
        u->is_deferred ? measure_part(u, layer, part) : update_part(u, layer, part);
}

static void add_norms(update *u)
{
    double total = 0;
    for (int layer = 0; layer < u->net->n_layers; layer++) {
        double sum = 0;
        for (int part = 0; part < u->most_parts; part++)
            sum += *squares_of(u, layer, part);
        u->layer_norms[layer] = sqrt(sum);
        total += sum;
    }
    u->norm = sqrt(total);
}

typedef struct layer_job {
    update *u;
    int layer;
} layer_job;

static void deferred_part(void *context, int part)
{
    const layer_job *j = context;
    update_part(j->u, j->layer, part);
}

/* The vectors' noise is drawn once for the whole vector: before the parts, which share it. */
static void add_vector_noise(update *u, int layer)
{
    const net_layer *shape = &u->net->layers[layer];
    for (vector_kind kind = VECTOR_BIAS; kind <= VECTOR_NORM_BIAS; kind++) {
        size_t offset = vector_offset(shape, kind);
        if (offset != NET_NONE)
            before(u, layer, NET_NONE, (size_t)kind, u->work->gradient + offset);
    }
}

void update_finish_step(update *u, parallel *p)
{
    add_norms(u);
    if (!u->is_deferred)
        return;
    regularization_on_gradient(u->regularization, u->norm, u->work->gradient);
    u->weight_step.sign_is_in = u->vector_step.sign_is_in = true;
    for (int layer = 0; layer < u->net->n_layers; layer++) {
        layer_job j = {u, layer};
        add_vector_noise(u, layer);
        parallel_run(p, net_parts(u->net->layers[layer].outputs), deferred_part, &j);
    }
}
