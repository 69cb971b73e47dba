/* Objects as JSON, by their shapes. */
#include "server/codec/codec.h"
#include "server/codec/internal.h"

#include <assert.h>
#include <string.h>

static const char *text_of(const member *m, const void *value)
{
    const char *text;
    if (m->place.storage == STORED_CHARACTERS)
        text = value;
    else
        memcpy(&text, value, sizeof text);
    return text;
}

static bool is_text(const member *m)
{
    return m->place.storage == STORED_TEXT || m->place.storage == STORED_CHARACTERS;
}

/* An empty text is as good as none. */
static void add_text(buffer *b, const member *m, const void *value)
{
    const char *text = text_of(m, value);
    if ((m->flags & MEMBER_NULLABLE) && (!text || !*text))
        buffer_add_text(b, "null");
    else
        json_add_string(b, text ? text : "");
}

static void add_name(buffer *b, const member *m, const void *value)
{
    if (is_text(m))
        json_add_string(b, text_of(m, value));
    else if (member_integer(m->place.storage, value) < 0)
        json_add_string(b, NULL);
    else
        json_add_string(b, member_name_at(m, (int)member_integer(m->place.storage, value)));
}

static void add_number(buffer *b, const member *m, const void *value)
{
    if (m->place.storage == STORED_DOUBLE)
        (m->flags & MEMBER_SHORT ? json_add_short : json_add_number)(b, *(const double *)value);
    else if (m->place.storage == STORED_FLOAT)
        json_add_float(b, *(const float *)value);
    else
        json_add_number(b, (double)member_integer(m->place.storage, value));
}

static void add_stored_json(buffer *b, const member *m, const void *value)
{
    const char *json = text_of(m, value);
    if ((json && *json) || (m->flags & MEMBER_NULLABLE))
        json_add_json(b, json);
    else
        buffer_add_text(b, m->depth ? "[]" : "{}");
}

static void add_value(buffer *b, const member *m, const void *value)
{
    assert(value); /* a row's place is in its object */
    switch (m->type) {
    case MEMBER_INTEGER:
        json_add_integer(b, member_integer(m->place.storage, value));
        break;
    case MEMBER_NUMBER:
        add_number(b, m, value);
        break;
    case MEMBER_BOOLEAN:
        json_add_boolean(b, *(const bool *)value);
        break;
    case MEMBER_NAME:
        add_name(b, m, value);
        break;
    case MEMBER_TIME:
        json_add_time(b, *(const int64_t *)value);
        break;
    case MEMBER_OBJECT:
        shape_add(b, m->of, value);
        break;
    default:
        add_text(b, m, value);
        break;
    }
}

/* The elements from *value on, which moves behind them. */
static void add_elements(buffer *b, const member *m, int level, const void *object,
                         const char **value)
{
    if (level == m->depth) {
        add_value(b, m, *value);
        *value += m->place.bytes;
        return;
    }
    size_t n = member_count(m, level, object);
    buffer_add_text(b, "[");
    for (size_t i = 0; i < n; i++) {
        buffer_add_text(b, i ? "," : "");
        add_elements(b, m, level + 1, object, value);
    }
    buffer_add_text(b, "]");
}

void member_add(buffer *b, const member *m, const void *object)
{
    const char *value = m->write ? NULL : member_value(m, object);
    if (m->write)
        m->write(b, object, m);
    else if (m->flags & MEMBER_AS_JSON)
        add_stored_json(b, m, value);
    else if (!value && (m->flags & MEMBER_NULLABLE))
        buffer_add_text(b, "null");
    else
        add_elements(b, m, 0, object, &value);
}

/* What is optional and is not there: a pointer to nothing. */
static bool is_absent(const member *m, const void *object)
{
    if (m->is_there && !m->is_there(object, m))
        return true;
    if (!(m->flags & MEMBER_OPTIONAL) || m->write || m->place.storage == STORED_NOWHERE)
        return false;
    if (m->place.is_far)
        return !member_value(m, object);
    return m->depth == 0 && m->place.storage == STORED_TEXT && !text_of(m, member_value(m, object));
}

void shape_add_members(buffer *b, const shape *s, const void *object)
{
    member scratch;
    const member *m;
    for (int i = 0; (m = shape_row(s, i, &scratch)); i++) {
        if (is_absent(m, object))
            continue;
        if (m->type == MEMBER_INCLUDED) {
            shape_add_members(b, m->of, member_value(m, object));
            continue;
        }
        json_add_key(b, m->name);
        member_add(b, m, object);
    }
}

void shape_add(buffer *b, const shape *s, const void *object)
{
    buffer_add_text(b, "{");
    shape_add_members(b, s, object);
    buffer_add_text(b, "}");
}

void shape_add_item(buffer *b, const shape *s, const void *object)
{
    json_add_separator(b);
    shape_add(b, s, object);
}

void member_add_stream(buffer *b, const void *object, const member *m)
{
    const member_stream *stream = member_value(m, object);
    buffer_add_text(b, "[");
    stream->add(stream->context, b);
    buffer_add_text(b, "]");
}

void member_add_only_name(buffer *b, const void *object, const member *m)
{
    (void)object;
    json_add_string(b, member_name_at(m, 0));
}
