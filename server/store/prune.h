/* prune — what is old is found, the rows of what was deleted are waited for, and the room that they
 * took is given back. Threads and failure as in server/store/store.h. */
#ifndef SERVER_STORE_PRUNE_H
#define SERVER_STORE_PRUNE_H

#include "core/base/clock.h"
#include "server/store/store.h"

/* Experiments that have ended before that time (Unix milliseconds) and have none of the tags (a
 * JSON array of texts), oldest first. */
typedef struct old_experiment {
    int64_t id, n_runs;
    char name[128], finished_at[CLOCK_DATE_BYTES];
} old_experiment;

/* *out is on the heap, for the caller to free. */
FAIL_CHECKED bool store_load_old(store *s, int64_t before_ms, const char *kept_tags,
                                 old_experiment **out, size_t *n, fail *f);

/* Until no row of a deleted experiment is left. */
FAIL_CHECKED bool store_remove_deleted(store *s, fail *f);

/* Writes the file anew without the pages that nothing is in, and so that it gives such pages back
 * by itself from then on. Nobody else has it open; *bytes is how much smaller it is. */
FAIL_CHECKED bool store_compact(const char *path, int64_t *bytes, fail *f);

#endif
