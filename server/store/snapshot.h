/* snapshot — one moment of a database that others may be writing: to be copied and checked without
 * a store. It holds up nobody; the write-ahead log grows while it is open.
 *
 * Threads: one at a time. Failure: as connection's; FAIL_NOT_FOUND where there is no such file,
 * FAIL_CONFLICT where another version has written it. */
#ifndef SERVER_STORE_SNAPSHOT_H
#define SERVER_STORE_SNAPSHOT_H

#include "server/store/files.h"

typedef struct store_snapshot store_snapshot;

FAIL_CHECKED bool store_snapshot_open(const char *path, store_snapshot **out, fail *f);
void store_snapshot_close(store_snapshot *s); /* NULL: nothing */

/* Of that moment; borrowed. */
const char *store_snapshot_identity(const store_snapshot *s);
/* As store_load_files() of all runs. */
FAIL_CHECKED bool store_snapshot_load_files(store_snapshot *s, run_files_list *out, fail *f);

/* The whole database as a file of its own, which must not be there yet; on disk at the return. */
FAIL_CHECKED bool store_snapshot_copy(store_snapshot *s, const char *to, fail *f);

/* Calls `each` with a sentence for everything that is wrong: pages, indexes, references, and models
 * in rows that are not what their runs say. False where it could not be looked at. */
FAIL_CHECKED bool store_snapshot_check(store_snapshot *s,
                                       void (*each)(void *context, const char *sentence),
                                       void *context, fail *f);

#endif
