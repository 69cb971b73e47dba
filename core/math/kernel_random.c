/* Kernels of random numbers: many blocks of Philox at once, as masks and as normals. */
#include "core/math/kernel.h"

#include <math.h>
#include <string.h>

enum { LANES = 64 };

#define ROUND(c0, c1, c2, c3, k0, k1)                                                              \
    do {                                                                                           \
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;                 \
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ (k0), n2 = (uint32_t)(p0 >> 32) ^ c3 ^ (k1);     \
        c1 = (uint32_t)p1;                                                                         \
        c3 = (uint32_t)p0;                                                                         \
        c0 = n0;                                                                                   \
        c2 = n2;                                                                                   \
    } while (0)

/* Philox4x32-10 of LANES counters at once; its rounds are written out so that the loop over lanes
 * is the vector loop. */
KERNEL_CLONES
static void philox_lanes(const uint32_t *restrict block, const uint32_t *restrict row,
                         uint32_t step, uint32_t layer, uint32_t k0, uint32_t k1,
                         uint32_t *restrict out)
{
    for (int i = 0; i < LANES; i++) {
        uint32_t c0 = block[i], c1 = row[i], c2 = step, c3 = layer;
        ROUND(c0, c1, c2, c3, k0, k1);
        ROUND(c0, c1, c2, c3, k0 + 1 * 0x9E3779B9u, k1 + 1 * 0xBB67AE85u);
        ROUND(c0, c1, c2, c3, k0 + 2 * 0x9E3779B9u, k1 + 2 * 0xBB67AE85u);
        ROUND(c0, c1, c2, c3, k0 + 3 * 0x9E3779B9u, k1 + 3 * 0xBB67AE85u);
        ROUND(c0, c1, c2, c3, k0 + 4 * 0x9E3779B9u, k1 + 4 * 0xBB67AE85u);
        ROUND(c0, c1, c2, c3, k0 + 5 * 0x9E3779B9u, k1 + 5 * 0xBB67AE85u);
        ROUND(c0, c1, c2, c3, k0 + 6 * 0x9E3779B9u, k1 + 6 * 0xBB67AE85u);
        ROUND(c0, c1, c2, c3, k0 + 7 * 0x9E3779B9u, k1 + 7 * 0xBB67AE85u);
        ROUND(c0, c1, c2, c3, k0 + 8 * 0x9E3779B9u, k1 + 8 * 0xBB67AE85u);
        ROUND(c0, c1, c2, c3, k0 + 9 * 0x9E3779B9u, k1 + 9 * 0xBB67AE85u);
        out[4 * i] = c0;
        out[4 * i + 1] = c1;
        out[4 * i + 2] = c2;
        out[4 * i + 3] = c3;
    }
}

void kernel_blocks(const rng_address *address, uint32_t row0, size_t n_rows, uint32_t block0,
                   size_t n_blocks, uint32_t *words)
{
    size_t n = n_rows * n_blocks;
    uint32_t block = block0, row = row0, blocks[LANES], rows[LANES], last[4 * LANES];
    for (size_t done = 0; done < n; done += LANES) {
        for (int i = 0; i < LANES; i++) {
            blocks[i] = block;
            rows[i] = row;
            if (++block == block0 + n_blocks) {
                block = block0;
                row++;
            }
        }
        bool whole = n - done >= LANES;
        philox_lanes(blocks, rows, address->step, address->layer, address->key.word[0],
                     address->key.word[1], whole ? words + 4 * done : last);
        if (!whole)
            memcpy(words + 4 * done, last, (n - done) * 4 * sizeof *words);
    }
}

/* Half-word u of a row of words, as the addressing defines it, whatever the byte order of the
 * machine. */
static inline uint32_t decision(const uint32_t *words, size_t u)
{
    return words[u / 2] >> (u % 2 * 16) & 0xFFFF;
}

KERNEL_CLONES
void kernel_mask_bits(const uint32_t *restrict words, size_t n, uint32_t threshold,
                      uint32_t *restrict bits)
{
    for (size_t i = 0; i < n / 32; i++) {
        uint32_t low = 0, high = 0;
        for (uint32_t j = 0; j < 16; j++) {
            uint32_t word = words[16 * i + j];
            low |= (uint32_t)((word & 0xFFFF) >= threshold) << (2 * j);
            high |= (uint32_t)((word >> 16) >= threshold) << (2 * j + 1);
        }
        bits[i] = low | high;
    }
    if (n % 32) {
        uint32_t word = 0;
        for (size_t u = n / 32 * 32; u < n; u++)
            word |= (uint32_t)(decision(words, u) >= threshold) << (u % 32);
        bits[n / 32] = word;
    }
}

KERNEL_CLONES
void kernel_mask_apply(real *restrict x, const uint32_t *restrict bits, size_t n, real scale,
                       real shift, real dropped)
{
    size_t whole = n / 32;
    for (size_t i = 0; i < whole; i++)
        for (uint32_t j = 0; j < 32; j++)
            x[32 * i + j] = bits[i] >> j & 1 ? x[32 * i + j] * scale + shift : dropped;
    for (size_t u = 32 * whole; u < n; u++)
        x[u] = bits[u / 32] >> (u % 32) & 1 ? x[u] * scale + shift : dropped;
}

/* sin and cos of 2*pi*t and the logarithm come from libm: noise is not on the default path, and
 * exactness beats speed here. */
void kernel_normals(const uint32_t *words, size_t n_blocks, real *out)
{
    for (size_t i = 0; i < 2 * n_blocks; i++) {
        double u1 = ((double)words[2 * i] + 0.5) * 0x1p-32,
               angle = 6.283185307179586 * 0x1p-32 * (double)words[2 * i + 1];
        real radius = (real)sqrt(-2 * log(u1));
        out[2 * i] = radius * REAL_FUNCTION(cos)((real)angle);
        out[2 * i + 1] = radius * REAL_FUNCTION(sin)((real)angle);
    }
}
