/* The gate: which methods, paths, hosts and headers pass. */
#include "server/http/gate.h"
#include "tests/check.h"

#include <stdlib.h>

static void methods_are_exact(void)
{
    CHECK_EQUAL_STRING(http_gate_find_method("HEAD"), "GET");
    CHECK_EQUAL_STRING(http_gate_find_method("PATCH"), "PATCH");
    CHECK(http_gate_find_method("get") == NULL);
    CHECK(http_gate_find_method("TRACE") == NULL);
    CHECK(http_gate_find_method("") == NULL);
}

static void targets_are_paths(void)
{
    static const char *const BAD[] = {"", "*", "http://localhost/", "/a b", "/\xff", "/a#b", "/\t"};
    fail f;
    int status = -1;
    CHECK_OK(http_gate_check_uri("/a?b=c", &status, &f), f);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        CHECK_FAILS(http_gate_check_uri(BAD[i], &status, &f), f, FAIL_SYNTAX, "");
        CHECK_EQUAL_INT(status, 0);
    }
    char *text = malloc(HTTP_GATE_URI_LIMIT + 2);
    CHECK_OR_RETURN(text != NULL);
    memset(text, '/', HTTP_GATE_URI_LIMIT + 1);
    text[HTTP_GATE_URI_LIMIT + 1] = '\0';
    CHECK_FAILS(http_gate_check_uri(text, &status, &f), f, FAIL_TOO_LARGE, "");
    CHECK_EQUAL_INT(status, 414);
    text[HTTP_GATE_URI_LIMIT] = '\0';
    CHECK_OK(http_gate_check_uri(text, &status, &f), f);
    free(text);
}

static void paths_are_decoded_once(void)
{
    static const char *const BAD[] = {
        "/%00", "/a%00b",  "/%2e%2e", "/a/../b", "/.",   "/a%2fb", "/a%2Fb",     "/%252e",
        "/%5c", "/%0d%0a", "/%ff",    "/%zz",    "/%",   "/%4",    "/a+b",       "/a%20b",
        "/a;b", "/%c0%ae", "/é",      "/a%3fb",  "/%7f", "/a/./b", "/a/%2e%2e/b"};
    char out[64];
    fail f;
    CHECK_OK(http_gate_read_path("/api/v1/%72uns/1?x=%00", out, &f), f);
    CHECK_EQUAL_STRING(out, "/api/v1/runs/1");
    CHECK_OK(http_gate_read_path("/a..b/...", out, &f), f);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK_FAILS(http_gate_read_path(BAD[i], out, &f), f, FAIL_SYNTAX, "");
}

/* The texts must fit where the raw text fitted, whatever its shape: the memory is of exactly that
 * size (for ASan to see). */
static bool read_query(const char *raw, message_pair *pairs, int *n, char **text, fail *f)
{
    *text = malloc(strlen(raw) + 1);
    return *text && http_gate_read_query(raw, *text, pairs, n, f);
}

static void queries_are_decoded(void)
{
    message_pair pairs[HTTP_GATE_QUERY_LIMIT] = {{NULL, NULL}};
    int n = -1;
    char *text = NULL;
    fail f;
    CHECK_OK(read_query("/?a=1&b=x+y%2B%0A&c&&d=&%C3%A9=%E2%82%AC", pairs, &n, &text, &f), f);
    CHECK_EQUAL_INT(n, 5);
    CHECK_EQUAL_STRING(pairs[1].name, "b");
    CHECK_EQUAL_STRING(pairs[1].value, "x y+\n");
    CHECK_EQUAL_STRING(pairs[2].name, "c");
    CHECK_EQUAL_STRING(pairs[2].value, "");
    CHECK_EQUAL_STRING(pairs[3].value, "");
    CHECK_EQUAL_STRING(pairs[4].name, "é");
    CHECK_EQUAL_STRING(pairs[4].value, "€");
    free(text);
    CHECK_OK(read_query("?a&b&c&d", pairs, &n, &text, &f), f);
    CHECK_EQUAL_INT(n, 4);
    CHECK_EQUAL_STRING(pairs[3].name, "d");
    free(text);
    CHECK_OK(read_query("/none", pairs, &n, &text, &f), f);
    CHECK_EQUAL_INT(n, 0);
    free(text);
}

static void odd_queries_are_refused(void)
{
    static const char *const BAD[] = {"?a=%00",   "?a=%ff",    "?a=%1",      "?%zz=1",
                                      "?=1",      "?a=%c0%ae", "?a=%01",     "?a=%ed%a0%80",
                                      "?a=%7f%2", "?a=%7F",    "?%E2%82=%AC"};
    message_pair pairs[HTTP_GATE_QUERY_LIMIT] = {{NULL, NULL}};
    int n = -1;
    char *text = NULL;
    fail f = {.code = FAIL_NONE};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        CHECK_FAILS(read_query(BAD[i], pairs, &n, &text, &f), f, FAIL_SYNTAX, "");
        free(text);
    }
    CHECK_FAILS(read_query("?a=1&b&%61=2", pairs, &n, &text, &f), f, FAIL_DUPLICATE_KEY, "");
    free(text);
    char many[512] = "?";
    for (int i = 0; i <= HTTP_GATE_QUERY_LIMIT; i++) {
        size_t length = strlen(many);
        snprintf(many + length, sizeof many - length, "p%d&", i);
    }
    CHECK_FAILS(read_query(many, pairs, &n, &text, &f), f, FAIL_OUT_OF_RANGE, "");
    free(text);
    CHECK_EQUAL_INT(n, -1);
}

static void framing_is_unambiguous(void)
{
    static const struct {
        http_gate_framing framing;
        int status; /* 0: fine; 1: that of the code */
        uint64_t bytes;
        bool chunked;
    } ROWS[] = {
        {{0, 0, NULL, NULL}, 0, 0, false},     {{1, 0, "44", NULL}, 0, 44, false},
        {{0, 1, NULL, "Chunked"}, 0, 0, true}, {{2, 0, "0", NULL}, 1, 0, false},
        {{1, 1, "5", "chunked"}, 1, 0, false}, {{0, 2, NULL, "chunked"}, 1, 0, false},
        {{1, 0, "+3", NULL}, 1, 0, false},     {{1, 0, "3 ", NULL}, 1, 0, false},
        {{1, 0, "", NULL}, 1, 0, false},       {{1, 0, "99999999999999999999", NULL}, 1, 0, false},
        {{0, 1, NULL, "gzip"}, 501, 0, false}, {{0, 1, NULL, "gzip, chunked"}, 501, 0, false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        http_gate_body body = {true, 1};
        int status = -1;
        fail f;
        bool fine = http_gate_read_framing(&ROWS[i].framing, &body, &status, &f);
        CHECK_EQUAL_INT(fine, ROWS[i].status == 0);
        CHECK_EQUAL_INT(status, ROWS[i].status > 1 ? ROWS[i].status : 0);
        CHECK_EQUAL_INT(body.bytes, fine ? ROWS[i].bytes : 1);
        CHECK_EQUAL_INT(body.chunked, fine ? ROWS[i].chunked : true);
    }
}

static bool host_is_fine(const char *address, const char *host)
{
    static const char *const NAMES[] = {"lab.example"};
    http_gate_hosts hosts = {address, 1, NAMES};
    int status = -1;
    fail f;
    bool fine = http_gate_check_host(&hosts, 1, host, &status, &f);
    CHECK_EQUAL_INT(status, fine ? 0 : 421);
    return fine;
}

static void hosts_are_ours(void)
{
    static const char *const GOOD[] = {"localhost", "LocalHost:8080", "127.0.0.1:1", "[::1]",
                                       "[::1]:80",  "lab.example",    "10.0.0.7:80"};
    static const char *const BAD[] = {"",
                                      "evil.example",
                                      "localhost.evil",
                                      "10.0.0.8",
                                      "localhost:",
                                      "localhost:x",
                                      "localhost:123456",
                                      "[::1",
                                      "[::1]x",
                                      "a@localhost",
                                      ":80",
                                      "localhost/",
                                      "127.0.0.1.",
                                      " localhost"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        CHECK(host_is_fine("10.0.0.7", GOOD[i]));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK(!host_is_fine("10.0.0.7", BAD[i]));
    CHECK(host_is_fine("0.0.0.0", "192.168.1.5:8080"));
    CHECK(host_is_fine("::", "[fe80::1]:8080"));
    CHECK(!host_is_fine("0.0.0.0", "evil.example"));
    http_gate_hosts hosts = {"127.0.0.1", 0, NULL};
    int status = -1;
    fail f;
    CHECK_FAILS(http_gate_check_host(&hosts, 2, "localhost", &status, &f), f, FAIL_SYNTAX, "");
    CHECK_FAILS(http_gate_check_host(&hosts, 0, NULL, &status, &f), f, FAIL_SYNTAX, "");
    CHECK_EQUAL_INT(status, 0);
}

/* The header's lines as libmicrohttpd leaves and tells them: up to the first colon, and behind it
 * without blanks, with NUL for colon and line end. Lines with '>' in front are not told. */
static bool header_is_fine(const char *sent)
{
    char text[256];
    fail f;
    http_gate_header h;
    size_t n = strlen(sent), at = 2;
    memcpy(text, sent, n + 1);
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\r' || text[i] == '\n')
            text[i] = '\0';
    http_gate_begin_header(&h, text, text + n);
    while (at < n && text[at]) {
        char *colon = strchr(text + at, ':');
        bool is_told = text[at] != '>';
        if (colon)
            *colon = '\0';
        char *value = colon ? colon + 1 + strspn(colon + 1, " \t") : text + at;
        if (is_told)
            http_gate_take_line(&h, text + at, strlen(text + at), value, strlen(value));
        at = (size_t)(value - text) + strlen(value);
        at += at + 1 < n && text[at + 1] == '\0' ? 2 : 1;
    }
    return http_gate_end_header(&h, &f);
}

static void headers_are_their_lines(void)
{
    static const char *const GOOD[] = {"\r\n\r\n", "\r\nA: b\r\n\r\n", "\r\nA:\r\nB: \r\n\r\n",
                                       "\r\nA:b:c\r\nA-1: \tb c \r\n\r\n",
                                       "\r\nA: \xc3\xa4\xff\r\n\r\n"};
    static const char *const BAD[] = {"\r\nA : b\r\n\r\n",
                                      "\r\n A: b\r\n\r\n",
                                      "\r\nA(: b\r\n\r\n",
                                      "\r\n\x7f: b\r\n\r\n",
                                      "\r\n: b\r\n\r\n",
                                      "\r\nA\xe4: b\r\n\r\n",
                                      "\r\nA: \x01\r\n\r\n",
                                      "\r\nA: b\r\n>c\r\n\r\n",
                                      "\r\n>a\r\nA: b\r\n\r\n",
                                      "\r\nA: b\r\n>c",
                                      "A: b\r\n\r\n"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        CHECK(header_is_fine(GOOD[i]));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK(!header_is_fine(BAD[i]));
}

static void chunk_lines_end_with_both(void)
{
    static const struct {
        const char *text; /* what was read, up to the chunk's first byte */
        bool is_fine;
    } CASES[] = {{"5\r\n", true},        {"5;a=b\r\n", true},   {"5;a=\"b;\tc\"\r\n", true},
                 {"xyz\r\n5\r\n", true}, {"\r\n5\r\n", true},   {"5\n", false},
                 {"\n", false},          {"5;a\n", false},      {"5;a\rb\r\n", false},
                 {"5;\x01\r\n", false},  {"xyz\n5\r\n", false}, {"\n5\r\n", false}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        size_t n = strlen(CASES[i].text);
        char *exact = malloc(n); /* for ASan to see */
        CHECK_OR_RETURN(exact != NULL);
        memcpy(exact, CASES[i].text, n);
        CHECK(http_gate_is_chunk_line(exact, exact + n) == CASES[i].is_fine);
        free(exact);
    }
}

static void origins_are_this_host(void)
{
    fail f;
    CHECK_OK(http_gate_check_origin(NULL, "localhost:8080", &f), f);
    CHECK_OK(http_gate_check_origin("http://LOCALHOST:8080", "localhost:8080", &f), f);
    CHECK_OK(http_gate_check_origin("https://lab.example", "lab.example", &f), f);
    CHECK_FAILS(http_gate_check_origin("null", "localhost", &f), f, FAIL_FORBIDDEN, "");
    CHECK_FAILS(http_gate_check_origin("", "localhost", &f), f, FAIL_FORBIDDEN, "");
    CHECK_FAILS(http_gate_check_origin("http://localhost:81", "localhost:80", &f), f,
                FAIL_FORBIDDEN, "");
    CHECK_FAILS(http_gate_check_origin("http://localhost.evil", "localhost", &f), f, FAIL_FORBIDDEN,
                "");
}

static void types_are_compared_without_parameters(void)
{
    char type[32];
    http_gate_read_type("Application/JSON; charset=utf-8", type, sizeof type);
    CHECK_EQUAL_STRING(type, "application/json");
    http_gate_read_type(NULL, type, sizeof type);
    CHECK_EQUAL_STRING(type, "");
    http_gate_read_type("text/a-name-that-is-longer-than-the-buffer", type, sizeof type);
    CHECK_EQUAL_STRING(type, "");
    CHECK(http_gate_takes_type("text/csv application/json", "application/json"));
    CHECK(!http_gate_takes_type("text/csv application/json", "application/jso"));
    CHECK(!http_gate_takes_type("application/json", ""));
    CHECK(http_gate_takes_type("application/json -", ""));
}

CHECK_MAIN("http_gate", methods_are_exact, targets_are_paths, paths_are_decoded_once,
           queries_are_decoded, odd_queries_are_refused, framing_is_unambiguous, hosts_are_ours,
           headers_are_their_lines, chunk_lines_end_with_both, origins_are_this_host,
           types_are_compared_without_parameters)
