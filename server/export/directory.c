#include "server/export/directory.h"
#include "server/codec/codec.h"
#include "server/export/safetensors.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 20, TEXT_BYTES_LIMIT = 1 << 20 };

/* ---- files ---- */

typedef struct piece_writer { /* one file that is being written under its temporary name */
    char path[PATH_MAX], temporary[PATH_MAX];
    FILE *file;
} piece_writer;

static bool refused(fail *f, const char *path)
{
    return fail_set(f, FAIL_STORAGE, NULL, "%s cannot be written: %s", path, strerror(errno));
}

static bool writer_open(piece_writer *w, const char *directory, const char *name, fail *f)
{
    int n = snprintf(w->path, sizeof w->path, "%s/%s", directory, name);
    int m = snprintf(w->temporary, sizeof w->temporary, "%s/.%s.part", directory, name);
    if (n >= (int)sizeof w->path || m >= (int)sizeof w->temporary)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "the path of the export directory is too long");
    w->file = fopen(w->temporary, "wbe");
    return w->file || refused(f, w->path);
}

static bool writer_add(const piece_writer *w, const void *bytes, size_t n, fail *f)
{
    return n == 0 || fwrite(bytes, 1, n, w->file) == n || refused(f, w->path);
}

/* Ends the file: under its name if all went well so far (`ok`), else nothing is left of it. */
static bool writer_close(piece_writer *w, bool ok, fail *f)
{
    if (fclose(w->file) != 0 && ok)
        ok = refused(f, w->path);
    if (ok && rename(w->temporary, w->path) != 0)
        ok = refused(f, w->path);
    if (!ok)
        (void)unlink(w->temporary);
    return ok;
}

static bool save_bytes(const char *directory, const char *name, const void *bytes, size_t n,
                       fail *f)
{
    piece_writer w;
    if (!writer_open(&w, directory, name, f))
        return false;
    return writer_close(&w, writer_add(&w, bytes, n, f), f);
}

static bool save_buffer(const char *directory, const char *name, buffer *b, fail *f)
{
    bool ok = !b->failed || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory to write %s", name);
    ok = ok && save_bytes(directory, name, b->data, b->n, f);
    buffer_close(b);
    return ok;
}

static bool make_directories(const char *path, fail *f)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "the path of the export directory is too long");
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return refused(f, part);
        *slash = '/';
    }
    return mkdir(part, 0777) == 0 || errno == EEXIST || refused(f, part);
}

bool export_directory_open(const char *path, bool *is_new, fail *f)
{
    struct stat status;
    bool existed = stat(path, &status) == 0;
    if (existed && !S_ISDIR(status.st_mode))
        return fail_set(f, FAIL_STORAGE, NULL, "%s is not a directory", path);
    if (!existed && !make_directories(path, f))
        return false;
    if (access(path, W_OK | X_OK) != 0)
        return refused(f, path);
    *is_new = !existed;
    return true;
}

/* ---- spec.json, result.json ---- */

static bool save_spec(const char *directory, const export_run *trained, fail *f)
{
    train_spec spec = *trained->spec;
    buffer b;
    spec.train_size = (int64_t)trained->data->n[PART_TRAIN];
    spec.validation_size = (int64_t)trained->data->n[PART_VALIDATION];
    spec.test_size = (int64_t)trained->data->n[PART_TEST];
    buffer_init(&b, TEXT_BYTES_LIMIT);
    codec_add_config(&b, &spec, true);
    buffer_add_text(&b, "\n");
    return save_buffer(directory, "spec.json", &b, f);
}

static void add_metrics(buffer *b, const train_result *result)
{
    run_metrics metrics = {.best_epoch = result->best_epoch > 0 ? result->best_epoch : -1,
                           .selected_epoch = result->selected_epoch};
    const char *name;
    double value;
    memcpy(metrics.last, result->last, sizeof metrics.last);
    memcpy(metrics.best, result->best, sizeof metrics.best);
    memcpy(metrics.selected, result->selected, sizeof metrics.selected);
    for (int i = 0; run_metric_get(&metrics, i, &name, &value); i++)
        if (!isnan(value))
            json_add_member_number(b, name, value);
}

static stop_reason reason_of(train_stop stop)
{
    return stop == TRAIN_STOP_EARLY_STOPPED ? STOP_REASON_EARLY_STOPPED
           : stop == TRAIN_STOP_DIVERGED    ? STOP_REASON_DIVERGED
                                            : STOP_REASON_FINISHED;
}

static bool save_result(const char *directory, const export_run *trained, fail *f)
{
    const train_result *result = trained->result;
    buffer b;
    buffer_init(&b, TEXT_BYTES_LIMIT);
    buffer_add_text(&b, "{");
    json_add_key(&b, "stop_reason");
    json_add_string(&b, STOP_REASON_NAMES[reason_of(result->stop)]);
    json_add_member_number(&b, "epoch", (double)result->epoch);
    json_add_member_number(&b, "step", (double)result->step);
    add_metrics(&b, result);
    json_add_member_number(&b, "train_seconds", result->train_seconds);
    json_add_member_number(&b, "samples_per_second", result->samples_per_second);
    json_add_member_number(&b, "wall_seconds", result->wall_seconds);
    json_add_member_number(&b, "peak_memory_bytes", (double)trained->peak_memory_bytes);
    buffer_add_text(&b, "}\n");
    return save_buffer(directory, "result.json", &b, f);
}

/* ---- data.safetensors ---- */

static const char *const PART_INPUTS[PART_COUNT] = {"x_train", "x_val", "x_test"};
static const char *const PART_OUTPUTS[PART_COUNT] = {"y_train", "y_val", "y_test"};

enum { EVALUATION_TENSOR = 2 * PART_COUNT, SCALING_TENSORS, DATA_TENSORS = SCALING_TENSORS + 2 };

/* Returns how many; the last two only where targets are scaled. */
static int list_data(const split *data, export_tensor tensors[DATA_TENSORS])
{
    size_t d = data->set->d, k = data->set->k;
    bool classes = data->set->task == TASK_CLASSIFICATION;
    for (int part = 0; part < PART_COUNT; part++) {
        size_t n = data->n[part];
        tensors[2 * part] = (export_tensor){PART_INPUTS[part], EXPORT_F32, 2, {n, d}};
        tensors[2 * part + 1] = classes
                                    ? (export_tensor){PART_OUTPUTS[part], EXPORT_I64, 1, {n}}
                                    : (export_tensor){PART_OUTPUTS[part], EXPORT_F32, 2, {n, k}};
    }
    tensors[EVALUATION_TENSOR] =
        (export_tensor){"train_evaluation_index", EXPORT_I64, 1, {data->n_train_evaluation}};
    tensors[SCALING_TENSORS] = (export_tensor){"y_mean", EXPORT_F64, 1, {k}};
    tensors[SCALING_TENSORS + 1] = (export_tensor){"y_deviation", EXPORT_F64, 1, {k}};
    return data->target_mean ? DATA_TENSORS : SCALING_TENSORS;
}

typedef enum array_kind { ARRAY_INPUTS, ARRAY_LABELS, ARRAY_TARGETS, ARRAY_EVALUATION } array_kind;

/* Rows first .. first + n - 1 of one array. */
static void read_rows(const split *data, dataset_part part, array_kind kind, size_t first, size_t n,
                      void *out)
{
    int64_t *integers = out;
    switch (kind) {
    case ARRAY_INPUTS:
        split_read_inputs(data, part, NULL, first, n, out);
        break;
    case ARRAY_TARGETS:
        split_read_targets(data, part, NULL, first, n, out);
        break;
    case ARRAY_LABELS:
        for (size_t i = 0; i < n; i++)
            integers[i] = data->labels[part][first + i];
        break;
    case ARRAY_EVALUATION:
        for (size_t i = 0; i < n; i++)
            integers[i] = data->train_evaluation[first + i];
        break;
    }
}

static bool add_array(const piece_writer *w, const split *data, dataset_part part, array_kind kind,
                      const export_tensor *t, fail *f)
{
    size_t rows = t->shape[0], row_bytes = rows ? export_tensor_bytes(t) / rows : 0;
    size_t piece_rows = row_bytes && row_bytes < PIECE_BYTES ? PIECE_BYTES / row_bytes : 1;
    void *piece = malloc(piece_rows * row_bytes + 1);
    bool ok = piece || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory to write %s", w->path);
    for (size_t first = 0; ok && first < rows; first += piece_rows) {
        size_t n = rows - first < piece_rows ? rows - first : piece_rows;
        read_rows(data, part, kind, first, n, piece);
        ok = writer_add(w, piece, n * row_bytes, f);
    }
    free(piece);
    return ok;
}

static bool add_data(const piece_writer *w, const split *data, fail *f)
{
    export_tensor tensors[DATA_TENSORS];
    buffer header;
    array_kind outputs = data->set->task == TASK_CLASSIFICATION ? ARRAY_LABELS : ARRAY_TARGETS;
    int n_tensors = list_data(data, tensors);
    buffer_init(&header, TEXT_BYTES_LIMIT);
    export_safetensors_add_header(&header, tensors, n_tensors);
    bool ok =
        !header.failed || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory to write %s", w->path);
    ok = ok && writer_add(w, header.data, header.n, f);
    buffer_close(&header);
    for (int part = 0; ok && part < PART_COUNT; part++)
        ok = add_array(w, data, (dataset_part)part, ARRAY_INPUTS, &tensors[2 * part], f) &&
             add_array(w, data, (dataset_part)part, outputs, &tensors[2 * part + 1], f);
    ok = ok && add_array(w, data, PART_TRAIN, ARRAY_EVALUATION, &tensors[EVALUATION_TENSOR], f);
    if (n_tensors == DATA_TENSORS)
        ok = ok && writer_add(w, data->target_mean, data->set->k * sizeof(double), f) &&
             writer_add(w, data->target_deviation, data->set->k * sizeof(double), f);
    return ok;
}

static bool save_data(const char *directory, const split *data, fail *f)
{
    piece_writer w;
    if (!writer_open(&w, directory, "data.safetensors", f))
        return false;
    return writer_close(&w, add_data(&w, data, f), f);
}

/* ---- models ---- */

static bool save_model(const char *directory, const char *name, const export_run *trained,
                       const float *model, fail *f)
{
    size_t inputs = trained->data->set->d, outputs = trained->data->set->k;
    buffer b;
    buffer_init(&b, export_safetensors_model_bytes(trained->spec, inputs, outputs));
    export_safetensors_add_model(&b, trained->spec, inputs, outputs, model);
    return save_buffer(directory, name, &b, f);
}

static bool save_initial_model(const char *directory, const export_run *trained, fail *f)
{
    float *model = calloc(trained->result->n_model, sizeof *model);
    if (!model)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the initial weights");
    train_initial_model(trained->spec, trained->data->set->d, trained->data->set->k, model);
    bool ok = save_model(directory, "initial.safetensors", trained, model, f);
    free(model);
    return ok;
}

bool export_directory_save(const char *path, const export_run *trained, fail *f)
{
    return save_spec(path, trained, f) && save_data(path, trained->data, f) &&
           save_initial_model(path, trained, f) &&
           save_model(path, "final.safetensors", trained, trained->result->model, f) &&
           save_bytes(path, "curves.csv", trained->curves->data, trained->curves->n, f) &&
           save_result(path, trained, f);
}
