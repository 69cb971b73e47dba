/* Fuzzes archives of class folders in a zip. Of an input that has members at least their sizes and
 * checksums are made right, so that what is inside is looked at. */
#include "tests/fuzz/reader.h"

#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"set.zip"};
    const dataset_add_options options = {.size = n % 2 ? 8 : 0};
    reader_try(names, 1, bytes, n, &options);
    return 0;
}

static uint32_t little_at(const uint8_t *at, int n_bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < n_bytes; i++)
        value |= (uint32_t)at[i] << 8 * i;
    return value;
}

static void put_little(uint8_t *at, uint32_t value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* The checksum of a stored member, in both of its headers. */
static void mend(uint8_t *bytes, size_t n, uint8_t *entry)
{
    uint32_t at = little_at(entry + 42, 4);
    if (at >= n || n - at < 30 || little_at(bytes + at, 4) != 0x04034B50)
        return;
    uint8_t *local = bytes + at;
    size_t start = at + 30 + little_at(local + 26, 2) + little_at(local + 28, 2);
    uint32_t n_bytes = little_at(entry + 20, 4);
    if (little_at(entry + 10, 2) != 0 || start > n || n_bytes > n - start)
        return;
    uint32_t sum = (uint32_t)crc32(0, bytes + start, n_bytes);
    put_little(local + 14, sum, 4);
    put_little(entry + 16, sum, 4);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t n_most, unsigned seed)
{
    n = LLVMFuzzerMutate(bytes, n, n_most);
    if (seed % 8 == 0)
        return n;
    for (size_t i = 0; i + 46 < n; i++)
        if (little_at(bytes + i, 4) == 0x02014B50)
            mend(bytes, n, bytes + i);
    return n;
}
