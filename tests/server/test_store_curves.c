/* Curves and events as they were told: one after the other, without a gap, whoever writes. */
#include "tests/server/store_fixture.h"

#include "server/store/curves.h"
#include "server/store/events.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <pthread.h>

typedef struct curve_check {
    int n;
    char config_id[CONFIG_ID_BYTES];
    int64_t epoch, seed;
} curve_check;

static bool check_curve(void *context, const char *config_id, int64_t run_id, int64_t seed,
                        int64_t epoch, double value)
{
    curve_check *last = context;
    int order = strcmp(config_id, last->config_id);
    CHECK(run_id > 0);
    CHECK_WITHIN(value, (double)epoch + 0.01 * METRIC_VAL_LOSS, 1e-12);
    CHECK(last->n == 0 || order > 0 || (order == 0 && epoch > last->epoch) ||
          (order == 0 && epoch == last->epoch && seed > last->seed));
    *last = (curve_check){.n = last->n + 1, .epoch = epoch, .seed = seed};
    snprintf(last->config_id, sizeof last->config_id, "%s", config_id);
    return true;
}

/* All that are finite come back; the others as NaN. */
static void check_values(const double *read, const double *told)
{
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        if (isfinite(told[i]))
            CHECK_WITHIN(read[i], told[i], 0);
        else
            CHECK(isnan(read[i]));
}

static bool check_record(void *context, const record *r)
{
    int *n = context;
    record expected = fixture_record(*n, 0);
    CHECK_EQUAL_INT(r->epoch, *n);
    CHECK_EQUAL_INT(r->step, *n * 10);
    CHECK_EQUAL_INT(r->n_layers, 0);
    check_values(r->values, expected.values);
    return ++*n < 3;
}

static void lists_curves(void)
{
    fixture x;
    fail f;
    int n = 0;
    int64_t ids[6];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 6, 2, ids);
        for (int i = 5; i >= 0; i--)
            fixture_train(&x, ids[i], 0.5);
        curve_check curves = {0}, none = {0};
        int64_t first = 0, last = 0, seen = 0, unchanged = -1;
        CHECK_OK(store_list_curves(x.s, id, METRIC_VAL_LOSS, check_curve, &curves, &seen, &f), f);
        CHECK_EQUAL_INT(curves.n, 6 * 4);
        CHECK_OK(store_event_range(x.s, &first, &last, &f), f);
        CHECK_EQUAL_INT(seen, last);
        CHECK_OK(store_list_curves(x.s, id, METRIC_VAL_R2, check_curve, &none, &seen, &f), f);
        CHECK_EQUAL_INT(none.n, 0);
        CHECK_FAILS(store_list_curves(x.s, 9, METRIC_VAL_LOSS, check_curve, &none, &unchanged, &f),
                    f, FAIL_NOT_FOUND, "");
        CHECK_EQUAL_INT(unchanged, -1);
        CHECK_OK(store_list_records(x.s, ids[2], 0, check_record, &n, &f), f);
        CHECK_EQUAL_INT(n, 3);
        CHECK_FAILS(store_list_records(x.s, 99, 0, check_record, &n, &f), f, FAIL_NOT_FOUND, "");
    }
    fixture_close(&x);
}

static bool note_event(void *context, const event_row *e)
{
    fixture *again = context;
    again->heard[again->n_heard++] = *e;
    return true;
}

static void check_same_event(const event_row *told, const event_row *read)
{
    CHECK_EQUAL_INT(read->id, told->id);
    CHECK_EQUAL_INT(read->kind, told->kind);
    CHECK_EQUAL_INT(read->experiment_id, told->experiment_id);
    CHECK_EQUAL_INT(read->run_id, told->run_id);
    CHECK_EQUAL_INT(read->status, told->status);
    CHECK_EQUAL_INT(read->reason, told->reason);
    CHECK_EQUAL_INT(read->epoch, told->epoch);
    CHECK_EQUAL_BYTES(read->runs, told->runs, sizeof told->runs);
    CHECK_NEAR(read->progress, told->progress, 0);
    CHECK_EQUAL_INT(read->record.epoch, told->record.epoch);
    CHECK_EQUAL_INT(read->record.step, told->record.step);
    if (told->kind == EVENT_EPOCH)
        check_values(read->record.values, told->record.values);
}

static int count_events(const fixture *x, int64_t after, int64_t experiment_id, int64_t run_id,
                        int limit)
{
    fail f;
    fixture found = {.heard = calloc(HEARD_LIMIT, sizeof(event_row))};
    CHECK_OK(store_list_events(x->s, after, &experiment_id, experiment_id != 0, run_id, limit,
                               note_event, &found, &f),
             f);
    free(found.heard);
    return found.n_heard;
}

static void replays_what_it_told(void)
{
    fixture x;
    fail f;
    int64_t first, last, ids[2];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 2, 1, ids);
        fixture_train(&x, ids[0], 0.5);
        fixture_insert(&x, "b", 1, 1, ids);
        fixture_train(&x, ids[0], 0.25);
        int n = x.n_heard;
        CHECK_EQUAL_INT(n, 2 * (1 + 2 + 4 + 2));
        fixture_reopen(&x);
        fixture again = {.heard = calloc(HEARD_LIMIT, sizeof *again.heard)};
        CHECK_OK(store_list_events(x.s, 0, NULL, 0, 0, 1000, note_event, &again, &f), f);
        CHECK(again.n_heard >= n);
        for (int i = 0; i < n; i++) {
            CHECK_EQUAL_INT(x.heard[i].id, i + 1); /* no gap */
            check_same_event(&x.heard[i], &again.heard[i]);
        }
        free(again.heard);
        CHECK_EQUAL_INT(count_events(&x, 5, 0, 0, 4), 4);
        CHECK_EQUAL_INT(count_events(&x, 0, 2, 0, 1000), 9);
        CHECK_EQUAL_INT(count_events(&x, 0, 0, ids[0], 1000), 6);
        CHECK_OK(store_event_range(x.s, &first, &last, &f), f);
        CHECK_EQUAL_INT(first, 1);
        fixture_insert(&x, "c", 1, 1, ids);
        CHECK_EQUAL_INT(x.heard[x.n_heard - 1].id, last + 1);
    }
    fixture_close(&x);
}

static void tells_an_epoch_once(void)
{
    fixture x;
    fail f;
    int n = 0;
    int64_t ids[1];
    record r = fixture_record(0, 2);
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 1, 1, ids);
        store_start_run(x.s, ids[0], "{}");
        store_add_record(x.s, ids[0], &r);
        CHECK_OK(store_flush(x.s, &f), f);
        int n_heard = x.n_heard;
        r.values[METRIC_BATCH_LOSS] = 77;
        store_add_record(x.s, ids[0], &r);
        CHECK_OK(store_flush(x.s, &f), f);
        CHECK_EQUAL_INT(x.n_heard, n_heard);
        CHECK_OK(store_list_records(x.s, ids[0], 0, check_record, &n, &f), f);
        CHECK_EQUAL_INT(n, 1);
    }
    fixture_close(&x);
}

static void prunes_events(void)
{
    fixture x;
    fail f;
    int64_t first, last, ids[1];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 1, 1, ids);
        fixture_query(&x, "UPDATE sqlite_sequence SET seq = 201100 WHERE name = 'events'");
        fixture_insert(&x, "b", 1, 1, ids);
        CHECK_OK(store_event_range(x.s, &first, &last, &f), f);
        CHECK_EQUAL_INT(last, 201101);
        CHECK_EQUAL_INT(first, 1102); /* event 1 is further back than 200,000 */
    }
    fixture_close(&x);
}

enum { N_WORKERS = 4, N_EPOCHS = 300 };

typedef struct worker {
    fixture *x;
    int64_t run_id;
    bool ok;
} worker;

static void *work(void *context)
{
    worker *w = context;
    fail f;
    bool moved = false;
    run_metrics m;
    run_metrics_init(&m);
    store_start_run(w->x->s, w->run_id, "{}");
    for (int64_t epoch = 0; epoch < N_EPOCHS; epoch++) {
        record r = fixture_record(epoch, 3);
        store_add_record(w->x->s, w->run_id, &r);
    }
    const run_end end = {.to = RUN_STATE_COMPLETED,
                         .reason = STOP_REASON_FINISHED,
                         .metrics = &m,
                         .samples_per_second = 1,
                         .selected_weights = "last"};
    w->ok = store_finish_run(w->x->s, w->run_id, &end, &moved, &f) && moved;
    return NULL;
}

static void *look(void *context)
{
    worker *w = context;
    fail f;
    w->ok = true;
    for (int i = 0; i < 100 && w->ok; i++) {
        run r;
        w->ok = store_get_run(w->x->s, w->run_id, &r, &f);
        if (w->ok)
            run_close(&r);
        w->ok = w->ok && count_events(w->x, 0, 0, w->run_id, 50) >= 0;
    }
    return NULL;
}

static void keeps_the_order(void)
{
    fixture x;
    int64_t ids[N_WORKERS], next[N_WORKERS + 1] = {0};
    worker workers[N_WORKERS + 1];
    pthread_t threads[N_WORKERS + 1];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", N_WORKERS, 1, ids);
        for (int i = 0; i <= N_WORKERS; i++) {
            workers[i] = (worker){.x = &x, .run_id = ids[i % N_WORKERS]};
            CHECK(pthread_create(&threads[i], NULL, i < N_WORKERS ? work : look, &workers[i]) == 0);
        }
        for (int i = 0; i <= N_WORKERS; i++) {
            pthread_join(threads[i], NULL);
            CHECK(workers[i].ok);
        }
        bool in_order = true;
        for (int i = 0; i < x.n_heard; i++) {
            const event_row *e = &x.heard[i];
            in_order = in_order && e->id == i + 1;
            if (e->kind == EVENT_EPOCH)
                in_order = in_order && e->epoch == next[e->run_id]++;
        }
        CHECK(in_order);
        CHECK_EQUAL_INT(x.n_heard, 1 + N_WORKERS * (N_EPOCHS + 4));
    }
    fixture_close(&x);
}

/* Three configurations with two seeds each, of which the first is trained; then one more seed. */
static void loads_a_whole_series(void)
{
    fixture x;
    fail f;
    int64_t ids[7];
    series all;
    if (fixture_open(&x)) {
        fixture_insert(&x, "another", 1, 1, &ids[6]);
        int64_t id = fixture_insert(&x, "series", 6, 3, ids);
        fixture_train(&x, ids[0], 0.5);
        CHECK_OK(store_load_series(x.s, NULL, id, &all, &f), f);
        CHECK_EQUAL_INT(all.n_configs, 3);
        CHECK_EQUAL_INT(all.n_runs, 6);
        for (size_t i = 0; i < all.n_runs; i++) {
            const series_run *r = &all.runs[i];
            CHECK_EQUAL_INT(r->id, ids[i]);
            CHECK_EQUAL_INT(r->config, i % 3);
            CHECK_EQUAL_INT(r->seed, i / 3);
            CHECK_EQUAL_INT(r->data_seed, 4);
            CHECK_EQUAL_INT(r->status, i == 0 ? RUN_STATE_COMPLETED : RUN_STATE_QUEUED);
            CHECK(r->created_ms > 0 && isnan(r->metrics.selected[METRIC_TEST_LOSS]));
        }
        CHECK_NEAR(all.runs[0].metrics.selected[METRIC_VAL_LOSS], 0.5, 0);
        CHECK_EQUAL_INT(all.runs[0].metrics.best_epoch, 2);
        CHECK_EQUAL_STRING(all.configs[1].id, "c00000000001");
        CHECK_EQUAL_INT(all.configs[1].first_run_id, ids[1]);
        CHECK_EQUAL_STRING(all.configs[1].values, "{\"dropout\":[0.25,0.5]}");
        CHECK_EQUAL_STRING(all.configs[1].config, FIXTURE_CONFIG);
        CHECK(series_find_config(&all, "c00000000002") == &all.configs[2]);
        CHECK(series_find_config(&all, "c00000000003") == NULL);
        series_close(&all);
        CHECK_FAILS(store_load_series(x.s, NULL, 99, &all, &f), f, FAIL_NOT_FOUND, "");
        CHECK(all.n_runs == 0);
    }
    fixture_close(&x);
}

CHECK_MAIN("store_curves", lists_curves, replays_what_it_told, tells_an_epoch_once, prunes_events,
           keeps_the_order, loads_a_whole_series)
