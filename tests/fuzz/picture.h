/* picture — what the fuzzers of pictures share: one is read and resized, with a caller who grants
 * little and leaves in time. */
#ifndef TESTS_FUZZ_PICTURE_H
#define TESTS_FUZZ_PICTURE_H

#include "core/data/import/picture.h"
#include "core/data/import/resize.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { PICTURE_SIDE = 8, PICTURE_CHECKS = 40000 };

typedef struct picture_try {
    const uint8_t *bytes;
    size_t n, at;
    size_t width, height, n_rows;
    int n_checks;
    resize scale;
} picture_try;

static bool picture_take(void *context, void *bytes, size_t n, size_t *n_read, fail *f)
{
    picture_try *t = context;
    (void)f;
    *n_read = n < t->n - t->at ? n : t->n - t->at;
    memcpy(bytes, t->bytes + t->at, *n_read);
    t->at += *n_read;
    return true;
}

static bool picture_begin(void *context, size_t width, size_t height, fail *f)
{
    picture_try *t = context;
    FUZZ_CHECK(width >= 1 && width <= PICTURE_SIDE_LIMIT && height >= 1 &&
               height <= PICTURE_SIDE_LIMIT);
    t->width = width;
    t->height = height;
    return resize_begin(&t->scale, width, height, PICTURE_SIDE, PICTURE_SIDE, f);
}

static bool picture_put_row(void *context, const uint8_t *rgb, fail *f)
{
    picture_try *t = context;
    (void)f;
    FUZZ_CHECK(t->n_rows++ < t->height);
    resize_put_row(&t->scale, rgb);
    return true;
}

static bool picture_grant_none(void *context, size_t n_bytes, fail *f)
{
    (void)context;
    return n_bytes <= 64 << 20 || fail_set(f, FAIL_NO_ROOM, NULL, "More than is granted here.");
}

static bool picture_has_left(void *context)
{
    picture_try *t = context;
    return ++t->n_checks > PICTURE_CHECKS;
}

static void picture_try_bytes(const uint8_t *bytes, size_t n)
{
    picture_try t = {.bytes = bytes, .n = n};
    uint8_t rgb[PICTURE_SIDE * PICTURE_SIDE * PICTURE_CHANNELS];
    uint64_t granted = 0;
    const caller by = {.context = &t, .grant = picture_grant_none, .has_left = picture_has_left};
    const picture_input in = {
        .context = &t, .read = picture_take, .by = &by, .name = "input", .granted = &granted};
    const picture_output out = {&t, picture_begin, picture_put_row};
    fail f = {0};
    if (picture_read(&in, &out, &f)) {
        FUZZ_CHECK(t.n_rows == t.height);
        resize_end(&t.scale, rgb);
    } else {
        FUZZ_CHECK(f.code != FAIL_NONE && f.code != FAIL_INTERNAL && strlen(f.sentence) > 10);
    }
    resize_close(&t.scale);
}

#endif
