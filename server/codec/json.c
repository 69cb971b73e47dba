#include "server/codec/internal.h"

#include "core/base/nearest.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool codec_json_parse(const char *text, size_t n, cJSON **out, fail *f)
{
    if (!json_check_text(text, n, f))
        return false;
    cJSON *tree = cJSON_ParseWithLengthOpts(text, n, NULL, false);
    if (!tree)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "", "no memory to read a JSON text of %zu bytes", n);
    *out = tree;
    return true;
}

bool codec_json_parse_object(const char *text, size_t n, cJSON **out, fail_list *faults)
{
    fail f;
    cJSON *tree;
    if (!codec_json_parse(text, n, &tree, &f))
        return fail_list_add(faults, f.code, f.field, "%s", f.sentence);
    if (!cJSON_IsObject(tree)) {
        fail_list_add(faults, FAIL_WRONG_TYPE, "", "the body must be a JSON object, not %s",
                      codec_json_type(tree));
        cJSON_Delete(tree);
        return false;
    }
    *out = tree;
    return true;
}

const char *codec_json_type(const cJSON *value)
{
    return cJSON_IsString(value)   ? "a text"
           : cJSON_IsNumber(value) ? "a number"
           : cJSON_IsBool(value)   ? "true or false"
           : cJSON_IsArray(value)  ? "an array"
           : cJSON_IsObject(value) ? "an object"
                                   : "null";
}

bool codec_json_check_members(const cJSON *object, const char *pointer, const char *const *known,
                              fail_list *faults)
{
    bool ok = true;
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        const char *const *k = known;
        while (*k && strcmp(*k, member->string) != 0)
            k++;
        if (*k)
            continue;
        char at[JSON_POINTER_BYTES];
        json_pointer_add(pointer, member->string, at);
        const char *nearest = nearest_name(member->string, known);
        if (nearest)
            ok = fail_list_add(faults, FAIL_UNKNOWN_FIELD, at,
                               "unknown name \"%.80s\"; did you mean \"%s\"?", member->string,
                               nearest);
        else
            ok = fail_list_add(faults, FAIL_UNKNOWN_FIELD, at, "unknown name \"%.80s\"",
                               member->string);
    }
    return ok;
}

bool codec_json_read_integer(const cJSON *object, const char *pointer, const char *name,
                             int64_t low, int64_t high, int64_t *out, fail_list *faults)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    char at[JSON_POINTER_BYTES];
    json_pointer_add(pointer, name, at);
    if (!value)
        return true;
    if (!cJSON_IsNumber(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at, "%s must be a whole number, not %s", name,
                             codec_json_type(value));
    double number = value->valuedouble;
    if (floor(number) < number) /* false for NaN and infinities, which the range refuses */
        return fail_list_add(faults, FAIL_WRONG_TYPE, at, "%s must be a whole number, not %.17g",
                             name, number);
    if (!(number >= (double)low && number <= (double)high))
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at, "%s must be in [%lld, %lld], not %.17g",
                             name, (long long)low, (long long)high, number);
    *out = (int64_t)number;
    return true;
}

bool codec_json_read_number(const cJSON *object, const char *pointer, const char *name, double low,
                            double high, double *out, fail_list *faults)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    char at[JSON_POINTER_BYTES];
    json_pointer_add(pointer, name, at);
    if (!value)
        return true;
    if (!cJSON_IsNumber(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at, "%s must be a number, not %s", name,
                             codec_json_type(value));
    double number = value->valuedouble;
    if (!isfinite(number))
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at, "%s must be a finite number", name);
    if (number < low || number > high)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at,
                             "%s must be in [%.17g, %.17g], not %.17g", name, low, high, number);
    *out = number;
    return true;
}

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static bool has_controls(const char *text, bool multiline)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == 0x7F || (c < 0x20 && !(multiline && (c == '\n' || c == '\t' || c == '\r'))))
            return true;
    }
    return false;
}

static bool check_text_value(const cJSON *value, const char *at, const char *name,
                             size_t max_characters, bool multiline, fail_list *faults)
{
    if (!cJSON_IsString(value))
        return fail_list_add(faults, FAIL_WRONG_TYPE, at, "%s must be a text, not %s", name,
                             codec_json_type(value));
    size_t n = count_characters(value->valuestring);
    if (n > max_characters)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at,
                             "%s has %zu characters; at most %zu are allowed", name, n,
                             max_characters);
    if (has_controls(value->valuestring, multiline))
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at, "%s must have no control characters",
                             name);
    return true;
}

bool codec_json_read_text(const cJSON *object, const char *pointer, const char *name,
                          size_t max_characters, bool multiline, char **out, fail_list *faults)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    char at[JSON_POINTER_BYTES];
    json_pointer_add(pointer, name, at);
    if (!value)
        return true;
    if (!check_text_value(value, at, name, max_characters, multiline, faults))
        return false;
    char *copy = strdup(value->valuestring);
    if (!copy)
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, at, "no memory for %s", name);
    free(*out);
    *out = copy;
    return true;
}

enum { TAGS_LIMIT = 32, TAG_CHARACTERS_LIMIT = 64 };

static bool check_tag(const cJSON *tag, int i, fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    json_pointer_add_index("/tags", i, at);
    if (!check_text_value(tag, at, "a tag", TAG_CHARACTERS_LIMIT, false, faults))
        return false;
    if (!*tag->valuestring)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, at, "a tag must not be empty");
    for (const cJSON *before = tag->prev; i > 0; i--, before = before->prev)
        if (strcmp(before->valuestring, tag->valuestring) == 0)
            return fail_list_add(faults, FAIL_OUT_OF_RANGE, at, "the tag \"%s\" is there twice",
                                 tag->valuestring);
    return true;
}

bool codec_json_read_tags(const cJSON *object, char **out, fail_list *faults)
{
    const cJSON *tags = cJSON_GetObjectItemCaseSensitive(object, "tags"), *tag;
    if (!tags)
        return true;
    if (!cJSON_IsArray(tags))
        return fail_list_add(faults, FAIL_WRONG_TYPE, "/tags",
                             "tags must be an array of texts, not %s", codec_json_type(tags));
    if (cJSON_GetArraySize(tags) > TAGS_LIMIT)
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/tags", "%d tags; at most %d are allowed",
                             cJSON_GetArraySize(tags), TAGS_LIMIT);
    buffer b;
    buffer_init(&b, (size_t)TAGS_LIMIT * 6 * 4 * TAG_CHARACTERS_LIMIT);
    buffer_add_text(&b, "[");
    int i = 0;
    bool ok = true;
    cJSON_ArrayForEach(tag, tags)
    {
        ok = ok && check_tag(tag, i++, faults);
        if (ok) {
            json_add_separator(&b);
            json_add_string(&b, tag->valuestring);
        }
    }
    buffer_add_text(&b, "]");
    char *text = ok ? buffer_take(&b, NULL) : NULL;
    if (ok && !text)
        ok = fail_list_add(faults, FAIL_OUT_OF_MEMORY, "/tags", "no memory for the tags");
    if (ok) {
        free(*out);
        *out = text;
    }
    buffer_close(&b);
    return ok;
}
