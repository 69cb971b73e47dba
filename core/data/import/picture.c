#include "core/data/import/picture.h"

#include <string.h>

bool picture_read(const picture_input *in, const picture_output *out, fail *f)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    static const uint8_t jpeg[] = {0xFF, 0xD8, 0xFF};
    uint8_t start[PICTURE_START_BYTES] = {0};
    size_t n;
    if (!in->read(in->context, start, sizeof start, &n, f))
        return false;
    if (n == 0)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s is empty.", in->name);
    if (n == sizeof start && memcmp(start, png, sizeof png) == 0)
        return picture_read_png(in, out, f);
    if (n == sizeof start && memcmp(start, jpeg, sizeof jpeg) == 0)
        return picture_read_jpeg(in, start, out, f);
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "%s is no picture that is taken: it begins like neither PNG nor JPEG.",
                    in->name);
}
