#include "core/regularizer/regularizer.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* One line adds a row: REGULARIZER_name, at the end of the file of its kind. */
#define ROWS(ROW)                                                                                  \
    ROW(AUGMENTATION)                                                                              \
    ROW(LABEL_SMOOTHING)                                                                           \
    ROW(MIXUP)                                                                                     \
    ROW(INPUT_NOISE)                                                                               \
    ROW(WEIGHT_NOISE)                                                                              \
    ROW(DROPCONNECT)                                                                               \
    ROW(ACTIVATION_NOISE)                                                                          \
    ROW(DROPOUT)                                                                                   \
    ROW(L1)                                                                                        \
    ROW(L2)                                                                                        \
    ROW(WEIGHT_DECAY)                                                                              \
    ROW(GRADIENT_CLIP)                                                                             \
    ROW(GRADIENT_NOISE)                                                                            \
    ROW(MAX_NORM)                                                                                  \
    ROW(EARLY_STOPPING)                                                                            \
    ROW(WEIGHT_AVERAGE)

#define DECLARE(name) extern const regularizer REGULARIZER_##name;
#define ADDRESS(name) &REGULARIZER_##name,

ROWS(DECLARE)
const regularizer *const REGULARIZERS[] = {ROWS(ADDRESS)};
const int REGULARIZER_COUNT = (int)(sizeof REGULARIZERS / sizeof REGULARIZERS[0]);

_Static_assert(sizeof REGULARIZERS / sizeof REGULARIZERS[0] <= REGULARIZERS_LIMIT,
               "the list of active ones holds them all");

const char *regularizer_remedy(void)
{
    int i = 0;
    while (i + 1 < REGULARIZER_COUNT && !REGULARIZERS[i]->keeps_finite)
        i++;
    assert(REGULARIZERS[i]->keeps_finite);
    return REGULARIZERS[i]->name;
}

/* ---- asked of a specification ---- */

/* The next row at *i or after it that is active, *i then behind it; NULL: no more. */
static const regularizer *next_active(const train_spec *spec, int *i)
{
    while (*i < REGULARIZER_COUNT) {
        const regularizer *row = REGULARIZERS[(*i)++];
        if (row->is_active(spec))
            return row;
    }
    return NULL;
}

bool regularization_check(const train_spec *spec, const dataset *set, fail_list *faults)
{
    bool ok = true;
    const regularizer *row;
    for (int i = 0; (row = next_active(spec, &i));)
        ok = (!row->check || row->check(spec, set, faults)) && ok;
    return ok;
}

bool regularization_keeps_best(const train_spec *spec)
{
    bool keeps = false;
    const regularizer *row;
    for (int i = 0; (row = next_active(spec, &i));)
        keeps = keeps || (row->keeps_best && row->keeps_best(spec));
    return keeps;
}

bool regularization_is_sampled(const train_spec *spec)
{
    bool is_sampled = false;
    const regularizer *row;
    for (int i = 0; (row = next_active(spec, &i));)
        is_sampled = is_sampled || row->is_sampled;
    return is_sampled;
}

bool regularization_leaves_forward(const train_spec *spec)
{
    const regularizer *row;
    for (int i = 0; (row = next_active(spec, &i));)
        if (row->is_sampled || row->on_weights || row->on_whole_batch || row->on_batch ||
            row->replaces_dense || row->on_forward)
            return false;
    return true;
}

int64_t regularization_samples(const train_spec *spec)
{
    return spec->monte_carlo_samples;
}

void regularization_fill_inference(const train_spec *spec, net_inference *inference)
{
    for (int i = 0; i < SPEC_ALL_LAYERS_LIMIT; i++)
        inference->keep[i] = inference->keep_dense[i] = inference->keep_before_normalization[i] = 1;
    const regularizer *row;
    for (int i = 0; (row = next_active(spec, &i));)
        if (row->inference)
            row->inference(spec, inference);
}

/* ---- memory ---- */

static void take_row(regularization *r, arena *a, const regularizer *row)
{
    /* While memory is counted there is none for a state either: this one stands in. */
    max_align_t counted[REGULARIZER_STATE_LIMIT / sizeof(max_align_t)];
    assert(row->state_bytes <= sizeof counted);
    bool is_counting = !a->block;
    void *state = arena_take(a, 1, row->state_bytes);
    if (is_counting)
        state = memset(counted, 0, sizeof counted);
    if (row->take)
        row->take(state, r, a);
    if (row->saves_state)
        saved_list_add(&r->saved, state, row->state_bytes);
    if (row->saved_arrays)
        row->saved_arrays(state, r, &r->saved);
    r->active[r->n_active].row = row;
    r->active[r->n_active++].state = is_counting ? NULL : state;
}

void regularization_take(regularization *r, arena *a, const train_spec *spec, const net *shape,
                         net_work *work, const split *data, size_t batch, bool sampling)
{
    *r = (regularization){.spec = spec, .net = shape, .work = work, .data = data, .batch = batch};
    const regularizer *row;
    for (int i = 0; (row = next_active(spec, &i));)
        r->needs_whole_gradient = r->needs_whole_gradient || row->needs_whole_gradient;
    for (int i = 0; (row = next_active(spec, &i));)
        if (!sampling || row->is_sampled)
            take_row(r, a, row);
}

/* ---- a step ---- */

void regularization_start(regularization *r, const real *model)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->on_start)
            r->active[i].row->on_start(r->active[i].state, r, model);
}

void regularization_start_epoch(regularization *r, int64_t epoch)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->on_epoch)
            r->active[i].row->on_epoch(r->active[i].state, r, epoch);
}

static void prepare(regularization *r, parallel *p)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->on_step)
            r->active[i].row->on_step(r->active[i].state, r);
    for (int layer = 0; layer < r->net->n_layers; layer++)
        for (int i = 0; i < r->n_active; i++)
            if (r->active[i].row->on_weights)
                r->active[i].row->on_weights(r->active[i].state, r, layer, p);
}

void regularization_start_step(regularization *r, uint32_t step, parallel *p)
{
    r->is_training = true;
    r->mask_purpose = RNG_DROPOUT;
    r->step = step;
    r->first_row = 0;
    prepare(r, p);
}

void regularization_start_sample(regularization *r, rng_purpose purpose, uint32_t mask,
                                 uint32_t first_row, parallel *p)
{
    r->is_training = false;
    r->mask_purpose = purpose;
    r->step = mask;
    r->first_row = first_row;
    prepare(r, p);
}

typedef struct batch_job {
    const regularization *r;
    int i; /* of the active rows */
} batch_job;

static void batch_part(void *context, int part)
{
    const batch_job *j = context;
    net_rows rows = net_group(j->r->work->n, part);
    j->r->active[j->i].row->on_batch(j->r->active[j->i].state, j->r, rows.first, rows.n);
}

void regularization_apply_batch(regularization *r, parallel *p)
{
    for (int i = 0; i < r->n_active; i++) {
        batch_job j = {r, i};
        if (r->active[i].row->on_whole_batch)
            r->active[i].row->on_whole_batch(r->active[i].state, r);
        if (r->active[i].row->on_batch)
            parallel_run(p, net_groups(r->work->n), batch_part, &j);
    }
}

/* ---- hooks of the net ---- */

static void hook_forward(void *context, int layer, net_stage stage, const net_slice *s, real *x)
{
    const regularization *r = context;
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->on_forward)
            r->active[i].row->on_forward(r->active[i].state, r, layer, stage, s, x);
}

static void hook_backward(void *context, int layer, net_stage stage, const net_slice *s,
                          real *delta)
{
    const regularization *r = context;
    for (int i = r->n_active - 1; i >= 0; i--)
        if (r->active[i].row->on_backward)
            r->active[i].row->on_backward(r->active[i].state, r, layer, stage, s, delta);
}

static void hook_weight_gradient(void *context, int layer, size_t row, size_t rows, real *gradient)
{
    const regularization *r = context;
    for (int i = r->n_active - 1; i >= 0; i--)
        if (r->active[i].row->on_weight_gradient)
            r->active[i].row->on_weight_gradient(r->active[i].state, r, layer, row, rows, gradient);
}

/* Which active row takes the layer's matrix product; -1: none. */
static int dense_owner(const regularization *r, int layer)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->replaces_dense &&
            r->active[i].row->replaces_dense(r->active[i].state, r, layer))
            return i;
    return -1;
}

static bool hook_replaces_dense(void *context, int layer)
{
    return dense_owner(context, layer) >= 0;
}

static void hook_dense_forward(void *context, int layer, size_t row, const real *x, real *z)
{
    const regularization *r = context;
    int i = dense_owner(r, layer);
    r->active[i].row->dense_forward(r->active[i].state, r, layer, row, x, z);
}

static void hook_dense_backward(void *context, int layer, size_t row, const real *x,
                                const real *delta, real *weight_gradient, real *x_gradient)
{
    const regularization *r = context;
    int i = dense_owner(r, layer);
    r->active[i].row->dense_backward(r->active[i].state, r, layer, row, x, delta, weight_gradient,
                                     x_gradient);
}

net_hooks regularization_hooks(regularization *r)
{
    net_hooks hooks = {.context = r};
    for (int i = 0; i < r->n_active; i++) {
        const regularizer *row = r->active[i].row;
        hooks.on_forward = row->on_forward ? hook_forward : hooks.on_forward;
        hooks.on_backward = row->on_backward ? hook_backward : hooks.on_backward;
        hooks.on_weight_gradient =
            row->on_weight_gradient ? hook_weight_gradient : hooks.on_weight_gradient;
        if (row->replaces_dense) {
            hooks.replaces_dense = hook_replaces_dense;
            hooks.dense_forward = hook_dense_forward;
            hooks.dense_backward = hook_dense_backward;
        }
    }
    return hooks;
}

/* ---- the update ---- */

/* Adds a row's penalty to *sum, matrix by matrix or of all trained parameters at once: what the
 * penalties apply to. Returns the row's own. */
static double add_penalty(const regularization *r, const regularizer *row, const real *model,
                          double *sum)
{
    bool of_all = r->spec->penalty_applies_to == PENALTY_ALL;
    double own = 0;
    for (int l = 0; l < (of_all ? 1 : r->net->n_layers); l++) {
        const net_layer *layer = &r->net->layers[l];
        double term =
            of_all ? row->penalty(r->spec, model, r->net->n_trained)
                   : row->penalty(r->spec, model + layer->weight, layer->inputs * layer->outputs);
        own += term;
        *sum += term;
    }
    return own;
}

double regularization_penalty(const regularization *r, const real *model,
                              metric_penalty parts[REGULARIZERS_LIMIT], int *n)
{
    double sum = 0;
    *n = 0;
    for (int i = 0; i < r->n_active; i++) {
        const regularizer *row = r->active[i].row;
        if (row->penalty)
            parts[(*n)++] = (metric_penalty){row->name, add_penalty(r, row, model, &sum)};
    }
    return sum;
}

void regularization_add_gradient(const regularization *r, bool is_weight, kernel_update *u)
{
    if (!is_weight && r->spec->penalty_applies_to == PENALTY_WEIGHTS)
        return;
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->add_gradient)
            r->active[i].row->add_gradient(r->spec, u);
}

void regularization_on_gradient(const regularization *r, double norm, real *gradient)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->on_gradient)
            r->active[i].row->on_gradient(r->active[i].state, r, norm, gradient, r->net->n_trained);
}

void regularization_on_update(const regularization *r, int layer, size_t row, size_t rows,
                              real *gradient)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->on_update)
            r->active[i].row->on_update(r->active[i].state, r, layer, row, rows, gradient);
}

void regularization_after_update(const regularization *r, int layer, size_t rows, real *weights)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->after_update)
            r->active[i].row->after_update(r->active[i].state, r, layer, rows, weights);
}

void regularization_after_step(const regularization *r, const real *model)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->after_step)
            r->active[i].row->after_step(r->active[i].state, r, model);
}

/* ---- after an epoch ---- */

real *regularization_evaluated_model(const regularization *r, real *model)
{
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->on_evaluation)
            model = r->active[i].row->on_evaluation(r->active[i].state, r);
    return model;
}

bool regularization_after_record(const regularization *r, const record *made, bool *is_best)
{
    bool stops = false;
    for (int i = 0; i < r->n_active; i++)
        if (r->active[i].row->after_record)
            stops = r->active[i].row->after_record(r->active[i].state, r, made, is_best) || stops;
    return stops;
}
