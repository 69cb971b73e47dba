/* store — rows ⇄ structs: the only SQL of the program besides the console.
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
#include "server/model/model.h"

typedef struct store store;

typedef void store_listener(void *context, const event_row *events,
                            int n); /* from the writer thread */

/* Opens or makes the database, applies the migrations (each in a transaction of its own with its
 * record), makes the views anew, moves runs left `running` back to `queued`. A newer database, a
 * corrupt or a read-only one: false with a sentence. The file is made with mode 0666 less the
 * umask. One store per database: while another process has one, FAIL_CONFLICT. */
FAIL_CHECKED bool store_open(const char *path, store **out, fail *f);
void store_listen(store *s, store_listener *listener,
                  void *context); /* once, before the first write */
void store_close(store *s);       /* commits what is waiting */
const char *store_path(const store *s);

/* What tells this database from all others; a name for files that go with it. */
const char *store_identity(const store *s);
/* True while the last write succeeded; else *f says why not. Tries again by itself. */
bool store_is_healthy(store *s, fail *f);
/* From now on no call waits for a disk to recover: store_flush() fails at the first refusal,
 * records that find no room are dropped. To be called first when the program stops, before workers
 * are joined; while the disk is well it changes nothing. */
void store_interrupt(store *s);

/* ---- experiments ---- */
typedef struct new_experiment {
    const char *name, *description, *tags, *spec; /* texts; tags and spec JSON */
    int64_t n_configs, n_runs;
    const new_run *runs;
    int priority;
    const char *baseline_config_id;
    const char *idempotency_key;    /* NULL: none */
    const char *idempotency_digest; /* of the body */
} new_experiment;

/* Inserts all or nothing; durable on return. *experiment_id and run_ids[n_runs] are set (also when
 * an earlier post with the same key and digest is found: then *is_repeat). Same key, other digest:
 * FAIL_CONFLICT. */
FAIL_CHECKED bool store_insert_experiment(store *s, const new_experiment *e, int64_t *experiment_id,
                                          int64_t *run_ids, bool *is_repeat, fail *f);
/* The experiment of an earlier post with this Idempotency-Key and digest, 0 if the key is new;
 * another digest: FAIL_CONFLICT. For answering a repeat before anything else is looked at;
 * store_insert_experiment() decides all the same. */
FAIL_CHECKED bool store_find_experiment(store *s, const char *key, const char *digest, int64_t *id,
                                        fail *f);
/* What was accepted with it, whatever extensions have added since. */
typedef struct store_accepted {
    int64_t n_configs, n_runs;
    int64_t *run_ids; /* on the heap, the caller's */
    char baseline_config_id[17];
} store_accepted;
FAIL_CHECKED bool store_get_accepted(store *s, int64_t experiment_id, store_accepted *out, fail *f);

/* The swept fields of a config and their values, JSON text. */
typedef struct config_values {
    const char *config_id, *values;
} config_values;

/* Adds runs to an experiment, and gives those that are there the values of their configs (there may
 * be more swept fields now); one that was terminal is `queued` again before this returns. n_configs
 * is the new total. baseline: the config_id that the others are compared against from now on, NULL
 * to leave it. Cells that are there already are the caller's to leave out. */
FAIL_CHECKED bool store_extend_experiment(store *s, int64_t experiment_id, const new_run *runs,
                                          int64_t n_runs, int64_t n_configs,
                                          const config_values *values, size_t n_values,
                                          const char *baseline, int64_t *run_ids, fail *f);
FAIL_CHECKED bool store_get_experiment(store *s, int64_t id, experiment *out, fail *f);
typedef struct experiment_change { /* NULL: leave */
    const char *name, *description, *tags;
    const int *priority;
} experiment_change;
FAIL_CHECKED bool store_update_experiment(store *s, int64_t id, const experiment_change *change,
                                          fail *f);
/* Deletes it with runs, epochs, layers, models: on return nothing here knows it any more, and the
 * rows of a small one are gone; those of a large one go in slices between other writes, also after
 * a restart. run_ids of what was deleted are handed to the callback so that files can go too. */
FAIL_CHECKED bool store_delete_experiment(store *s, int64_t id,
                                          void (*each)(void *context, int64_t run_id),
                                          void *context, fail *f);

typedef struct experiment_query {
    int status;             /* run_state, -1: any */
    const char *tag, *text; /* NULL: any; text is searched in name and description */
    /* created_at, started_at, finished_at, id, name, status, progress, n_runs, n_configs; "-"
     * before it: descending; NULL: -created_at; unknown: FAIL_OUT_OF_RANGE */
    const char *sort;
    const char *cursor; /* as answered, NULL: from the start */
    int limit;
} experiment_query;
typedef bool experiment_callback(void *context, const experiment *e); /* false stops */
/* next_cursor: "" when there is no more. */
FAIL_CHECKED bool store_list_experiments(store *s, const experiment_query *q,
                                         experiment_callback *each, void *context,
                                         char next_cursor[64], fail *f);

/* ---- runs ---- */
FAIL_CHECKED bool store_get_run(store *s, int64_t id, run *out, fail *f);
typedef struct run_query {
    int64_t experiment_id; /* 0: all */
    int status;            /* -1: any */
    const char *config_id; /* NULL: any */
    int64_t seed;          /* -1: any */
    const char *sort;      /* a column of run_results, "-" before it for descending; NULL: id */
    int n_filters;         /* column of run_results = value */
    struct {
        const char *column, *value;
    } filters[8];
    const char *cursor;
    int limit; /* 0: no limit */
} run_query;
typedef bool run_callback(void *context, const run *r);
FAIL_CHECKED bool store_list_runs(store *s, const run_query *q, run_callback *each, void *context,
                                  char next_cursor[64], fail *f);

/* All queued runs by id, with the priorities of their experiments: for filling the queue at start.
 */
typedef bool queued_callback(void *context, int64_t run_id, int64_t experiment_id, int priority);
FAIL_CHECKED bool store_list_queued(store *s, queued_callback *each, void *context, fail *f);

/* Compare-and-swap of a run's state; *moved says whether it was in `from`. Counts, the experiment's
 * state and times follow in the same transaction, events too. `error` for failed ones. Waits for
 * the commit. */
FAIL_CHECKED bool store_move_run(store *s, int64_t id, run_state from, run_state to,
                                 stop_reason reason, const char *error, bool *moved, fail *f);
/* queued or paused -> cancelled; of a running one it is noted that this is wanted, which a pause
 * and the next start of the program respect. */
FAIL_CHECKED bool store_cancel_run(store *s, int64_t id, bool *moved, fail *f);
/* Marks `queued` -> `running` with attempt + 1 and its provenance (JSON text). Does not wait for
 * the commit. */
void store_start_run(store *s, int64_t id, const char *provenance);
/* Appends one record (epoch row, layer rows). Does not wait; an (run, epoch) that is there already
 * is left as it is. */
void store_add_record(store *s, int64_t run_id, const record *r);
/* A model of at most this size is stored in a row: SQLite reads and writes it faster than a file
 * system would, and by the sync of the run's end. */
enum { STORE_MODEL_BYTES = 32 * 1024 };
/* running -> a terminal state. Waits for the commit. */
FAIL_CHECKED bool store_finish_run(store *s, int64_t id, const run_end *end, bool *moved, fail *f);
/* The model stored in the row, for the caller to free; *bytes is NULL and true where there is none.
 */
FAIL_CHECKED bool store_get_model(store *s, int64_t run_id, char **bytes, size_t *n, fail *f);
/* A failed or cancelled run goes back to queued: its epochs, layers and model are deleted. */
FAIL_CHECKED bool store_retry_run(store *s, int64_t id, bool *moved, fail *f);
/* Cancels all queued and paused runs of the experiment at once, and notes that it is wanted of
 * those still running; their ids are handed to the callback. */
FAIL_CHECKED bool store_cancel_experiment(store *s, int64_t id,
                                          void (*running)(void *context, int64_t run_id),
                                          void *context, fail *f);

/* Moves all queued runs of the experiment to paused in one transaction, and notes that it is wanted
 * of those that run (they are paused one by one, by store_move_run). */
FAIL_CHECKED bool store_pause_experiment(store *s, int64_t id, fail *f);
/* Moves all paused runs back to queued in one transaction, and wants no pause of running ones any
 * more; their ids, oldest first, are handed to the callback after the commit. */
FAIL_CHECKED bool store_resume_experiment(store *s, int64_t id,
                                          void (*queued)(void *context, int64_t run_id),
                                          void *context, fail *f);
/* Waits until everything that was handed over before, by any thread, is on disk: also for a disk to
 * recover, unless interrupted, so that a checkpoint is never newer than the stored records. */
FAIL_CHECKED bool store_flush(store *s, fail *f);

/* ---- curves ---- */
typedef bool record_callback(void *context, const record *r); /* layers not filled */
FAIL_CHECKED bool store_list_records(store *s, int64_t run_id, int64_t from_epoch,
                                     record_callback *each, void *context, fail *f);
typedef bool layer_callback(void *context, int64_t epoch, int layer,
                            const double values[LAYER_METRIC_COUNT]);
FAIL_CHECKED bool store_list_layers(store *s, int64_t run_id, layer_callback *each, void *context,
                                    fail *f);
/* One metric of all runs of an experiment, ordered by config, epoch, seed; epochs without a finite
 * value are left out. *last_event: the id of the last event that they have seen. */
typedef bool curve_callback(void *context, const char *config_id, int64_t run_id, int64_t seed,
                            int64_t epoch, double value);
FAIL_CHECKED bool store_list_curves(store *s, int64_t experiment_id, metric_id metric,
                                    curve_callback *each, void *context, int64_t *last_event,
                                    fail *f);

/* ---- events ---- */
typedef bool event_callback(void *context, const event_row *e);
/* Committed events with id > after, of the given experiments (n = 0: all) or of one run (run_id !=
 * 0), in order. */
FAIL_CHECKED bool store_list_events(store *s, int64_t after, const int64_t *experiment_ids, int n,
                                    int64_t run_id, int limit, event_callback *each, void *context,
                                    fail *f);
/* The least and the greatest id that can be replayed: a client that saw less than first - 1 has to
 * reload. */
FAIL_CHECKED bool store_event_range(store *s, int64_t *first, int64_t *last, fail *f);

/* ---- for /metrics ---- */
typedef struct store_counts {
    int64_t experiments, runs[RUN_STATE_COUNT], epochs;
} store_counts;
FAIL_CHECKED bool store_count(store *s, store_counts *out, fail *f);

#endif
