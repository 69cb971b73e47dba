/* The file and what is put into it: migrations, experiments whole or not at all, once by a key. */
#include "tests/server/store_fixture.h"

#include "core/spec/field.h"
#include "server/store/experiments.h"
#include "server/store/files.h"
#include "server/store/migrations.h"
#include "server/store/runs.h"

/* ---- the file ---- */

static void migrates_once(void)
{
    fixture x;
    if (fixture_open(&x) && fixture_reopen(&x)) {
        char expected[16];
        snprintf(expected, sizeof expected, "%d", MIGRATION_COUNT);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM schema_migrations"), expected);
        CHECK_EQUAL_STRING(fixture_query(&x, "PRAGMA user_version"), expected);
        CHECK_EQUAL_STRING(fixture_query(&x, "PRAGMA application_id"), "1380404290");
        CHECK_EQUAL_STRING(fixture_query(&x, "PRAGMA journal_mode"), "wal");
        CHECK_EQUAL_STRING(store_path(x.s), x.path);
    }
    fixture_close(&x);
}

static void refuses_changed(const char *sql, const char *sentence)
{
    fixture x;
    fail f;
    if (fixture_open(&x)) {
        store_close(x.s);
        x.s = NULL;
        fixture_query(&x, sql);
        CHECK_FAILS(store_open(x.path, &x.s, &f), f, FAIL_STORAGE, "");
        CHECK_CONTAINS(f.sentence, sentence);
    }
    fixture_close(&x);
}

static void refuses_newer(void)
{
    refuses_changed("PRAGMA user_version = 1000", "newer Regulab");
    refuses_changed("INSERT INTO schema_migrations (number, name, applied_at) "
                    "VALUES (1000, 'future', '')",
                    "newer Regulab");
}

static void refuses_foreign(void)
{
    refuses_changed("PRAGMA application_id = 7", "another program");
}

static void refuses_second(void)
{
    fixture x;
    fail f;
    store *second = NULL;
    if (fixture_open(&x)) {
        CHECK_FAILS(store_open(x.path, &second, &f), f, FAIL_CONFLICT, "");
        CHECK_CONTAINS(f.sentence, "in use");
        CHECK(!second);
    }
    fixture_close(&x);
}

/* A database from before a field existed gets its column, filled from the configurations. */
static void remakes_fields(void)
{
    fixture x;
    int64_t ids[4];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 4, 2, ids);
        store_close(x.s);
        x.s = NULL;
        fixture_query(&x, "DROP TABLE config_fields");
        fixture_reopen(&x);
        CHECK_EQUAL_STRING(
            fixture_query(&x, "SELECT count(*) || hidden || dropout || early_stopping_patience"
                              " || dataset || shuffle FROM config_fields"),
            "2[8,8][0.25,0.5]7moons1");
    }
    fixture_close(&x);
}

/* ---- experiments ---- */

static void inserts(void)
{
    fixture x;
    fail f;
    experiment e;
    run r;
    int64_t ids[6];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "na\"me", 6, 2, ids);
        if (CHECK_OK(store_get_experiment(x.s, id, &e, &f), f)) {
            CHECK_EQUAL_STRING(e.name, "na\"me");
            CHECK_EQUAL_STRING(e.tags, "[\"first\",\"second\"]");
            CHECK_EQUAL_STRING(e.spec, "{\"dropout\":0.5}");
            CHECK_EQUAL_STRING(e.baseline_config_id, "c00000000000");
            CHECK_EQUAL_INT(e.status, RUN_STATE_QUEUED);
            CHECK_EQUAL_INT(e.n_configs, 2);
            CHECK_EQUAL_INT(e.n_runs, 6);
            CHECK_EQUAL_INT(e.runs[RUN_STATE_QUEUED], 6);
            CHECK_WITHIN(e.progress, 0, 0);
            CHECK(e.created_ms > 1700000000000 && e.started_ms == 0 && e.finished_ms == 0);
            experiment_close(&e);
        }
        if (CHECK_OK(store_get_run(x.s, ids[3], &r, &f), f)) {
            CHECK_EQUAL_INT(r.experiment_id, id);
            CHECK_EQUAL_STRING(r.config_id, "c00000000001");
            CHECK_EQUAL_INT(r.seed, 1);
            CHECK_EQUAL_STRING(r.config, FIXTURE_CONFIG);
            CHECK_EQUAL_STRING(r.values, "{\"dropout\":[0.25,0.5]}");
            CHECK(!r.error && !r.provenance && isnan(r.samples_per_second));
            CHECK(isnan(r.metrics.selected[METRIC_TEST_LOSS]));
            CHECK_EQUAL_INT(r.metrics.best_epoch, -1);
            run_close(&r);
        }
        CHECK_EQUAL_INT(x.n_heard, 1);
    }
    fixture_close(&x);
}

static void inserts_all_or_nothing(void)
{
    fixture x;
    fail f;
    new_run runs[3];
    int64_t id, ids[3];
    bool is_repeat;
    fixture_runs(runs, 3, 1);
    runs[2].config = "{\"dropout\":";
    new_experiment e = {.name = "a", .n_configs = 1, .n_runs = 3, .runs = runs};
    if (fixture_open(&x)) {
        CHECK_FAILS(store_insert_experiment(x.s, &e, &id, ids, &is_repeat, &f), f, FAIL_INTERNAL,
                    "");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM experiments"), "0");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM runs"), "0");
        CHECK_EQUAL_INT(x.n_heard, 0);
        CHECK(store_is_healthy(x.s, &f));
    }
    fixture_close(&x);
}

static void repeats_by_key(void)
{
    fixture x;
    fail f;
    new_run runs[3];
    int64_t first, second, ids[3], again[3] = {0};
    bool is_repeat = true;
    fixture_runs(runs, 3, 1);
    new_experiment e = {.n_configs = 1,
                        .n_runs = 3,
                        .runs = runs,
                        .idempotency_key = "k",
                        .idempotency_digest = "d1"};
    if (fixture_open(&x)) {
        CHECK_OK(store_insert_experiment(x.s, &e, &first, ids, &is_repeat, &f), f);
        CHECK(!is_repeat);
        CHECK_OK(store_insert_experiment(x.s, &e, &second, again, &is_repeat, &f), f);
        CHECK(is_repeat);
        CHECK_EQUAL_INT(first, second);
        CHECK_EQUAL_BYTES(ids, again, sizeof ids);
        e.idempotency_digest = "d2";
        CHECK_FAILS(store_insert_experiment(x.s, &e, &second, again, &is_repeat, &f), f,
                    FAIL_CONFLICT, "");
    }
    fixture_close(&x);
}

static void says_what_is_missing(void)
{
    fixture x;
    fail f;
    experiment e;
    run r;
    bool moved;
    if (fixture_open(&x)) {
        CHECK_FAILS(store_get_experiment(x.s, 7, &e, &f), f, FAIL_NOT_FOUND, "");
        CHECK_EQUAL_STRING(f.sentence, "There is no experiment 7.");
        CHECK_FAILS(store_get_run(x.s, 8, &r, &f), f, FAIL_NOT_FOUND, "");
        CHECK_EQUAL_STRING(f.sentence, "There is no run 8.");
        CHECK_FAILS(store_update_experiment(x.s, 7, &(experiment_change){.name = "n"}, &f), f,
                    FAIL_NOT_FOUND, "");
        CHECK_FAILS(store_delete_experiment(x.s, 7, NULL, NULL, &f), f, FAIL_NOT_FOUND, "");
        CHECK_FAILS(store_cancel_experiment(x.s, 7, NULL, NULL, &f), f, FAIL_NOT_FOUND, "");
        CHECK_FAILS(store_extend_experiment(x.s, 7, &(new_extension){.n_runs = 0}, NULL, &f), f,
                    FAIL_NOT_FOUND, "");
        CHECK_FAILS(store_retry_run(x.s, 8, &moved, &f), f, FAIL_NOT_FOUND, "");
        CHECK_FAILS(store_move_run(x.s, 8, RUN_STATE_QUEUED, RUN_STATE_CANCELLED,
                                   STOP_REASON_CANCELLED, NULL, &moved, &f),
                    f, FAIL_NOT_FOUND, "");
    }
    fixture_close(&x);
}

static void updates(void)
{
    fixture x;
    fail f;
    experiment e;
    int64_t ids[1];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 1, 1, ids);
        const int priority = -3;
        experiment_change change = {.name = "b", .tags = "[\"z\"]", .priority = &priority};
        CHECK_OK(store_update_experiment(x.s, id, &change, &f), f);
        if (CHECK_OK(store_get_experiment(x.s, id, &e, &f), f)) {
            CHECK_EQUAL_STRING(e.name, "b");
            CHECK_EQUAL_STRING(e.description, "of 100 % care");
            CHECK_EQUAL_STRING(e.tags, "[\"z\"]");
            CHECK_EQUAL_INT(e.priority, -3);
            experiment_close(&e);
        }
        change = (experiment_change){.name = "c"};
        CHECK_OK(store_update_experiment(x.s, id, &change, &f), f);
        if (CHECK_OK(store_get_experiment(x.s, id, &e, &f), f)) {
            CHECK_EQUAL_STRING(e.name, "c");
            CHECK_EQUAL_INT(e.priority, -3);
            experiment_close(&e);
        }
        CHECK_EQUAL_INT(x.n_heard, 3);
    }
    fixture_close(&x);
}

CHECK_MAIN("store", migrates_once, refuses_newer, refuses_foreign, refuses_second, remakes_fields,
           inserts, inserts_all_or_nothing, repeats_by_key, says_what_is_missing, updates)
