/* events — who listens to what happens, and what they have seen: Server-Sent Events without the
 * HTTP.
 *
 * 1. The ring holds the latest committed events as text, in the order of their ids: every event
 *    with an id above its base. It is fed by the store's listener; nothing is queued per listener.
 * 2. A subscription is a filter and a cursor: all events up to the cursor that pass the filter have
 *    been given out, none beyond. With a cursor below the ring's base, the events between come from
 *    the store in pages (events_fetch), then from the ring: nothing is lost or repeated at the
 *    change-over.
 * 3. A cursor that the store cannot replay from gives one `reset` event: the listener is to load
 *    its data anew.
 * Frames: "id: 7\nevent: epoch\ndata: {...}\n\n". Memory: at most 8192 frames, about 4 MB.
 * Threads: events_* from any thread; one subscription from one thread at a time. */
#ifndef SERVER_EVENTS_EVENTS_H
#define SERVER_EVENTS_EVENTS_H

#include "core/base/fail.h"
#include "server/store/store.h"
#include "server/text/buffer.h"

typedef struct events events;
typedef struct event_subscription event_subscription;

/* Becomes the store's listener: to be called before the first write. */
FAIL_CHECKED bool events_open(store *s, events **out, fail *f);
/* After the store was closed and the last subscription has ended. NULL: nothing. */
void events_close(events *e);

/* An eventfd, readable when the ring has grown since events_clear(). */
int events_fd(const events *e);
void events_clear(events *e);

typedef struct event_filter {
    int64_t run_id;                /* 0: any */
    int n_experiments;             /* 0: any */
    const int64_t *experiment_ids; /* copied */
} event_filter;

enum { EVENTS_FROM_NOW = -1 };

/* Starts with the event after `after` (a Last-Event-ID), or with what comes from now on. False when
 * out of memory. */
FAIL_CHECKED bool events_subscribe(events *e, const event_filter *filter, int64_t after,
                                   event_subscription **out, fail *f);
void events_unsubscribe(event_subscription *s); /* NULL: nothing */

/* Adds the frame of an event of the handler's own making ahead of everything else, with the cursor
 * as its id. */
void events_add_first(event_subscription *s, event_row *event);

typedef enum events_next {
    EVENTS_READY, /* there is something to read */
    EVENTS_WAIT,  /* nothing: wait for events_fd() */
    EVENTS_FETCH, /* events_fetch() has to be called first, where it may take its time */
    /* the store could not be read, or memory ran out: end the stream, the client comes back */
    EVENTS_BROKEN
} events_next;
events_next events_check(event_subscription *s);

/* Copies up to `limit` bytes of frames; the subscription moves on. 0 unless events_check() says
 * EVENTS_READY. */
size_t events_read(event_subscription *s, char *out, size_t limit);

/* Reads the next page from the store. */
void events_fetch(event_subscription *s);

#endif
