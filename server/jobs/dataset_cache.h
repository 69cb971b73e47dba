/* dataset_cache — the open data sets that runs share: the most recently used few, bounded by number
 * and by bytes.
 *
 * 1. An entry is `opening` (one caller reads or generates it, the others wait) or holds one
 *    reference to an open set.
 * 2. Two specifications share a set when name, options and data_seed are equal; of a registered
 *    set, when its content is.
 * 3. A set that fell out of the cache lives on with the runs that hold a reference.
 * Threads: none of its own; its owner (server/jobs/jobs) guards every call with one lock and does
 * the opening outside it. */
#ifndef SERVER_JOBS_DATASET_CACHE_H
#define SERVER_JOBS_DATASET_CACHE_H

#include "core/base/digest.h"
#include "core/data/dataset.h"

enum { DATASET_CACHE_LIMIT = 16 };
#define DATASET_CACHE_BYTES                                                                        \
    ((size_t)512 << 20) /* of generated sets; registered ones are mapped files */

typedef struct dataset_key {
    char name[SPEC_NAME_LIMIT];
    char sha256[DIGEST_TEXT_BYTES]; /* of a registered set, "" for a built-in one */
    dataset_options options;
    int64_t data_seed;
} dataset_key;

typedef struct dataset_cache_entry {
    dataset_key key;
    dataset *set;  /* NULL while it is being opened */
    uint64_t used; /* when it was used last, in calls; 0: a free place */
} dataset_cache_entry;

typedef struct dataset_cache {
    uint64_t clock;
    dataset_cache_entry entries[DATASET_CACHE_LIMIT];
} dataset_cache;

typedef enum dataset_cache_state {
    DATASET_CACHE_READY,   /* *out has a new reference */
    DATASET_CACHE_OPENING, /* somebody is at it: wait and ask again */
    /* the caller opens it, and then says dataset_cache_put() or dataset_cache_drop() */
    DATASET_CACHE_YOURS,
    DATASET_CACHE_FULL /* every place is being opened: open it without the cache */
} dataset_cache_state;

/* The key of what a spec trains on. Fails as dataset_check() and dataset_read_sha256() do. */
FAIL_CHECKED bool dataset_key_of(const train_spec *spec, const char *data_dir, dataset_key *out,
                                 fail *f);

void dataset_cache_init(dataset_cache *c);
void dataset_cache_close(dataset_cache *c);
dataset_cache_state dataset_cache_find(dataset_cache *c, const dataset_key *key, dataset **out);
/* Keeps a reference of its own to the set under a key that was `yours`, and lets go of old ones
 * above the bounds. */
void dataset_cache_put(dataset_cache *c, const dataset_key *key, dataset *set);
/* Whether it is open, or being opened. */
bool dataset_cache_has(dataset_cache *c, const dataset_key *key);
/* Lets go of the set that was used longest ago, of those that nobody else has; false: there is
 * none. */
bool dataset_cache_shrink(dataset_cache *c);
void dataset_cache_drop(dataset_cache *c, const dataset_key *key);

#endif
