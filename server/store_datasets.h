/* store_datasets — the rows of the data sets, for SQL; the files are core/dataset_register's. Threads and failure as
 * in server/store.h. */
#ifndef SERVER_STORE_DATASETS_H
#define SERVER_STORE_DATASETS_H

#include "server/store.h"

typedef struct dataset_info {
    char name[64], sha256[65], task[16];
    int64_t n_train, n_validation, n_test, inputs, outputs, bytes, created_ms;
    bool built_in;
} dataset_info;
FAIL_CHECKED bool store_put_dataset(store *s, const dataset_info *d, fail *f);
FAIL_CHECKED bool store_has_dataset(store *s, const char *name, bool *has, fail *f);
FAIL_CHECKED bool store_delete_dataset(store *s, const char *name, fail *f);
/* How many experiments with unfinished runs, and how many at all, use the data set of that name. */
FAIL_CHECKED bool store_count_dataset_users(store *s, const char *name, int64_t *unfinished,
                                            int64_t *all, fail *f);

#endif
