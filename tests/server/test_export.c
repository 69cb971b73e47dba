/* safetensors, curves as CSV, and the export directory, read back byte by byte. */
#include "core/base/memory.h"
#include "core/net/tensor.h"
#include "server/codec/codec.h"
#include "server/export/csv.h"
#include "server/export/directory.h"
#include "server/export/safetensors.h"
#include "server/text/check.h"
#include "tests/check.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static fail_list faults;

static bool resolved(const char *text, train_spec *out)
{
    experiment_spec e;
    faults.n = faults.n_found = 0;
    if (!CHECK(codec_read_experiment_spec(text, strlen(text), &e, &faults)))
        return false;
    *out = e.base;
    experiment_spec_close(&e);
    return CHECK(spec_resolve(out, &faults));
}

/* ---- safetensors ---- */

typedef struct tensor_place {
    char type[8];
    unsigned long long shape[2];
    int n_dimensions;
    const unsigned char *bytes;
    size_t n_bytes;
} tensor_place;

/* `"key":[1,2]` or `"key":[1]` behind `at`: how many numbers, -1 if it is not there. */
static int find_numbers(const char *at, const char *key, unsigned long long out[2])
{
    char wanted[64], *end;
    snprintf(wanted, sizeof wanted, "\"%s\":[", key);
    const char *found = strstr(at, wanted);
    if (!found)
        return -1;
    out[0] = strtoull(found + strlen(wanted), &end, 10);
    if (*end == ']')
        return 1;
    out[1] = *end == ',' ? strtoull(end + 1, &end, 10) : 0;
    return *end == ']' ? 2 : -1;
}

/* Finds a tensor in a file's bytes by its header alone, as another program would. */
static bool find_tensor(const char *file, size_t n, const char *name, tensor_place *out)
{
    unsigned long long length, range[2];
    char wanted[64], header[65536];
    memcpy(&length, file, 8);
    if (!CHECK(length % 8 == 0 && length + 8 <= n && length < sizeof header))
        return false;
    memcpy(header, file + 8, length);
    header[length] = '\0';
    fail f;
    CHECK_OK(json_check_text(header, length, &f), f);
    snprintf(wanted, sizeof wanted, "\"%s\":{\"dtype\":\"", name);
    const char *at = strstr(header, wanted);
    if (!at)
        return false;
    at += strlen(wanted);
    *out = (tensor_place){.n_dimensions = 0};
    memcpy(out->type, at, 3);
    out->n_dimensions = find_numbers(at, "shape", out->shape);
    bool found = out->n_dimensions > 0 && find_numbers(at, "data_offsets", range) == 2;
    if (!CHECK(found && range[0] <= range[1] && 8 + length + range[1] <= n))
        return false;
    out->bytes = (const unsigned char *)file + 8 + length + range[0];
    out->n_bytes = (size_t)(range[1] - range[0]);
    return true;
}

static const char *const MODELS[] = {
    "{\"hidden\":[5,3],\"normalization\":\"batch\"}",
    "{\"hidden\":[4],\"normalization\":\"layer\"}", "{\"hidden\":[]}",
    "{\"hidden\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\"normalization\":\"layer\"}"};

static void models_are_read_back(void)
{
    enum { INPUTS = 7, OUTPUTS = 3 };
    for (size_t m = 0; m < sizeof MODELS / sizeof *MODELS; m++) {
        train_spec spec;
        if (!resolved(MODELS[m], &spec))
            continue;
        size_t n = tensor_model_size(&spec, INPUTS, OUTPUTS), inputs = 0, outputs = 0;
        float *model = calloc(n, sizeof *model), *again = NULL;
        for (size_t i = 0; i < n; i++)
            model[i] = (float)i + 0.25f;
        buffer b;
        fail f;
        buffer_init(&b, export_safetensors_model_bytes(&spec, INPUTS, OUTPUTS));
        export_safetensors_add_model(&b, &spec, INPUTS, OUTPUTS, model);
        CHECK(!b.failed);
        tensor part;
        for (int i = 0; tensor_get(&spec, INPUTS, OUTPUTS, i, &part); i++) {
            tensor_place place;
            if (!CHECK(find_tensor(b.data, b.n, part.name, &place)))
                continue;
            CHECK_EQUAL_STRING(place.type, "F32");
            CHECK_EQUAL_INT(place.n_dimensions, part.n_dimensions);
            CHECK_EQUAL_INT(place.shape[0], part.shape[0]);
            CHECK_EQUAL_INT(place.n_bytes, part.n * 4);
            CHECK_EQUAL_BYTES(place.bytes, model + part.offset, part.n * 4);
        }
        if (CHECK_OK(
                export_safetensors_read_model(b.data, b.n, &spec, &inputs, &outputs, &again, &f),
                f)) {
            CHECK_EQUAL_INT(inputs, INPUTS);
            CHECK_EQUAL_INT(outputs, OUTPUTS);
            CHECK_EQUAL_BYTES(again, model, n * 4);
        }
        free(again);
        free(model);
        buffer_close(&b);
    }
}

static void other_files_are_no_models(void)
{
    train_spec spec, other;
    buffer b;
    fail f;
    size_t inputs, outputs;
    float *model = calloc(1000, sizeof *model), *again = NULL;
    if (!resolved("{\"hidden\":[4,4]}", &spec) || !resolved("{\"hidden\":[4,5]}", &other))
        return;
    buffer_init(&b, 1 << 20);
    export_safetensors_add_model(&b, &spec, 6, 2, model);
    for (size_t n = 0; n < b.n;
         n += n < 600 ? 1 : 37) { /* cut anywhere; a copy, so that the sanitizers see the end */
        char *cut = malloc(n ? n : 1);
        memcpy(cut, b.data, n);
        CHECK_FAILS(export_safetensors_read_model(cut, n, &spec, &inputs, &outputs, &again, &f), f,
                    FAIL_SYNTAX, "");
        free(cut);
    }
    CHECK_FAILS(export_safetensors_read_model(b.data, b.n, &other, &inputs, &outputs, &again, &f),
                f, FAIL_SYNTAX, "");
    uint64_t header;
    memcpy(&header, b.data, sizeof header);
    for (size_t i = 0; i < 8 + header; i++) { /* a changed byte of length or header */
        char before = b.data[i];
        b.data[i] = (char)(before ^ 1);
        CHECK(!export_safetensors_read_model(b.data, b.n, &spec, &inputs, &outputs, &again, &f));
        b.data[i] = before;
    }
    CHECK(again == NULL);
    buffer_close(&b);
    free(model);
}

/* ---- CSV ---- */

/* A header and a line with val_loss alone, of the metrics that a classification has. */
static void add_expected(buffer *b)
{
    buffer_add_text(b, "epoch,step");
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        if (METRICS[m].classification)
            buffer_add_format(b, ",%s", METRICS[m].name);
    buffer_add_text(b, "\n2,30");
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        if (METRICS[m].classification)
            buffer_add_text(b, m == METRIC_VAL_LOSS ? ",0.1" : ",");
    buffer_add_text(b, "\n");
}

static void curves_as_csv(void)
{
    int metrics[METRIC_EPOCH_COUNT], n = export_csv_list_metrics(TASK_CLASSIFICATION, metrics);
    record r = {.epoch = 2, .step = 30};
    buffer b, expected;
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        r.values[m] = NAN;
    r.values[METRIC_VAL_LOSS] = 0.1;
    r.values[METRIC_SECONDS] = INFINITY;
    buffer_init(&b, 4096);
    buffer_init(&expected, 4096);
    export_csv_add_header(&b, metrics, n);
    export_csv_add_record(&b, metrics, n, &r);
    add_expected(&expected);
    CHECK_EQUAL_STRING(b.data, expected.data);
    CHECK_CONTAINS(b.data, "epoch,step,batch_loss,train_loss,train_accuracy,val_loss,");
    CHECK_CONTAINS(b.data, "\n2,30,,,,0.1,");
    buffer_close(&b);
    buffer_close(&expected);
    n = export_csv_list_metrics(TASK_REGRESSION, metrics);
    buffer_init(&b, 4096);
    export_csv_add_header(&b, metrics, n);
    CHECK_CONTAINS(b.data, "train_rmse,train_r2,val_rmse,val_r2");
    CHECK(strstr(b.data, "accuracy") == NULL);
    buffer_close(&b);
    for (int i = 0; i < n; i++)
        CHECK(METRICS[metrics[i]].regression && (i == 0 || metrics[i] > metrics[i - 1]));
}

/* ---- the directory ---- */

static char *load(const char *directory, const char *name, size_t *n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (!CHECK(file != NULL))
        return calloc(1, 1);
    char *bytes = malloc(1 << 23);
    *n = fread(bytes, 1, (1 << 23) - 1, file);
    bytes[*n] = '\0';
    fclose(file);
    return bytes;
}

static void remove_directory(const char *path)
{
    char file[768];
    DIR *directory = opendir(path);
    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry;
         entry = readdir(directory)) {
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        unlink(file);
    }
    if (directory)
        closedir(directory);
    rmdir(path);
}

static int count_files(const char *path)
{
    int n = 0;
    DIR *directory = opendir(path);
    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry;
         entry = readdir(directory))
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (directory)
        closedir(directory);
    return n;
}

static void check_inputs(const char *file, size_t n, const char *name, const split *data,
                         dataset_part part)
{
    tensor_place place;
    CHECK_OR_RETURN(find_tensor(file, n, name, &place));
    size_t count = data->n[part] * data->set->d;
    float *inputs = malloc((count + 1) * sizeof *inputs);
    split_read_inputs(data, part, NULL, 0, data->n[part], inputs);
    CHECK_EQUAL_STRING(place.type, "F32");
    CHECK_EQUAL_INT(place.shape[0], data->n[part]);
    CHECK_EQUAL_INT(place.shape[1], data->set->d);
    CHECK_EQUAL_INT(place.n_bytes, count * sizeof *inputs);
    CHECK_EQUAL_BYTES(place.bytes, inputs, count * sizeof *inputs);
    free(inputs);
}

static void check_outputs(const char *file, size_t n, const char *name, const split *data,
                          dataset_part part)
{
    tensor_place place;
    CHECK_OR_RETURN(find_tensor(file, n, name, &place));
    bool classes = data->set->task == TASK_CLASSIFICATION;
    CHECK_EQUAL_STRING(place.type, classes ? "I64" : "F32");
    CHECK_EQUAL_INT(place.n_dimensions, classes ? 1 : 2);
    CHECK_EQUAL_INT(place.shape[0], data->n[part]);
    int n_wrong = 0;
    for (size_t i = 0; i < data->n[part]; i++) {
        int64_t label = 0;
        float written[4], target[4];
        if (classes) {
            memcpy(&label, place.bytes + 8 * i, 8);
            n_wrong += label != data->labels[part][i];
        } else {
            memcpy(written, place.bytes + 4 * i * data->set->k, 4 * data->set->k);
            split_read_targets(data, part, NULL, i, 1, target);
            n_wrong += memcmp(written, target, 4 * data->set->k) != 0;
        }
    }
    CHECK_EQUAL_INT(n_wrong, 0);
}

static void check_data(const char *path, const split *data)
{
    static const char *const INPUTS[] = {"x_train", "x_val", "x_test"}, *const OUTPUTS[] = {
                                                                            "y_train", "y_val",
                                                                            "y_test"};
    size_t n = 0;
    char *file = load(path, "data.safetensors", &n);
    for (int part = 0; part < PART_COUNT; part++) {
        check_inputs(file, n, INPUTS[part], data, (dataset_part)part);
        check_outputs(file, n, OUTPUTS[part], data, (dataset_part)part);
    }
    tensor_place place;
    if (CHECK(find_tensor(file, n, "train_evaluation_index", &place))) {
        CHECK_EQUAL_INT(place.shape[0], data->n_train_evaluation);
        int64_t last;
        memcpy(&last, place.bytes + place.n_bytes - 8, 8);
        CHECK_EQUAL_INT(last, data->train_evaluation[data->n_train_evaluation - 1]);
    }
    free(file);
}

static void check_texts(const char *path, const split *data)
{
    fail f;
    train_spec spec;
    size_t n = 0;
    char *text = load(path, "spec.json", &n);
    if (CHECK_OK(codec_read_config(text, n, &spec, &f), f))
        CHECK_EQUAL_INT(spec.train_size, data->n[PART_TRAIN]);
    free(text);
    text = load(path, "result.json", &n);
    CHECK_OK(json_check_text(text, n, &f), f);
    static const char *const MEMBERS[] = {"\"train_seconds\":1.5,", "\"samples_per_second\":100,",
                                          "\"wall_seconds\":2,",    "\"peak_memory_bytes\":12345}",
                                          "\"test_loss\":0.25,",    "\"best_epoch\":3,"};
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++)
        CHECK_CONTAINS(text, MEMBERS[i]);
    CHECK(strstr(text, "null") == NULL);
    free(text);
    text = load(path, "curves.csv", &n);
    CHECK_EQUAL_STRING(text, "epoch,step\n0,0\n");
    free(text);
}

/* A result as training leaves it, with a model of zeros but its first number; the caller frees the
 * model. */
static train_result made_up_result(const train_spec *spec, const dataset *set)
{
    train_result result = {.stop = TRAIN_STOP_FINISHED,
                           .epoch = 4,
                           .step = 40,
                           .best_epoch = 3,
                           .selected_epoch = 4,
                           .train_seconds = 1.5,
                           .samples_per_second = 100,
                           .wall_seconds = 2,
                           .n_model = tensor_model_size(spec, set->d, set->k)};
    for (int m = 0; m < METRIC_COUNT; m++)
        result.selected[m] = NAN;
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        result.last[m] = result.best[m] = NAN;
    result.selected[METRIC_TEST_LOSS] = 0.25;
    result.model = calloc(result.n_model, sizeof *result.model);
    if (!result.model)
        abort();
    result.model[0] = 42;
    return result;
}

/* Twice: the second replaces the first. */
static void save_twice(const char *path, const export_run *trained)
{
    fail f;
    bool is_new = false;
    CHECK_OK(export_directory_open(path, &is_new, &f), f);
    CHECK(is_new);
    for (int time = 0; time < 2; time++) {
        CHECK_OK(export_directory_save(path, trained, &f), f);
        CHECK_EQUAL_INT(count_files(path), 6);
        check_data(path, trained->data);
        check_texts(path, trained->data);
    }
    CHECK_OK(export_directory_open(path, &is_new, &f), f);
    CHECK(!is_new);
}

/* The file holds this model of this set. */
static void check_model(const char *path, const char *name, const train_spec *spec,
                        const dataset *set, const float *expected, size_t n_expected)
{
    fail f;
    size_t n = 0, inputs, outputs;
    float *model = NULL;
    char *file = load(path, name, &n);
    if (CHECK_OK(export_safetensors_read_model(file, n, spec, &inputs, &outputs, &model, &f), f)) {
        CHECK_EQUAL_INT(inputs, set->d);
        CHECK_EQUAL_INT(outputs, set->k);
        CHECK_EQUAL_BYTES(model, expected, n_expected * sizeof *expected);
    }
    free(model);
    free(file);
}

static void export_split(const train_spec *spec, const dataset *set, const split *data,
                         const char *path)
{
    buffer curves;
    train_result result = made_up_result(spec, set);
    buffer_init(&curves, 100);
    buffer_add_text(&curves, "epoch,step\n0,0\n");
    export_run trained = {.spec = spec,
                          .data = data,
                          .result = &result,
                          .curves = &curves,
                          .peak_memory_bytes = 12345};
    save_twice(path, &trained);
    check_model(path, "final.safetensors", spec, set, result.model, result.n_model);
    train_initial_model(spec, set->d, set->k, result.model);
    check_model(path, "initial.safetensors", spec, set, result.model, result.n_model);
    free(result.model);
    buffer_close(&curves);
    remove_directory(path);
}

static void export_one(const char *spec_text, const char *path)
{
    train_spec spec;
    dataset *set = NULL;
    split *data = NULL;
    fail f;
    if (!resolved(spec_text, &spec) ||
        !CHECK_OK(dataset_open(spec.dataset, &spec.dataset_options, spec.data_seed, NULL, &set, &f),
                  f))
        return;
    spec.scaling = set->default_scaling;
    if (CHECK_OK(split_open(set, &spec, &data, &f), f)) {
        export_split(&spec, set, data, path);
        split_close(data);
    }
    dataset_close(set);
}

static void directories(void)
{
    char above[] = "/tmp/regulab-test-export-XXXXXX", path[128], below[160];
    CHECK_OR_RETURN(mkdtemp(above) != NULL);
    snprintf(path, sizeof path, "%s/new", above);
    snprintf(below, sizeof below, "%s/deeper", path);
    export_one("{\"dataset\":{\"name\":\"moons\",\"n\":150},\"label_noise\":0.2,\"train_evaluation_"
               "size\":30,\"hidden\":[3]}",
               below);
    rmdir(path);
    export_one("{\"dataset\":\"sine\",\"hidden\":[]}", path);
    export_one("{\"hidden\":[4],\"normalization\":\"batch\"}", path);
    rmdir(above);
}

static void directories_that_cannot_be(void)
{
    char above[] = "/tmp/regulab-test-export-XXXXXX", path[128];
    bool is_new;
    fail f;
    CHECK_OR_RETURN(mkdtemp(above) != NULL);
    snprintf(path, sizeof path, "%s/file", above);
    FILE *file = fopen(path, "wb");
    CHECK_OR_RETURN(file != NULL);
    fclose(file);
    CHECK_FAILS(export_directory_open(path, &is_new, &f), f, FAIL_STORAGE, "");
    CHECK_CONTAINS(f.sentence, path);
    snprintf(path, sizeof path, "%s/file/below", above);
    CHECK_FAILS(export_directory_open(path, &is_new, &f), f, FAIL_STORAGE, "");
    remove_directory(above);
    CHECK(memory_peak_bytes() > 100000);
}

CHECK_MAIN("export", models_are_read_back, other_files_are_no_models, curves_as_csv, directories,
           directories_that_cannot_be)
