/* picture — a PNG or JPEG picture, read front to back and given out row by row as RGB bytes.
 *
 * 1. PNG: every colour type, depth and interlacing; 16 bits are rounded to 8; what is transparent
 *    is laid over black (value * alpha / 255). Colour profiles and gamma are not applied.
 * 2. JPEG: gray, YCbCr, RGB, CMYK and YCCK, baseline and progressive, 8 bits. An orientation in
 *    the EXIF data is not applied: the pixels are taken as they are stored.
 * 3. Gray values come out as three equal ones.
 * 4. A picture that is damaged or cut off is refused, not filled up: what the libraries only warn
 * of counts, too, where pixels would be missing or wrong. Memory: some rows; a whole picture of an
 * interlaced PNG, and its coefficients of a progressive JPEG, which the caller is asked for. The
 * caller is asked at every read and every row. */
#ifndef CORE_DATA_IMPORT_PICTURE_H
#define CORE_DATA_IMPORT_PICTURE_H

#include "core/base/caller.h"
#include "core/base/fail.h"

#include <stdint.h>

enum { PICTURE_SIDE_LIMIT = 16384, PICTURE_START_BYTES = 8, PICTURE_CHANNELS = 3 };

/* Where the bytes come from. */
typedef struct picture_input {
    void *context;
    /* up to n bytes; *n_read is less only at the end */
    bool (*read)(void *context, void *bytes, size_t n, size_t *n_read, fail *f);
    const caller *by;
    const char *name;  /* of the picture, for sentences */
    uint64_t *granted; /* memory for one picture that the caller has granted so far; 0 at first */
} picture_input;

/* Where the rows go. */
typedef struct picture_output {
    void *context;
    /* once, before the rows */
    bool (*begin)(void *context, size_t width, size_t height, fail *f);
    /* height times, from the top: rgb (width, 3) */
    bool (*put_row)(void *context, const uint8_t *rgb, fail *f);
} picture_output;

/* Reads one picture up to its end. FAIL_SYNTAX where it is none or damaged, FAIL_TOO_LARGE where a
 * side is longer than PICTURE_SIDE_LIMIT; the sentences name the picture. */
FAIL_CHECKED bool picture_read(const picture_input *in, const picture_output *out, fail *f);

/* The two formats, after their first PICTURE_START_BYTES were read. Private to picture_read(). */
FAIL_CHECKED bool picture_read_png(const picture_input *in, const picture_output *out, fail *f);
FAIL_CHECKED bool picture_read_jpeg(const picture_input *in,
                                    const uint8_t start[PICTURE_START_BYTES],
                                    const picture_output *out, fail *f);

/* For both: refuses sides beyond the limit; asks for n_bytes of working memory, of which a few are
 * free. */
FAIL_CHECKED bool picture_check_sides(const picture_input *in, uint64_t width, uint64_t height,
                                      fail *f);
FAIL_CHECKED bool picture_grant(const picture_input *in, uint64_t n_bytes, fail *f);

#endif
