/* kernel_augment — the inner loops of core/regularizer/augment.c: random fields, their smoothing,
 * bilinear sampling.
 *
 * Planes are (height, stride) floats, stride a multiple of KERNEL_AUGMENT_LANES, of which the first
 * `width` columns count. No contraction of products and sums, so that all versions of a kernel give
 * the same bits. Threads: pure. */
#ifndef CORE_MATH_KERNEL_AUGMENT_H
#define CORE_MATH_KERNEL_AUGMENT_H

#include <stddef.h>
#include <stdint.h>

enum { KERNEL_AUGMENT_LANES = 16 };

/* out[i] = 2u - 1 of the word's uniform u, rounded to float. */
void kernel_augment_signed(const uint32_t *words, size_t n, float *out);

/* out[r][x] = sum over t < n_weights of weights[t] * from[r * from_stride + x + t * step], for rows
 * r < n_rows and x < stride; out is (n_rows, stride). step 1 smooths rows that are padded left and
 * right; step = from_stride smooths columns that are padded above and below. */
void kernel_augment_smooth(const float *from, size_t from_stride, size_t step, const float *weights,
                           size_t n_weights, size_t n_rows, size_t stride, float *out);

/* Positions in a padded image of (height + 3, width + 3) whose pixel (1, 1) is the image's (0, 0):
 * x = matrix[0] * i + matrix[1] * j + origin[0] and y = matrix[2] * i + matrix[3] * j + origin[1]
 * for column i, row j, plus elastic * dx, dy (planes; NULL: none), held within 0 .. width + 1 and 0
 * .. height + 1; (height, width) dense. */
typedef struct augment_grid {
    size_t height, width, stride;
    float matrix[4], origin[2];
    const float *dx, *dy;
    float elastic;
} augment_grid;
void kernel_augment_positions(const augment_grid *g, float *x, float *y);

/* out[i] = the padded image at (x[i], y[i]), bilinearly. */
void kernel_augment_sample(const float *padded, size_t padded_width, const float *x, const float *y,
                           size_t n, float *out);

#endif
