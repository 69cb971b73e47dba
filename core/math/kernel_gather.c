#include "core/math/kernel_gather.h"

#include "core/math/kernel.h"

#include <string.h>

enum { FINITE_PIECE = 4096 };

static inline size_t row_of(const gather *g, size_t i)
{
    return g->rows[g->positions ? g->positions[i] : g->first + i];
}

/* Rows come in random order from a set larger than the caches: ask for the next while this one is
 * scaled. Always inline: GCC drops the call of a function that does nothing but prefetch. */
static inline __attribute__((always_inline)) void
prefetch_row(const gather *g, size_t i, const void *values, size_t value_bytes)
{
    if (i + 1 >= g->n)
        return;
    const char *next = (const char *)values + row_of(g, i + 1) * g->d * value_bytes;
    for (size_t at = 0; at < g->d * value_bytes; at += 64)
        __builtin_prefetch(next + at);
}

KERNEL_CLONES
void kernel_gather_bytes_uniform(const gather *g, const uint8_t *values, float scale, float shift,
                                 float *out)
{
    size_t d = g->d;
    for (size_t i = 0; i < g->n; i++) {
        const uint8_t *restrict from = values + row_of(g, i) * d;
        prefetch_row(g, i, values, sizeof *from);
        float *restrict to = out + i * d;
        for (size_t j = 0; j < d; j++)
            to[j] = (float)from[j] * scale + shift;
    }
}

KERNEL_CLONES
void kernel_gather_bytes(const gather *g, const uint8_t *values, const float *scale,
                         const float *shift, float *out)
{
    size_t d = g->d;
    for (size_t i = 0; i < g->n; i++) {
        const uint8_t *restrict from = values + row_of(g, i) * d;
        prefetch_row(g, i, values, sizeof *from);
        float *restrict to = out + i * d;
        for (size_t j = 0; j < d; j++)
            to[j] = (float)from[j] * scale[j] + shift[j];
    }
}

KERNEL_CLONES
void kernel_gather_floats_uniform(const gather *g, const float *values, float scale, float shift,
                                  float *out)
{
    size_t d = g->d;
    for (size_t i = 0; i < g->n; i++) {
        const float *restrict from = values + row_of(g, i) * d;
        prefetch_row(g, i, values, sizeof *from);
        float *restrict to = out + i * d;
        for (size_t j = 0; j < d; j++)
            to[j] = from[j] * scale + shift;
    }
}

KERNEL_CLONES
void kernel_gather_floats(const gather *g, const float *values, const float *scale,
                          const float *shift, float *out)
{
    size_t d = g->d;
    for (size_t i = 0; i < g->n; i++) {
        const float *restrict from = values + row_of(g, i) * d;
        prefetch_row(g, i, values, sizeof *from);
        float *restrict to = out + i * d;
        for (size_t j = 0; j < d; j++)
            to[j] = from[j] * scale[j] + shift[j];
    }
}

void kernel_gather_copy(const gather *g, const float *values, float *out)
{
    for (size_t i = 0; i < g->n; i++)
        memcpy(out + i * g->d, values + row_of(g, i) * g->d, g->d * sizeof *out);
}

KERNEL_CLONES
void kernel_gather_byte_sums(const uint8_t *values, const uint32_t *rows, size_t n, size_t d,
                             uint64_t *sums, uint64_t *squares, uint8_t *least, uint8_t *most)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *restrict from = values + rows[i] * d;
        for (size_t j = 0; j < d; j++) {
            uint32_t x = from[j];
            sums[j] += x;
            squares[j] += x * x;
        }
        for (size_t j = 0; j < d; j++) {
            least[j] = from[j] < least[j] ? from[j] : least[j];
            most[j] = from[j] > most[j] ? from[j] : most[j];
        }
    }
}

/* In pieces: an early end would keep the loop from being vectorized. */
KERNEL_CLONES
bool kernel_gather_are_finite(const float *values, size_t n)
{
    for (size_t done = 0; done < n; done += FINITE_PIECE) {
        size_t here = n - done < FINITE_PIECE ? n - done : FINITE_PIECE;
        uint32_t n_bad = 0;
        for (size_t i = 0; i < here; i++) {
            uint32_t bits;
            memcpy(&bits, values + done + i, sizeof bits);
            n_bad += (bits & 0x7F800000U) == 0x7F800000U;
        }
        if (n_bad > 0)
            return false;
    }
    return true;
}
