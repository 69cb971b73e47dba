#include "server/http/http.h"

#include "core/base/clock.h"
#include "server/api/app.h"
#include "server/events/events.h"
#include "server/http/exchange.h"
#include "server/http/listen.h"
#include "server/http/peer.h"
#include "server/http/request.h"
#include "server/http/stream.h"
#include "server/http/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    MEMORY_PER_CONNECTION = 32 * 1024,
    SPARE_DESCRIPTORS = 192, /* beside connections: database, data sets, files being sent */
    BEAT_MS = 15000,
    LEAVE_MS = 500, /* after a stop, for answers on their way */
    EVENTS_AT_ONCE = 64
};

/* Where errands take places (server/jobs/errand.h), threads enough that light ones find one while
 * the others work and wait. */
enum { ERRAND_THREADS = ERRAND_PLACES + ERRAND_WAITING + 2 };

static const struct {
    int n_workers, limit; /* requests that may wait for a worker */
} POOLS[HTTP_POOL_COUNT] = {
    [ERRAND_QUICK] = {4, 512},
    [ERRAND_PLAN] = {ERRAND_THREADS, 64},
    [ERRAND_SQL] = {4, 64},
    [ERRAND_PREDICT] = {ERRAND_THREADS, 64},
    [ERRAND_UPLOAD] = {ERRAND_THREADS, 64},
    [ERRAND_COMPARE] = {ERRAND_THREADS, 64},
    [ERRAND_CHANGE] = {4, 256},
    [HTTP_POOL_DISK] = {2, 512},
};

/* ---- opening ---- */

static sigset_t taken_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

void http_block_signals(void)
{
    sigset_t set = taken_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* sendfile knows no MSG_NOSIGNAL */
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static size_t identity_unescape(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static bool start_daemon(http *h, fail *f)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (strchr(h->address, ':'))
        flags |= MHD_USE_IPv6;
    h->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, http_request_handle, h, MHD_OPTION_LISTEN_SOCKET, h->listen_fd,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)h->options.connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_UNESCAPE_CALLBACK, identity_unescape, h,
        MHD_OPTION_URI_LOG_CALLBACK, http_request_start, h, MHD_OPTION_NOTIFY_COMPLETED,
        http_request_end, h, MHD_OPTION_NOTIFY_CONNECTION, http_peer_notice_connection, h,
        MHD_OPTION_END);
    if (!h->daemon)
        return fail_set(f, FAIL_UNAVAILABLE, NULL, "The HTTP library cannot be started.");
    return true;
}

static bool watch(http *h, int *fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = fd};
    return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, *fd, &event) == 0;
}

static int smallest(const http_options *o)
{
    int ms = o->header_ms < o->idle_ms ? o->header_ms : o->idle_ms;
    if (o->body_ms < ms)
        ms = o->body_ms;
    return o->answer_ms < ms ? o->answer_ms : ms;
}

static bool open_timer(http *h)
{
    int ms = smallest(&h->options) / 4;
    ms = ms < 10 ? 10 : ms > 1000 ? 1000 : ms;
    struct timespec every = {ms / 1000, ms % 1000 * 1000000L};
    struct itimerspec times = {every, every};
    h->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return h->timer_fd >= 0 && timerfd_settime(h->timer_fd, 0, &times, NULL) == 0;
}

static bool open_signals(http *h)
{
    if (h->options.without_signals)
        return true;
    sigset_t set = taken_signals();
    h->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return h->signal_fd >= 0 && watch(h, &h->signal_fd);
}

static bool watch_pools(http *h)
{
    bool ok = true;
    for (int i = 0; ok && i < HTTP_POOL_COUNT; i++) {
        h->pool_fds[i] = workers_fd(h->pools[i]);
        ok = watch(h, &h->pool_fds[i]);
    }
    return ok;
}

/* What the loop waits for. The addresses of these members tell the descriptors apart
 * (dispatch()). */
static bool open_loop(http *h, fail *f)
{
    h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    h->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    h->daemon_fd = info ? info->epoll_fd : -1;
    h->events_fd = h->options.app->events ? events_fd(h->options.app->events) : -1;
    if (h->epoll_fd >= 0 && h->stop_fd >= 0 && open_timer(h) && open_signals(h) &&
        watch(h, &h->daemon_fd) && watch(h, &h->stop_fd) && watch(h, &h->timer_fd) &&
        watch_pools(h) && (h->events_fd < 0 || watch(h, &h->events_fd)))
        return true;
    return fail_set(f, FAIL_UNAVAILABLE, NULL, "The event loop cannot be set up: %s.",
                    strerror(errno));
}

static int value_or(int value, int otherwise)
{
    return value > 0 ? value : otherwise;
}

static int allowed_connections(int wanted)
{
    struct rlimit limit;
    long most = wanted;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        (long)limit.rlim_cur - SPARE_DESCRIPTORS < most)
        most = (long)limit.rlim_cur - SPARE_DESCRIPTORS;
    return most < 16 ? 16 : (int)most;
}

static bool copy_options(http *h, const http_options *options)
{
    h->options = *options;
    h->options.header_ms = value_or(options->header_ms, 20000);
    h->options.idle_ms = value_or(options->idle_ms, 60000);
    h->options.body_ms = value_or(options->body_ms, 30000);
    h->options.answer_ms = value_or(options->answer_ms, 60000);
    h->options.connections = allowed_connections(value_or(options->connections, 2048));
    int most = h->options.connections / 2; /* the other half is for ordinary requests */
    h->options.streams = value_or(options->streams, 1000);
    if (h->options.streams > most)
        h->options.streams = most;
    snprintf(h->address, sizeof h->address, "%s", options->address);
    h->allow_hosts = calloc((size_t)options->n_allow_hosts + 1, sizeof *h->allow_hosts);
    for (int i = 0; h->allow_hosts && i < options->n_allow_hosts; i++)
        if (!(h->allow_hosts[i] = strdup(options->allow_hosts[i])))
            return false;
    h->hosts =
        (http_gate_hosts){h->address, options->n_allow_hosts, (const char *const *)h->allow_hosts};
    return h->allow_hosts != NULL;
}

static bool open_pools(http *h, fail *f)
{
    bool ok = true;
    for (int i = 0; ok && i < HTTP_POOL_COUNT; i++)
        ok = workers_open(POOLS[i].n_workers, POOLS[i].limit, &h->pools[i], f);
    return ok;
}

static bool open_parts(http *h, fail *f)
{
    const struct app *shared = h->options.app;
    if (getrandom(&h->id_prefix, sizeof h->id_prefix, 0) != (ssize_t)sizeof h->id_prefix)
        h->id_prefix = (uint32_t)clock_steady_ms();
    h->bodies = bodies_new();
    if (!h->bodies)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the server.");
    return (!shared->data_dir || http_upload_prepare(shared->data_dir, f)) &&
           assets_open(shared->static_dir, &h->assets, f) && open_pools(h, f) &&
           http_listen_open(h->address, h->options.port, &h->listen_fd, &h->port, f) &&
           start_daemon(h, f) && open_loop(h, f);
}

/* ---- what handlers may ask ---- */

static bool is_stopping(const void *server)
{
    const http *h = server;
    return atomic_load(&h->is_closing);
}

static void get_traffic(const void *server, app_traffic *out)
{
    const http *h = server;
    *out = (app_traffic){.requests = atomic_load(&h->n_requests),
                         .late = atomic_load(&h->n_late),
                         .connections = atomic_load(&h->n_connections),
                         .streams = atomic_load(&h->n_streams)};
    for (int i = 0; i < HTTP_POOL_COUNT; i++)
        out->waiting += workers_waiting(h->pools[i]);
    for (int i = 0; i < 6; i++)
        out->answers[i] = atomic_load(&h->n_answers[i]);
}

bool http_open(const http_options *options, http **out, fail *f)
{
    http *h = calloc(1, sizeof *h);
    if (!h)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the server.");
    h->epoll_fd = h->stop_fd = h->timer_fd = h->signal_fd = h->listen_fd = -1;
    bool ok = copy_options(h, options);
    if (!ok)
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the server.");
    else
        ok = open_parts(h, f);
    if (!ok) {
        http_close(h);
        return false;
    }
    if (options->app)
        options->app->front = (app_front){h, get_traffic, is_stopping};
    *out = h;
    return true;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void http_close(http *h)
{
    if (!h)
        return;
    if (h->options.app)
        h->options.app->front = (app_front){0};
    if (h->daemon) {
        MHD_stop_daemon(h->daemon); /* closes the listening socket, unless http_run() did */
        h->listen_fd = -1;
    }
    close_fd(h->listen_fd);
    for (int i = 0; i < HTTP_POOL_COUNT; i++)
        workers_close(h->pools[i]);
    assets_close(h->assets);
    bodies_free(h->bodies);
    http_request_free_spare(h);
    close_fd(h->signal_fd);
    close_fd(h->timer_fd);
    close_fd(h->stop_fd);
    close_fd(h->epoll_fd);
    for (int i = 0; h->allow_hosts && i < h->options.n_allow_hosts; i++)
        free(h->allow_hosts[i]);
    free(h->allow_hosts);
    free(h);
}

uint16_t http_port(const http *h)
{
    return h->port;
}

/* ---- the loop ---- */

static void drain_descriptor(int fd)
{
    char bytes[512];
    ssize_t cleared = read(fd, bytes, sizeof bytes);
    (void)cleared; /* nothing to clear is fine */
}

static void finish_tasks(workers *pool)
{
    for (workers_task *task = workers_take(pool); task;) {
        workers_task *next = task->next;
        task->finish(task->context);
        task = next;
    }
}

static void tick(http *h)
{
    int64_t now_ms = clock_steady_ms();
    drain_descriptor(h->timer_fd);
    http_peer_cut_late(h, now_ms);
    http_logins_tell(&h->logins, now_ms);
    if (now_ms < h->next_beat_ms)
        return;
    h->next_beat_ms = now_ms + BEAT_MS;
    http_stream_beat_all(h);
}

/* False when it is time to stop. */
static bool take_signals(http *h)
{
    struct signalfd_siginfo about;
    bool go_on = true;
    while (read(h->signal_fd, &about, sizeof about) == (ssize_t)sizeof about) {
        if (about.ssi_signo != SIGHUP)
            go_on = false;
        else if (h->options.on_reload)
            h->options.on_reload(h->options.context);
    }
    return go_on;
}

static bool dispatch(http *h, void *source, uint32_t what)
{
    if (source == &h->stop_fd) {
        drain_descriptor(h->stop_fd);
        return false;
    }
    if (source == &h->signal_fd)
        return take_signals(h);
    for (int i = 0; i < HTTP_POOL_COUNT; i++)
        if (source == &h->pool_fds[i]) {
            finish_tasks(h->pools[i]);
            return true;
        }
    if (source == &h->timer_fd) {
        tick(h);
    } else if (source == &h->events_fd) {
        events_clear(h->options.app->events);
        http_stream_wake_all(h);
    } else if (source != &h->daemon_fd) {
        http_peer_notice_events(source, what);
    }
    return true;
}

/* Of two waits the shorter; -1: for ever. */
static int sooner(int a_ms, int b_ms)
{
    return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static int wait_ms(http *h, int most)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(h->daemon, &ms) == MHD_YES && (most < 0 || ms < (unsigned)most))
        return ms > 60000 ? 60000 : (int)ms;
    return most;
}

/* One round. Connections end only inside MHD_run(), after all events of the round: no event tells
 * of one that is gone. */
static bool turn(http *h, int most_ms, bool *go_on, fail *f)
{
    struct epoll_event list[EVENTS_AT_ONCE];
    most_ms = sooner(most_ms, http_exchange_release_held(h, clock_steady_ms(), h->is_closing));
    most_ms = sooner(most_ms, http_exchange_probe_due(h, clock_steady_ms()));
    int n = epoll_wait(h->epoll_fd, list, EVENTS_AT_ONCE, wait_ms(h, most_ms));
    if (n < 0 && errno != EINTR)
        return fail_set(f, FAIL_INTERNAL, NULL, "The event loop failed: %s.", strerror(errno));
    for (int i = 0; i < n; i++)
        if (!dispatch(h, list[i].data.ptr, list[i].events))
            *go_on = false;
    if (MHD_run(h->daemon) != MHD_YES)
        return fail_set(f, FAIL_INTERNAL, NULL, "The HTTP library failed.");
    http_exchange_start_due(h);
    return true;
}

/* Nothing may be suspended when the daemon is stopped (it aborts): handlers are waited for, streams
 * are woken to their end. */
static bool leave(http *h, fail *f)
{
    bool ignored = true, ok = true;
    int listener = MHD_quiesce_daemon(h->daemon);
    close_fd(listener);
    h->listen_fd = -1;
    atomic_store(&h->is_closing, true);
    if (h->options.on_leaving)
        h->options.on_leaving(h->options.context);
    http_peer_call_off_all(h);
    for (int i = 0; i < HTTP_POOL_COUNT; i++)
        workers_stop(h->pools[i]);
    for (int i = 0; i < HTTP_POOL_COUNT; i++)
        finish_tasks(h->pools[i]);
    http_stream_end_all(h);
    int64_t deadline_ms = clock_steady_ms() + LEAVE_MS;
    while (ok && h->n_exchanges > 0 && clock_steady_ms() < deadline_ms)
        ok = turn(h, 10, &ignored, f);
    return ok;
}

bool http_run(http *h, fail *f)
{
    bool go_on = true, ok = true;
    h->next_beat_ms = clock_steady_ms() + BEAT_MS;
    while (ok && go_on)
        ok = turn(h, -1, &go_on, f);
    fail unused;
    return leave(h, ok ? f : &unused) && ok;
}

void http_stop(http *h)
{
    ssize_t written = write(h->stop_fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)written; /* it can only be full, and then it is readable */
}
