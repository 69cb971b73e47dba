/* Fuzzes archives of class folders, and of CIFAR, in a tar, whose checksums are made right. */
#include "tests/fuzz/reader.h"

enum { BLOCK = 512, SUM_AT = 148, SUM_BYTES = 8, MAGIC_AT = 257 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"set.tar"};
    const dataset_add_options options = {.size = n % 2 ? 8 : 0};
    reader_try(names, 1, bytes, n, &options);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t n_most, unsigned seed)
{
    n = LLVMFuzzerMutate(bytes, n, n_most);
    for (size_t at = 0; seed % 8 && at + BLOCK <= n; at += BLOCK) {
        uint32_t sum = SUM_BYTES * ' ';
        if (memcmp(bytes + at + MAGIC_AT, "ustar", 5) != 0)
            continue;
        for (size_t i = 0; i < BLOCK; i++)
            sum += i < SUM_AT || i >= SUM_AT + SUM_BYTES ? bytes[at + i] : 0;
        snprintf((char *)bytes + at + SUM_AT, SUM_BYTES, "%06o", sum);
    }
    return n;
}
