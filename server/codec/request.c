#include "server/codec/request.h"
#include "server/codec/internal.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const shape SHAPE_NOTHING = {.name = "Nothing", .help = "An empty object."};

/* ---- PATCH /experiments/{id} ---- */

static const member PATCH_ROWS[] = {
    {"name", MEMBER_TEXT, .flags = MEMBER_OPTIONAL, AT(experiment_patch, name), .field = "name"},
    {"description", MEMBER_TEXT, .flags = MEMBER_OPTIONAL | MEMBER_MULTILINE,
     AT(experiment_patch, description), .field = "description"},
    TAGS_ROW(experiment_patch, tags, MEMBER_OPTIONAL),
    {"priority", MEMBER_INTEGER, .flags = MEMBER_OPTIONAL, AT(experiment_patch, priority),
     .field = "priority", TELLS(experiment_patch, has_priority)},
};
const shape SHAPE_EXPERIMENT_PATCH = {
    .name = "ExperimentPatch",
    .help = "What is to change: at least one of name, description, tags and priority.",
    BYTES_OF(experiment_patch),
    MEMBERS(PATCH_ROWS),
    .least = 1};

/* ---- POST /runs/{id}/predict ---- */

static bool check_samples(const void *object, const char *pointer, fail_list *faults)
{
    const predict_request *p = object;
    (void)pointer;
    return p->is_train || p->samples == 1 ||
           fail_list_add(faults, FAIL_INCOMPATIBLE, "/samples",
                         "eval draws nothing: samples belongs to mode \"train\"");
}

static const member PREDICT_ROWS[] = {
    {"inputs", MEMBER_NUMBER,
     "Rows in the data set's own units: arrays of as many numbers as the model has inputs, or "
     "objects with a value for each column of a table, as its files have them. null is missing.",
     GRID(predict_request, inputs, n, d), .least = 1, .read = codec_read_rows,
     .describe = codec_describe_rows},
    {"mode", MEMBER_NAME, "train: with masks and noise drawn, as in training.", MEMBER_OPTIONAL,
     AT(predict_request, is_train), ONE_OF("eval", "train"), OTHERWISE(0)},
    {"samples", MEMBER_INTEGER, "How many times to draw; of mode train.", MEMBER_OPTIONAL,
     AT(predict_request, samples), RANGE(1, PREDICT_SAMPLES_LIMIT), OTHERWISE(1)},
};
const shape SHAPE_PREDICT_REQUEST = {.name = "PredictRequest",
                                     BYTES_OF(predict_request),
                                     MEMBERS(PREDICT_ROWS),
                                     .check = check_samples};

/* ---- POST /session ---- */

static const member TOKEN_ROWS[] = {{"token", MEMBER_TEXT, "What the server was started with.",
                                     AT(token_request, token), RANGE(0, 1000)}};
const shape SHAPE_TOKEN_REQUEST = {
    .name = "TokenRequest", BYTES_OF(token_request), MEMBERS(TOKEN_ROWS)};

/* ---- POST /sql ---- */

static const char *keep_text(sql_request *r, const char *text)
{
    char *copy = strdup(text);
    r->texts[r->n_texts++] = copy;
    return copy;
}

/* Digits alone are exactly that integer, or refused: a double would be another number. */
static bool read_digits(const char *text, const char *pointer, int64_t *integer, fail *f)
{
    errno = 0;
    *integer = strtoll(text, NULL, 10);
    return errno == 0 || fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                                  "%.40s is beyond the 64 bits of an integer of SQLite: give it as "
                                  "a text, or with a point as a real number.",
                                  text);
}

static bool are_digits(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    return *digits && strspn(digits, "0123456789") == strlen(digits);
}

static bool read_text(const char *text, const char *pointer, sql_parameter *p, fail *f)
{
    char *end;
    const char *digits = *text == '-' ? text + 1 : text;
    bool is_plain =
        strspn(text, "-+0123456789.eE") == strlen(text) && *digits >= '0' && *digits <= '9';
    p->type = SQL_VALUE_TEXT;
    if (is_plain && are_digits(text)) {
        p->type = SQL_VALUE_INTEGER;
        return read_digits(text, pointer, &p->integer, f);
    }
    if (is_plain) {
        p->real = strtod(text, &end);
        p->type = *end == '\0' && isfinite(p->real) ? SQL_VALUE_REAL : SQL_VALUE_TEXT;
    }
    return true;
}

bool codec_read_sql_parameter(const char *name, const char *value, sql_request *r, fail *f)
{
    char at[JSON_POINTER_BYTES];
    sql_parameter *p = &r->parameters[r->n_parameters++];
    *p = (sql_parameter){.name = keep_text(r, name), .text = keep_text(r, value)};
    json_pointer_add("/query", name, at);
    if (!p->name || !p->text)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to read the request.");
    return read_text(value, at, p, f);
}

static bool read_number(const cJSON *value, const char *pointer, sql_parameter *p, fail *f)
{
    const double number = value->valuedouble, most = (double)SPEC_SEED_LIMIT;
    if (!isfinite(number))
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "a parameter must be a finite number");
    bool is_whole = fabs(number) <= most && floor(number) >= number;
    p->type = is_whole ? SQL_VALUE_INTEGER : SQL_VALUE_REAL;
    p->real = number;
    p->integer = is_whole ? (int64_t)number : 0;
    if (!value->valuestring || !are_digits(value->valuestring))
        return true;
    p->type = SQL_VALUE_INTEGER;
    return read_digits(value->valuestring, pointer, &p->integer, f);
}

static bool read_parameter(const cJSON *value, const char *pointer, sql_request *r,
                           fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    fail f;
    json_pointer_add(pointer, value->string, at);
    sql_parameter *p = &r->parameters[r->n_parameters++];
    if (cJSON_IsArray(value) || cJSON_IsObject(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at,
                             "a parameter must be a text, a number, true, false or null, not %s",
                             codec_json_type(value));
    p->type = cJSON_IsString(value) ? SQL_VALUE_TEXT
              : cJSON_IsNull(value) ? SQL_VALUE_NULL
                                    : SQL_VALUE_INTEGER;
    p->integer = cJSON_IsTrue(value);
    if (cJSON_IsNumber(value) && !read_number(value, at, p, &f))
        return fail_list_add(faults, f.code, f.field, "%s", f.sentence);
    p->name = keep_text(r, value->string);
    p->text = cJSON_IsString(value) ? keep_text(r, value->valuestring) : NULL;
    if (!p->name || (cJSON_IsString(value) && !p->text))
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, at, "no memory for the parameter");
    return true;
}

static bool read_parameters(const member *m, const cJSON *parameters, const char *pointer,
                            void *object, fail_list *faults)
{
    sql_request *r = object;
    if (!cJSON_IsObject(parameters))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "%s must be an object of names and values, not %s", m->name,
                             codec_json_type(parameters));
    if ((size_t)cJSON_GetArraySize(parameters) > m->most)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                             "at most %zu parameters are allowed", m->most);
    bool ok = true;
    for (const cJSON *value = parameters->child; value; value = value->next)
        ok = read_parameter(value, pointer, r, faults) && ok;
    return ok;
}

static const member SQL_ROWS[] = {
    {"query", MEMBER_TEXT, "One statement, as {\"query\": \"SELECT ...\"}.", MEMBER_MULTILINE,
     AT(sql_request, query), RANGE(1, SQL_QUERY_LIMIT), .media_type = SQL_MEDIA_TYPE},
    {"parameters", MEMBER_SCALAR, "Values of the statement's :names, given without the colon.",
     .flags = MEMBER_OPTIONAL | MEMBER_NULLABLE | MEMBER_MAP, EACH(sql_request, texts, n_texts),
     .most = SQL_PARAMETERS_LIMIT, .read = read_parameters},
    {"limit", MEMBER_INTEGER, "Rows in the answer; the server has a limit of its own.",
     MEMBER_OPTIONAL, AT(sql_request, limit), RANGE(1, 1e9)},
};
const shape SHAPE_SQL_REQUEST = {.name = "SqlRequest", BYTES_OF(sql_request), MEMBERS(SQL_ROWS)};
