#include "server/http/logins.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_MS = 100, LONGEST_MS = 8000, FORGOTTEN_MS = 600000, TELL_MS = 10000 };

static const unsigned char MAPPED[12] = {[10] = 0xff, [11] = 0xff};

static bool is_ipv4(const http_address *a)
{
    return memcmp(a->bytes, MAPPED, sizeof MAPPED) == 0;
}

http_address http_address_of(const struct sockaddr *any)
{
    http_address out = {{0}};
    if (any && any->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, any, sizeof v6);
        memcpy(out.bytes, &v6.sin6_addr, sizeof out.bytes);
    } else if (any && any->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, any, sizeof v4);
        memcpy(out.bytes, MAPPED, sizeof MAPPED);
        memcpy(out.bytes + sizeof MAPPED, &v4.sin_addr, 4);
    }
    return out;
}

static bool is_same(const http_address *a, const http_address *b)
{
    size_t n = is_ipv4(a) ? sizeof a->bytes : 8;
    return memcmp(a->bytes, b->bytes, n) == 0;
}

static int find(const http_logins *l, const http_address *from)
{
    for (int i = 0; i < HTTP_LOGINS_ADDRESSES; i++)
        if (l->rows[i].n_wrong > 0 && is_same(from, &l->rows[i].address))
            return i;
    return -1;
}

/* A free row, else that of the address which has been quiet for longest. */
static http_logins_row *make_row(http_logins *l, const http_address *from)
{
    http_logins_row *best = &l->rows[0];
    for (int i = 0; i < HTTP_LOGINS_ADDRESSES && best->n_wrong > 0; i++)
        if (l->rows[i].n_wrong == 0 || l->rows[i].last_ms < best->last_ms)
            best = &l->rows[i];
    *best = (http_logins_row){.address = *from};
    return best;
}

int64_t http_logins_note(http_logins *l, const http_address *from, int64_t now_ms)
{
    int at = find(l, from);
    http_logins_row *row = at < 0 ? make_row(l, from) : &l->rows[at];
    if (now_ms - row->last_ms > FORGOTTEN_MS)
        row->n_wrong = 0;
    int64_t ms = FIRST_MS;
    for (int i = 0; i < row->n_wrong && ms < LONGEST_MS; i++)
        ms *= 2;
    row->n_wrong += row->n_wrong < 1000;
    row->n_waiting++;
    row->last_ms = now_ms;
    l->last = *from;
    l->n_untold++;
    http_logins_tell(l, now_ms);
    return ms < LONGEST_MS ? ms : LONGEST_MS;
}

void http_logins_answer(http_logins *l, const http_address *to)
{
    int at = find(l, to);
    if (at >= 0 && l->rows[at].n_waiting > 0)
        l->rows[at].n_waiting--;
}

bool http_logins_is_full(const http_logins *l, const http_address *from)
{
    int at = find(l, from);
    return at >= 0 && l->rows[at].n_waiting >= HTTP_LOGINS_WAITING_LIMIT;
}

void http_logins_tell(http_logins *l, int64_t now_ms)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (l->n_untold == 0 || (l->told_ms > 0 && now_ms - l->told_ms < TELL_MS))
        return;
    bool v4 = is_ipv4(&l->last);
    inet_ntop(v4 ? AF_INET : AF_INET6, l->last.bytes + (v4 ? sizeof MAPPED : 0), text, sizeof text);
    (void)fprintf(stderr, "regulab: %" PRId64 " wrong token%s, the last from %s\n", l->n_untold,
                  l->n_untold == 1 ? "" : "s", text);
    l->n_untold = 0;
    l->told_ms = now_ms;
}
