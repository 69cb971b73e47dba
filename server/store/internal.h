/* store/internal — how the files of the store read and write: a look at the database, and a change
 * of it.
 *
 * 1. A look is a function that reads from a connection of its own, lent for the call.
 * 2. A change is a function that the writer thread runs inside a transaction, at a savepoint of its
 * own. It may run again when the disk refused, so it changes nothing but the database and its
 * arguments, and sets outputs each time.
 * 3. A change that fails with another code than FAIL_STORAGE is undone alone; the others of its
 * group are committed.
 * From below: connection and statement; what a change is made of (change, told, removal); group,
 * thread and readers; store; a file per subject; open. */
#ifndef SERVER_STORE_INTERNAL_H
#define SERVER_STORE_INTERNAL_H

#include "server/store/change.h"
#include "server/store/files.h"
#include "server/store/statement.h"
#include "server/store/store.h"

typedef bool store_look(store_connection *c, void *arguments, fail *f);

/* Runs the look and returns what it does. */
FAIL_CHECKED bool store_read(store *s, store_look *look, void *arguments, fail *f);
/* The same in one transaction: everything that the look reads is of one moment. */
FAIL_CHECKED bool store_read_at_once(store *s, store_look *look, void *arguments, fail *f);

/* store_load_files() on a connection that the caller has. */
FAIL_CHECKED bool store_look_for_files(store_connection *c, int64_t experiment_id,
                                       run_files_list *out, fail *f);

/* Runs the change and waits for its commit. False with the change's own fail, or FAIL_STORAGE: then
 * nothing was changed. */
FAIL_CHECKED bool store_write(store *s, store_change *change, void *arguments, fail *f);
/* The same; calls `handed_over` (NULL: nothing) when the change is in the queue, before it
 * waits. */
FAIL_CHECKED bool store_write_telling(store *s, store_change *change, void *arguments,
                                      void (*handed_over)(void *context), void *context, fail *f);
/* Runs the change and waits until it is stored, however long the disk refuses; less only after
 * store_interrupt(). */
void store_write_surely(store *s, store_change *change, void *arguments);
/* Hands a change with a copy of its arguments over and returns; it is tried until it is stored.
 * Waits itself only where there is no room for the copy. */
void store_write_later(store *s, store_change *change, void *arguments, size_t bytes);

#endif
