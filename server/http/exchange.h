/* exchange — what the files of http/ share: the server, a connection (peer), one request with its
 * answer (exchange).
 *
 *   NEW ──▶ BODY ───┬──▶ WORKING ──▶ READY ──▶ ANSWERED      WORKING: suspended, the exchange
 *                                                            belongs to a worker
 *    │ └──▶ UPLOAD ─┤◀─▶ WRITING     ▲                       WRITING: the same, for a block of an
 *                                    upload
 *    └────▶ DRAIN ──┴────────────────┘                       DRAIN: refused; a body that is not too
 *                                                            long is still read
 *
 * Everything here belongs to the loop's thread, except an exchange while its task is with the
 * workers. */
#ifndef SERVER_HTTP_EXCHANGE_H
#define SERVER_HTTP_EXCHANGE_H

#include "core/base/clock.h"
#include "server/api/message.h"
#include "server/api/routes.h"
#include "server/http/assets.h"
#include "server/http/gate.h"
#include "server/http/http.h"
#include "server/http/workers.h"

#include <microhttpd.h>
#include <stdatomic.h>

struct http_upload;
struct http_stream;

typedef struct http_peer { /* a connection */
    int fd;
    int64_t deadline_ms; /* of clock_steady_ms(); 0: none */
    /* its header is still being read: libmicrohttpd may drop it without a word */
    struct http_exchange *starting;
    /* told when the client leaves: a stream, an upload; NULL: none */
    struct http_exchange *watched;
    bool has_left; /* it has closed its side */
    struct http_peer *before, *after;
} http_peer;

/* Who works: none of them waits for work of another kind. */
typedef enum http_pool {
    HTTP_POOL_QUICK,
    HTTP_POOL_SLOW, /* ROUTE_SLOW */
    HTTP_POOL_PLAN, /* ROUTE_PLAN */
    HTTP_POOL_COUNT
} http_pool;

struct http {
    http_options options;
    char address[64];
    char **allow_hosts;
    http_gate_hosts hosts;
    uint16_t port;
    struct MHD_Daemon *daemon;
    int epoll_fd, stop_fd, timer_fd, signal_fd, listen_fd;
    int daemon_fd, pool_fds[HTTP_POOL_COUNT], events_fd; /* borrowed */
    workers *pools[HTTP_POOL_COUNT];
    assets *assets;
    http_peer *peers;
    struct http_stream *streams;
    int n_exchanges, n_uploads;
    int64_t next_beat_ms;
    atomic_bool is_closing; /* handlers ask, too */
    uint32_t id_prefix, id_count;
    atomic_uint_fast64_t n_requests, n_answers[6], n_late;
    atomic_int n_connections, n_streams;
};

typedef enum http_stage {
    HTTP_STAGE_NEW,
    HTTP_STAGE_BODY,
    HTTP_STAGE_UPLOAD,
    HTTP_STAGE_DRAIN,
    HTTP_STAGE_WRITING,
    HTTP_STAGE_WORKING,
    HTTP_STAGE_READY,
    HTTP_STAGE_ANSWERED
} http_stage;

enum { HTTP_KEPT_HEADERS = 4 };

typedef struct http_exchange {
    struct http *server;
    struct MHD_Connection *connection;
    http_peer *peer;
    http_stage stage;
    const route *row;   /* NULL: refused, or an asset */
    const asset *asset; /* NULL: none */
    request q;
    response r;
    workers_task task;
    int64_t body_start_ms;
    uint64_t n_body; /* bytes that came */
    buffer body;
    struct http_upload *upload;
    struct http_stream *stream;
    message_pair query[HTTP_GATE_QUERY_LIMIT], headers[HTTP_KEPT_HEADERS];
    char content_type[64];
    char *uri, *path, *query_text; /* as sent; decoded; all three in one block at uri */
} http_exchange;

/* The exchange waits for `ms` at most for what comes next, besides the time that `bytes` take at 16
 * KiB/s. */
void http_exchange_expect(http_exchange *x, int64_t start_ms, int64_t ms, uint64_t bytes);
void http_exchange_relax(http_exchange *x); /* no deadline */

/* From now on the client's leaving is noticed, which libmicrohttpd does not while a connection is
 * suspended, and not surely when the end comes together with data. */
void http_exchange_watch(http_exchange *x);
void http_exchange_unwatch(http_exchange *x);

/* Hands the exchange to a worker and suspends its connection; false if the queue is full
 * (unless `always`). */
bool http_exchange_hand_over(http_exchange *x, http_stage stage, void (*work)(void *), bool always);

#endif
