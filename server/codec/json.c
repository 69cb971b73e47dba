/* What the other files of the room do with cJSON: members, types, and what was meant. */
#include "server/codec/internal.h"

#include "core/base/nearest.h"

#include <cjson/cJSON.h>
#include <string.h>

/* ---- numbers as they were written ---- */

enum { EXACT_DIGITS = 15 }; /* that a double keeps, whatever they are */

/* The next number of a valid JSON text from *at on: texts are passed over. */
static const char *next_number(const char **at, const char *end, size_t *n)
{
    const char *p = *at;
    for (; p < end && *p != '-' && (*p < '0' || *p > '9'); p++)
        if (*p == '"')
            for (p++; *p != '"'; p++)
                p += *p == '\\';
    const char *first = p;
    while (p < end && strchr("0123456789.eE+-", *p))
        p++;
    *n = (size_t)(p - first);
    *at = p;
    return first;
}

/* Members come in the order of the text. */
static void keep_numbers(cJSON *item, const char **at, const char *end)
{
    for (; item; item = item->next) {
        if (cJSON_IsNumber(item)) {
            size_t n;
            const char *number = next_number(at, end, &n);
            item->valuestring = n > EXACT_DIGITS ? strndup(number, n) : NULL;
        }
        keep_numbers(item->child, at, end);
    }
}

bool codec_json_parse(const char *text, size_t n, cJSON **out, fail *f)
{
    if (!json_check_text(text, n, f))
        return false;
    cJSON *tree = cJSON_ParseWithLengthOpts(text, n, NULL, false);
    if (!tree)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "", "no memory to read a JSON text of %zu bytes", n);
    keep_numbers(tree, &(const char *){text}, text + n);
    *out = tree;
    return true;
}

const char *codec_json_number(const cJSON *value, char text[NUMBER_BYTES])
{
    if (value->valuestring)
        return value->valuestring;
    number_write(value->valuedouble, text);
    return text;
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
    const cJSON *given;
    cJSON_ArrayForEach(given, object)
    {
        const char *const *k = known;
        while (*k && strcmp(*k, given->string) != 0)
            k++;
        if (*k)
            continue;
        char at[JSON_POINTER_BYTES];
        json_pointer_add(pointer, given->string, at);
        const char *nearest = nearest_name(given->string, known);
        if (nearest)
            ok = fail_list_add(faults, FAIL_UNKNOWN_FIELD, at,
                               "unknown name \"%.80s\"; did you mean \"%s\"?", given->string,
                               nearest);
        else
            ok = fail_list_add(faults, FAIL_UNKNOWN_FIELD, at, "unknown name \"%.80s\"",
                               given->string);
    }
    return ok;
}
