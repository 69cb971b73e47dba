/* What both formats ask before they decode: whether a picture is not too large, and for memory. */
#include "core/data/import/picture.h"

enum { FREE_BYTES = 4 << 20 };

bool picture_check_sides(const picture_input *in, uint64_t width, uint64_t height, fail *f)
{
    if (width >= 1 && height >= 1 && width <= PICTURE_SIDE_LIMIT && height <= PICTURE_SIDE_LIMIT)
        return true;
    return fail_set(f, FAIL_TOO_LARGE, NULL,
                    "%s is a picture of %llu x %llu; sides of 1 to %d are taken.", in->name,
                    (unsigned long long)width, (unsigned long long)height, PICTURE_SIDE_LIMIT);
}

bool picture_grant(const picture_input *in, uint64_t n_bytes, fail *f)
{
    if (n_bytes <= FREE_BYTES || n_bytes <= *in->granted)
        return true;
    if (!caller_grant(in->by, (size_t)(n_bytes - *in->granted), f))
        return false;
    *in->granted = n_bytes;
    return true;
}
