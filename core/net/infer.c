#include "core/net/infer.h"

#include "core/math/mat.h"

#include <math.h>

typedef struct infer_job {
    const net *net;
    const net_inference *inference;
    int layer;
    size_t rows;
    const real *x;
    real *out;
} infer_job;

void net_take_scratch(const net *n, arena *a, size_t rows, net_scratch *scratch)
{
    scratch->rows = rows;
    scratch->a = arena_take(a, rows * n->widest, sizeof(real));
    scratch->b = arena_take(a, rows * n->widest, sizeof(real));
}

static bool is_output(const infer_job *j)
{
    return j->layer == j->net->n_layers - 1;
}

/* scale and shift fold mean, variance, gamma and beta of the running statistics into one
 * multiplication and one addition. */
static void batch_normalize(const infer_job *j, size_t column, size_t columns, size_t ld)
{
    const net_layer *layer = &j->net->layers[j->layer];
    const real *model = j->inference->model;
    for (size_t c = column; c < column + columns; c++) {
        real inverse =
            (real)(1 / sqrt((double)model[layer->running_var + c] + NET_NORMALIZATION_EPSILON));
        real scale = model[layer->norm_weight + c] * inverse, mean = model[layer->running_mean + c],
             beta = model[layer->norm_bias + c];
        for (size_t r = 0; r < j->rows; r++)
            j->out[r * ld + c] = (j->out[r * ld + c] - mean) * scale + beta;
    }
}

static void activate(const infer_job *j, size_t row, size_t rows, size_t column, size_t columns,
                     size_t ld)
{
    bool whole_rows = columns == ld;
    size_t n_calls = whole_rows ? 1 : rows, n = whole_rows ? rows * columns : columns;
    for (size_t i = 0; i < n_calls; i++) {
        real *x = j->out + (row + i) * ld + column;
        kernel_activate_only(j->net->activation, x, x, n);
    }
}

static void infer_columns(void *context, int part)
{
    const infer_job *j = context;
    const net_layer *layer = &j->net->layers[j->layer];
    const real *model = j->inference->model;
    size_t ld = layer->outputs, start = net_part_start(ld, part),
           width = net_part_start(ld, part + 1) - start;
    real *out = j->out + start;
    mat_multiply(false, true, j->rows, width, layer->inputs, j->x, layer->inputs,
                 model + layer->weight + start * layer->inputs, layer->inputs, 0, out, ld);
    double keep_dense = j->inference->keep_dense[j->layer],
           keep_before = j->inference->keep_before_normalization[j->layer];
    for (size_t r = 0; keep_dense < 1 && r < j->rows; r++)
        kernel_scale(out + r * ld, width, (real)keep_dense);
    if (layer->bias != NET_NONE)
        kernel_add_rows(out, ld, j->rows, width, model + layer->bias + start);
    if (is_output(j))
        return;
    for (size_t r = 0; keep_before < 1 && r < j->rows; r++)
        kernel_scale(out + r * ld, width, (real)keep_before);
    if (j->net->normalization == NORMALIZATION_LAYER)
        return;
    if (j->net->normalization == NORMALIZATION_BATCH)
        batch_normalize(j, start, width, ld);
    activate(j, 0, j->rows, start, width, ld);
}

static void infer_rows(void *context, int part)
{
    const infer_job *j = context;
    const net_layer *layer = &j->net->layers[j->layer];
    const real *model = j->inference->model;
    net_rows rows = net_group(j->rows, part);
    size_t n = layer->outputs;
    for (size_t r = rows.first; r < rows.first + rows.n; r++) {
        real *x = j->out + r * n;
        kernel_layer_normalize_only(x, n, model + layer->norm_weight, model + layer->norm_bias,
                                    (real)NET_NORMALIZATION_EPSILON);
    }
    activate(j, rows.first, rows.n, 0, n, n);
}

const real *net_infer(const net *n, const net_inference *inference, real *x, size_t rows,
                      net_scratch *scratch, parallel *p)
{
    infer_job j = {.net = n, .inference = inference, .rows = rows, .x = x};
    if (inference->keep[0] < 1)
        kernel_scale(x, rows * n->inputs, (real)inference->keep[0]);
    for (j.layer = 0; j.layer < n->n_layers; j.layer++) {
        j.out = j.x == scratch->a ? scratch->b : scratch->a;
        parallel_run(p, net_parts(n->layers[j.layer].outputs), infer_columns, &j);
        if (!is_output(&j) && n->normalization == NORMALIZATION_LAYER)
            parallel_run(p, net_groups(rows), infer_rows, &j);
        if (inference->observe)
            inference->observe(inference->context, j.layer, j.out, rows);
        if (!is_output(&j) && inference->keep[j.layer + 1] < 1)
            kernel_scale(j.out, rows * n->layers[j.layer].outputs,
                         (real)inference->keep[j.layer + 1]);
        j.x = j.out;
    }
    if (n->task == TASK_CLASSIFICATION)
        kernel_softmax(j.out, rows, n->outputs, NULL, NULL);
    return j.out;
}
