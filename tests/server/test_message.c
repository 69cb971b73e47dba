/* Requests and responses apart from a connection. */
#include "server/api/message.h"
#include "server/api/routes.h"
#include "tests/check.h"

static request with_header(message_pair *pair, const char *name, const char *value)
{
    *pair = (message_pair){name, value};
    return (request){.n_headers = 1, .headers = pair};
}

static bool wants_csv(const char *accept)
{
    message_pair pair;
    request q = with_header(&pair, "accept", accept);
    return request_wants_csv(&q);
}

static void csv_is_preferred(void)
{
    CHECK(wants_csv("text/csv"));
    CHECK(wants_csv("text/csv, */*"));
    CHECK(wants_csv("text/*"));
    CHECK(wants_csv("text/csv, application/json"));
    CHECK(wants_csv("application/json;q=0.5, text/csv;q=0.9"));
    CHECK(wants_csv("TEXT/CSV; charset=utf-8"));
}

static void json_is_preferred(void)
{
    request bare = {0};
    CHECK(!request_wants_csv(&bare));
    CHECK(!wants_csv(""));
    CHECK(!wants_csv("*/*"));
    CHECK(!wants_csv("application/json, text/csv"));
    CHECK(!wants_csv("text/csv;q=0"));
    CHECK(!wants_csv("text/csv;q=0.1, */*"));
    CHECK(!wants_csv("text/csvx"));
    CHECK(!wants_csv("text/html, application/xhtml+xml, */*;q=0.8"));
}

static bool has_etag(const char *header, const char *etag)
{
    message_pair pair;
    request q = with_header(&pair, "if-none-match", header);
    return request_has_etag(&q, etag);
}

static void etags_are_compared(void)
{
    CHECK(has_etag("\"a\"", "\"a\""));
    CHECK(has_etag("\"x\", W/\"a\"", "\"a\""));
    CHECK(has_etag("*", "\"a\""));
    CHECK(!has_etag("\"ab\"", "\"a\""));
    CHECK(!has_etag("a", "\"a\""));
    CHECK(!has_etag("", "\"a\""));
}

typedef struct numbers {
    int64_t n;
    bool b;
} numbers;

static const member NUMBERS_ROWS[] = {
    {"n", MEMBER_INTEGER, "A number.", MEMBER_OPTIONAL, AT(numbers, n), RANGE(-5, 500),
     OTHERWISE(7)},
    {"b", MEMBER_BOOLEAN, "A flag.", MEMBER_OPTIONAL, AT(numbers, b), OTHERWISE(true)},
};
static const shape QUERY = {BYTES_OF(numbers), MEMBERS(NUMBERS_ROWS)};
static const route ROW = {.query = &QUERY};

static bool read_query(const char *name, const char *text, numbers *out, fail *f)
{
    message_pair pair = {name, text};
    request q = {.route = &ROW, .n_query = 1, .query = &pair};
    return request_read_query(&q, out, f);
}

static void integers_are_whole(void)
{
    static const char *const BAD[] = {"",
                                      "x",
                                      "1x",
                                      " 1",
                                      "+1",
                                      "1.0",
                                      "1e2",
                                      "501",
                                      "-6",
                                      "--",
                                      "-",
                                      "0x1",
                                      "99999999999999999999"};
    numbers out = {0};
    fail f;
    CHECK_OK(read_query("n", "500", &out, &f), f);
    CHECK_EQUAL_INT(out.n, 500);
    CHECK_OK(read_query("n", "-5", &out, &f), f);
    CHECK_EQUAL_INT(out.n, -5);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK_FAILS(read_query("n", BAD[i], &out, &f), f, FAIL_OUT_OF_RANGE, "/query/n");
    CHECK_OK(read_query("other", "1", &out, &f), f);
    CHECK_EQUAL_INT(out.n, 7);
}

static void booleans_are_words(void)
{
    static const char *const BAD[] = {"", "yes", "1", "0", "True"};
    numbers out = {0};
    fail f;
    CHECK_OK(read_query("b", "true", &out, &f), f);
    CHECK(out.b);
    CHECK_OK(read_query("b", "false", &out, &f), f);
    CHECK(!out.b);
    CHECK_OK(read_query("other", "true", &out, &f), f);
    CHECK(out.b);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK_FAILS(read_query("b", BAD[i], &out, &f), f, FAIL_OUT_OF_RANGE, "/query/b");
}

/* What a run would need is the user's affair, what a request of ours did not get is not. */
static void missing_memory_has_an_owner(void)
{
    static const struct {
        const char *field;
        int status;
    } ROWS[] = {{"/hidden", 400}, {NULL, 503}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        response r;
        fail f;
        fail_list list = {.n = 0};
        response_init(&r, 10000);
        fail_set(&f, FAIL_OUT_OF_MEMORY, ROWS[i].field, "There is no memory.");
        response_fail(&r, &f);
        CHECK_EQUAL_INT(r.status, ROWS[i].status);
        CHECK(!fail_list_add(&list, f.code, ROWS[i].field, "There is no memory."));
        response_fail_list(&r, "There is no memory.", &list);
        CHECK_EQUAL_INT(r.status, ROWS[i].status);
        response_close(&r);
    }
}

/* Every code has a status of its own class, and the body says it again. */
static void fails_become_problems(void)
{
    static const int STATUS[FAIL_CODE_COUNT] = {
        [FAIL_SYNTAX] = 400,        [FAIL_UNKNOWN_FIELD] = 400, [FAIL_DUPLICATE_KEY] = 400,
        [FAIL_WRONG_TYPE] = 400,    [FAIL_OUT_OF_RANGE] = 400,  [FAIL_INCOMPATIBLE] = 400,
        [FAIL_NOT_FOUND] = 404,     [FAIL_CONFLICT] = 409,      [FAIL_FORBIDDEN] = 403,
        [FAIL_UNAUTHORIZED] = 401,  [FAIL_METHOD] = 405,        [FAIL_UNSUPPORTED_MEDIA] = 415,
        [FAIL_TOO_LARGE] = 413,     [FAIL_QUEUE_FULL] = 429,    [FAIL_TIME_LIMIT] = 400,
        [FAIL_OUT_OF_MEMORY] = 400, [FAIL_STORAGE] = 503,       [FAIL_INTERRUPTED] = 503,
        [FAIL_UNAVAILABLE] = 503,   [FAIL_INTERNAL] = 500,      [FAIL_NO_ROOM] = 507,
        [FAIL_LOST] = 410,          [FAIL_DAMAGED] = 500};
    for (int code = FAIL_NONE + 1; code < FAIL_CODE_COUNT; code++) {
        response r;
        fail f;
        CHECK(STATUS[code] > 0);
        response_init(&r, 10000);
        buffer_add_text(&r.body, "half an answer");
        response_add_header(&r, "ETag", "\"x\"");
        fail_set(&f, (fail_code)code, "/a", "A \"sentence\".");
        response_fail(&r, &f);
        CHECK_EQUAL_INT(r.status, STATUS[code]);
        CHECK_EQUAL_STRING(r.content_type, MESSAGE_PROBLEM);
        CHECK_CONTAINS(r.body.data, "A \\\"sentence\\\".");
        CHECK_CONTAINS(r.body.data, fail_code_name((fail_code)code));
        CHECK(strstr(r.body.data, "half") == NULL);
        bool may_retry = r.status == 429 || r.status == 503 || r.status == 401;
        CHECK_EQUAL_INT(r.n_headers, may_retry ? 1 : 0);
        response_close(&r);
    }
}

static void a_fault_of_ours_decides_the_status(void)
{
    response r;
    fail_list list = {0};
    response_init(&r, 10000);
    (void)fail_list_add(&list, FAIL_OUT_OF_RANGE, "/dropout", "Too much.");
    response_fail_list(&r, "Wrong.", &list);
    CHECK_EQUAL_INT(r.status, 400);
    (void)fail_list_add(&list, FAIL_STORAGE, "", "The disk is full.");
    response_fail_list(&r, "Wrong.", &list);
    CHECK_EQUAL_INT(r.status, 503);
    response_close(&r);
}

static void headers_cannot_be_split(void)
{
    response r;
    response_init(&r, 10);
    response_add_header(&r, "Location", "/a\r\nSet-Cookie: x%s", "\x80");
    CHECK_EQUAL_STRING(r.headers[0].value, "/a__Set-Cookie: x_");
    response_close(&r);
}

CHECK_MAIN("message", csv_is_preferred, json_is_preferred, etags_are_compared, integers_are_whole,
           booleans_are_words, fails_become_problems, missing_memory_has_an_owner,
           a_fault_of_ours_decides_the_status, headers_cannot_be_split)
