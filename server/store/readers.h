/* readers — connections for reading: a small pool, lent per look.
 *
 * Threads: any. */
#ifndef SERVER_STORE_READERS_H
#define SERVER_STORE_READERS_H

#include "server/store/connection.h"

#include <pthread.h>

typedef struct store_readers {
    const char *path; /* borrowed */
    pthread_mutex_t lock;
    store_connection *idle;
    int n_idle;
} store_readers;

void store_readers_init(store_readers *r, const char *path);
void store_readers_close(store_readers *r); /* all have been given back */

/* To be given back; NULL with *f. */
store_connection *store_readers_borrow(store_readers *r, fail *f);
void store_readers_give_back(store_readers *r, store_connection *c);

#endif
