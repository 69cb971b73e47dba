/* One value of a specification: JSON ⇄ its place in a train_spec, by its row of FIELDS[] alone. */
#include "core/base/nearest.h"
#include "server/codec/internal.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool codec_field_has_place(const field *row)
{
    return row->offset != (size_t)-1;
}

/* "patience" of "early_stopping.patience" where row is "early_stopping"; else NULL. */
static const char *child_name(const field *row, const field *child)
{
    size_t n = strlen(row->name);
    return strncmp(child->name, row->name, n) == 0 && child->name[n] == '.' ? child->name + n + 1
                                                                            : NULL;
}

const field *codec_field_parent(const field *row)
{
    if (strchr(row->name, '.'))
        for (int i = 0; i < FIELD_COUNT; i++)
            if (child_name(&FIELDS[i], row))
                return &FIELDS[i];
    return NULL;
}

static bool wrong_type(const char *what, const char *name, const cJSON *value, const char *pointer,
                       fail_list *faults)
{
    return fail_list_add(faults, FAIL_WRONG_TYPE, pointer, "%s must be %s, not %s", name, what,
                         codec_json_type(value));
}

static bool read_checked(const field *row, const cJSON *value, const char *pointer, double *out,
                         fail_list *faults)
{
    bool whole = row->type == FIELD_INTEGER || row->type == FIELD_INTEGER_ARRAY;
    fail f;
    if (!cJSON_IsNumber(value))
        return wrong_type(whole ? "a whole number" : "a number", row->name, value, pointer, faults);
    if (!field_check_number(row, value->valuedouble, value->valuestring, pointer, &f)) {
        bool too_large = whole && fabs(value->valuedouble) > (double)SPEC_SEED_LIMIT;
        return fail_list_add(faults, too_large ? FAIL_OUT_OF_RANGE : f.code, f.field, "%s",
                             f.sentence);
    }
    *out = value->valuedouble + 0.0; /* -0 means 0 */
    return true;
}

static bool read_enum(const field *row, const cJSON *value, const char *pointer, int *out,
                      fail_list *faults)
{
    if (!cJSON_IsString(value))
        return wrong_type("a text", row->name, value, pointer, faults);
    int index = field_enum_index(row, value->valuestring);
    if (index >= 0) {
        *out = index;
        return true;
    }
    char list[256] = "";
    for (int i = 0; row->values[i]; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "",
                 row->values[i]);
    const char *nearest = nearest_name(value->valuestring, row->values);
    return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                         "%s must be one of %s, not \"%.60s\"%s%s%s", row->name, list,
                         value->valuestring, nearest ? "; did you mean \"" : "",
                         nearest ? nearest : "", nearest ? "\"?" : "");
}

/* `hidden` and an array of `dropout`: every element is checked, so that all faults are told. */
static bool read_array(const field *row, const cJSON *value, const char *pointer, train_spec *out,
                       fail_list *faults)
{
    int n = cJSON_GetArraySize(value), least = row->type == FIELD_RATES;
    if (n < least || n > SPEC_LAYERS_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                             "%s has %d elements; it takes %d to %d", row->name, n, least,
                             SPEC_LAYERS_LIMIT);
    double numbers[SPEC_LAYERS_LIMIT] = {0};
    bool ok = true;
    int i = 0;
    const cJSON *element;
    cJSON_ArrayForEach(element, value)
    {
        char at[JSON_POINTER_BYTES];
        json_pointer_add_index(pointer, i, at);
        ok = read_checked(row, element, at, &numbers[i++], faults) && ok;
    }
    if (!ok)
        return false;
    void *place = field_value(row, out);
    for (i = 0; i < n; i++)
        if (row->type == FIELD_RATES)
            ((double *)place)[i] = numbers[i];
        else
            ((int64_t *)place)[i] = (int64_t)numbers[i];
    *(int *)(void *)((char *)out + row->count_offset) = n;
    return true;
}

static bool read_rates(const field *row, const cJSON *value, const char *pointer, train_spec *out,
                       fail_list *faults)
{
    if (cJSON_IsArray(value))
        return read_array(row, value, pointer, out, faults);
    double number;
    if (!cJSON_IsNumber(value))
        return wrong_type("a number or an array of numbers", row->name, value, pointer, faults);
    if (!read_checked(row, value, pointer, &number, faults))
        return false;
    *(double *)field_value(row, out) = number;
    *(int *)(void *)((char *)out + row->count_offset) = 0;
    return true;
}

static const member REFERENCE_ROWS[] = {
    {"name", MEMBER_TEXT, "A built-in generator or a registered data set.", MEMBER_OPTIONAL,
     AT(dataset_reference, name), RANGE(1, SPEC_NAME_LIMIT - 1), .alphabet = "A-Za-z0-9_.-"},
    {"n", MEMBER_INTEGER, "Option of a generator: how many samples.", MEMBER_OPTIONAL,
     AT(dataset_reference, options.n), RANGE(1, 1e9)},
    {"classes", MEMBER_INTEGER, "Option of a generator.", MEMBER_OPTIONAL,
     AT(dataset_reference, options.classes), RANGE(1, 1e6)},
    {"dimensions", MEMBER_INTEGER, "Option of a generator: inputs.", MEMBER_OPTIONAL,
     AT(dataset_reference, options.dimensions), RANGE(1, 1e6)},
    {"noise", MEMBER_NUMBER, "Option of a generator.", MEMBER_OPTIONAL,
     AT(dataset_reference, options.noise), RANGE(0, 1e6)},
};
const shape SHAPE_DATASET_REFERENCE = {
    .name = "DataSetReference",
    .help = "A data set by name, with the options of its generator; those not given are its own.",
    BYTES_OF(dataset_reference),
    MEMBERS(REFERENCE_ROWS)};

static bool read_dataset(const cJSON *value, const char *pointer, train_spec *out,
                         fail_list *faults)
{
    dataset_reference reference = {.options.noise = NAN};
    memcpy(reference.name, out->dataset, sizeof reference.name);
    bool ok;
    if (cJSON_IsString(value))
        ok = member_read(&REFERENCE_ROWS[0], value, pointer, &reference, faults);
    else if (cJSON_IsObject(value))
        ok = shape_read_into(&SHAPE_DATASET_REFERENCE, value, pointer, &reference, faults);
    else
        return wrong_type("a text or an object", "dataset", value, pointer, faults);
    if (ok) {
        memcpy(out->dataset, reference.name, sizeof out->dataset);
        out->dataset_options = reference.options;
    }
    return ok;
}

static void mark(const field *row, train_spec *out)
{
    out->is_set[row - FIELDS] = 1;
}

static const field *find_child(const field *row, const char *name)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *child = child_name(row, &FIELDS[i]);
        if (child && strcmp(child, name) == 0)
            return &FIELDS[i];
    }
    return NULL;
}

static bool unknown_child(const field *row, const char *name, const char *pointer,
                          fail_list *faults)
{
    const char *known[SPEC_FIELD_LIMIT + 1];
    int n = 0;
    for (int i = 0; i < FIELD_COUNT; i++)
        if (child_name(row, &FIELDS[i]))
            known[n++] = child_name(row, &FIELDS[i]);
    known[n] = NULL;
    const char *nearest = nearest_name(name, known);
    return fail_list_add(faults, FAIL_UNKNOWN_FIELD, pointer, "%s has no \"%.80s\"%s%s%s",
                         row->name, name, nearest ? "; did you mean \"" : "",
                         nearest ? nearest : "", nearest ? "\"?" : "");
}

static bool read_object(const field *row, const cJSON *value, const char *pointer, train_spec *out,
                        fail_list *faults)
{
    if (cJSON_IsNull(value) && row->nullable) {
        *(bool *)field_value(row, out) = false;
        return true;
    }
    if (!cJSON_IsObject(value))
        return wrong_type(row->nullable ? "an object or null" : "an object", row->name, value,
                          pointer, faults);
    bool ok = true;
    const cJSON *given;
    cJSON_ArrayForEach(given, value)
    {
        char at[JSON_POINTER_BYTES];
        json_pointer_add(pointer, given->string, at);
        const field *child = find_child(row, given->string);
        ok = (child ? codec_field_read(child, given, at, out, faults)
                    : unknown_child(row, given->string, at, faults)) &&
             ok;
    }
    if (codec_field_has_place(row))
        *(bool *)field_value(row, out) = true;
    return ok;
}

bool codec_field_read(const field *row, const cJSON *value, const char *pointer, train_spec *out,
                      fail_list *faults)
{
    double number = 0;
    bool ok = false;
    switch (row->type) {
    case FIELD_INTEGER:
        ok = read_checked(row, value, pointer, &number, faults);
        if (ok)
            *(int64_t *)field_value(row, out) = (int64_t)number;
        break;
    case FIELD_NUMBER:
        ok = read_checked(row, value, pointer, &number, faults);
        if (ok)
            *(double *)field_value(row, out) = number;
        break;
    case FIELD_BOOLEAN:
        ok = cJSON_IsBool(value) || wrong_type("true or false", row->name, value, pointer, faults);
        if (ok)
            *(bool *)field_value(row, out) = cJSON_IsTrue(value);
        break;
    case FIELD_ENUM:
        ok = read_enum(row, value, pointer, field_value(row, out), faults);
        break;
    case FIELD_INTEGER_ARRAY:
        ok = cJSON_IsArray(value)
                 ? read_array(row, value, pointer, out, faults)
                 : wrong_type("an array of whole numbers", row->name, value, pointer, faults);
        break;
    case FIELD_RATES:
        ok = read_rates(row, value, pointer, out, faults);
        break;
    case FIELD_DATASET:
        ok = read_dataset(value, pointer, out, faults);
        break;
    case FIELD_OBJECT:
        ok = read_object(row, value, pointer, out, faults);
        break;
    default:
        break; /* the experiment group has no place in a train_spec */
    }
    if (ok)
        mark(row, out);
    return ok;
}

const field *codec_value_field(const char *name, const char *pointer, fail_list *faults)
{
    const field *row = field_find(name);
    if (row && row->group != FIELD_GROUP_EXPERIMENT)
        return row;
    const char *nearest = field_nearest_name(name);
    if (row)
        fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                      "%s belongs to the experiment, not to a config", name);
    else
        fail_list_add(faults, FAIL_UNKNOWN_FIELD, pointer, "unknown field \"%.80s\"%s%s%s", name,
                      nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                      nearest ? "\"?" : "");
    return NULL;
}

static void add_dataset(buffer *b, const train_spec *spec)
{
    const dataset_options *o = &spec->dataset_options;
    if (!o->n && !o->classes && !o->dimensions && isnan(o->noise)) {
        json_add_string(b, spec->dataset);
        return;
    }
    buffer_add_text(b, "{");
    json_add_key(b, "name");
    json_add_string(b, spec->dataset);
    const struct {
        const char *name;
        int64_t value;
    } integers[] = {{"n", o->n}, {"classes", o->classes}, {"dimensions", o->dimensions}};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        if (integers[i].value) {
            json_add_key(b, integers[i].name);
            json_add_integer(b, integers[i].value);
        }
    if (!isnan(o->noise)) {
        json_add_key(b, "noise");
        json_add_number(b, o->noise);
    }
    buffer_add_text(b, "}");
}

static void add_enum(buffer *b, const field *row, int index)
{
    json_add_string(b, index < 0 ? NULL : row->values[index]);
}

static void add_array(buffer *b, const field *row, const train_spec *spec)
{
    int n = *(const int *)(const void *)((const char *)spec + row->count_offset);
    const void *place = field_value_const(row, spec);
    if (row->type == FIELD_RATES && n == 0) {
        json_add_number(b, *(const double *)place);
        return;
    }
    buffer_add_text(b, "[");
    for (int i = 0; i < n; i++) {
        json_add_separator(b);
        if (row->type == FIELD_RATES)
            json_add_number(b, ((const double *)place)[i]);
        else
            json_add_integer(b, ((const int64_t *)place)[i]);
    }
    buffer_add_text(b, "]");
}

/* An object that is not nullable and whose members are all at their defaults: {}. */
static bool is_off(const field *row, const train_spec *spec)
{
    train_spec defaults;
    if (row->nullable)
        return false;
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!child_name(row, &FIELDS[i]))
            continue;
        field_set_default(&FIELDS[i], &defaults);
        if (!field_equal(&FIELDS[i], spec, &defaults))
            return false;
    }
    return true;
}

static void add_object(buffer *b, const field *row, const train_spec *spec)
{
    if (row->nullable && !*(const bool *)field_value_const(row, spec)) {
        buffer_add_text(b, "null");
        return;
    }
    buffer_add_text(b, "{");
    bool off = is_off(row, spec);
    for (int i = 0; i < FIELD_COUNT && !off; i++) {
        const char *name = child_name(row, &FIELDS[i]);
        if (!name || !field_applies(&FIELDS[i], spec))
            continue;
        json_add_key(b, name);
        codec_field_add(b, &FIELDS[i], spec);
    }
    buffer_add_text(b, "}");
}

void codec_field_add(buffer *b, const field *row, const train_spec *spec)
{
    switch (row->type) {
    case FIELD_INTEGER:
        json_add_integer(b, *(const int64_t *)field_value_const(row, spec));
        break;
    case FIELD_NUMBER:
        json_add_number(b, *(const double *)field_value_const(row, spec));
        break;
    case FIELD_BOOLEAN:
        json_add_boolean(b, *(const bool *)field_value_const(row, spec));
        break;
    case FIELD_ENUM:
        add_enum(b, row, *(const int *)field_value_const(row, spec));
        break;
    case FIELD_INTEGER_ARRAY:
    case FIELD_RATES:
        add_array(b, row, spec);
        break;
    case FIELD_DATASET:
        add_dataset(b, spec);
        break;
    case FIELD_OBJECT:
        add_object(b, row, spec);
        break;
    default: /* the experiment group has no place in a train_spec */
        break;
    }
}
