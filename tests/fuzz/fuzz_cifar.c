/* Fuzzes the reader of CIFAR's batches. The input are the labels of the records and some pixels:
 * records of whole length hardly come about by themselves. */
#include "tests/fuzz/reader.h"

enum { RECORD_10 = 3073, RECORD_100 = 3074, RECORDS_MOST = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"data_batch_1.bin"};
    static uint8_t batch[RECORD_100 * RECORDS_MOST];
    const dataset_add_options options = {0};
    if (n < 2)
        return 0;
    size_t n_records = 1 + bytes[0] % RECORDS_MOST;
    size_t record = bytes[0] & 0x80 ? RECORD_10 : RECORD_100;
    size_t n_bytes = n_records * record - (bytes[1] == 255);
    memset(batch, 0, sizeof batch);
    for (size_t i = 2; i < n; i++)
        batch[(i - 2) / 4 * record % n_bytes + (i - 2) % 4] = bytes[i];
    reader_try(names, 1, batch, n_bytes, &options);
    return 0;
}
