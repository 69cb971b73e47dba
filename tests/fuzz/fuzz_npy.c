/* Fuzzes the reader of .npy files: inputs and labels. */
#include "tests/fuzz/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"x.npy", "y.npy"};
    const dataset_add_options options = {0};
    reader_try(names, 2, bytes, n, &options);
    return 0;
}
