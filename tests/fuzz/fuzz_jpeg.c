/* Fuzzes the reader of JPEG pictures. */
#include "tests/fuzz/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    picture_try_bytes(bytes, n);
    return 0;
}
