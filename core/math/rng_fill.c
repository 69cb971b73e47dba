/* The filling half of core/math/rng.h, on top of the vectorized blocks. */
#include "core/math/kernel.h"
#include "core/math/rng.h"

enum { CHUNK_BLOCKS = 64 };

void rng_fill_uniform(const rng_address *address, size_t first, size_t n, float *out)
{
    uint32_t words[4];
    for (size_t u = first; u < first + n; u++) {
        if (u == first || u % 4 == 0)
            rng_block(address, (uint32_t)(u / 4), words);
        out[u - first] = (float)(((double)words[u % 4] + 0.5) * 0x1p-32);
    }
}

void rng_fill_normal(const rng_address *address, size_t first, size_t n, float *out)
{
    uint32_t words[4 * CHUNK_BLOCKS];
    real normals[4 * CHUNK_BLOCKS];
    for (size_t done = 0; done < n;) {
        size_t block = (first + done) / 4, skip = (first + done) % 4;
        size_t here = 4 * CHUNK_BLOCKS - skip < n - done ? 4 * CHUNK_BLOCKS - skip : n - done;
        size_t n_blocks = (skip + here + 3) / 4;
        kernel_blocks(address, address->row, 1, (uint32_t)block, n_blocks, words);
        kernel_normals(words, n_blocks, normals);
        for (size_t i = 0; i < here; i++)
            out[done + i] = (float)normals[skip + i];
        done += here;
    }
}

void rng_fill_mask(const rng_address *address, size_t n, uint32_t threshold, uint32_t *bits)
{
    uint32_t words[4 * CHUNK_BLOCKS];
    for (size_t done = 0; done < n; done += 8 * CHUNK_BLOCKS) {
        size_t here = n - done < 8 * CHUNK_BLOCKS ? n - done : 8 * CHUNK_BLOCKS;
        kernel_blocks(address, address->row, 1, (uint32_t)(done / 8), (here + 7) / 8, words);
        kernel_mask_bits(words, here, threshold, bits + done / 32);
    }
}
