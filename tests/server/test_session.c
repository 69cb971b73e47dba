#include "server/api/app.h"
#include "server/api/session.h"
#include "tests/check.h"

static void post(const char *token, const char *body, response *r)
{
    struct app shared = {.token = token};
    request q = {.method = "POST", .body = body, .body_bytes = strlen(body)};
    response_init(r, 10000);
    api_session_post(&shared, &q, r);
}

static void a_bearer_token_opens(void)
{
    CHECK(api_session_check(NULL, NULL, NULL));
    CHECK(api_session_check("secret", "Bearer secret", NULL));
    CHECK(api_session_check("secret", "bearer  secret", NULL));
    CHECK(!api_session_check("secret", NULL, NULL));
    CHECK(!api_session_check("secret", "Bearer secre", NULL));
    CHECK(!api_session_check("secret", "Bearer secret2", NULL));
    CHECK(!api_session_check("secret", "Bearer ", NULL));
    CHECK(!api_session_check("secret", "Basic secret", NULL));
    CHECK(!api_session_check("secret", "secret", NULL));
}

static void a_session_opens(void)
{
    response r;
    char cookie[256], with_others[400];
    post("secret", "{\"token\":\"secret\"}", &r);
    CHECK_EQUAL_INT(r.status, 204);
    CHECK_OR_RETURN(r.n_headers == 1);
    CHECK_EQUAL_STRING(r.headers[0].name, "Set-Cookie");
    CHECK_CONTAINS(r.headers[0].value, "; HttpOnly; SameSite=Strict; Path=/");
    CHECK(strstr(r.headers[0].value, "secret") == NULL);
    snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(r.headers[0].value, ";"),
             r.headers[0].value);
    snprintf(with_others, sizeof with_others, "a=b; %s; c=d", cookie);
    CHECK(api_session_check("secret", NULL, cookie));
    CHECK(api_session_check("secret", NULL, with_others));
    CHECK(!api_session_check("other", NULL, cookie));
    cookie[strlen(cookie) - 1] ^= 1;
    CHECK(!api_session_check("secret", NULL, cookie));
    CHECK(!api_session_check("secret", NULL, "regulab_session=secret"));
    CHECK(!api_session_check("secret", NULL, "regulab_session="));
    CHECK(!api_session_check("secret", NULL, ""));
    response_close(&r);
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
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        response r;
        post("secret", ROWS[i].body, &r);
        CHECK_EQUAL_INT(r.status, ROWS[i].status);
        for (int h = 0; h < r.n_headers; h++)
            CHECK(strcmp(r.headers[h].name, "Set-Cookie") != 0);
        response_close(&r);
    }
}

static void without_a_token_there_is_no_session(void)
{
    response r;
    post(NULL, "{\"token\":\"any\"}", &r);
    CHECK_EQUAL_INT(r.status, 204);
    CHECK_EQUAL_INT(r.n_headers, 0);
    response_close(&r);
}

CHECK_MAIN("session", a_bearer_token_opens, a_session_opens, a_wrong_token_does_not,
           without_a_token_there_is_no_session)
