#include "core/regularizer/augment.h"
#include "core/regularizer/internal.h"

/* One image in, one out and the scratch for each group of rows: groups run at once. */
struct augment_state {
    augment augment;
    size_t scratch_bytes;
    float *images; /* (groups, 2, inputs) */
    char *scratch; /* (groups, scratch_bytes) */
};

bool augmentation_is_active(const train_spec *spec)
{
    return augment_is_on(spec);
}

void augmentation_take(regularization *r, arena *a)
{
    struct augment_state counted, *state = arena_take(a, 1, sizeof *state);
    size_t groups = (size_t)net_groups(r->batch);
    r->augmentation = state;
    if (!state)
        state = &counted;
    augment_init(r->spec, r->data, &state->augment);
    state->scratch_bytes = (augment_bytes(&state->augment) + 63) / 64 * 64;
    state->images = arena_take(a, groups * 2 * r->net->inputs, sizeof(float));
    state->scratch = arena_take(a, groups, state->scratch_bytes);
}

void augmentation_on_batch(regularization *r, size_t row, size_t rows)
{
    struct augment_state *state = r->augmentation;
    size_t n = r->net->inputs, group = row / NET_GROUP_ROWS;
    float *in = state->images + group * 2 * n, *out = in + n;
    for (size_t k = row; k < row + rows; k++) {
        real *x = r->work->input + k * n;
        for (size_t i = 0; i < n; i++)
            in[i] = (float)x[i];
        augment_apply(&state->augment, r->spec->seed, r->first_row + (uint32_t)k, r->step, in, out,
                      state->scratch + group * state->scratch_bytes);
        for (size_t i = 0; i < n; i++)
            x[i] = out[i];
    }
}
