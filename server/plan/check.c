#include "server/plan/check.h"

#include "core/train/train.h"

#include <math.h>

static size_t memory_of(const train_spec *spec, const dataset *set, const size_t n[PART_COUNT])
{
    return split_bytes(set, spec) + train_memory_bytes(spec, set, n);
}

size_t plan_run_memory_bytes(const train_spec *spec, const dataset *set)
{
    size_t n[PART_COUNT];
    return split_count(set, spec, n, NULL) ? memory_of(spec, set, n) : 0;
}

static bool check_memory(size_t wanted, size_t free_bytes, fail *f)
{
    if (wanted <= free_bytes)
        return true;
    return fail_set(
        f, FAIL_OUT_OF_MEMORY, NULL,
        "The run needs %.0f MB of memory and %.0f MB are free. Fewer or narrower hidden "
        "layers, a smaller batch_size or smaller parts of the data need less.",
        (double)wanted / 1e6, (double)free_bytes / 1e6);
}

bool plan_resolve(train_spec *spec, const dataset *set, fail *f)
{
    dataset_options options = {.noise = NAN}; /* a registered set has none */
    size_t n[PART_COUNT];
    if ((set->built_in &&
         !dataset_check(spec->dataset, &spec->dataset_options, NULL, &options, f)) ||
        !split_count(set, spec, n, f))
        return false;
    spec->dataset_options = options;
    spec->train_size = (int64_t)n[PART_TRAIN];
    spec->validation_size = (int64_t)n[PART_VALIDATION];
    spec->test_size = (int64_t)n[PART_TEST];
    if (spec->scaling < 0)
        spec->scaling = set->default_scaling;
    if (set->task == TASK_CLASSIFICATION) /* `standard` is told as a fault */
        spec->target_scaling = spec->target_scaling > 0 ? spec->target_scaling : -1;
    else if (spec->target_scaling < 0)
        spec->target_scaling = set->built_in ? TARGET_SCALING_NONE : TARGET_SCALING_STANDARD;
    return true;
}

bool plan_check_set(const train_spec *spec, const dataset *set, size_t free_bytes,
                    fail_list *faults)
{
    int n_before = faults->n_found;
    fail f;
    size_t n[PART_COUNT];
    if (!train_check(spec, set, faults))
        return false;
    if (!split_count(set, spec, n, &f) || !check_memory(memory_of(spec, set, n), free_bytes, &f))
        fail_list_add(faults, f.code, f.field, "%s", f.sentence);
    return faults->n_found == n_before;
}

int64_t plan_step_count(const train_spec *spec, size_t n_train)
{
    return spec->epochs * (((int64_t)n_train + spec->batch_size - 1) / spec->batch_size);
}
