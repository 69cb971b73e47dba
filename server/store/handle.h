/* handle — what a store is made of. Of the files that read and write through it (store.c) and that
 * open and close it (open.c). */
#ifndef SERVER_STORE_HANDLE_H
#define SERVER_STORE_HANDLE_H

#include "server/store/readers.h"
#include "server/store/thread.h"

struct store {
    char *path, *identity;
    int64_t n_starts;
    int lock_fd;         /* flock: one store per database */
    store_writer writer; /* the thread's alone, once it runs */
    store_thread thread;
    store_readers readers;
};

#endif
