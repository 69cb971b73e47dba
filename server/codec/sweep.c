/* "sweep" and "repeats" of a specification, and the body of an extension. */
#include "server/codec/internal.h"
#include "server/codec/shape_schema.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AXIS_VALUES_LIMIT = 10000 };

static const field *axis_field(const char *name, const char *pointer, fail_list *faults)
{
    const field *row = field_find(name);
    if (row && sweep_is_sweepable(row))
        return row;
    if (row && strcmp(name, "seed") == 0)
        fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                      "seed is not swept: \"repeats\" trains every config with the same seeds, so "
                      "that they pair up");
    else if (row)
        fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                      "%s belongs to the experiment and cannot be swept", name);
    else {
        const char *nearest = field_nearest_name(name);
        fail_list_add(faults, FAIL_UNKNOWN_FIELD, pointer, "unknown field \"%.80s\"%s%s%s", name,
                      nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                      nearest ? "\"?" : "");
    }
    return NULL;
}

static bool read_values(const cJSON *array, const char *pointer, sweep_axis *axis,
                        fail_list *faults)
{
    int n = cJSON_GetArraySize(array);
    if (n < 1 || n > AXIS_VALUES_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                             "%d values; a swept field needs 1 to %d", n, AXIS_VALUES_LIMIT);
    axis->values = malloc((size_t)n * sizeof *axis->values);
    if (!axis->values)
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, pointer, "no memory for %d values", n);
    bool ok = true;
    const cJSON *value;
    cJSON_ArrayForEach(value, array)
    {
        char at[JSON_POINTER_BYTES];
        json_pointer_add_index(pointer, axis->n_values, at);
        spec_init(&axis->values[axis->n_values]);
        ok = codec_field_read(axis->row, value, at, &axis->values[axis->n_values++], faults) && ok;
    }
    return ok;
}

/* An end of a range is a value of the field. */
static bool read_end(const member *m, const cJSON *value, const char *pointer, void *object,
                     fail_list *faults)
{
    sweep_axis *axis = object;
    fail f;
    if (!cJSON_IsNumber(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer, "%s must be a number, not %s",
                             m->name, codec_json_type(value));
    if (!field_check_number(axis->row, value->valuedouble, value->valuestring, pointer, &f))
        return fail_list_add(faults, f.code, f.field, "%s", f.sentence);
    *(double *)member_at(object, m->place.offset) = value->valuedouble;
    return true;
}

static bool check_range(const void *object, const char *pointer, fail_list *faults)
{
    const sweep_axis *axis = object;
    if (axis->minimum > axis->maximum)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer, "min is above max");
    if (axis->log_scale && axis->minimum <= 0)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                             "a logarithmic range needs min above 0");
    return true;
}

static const member RANGE_ROWS[] = {
    {"min", MEMBER_NUMBER, "The least value.", AT(sweep_axis, minimum), .read = read_end},
    {"max", MEMBER_NUMBER, "The greatest value.", AT(sweep_axis, maximum), .read = read_end},
    {"scale", MEMBER_NAME, "How values are spread between them.", MEMBER_OPTIONAL,
     AT(sweep_axis, log_scale), ONE_OF("linear", "log"), OTHERWISE(0)},
    {"count", MEMBER_INTEGER, "How many values; needed in a grid.", MEMBER_OPTIONAL,
     AT(sweep_axis, count), RANGE(1, SPEC_RUNS_LIMIT)},
};
static const shape RANGE = {BYTES_OF(sweep_axis), MEMBERS(RANGE_ROWS), .check = check_range};

static bool read_range(const cJSON *range, const char *pointer, sweep_axis *axis, fail_list *faults)
{
    if (!sweep_takes_range(axis->row))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "%s takes no range; give an array of values", axis->row->name);
    axis->is_range = true;
    return shape_read_into(&RANGE, range, pointer, axis, faults);
}

static bool read_axis(const cJSON *given, const char *pointer, sweep_axis *axis, fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    json_pointer_add(pointer, given->string, at);
    axis->row = axis_field(given->string, at, faults);
    if (!axis->row)
        return false;
    if (cJSON_IsArray(given))
        return read_values(given, at, axis, faults);
    if (cJSON_IsObject(given))
        return read_range(given, at, axis, faults);
    return fail_list_add(faults, FAIL_WRONG_TYPE, at,
                         "a swept field needs an array of values or {\"min\", \"max\", \"scale\", "
                         "\"count\"}, not %s",
                         codec_json_type(given));
}

bool codec_sweep_read(const member *m, const cJSON *value, const char *pointer, void *object,
                      fail_list *faults)
{
    experiment_spec *out = object;
    if (!cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "%s must be an object of swept fields, not %s", m->name,
                             codec_json_type(value));
    int n = cJSON_GetArraySize(value);
    if (n > SWEEP_AXES_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                             "%d fields are swept; at most %d can be", n, SWEEP_AXES_LIMIT);
    bool ok = true;
    const cJSON *given;
    cJSON_ArrayForEach(given, value)
    {
        sweep_axis axis = {0};
        if (read_axis(given, pointer, &axis, faults)) {
            out->axes[out->n_axes++] = axis;
        } else {
            free(axis.values);
            ok = false;
        }
    }
    return ok;
}

static void describe_range(buffer *b, const field *row)
{
    buffer_add_text(b, "{\"type\":\"object\",\"required\":[\"min\",\"max\"],"
                       "\"additionalProperties\":false,\"properties\":{");
    for (size_t i = 0; i < sizeof RANGE_ROWS / sizeof *RANGE_ROWS; i++) {
        json_add_key(b, RANGE_ROWS[i].name);
        if (RANGE_ROWS[i].read == read_end)
            codec_field_add_schema(b, row, FIELD_SCHEMA_END);
        else
            member_add_schema(b, &RANGE_ROWS[i], true);
    }
    buffer_add_text(b, "}}");
}

static void describe_axis(buffer *b, const field *row)
{
    buffer_add_text(b, "{\"oneOf\":[{\"type\":\"array\",\"minItems\":1");
    json_add_member_integer(b, "maxItems", AXIS_VALUES_LIMIT);
    json_add_key(b, "items");
    codec_field_add_schema(b, row, FIELD_SCHEMA_PLAIN);
    buffer_add_text(b, "}");
    if (sweep_takes_range(row)) {
        buffer_add_text(b, ",");
        describe_range(b, row);
    }
    buffer_add_text(b, "]}");
}

void codec_sweep_describe(buffer *b, const member *m)
{
    (void)m;
    json_add_member_text(b, "type", "object");
    json_add_member_integer(b, "maxProperties", SWEEP_AXES_LIMIT);
    buffer_add_text(b, ",\"additionalProperties\":false,\"properties\":{");
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!sweep_is_sweepable(&FIELDS[i]))
            continue;
        json_add_key(b, FIELDS[i].name);
        describe_axis(b, &FIELDS[i]);
    }
    buffer_add_text(b, "}");
}

/* ---- repeats ---- */

static bool is_no_test(int id)
{
    return !METRICS[id].is_test;
}

/* Specifications of the version before are stored as they were sent. */
static const char *former_metric(int id)
{
    return metric_former_name(&METRICS[id]);
}

static const member UNTIL_ROWS[] = {
    {"metric", MEMBER_NAME, "What the intervals are of.", MEMBER_OPTIONAL,
     AT(experiment_spec, until.metric), NAMES_IN(METRICS, name, METRIC_COUNT),
     OTHERWISE(METRIC_VAL_LOSS), .former_at = former_metric, .is_taken = is_no_test,
     .refusal = "the test split decides nothing; use a validation metric"},
    {"half_width", MEMBER_NUMBER, "The half width that every interval is to reach.",
     MEMBER_EXCLUSIVE, AT(experiment_spec, until.half_width), FROM(0)},
};
static const shape UNTIL = {BYTES_OF(experiment_spec), MEMBERS(UNTIL_ROWS)};

enum { REPEATS_LEAST = 10, REPEATS_MOST = 40 };

static const member REPEATS_ROWS[] = {
    {"until", MEMBER_OBJECT, "When it is enough.", ITSELF(experiment_spec), .of = &UNTIL,
     TELLS(experiment_spec, until.enabled)},
    {"min", MEMBER_INTEGER, "Repeats at least.", MEMBER_OPTIONAL, AT(experiment_spec, n_repeats),
     RANGE(2, SPEC_REPEATS_LIMIT), OTHERWISE(REPEATS_LEAST)},
    {"max", MEMBER_INTEGER, "Repeats at most; not below min.", MEMBER_OPTIONAL,
     AT(experiment_spec, until.max), RANGE(2, SPEC_REPEATS_LIMIT), OTHERWISE(REPEATS_MOST)},
};
static const shape REPEATS = {BYTES_OF(experiment_spec), MEMBERS(REPEATS_ROWS)};

static const member COUNT = {"repeats", MEMBER_INTEGER, "Seeds per config.",
                             AT(experiment_spec, n_repeats), .field = "repeats"};

bool codec_repeats_read(const member *m, const cJSON *value, const char *pointer, void *object,
                        fail_list *faults)
{
    experiment_spec *out = object;
    member scratch;
    if (cJSON_IsNumber(value))
        return member_read(member_resolve(&COUNT, &scratch), value, pointer, out, faults);
    if (!cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "%s must be a whole number or an object with \"until\", not %s",
                             m->name, codec_json_type(value));
    bool ok = shape_read_into(&REPEATS, value, pointer, out, faults);
    bool has_max = cJSON_GetObjectItemCaseSensitive(value, "max") != NULL;
    if (!has_max && out->until.max < out->n_repeats)
        out->until.max = out->n_repeats;
    if (ok && out->until.max < out->n_repeats)
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/repeats/max",
                           "max must be at least min, which is %lld", (long long)out->n_repeats);
    return ok;
}

void codec_repeats_describe(buffer *b, const member *m)
{
    member scratch;
    (void)m;
    json_add_key(b, "oneOf");
    buffer_add_text(b, "[");
    member_add_schema(b, member_resolve(&COUNT, &scratch), true);
    buffer_add_text(b, ",");
    shape_add_schema(b, &REPEATS, true);
    buffer_add_text(b, "]");
}
