/* preview — what a data set looks like as JSON: first rows, class counts, pictures. */
#ifndef SERVER_CODEC_PREVIEW_H
#define SERVER_CODEC_PREVIEW_H

#include "core/data/dataset.h"
#include "server/codec/profile.h"

typedef struct preview_pictures {
    const dataset *set;
    size_t n, n_values, height, width, channels; /* n_values: height * width * channels */
    const uint8_t *pixels;                       /* (n, height, width, channels) */
    const int32_t *labels;                       /* (n) */
} preview_pictures;

typedef struct preview_answer { /* of the stored training part */
    const dataset *set;
    size_t n_samples, n_rows, d, k;
    const double *inputs;             /* (n_rows, d) in own units, bytes as 0..1; NaN: missing */
    const int32_t *labels;            /* (n_rows), or NULL */
    const double *targets;            /* (n_rows, k), or NULL */
    const size_t *counts;             /* (PART_COUNT, k); NULL: a regression */
    const preview_pictures *pictures; /* NULL: the rows are none */
    const profile *figures;
} preview_answer;
extern const shape SHAPE_PREVIEW;

#endif
