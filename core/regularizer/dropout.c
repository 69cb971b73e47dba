#include "core/regularizer/internal.h"

#include <math.h>
#include <string.h>

/* Blocks of random words drawn at once: 8 KB on the stack, whole groups of vector lanes. */
enum { BLOCKS = 512, UNITS_PER_BLOCK = 8 };
#define SELU_ALPHA_DASH 1.7580993408473766 /* alpha * scale of selu (Klambauer et al. 2017) */

static size_t place_width(const net *n, int place)
{
    return place ? n->layers[place - 1].outputs : n->inputs;
}

static bool drops_units(const train_spec *spec, int place)
{
    if (place == 0)
        return spec->input_dropout > 0;
    return spec->dropout_kind != DROPOUT_DROPCONNECT && spec_dropout_rate(spec, place - 1) > 0;
}

/* Inputs are masked by decisions also where hidden layers lose weights instead of units. */
static bool is_gaussian(const train_spec *spec)
{
    return spec->dropout_kind == DROPOUT_GAUSSIAN;
}

static bool is_alpha(const train_spec *spec)
{
    return spec->dropout_kind == DROPOUT_ALPHA;
}

static bool is_batch(const regularization *r)
{
    return r->spec->dropout_scope == DROPOUT_SCOPE_BATCH;
}

/* Leaving units out of the products gives the same numbers only where no other unit's normalization
 * sees them. */
static bool can_gather(const regularization *r)
{
    return is_batch(r) && r->spec->normalization == NORMALIZATION_NONE &&
           r->spec->dropout_kind == DROPOUT_BERNOULLI && !regularization_defers_update(r->spec);
}

bool dropout_is_active(const train_spec *spec)
{
    for (int place = 0; place <= spec->n_hidden; place++)
        if (drops_units(spec, place))
            return true;
    return false;
}

/* By the spec, not by the pointers: while memory is counted these are NULL. */
static void take_gathered(regularization *r, arena *a)
{
    if (drops_units(r->spec, 0))
        r->gathered_input = arena_take(a, r->batch * r->net->inputs, sizeof(real));
    for (int i = 0; i < r->net->n_layers; i++) {
        const net_layer *layer = &r->net->layers[i];
        if (!drops_units(r->spec, i) && (i == r->spec->n_hidden || !drops_units(r->spec, i + 1)))
            continue;
        r->gathered_weights[i] = arena_take(a, layer->inputs * layer->outputs, sizeof(real));
        r->gathered_bias[i] = arena_take(a, layer->outputs, sizeof(real));
    }
}

void dropout_take(regularization *r, arena *a)
{
    size_t rows = is_batch(r) ? 1 : r->batch;
    for (int i = 0; i <= r->spec->n_hidden; i++) {
        if (!drops_units(r->spec, i))
            continue;
        mask_place *place = &r->places[i];
        size_t width = place_width(r->net, i);
        place->words = (width + 31) / 32;
        place->bits =
            is_gaussian(r->spec) ? NULL : arena_take(a, rows * place->words, sizeof(uint32_t));
        place->factors = is_gaussian(r->spec) ? arena_take(a, rows * width, sizeof(real)) : NULL;
        place->kept = can_gather(r) ? arena_take(a, width, sizeof(uint32_t)) : NULL;
    }
    if (can_gather(r))
        take_gathered(r, a);
}

static rng_address address_of(const regularization *r, int place)
{
    return (rng_address){rng_key_of(r->spec->seed, r->mask_purpose), 0, r->step, (uint32_t)place};
}

/* Bits of units [column, column + columns) of rows [row, row + rows) of a place; column is a
 * multiple of 32. */
static void draw_bits(const regularization *r, int i, uint32_t counter_row, size_t row, size_t rows,
                      size_t column, size_t columns)
{
    const mask_place *place = &r->places[i];
    rng_address address = address_of(r, i);
    uint32_t words[4 * BLOCKS];
    for (size_t c = column; c < column + columns; c += (size_t)BLOCKS * UNITS_PER_BLOCK) {
        size_t left = column + columns - c, n = left < (size_t)BLOCKS * UNITS_PER_BLOCK
                                                    ? left
                                                    : (size_t)BLOCKS * UNITS_PER_BLOCK;
        size_t n_blocks = (n + UNITS_PER_BLOCK - 1) / UNITS_PER_BLOCK, at_once = BLOCKS / n_blocks;
        for (size_t done = 0; done < rows; done += at_once) {
            size_t here = rows - done < at_once ? rows - done : at_once;
            kernel_blocks(&address, counter_row + (uint32_t)done, here,
                          (uint32_t)(c / UNITS_PER_BLOCK), n_blocks, words);
            for (size_t k = 0; k < here; k++)
                kernel_mask_bits(words + 4 * n_blocks * k, n, place->threshold,
                                 place->bits + (row + done + k) * place->words + c / 32);
        }
    }
}

/* Multipliers N(1, rate/(1 - rate)) (Srivastava et al. 2014, section 10). */
static void draw_factors(const regularization *r, int i, uint32_t counter_row, real *out,
                         size_t column, size_t columns)
{
    enum { CHUNK = 256 };
    float normals[CHUNK];
    rng_address address = address_of(r, i);
    address.row = counter_row;
    double deviation = sqrt(r->places[i].rate / (1 - r->places[i].rate));
    for (size_t done = 0; done < columns; done += CHUNK) {
        size_t n = columns - done < CHUNK ? columns - done : CHUNK;
        rng_fill_normal(&address, column + done, n, normals);
        for (size_t j = 0; j < n; j++)
            out[done + j] = (real)(1 + deviation * (double)normals[j]);
    }
}

static bool is_idle(const regularization *r, int place)
{
    return !drops_units(r->spec, place) || r->places[place].rate <= 0 ||
           (!is_gaussian(r->spec) && r->places[place].threshold == 0);
}

static void list_kept(mask_place *place, size_t width)
{
    place->n_kept = 0;
    for (uint32_t u = 0; u < width; u++)
        if (place->bits[u / 32] >> (u % 32) & 1)
            place->kept[place->n_kept++] = u;
}

/* Scope batch: the one mask of the step, row 0, and what survives it. */
void dropout_on_step(regularization *r, bool training)
{
    if (!is_batch(r))
        return;
    r->gathers = training && can_gather(r);
    for (int i = 0; i <= r->spec->n_hidden; i++) {
        size_t width = place_width(r->net, i);
        if (is_idle(r, i))
            continue;
        if (is_gaussian(r->spec))
            draw_factors(r, i, 0, r->places[i].factors, 0, width);
        else
            draw_bits(r, i, 0, 0, 1, 0, width);
        if (r->gathers)
            list_kept(&r->places[i], width);
    }
}

/* ---- gathering (Graham, Reizenstein and Robinson 2015) ---- */

static const uint32_t *kept_of(const regularization *r, int place, size_t *n)
{
    if (place > r->spec->n_hidden || is_idle(r, place))
        return NULL;
    *n = r->places[place].n_kept;
    return r->places[place].kept;
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

void dropout_on_weights(regularization *r, int layer, parallel *p)
{
    net_state *state = &r->work->states[layer];
    gather_job j = {.from = state->weights,
                    .bias = state->bias,
                    .to = r->gathered_weights[layer],
                    .to_bias = r->gathered_bias[layer],
                    .ld = state->inputs,
                    .n_inputs = state->inputs,
                    .n_outputs = state->outputs};
    if (!r->gathers)
        return;
    j.inputs = kept_of(r, layer, &j.n_inputs);
    j.outputs = kept_of(r, layer + 1, &j.n_outputs);
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
        r->work->x = r->gathered_input;
}

/* ---- applying ---- */

/* Alpha dropout: a*x + b for survivors, a*(-alpha') + b for the dropped, so that mean 0 and
 * variance 1 stay. */
static void alpha_constants(double rate, real *scale, real *shift, real *dropped)
{
    double a = 1 / sqrt((1 - rate) * (1 + rate * SELU_ALPHA_DASH * SELU_ALPHA_DASH)),
           b = a * rate * SELU_ALPHA_DASH;
    *scale = (real)a;
    *shift = (real)b;
    *dropped = (real)(b - a * SELU_ALPHA_DASH);
}

static void apply(const regularization *r, int i, const net_slice *s, real *x, bool backward)
{
    const mask_place *place = &r->places[i];
    real scale = place->scale, shift = 0, dropped = 0;
    if (is_alpha(r->spec))
        alpha_constants((double)place->threshold / 65536, &scale, &shift, &dropped);
    for (size_t k = s->row; k < s->row + s->rows; k++) {
        real *row = x + k * s->ld + s->column;
        size_t mask_row = is_batch(r) ? 0 : k;
        if (place->factors)
            kernel_scale_by(row, place->factors + mask_row * s->ld + s->column, s->columns);
        else
            kernel_mask_apply(row, place->bits + mask_row * place->words + s->column / 32,
                              s->columns, scale, backward ? 0 : shift, backward ? 0 : dropped);
    }
}

static void draw(const regularization *r, int i, const net_slice *s)
{
    uint32_t row = r->first_row + (uint32_t)s->row;
    if (is_batch(r))
        return;
    if (!r->places[i].factors)
        draw_bits(r, i, row, s->row, s->rows, s->column, s->columns);
    for (size_t k = 0; r->places[i].factors && k < s->rows; k++)
        draw_factors(r, i, row + (uint32_t)k,
                     r->places[i].factors + (s->row + k) * s->ld + s->column, s->column,
                     s->columns);
}

static void scale_survivors(const regularization *r, int i, const net_slice *s, real *x)
{
    for (size_t k = s->row; r->places[i].scale > 1 && k < s->row + s->rows; k++)
        kernel_scale(x + k * s->ld + s->column, s->columns, r->places[i].scale);
}

void dropout_on_batch(regularization *r, size_t row, size_t rows)
{
    size_t width = r->net->inputs;
    net_slice s = {row, rows, 0, width, width};
    if (is_idle(r, 0))
        return;
    if (!r->gathers) {
        draw(r, 0, &s);
        apply(r, 0, &s, r->work->input, false);
        return;
    }
    const mask_place *place = &r->places[0];
    for (size_t k = row; k < row + rows; k++)
        kernel_gather(r->work->input + k * width, place->kept, place->n_kept,
                      r->gathered_input + k * place->n_kept);
    scale_survivors(r, 0, &(net_slice){row, rows, 0, place->n_kept, place->n_kept},
                    r->gathered_input);
}

static bool acts_here(const regularization *r, int place, net_stage stage)
{
    net_stage own = r->spec->dropout_position == DROPOUT_BEFORE_NORMALIZATION ? NET_STAGE_DENSE
                                                                              : NET_STAGE_OUTPUT;
    return stage == own && !is_idle(r, place);
}

void dropout_on_forward(regularization *r, int layer, net_stage stage, const net_slice *s, real *x)
{
    if (!acts_here(r, layer + 1, stage))
        return;
    if (r->gathers) {
        scale_survivors(r, layer + 1, s, x);
        return;
    }
    draw(r, layer + 1, s);
    apply(r, layer + 1, s, x, false);
}

void dropout_on_backward(regularization *r, int layer, net_stage stage, const net_slice *s,
                         real *delta)
{
    if (!acts_here(r, layer + 1, stage))
        return;
    if (r->gathers)
        scale_survivors(r, layer + 1, s, delta);
    else
        apply(r, layer + 1, s, delta, true);
}

void regularization_fill_inference(const train_spec *spec, net_inference *inference)
{
    bool classic = spec->dropout_scaling == DROPOUT_SCALING_CLASSIC,
         connect = spec->dropout_kind == DROPOUT_DROPCONNECT;
    bool before = spec->dropout_position == DROPOUT_BEFORE_NORMALIZATION;
    for (int i = 0; i < SPEC_ALL_LAYERS_LIMIT; i++)
        inference->keep[i] = inference->keep_dense[i] = inference->keep_before_normalization[i] = 1;
    if (!classic)
        return;
    inference->keep[0] = 1 - (double)rng_threshold(spec->input_dropout) / 65536;
    for (int i = 0; i < spec->n_hidden; i++) {
        double keep = 1 - (double)rng_threshold(spec_dropout_rate(spec, i)) / 65536;
        double *place = connect  ? &inference->keep_dense[i]
                        : before ? &inference->keep_before_normalization[i]
                                 : &inference->keep[i + 1];
        *place = keep;
    }
}
