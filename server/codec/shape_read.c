/* Objects from JSON, by their shapes. */
#include "server/codec/internal.h"
#include "server/text/utf8.h"

#include <cjson/cJSON.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a value stands, for faults: written out only when there is one. */
typedef struct spot {
    const char *pointer; /* of the member */
    const member *m;
    int depth, at[MEMBER_DEPTH_LIMIT]; /* of an element: where in the array */
} spot;

static bool fault(const spot *s, fail_list *faults, fail_code code, const char *sentence)
{
    char places[2][JSON_POINTER_BYTES];
    snprintf(places[0], JSON_POINTER_BYTES, "%s", s->pointer);
    for (int i = 0; i < s->depth; i++)
        json_pointer_add_index(places[i % 2], s->at[i], places[(i + 1) % 2]);
    return fail_list_add(faults, code, places[s->depth % 2], "%s%s %s", s->depth ? "each of " : "",
                         s->m->name, sentence);
}

static bool wrong_type(const spot *s, const char *wanted, const cJSON *value, fail_list *faults)
{
    char sentence[128];
    snprintf(sentence, sizeof sentence, "must be %s, not %s", wanted, codec_json_type(value));
    return fault(s, faults, FAIL_WRONG_TYPE, sentence);
}

/* ---- numbers ---- */

static bool check_range(const spot *s, const cJSON *value, fail_list *faults)
{
    const member *m = s->m;
    char sentence[200], given[NUMBER_BYTES], minimum[NUMBER_BYTES], maximum[NUMBER_BYTES];
    const char *as_written = codec_json_number(value, given);
    if (member_is_in_range(m, value->valuedouble))
        return true;
    number_write(m->minimum, minimum);
    number_write(m->maximum, maximum);
    if (isinf(m->maximum))
        snprintf(sentence, sizeof sentence, "must be %s %s, not %.60s",
                 (m->flags & MEMBER_EXCLUSIVE) ? "above" : "at least", minimum, as_written);
    else
        snprintf(sentence, sizeof sentence, "must be in %c%s, %s], not %.60s",
                 (m->flags & MEMBER_EXCLUSIVE) ? '(' : '[', minimum, maximum, as_written);
    return fault(s, faults, FAIL_OUT_OF_RANGE, sentence);
}

static bool read_integer(const spot *s, const cJSON *value, void *slot, fail_list *faults)
{
    char sentence[120], given[NUMBER_BYTES];
    if (!cJSON_IsNumber(value))
        return wrong_type(s, "a whole number", value, faults);
    double number = value->valuedouble;
    if (floor(number) < number) { /* false for NaN and infinities, which the range refuses */
        snprintf(sentence, sizeof sentence, "must be a whole number, not %.60s",
                 codec_json_number(value, given));
        return fault(s, faults, FAIL_WRONG_TYPE, sentence);
    }
    if (!check_range(s, value, faults))
        return false;
    member_set_integer(s->m->place.storage, (int64_t)number, slot);
    return true;
}

static bool read_number(const spot *s, const cJSON *value, void *slot, fail_list *faults)
{
    bool is_float = s->m->place.storage == STORED_FLOAT;
    if (!cJSON_IsNumber(value))
        return wrong_type(s, "a number", value, faults);
    double number = value->valuedouble;
    if (!(fabs(number) <= (is_float ? (double)FLT_MAX : DBL_MAX)))
        return fault(s, faults, FAIL_OUT_OF_RANGE,
                     is_float ? "must be a finite single precision number"
                              : "must be a finite number");
    if (!check_range(s, value, faults))
        return false;
    if (is_float)
        *(float *)slot = (float)number;
    else
        *(double *)slot = number;
    return true;
}

static bool read_boolean(const spot *s, const cJSON *value, void *slot, fail_list *faults)
{
    if (!cJSON_IsBool(value))
        return wrong_type(s, "true or false", value, faults);
    *(bool *)slot = cJSON_IsTrue(value);
    return true;
}

/* ---- texts ---- */

static bool check_text(const spot *s, const cJSON *value, fail_list *faults)
{
    char sentence[120];
    const member *m = s->m;
    if (!cJSON_IsString(value))
        return wrong_type(s, "a text", value, faults);
    double n = (double)utf8_count(value->valuestring);
    if (n < m->minimum) {
        snprintf(sentence, sizeof sentence, "must not be empty");
        return fault(s, faults, FAIL_OUT_OF_RANGE, sentence);
    }
    if (m->has_range && n > m->maximum) {
        snprintf(sentence, sizeof sentence, "has %.0f characters; at most %.0f are allowed", n,
                 m->maximum);
        return fault(s, faults, FAIL_OUT_OF_RANGE, sentence);
    }
    if (member_has_controls(m, value->valuestring))
        return fault(s, faults, FAIL_OUT_OF_RANGE, "must have no control characters");
    if (!member_is_of_alphabet(m, value->valuestring)) {
        snprintf(sentence, sizeof sentence, "may have only characters of %s", m->alphabet);
        return fault(s, faults, FAIL_OUT_OF_RANGE, sentence);
    }
    return true;
}

static bool read_text(const spot *s, const cJSON *value, void *slot, fail_list *faults)
{
    char sentence[80];
    size_t n = cJSON_IsString(value) ? strlen(value->valuestring) : 0;
    if (!check_text(s, value, faults))
        return false;
    if (s->m->place.storage == STORED_CHARACTERS) {
        if (n >= s->m->place.bytes) {
            snprintf(sentence, sizeof sentence, "has %zu bytes; at most %zu are allowed", n,
                     s->m->place.bytes - 1);
            return fault(s, faults, FAIL_OUT_OF_RANGE, sentence);
        }
        memcpy(slot, value->valuestring, n + 1);
        return true;
    }
    char *copy = strdup(value->valuestring);
    if (!copy)
        return fault(s, faults, FAIL_OUT_OF_MEMORY, "does not fit into memory");
    memcpy(slot, &copy, sizeof copy);
    return true;
}

static bool read_name(const spot *s, const cJSON *value, void *slot, fail_list *faults)
{
    fail f;
    int i;
    if (!cJSON_IsString(value))
        return wrong_type(s, "a text", value, faults);
    if (!member_find_name(s->m, value->valuestring, &i, &f))
        return fault(s, faults, f.code, f.sentence);
    member_set_integer(s->m->place.storage, i, slot);
    return true;
}

/* ---- values ---- */

static bool read_object(const shape *of, const cJSON *object, const char *pointer, void *out,
                        fail_list *faults);

static bool read_inner_object(const spot *s, const cJSON *value, void *slot, fail_list *faults)
{
    char sentence[64], at[JSON_POINTER_BYTES];
    if (!cJSON_IsObject(value)) {
        snprintf(sentence, sizeof sentence, "an object%s",
                 (s->m->flags & MEMBER_NULLABLE) ? " or null" : "");
        return wrong_type(s, sentence, value, faults);
    }
    snprintf(at, sizeof at, "%s", s->pointer);
    if (s->depth == 1)
        json_pointer_add_index(s->pointer, s->at[0], at);
    return read_object(s->m->of, value, at, slot, faults);
}

static bool read_value(const spot *s, const cJSON *value, void *slot, fail_list *faults)
{
    switch (s->m->type) {
    case MEMBER_INTEGER:
        return read_integer(s, value, slot, faults);
    case MEMBER_NUMBER:
        return read_number(s, value, slot, faults);
    case MEMBER_BOOLEAN:
        return read_boolean(s, value, slot, faults);
    case MEMBER_NAME:
        return read_name(s, value, slot, faults);
    case MEMBER_OBJECT:
        return read_inner_object(s, value, slot, faults);
    default:
        return read_text(s, value, slot, faults);
    }
}

/* ---- arrays ---- */

static const char *elements_name(const member *m, int level)
{
    if (level + 1 < m->depth)
        return "an array of arrays";
    switch (m->type) {
    case MEMBER_INTEGER:
        return "an array of whole numbers";
    case MEMBER_NUMBER:
        return "an array of numbers";
    case MEMBER_OBJECT:
        return "an array of objects";
    default:
        return "an array of texts";
    }
}

static bool check_length(const spot *s, size_t n, size_t least, size_t most, fail_list *faults)
{
    char sentence[120];
    if (n >= least && (most == 0 || n <= most))
        return true;
    if (n < least)
        snprintf(sentence, sizeof sentence, "must have at least %zu element%s", least,
                 least == 1 ? "" : "s");
    else
        snprintf(sentence, sizeof sentence, "has %zu elements; at most %zu are allowed", n, most);
    return fault(s, faults, FAIL_OUT_OF_RANGE, sentence);
}

static bool check_columns(const spot *s, size_t n, size_t wanted, fail_list *faults)
{
    char sentence[80];
    snprintf(sentence, sizeof sentence, "must have %zu elements; this one has %zu", wanted, n);
    return n == wanted || fault(s, faults, FAIL_INCOMPATIBLE, sentence);
}

static bool is_twice(const cJSON *element)
{
    for (const cJSON *one = element->prev; one->next; one = one->prev)
        if (cJSON_Compare(one, element, true))
            return true;
    return false;
}

/* null is a number that is missing, where that may be. */
static bool read_element(const spot *s, const cJSON *value, void *slot, fail_list *faults)
{
    bool is_double = s->m->type == MEMBER_NUMBER && s->m->place.storage == STORED_DOUBLE;
    if (!is_double || !cJSON_IsNull(value) || !(s->m->flags & MEMBER_NULLABLE_ITEMS))
        return read_value(s, value, slot, faults);
    *(double *)slot = NAN;
    return true;
}

/* The elements go to *out one after the other; columns: of an array of arrays, how many each inner
 * one must have. */
static bool read_elements(const spot *s, const cJSON *array, size_t columns, char **out,
                          fail_list *faults)
{
    const member *m = s->m;
    bool ok = true;
    int i = 0;
    for (const cJSON *element = array->child; element; element = element->next) {
        spot inner = *s;
        inner.at[inner.depth++] = i++;
        if (inner.depth == m->depth) {
            ok = read_element(&inner, element, *out, faults) && ok;
            if (ok && (m->flags & MEMBER_UNIQUE) && i > 1 && is_twice(element))
                ok = fault(&inner, faults, FAIL_OUT_OF_RANGE, "must not be there twice");
            *out += m->place.bytes;
            continue;
        }
        size_t n = (size_t)cJSON_GetArraySize(element);
        char *end = *out + columns * m->place.bytes;
        bool is_row = cJSON_IsArray(element) ||
                      wrong_type(&inner, elements_name(m, inner.depth), element, faults);
        ok = is_row && check_columns(&inner, n, columns, faults) &&
             read_elements(&inner, element, 0, out, faults) && ok;
        *out = end;
    }
    return ok;
}

/* A number of columns that is there already is wanted; else the first row says it. */
static size_t count_columns(const member *m, const cJSON *array, void *object)
{
    size_t columns = m->depth > 1 ? member_count(m, 1, object) : 1;
    if (m->depth > 1 && columns == 0)
        columns = (size_t)cJSON_GetArraySize(array->child);
    return columns;
}

static bool read_array(const member *m, const cJSON *array, const char *pointer, void *object,
                       fail_list *faults)
{
    spot s = {.pointer = pointer, .m = m};
    if (!cJSON_IsArray(array))
        return wrong_type(&s, elements_name(m, 0), array, faults);
    size_t n = (size_t)cJSON_GetArraySize(array);
    if (!check_length(&s, n, m->least, m->most, faults))
        return false;
    size_t columns = count_columns(m, array, object);
    if (m->depth > 1 && columns == 0) {
        s.depth = 1;
        return check_length(&s, 0, 1, 0, faults);
    }
    char *elements = calloc(n * columns + 1, m->place.bytes), *end = elements;
    if (!elements)
        return fault(&s, faults, FAIL_OUT_OF_MEMORY, "does not fit into memory");
    bool ok = read_elements(&s, array, columns, &end, faults);
    memcpy(member_at(object, m->place.offset), &elements, sizeof elements);
    member_set_count(m, 0, n, object);
    if (m->depth > 1)
        member_set_count(m, 1, columns, object);
    return ok;
}

/* An array of texts that is stored as JSON, in canonical form. */
static bool read_texts_as_json(const member *m, const cJSON *array, const char *pointer,
                               void *object, fail_list *faults)
{
    spot s = {.pointer = pointer, .m = m, .depth = 1};
    spot whole = {.pointer = pointer, .m = m};
    if (!cJSON_IsArray(array))
        return wrong_type(&whole, elements_name(m, 0), array, faults);
    bool ok = check_length(&whole, (size_t)cJSON_GetArraySize(array), m->least, m->most, faults);
    for (const cJSON *element = ok ? array->child : NULL; element; element = element->next) {
        ok = check_text(&s, element, faults) && ok;
        if (ok && (m->flags & MEMBER_UNIQUE) && s.at[0] > 0 && is_twice(element))
            ok = fault(&s, faults, FAIL_OUT_OF_RANGE, "must not be there twice");
        s.at[0]++;
    }
    char *text = ok ? cJSON_PrintUnformatted(array) : NULL;
    if (ok && !text)
        return fault(&whole, faults, FAIL_OUT_OF_MEMORY, "does not fit into memory");
    if (ok)
        memcpy(member_at(object, m->place.offset), &text, sizeof text);
    return ok;
}

/* ---- objects ---- */

bool member_read(const member *m, const cJSON *value, const char *pointer, void *object,
                 fail_list *faults)
{
    spot s = {.pointer = pointer, .m = m};
    if (cJSON_IsNull(value) && (m->flags & MEMBER_NULLABLE))
        return true;
    if (m->tells_given)
        *(bool *)member_at(object, m->given_offset) = true;
    if (m->read)
        return m->read(m, value, pointer, object, faults);
    if (m->flags & MEMBER_AS_JSON)
        return read_texts_as_json(m, value, pointer, object, faults);
    if (m->depth > 0)
        return read_array(m, value, pointer, object, faults);
    return read_value(&s, value, member_at(object, m->place.offset), faults);
}

static bool is_missing(const member *m, const char *pointer, fail_list *faults)
{
    char at[JSON_POINTER_BYTES];
    if (m->flags & MEMBER_OPTIONAL)
        return true;
    json_pointer_add(pointer, m->name, at);
    return fail_list_add(faults, FAIL_OUT_OF_RANGE, *pointer ? pointer : at,
                         "\"%s\" is missing: %s", m->name, m->help);
}

static bool read_members(const shape *of, const cJSON *object, const char *pointer, void *out,
                         fail_list *faults)
{
    member scratch;
    const member *m;
    char at[JSON_POINTER_BYTES];
    bool ok = true;
    for (int i = 0; (m = shape_member(of, i, &scratch)); i++) {
        if (m->type == MEMBER_INCLUDED) {
            ok =
                read_members(m->of, object, pointer, member_at(out, m->place.offset), faults) && ok;
            continue;
        }
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, m->name);
        json_pointer_add(pointer, m->name, at);
        ok =
            (value ? member_read(m, value, at, out, faults) : is_missing(m, pointer, faults)) && ok;
    }
    return ok;
}

static bool check_names(const shape *of, const cJSON *object, const char *pointer,
                        fail_list *faults)
{
    const char *known[SHAPE_MEMBERS_LIMIT + 1];
    shape_list_names(of, known);
    return codec_json_check_members(object, pointer, known, faults);
}

static bool read_object(const shape *of, const cJSON *object, const char *pointer, void *out,
                        fail_list *faults)
{
    bool ok = check_names(of, object, pointer, faults);
    shape_fill(of, out);
    ok = read_members(of, object, pointer, out, faults) && ok;
    if (ok && (size_t)cJSON_GetArraySize(object) < of->least)
        ok = fail_list_add(faults, FAIL_OUT_OF_RANGE, pointer, "nothing is given: %s", of->help);
    return ok && (!of->check || of->check(out, pointer, faults));
}

bool shape_read_into(const shape *s, const cJSON *object, const char *pointer, void *out,
                     fail_list *faults)
{
    return read_object(s, object, pointer, out, faults);
}

bool shape_read(const shape *s, const char *text, size_t n, void *object, fail_list *faults)
{
    cJSON *root = NULL;
    bool ok =
        codec_json_parse_object(text, n, &root, faults) && read_object(s, root, "", object, faults);
    cJSON_Delete(root);
    if (!ok)
        shape_close(s, object);
    return ok;
}
