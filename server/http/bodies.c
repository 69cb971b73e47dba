#include "server/http/bodies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS = 1024, SHARE = 8 }; /* SHARE: no body takes more than that part of all */

struct bodies {
    kept_body *chains[CHAINS];
    kept_body *newest, *oldest;
    size_t n_bytes;
    uint64_t age;
};

static uint64_t hash_of(const char *target, bool is_csv)
{
    uint64_t hash = 14695981039346656037U + is_csv; /* FNV-1a */
    for (; *target; target++)
        hash = (hash ^ (unsigned char)*target) * 1099511628211U;
    return hash;
}

static size_t size_of(const kept_body *kept)
{
    return sizeof *kept + strlen(kept->target) + kept->n_bytes;
}

bodies *bodies_new(void)
{
    return calloc(1, sizeof(bodies));
}

void bodies_release(kept_body *kept)
{
    if (--kept->n_references > 0)
        return;
    free(kept->bytes);
    free(kept->target);
    free(kept);
}

static void link_newest(bodies *b, kept_body *kept)
{
    kept->newer = NULL;
    kept->older = b->newest;
    if (b->newest)
        b->newest->newer = kept;
    else
        b->oldest = kept;
    b->newest = kept;
}

static void unlink_age(bodies *b, kept_body *kept)
{
    if (kept->newer)
        kept->newer->older = kept->older;
    else
        b->newest = kept->older;
    if (kept->older)
        kept->older->newer = kept->newer;
    else
        b->oldest = kept->newer;
}

static void drop(bodies *b, kept_body *kept)
{
    kept_body **at = &b->chains[kept->hash % CHAINS];
    while (*at != kept)
        at = &(*at)->next;
    *at = kept->next;
    unlink_age(b, kept);
    b->n_bytes -= size_of(kept);
    bodies_release(kept);
}

void bodies_free(bodies *b)
{
    if (!b)
        return;
    while (b->newest)
        drop(b, b->newest);
    free(b);
}

kept_body *bodies_find(bodies *b, const char *target, bool is_csv)
{
    uint64_t hash = hash_of(target, is_csv);
    kept_body *kept = b->chains[hash % CHAINS];
    while (kept &&
           (kept->hash != hash || kept->is_csv != is_csv || strcmp(kept->target, target) != 0))
        kept = kept->next;
    if (!kept)
        return NULL;
    if (kept != b->newest) {
        unlink_age(b, kept);
        link_newest(b, kept);
    }
    kept->n_references++;
    return kept;
}

uint64_t bodies_age(const bodies *b)
{
    return b->age;
}

/* NULL: no memory. */
static kept_body *copy(const bodies_answer *a)
{
    kept_body *kept = calloc(1, sizeof *kept);
    char *bytes = malloc(a->n_bytes), *target = strdup(a->target);
    if (!kept || !bytes || !target) {
        free(kept);
        free(bytes);
        free(target);
        return NULL;
    }
    memcpy(bytes, a->bytes, a->n_bytes);
    *kept = (kept_body){.bytes = bytes,
                        .n_bytes = a->n_bytes,
                        .content_type = a->content_type,
                        .target = target,
                        .hash = hash_of(target, a->is_csv),
                        .is_csv = a->is_csv,
                        .run_id = a->run_id,
                        .n_references = 1};
    snprintf(kept->etag, sizeof kept->etag, "%s", a->etag);
    return kept;
}

void bodies_keep(bodies *b, const bodies_answer *a)
{
    if (a->age != b->age || a->n_bytes == 0 || a->n_bytes > BODIES_BYTES / SHARE)
        return;
    kept_body *known = bodies_find(b, a->target, a->is_csv), *kept = known ? NULL : copy(a);
    if (known)
        bodies_release(known);
    if (!kept)
        return;
    kept_body **chain = &b->chains[kept->hash % CHAINS];
    kept->next = *chain;
    *chain = kept;
    link_newest(b, kept);
    b->n_bytes += size_of(kept);
    while (b->n_bytes > BODIES_BYTES)
        drop(b, b->oldest);
}

void bodies_forget(bodies *b, int64_t run_id)
{
    b->age++;
    for (kept_body *kept = b->oldest, *newer; kept; kept = newer) {
        newer = kept->newer;
        if (run_id == 0 || kept->run_id == run_id)
            drop(b, kept);
    }
}
