/* Fuzzes the reader of .npz archives. */
#include "tests/fuzz/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"set.npz"};
    const dataset_add_options options = {0};
    reader_try(names, 1, bytes, n, &options);
    return 0;
}
