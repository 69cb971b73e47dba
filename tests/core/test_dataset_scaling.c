/* What a split does to its values: label noise, and scaling by what was measured on training data.
 */
#include "core/math/rng.h"
#include "tests/core/split_open.h"

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

/* Three rows train: targets 10, 30, 80 of the first column, 7 in the second. */
static dataset *make_regression(void)
{
    static const float targets[] = {10, 30, 80, 1000, -500};
    dataset *set = dataset_new();
    dataset_arrays arrays;
    fail f = {0};
    CHECK(set != NULL);
    set->task = TASK_REGRESSION;
    set->d = 1;
    set->k = 2;
    CHECK_OK(dataset_allocate(set, 5, sizeof(float), &arrays, &f), f);
    for (size_t i = 0; i < 5; i++) {
        arrays.targets[2 * i] = targets[i];
        arrays.targets[2 * i + 1] = 7;
    }
    return set;
}

static void targets_are_scaled_and_come_back(void)
{
    dataset *set = make_regression();
    train_spec spec = plain_spec();
    spec.validation_size = spec.test_size = 1;
    size_t plain_bytes = split_bytes(set, &spec);
    split *plain = open_or_fail(set, &spec);
    spec.target_scaling = TARGET_SCALING_STANDARD;
    split *s = open_or_fail(set, &spec);
    CHECK_OR_RETURN(plain && s);
    CHECK(!plain->target_mean && !plain->target_deviation);
    CHECK_EQUAL_INT(split_bytes(set, &spec), plain_bytes + 4 * sizeof(double));
    CHECK_NEAR(split_own_output(plain, 0, 0.1), 0.1, 0);
    double mean = 0, squares = 0, own[2 * 3];
    float scaled[2 * 3];
    split_read_own_targets(s, PART_TRAIN, 0, 3, own);
    split_read_targets(s, PART_TRAIN, NULL, 0, 3, scaled);
    for (size_t i = 0; i < 3; i++) {
        CHECK_NEAR(own[2 * i], (double)set->parts[PART_TRAIN].targets[2 * s->rows[PART_TRAIN][i]],
                   0);
        mean += own[2 * i] / 3;
    }
    for (size_t i = 0; i < 3; i++)
        squares += pow(own[2 * i] - mean, 2) / 3;
    CHECK_NEAR(s->target_mean[0], mean, 1e-12);
    CHECK_NEAR(s->target_deviation[0], sqrt(squares), 1e-12);
    for (size_t i = 0; i < 3; i++) {
        CHECK_NEAR((double)scaled[2 * i], (own[2 * i] - mean) / sqrt(squares), 1e-6);
        CHECK_NEAR(split_own_output(s, 0, (double)scaled[2 * i]), own[2 * i], 1e-6);
        CHECK(scaled[2 * i + 1] == 0); /* a constant one */
    }
    CHECK_NEAR(split_own_output(s, 1, 0.5), 7.5, 0);
    /* the other parts by the statistics of the training rows, whatever rows are asked for */
    split_read_own_targets(s, PART_TEST, 0, 1, own);
    split_read_targets(s, PART_TEST, (const uint32_t[]){0}, 0, 1, scaled);
    CHECK_NEAR((double)scaled[0], (own[0] - mean) / sqrt(squares), 1e-6);
    split_close(s);
    split_close(plain);
    dataset_close(set);
}

CHECK_MAIN("dataset_scaling", noise_changes_exactly_so_many_labels, noise_wants_classes,
           tables_are_scaled_by_column, images_are_scaled_as_one, constant_columns_become_zero,
           targets_are_scaled_and_come_back)
