/* Distorted images (Simard et al. 2003). */
#include "core/regularizer/augment.h"
#include "core/regularizer/hooks.h"

/* One image in, one out and the scratch for each group of rows: groups run at once. */
typedef struct augmentation {
    augment augment;
    size_t scratch_bytes;
    float *images; /* (groups, 2, inputs) */
    char *scratch; /* (groups, scratch_bytes) */
} augmentation;

static bool check(const train_spec *spec, const dataset *set, fail_list *faults)
{
    if (set->height == 0)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, "/augmentation",
                             "%s holds tables of numbers, not images: there is nothing to distort",
                             set->name);
    size_t side = set->height < set->width ? set->height : set->width;
    if (spec->augmentation.cutout > (double)side)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, "/augmentation/cutout",
                             "the images of %s are only %zu pixels wide", set->name, side);
    return true;
}

static void take(void *state, const regularization *r, arena *a)
{
    augmentation *s = state;
    size_t n_groups = (size_t)net_groups(r->batch);
    augment_init(r->spec, r->data, &s->augment);
    s->scratch_bytes = (augment_bytes(&s->augment) + 63) / 64 * 64;
    s->images = arena_take(a, n_groups * 2 * r->net->inputs, sizeof(float));
    s->scratch = arena_take(a, n_groups, s->scratch_bytes);
}

static void on_batch(void *state, const regularization *r, size_t row, size_t rows)
{
    const augmentation *s = state;
    size_t n = r->net->inputs, group = row / NET_GROUP_ROWS;
    float *in = s->images + group * 2 * n, *out = in + n;
    for (size_t k = row; k < row + rows; k++) {
        real *x = r->work->input + k * n;
        for (size_t i = 0; i < n; i++)
            in[i] = (float)x[i];
        augment_apply(&s->augment, r->spec->seed, r->first_row + (uint32_t)k, r->step, in, out,
                      s->scratch + group * s->scratch_bytes);
        for (size_t i = 0; i < n; i++)
            x[i] = out[i];
    }
}

const regularizer REGULARIZER_AUGMENTATION = {.name = "augmentation",
                                              .state_bytes = sizeof(augmentation),
                                              .is_active = augment_is_on,
                                              .check = check,
                                              .take = take,
                                              .on_batch = on_batch};
