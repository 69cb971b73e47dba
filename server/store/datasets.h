/* datasets — the rows of the data sets, for SQL; the files are core/data/import/register's. Threads
 * and failure as in server/store/store.h. */
#ifndef SERVER_STORE_DATASETS_H
#define SERVER_STORE_DATASETS_H

#include "server/model/dataset.h"
#include "server/store/store.h"

FAIL_CHECKED bool store_put_dataset(store *s, const dataset_info *d, fail *f);
FAIL_CHECKED bool store_has_dataset(store *s, const char *name, bool *has, fail *f);
FAIL_CHECKED bool store_delete_dataset(store *s, const char *name, fail *f);
/* How many experiments with unfinished runs, and how many at all, use the data set of that name. */
FAIL_CHECKED bool store_count_dataset_users(store *s, const char *name, int64_t *unfinished,
                                            int64_t *all, fail *f);

#endif
