#include "core/data/dataset.h"

#include "core/data/built_in.h"
#include "core/data/container.h"
#include "core/data/internal.h"
#include "core/data/open.h"
#include "core/data/origin.h"
#include "core/data/path.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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
        return built_in_resolve(row, options, resolved, f);
    char sha256[DIGEST_TEXT_BYTES];
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

/* ---- opening ---- */

static bool open_built_in(const caller *by, const dataset_row *row, const dataset_options *options,
                          int64_t data_seed, dataset *set, fail *f)
{
    dataset_options resolved;
    uint64_t file_bytes;
    set->built_in = true;
    set->task = row->task;
    return built_in_resolve(row, options, &resolved, f) &&
           row->generate(&resolved, data_seed, by, set, f) &&
           container_write(set, by, -1, set->sha256, &file_bytes, f);
}

/* Gives the set the origin that stands beside its content under that name, if there is one. */
static void load_origin(dataset *set, const char *name, const char *data_dir)
{
    char path[DATASET_PATH_BYTES];
    fail ignored;
    if (dataset_path_join(data_dir, "origins", name, path, &ignored) &&
        origin_load(path, set->sha256, set->d, &set->storage->origin, &set->storage->origin_text,
                    &ignored))
        set->origin = set->storage->origin;
}

static bool open_registered(const caller *by, const char *name, const dataset_options *options,
                            const char *data_dir, dataset *set, fail *f)
{
    dataset_options resolved;
    char sha256[DIGEST_TEXT_BYTES], path[DATASET_PATH_BYTES];
    if (!dataset_check(name, options, data_dir, &resolved, f) ||
        !dataset_path_read_link(name, data_dir, sha256, f) ||
        !dataset_path_join(data_dir, "content", sha256, path, f) ||
        !container_open(path, sha256, by, set, f))
        return false;
    load_origin(set, name, data_dir);
    return true;
}

bool dataset_open_for(const caller *by, const char *name, const dataset_options *options,
                      int64_t data_seed, const char *data_dir, dataset **out, fail *f)
{
    const dataset_row *row = dataset_find(name);
    dataset *set = dataset_new();
    if (!set)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "/dataset", "There is no memory for a data set.");
    bool is_open = row ? open_built_in(by, row, options, data_seed, set, f)
                       : open_registered(by, name, options, data_dir, set, f);
    if (!is_open) {
        dataset_close(set);
        return false;
    }
    snprintf(set->name, sizeof set->name, "%s", name);
    *out = set;
    return true;
}

bool dataset_open(const char *name, const dataset_options *options, int64_t data_seed,
                  const char *data_dir, dataset **out, fail *f)
{
    return dataset_open_for(NULL, name, options, data_seed, data_dir, out, f);
}

/* ---- its cost ---- */

static bool find_stored_cost(const char *name, const char *data_dir, dataset_cost *out, fail *f)
{
    char sha256[DIGEST_TEXT_BYTES], path[DATASET_PATH_BYTES];
    container_header h;
    if (!dataset_path_read_link(name, data_dir, sha256, f) ||
        !dataset_path_join(data_dir, "content", sha256, path, f) ||
        !container_read_header(path, &h, f))
        return false;
    *out = (dataset_cost){.n_bytes = h.file_bytes};
    return true;
}

bool dataset_find_cost(const char *name, const dataset_options *options, const char *data_dir,
                       dataset_cost *out, fail *f)
{
    const dataset_row *row = dataset_find(name);
    dataset_options o;
    if (!dataset_check(name, options, data_dir, &o, f))
        return false;
    if (!row)
        return find_stored_cost(name, data_dir, out, f);
    uint64_t n = (uint64_t)o.n, d = (uint64_t)(o.dimensions ? o.dimensions : row->inputs);
    *out = (dataset_cost){.n_values = n * d, .n_bytes = n * (d + 1) * sizeof(float)};
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

void dataset_write_target_name(const dataset *set, size_t j, char *text, size_t text_bytes)
{
    assert(j < set->k);
    if (set->k == 1)
        write_name(set->origin && set->origin->label ? set->origin->label : "target", 0, text,
                   text_bytes);
    else
        snprintf(text, text_bytes, "target %zu", j);
}
