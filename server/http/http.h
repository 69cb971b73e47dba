/* http — the service's event loop: libmicrohttpd in external epoll mode, the gate, the routes, the
 * streams.
 *
 * 1. One thread runs the loop: http_run(). Handlers run in workers, except ROUTE_INLINE
 *    ones and assets; nothing that may take longer than a millisecond runs in the loop.
 * 2. Every request passes the gate (server/http/gate.h) before a route is looked up; every answer
 *    of ours has X-Request-Id and the security headers. Answers that libmicrohttpd makes itself
 *    (unreadable requests) are bare.
 * 3. A connection has a deadline of its own for header, body and answer; only event streams go on
 *    for ever.
 * Order of opening: http_block_signals() first of all in main, before any thread; then store,
 * events, jobs, http. Threads: http_stop() from any thread or signal handler; all else from the one
 * that called http_open(). */
#ifndef SERVER_HTTP_HTTP_H
#define SERVER_HTTP_HTTP_H

#include "core/base/fail.h"

#include <stdint.h>

struct app;

typedef struct http http;

typedef struct http_options {
    const char *address; /* numeric IPv4 or IPv6, without brackets */
    uint16_t port;       /* 0: a free one */
    int n_allow_hosts;   /* names that Host may have besides the loopback names and `address` */
    const char *const *allow_hosts;
    /* handed to every handler; store, events, data_dir, static_dir and token are used here */
    struct app *app;
    /* time for a request's header; for the next request on a kept connection; 0: 20 s, 60 s */
    int header_ms, idle_ms;
    /* time for a body, an answer, besides 1 s for each 16 KiB; 0: 30 s, 60 s */
    int body_ms, answer_ms;
    int connections, streams; /* most at a time; 0: 2048 (or what the descriptors allow), 1000 */
    /* NULL: nothing. A stop has begun, and handlers are not waited for yet; SIGHUP has come. Both
     * in the loop. */
    void (*on_leaving)(void *context);
    void (*on_reload)(void *context);
    void *context;
    bool without_signals; /* tests: this loop takes no signals */
} http_options;

/* Blocks SIGTERM, SIGINT and SIGHUP for this thread and all that it starts (http_run() takes them
 * from a descriptor), ignores SIGPIPE and raises the limit of open files to what is allowed. */
void http_block_signals(void);

/* Listens: from now on connections wait, and are served by http_run(). Loads the assets. *options
 * is copied, but not `app`, whose `front` is filled: until http_close() handlers may ask it. */
FAIL_CHECKED bool http_open(const http_options *options, http **out, fail *f);
uint16_t http_port(const http *h);

/* Serves until http_stop(), SIGTERM or SIGINT; then refuses new connections, lets handlers that run
 * finish and ends every stream. No handler runs after it has returned. */
FAIL_CHECKED bool http_run(http *h, fail *f);
void http_stop(http *h);
void http_close(http *h); /* NULL: nothing */

#endif
