/* One configuration as canonical JSON, back again, and its short hash. */
#include "core/base/digest.h"
#include "server/codec/internal.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

enum { CONFIG_BYTES_LIMIT = 65536 };
enum { WITHOUT_SEED = 1, WITHOUT_DATA_SEED = 2, AS_BEFORE_LATER_FIELDS = 4 };

/* "The set's own": a value that only the data set can fill in. */
static bool is_open(const field *row, const train_spec *spec)
{
    if (!isnan(row->default_number) || !codec_field_has_place(row))
        return false;
    const void *value = field_value_const(row, spec);
    if (row->type == FIELD_INTEGER)
        return (double)*(const int64_t *)value < row->minimum;
    if (row->type == FIELD_NUMBER)
        return isnan(*(const double *)value);
    return row->type == FIELD_ENUM && *(const int *)value < 0;
}

/* As it was before there was the field. */
static bool is_as_before(const field *row, const train_spec *spec)
{
    return row->is_later && row->type == FIELD_ENUM &&
           *(const int *)field_value_const(row, spec) <= 0;
}

static void add_config(buffer *b, const train_spec *spec, int without)
{
    buffer_add_text(b, "{");
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *row = &FIELDS[i];
        bool is_member = row->group != FIELD_GROUP_EXPERIMENT && !strchr(row->name, '.');
        if (!is_member || !field_applies(row, spec) || is_open(row, spec) ||
            ((without & AS_BEFORE_LATER_FIELDS) && is_as_before(row, spec)))
            continue;
        if (((without & WITHOUT_SEED) && strcmp(row->name, "seed") == 0) ||
            ((without & WITHOUT_DATA_SEED) && strcmp(row->name, "data_seed") == 0))
            continue;
        json_add_key(b, row->name);
        codec_field_add(b, row, spec);
    }
    buffer_add_text(b, "}");
}

void codec_add_config(buffer *b, const train_spec *spec, bool with_seed)
{
    add_config(b, spec, with_seed ? 0 : WITHOUT_SEED);
}

/* faults: empty, and large: one for all members. */
static bool read_member(const cJSON *given, train_spec *spec, fail_list *faults, fail *f)
{
    char at[JSON_POINTER_BYTES];
    json_pointer_add("", given->string, at);
    const field *row = field_find(given->string);
    if (!row || row->group == FIELD_GROUP_EXPERIMENT || strchr(row->name, '.'))
        return fail_set(f, FAIL_UNKNOWN_FIELD, at,
                        "unknown field \"%.80s\" in a stored configuration", given->string);
    if (codec_field_read(row, given, at, spec, faults))
        return true;
    *f = faults->items[0];
    return false;
}

static bool resolve(train_spec *spec, fail_list *faults, fail *f)
{
    if (spec_resolve(spec, faults))
        return true;
    *f = faults->items[0];
    return false;
}

bool codec_read_config(const char *text, size_t n, train_spec *out, fail *f)
{
    cJSON *root = NULL;
    if (!codec_json_parse(text, n, &root, f))
        return false;
    train_spec spec;
    fail_list faults;
    faults.n = faults.n_found = 0;
    spec_init(&spec);
    bool ok = cJSON_IsObject(root) ||
              fail_set(f, FAIL_WRONG_TYPE, "", "a stored configuration must be an object, not %s",
                       codec_json_type(root));
    for (const cJSON *given = ok ? root->child : NULL; ok && given; given = given->next)
        ok = read_member(given, &spec, &faults, f);
    ok = ok && resolve(&spec, &faults, f);
    cJSON_Delete(root);
    if (ok)
        *out = spec;
    return ok;
}

void codec_config_id(const train_spec *spec, const char *dataset_sha256, bool without_data_seed,
                     char out[CONFIG_ID_BYTES])
{
    buffer b;
    char text[DIGEST_TEXT_BYTES];
    bool drawn_anew = without_data_seed &&
                      dataset_find(spec->dataset); /* each repeat generates a set of its own */
    buffer_init(&b, CONFIG_BYTES_LIMIT);
    add_config(&b, spec,
               WITHOUT_SEED | AS_BEFORE_LATER_FIELDS | (without_data_seed ? WITHOUT_DATA_SEED : 0));
    if (dataset_sha256 && !drawn_anew)
        buffer_add_text(&b, dataset_sha256);
    digest_write_of(b.data ? b.data : "", b.n, text);
    memcpy(out, text, CONFIG_ID_DIGITS);
    out[CONFIG_ID_DIGITS] = '\0';
    buffer_close(&b);
}

void codec_add_value(buffer *b, const field *row, const train_spec *spec)
{
    if (field_applies(row, spec) && !is_open(row, spec))
        codec_field_add(b, row, spec);
    else
        buffer_add_text(b, "null");
}

void codec_add_values(buffer *b, const experiment_spec *e, const train_spec *spec)
{
    buffer_add_text(b, "{");
    for (int i = 0; i < e->n_axes; i++) {
        json_add_key(b, e->axes[i].row->name);
        codec_add_value(b, e->axes[i].row, spec);
    }
    for (int i = 0; i < FIELD_COUNT; i++)
        if (sweep_origin(e, i) == QUESTION_BY_VARIANT) {
            json_add_key(b, FIELDS[i].name);
            codec_add_value(b, &FIELDS[i], spec);
        }
    buffer_add_text(b, "}");
}
