/* data/internal — what a dataset's pointers point into: heap memory or a mapping, and the count of
 * its references.
 *
 * Private to core/data/. The count is atomic; everything else is written before the set is
 * shared. */
#ifndef CORE_DATA_INTERNAL_H
#define CORE_DATA_INTERNAL_H

#include "core/base/fail.h"
#include "core/data/dataset.h"
#include "core/data/origin.h"

#include <stdatomic.h>

typedef struct dataset_storage {
    atomic_int n_references;
    dataset *set; /* whose storage it is: who holds a reference may only look at the set */
    void *memory; /* heap, or NULL */
    void *mapping;
    size_t mapping_bytes;
    void (*on_close)(void *context, size_t n_bytes); /* NULL: nobody is told */
    void *context;
    size_t n_bytes;
    /* where each class name, then each column name starts; NULL where there are none */
    const char **names;
    dataset_origin *origin; /* heap, or NULL; its texts are in origin_text */
    char *origin_text;
} dataset_storage;

/* An empty set with one reference, or NULL. */
dataset *dataset_new(void);

/* Gives a new set its only part, the training one: n rows of d values of `value_bytes` (1 or 4),
 * with labels or targets by task; d, k and task are set. The arrays are zeroed; *inputs, *labels
 * and *targets (those that do not exist: NULL) are where to write. */
typedef struct dataset_arrays {
    uint8_t *bytes;
    float *floats;
    int32_t *labels;
    float *targets;
} dataset_arrays;
FAIL_CHECKED bool dataset_allocate(dataset *set, size_t n, size_t value_bytes, dataset_arrays *out,
                                   fail *f);

#endif
