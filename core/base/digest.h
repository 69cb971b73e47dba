/* digest — SHA-256 (FIPS 180-4), piece by piece or at once.
 *
 * A digest is a value in the caller's memory; digest_init() starts it, digest_add() takes any
 * pieces in order, digest_write() ends it. No heap, no failure, any thread. */
#ifndef CORE_BASE_DIGEST_H
#define CORE_BASE_DIGEST_H

#include <stddef.h>

enum { DIGEST_TEXT_BYTES = 65 }; /* 64 lower-case hex digits and the NUL */

typedef struct digest {
    _Alignas(16) unsigned char state[128]; /* private */
} digest;

void digest_init(digest *d);
void digest_add(digest *d, const void *bytes, size_t n_bytes);

/* The SHA-256 of all bytes added, as text; the digest starts anew. */
void digest_write(digest *d, char text[DIGEST_TEXT_BYTES]);

/* The SHA-256 of n_bytes as text. */
void digest_write_of(const void *bytes, size_t n_bytes, char text[DIGEST_TEXT_BYTES]);

#endif
