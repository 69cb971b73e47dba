#include "server/store/readers.h"

#include <stdlib.h>

enum { IDLE_KEPT = 8 };

void store_readers_init(store_readers *r, const char *path)
{
    *r = (store_readers){.path = path};
    pthread_mutex_init(&r->lock, NULL);
}

static void close_one(store_connection *c)
{
    store_connection_close(c);
    free(c);
}

void store_readers_close(store_readers *r)
{
    while (r->idle) {
        store_connection *c = r->idle;
        r->idle = c->next;
        close_one(c);
    }
    pthread_mutex_destroy(&r->lock);
}

store_connection *store_readers_borrow(store_readers *r, fail *f)
{
    pthread_mutex_lock(&r->lock);
    store_connection *c = r->idle;
    if (c) {
        r->idle = c->next;
        r->n_idle--;
    }
    pthread_mutex_unlock(&r->lock);
    if (c)
        return c;
    c = malloc(sizeof *c);
    if (!c) {
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to read the database.");
        return NULL;
    }
    if (store_connection_open(c, r->path, STORE_READER, f))
        return c;
    free(c);
    return NULL;
}

void store_readers_give_back(store_readers *r, store_connection *c)
{
    pthread_mutex_lock(&r->lock);
    bool is_kept = r->n_idle < IDLE_KEPT;
    if (is_kept) {
        c->next = r->idle;
        r->idle = c;
        r->n_idle++;
    }
    pthread_mutex_unlock(&r->lock);
    if (!is_kept)
        close_one(c);
}
