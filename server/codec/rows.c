/* Rows that predictions are asked for: arrays of numbers, or objects by the names of columns. */
#include "server/codec/internal.h"
#include "server/codec/request.h"

#include "core/base/nearest.h"
#include "core/data/import/row.h"

#include <cjson/cJSON.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 256, NAMES_LIMIT = 256 };

/* ---- columns ---- */

/* The columns that a row names: of the files, or the inputs of a set without them. */
static size_t count_columns(const dataset *set)
{
    return set->origin && set->origin->n_columns ? set->origin->n_columns : set->d;
}

/* Column i; its name may stand in `name`. */
static dataset_column column_at(const dataset *set, size_t i, char name[NAME_BYTES])
{
    if (set->origin && set->origin->n_columns)
        return set->origin->columns[i];
    dataset_write_column_name(set, i, name, NAME_BYTES);
    return (dataset_column){.name = name, .kind = COLUMN_NUMBER, .first_input = i, .n_inputs = 1};
}

static bool is_input(const dataset_column *c)
{
    return c->kind == COLUMN_NUMBER || c->kind == COLUMN_CATEGORY;
}

static bool unknown_column(const dataset *set, const char *name, const char *pointer,
                           fail_list *faults)
{
    static const char *const none[] = {NULL};
    char names[1][NAME_BYTES];
    const char *known[NAMES_LIMIT + 1];
    size_t n = 0;
    for (; set->origin && n < set->origin->n_columns && n < NAMES_LIMIT; n++)
        known[n] = column_at(set, n, names[0]).name;
    known[n] = NULL;
    const char *nearest = nearest_name(name, n ? known : none);
    return fail_list_add(faults, FAIL_UNKNOWN_FIELD, pointer, "%s has no column \"%.80s\"%s%.80s%s",
                         set->name, name, nearest ? "; did you mean \"" : "",
                         nearest ? nearest : "", nearest ? "\"?" : "");
}

static bool is_column(const dataset *set, const char *name)
{
    char own[NAME_BYTES];
    for (size_t i = 0; i < count_columns(set); i++)
        if (strcmp(column_at(set, i, own).name, name) == 0)
            return true;
    return false;
}

/* ---- one row ---- */

static bool read_cell(const dataset *set, const dataset_column *column, const cJSON *value,
                      const char *pointer, double *inputs, fail_list *faults)
{
    char text[NUMBER_BYTES];
    fail f;
    row_cell cell = {.kind = ROW_MISSING};
    if (cJSON_IsString(value))
        cell = (row_cell){.kind = ROW_TEXT, .text = value->valuestring};
    else if (cJSON_IsNumber(value))
        cell = (row_cell){ROW_NUMBER, value->valuedouble, codec_json_number(value, text)};
    else if (cJSON_IsBool(value))
        cell = (row_cell){ROW_NUMBER, cJSON_IsTrue(value), cJSON_IsTrue(value) ? "true" : "false"};
    else if (!cJSON_IsNull(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, pointer,
                             "%.80s must be a number, a text, true, false or null, not %s",
                             column->name, codec_json_type(value));
    return row_encode(set, column, &cell, inputs, &f) ||
           fail_list_add(faults, f.code, pointer, "%s", f.sentence);
}

/* What is not an input (the label, columns that the set ignores) may be there. */
static bool read_row(const dataset *set, const cJSON *row, const char *pointer, double *inputs,
                     fail_list *faults)
{
    char at[JSON_POINTER_BYTES], name[NAME_BYTES];
    bool is_good = true;
    for (const cJSON *given = row->child; given; given = given->next) {
        json_pointer_add(pointer, given->string, at);
        if (!is_column(set, given->string))
            is_good = unknown_column(set, given->string, at, faults);
    }
    for (size_t i = 0; i < count_columns(set); i++) {
        dataset_column column = column_at(set, i, name);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, column.name);
        if (!is_input(&column))
            continue;
        json_pointer_add(pointer, column.name, at);
        is_good = (value ? read_cell(set, &column, value, at, inputs, faults)
                         : fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer,
                                         "%.80s is not there: give null where it is missing",
                                         column.name)) &&
                  is_good;
    }
    return is_good;
}

static bool read_objects(const dataset *set, const cJSON *rows, const char *pointer,
                         predict_request *out, fail_list *faults)
{
    bool is_good = true;
    char at[JSON_POINTER_BYTES];
    size_t n = (size_t)cJSON_GetArraySize(rows);
    out->inputs = calloc(n * set->d, sizeof *out->inputs);
    if (!out->inputs)
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, pointer,
                             "the rows do not fit into memory");
    for (const cJSON *row = rows->child; row; row = row->next, out->n++) {
        json_pointer_add_index(pointer, (int)out->n, at);
        is_good = (cJSON_IsObject(row)
                       ? read_row(set, row, at, out->inputs + out->n * set->d, faults)
                       : fail_list_add(faults, FAIL_WRONG_TYPE, at,
                                       "each of the rows must be an object, as the first is, not "
                                       "%s",
                                       codec_json_type(row))) &&
                  is_good;
    }
    return is_good;
}

/* ---- all of them ---- */

/* A net takes numbers in single precision. */
static bool check_sizes(const predict_request *r, const char *pointer, fail_list *faults)
{
    char row[JSON_POINTER_BYTES], at[JSON_POINTER_BYTES];
    bool is_good = true;
    for (size_t i = 0; i < r->n * r->d; i++) {
        if (!(fabs(r->inputs[i]) > (double)FLT_MAX))
            continue;
        json_pointer_add_index(pointer, (int)(i / r->d), row);
        json_pointer_add_index(row, (int)(i % r->d), at);
        is_good = fail_list_add(faults, FAIL_OUT_OF_RANGE, at,
                                "each of inputs must be a finite single precision number");
    }
    return is_good;
}

static const member NUMBERS = {"inputs", MEMBER_NUMBER, .flags = MEMBER_NULLABLE_ITEMS,
                               GRID(predict_request, inputs, n, d), .least = 1};

bool codec_read_rows(const member *m, const cJSON *value, const char *pointer, void *object,
                     fail_list *faults)
{
    predict_request *out = object;
    (void)m;
    bool are_objects = cJSON_IsArray(value) && cJSON_IsObject(value->child) && out->set;
    return (are_objects ? read_objects(out->set, value, pointer, out, faults)
                        : member_read(&NUMBERS, value, pointer, object, faults)) &&
           check_sizes(out, pointer, faults);
}

void codec_describe_rows(buffer *b, const member *m)
{
    (void)m;
    json_add_key(b, "anyOf"); /* all rows are of one kind */
    buffer_add_text(b, "[{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"array\","
                       "\"minItems\":1,\"items\":{\"type\":[\"number\",\"null\"]}}},"
                       "{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\","
                       "\"additionalProperties\":"
                       "{\"type\":[\"number\",\"string\",\"boolean\",\"null\"]}}}]");
}
