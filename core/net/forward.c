/* A step forward: products, and for each slice all that is elementwise, normalization, hooks; and
 * the loss. */
#include "core/math/mat.h"
#include "core/net/net.h"

#include <math.h>

/* One layer of one step, for the parts that run in parallel. */
typedef struct forward_job {
    const net *net;
    net_work *work;
    real *model;
    net_mode mode;
    const net_hooks *hooks;
    int layer;
    bool replaced; /* the dense product is the hooks' */
} forward_job;

static const real *input_of(const net_work *work, int layer)
{
    return layer ? work->states[layer - 1].out : work->x;
}

static bool is_output(const net *n, int layer)
{
    return layer == n->n_layers - 1;
}

static void hook_forward(const forward_job *j, net_stage stage, const net_slice *s, real *x)
{
    if (j->hooks && j->hooks->on_forward && !is_output(j->net, j->layer))
        j->hooks->on_forward(j->hooks->context, j->layer, stage, s, x);
}

static void move_running(real *running, const real *batch, size_t n, double factor)
{
    for (size_t i = 0; i < n; i++)
        running[i] = (real)((1 - NET_RUNNING_MOMENTUM) * (double)running[i] +
                            NET_RUNNING_MOMENTUM * factor * (double)batch[i]);
}

/* Columns of a slice by the running statistics: out = gamma * (x - mean) / sqrt(var + eps) + beta;
 * x becomes x-hat. */
static void normalize_by_running(const net_layer *layer, const real *model, const net_slice *s,
                                 real *x, real *out)
{
    for (size_t c = s->column; c < s->column + s->columns; c++) {
        real inverse =
            (real)(1 / sqrt((double)model[layer->running_var + c] + NET_NORMALIZATION_EPSILON));
        real gamma = model[layer->norm_weight + c], beta = model[layer->norm_bias + c],
             mean = model[layer->running_mean + c];
        for (size_t r = s->row; r < s->row + s->rows; r++)
            out[r * s->ld + c] = gamma * (x[r * s->ld + c] - mean) * inverse + beta;
    }
}

static void batch_normalize(const forward_job *j, const net_slice *s)
{
    const net_layer *layer = &j->net->layers[j->layer];
    net_state *state = &j->work->states[j->layer];
    if (j->mode == NET_SAMPLE) {
        normalize_by_running(layer, j->model, s, state->dense, state->z);
        return;
    }
    size_t c = s->column;
    kernel_batch_normalize(state->dense + c, s->ld, s->rows, s->columns,
                           j->model + layer->norm_weight + c, j->model + layer->norm_bias + c,
                           (real)NET_NORMALIZATION_EPSILON, state->mean + c, state->variance + c,
                           state->inverse_deviation + c, state->z + c);
    if (j->mode == NET_PROBE)
        return;
    double unbiased = s->rows > 1 ? (double)s->rows / ((double)s->rows - 1) : 1;
    move_running(j->model + layer->running_mean + c, state->mean + c, s->columns, 1);
    move_running(j->model + layer->running_var + c, state->variance + c, s->columns, unbiased);
}

static void layer_normalize(const forward_job *j, const net_slice *s)
{
    const net_layer *layer = &j->net->layers[j->layer];
    net_state *state = &j->work->states[j->layer];
    for (size_t r = s->row; r < s->row + s->rows; r++)
        state->inverse_deviation[r] = kernel_layer_normalize(
            state->dense + r * s->ld, s->columns, j->model + layer->norm_weight,
            j->model + layer->norm_bias, (real)NET_NORMALIZATION_EPSILON, state->z + r * s->ld);
}

/* Everything after the dense product, on one slice. */
static void finish_slice(const forward_job *j, const net_slice *s)
{
    net_state *state = &j->work->states[j->layer];
    if (state->bias)
        kernel_add_rows(state->dense + s->row * s->ld + s->column, s->ld, s->rows, s->columns,
                        state->bias + s->column);
    if (is_output(j->net, j->layer))
        return;
    hook_forward(j, NET_STAGE_DENSE, s, state->dense);
    if (j->net->normalization == NORMALIZATION_BATCH)
        batch_normalize(j, s);
    else if (j->net->normalization == NORMALIZATION_LAYER)
        layer_normalize(j, s);
    bool whole_rows = s->columns == s->ld;
    size_t n_calls = whole_rows ? 1 : s->rows, n = whole_rows ? s->rows * s->columns : s->columns;
    for (size_t i = 0; i < n_calls; i++) {
        size_t at = (s->row + i) * s->ld + s->column;
        kernel_activate(j->net->activation, state->z + at, state->out + at, n);
    }
    hook_forward(j, NET_STAGE_OUTPUT, s, state->out);
}

static bool by_rows(const forward_job *j)
{
    return j->replaced ||
           (j->net->normalization == NORMALIZATION_LAYER && !is_output(j->net, j->layer));
}

static void forward_columns(void *context, int part)
{
    const forward_job *j = context;
    net_state *state = &j->work->states[j->layer];
    size_t start = net_part_start(state->outputs, part),
           width = net_part_start(state->outputs, part + 1) - start;
    if (width == 0)
        return;
    if (!j->replaced)
        mat_multiply(false, true, j->work->n, width, state->inputs, input_of(j->work, j->layer),
                     state->inputs, state->weights + start * state->inputs, state->inputs, 0,
                     state->dense + start, state->outputs);
    if (!by_rows(j))
        finish_slice(j, &(net_slice){0, j->work->n, start, width, state->outputs});
}

static void forward_rows(void *context, int part)
{
    const forward_job *j = context;
    net_state *state = &j->work->states[j->layer];
    net_rows rows = net_group(j->work->n, part);
    net_slice s = {rows.first, rows.n, 0, state->outputs, state->outputs};
    for (size_t r = s.row; j->replaced && r < s.row + s.rows; r++)
        j->hooks->dense_forward(j->hooks->context, j->layer, r,
                                input_of(j->work, j->layer) + r * state->inputs,
                                state->dense + r * state->outputs);
    if (by_rows(j) &&
        !(j->net->normalization == NORMALIZATION_BATCH && !is_output(j->net, j->layer)))
        finish_slice(j, &s);
}

void net_forward(const net *n, net_work *work, real *model, net_mode mode, const net_hooks *hooks,
                 parallel *p)
{
    forward_job j = {.net = n, .work = work, .model = model, .mode = mode, .hooks = hooks};
    for (j.layer = 0; j.layer < n->n_layers; j.layer++) {
        size_t outputs = work->states[j.layer].outputs;
        j.replaced =
            hooks && hooks->replaces_dense && hooks->replaces_dense(hooks->context, j.layer);
        if (outputs == 0) /* every unit was dropped: the next product is empty */
            continue;
        if (!j.replaced)
            parallel_run(p, net_parts(outputs), forward_columns, &j);
        if (by_rows(&j))
            parallel_run(p, net_groups(work->n), forward_rows, &j);
        if (j.replaced && n->normalization == NORMALIZATION_BATCH && !is_output(n, j.layer))
            finish_slice(&j, &(net_slice){0, work->n, 0, outputs, outputs});
    }
}

static void squared_errors(const net *n, net_work *work, bool gradient)
{
    const net_state *output = &work->states[n->n_layers - 1];
    double outputs = (double)n->outputs, factor = 2 / ((double)work->n * outputs);
    for (size_t r = 0; r < work->n; r++) {
        double sum = 0;
        for (size_t j = r * n->outputs; j < (r + 1) * n->outputs; j++) {
            double error = (double)output->out[j] - (double)work->target[j];
            sum += error * error;
            if (gradient)
                output->delta[j] = (real)(factor * error);
        }
        work->losses[r] = sum / outputs;
    }
}

void net_loss(const net *n, net_work *work, bool gradient)
{
    net_state *output = &work->states[n->n_layers - 1];
    if (n->task == TASK_REGRESSION) {
        squared_errors(n, work, gradient);
        return;
    }
    kernel_softmax(output->out, work->n, n->outputs, work->target, work->losses);
    real factor = 1 / (real)work->n;
    for (size_t i = 0; gradient && i < work->n * n->outputs; i++)
        output->delta[i] = (output->out[i] - work->target[i]) * factor;
}
