/* dataset — a data set as a row: what is listed of it, without its samples. */
#ifndef SERVER_MODEL_DATASET_H
#define SERVER_MODEL_DATASET_H

#include <stdbool.h>
#include <stdint.h>

/* The row of a data set. */
typedef struct dataset_info {
    char name[64], sha256[65], task[16];
    int64_t n_train, n_validation, n_test, inputs, outputs, bytes, created_ms;
    bool built_in;
} dataset_info;

#endif
