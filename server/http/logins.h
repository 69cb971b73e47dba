/* logins — wrong tokens and sessions: counted by the address that they come from, answered late,
 * told.
 *
 * 1. The k-th wrong one from an address is answered after 100 ms * 2^(k-1), at most 8 s; an address
 *    that has sent none for ten minutes is forgotten. Right ones are never slow.
 * 2. While 64 answers to an address wait, nothing that it sends is looked at: more guesses at a
 * time are no way round. Everyone behind one proxy is one address.
 * 3. The last 256 addresses are remembered; of IPv6, the network (64 bits) is the address.
 * 4. A line on stderr, at most every ten seconds, tells how many there were and from where the
 * last; it shows nothing of what was sent. All in the loop's thread. */
#ifndef SERVER_HTTP_LOGINS_H
#define SERVER_HTTP_LOGINS_H

#include <stdbool.h>
#include <stdint.h>

enum { HTTP_LOGINS_ADDRESSES = 256, HTTP_LOGINS_WAITING_LIMIT = 64 };

/* An IPv6 address, or an IPv4 one as ::ffff:a.b.c.d. */
typedef struct http_address {
    unsigned char bytes[16];
} http_address;

struct sockaddr;
http_address http_address_of(const struct sockaddr *any); /* NULL: all zero */

typedef struct http_logins_row {
    http_address address;
    int n_wrong, n_waiting; /* n_wrong 0: a free row */
    int64_t last_ms;
} http_logins_row;

typedef struct http_logins {
    http_logins_row rows[HTTP_LOGINS_ADDRESSES];
    http_address last;
    int64_t n_untold, told_ms; /* told_ms 0: never */
} http_logins;

/* A wrong one has come: the milliseconds that its answer waits, to be ended with
 * http_logins_answer(). */
int64_t http_logins_note(http_logins *l, const http_address *from, int64_t now_ms);
void http_logins_answer(http_logins *l, const http_address *to);

/* As many answers to the address wait as may. */
bool http_logins_is_full(const http_logins *l, const http_address *from);

/* Writes the line, if there is something to tell and it is time. */
void http_logins_tell(http_logins *l, int64_t now_ms);

#endif
