/* NumPy files. .npz: members x_train and y_train, x_val and y_val, x_test and y_test, or x and y,
 * in any case; only the training pair is needed. .npy: two to six files; outputs are those whose
 * name starts with y or has `label` or `target` in it, parts are told apart by `train`, `val`,
 * `test` in the names; or one file, a table with a column of labels. */
#include "core/data/import/load.h"
#include "core/data/import/numpy_array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool check_parts(const dataset_load *load, const size_t n_outputs[PART_COUNT], fail *f)
{
    static const char *const names[PART_COUNT] = {"training", "validation", "test"};
    bool are_bytes = load->parts[PART_TRAIN].bytes != NULL;
    for (int p = 0; p < PART_COUNT; p++) {
        const dataset_load_part *part = &load->parts[p];
        bool has_inputs = part->n > 0, has_outputs = part->outputs != NULL;
        if (has_inputs != has_outputs || (p == PART_TRAIN && !has_inputs))
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "The %s part has no %s; arrays are told apart by their names: x_train, "
                            "y_train, x_val, y_val, x_test, y_test, or x and y.",
                            names[p], has_inputs ? "outputs (y)" : "inputs (x)");
        if (part->n != n_outputs[p])
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "The %s part has %zu rows of inputs but %zu of outputs.", names[p],
                            part->n, n_outputs[p]);
        if (has_inputs && (part->bytes != NULL) != are_bytes)
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "The training inputs are %s, the %s inputs are %s; save both with one "
                            "type.",
                            are_bytes ? "bytes" : "floats", names[p],
                            are_bytes ? "floats" : "bytes");
    }
    return true;
}

/* ---- .npz ---- */

/* Reads x_<part> or y_<part> if it is there. */
static bool read_member(dataset_source *archive, const char *name, bool are_outputs,
                        dataset_load *load, dataset_part p, size_t *n_outputs, bool *is_there,
                        fail *f)
{
    numpy_array a;
    if (!source_open_member(archive, name, is_there, f))
        return false;
    if (!*is_there)
        return true;
    if (!numpy_array_read_header(archive, &a, f))
        return false;
    return are_outputs ? numpy_array_read_outputs(archive, &a, load, &load->parts[p], n_outputs, f)
                       : numpy_array_read_inputs(archive, &a, load, &load->parts[p], f);
}

static bool read_members(dataset_source *archive, dataset_load *load, size_t n_outputs[PART_COUNT],
                         fail *f)
{
    static const char *const suffixes[PART_COUNT] = {"_train", "_val", "_test"};
    char name[32];
    for (int p = 0; p < PART_COUNT; p++)
        for (int y = 0; y < 2; y++) {
            bool is_there;
            snprintf(name, sizeof name, "%s%s.npy", y ? "y" : "x", suffixes[p]);
            if (!read_member(archive, name, y == 1, load, (dataset_part)p, &n_outputs[p], &is_there,
                             f))
                return false;
            if (is_there || p != PART_TRAIN)
                continue;
            snprintf(name, sizeof name, "%s.npy", y ? "y" : "x");
            if (!read_member(archive, name, y == 1, load, PART_TRAIN, &n_outputs[p], &is_there, f))
                return false;
        }
    return true;
}

bool dataset_read_npz(const dataset_file *file, dataset_load *out, fail *f)
{
    dataset_source archive;
    size_t n_outputs[PART_COUNT] = {0};
    if (!source_open_archive(file->path, file->name, out->by, &archive, f))
        return false;
    bool is_good = read_members(&archive, out, n_outputs, f);
    source_close(&archive);
    return is_good && check_parts(out, n_outputs, f);
}

/* ---- .npy ---- */

static bool names_outputs(const char *file_name)
{
    const char *slash = strrchr(file_name, '/');
    const char *name = slash ? slash + 1 : file_name;
    return *name == 'y' || *name == 'Y' || strcasestr(name, "label") || strcasestr(name, "target");
}

static bool read_file(const dataset_file *file, dataset_part p, dataset_load *load,
                      size_t n_outputs[PART_COUNT], fail *f)
{
    dataset_source s;
    numpy_array a;
    dataset_load_part *part = &load->parts[p];
    bool are_outputs = names_outputs(file->name);
    if (are_outputs ? part->outputs != NULL : part->n > 0)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s is the second file of %s for the same part; name them like x_train.npy "
                        "and y_train.npy.",
                        file->name, are_outputs ? "outputs" : "inputs");
    if (!source_open(file->path, file->name, load->by, &s, f))
        return false;
    bool is_good = numpy_array_read_header(&s, &a, f) &&
                   (are_outputs ? numpy_array_read_outputs(&s, &a, load, part, &n_outputs[p], f)
                                : numpy_array_read_inputs(&s, &a, load, part, f));
    source_close(&s);
    return is_good;
}

/* Which of d columns the user means: by index, from the end if negative; the last unless said. */
static bool find_label(const char *wanted, size_t d, size_t *label, fail *f)
{
    *label = d - 1;
    if (!wanted || !*wanted)
        return true;
    char *end;
    errno = 0;
    long index = strtol(wanted, &end, 10);
    if (*end || errno || index >= (long)d || index < -(long)d)
        return fail_set(
            f, FAIL_OUT_OF_RANGE, "/label",
            "The columns of an array have no names: \"%.100s\" is no index in 0 .. %zu.", wanted,
            d - 1);
    *label = (size_t)(index < 0 ? index + (long)d : index);
    return true;
}

/* A table whose labels are one of its columns, like a CSV file without names. */
static bool read_columns(dataset_source *s, const char *wanted, dataset_load *load, fail *f)
{
    numpy_array a;
    size_t label;
    if (!numpy_array_read_header(s, &a, f))
        return false;
    if (a.n_dimensions != 2 || a.shape[1] < 2)
        return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                        "%s holds one array that is no table with a column of labels; inputs and "
                        "outputs are needed: two .npy files named like x_train.npy and "
                        "y_train.npy, or one .npz.",
                        s->name);
    return find_label(wanted, (size_t)a.shape[1], &label, f) &&
           numpy_array_read_table(s, &a, label, load, &load->parts[PART_TRAIN], f);
}

static bool read_table(const dataset_file *file, const char *wanted, dataset_load *load, fail *f)
{
    dataset_source s;
    if (!source_open(file->path, file->name, load->by, &s, f))
        return false;
    bool is_good = read_columns(&s, wanted, load, f);
    source_close(&s);
    return is_good;
}

bool dataset_read_npy(const dataset_file *files, size_t n_files, const char *label,
                      dataset_load *out, fail *f)
{
    size_t n_outputs[PART_COUNT] = {0};
    if (n_files == 1)
        return read_table(&files[0], label, out, f);
    for (size_t i = 0; i < n_files; i++) {
        dataset_part p = n_files == 2 ? PART_TRAIN : dataset_load_part_of(files[i].name);
        if (!read_file(&files[i], p, out, n_outputs, f))
            return false;
    }
    return check_parts(out, n_outputs, f);
}
