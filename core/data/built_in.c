#include "core/data/built_in.h"

#include "core/base/number.h"
#include "core/data/generators.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GENERATED_ROWS_LIMIT = 1000000, GENERATED_VALUES_LIMIT = 1 << 28, ROWS_PER_CLASS = 5 };

const dataset_row DATASETS[] = {
    {
        .name = "glyphs",
        .help = "Drawn digits 0-9 as gray pictures of 16x16: strokes under random affine and "
                "elastic distortion, thickness and noise. Hard enough to overfit.",
        .task = TASK_CLASSIFICATION,
        .default_n = 5000,
        .inputs = 256,
        .default_noise = 0.16,
        .default_classes = 10,
        .maximum_classes = 10,
        .maximum_noise = 1,
        .options_help = "n: pictures; noise: standard deviation of the gray values (white is 1); "
                        "classes: the digits 0 .. classes-1",
        .generate = dataset_generate_glyphs,
    },
    {
        .name = "blobs",
        .help = "Gaussian clouds, one per class, their centres uniform in -10 .. 10.",
        .task = TASK_CLASSIFICATION,
        .default_n = 1000,
        .default_noise = 2.5,
        .default_classes = 3,
        .default_dimensions = 2,
        .maximum_classes = 100,
        .maximum_dimensions = 1000,
        .maximum_noise = 100,
        .options_help = "n: points; noise: standard deviation of each cloud; classes: clouds; "
                        "dimensions: inputs",
        .generate = dataset_generate_blobs,
    },
    {
        .name = "moons",
        .help = "Two half circles of radius 1 that reach into each other, in the plane.",
        .task = TASK_CLASSIFICATION,
        .default_n = 1000,
        .inputs = 2,
        .default_noise = 0.2,
        .maximum_noise = 10,
        .options_help = "n: points; noise: standard deviation added to both coordinates",
        .generate = dataset_generate_moons,
    },
    {
        .name = "circles",
        .help = "A circle of radius 0.5 inside one of radius 1, in the plane.",
        .task = TASK_CLASSIFICATION,
        .default_n = 1000,
        .inputs = 2,
        .default_noise = 0.15,
        .maximum_noise = 10,
        .options_help = "n: points; noise: standard deviation added to both coordinates",
        .generate = dataset_generate_circles,
    },
    {
        .name = "spirals",
        .help = "Spiral arms of one and a half turns around the origin, one per class.",
        .task = TASK_CLASSIFICATION,
        .default_n = 1000,
        .inputs = 2,
        .default_noise = 0.05,
        .default_classes = 2,
        .maximum_classes = 10,
        .maximum_noise = 10,
        .options_help = "n: points; noise: standard deviation added to both coordinates (the "
                        "arms end at radius 1); classes: arms",
        .generate = dataset_generate_spirals,
    },
    {
        .name = "xor",
        .help = "Points in the square -1 .. 1; the class says whether the coordinates' signs "
                "differ.",
        .task = TASK_CLASSIFICATION,
        .default_n = 1000,
        .inputs = 2,
        .default_noise = 0.1,
        .maximum_noise = 10,
        .options_help = "n: points; noise: standard deviation added to both coordinates after "
                        "the class was decided",
        .generate = dataset_generate_xor,
    },
    {
        .name = "teacher",
        .help = "Standard normal inputs, labelled by a fixed random network with one hidden layer "
                "of 16 tanh units.",
        .task = TASK_CLASSIFICATION,
        .default_n = 2000,
        .default_noise = 0.2,
        .default_classes = 3,
        .default_dimensions = 20,
        .maximum_classes = 100,
        .maximum_dimensions = 1000,
        .maximum_noise = 100,
        .options_help = "n: points; noise: standard deviation added to the teacher's outputs "
                        "(which have 1) before the largest wins; classes; dimensions: inputs",
        .generate = dataset_generate_teacher,
    },
    {
        .name = "sine",
        .help = "Regression: y = sin(pi * x) + noise, x uniform in -2 .. 2.",
        .task = TASK_REGRESSION,
        .default_n = 200,
        .inputs = 1,
        .default_noise = 0.3,
        .maximum_noise = 100,
        .options_help = "n: points; noise: standard deviation added to y",
        .generate = dataset_generate_sine,
    },
    {
        .name = "polynomial",
        .help = "Regression: y = mean over the inputs of 4x^3 - 3x, plus noise, x uniform in "
                "-1 .. 1.",
        .task = TASK_REGRESSION,
        .default_n = 200,
        .default_noise = 0.3,
        .default_dimensions = 1,
        .maximum_dimensions = 1000,
        .maximum_noise = 100,
        .options_help = "n: points; noise: standard deviation added to y; dimensions: inputs",
        .generate = dataset_generate_polynomial,
    },
};
const int DATASET_COUNT = sizeof DATASETS / sizeof *DATASETS;

const dataset_row *dataset_find(const char *name)
{
    for (int i = 0; i < DATASET_COUNT; i++)
        if (strcmp(DATASETS[i].name, name) == 0)
            return &DATASETS[i];
    return NULL;
}

static bool check_count(const char *set, const char *option, int64_t value, int64_t least,
                        int64_t most, fail *f)
{
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/dataset/%s", option);
    if (most == 0)
        return fail_set(f, FAIL_INCOMPATIBLE, pointer, "The data set %s has no option %s.", set,
                        option);
    if (value < least || value > most)
        return fail_set(f, FAIL_INCOMPATIBLE, pointer,
                        "%s of %s must be in %lld .. %lld here, not %lld.", option, set,
                        (long long)least, (long long)most, (long long)value);
    return true;
}

static bool refuse_noise(const dataset_row *row, double noise, fail *f)
{
    char most[NUMBER_BYTES], given[NUMBER_BYTES];
    number_write(row->maximum_noise, most);
    number_write(noise, given);
    return fail_set(f, FAIL_INCOMPATIBLE, "/dataset/noise",
                    "noise of %s must be in 0 .. %s, not %s.", row->name, most, given);
}

bool built_in_resolve(const dataset_row *row, const dataset_options *options, dataset_options *out,
                      fail *f)
{
    dataset_options o = {.n = options->n ? options->n : row->default_n,
                         .classes = options->classes ? options->classes : row->default_classes,
                         .dimensions =
                             options->dimensions ? options->dimensions : row->default_dimensions,
                         .noise = isnan(options->noise) ? row->default_noise : options->noise};
    if (options->classes &&
        !check_count(row->name, "classes", o.classes, 2, row->maximum_classes, f))
        return false;
    if (options->dimensions &&
        !check_count(row->name, "dimensions", o.dimensions, 1, row->maximum_dimensions, f))
        return false;
    int64_t most = GENERATED_ROWS_LIMIT;
    if (o.dimensions > 0 && most > GENERATED_VALUES_LIMIT / o.dimensions)
        most = GENERATED_VALUES_LIMIT / o.dimensions;
    int64_t least = ROWS_PER_CLASS * (o.classes > 2 ? o.classes : 2);
    if (!check_count(row->name, "n", o.n, least, most, f))
        return false;
    if (o.noise < 0 || o.noise > row->maximum_noise)
        return refuse_noise(row, o.noise, f);
    *out = o;
    return true;
}
