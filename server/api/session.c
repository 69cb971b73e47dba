#include "server/api/session.h"

#include "core/base/digest.h"
#include "server/api/app.h"
#include "server/codec/codec.h"

#include <string.h>
#include <strings.h>

#define COOKIE "regulab_session"

/* Digests have one length, and say nothing of where two tokens differ: equal time by
 * construction. */
static void write_digest(const char *purpose, const char *text, size_t n,
                         char out[DIGEST_TEXT_BYTES])
{
    digest d;
    digest_init(&d);
    digest_add(&d, purpose, strlen(purpose) + 1);
    digest_add(&d, text, n);
    digest_write(&d, out);
}

static bool is_same(const char a[DIGEST_TEXT_BYTES], const char b[DIGEST_TEXT_BYTES])
{
    unsigned char difference = 0;
    for (int i = 0; i < DIGEST_TEXT_BYTES; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

static bool is_token(const char *token, const char *given, size_t n)
{
    char wanted[DIGEST_TEXT_BYTES], got[DIGEST_TEXT_BYTES];
    write_digest("token", token, strlen(token), wanted);
    write_digest("token", given, n, got);
    return is_same(wanted, got);
}

static bool has_session(const char *token, const char *cookies)
{
    char wanted[DIGEST_TEXT_BYTES], got[DIGEST_TEXT_BYTES] = "";
    write_digest("session", token, strlen(token), wanted);
    for (const char *at = cookies; *at; at += strcspn(at, ";"), at += *at == ';') {
        at += strspn(at, " ");
        size_t n = strcspn(at, "; ");
        if (n == sizeof COOKIE + sizeof got - 1 && strncmp(at, COOKIE "=", sizeof COOKIE) == 0) {
            memcpy(got, at + sizeof COOKIE, sizeof got - 1);
            if (is_same(wanted, got))
                return true;
        }
    }
    return false;
}

bool api_session_check(const char *token, const char *authorization, const char *cookie)
{
    static const char SCHEME[] = "Bearer ";
    if (!token)
        return true;
    if (authorization && strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) == 0) {
        const char *given = authorization + sizeof SCHEME - 1;
        given += strspn(given, " ");
        return is_token(token, given, strlen(given));
    }
    return cookie && has_session(token, cookie);
}

static void answer_session(const char *token, const char *given, response *r)
{
    char value[DIGEST_TEXT_BYTES];
    fail f;
    if (token && !is_token(token, given, strlen(given))) {
        fail_set(&f, FAIL_UNAUTHORIZED, "/token", "This is not the server's token.");
        response_fail(r, &f);
        return;
    }
    response_set(r, 204, NULL);
    if (!token)
        return; /* all doors are open: nothing to remember */
    write_digest("session", token, strlen(token), value);
    response_add_header(r, "Set-Cookie", COOKIE "=%s; HttpOnly; SameSite=Strict; Path=/", value);
}

void api_session_post(struct app *shared, const request *q, response *r)
{
    char given[1024];
    fail f;
    if (codec_read_token(q->body, q->body_bytes, given, sizeof given, &f))
        answer_session(shared->token, given, r);
    else
        response_fail(r, &f);
}
