/* dataset_refuse — files that the readers must not take. */
#ifndef TESTS_CORE_DATASET_REFUSE_H
#define TESTS_CORE_DATASET_REFUSE_H

#include "tests/core/dataset_files.h"

/* The files are refused with this code and a sentence that has `part` in it; nothing is left
 * behind. */
CHECK_UNUSED static void refuse(const char *const *names, const dataset_add_options *options,
                                fail_code code, const char *part)
{
    dataset_summary summary;
    fail f = {0};
    if (!CHECK(!add_set("refused", names, options, &summary, &f)))
        return;
    CHECK_EQUAL_INT(f.code, code);
    CHECK_CONTAINS(f.sentence, part);
    CHECK(access(files_path("data/datasets/refused"), F_OK) != 0);
}

#endif
