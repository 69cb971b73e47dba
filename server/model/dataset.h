/* dataset — a data set as a row: what is listed of it, without its samples. */
#ifndef SERVER_MODEL_DATASET_H
#define SERVER_MODEL_DATASET_H

#include "core/base/digest.h"
#include "core/spec/spec.h"

#include <stdbool.h>
#include <stdint.h>

/* The row of a data set. */
typedef struct dataset_info {
    char name[SPEC_NAME_LIMIT], sha256[DIGEST_TEXT_BYTES], task[16];
    int64_t n_train, n_validation, n_test, inputs, outputs, bytes, created_ms;
    bool built_in;
} dataset_info;

#endif
