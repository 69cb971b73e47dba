#include "server/codec/shape.h"
#include "server/codec/internal.h"

#include "core/base/nearest.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const void *at(const void *object, size_t offset)
{
    return (const char *)object + offset;
}

/* ---- rows ---- */

const member *shape_row(const shape *s, int i, member *scratch)
{
    if (!s->derive)
        return i < s->n_members ? &s->members[i] : NULL;
    *scratch = (member){.index = i};
    return s->derive(i, scratch) ? scratch : NULL;
}

static member_names names_of(const field *row)
{
    member_names names = {.first = row->values, .stride = sizeof *row->values};
    while (row->values && row->values[names.n])
        names.n++;
    return names;
}

/* What the row leaves open is as its field says. */
static void take_field(member *m)
{
    const field *row = field_find(m->field);
    assert(row);
    m->help = m->help ? m->help : row->help;
    if (!m->names.first)
        m->names = names_of(row);
    if (m->depth == 1 && row->type == FIELD_STRING_ARRAY && m->most == 0)
        m->most = (size_t)row->maximum;
    if (m->depth == 0 && !m->has_range && row->minimum < row->maximum) {
        m->has_range = true;
        m->minimum = row->minimum;
        m->maximum = row->maximum;
        m->flags |= row->exclusive_minimum ? MEMBER_EXCLUSIVE : 0;
    }
}

const member *member_resolve(const member *row, member *scratch)
{
    if (!row || !row->field)
        return row;
    if (row != scratch)
        *scratch = *row;
    take_field(scratch);
    return scratch;
}

const member *shape_member(const shape *s, int i, member *scratch)
{
    return member_resolve(shape_row(s, i, scratch), scratch);
}

static int list_names(const shape *s, const char *known[SHAPE_MEMBERS_LIMIT + 1], int n)
{
    member scratch;
    const member *m;
    for (int i = 0; (m = shape_row(s, i, &scratch)); i++) {
        if (m->type == MEMBER_INCLUDED) {
            n = list_names(m->of, known, n);
            continue;
        }
        assert(n < SHAPE_MEMBERS_LIMIT);
        known[n++] = m->name;
    }
    return n;
}

int shape_list_names(const shape *s, const char *known[SHAPE_MEMBERS_LIMIT + 1])
{
    int n = list_names(s, known, 0);
    known[n] = NULL;
    return n;
}

/* ---- names ---- */

const char *member_name_at(const member *m, int i)
{
    if (m->name_at)
        return m->name_at(i);
    return *(const char *const *)at(m->names.first, (size_t)i * m->names.stride);
}

int member_count_names(const member *m)
{
    int n = m->names.n;
    while (m->name_at && m->name_at(n))
        n++;
    return n;
}

bool member_takes_name(const member *m, int i)
{
    return member_name_at(m, i) && (!m->is_taken || m->is_taken(i));
}

enum { NAMES_TOLD = 12 };

/* "eval or train"; "" where there are too many to tell. */
static void list_taken(const member *m, const char *known[SHAPE_MEMBERS_LIMIT + 1], buffer *out)
{
    int n = 0, n_all = member_count_names(m);
    for (int i = 0; i < n_all && n < SHAPE_MEMBERS_LIMIT; i++)
        if (member_takes_name(m, i))
            known[n++] = member_name_at(m, i);
    known[n] = NULL;
    for (int i = 0; i < n && n <= NAMES_TOLD; i++)
        buffer_add_format(out, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", known[i]);
}

static bool no_such_name(const member *m, const char *text, fail *f)
{
    const char *known[SHAPE_MEMBERS_LIMIT + 1];
    buffer list;
    buffer_init(&list, 1024);
    list_taken(m, known, &list);
    const char *nearest = nearest_name(text, known);
    if (list.n > 0)
        fail_set(f, FAIL_OUT_OF_RANGE, NULL, "must be %s, not \"%.60s\"", list.data, text);
    else
        fail_set(f, FAIL_OUT_OF_RANGE, NULL, "has no value \"%.60s\"%s%s%s", text,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    buffer_close(&list);
    return false;
}

static bool is_called(const member *m, int i, const char *text)
{
    const char *name = member_name_at(m, i), *former = m->former_at ? m->former_at(i) : NULL;
    return name && (strcmp(name, text) == 0 || (former && strcmp(former, text) == 0));
}

bool member_find_name(const member *m, const char *text, int *out, fail *f)
{
    int n = member_count_names(m);
    for (int i = 0; i < n; i++) {
        if (!is_called(m, i, text))
            continue;
        if (!member_takes_name(m, i))
            return fail_set(f, FAIL_OUT_OF_RANGE, NULL, "cannot be %s: %s", text, m->refusal);
        *out = i;
        return true;
    }
    return no_such_name(m, text, f);
}

/* The alphabet is written as in a regular expression: single characters and ranges. */
static bool is_of(const char *alphabet, char c)
{
    for (const char *a = alphabet; *a; a++) {
        if (a[1] == '-' && a[2]) {
            if (c >= a[0] && c <= a[2])
                return true;
            a += 2;
        } else if (*a == c) {
            return true;
        }
    }
    return false;
}

bool member_has_controls(const member *m, const char *text)
{
    bool has_lines = m->flags & MEMBER_MULTILINE;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == 0x7F || (c < 0x20 && !(has_lines && (c == '\n' || c == '\t' || c == '\r'))))
            return true;
    }
    return false;
}

bool member_is_of_alphabet(const member *m, const char *text)
{
    for (const char *c = text; m->alphabet && *c; c++)
        if (!is_of(m->alphabet, *c))
            return false;
    return true;
}

/* ---- places ---- */

bool member_is_in_range(const member *m, double value)
{
    bool is_above = (m->flags & MEMBER_EXCLUSIVE) ? value > m->minimum : value >= m->minimum;
    return !m->has_range || (is_above && value <= m->maximum);
}

/* A pointer of whatever type, as the bytes that it is. */
static void *load_pointer(const void *place)
{
    void *pointer;
    memcpy(&pointer, place, sizeof pointer);
    return pointer;
}

const void *member_value(const member *m, const void *object)
{
    const void *place = at(object, m->place.offset);
    return m->place.is_far ? load_pointer(place) : place;
}

void *member_at(void *object, size_t offset)
{
    return (char *)object + offset; /* NOLINT(clang-analyzer-unix.Malloc): elements lie apart */
}

int64_t member_integer(member_storage storage, const void *value)
{
    switch (storage) {
    case STORED_BYTE:
        return *(const unsigned char *)value;
    case STORED_INT:
        return *(const int *)value;
    case STORED_ENUM:
        return *(const unsigned *)value;
    case STORED_SIZE:
        return (int64_t) * (const size_t *)value;
    case STORED_BOOL:
        return *(const bool *)value;
    default:
        assert(storage == STORED_INT64);
        return *(const int64_t *)value;
    }
}

size_t member_count(const member *m, int level, const void *object)
{
    const member_place *count = &m->counts[level];
    if (count->storage == STORED_NOWHERE)
        return count->offset; /* a constant */
    return (size_t)member_integer(count->storage, at(object, count->offset));
}

void member_set_integer(member_storage storage, int64_t value, void *slot)
{
    switch (storage) {
    case STORED_INT:
        *(int *)slot = (int)value;
        break;
    case STORED_ENUM:
        *(unsigned *)slot = (unsigned)value;
        break;
    case STORED_SIZE:
        *(size_t *)slot = (size_t)value;
        break;
    case STORED_BOOL:
        *(bool *)slot = value != 0;
        break;
    default:
        assert(storage == STORED_INT64);
        *(int64_t *)slot = value;
        break;
    }
}

void member_set_count(const member *m, int level, size_t n, void *object)
{
    const member_place *count = &m->counts[level];
    member_set_integer(count->storage, (int64_t)n, member_at(object, count->offset));
}

/* ---- what is read ---- */

void shape_fill(const shape *s, void *object)
{
    member scratch;
    const member *m;
    for (int i = 0; (m = shape_row(s, i, &scratch)); i++) {
        void *slot = member_at(object, m->place.offset);
        if (m->type == MEMBER_INCLUDED)
            shape_fill(m->of, slot);
        else if (m->has_otherwise && m->place.storage == STORED_DOUBLE)
            *(double *)slot = m->otherwise;
        else if (m->has_otherwise)
            member_set_integer(m->place.storage, (int64_t)m->otherwise, slot);
    }
}

static void close_elements(const member *m, void *elements, size_t n)
{
    static const char *const NOTHING = NULL;
    for (size_t i = 0; i < n; i++) {
        void *element = (char *)elements + i * m->place.bytes;
        if (m->of) {
            shape_close(m->of, element);
        } else if (m->place.storage == STORED_TEXT) {
            free(load_pointer(element));
            memcpy(element, &NOTHING, sizeof NOTHING);
        }
    }
}

static void close_array(const member *m, void *object)
{
    void *slot = member_at(object, m->place.offset), *elements = slot;
    size_t n = 1;
    for (int level = 0; level < m->depth; level++)
        n *= member_count(m, level, object);
    if (m->place.is_far)
        elements = load_pointer(slot);
    close_elements(m, elements, elements ? n : 0);
    if (m->place.is_far) {
        free(elements);
        assert(slot);
        memset(slot, 0, sizeof elements);
    }
    for (int level = 0; level < m->depth; level++)
        if (m->counts[level].storage != STORED_NOWHERE)
            member_set_count(m, level, 0, object);
}

void shape_close(const shape *s, void *object)
{
    member scratch;
    const member *m;
    for (int i = 0; (m = shape_row(s, i, &scratch)); i++) {
        if (m->place.storage == STORED_NOWHERE)
            continue;
        if (m->depth > 0 && !(m->flags & MEMBER_AS_JSON))
            close_array(m, object);
        else if (!m->place.is_far)
            close_elements(m, member_at(object, m->place.offset), 1);
    }
}
