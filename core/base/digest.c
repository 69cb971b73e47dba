#include "core/base/digest.h"

#include <nettle/sha2.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(digest), "digest has room for nettle's context");

static struct sha256_ctx *context_of(digest *d)
{
    return (struct sha256_ctx *)(void *)d->state;
}

void digest_init(digest *d)
{
    sha256_init(context_of(d));
}

void digest_add(digest *d, const void *bytes, size_t n_bytes)
{
    sha256_update(context_of(d), n_bytes, (const uint8_t *)bytes);
}

void digest_write(digest *d, char text[DIGEST_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[SHA256_DIGEST_SIZE];
    sha256_digest(context_of(d), sizeof hash, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    text[DIGEST_TEXT_BYTES - 1] = '\0';
}

void digest_write_of(const void *bytes, size_t n_bytes, char text[DIGEST_TEXT_BYTES])
{
    digest d;
    digest_init(&d);
    digest_add(&d, bytes, n_bytes);
    digest_write(&d, text);
}
