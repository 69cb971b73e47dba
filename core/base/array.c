#include "core/base/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 512 }; /* so that an array of few small items is taken once */

/* Half as many again, at least `n`, at most `maximum`. */
static size_t next_capacity(size_t capacity, size_t n, size_t item_bytes, size_t maximum)
{
    size_t more = capacity / 2 + FIRST_BYTES / item_bytes;
    size_t next = capacity < maximum && more < maximum - capacity ? capacity + more : maximum;
    return next < n ? n : next;
}

bool array_reserve_bytes(void *items, size_t *capacity, size_t n, size_t item_bytes, size_t maximum)
{
    assert(item_bytes > 0);
    if (n <= *capacity)
        return n <= maximum;
    size_t bytes, next = next_capacity(*capacity, n, item_bytes, maximum);
    if (n > maximum || __builtin_mul_overflow(next, item_bytes, &bytes))
        return false;
    void *block; /* copied as bytes: a T * may not be read through a void ** */
    memcpy(&block, items, sizeof block);
    block = realloc(block, bytes);
    if (!block)
        return false;
    memcpy(items, &block, sizeof block);
    *capacity = next;
    return true;
}
