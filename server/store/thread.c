#include "server/store/thread.h"

#include "core/base/clock.h"
#include "server/store/rescue.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUP_WRITES = 100,  /* in one transaction */
    GROUP_MS = 50,       /* longest wait of a write that nobody waits for */
    IDLE_MS = 2000,      /* without a write: time to tidy up */
    WATCH_MS = 1000,     /* between looks at the files */
    DELETE_MS = 1000,    /* longest that removing rows waits behind writes */
    RETRY_FIRST_MS = 50, /* after a refusal; doubled each time */
    RETRY_LAST_MS = 2000,
    QUEUE_BYTES = 16 * 1024 * 1024 /* waiting in memory */
};

/* ---- the queue ---- */

/* Under the lock. */
static void enqueue(store_thread *t, write_entry *w)
{
    assert(!t->closing);
    w->queued_ms = clock_steady_ms();
    store_group_push(&t->queue, w);
    t->queue_bytes += w->bytes;
    t->n_urgent += w->bytes == 0;
    if (w->bytes == 0 || t->queue.n == 1 || t->queue.n >= GROUP_WRITES)
        pthread_cond_signal(&t->wake);
}

/* What was to be kept could not be: to standard error, because nobody waits for an answer. */
static void log_loss(const fail *f)
{
    if (f->code != FAIL_NOT_FOUND) /* its run was deleted: nothing is lost */
        fprintf(stderr, "regulab: a record of a run was not stored: %s\n", f->sentence);
}

static bool await(store_thread *t, write_entry *w, fail *f)
{
    pthread_mutex_lock(&t->lock);
    while (!w->done)
        pthread_cond_wait(&t->done, &t->lock);
    pthread_mutex_unlock(&t->lock);
    if (!w->ok && f)
        *f = w->why;
    return w->ok;
}

static bool write_and_wait(store_thread *t, write_entry *w, void (*handed_over)(void *context),
                           void *context, fail *f)
{
    pthread_mutex_lock(&t->lock);
    enqueue(t, w);
    pthread_mutex_unlock(&t->lock);
    if (handed_over)
        handed_over(context);
    return await(t, w, f);
}

bool store_thread_write(store_thread *t, store_change *change, void *arguments,
                        void (*handed_over)(void *context), void *context, fail *f)
{
    write_entry w = {.change = change, .arguments = arguments};
    return write_and_wait(t, &w, handed_over, context, f);
}

/* A heap entry with the arguments copied behind it, or NULL. */
static write_entry *copy_write(store_change *change, const void *arguments, size_t bytes)
{
    size_t start = (sizeof(write_entry) + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    write_entry *w = malloc(start + bytes);
    if (!w)
        return NULL;
    *w = (write_entry){.change = change, .bytes = start + bytes, .keep = true};
    w->arguments = (char *)w + start;
    memcpy(w->arguments, arguments, bytes);
    return w;
}

void store_thread_write_surely(store_thread *t, store_change *change, void *arguments)
{
    write_entry w = {.change = change, .arguments = arguments, .keep = true};
    if (!write_and_wait(t, &w, NULL, NULL, NULL))
        log_loss(&w.why);
}

void store_thread_write_later(store_thread *t, store_change *change, void *arguments, size_t bytes)
{
    write_entry *copy = copy_write(change, arguments, bytes);
    pthread_mutex_lock(&t->lock);
    bool has_room = copy && t->queue_bytes + copy->bytes <= QUEUE_BYTES;
    if (has_room)
        enqueue(t, copy);
    pthread_mutex_unlock(&t->lock);
    if (has_room)
        return;
    free(copy);
    store_thread_write_surely(t, change, arguments);
}

static bool change_nothing(store_writer *w, void *arguments, fail *f)
{
    (void)w;
    (void)arguments;
    (void)f;
    return true;
}

bool store_thread_flush(store_thread *t, fail *f)
{
    write_entry w = {.change = change_nothing, .keep = true};
    return write_and_wait(t, &w, NULL, NULL, f);
}

void store_thread_interrupt(store_thread *t)
{
    pthread_mutex_lock(&t->lock);
    t->interrupted = true;
    t->retry_at = 0;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

bool store_thread_is_healthy(store_thread *t, fail *f)
{
    pthread_mutex_lock(&t->lock);
    bool is_well = t->is_well;
    if (!is_well && f)
        *f = t->trouble;
    pthread_mutex_unlock(&t->lock);
    return is_well;
}

/* ---- the writer thread ---- */

/* A caller that waits is told and frees nothing: the entry is on its stack. */
static void end_entry(store_thread *t, write_entry *entry)
{
    if (entry->bytes == 0) {
        entry->done = true;
        return;
    }
    if (!entry->ok)
        log_loss(&entry->why);
    t->queue_bytes -= entry->bytes;
    free(entry);
}

/* Under the lock: the group is on disk. */
static void accept_group(store_thread *t, write_list *group)
{
    while (group->first)
        end_entry(t, store_group_pop(group));
    pthread_cond_broadcast(&t->done);
}

/* Under the lock: nothing of the group is on disk. What has to be kept goes back into the queue in
 * its order; everybody else who waits is refused, also behind the group: that would fail as well,
 * and may not come before what is kept. */
static void refuse_group(store_thread *t, write_list *group, const fail *f)
{
    store_group_prepend(&t->queue, group);
    write_list all = t->queue;
    t->queue = (write_list){0};
    t->n_urgent = 0;
    while (all.first) {
        write_entry *entry = store_group_pop(&all);
        bool gives_up = t->closing || (t->interrupted && entry->bytes == 0);
        if (entry->keep && !gives_up) {
            entry->tried = true;
            store_group_push(&t->queue, entry);
            continue;
        }
        entry->ok = false;
        entry->why = *f;
        end_entry(t, entry);
    }
    pthread_cond_broadcast(&t->done);
}

/* Under the lock. */
static void note_health(store_thread *t, bool is_well, const fail *f)
{
    t->is_well = is_well;
    if (is_well) {
        t->retry_ms = RETRY_FIRST_MS;
        return;
    }
    t->trouble = *f;
    t->retry_at = clock_steady_ms() + t->retry_ms;
    t->retry_ms = t->retry_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : t->retry_ms * 2;
}

/* Under the lock. */
static void take_group(store_thread *t, write_list *group)
{
    *group = (write_list){0};
    while (t->queue.first && group->n < GROUP_WRITES) {
        write_entry *entry = store_group_pop(&t->queue);
        t->n_urgent -= entry->bytes == 0 && !entry->tried;
        entry->tried = true;
        store_group_push(group, entry);
    }
}

/* Under the lock: waits for a signal, at most until `at` (monotonic milliseconds; -1: for ever). */
static void wait_until(store_thread *t, int64_t at)
{
    const struct timespec limit = clock_steady_timespec(at);
    if (at < 0)
        pthread_cond_wait(&t->wake, &t->lock);
    else
        pthread_cond_timedwait(&t->wake, &t->lock, &limit);
}

typedef enum next_step { STEP_WRITE, STEP_DELETE, STEP_WATCH, STEP_TIDY, STEP_WAIT } next_step;

static bool is_group_due(const store_thread *t, int64_t now)
{
    return t->n_urgent > 0 || t->queue.n >= GROUP_WRITES ||
           (t->queue.first && now >= t->queue.first->queued_ms + GROUP_MS);
}

/* Between writes, or when writes have kept it waiting. The flag is the writer thread's own. */
static bool is_time_to_delete(const store_thread *t, int64_t now)
{
    return t->writer->has_deletions && t->is_well && !t->closing &&
           (!is_group_due(t, now) || now - t->deleted_at >= DELETE_MS);
}

/* Under the lock: what is to be done now; for STEP_WAIT *at is the time when it changes, -1: never.
 */
static next_step find_step(const store_thread *t, int64_t now, int64_t *at)
{
    if (is_time_to_delete(t, now))
        return STEP_DELETE;
    if (t->closing || t->n_urgent > 0)
        return STEP_WRITE;
    if (!t->is_well) {
        *at = t->retry_at;
        return now >= *at ? STEP_WRITE : STEP_WAIT;
    }
    if (t->queue.first) {
        *at = t->queue.first->queued_ms + GROUP_MS;
        return is_group_due(t, now) ? STEP_WRITE : STEP_WAIT;
    }
    *at = t->watched_at + WATCH_MS;
    if (now >= *at)
        return STEP_WATCH;
    if (t->is_untidy && t->written_at + IDLE_MS < *at)
        *at = t->written_at + IDLE_MS;
    return t->is_untidy && now >= *at ? STEP_TIDY : STEP_WAIT;
}

/* True where the files are in their places, or are again: a log that is gone is in the database
 * then. */
static bool keep_place(store_thread *t, fail *f)
{
    store_writer *w = t->writer;
    if (!w->connection.db)
        return store_rescue(w, t->readers, f);
    return store_place_check_database(&w->connection, f) &&
           (store_place_check_log(&w->place, w->connection.path, f) ||
            store_rescue(w, t->readers, f));
}

/* What is committed into a log that is gone by now is told only when it is in the database; where
 * that fails, it is not lost as long as this process lives, and the next look tries again. */
static bool commit(store_thread *t, write_list *group, fail *f)
{
    fail later;
    if (!keep_place(t, f) || !store_group_commit(t->writer, group, f))
        return false;
    if (!keep_place(t, &later))
        (void)fprintf(stderr, "regulab: %s\n", later.sentence);
    return true;
}

/* Under the lock, which is released for the time of writing. */
static void write_group(store_thread *t)
{
    write_list group;
    fail f;
    take_group(t, &group);
    pthread_mutex_unlock(&t->lock);
    bool committed = commit(t, &group, &f);
    if (committed && t->writer->n_events > 0 && t->listener)
        t->listener(t->listener_context, t->writer->events, t->writer->n_events);
    pthread_mutex_lock(&t->lock);
    note_health(t, committed, &f);
    if (committed)
        accept_group(t, &group);
    else
        refuse_group(t, &group, &f);
    t->is_untidy = true;
    t->written_at = t->watched_at = clock_steady_ms();
    pthread_mutex_unlock(&t->lock);
    if (committed)
        store_group_checkpoint(t->writer);
    pthread_mutex_lock(&t->lock);
}

/* Likewise. */
static void delete_some(store_thread *t)
{
    fail f;
    write_entry slice = {.change = store_remove_some};
    write_list group = {.first = &slice, .last = &slice, .n = 1};
    pthread_mutex_unlock(&t->lock);
    bool is_deleted = commit(t, &group, &f);
    if (!is_deleted)
        t->writer->has_deletions = true;
    else if (!slice.ok) /* not the disk: it would fail again and again */
        t->writer->has_deletions = false;
    else
        store_group_checkpoint(t->writer);
    pthread_mutex_lock(&t->lock);
    note_health(t, is_deleted, &f);
    t->is_untidy = true;
    t->written_at = t->deleted_at = clock_steady_ms();
}

/* Likewise. */
static void watch(store_thread *t)
{
    fail f;
    pthread_mutex_unlock(&t->lock);
    bool is_well = keep_place(t, &f);
    pthread_mutex_lock(&t->lock);
    if (!is_well)
        note_health(t, false, &f);
    t->watched_at = clock_steady_ms();
}

/* Likewise. */
static void tidy(store_thread *t)
{
    t->is_untidy = false;
    pthread_mutex_unlock(&t->lock);
    bool has_more = store_group_tidy(t->writer);
    pthread_mutex_lock(&t->lock);
    t->is_untidy = t->is_untidy || has_more;
}

static void *write_until_closed(void *context)
{
    store_thread *t = context;
    pthread_mutex_lock(&t->lock);
    while (!t->closing || t->queue.first) {
        int64_t at = -1;
        switch (find_step(t, clock_steady_ms(), &at)) {
        case STEP_WRITE:
            write_group(t);
            break;
        case STEP_DELETE:
            delete_some(t);
            break;
        case STEP_WATCH:
            watch(t);
            break;
        case STEP_TIDY:
            tidy(t);
            break;
        case STEP_WAIT:
            wait_until(t, at);
            break;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* ---- starting and stopping ---- */

void store_thread_init(store_thread *t, store_writer *w, store_readers *r)
{
    *t = (store_thread){.writer = w, .readers = r};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&t->done, NULL);
    pthread_mutex_init(&t->lock, NULL);
    note_health(t, true, NULL);
}

bool store_thread_start(store_thread *t, fail *f)
{
    return pthread_create(&t->thread, NULL, write_until_closed, t) == 0 ||
           fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                    "The thread that writes the database cannot start.");
}

void store_thread_stop(store_thread *t)
{
    pthread_mutex_lock(&t->lock);
    t->closing = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
}

void store_thread_close(store_thread *t)
{
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    pthread_cond_destroy(&t->done);
}

void store_thread_listen(store_thread *t, store_listener *listener, void *context)
{
    pthread_mutex_lock(&t->lock);
    t->listener = listener;
    t->listener_context = context;
    pthread_mutex_unlock(&t->lock);
}
