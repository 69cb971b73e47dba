/* What the store promises: migrations, compare-and-swap, states that follow, events without gap,
 * pages, views. */
#include "tests/server/store_fixture.h"

#include "core/spec/field.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"
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
        CHECK_FAILS(store_extend_experiment(x.s, 7, NULL, 0, 0, NULL, 0, NULL, NULL, &f), f,
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

/* ---- states ---- */

static run_state status_of(const fixture *x, int64_t experiment_id)
{
    fail f;
    experiment e;
    if (!CHECK_OK(store_get_experiment(x->s, experiment_id, &e, &f), f))
        return RUN_STATE_COUNT;
    run_state status = e.status;
    int64_t n = 0;
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        n += e.runs[i];
    CHECK_EQUAL_INT(n, e.n_runs);
    CHECK_EQUAL_INT(run_state_is_terminal(status), e.finished_ms != 0);
    if (run_state_is_terminal(status))
        CHECK_WITHIN(e.progress, 1, 0);
    experiment_close(&e);
    return status;
}

static bool move(const fixture *x, int64_t run_id, run_state from, run_state to)
{
    fail f;
    bool moved = false;
    CHECK_OK(store_move_run(x->s, run_id, from, to, STOP_REASON_NONE, NULL, &moved, &f), f);
    return moved;
}

static void swaps_only_from(void)
{
    fixture x;
    int64_t ids[2];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 2, 1, ids);
        int n_heard = x.n_heard;
        CHECK(!move(&x, ids[0], RUN_STATE_RUNNING, RUN_STATE_PAUSED));
        CHECK_EQUAL_INT(x.n_heard, n_heard);
        CHECK(move(&x, ids[0], RUN_STATE_QUEUED, RUN_STATE_PAUSED));
        CHECK_EQUAL_INT(x.n_heard, n_heard + 2);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_QUEUED);
        CHECK(move(&x, ids[1], RUN_STATE_QUEUED, RUN_STATE_PAUSED));
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_PAUSED);
        CHECK(move(&x, ids[1], RUN_STATE_PAUSED, RUN_STATE_QUEUED));
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_QUEUED);
    }
    fixture_close(&x);
}

static void finish_failed(const fixture *x, int64_t run_id)
{
    fail f;
    bool moved = false;
    run_metrics m;
    run_metrics_init(&m);
    store_start_run(x->s, run_id, "{}");
    const run_end end = {.to = RUN_STATE_FAILED,
                         .reason = STOP_REASON_DIVERGED,
                         .error = "The loss was not finite.",
                         .metrics = &m,
                         .samples_per_second = NAN,
                         .selected_weights = "best",
                         .model = "of the best epoch",
                         .model_bytes = 17};
    CHECK_OK(store_finish_run(x->s, run_id, &end, &moved, &f), f);
    CHECK(moved);
}

static void derives_the_state(void)
{
    fixture x;
    fail f;
    run r;
    int64_t ids[3];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 3, 1, ids);
        finish_failed(&x, ids[0]);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_RUNNING); /* between two runs */
        finish_failed(&x, ids[1]);
        finish_failed(&x, ids[2]);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_FAILED);
        if (CHECK_OK(store_get_run(x.s, ids[0], &r, &f), f)) {
            CHECK_EQUAL_INT(r.status, RUN_STATE_FAILED);
            CHECK_EQUAL_INT(r.reason, STOP_REASON_DIVERGED);
            CHECK_EQUAL_STRING(r.error, "The loss was not finite.");
            CHECK_EQUAL_INT(r.attempt, 1);
            CHECK(r.started_ms > 0 && r.finished_ms >= r.started_ms);
            run_close(&r);
        }
        id = fixture_insert(&x, "b", 3, 1, ids);
        finish_failed(&x, ids[0]);
        fixture_train(&x, ids[1], 0.5);
        fixture_train(&x, ids[2], 0.5);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_COMPLETED);
    }
    fixture_close(&x);
}

typedef struct id_list {
    int n;
    int64_t ids[100];
} id_list;

static void note_id(void *context, int64_t id)
{
    id_list *list = context;
    list->ids[list->n++] = id;
}

static void cancels(void)
{
    fixture x;
    fail f;
    id_list running = {0};
    int64_t ids[4];
    bool moved;
    run_metrics m;
    run_metrics_init(&m);
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 4, 1, ids);
        fixture_train(&x, ids[0], 0.5);
        store_start_run(x.s, ids[1], "{}");
        CHECK(move(&x, ids[3], RUN_STATE_QUEUED, RUN_STATE_PAUSED));
        CHECK_OK(store_cancel_experiment(x.s, id, note_id, &running, &f), f);
        CHECK_EQUAL_INT(running.n, 1);
        CHECK_EQUAL_INT(running.ids[0], ids[1]);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_RUNNING);
        const run_end end = {.to = RUN_STATE_CANCELLED,
                             .reason = STOP_REASON_CANCELLED,
                             .metrics = &m,
                             .samples_per_second = NAN,
                             .selected_weights = ""};
        CHECK_OK(store_finish_run(x.s, ids[1], &end, &moved, &f), f);
        CHECK(moved);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_CANCELLED);
    }
    fixture_close(&x);
}

static void extends(void)
{
    fixture x;
    fail f;
    experiment e;
    new_run more[3];
    int64_t ids[2], added[3];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 2, 1, ids);
        fixture_train(&x, ids[0], 0.5);
        fixture_train(&x, ids[1], 0.5);
        fixture_runs(more, 3, 3);
        const config_values values = {.config_id = "c00000000000", .values = "{\"l2\":0}"};
        CHECK_OK(store_extend_experiment(x.s, id, more, 3, 3, &values, 1, NULL, added, &f), f);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_QUEUED);
        if (CHECK_OK(store_get_experiment(x.s, id, &e, &f), f)) {
            CHECK_EQUAL_INT(e.n_configs, 3);
            CHECK_EQUAL_INT(e.n_runs, 5);
            CHECK_NEAR(e.progress, 0.4, 1e-12);
            experiment_close(&e);
        }
        CHECK_EQUAL_INT(added[0], ids[1] + 1);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT swept FROM runs WHERE id = 1"), "{\"l2\":0}");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM config_results"), "3");
    }
    fixture_close(&x);
}

static bool count_record(void *context, const record *r)
{
    (void)r;
    ++*(int *)context;
    return true;
}

static bool count_layer(void *context, int64_t epoch, int layer,
                        const double values[LAYER_METRIC_COUNT])
{
    for (int i = 0; i < LAYER_METRIC_COUNT; i++)
        CHECK_WITHIN(values[i], layer + 0.1 * i, 1e-12);
    CHECK(epoch >= 0);
    ++*(int *)context;
    return true;
}

static void check_model(const fixture *x, int64_t run_id, const char *expected)
{
    char *bytes = NULL;
    size_t n = 0;
    fail f;
    CHECK_OK(store_get_model(x->s, run_id, &bytes, &n, &f), f);
    CHECK_EQUAL_INT(n, expected ? strlen(expected) : 0);
    if (expected && bytes && n == strlen(expected))
        CHECK_EQUAL_BYTES(bytes, expected, n);
    CHECK((bytes != NULL) == (expected != NULL));
    free(bytes);
}

static void retries(void)
{
    fixture x;
    fail f;
    run r;
    bool moved;
    int n = 0;
    int64_t ids[1];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 1, 1, ids);
        record first = fixture_record(0, 2);
        store_add_record(x.s, ids[0], &first);
        finish_failed(&x, ids[0]);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT n_failed FROM config_results"), "1");
        check_model(&x, ids[0], "of the best epoch");
        CHECK_OK(store_retry_run(x.s, ids[0], &moved, &f), f);
        CHECK(moved);
        check_model(&x, ids[0], NULL);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT n_failed FROM config_results"), "0");
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_QUEUED);
        CHECK_OK(store_list_records(x.s, ids[0], 0, count_record, &n, &f), f);
        CHECK_OK(store_list_layers(x.s, ids[0], count_layer, &n, &f), f);
        CHECK_EQUAL_INT(n, 0);
        CHECK_OK(store_retry_run(x.s, ids[0], &moved, &f), f);
        CHECK(!moved);
        fixture_train(&x, ids[0], 0.5);
        check_model(&x, ids[0], "the model");
        CHECK_OK(store_list_records(x.s, ids[0], 2, count_record, &n, &f), f);
        CHECK_EQUAL_INT(n, 2);
        CHECK_OK(store_list_layers(x.s, ids[0], count_layer, &n, &f), f);
        CHECK_EQUAL_INT(n, 2 + 8);
        if (CHECK_OK(store_get_run(x.s, ids[0], &r, &f), f)) {
            CHECK_EQUAL_INT(r.attempt, 2);
            CHECK(!r.error);
            CHECK_EQUAL_INT(r.reason, STOP_REASON_FINISHED);
            CHECK_EQUAL_INT(r.epoch, 3);
            CHECK_EQUAL_STRING(r.provenance, "{\"version\":\"1\"}");
            CHECK_EQUAL_STRING(r.selected_weights, "last");
            CHECK_NEAR(r.samples_per_second, 1234.5, 1e-12);
            CHECK_EQUAL_INT(r.metrics.best_epoch, 2);
            CHECK_NEAR(r.metrics.last[METRIC_VAL_LOSS], 1, 1e-12);
            CHECK(isnan(r.metrics.best[METRIC_VAL_LOSS]));
            run_close(&r);
        }
    }
    fixture_close(&x);
}

static void pauses_and_resumes(void)
{
    fixture x;
    fail f;
    id_list queued = {0};
    int64_t ids[3];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 3, 1, ids);
        store_start_run(x.s, ids[0], "{}");
        CHECK_OK(store_pause_experiment(x.s, id, &f), f);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_RUNNING);
        CHECK(move(&x, ids[0], RUN_STATE_RUNNING, RUN_STATE_PAUSED));
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_PAUSED);
        CHECK_OK(store_resume_experiment(x.s, id, note_id, &queued, &f), f);
        CHECK_EQUAL_INT(queued.n, 3);
        CHECK_EQUAL_BYTES(queued.ids, ids, sizeof ids);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_QUEUED);
    }
    fixture_close(&x);
}

static void deletes(void)
{
    fixture x;
    fail f;
    id_list deleted = {0};
    int64_t ids[3], kept[1];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 3, 2, ids);
        fixture_insert(&x, "b", 1, 1, kept);
        fixture_train(&x, ids[0], 0.5);
        fixture_train(&x, kept[0], 0.5);
        CHECK_OK(store_delete_experiment(x.s, id, note_id, &deleted, &f), f);
        CHECK_EQUAL_INT(deleted.n, 3);
        CHECK_EQUAL_BYTES(deleted.ids, ids, sizeof ids);
        CHECK_EQUAL_STRING(fixture_query(&x,
                                         "SELECT (SELECT count(*) FROM runs) || ',' ||"
                                         " (SELECT count(*) FROM epochs) || ',' ||"
                                         " (SELECT count(*) FROM layers) || ',' ||"
                                         " (SELECT count(*) FROM models) || ',' ||"
                                         " (SELECT count(*) FROM configs) || ',' ||"
                                         " (SELECT count(*) FROM config_fields) || ',' ||"
                                         " (SELECT count(*) FROM experiment_specs) || ',' ||"
                                         " (SELECT count(*) FROM events WHERE experiment_id = 1)"),
                           "1,4,8,1,1,1,1,0");
        record late = fixture_record(1, 2);
        store_add_record(x.s, ids[1], &late);
        CHECK_OK(store_flush(x.s, &f), f);
        CHECK(fixture_insert(&x, "c", 3, 2, ids) == 3);
        CHECK_EQUAL_INT(ids[0], 5); /* ids are not used again */
    }
    fixture_close(&x);
}

static void requeues_at_start(void)
{
    fixture x;
    fail f;
    run r;
    int64_t ids[2];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 2, 1, ids);
        store_start_run(x.s, ids[0], "{}");
        CHECK_OK(store_flush(x.s, &f), f);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_RUNNING);
        fixture_reopen(&x);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_QUEUED);
        if (CHECK_OK(store_get_run(x.s, ids[0], &r, &f), f)) {
            CHECK_EQUAL_INT(r.status, RUN_STATE_QUEUED);
            run_close(&r);
        }
        CHECK_EQUAL_STRING(
            fixture_query(&x, "SELECT group_concat(kind || status, ' ') FROM"
                              " (SELECT kind, status FROM events WHERE id > 3 ORDER BY id)"),
            "runqueued experimentqueued");
    }
    fixture_close(&x);
}

/* ---- statistics of configurations ---- */

static double query_number(const fixture *x, const char *sql)
{
    return strtod(fixture_query(x, sql), NULL);
}

static void sums_up_configs(void)
{
    fixture x;
    int64_t ids[10];
    const double losses[5] = {1000.001, 1000.002, 1000.004, 1000.008, 1000.016};
    double mean = 0, squares = 0;
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 10, 2, ids);
        for (int i = 0; i < 5; i++) {
            fixture_train(&x, ids[2 * i], losses[i]);
            fixture_train(&x, ids[2 * i + 1], i == 2 ? NAN : 0.25);
            mean += losses[i] / 5;
        }
        for (int i = 0; i < 5; i++)
            squares += (losses[i] - mean) * (losses[i] - mean);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT n FROM config_results"), "5");
        CHECK_NEAR(query_number(&x, "SELECT printf('%.17g', mean_val_loss)"
                                    " FROM config_results WHERE config_id LIKE '%0'"),
                   mean, 1e-14);
        CHECK_NEAR(query_number(&x, "SELECT printf('%.17g', std_val_loss)"
                                    " FROM config_results WHERE config_id LIKE '%0'"),
                   sqrt(squares / 4), 1e-9);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT std_best_epoch FROM config_results"), "0.0");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT mean_val_loss FROM config_results"
                                             " WHERE config_id LIKE '%1'"),
                           "null");
    }
    fixture_close(&x);
}

/* ---- views and columns ---- */

static void has_every_column(const fixture *x, const char *view, const char *name)
{
    char sql[256], column[96];
    snprintf(column, sizeof column, "%s", name);
    for (char *c = column; *c; c++)
        *c = *c == '.' ? '_' : *c;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'",
             view, column);
    if (strcmp(fixture_query(x, sql), "1") != 0)
        printf("    %s.%s is missing\n", view, column);
    CHECK_EQUAL_STRING(fixture_query(x, sql), "1");
}

static void shows_every_field(void)
{
    fixture x;
    const char *name;
    double value;
    char prefixed[96];
    if (fixture_open(&x)) {
        for (int i = 0; i < FIELD_COUNT; i++) {
            if (FIELDS[i].group == FIELD_GROUP_EXPERIMENT)
                continue;
            has_every_column(&x, "run_results", FIELDS[i].name);
            if (strcmp(FIELDS[i].name, "seed") != 0)
                has_every_column(&x, "config_results", FIELDS[i].name);
        }
        for (int i = 0; run_metric_get(&(run_metrics){0}, i, &name, &value); i++) {
            has_every_column(&x, "run_results", name);
            snprintf(prefixed, sizeof prefixed, "mean_%s", name);
            has_every_column(&x, "config_results", prefixed);
            snprintf(prefixed, sizeof prefixed, "std_%s", name);
            has_every_column(&x, "config_results", prefixed);
        }
        for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
            has_every_column(&x, "epochs", METRICS[i].name);
        for (int i = 0; i < LAYER_METRIC_COUNT; i++)
            has_every_column(&x, "layers", LAYER_METRICS[i].name);
    }
    fixture_close(&x);
}

/* Two columns of one name would be told apart by nobody. */
static void names_columns_once(void)
{
    fixture x;
    if (fixture_open(&x)) {
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) - count(DISTINCT name)"
                                             " FROM pragma_table_info('run_results')"),
                           "0");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM pragma_table_info('run_results')"
                                             " WHERE name LIKE '%:%'"),
                           "0");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM sqlite_schema"
                                             " WHERE type = 'view' AND sql LIKE '%(%'"),
                           "0");
    }
    fixture_close(&x);
}

/* From outside, while the store is open. */
static void opens_in_the_shell(void)
{
    fixture x;
    char command[256], line[256] = "";
    int64_t ids[1];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 1, 1, ids);
        fixture_train(&x, ids[0], 0.5);
        snprintf(command, sizeof command,
                 "sqlite3 %s 'SELECT run_id, status, dataset, hidden, val_loss, seed, data_seed"
                 " FROM run_results'",
                 x.path);
        FILE *shell = popen(command, "r"); /* NOLINT(cert-env33-c): the shell is what is tested */
        if (CHECK(shell != NULL)) {
            CHECK(fgets(line, sizeof line, shell) != NULL);
            CHECK_EQUAL_STRING(line, "1|completed|moons|[8,8]|0.5|0|4\n");
            CHECK_EQUAL_INT(pclose(shell), 0);
        }
    }
    fixture_close(&x);
}

CHECK_MAIN("store", migrates_once, refuses_newer, refuses_foreign, refuses_second, remakes_fields,
           inserts, inserts_all_or_nothing, repeats_by_key, says_what_is_missing, updates,
           swaps_only_from, derives_the_state, cancels, extends, retries, pauses_and_resumes,
           deletes, requeues_at_start, sums_up_configs, shows_every_field, names_columns_once,
           opens_in_the_shell)
