/* runs — runs as rows: reading them, and moving them from state to state. Threads and failure as
 * in server/store/store.h. */
#ifndef SERVER_STORE_RUNS_H
#define SERVER_STORE_RUNS_H

#include "core/base/caller.h"
#include "core/spec/field.h"
#include "server/model/run.h"
#include "server/model/series.h"
#include "server/store/store.h"

FAIL_CHECKED bool store_get_run(store *s, int64_t id, run *out, fail *f);
typedef enum store_column_kind {
    STORE_COLUMN_NUMBER,
    STORE_COLUMN_RATES, /* a number, or an array of them as JSON text */
    STORE_COLUMN_TEXT,
    STORE_COLUMN_ENUM, /* one of the field's names */
    STORE_COLUMN_BOOLEAN
} store_column_kind;

typedef struct store_column {
    store_column_kind kind;
    const field *row; /* NULL: not a field's */
} store_column;

/* Column i of run_results that lists of runs are filtered and sorted by; false behind the last. */
enum { STORE_COLUMN_NAME_BYTES = 64, STORE_FILTERS_LIMIT = 8 };
bool store_run_column(int i, char name[STORE_COLUMN_NAME_BYTES], store_column *column);
/* null is among its values. */
bool store_column_may_be_null(const store_column *column);

typedef struct run_query {
    int64_t experiment_id; /* 0: all */
    int status;            /* -1: any */
    const char *config_id; /* NULL: any */
    int64_t seed;          /* -1: any */
    const char *sort;      /* a column of run_results, "-" before it for descending; NULL: id */
    int n_filters;         /* column of run_results = value */
    struct {
        const char *column, *value;
    } filters[STORE_FILTERS_LIMIT];
    const char *cursor;
    int limit; /* 0: no limit */
} run_query;
typedef bool run_callback(void *context, const run *r);
FAIL_CHECKED bool store_list_runs(store *s, const run_query *q, run_callback *each, void *context,
                                  char next_cursor[64], fail *f);

/* All runs of the experiment, of one moment; *out is to be closed by the caller. */
FAIL_CHECKED bool store_load_series(store *s, const caller *by, int64_t experiment_id, series *out,
                                    fail *f);

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
/* Marks `queued` -> `running` with attempt + 1 and its provenance (JSON text), whose data_sha256
 * becomes a column. Does not wait for the commit. */
void store_start_run(store *s, int64_t id, const char *provenance);
/* A model of at most this size is stored in a row: SQLite reads and writes it faster than a file
 * system would, and by the sync of the run's end. */
enum { STORE_MODEL_BYTES = 32 * 1024 };
/* running -> a terminal state. Waits for the commit. */
FAIL_CHECKED bool store_finish_run(store *s, int64_t id, const run_end *end, bool *moved, fail *f);
/* A failed or cancelled run goes back to queued: its epochs, layers and model are deleted. */
FAIL_CHECKED bool store_retry_run(store *s, int64_t id, bool *moved, fail *f);

#endif
