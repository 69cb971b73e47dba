#include "server/http/exchange.h"

#include <sys/socket.h>

/* For the rest of a request whose client has shut its writing side down: it has arrived. */
enum { REST_MS = 1000 };

static bool is_being_read(const http_exchange *x)
{
    return x->stage == HTTP_STAGE_NEW || x->stage == HTTP_STAGE_BODY ||
           x->stage == HTTP_STAGE_UPLOAD || x->stage == HTTP_STAGE_DRAIN;
}

void http_exchange_expect(http_exchange *x, int64_t start_ms, int64_t ms, uint64_t bytes)
{
    x->peer->deadline_ms = start_ms + ms + (int64_t)(bytes / 16384) * 1000;
    if (x->peer->has_ended)
        http_exchange_end_reading(x->peer);
}

void http_exchange_relax(http_exchange *x)
{
    x->peer->deadline_ms = 0;
}

void http_exchange_rest(http_peer *peer, int idle_ms)
{
    peer->exchange = NULL;
    peer->deadline_ms = clock_steady_ms() + idle_ms;
    if (peer->has_ended)
        http_exchange_end_reading(peer);
}

void http_exchange_end_reading(http_peer *peer)
{
    peer->has_ended = true;
    if (!peer->exchange || is_being_read(peer->exchange))
        peer->deadline_ms = clock_steady_ms() + REST_MS;
}

void http_exchange_cut(http *h, http_peer *peer)
{
    peer->deadline_ms = 0;
    if (!peer->has_ended)
        atomic_fetch_add(&h->n_late, 1);
    shutdown(peer->fd, SHUT_RDWR);
}

bool http_exchange_refuse(http_exchange *x, int status, const fail *f)
{
    if (status)
        response_problem(&x->r, status, f);
    else
        response_fail(&x->r, f);
    return false;
}

static int pool_of(const http_exchange *x, http_stage stage)
{
    return stage == HTTP_STAGE_WORKING ? (int)route_kind(x->row) : HTTP_POOL_DISK;
}

static void add_due(http_exchange *x, http_stage stage)
{
    http *h = x->server;
    bool is_new = x->due_stage == HTTP_STAGE_NEW;
    x->due_stage = stage;
    if (!is_new)
        return;
    x->due_after = NULL;
    x->due_before = h->last_due;
    if (h->last_due)
        h->last_due->due_after = x;
    else
        h->due = x;
    h->last_due = x;
}

void http_exchange_hand_over(http_exchange *x, http_stage stage, void (*work)(void *),
                             void (*finish)(void *))
{
    x->task = (workers_task){.work = work,
                             .finish = finish,
                             .context = x,
                             .client = stage == HTTP_STAGE_WORKING ? x->errand.client : 0};
    add_due(x, stage);
}

void http_exchange_forget_due(http_exchange *x)
{
    http *h = x->server;
    if (x->due_stage == HTTP_STAGE_NEW)
        return;
    x->due_stage = HTTP_STAGE_NEW;
    if (x->due_before)
        x->due_before->due_after = x->due_after;
    else
        h->due = x->due_after;
    if (x->due_after)
        x->due_after->due_before = x->due_before;
    else
        h->last_due = x->due_before;
}

static void refuse_due(http_exchange *x, http_stage stage)
{
    fail f;
    fail_set(&f, FAIL_UNAVAILABLE, NULL, "The server %s.",
             x->server->is_closing ? "is stopping" : "has more requests than it can take");
    http_exchange_refuse(x, 0, &f);
    x->stage = stage == HTTP_STAGE_WORKING ? HTTP_STAGE_READY : HTTP_STAGE_DRAIN;
}

static void note_probe(http *h, int64_t at_ms)
{
    if (h->next_probe_ms == 0 || at_ms < h->next_probe_ms)
        h->next_probe_ms = at_ms;
}

/* The client sends nothing more: most answers are ready before it is asked whether it is there. */
static void probe_later(http_exchange *x)
{
    enum { PROBE_MS = 80 };
    if (!x->is_preliminary_taken || route_kind(x->row) == ERRAND_QUICK)
        return;
    x->probe_at_ms = clock_steady_ms() + PROBE_MS;
    note_probe(x->server, x->probe_at_ms);
}

/* Blocks of an upload under way find room in any case. */
static void start_work(http_exchange *x, http_stage stage)
{
    if (!workers_add(x->server->pools[pool_of(x, stage)], &x->task, stage == HTTP_STAGE_WRITING)) {
        refuse_due(x, stage);
        return;
    }
    x->stage = stage;
    if (stage == HTTP_STAGE_WORKING && x->peer->has_ended)
        probe_later(x);
    http_exchange_relax(x);
    MHD_suspend_connection(x->connection);
}

void http_exchange_start_due(http *h)
{
    while (h->due) {
        http_exchange *x = h->due;
        http_stage stage = x->due_stage;
        http_exchange_forget_due(x);
        if (stage == HTTP_STAGE_HELD)
            http_exchange_hold_at_once(x);
        else
            start_work(x, stage);
    }
}

/* ---- leaving ---- */

void http_exchange_notice_end(http_exchange *x, bool is_gone)
{
    if (x->stage != HTTP_STAGE_WORKING)
        return;
    if (is_gone)
        errand_call_off(&x->errand);
    else
        probe_later(x);
}

/* Whether a client that will send nothing more is still there shows when it is sent something: a
 * preliminary answer, which every client of HTTP/1.1 passes over; one that is gone answers with a
 * reset. While a worker has the exchange nothing else is on its way on the connection. */
static void probe(http_exchange *x)
{
    static const char PRELIMINARY[] = "HTTP/1.1 100 Continue\r\n\r\n";
    x->probe_at_ms = 0;
    if (x->stage == HTTP_STAGE_WORKING)
        (void)send(x->peer->fd, PRELIMINARY, sizeof PRELIMINARY - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int http_exchange_probe_due(http *h, int64_t now_ms)
{
    if (h->next_probe_ms > now_ms)
        return (int)(h->next_probe_ms - now_ms);
    if (h->next_probe_ms == 0)
        return -1;
    h->next_probe_ms = 0;
    for (http_peer *peer = h->peers; peer; peer = peer->after) {
        http_exchange *x = peer->exchange;
        if (x && x->probe_at_ms > 0 && x->probe_at_ms <= now_ms)
            probe(x);
        else if (x && x->probe_at_ms > 0)
            note_probe(h, x->probe_at_ms);
    }
    return h->next_probe_ms > 0 ? (int)(h->next_probe_ms - now_ms) : -1;
}

/* ---- holding back ---- */

void http_exchange_hold(http_exchange *x)
{
    add_due(x, HTTP_STAGE_HELD);
}

void http_exchange_hold_at_once(http_exchange *x)
{
    http *h = x->server;
    x->stage = HTTP_STAGE_HELD;
    x->held_until_ms = clock_steady_ms() + x->hold_ms;
    x->hold_ms = 0;
    x->held_after = h->held;
    h->held = x;
    http_exchange_relax(x);
    MHD_suspend_connection(x->connection);
}

static void go_on(http_exchange *x)
{
    x->stage = HTTP_STAGE_READY;
    http_logins_answer(&x->server->logins, &x->peer->address);
    http_exchange_expect(x, clock_steady_ms(), x->server->options.answer_ms, 0);
    MHD_resume_connection(x->connection);
}

int http_exchange_release_held(http *h, int64_t now_ms, bool all)
{
    int64_t next_ms = INT64_MAX;
    for (http_exchange **at = &h->held; *at;) {
        http_exchange *x = *at;
        if (all || x->held_until_ms <= now_ms) {
            *at = x->held_after;
            go_on(x);
            continue;
        }
        if (x->held_until_ms < next_ms)
            next_ms = x->held_until_ms;
        at = &x->held_after;
    }
    return h->held ? (int)(next_ms - now_ms) : -1;
}

void http_exchange_release(http_exchange *x)
{
    http_exchange **at = &x->server->held;
    while (*at && *at != x)
        at = &(*at)->held_after;
    if (!*at)
        return;
    *at = x->held_after;
    go_on(x);
}
