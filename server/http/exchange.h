/* exchange — one request with its answer, on its way through the room.
 *
 *   NEW ──▶ BODY ───┬──▶ WORKING ──▶ READY ──▶ ANSWERED
 *    │ └──▶ UPLOAD ─┤◀─▶ WRITING     ▲
 *    └────▶ DRAIN ──┴────────────────┘
 *
 *   HELD, before READY: suspended, the answer to a wrong token waits for its time
 * (server/http/logins). WORKING: suspended, the exchange belongs to a worker; WRITING: the same,
 * for a block of an upload; DRAIN: refused, a body that is not too long is still read. What a
 * worker is to do begins after the round of the loop (http_exchange_start_due()): until then the
 * stage is the one before.
 *
 * Everything here belongs to the loop's thread, except an exchange while its task is with the
 * workers. */
#ifndef SERVER_HTTP_EXCHANGE_H
#define SERVER_HTTP_EXCHANGE_H

#include "core/base/clock.h"
#include "server/api/message.h"
#include "server/api/route.h"
#include "server/http/server.h"

struct http_upload;

typedef enum http_stage {
    HTTP_STAGE_NEW,
    HTTP_STAGE_BODY,
    HTTP_STAGE_UPLOAD,
    HTTP_STAGE_DRAIN,
    HTTP_STAGE_WRITING,
    HTTP_STAGE_WORKING,
    HTTP_STAGE_HELD,
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
    errand errand;
    bool is_preliminary_taken; /* the client speaks HTTP/1.1 */
    http_stage due_stage;      /* WORKING, WRITING or HELD while on the list of the due, else NEW */
    struct http_exchange *due_before, *due_after;
    int64_t hold_ms; /* so long the answer is to wait; 0: not */
    int64_t held_until_ms;
    int64_t probe_at_ms; /* when it is asked whether its client is there; 0: not */
    struct http_exchange *held_after;
    int64_t body_start_ms;
    uint64_t n_body; /* bytes that came */
    /* where libmicrohttpd's memory has the body's first bytes, behind the header */
    const char *body_at;
    bool is_chunked;
    bool is_last; /* the connection ends with the answer */
    buffer body;
    uint64_t bodies_age; /* when the handler was handed over */
    kept_body *kept;     /* the answer's body; NULL: it is in r.body */
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

/* The connection is over, whatever it is at. */
void http_exchange_cut(struct http *h, http_peer *peer);

/* The answer is the fail's; status 0: that of its code. Returns false. */
bool http_exchange_refuse(http_exchange *x, int status, const fail *f);

/* A worker is to do this for the exchange, once the loop's round is over; `finish` is for
 * the loop when it is done. The connection is suspended only then: libmicrohttpd reads once more
 * from one that was suspended while it waited for data, and takes the end of a client's writing for
 * the end of the client. */
void http_exchange_hand_over(http_exchange *x, http_stage stage, void (*work)(void *),
                             void (*finish)(void *));

/* The answer waits for x->hold_ms, from the end of the round on; or at once, in libmicrohttpd's
 * first call for a request (what has been sent behind the header is then not read). */
void http_exchange_hold(http_exchange *x);
void http_exchange_hold_at_once(http_exchange *x);

/* Those whose time has come, or all, go on to their answer. Returns the milliseconds until the next
 * one's time, or -1. */
int http_exchange_release_held(http *h, int64_t now_ms, bool all);

/* The client will send nothing more, or is gone: a handler that works for nobody is called off. */
void http_exchange_notice_end(http_exchange *x, bool is_gone);

/* Asks the clients whose time for it has come whether they are there. Returns the milliseconds
 * until the next one's time, or -1. */
int http_exchange_probe_due(http *h, int64_t now_ms);

/* The client is gone: its answer need not wait. */
void http_exchange_release(http_exchange *x);

/* After a round. An exchange that finds the workers' queue full is refused: READY. */
void http_exchange_start_due(http *h);

/* The exchange ends before that. */
void http_exchange_forget_due(http_exchange *x);

#endif
