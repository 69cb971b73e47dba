/* place — whether the files that the store has open are still those of their names: the database,
 * its write-ahead log and the index of that.
 *
 * A file that was moved, deleted or replaced goes on taking writes that nobody finds again.
 * Threads: one at a time, or all reading. */
#ifndef SERVER_STORE_PLACE_H
#define SERVER_STORE_PLACE_H

#include "server/store/connection.h"

#include <sys/types.h>

typedef struct store_file {
    dev_t device;
    ino_t number; /* 0: none */
} store_file;

typedef struct store_place {
    store_file log, index;
} store_place;

/* Takes the log and its index as they are now for those of the connection, which has read. */
void store_place_note(store_place *p, const store_connection *c);

/* FAIL_STORAGE where the database is another file than the connection has, which somebody has to
 * put back. */
FAIL_CHECKED bool store_place_check_database(const store_connection *c, fail *f);

/* FAIL_STORAGE where the log or its index is not the one that was noted: what the connection has of
 * them can still be copied into the database (server/store/rescue.h). */
FAIL_CHECKED bool store_place_check_log(const store_place *p, const char *path, fail *f);

#endif
