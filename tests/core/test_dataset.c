/* The built-in data sets: the table's promises, options, the prefix property, statistics,
 * references. */
#include "core/data/dataset.h"
#include "core/math/rng.h"
#include "tests/check.h"

#include <stdlib.h>

static const dataset_options NONE = {.noise = NAN};

/* Opens or says why not. */
static dataset *open_or_fail(const char *name, const dataset_options *options, int64_t data_seed)
{
    dataset *set = NULL;
    fail f = {0};
    CHECK_OK(dataset_open(name, options, data_seed, NULL, &set, &f), f);
    return set;
}

static void rows_are_sane(void)
{
    for (int i = 0; i < DATASET_COUNT; i++) {
        const dataset_row *row = &DATASETS[i];
        CHECK(dataset_find(row->name) == row);
        CHECK(strlen(row->help) > 20 && strlen(row->options_help) > 10);
        CHECK(row->default_noise > 0 && row->default_noise <= row->maximum_noise);
        CHECK(row->default_classes <= row->maximum_classes);
        CHECK(row->default_dimensions <= row->maximum_dimensions);
        dataset_options resolved;
        fail f = {0};
        CHECK_OK(dataset_check(row->name, &NONE, NULL, &resolved, &f), f);
        CHECK_EQUAL_INT(resolved.n, row->default_n);
        CHECK(resolved.noise == row->default_noise);
    }
    CHECK(dataset_find("mnist") == NULL);
}

/* Labels in range, floats finite, shapes as said. */
static void check_values(const dataset *set, const dataset_row *row)
{
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    size_t n_bad = 0;
    CHECK_EQUAL_INT(rows->n, row->default_n);
    CHECK_EQUAL_INT(set->parts[PART_TEST].n, 0);
    CHECK((rows->bytes != NULL) != (rows->floats != NULL));
    CHECK((rows->labels != NULL) == (row->task == TASK_CLASSIFICATION));
    CHECK((rows->targets != NULL) == (row->task == TASK_REGRESSION));
    for (size_t i = 0; rows->floats && i < rows->n * set->d; i++)
        n_bad += isfinite(rows->floats[i]) ? 0 : 1;
    for (size_t i = 0; rows->labels && i < rows->n; i++)
        n_bad += rows->labels[i] < 0 || (size_t)rows->labels[i] >= set->k;
    for (size_t i = 0; rows->targets && i < rows->n * set->k; i++)
        n_bad += isfinite(rows->targets[i]) ? 0 : 1;
    CHECK_EQUAL_INT(n_bad, 0);
    CHECK_EQUAL_INT(set->channels * set->height * set->width, rows->bytes ? set->d : 0);
}

static void each_opens_by_default(void)
{
    for (int i = 0; i < DATASET_COUNT; i++) {
        dataset *set = open_or_fail(DATASETS[i].name, &NONE, 0);
        CHECK_OR_RETURN(set != NULL);
        CHECK(set->built_in);
        CHECK_EQUAL_STRING(set->name, DATASETS[i].name);
        CHECK_EQUAL_INT(strlen(set->sha256), 64);
        check_values(set, &DATASETS[i]);
        dataset_close(set);
    }
}

/* A set of 100 samples is the beginning of that of 200. */
static void small_sets_begin_large_ones(void)
{
    for (int i = 0; i < DATASET_COUNT; i++) {
        dataset *small =
            open_or_fail(DATASETS[i].name, &(dataset_options){.n = 100, .noise = NAN}, 5);
        dataset *large =
            open_or_fail(DATASETS[i].name, &(dataset_options){.n = 200, .noise = NAN}, 5);
        CHECK_OR_RETURN(small && large);
        const dataset_rows *a = &small->parts[PART_TRAIN], *b = &large->parts[PART_TRAIN];
        if (a->bytes)
            CHECK_EQUAL_BYTES(a->bytes, b->bytes, 100 * small->d);
        else
            CHECK_EQUAL_BYTES(a->floats, b->floats, 100 * small->d * sizeof(float));
        if (a->labels)
            CHECK_EQUAL_BYTES(a->labels, b->labels, 100 * sizeof(int32_t));
        else
            CHECK_EQUAL_BYTES(a->targets, b->targets, 100 * small->k * sizeof(float));
        CHECK(strcmp(small->sha256, large->sha256) != 0);
        dataset_close(small);
        dataset_close(large);
    }
}

static void seeds_matter_and_nothing_else(void)
{
    for (int i = 0; i < DATASET_COUNT; i++) {
        const dataset_options options = {.n = 60, .noise = NAN};
        dataset *a = open_or_fail(DATASETS[i].name, &options, 1);
        dataset *b = open_or_fail(DATASETS[i].name, &options, 1);
        dataset *c = open_or_fail(DATASETS[i].name, &options, 2);
        CHECK_OR_RETURN(a && b && c);
        CHECK_EQUAL_STRING(a->sha256, b->sha256);
        CHECK(strcmp(a->sha256, c->sha256) != 0);
        dataset_close(a);
        dataset_close(b);
        dataset_close(c);
    }
}

static void options_are_checked(void)
{
    static const struct {
        const char *name;
        dataset_options options;
        fail_code code;
        const char *field;
    } bad[] = {
        {"glyphs", {.n = 3, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/n"},
        {"glyphs", {.n = 2000000, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/n"},
        {"glyphs", {.n = -5, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/n"},
        {"glyphs", {.classes = 11, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/classes"},
        {"glyphs", {.classes = 1, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/classes"},
        {"glyphs", {.dimensions = 5, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/dimensions"},
        {"glyphs", {.noise = -0.1}, FAIL_INCOMPATIBLE, "/dataset/noise"},
        {"glyphs", {.noise = 1.5}, FAIL_INCOMPATIBLE, "/dataset/noise"},
        {"sine", {.classes = 2, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/classes"},
        {"moons", {.classes = 3, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/classes"},
        {"teacher", {.dimensions = 1001, .noise = NAN}, FAIL_INCOMPATIBLE, "/dataset/dimensions"},
        {"teacher",
         {.n = 1000000, .dimensions = 1000, .noise = NAN},
         FAIL_INCOMPATIBLE,
         "/dataset/n"},
        {"nonesuch", {.noise = NAN}, FAIL_NOT_FOUND, "/dataset"},
        {"../etc/passwd", {.noise = NAN}, FAIL_NOT_FOUND, "/dataset"},
        {"", {.noise = NAN}, FAIL_NOT_FOUND, "/dataset"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dataset_options resolved;
        dataset *set = NULL;
        fail f = {0};
        CHECK_FAILS(dataset_check(bad[i].name, &bad[i].options, "/nonexistent", &resolved, &f), f,
                    bad[i].code, bad[i].field);
        CHECK_FAILS(dataset_open(bad[i].name, &bad[i].options, 0, NULL, &set, &f), f, bad[i].code,
                    bad[i].field);
    }
}

static void options_are_used(void)
{
    const dataset_options options = {.n = 300, .classes = 4, .dimensions = 7, .noise = 0.5};
    dataset *set = open_or_fail("blobs", &options, 0);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->parts[PART_TRAIN].n, 300);
    CHECK_EQUAL_INT(set->k, 4);
    CHECK_EQUAL_INT(set->d, 7);
    dataset_close(set);
    set = open_or_fail("glyphs", &(dataset_options){.n = 50, .classes = 2, .noise = 0}, 0);
    CHECK_OR_RETURN(set != NULL);
    CHECK_EQUAL_INT(set->k, 2);
    CHECK_EQUAL_INT(set->d, 256);
    dataset_close(set);
}

/* Without noise the points lie on the curves; with it, around them with that deviation. */
static void planes_have_their_shape(void)
{
    dataset *moons = open_or_fail("moons", &(dataset_options){.n = 500, .noise = 0}, 3);
    dataset *circles = open_or_fail("circles", &(dataset_options){.n = 20000, .noise = 0.1}, 3);
    dataset * xor = open_or_fail("xor", &(dataset_options){.n = 500, .noise = 0}, 3);
    CHECK_OR_RETURN(moons && circles && xor);
    double worst = 0, sum = 0, square = 0;
    size_t n_wrong = 0;
    for (size_t i = 0; i < 500; i++) {
        const float *p = moons->parts[PART_TRAIN].floats + 2 * i;
        double x = (double)p[0] - (double)(i % 2), y = (double)p[1] - 0.5 * (double)(i % 2);
        worst = fmax(worst, fabs(hypot(x, y) - 1));
        n_wrong += i % 2 == 0 ? y < -1e-6 : y > 1e-6;
        const float *q = xor->parts[PART_TRAIN].floats + 2 * i;
        n_wrong += ((q[0] > 0) != (q[1] > 0)) != (xor->parts[PART_TRAIN].labels[i] == 1);
    }
    CHECK(worst < 1e-6);
    CHECK_EQUAL_INT(n_wrong, 0);
    for (size_t i = 0; i < 20000; i += 2) {
        const float *p = circles->parts[PART_TRAIN].floats + 2 * i;
        double r = hypot((double)p[0], (double)p[1]) - 1;
        sum += r / 10000;
        square += r * r / 10000;
    }
    CHECK_WITHIN(sum, 0.005, 0.003); /* E r = 1 + sigma^2 / 2 */
    CHECK_WITHIN(sqrt(square - sum * sum), 0.1, 0.003);
    dataset_close(moons);
    dataset_close(circles);
    dataset_close(xor);
}

static void regressions_follow_their_formula(void)
{
    dataset *sine = open_or_fail("sine", &(dataset_options){.n = 20000, .noise = 0.3}, 1);
    dataset *cubic =
        open_or_fail("polynomial", &(dataset_options){.n = 1000, .dimensions = 3, .noise = 0}, 1);
    CHECK_OR_RETURN(sine && cubic);
    double sum = 0, square = 0, worst = 0;
    for (size_t i = 0; i < 20000; i++) {
        double x = (double)sine->parts[PART_TRAIN].floats[i];
        double e = (double)sine->parts[PART_TRAIN].targets[i] - sin(3.14159265358979 * x);
        sum += e / 20000;
        square += e * e / 20000;
    }
    CHECK_WITHIN(sum, 0, 0.008);
    CHECK_WITHIN(sqrt(square), 0.3, 0.006);
    for (size_t i = 0; i < 1000; i++) {
        double y = 0;
        for (size_t j = 0; j < 3; j++) {
            double x = (double)cubic->parts[PART_TRAIN].floats[3 * i + j];
            y += (4 * x * x * x - 3 * x) / 3;
        }
        worst = fmax(worst, fabs(y - (double)cubic->parts[PART_TRAIN].targets[i]));
    }
    CHECK(worst < 1e-6);
    dataset_close(sine);
    dataset_close(cubic);
}

/* Normal number u of the teacher's row: of data_seed 0, whatever the set's. */
static double teacher_normal(uint32_t layer, size_t row, size_t u)
{
    float normal;
    rng_address address = {rng_key_of(0, RNG_DATA), (uint32_t)row, 0, layer};
    rng_fill_normal(&address, u, 1, &normal);
    return (double)normal;
}

/* Label of x (d) as core/data/generators.h says, without noise. */
static int32_t teacher_label(const float *x, size_t d, size_t k)
{
    double units[16], best_output = -INFINITY;
    int32_t best = -1;
    for (size_t u = 0; u < 16; u++) {
        units[u] = 0;
        for (size_t j = 0; j < d; j++)
            units[u] += teacher_normal(1, u, j) * 2 / sqrt((double)d) * (double)x[j];
    }
    for (size_t c = 0; c < k; c++) {
        double output = 0;
        for (size_t u = 0; u < 16; u++)
            output += 0.32 * teacher_normal(2, c, u) * tanh(units[u]);
        best = output > best_output ? (int32_t)c : best;
        best_output = fmax(best_output, output);
    }
    return best;
}

static void teacher_is_fixed_and_balanced(void)
{
    enum { N = 600 };
    for (int64_t data_seed = 1; data_seed <= 2; data_seed++) {
        dataset *set = open_or_fail("teacher", &(dataset_options){.n = N, .noise = 0}, data_seed);
        CHECK_OR_RETURN(set);
        const dataset_rows *rows = &set->parts[PART_TRAIN];
        size_t counts[3] = {0}, n_wrong = 0;
        CHECK_EQUAL_INT(set->k, 3);
        for (size_t i = 0; i < N; i++) {
            counts[rows->labels[i]]++;
            n_wrong += teacher_label(rows->floats + i * set->d, set->d, 3) != rows->labels[i];
        }
        CHECK(n_wrong <= 1); /* a float may decide otherwise at a border */
        for (int c = 0; c < 3; c++)
            CHECK(counts[c] > N / 5);
        dataset_close(set);
    }
}

/* Classes differ more between than within: the mean pictures are apart, ink is on the sheet, and
 * noise where there is none. */
static void glyphs_are_pictures(void)
{
    dataset *set = open_or_fail("glyphs", &NONE, 0);
    CHECK_OR_RETURN(set != NULL);
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    static double mean[10][256];
    double border = 0, centre = 0, least = INFINITY;
    for (size_t i = 0; i < rows->n; i++)
        for (size_t j = 0; j < 256; j++)
            mean[rows->labels[i]][j] += rows->bytes[i * 256 + j] / (double)rows->n * 10;
    for (int a = 0; a < 10; a++) {
        for (size_t x = 0; x < 16; x++) {
            border += mean[a][x] / 160;
            centre += mean[a][128 + x] / 160;
        }
        for (int b = 0; b < a; b++) {
            double distance = 0;
            for (size_t j = 0; j < 256; j++)
                distance += pow(mean[a][j] - mean[b][j], 2);
            least = fmin(least, sqrt(distance));
        }
    }
    CHECK(centre > 2 * border);
    CHECK(border > 5);
    CHECK(least > 100);
    dataset_close(set);
}

static void references_are_counted(void)
{
    dataset *set = open_or_fail("moons", &NONE, 0);
    CHECK_OR_RETURN(set != NULL);
    dataset *shared = dataset_share(set);
    CHECK(shared == set);
    dataset_close(set);
    CHECK_EQUAL_INT(shared->parts[PART_TRAIN].n,
                    1000); /* a sanitizer would see it if it were gone */
    CHECK(isfinite(shared->parts[PART_TRAIN].floats[1999]));
    dataset_close(shared);
    dataset_close(NULL);
}

static void classes_without_names_are_numbers(void)
{
    char text[8];
    dataset *set = open_or_fail("glyphs", &(dataset_options){.n = 50, .noise = NAN}, 0);
    CHECK_OR_RETURN(set != NULL);
    dataset_write_class_name(set, 7, text, sizeof text);
    CHECK_EQUAL_STRING(text, "7");
    dataset_write_column_name(set, 255, text, sizeof text);
    CHECK_EQUAL_STRING(text, "255");
    dataset_close(set);
}

CHECK_MAIN("dataset", rows_are_sane, each_opens_by_default, small_sets_begin_large_ones,
           seeds_matter_and_nothing_else, options_are_checked, options_are_used,
           planes_have_their_shape, regressions_follow_their_formula, teacher_is_fixed_and_balanced,
           glyphs_are_pictures, references_are_counted, classes_without_names_are_numbers)
