#include "server/codec/shape_schema.h"
#include "server/codec/internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define NO_CONTROLS "^[^\\u0000-\\u001f\\u007f]*$"
#define NO_CONTROLS_IN_LINES "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$"

/* ---- keywords of one value ---- */

static void add_type(buffer *b, const char *type, bool is_nullable)
{
    json_add_key(b, "type");
    buffer_add_format(b, is_nullable ? "[\"%s\",\"null\"]" : "\"%s\"", type);
}

static void add_range(buffer *b, const member *m)
{
    if (!m->has_range)
        return;
    if (isfinite(m->minimum))
        json_add_member_number(b, m->flags & MEMBER_EXCLUSIVE ? "exclusiveMinimum" : "minimum",
                               m->minimum);
    if (isfinite(m->maximum))
        json_add_member_number(b, "maximum", m->maximum);
}

static void add_text(buffer *b, const member *m, bool is_nullable, bool is_closed)
{
    add_type(b, "string", is_nullable);
    if (m->minimum > 0)
        json_add_member_number(b, "minLength", m->minimum);
    if (m->has_range && isfinite(m->maximum))
        json_add_member_number(b, "maxLength", m->maximum);
    if (m->alphabet) {
        json_add_key(b, "pattern");
        buffer_add_format(b, "\"^[%s]*$\"", m->alphabet);
    } else if (is_closed) {
        json_add_member_text(b, "pattern",
                             m->flags & MEMBER_MULTILINE ? NO_CONTROLS_IN_LINES : NO_CONTROLS);
    }
}

/* What it is written in, of that language's own rules. */
static void add_media_type(buffer *b, const member *m)
{
    if (m->media_type)
        json_add_member_text(b, "contentMediaType", m->media_type);
}

static void add_names(buffer *b, const member *m, bool is_nullable)
{
    add_type(b, "string", is_nullable);
    json_add_key(b, "enum");
    buffer_add_text(b, "[");
    int n = member_count_names(m);
    for (int i = 0; i < n; i++) {
        if (!member_takes_name(m, i))
            continue;
        json_add_separator(b);
        json_add_string(b, member_name_at(m, i));
        if (m->flags & MEMBER_SIGNED)
            buffer_add_format(b, ",\"-%s\"", member_name_at(m, i));
        if (m->former_at && m->former_at(i))
            buffer_add_format(b, ",\"%s\"", m->former_at(i));
    }
    buffer_add_text(b, is_nullable ? ",null]" : "]");
}

static void add_object(buffer *b, const member *m, bool is_nullable, bool is_closed);

static void add_value(buffer *b, const member *m, bool is_nullable, bool is_closed)
{
    switch (m->type) {
    case MEMBER_INTEGER:
    case MEMBER_NUMBER:
        add_type(b, m->type == MEMBER_INTEGER ? "integer" : "number", is_nullable);
        add_range(b, m);
        break;
    case MEMBER_BOOLEAN:
        add_type(b, "boolean", is_nullable);
        break;
    case MEMBER_TEXT:
        add_text(b, m, is_nullable, is_closed);
        add_media_type(b, m);
        break;
    case MEMBER_NAME:
        add_names(b, m, is_nullable);
        break;
    case MEMBER_TIME:
        add_type(b, "string", is_nullable);
        json_add_member_text(b, "format", "date-time");
        break;
    case MEMBER_SCALAR:
        json_add_key(b, "type");
        buffer_add_text(b, "[\"string\",\"number\",\"boolean\",\"null\"]");
        break;
    case MEMBER_OBJECT:
        add_object(b, m, is_nullable, is_closed);
        break;
    default:
        break; /* anything */
    }
}

static void add_default(buffer *b, const member *m)
{
    if (!m->has_otherwise)
        return;
    json_add_key(b, "default");
    if (m->type == MEMBER_NAME)
        json_add_string(b, member_name_at(m, (int)m->otherwise));
    else if (m->type == MEMBER_BOOLEAN)
        json_add_boolean(b, m->otherwise > 0);
    else
        json_add_number(b, m->otherwise);
}

/* Arrays of arrays of values; the keywords of the level. */
static void add_level(buffer *b, const member *m, int level, bool is_closed)
{
    bool is_value = level == m->depth;
    bool is_nullable =
        level == 0 ? m->flags & MEMBER_NULLABLE : is_value && (m->flags & MEMBER_NULLABLE_ITEMS);
    if (is_value) {
        add_value(b, m, is_nullable, is_closed);
        return;
    }
    add_type(b, "array", is_nullable);
    if (m->least > 0)
        json_add_member_integer(b, "minItems", level == 0 ? (int64_t)m->least : 1);
    if (m->most > 0 && level == 0)
        json_add_member_integer(b, "maxItems", (int64_t)m->most);
    if (m->flags & MEMBER_UNIQUE)
        buffer_add_text(b, ",\"uniqueItems\":true");
    json_add_key(b, "items");
    buffer_add_text(b, "{");
    add_level(b, m, level + 1, is_closed);
    buffer_add_text(b, "}");
}

static void add_map(buffer *b, const member *m, bool is_closed)
{
    add_type(b, "object", m->flags & MEMBER_NULLABLE);
    if (m->most > 0)
        json_add_member_integer(b, "maxProperties", (int64_t)m->most);
    json_add_key(b, "additionalProperties");
    buffer_add_text(b, "{");
    add_value(b, m, m->flags & MEMBER_NULLABLE_ITEMS, is_closed);
    buffer_add_text(b, "}");
}

void member_add_schema(buffer *b, const member *m, bool is_closed)
{
    buffer_add_text(b, "{");
    if (m->help)
        json_add_member_text(b, "description", m->help);
    if (m->describe)
        m->describe(b, m);
    else if (m->flags & MEMBER_MAP)
        add_map(b, m, is_closed);
    else
        add_level(b, m, 0, is_closed);
    add_default(b, m);
    buffer_add_text(b, "}");
}

/* ---- objects ---- */

static void add_properties(buffer *b, const shape *s, bool is_closed)
{
    member scratch;
    const member *m;
    for (int i = 0; (m = shape_member(s, i, &scratch)); i++) {
        if (m->type == MEMBER_INCLUDED) {
            add_properties(b, m->of, is_closed);
            continue;
        }
        json_add_key(b, m->name);
        member_add_schema(b, m, is_closed);
    }
}

static void add_required(buffer *b, const shape *s)
{
    member scratch;
    const member *m;
    for (int i = 0; (m = shape_row(s, i, &scratch)); i++) {
        if (m->type == MEMBER_INCLUDED) {
            add_required(b, m->of);
        } else if (!(m->flags & MEMBER_OPTIONAL)) {
            json_add_separator(b);
            json_add_string(b, m->name);
        }
    }
}

static void add_choice(buffer *b, const shape *s, bool is_closed)
{
    json_add_key(b, "oneOf");
    buffer_add_text(b, "[");
    for (int i = 0; s->either[i]; i++) {
        json_add_separator(b);
        shape_add_reference(b, s->either[i], is_closed);
    }
    buffer_add_text(b, "]");
}

static void add_keywords(buffer *b, const shape *s, bool is_nullable, bool is_closed)
{
    if (s->either) {
        add_choice(b, s, is_closed);
        return;
    }
    add_type(b, "object", is_nullable);
    json_add_key(b, "required");
    buffer_add_text(b, "[");
    add_required(b, s);
    buffer_add_text(b, "]");
    json_add_key(b, "properties");
    buffer_add_text(b, "{");
    add_properties(b, s, is_closed);
    buffer_add_text(b, "}");
    if (s->least > 0)
        json_add_member_integer(b, "minProperties", (int64_t)s->least);
    if (is_closed)
        buffer_add_text(b, ",\"additionalProperties\":false");
}

static void add_object(buffer *b, const member *m, bool is_nullable, bool is_closed)
{
    if (!m->of->name) {
        add_keywords(b, m->of, is_nullable, is_closed);
    } else if (is_nullable) {
        json_add_key(b, "anyOf");
        buffer_add_format(b, "[{\"$ref\":\"" SCHEMA_PLACE "%s\"},{\"type\":\"null\"}]",
                          m->of->name);
    } else {
        json_add_key(b, "$ref");
        buffer_add_format(b, "\"" SCHEMA_PLACE "%s\"", m->of->name);
    }
}

void shape_add_schema(buffer *b, const shape *s, bool is_closed)
{
    buffer_add_text(b, "{");
    if (s->help)
        json_add_member_text(b, "description", s->help);
    add_keywords(b, s, false, is_closed);
    buffer_add_text(b, "}");
}

void shape_add_reference(buffer *b, const shape *s, bool is_closed)
{
    if (s->name)
        buffer_add_format(b, "{\"$ref\":\"" SCHEMA_PLACE "%s\"}", s->name);
    else
        shape_add_schema(b, s, is_closed);
}

/* ---- what is referred to ---- */

void shape_set_add(shape_set *set, const shape *s, bool is_closed)
{
    member scratch;
    const member *m;
    int at = 0;
    while (at < set->n && set->items[at].shape != s)
        at++;
    if (at < set->n && (set->items[at].is_closed || !is_closed))
        return;
    assert(at < SHAPE_SET_LIMIT);
    set->items[at].shape = s;
    set->items[at].is_closed = is_closed;
    set->n += at == set->n;
    for (int i = 0; s->either && s->either[i]; i++)
        shape_set_add(set, s->either[i], is_closed);
    for (int i = 0; (m = shape_row(s, i, &scratch)); i++)
        if (m->of)
            shape_set_add(set, m->of, is_closed);
}
