/* readers — connections for reading: a small pool, lent per look.
 *
 * One that is opened must find the log that the writer has: the index, which all share, is of that
 * one. Threads: any. */
#ifndef SERVER_STORE_READERS_H
#define SERVER_STORE_READERS_H

#include "server/store/connection.h"
#include "server/store/place.h"

#include <pthread.h>

typedef struct store_readers {
    const char *path;         /* borrowed, like the next */
    const store_place *place; /* changes only while they are shut */
    pthread_mutex_t lock;     /* guards what follows */
    pthread_cond_t given_back;
    store_connection *idle;
    int n_idle, n_lent;
    bool is_shut;
} store_readers;

void store_readers_init(store_readers *r, const char *path, const store_place *place);
void store_readers_close(store_readers *r); /* all have been given back */

/* To be given back; NULL with *f. */
store_connection *store_readers_borrow(store_readers *r, fail *f);
void store_readers_give_back(store_readers *r, store_connection *c);

/* Waits until all have been given back, and closes them; nobody gets one until they are opened
 * again. False, and all as it was, where that takes longer. */
FAIL_CHECKED bool store_readers_shut(store_readers *r, int64_t most_ms, fail *f);
void store_readers_open(store_readers *r);

#endif
