/* exchange — what the files of this room share: the server, a connection (peer), one request with
 * its answer (exchange).
 *
 *   NEW ──▶ BODY ───┬──▶ WORKING ──▶ READY ──▶ ANSWERED
 *    │ └──▶ UPLOAD ─┤◀─▶ WRITING     ▲
 *    └────▶ DRAIN ──┴────────────────┘
 *
 *   WORKING: suspended, the exchange belongs to a worker; WRITING: the same, for a block of
 *   an upload; DRAIN: refused, a body that is not too long is still read. What a worker is to do
 *   begins after the round of the loop (http_exchange_start_due()): until then the stage is the one
 *   before.
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
    int64_t deadline_ms;            /* of clock_steady_ms(); 0: none */
    struct http_exchange *exchange; /* the request under way; NULL: between two */
    bool has_ended; /* has shut its writing side down: what it has sent is all, answers may go on */
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
    struct http_exchange *due, *last_due; /* to be handed to workers after this round */
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

enum {
    HTTP_KEPT_HEADERS = 4,
    /* Bytes of a refused body that are read and thrown away, so that its sender gets to read why:
     * many write all of it before they look. */
    HTTP_DRAIN_LIMIT = 16 * 1024 * 1024
};

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
    http_stage due_stage; /* WORKING or WRITING while on the list of the due, else NEW */
    struct http_exchange *due_before, *due_after;
    int64_t body_start_ms;
    uint64_t n_body; /* bytes that came */
    /* where libmicrohttpd's memory has the body's first bytes, behind the header */
    const char *body_at;
    bool is_chunked;
    bool is_last; /* the connection ends with the answer */
    buffer body;
    struct http_upload *upload;
    struct http_stream *stream;
    message_pair query[HTTP_GATE_QUERY_LIMIT], headers[HTTP_KEPT_HEADERS];
    char content_type[64];
    char *uri, *path, *query_text; /* as sent; decoded; all three in one block at uri */
} http_exchange;

/* The exchange waits for `ms` at most for what comes next, besides the time that `bytes` take at 16
 * KiB/s; for a moment only if its client has sent all that it will and the request is not whole. */
void http_exchange_expect(http_exchange *x, int64_t start_ms, int64_t ms, uint64_t bytes);
void http_exchange_relax(http_exchange *x); /* no deadline */

/* The request is over: its connection waits for the next one. */
void http_exchange_rest(http_peer *peer, int idle_ms);

/* The client has shut its writing side down: what is still to be read of a request has come, or
 * never will. */
void http_exchange_end_reading(http_peer *peer);

/* The answer is the fail's; status 0: that of its code. Returns false. */
bool http_exchange_refuse(http_exchange *x, int status, const fail *f);

/* A worker is to do this for the exchange, once the loop's round is over; `finish` is for
 * the loop when it is done. The connection is suspended only then: libmicrohttpd reads once more from
 * one that was suspended while it waited for data, and takes the end of a client's writing for the
 * end of the client. */
void http_exchange_hand_over(http_exchange *x, http_stage stage, void (*work)(void *),
                             void (*finish)(void *));

/* After a round. An exchange that finds the workers' queue full is refused: READY. */
void http_exchange_start_due(http *h);

/* The exchange ends before that. */
void http_exchange_forget_due(http_exchange *x);

#endif
