/* Tables of members: every row of the service's shapes, and what rows of each kind read, write and
 * say of themselves. */
#include "server/api/openapi.h"
#include "server/api/routes.h"
#include "server/codec/resource.h"
#include "server/codec/shape.h"
#include "server/codec/shape_schema.h"
#include "server/text/check.h"
#include "server/text/json.h"
#include "tests/check.h"

#include <stdlib.h>

/* ---- all rows ---- */

static size_t storage_bytes(member_storage storage)
{
    switch (storage) {
    case STORED_BYTE:
    case STORED_BOOL:
        return 1;
    case STORED_INT:
    case STORED_ENUM:
    case STORED_FLOAT:
        return 4;
    case STORED_INT64:
    case STORED_SIZE:
    case STORED_DOUBLE:
    case STORED_TEXT:
        return 8;
    default:
        return 0; /* any */
    }
}

static bool is_whole(member_storage storage)
{
    return storage == STORED_BYTE || storage == STORED_INT || storage == STORED_ENUM ||
           storage == STORED_INT64 || storage == STORED_SIZE || storage == STORED_BOOL;
}

static bool is_text(member_storage storage)
{
    return storage == STORED_TEXT || storage == STORED_CHARACTERS;
}

/* Can a value of this type be stored so? */
static bool fits(const member *m)
{
    member_storage storage = m->place.storage;
    if (m->flags & MEMBER_AS_JSON)
        return storage == STORED_TEXT;
    if (m->depth == 1 && m->counts[0].storage == STORED_NOWHERE && storage == STORED_TEXT)
        return true; /* a list in the text of a query */
    switch (m->type) {
    case MEMBER_INTEGER:
        return is_whole(storage);
    case MEMBER_NUMBER:
        return is_whole(storage) || storage == STORED_FLOAT || storage == STORED_DOUBLE;
    case MEMBER_BOOLEAN:
        return storage == STORED_BOOL;
    case MEMBER_TEXT:
        return is_text(storage);
    case MEMBER_NAME:
        return is_whole(storage) || is_text(storage);
    case MEMBER_TIME:
        return storage == STORED_INT64;
    case MEMBER_OBJECT:
    case MEMBER_INCLUDED:
        return m->place.bytes == m->of->bytes;
    default:
        return false; /* it needs a writer or a reader */
    }
}

static void check_place(const shape *s, const member *m)
{
    const member_place *place = &m->place;
    size_t bytes = storage_bytes(place->storage);
    bool ok = CHECK(bytes == 0 || bytes == place->bytes);
    ok = CHECK(place->offset + (place->is_far ? sizeof(void *) : place->bytes) <= s->bytes) && ok;
    ok = (m->write || m->read || CHECK(fits(m))) && ok;
    for (int level = 0; level < m->depth && !(m->flags & MEMBER_AS_JSON); level++) {
        const member_place *count = &m->counts[level];
        if (count->storage != STORED_NOWHERE)
            ok = CHECK(is_whole(count->storage) && count->offset + count->bytes <= s->bytes) && ok;
        else
            ok = CHECK(count->offset * place->bytes <= s->bytes) && ok;
    }
    if (m->tells_given)
        ok = CHECK(m->given_offset + sizeof(bool) <= s->bytes) && ok;
    if (!ok)
        printf("    %s of %s\n", m->name ? m->name : "(included)", s->name ? s->name : "a shape");
}

static void check_words(const shape *s, const member *m)
{
    fail f;
    bool ok = CHECK(m->describe || (m->help && strlen(m->help) > 5));
    ok = CHECK(m->name && *m->name) && ok;
    if (m->type == MEMBER_NAME)
        ok = CHECK(m->names.n > 0 || m->name_at) && ok;
    if (m->is_taken)
        ok = CHECK(m->refusal && strlen(m->refusal) > 5) && ok;
    if (m->has_range)
        ok = CHECK(m->minimum <= m->maximum) && ok;
    if (m->has_range && m->has_otherwise && m->type != MEMBER_TEXT)
        ok = CHECK(m->otherwise >= m->minimum && m->otherwise <= m->maximum) && ok;
    if (m->is_there)
        ok = CHECK(m->flags & MEMBER_OPTIONAL) && ok;
    buffer b;
    buffer_init(&b, 1 << 20);
    member_add_schema(&b, m, true);
    ok = CHECK(!b.failed) && CHECK_OK(json_check_text(b.data, b.n, &f), f) && ok;
    buffer_close(&b);
    if (!ok)
        printf("    %s of %s\n", m->name ? m->name : "?", s->name ? s->name : "a shape");
}

static void check_names_once(const shape *s)
{
    const char *names[SHAPE_MEMBERS_LIMIT + 1];
    int n = shape_list_names(s, names);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (!CHECK(strcmp(names[i], names[j]) != 0))
                printf("    %s twice in %s\n", names[i], s->name ? s->name : "a shape");
}

static void check_shape(const shape *s)
{
    member scratch;
    const member *m;
    check_names_once(s);
    for (int i = 0; (m = shape_member(s, i, &scratch)); i++) {
        if (m->type == MEMBER_INCLUDED)
            CHECK(m->of && !m->write && !m->read);
        else
            check_words(s, m);
        if (m->place.storage != STORED_NOWHERE)
            check_place(s, m);
        else if (!m->read && !m->write && !m->describe)
            CHECK_EQUAL_STRING("no place, reader, writer or describer", m->name);
    }
}

static void rows_fit_their_structs(void)
{
    shape_set set;
    openapi_list_shapes(&(route_table){ROUTES, ROUTE_COUNT}, &set);
    CHECK(set.n > 20);
    for (int i = 0; i < set.n; i++)
        check_shape(set.items[i].shape);
    for (int i = 0; i < ROUTE_COUNT; i++)
        if (ROUTES[i].query)
            check_shape(ROUTES[i].query);
}

static void names_stand_for_one_shape(void)
{
    shape_set set;
    openapi_list_shapes(&(route_table){ROUTES, ROUTE_COUNT}, &set);
    for (int i = 0; i < set.n; i++)
        for (int j = 0; j < i; j++) {
            const char *a = set.items[i].shape->name, *b = set.items[j].shape->name;
            CHECK(!a || !b || strcmp(a, b) != 0);
        }
}

/* ---- one of each kind ---- */

typedef struct point {
    int64_t x;
    double y;
} point;

typedef struct sample {
    int64_t whole;
    int narrow;
    size_t size;
    double number;
    float single;
    bool flag, has_narrow;
    char *text, characters[8];
    int color;
    point in_place, *points;
    size_t n_points;
    float *grid;
    size_t rows, columns;
    char *tags;
    int64_t ms;
} sample;

static const member POINT_ROWS[] = {
    {"x", MEMBER_INTEGER, "A number.", AT(point, x), RANGE(0, 9)},
    {"y", MEMBER_NUMBER, "A number.", MEMBER_OPTIONAL | MEMBER_NULLABLE, AT(point, y),
     OTHERWISE(0.5)},
};
static const shape POINT = {.name = "Point", BYTES_OF(point), MEMBERS(POINT_ROWS)};

#define OPTIONAL .flags = MEMBER_OPTIONAL
static const member SAMPLE_ROWS[] = {
    {"whole", MEMBER_INTEGER, "A number.", AT(sample, whole)},
    {"narrow", MEMBER_INTEGER, "A number.", OPTIONAL, AT(sample, narrow), RANGE(-5, 5),
     OTHERWISE(3), TELLS(sample, has_narrow)},
    {"size", MEMBER_INTEGER, "A number.", OPTIONAL, AT(sample, size), FROM(1)},
    {"number", MEMBER_NUMBER, "A number.", MEMBER_OPTIONAL | MEMBER_EXCLUSIVE | MEMBER_NULLABLE,
     AT(sample, number), RANGE(0, 2)},
    {"single", MEMBER_NUMBER, "A number.", OPTIONAL, AT(sample, single)},
    {"flag", MEMBER_BOOLEAN, "A flag.", OPTIONAL, AT(sample, flag), OTHERWISE(true)},
    {"text", MEMBER_TEXT, "A text.", OPTIONAL, AT(sample, text), RANGE(1, 4)},
    {"characters", MEMBER_TEXT, "A text.", OPTIONAL, AT(sample, characters), .alphabet = "a-c_"},
    {"color", MEMBER_NAME, "A name.", OPTIONAL, AT(sample, color), ONE_OF("red", "green")},
    {"in_place", MEMBER_OBJECT, "An object.", OPTIONAL, AT(sample, in_place), .of = &POINT},
    {"points", MEMBER_OBJECT, "Objects.", OPTIONAL, EACH(sample, points, n_points), .of = &POINT,
     .most = 2},
    {"grid", MEMBER_NUMBER, "Rows.", OPTIONAL, GRID(sample, grid, rows, columns), .least = 1},
    {"tags", MEMBER_TEXT, "Texts.", .flags = MEMBER_OPTIONAL | MEMBER_AS_JSON | MEMBER_UNIQUE,
     AT(sample, tags), .depth = 1, .most = 2, RANGE(1, 5)},
    {"ms", MEMBER_TIME, "A time.", MEMBER_OPTIONAL | MEMBER_NULLABLE, AT(sample, ms)},
};

static bool check_sample(const void *object, const char *pointer, fail_list *faults)
{
    const sample *s = object;
    (void)pointer;
    return s->narrow != 4 || fail_list_add(faults, FAIL_INCOMPATIBLE, "/narrow", "not 4");
}
static const shape SAMPLE = {BYTES_OF(sample), MEMBERS(SAMPLE_ROWS), .least = 1,
                             .check = check_sample};

static fail_list faults;

/* "", or the pointer and code of each fault. */
static const char *read_sample(const char *text, sample *out)
{
    static char told[1024];
    faults.n = faults.n_found = 0;
    told[0] = '\0';
    *out = (sample){.whole = 77, .columns = 0};
    if (shape_read(&SAMPLE, text, strlen(text), out, &faults))
        return "";
    for (int i = 0; i < faults.n; i++) {
        size_t n = strlen(told);
        snprintf(told + n, sizeof told - n, "%s%s %s", i ? ", " : "", faults.items[i].field,
                 fail_code_name(faults.items[i].code));
    }
    return told;
}

static void what_is_written_is_read(void)
{
    static const char TEXT[] =
        "{\"whole\":-3,\"narrow\":5,\"size\":9,\"number\":1.5,\"single\":0.1,\"flag\":false,"
        "\"text\":\"a\\\"b\",\"characters\":\"abc_\",\"color\":\"green\",\"in_place\":{\"x\":1,"
        "\"y\":0.5},\"points\":[{\"x\":2,\"y\":0.25},{\"x\":3,\"y\":0.5}],\"grid\":[[1,2,3],"
        "[4,5,6.5]],\"tags\":[\"u\",\"v\"],\"ms\":null}";
    sample s;
    buffer b;
    CHECK_EQUAL_STRING(read_sample(TEXT, &s), "");
    CHECK(s.has_narrow);
    CHECK_EQUAL_INT(s.columns, 3);
    buffer_init(&b, 10000);
    shape_add(&b, &SAMPLE, &s);
    CHECK_EQUAL_STRING(b.data, TEXT);
    buffer_close(&b);
    shape_close(&SAMPLE, &s);
    CHECK(!s.text && !s.points && !s.grid && !s.tags && s.n_points == 0 && s.rows == 0);
}

static void defaults_are_filled_in(void)
{
    sample s;
    CHECK_EQUAL_STRING(read_sample("{\"whole\":1.0}", &s), "");
    CHECK_EQUAL_INT(s.whole, 1);
    CHECK_EQUAL_INT(s.narrow, 3);
    CHECK(s.flag);
    CHECK(!s.has_narrow);
    CHECK(!s.text);
    CHECK_EQUAL_STRING(read_sample("{\"whole\":1,\"in_place\":{\"x\":0}}", &s), "");
    CHECK(s.in_place.y > 0.4);
}

static void faults_have_their_places(void)
{
    static const struct {
        const char *text, *told;
    } CASES[] = {
        {"[]", " wrong_type"},
        {"{", " syntax"},
        {"{}", "/whole out_of_range"},
        {"{\"whole\":1,\"colour\":\"red\"}", "/colour unknown_field"},
        {"{\"whole\":1.5}", "/whole wrong_type"},
        {"{\"whole\":\"1\"}", "/whole wrong_type"},
        {"{\"whole\":1,\"narrow\":6}", "/narrow out_of_range"},
        {"{\"whole\":1,\"narrow\":4}", "/narrow incompatible"},
        {"{\"whole\":1,\"size\":0}", "/size out_of_range"},
        {"{\"whole\":1,\"number\":0}", "/number out_of_range"},
        {"{\"whole\":1,\"number\":null}", ""},
        {"{\"whole\":1,\"single\":1e39}", "/single out_of_range"},
        {"{\"whole\":1,\"flag\":1}", "/flag wrong_type"},
        {"{\"whole\":1,\"text\":\"\"}", "/text out_of_range"},
        {"{\"whole\":1,\"text\":\"äöüß\"}", ""},
        {"{\"whole\":1,\"text\":\"äöüßa\"}", "/text out_of_range"},
        {"{\"whole\":1,\"text\":\"a\\nb\"}", "/text out_of_range"},
        {"{\"whole\":1,\"characters\":\"abcd\"}", "/characters out_of_range"},
        {"{\"whole\":1,\"characters\":\"abcabcab\"}", "/characters out_of_range"},
        {"{\"whole\":1,\"color\":\"blue\"}", "/color out_of_range"},
        {"{\"whole\":1,\"color\":1}", "/color wrong_type"},
        {"{\"whole\":1,\"in_place\":{}}", "/in_place out_of_range"},
        {"{\"whole\":1,\"in_place\":{\"x\":10,\"z\":1}}",
         "/in_place/z unknown_field, /in_place/x out_of_range"},
        {"{\"whole\":1,\"points\":{}}", "/points wrong_type"},
        {"{\"whole\":1,\"points\":[{\"x\":1},{\"x\":-1}]}", "/points/1/x out_of_range"},
        {"{\"whole\":1,\"points\":[{\"x\":1},{\"x\":1},{\"x\":1}]}", "/points out_of_range"},
        {"{\"whole\":1,\"grid\":[]}", "/grid out_of_range"},
        {"{\"whole\":1,\"grid\":[[]]}", "/grid/0 out_of_range"},
        {"{\"whole\":1,\"grid\":[[1,2],[3]]}", "/grid/1 incompatible"},
        {"{\"whole\":1,\"grid\":[[1,2],3]}", "/grid/1 wrong_type"},
        {"{\"whole\":1,\"grid\":[[1,2],[3,\"4\"]]}", "/grid/1/1 wrong_type"},
        {"{\"whole\":1,\"tags\":[\"a\",\"a\"]}", "/tags/1 out_of_range"},
        {"{\"whole\":1,\"tags\":[\"\"]}", "/tags/0 out_of_range"},
        {"{\"whole\":1,\"tags\":[\"a\",\"b\",\"c\"]}", "/tags out_of_range"},
        {"{\"narrow\":9,\"flag\":0}",
         "/whole out_of_range, /narrow out_of_range, /flag wrong_type"},
    };
    sample s;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *told = read_sample(CASES[i].text, &s);
        if (!CHECK_EQUAL_STRING(told, CASES[i].told))
            printf("    %s\n", CASES[i].text);
        shape_close(&SAMPLE, &s);
    }
}

static void a_wanted_number_of_columns_is_kept_to(void)
{
    static const char TEXT[] = "{\"whole\":1,\"grid\":[[1,2],[1,2,3]]}";
    sample s = {.columns = 3};
    faults.n = faults.n_found = 0;
    CHECK(!shape_read(&SAMPLE, TEXT, strlen(TEXT), &s, &faults));
    CHECK_EQUAL_INT(faults.n, 1);
    CHECK_EQUAL_STRING(faults.items[0].field, "/grid/0");
}

/* ---- what it says of itself ---- */

static void a_schema_says_what_is_taken(void)
{
    buffer b;
    fail f;
    buffer_init(&b, 100000);
    shape_add_schema(&b, &SAMPLE, true);
    CHECK_OK(json_check_text(b.data, b.n, &f), f);
    static const char *const PARTS[] = {
        "\"required\":[\"whole\"]",
        "\"minProperties\":1",
        "\"additionalProperties\":false",
        ("\"narrow\":{\"description\":\"A number.\",\"type\":\"integer\",\"minimum\":-5,"
         "\"maximum\":5,\"default\":3}"),
        "\"type\":\"integer\",\"minimum\":1}",
        "\"type\":[\"number\",\"null\"],\"exclusiveMinimum\":0,\"maximum\":2}",
        "\"type\":\"boolean\",\"default\":true}",
        "\"minLength\":1,\"maxLength\":4,\"pattern\":\"^[^\\\\u0000-\\\\u001f\\\\u007f]*$\"",
        "\"pattern\":\"^[a-c_]*$\"",
        "\"enum\":[\"red\",\"green\"]",
        "\"in_place\":{\"description\":\"An object.\",\"$ref\":\"#/components/schemas/Point\"}",
        "\"type\":\"array\",\"maxItems\":2,\"items\":{\"$ref\":\"#/components/schemas/Point\"}",
        ("\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"array\",\"minItems\":1,\"items\":"
         "{\"type\":\"number\"}}"),
        "\"uniqueItems\":true",
        "\"type\":[\"string\",\"null\"],\"format\":\"date-time\""};
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        CHECK_CONTAINS(b.data, PARTS[i]);
    buffer_close(&b);
    buffer_init(&b, 100000);
    shape_add_schema(&b, &POINT, false);
    CHECK(strstr(b.data, "additionalProperties") == NULL);
    buffer_close(&b);
}

CHECK_MAIN("shape", rows_fit_their_structs, names_stand_for_one_shape, what_is_written_is_read,
           defaults_are_filled_in, faults_have_their_places, a_wanted_number_of_columns_is_kept_to,
           a_schema_says_what_is_taken)
