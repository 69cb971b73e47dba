/* Loading all runs of an experiment at once. */
#include "core/base/array.h"
#include "server/store/columns.h"
#include "server/store/internal.h"
#include "server/store/runs.h"

#include <stdlib.h>

static const char LIST_CONFIGS[] =
    "SELECT c.config_id, c.first_run_id, r.swept, r.config, c.label, c.data, r.data_sha256 FROM "
    "configs c"
    " JOIN runs r ON r.id = c.first_run_id WHERE c.experiment_id = ?1 ORDER BY c.first_run_id";

enum { FIRST_METRIC = 8 };

static void write_list_runs(buffer *b)
{
    buffer_add_text(b, "SELECT r.id, c.first_run_id, r.seed, r.data_seed, r.status, r.created_at,"
                       " r.stop_reason, r.epochs");
    store_columns_add(b, STORE_RUN_COLUMNS, ", r.", "");
    buffer_add_text(b, " FROM runs r JOIN configs c ON c.experiment_id = r.experiment_id"
                       " AND c.config_id = r.config_id WHERE r.experiment_id = ?1 ORDER BY r.id");
}

static bool no_memory(fail *f)
{
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the list of runs.");
}

enum { ROWS_AT_ONCE = 256 }; /* after so many the caller is asked */

typedef struct wanted_series {
    const caller *by;
    int64_t experiment_id;
    series *out;
} wanted_series;

static bool take_config(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const wanted_series *in = context;
    series *s = in->out;
    (void)go_on;
    if (s->n_configs % ROWS_AT_ONCE == 0 && !caller_check(in->by, f))
        return false;
    if (!array_reserve(&s->configs, &s->configs_capacity, s->n_configs + 1,
                       ARRAY_BOUNDED_ELSEWHERE))
        return no_memory(f);
    series_config *c = &s->configs[s->n_configs++];
    *c = (series_config){.first_run_id = store_column_integer(row, 1)};
    store_column_copy(row, 0, c->id, sizeof c->id);
    return store_column_text(row, 2, &c->values, f) && store_column_text(row, 3, &c->config, f) &&
           store_column_text(row, 4, &c->label, f) && store_column_text(row, 5, &c->data, f) &&
           store_column_text(row, 6, &c->data_sha256, f);
}

static int compare_first_runs(const void *a, const void *b)
{
    const series_config *x = a, *y = b;
    return (x->first_run_id > y->first_run_id) - (x->first_run_id < y->first_run_id);
}

static size_t config_of(const series *s, int64_t first_run_id)
{
    const series_config wanted = {.first_run_id = first_run_id},
                        *found = bsearch(&wanted, s->configs, s->n_configs, sizeof wanted,
                                         compare_first_runs);
    return (size_t)(found - s->configs); /* both lists are of one moment */
}

static bool take_run(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const wanted_series *in = context;
    series *s = in->out;
    (void)go_on;
    if (s->n_runs % ROWS_AT_ONCE == 0 && !caller_check(in->by, f))
        return false;
    if (!array_reserve(&s->runs, &s->runs_capacity, s->n_runs + 1, ARRAY_BOUNDED_ELSEWHERE))
        return no_memory(f);
    series_run *r = &s->runs[s->n_runs++];
    *r = (series_run){.id = store_column_integer(row, 0),
                      .config = config_of(s, store_column_integer(row, 1)),
                      .seed = store_column_integer(row, 2),
                      .data_seed = store_column_integer(row, 3),
                      .created_ms = store_column_time(row, 5),
                      .epochs = store_column_integer(row, 7)};
    r->reason = (stop_reason)store_column_name(row, 6, STOP_REASON_NAMES, STOP_REASON_COUNT,
                                               STOP_REASON_NONE);
    r->status =
        (run_state)store_column_name(row, 4, RUN_STATE_NAMES, RUN_STATE_COUNT, RUN_STATE_QUEUED);
    run_metrics_init(&r->metrics);
    for (int i = run_metric_count() - 1; i >= 0; i--)
        run_metric_set(&r->metrics, i, store_column_number(row, FIRST_METRIC + i));
    return true;
}

static bool look_at_series(store_connection *c, void *arguments, fail *f)
{
    const wanted_series *in = arguments;
    if (!store_check_experiment(c, in->experiment_id, f))
        return false;
    sqlite3_stmt *configs = store_prepare(c, LIST_CONFIGS, f);
    if (configs)
        store_bind_integer(configs, 1, in->experiment_id);
    if (!store_each(c, configs, take_config, arguments, f))
        return false;
    sqlite3_stmt *runs = store_prepare_written(c, write_list_runs, f);
    if (runs)
        store_bind_integer(runs, 1, in->experiment_id);
    return store_each(c, runs, take_run, arguments, f);
}

bool store_load_series(store *s, const caller *by, int64_t experiment_id, series *out, fail *f)
{
    series all = {0};
    wanted_series in = {by, experiment_id, &all};
    if (!store_read_at_once(s, look_at_series, &in, f)) {
        series_close(&all);
        return false;
    }
    *out = all;
    return true;
}
