/* The body of POST /experiments/{id}/extend, merged into the specification so far. */
#include "core/base/array.h"
#include "server/codec/internal.h"
#include "server/codec/request.h"

#include <stdlib.h>
#include <string.h>

static const member EXTENSION_ROWS[] = {
    {"repeats", MEMBER_INTEGER, "The new total, not below the present one.", MEMBER_OPTIONAL,
     AT(experiment_spec, n_repeats), .field = "repeats"},
    {"sweep", MEMBER_ANY,
     "Values to add: to swept fields, or to others, which keep the value "
     "that they had as well.",
     MEMBER_OPTIONAL, .read = codec_sweep_read, .describe = codec_sweep_describe},
};
const shape SHAPE_EXTENSION = {
    .name = "Extension",
    .help = "What is to be added: repeats (the new total) or sweep (values to add), or both.",
    BYTES_OF(experiment_spec),
    MEMBERS(EXTENSION_ROWS),
    .least = 1};

static sweep_axis *find_axis(experiment_spec *e, const field *row)
{
    for (int a = 0; a < e->n_axes; a++)
        if (e->axes[a].row == row)
            return &e->axes[a];
    return NULL;
}

static bool append_values(sweep_axis *axis, const train_spec *values, int n)
{
    size_t capacity = (size_t)axis->n_values, wanted = capacity + (size_t)n;
    if (!array_reserve(&axis->values, &capacity, wanted, wanted))
        return false;
    memcpy(axis->values + axis->n_values, values, (size_t)n * sizeof *values);
    axis->n_values += n;
    return true;
}

/* A new axis starts with the value that the field has had, unless it has had none: a member of an
 * object that is off. Its configs are there anyway. */
static bool has_had_value(const sweep_axis *more, const experiment_spec *spec)
{
    const field *parent = codec_field_parent(more->row);
    if (!parent || !parent->nullable)
        return true;
    for (int a = 0; a < spec->n_axes; a++)
        if (spec->axes[a].row == parent)
            return true;
    return *(const bool *)field_value_const(parent, &spec->base);
}

static bool merge_axis(const sweep_axis *more, experiment_spec *spec, fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    json_pointer_add("/sweep", more->row->name, at);
    sweep_axis *axis = find_axis(spec, more->row);
    sweep_axis added = {.row = more->row};
    if (more->is_range || (axis && axis->is_range))
        return fail_list_add(faults, FAIL_INCOMPATIBLE, at,
                             "an extension adds single values, and not to a range: give an array "
                             "to a field that is no range");
    if (!axis && spec->n_axes == SWEEP_AXES_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at, "at most %d fields can be swept",
                             SWEEP_AXES_LIMIT);
    bool ok = axis || !has_had_value(more, spec) || append_values(&added, &spec->base, 1);
    ok = ok && append_values(axis ? axis : &added, more->values, more->n_values);
    if (ok && !axis)
        spec->axes[spec->n_axes++] = added;
    else if (!ok && !axis)
        free(added.values);
    return ok || fail_list_add(faults, FAIL_OUT_OF_MEMORY, at, "no memory for the values");
}

static bool merge_repeats(const experiment_spec *more, experiment_spec *spec, fail_list *faults)
{
    if (more->n_repeats < spec->n_repeats)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, "/repeats",
                             "repeats is the new total: at least %lld, not %lld",
                             (long long)spec->n_repeats, (long long)more->n_repeats);
    spec->n_repeats = more->n_repeats;
    return true;
}

bool codec_read_extension(const char *text, size_t n, experiment_spec *spec, fail_list *faults)
{
    experiment_spec more = {.n_repeats = spec->n_repeats};
    if (!shape_read(&SHAPE_EXTENSION, text, n, &more, faults)) {
        experiment_spec_close(&more);
        return false;
    }
    bool ok = merge_repeats(&more, spec, faults);
    if (spec->random_search && more.n_axes > 0)
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/sweep",
                           "a random search has no grid to add values to");
    for (int a = 0; ok && a < more.n_axes; a++)
        ok = merge_axis(&more.axes[a], spec, faults);
    experiment_spec_close(&more);
    return ok;
}
