#include "core/data/dataset.h"

#include "core/data/container.h"
#include "core/data/generators.h"
#include "core/data/internal.h"
#include "core/data/path.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { GENERATED_ROWS_LIMIT = 1000000, GENERATED_VALUES_LIMIT = 1 << 28, ROWS_PER_CLASS = 5 };

const dataset_row DATASETS[] = {
    {
        .name = "glyphs",
        .help = "Drawn digits 0-9 as gray pictures of 16x16: strokes under random affine and "
                "elastic distortion, thickness and noise. Hard enough to overfit.",
        .task = TASK_CLASSIFICATION,
        .default_n = 5000,
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

/* ---- options ---- */

static bool check_count(const char *set, const char *option, int64_t value, int64_t least,
                        int64_t most, fail *f)
{
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/dataset/%s", option);
    if (most == 0)
        return fail_set(f, FAIL_INCOMPATIBLE, pointer, "The data set %s has no option %s.", set,
                        option);
    if (value < least || value > most)
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                        "%s of %s must be in %lld .. %lld here, not %lld.", option, set,
                        (long long)least, (long long)most, (long long)value);
    return true;
}

/* Fills and checks the options of a generator. */
static bool resolve_options(const dataset_row *row, const dataset_options *options,
                            dataset_options *out, fail *f)
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
        return fail_set(f, FAIL_OUT_OF_RANGE, "/dataset/noise",
                        "noise of %s must be in 0 .. %g, not %g.", row->name, row->maximum_noise,
                        o.noise);
    *out = o;
    return true;
}

static const char *given_option(const dataset_options *options)
{
    return options->n              ? "n"
           : options->classes      ? "classes"
           : options->dimensions   ? "dimensions"
           : isnan(options->noise) ? NULL
                                   : "noise";
}

bool dataset_check(const char *name, const dataset_options *options, const char *data_dir,
                   dataset_options *resolved, fail *f)
{
    const dataset_row *row = dataset_find(name);
    if (row)
        return resolve_options(row, options, resolved, f);
    char sha256[65];
    if (!dataset_path_read_link(name, data_dir, sha256, f))
        return false;
    const char *option = given_option(options);
    if (option) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/dataset/%s", option);
        return fail_set(f, FAIL_INCOMPATIBLE, pointer,
                        "The data set %s is a registered one: it has no option %s.", name, option);
    }
    *resolved = (dataset_options){.noise = NAN};
    return true;
}

/* ---- storage ---- */

dataset *dataset_new(void)
{
    dataset *set = calloc(1, sizeof *set);
    dataset_storage *storage = calloc(1, sizeof *storage);
    if (!set || !storage) {
        free(set);
        free(storage);
        return NULL;
    }
    atomic_init(&storage->n_references, 1);
    storage->set = set;
    set->storage = storage;
    return set;
}

bool dataset_allocate(dataset *set, size_t n, size_t value_bytes, dataset_arrays *out, fail *f)
{
    size_t output_bytes = set->task == TASK_CLASSIFICATION ? sizeof(int32_t) : 4 * set->k;
    size_t inputs_bytes = (n * set->d * value_bytes + 63) / 64 * 64;
    char *memory = calloc(1, inputs_bytes + n * output_bytes);
    if (!memory)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset",
                        "The data set needs %zu bytes, which there are not.",
                        inputs_bytes + n * output_bytes);
    void *inputs = memory, *outputs = memory + inputs_bytes;
    *out = (dataset_arrays){0};
    if (value_bytes == 1)
        out->bytes = inputs;
    else
        out->floats = inputs;
    if (set->task == TASK_CLASSIFICATION)
        out->labels = outputs;
    else
        out->targets = outputs;
    set->parts[PART_TRAIN] = (dataset_rows){n, out->bytes, out->floats, out->labels, out->targets};
    set->storage->memory = memory;
    return true;
}

dataset *dataset_share(const dataset *set)
{
    atomic_fetch_add_explicit(&set->storage->n_references, 1, memory_order_relaxed);
    return set->storage->set;
}

static void set_free(dataset *set)
{
    if (set->storage->mapping)
        munmap(set->storage->mapping, set->storage->mapping_bytes);
    free(set->storage->memory);
    free(set->storage->names);
    free(set->storage);
    free(set);
}

void dataset_close(const dataset *set)
{
    if (set && atomic_fetch_sub_explicit(&set->storage->n_references, 1, memory_order_acq_rel) == 1)
        set_free(set->storage->set);
}

/* ---- opening ---- */

static bool open_built_in(const dataset_row *row, const dataset_options *options, int64_t data_seed,
                          dataset *set, fail *f)
{
    dataset_options resolved;
    uint64_t file_bytes;
    set->built_in = true;
    set->task = row->task;
    return resolve_options(row, options, &resolved, f) &&
           row->generate(&resolved, data_seed, set, f) &&
           container_write(set, -1, set->sha256, &file_bytes, f);
}

static bool open_registered(const char *name, const dataset_options *options, const char *data_dir,
                            dataset *set, fail *f)
{
    dataset_options resolved;
    char sha256[65], path[DATASET_PATH_BYTES];
    return dataset_check(name, options, data_dir, &resolved, f) &&
           dataset_path_read_link(name, data_dir, sha256, f) &&
           dataset_path_join(data_dir, "content", sha256, path, f) &&
           container_open(path, sha256, set, f);
}

bool dataset_open(const char *name, const dataset_options *options, int64_t data_seed,
                  const char *data_dir, dataset **out, fail *f)
{
    const dataset_row *row = dataset_find(name);
    dataset *set = dataset_new();
    if (!set)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory for a data set.");
    bool is_open = row ? open_built_in(row, options, data_seed, set, f)
                       : open_registered(name, options, data_dir, set, f);
    if (!is_open) {
        set_free(set);
        return false;
    }
    snprintf(set->name, sizeof set->name, "%s", name);
    *out = set;
    return true;
}

/* ---- names ---- */

/* Cut, if need be, between two characters of UTF-8. */
static void write_name(const char *name, size_t i, char *text, size_t text_bytes)
{
    if (!name) {
        snprintf(text, text_bytes, "%zu", i);
        return;
    }
    size_t n = strlen(name);
    if (n >= text_bytes) {
        n = text_bytes - 1;
        while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80)
            n--;
    }
    memcpy(text, name, n);
    text[n] = '\0';
}

void dataset_write_class_name(const dataset *set, size_t c, char *text, size_t text_bytes)
{
    assert(c < set->k);
    write_name(set->class_names ? set->storage->names[c] : NULL, c, text, text_bytes);
}

void dataset_write_column_name(const dataset *set, size_t c, char *text, size_t text_bytes)
{
    assert(c < set->d);
    size_t first = set->class_names ? set->k : 0;
    write_name(set->column_names ? set->storage->names[first + c] : NULL, c, text, text_bytes);
}
