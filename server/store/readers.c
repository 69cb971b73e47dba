#include "server/store/readers.h"

#include "core/base/clock.h"

#include <stdlib.h>

enum { IDLE_KEPT = 8 };

void store_readers_init(store_readers *r, const char *path, const store_place *place)
{
    *r = (store_readers){.path = path, .place = place};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->given_back, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&r->lock, NULL);
}

static void close_one(store_connection *c)
{
    store_connection_close(c);
    free(c);
}

/* Under the lock, or alone. */
static void close_idle(store_readers *r)
{
    while (r->idle) {
        store_connection *c = r->idle;
        r->idle = c->next;
        close_one(c);
    }
    r->n_idle = 0;
}

void store_readers_close(store_readers *r)
{
    close_idle(r);
    pthread_cond_destroy(&r->given_back);
    pthread_mutex_destroy(&r->lock);
}

/* Under the lock: an idle one, or NULL; it counts as lent, and so does the one that is opened where
 * there is none. */
static bool take(store_readers *r, store_connection **out, fail *f)
{
    if (r->is_shut)
        return fail_set(f, FAIL_STORAGE, NULL, "The database %s is being opened anew.", r->path);
    *out = r->idle;
    if (r->idle) {
        r->idle = r->idle->next;
        r->n_idle--;
    }
    r->n_lent++;
    return true;
}

static store_connection *open_one(const store_readers *r, fail *f)
{
    store_connection *c = malloc(sizeof *c);
    if (!c) {
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to read the database.");
        return NULL;
    }
    if (store_place_check_log(r->place, r->path, f) &&
        store_connection_open(c, r->path, STORE_READER, f))
        return c;
    free(c);
    return NULL;
}

static void end_loan(store_readers *r)
{
    if (--r->n_lent == 0)
        pthread_cond_broadcast(&r->given_back);
}

store_connection *store_readers_borrow(store_readers *r, fail *f)
{
    store_connection *c = NULL;
    pthread_mutex_lock(&r->lock);
    bool may = take(r, &c, f);
    pthread_mutex_unlock(&r->lock);
    if (!may)
        return NULL;
    c = c ? c : open_one(r, f);
    if (c)
        return c;
    pthread_mutex_lock(&r->lock);
    end_loan(r);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

void store_readers_give_back(store_readers *r, store_connection *c)
{
    pthread_mutex_lock(&r->lock);
    bool is_kept = r->n_idle < IDLE_KEPT && !r->is_shut;
    if (is_kept) {
        c->next = r->idle;
        r->idle = c;
        r->n_idle++;
    } else {
        close_one(c);
    }
    end_loan(r);
    pthread_mutex_unlock(&r->lock);
}

bool store_readers_shut(store_readers *r, int64_t most_ms, fail *f)
{
    const struct timespec limit = clock_steady_timespec(clock_steady_ms() + most_ms);
    int late = 0;
    pthread_mutex_lock(&r->lock);
    r->is_shut = true;
    while (r->n_lent > 0 && late == 0)
        late = pthread_cond_timedwait(&r->given_back, &r->lock, &limit);
    r->is_shut = r->n_lent == 0;
    if (r->is_shut)
        close_idle(r);
    bool is_shut = r->is_shut;
    pthread_mutex_unlock(&r->lock);
    return is_shut ||
           fail_set(f, FAIL_STORAGE, NULL,
                    "The database %s cannot be opened anew: it is still being read.", r->path);
}

void store_readers_open(store_readers *r)
{
    pthread_mutex_lock(&r->lock);
    r->is_shut = false;
    pthread_mutex_unlock(&r->lock);
}
