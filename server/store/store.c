#include "server/store/store.h"

#include "core/base/clock.h"
#include "server/store/group.h"
#include "server/store/internal.h"
#include "server/store/schema.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    GROUP_WRITES = 100,  /* in one transaction */
    GROUP_MS = 50,       /* longest wait of a write that nobody waits for */
    IDLE_MS = 2000,      /* without a write: time to tidy up */
    DELETE_MS = 1000,    /* longest that removing rows waits behind writes */
    RETRY_FIRST_MS = 50, /* after a refusal; doubled each time */
    RETRY_LAST_MS = 2000,
    READERS_KEPT = 8,
    QUEUE_BYTES = 16 * 1024 * 1024 /* waiting in memory */
};

struct store {
    char *path;
    char *identity;
    int lock_fd;         /* flock: one store per database */
    store_writer writer; /* the writer thread's alone, once it runs */
    store_listener *listener;
    void *listener_context;
    pthread_t thread;
    pthread_mutex_t lock;      /* guards what follows */
    pthread_cond_t wake, done; /* there is work for the writer; some writes are done */
    write_list queue;
    size_t queue_bytes;
    int n_urgent; /* in the queue, not yet tried, with a caller that waits */
    bool closing, interrupted, is_untidy;
    int64_t written_at, deleted_at; /* monotonic, like the next */
    bool is_well;                   /* the last write succeeded; else: */
    int64_t retry_at, retry_ms;
    fail trouble;
    pthread_mutex_t readers_lock;
    store_connection *readers; /* idle ones */
    int n_readers;
};

/* ---- the queue ---- */

/* Under the lock. */
static void enqueue(store *s, write_entry *w)
{
    assert(!s->closing);
    w->queued_ms = clock_steady_ms();
    store_group_push(&s->queue, w);
    s->queue_bytes += w->bytes;
    s->n_urgent += w->bytes == 0;
    if (w->bytes == 0 || s->queue.n == 1 || s->queue.n >= GROUP_WRITES)
        pthread_cond_signal(&s->wake);
}

/* What was to be kept could not be: to standard error, because nobody waits for an answer. */
static void log_loss(const fail *f)
{
    if (f->code != FAIL_NOT_FOUND) /* its run was deleted: nothing is lost */
        fprintf(stderr, "regulab: a record of a run was not stored: %s\n", f->sentence);
}

static void hand_over(store *s, write_entry *w)
{
    pthread_mutex_lock(&s->lock);
    enqueue(s, w);
    pthread_mutex_unlock(&s->lock);
}

static bool await(store *s, write_entry *w, fail *f)
{
    pthread_mutex_lock(&s->lock);
    while (!w->done)
        pthread_cond_wait(&s->done, &s->lock);
    pthread_mutex_unlock(&s->lock);
    if (!w->ok && f)
        *f = w->why;
    return w->ok;
}

static bool write_and_wait(store *s, write_entry *w, fail *f)
{
    hand_over(s, w);
    return await(s, w, f);
}

bool store_write(store *s, store_change *change, void *arguments, fail *f)
{
    write_entry w = {.change = change, .arguments = arguments};
    return write_and_wait(s, &w, f);
}

bool store_write_telling(store *s, store_change *change, void *arguments,
                         void (*handed_over)(void *context), void *context, fail *f)
{
    write_entry w = {.change = change, .arguments = arguments};
    hand_over(s, &w);
    if (handed_over)
        handed_over(context);
    return await(s, &w, f);
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

void store_write_surely(store *s, store_change *change, void *arguments)
{
    write_entry w = {.change = change, .arguments = arguments, .keep = true};
    if (!write_and_wait(s, &w, NULL))
        log_loss(&w.why);
}

void store_write_later(store *s, store_change *change, void *arguments, size_t bytes)
{
    write_entry *copy = copy_write(change, arguments, bytes);
    pthread_mutex_lock(&s->lock);
    bool has_room = copy && s->queue_bytes + copy->bytes <= QUEUE_BYTES;
    if (has_room)
        enqueue(s, copy);
    pthread_mutex_unlock(&s->lock);
    if (has_room)
        return;
    free(copy);
    store_write_surely(s, change, arguments);
}

static bool change_nothing(store_writer *w, void *arguments, fail *f)
{
    (void)w;
    (void)arguments;
    (void)f;
    return true;
}

bool store_flush(store *s, fail *f)
{
    write_entry w = {.change = change_nothing, .keep = true};
    return write_and_wait(s, &w, f);
}

void store_interrupt(store *s)
{
    pthread_mutex_lock(&s->lock);
    s->interrupted = true;
    s->retry_at = 0;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

bool store_is_healthy(store *s, fail *f)
{
    pthread_mutex_lock(&s->lock);
    bool is_well = s->is_well;
    if (!is_well && f)
        *f = s->trouble;
    pthread_mutex_unlock(&s->lock);
    return is_well;
}

/* ---- the writer thread ---- */

/* A caller that waits is told and frees nothing: the entry is on its stack. */
static void end_entry(store *s, write_entry *entry)
{
    if (entry->bytes == 0) {
        entry->done = true;
        return;
    }
    if (!entry->ok)
        log_loss(&entry->why);
    s->queue_bytes -= entry->bytes;
    free(entry);
}

/* Under the lock: the group is on disk. */
static void accept_group(store *s, write_list *group)
{
    while (group->first)
        end_entry(s, store_group_pop(group));
    pthread_cond_broadcast(&s->done);
}

/* Under the lock: nothing of the group is on disk. What has to be kept goes back into the queue in
 * its order; everybody else who waits is refused, also behind the group: that would fail as well,
 * and may not come before what is kept. */
static void refuse_group(store *s, write_list *group, const fail *f)
{
    store_group_prepend(&s->queue, group);
    write_list all = s->queue;
    s->queue = (write_list){0};
    s->n_urgent = 0;
    while (all.first) {
        write_entry *entry = store_group_pop(&all);
        bool gives_up = s->closing || (s->interrupted && entry->bytes == 0);
        if (entry->keep && !gives_up) {
            entry->tried = true;
            store_group_push(&s->queue, entry);
            continue;
        }
        entry->ok = false;
        entry->why = *f;
        end_entry(s, entry);
    }
    pthread_cond_broadcast(&s->done);
}

/* Under the lock. */
static void note_health(store *s, bool is_well, const fail *f)
{
    s->is_well = is_well;
    if (is_well) {
        s->retry_ms = RETRY_FIRST_MS;
        return;
    }
    s->trouble = *f;
    s->retry_at = clock_steady_ms() + s->retry_ms;
    s->retry_ms = s->retry_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : s->retry_ms * 2;
}

/* Under the lock. */
static void take_group(store *s, write_list *group)
{
    *group = (write_list){0};
    while (s->queue.first && group->n < GROUP_WRITES) {
        write_entry *entry = store_group_pop(&s->queue);
        s->n_urgent -= entry->bytes == 0 && !entry->tried;
        entry->tried = true;
        store_group_push(group, entry);
    }
}

/* Under the lock: waits for a signal, at most until `at` (monotonic milliseconds; -1: for ever). */
static void wait_until(store *s, int64_t at)
{
    const struct timespec t = clock_steady_timespec(at);
    if (at < 0)
        pthread_cond_wait(&s->wake, &s->lock);
    else
        pthread_cond_timedwait(&s->wake, &s->lock, &t);
}

typedef enum next_step { STEP_WRITE, STEP_DELETE, STEP_TIDY, STEP_WAIT } next_step;

static bool is_group_due(const store *s, int64_t now)
{
    return s->n_urgent > 0 || s->queue.n >= GROUP_WRITES ||
           (s->queue.first && now >= s->queue.first->queued_ms + GROUP_MS);
}

/* Between writes, or when writes have kept it waiting. The flag is the writer thread's own. */
static bool is_time_to_delete(const store *s, int64_t now)
{
    return s->writer.has_deletions && s->is_well && !s->closing &&
           (!is_group_due(s, now) || now - s->deleted_at >= DELETE_MS);
}

/* Under the lock: what is to be done now; for STEP_WAIT *at is the time when it changes, -1: never.
 */
static next_step find_step(const store *s, int64_t now, int64_t *at)
{
    if (is_time_to_delete(s, now))
        return STEP_DELETE;
    if (s->closing || s->n_urgent > 0)
        return STEP_WRITE;
    if (!s->is_well) {
        *at = s->retry_at;
        return now >= *at ? STEP_WRITE : STEP_WAIT;
    }
    if (s->queue.first) {
        *at = s->queue.first->queued_ms + GROUP_MS;
        return is_group_due(s, now) ? STEP_WRITE : STEP_WAIT;
    }
    *at = s->is_untidy ? s->written_at + IDLE_MS : -1;
    return s->is_untidy && now >= *at ? STEP_TIDY : STEP_WAIT;
}

/* Under the lock, which is released for the time of writing. */
static void write_group(store *s)
{
    write_list group;
    fail f;
    take_group(s, &group);
    pthread_mutex_unlock(&s->lock);
    bool committed = store_group_commit(&s->writer, &group, &f);
    if (committed && s->writer.n_events > 0 && s->listener)
        s->listener(s->listener_context, s->writer.events, s->writer.n_events);
    pthread_mutex_lock(&s->lock);
    note_health(s, committed, &f);
    if (committed)
        accept_group(s, &group);
    else
        refuse_group(s, &group, &f);
    s->is_untidy = true;
    s->written_at = clock_steady_ms();
    pthread_mutex_unlock(&s->lock);
    store_group_checkpoint(&s->writer);
    pthread_mutex_lock(&s->lock);
}

/* Likewise. */
static void delete_some(store *s)
{
    fail f;
    write_entry slice = {.change = store_delete_some};
    write_list group = {.first = &slice, .last = &slice, .n = 1};
    pthread_mutex_unlock(&s->lock);
    bool is_deleted = store_group_commit(&s->writer, &group, &f);
    if (!is_deleted)
        s->writer.has_deletions = true;
    else if (!slice.ok) /* not the disk: it would fail again and again */
        s->writer.has_deletions = false;
    else
        store_group_checkpoint(&s->writer);
    pthread_mutex_lock(&s->lock);
    note_health(s, is_deleted, &f);
    s->is_untidy = true;
    s->written_at = s->deleted_at = clock_steady_ms();
}

/* Likewise. */
static void tidy(store *s)
{
    s->is_untidy = false;
    pthread_mutex_unlock(&s->lock);
    store_group_tidy(&s->writer);
    pthread_mutex_lock(&s->lock);
}

static void *write_until_closed(void *context)
{
    store *s = context;
    pthread_mutex_lock(&s->lock);
    while (!s->closing || s->queue.first) {
        int64_t at = -1;
        switch (find_step(s, clock_steady_ms(), &at)) {
        case STEP_WRITE:
            write_group(s);
            break;
        case STEP_DELETE:
            delete_some(s);
            break;
        case STEP_TIDY:
            tidy(s);
            break;
        case STEP_WAIT:
            wait_until(s, at);
            break;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- readers ---- */

store_connection *store_borrow(store *s, fail *f)
{
    pthread_mutex_lock(&s->readers_lock);
    store_connection *c = s->readers;
    if (c) {
        s->readers = c->next;
        s->n_readers--;
    }
    pthread_mutex_unlock(&s->readers_lock);
    if (c)
        return c;
    c = malloc(sizeof *c);
    if (!c) {
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to read the database.");
        return NULL;
    }
    if (store_connection_open(c, s->path, STORE_READER, f))
        return c;
    free(c);
    return NULL;
}

void store_give_back(store *s, store_connection *c)
{
    pthread_mutex_lock(&s->readers_lock);
    bool is_kept = s->n_readers < READERS_KEPT;
    if (is_kept) {
        c->next = s->readers;
        s->readers = c;
        s->n_readers++;
    }
    pthread_mutex_unlock(&s->readers_lock);
    if (is_kept)
        return;
    store_connection_close(c);
    free(c);
}

static void close_readers(store *s)
{
    while (s->readers) {
        store_connection *c = s->readers;
        s->readers = c->next;
        store_connection_close(c);
        free(c);
    }
}

/* ---- opening and closing ---- */

static int note_wal(void *context, sqlite3 *db, const char *name, int n_pages)
{
    store_writer *w = context;
    (void)db;
    (void)name;
    w->wal_pages = n_pages;
    return SQLITE_OK;
}

static bool start_afresh(store_writer *w, void *arguments, fail *f)
{
    (void)arguments;
    return store_load_event_range(w, f) && store_requeue_runs(w, f) && store_find_deletions(w, f);
}

static const char GET_IDENTITY[] = "SELECT id FROM identity";

static bool read_identity(store *s, fail *f)
{
    bool row;
    store_connection *c = &s->writer.connection;
    sqlite3_stmt *get = store_prepare(c, GET_IDENTITY, f);
    if (!get || !store_step(c, get, &row, f))
        return false;
    bool is_read = row ? store_column_text(get, 0, &s->identity, f)
                       : fail_set(f, FAIL_STORAGE, NULL, "%s has lost its identity.", s->path);
    store_reset(get);
    return is_read;
}

static bool prepare_database(store *s, fail *f)
{
    store_connection *c = &s->writer.connection;
    if (!store_schema_apply(c, f) || !read_identity(s, f) ||
        !store_execute(c, "PRAGMA journal_size_limit = 16777216", f))
        return false;
    sqlite3_wal_hook(c->db, note_wal, &s->writer);
    write_entry first = {.change = start_afresh};
    write_list group = {.first = &first, .last = &first, .n = 1};
    if (!store_group_commit(&s->writer, &group, f))
        return false;
    if (!first.ok && f)
        *f = first.why;
    return first.ok;
}

static void free_store(store *s)
{
    close_readers(s);
    store_connection_close(&s->writer.connection);
    if (s->lock_fd >= 0)
        close(s->lock_fd); /* after SQLite: closing any descriptor of the file drops its locks */
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->readers_lock);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->done);
    free(s->writer.events);
    free(s->path);
    free(s->identity);
    free(s);
}

static store *new_store(const char *path, fail *f)
{
    store *s = calloc(1, sizeof *s);
    char *copy = strdup(path);
    if (!s || !copy) {
        free(s);
        free(copy);
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to open the database.");
        return NULL;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&s->done, NULL);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->readers_lock, NULL);
    s->path = copy;
    s->lock_fd = -1;
    note_health(s, true, NULL);
    return s;
}

bool store_open(const char *path, store **out, fail *f)
{
    store *s = new_store(path, f);
    if (!s)
        return false;
    if (!store_connection_lock(s->path, &s->lock_fd, f) ||
        !store_connection_open(&s->writer.connection, s->path, STORE_WRITER, f) ||
        !prepare_database(s, f))
        goto failed;
    if (pthread_create(&s->thread, NULL, write_until_closed, s) != 0) {
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "The thread that writes the database cannot start.");
        goto failed;
    }
    *out = s;
    return true;
failed:
    free_store(s);
    return false;
}

void store_listen(store *s, store_listener *listener, void *context)
{
    pthread_mutex_lock(&s->lock);
    s->listener = listener;
    s->listener_context = context;
    pthread_mutex_unlock(&s->lock);
}

void store_close(store *s)
{
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    close_readers(s);
    store_group_tidy(&s->writer);
    free_store(s);
}

const char *store_path(const store *s)
{
    return s->path;
}

const char *store_identity(const store *s)
{
    return s->identity;
}
