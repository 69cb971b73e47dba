/* How quick the store is on a large database: makes one of 100 experiments x 100 runs x 100 epochs
 * (or uses the one that is there) and prints the median time of what the pages and the console ask
 * for, and of the writes.
 *
 *     make build/tests/bench/store && build/tests/bench/store /tmp/large.db */
#include "server/store/store.h"
#include "server/store/curves.h"
#include "server/store/events.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXPERIMENTS = 100, RUNS = 100, CONFIGS = 10, EPOCHS = 100, LARGE = 10000, TIMES = 15 };

static const char CONFIG[] =
    "{\"dataset\":\"glyphs\",\"train_size\":3000,\"validation_size\":1000,\"test_size\":1000,"
    "\"label_noise\":0,\"scaling\":\"standard\",\"data_seed\":0,\"hidden\":[128,128],"
    "\"activation\":"
    "\"relu\",\"normalization\":\"none\",\"initialization\":\"he_normal\",\"dropout\":%g,"
    "\"input_dropout\":0,\"weight_decay\":%g,\"l2\":0,\"l1\":0,\"max_norm\":0,\"label_smoothing\":"
    "0,"
    "\"mixup\":0,\"early_stopping\":null,\"gradient_clip\":0,\"weight_average\":0,\"optimizer\":"
    "\"adam\",\"learning_rate\":0.001,\"beta1\":0.9,\"beta2\":0.999,\"epsilon\":1e-08,"
    "\"learning_rate_schedule\":\"constant\",\"warmup_epochs\":0,\"epochs\":100,\"batch_size\":64,"
    "\"shuffle\":true,\"seed\":%d,\"evaluate_every\":1,\"record_layers\":false}";

static void must(bool ok, const fail *f)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", f->sentence);
    exit(1);
}

static double clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

/* Of all threads: the writer's work is not the caller's. */
static double cpu_ms(void)
{
    return clock_ms(CLOCK_PROCESS_CPUTIME_ID);
}

/* ---- filling ---- */

static int64_t insert(store *s, const char *name, int n_runs, int n_configs, int64_t *ids)
{
    fail f;
    int64_t id;
    bool is_repeat;
    new_run *runs = calloc((size_t)n_runs, sizeof *runs);
    char(*texts)[1200] = calloc((size_t)n_runs, sizeof *texts);
    for (int i = 0; i < n_runs; i++) {
        int config = i % n_configs, decay = config / 5;
        snprintf(texts[i], sizeof *texts, CONFIG, (config % 5) * 0.125, decay * 1e-4,
                 i / n_configs);
        runs[i] = (new_run){.config = texts[i],
                            .values = "{\"dropout\":0.25,\"weight_decay\":0.0001}",
                            .seed = i / n_configs,
                            .epochs = EPOCHS};
        snprintf(runs[i].config_id, sizeof runs[i].config_id, "%012x",
                 (unsigned)(config + 1) * 2654435761u);
    }
    new_experiment e = {.name = name,
                        .tags = "[\"bench\"]",
                        .spec = "{\"sweep\":{}}",
                        .n_configs = n_configs,
                        .n_runs = n_runs,
                        .runs = runs,
                        .baseline_config_id = runs[0].config_id};
    must(store_insert_experiment(s, &e, &id, ids, &is_repeat, &f), &f);
    free(texts);
    free(runs);
    return id;
}

static void train(store *s, int64_t run_id, int n_epochs, int k)
{
    fail f;
    bool moved;
    run_metrics m;
    run_metrics_init(&m);
    for (int i = 0; i < run_metric_count(); i++)
        run_metric_set(&m, i, 1.0 / (i + 1 + k % 97));
    store_start_run(s, run_id, "{\"version\":\"1\"}");
    for (int64_t epoch = 0; epoch <= n_epochs; epoch++) {
        record r = {.epoch = epoch, .step = epoch * 47};
        for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
            r.values[i] = 1.0 / ((double)epoch + i + 1 + k % 97);
        store_add_record(s, run_id, &r);
    }
    const run_end end = {.to = RUN_STATE_COMPLETED,
                         .reason = STOP_REASON_FINISHED,
                         .metrics = &m,
                         .samples_per_second = 1e5,
                         .selected_weights = "last"};
    must(store_finish_run(s, run_id, &end, &moved, &f), &f);
}

static void fill(store *s)
{
    int64_t ids[RUNS];
    char name[32];
    double start = now_ms(), cpu = cpu_ms();
    for (int e = 0; e < EXPERIMENTS; e++) {
        snprintf(name, sizeof name, "experiment %d", e);
        insert(s, name, RUNS, CONFIGS, ids);
        for (int i = 0; i < RUNS; i++)
            train(s, ids[i], EPOCHS, e * RUNS + i);
    }
    printf("filled with %d runs x %d epochs in %.1f s, %.1f s of processor\n", EXPERIMENTS * RUNS,
           EPOCHS, (now_ms() - start) / 1e3, (cpu_ms() - cpu) / 1e3);
}

/* ---- reading ---- */

static store *reading;
static sqlite3 *shell;
static int64_t n_read;

static bool see_experiment(void *context, const experiment *e)
{
    (void)context;
    n_read += e->id > 0;
    return true;
}

static bool see_run(void *context, const run *r)
{
    (void)context;
    n_read += r->id > 0;
    return true;
}

static bool see_record(void *context, const record *r)
{
    (void)context;
    n_read += r->step >= 0;
    return true;
}

static bool see_curve(void *context, const char *config_id, int64_t run_id, int64_t seed,
                      int64_t epoch, double value)
{
    (void)context;
    (void)value;
    n_read += *config_id && run_id + seed + epoch > 0;
    return true;
}

static bool see_event(void *context, const event_row *e)
{
    (void)context;
    n_read += e->id > 0;
    return true;
}

static void list_experiments(void)
{
    fail f;
    char next[64];
    experiment_query q = {.status = -1, .limit = 50};
    must(store_list_experiments(reading, &q, see_experiment, NULL, next, &f), &f);
}

static void list_runs(int64_t experiment_id, const char *sort, int limit)
{
    fail f;
    char next[64];
    run_query q = {
        .experiment_id = experiment_id, .status = -1, .seed = -1, .sort = sort, .limit = limit};
    must(store_list_runs(reading, &q, see_run, NULL, next, &f), &f);
}

static void list_all_runs(void)
{
    list_runs(0, NULL, 50);
}

static void list_all_by_loss(void)
{
    list_runs(0, "val_loss", 50);
}

static void list_all_by_dropout(void)
{
    list_runs(0, "-dropout", 50);
}

static void list_experiment_runs(void)
{
    list_runs(50, NULL, 0);
}

static void load_experiment_runs(void)
{
    fail f;
    series all;
    must(store_load_series(reading, NULL, 50, &all, &f), &f);
    n_read += (int64_t)all.n_runs;
    series_close(&all);
}

static void read_run_page(void)
{
    fail f;
    run r;
    must(store_get_run(reading, 5050, &r, &f), &f);
    run_close(&r);
    must(store_list_records(reading, 5050, 0, see_record, NULL, &f), &f);
}

static void read_config_curves(void)
{
    fail f;
    int64_t last_event;
    must(store_list_curves(reading, 50, METRIC_VAL_LOSS, see_curve, NULL, &last_event, &f), &f);
}

static void replay_events(void)
{
    fail f;
    int64_t id = 50;
    must(store_list_events(reading, 0, &id, 1, 0, 1000, see_event, NULL, &f), &f);
}

static void count(void)
{
    fail f;
    store_counts c;
    must(store_count(reading, &c, &f), &f);
}

static int see_row(void *context, int n, char **values, char **names)
{
    (void)context;
    (void)values;
    (void)names;
    n_read += n > 0;
    return 0;
}

static void query(const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(shell, sql, see_row, NULL, &error) == SQLITE_OK)
        return;
    fprintf(stderr, "%s\n", error);
    exit(1);
}

static void query_best(void)
{
    query("SELECT run_id, dropout, weight_decay, val_loss FROM run_results"
          " WHERE status = 'completed' ORDER BY val_loss LIMIT 10");
}

static void query_by_dropout(void)
{
    query("SELECT dropout, count(*), avg(test_accuracy) FROM run_results"
          " WHERE status = 'completed' GROUP BY dropout");
}

static void query_configs(void)
{
    query("SELECT * FROM config_results ORDER BY mean_val_loss LIMIT 20");
}

static void query_curve(void)
{
    query("SELECT epoch, train_loss, val_loss FROM epochs WHERE run_id = 5050 ORDER BY epoch");
}

static void query_gap(void)
{
    query("SELECT e.epoch, r.dropout, avg(e.val_loss - e.train_loss) FROM run_results r"
          " JOIN epochs e ON e.run_id = r.run_id WHERE r.experiment_id = 50"
          " GROUP BY r.dropout, e.epoch");
}

static void query_failures(void)
{
    query("SELECT run_id, stop_reason, error FROM run_results WHERE status = 'failed'");
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *what, void (*task)(void))
{
    double times[TIMES];
    for (int i = 0; i < TIMES; i++) {
        n_read = 0;
        double start = now_ms();
        task();
        times[i] = now_ms() - start;
    }
    qsort(times, TIMES, sizeof *times, compare);
    printf("%-52s %9.3f ms  %6lld rows\n", what, times[TIMES / 2], (long long)n_read);
}

/* ---- writing ---- */

static double wall_start, cpu_start;

static void start_watch(void)
{
    wall_start = now_ms();
    cpu_start = cpu_ms();
}

static void stop_watch(const char *what, int n)
{
    printf("%-52s %9.3f ms  %9.3f ms of processor\n", what, (now_ms() - wall_start) / n,
           (cpu_ms() - cpu_start) / n);
}

static void measure_writes(void)
{
    static int64_t ids[LARGE];
    fail f;
    start_watch();
    int64_t id = insert(reading, "large", LARGE, 1000, ids);
    stop_watch("submit 10,000 runs", 1);
    start_watch();
    for (int i = 0; i < 1000; i++)
        train(reading, ids[i], 1, i);
    stop_watch("a run of one epoch: start, 2 records, finish", 1000);
    start_watch();
    list_runs(id, "-val_loss", 50);
    stop_watch("its runs by -val_loss, a page of 50", 1);
    start_watch();
    must(store_cancel_experiment(reading, id, NULL, NULL, &f), &f);
    stop_watch("cancel its 9,000 queued runs", 1);
    start_watch();
    must(store_delete_experiment(reading, id, NULL, NULL, &f), &f);
    stop_watch("delete it", 1);
}

int main(int n_words, char **words)
{
    fail f;
    store_counts c;
    if (n_words != 2) {
        fprintf(stderr, "usage: store DATABASE\n");
        return 2;
    }
    must(store_open(words[1], &reading, &f), &f);
    must(store_count(reading, &c, &f), &f);
    if (c.experiments == 0)
        fill(reading);
    if (sqlite3_open_v2(words[1], &shell, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return 1;
    measure("page of 50 experiments", list_experiments);
    measure("page of 50 of all runs", list_all_runs);
    measure("page of 50 of all runs by val_loss", list_all_by_loss);
    measure("page of 50 of all runs by -dropout", list_all_by_dropout);
    measure("all 100 runs of an experiment", list_experiment_runs);
    measure("the same at once", load_experiment_runs);
    measure("a run and its curves", read_run_page);
    measure("one metric of the 100 runs, per config", read_config_curves);
    measure("1,000 events of one experiment", replay_events);
    measure("counts", count);
    measure("SQL: ten best runs", query_best);
    measure("SQL: mean by dropout", query_by_dropout);
    measure("SQL: twenty best configs, all columns", query_configs);
    measure("SQL: one curve", query_curve);
    measure("SQL: gap by epoch and dropout in one experiment", query_gap);
    measure("SQL: what failed", query_failures);
    measure_writes();
    sqlite3_close(shell);
    store_close(reading);
    return 0;
}
