#include "server/api/tokens.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int bit, opens;
} SCOPES[] = {{"read", ACCESS_READ, ACCESS_READ},
              {"write", ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE},
              {"worker", ACCESS_WORKER, ACCESS_WORKER}};

enum { N_SCOPES = sizeof SCOPES / sizeof *SCOPES };

typedef struct secret {
    int opens;
    char token[DIGEST_TEXT_BYTES], session[DIGEST_TEXT_BYTES];
} secret;

struct tokens {
    int n;
    secret secrets[ACCESS_SECRETS_LIMIT];
};

const char *tokens_access_name(int bit)
{
    for (int i = 0; i < N_SCOPES; i++)
        if (SCOPES[i].bit == bit)
            return SCOPES[i].name;
    return "";
}

/* Digests have one length, and say nothing of where two secrets differ. */
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

/* ---- reading ---- */

typedef struct words {
    const char *at[3]; /* the third: there are too many */
    size_t n[3];
    int count;
} words;

static words split(const char *line, size_t n)
{
    static const char BLANKS[] = " \t\r";
    words w = {0};
    for (size_t i = 0; i < n && w.count < 3; w.count++) {
        while (i < n && strchr(BLANKS, line[i]))
            i++;
        if (i == n)
            break;
        w.at[w.count] = line + i;
        while (i < n && !strchr(BLANKS, line[i]))
            i++;
        w.n[w.count] = (size_t)(line + i - w.at[w.count]);
    }
    return w;
}

static int scope_of(const words *w)
{
    for (int i = 0; i < N_SCOPES; i++)
        if (strlen(SCOPES[i].name) == w->n[0] && memcmp(SCOPES[i].name, w->at[0], w->n[0]) == 0)
            return i;
    return -1;
}

static bool is_printable(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] <= 0x20 || text[i] >= 0x7F)
            return false;
    return n < ACCESS_SECRET_BYTES;
}

static bool add(tokens *a, const char *text, size_t n, int opens, int line, fail *f)
{
    if (!is_printable(text, n))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "line %d: a secret is 1 to %d printable ASCII characters without blanks",
                        line, ACCESS_SECRET_BYTES - 1);
    if (a->n == ACCESS_SECRETS_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, NULL, "line %d: more than %d secrets", line,
                        ACCESS_SECRETS_LIMIT);
    secret *s = &a->secrets[a->n];
    s->opens = opens;
    write_digest("token", text, n, s->token);
    write_digest("session", text, n, s->session);
    for (int i = 0; i < a->n; i++)
        if (is_same(a->secrets[i].token, s->token))
            return fail_set(f, FAIL_DUPLICATE_KEY, NULL, "line %d: the secret of another line",
                            line);
    a->n++;
    return true;
}

static bool add_line(tokens *a, const char *text, size_t n, int line, fail *f)
{
    words w = split(text, n);
    if (w.count == 0)
        return true;
    int scope = scope_of(&w);
    if (w.count == 1 && scope < 0)
        return add(a, w.at[0], w.n[0], ACCESS_ALL, line, f);
    if (w.count == 2 && scope >= 0)
        return add(a, w.at[1], w.n[1], SCOPES[scope].opens, line, f);
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "line %d: a line is SECRET, read SECRET, write SECRET or worker SECRET", line);
}

bool tokens_read(const char *text, size_t n, tokens **out, fail *f)
{
    tokens *a = calloc(1, sizeof *a);
    if (!a)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the secrets");
    bool ok = true;
    int line = 1;
    for (size_t at = 0; ok && at < n; line++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - text) - at : n - at;
        ok = add_line(a, text + at, length, line, f);
        at += length + 1;
    }
    if (ok && a->n == 0)
        ok = fail_set(f, FAIL_SYNTAX, NULL, "it holds no secret: write one on a line");
    if (!ok) {
        tokens_close(a);
        return false;
    }
    *out = a;
    return true;
}

void tokens_close(tokens *a)
{
    free(a);
}

int tokens_count(const tokens *a)
{
    return a->n;
}

/* ---- asking ---- */

int tokens_access_of_secret(const tokens *a, const char *text, size_t n)
{
    char given[DIGEST_TEXT_BYTES];
    int opens = 0;
    write_digest("token", text, n, given);
    for (int i = 0; i < a->n; i++)
        opens |= is_same(a->secrets[i].token, given) ? a->secrets[i].opens : 0;
    return opens;
}

int tokens_access_of_session(const tokens *a, const char *session, size_t n)
{
    char given[DIGEST_TEXT_BYTES] = "";
    int opens = 0;
    if (n != sizeof given - 1)
        return 0;
    memcpy(given, session, n);
    for (int i = 0; i < a->n; i++)
        opens |= is_same(a->secrets[i].session, given) ? a->secrets[i].opens : 0;
    return opens;
}

void tokens_write_session(const char *token, char out[DIGEST_TEXT_BYTES])
{
    write_digest("session", token, strlen(token), out);
}
