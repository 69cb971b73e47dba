#include "server/events/events.h"

#include "server/codec/codec.h"
#include "server/store/events.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    RING_LIMIT = 8192, /* frames */
    PAGE_LIMIT = 256,  /* events read from the store at a time */
    FRAME_BYTES_LIMIT = 64 * 1024,
    PAGE_BYTES_LIMIT = 16 * 1024 * 1024
};

typedef struct frame {
    int64_t id, experiment_id, run_id;
    size_t n_bytes;
    char *text;
} frame;

struct events {
    pthread_mutex_t lock;   /* guards all below but store and fd */
    frame ring[RING_LIMIT]; /* frame i is at i % RING_LIMIT, for first <= i < next; ids increase */
    uint64_t first, next;
    int64_t base, last; /* the ring has every event with base < id <= last */
    store *store;
    int fd;
};

struct event_subscription {
    events *owner;
    int64_t cursor;  /* given out, or in `pending`, up to here */
    bool must_fetch; /* it is not known yet whether the cursor can be gone on from */
    bool is_broken;
    buffer pending; /* frames on their way, from `n_given` on */
    size_t n_given;
    int64_t run_id;
    int n_experiments;
    int64_t experiment_ids[]; /* (n_experiments) */
};

/* ---- frames ---- */

static void add_frame(buffer *b, const event_row *event)
{
    buffer_add_format(b, "id: %lld\nevent: %s\ndata: ", (long long)event->id,
                      EVENT_KIND_NAMES[event->kind]);
    codec_add_event(b, event);
    buffer_add_text(b, "\n\n");
}

static frame *frame_at(events *e, uint64_t i)
{
    return &e->ring[i % RING_LIMIT];
}

static void drop_oldest(events *e)
{
    frame *oldest = frame_at(e, e->first++);
    e->base = oldest->id;
    free(oldest->text);
}

/* An event without its frame would be a gap that no listener could see: then the ring starts anew
 * after it, and whoever has not seen it reads it from the store. */
static void push(events *e, const event_row *event, buffer *text)
{
    char *taken = text->failed ? NULL : buffer_take(text, NULL);
    while (e->first < e->next && (!taken || e->next - e->first == RING_LIMIT))
        drop_oldest(e);
    if (taken) {
        *frame_at(e, e->next++) = (frame){.id = event->id,
                                          .experiment_id = event->experiment_id,
                                          .run_id = event->run_id,
                                          .n_bytes = strlen(taken),
                                          .text = taken};
    } else {
        e->base = event->id;
    }
    e->last = event->id;
}

static void listen_to_store(void *context, const event_row *list, int n)
{
    events *e = context;
    for (int i = 0; i < n; i++) {
        buffer text;
        buffer_init(&text, FRAME_BYTES_LIMIT);
        add_frame(&text, &list[i]);
        pthread_mutex_lock(&e->lock);
        push(e, &list[i], &text);
        pthread_mutex_unlock(&e->lock);
        buffer_close(&text);
    }
    ssize_t written = write(e->fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)written; /* it can only be full, and then it is readable */
}

/* ---- opening ---- */

bool events_open(store *s, events **out, fail *f)
{
    int64_t first, last;
    if (!store_event_range(s, &first, &last, f))
        return false;
    events *e = calloc(1, sizeof *e);
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!e || fd < 0) {
        free(e);
        if (fd >= 0)
            close(fd);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for the event ring.");
    }
    pthread_mutex_init(&e->lock, NULL);
    e->store = s;
    e->fd = fd;
    e->base = e->last = last;
    store_listen(s, listen_to_store, e);
    *out = e;
    return true;
}

void events_close(events *e)
{
    if (!e)
        return;
    while (e->first < e->next)
        drop_oldest(e);
    close(e->fd);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

int events_fd(const events *e)
{
    return e->fd;
}

void events_clear(events *e)
{
    uint64_t n;
    ssize_t cleared = read(e->fd, &n, sizeof n);
    (void)cleared; /* nothing to clear is fine */
}

/* ---- subscriptions ---- */

bool events_subscribe(events *e, const event_filter *filter, int64_t after,
                      event_subscription **out, fail *f)
{
    size_t ids_bytes = (size_t)filter->n_experiments * sizeof *filter->experiment_ids;
    event_subscription *s = calloc(1, sizeof *s + ids_bytes);
    if (!s)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory for another event stream.");
    s->owner = e;
    s->run_id = filter->run_id;
    s->n_experiments = filter->n_experiments;
    if (ids_bytes)
        memcpy(s->experiment_ids, filter->experiment_ids, ids_bytes);
    buffer_init(&s->pending, PAGE_BYTES_LIMIT);
    s->must_fetch = after != EVENTS_FROM_NOW;
    pthread_mutex_lock(&e->lock);
    s->cursor = after == EVENTS_FROM_NOW ? e->last : after;
    pthread_mutex_unlock(&e->lock);
    *out = s;
    return true;
}

void events_unsubscribe(event_subscription *s)
{
    if (!s)
        return;
    buffer_close(&s->pending);
    free(s);
}

void events_add_first(event_subscription *s, event_row *event)
{
    event->id = s->cursor;
    add_frame(&s->pending, event);
}

static bool passes(const event_subscription *s, const frame *item)
{
    if (s->run_id)
        return item->run_id == s->run_id;
    for (int i = 0; i < s->n_experiments; i++)
        if (s->experiment_ids[i] == item->experiment_id)
            return true;
    return s->n_experiments == 0;
}

/* The first frame with an id above the cursor, by bisection. */
static uint64_t first_unseen(events *e, int64_t cursor)
{
    uint64_t low = e->first, high = e->next;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (frame_at(e, middle)->id > cursor)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Moves the cursor to just before the next frame that passes; NULL if there is none yet. Under the
 * lock. */
static const frame *next_frame(event_subscription *s)
{
    events *e = s->owner;
    for (uint64_t i = first_unseen(e, s->cursor); i < e->next; i++) {
        const frame *item = frame_at(e, i);
        if (passes(s, item))
            return item;
        s->cursor = item->id;
    }
    return NULL;
}

events_next events_check(event_subscription *s)
{
    if (s->is_broken || s->pending.failed)
        return EVENTS_BROKEN;
    if (s->n_given < s->pending.n)
        return EVENTS_READY;
    pthread_mutex_lock(&s->owner->lock);
    events_next next = EVENTS_FETCH;
    if (!s->must_fetch && s->cursor >= s->owner->base)
        next = next_frame(s) ? EVENTS_READY : EVENTS_WAIT;
    pthread_mutex_unlock(&s->owner->lock);
    return next;
}

static size_t read_pending(event_subscription *s, char *out, size_t limit)
{
    size_t n = s->pending.n - s->n_given;
    if (n > limit)
        n = limit;
    memcpy(out, s->pending.data + s->n_given, n);
    s->n_given += n;
    if (s->n_given == s->pending.n) {
        buffer_close(&s->pending);
        s->n_given = 0;
    }
    return n;
}

/* Whole frames straight from the ring; one that does not fit alone is made pending. Under the
 * lock. */
static size_t read_ring(event_subscription *s, char *out, size_t limit)
{
    size_t n = 0;
    for (const frame *item = next_frame(s); item; item = next_frame(s)) {
        if (item->n_bytes > limit - n) {
            if (n > 0)
                break;
            buffer_add(&s->pending, item->text, item->n_bytes);
            s->cursor = item->id;
            break;
        }
        memcpy(out + n, item->text, item->n_bytes);
        n += item->n_bytes;
        s->cursor = item->id;
    }
    return n;
}

size_t events_read(event_subscription *s, char *out, size_t limit)
{
    if (events_check(s) != EVENTS_READY)
        return 0;
    if (s->n_given == s->pending.n) {
        pthread_mutex_lock(&s->owner->lock);
        size_t n = s->cursor >= s->owner->base ? read_ring(s, out, limit) : 0;
        pthread_mutex_unlock(&s->owner->lock);
        if (n > 0 || s->pending.n == 0)
            return n;
    }
    return read_pending(s, out, limit);
}

/* ---- replay ---- */

typedef struct page {
    event_subscription *subscription;
    int n;
    int64_t last;
} page;

static bool add_to_page(void *context, const event_row *event)
{
    page *p = context;
    add_frame(&p->subscription->pending, event);
    p->n++;
    p->last = event->id;
    return !p->subscription->pending.failed;
}

static void add_reset(event_subscription *s, int64_t last)
{
    s->cursor = last;
    buffer_add_format(&s->pending, "id: %lld\nevent: reset\ndata: {\"last_event_id\":%lld}\n\n",
                      (long long)last, (long long)last);
}

void events_fetch(event_subscription *s)
{
    assert(s->n_given == s->pending.n || s->must_fetch);
    int64_t first, last;
    fail unused;
    /* The range is read before the page: what the page does not have up to `last` does not
     * exist. */
    if (!store_event_range(s->owner->store, &first, &last, &unused)) {
        s->is_broken = true;
        return;
    }
    if (s->cursor < first - 1 || (s->must_fetch && s->cursor > last)) {
        add_reset(s, last);
    } else {
        page p = {.subscription = s, .last = s->cursor};
        if (!store_list_events(s->owner->store, s->cursor, s->experiment_ids, s->n_experiments,
                               s->run_id, PAGE_LIMIT, add_to_page, &p, &unused))
            s->is_broken = true;
        s->cursor = p.n < PAGE_LIMIT && p.last < last ? last : p.last;
    }
    s->must_fetch = false;
}
