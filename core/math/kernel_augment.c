#include "core/math/kernel_augment.h"

#include "core/math/kernel.h"

enum { LANES = KERNEL_AUGMENT_LANES };

KERNEL_CLONES
void kernel_augment_signed(const uint32_t *restrict words, size_t n, float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = ((float)(int32_t)(words[i] ^ 0x80000000U) + 0.5F) * 0x1p-31F;
}

KERNEL_CLONES
void kernel_augment_smooth(const float *restrict from, size_t from_stride, size_t step,
                           const float *restrict weights, size_t n_weights, size_t n_rows,
                           size_t stride, float *restrict out)
{
    for (size_t r = 0; r < n_rows; r++)
        for (size_t x = 0; x < stride; x += LANES) {
            const float *at = from + r * from_stride + x;
            float sums[LANES] = {0};
            for (size_t t = 0; t < n_weights; t++)
                for (size_t i = 0; i < LANES; i++)
                    sums[i] += weights[t] * at[t * step + i];
            for (size_t i = 0; i < LANES; i++)
                out[r * stride + x + i] = sums[i];
        }
}

static inline float hold(float x, float most)
{
    x = x > 0 ? x : 0;
    return x < most ? x : most;
}

KERNEL_CLONES
void kernel_augment_positions(const augment_grid *g, float *restrict x, float *restrict y)
{
    float most_x = (float)(g->width + 1), most_y = (float)(g->height + 1);
    const float *m = g->matrix;
    for (size_t j = 0; j < g->height; j++) {
        float row_x = m[1] * (float)j + g->origin[0], row_y = m[3] * (float)j + g->origin[1];
        float *to_x = x + j * g->width, *to_y = y + j * g->width;
        if (g->dx) {
            const float *dx = g->dx + j * g->stride, *dy = g->dy + j * g->stride;
            for (size_t i = 0; i < g->width; i++) {
                float column = (float)(int32_t)i;
                to_x[i] = hold(m[0] * column + row_x + g->elastic * dx[i], most_x);
                to_y[i] = hold(m[2] * column + row_y + g->elastic * dy[i], most_y);
            }
        } else {
            for (size_t i = 0; i < g->width; i++) {
                float column = (float)(int32_t)i;
                to_x[i] = hold(m[0] * column + row_x, most_x);
                to_y[i] = hold(m[2] * column + row_y, most_y);
            }
        }
    }
}

KERNEL_CLONES
void kernel_augment_sample(const float *restrict padded, size_t padded_width,
                           const float *restrict x, const float *restrict y, size_t n,
                           float *restrict out)
{
    int32_t width = (int32_t)padded_width;
    for (size_t i = 0; i < n; i++) {
        int32_t left = (int32_t)x[i], top = (int32_t)y[i], at = top * width + left;
        float fx = x[i] - (float)left, fy = y[i] - (float)top;
        float a = padded[at], b = padded[at + 1];
        float c = padded[at + width], d = padded[at + width + 1];
        float upper = a + fx * (b - a), lower = c + fx * (d - c);
        out[i] = upper + fy * (lower - upper);
    }
}
