#include "server/http/peer.h"

#include "server/http/request.h"
#include "server/http/stream.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static bool is_waited_for(const http_peer *peer)
{
    return peer->deadline_ms > 0 && (!peer->exchange || peer->exchange->stage == HTTP_STAGE_NEW);
}

/* The last places are kept for who asks something: whoever has asked nothing for longest loses its
 * own. Without a free place libmicrohttpd lets everyone wait, without a word. */
static void make_room(http *h)
{
    http_peer *oldest = NULL;
    int reserve = h->options.connections / 64 + 1;
    if (atomic_load(&h->n_connections) <= h->options.connections - reserve)
        return;
    for (http_peer *peer = h->peers->after; peer; peer = peer->after)
        if (is_waited_for(peer) && (!oldest || peer->deadline_ms <= oldest->deadline_ms))
            oldest = peer;
    if (oldest)
        http_exchange_cut(h, oldest);
}

static void start_peer(http *h, struct MHD_Connection *connection, void **state)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    http_peer *peer = calloc(1, sizeof *peer);
    *state = peer;
    atomic_fetch_add(&h->n_connections, 1);
    if (!peer)
        return; /* its requests are cut off for want of a peer */
    peer->fd = info->connect_fd;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    peer->address = http_address_of(info ? info->client_addr : NULL);
    peer->deadline_ms = clock_steady_ms() + h->options.header_ms;
    peer->after = h->peers;
    if (peer->after)
        peer->after->before = peer;
    h->peers = peer;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = peer};
    /* Without it the client's leaving is noticed later, when a deadline is past. */
    (void)epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, peer->fd, &event);
    make_room(h);
}

static void end_peer(http *h, http_peer *peer)
{
    atomic_fetch_sub(&h->n_connections, 1);
    if (!peer)
        return;
    epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, peer->fd, NULL);
    http_request_forget(peer);
    if (peer->after)
        peer->after->before = peer->before;
    if (peer->before)
        peer->before->after = peer->after;
    else
        h->peers = peer->after;
    free(peer);
}

void http_peer_notice_connection(void *context, struct MHD_Connection *connection, void **state,
                                 enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        start_peer(context, connection, state);
    } else {
        end_peer(context, *state);
        *state = NULL;
    }
}

void http_peer_notice_events(http_peer *peer, uint32_t events)
{
    http_exchange *x = peer->exchange;
    bool is_gone = events & (EPOLLHUP | EPOLLERR);
    http_exchange_end_reading(peer);
    if (x && x->stream && is_gone) {
        http_stream_hang_up(x->stream);
    } else if (x && x->stream) {
        http_stream_beat(x->stream);
    } else if (x) {
        http_exchange_notice_end(x, is_gone);
        if (is_gone)
            http_exchange_release(x);
    }
}

void http_peer_call_off_all(http *h)
{
    for (http_peer *peer = h->peers; peer; peer = peer->after)
        if (peer->exchange)
            errand_call_off(&peer->exchange->errand);
}

void http_peer_cut_late(http *h, int64_t now_ms)
{
    for (http_peer *peer = h->peers; peer; peer = peer->after)
        if (peer->deadline_ms > 0 && now_ms >= peer->deadline_ms)
            http_exchange_cut(h, peer);
}
