#include "core/math/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

bool arena_open(arena *a, size_t size, fail *f)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    char *block = rounded >= size ? aligned_alloc(ALIGNMENT, rounded ? rounded : ALIGNMENT) : NULL;
    if (!block)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "",
                        "the run needs %.0f MB of memory, which the system refused",
                        (double)size / 1e6);
    memset(block, 0, rounded);
    *a = (arena){.block = block, .size = rounded};
    return true;
}

void arena_close(arena *a)
{
    free(a->block);
    *a = (arena){0};
}

void *arena_take(arena *a, size_t n, size_t element_bytes)
{
    /* While counting, an absurd request saturates: arena_open() then refuses it. */
    size_t bytes =
        element_bytes && n > (SIZE_MAX / 2) / element_bytes ? SIZE_MAX / 2 : n * element_bytes;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t at = a->used;
    a->used = bytes > SIZE_MAX / 2 - at ? SIZE_MAX / 2 : at + bytes;
    if (!a->block)
        return NULL;
    assert(a->used <= a->size);
    return a->block + at;
}
