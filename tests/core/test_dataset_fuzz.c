/* Mutated files of every format: each is taken or refused with a sentence, and never more than
 * that. Worth running under the sanitizers. The mutations are the same in every run. */
#include "core/base/digest.h"
#include "core/data/container.h"
#include "core/data/import/load.h"
#include "core/data/internal.h"
#include "core/data/origin.h"
#include "core/math/rng.h"
#include "tests/core/dataset_files.h"

enum { ROUNDS = 1500 };

static bytes original, mutated;
static size_t n_taken, n_refused;

/* Bytes changed, cut, doubled or exchanged for telling values. */
static void mutate(rng_stream *stream)
{
    static const uint8_t telling[] = {0, 1, 0x7F, 0x80, 0xFF, '"', ',', '\n', '(', ')', '{', '\''};
    mutated = original;
    for (uint32_t i = 0, n = 1 + rng_below(stream, 4); i < n; i++) {
        uint32_t at = rng_below(stream, (uint32_t)mutated.n);
        if (rng_below(stream, 2)) /* headers are where it hurts */
            at %= 160;
        at %= (uint32_t)mutated.n;
        switch (rng_below(stream, 6)) {
        case 0:
            mutated.at[at] ^= (uint8_t)(1U << rng_below(stream, 8));
            break;
        case 1:
            mutated.at[at] = telling[rng_below(stream, sizeof telling)];
            break;
        case 2:
            mutated.at[at] = (uint8_t)rng_next(stream);
            break;
        case 3:
            mutated.n = at + 1;
            break;
        case 4:
            add(&mutated, mutated.at + at, mutated.n - at < 64 ? mutated.n - at : 64);
            break;
        default:
            memset(mutated.at + at, mutated.at[at], mutated.n - at < 8 ? mutated.n - at : 8);
        }
    }
}

/* What was taken has labels in range and finite numbers, or none where some are missing. */
static void check_taken(const dataset *set)
{
    size_t n_bad = 0;
    bool has_missing = set->has_missing;
    for (int p = 0; p < PART_COUNT; p++) {
        const dataset_rows *rows = &set->parts[p];
        for (size_t i = 0; rows->labels && i < rows->n; i++)
            n_bad += rows->labels[i] < 0 || (size_t)rows->labels[i] >= set->k;
        for (size_t i = 0; rows->floats && i < rows->n * set->d; i++)
            n_bad += isinf(rows->floats[i]) || (isnan(rows->floats[i]) && !has_missing);
    }
    CHECK_EQUAL_INT(n_bad, 0);
    CHECK(set->parts[PART_TRAIN].n > 0 && set->d > 0);
}

typedef bool read_files(const dataset_file *files, dataset_load *load, fail *f);

/* Reads the mutated bytes as the file "mutated" beside an unchanged "labels". */
static void try_reader(read_files *read)
{
    const dataset_file files[] = {{files_path("mutated"), "x"}, {files_path("labels"), "y"}};
    dataset_load load = {0};
    dataset set = {0};
    fail f = {0};
    save("mutated", &mutated);
    if (read(files, &load, &f) && dataset_load_finish(&load, CHOICE_AUTO, &set, &f)) {
        n_taken++;
        check_taken(&set);
    } else {
        n_refused++;
        CHECK(f.code != FAIL_NONE && f.code != FAIL_INTERNAL && strlen(f.sentence) > 10);
    }
    dataset_load_close(&load);
}

static void fuzz(read_files *read, uint32_t which)
{
    rng_stream stream = rng_stream_at(1, RNG_DATA, which, 0, 77);
    n_taken = n_refused = 0;
    mutated = original;
    try_reader(read);
    CHECK_EQUAL_INT(n_taken, 1);
    for (int i = 0; i < ROUNDS; i++) {
        mutate(&stream);
        try_reader(read);
    }
    printf("    %zu taken, %zu refused\n", n_taken, n_refused);
    CHECK(n_refused > ROUNDS / 10);
}

static bool read_idx(const dataset_file *files, dataset_load *load, fail *f)
{
    return dataset_read_idx(files, 2, load, f);
}

static bool read_csv(const dataset_file *files, dataset_load *load, fail *f)
{
    const dataset_add_options options = {0};
    return dataset_read_csv(files, 1, &options, load, f);
}

static bool read_npy(const dataset_file *files, dataset_load *load, fail *f)
{
    const dataset_add_options options = {0};
    return dataset_read_npy(files, 2, &options, load, f);
}

static bool read_npz(const dataset_file *files, dataset_load *load, fail *f)
{
    const dataset_add_options options = {0};
    return dataset_read_npz(files, &options, load, f);
}

static void idx_files(void)
{
    idx_labels(&original, 20, 3);
    save("labels", &original);
    idx_images(&original, 20, 4, 4);
    fuzz(read_idx, 1);
}

static void packed_idx_files(void)
{
    static bytes plain;
    idx_images(&plain, 20, 4, 4);
    gzip(&plain, &original);
    fuzz(read_idx, 2);
}

static void csv_files(void)
{
    original.n = 0;
    add(&original, "a,\"b \"\"c\",,t,label\n", 19);
    for (int i = 0; i < 12; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, "%d.5,-%de-2,%s,%s,\"%s\"\r\n", i, i * 7,
                         i % 5 ? "1" : "", i % 2 ? "u" : "true", i % 3 ? "cat" : "dog");
        add(&original, line, (size_t)n);
    }
    fuzz(read_csv, 3);
}

static void make_labels(void)
{
    npy_header(&original, "<i4", "False", "(6,)");
    for (uint32_t i = 0; i < 6; i++)
        add_little(&original, i % 2, 4);
}

static void make_inputs(void)
{
    npy_header(&original, "<f4", "False", "(6, 2, 3)");
    for (uint32_t i = 0; i < 36; i++) {
        float value = (float)i;
        add(&original, &value, 4);
    }
}

static void npy_files(void)
{
    make_labels();
    save("labels", &original);
    make_inputs();
    fuzz(read_npy, 4);
}

static void npz_files(void)
{
    static const char *const names[] = {"x.npy", "y.npy"};
    static bytes members[2];
    make_inputs();
    members[0] = original;
    make_labels();
    members[1] = original;
    zip_members(&original, names, members, 2);
    fuzz(read_npz, 5);
}

/* With the digest that the mutated file has, so that everything behind it is reached. */
static void containers(void)
{
    static const int32_t labels[] = {0, 1, 2, 0, 1, 2, 1, 0};
    static const float floats[24] = {1, 2, 3};
    static const double offsets[] = {0, 1e9, 0};
    dataset set = {.task = TASK_CLASSIFICATION,
                   .input_offsets = offsets,
                   .has_missing = true,
                   .d = 3,
                   .k = 3,
                   .class_names = "cat\0dog\0eel",
                   .column_names = "a\0b\0c"};
    rng_stream stream = rng_stream_at(1, RNG_DATA, 6, 0, 77);
    char sha256[65];
    uint64_t n_bytes;
    fail f = {0};
    set.parts[PART_TRAIN] = (dataset_rows){.n = 8, .floats = floats, .labels = labels};
    set.parts[PART_TEST] = (dataset_rows){.n = 3, .floats = floats, .labels = labels};
    FILE *file = fopen(files_path("container"), "w+b");
    CHECK_OR_RETURN(file &&
                    CHECK_OK(container_write(&set, NULL, fileno(file), sha256, &n_bytes, &f), f));
    original.n =
        fread(original.at, 1, fseek(file, 0, SEEK_SET) == 0 ? sizeof original.at : 0, file);
    fclose(file);
    CHECK_EQUAL_INT(original.n, n_bytes);
    n_taken = n_refused = 0;
    for (int i = -1; i < 4 * ROUNDS; i++) {
        dataset *opened = dataset_new();
        CHECK_OR_RETURN(opened != NULL);
        mutated = original;
        if (i >= 0)
            mutate(&stream);
        save("container", &mutated);
        digest_write_of(mutated.at, mutated.n, sha256);
        if (container_open(files_path("container"), sha256, NULL, opened, &f)) {
            char name[8];
            n_taken++;
            check_taken(opened);
            dataset_write_class_name(opened, opened->k - 1, name, sizeof name);
            dataset_write_column_name(opened, opened->d - 1, name, sizeof name);
        } else {
            n_refused++;
            CHECK(f.code == FAIL_STORAGE && strlen(f.sentence) > 10);
        }
        dataset_close(opened);
    }
    printf("    %zu taken, %zu refused\n", n_taken, n_refused);
    CHECK(n_taken > 0 && n_refused > ROUNDS);
}

/* What was read of an origin has texts that end, and as many inputs as the set. */
static void check_origin(const dataset_origin *o, size_t d)
{
    size_t n_inputs = 0, n_bytes = o->label ? strlen(o->label) : 0;
    for (size_t i = 0; i < o->n_columns; i++) {
        n_inputs += o->columns[i].n_inputs;
        n_bytes += strlen(o->columns[i].name);
        for (size_t j = 0; j < o->columns[i].n_categories; j++)
            n_bytes += strlen(o->columns[i].categories[j]);
    }
    for (size_t i = 0; i < o->n_warnings; i++)
        n_bytes += strlen(o->warnings[i]);
    CHECK(n_bytes <= mutated.n && (o->n_columns == 0 || n_inputs == d));
}

static void origins(void)
{
    static const char *const words[] = {"u", "missing", "Something is told."};
    const dataset_column columns[] = {{.name = "a", .n_missing = 1, .n_inputs = 1},
                                      {.name = "c",
                                       .kind = COLUMN_CATEGORY,
                                       .first_input = 1,
                                       .n_inputs = 2,
                                       .n_categories = 2,
                                       .categories = words,
                                       .has_missing_category = true},
                                      {.name = "y", .kind = COLUMN_LABEL, .first_input = 3}};
    const dataset_origin origin = {.separator = SEPARATOR_TAB,
                                   .has_header = true,
                                   .label = "y",
                                   .n_columns = 3,
                                   .columns = columns,
                                   .n_warnings = 1,
                                   .warnings = words + 2};
    rng_stream stream = rng_stream_at(1, RNG_DATA, 7, 0, 77);
    original.n = origin_bytes(&origin);
    origin_write(&origin, (char *)original.at);
    n_taken = n_refused = 0;
    mutated = original;
    for (int i = 0; i <= ROUNDS; i++) {
        dataset_origin *read;
        fail f = {0};
        if (origin_read((const char *)mutated.at, mutated.n, 3, &read, &f)) {
            n_taken++;
            check_origin(read, 3);
            free(read);
        } else {
            n_refused++;
            CHECK(i > 0 && f.code == FAIL_STORAGE);
        }
        mutate(&stream);
    }
    CHECK(n_taken > 1 && n_refused > ROUNDS / 10);
}

CHECK_MAIN("dataset_fuzz", idx_files, packed_idx_files, csv_files, npy_files, npz_files, containers,
           origins)
