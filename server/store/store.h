/* store — rows ⇄ structs: the only SQL of the program besides the console. Here it is opened and
 * closed; what is in it is read and written by experiments.h, runs.h, curves.h, events.h and
 * datasets.h.
 *
 * 1. One writer thread owns the writing connection and groups what arrives into transactions: it
 *    commits when somebody waits, at 100 writes or after 50 ms. WAL, synchronous=FULL: what a
 *    waiting call returned from is on disk.
 * 2. Readers have connections of their own (a small pool, lent per call) and never block the
 *    writer, nor the other way round.
 * 3. A change of state is one compare-and-swap UPDATE ... WHERE id = ? AND status = ?.
 * 4. After each commit the writer hands the committed events, in the order of their ids and without
 *    gap, to the listener, before the waiting calls return: an event is told only when it is
 *    durable, and an epoch that is stored already is not stored or told again. The last 200,000
 *    events can be replayed; those of a deleted experiment vanish.
 *
 * Threads: every function may be called from any thread; the listener must not call what waits.
 * Failure: FAIL_STORAGE with a sentence for the user; store_is_healthy() says so too until a write
 * succeeds again. Started runs and records are kept in memory and tried again until they are
 * stored: store_flush() waits as long as that takes, store_add_record() only when 16 MB are
 * waiting; all other calls fail. */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include "core/base/fail.h"
#include "server/model/event.h"

typedef struct store store;

/* From the writer thread. */
typedef void store_listener(void *context, const event_row *events, int n);

/* Opens or makes the database, applies the migrations (each in a transaction of its own with its
 * record), makes the views anew, moves runs left `running` back to `queued`. A newer database, a
 * corrupt or a read-only one: false with a sentence. The file is made with mode 0666 less the
 * umask. One store per database: while another process has one, FAIL_CONFLICT. */
FAIL_CHECKED bool store_open(const char *path, store **out, fail *f);
/* Once, before the first write. */
void store_listen(store *s, store_listener *listener, void *context);
void store_close(store *s); /* commits what is waiting */
const char *store_path(const store *s);

/* What tells this database from all others; a name for files that go with it. */
const char *store_identity(const store *s);
/* How often the database has been opened, this time included: 1, 2, ... */
int64_t store_starts(const store *s);
/* True while the last write succeeded; else *f says why not. Tries again by itself. */
bool store_is_healthy(store *s, fail *f);
/* From now on no call waits for a disk to recover: store_flush() fails at the first refusal,
 * records that find no room are dropped. To be called first when the program stops, before workers
 * are joined; while the disk is well it changes nothing. */
void store_interrupt(store *s);
/* Waits until everything that was handed over before, by any thread, is on disk: also for a disk to
 * recover, unless interrupted, so that a checkpoint is never newer than the stored records. */
FAIL_CHECKED bool store_flush(store *s, fail *f);

#endif
