/* arena — one block of memory per run, carved in a fixed order; nothing is freed before the whole.
 *
 * 1. The same sequence of arena_take() calls is made twice: on an arena without a block it only
 *    counts, on one with a block it hands out.
 * 2. Every piece starts at a multiple of 64 bytes (a cache line, an AVX-512 vector).
 * Ownership: arena_open() allocates, arena_close() frees. One thread at a time. */
#ifndef CORE_MATH_ARENA_H
#define CORE_MATH_ARENA_H

#include "core/base/fail.h"

#include <stddef.h>

typedef struct arena {
    char *block; /* NULL: counting */
    size_t used, size;
} arena;

/* Allocates `size` zeroed bytes. FAIL_OUT_OF_MEMORY with the figure. */
FAIL_CHECKED bool arena_open(arena *a, size_t size, fail *f);
void arena_close(arena *a);

/* The next n elements of element_bytes each, zeroed; NULL while counting. Taking more than was
 * counted is a programming error. */
void *arena_take(arena *a, size_t n, size_t element_bytes);

#endif
