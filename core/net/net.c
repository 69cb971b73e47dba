#include "core/net/net.h"

#include "core/math/rng.h"
#include "core/net/tensor.h"

#include <math.h>

enum { PART_WIDTH = 256, PART_ALIGNMENT = 64 };

static void place(net_layer *layer, const tensor *t)
{
    switch (t->kind) {
    case TENSOR_WEIGHT:
        layer->outputs = t->shape[0];
        layer->inputs = t->shape[1];
        layer->weight = t->offset;
        break;
    case TENSOR_BIAS:
        layer->bias = t->offset;
        break;
    case TENSOR_NORM_WEIGHT:
        layer->norm_weight = t->offset;
        break;
    case TENSOR_NORM_BIAS:
        layer->norm_bias = t->offset;
        break;
    case TENSOR_RUNNING_MEAN:
        layer->running_mean = t->offset;
        break;
    case TENSOR_RUNNING_VAR:
        layer->running_var = t->offset;
        break;
    }
}

void net_init(net *n, const train_spec *spec, size_t inputs, size_t outputs, dataset_task task)
{
    *n = (net){.n_layers = spec->n_hidden + 1, .inputs = inputs, .outputs = outputs, .task = task};
    n->activation = spec->activation;
    n->normalization = spec->normalization;
    n->n_trained = tensor_trained_size(spec, inputs, outputs);
    n->n_model = tensor_model_size(spec, inputs, outputs);
    for (int i = 0; i < n->n_layers; i++)
        n->layers[i] =
            (net_layer){0, 0, NET_NONE, NET_NONE, NET_NONE, NET_NONE, NET_NONE, NET_NONE};
    tensor t;
    for (int i = 0; tensor_get(spec, inputs, outputs, i, &t); i++)
        place(&n->layers[t.layer], &t);
    n->widest = inputs;
    for (int i = 0; i < n->n_layers; i++)
        n->widest = n->layers[i].outputs > n->widest ? n->layers[i].outputs : n->widest;
}

static int chosen_initialization(const train_spec *spec)
{
    if (spec->initialization != INITIALIZATION_AUTO)
        return spec->initialization;
    switch (spec->activation) {
    case ACTIVATION_RELU:
    case ACTIVATION_LEAKY_RELU:
    case ACTIVATION_ELU:
    case ACTIVATION_GELU:
    case ACTIVATION_SILU:
        return INITIALIZATION_HE_NORMAL;
    case ACTIVATION_SELU:
        return INITIALIZATION_LECUN_NORMAL;
    default:
        return INITIALIZATION_GLOROT_UNIFORM;
    }
}

static void initialize_weights(int kind, const rng_address *address, const net_layer *layer,
                               real *weights)
{
    enum { CHUNK = 1024 };
    double fan_in = (double)layer->inputs, fan_out = (double)layer->outputs, scale;
    switch (kind) {
    case INITIALIZATION_HE_NORMAL:
        scale = sqrt(2 / fan_in);
        break;
    case INITIALIZATION_HE_UNIFORM:
        scale = sqrt(6 / fan_in);
        break;
    case INITIALIZATION_GLOROT_NORMAL:
        scale = sqrt(2 / (fan_in + fan_out));
        break;
    case INITIALIZATION_GLOROT_UNIFORM:
        scale = sqrt(6 / (fan_in + fan_out));
        break;
    default:
        scale = sqrt(1 / fan_in);
    }
    bool uniform = kind == INITIALIZATION_HE_UNIFORM || kind == INITIALIZATION_GLOROT_UNIFORM;
    size_t n = layer->inputs * layer->outputs;
    float draws[CHUNK];
    for (size_t done = 0; done < n; done += CHUNK) {
        size_t here = n - done < CHUNK ? n - done : CHUNK;
        if (uniform)
            rng_fill_uniform(address, done, here, draws);
        else
            rng_fill_normal(address, done, here, draws);
        for (size_t i = 0; i < here; i++)
            weights[done + i] =
                (real)(scale * (uniform ? 2 * (double)draws[i] - 1 : (double)draws[i]));
    }
}

static void fill(real *x, size_t n, real value)
{
    for (size_t i = 0; i < n; i++)
        x[i] = value;
}

void net_initialize(const net *n, const train_spec *spec, real *model)
{
    fill(model, n->n_model, 0);
    for (int i = 0; i < n->n_layers; i++) {
        const net_layer *layer = &n->layers[i];
        rng_address address = {rng_key_of(spec->seed, RNG_WEIGHTS), 0, 0, (uint32_t)i + 1};
        initialize_weights(chosen_initialization(spec), &address, layer, model + layer->weight);
        if (layer->norm_weight != NET_NONE)
            fill(model + layer->norm_weight, layer->outputs, 1);
        if (layer->running_var != NET_NONE)
            fill(model + layer->running_var, layer->outputs, 1);
    }
}

void net_take_work(const net *n, arena *a, size_t batch, bool backward, net_work *work)
{
    *work = (net_work){0};
    work->input = arena_take(a, batch * n->inputs, sizeof(real));
    work->target = arena_take(a, batch * n->outputs, sizeof(real));
    work->losses = arena_take(a, batch, sizeof(double));
    work->gradient = backward ? arena_take(a, n->n_trained, sizeof(real)) : NULL;
    for (int i = 0; i < n->n_layers; i++) {
        net_state *s = &work->states[i];
        size_t width = n->layers[i].outputs, size = batch * width;
        bool output = i == n->n_layers - 1,
             normalized = !output && n->normalization != NORMALIZATION_NONE;
        s->z = arena_take(a, size, sizeof(real));
        s->out = output ? s->z : arena_take(a, size, sizeof(real));
        s->dense = normalized ? arena_take(a, size, sizeof(real)) : s->z;
        s->delta = backward ? arena_take(a, size, sizeof(real)) : NULL;
        if (!normalized)
            continue;
        s->mean = arena_take(a, width, sizeof(real));
        s->variance = arena_take(a, width, sizeof(real));
        s->inverse_deviation =
            arena_take(a, n->normalization == NORMALIZATION_LAYER ? batch : width, sizeof(real));
    }
}

void net_use_model(const net *n, const real *model, net_work *work)
{
    work->x = work->input;
    work->model = model;
    for (int i = 0; i < n->n_layers; i++) {
        const net_layer *layer = &n->layers[i];
        net_state *s = &work->states[i];
        s->weights = model + layer->weight;
        s->bias = layer->bias == NET_NONE ? NULL : model + layer->bias;
        s->inputs = layer->inputs;
        s->outputs = layer->outputs;
        s->kept_inputs = s->kept_outputs = NULL;
    }
}

int net_groups(size_t n_rows)
{
    return (int)((n_rows + NET_GROUP_ROWS - 1) / NET_GROUP_ROWS);
}

net_rows net_group(size_t n_rows, int i)
{
    size_t first = (size_t)i * NET_GROUP_ROWS, left = n_rows - first;
    return (net_rows){first, left < NET_GROUP_ROWS ? left : NET_GROUP_ROWS};
}

int net_parts(size_t n)
{
    return n < 2 * PART_WIDTH ? 1 : (int)(n / PART_WIDTH);
}

/* Even parts on borders of whole mask words and vectors. */
size_t net_part_start(size_t n, int part)
{
    int parts = net_parts(n);
    if (part == parts)
        return n;
    return n * (size_t)part / (size_t)parts / PART_ALIGNMENT * PART_ALIGNMENT;
}
