/* experiments — experiments as rows: inserting, changing, listing them, and moving all their runs
 * at once. Threads and failure as in server/store/store.h. */
#ifndef SERVER_STORE_EXPERIMENTS_H
#define SERVER_STORE_EXPERIMENTS_H

#include "server/model/config_id.h"
#include "server/model/experiment.h"
#include "server/model/run.h"
#include "server/store/store.h"

typedef struct new_experiment {
    const char *name, *description, *tags, *spec; /* texts; tags and spec JSON */
    int64_t n_configs, n_runs;
    const new_run *runs;
    const new_config *configs; /* (n_described) in any order */
    size_t n_described;        /* 0: none is */
    bool varies_data_seed;
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
/* The experiment of an earlier post with this Idempotency-Key and digest of the body, 0 if the key
 * is new; another digest: FAIL_CONFLICT. For answering a repeat before anything else is looked at;
 * store_insert_experiment() decides all the same. */
FAIL_CHECKED bool store_find_experiment(store *s, const char *key, const char *of_body, int64_t *id,
                                        fail *f);
/* What was accepted with it, whatever extensions have added since. */
typedef struct store_accepted {
    int64_t n_configs, n_runs;
    int64_t *run_ids; /* on the heap, the caller's */
    char baseline_config_id[CONFIG_ID_BYTES];
} store_accepted;
FAIL_CHECKED bool store_get_accepted(store *s, int64_t experiment_id, store_accepted *out, fail *f);

typedef struct new_extension {
    const char *body;          /* JSON as it was sent; NULL: none was */
    int64_t n_runs, n_configs; /* n_configs: the new total */
    const new_run *runs;
    const new_config *configs; /* (n_described) also of those that are there */
    size_t n_described;
    const char *baseline; /* the config_id to be compared against from now on; NULL: as it is */
} new_extension;

/* Adds runs to an experiment, and gives those that are there the values of their configs (there may
 * be more swept fields now); one that was terminal is `queued` again before this returns. Cells
 * that are there already are the caller's to leave out. run_ids (n_runs) are set. */
FAIL_CHECKED bool store_extend_experiment(store *s, int64_t experiment_id, const new_extension *e,
                                          int64_t *run_ids, fail *f);
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

/* What experiments can be sorted by: name i, NULL behind the last. */
const char *store_experiment_sort(int i);
typedef struct experiment_query {
    int status;             /* run_state, -1: any */
    const char *tag, *text; /* NULL: any; text is searched in name and description */
    /* one of those names; "-" before it: descending; NULL: -created_at; unknown:
     * FAIL_OUT_OF_RANGE */
    const char *sort;
    const char *cursor; /* as answered, NULL: from the start */
    int limit;
} experiment_query;
typedef bool experiment_callback(void *context, const experiment *e); /* false stops */
/* next_cursor: "" when there is no more. */
FAIL_CHECKED bool store_list_experiments(store *s, const experiment_query *q,
                                         experiment_callback *each, void *context,
                                         char next_cursor[64], fail *f);

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

/* For /metrics. */
typedef struct store_counts {
    int64_t experiments, runs[RUN_STATE_COUNT], epochs;
} store_counts;
FAIL_CHECKED bool store_count(store *s, store_counts *out, fail *f);

#endif
