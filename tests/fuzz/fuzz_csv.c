/* Fuzzes the reader of CSV files: six bytes of options, then the file. */
#include "tests/fuzz/reader.h"

enum { OPTION_BYTES = 6 };

static dataset_add_options options_of(const uint8_t *b)
{
    static const char *const labels[] = {NULL, "0", "-1", "y"};
    static const char *const missing[] = {NULL, "", "-", "?,NA"};
    static const char *const columns[] = {NULL, "0", "a,b", "1,\"a,b\""};
    return (dataset_add_options){
        .label = labels[b[0] % 4],
        .header = (dataset_header)(b[0] / 4 % 3),
        .task = (dataset_task_choice)(b[0] / 16 % 3),
        .separator = (dataset_separator)(b[1] % 6),
        .decimal = (dataset_decimal)(b[1] / 8 % 2),
        .impute = (dataset_impute)(b[1] / 16 % 2),
        .thousands = (dataset_thousands)(b[2] % 6),
        .missing = missing[b[3] % 4],
        .ignore = columns[b[4] % 4],
        .categories = columns[b[5] % 4],
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"set.csv"};
    if (n < OPTION_BYTES)
        return 0;
    const dataset_add_options options = options_of(bytes);
    reader_try(names, 1, bytes + OPTION_BYTES, n - OPTION_BYTES, &options);
    return 0;
}
