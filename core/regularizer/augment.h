/* augment — distorts one image: shift, rotation, zoom, shear, mirror, cutout and elastic distortion
 * (Simard et al. 2003).
 *
 * An image is (channels, height, width) floats; x goes right, y down, both counted from the image's
 * centre ((width-1)/2, (height-1)/2). All channels are distorted alike. The output is the input
 * moved by, in this order: mirror, zoom, shear, rotation, shift; so output point p reads the input
 * at q = F Z^-1 S^-1 R^-1 (p - t) + e(p), bilinearly, where
 *   F = diag(-1, 1) or 1    Z = z * 1    S = [1 k; 0 1]    R = [cos a, -sin a; sin a, cos a]    t =
 *                           (tx, ty)
 * and e is the elastic displacement. Outside the image is `background`, into which the border fades
 * over one pixel.
 *
 * Draws, from the stream of (RNG_AUGMENTATION, row, step, layer 0), each word as a uniform u; only
 * what is enabled takes words:
 *   flip     1 word   mirrored if u < 0.5
 *   shift    2 words  tx, then ty = (2u - 1) * shift pixels
 *   rotate   1 word   a = (2u - 1) * rotate degrees
 *   zoom     1 word   z = 1 + (2u - 1) * zoom
 *   shear    1 word   k = (2u - 1) * shear
 *   cutout   2 words  below(width), below(height): the pixel cx, cy; columns cx - side/2 .. cx -
 *            side/2 + side - 1 (whole numbers, side
 *                     = cutout rounded) and rows likewise become background, as far as they are in
 *                     the image
 *   elastic  words 16, 17, ... of the stream, whatever was drawn before: height*width of them for
 *            x, row by row, then as many for y; each is (2u - 1), the two fields are smoothed by a
 *            Gaussian of sigma = 4 px * min(height, width) / 28, cut off at
 *            3 sigma (at most 256 px), its weights summing to 1, the fields being 0 outside the
 *            image; times `elastic` pixels
 * Threads: an augment is const after init; scratch is the caller's, one per thread. No
 * allocation. */
#ifndef CORE_REGULARIZER_AUGMENT_H
#define CORE_REGULARIZER_AUGMENT_H

#include "core/data/split.h"
#include "core/spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AUGMENT_RADIUS_LIMIT = 256 };

typedef struct augment {
    size_t channels, height, width;
    double shift, rotate, zoom, shear, elastic; /* rotate in radians; 0: off */
    size_t cutout;
    bool flip;
    float background;
    size_t radius; /* of the Gaussian */
    float weights[2 * AUGMENT_RADIUS_LIMIT + 1];
} augment;

/* Whether the spec asks for any augmentation. */
bool augment_is_on(const train_spec *spec);

/* For the images of a split, whose background is the scaled value of a raw 0. The set must have
 * images. */
void augment_init(const train_spec *spec, const split *data, augment *out);

/* Bytes of scratch memory that augment_apply() needs. */
size_t augment_bytes(const augment *a);

/* out = in, distorted by the draws of (seed, row, step); in and out do not overlap. scratch is
 * aligned to 64 bytes. */
void augment_apply(const augment *a, int64_t seed, uint32_t row, uint32_t step, const float *in,
                   float *out, void *scratch);

#endif
