/* ROUTES[] as a contract, and the OpenAPI document that is made of it. */
#include "server/api/openapi.h"
#include "server/api/routes.h"
#include "server/codec/codec.h"
#include "server/text/check.h"
#include "tests/check.h"

/* What every row must have, so that a new one cannot forget it. */
static void rows_are_whole(void)
{
    for (int i = 0; i < ROUTE_COUNT; i++) {
        const route *row = &ROUTES[i];
        CHECK(row->handler != NULL);
        CHECK(row->pattern[0] == '/');
        CHECK(row->summary && strlen(row->summary) > 9);
        CHECK(row->tag && row->produces);
        CHECK(row->status >= 200 && row->status < 300);
        CHECK_EQUAL_INT(row->status == 204, row->produces[0] == '\0');
        CHECK_EQUAL_INT(row->types != NULL, row->body_limit > 0);
        CHECK((row->types != NULL) ==
              (strcmp(row->method, "GET") != 0 && strcmp(row->method, "DELETE") != 0));
        for (int j = 0; j < i; j++)
            CHECK(strcmp(ROUTES[j].pattern, row->pattern) != 0 ||
                  strcmp(ROUTES[j].method, row->method) != 0);
    }
}

/* A path made from each pattern leads to its row, and to no earlier one. */
static void every_row_is_found(void)
{
    for (int i = 0; i < ROUTE_COUNT; i++) {
        char path[128] = "";
        size_t n = 0;
        for (const char *c = ROUTES[i].pattern; *c && n < sizeof path - 4; c++) {
            if (*c != '{') {
                path[n++] = *c;
                continue;
            }
            n += (size_t)snprintf(path + n, sizeof path - n, "%s", c[1] == 'i' ? "12" : "a.b");
            c = strchr(c, '}');
        }
        route_match m;
        routes_find(ROUTES[i].method, path, &m);
        CHECK_EQUAL_STRING(m.row ? m.row->pattern : NULL, ROUTES[i].pattern);
        CHECK_EQUAL_STRING(m.row ? m.row->method : NULL, ROUTES[i].method);
        if (strstr(ROUTES[i].pattern, "{id}"))
            CHECK_EQUAL_INT(m.ids[0], 12);
    }
}

static bool is_found(const char *path)
{
    route_match m;
    routes_find("GET", path, &m);
    return m.row != NULL;
}

static void paths_are_exact(void)
{
    CHECK(is_found("/api/v1/runs/9007199254740991"));
    CHECK(!is_found("/api/v1/runs/9007199254740992"));
    CHECK(!is_found("/api/v1/runs/99999999999999999999"));
    CHECK(!is_found("/api/v1/runs/0"));
    CHECK(!is_found("/api/v1/runs/01"));
    CHECK(!is_found("/api/v1/runs/-1"));
    CHECK(!is_found("/api/v1/runs/1x"));
    CHECK(!is_found("/api/v1/runs/"));
    CHECK(!is_found("/api/v1/runs/1/"));
    CHECK(!is_found("//api/v1/runs/1"));
    CHECK(!is_found("/api/v1/datasets/"));
    CHECK(!is_found("/api/v1/datasets/a/b"));
    CHECK(!is_found(""));
}

static void a_wrong_method_names_the_right_ones(void)
{
    route_match m;
    routes_find("PUT", "/api/v1/experiments/1", &m);
    CHECK(m.row == NULL);
    CHECK(m.path_known);
    CHECK_EQUAL_STRING(m.allow, "GET, HEAD, PATCH, DELETE");
    routes_find("PUT", "/api/v1/nothing", &m);
    CHECK(!m.path_known);
}

static void unknown_parameters_are_refused(void)
{
    route_match m;
    fail f;
    message_pair pairs[] = {{"limit", "5"}, {"statsu", "x"}};
    request q = {.n_query = 1, .query = pairs};
    routes_find("GET", "/api/v1/experiments", &m);
    CHECK_OR_RETURN(m.row != NULL);
    CHECK_OK(route_check_query(m.row, &q, &f), f);
    q.n_query = 2;
    CHECK_FAILS(route_check_query(m.row, &q, &f), f, FAIL_UNKNOWN_FIELD, "/query/statsu");
    CHECK_CONTAINS(f.sentence, "status?");
    routes_find("GET", "/api/v1/runs", &m);
    CHECK_OK(route_check_query(m.row, &q, &f), f);
}

/* The document's part of a row: from its path on to the next path. */
static const char *part_of(const char *document, const route *row, size_t *n)
{
    char key[160];
    snprintf(key, sizeof key, "\"%s\":{", row->pattern);
    const char *start = strstr(document, key), *end = start ? strstr(start + 1, "\"/api/") : NULL;
    *n = !start ? 0 : end ? (size_t)(end - start) : strlen(start);
    return start;
}

static void has_parameter(const char *part, size_t n, const char *name)
{
    char wanted[96];
    snprintf(wanted, sizeof wanted, "\"name\":\"%s\"", name);
    const char *found = strstr(part, wanted);
    if (!CHECK(found && found < part + n))
        printf("    %s in %.60s\n", wanted, part);
}

/* The document is JSON that our own strict reader takes, with every path and every parameter in
 * it. */
static void the_document_is_whole(void)
{
    buffer b;
    fail f;
    buffer_init(&b, 1 << 22);
    routes_add_document(&b);
    CHECK(!b.failed);
    CHECK_OK(json_check_text(b.data, b.n, &f), f);
    CHECK_CONTAINS(b.data, "\"openapi\":\"3.1.0\"");
    for (int i = 0; i < ROUTE_COUNT; i++) {
        size_t n;
        const char *part = part_of(b.data, &ROUTES[i], &n);
        CHECK_CONTAINS(b.data, ROUTES[i].summary);
        if (!CHECK(part != NULL))
            printf("    %s\n", ROUTES[i].pattern);
        const char *names[SHAPE_MEMBERS_LIMIT + 1] = {NULL};
        if (ROUTES[i].query)
            shape_list_names(ROUTES[i].query, names);
        for (int p = 0; part && names[p]; p++)
            has_parameter(part, n, names[p]);
    }
    for (int i = 0; i < FIELD_COUNT; i++)
        if (!strchr(FIELDS[i].name, '.'))
            CHECK_CONTAINS(b.data, FIELDS[i].name);
    buffer_close(&b);
}

CHECK_MAIN("routes", rows_are_whole, every_row_is_found, paths_are_exact,
           a_wrong_method_names_the_right_ones, unknown_parameters_are_refused,
           the_document_is_whole)
