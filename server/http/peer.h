/* peer — connections: their list, their deadlines, and how their clients leave.
 *
 * 1. A client may shut its writing side down and wait for the answer (`nc -N`, some proxies): that
 *    is not leaving. Whether somebody is still there shows when something is sent to it: a stream
 *    sends a comment at once, and a client that is gone answers with a reset.
 * 2. libmicrohttpd does not notice any of this while a connection is suspended: our own epoll
 *    watches every socket for it.
 * 3. Where nearly as many are open as may be, a new one takes the place of the one that has been
 *    waited for longest: idle, or with half a header.
 * All in the loop's thread. */
#ifndef SERVER_HTTP_PEER_H
#define SERVER_HTTP_PEER_H

#include "server/http/exchange.h"

/* libmicrohttpd's callback; `context` is the server, *state the http_peer. */
void http_peer_notice_connection(void *context, struct MHD_Connection *connection, void **state,
                                 enum MHD_ConnectionNotificationCode what);

/* Our epoll has told these events of the peer's socket. */
void http_peer_notice_events(http_peer *peer, uint32_t events);

/* The service stops: nothing that handlers do is wanted any more. */
void http_peer_call_off_all(http *h);

/* Cuts those whose deadline is past: libmicrohttpd's own timer starts anew with every byte, and a
 * client that drips them would hold its connection for ever. */
void http_peer_cut_late(http *h, int64_t now_ms);

#endif
