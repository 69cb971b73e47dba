/* store_fixture — a store in a folder of its own, what its listener heard, and short ways to fill
 * it. */
#ifndef TESTS_SERVER_STORE_FIXTURE_H
#define TESTS_SERVER_STORE_FIXTURE_H

#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"
#include "server/store/store.h"
#include "tests/check.h"

#include <math.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEARD_LIMIT = 20000 };

typedef struct fixture {
    char folder[64], path[96];
    store *s;
    event_row *heard; /* HEARD_LIMIT */
    int n_heard;
} fixture;

static void fixture_hear(void *context, const event_row *events, int n)
{
    fixture *x = context;
    for (int i = 0; i < n && x->n_heard < HEARD_LIMIT; i++)
        x->heard[x->n_heard++] = events[i];
}

CHECK_UNUSED static bool fixture_reopen(fixture *x)
{
    fail f;
    if (x->s)
        store_close(x->s);
    x->s = NULL;
    if (!CHECK_OK(store_open(x->path, &x->s, &f), f))
        return false;
    store_listen(x->s, fixture_hear, x);
    return true;
}

CHECK_UNUSED static bool fixture_open(fixture *x)
{
    *x = (fixture){.folder = "/tmp/regulab-store-XXXXXX"};
    x->heard = calloc(HEARD_LIMIT, sizeof *x->heard);
    if (!CHECK(x->heard && mkdtemp(x->folder)))
        return false;
    snprintf(x->path, sizeof x->path, "%s/regulab.db", x->folder);
    return fixture_reopen(x);
}

CHECK_UNUSED static void fixture_close(fixture *x)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".moved"};
    char path[128];
    if (x->s)
        store_close(x->s);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s%s", x->path, endings[i]);
        unlink(path);
    }
    rmdir(x->folder);
    free(x->heard);
}

#define FIXTURE_CONFIG                                                                             \
    "{\"dataset\":{\"name\":\"moons\",\"n\":500},\"data_seed\":4,\"hidden\":[8,8],"                \
    "\"dropout\":[0.25,0.5],\"early_stopping\":{\"monitor\":\"val_loss\",\"patience\":7},"         \
    "\"shuffle\":true,\"optimizer\":\"adam\",\"learning_rate\":0.001,\"epochs\":3,\"seed\":0}"

/* Runs 0 ... n-1 over `n_configs` configurations "c0...", each with seeds 0, 1, ... */
CHECK_UNUSED static void fixture_runs(new_run *runs, int n, int n_configs)
{
    for (int i = 0; i < n; i++) {
        runs[i] = (new_run){.config = FIXTURE_CONFIG,
                            .values = "{\"dropout\":[0.25,0.5]}",
                            .seed = i / n_configs,
                            .epochs = 3};
        snprintf(runs[i].config_id, sizeof runs[i].config_id, "c%011d", i % n_configs);
    }
}

/* Inserts an experiment of n <= 100 runs; 0 on failure. */
CHECK_UNUSED static int64_t fixture_insert(fixture *x, const char *name, int n, int n_configs,
                                           int64_t *run_ids)
{
    fail f;
    new_run runs[100];
    int64_t id = 0;
    bool is_repeat;
    fixture_runs(runs, n, n_configs);
    new_experiment e = {.name = name,
                        .description = "of 100 % care",
                        .tags = "[\"first\",\"second\"]",
                        .spec = "{\"dropout\":0.5}",
                        .n_configs = n_configs,
                        .n_runs = n,
                        .runs = runs,
                        .baseline_config_id = "c00000000000"};
    CHECK_OK(store_insert_experiment(x->s, &e, &id, run_ids, &is_repeat, &f), f);
    return id;
}

CHECK_UNUSED static record fixture_record(int64_t epoch, int n_layers)
{
    record r = {.epoch = epoch, .step = epoch * 10, .n_layers = n_layers};
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        r.values[i] = (double)epoch + 0.01 * i;
    r.values[METRIC_TRAIN_R2] = NAN;
    r.values[METRIC_VAL_R2] = INFINITY;
    for (int layer = 0; layer < n_layers; layer++)
        for (int i = 0; i < LAYER_METRIC_COUNT; i++)
            r.layers[layer][i] = layer + 0.1 * i;
    return r;
}

/* Starts the run, adds epochs 0 ... 3, finishes it as completed with that val_loss. */
CHECK_UNUSED static void fixture_train(fixture *x, int64_t run_id, double val_loss)
{
    fail f;
    bool moved = false;
    run_metrics m;
    run_metrics_init(&m);
    m.best_epoch = 2;
    m.selected[METRIC_VAL_LOSS] = val_loss;
    m.last[METRIC_VAL_LOSS] = 2 * val_loss;
    store_start_run(x->s, run_id, "{\"version\":\"1\"}");
    for (int64_t epoch = 0; epoch <= 3; epoch++) {
        record r = fixture_record(epoch, 2);
        store_add_record(x->s, run_id, &r);
    }
    const run_end end = {.to = RUN_STATE_COMPLETED,
                         .reason = STOP_REASON_FINISHED,
                         .metrics = &m,
                         .samples_per_second = 1234.5,
                         .selected_weights = "last",
                         .model = "the model",
                         .model_bytes = 9};
    CHECK_OK(store_finish_run(x->s, run_id, &end, &moved, &f), f);
    CHECK(moved);
}

/* The first column of the first row of a query on the file, as text of at most 255 bytes; "" for
 * none. */
CHECK_UNUSED static const char *fixture_query(const fixture *x, const char *sql)
{
    static char answer[256];
    sqlite3 *db;
    sqlite3_stmt *statement = NULL;
    answer[0] = '\0';
    int code = sqlite3_open_v2(x->path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        snprintf(answer, sizeof answer, "%s", text ? text : "null");
    } else if (code != SQLITE_OK) {
        snprintf(answer, sizeof answer, "error: %s", sqlite3_errmsg(db));
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

#endif
