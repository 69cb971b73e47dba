/* Deleting an experiment: gone for every reader at once, its rows in slices, also after a restart;
 * nobody else's. */
#include "server/store/curves.h"
#include "server/store/events.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"
#include "tests/server/store_fixture.h"

/* Several slices; under ThreadSanitizer each row takes some times as long. */
#if defined __SANITIZE_THREAD__
enum { RUNS = 20, EPOCHS = 100, PATIENCE = 60000 };
#else
enum { RUNS = 20, EPOCHS = 400, PATIENCE = 60000 };
#endif

/* An experiment of some 30,000 rows, or a quarter of it. */
static int64_t insert_large(fixture *x, int64_t ids[RUNS])
{
    fail f;
    int64_t id = fixture_insert(x, "large", RUNS, 5, ids);
    for (int i = 0; i < RUNS; i++) {
        store_start_run(x->s, ids[i], "{}");
        for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
            record r = fixture_record(epoch, 3);
            store_add_record(x->s, ids[i], &r);
        }
    }
    CHECK_OK(store_cancel_experiment(x->s, id, NULL, NULL, &f), f);
    CHECK_OK(store_flush(x->s, &f), f);
    return id;
}

static int64_t count(const fixture *x, const char *sql)
{
    return strtoll(fixture_query(x, sql), NULL, 10);
}

static int64_t count_rows(const fixture *x)
{
    return count(x, "SELECT (SELECT count(*) FROM runs WHERE experiment_id = 1)"
                    " + (SELECT count(*) FROM epochs WHERE run_id <= 20)"
                    " + (SELECT count(*) FROM layers WHERE run_id <= 20)"
                    " + (SELECT count(*) FROM configs WHERE experiment_id = 1)"
                    " + (SELECT count(*) FROM config_fields WHERE experiment_id = 1)"
                    " + (SELECT count(*) FROM experiment_specs WHERE experiment_id = 1)"
                    " + (SELECT count(*) FROM experiments WHERE id = 1)"
                    " + (SELECT count(*) FROM events WHERE experiment_id = 1)"
                    " + (SELECT count(*) FROM deletions)");
}

static bool await_gone(const fixture *x)
{
    int n_looks = 0;
    while (count_rows(x) > 0 && n_looks < PATIENCE)
        n_looks += usleep(1000) == 0;
    return n_looks < PATIENCE;
}

static bool refuse_run(void *context, const run *r)
{
    (void)context;
    CHECK(r->experiment_id != 1);
    return true;
}

static bool refuse_experiment(void *context, const experiment *e)
{
    (void)context;
    CHECK(e->id != 1);
    return true;
}

static bool refuse_event(void *context, const event_row *e)
{
    (void)context;
    CHECK(e->experiment_id != 1);
    return true;
}

static bool refuse_record(void *context, const record *r)
{
    (void)context;
    (void)r;
    CHECK(false);
    return false;
}

static void no_reader_knows_it(const fixture *x, const int64_t ids[RUNS])
{
    fail f;
    experiment e;
    run r;
    store_counts counts;
    char cursor[64];
    CHECK_FAILS(store_get_experiment(x->s, 1, &e, &f), f, FAIL_NOT_FOUND, "");
    CHECK_FAILS(store_get_run(x->s, ids[RUNS - 1], &r, &f), f, FAIL_NOT_FOUND, "");
    CHECK_FAILS(store_list_records(x->s, ids[RUNS - 1], 0, refuse_record, NULL, &f), f,
                FAIL_NOT_FOUND, "");
    CHECK_FAILS(store_delete_experiment(x->s, 1, NULL, NULL, &f), f, FAIL_NOT_FOUND, "");
    CHECK_FAILS(store_cancel_experiment(x->s, 1, NULL, NULL, &f), f, FAIL_NOT_FOUND, "");
    CHECK_FAILS(store_update_experiment(x->s, 1, &(experiment_change){.name = "n"}, &f), f,
                FAIL_NOT_FOUND, "");
    run_query of_it = {.experiment_id = 1, .status = -1, .seed = -1};
    run_query all = {.status = -1, .seed = -1};
    CHECK_FAILS(store_list_runs(x->s, &of_it, refuse_run, NULL, cursor, &f), f, FAIL_NOT_FOUND, "");
    CHECK_OK(store_list_runs(x->s, &all, refuse_run, NULL, cursor, &f), f);
    experiment_query experiments = {.status = -1, .limit = 50};
    CHECK_OK(store_list_experiments(x->s, &experiments, refuse_experiment, NULL, cursor, &f), f);
    CHECK_OK(store_list_events(x->s, 0, NULL, 0, 0, 1000, refuse_event, NULL, &f), f);
    CHECK_OK(store_count(x->s, &counts, &f), f);
    CHECK_EQUAL_INT(counts.experiments, 1);
    CHECK_EQUAL_INT(counts.epochs, 3);
    CHECK_EQUAL_INT(count(x, "SELECT count(*) FROM run_results WHERE experiment_id = 1"), 0);
    CHECK_EQUAL_INT(count(x, "SELECT count(*) FROM config_results WHERE experiment_id = 1"), 0);
}

static void a_large_one_is_gone_at_once_and_then_its_rows(void)
{
    fixture x;
    fail f;
    int64_t ids[RUNS], kept[1];
    if (fixture_open(&x)) {
        CHECK_EQUAL_INT(insert_large(&x, ids), 1);
        fixture_insert(&x, "kept", 1, 1, kept);
        fixture_train(&x, kept[0], 0.5);
        CHECK_OK(store_delete_experiment(x.s, 1, NULL, NULL, &f), f);
        no_reader_knows_it(&x, ids);
        CHECK(await_gone(&x));
        no_reader_knows_it(&x, ids);
        CHECK_EQUAL_INT(count(&x, "SELECT count(*) FROM runs"), 1);
        CHECK_EQUAL_INT(count(&x, "SELECT count(*) FROM epochs"), 4);
        CHECK_EQUAL_INT(count(&x, "SELECT count(*) FROM layers"), 8);
        CHECK_EQUAL_INT(count(&x, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    }
    fixture_close(&x);
}

static void a_restart_goes_on_with_it(void)
{
    fixture x;
    fail f;
    int64_t ids[RUNS], kept[1];
    if (fixture_open(&x)) {
        CHECK_EQUAL_INT(insert_large(&x, ids), 1);
        fixture_insert(&x, "kept", 1, 1, kept);
        fixture_train(&x, kept[0], 0.5);
        CHECK_OK(store_delete_experiment(x.s, 1, NULL, NULL, &f), f);
        for (int i = 0; i < 3 && x.s; i++)
            fixture_reopen(&x);
        if (x.s) {
            no_reader_knows_it(&x, ids);
            CHECK(await_gone(&x));
            CHECK_EQUAL_INT(count(&x, "SELECT count(*) FROM runs"), 1);
        }
    }
    fixture_close(&x);
}

/* Others write, and a small one that is deleted meanwhile is gone with its rows when the call
 * returns. */
static void others_do_not_wait_for_it(void)
{
    fixture x;
    fail f;
    int64_t ids[RUNS], small[1];
    if (fixture_open(&x)) {
        CHECK_EQUAL_INT(insert_large(&x, ids), 1);
        int64_t id = fixture_insert(&x, "small", 1, 1, small);
        fixture_train(&x, small[0], 0.5);
        CHECK_OK(store_delete_experiment(x.s, 1, NULL, NULL, &f), f);
        CHECK_OK(store_delete_experiment(x.s, id, NULL, NULL, &f), f);
        CHECK_EQUAL_INT(count(&x, "SELECT count(*) FROM runs WHERE experiment_id = 2"), 0);
        CHECK_EQUAL_INT(count(&x, "SELECT count(*) FROM epochs WHERE run_id = 21"), 0);
        CHECK_EQUAL_INT(count(&x, "SELECT count(*) FROM experiments WHERE id = 2"), 0);
        CHECK_EQUAL_INT(fixture_insert(&x, "next", 1, 1, small), 3);
        CHECK(await_gone(&x));
    }
    fixture_close(&x);
}

static void its_key_can_be_used_again(void)
{
    fixture x;
    fail f;
    new_run runs[1];
    int64_t first, second, ids[1];
    bool is_repeat;
    fixture_runs(runs, 1, 1);
    new_experiment e = {
        .name = "k", .n_configs = 1, .n_runs = 1, .runs = runs, .idempotency_key = "key"};
    if (fixture_open(&x)) {
        CHECK_OK(store_insert_experiment(x.s, &e, &first, ids, &is_repeat, &f), f);
        CHECK_OK(store_delete_experiment(x.s, first, NULL, NULL, &f), f);
        CHECK_OK(store_insert_experiment(x.s, &e, &second, ids, &is_repeat, &f), f);
        CHECK(!is_repeat && second > first);
    }
    fixture_close(&x);
}

CHECK_MAIN("store_delete", a_large_one_is_gone_at_once_and_then_its_rows, a_restart_goes_on_with_it,
           others_do_not_wait_for_it, its_key_can_be_used_again)
