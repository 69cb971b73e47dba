/* The body of POST /experiments/{id}/extend, merged into the specification so far. */
#include "core/base/array.h"
#include "server/codec/internal.h"
#include "server/codec/request.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static const member EXTENSION_ROWS[] = {
    {"repeats", MEMBER_INTEGER, "The new total, not below the present one.", MEMBER_OPTIONAL,
     AT(experiment_spec, n_repeats), .field = "repeats"},
    {"sweep", MEMBER_ANY,
     "Values to add: to swept fields, or to others, which keep the value "
     "that they had as well.",
     MEMBER_OPTIONAL, .read = codec_sweep_read, .describe = codec_sweep_describe},
    {"variants", MEMBER_OBJECT,
     "Variants to add; where there were none, what there is becomes the first, as given.",
     MEMBER_OPTIONAL, .depth = 1, .least = 1, .most = SWEEP_VARIANTS_LIMIT, .of = &SHAPE_VARIANT,
     .read = codec_variants_read},
};
const shape SHAPE_EXTENSION = {
    .name = "Extension",
    .help = "What is to be added: repeats (the new total), sweep (values to add), variants.",
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

/* ---- variants ---- */

/* What there is without variants is one that says nothing. */
static bool begin_variants(experiment_spec *spec)
{
    spec->variants = calloc(1, sizeof *spec->variants);
    if (!spec->variants)
        return false;
    spec_init(&spec->variants[0].spec);
    spec->variants[0].label = strdup(CODEC_PLAIN_VARIANT);
    spec->n_variants = 1;
    return spec->variants[0].label != NULL;
}

static bool append_variants(experiment_spec *more, experiment_spec *spec)
{
    size_t n = (size_t)more->n_variants, capacity;
    if (spec->n_variants == 0 && !begin_variants(spec))
        return false;
    capacity = (size_t)spec->n_variants;
    if (!array_reserve(&spec->variants, &capacity, capacity + n, capacity + n))
        return false;
    memcpy(spec->variants + spec->n_variants, more->variants, n * sizeof *more->variants);
    spec->n_variants += more->n_variants;
    more->n_variants = 0; /* their labels have moved */
    return true;
}

static bool merge_variants(experiment_spec *more, experiment_spec *spec, fail_list *faults)
{
    if (more->n_variants == 0)
        return true;
    if (spec->n_variants + more->n_variants > SWEEP_VARIANTS_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/variants",
                             "an experiment has at most %d variants", SWEEP_VARIANTS_LIMIT);
    if (!append_variants(more, spec))
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, "/variants", "no memory for variants");
    return codec_check_question(spec, faults);
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
    ok = ok && merge_variants(&more, spec, faults);
    experiment_spec_close(&more);
    return ok;
}

/* ---- what is stored ---- */

/* The variants of one extension's body, which was checked when it came. */
static bool add_variants_of(const cJSON *body, experiment_spec *spec, fail_list *faults)
{
    const cJSON *variants = cJSON_GetObjectItemCaseSensitive(body, "variants");
    const member *row = &EXTENSION_ROWS[sizeof EXTENSION_ROWS / sizeof *EXTENSION_ROWS - 1];
    experiment_spec more = {.n_repeats = 1};
    bool ok = !variants || (member_read(row, variants, "/variants", &more, faults) &&
                            merge_variants(&more, spec, faults));
    experiment_spec_close(&more);
    return ok;
}

static bool add_extensions(const char *text, experiment_spec *spec, fail_list *faults)
{
    cJSON *bodies = text ? cJSON_Parse(text) : NULL;
    bool ok = true;
    for (const cJSON *body = bodies ? bodies->child : NULL; ok && body; body = body->next)
        ok = add_variants_of(body, spec, faults);
    cJSON_Delete(bodies);
    return ok;
}

bool codec_read_stored_spec(const experiment *e, experiment_spec *out, fail_list *faults)
{
    if (!codec_read_experiment_spec(e->spec, strlen(e->spec), out, faults))
        return false;
    if (!out->is_repeat_varies_given)
        out->repeat_varies_data_seed = e->varies_data_seed;
    out->is_repeat_varies_known = true;
    if (add_extensions(e->extensions, out, faults))
        return true;
    experiment_spec_close(out);
    return false;
}
