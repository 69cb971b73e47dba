#include "server/jobs/dataset_cache.h"

#include "core/data/import/register.h"
#include "core/data/open.h"

#include <math.h>
#include <string.h>

bool dataset_key_of(const train_spec *spec, const char *data_dir, dataset_key *out, fail *f)
{
    dataset_key key = {.data_seed = spec->data_seed};
    if (!dataset_check(spec->dataset, &spec->dataset_options, data_dir, &key.options, f))
        return false;
    if (!dataset_find(spec->dataset)) {
        key.data_seed = 0;
        if (!dataset_read_sha256(spec->dataset, data_dir, key.sha256, f))
            return false;
    }
    memcpy(key.name, spec->dataset, sizeof key.name);
    *out = key;
    return true;
}

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || !(a < b || a > b || isnan(a) || isnan(b));
}

static bool same_key(const dataset_key *a, const dataset_key *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->sha256, b->sha256) == 0 &&
           a->data_seed == b->data_seed && a->options.n == b->options.n &&
           a->options.classes == b->options.classes &&
           a->options.dimensions == b->options.dimensions &&
           same_number(a->options.noise, b->options.noise);
}

static dataset_cache_entry *find_entry(dataset_cache *c, const dataset_key *key)
{
    for (int i = 0; i < DATASET_CACHE_LIMIT; i++)
        if (c->entries[i].used && same_key(&c->entries[i].key, key))
            return &c->entries[i];
    return NULL;
}

static void clear_entry(dataset_cache_entry *entry)
{
    dataset_close(entry->set);
    *entry = (dataset_cache_entry){.used = 0};
}

/* A free place, else the one of the open set that was used longest ago; NULL where all are being
 * opened. */
static dataset_cache_entry *find_place(dataset_cache *c)
{
    dataset_cache_entry *oldest = NULL;
    for (int i = 0; i < DATASET_CACHE_LIMIT; i++) {
        dataset_cache_entry *entry = &c->entries[i];
        if (!entry->used)
            return entry;
        if (entry->set && (!oldest || entry->used < oldest->used))
            oldest = entry;
    }
    return oldest;
}

static size_t set_bytes(const dataset *set)
{
    size_t bytes = 0;
    for (int part = 0; set->built_in && part < PART_COUNT; part++) {
        const dataset_rows *rows = &set->parts[part];
        bytes += rows->n * set->d * (rows->bytes ? 1 : sizeof(float));
        bytes += rows->n * (rows->targets ? set->k : 1) * sizeof(float);
    }
    return bytes;
}

static size_t held_bytes(const dataset_cache *c)
{
    size_t bytes = 0;
    for (int i = 0; i < DATASET_CACHE_LIMIT; i++)
        if (c->entries[i].set)
            bytes += set_bytes(c->entries[i].set);
    return bytes;
}

void dataset_cache_init(dataset_cache *c)
{
    *c = (dataset_cache){.clock = 0};
}

void dataset_cache_close(dataset_cache *c)
{
    for (int i = 0; i < DATASET_CACHE_LIMIT; i++)
        clear_entry(&c->entries[i]);
}

dataset_cache_state dataset_cache_find(dataset_cache *c, const dataset_key *key, dataset **out)
{
    dataset_cache_entry *entry = find_entry(c, key);
    if (entry && !entry->set)
        return DATASET_CACHE_OPENING;
    if (entry) {
        entry->used = ++c->clock;
        *out = dataset_share(entry->set);
        return DATASET_CACHE_READY;
    }
    entry = find_place(c);
    if (!entry)
        return DATASET_CACHE_FULL;
    clear_entry(entry);
    *entry = (dataset_cache_entry){.key = *key, .used = ++c->clock};
    return DATASET_CACHE_YOURS;
}

/* The open set used longest ago other than `kept`, or NULL. */
static dataset_cache_entry *find_oldest(dataset_cache *c, const dataset_cache_entry *kept)
{
    dataset_cache_entry *oldest = NULL;
    for (int i = 0; i < DATASET_CACHE_LIMIT; i++) {
        dataset_cache_entry *entry = &c->entries[i];
        if (entry != kept && entry->set && (!oldest || entry->used < oldest->used))
            oldest = entry;
    }
    return oldest;
}

void dataset_cache_put(dataset_cache *c, const dataset_key *key, dataset *set)
{
    dataset_cache_entry *entry = find_entry(c, key);
    if (!entry || entry->set)
        return;
    entry->set = dataset_share(set);
    dataset_cache_entry *oldest;
    while (held_bytes(c) > DATASET_CACHE_BYTES && (oldest = find_oldest(c, entry)))
        clear_entry(oldest);
}

void dataset_cache_drop(dataset_cache *c, const dataset_key *key)
{
    dataset_cache_entry *entry = find_entry(c, key);
    if (entry && !entry->set)
        clear_entry(entry);
}

bool dataset_cache_has(dataset_cache *c, const dataset_key *key)
{
    return find_entry(c, key) != NULL;
}

bool dataset_cache_shrink(dataset_cache *c)
{
    dataset_cache_entry *oldest = NULL;
    for (int i = 0; i < DATASET_CACHE_LIMIT; i++) {
        dataset_cache_entry *entry = &c->entries[i];
        if (entry->set && !dataset_is_shared(entry->set) && (!oldest || entry->used < oldest->used))
            oldest = entry;
    }
    if (oldest)
        clear_entry(oldest);
    return oldest;
}
