/* Splits: sizes, strata, subsets, label noise, scaling, reading; the draws recomputed from their
 * documentation. */
#include "core/data/internal.h"
#include "core/math/rng.h"
#include "tests/check.h"

#include <stdlib.h>

/* A spec that asks for nothing. */
static train_spec plain_spec(void)
{
    train_spec spec;
    memset(&spec, 0, sizeof spec);
    spec.scaling = -1;
    spec.train_evaluation_size = 10000;
    return spec;
}

static split *open_or_fail(const dataset *set, const train_spec *spec)
{
    split *s = NULL;
    fail f = {0};
    CHECK_OK(split_open(set, spec, &s, &f), f);
    return s;
}

static dataset *open_set(const char *name, int64_t n)
{
    dataset *set = NULL;
    fail f = {0};
    CHECK_OK(dataset_open(name, &(dataset_options){.n = n, .noise = NAN}, 1, NULL, &set, &f), f);
    return set;
}

/* A set of one input, 10 * row, whose classes have these counts, one after the other; with a test
 * part if n_test > 0. */
static dataset *make_arrays(const size_t *counts, size_t k, size_t n_test, dataset_arrays *arrays)
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

static dataset *make_set(const size_t *counts, size_t k, size_t n_test)
{
    dataset_arrays arrays;
    return make_arrays(counts, k, n_test, &arrays);
}

static size_t count_label(const split *s, int part, int32_t label)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n[part]; i++)
        n += s->labels[part][i] == label;
    return n;
}

/* Rows increase, labels are those of the rows, and no row is in two parts. */
static void check_consistent(const split *s)
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

/* ---- label noise ---- */

static void noise_changes_exactly_so_many_labels(void)
{
    dataset *set = open_set("glyphs", 1000);
    train_spec spec = plain_spec();
    split *clean = open_or_fail(set, &spec);
    CHECK_OR_RETURN(clean != NULL);
    static const double noises[] = {0.1, 0.4, 0.9, 1.0};
    bool was_changed[600] = {false};
    for (size_t t = 0; t < 4; t++) {
        spec.label_noise = noises[t];
        split *s = open_or_fail(set, &spec);
        CHECK_OR_RETURN(s != NULL);
        size_t n_changed = 0, n_back = 0, shifts[10] = {0};
        for (size_t i = 0; i < 600; i++) {
            int32_t before = clean->labels[PART_TRAIN][i], after = s->labels[PART_TRAIN][i];
            bool is_changed = before != after;
            n_changed += is_changed;
            n_back += was_changed[i] && !is_changed;
            was_changed[i] = is_changed;
            shifts[(after - before + 10) % 10]++;
        }
        CHECK_EQUAL_INT(n_changed, (size_t)(600 * noises[t] + 0.5));
        CHECK_EQUAL_INT(n_back, 0); /* more noise keeps what less noise changed */
        for (int k = 1; k < 10; k++)
            CHECK_WITHIN((double)shifts[k], (double)n_changed / 9, 5 * sqrt((double)n_changed / 9));
        CHECK_EQUAL_BYTES(s->labels[PART_TEST], clean->labels[PART_TEST], 200 * sizeof(int32_t));
        CHECK_EQUAL_BYTES(s->labels[PART_VALIDATION], clean->labels[PART_VALIDATION],
                          200 * sizeof(int32_t));
        split_close(s);
    }
    split_close(clean);
    dataset_close(set);
}

static void noise_wants_classes(void)
{
    dataset *set = open_set("sine", 100);
    train_spec spec = plain_spec();
    split *s;
    fail f = {0};
    spec.label_noise = 0.2;
    CHECK_FAILS(split_open(set, &spec, &s, &f), f, FAIL_INCOMPATIBLE, "/label_noise");
    dataset_close(set);
}

/* ---- scaling ---- */

/* Mean and deviation, least and most of column j of a part as read. */
static void measure(const split *s, dataset_part part, size_t j, double out[4])
{
    size_t d = s->set->d, n = s->n[part];
    float *x = calloc(n * d, sizeof *x);
    double sum = 0, square = 0, least = INFINITY, most = -INFINITY;
    split_read_inputs(s, part, NULL, 0, n, x);
    for (size_t i = 0; i < n; i++) {
        double value = (double)x[i * d + j];
        sum += value / (double)n;
        least = fmin(least, value);
        most = fmax(most, value);
    }
    for (size_t i = 0; i < n; i++)
        square += pow((double)x[i * d + j] - sum, 2) / (double)n;
    out[0] = sum;
    out[1] = sqrt(square);
    out[2] = least;
    out[3] = most;
    free(x);
}

static void tables_are_scaled_by_column(void)
{
    dataset *set = open_set("blobs", 500);
    train_spec spec = plain_spec();
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK_EQUAL_INT(s->scaling, SCALING_STANDARD);
    double m[4];
    for (size_t j = 0; j < 2; j++) {
        measure(s, PART_TRAIN, j, m);
        CHECK_WITHIN(m[0], 0, 1e-5);
        CHECK_WITHIN(m[1], 1, 1e-5);
        measure(s, PART_TEST, j, m);
        CHECK(fabs(m[0]) > 1e-4); /* fitted on the training rows alone */
    }
    split_close(s);
    spec.scaling = SCALING_MINMAX;
    s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    measure(s, PART_TRAIN, 1, m);
    CHECK_WITHIN(m[2], 0, 1e-6);
    CHECK_WITHIN(m[3], 1, 1e-6);
    split_close(s);
    spec.scaling = SCALING_NONE;
    s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    float x[2];
    split_read_inputs(s, PART_TEST, NULL, 17, 1, x);
    CHECK_EQUAL_BYTES(x, set->parts[PART_TRAIN].floats + 2 * s->rows[PART_TEST][17], sizeof x);
    split_close(s);
    dataset_close(set);
}

static void images_are_scaled_as_one(void)
{
    dataset *set = open_set("glyphs", 400);
    train_spec spec = plain_spec();
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK(s->scaling == SCALING_NONE && s->is_uniform && s->scale[9] == 1 / 255.0F &&
          s->shift[9] == 0);
    split_close(s);
    spec.scaling = SCALING_STANDARD;
    s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK(s->is_uniform);
    double sum = 0, square = 0;
    float x[256];
    for (size_t i = 0; i < s->n[PART_TRAIN]; i++) {
        split_read_inputs(s, PART_TRAIN, NULL, i, 1, x);
        for (size_t j = 0; j < 256; j++) {
            sum += (double)x[j];
            square += (double)x[j] * (double)x[j];
        }
    }
    CHECK_WITHIN(sum / (double)s->n[PART_TRAIN] / 256, 0, 1e-5);
    CHECK_WITHIN(square / (double)s->n[PART_TRAIN] / 256, 1, 1e-5);
    split_close(s);
    dataset_close(set);
}

static void constant_columns_become_zero(void)
{
    static const size_t counts[] = {10, 10};
    dataset_arrays arrays;
    dataset *set = make_arrays(counts, 2, 0, &arrays);
    train_spec spec = plain_spec();
    for (size_t i = 0; i < 20; i++)
        arrays.floats[i] = 0.1F;
    for (int scaling = SCALING_STANDARD; scaling <= SCALING_MINMAX; scaling++) {
        spec.scaling = scaling;
        split *s = open_or_fail(set, &spec);
        CHECK_OR_RETURN(s != NULL);
        CHECK(s->scale[0] == 0 && s->shift[0] == 0);
        split_close(s);
    }
    for (size_t i = 0; i < 20; i++)
        arrays.floats[i] = i % 2 ? 1e-44F : 0; /* its reciprocal is no float */
    spec.scaling = SCALING_STANDARD;
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(s != NULL);
    CHECK(s->scale[0] == 0);
    split_close(s);
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
           train_evaluation_is_a_fixed_stratified_subset, noise_changes_exactly_so_many_labels,
           noise_wants_classes, tables_are_scaled_by_column, images_are_scaled_as_one,
           constant_columns_become_zero, reads_any_positions, reads_targets, bytes_are_known_before)
