/* Splits: sizes, strata, subsets, reading; the draws recomputed from their documentation. */
#include "core/math/rng.h"
#include "tests/core/split_open.h"

static void sixty_twenty_twenty(void)
{
    dataset *set = open_set("glyphs", 1000);
    train_spec spec = plain_spec();
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK(s->n[PART_TRAIN] == 600 && s->n[PART_VALIDATION] == 200 && s->n[PART_TEST] == 200);
    check_consistent(s);
    for (int32_t c = 0; c < 10; c++)
        CHECK(count_label(s, PART_TRAIN, c) == 60 && count_label(s, PART_VALIDATION, c) == 20 &&
              count_label(s, PART_TEST, c) == 20);
    CHECK_EQUAL_INT(s->n_train_evaluation, 600);
    CHECK_EQUAL_INT(s->train_evaluation[599], 599);
    split_close(s);
    dataset_close(set);
    split_close(NULL);
}

static void ten_percent_beside_a_test_part(void)
{
    static const size_t counts[] = {500, 300, 200};
    dataset *set = make_set(counts, 3, 100);
    train_spec spec = plain_spec();
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK(s->n[PART_TRAIN] == 900 && s->n[PART_VALIDATION] == 100 && s->n[PART_TEST] == 100);
    CHECK(s->source[PART_TEST] == PART_TEST && s->source[PART_VALIDATION] == PART_TRAIN);
    CHECK(count_label(s, PART_VALIDATION, 0) == 50 && count_label(s, PART_VALIDATION, 1) == 30 &&
          count_label(s, PART_VALIDATION, 2) == 20);
    CHECK_EQUAL_INT(s->rows[PART_TEST][99], 99);
    split_close(s);
    spec.validation_size = 400;
    spec.test_size = 10;
    s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK(s->n[PART_TRAIN] == 600 && s->n[PART_VALIDATION] == 400 && s->n[PART_TEST] == 10);
    split_close(s);
    dataset_close(set);
}

/* train_size adds rows to those of a smaller one; validation and test stay as they are. */
static void subsets_are_nested(void)
{
    dataset *set = open_set("glyphs", 1000);
    train_spec spec = plain_spec();
    split *whole = open_or_fail(set, &spec);
    spec.train_size = 300;
    split *large = open_or_fail(set, &spec);
    spec.train_size = 100;
    split *small = open_or_fail(set, &spec);
    CHECK_OR_RETURN(whole && large && small);
    size_t n_in = 0;
    for (size_t i = 0, j = 0; i < 100; i++) {
        while (j < 300 && large->rows[PART_TRAIN][j] < small->rows[PART_TRAIN][i])
            j++;
        n_in += j < 300 && large->rows[PART_TRAIN][j] == small->rows[PART_TRAIN][i];
    }
    CHECK_EQUAL_INT(n_in, 100);
    CHECK_EQUAL_BYTES(small->rows[PART_TEST], whole->rows[PART_TEST], 200 * sizeof(uint32_t));
    CHECK_EQUAL_BYTES(small->rows[PART_VALIDATION], whole->rows[PART_VALIDATION],
                      200 * sizeof(uint32_t));
    CHECK_EQUAL_INT(count_label(small, PART_TRAIN, 4), 10);
    split_close(whole);
    split_close(large);
    split_close(small);
    dataset_close(set);
}

/* Classes of any size: whatever train_size is, one that gives each class a row more keeps all
 * rows. */
static void subsets_of_unequal_classes_are_nested(void)
{
    static const size_t counts[] = {600, 600, 200, 41, 3};
    dataset *set = make_set(counts, 5, 0);
    train_spec spec = plain_spec();
    size_t n = 1444, n_lost = 0;
    for (spec.train_size = 5; spec.train_size < 300; spec.train_size += 7) {
        uint8_t *is_in = calloc(n, 1);
        CHECK_OR_RETURN(is_in != NULL);
        split *small = open_or_fail(set, &spec);
        spec.train_size += (int64_t)(n / 3) + 1; /* a row more of the smallest class */
        split *large = open_or_fail(set, &spec);
        spec.train_size -= (int64_t)(n / 3) + 1;
        CHECK_OR_RETURN(small && large);
        for (size_t i = 0; i < large->n[PART_TRAIN]; i++)
            is_in[large->rows[PART_TRAIN][i]] = 1;
        for (size_t i = 0; i < small->n[PART_TRAIN]; i++)
            n_lost += !is_in[small->rows[PART_TRAIN][i]];
        split_close(small);
        split_close(large);
        free(is_in);
    }
    CHECK_EQUAL_INT(n_lost, 0);
    dataset_close(set);
}

/* Largest remainders, at least one training row for each class, whatever the counts. */
static void strata_are_fair(void)
{
    rng_stream stream = rng_stream_at(7, RNG_DATA, 0, 0, 9);
    for (int trial = 0; trial < 300; trial++) {
        size_t counts[6], n = 0, k = 2 + rng_below(&stream, 5);
        for (size_t c = 0; c < k; c++)
            n += counts[c] = 1 + rng_below(&stream, trial % 3 ? 200 : 5);
        if (n < 3 * k)
            continue;
        dataset *set = make_set(counts, k, 0);
        train_spec spec = plain_spec();
        spec.data_seed = trial;
        spec.test_size = 1 + rng_below(&stream, (uint32_t)(n / 3));
        spec.validation_size = 1 + rng_below(&stream, (uint32_t)(n / 3));
        split *s = open_or_fail(set, &spec);
        CHECK_OR_RETURN(s != NULL);
        check_consistent(s);
        CHECK_EQUAL_INT(s->n[PART_TEST], spec.test_size);
        CHECK_EQUAL_INT(s->n[PART_VALIDATION], spec.validation_size);
        for (size_t c = 0; c < k; c++) {
            double quota = (double)spec.test_size * (double)counts[c] / (double)n;
            size_t taken = count_label(s, PART_TEST, (int32_t)c);
            CHECK(count_label(s, PART_TRAIN, (int32_t)c) >= 1);
            CHECK((double)taken <= ceil(quota + 1e-9) || counts[c] < 6 || trial % 3 == 0);
            CHECK((double)taken >= floor(quota - 1e-9) || counts[c] == taken + 1);
        }
        split_close(s);
        dataset_close(set);
    }
}

static void impossible_sizes_are_told(void)
{
    static const size_t counts[] = {50, 50};
    dataset *own = make_set(counts, 2, 30), *drawn = make_set(counts, 2, 0);
    static const struct {
        bool has_test;
        int64_t train, validation, test;
        const char *field, *sentence;
    } bad[] = {
        {true, 0, 0, 31, "/test_size", "test_size is 31, but the data set"},
        {true, 91, 0, 0, "/train_size", "train_size is 91, but 90 training rows are there"},
        {true, 0, 100, 0, "/validation_size", "leave none to train on"},
        {false, 0, 50, 50, "/test_size", "50 for validation and 50 for testing leave none"},
        {false, 61, 0, 0, "/train_size", "train_size is 61, but 60"},
        {false, 1, 0, 0, "/train_size", "fewer than the 2 classes"},
        {false, 0, 20, 79, "/test_size", "without a training row"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        train_spec spec = plain_spec();
        split *s;
        fail f = {0};
        spec.train_size = bad[i].train;
        spec.validation_size = bad[i].validation;
        spec.test_size = bad[i].test;
        CHECK_FAILS(split_open(bad[i].has_test ? own : drawn, &spec, &s, &f), f, FAIL_INCOMPATIBLE,
                    bad[i].field);
        CHECK_CONTAINS(f.sentence, bad[i].sentence);
        size_t n[PART_COUNT];
        fail before = {0}; /* a plan tells it before there is a run */
        CHECK_FAILS(split_count(bad[i].has_test ? own : drawn, &spec, n, &before), before,
                    FAIL_INCOMPATIBLE, bad[i].field);
        CHECK_EQUAL_STRING(before.sentence, f.sentence);
        CHECK_EQUAL_INT(split_bytes(bad[i].has_test ? own : drawn, &spec), 0);
    }
    dataset_close(own);
    dataset_close(drawn);
}

/* A class that has no row of its own to train on asks for none. */
static void only_classes_that_are_there_need_rows(void)
{
    static const size_t counts[] = {5, 0, 5};
    dataset *set = make_set(counts, 3, 0);
    train_spec spec = plain_spec();
    spec.train_size = 2;
    spec.validation_size = 4;
    spec.test_size = 4;
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK(count_label(s, PART_TRAIN, 0) == 1 && count_label(s, PART_TRAIN, 2) == 1);
    split_close(s);
    dataset_close(set);
}

/* The test rows recomputed from the documentation: per class a permutation, of which the first are
 * taken. */
static void draws_are_as_documented(void)
{
    dataset *set = open_set("glyphs", 200);
    train_spec spec = plain_spec();
    spec.data_seed = 11;
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    bool is_test[200] = {false};
    for (uint32_t c = 0; c < 10; c++) {
        uint32_t rows[20];
        for (uint32_t i = 0; i < 20; i++)
            rows[i] = 10 * i + c;
        rng_stream stream = rng_stream_at(11, RNG_SPLIT, c, 0, 0);
        rng_permute(&stream, rows, 20);
        for (int i = 0; i < 4; i++)
            is_test[rows[i]] = true;
    }
    size_t n_bad = 0;
    for (size_t i = 0; i < 40; i++)
        n_bad += !is_test[s->rows[PART_TEST][i]];
    CHECK_EQUAL_INT(n_bad, 0);
    CHECK_EQUAL_INT(s->n[PART_TEST], 40);
    split_close(s);
    dataset_close(set);
}

static void train_evaluation_is_a_fixed_stratified_subset(void)
{
    dataset *set = open_set("glyphs", 1000);
    train_spec spec = plain_spec();
    spec.train_evaluation_size = 50;
    split *s = open_or_fail(set, &spec);
    spec.label_noise = 0.5;
    split *noisy = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s && noisy);
    size_t counts[10] = {0}, n_bad = 0;
    for (size_t i = 0; i < 50; i++) {
        counts[s->labels[PART_TRAIN][s->train_evaluation[i]]]++;
        n_bad += i > 0 && s->train_evaluation[i] <= s->train_evaluation[i - 1];
    }
    for (int c = 0; c < 10; c++)
        CHECK_EQUAL_INT(counts[c], 5);
    CHECK_EQUAL_INT(n_bad, 0);
    CHECK_EQUAL_BYTES(s->train_evaluation, noisy->train_evaluation, 50 * sizeof(uint32_t));
    split_close(s);
    split_close(noisy);
    dataset_close(set);
}

/* ---- reading ---- */

/* By position and in a row, for widths around the vector lengths. */
static void reads_any_positions(void)
{
    fail f = {0};
    for (int64_t d = 1; d <= 40; d += d < 5 ? 1 : 7) {
        dataset *set = NULL;
        CHECK_OK(dataset_open("blobs", &(dataset_options){.n = 100, .dimensions = d, .noise = NAN},
                              0, NULL, &set, &f),
                 f);
        train_spec spec = plain_spec();
        split *s = open_or_fail(set, &spec);
        CHECK_OR_RETURN(s != NULL);
        static const uint32_t positions[] = {59, 0, 7, 7, 31};
        float some[5 * 40], one[40];
        size_t n_bad = 0;
        split_read_inputs(s, PART_TRAIN, positions, 0, 5, some);
        for (size_t i = 0; i < 5; i++) {
            split_read_inputs(s, PART_TRAIN, NULL, positions[i], 1, one);
            n_bad += memcmp(one, some + i * (size_t)d, (size_t)d * sizeof(float)) != 0;
            const float *raw =
                set->parts[PART_TRAIN].floats + s->rows[PART_TRAIN][positions[i]] * (size_t)d;
            for (size_t j = 0; j < (size_t)d; j++)
                n_bad += fabs((double)(raw[j] * s->scale[j] + s->shift[j] - one[j])) > 1e-5;
        }
        CHECK_EQUAL_INT(n_bad, 0);
        split_close(s);
        dataset_close(set);
    }
}

static void reads_targets(void)
{
    dataset *set = open_set("sine", 100);
    train_spec spec = plain_spec();
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK(!s->labels[PART_TRAIN]);
    static const uint32_t positions[] = {5, 2};
    float y[2];
    split_read_targets(s, PART_VALIDATION, positions, 0, 2, y);
    CHECK(y[0] == set->parts[PART_TRAIN].targets[s->rows[PART_VALIDATION][5]]);
    CHECK(y[1] == set->parts[PART_TRAIN].targets[s->rows[PART_VALIDATION][2]]);
    split_close(s);
    dataset_close(set);
}

static void bytes_are_known_before(void)
{
    dataset *set = open_set("glyphs", 1000);
    train_spec spec = plain_spec();
    spec.train_evaluation_size = 100;
    size_t n = sizeof(split) + 1000 * 8 + 100 * 4 + 256 * 8;
    CHECK_EQUAL_INT(split_bytes(set, &spec), n);
    spec.train_size = 5000;
    CHECK_EQUAL_INT(split_bytes(set, &spec), 0);
    dataset_close(set);
}

CHECK_MAIN("dataset_split", sixty_twenty_twenty, ten_percent_beside_a_test_part, subsets_are_nested,
           subsets_of_unequal_classes_are_nested, strata_are_fair, impossible_sizes_are_told,
           only_classes_that_are_there_need_rows, draws_are_as_documented,
           train_evaluation_is_a_fixed_stratified_subset, reads_any_positions, reads_targets,
           bytes_are_known_before)
