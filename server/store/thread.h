/* thread — the one thread that writes: a queue of changes, committed in groups.
 *
 * 1. It commits when somebody waits, at 100 writes or after 50 ms.
 * 2. After each commit it hands the committed events, in the order of their ids and without gap, to
 *    the listener, before the waiting calls return.
 * 3. What a disk refuses is refused to whoever waits; what has to be kept goes back into the queue
 *    in its order and is tried again.
 * 4. Every second it looks whether the files are still there; a log that was taken away is copied
 *    into the database before anything more is written or told (server/store/rescue.h).
 * 5. Between writes it removes the rows of deleted experiments, and tidies up when it is idle.
 * The store's own: its functions may be called from any thread. */
#ifndef SERVER_STORE_THREAD_H
#define SERVER_STORE_THREAD_H

#include "server/store/group.h"
#include "server/store/readers.h"
#include "server/store/store.h"

#include <pthread.h>

typedef struct store_thread {
    store_writer *writer;   /* borrowed, like the next; the thread's alone, once it runs */
    store_readers *readers; /* to be shut while the database is opened anew */
    store_listener *listener;
    void *listener_context;
    pthread_t thread;
    pthread_mutex_t lock;      /* guards what follows */
    pthread_cond_t wake, done; /* there is work for the writer; some writes are done */
    write_list queue;
    size_t queue_bytes;
    int n_urgent; /* in the queue, not yet tried, with a caller that waits */
    bool closing, interrupted, is_untidy;
    int64_t written_at, deleted_at, watched_at; /* monotonic, like the next */
    bool is_well;                               /* the last write succeeded; else: */
    int64_t retry_at, retry_ms;
    fail trouble;
} store_thread;

void store_thread_init(store_thread *t, store_writer *w, store_readers *r);
FAIL_CHECKED bool store_thread_start(store_thread *t, fail *f);
/* Writes what is waiting, and ends. */
void store_thread_stop(store_thread *t);
/* After it has stopped, or was never started. */
void store_thread_close(store_thread *t);

/* What the functions of these names in server/store/internal.h and store.h say. */
void store_thread_listen(store_thread *t, store_listener *listener, void *context);
FAIL_CHECKED bool store_thread_write(store_thread *t, store_change *change, void *arguments,
                                     void (*handed_over)(void *context), void *context, fail *f);
void store_thread_write_surely(store_thread *t, store_change *change, void *arguments);
void store_thread_write_later(store_thread *t, store_change *change, void *arguments, size_t bytes);
FAIL_CHECKED bool store_thread_flush(store_thread *t, fail *f);
void store_thread_interrupt(store_thread *t);
bool store_thread_is_healthy(store_thread *t, fail *f);

#endif
