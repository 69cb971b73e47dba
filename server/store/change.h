/* change — what changes are made of: the writer's connection, what is told of the change, and the
 * common steps. Everything here runs inside the writer's transaction. */
#ifndef SERVER_STORE_CHANGE_H
#define SERVER_STORE_CHANGE_H

#include "core/base/clock.h"
#include "server/model/event.h"
#include "server/model/metrics.h"
#include "server/store/place.h"
#include "server/store/statement.h"

typedef struct store_writer {
    store_connection connection;
    store_place place;          /* of its log */
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

/* Runs a constant text with ?1 = id to its end. */
FAIL_CHECKED bool store_change_with(store_writer *w, const char *sql, int64_t id, fail *f);

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

/* ---- told: events ---- */
/* Inserts the event and remembers it for the listener; sets its id. */
FAIL_CHECKED bool store_add_event(store_writer *w, const event_row *event, fail *f);
FAIL_CHECKED bool store_prune_events(store_writer *w, fail *f);
/* The least id that can be replayed and the last that was given. */
FAIL_CHECKED bool store_read_event_range(store_connection *c, int64_t *first, int64_t *last,
                                         fail *f);

/* ---- settle: what follows from a change of a run ---- */
/* Tells what the run is now; *experiment_id is set. */
FAIL_CHECKED bool store_tell_run(store_writer *w, int64_t run_id, int64_t *experiment_id, fail *f);
FAIL_CHECKED bool store_tell_runs(store_writer *w, const store_ids *runs, fail *f);
FAIL_CHECKED bool store_tell_experiment(store_writer *w, int64_t id, fail *f);
/* The experiment's state and times follow from its runs; tells what they are now. */
FAIL_CHECKED bool store_settle_experiment(store_writer *w, int64_t experiment_id, fail *f);
/* After a compare-and-swap of the run's state: whether it took place, and then its events. A run
 * that does not exist is a failure. */
FAIL_CHECKED bool store_settle_run(store_writer *w, int64_t run_id, bool *moved, fail *f);
/* restart: runs left `running` by a process that ended are queued again. */
FAIL_CHECKED bool store_requeue_runs(store_writer *w, fail *f);

/* ---- removal: deleted experiments ---- */
/* A condition for every statement that reads: `column` is an experiment's id. */
#define STORE_NOT_DELETED(column) " AND " column " NOT IN (SELECT experiment_id FROM deletions)"
/* A change: removes a slice of what deletions have left; sets has_deletions. */
FAIL_CHECKED bool store_remove_some(store_writer *w, void *arguments, fail *f);
/* A slice of this one. */
FAIL_CHECKED bool store_remove_slice(store_writer *w, int64_t experiment_id, fail *f);
FAIL_CHECKED bool store_find_deletions(store_writer *w, fail *f);

/* ---- parts of the end of a run ---- */
/* Its small model. */
FAIL_CHECKED bool store_put_model(store_writer *w, int64_t run_id, const void *model,
                                  size_t n_bytes, fail *f);
/* One more completed run of its configuration. */
FAIL_CHECKED bool store_count_result(store_writer *w, int64_t run_id, const run_metrics *m,
                                     fail *f);

/* ---- what is not there ---- */
FAIL_CHECKED bool store_check_run(store_connection *c, int64_t id, fail *f);
FAIL_CHECKED bool store_check_experiment(store_connection *c, int64_t id, fail *f);
bool store_no_run(int64_t id, fail *f);        /* "There is no run 7." */
bool store_no_experiment(int64_t id, fail *f); /* "There is no experiment 7." */

#endif
