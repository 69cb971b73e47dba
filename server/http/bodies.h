/* bodies — answers of finished runs as they were encoded, kept for whoever asks for the same again.
 *
 * 1. They take at most BODIES_BYTES; those that were asked for longest ago make room.
 * 2. What was read before something was forgotten is not kept: whoever reads notes the age first.
 * 3. A body lives as long as somebody sends it.
 * The loop's alone. */
#ifndef SERVER_HTTP_BODIES_H
#define SERVER_HTTP_BODIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BODIES_BYTES = 32 << 20, BODIES_ETAG_BYTES = 40 };

typedef struct kept_body {
    char *bytes;
    size_t n_bytes;
    const char *content_type; /* constant text */
    char etag[BODIES_ETAG_BYTES];
    /* private */
    char *target; /* path and query as sent */
    uint64_t hash;
    bool is_csv;
    int64_t run_id;
    int n_references;
    struct kept_body *newer, *older, *next; /* next: in its chain */
} kept_body;

typedef struct bodies bodies;

bodies *bodies_new(void); /* NULL: no memory */
void bodies_free(bodies *b);

/* One reference, or NULL. */
kept_body *bodies_find(bodies *b, const char *target, bool is_csv);
void bodies_release(kept_body *kept);

/* How often something was forgotten. */
uint64_t bodies_age(const bodies *b);

/* Keeps a copy, unless it is too large, there is no memory, or the age is another by now. */
typedef struct bodies_answer {
    int64_t run_id;
    const char *target, *content_type, *etag;
    bool is_csv;
    const char *bytes;
    size_t n_bytes;
    uint64_t age;
} bodies_answer;
void bodies_keep(bodies *b, const bodies_answer *answer);

/* Of one run; of all (0). */
void bodies_forget(bodies *b, int64_t run_id);

#endif
