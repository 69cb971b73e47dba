/* comparison_rows — made-up runs to be compared. */
#ifndef TESTS_SERVER_COMPARISON_ROWS_H
#define TESTS_SERVER_COMPARISON_ROWS_H

#include "server/study/comparison.h"
#include "tests/check.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

CHECK_UNUSED static const comparison_options BY_LOSS = {.metric = METRIC_VAL_LOSS,
                                                        .select_by = METRIC_VAL_LOSS,
                                                        .test = METRIC_TEST_LOSS,
                                                        .baseline = "base"};

CHECK_UNUSED static comparison_row row(const char *config_id, int64_t seed, double value)
{
    return (comparison_row){.config_id = config_id,
                            .label = config_id,
                            .values = "{}",
                            .seed = seed,
                            .status = RUN_STATE_COMPLETED,
                            .metric = value,
                            .select = value,
                            .test = value + 0.01,
                            .r2 = NAN};
}

CHECK_UNUSED static const comparison_config *find(const comparison *c, const char *config_id)
{
    for (size_t i = 0; i < c->n_configs; i++)
        if (strcmp(c->configs[i].config_id, config_id) == 0)
            return &c->configs[i];
    return NULL;
}

/* base around 1, good 0.5 lower, bad 0.5 higher, same as base but for noise. */
CHECK_UNUSED static size_t four_arms(comparison_row rows[20])
{
    static const double noise[] = {0.01, -0.02, 0.015, 0.005, -0.012};
    size_t n = 0;
    for (int seed = 0; seed < 5; seed++) {
        double level = 1 + 0.1 * seed;
        rows[n++] = row("bad", seed, level + 0.5 + noise[seed]);
        rows[n++] = row("base", seed, level);
        rows[n++] = row("good", seed, level - 0.5 + noise[(seed + 1) % 5]);
        rows[n++] = row("same", seed, level + noise[(seed + 2) % 5]);
    }
    return n;
}

#endif
