/* Additive Gaussian noise (Bishop 1995, Neelakantan et al. 2015): on inputs, weights, activations
 * and the gradient. */
#include "core/regularizer/hooks.h"

enum { CHUNK = 256 };

static rng_address address_of(const regularization *r, rng_purpose purpose, uint32_t row, int layer)
{
    return (rng_address){rng_key_of(r->spec->seed, purpose), row, r->step, (uint32_t)layer};
}

/* to[j] = from[j] + deviation * normal number first + j of the address. */
static void add_normals(const rng_address *address, size_t first, size_t n, double deviation,
                        const real *from, real *to)
{
    float normals[CHUNK];
    for (size_t done = 0; done < n; done += CHUNK) {
        size_t here = n - done < CHUNK ? n - done : CHUNK;
        rng_fill_normal(address, first + done, here, normals);
        for (size_t j = 0; j < here; j++)
            to[done + j] = (real)((double)from[done + j] + deviation * (double)normals[j]);
    }
}

/* ---- inputs ---- */

static bool input_is_active(const train_spec *spec)
{
    return spec->input_noise > 0;
}

static void input_on_batch(void *state, const regularization *r, size_t row, size_t rows)
{
    size_t n = r->net->inputs;
    (void)state;
    for (size_t k = row; k < row + rows; k++) {
        rng_address address = address_of(r, RNG_INPUT_NOISE, r->first_row + (uint32_t)k, 0);
        add_normals(&address, 0, n, r->spec->input_noise, r->work->input + k * n,
                    r->work->input + k * n);
    }
}

const regularizer REGULARIZER_INPUT_NOISE = {
    .name = "input_noise", .is_active = input_is_active, .on_batch = input_on_batch};

/* ---- weights ---- */

typedef struct weight_noise {
    real *weights[SPEC_ALL_LAYERS_LIMIT]; /* noisy, like the layer's */
} weight_noise;

static bool weight_is_active(const train_spec *spec)
{
    return spec->weight_noise > 0;
}

static void weight_take(void *state, const regularization *r, arena *a)
{
    weight_noise *noise = state;
    for (int i = 0; i < r->net->n_layers; i++)
        noise->weights[i] =
            arena_take(a, r->net->layers[i].inputs * r->net->layers[i].outputs, sizeof(real));
}

typedef struct weight_job {
    const regularization *r;
    int layer;
    const real *from;
    real *to;
} weight_job;

static void noisy_part(void *context, int part)
{
    const weight_job *j = context;
    const net_layer *layer = &j->r->net->layers[j->layer];
    size_t first = net_part_start(layer->outputs, part) * layer->inputs,
           end = net_part_start(layer->outputs, part + 1) * layer->inputs;
    rng_address address = address_of(j->r, RNG_WEIGHT_NOISE, 0, j->layer + 1);
    add_normals(&address, first, end - first, j->r->spec->weight_noise, j->from + first,
                j->to + first);
}

static void weight_on_weights(void *state, const regularization *r, int layer, parallel *p)
{
    const weight_noise *noise = state;
    net_state *step = &r->work->states[layer];
    weight_job j = {r, layer, step->weights, noise->weights[layer]};
    parallel_run(p, net_parts(r->net->layers[layer].outputs), noisy_part, &j);
    step->weights = j.to;
}

const regularizer REGULARIZER_WEIGHT_NOISE = {.name = "weight_noise",
                                              .state_bytes = sizeof(weight_noise),
                                              .is_active = weight_is_active,
                                              .take = weight_take,
                                              .on_weights = weight_on_weights};

/* ---- activations ---- */

static bool activation_is_active(const train_spec *spec)
{
    return spec->n_hidden > 0 && spec->activation_noise > 0;
}

/* Survivors of a gathered layer keep the numbers of their own unit. */
static void add_to_gathered(const regularization *r, const rng_address *address,
                            const uint32_t *kept, const net_slice *s, real *x)
{
    for (size_t j = 0; j < s->columns; j++)
        add_normals(address, kept[s->column + j], 1, r->spec->activation_noise, x + j, x + j);
}

static void activation_on_forward(void *state, const regularization *r, int layer, net_stage stage,
                                  const net_slice *s, real *x)
{
    (void)state;
    if (stage != NET_STAGE_OUTPUT)
        return;
    const uint32_t *kept = r->work->states[layer].kept_outputs;
    for (size_t k = s->row; k < s->row + s->rows; k++) {
        rng_address address =
            address_of(r, RNG_ACTIVATION_NOISE, r->first_row + (uint32_t)k, layer + 1);
        real *row = x + k * s->ld + s->column;
        if (kept)
            add_to_gathered(r, &address, kept, s, row);
        else
            add_normals(&address, s->column, s->columns, r->spec->activation_noise, row, row);
    }
}

const regularizer REGULARIZER_ACTIVATION_NOISE = {.name = "activation_noise",
                                                  .is_active = activation_is_active,
                                                  .on_forward = activation_on_forward};

/* ---- the gradient ---- */

static bool gradient_is_active(const train_spec *spec)
{
    return spec->gradient_noise > 0;
}

/* A block of rows of the weights, or one of the layer's vectors. */
static void gradient_on_update(void *state, const regularization *r, int layer, size_t row,
                               size_t rows, real *gradient)
{
    (void)state;
    const net_layer *shape = &r->net->layers[layer];
    bool weights = row != NET_NONE;
    rng_address address =
        address_of(r, RNG_GRADIENT_NOISE, weights ? 0 : (uint32_t)rows, layer + 1);
    size_t first = weights ? row * shape->inputs : 0,
           n = weights ? rows * shape->inputs : shape->outputs;
    add_normals(&address, first, n, r->spec->gradient_noise, gradient, gradient);
}

/* The whole gradient: its norm is measured without the noise. */
const regularizer REGULARIZER_GRADIENT_NOISE = {.name = "gradient_noise",
                                                .needs_whole_gradient = true,
                                                .is_active = gradient_is_active,
                                                .on_update = gradient_on_update};
