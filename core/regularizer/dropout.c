/* Masks of units, bernoulli, gaussian and alpha (Srivastava et al. 2014, Klambauer et al. 2017),
 * and of inputs. */
#include "core/regularizer/hooks.h"
#include "core/regularizer/mask.h"
#include "core/regularizer/survivors.h"

#include <math.h>

/* Blocks of random words drawn at once: 8 KB on the stack, whole groups of vector lanes. */
enum { BLOCKS = 512, UNITS_PER_BLOCK = 8 };
#define SELU_ALPHA_DASH 1.7580993408473766 /* alpha * scale of selu (Klambauer et al. 2017) */

/* Masks of one place: the input (0) or what hidden layer i hands on (i). */
typedef struct mask_place {
    mask_rate rate; /* in this epoch */
    uint32_t *bits; /* (batch or 1, words) */
    size_t words;   /* per row */
    real *factors;  /* gaussian: (batch or 1, width) */
} mask_place;

typedef struct dropout {
    mask_place places[SPEC_ALL_LAYERS_LIMIT];
    survivors survivors; /* where dropped units can be left out of the products */
    bool leaves_out;     /* they are, in this step */
} dropout;

static size_t place_width(const net *n, int place)
{
    return place ? n->layers[place - 1].outputs : n->inputs;
}

static double full_rate(const train_spec *spec, int place)
{
    return place ? spec_dropout_rate(spec, place - 1) : spec->input_dropout;
}

/* Inputs are masked by decisions also where hidden layers lose weights instead of units. */
static bool drops_units(const train_spec *spec, int place)
{
    return full_rate(spec, place) > 0 && (place == 0 || spec->dropout_kind != DROPOUT_DROPCONNECT);
}

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
    return mask_is_of_batch(r->spec);
}

/* Leaving units out of the products gives the same numbers only where no other unit's normalization
 * sees them, and where nobody asks for the gradient of all weights. */
static bool can_leave_out(const regularization *r)
{
    return is_batch(r) && r->spec->normalization == NORMALIZATION_NONE &&
           r->spec->dropout_kind == DROPOUT_BERNOULLI && !r->needs_whole_gradient;
}

static bool is_active(const train_spec *spec)
{
    for (int place = 0; place <= spec->n_hidden; place++)
        if (drops_units(spec, place))
            return true;
    return false;
}

static void inference(const train_spec *spec, net_inference *out)
{
    bool before = spec->dropout_position == DROPOUT_BEFORE_NORMALIZATION;
    for (int i = 0; i <= spec->n_hidden; i++) {
        if (!drops_units(spec, i))
            continue;
        double *keep = i > 0 && before ? &out->keep_before_normalization[i - 1] : &out->keep[i];
        *keep = mask_inference_factor(spec, full_rate(spec, i));
    }
}

static void take(void *state, const regularization *r, arena *a)
{
    dropout *d = state;
    bool drops[SPEC_ALL_LAYERS_LIMIT] = {false};
    size_t rows = is_batch(r) ? 1 : r->batch;
    for (int i = 0; i <= r->spec->n_hidden; i++) {
        drops[i] = drops_units(r->spec, i);
        if (!drops[i])
            continue;
        size_t width = place_width(r->net, i);
        d->places[i].words = (width + 31) / 32;
        if (is_gaussian(r->spec))
            d->places[i].factors = arena_take(a, rows * width, sizeof(real));
        else
            d->places[i].bits = arena_take(a, rows * d->places[i].words, sizeof(uint32_t));
    }
    if (can_leave_out(r))
        survivors_take(&d->survivors, a, r->net, r->batch, drops);
}

static void on_epoch(void *state, const regularization *r, int64_t epoch)
{
    dropout *d = state;
    for (int i = 0; i <= r->spec->n_hidden; i++)
        d->places[i].rate = mask_rate_of(r->spec, full_rate(r->spec, i), epoch);
}

/* ---- drawing ---- */

static rng_address address_of(const regularization *r, int place)
{
    return (rng_address){rng_key_of(r->spec->seed, r->mask_purpose), 0, r->step, (uint32_t)place};
}

/* Bits of units [column, column + columns) of rows [row, row + rows) of a place; column is a
 * multiple of 32. */
static void draw_bits(const dropout *d, const regularization *r, int i, uint32_t counter_row,
                      size_t row, size_t rows, size_t column, size_t columns)
{
    const mask_place *place = &d->places[i];
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
                kernel_mask_bits(words + 4 * n_blocks * k, n, place->rate.threshold,
                                 place->bits + (row + done + k) * place->words + c / 32);
        }
    }
}

/* Multipliers N(1, rate/(1 - rate)) (Srivastava et al. 2014, section 10). */
static void draw_factors(const dropout *d, const regularization *r, int i, uint32_t counter_row,
                         real *out, size_t column, size_t columns)
{
    enum { CHUNK = 256 };
    float normals[CHUNK];
    rng_address address = address_of(r, i);
    address.row = counter_row;
    double rate = d->places[i].rate.rate, deviation = sqrt(rate / (1 - rate));
    for (size_t done = 0; done < columns; done += CHUNK) {
        size_t n = columns - done < CHUNK ? columns - done : CHUNK;
        rng_fill_normal(&address, column + done, n, normals);
        for (size_t j = 0; j < n; j++)
            out[done + j] = (real)(1 + deviation * (double)normals[j]);
    }
}

static bool is_idle(const dropout *d, const regularization *r, int place)
{
    const mask_rate *rate = &d->places[place].rate;
    return !drops_units(r->spec, place) || rate->rate <= 0 ||
           (!is_gaussian(r->spec) && rate->threshold == 0);
}

/* Scope batch: the one mask of the step, row 0, and what survives it. */
static void on_step(void *state, const regularization *r)
{
    dropout *d = state;
    d->leaves_out = r->is_training && can_leave_out(r);
    survivors_start(&d->survivors);
    if (!is_batch(r))
        return;
    for (int i = 0; i <= r->spec->n_hidden; i++) {
        size_t width = place_width(r->net, i);
        if (is_idle(d, r, i))
            continue;
        if (is_gaussian(r->spec))
            draw_factors(d, r, i, 0, d->places[i].factors, 0, width);
        else
            draw_bits(d, r, i, 0, 0, 1, 0, width);
        if (d->leaves_out)
            survivors_list(&d->survivors, i, d->places[i].bits, width);
    }
}

static void on_weights(void *state, const regularization *r, int layer, parallel *p)
{
    const dropout *d = state;
    if (d->leaves_out)
        survivors_put_weights(&d->survivors, layer, r->work, p);
}

static void draw(const dropout *d, const regularization *r, int i, const net_slice *s)
{
    uint32_t row = r->first_row + (uint32_t)s->row;
    if (is_batch(r))
        return;
    if (!d->places[i].factors)
        draw_bits(d, r, i, row, s->row, s->rows, s->column, s->columns);
    for (size_t k = 0; d->places[i].factors && k < s->rows; k++)
        draw_factors(d, r, i, row + (uint32_t)k,
                     d->places[i].factors + (s->row + k) * s->ld + s->column, s->column,
                     s->columns);
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

static void apply(const dropout *d, const regularization *r, int i, const net_slice *s, real *x,
                  bool backward)
{
    const mask_place *place = &d->places[i];
    real scale = place->rate.scale, shift = 0, dropped = 0;
    if (is_alpha(r->spec))
        alpha_constants((double)place->rate.threshold / 65536, &scale, &shift, &dropped);
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

static void scale_survivors(const dropout *d, int i, const net_slice *s, real *x)
{
    real scale = d->places[i].rate.scale;
    for (size_t k = s->row; scale > 1 && k < s->row + s->rows; k++)
        kernel_scale(x + k * s->ld + s->column, s->columns, scale);
}

static void on_batch(void *state, const regularization *r, size_t row, size_t rows)
{
    const dropout *d = state;
    size_t width = r->net->inputs;
    net_slice s = {row, rows, 0, width, width};
    if (is_idle(d, r, 0))
        return;
    if (!d->leaves_out) {
        draw(d, r, 0, &s);
        apply(d, r, 0, &s, r->work->input, false);
        return;
    }
    survivors_put_input(&d->survivors, r->work, width, row, rows);
    s.columns = s.ld = d->survivors.places[0].n;
    scale_survivors(d, 0, &s, d->survivors.input);
}

static bool acts_here(const dropout *d, const regularization *r, int place, net_stage stage)
{
    net_stage own = r->spec->dropout_position == DROPOUT_BEFORE_NORMALIZATION ? NET_STAGE_DENSE
                                                                              : NET_STAGE_OUTPUT;
    return stage == own && !is_idle(d, r, place);
}

static void on_forward(void *state, const regularization *r, int layer, net_stage stage,
                       const net_slice *s, real *x)
{
    const dropout *d = state;
    if (!acts_here(d, r, layer + 1, stage))
        return;
    if (d->leaves_out) {
        scale_survivors(d, layer + 1, s, x);
        return;
    }
    draw(d, r, layer + 1, s);
    apply(d, r, layer + 1, s, x, false);
}

static void on_backward(void *state, const regularization *r, int layer, net_stage stage,
                        const net_slice *s, real *delta)
{
    const dropout *d = state;
    if (!acts_here(d, r, layer + 1, stage))
        return;
    if (d->leaves_out)
        scale_survivors(d, layer + 1, s, delta);
    else
        apply(d, r, layer + 1, s, delta, true);
}

const regularizer REGULARIZER_DROPOUT = {.name = "dropout",
                                         .state_bytes = sizeof(dropout),
                                         .is_sampled = true,
                                         .is_active = is_active,
                                         .inference = inference,
                                         .take = take,
                                         .on_epoch = on_epoch,
                                         .on_step = on_step,
                                         .on_weights = on_weights,
                                         .on_batch = on_batch,
                                         .on_forward = on_forward,
                                         .on_backward = on_backward};
