/* Fuzzes the reader of PNG pictures, whose checksums are made right. */
#include "tests/fuzz/picture.h"

#include <zlib.h>

enum { SIGNATURE = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    picture_try_bytes(bytes, n);
    return 0;
}

static uint32_t big_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t n_most, unsigned seed)
{
    n = LLVMFuzzerMutate(bytes, n, n_most);
    for (size_t at = SIGNATURE, length; seed % 8 && at + 12 <= n; at += 12 + length) {
        length = big_at(bytes + at);
        if (length > n - at - 12)
            break;
        uint32_t sum = (uint32_t)crc32(0, bytes + at + 4, (unsigned)length + 4);
        for (int i = 0; i < 4; i++)
            bytes[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
    }
    return n;
}
