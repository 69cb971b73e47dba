/* The same step back: gradients of what each layer was given, and of its parameters. */
#include "core/math/mat.h"
#include "core/net/net.h"

#include <string.h>

typedef struct backward_job {
    const net *net;
    net_work *work;
    const net_hooks *hooks;
    int layer;
    bool replaced;
    const real *model;
    net_layer_done *done;
    void *context;
} backward_job;

static bool is_output(const net *n, int layer)
{
    return layer == n->n_layers - 1;
}

static void hook_backward(const backward_job *j, int layer, net_stage stage, const net_slice *s)
{
    if (j->hooks && j->hooks->on_backward)
        j->hooks->on_backward(j->hooks->context, layer, stage, s, j->work->states[layer].delta);
}

static void activation_backward(const backward_job *j, int layer, const net_slice *s)
{
    net_state *state = &j->work->states[layer];
    bool whole_rows = s->columns == s->ld;
    size_t n_calls = whole_rows ? 1 : s->rows, n = whole_rows ? s->rows * s->columns : s->columns;
    for (size_t i = 0; i < n_calls; i++) {
        size_t at = (s->row + i) * s->ld + s->column;
        kernel_activate_backward(j->net->activation, state->z + at, state->delta + at, n);
    }
}

/* From the gradient of what a hidden layer hands on to that of its dense product, on columns. Layer
 * normalization mixes columns: its own part follows by rows. */
static void elementwise_backward(const backward_job *j, int layer, const net_slice *s)
{
    const net_layer *shape = &j->net->layers[layer];
    net_state *state = &j->work->states[layer];
    real *gradient = j->work->gradient;
    size_t c = s->column;
    hook_backward(j, layer, NET_STAGE_OUTPUT, s);
    activation_backward(j, layer, s);
    if (j->net->normalization == NORMALIZATION_BATCH)
        kernel_batch_normalize_backward(
            state->delta + c, state->dense + c, s->ld, s->rows, s->columns,
            j->model + shape->norm_weight + c, state->inverse_deviation + c,
            gradient + shape->norm_weight + c, gradient + shape->norm_bias + c);
    else if (j->net->normalization == NORMALIZATION_LAYER) {
        kernel_sum_products(state->delta + c, state->dense + c, s->ld, s->rows, s->columns,
                            gradient + shape->norm_weight + c);
        kernel_sum_rows(state->delta + c, s->ld, s->rows, s->columns,
                        gradient + shape->norm_bias + c);
        return;
    }
    hook_backward(j, layer, NET_STAGE_DENSE, s);
}

static void layer_norm_rows(void *context, int part)
{
    const backward_job *j = context;
    net_state *state = &j->work->states[j->layer];
    net_rows rows = net_group(j->work->n, part);
    size_t n = state->outputs;
    net_slice s = {rows.first, rows.n, 0, n, n};
    for (size_t r = s.row; r < s.row + s.rows; r++)
        kernel_layer_normalize_backward(state->delta + r * n, state->dense + r * n, n,
                                        j->model + j->net->layers[j->layer].norm_weight,
                                        state->inverse_deviation[r]);
    hook_backward(j, j->layer, NET_STAGE_DENSE, &s);
}

/* Columns of the gradient of the layer's input, and on to the dense product of the layer below. */
static void input_gradient(void *context, int part)
{
    const backward_job *j = context;
    net_state *state = &j->work->states[j->layer], *below = &j->work->states[j->layer - 1];
    size_t start = net_part_start(state->inputs, part),
           width = net_part_start(state->inputs, part + 1) - start;
    if (width == 0)
        return;
    if (!j->replaced)
        mat_multiply(false, false, j->work->n, width, state->outputs, state->delta, state->outputs,
                     state->weights + start, state->inputs, 0, below->delta + start, state->inputs);
    elementwise_backward(j, j->layer - 1, &(net_slice){0, j->work->n, start, width, state->inputs});
}

static void weight_gradient(void *context, int part)
{
    const backward_job *j = context;
    net_state *state = &j->work->states[j->layer];
    const net_layer *shape = &j->net->layers[j->layer];
    const real *x = j->layer ? j->work->states[j->layer - 1].out : j->work->x;
    size_t start = net_part_start(state->outputs, part),
           rows = net_part_start(state->outputs, part + 1) - start;
    real *gradient = j->work->gradient + shape->weight + start * state->inputs;
    if (rows > 0 && state->bias)
        kernel_sum_rows(state->delta + start, state->outputs, j->work->n, rows,
                        j->work->gradient + shape->bias + start);
    if (rows > 0 && state->inputs > 0 && !j->replaced)
        mat_multiply(true, false, rows, state->inputs, j->work->n, state->delta + start,
                     state->outputs, x, state->inputs, 0, gradient, state->inputs);
    if (rows > 0 && j->hooks && j->hooks->on_weight_gradient)
        j->hooks->on_weight_gradient(j->hooks->context, j->layer, start, rows, gradient);
    if (j->done)
        j->done(j->context, j->layer, part);
}

/* A dense product of the hooks' own: its two gradients come together, row by row, into sums that
 * parts cannot share. */
static void replaced_backward(const backward_job *j)
{
    net_state *state = &j->work->states[j->layer];
    const net_layer *shape = &j->net->layers[j->layer];
    const real *x = j->layer ? j->work->states[j->layer - 1].out : j->work->x;
    real *below = j->layer ? j->work->states[j->layer - 1].delta : NULL;
    memset(j->work->gradient + shape->weight, 0, shape->inputs * shape->outputs * sizeof(real));
    if (below)
        memset(below, 0, j->work->n * state->inputs * sizeof *below);
    for (size_t r = 0; r < j->work->n; r++)
        j->hooks->dense_backward(j->hooks->context, j->layer, r, x + r * state->inputs,
                                 state->delta + r * state->outputs,
                                 j->work->gradient + shape->weight,
                                 below ? below + r * state->inputs : NULL);
}

void net_backward(const net *n, net_work *work, const net_hooks *hooks, parallel *p,
                  net_layer_done *done, void *context)
{
    backward_job j = {.net = n,
                      .work = work,
                      .model = work->model,
                      .hooks = hooks,
                      .done = done,
                      .context = context};
    for (j.layer = n->n_layers - 1; j.layer >= 0; j.layer--) {
        net_state *state = &work->states[j.layer];
        j.replaced =
            hooks && hooks->replaces_dense && hooks->replaces_dense(hooks->context, j.layer);
        if (n->normalization == NORMALIZATION_LAYER && !is_output(n, j.layer))
            parallel_run(p, net_groups(work->n), layer_norm_rows, &j);
        if (j.replaced)
            replaced_backward(&j);
        if (j.layer > 0 && state->inputs > 0)
            parallel_run(p, net_parts(state->inputs), input_gradient, &j);
        parallel_run(p, net_parts(state->outputs), weight_gradient, &j);
    }
}
