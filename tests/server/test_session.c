/* Who has the token may in, by header or cookie; nobody else. */
#include "server/api/app.h"
#include "server/api/routes.h"
#include "server/api/session.h"
#include "server/api/tokens.h"
#include "tests/check.h"

static const char FILE_TEXT[] = "secret\n\n read  looker\r\n\twrite\twriter \nworker hauler";

static tokens *read_tokens(void)
{
    tokens *t = NULL;
    fail f;
    CHECK_OK(tokens_read(FILE_TEXT, strlen(FILE_TEXT), &t, &f), f);
    CHECK_EQUAL_INT(t ? tokens_count(t) : 0, 4);
    return t;
}

static void post(tokens *t, const char *body, response *r)
{
    struct app shared = {.tokens = t};
    route_match m;
    routes_find("POST", "/api/v1/session", &m);
    request q = {.route = m.row, .method = "POST", .body = body, .body_bytes = strlen(body)};
    response_init(r, 10000);
    api_session_post(&shared, &q, r);
}

static void a_token_opens_what_its_line_says(void)
{
    static const struct {
        const char *header;
        int opens;
        bool is_wrong;
    } ROWS[] = {{"Bearer secret", ACCESS_ALL, false},
                {"bearer  secret", ACCESS_ALL, false},
                {"Bearer looker", ACCESS_READ, false},
                {"Bearer writer", ACCESS_READ | ACCESS_WRITE, false},
                {"Bearer hauler", ACCESS_WORKER, false},
                {NULL, 0, false},
                {"Bearer secre", 0, true},
                {"Bearer secret2", 0, true},
                {"Bearer read looker", 0, true},
                {"Bearer read", 0, true},
                {"Bearer ", 0, true},
                {"Basic secret", 0, false},
                {"secret", 0, false}};
    tokens *t = read_tokens();
    CHECK_OR_RETURN(t != NULL);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bool is_wrong = !ROWS[i].is_wrong;
        CHECK_EQUAL_INT(api_session_access(t, ROWS[i].header, NULL, &is_wrong), ROWS[i].opens);
        CHECK_EQUAL_INT(is_wrong, ROWS[i].is_wrong);
        CHECK_EQUAL_INT(api_session_access(NULL, ROWS[i].header, NULL, &is_wrong), ACCESS_ALL);
        CHECK(!is_wrong);
    }
    tokens_close(t);
}

static void a_session_opens_what_its_token_does(void)
{
    response r;
    bool is_wrong;
    char cookie[256], with_others[400];
    tokens *t = read_tokens(), *other = NULL;
    fail f;
    CHECK_OR_RETURN(t && CHECK_OK(tokens_read("looker2", 7, &other, &f), f));
    post(t, "{\"token\":\"looker\"}", &r);
    CHECK_EQUAL_INT(r.status, 204);
    CHECK_OR_RETURN(r.n_headers == 1);
    CHECK_EQUAL_STRING(r.headers[0].name, "Set-Cookie");
    CHECK_CONTAINS(r.headers[0].value, "; HttpOnly; SameSite=Strict; Path=/");
    CHECK(strstr(r.headers[0].value, "looker") == NULL);
    snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(r.headers[0].value, ";"),
             r.headers[0].value);
    snprintf(with_others, sizeof with_others, "a=b; regulab_session=x; %s; c=d", cookie);
    CHECK_EQUAL_INT(api_session_access(t, NULL, cookie, &is_wrong), ACCESS_READ);
    CHECK_EQUAL_INT(api_session_access(t, NULL, with_others, &is_wrong), ACCESS_READ);
    CHECK(!is_wrong);
    CHECK_EQUAL_INT(api_session_access(other, NULL, cookie, &is_wrong), 0);
    CHECK(is_wrong);
    cookie[strlen(cookie) - 1] ^= 1;
    CHECK_EQUAL_INT(api_session_access(t, NULL, cookie, &is_wrong), 0);
    CHECK_EQUAL_INT(api_session_access(t, NULL, "regulab_session=looker", &is_wrong), 0);
    CHECK_EQUAL_INT(api_session_access(t, NULL, "regulab_session=", &is_wrong), 0);
    CHECK_EQUAL_INT(api_session_access(t, NULL, "a=b", &is_wrong), 0);
    CHECK(!is_wrong);
    response_close(&r);
    tokens_close(t);
    tokens_close(other);
}

static void a_wrong_token_does_not(void)
{
    static const struct {
        const char *body;
        int status;
    } ROWS[] = {{"{\"token\":\"wrong\"}", 401},
                {"{\"token\":\"\"}", 401},
                {"{\"token\":5}", 400},
                {"{}", 400},
                {"", 400},
                {"[]", 400}};
    tokens *t = read_tokens();
    for (size_t i = 0; t && i < sizeof ROWS / sizeof *ROWS; i++) {
        response r;
        post(t, ROWS[i].body, &r);
        CHECK_EQUAL_INT(r.status, ROWS[i].status);
        for (int h = 0; h < r.n_headers; h++)
            CHECK(strcmp(r.headers[h].name, "Set-Cookie") != 0);
        response_close(&r);
    }
    tokens_close(t);
}

static void without_a_token_there_is_no_session(void)
{
    response r;
    post(NULL, "{\"token\":\"any\"}", &r);
    CHECK_EQUAL_INT(r.status, 204);
    CHECK_EQUAL_INT(r.n_headers, 0);
    response_close(&r);
}

/* A fault names the line, and nothing of what stands there. */
static void odd_lines_are_refused(void)
{
    static const struct {
        const char *text;
        fail_code code;
        const char *says;
    } ROWS[] = {{"", FAIL_SYNTAX, "no secret"},
                {"\n \r\n", FAIL_SYNTAX, "no secret"},
                {"good\nread", FAIL_SYNTAX, "line 2"},
                {"hunter2 hunter3", FAIL_SYNTAX, "line 1"},
                {"read a b", FAIL_SYNTAX, "line 1"},
                {"READ hunter2", FAIL_SYNTAX, "line 1"},
                {"hunter2\nwrite hunter2", FAIL_DUPLICATE_KEY, "line 2"},
                {"hunt\x01r2", FAIL_SYNTAX, "line 1"},
                {"hunt\xc3\xa9r2", FAIL_SYNTAX, "line 1"}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        tokens *t = NULL;
        fail f;
        CHECK_FAILS(tokens_read(ROWS[i].text, strlen(ROWS[i].text), &t, &f), f, ROWS[i].code, "");
        CHECK_CONTAINS(f.sentence, ROWS[i].says);
        CHECK(strstr(f.sentence, "hunt") == NULL);
        CHECK(t == NULL);
    }
}

static int needs(const char *method, const char *path, const char *dry_run)
{
    route_match m;
    message_pair pair = {"dry_run", dry_run};
    request q = {.method = method, .n_query = dry_run ? 1 : 0, .query = &pair};
    routes_find(method, path, &m);
    CHECK(m.row != NULL);
    return m.row ? route_access(m.row, &q) : -1;
}

/* Whoever may only read changes nothing: each row that is neither a GET nor in this list writes. */
static void routes_need_what_they_do(void)
{
    static const char *const HARMLESS[] = {"/api/v1/sql", "/api/v1/runs/{id}/predict",
                                           "/api/v1/session"};
    for (int i = 0; i < ROUTE_COUNT; i++) {
        const route *row = &ROUTES[i];
        request q = {.method = row->method};
        bool is_harmless = strcmp(row->method, "GET") == 0;
        for (size_t j = 0; j < sizeof HARMLESS / sizeof *HARMLESS; j++)
            is_harmless = is_harmless || strcmp(row->pattern, HARMLESS[j]) == 0;
        CHECK_EQUAL_INT(route_access(row, &q), row->flags & ROUTE_OPEN     ? 0
                                               : row->flags & ROUTE_WORKER ? ACCESS_WORKER
                                               : is_harmless               ? ACCESS_READ
                                                                           : ACCESS_WRITE);
    }
    CHECK_EQUAL_INT(needs("POST", "/api/v1/experiments", NULL), ACCESS_WRITE);
    CHECK_EQUAL_INT(needs("POST", "/api/v1/experiments", "true"), ACCESS_READ);
    CHECK_EQUAL_INT(needs("POST", "/api/v1/experiments", "false"), ACCESS_WRITE);
    CHECK_EQUAL_INT(needs("POST", "/api/v1/experiments", "maybe"), ACCESS_WRITE);
    CHECK_EQUAL_INT(needs("POST", "/api/v1/experiments/1/extend", "true"), ACCESS_WRITE);
    CHECK_EQUAL_INT(needs("DELETE", "/api/v1/datasets/a", "true"), ACCESS_WRITE);
    CHECK_EQUAL_INT(needs("GET", "/healthz", NULL), 0);
}

CHECK_MAIN("session", a_token_opens_what_its_line_says, a_session_opens_what_its_token_does,
           a_wrong_token_does_not, without_a_token_there_is_no_session, odd_lines_are_refused,
           routes_need_what_they_do)
