/* split_open — splits of data sets as the tests open them. */
#ifndef TESTS_CORE_SPLIT_OPEN_H
#define TESTS_CORE_SPLIT_OPEN_H

#include "core/data/internal.h"
#include "core/data/split.h"
#include "tests/check.h"

#include <stdlib.h>

/* A spec that asks for nothing. */
CHECK_UNUSED static train_spec plain_spec(void)
{
    train_spec spec;
    memset(&spec, 0, sizeof spec);
    spec.scaling = -1;
    spec.train_evaluation_size = 10000;
    return spec;
}

CHECK_UNUSED static split *open_or_fail(const dataset *set, const train_spec *spec)
{
    split *s = NULL;
    fail f = {0};
    CHECK_OK(split_open(set, spec, &s, &f), f);
    return s;
}

CHECK_UNUSED static dataset *open_set(const char *name, int64_t n)
{
    dataset *set = NULL;
    fail f = {0};
    CHECK_OK(dataset_open(name, &(dataset_options){.n = n, .noise = NAN}, 1, NULL, &set, &f), f);
    return set;
}

/* A set of one input, 10 * row, whose classes have these counts, one after the other; with a test
 * part if n_test > 0. */
CHECK_UNUSED static dataset *make_arrays(const size_t *counts, size_t k, size_t n_test,
                                         dataset_arrays *arrays)
{
    dataset *set = dataset_new();
    fail f = {0};
    size_t n = 0, row = 0;
    for (size_t c = 0; c < k; c++)
        n += counts[c];
    CHECK(set != NULL);
    set->d = 1;
    set->k = k;
    set->default_scaling = SCALING_NONE;
    CHECK_OK(dataset_allocate(set, n, sizeof(float), arrays, &f), f);
    for (size_t c = 0; c < k; c++)
        for (size_t i = 0; i < counts[c]; i++, row++) {
            arrays->labels[row] = (int32_t)c;
            arrays->floats[row] = 10 * (float)row;
        }
    if (n_test > 0) {
        set->parts[PART_TEST] = set->parts[PART_TRAIN];
        set->parts[PART_TEST].n = n_test;
    }
    return set;
}

CHECK_UNUSED static dataset *make_set(const size_t *counts, size_t k, size_t n_test)
{
    dataset_arrays arrays;
    return make_arrays(counts, k, n_test, &arrays);
}

CHECK_UNUSED static size_t count_label(const split *s, int part, int32_t label)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n[part]; i++)
        n += s->labels[part][i] == label;
    return n;
}

/* Rows increase, labels are those of the rows, and no row is in two parts. */
CHECK_UNUSED static void check_consistent(const split *s)
{
    const dataset_rows *stored = s->set->parts;
    uint8_t *seen = calloc(stored[PART_TRAIN].n, 1);
    size_t n_bad = 0;
    for (int p = 0; p < PART_COUNT; p++)
        for (size_t i = 0; i < s->n[p]; i++) {
            uint32_t row = s->rows[p][i];
            n_bad += i > 0 && row <= s->rows[p][i - 1];
            n_bad += row >= stored[s->source[p]].n;
            n_bad += s->labels[p] && s->labels[p][i] != stored[s->source[p]].labels[row];
            n_bad += s->source[p] == PART_TRAIN && seen[row]++;
        }
    CHECK_EQUAL_INT(n_bad, 0);
    free(seen);
}

#endif
