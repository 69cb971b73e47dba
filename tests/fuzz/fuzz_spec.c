/* Fuzzes the reader of specifications. */
#include "server/codec/codec.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static fail_list faults;
    experiment_spec spec;
    const char *text = (const char *)bytes;
    faults.n = faults.n_found = 0;
    if (codec_read_experiment_spec(text, n, &spec, &faults)) {
        experiment_spec_close(&spec);
        return 0;
    }
    FUZZ_CHECK(faults.n > 0 && strlen(faults.items[0].sentence) > 10);
    if (codec_salvage_experiment_spec(text, n, &spec))
        experiment_spec_close(&spec);
    return 0;
}
