/* What can be known of a run before it starts: rules that need the data set, and memory. */
#include "core/math/mat.h"
#include "core/train/internal.h"

#include <string.h>

/* What OpenBLAS packs its operands into, per thread; measured, rounded up. */
#define BLAS_BYTES (8u << 20)

static bool check_task(const train_spec *spec, const dataset *set, fail_list *faults)
{
    bool ok = true;
    if (set->task == TASK_CLASSIFICATION)
        return true;
    if (spec->label_smoothing > 0)
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/label_smoothing",
                           "%s is a regression: there are no classes to smooth over", set->name);
    if (spec->label_noise > 0)
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/label_noise",
                           "%s is a regression: it has no labels to replace", set->name);
    if (spec->early_stopping.enabled && spec->early_stopping.monitor == MONITOR_VAL_ACCURACY)
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/early_stopping/monitor",
                           "%s is a regression: it has no accuracy; use val_loss", set->name);
    return ok;
}

static bool check_augmentation(const train_spec *spec, const dataset *set, fail_list *faults)
{
    for (int i = 0; i < REGULARIZER_COUNT && set->height == 0; i++)
        if (strcmp(REGULARIZERS[i].name, "augmentation") == 0 && REGULARIZERS[i].is_active(spec))
            return fail_list_add(
                faults, FAIL_INCOMPATIBLE, "/augmentation",
                "%s holds tables of numbers, not images: there is nothing to distort", set->name);
    size_t side = set->height < set->width ? set->height : set->width;
    if (side > 0 && spec->augmentation.cutout > (double)side)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/augmentation/cutout",
                             "the images of %s are only %zu pixels wide", set->name, side);
    return true;
}

static bool check_batches(const train_spec *spec, const dataset *set, fail_list *faults)
{
    size_t n[PART_COUNT];
    fail f;
    if (spec->n_hidden == 0 || spec->normalization != NORMALIZATION_BATCH)
        return true;
    if (!split_count(set, spec, n, &f)) /* told by who counts the parts */
        return true;
    if (n[PART_TRAIN] % (size_t)spec->batch_size != 1)
        return true;
    return fail_list_add(faults, FAIL_INCOMPATIBLE, "/batch_size",
                         "%zu training samples in batches of %lld leave a last batch of one "
                         "sample, which batch normalization cannot train on",
                         n[PART_TRAIN], (long long)spec->batch_size);
}

/* The step is one 32-bit word of the counter that every mask is drawn from: past its end they would
 * come again. */
static bool check_steps(const train_spec *spec, const dataset *set, fail_list *faults)
{
    size_t n[PART_COUNT];
    fail f;
    if (!split_count(set, spec, n, &f)) /* told by who counts the parts */
        return true;
    uint64_t batch = (uint64_t)spec->batch_size;
    uint64_t steps = (n[PART_TRAIN] + batch - 1) / batch * (uint64_t)spec->epochs;
    if (steps <= UINT32_MAX)
        return true;
    return fail_list_add(faults, FAIL_INCOMPATIBLE, "/epochs",
                         "%lld epochs of %zu samples in batches of %lld are %llu steps; a run has "
                         "at most %u",
                         (long long)spec->epochs, n[PART_TRAIN], (long long)spec->batch_size,
                         (unsigned long long)steps, UINT32_MAX);
}

bool train_check(const train_spec *spec, const dataset *set, fail_list *faults)
{
    bool ok = check_task(spec, set, faults);
    ok = check_augmentation(spec, set, faults) && ok;
    ok = check_steps(spec, set, faults) && ok;
    return check_batches(spec, set, faults) && ok;
}

size_t train_memory_bytes(const train_spec *spec, const dataset *set, const size_t n[PART_COUNT])
{
    size_t n_evaluated = n[PART_TRAIN] < (size_t)spec->train_evaluation_size
                             ? n[PART_TRAIN]
                             : (size_t)spec->train_evaluation_size;
    static const float zero = 0; /* nothing is computed here, but a split always has a scale */
    split data = {.set = set,
                  .scale = &zero,
                  .shift = &zero,
                  .is_uniform = true,
                  .n = {n[PART_TRAIN], n[PART_VALIDATION], n[PART_TEST]},
                  .n_train_evaluation = n_evaluated};
    trainer t = {.spec = spec, .data = &data};
    arena counting = {0};
    net_init(&t.net, spec, set->d, set->k, set->task);
    trainer_take(&t, &counting);
    return counting.used + t.net.n_model * sizeof(float) + BLAS_BYTES;
}

const char *train_blas_name(void)
{
    return mat_blas_name();
}

const char *train_blas_core(void)
{
    return mat_blas_core();
}
