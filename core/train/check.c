/* What can be known of a run before it starts: rules that need the data set, and memory. */
#include "core/math/mat.h"
#include "core/train/internal.h"

/* What OpenBLAS packs its operands into, per thread; measured, rounded up. */
#define BLAS_BYTES (8u << 20)

static bool check_labels(const train_spec *spec, const dataset *set, fail_list *faults)
{
    return set->task == TASK_CLASSIFICATION || spec->label_noise <= 0 ||
           fail_list_add(faults, FAIL_INCOMPATIBLE, "/label_noise",
                         "%s is a regression: it has no labels to replace", set->name);
}

static bool check_targets(const train_spec *spec, const dataset *set, fail_list *faults)
{
    return set->task == TASK_REGRESSION || spec->target_scaling != TARGET_SCALING_STANDARD ||
           fail_list_add(faults, FAIL_INCOMPATIBLE, "/target_scaling",
                         "%s is a classification: it has no targets to scale", set->name);
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
    bool ok = regularization_check(spec, set, faults);
    ok = check_labels(spec, set, faults) && ok;
    ok = check_targets(spec, set, faults) && ok;
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
    train_input input = {.spec = spec, .data = &data};
    trainer t = {.input = &input, .spec = spec, .data = &data};
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
