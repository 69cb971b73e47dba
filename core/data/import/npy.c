/* NumPy files. .npz: a pair of arrays for each part, by the names of PAIRS[]; only the training
 * pair is needed. .npy: two to six files; outputs are those whose name starts with y or has `label`
 * or `target` in it, parts are told apart by `train`, `val`, `test` in the names; or one file, a
 * table with a column of labels. */
#include "core/data/import/label.h"
#include "core/data/import/load.h"
#include "core/data/import/numpy_array.h"
#include "core/data/import/spread.h"

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

/* The parts fit together; one-hot rows are labels unless numbers are asked for. */
static bool finish(dataset_load *load, const size_t n_outputs[PART_COUNT],
                   const dataset_add_options *options, fail *f)
{
    return check_parts(load, n_outputs, f) &&
           (options->task == CHOICE_REGRESSION || label_from_one_hot(load, f));
}

/* ---- .npz ---- */

/* What the members of an archive are called, in upper or lower case; the first pair that is there
 * is a part's. */
static const struct {
    const char *inputs, *outputs;
    dataset_part part;
} PAIRS[] = {
    {"x_train", "y_train", PART_TRAIN},
    {"train_x", "train_y", PART_TRAIN},
    {"train_images", "train_labels", PART_TRAIN},
    {"train_data", "train_labels", PART_TRAIN},
    {"x", "y", PART_TRAIN},
    {"images", "labels", PART_TRAIN},
    {"data", "target", PART_TRAIN},
    {"data", "labels", PART_TRAIN},
    {"arr_0", "arr_1", PART_TRAIN},
    {"x_val", "y_val", PART_VALIDATION},
    {"x_valid", "y_valid", PART_VALIDATION},
    {"x_validation", "y_validation", PART_VALIDATION},
    {"val_x", "val_y", PART_VALIDATION},
    {"val_images", "val_labels", PART_VALIDATION},
    {"valid_images", "valid_labels", PART_VALIDATION},
    {"val_data", "val_labels", PART_VALIDATION},
    {"x_test", "y_test", PART_TEST},
    {"test_x", "test_y", PART_TEST},
    {"test_images", "test_labels", PART_TEST},
    {"test_data", "test_labels", PART_TEST},
};
enum { PAIR_COUNT = sizeof PAIRS / sizeof *PAIRS, MEMBERS_LIMIT = 1000 };

static bool is_member(const char *member, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(member, name, n) == 0 && strcasecmp(member + n, ".npy") == 0;
}

/* Reads the member if it is there. */
static bool read_member(dataset_source *archive, const char *name, bool are_outputs,
                        dataset_load *load, dataset_part p, size_t *n_outputs, bool *is_there,
                        fail *f)
{
    numpy_array a;
    char file_name[32];
    snprintf(file_name, sizeof file_name, "%s.npy", name);
    if (!source_open_member(archive, file_name, is_there, f))
        return false;
    if (!*is_there)
        return true;
    if (!numpy_array_read_header(archive, &a, f))
        return false;
    return are_outputs ? numpy_array_read_outputs(archive, &a, load, &load->parts[p], n_outputs, f)
                       : numpy_array_read_inputs(archive, &a, load, &load->parts[p], f);
}

static bool read_members(dataset_source *archive, const int pairs[PART_COUNT], dataset_load *load,
                         size_t n_outputs[PART_COUNT], fail *f)
{
    for (int p = 0; p < PART_COUNT; p++) {
        bool is_there;
        if (pairs[p] < 0)
            continue;
        if (!read_member(archive, PAIRS[pairs[p]].inputs, false, load, (dataset_part)p,
                         &n_outputs[p], &is_there, f) ||
            !read_member(archive, PAIRS[pairs[p]].outputs, true, load, (dataset_part)p,
                         &n_outputs[p], &is_there, f))
            return false;
    }
    return true;
}

/* Names of the archive's members, cut where they do not fit. */
static void list_members(const dataset_source *archive, char *text, size_t text_bytes)
{
    size_t used = 0;
    fail ignored;
    text[0] = '\0';
    for (uint64_t i = 0; i < source_count_members(archive) && used < text_bytes; i++) {
        source_member member;
        if (source_describe_member(archive, i, &member, &ignored))
            used += (size_t)snprintf(text + used, text_bytes - used, "%s%.60s", i ? ", " : "",
                                     member.name);
    }
}

/* Arrays that are not read: told, except where nobody can say what they are. */
static bool check_others(const dataset_source *archive, const int pairs[PART_COUNT],
                         dataset_load *load, fail *f)
{
    for (uint64_t i = 0; i < source_count_members(archive); i++) {
        source_member member;
        bool is_read = false;
        if (!source_describe_member(archive, i, &member, f))
            return false;
        for (int p = 0; p < PART_COUNT; p++)
            is_read =
                is_read || (pairs[p] >= 0 && (is_member(member.name, PAIRS[pairs[p]].inputs) ||
                                              is_member(member.name, PAIRS[pairs[p]].outputs)));
        if (!is_read && strncasecmp(member.name, "arr_", 4) == 0)
            return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                            "%s has %.60s: of arrays without names two are taken, inputs and "
                            "labels; numpy.savez(file, x_train=..., y_train=..., x_test=...) names "
                            "more.",
                            archive->name, member.name);
        if (!is_read && !dataset_load_warn(load, f, "%.60s is not read.", member.name))
            return false;
    }
    return true;
}

/* Which of PAIRS[] each part is; -1: none. */
static bool find_pairs(const dataset_source *archive, int pairs[PART_COUNT], fail *f)
{
    uint64_t n = source_count_members(archive);
    for (int p = 0; p < PART_COUNT; p++)
        pairs[p] = -1;
    if (n > MEMBERS_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "%s has %llu members; at most %d are taken.",
                        archive->name, (unsigned long long)n, MEMBERS_LIMIT);
    for (int i = PAIR_COUNT - 1; i >= 0; i--)
        for (uint64_t j = 0; j < n; j++) {
            source_member member;
            if (!source_describe_member(archive, j, &member, f))
                return false;
            if (is_member(member.name, PAIRS[i].inputs))
                pairs[PAIRS[i].part] = i;
        }
    if (pairs[PART_TRAIN] >= 0)
        return true;
    char found[300];
    list_members(archive, found, sizeof found);
    return fail_set(f, FAIL_INCOMPATIBLE, NULL,
                    "%s has no training inputs; arrays are told apart by their names: x_train and "
                    "y_train, train_images and train_labels, x and y, images and labels, data and "
                    "target. It has %s.",
                    archive->name, found);
}

/* Looks at the inputs of all parts before they are read. */
static bool survey_members(dataset_source *archive, const int pairs[PART_COUNT], dataset_load *load,
                           fail *f)
{
    spread *columns = NULL;
    bool is_good = true;
    for (int p = 0; is_good && p < PART_COUNT; p++) {
        numpy_array a;
        char name[32];
        bool is_there = false;
        if (pairs[p] < 0)
            continue;
        snprintf(name, sizeof name, "%s.npy", PAIRS[pairs[p]].inputs);
        is_good = source_open_member(archive, name, &is_there, f) &&
                  (!is_there || (numpy_array_read_header(archive, &a, f) &&
                                 numpy_array_survey(archive, &a, load, &columns, f)));
    }
    is_good = is_good && numpy_array_centre(load, columns, f);
    free(columns);
    return is_good;
}

bool dataset_read_npz(const dataset_file *file, const dataset_add_options *options,
                      dataset_load *out, fail *f)
{
    dataset_source archive;
    int pairs[PART_COUNT];
    size_t n_outputs[PART_COUNT] = {0};
    if (!source_open_archive(file->path, file->name, true, out->by, &archive, f))
        return false;
    bool is_good = find_pairs(&archive, pairs, f) && check_others(&archive, pairs, out, f) &&
                   survey_members(&archive, pairs, out, f) &&
                   read_members(&archive, pairs, out, n_outputs, f);
    source_close(&archive);
    return is_good && finish(out, n_outputs, options, f);
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

static bool survey_file(const dataset_file *file, dataset_load *load, spread **columns, fail *f)
{
    dataset_source s;
    numpy_array a;
    if (!source_open(file->path, file->name, load->by, &s, f))
        return false;
    bool is_good =
        numpy_array_read_header(&s, &a, f) && numpy_array_survey(&s, &a, load, columns, f);
    source_close(&s);
    return is_good;
}

/* Looks at the inputs of all parts before they are read. */
static bool survey_files(const dataset_file *files, size_t n_files, dataset_load *load, fail *f)
{
    spread *columns = NULL;
    bool is_good = true;
    for (size_t i = 0; is_good && i < n_files; i++)
        is_good = (n_files > 1 && names_outputs(files[i].name)) ||
                  survey_file(&files[i], load, &columns, f);
    is_good = is_good && numpy_array_centre(load, columns, f);
    free(columns);
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

bool dataset_read_npy(const dataset_file *files, size_t n_files, const dataset_add_options *options,
                      dataset_load *out, fail *f)
{
    size_t n_outputs[PART_COUNT] = {0};
    if (!survey_files(files, n_files, out, f))
        return false;
    if (n_files == 1)
        return read_table(&files[0], options->label, out, f);
    for (size_t i = 0; i < n_files; i++) {
        dataset_part p = n_files == 2 ? PART_TRAIN : dataset_load_part_of(files[i].name);
        if (!read_file(&files[i], p, out, n_outputs, f))
            return false;
    }
    return finish(out, n_outputs, options, f);
}
