/* generators — the built-in generators, one per row of DATASETS[].
 *
 * All draws are of RNG_DATA under data_seed. Sample i reads the stream at (row i, step 0, layer 0)
 * and, for the pixels of glyphs, normals at (row i, step 1, layer 0); what the samples of a set
 * share is at layer 1 and above. So a set of 100 samples is the beginning of the set of 200. The
 * class of sample i is i mod k, but for `teacher`. Each function fills task's shape, scaling and
 * the one part of `out`; options are resolved; it fails for lack of memory, or when its caller has
 * left. Private to core/data/. */
#ifndef CORE_DATA_GENERATORS_H
#define CORE_DATA_GENERATORS_H

#include "core/data/dataset.h"

enum { GENERATE_ROWS_AT_ONCE = 1024 }; /* after so many the caller is asked */

/* Sample i: the label's strokes under a drawn distortion (core/data/glyphs.c has the order of
 * draws), 16x16 gray bytes. */
FAIL_CHECKED bool dataset_generate_glyphs(const dataset_options *options, int64_t data_seed,
                                          const caller *by, dataset *out, fail *f);

/* Centre of class c: uniform in -10 .. 10 per input, the stream at (row c, step 0, layer 1).
 * Sample: centre + noise * normal, input by input. */
FAIL_CHECKED bool dataset_generate_blobs(const dataset_options *options, int64_t data_seed,
                                         const caller *by, dataset *out, fail *f);

/* t = uniform * pi; class 0: (cos t, sin t), class 1: (1 - cos t, 0.5 - sin t); then noise on x and
 * y (as scikit-learn's make_moons). */
FAIL_CHECKED bool dataset_generate_moons(const dataset_options *options, int64_t data_seed,
                                         const caller *by, dataset *out, fail *f);

/* t = uniform * 2 pi; class 0: (cos t, sin t), class 1: half of it; then noise on x and y
 * (make_circles with factor 0.5). */
FAIL_CHECKED bool dataset_generate_circles(const dataset_options *options, int64_t data_seed,
                                           const caller *by, dataset *out, fail *f);

/* r = sqrt(uniform), angle = 2 pi c / k + 3 pi r: (r cos angle, r sin angle); then noise on x and
 * y. */
FAIL_CHECKED bool dataset_generate_spirals(const dataset_options *options, int64_t data_seed,
                                           const caller *by, dataset *out, fail *f);

/* x, y uniform in -1 .. 1; the sign of y is then set so that the signs differ in class 1 and agree
 * in class 0; then noise on x and y. */
FAIL_CHECKED bool dataset_generate_xor(const dataset_options *options, int64_t data_seed,
                                       const caller *by, dataset *out, fail *f);

/* x ~ N(0, 1) per input; h = tanh(W x), outputs o = V h + noise * normal, label = the first of the
 * largest. W (16, d): normals of (row = unit, step 0, layer 1) * 2 / sqrt(d); V (k, 16): normals of
 * (row = class, step 0, layer 2) * 0.32, both of data_seed 0 whatever the data_seed: the teacher is
 * fixed, its pupils' samples are not. */
FAIL_CHECKED bool dataset_generate_teacher(const dataset_options *options, int64_t data_seed,
                                           const caller *by, dataset *out, fail *f);

/* x uniform in -2 .. 2, y = sin(pi x) + noise * normal. */
FAIL_CHECKED bool dataset_generate_sine(const dataset_options *options, int64_t data_seed,
                                        const caller *by, dataset *out, fail *f);

/* x uniform in -1 .. 1 per input, y = mean of 4 x^3 - 3 x + noise * normal. */
FAIL_CHECKED bool dataset_generate_polynomial(const dataset_options *options, int64_t data_seed,
                                              const caller *by, dataset *out, fail *f);

#endif
