/* "sweep" and "repeats" of a specification, and the body of an extension. */
#include "server/codec/internal.h"
#include "server/codec/request.h"

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

static bool read_end(const field *row, const cJSON *range, const char *pointer, const char *name,
                     double *out, fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    json_pointer_add(pointer, name, at);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(range, name);
    fail f;
    if (!value)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer, "a range needs \"%s\"", name);
    if (!cJSON_IsNumber(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at, "%s must be a number, not %s", name,
                             codec_json_type(value));
    if (!field_check_number(row, value->valuedouble, at, &f))
        return fail_list_add(faults, f.code, f.field, "%s", f.sentence);
    *out = value->valuedouble;
    return true;
}

static bool read_scale(const cJSON *range, const char *pointer, bool *log_scale, fail_list *faults)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(range, "scale");
    char at[JSON_POINTER_BYTES];
    json_pointer_add(pointer, "scale", at);
    if (!value)
        return true;
    if (!cJSON_IsString(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at,
                             "scale must be \"linear\" or \"log\", not %s", codec_json_type(value));
    *log_scale = strcmp(value->valuestring, "log") == 0;
    if (!*log_scale && strcmp(value->valuestring, "linear") != 0)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at,
                             "scale must be \"linear\" or \"log\", not \"%.60s\"",
                             value->valuestring);
    return true;
}

static bool read_range(const cJSON *range, const char *pointer, sweep_axis *axis, fail_list *faults)
{
    static const char *const KNOWN[] = {"min", "max", "scale", "count", NULL};
    if (!sweep_takes_range(axis->row))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "%s takes no range; give an array of values", axis->row->name);
    int64_t count = 0;
    axis->is_range = true;
    bool ok = codec_json_check_members(range, pointer, KNOWN, faults);
    ok = read_scale(range, pointer, &axis->log_scale, faults) && ok;
    ok =
        codec_json_read_integer(range, pointer, "count", 1, SWEEP_RUNS_LIMIT, &count, faults) && ok;
    bool low = read_end(axis->row, range, pointer, "min", &axis->minimum, faults);
    bool high = read_end(axis->row, range, pointer, "max", &axis->maximum, faults);
    axis->count = (int)count;
    if (low && high && axis->minimum > axis->maximum)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer, "min is above max");
    if (low && axis->log_scale && axis->minimum <= 0)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                             "a logarithmic range needs min above 0");
    return ok && low && high;
}

static bool read_axis(const cJSON *member, sweep_axis *axis, fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    json_pointer_add("/sweep", member->string, at);
    axis->row = axis_field(member->string, at, faults);
    if (!axis->row)
        return false;
    if (cJSON_IsArray(member))
        return read_values(member, at, axis, faults);
    if (cJSON_IsObject(member))
        return read_range(member, at, axis, faults);
    return fail_list_add(faults, FAIL_WRONG_TYPE, at,
                         "a swept field needs an array of values or {\"min\", \"max\", \"scale\", "
                         "\"count\"}, not %s",
                         codec_json_type(member));
}

bool codec_sweep_read(const cJSON *value, experiment_spec *out, fail_list *faults)
{
    if (!cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, "/sweep",
                             "sweep must be an object of swept fields, not %s",
                             codec_json_type(value));
    int n = cJSON_GetArraySize(value);
    if (n > SWEEP_AXES_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/sweep",
                             "%d fields are swept; at most %d can be", n, SWEEP_AXES_LIMIT);
    bool ok = true;
    const cJSON *member;
    cJSON_ArrayForEach(member, value)
    {
        sweep_axis axis = {0};
        if (read_axis(member, &axis, faults)) {
            out->axes[out->n_axes++] = axis;
        } else {
            free(axis.values);
            ok = false;
        }
    }
    return ok;
}

static bool read_until(const cJSON *until, experiment_spec *out, fail_list *faults)
{
    static const char *const KNOWN[] = {"metric", "half_width", NULL};
    static const char at[] = "/repeats/until";
    if (!cJSON_IsObject(until))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at,
                             "until must be an object with \"metric\" and \"half_width\", not %s",
                             until ? codec_json_type(until) : "missing");
    bool ok = codec_json_check_members(until, at, KNOWN, faults);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(until, "metric");
    out->until.metric = METRIC_VAL_LOSS;
    if (name)
        out->until.metric = cJSON_IsString(name) ? metric_find(name->valuestring) : -1;
    if (out->until.metric < 0)
        ok = fail_list_add(
            faults, cJSON_IsString(name) ? FAIL_OUT_OF_RANGE : FAIL_WRONG_TYPE,
            "/repeats/until/metric",
            "metric must be the name of a metric, as \"val_loss\" or \"val_accuracy\"");
    else if (METRICS[out->until.metric].is_test)
        ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, "/repeats/until/metric",
                           "the test split decides nothing; use a validation metric");
    if (!cJSON_GetObjectItemCaseSensitive(until, "half_width"))
        ok = fail_list_add(
            faults, FAIL_OUT_OF_RANGE, at,
            "until needs \"half_width\", the half width that every interval is to reach");
    ok =
        codec_json_read_number(until, at, "half_width", 0, 1e300, &out->until.half_width, faults) &&
        ok;
    if (ok && out->until.half_width <= 0)
        ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, "/repeats/until/half_width",
                           "half_width must be above 0");
    out->until.enabled = true;
    return ok;
}

bool codec_repeats_read(const cJSON *value, experiment_spec *out, fail_list *faults)
{
    static const char *const KNOWN[] = {"until", "min", "max", NULL};
    if (cJSON_IsNumber(value)) {
        fail f;
        const field *row = field_find("repeats");
        if (value->valuedouble < floor(value->valuedouble) ||
            value->valuedouble > floor(value->valuedouble))
            return fail_list_add(faults, FAIL_WRONG_TYPE, "/repeats",
                                 "repeats must be a whole number, not %.17g", value->valuedouble);
        if (!field_check_number(row, value->valuedouble, "/repeats", &f))
            return fail_list_add(faults, f.code, f.field, "%s", f.sentence);
        out->n_repeats = (int64_t)value->valuedouble;
        return true;
    }
    if (!cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, "/repeats",
                             "repeats must be a whole number or an object with \"until\", not %s",
                             codec_json_type(value));
    out->n_repeats = 5;
    out->until.max = 40;
    bool ok = codec_json_check_members(value, "/repeats", KNOWN, faults);
    ok = read_until(cJSON_GetObjectItemCaseSensitive(value, "until"), out, faults) && ok;
    ok = codec_json_read_integer(value, "/repeats", "min", 2, SWEEP_REPEATS_LIMIT, &out->n_repeats,
                                 faults) &&
         ok;
    if (out->until.max < out->n_repeats)
        out->until.max = out->n_repeats;
    ok = codec_json_read_integer(value, "/repeats", "max", 2, SWEEP_REPEATS_LIMIT, &out->until.max,
                                 faults) &&
         ok;
    if (ok && out->until.max < out->n_repeats)
        ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, "/repeats/max",
                           "max must be at least min, which is %lld", (long long)out->n_repeats);
    return ok;
}
