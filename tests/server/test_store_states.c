/* States of runs and experiments: compare-and-swap, what follows from the runs, extensions,
 * retries, deletion, a start in the midst of work. */
#include "server/store/files.h"
#include "tests/server/store_fixture.h"

#include "server/store/arms.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

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
        const new_config config = {.config_id = "c00000000000",
                                   .values = "{\"l2\":0}",
                                   .label = "none",
                                   .data = "{\"generated\":true}"};
        const new_extension extension = {.body = "{\"repeats\":3}",
                                         .n_runs = 3,
                                         .n_configs = 3,
                                         .runs = more,
                                         .configs = &config,
                                         .n_described = 1};
        CHECK_OK(store_extend_experiment(x.s, id, &extension, added, &f), f);
        CHECK_EQUAL_INT(status_of(&x, id), RUN_STATE_QUEUED);
        if (CHECK_OK(store_get_experiment(x.s, id, &e, &f), f)) {
            CHECK_EQUAL_INT(e.n_configs, 3);
            CHECK_EQUAL_INT(e.n_runs, 5);
            CHECK_NEAR(e.progress, 0.4, 1e-12);
            CHECK_EQUAL_STRING(e.extensions, "[{\"repeats\":3}]");
            experiment_close(&e);
        }
        CHECK_EQUAL_INT(added[0], ids[1] + 1);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT swept FROM runs WHERE id = 1"), "{\"l2\":0}");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) FROM config_results"), "3");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT label FROM run_results WHERE run_id = 1"),
                           "none");
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT data FROM configs WHERE label = 'none'"),
                           "{\"generated\":true}");
    }
    fixture_close(&x);
}

/* The same question of as many runs is one look; a set of arms takes the place of the one before.
 */
static void looks_and_arms_are_kept(void)
{
    fixture x;
    fail f;
    int64_t ids[2], n = 0;
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 2, 1, ids);
        fixture_train(&x, ids[0], 0.5);
        fixture_train(&x, ids[1], 0.5);
        CHECK_OK(store_note_look(x.s, id, NULL, 2, &n, &f), f);
        CHECK_EQUAL_INT(n, 0);
        CHECK_OK(store_note_look(x.s, id, "test_loss", 2, &n, &f), f);
        CHECK_OK(store_note_look(x.s, id, "test_loss", 2, &n, &f), f);
        CHECK_EQUAL_INT(n, 1);
        CHECK_OK(store_note_look(x.s, id, "test_loss", 3, &n, &f), f);
        CHECK_OK(store_note_look(x.s, id, "test_accuracy", 3, &n, &f), f);
        CHECK_EQUAL_INT(n, 3);
        const arm_row arm = {.metric = "val_loss",
                             .about = "split",
                             .label = "none",
                             .treatment = "{}",
                             .context = "{}",
                             .mean = 0.5,
                             .std = NAN,
                             .verdict = "baseline"};
        CHECK_OK(store_put_arms(x.s, id, &arm, 1, &f), f);
        CHECK_OK(store_put_arms(x.s, id, &arm, 1, &f), f);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) || verdict || mean || (std IS NULL)"
                                             " FROM comparison_results"),
                           "1baseline0.51");
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

CHECK_MAIN("store_states", swaps_only_from, derives_the_state, cancels, extends,
           looks_and_arms_are_kept, retries, pauses_and_resumes, deletes, requeues_at_start)
