#include "core/net/thin.h"

#include <assert.h>
#include <string.h>

void thin_net_take(thin_net *t, arena *a, const net *whole)
{
    assert(whole->n_layers > 1);
    const net_layer *first = &whole->layers[0];
    *t = (thin_net){.whole = whole};
    t->model = arena_take(a, whole->n_model - first->inputs * first->outputs, sizeof(real));
}

/* Whether all units of hidden layer i of the whole net are computed. */
static bool is_whole(const thin_net *t, int i)
{
    return i == t->whole->n_layers - 1 || (i > 0 && t->whole->normalization == NORMALIZATION_LAYER);
}

static size_t columns_of(const thin_layer *kept)
{
    return kept->n ? kept->n : 1;
}

static size_t width_of(const thin_net *t, const thin_layer *kept, int i)
{
    return is_whole(t, i) ? t->whole->layers[i].outputs : columns_of(&kept[i]);
}

static size_t place(size_t *at, size_t whole_offset, size_t n)
{
    size_t offset = *at;
    if (whole_offset == NET_NONE)
        return NET_NONE;
    *at += n;
    return offset;
}

/* The shape of layer i of the whole net, which is the smaller one's layer i - 1; its parameters lie
 * from *at on. */
static net_layer layer_of(const thin_net *t, const thin_layer *kept, int i, size_t *at)
{
    const net_layer *whole = &t->whole->layers[i];
    net_layer layer = {.inputs = width_of(t, kept, i - 1), .outputs = width_of(t, kept, i)};
    layer.weight = place(at, whole->weight, layer.inputs * layer.outputs);
    layer.bias = place(at, whole->bias, layer.outputs);
    layer.norm_weight = place(at, whole->norm_weight, layer.outputs);
    layer.norm_bias = place(at, whole->norm_bias, layer.outputs);
    layer.running_mean = place(at, whole->running_mean, layer.outputs);
    layer.running_var = place(at, whole->running_var, layer.outputs);
    return layer;
}

static void set_shape(thin_net *t, const thin_layer *kept)
{
    const net *whole = t->whole;
    size_t at = 0;
    t->net = (net){.n_layers = whole->n_layers - 1,
                   .inputs = columns_of(&kept[0]),
                   .outputs = whole->outputs,
                   .activation = whole->activation,
                   .normalization = whole->normalization,
                   .task = TASK_REGRESSION};
    for (int i = 1; i < whole->n_layers; i++)
        t->net.layers[i - 1] = layer_of(t, kept, i, &at);
    t->net.n_model = at;
    t->net.widest = whole->widest;
}

/* One row of layer i's weights, times `scale`, of those inputs that stay. */
static void copy_row(const thin_net *t, const thin_layer *inputs, int i, const real *row,
                     real scale, real *out)
{
    size_t n = t->net.layers[i - 1].inputs;
    if (n != inputs->n) { /* zeros are left: where units are out, or in place of all */
        memset(out, 0, n * sizeof *out);
        for (size_t j = 0; j < inputs->n; j++)
            out[inputs->units[j]] = scale * row[inputs->units[j]];
        return;
    }
    kernel_gather(row, inputs->units, n, out);
    kernel_scale(out, n, scale);
}

static void copy_vector(const thin_net *t, const thin_layer *outputs, const real *model,
                        size_t whole_offset, size_t offset, size_t n)
{
    for (size_t u = 0; offset != NET_NONE && u < n; u++)
        t->model[offset + u] = model[whole_offset + (outputs ? outputs->units[u] : u)];
}

static void copy_layer(const thin_net *t, const real *model, const thin_layer *kept, int i,
                       real scale)
{
    const net_layer *whole = &t->whole->layers[i], *thin = &t->net.layers[i - 1];
    const thin_layer *outputs = is_whole(t, i) ? NULL : &kept[i];
    for (size_t u = 0; u < thin->outputs; u++)
        copy_row(t, &kept[i - 1], i,
                 model + whole->weight + (outputs ? outputs->units[u] : u) * whole->inputs, scale,
                 t->model + thin->weight + u * thin->inputs);
    copy_vector(t, outputs, model, whole->bias, thin->bias, thin->outputs);
    copy_vector(t, outputs, model, whole->norm_weight, thin->norm_weight, thin->outputs);
    copy_vector(t, outputs, model, whole->norm_bias, thin->norm_bias, thin->outputs);
    copy_vector(t, outputs, model, whole->running_mean, thin->running_mean, thin->outputs);
    copy_vector(t, outputs, model, whole->running_var, thin->running_var, thin->outputs);
}

/* What the first hidden layer was to hand on is scaled in the weights behind it. */
static void set_inference(thin_net *t, const net_inference *full)
{
    t->inference = *full;
    t->inference.model = t->model;
    t->inference.observe = NULL;
    t->inference.keep[0] = 1;
    for (int i = 0; i < t->net.n_layers; i++) {
        if (i > 0)
            t->inference.keep[i] = full->keep[i + 1];
        t->inference.keep_dense[i] = full->keep_dense[i + 1];
        t->inference.keep_before_normalization[i] = full->keep_before_normalization[i + 1];
    }
}

void thin_net_set(thin_net *t, const net_inference *full, const thin_layer *kept, double scale)
{
    set_shape(t, kept);
    set_inference(t, full);
    for (int i = 1; i < t->whole->n_layers; i++)
        copy_layer(t, full->model, kept, i, (real)(i == 1 ? scale * full->keep[1] : scale));
}

void thin_net_gather(const thin_layer *kept, const real *x, size_t units, size_t rows, real *out)
{
    size_t n = columns_of(kept);
    for (size_t r = 0; r < rows; r++)
        kernel_gather(x + r * units, kept->units, n, out + r * n);
}
