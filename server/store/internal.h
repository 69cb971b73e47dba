/* store/internal — what the files of the store share: how a change is written and how a reader is
 * borrowed.
 *
 * 1. A change is a function that the writer thread runs inside a transaction, at a savepoint of its
 * own. It may run again when the disk refused, so it changes nothing but the database and its
 * arguments, and sets outputs each time.
 * 2. A change that fails with another code than FAIL_STORAGE is undone alone; the others of its
 * group are committed.
 * 3. Events are added by the change that they tell of, in the same transaction. */
#ifndef SERVER_STORE_INTERNAL_H
#define SERVER_STORE_INTERNAL_H

#include "core/base/clock.h"
#include "server/store/connection.h"
#include "server/store/store.h"
#include "server/text/buffer.h"

typedef struct store_writer {
    store_connection connection;
    char now[CLOCK_DATE_BYTES]; /* of the transaction */
    event_row *events;          /* of the transaction, in the order of their ids */
    int n_events;
    size_t events_capacity;
    int64_t first_event; /* of the horizon: no event from it on was pruned */
    int wal_pages;       /* in the WAL since it was last copied back */
    bool has_deletions;  /* rows of deleted experiments are still there */
    int64_t analyzed_at; /* sqlite3_total_changes64() at the last ANALYZE */
} store_writer;

typedef bool store_change(store_writer *w, void *arguments, fail *f);

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

/* A connection for reading, to be given back; NULL with *f. */
store_connection *store_borrow(store *s, fail *f);
void store_give_back(store *s, store_connection *c);

/* Ids that a change came upon, told to the caller after the commit. */
typedef struct store_ids {
    int64_t *ids; /* heap */
    size_t n, capacity;
} store_ids;
/* *out becomes what the statement, with ?1 = id, gives in its first column. */
FAIL_CHECKED bool store_ids_list(store_writer *w, const char *sql, int64_t id, store_ids *out,
                                 fail *f);
/* Calls `each` (NULL: nothing) for every id, then frees them. */
void store_ids_tell(store_ids *list, void (*each)(void *context, int64_t id), void *context);
/* Runs a statement with ?1 = id to its end. */
FAIL_CHECKED bool store_run_with_id(store_writer *w, const char *sql, int64_t id, fail *f);

/* The small model of a run that has just ended, in the same transaction. */
FAIL_CHECKED bool store_put_model(store_writer *w, int64_t run_id, const void *model,
                                  size_t n_bytes, fail *f);

FAIL_CHECKED bool store_check_experiment(store_writer *w, int64_t id, fail *f);

/* Inserts the event and remembers it for the listener; sets its id. */
FAIL_CHECKED bool store_add_event(store_writer *w, const event_row *event, fail *f);
FAIL_CHECKED bool store_prune_events(store_writer *w, fail *f);
FAIL_CHECKED bool store_load_event_range(store_writer *w, fail *f);

/* The experiment's state and times follow from its runs; tells what they are now. */
FAIL_CHECKED bool store_settle_experiment(store_writer *w, int64_t experiment_id, fail *f);
/* Runs left `running` by a process that ended are queued again. */
FAIL_CHECKED bool store_requeue_runs(store_writer *w, fail *f);
/* One more completed run of a configuration. */
FAIL_CHECKED bool store_count_result(store_writer *w, int64_t run_id, const run_metrics *m,
                                     fail *f);

/* ---- deleted experiments (server/store/delete) ---- */
/* A condition for every statement that reads: `column` is an experiment's id. */
#define STORE_NOT_DELETED(column) " AND " column " NOT IN (SELECT experiment_id FROM deletions)"
/* A change: removes a slice of what deletions have left; sets has_deletions. */
FAIL_CHECKED bool store_delete_some(store_writer *w, void *arguments, fail *f);
FAIL_CHECKED bool store_find_deletions(store_writer *w, fail *f);

bool store_no_run(int64_t id, fail *f);        /* "There is no run 7." */
bool store_no_experiment(int64_t id, fail *f); /* "There is no experiment 7." */

#endif
