#include "server/http/stream.h"

#include "server/events/events.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BLOCK_BYTES = 16 * 1024, SEND_BUFFER_BYTES = 32 * 1024, STALLED_SECONDS = 30 };

static const char PREFACE[] = "retry: 1000\n\n";
static const char BEAT[] = ":\n\n";

typedef struct http_stream http_stream;

struct http_stream {
    http *server;
    struct MHD_Connection *connection;
    event_subscription *subscription;
    workers_task fetch;
    bool is_suspended, is_fetching, has_left, beat_due, preface_sent;
    http_stream *before, *after;
};

static void resume(http_stream *s)
{
    if (!s->is_suspended || s->is_fetching)
        return;
    s->is_suspended = false;
    MHD_resume_connection(s->connection);
}

static void suspend(http_stream *s)
{
    s->is_suspended = true;
    MHD_suspend_connection(s->connection);
}

static ssize_t copy_text(char *out, size_t limit, const char *text, size_t n)
{
    if (n > limit)
        return 0;
    memcpy(out, text, n);
    return (ssize_t)n;
}

static void fetch(void *context)
{
    events_fetch(((http_stream *)context)->subscription);
}

static void end_fetch(void *context)
{
    http_stream *s = context;
    s->is_fetching = false;
    resume(s);
}

static ssize_t start_fetch(http_stream *s)
{
    s->is_fetching = workers_add(s->server->pools[ERRAND_QUICK], &s->fetch, true);
    if (!s->is_fetching)
        return MHD_CONTENT_READER_END_OF_STREAM;
    suspend(s);
    return 0;
}

static ssize_t read_quiet(http_stream *s, char *out, size_t limit)
{
    if (s->beat_due) {
        s->beat_due = false;
        return copy_text(out, limit, BEAT, sizeof BEAT - 1);
    }
    suspend(s);
    return 0;
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t limit)
{
    (void)position;
    http_stream *s = context;
    if (s->has_left)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (s->server->is_closing)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!s->preface_sent) {
        s->preface_sent = limit >= sizeof PREFACE - 1;
        return copy_text(out, limit, PREFACE, sizeof PREFACE - 1);
    }
    switch (events_check(s->subscription)) {
    case EVENTS_READY:
        s->beat_due = false;
        return (ssize_t)events_read(s->subscription, out, limit);
    case EVENTS_FETCH:
        return start_fetch(s);
    case EVENTS_WAIT:
        return read_quiet(s, out, limit);
    default:
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
}

static void insert(http *h, http_stream *s)
{
    s->after = h->streams;
    if (s->after)
        s->after->before = s;
    h->streams = s;
    atomic_fetch_add(&h->n_streams, 1);
}

static void remove_from_list(http *h, http_stream *s)
{
    if (s->after)
        s->after->before = s->before;
    if (s->before)
        s->before->after = s->after;
    else
        h->streams = s->after;
    atomic_fetch_sub(&h->n_streams, 1);
}

/* Failures here cost comfort only: a larger buffer, a stalled client that stays longer. */
static void bound_buffers(const http_stream *s, int fd)
{
    int bytes = SEND_BUFFER_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    MHD_set_connection_option(s->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                              (unsigned int)STALLED_SECONDS);
}

struct MHD_Response *http_stream_open(http_exchange *x)
{
    http_stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    struct MHD_Response *answer =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, s, NULL);
    if (!answer) {
        free(s);
        return NULL;
    }
    s->server = x->server;
    s->connection = x->connection;
    s->subscription = x->r.stream;
    s->fetch = (workers_task){.work = fetch, .finish = end_fetch, .context = s};
    x->r.stream = NULL;
    x->stream = s;
    insert(s->server, s);
    bound_buffers(s, x->peer->fd);
    return answer;
}

void http_stream_close(http_stream *s)
{
    if (!s)
        return;
    remove_from_list(s->server, s);
    events_unsubscribe(s->subscription);
    free(s);
}

void http_stream_wake_all(http *h)
{
    for (http_stream *s = h->streams; s; s = s->after)
        if (s->is_suspended && !s->is_fetching && events_check(s->subscription) != EVENTS_WAIT)
            resume(s);
}

void http_stream_beat(http_stream *s)
{
    s->beat_due = true;
    resume(s);
}

void http_stream_beat_all(http *h)
{
    for (http_stream *s = h->streams; s; s = s->after)
        http_stream_beat(s);
}

void http_stream_end_all(http *h)
{
    for (http_stream *s = h->streams; s; s = s->after)
        resume(s);
}

void http_stream_hang_up(http_stream *s)
{
    s->has_left = true;
    resume(s);
}
