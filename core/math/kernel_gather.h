/* kernel_gather — rows of a data set copied and scaled into a minibatch.
 *
 * Sample i of the n reads row rows[positions[i]], or rows[first + i] where positions is NULL; rows
 * are of d values, out is (n, d) row-major. Every value becomes value * scale + shift in float32,
 * without contraction, so that all versions of a kernel give the same bits. `_uniform`: one scale
 * and shift for all columns, else (d) each. Threads: pure. */
#ifndef CORE_MATH_KERNEL_GATHER_H
#define CORE_MATH_KERNEL_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gather {
    const uint32_t *rows, *positions;
    size_t first, n, d;
} gather;

void kernel_gather_bytes_uniform(const gather *g, const uint8_t *values, float scale, float shift,
                                 float *out);
void kernel_gather_bytes(const gather *g, const uint8_t *values, const float *scale,
                         const float *shift, float *out);
void kernel_gather_floats_uniform(const gather *g, const float *values, float scale, float shift,
                                  float *out);
void kernel_gather_floats(const gather *g, const float *values, const float *scale,
                          const float *shift, float *out);

/* As stored. */
void kernel_gather_copy(const gather *g, const float *values, float *out);

/* sums[j] += x, squares[j] += x * x, least and most, over n rows of d bytes that `rows` names. */
void kernel_gather_byte_sums(const uint8_t *values, const uint32_t *rows, size_t n, size_t d,
                             uint64_t *sums, uint64_t *squares, uint8_t *least, uint8_t *most);

/* Whether none of n floats is infinite or NaN. */
bool kernel_gather_are_finite(const float *values, size_t n);

#endif
