/* What the other files of the room do with cJSON: members, types, and what was meant. */
#include "server/codec/internal.h"

#include "core/base/nearest.h"

#include <cjson/cJSON.h>
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
