/* statistics — what a configuration's runs amount to: mean and standard deviation of each final
 * metric. */
#include "server/model/config_id.h"
#include "server/store/change.h"
#include "server/store/columns.h"

#include <math.h>

static void write_get_config(buffer *b)
{
    buffer_add_text(b, "SELECT c.experiment_id, c.config_id, c.n");
    store_columns_add(b, STORE_RUN_COLUMNS, ", c.mean_", "");
    store_columns_add(b, STORE_RUN_COLUMNS, ", c.std_", "");
    buffer_add_text(b, " FROM configs c JOIN runs r ON r.experiment_id = c.experiment_id"
                       " AND r.config_id = c.config_id WHERE r.id = ?1");
}

static void write_set_config(buffer *b)
{
    buffer_add_text(b, "UPDATE configs SET ");
    store_columns_add(b, STORE_RUN_COLUMNS, "mean_", " = ?, ");
    store_columns_add(b, STORE_RUN_COLUMNS, "std_", " = ?, ");
    buffer_add_text(b, "n = ? WHERE experiment_id = ? AND config_id = ?");
}

/* One more value joins n others (Welford 1962, with the sum of squares kept as standard deviation).
 * A value that is missing makes the statistics unknown for good: a mean over some of the runs would
 * pass for one over all. */
static void join(double value, int64_t n, double *mean, double *deviation)
{
    if (n == 0) {
        *mean = value;
        *deviation = NAN;
        return;
    }
    double squares = n == 1 ? 0 : *deviation * *deviation * (double)(n - 1);
    double step = value - *mean;
    *mean += step / (double)(n + 1);
    squares += step * (value - *mean);
    *deviation = sqrt(squares > 0 || isnan(squares) ? squares / (double)n : 0);
}

static void join_all(sqlite3_stmt *get, const run_metrics *m, int64_t n, sqlite3_stmt *set)
{
    const char *name;
    double value;
    int n_metrics = run_metric_count();
    for (int i = 0; run_metric_get(m, i, &name, &value); i++) {
        double mean = store_column_number(get, 3 + i);
        double deviation = store_column_number(get, 3 + n_metrics + i);
        join(isfinite(value) ? value : NAN, n, &mean, &deviation);
        store_bind_number(set, 1 + i, mean);
        store_bind_number(set, 1 + n_metrics + i, deviation);
    }
}

bool store_count_result(store_writer *w, int64_t run_id, const run_metrics *m, fail *f)
{
    store_connection *c = &w->connection;
    char config_id[CONFIG_ID_BYTES];
    int at = 2 * run_metric_count();
    sqlite3_stmt *set = store_prepare_written(c, write_set_config, f), *row;
    if (!set || !store_find(c, store_prepare_written(c, write_get_config, f), run_id, &row, f))
        return false;
    if (!row)
        return store_no_run(run_id, f);
    int64_t experiment_id = store_column_integer(row, 0), n = store_column_integer(row, 2);
    store_column_copy(row, 1, config_id, sizeof config_id);
    join_all(row, m, n, set);
    store_reset(row);
    store_bind_integer(set, ++at, n + 1);
    store_bind_integer(set, ++at, experiment_id);
    store_bind_text(set, ++at, config_id);
    return store_done(c, set, f);
}
