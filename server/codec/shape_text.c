/* Members from texts, by their shapes: the parameters of a query. */
#include "server/codec/internal.h"
#include "server/text/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_ELEMENT_BYTES = 64 };

/* ---- one value ---- */

static bool read_integer(const member *m, const char *text, const char *pointer, void *slot,
                         fail *f)
{
    const char *digits = *text == '-' ? text + 1 : text;
    bool is_good = *digits && strspn(digits, "0123456789") == strlen(digits);
    errno = 0;
    int64_t value = is_good ? strtoll(text, NULL, 10) : 0;
    if (is_good && errno == 0 && member_is_in_range(m, (double)value)) {
        member_set_integer(m->place.storage, value, slot);
        return true;
    }
    char minimum[NUMBER_BYTES], maximum[NUMBER_BYTES];
    number_write(m->minimum, minimum);
    number_write(m->maximum, maximum);
    if (m->maximum <= m->minimum)
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must be %s: %s", m->name, minimum,
                        m->help);
    if (isinf(m->maximum))
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must be a whole number from %s on.",
                        m->name, minimum);
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must be a whole number from %s to %s.",
                    m->name, minimum, maximum);
}

static bool read_number(const member *m, const char *text, const char *pointer, void *slot, fail *f)
{
    char *end = NULL;
    bool is_number = *text && strspn(text, "0123456789.eE+-") == strlen(text);
    double value = is_number ? strtod(text, &end) : NAN;
    if (!end || *end || !isfinite(value))
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must be a number.", m->name);
    if (!member_is_in_range(m, value)) {
        char minimum[NUMBER_BYTES], maximum[NUMBER_BYTES];
        number_write(m->minimum, minimum);
        number_write(m->maximum, maximum);
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must be a number from %s to %s.",
                        m->name, minimum, maximum);
    }
    *(double *)slot = value;
    return true;
}

static bool read_boolean(const member *m, const char *text, const char *pointer, void *slot,
                         fail *f)
{
    bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must be true or false.", m->name);
    *(bool *)slot = yes;
    return true;
}

static void store_text(const char *text, void *slot)
{
    memcpy(slot, &text, sizeof text);
}

static bool read_name(const member *m, const char *text, const char *pointer, void *slot, fail *f)
{
    int i;
    fail why;
    bool is_signed = (m->flags & MEMBER_SIGNED) && *text == '-';
    if (!member_find_name(m, text + is_signed, &i, &why))
        return fail_set(f, why.code, pointer, "%s %s.", m->name, why.sentence);
    if (m->place.storage == STORED_TEXT)
        store_text(text, slot);
    else
        member_set_integer(m->place.storage, i, slot);
    return true;
}

static bool read_text(const member *m, const char *text, const char *pointer, void *slot, fail *f)
{
    double n = (double)utf8_count(text);
    if (n < m->minimum)
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must not be empty: %s", m->name,
                        m->help);
    if (m->has_range && n > m->maximum)
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                        "%s has %.0f characters; at most %.0f are "
                        "allowed.",
                        m->name, n, m->maximum);
    if (member_has_controls(m, text))
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s must have no control characters.",
                        m->name);
    if (!member_is_of_alphabet(m, text))
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s has only characters of %s: %s", m->name,
                        m->alphabet, m->help);
    store_text(text, slot);
    return true;
}

static bool read_value(const member *m, const char *text, const char *pointer, void *slot, fail *f)
{
    switch (m->type) {
    case MEMBER_INTEGER:
        return read_integer(m, text, pointer, slot, f);
    case MEMBER_NUMBER:
        return read_number(m, text, pointer, slot, f);
    case MEMBER_BOOLEAN:
        return read_boolean(m, text, pointer, slot, f);
    case MEMBER_NAME:
        return read_name(m, text, pointer, slot, f);
    default:
        return read_text(m, text, pointer, slot, f);
    }
}

/* ---- lists ---- */

/* "1,2": each is checked, the text is kept. */
static bool check_list(const member *m, const char *text, const char *pointer, void *slot, fail *f)
{
    char element[LIST_ELEMENT_BYTES];
    union {
        int64_t integer;
        int index;
    } ignored;
    member one = *m;
    size_t n = 0;
    one.place.storage = m->type == MEMBER_INTEGER ? STORED_INT64 : STORED_INT;
    for (const char *at = text; at; n++) {
        size_t length = strcspn(at, ",");
        snprintf(element, sizeof element, "%.*s",
                 (int)(length < sizeof element ? length : sizeof element - 1), at);
        if (!read_value(&one, element, pointer, &ignored, f)) {
            if (m->type != MEMBER_NAME)
                fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                         "%s must be whole numbers, separated by commas: %s", m->name, m->help);
            return false;
        }
        at = at[length] ? at + length + 1 : NULL;
    }
    if (m->most > 0 && n > m->most)
        return fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                        "%s has %zu elements; at most %zu are "
                        "allowed.",
                        m->name, n, m->most);
    store_text(text, slot);
    return true;
}

/* ---- all of them ---- */

static bool read_member(const member *m, const char *prefix, const char *text, void *object,
                        fail *f)
{
    char pointer[JSON_POINTER_BYTES];
    json_pointer_add(prefix, m->name, pointer);
    if (text && m->tells_given)
        *(bool *)member_at(object, m->given_offset) = true;
    if (text && m->depth > 0)
        return check_list(m, text, pointer, member_at(object, m->place.offset), f);
    if (text)
        return read_value(m, text, pointer, member_at(object, m->place.offset), f);
    if (m->flags & MEMBER_OPTIONAL)
        return true;
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%s is missing: %s", m->name, m->help);
}

bool shape_read_texts(const shape *s, const char *prefix, shape_lookup *lookup, const void *context,
                      void *object, fail *f)
{
    member scratch;
    const member *m;
    shape_fill(s, object);
    for (int i = 0; (m = shape_member(s, i, &scratch)); i++) {
        void *inner = member_at(object, m->place.offset);
        if (m->type == MEMBER_INCLUDED
                ? !shape_read_texts(m->of, prefix, lookup, context, inner, f)
                : !read_member(m, prefix, lookup(context, m->name), object, f))
            return false;
    }
    return true;
}
