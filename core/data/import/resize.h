/* resize — a picture of one size made into one of another, while its rows come in from the top.
 *
 * Along a side that becomes shorter every new pixel is the mean over the area that it covers; along
 * one that becomes longer it is interpolated between the two nearest (bilinear, centres at a half,
 * borders repeated); a side that stays is left alone. Sides are treated each by itself: the shape
 * may be distorted, nothing is cut off. Owns heap memory until resize_close(); one thread. */
#ifndef CORE_DATA_IMPORT_RESIZE_H
#define CORE_DATA_IMPORT_RESIZE_H

#include "core/base/fail.h"

#include <stddef.h>
#include <stdint.h>

typedef struct resize_axis { /* new pixel j: sum of weights[first[j] .. ] over old starts[j] .. */
    size_t n_old, n_new;
    uint32_t *starts, *counts, *first; /* (n_new) */
    float *weights;
} resize_axis;

typedef struct resize {
    resize_axis x, y;
    float *row;          /* (x.n_new, 3) */
    float *sums;         /* (y.n_new, x.n_new, 3) */
    size_t n_rows, next; /* rows that came; the first new row that is not whole */
} resize;

/* Makes *r, zeroed or used before, ready for a picture; the same sizes again cost little. On
 * false resize_close() is still the caller's. */
FAIL_CHECKED bool resize_begin(resize *r, size_t width, size_t height, size_t new_width,
                               size_t new_height, fail *f);
void resize_close(resize *r);

/* The next row: rgb (width, 3). */
void resize_put_row(resize *r, const uint8_t *rgb);

/* After all rows: rgb (new_height, new_width, 3). */
void resize_end(const resize *r, uint8_t *rgb);

#endif
