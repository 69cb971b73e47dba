#include "server/api/session.h"

#include "server/api/app.h"
#include "server/api/tokens.h"
#include "server/codec/request.h"

#include <string.h>
#include <strings.h>

#define COOKIE "regulab_session"

/* Cookies of the name, the first that is valid: another service on this host may have set one. */
static int access_of_cookies(const tokens *a, const char *cookies, bool *is_wrong)
{
    for (const char *at = cookies; *at; at += strcspn(at, ";"), at += *at == ';') {
        at += strspn(at, " ");
        if (strncmp(at, COOKIE "=", sizeof COOKIE) != 0)
            continue;
        int opens =
            tokens_access_of_session(a, at + sizeof COOKIE, strcspn(at + sizeof COOKIE, "; "));
        if (opens)
            return opens;
        *is_wrong = true;
    }
    return 0;
}

int api_session_access(const tokens *a, const char *authorization, const char *cookie,
                       bool *is_wrong)
{
    static const char SCHEME[] = "Bearer ";
    int opens = a ? 0 : ACCESS_ALL;
    *is_wrong = false;
    if (a && authorization && strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) == 0) {
        const char *given = authorization + sizeof SCHEME - 1;
        given += strspn(given, " ");
        opens = tokens_access_of_secret(a, given, strlen(given));
        *is_wrong = true;
    } else if (a && cookie) {
        opens = access_of_cookies(a, cookie, is_wrong);
    }
    *is_wrong = *is_wrong && !opens;
    return opens;
}

static void answer_session(const tokens *a, const char *given, response *r)
{
    char value[DIGEST_TEXT_BYTES];
    fail f;
    if (a && !tokens_access_of_secret(a, given, strlen(given))) {
        fail_set(&f, FAIL_UNAUTHORIZED, "/token", "This is not the server's token.");
        response_fail(r, &f);
        return;
    }
    response_set(r, 204, NULL);
    if (!a)
        return; /* all doors are open: nothing to remember */
    tokens_write_session(given, value);
    response_add_header(r, "Set-Cookie", COOKIE "=%s; HttpOnly; SameSite=Strict; Path=/", value);
}

void api_session_post(struct app *shared, const request *q, response *r)
{
    token_request given = {.token = NULL};
    if (!request_read_body(q, &given, r))
        return;
    answer_session(shared->tokens, given.token, r);
    shape_close(&SHAPE_TOKEN_REQUEST, &given);
}
