/* stream — an event stream on its connection: sends what the subscription gives, sleeps (suspended)
 * when there is nothing.
 *
 * 1. Suspended connections are out of libmicrohttpd's sight: server/http/peer tells when the client
 *    has left.
 * 2. A client that does not read is cut after 30 s, and the kernel buffers at most 32 KB for it.
 * All in the loop's thread, but the fetching of pages, which runs in a worker. */
#ifndef SERVER_HTTP_STREAM_H
#define SERVER_HTTP_STREAM_H

#include "server/http/exchange.h"

struct event_subscription;

/* The answer that streams x->r.stream, which it takes over; NULL without memory. */
struct MHD_Response *http_stream_open(http_exchange *x);
void http_stream_close(struct http_stream *s); /* at the end of its exchange; NULL: nothing */

/* Wakes the streams that have something to send now. */
void http_stream_wake_all(http *h);
/* A comment if it is quiet, or for all that are, so that proxies and dead peers are found out. */
void http_stream_beat(struct http_stream *s);
void http_stream_beat_all(http *h);
/* Ends all. */
void http_stream_end_all(http *h);
/* The client is gone. */
void http_stream_hang_up(struct http_stream *s);

#endif
