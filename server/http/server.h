/* server — what the files of this room share: the server and its connections. Everything here
 * belongs to the loop's thread, but what is atomic. */
#ifndef SERVER_HTTP_SERVER_H
#define SERVER_HTTP_SERVER_H

#include "server/http/assets.h"
#include "server/http/bodies.h"
#include "server/http/gate.h"
#include "server/http/http.h"
#include "server/http/logins.h"
#include "server/http/workers.h"
#include "server/jobs/errand.h"

#include <microhttpd.h>
#include <stdatomic.h>

struct http_exchange;
struct http_stream;

typedef struct http_peer { /* a connection */
    int fd;
    http_address address;
    int64_t deadline_ms;            /* of clock_steady_ms(); 0: none */
    struct http_exchange *exchange; /* the request under way; NULL: between two */
    bool has_ended; /* has shut its writing side down: what it has sent is all, answers may go on */
    struct http_peer *before, *after;
} http_peer;

/* Who works: a pool for each kind of errand, and one that writes blocks of uploads; none waits for
 * work of another. */
enum { HTTP_POOL_DISK = ERRAND_KIND_COUNT, HTTP_POOL_COUNT };

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
    struct http_exchange *due, *last_due; /* what is to begin with them begins after this round */
    struct http_exchange *held;
    struct http_exchange *spare; /* none's: for the next ones, linked by due_after */
    http_logins logins;
    bodies *bodies;
    struct http_stream *streams;
    int n_exchanges, n_spare, n_uploads;
    int64_t next_beat_ms, next_probe_ms; /* 0: nobody is to be probed */
    atomic_bool is_closing;              /* handlers ask, too */
    uint32_t id_prefix, id_count;
    atomic_uint_fast64_t n_requests, n_answers[6], n_late;
    atomic_int n_connections, n_streams;
};

#endif
