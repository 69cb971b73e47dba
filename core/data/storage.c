/* A set's memory: heap or mapping, and the count of its references. */
#include "core/data/internal.h"
#include "core/data/open.h"

#include <stdlib.h>
#include <sys/mman.h>

dataset *dataset_new(void)
{
    dataset *set = calloc(1, sizeof *set);
    dataset_storage *storage = calloc(1, sizeof *storage);
    if (!set || !storage) {
        free(set);
        free(storage);
        return NULL;
    }
    atomic_init(&storage->n_references, 1);
    storage->set = set;
    set->storage = storage;
    return set;
}

bool dataset_allocate(dataset *set, size_t n, size_t value_bytes, dataset_arrays *out, fail *f)
{
    size_t output_bytes = set->task == TASK_CLASSIFICATION ? sizeof(int32_t) : 4 * set->k;
    size_t inputs_bytes = (n * set->d * value_bytes + 63) / 64 * 64;
    char *memory = calloc(1, inputs_bytes + n * output_bytes);
    if (!memory)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset",
                        "The data set needs %zu bytes, which there are not.",
                        inputs_bytes + n * output_bytes);
    void *inputs = memory, *outputs = memory + inputs_bytes;
    *out = (dataset_arrays){0};
    if (value_bytes == 1)
        out->bytes = inputs;
    else
        out->floats = inputs;
    if (set->task == TASK_CLASSIFICATION)
        out->labels = outputs;
    else
        out->targets = outputs;
    set->parts[PART_TRAIN] = (dataset_rows){n, out->bytes, out->floats, out->labels, out->targets};
    set->storage->memory = memory;
    return true;
}

dataset *dataset_share(const dataset *set)
{
    atomic_fetch_add_explicit(&set->storage->n_references, 1, memory_order_relaxed);
    return set->storage->set;
}

void dataset_on_close(dataset *set, void (*hook)(void *context, size_t n_bytes), void *context,
                      size_t n_bytes)
{
    set->storage->on_close = hook;
    set->storage->context = context;
    set->storage->n_bytes = n_bytes;
}

bool dataset_is_shared(const dataset *set)
{
    return atomic_load_explicit(&set->storage->n_references, memory_order_acquire) > 1;
}

static void set_free(dataset *set)
{
    const dataset_storage was = *set->storage;
    if (set->storage->mapping)
        munmap(set->storage->mapping, set->storage->mapping_bytes);
    free(set->storage->memory);
    free(set->storage->names);
    free(set->storage->origin);
    free(set->storage->origin_text);
    free(set->storage);
    free(set);
    if (was.on_close)
        was.on_close(was.context, was.n_bytes);
}

void dataset_close(const dataset *set)
{
    if (set && atomic_fetch_sub_explicit(&set->storage->n_references, 1, memory_order_acq_rel) == 1)
        set_free(set->storage->set);
}
