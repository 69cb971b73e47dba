#include "server/codec/request.h"
#include "core/base/array.h"
#include "server/codec/internal.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- PATCH /experiments/{id} ---- */

void experiment_patch_close(experiment_patch *p)
{
    free(p->name);
    free(p->description);
    free(p->tags);
    *p = (experiment_patch){0};
}

static size_t field_limit(const char *name)
{
    return (size_t)field_find(name)->maximum;
}

bool codec_read_patch(const char *text, size_t n, experiment_patch *out, fail_list *faults)
{
    static const char *const KNOWN[] = {"name", "description", "tags", "priority", NULL};
    const field *priority_field = field_find("priority");
    cJSON *root;
    experiment_patch p = {0};
    int64_t priority = 0;
    if (!codec_json_parse_object(text, n, &root, faults))
        return false;
    bool ok = codec_json_check_members(root, "", KNOWN, faults);
    ok = codec_json_read_text(root, "", "name", field_limit("name"), false, &p.name, faults) && ok;
    ok = codec_json_read_text(root, "", "description", field_limit("description"), true,
                              &p.description, faults) &&
         ok;
    ok = codec_json_read_tags(root, &p.tags, faults) && ok;
    ok = codec_json_read_integer(root, "", "priority", (int64_t)priority_field->minimum,
                                 (int64_t)priority_field->maximum, &priority, faults) &&
         ok;
    p.has_priority = cJSON_GetObjectItemCaseSensitive(root, "priority") != NULL;
    p.priority = (int)priority;
    if (ok && !p.name && !p.description && !p.tags && !p.has_priority)
        ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, "",
                           "nothing to change: give name, description, tags or priority");
    cJSON_Delete(root);
    if (ok)
        *out = p;
    else
        experiment_patch_close(&p);
    return ok;
}

/* ---- POST /experiments/{id}/extend ---- */

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
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/repeats",
                             "repeats is the new total: at least %lld, not %lld",
                             (long long)spec->n_repeats, (long long)more->n_repeats);
    spec->n_repeats = more->n_repeats;
    return true;
}

bool codec_read_extension(const char *text, size_t n, experiment_spec *spec, fail_list *faults)
{
    static const char *const KNOWN[] = {"repeats", "sweep", NULL};
    cJSON *root;
    experiment_spec more = {.n_repeats = spec->n_repeats};
    if (!codec_json_parse_object(text, n, &root, faults))
        return false;
    const cJSON *repeats = cJSON_GetObjectItemCaseSensitive(root, "repeats"),
                *sweep = cJSON_GetObjectItemCaseSensitive(root, "sweep");
    bool ok = codec_json_check_members(root, "", KNOWN, faults);
    if (!repeats && !sweep)
        ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, "",
                           "nothing to add: give repeats (the new total) or sweep (values to add)");
    if (spec->random_search && sweep)
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/sweep",
                           "a random search has no grid to add values to");
    if (repeats && !cJSON_IsNumber(repeats))
        ok = fail_list_add(faults, FAIL_WRONG_TYPE, "/repeats",
                           "repeats is the new total here, a whole number, not %s",
                           codec_json_type(repeats));
    else if (repeats)
        ok = codec_repeats_read(repeats, &more, faults) && merge_repeats(&more, spec, faults) && ok;
    if (sweep)
        ok = codec_sweep_read(sweep, &more, faults) && ok;
    for (int a = 0; ok && a < more.n_axes; a++)
        ok = merge_axis(&more.axes[a], spec, faults);
    experiment_spec_close(&more);
    cJSON_Delete(root);
    return ok;
}

/* ---- POST /runs/{id}/predict ---- */

void predict_request_close(predict_request *p)
{
    free(p->inputs);
    *p = (predict_request){0};
}

static bool read_row(const cJSON *row, int i, size_t d, float *out, fail_list *faults)
{
    char at[JSON_POINTER_BYTES], place[JSON_POINTER_BYTES];
    json_pointer_add_index("/inputs", i, at);
    if (!cJSON_IsArray(row))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at,
                             "each of inputs must be an array of %zu numbers, not %s", d,
                             codec_json_type(row));
    if ((size_t)cJSON_GetArraySize(row) != d)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at,
                             "this row has %d numbers; the model takes %zu",
                             cJSON_GetArraySize(row), d);
    int j = 0;
    const cJSON *value;
    cJSON_ArrayForEach(value, row)
    {
        json_pointer_add_index(at, j, place);
        if (!cJSON_IsNumber(value))
            return fail_list_add(faults, FAIL_WRONG_TYPE, place, "inputs are numbers, not %s",
                                 codec_json_type(value));
        if (!(fabs(value->valuedouble) <= FLT_MAX))
            return fail_list_add(faults, FAIL_OUT_OF_RANGE, place,
                                 "inputs are finite single precision numbers");
        out[j++] = (float)value->valuedouble;
    }
    return true;
}

static bool read_inputs(const cJSON *root, size_t d, predict_request *p, fail_list *faults)
{
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(root, "inputs"), *row;
    if (!cJSON_IsArray(inputs) || cJSON_GetArraySize(inputs) < 1)
        return fail_list_add(faults, inputs ? FAIL_WRONG_TYPE : FAIL_OUT_OF_RANGE, "/inputs",
                             "inputs must be an array of rows, each an array of %zu numbers", d);
    p->n = (size_t)cJSON_GetArraySize(inputs);
    p->d = d;
    p->inputs =
        d && p->n > SIZE_MAX / sizeof(float) / d ? NULL : malloc(p->n * d * sizeof(float) + 1);
    if (!p->inputs)
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, "/inputs", "no memory for %zu rows", p->n);
    bool ok = true;
    int i = 0;
    cJSON_ArrayForEach(row, inputs)
    {
        ok = read_row(row, i, d, p->inputs + (size_t)i * d, faults) && ok;
        i++;
    }
    return ok;
}

static bool read_mode(const cJSON *root, predict_request *p, fail_list *faults)
{
    const cJSON *mode = cJSON_GetObjectItemCaseSensitive(root, "mode");
    if (!mode)
        return true;
    if (!cJSON_IsString(mode))
        return fail_list_add(faults, FAIL_WRONG_TYPE, "/mode",
                             "mode must be \"eval\" or \"train\", not %s", codec_json_type(mode));
    p->is_train = strcmp(mode->valuestring, "train") == 0;
    if (!p->is_train && strcmp(mode->valuestring, "eval") != 0)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/mode",
                             "mode must be \"eval\" or \"train\", not \"%.60s\"",
                             mode->valuestring);
    return true;
}

bool codec_read_predict(const char *text, size_t n, size_t d, predict_request *out,
                        fail_list *faults)
{
    static const char *const KNOWN[] = {"inputs", "mode", "samples", NULL};
    cJSON *root;
    predict_request p = {.samples = 1};
    int64_t samples = 1;
    if (!codec_json_parse_object(text, n, &root, faults))
        return false;
    bool ok = codec_json_check_members(root, "", KNOWN, faults);
    ok = read_inputs(root, d, &p, faults) && ok;
    ok = read_mode(root, &p, faults) && ok;
    ok = codec_json_read_integer(root, "", "samples", 1, PREDICT_SAMPLES_LIMIT, &samples, faults) &&
         ok;
    if (ok && !p.is_train && samples > 1)
        ok = fail_list_add(faults, FAIL_INCOMPATIBLE, "/samples",
                           "eval draws nothing: samples belongs to mode \"train\"");
    p.samples = (int)samples;
    cJSON_Delete(root);
    if (ok)
        *out = p;
    else
        predict_request_close(&p);
    return ok;
}

/* ---- POST /session ---- */

bool codec_read_token(const char *text, size_t n, char *token, size_t token_bytes, fail *f)
{
    static const char *const KNOWN[] = {"token", NULL};
    cJSON *root;
    char *read = NULL;
    fail_list faults;
    faults.n = faults.n_found = 0;
    bool ok = codec_json_parse_object(text, n, &root, &faults);
    if (ok) {
        ok = codec_json_check_members(root, "", KNOWN, &faults);
        ok = codec_json_read_text(root, "", "token", token_bytes, false, &read, &faults) && ok;
        cJSON_Delete(root);
    }
    if (ok && !read)
        ok = fail_list_add(&faults, FAIL_OUT_OF_RANGE, "/token",
                           "give the token as {\"token\": \"...\"}");
    if (ok && strlen(read) >= token_bytes)
        ok = fail_list_add(&faults, FAIL_OUT_OF_RANGE, "/token", "a token has at most %zu bytes",
                           token_bytes - 1);
    if (ok)
        memcpy(token, read, strlen(read) + 1);
    else
        fail_set(f, faults.items[0].code, faults.items[0].field, "%s", faults.items[0].sentence);
    free(read);
    return ok;
}

/* ---- POST /sql ---- */

enum { QUERY_CHARACTERS_LIMIT = 100000 };

void sql_request_close(sql_request *r)
{
    free(r->query);
    for (int i = 0; i < r->n_texts; i++)
        free(r->texts[i]);
    *r = (sql_request){0};
}

static const char *keep_text(sql_request *r, const char *text)
{
    char *copy = strdup(text);
    r->texts[r->n_texts++] = copy;
    return copy;
}

static sql_value_type read_value(const char *text, int64_t *integer, double *real)
{
    char *end;
    const char *digits = *text == '-' ? text + 1 : text;
    bool is_plain =
        strspn(text, "-+0123456789.eE") == strlen(text) && *digits >= '0' && *digits <= '9';
    if (!is_plain)
        return SQL_VALUE_TEXT;
    errno = 0;
    *integer = strtoll(text, &end, 10);
    if (*end == '\0' && errno == 0)
        return SQL_VALUE_INTEGER;
    *real = strtod(text, &end);
    return *end == '\0' && isfinite(*real) ? SQL_VALUE_REAL : SQL_VALUE_TEXT;
}

bool codec_read_sql_parameter(const char *name, const char *value, sql_request *r)
{
    sql_parameter *p = &r->parameters[r->n_parameters++];
    *p = (sql_parameter){.name = keep_text(r, name), .text = keep_text(r, value)};
    p->type = read_value(value, &p->integer, &p->real);
    return p->name && p->text;
}

static bool read_parameter(const cJSON *value, sql_request *r, fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    json_pointer_add("/parameters", value->string, at);
    double number = value->valuedouble;
    sql_parameter *p = &r->parameters[r->n_parameters++];
    if (cJSON_IsArray(value) || cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at,
                             "a parameter must be a text, a number, true, false or null, not %s",
                             codec_json_type(value));
    if (cJSON_IsNumber(value) && !isfinite(number))
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at, "a parameter must be a finite number");
    bool is_whole =
        cJSON_IsNumber(value) && fabs(number) <= (double)SPEC_SEED_LIMIT && floor(number) >= number;
    p->type = cJSON_IsString(value)                ? SQL_VALUE_TEXT
              : cJSON_IsNull(value)                ? SQL_VALUE_NULL
              : cJSON_IsNumber(value) && !is_whole ? SQL_VALUE_REAL
                                                   : SQL_VALUE_INTEGER;
    p->real = cJSON_IsNumber(value) ? number : 0;
    p->integer = cJSON_IsTrue(value) ? 1 : is_whole ? (int64_t)number : 0;
    p->name = keep_text(r, value->string);
    p->text = cJSON_IsString(value) ? keep_text(r, value->valuestring) : NULL;
    if (!p->name || (cJSON_IsString(value) && !p->text))
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, at, "no memory for the parameter");
    return true;
}

static bool read_parameters(const cJSON *root, sql_request *r, fail_list *faults)
{
    const cJSON *parameters = cJSON_GetObjectItemCaseSensitive(root, "parameters"), *value;
    if (!parameters || cJSON_IsNull(parameters))
        return true;
    if (!cJSON_IsObject(parameters))
        return fail_list_add(faults, FAIL_WRONG_TYPE, "/parameters",
                             "parameters must be an object of names and values, not %s",
                             codec_json_type(parameters));
    if (cJSON_GetArraySize(parameters) > SQL_PARAMETERS_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/parameters",
                             "at most %d parameters are allowed", SQL_PARAMETERS_LIMIT);
    bool ok = true;
    cJSON_ArrayForEach(value, parameters)
    {
        ok = read_parameter(value, r, faults) && ok;
    }
    return ok;
}

bool codec_read_sql(const char *text, size_t n, sql_request *out, fail_list *faults)
{
    static const char *const KNOWN[] = {"query", "parameters", "limit", NULL};
    cJSON *root;
    char *query = NULL;
    int64_t limit = 0;
    if (!codec_json_parse_object(text, n, &root, faults))
        return false;
    bool ok = codec_json_check_members(root, "", KNOWN, faults);
    ok =
        codec_json_read_text(root, "", "query", QUERY_CHARACTERS_LIMIT, true, &query, faults) && ok;
    ok = codec_json_read_integer(root, "", "limit", 1, 1000000000, &limit, faults) && ok;
    sql_request r = {.query = query, .limit = limit};
    ok = read_parameters(root, &r, faults) && ok;
    if (!r.query && !cJSON_GetObjectItemCaseSensitive(root, "query"))
        ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, "/query",
                           "give the statement as {\"query\": \"SELECT ...\"}");
    cJSON_Delete(root);
    if (ok)
        *out = r;
    else
        sql_request_close(&r);
    return ok;
}
