/* Pages, filters, data sets and counts. */
#include "server/store/curves.h"
#include "server/store/datasets.h"
#include "server/store/events.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"
#include "tests/server/store_fixture.h"

/* ---- pages ---- */

enum { N_EXPERIMENTS = 7, N_RUNS = 11 };

typedef struct row_list {
    const char *sort; /* what keys are of; NULL: nothing */
    int n;
    int64_t ids[64];
    double keys[64]; /* NaN: none */
} row_list;

/* The order of texts, as far as it shows in their first and last letters. */
static double key_of_text(const char *text)
{
    return 256 * (double)text[0] + (double)text[strlen(text) - 1];
}

static double key_of_time(int64_t ms)
{
    return ms ? (double)ms : NAN;
}

static double key_of_experiment(const experiment *e, const char *sort)
{
    return strcmp(sort, "created_at") == 0    ? (double)e->created_ms
           : strcmp(sort, "id") == 0          ? (double)e->id
           : strcmp(sort, "name") == 0        ? key_of_text(e->name)
           : strcmp(sort, "status") == 0      ? key_of_text(RUN_STATE_NAMES[e->status])
           : strcmp(sort, "n_runs") == 0      ? (double)e->n_runs
           : strcmp(sort, "n_configs") == 0   ? (double)e->n_configs
           : strcmp(sort, "progress") == 0    ? e->progress
           : strcmp(sort, "started_at") == 0  ? key_of_time(e->started_ms)
           : strcmp(sort, "finished_at") == 0 ? key_of_time(e->finished_ms)
                                              : (double)CHECK(!"a sort that the test knows");
}

static double key_of_run(const run *r, const char *sort)
{
    return strcmp(sort, "id") == 0           ? (double)r->id
           : strcmp(sort, "val_loss") == 0   ? r->metrics.selected[METRIC_VAL_LOSS]
           : strcmp(sort, "seed") == 0       ? (double)r->seed
           : strcmp(sort, "config_id") == 0  ? key_of_text(r->config_id)
           : strcmp(sort, "status") == 0     ? key_of_text(RUN_STATE_NAMES[r->status])
           : strcmp(sort, "best_epoch") == 0 ? key_of_time(r->metrics.best_epoch + 1) - 1
           : strcmp(sort, "created_at") == 0 ? (double)r->created_ms
                                             : 0; /* fields of the fixture's one config */
}

static bool note_experiment(void *context, const experiment *e)
{
    row_list *list = context;
    if (list->sort)
        list->keys[list->n] = key_of_experiment(e, list->sort + (*list->sort == '-'));
    list->ids[list->n++] = e->id;
    return true;
}

static bool note_run(void *context, const run *r)
{
    row_list *list = context;
    if (list->sort)
        list->keys[list->n] = key_of_run(r, list->sort + (*list->sort == '-'));
    list->ids[list->n++] = r->id;
    return true;
}

/* The keys rise, or fall where the sort begins with a minus; those that are none come last. */
static void check_order(const row_list *list)
{
    int sign = *list->sort == '-' ? -1 : 1, n_wrong = 0;
    for (int i = 1; i < list->n; i++)
        n_wrong += isnan(list->keys[i - 1]) ? !isnan(list->keys[i])
                                            : sign * list->keys[i - 1] > sign * list->keys[i];
    if (!CHECK_EQUAL_INT(n_wrong, 0))
        printf("    %s\n", list->sort);
}

/* All experiments in that order, `limit` a page; returns the number of pages. */
static int page_experiments(const fixture *x, const char *sort, int limit, row_list *out)
{
    char cursor[64] = "", next[64];
    int n_pages = 0;
    *out = (row_list){.sort = sort};
    do {
        fail f;
        experiment_query q = {.status = -1, .sort = sort, .cursor = cursor, .limit = limit};
        if (!CHECK_OK(store_list_experiments(x->s, &q, note_experiment, out, next, &f), f))
            return -1;
        memcpy(cursor, next, sizeof cursor);
        n_pages++;
    } while (*cursor && n_pages < 64);
    return n_pages;
}

static int page_runs(const fixture *x, const char *sort, int limit, row_list *out)
{
    char cursor[64] = "", next[64];
    int n_pages = 0;
    *out = (row_list){.sort = sort};
    do {
        fail f;
        run_query q = {.status = -1, .seed = -1, .sort = sort, .cursor = cursor, .limit = limit};
        if (!CHECK_OK(store_list_runs(x->s, &q, note_run, out, next, &f), f))
            return -1;
        memcpy(cursor, next, sizeof cursor);
        n_pages++;
    } while (*cursor && n_pages < 64);
    return n_pages;
}

/* Every id exactly once. */
static void check_whole(const row_list *list, int n, int64_t first)
{
    int64_t seen = 0;
    CHECK_EQUAL_INT(list->n, n);
    for (int i = 0; i < list->n; i++)
        seen |= (int64_t)1 << (list->ids[i] - first);
    CHECK_EQUAL_INT(seen, ((int64_t)1 << n) - 1);
}

static void pages_experiments(void)
{
    static const char *const sorts[] = {"created_at", "-created_at", "id",        "-id",
                                        "name",       "-name",       "status",    "-n_runs",
                                        "progress",   "-started_at", "n_configs", "finished_at"};
    fixture x;
    row_list list, whole;
    int64_t ids[3];
    if (fixture_open(&x)) {
        for (int i = 0; i < N_EXPERIMENTS; i++) {
            fixture_insert(&x, i % 2 ? "same" : "other", 1 + i % 3, 1 + i % 2, ids);
            if (i == 0 || i == 4)
                fixture_train(&x, ids[0], 0.5);
        }
        for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
            CHECK_EQUAL_INT(page_experiments(&x, sorts[i], 3, &list), 3);
            check_whole(&list, N_EXPERIMENTS, 1);
            check_order(&list);
            CHECK_EQUAL_INT(page_experiments(&x, sorts[i], 0, &whole), 1);
            CHECK_EQUAL_BYTES(list.ids, whole.ids, sizeof list.ids);
        }
        page_experiments(&x, NULL, N_EXPERIMENTS, &list); /* a full page, and no more */
        CHECK_EQUAL_INT(list.ids[0], N_EXPERIMENTS);
    }
    fixture_close(&x);
}

static void pages_runs(void)
{
    static const char *const sorts[] = {"id",        "-id",        "val_loss",
                                        "-val_loss", "seed",       "-config_id",
                                        "status",    "dropout",    "-early_stopping.patience",
                                        "epochs",    "best_epoch", "-created_at"};
    fixture x;
    row_list list, whole;
    int64_t ids[N_RUNS];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", N_RUNS, 2, ids);
        for (int i = 0; i < N_RUNS; i += 2)
            fixture_train(&x, ids[i], i % 4 ? 0.5 : 1.0 / (i + 1));
        for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
            CHECK_EQUAL_INT(page_runs(&x, sorts[i], 4, &list), 3);
            check_whole(&list, N_RUNS, ids[0]);
            check_order(&list);
            page_runs(&x, sorts[i], 0, &whole);
            CHECK_EQUAL_BYTES(list.ids, whole.ids, sizeof list.ids);
        }
        page_runs(&x, "val_loss", 2, &list); /* those without a value last, either way */
        CHECK(isfinite(list.keys[5]) && isnan(list.keys[6]) && list.keys[0] <= list.keys[5]);
        page_runs(&x, "-val_loss", 2, &list);
        CHECK(isfinite(list.keys[5]) && isnan(list.keys[6]) && list.keys[0] >= list.keys[5]);
    }
    fixture_close(&x);
}

static void refuses_bad_pages(void)
{
    static const char *const cursors[] = {
        "x", "0", "ffffffff1", "zzzzzzzz1", "-1", "00000000000000000000000000000000000000001"};
    fixture x;
    fail f;
    row_list list = {0};
    char next[64], of_names[64];
    int64_t ids[2];
    if (fixture_open(&x)) {
        fixture_insert(&x, "a", 2, 1, ids);
        int64_t last = fixture_insert(&x, "b", 2, 1, ids);
        experiment_query q = {.status = -1, .limit = 1};
        for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
            q.cursor = cursors[i];
            CHECK_FAILS(store_list_experiments(x.s, &q, note_experiment, &list, next, &f), f,
                        FAIL_OUT_OF_RANGE, "/query/cursor");
        }
        q.cursor = NULL;
        q.sort = "-name";
        CHECK_OK(store_list_experiments(x.s, &q, note_experiment, &list, of_names, &f), f);
        q.cursor = of_names;
        q.sort = "name"; /* a cursor of another order */
        CHECK_FAILS(store_list_experiments(x.s, &q, note_experiment, &list, next, &f), f,
                    FAIL_OUT_OF_RANGE, "/query/cursor");
        CHECK_OK(store_delete_experiment(x.s, last, NULL, NULL, &f), f);
        q.sort = "-name"; /* its row is gone */
        CHECK_FAILS(store_list_experiments(x.s, &q, note_experiment, &list, next, &f), f,
                    FAIL_OUT_OF_RANGE, "/query/cursor");
        q.cursor = NULL;
        q.sort = "name; DROP TABLE runs";
        CHECK_FAILS(store_list_experiments(x.s, &q, note_experiment, &list, next, &f), f,
                    FAIL_OUT_OF_RANGE, "/query/sort");
        run_query r = {.status = -1, .seed = -1, .sort = "-nonsense", .limit = 1};
        CHECK_FAILS(store_list_runs(x.s, &r, note_run, &list, next, &f), f, FAIL_OUT_OF_RANGE,
                    "/query/sort");
        r.sort = NULL;
        r.experiment_id = 99;
        CHECK_FAILS(store_list_runs(x.s, &r, note_run, &list, next, &f), f, FAIL_NOT_FOUND, "");
    }
    fixture_close(&x);
}

static int count_experiments(const fixture *x, int status, const char *tag, const char *text)
{
    fail f;
    row_list list = {0};
    char next[64];
    experiment_query q = {.status = status, .tag = tag, .text = text, .limit = 50};
    CHECK_OK(store_list_experiments(x->s, &q, note_experiment, &list, next, &f), f);
    return list.n;
}

static void filters_experiments(void)
{
    fixture x;
    int64_t ids[1];
    if (fixture_open(&x)) {
        fixture_insert(&x, "Alpha", 1, 1, ids);
        fixture_train(&x, ids[0], 0.5);
        fixture_insert(&x, "beta", 1, 1, ids);
        CHECK_EQUAL_INT(count_experiments(&x, RUN_STATE_COMPLETED, NULL, NULL), 1);
        CHECK_EQUAL_INT(count_experiments(&x, RUN_STATE_RUNNING, NULL, NULL), 0);
        CHECK_EQUAL_INT(count_experiments(&x, -1, "second", NULL), 2);
        CHECK_EQUAL_INT(count_experiments(&x, -1, "sec", NULL), 0);
        CHECK_EQUAL_INT(count_experiments(&x, -1, NULL, "alph"), 1);
        CHECK_EQUAL_INT(count_experiments(&x, -1, NULL, "100 % c"), 2);
        CHECK_EQUAL_INT(count_experiments(&x, -1, NULL, "1%0"), 0);
        CHECK_EQUAL_INT(count_experiments(&x, -1, NULL, "_eta"), 0);
    }
    fixture_close(&x);
}

static int count_runs(const fixture *x, const char *column, const char *value)
{
    fail f;
    row_list list = {0};
    char next[64];
    run_query q = {.status = -1, .seed = -1, .n_filters = 1, .limit = 50};
    q.filters[0].column = column;
    q.filters[0].value = value;
    CHECK_OK(store_list_runs(x->s, &q, note_run, &list, next, &f), f);
    return list.n;
}

static void filters_runs(void)
{
    fixture x;
    fail f;
    row_list list = {0};
    char next[64];
    int64_t ids[4];
    if (fixture_open(&x)) {
        int64_t id = fixture_insert(&x, "a", 4, 2, ids);
        fixture_train(&x, ids[0], 0.5);
        CHECK_EQUAL_INT(count_runs(&x, "status", "completed"), 1);
        CHECK_EQUAL_INT(count_runs(&x, "learning_rate", "1e-3"), 4);
        CHECK_EQUAL_INT(count_runs(&x, "learning_rate", "0.002"), 0);
        CHECK_EQUAL_INT(count_runs(&x, "dropout", "[0.25,0.5]"), 4);
        CHECK_EQUAL_INT(count_runs(&x, "shuffle", "true"), 4);
        CHECK_EQUAL_INT(count_runs(&x, "shuffle", "false"), 0);
        CHECK_EQUAL_INT(count_runs(&x, "optimizer", "adam"), 4);
        CHECK_EQUAL_INT(count_runs(&x, "early_stopping.patience", "7"), 4);
        CHECK_EQUAL_INT(count_runs(&x, "early_stopping_patience", "7"), 4);
        CHECK_EQUAL_INT(count_runs(&x, "val_loss", "0.5"), 1);
        CHECK_EQUAL_INT(count_runs(&x, "seed", "1"), 2);
        CHECK_EQUAL_INT(count_runs(&x, "data_seed", "4"), 4);
        CHECK_EQUAL_INT(count_runs(&x, "dataset", "moons"), 4);
        CHECK_EQUAL_INT(count_runs(&x, "config_id", "c00000000001"), 2);
        run_query q = {.experiment_id = id,
                       .status = RUN_STATE_QUEUED,
                       .config_id = "c00000000000",
                       .seed = 1,
                       .limit = 10};
        CHECK_OK(store_list_runs(x.s, &q, note_run, &list, next, &f), f);
        CHECK_EQUAL_INT(list.n, 1);
        CHECK_EQUAL_INT(list.ids[0], ids[2]);
        q.n_filters = 1;
        q.filters[0].column = "1 OR 1";
        q.filters[0].value = "1";
        CHECK_FAILS(store_list_runs(x.s, &q, note_run, &list, next, &f), f, FAIL_OUT_OF_RANGE,
                    "/query/1 OR 1");
    }
    fixture_close(&x);
}

static bool note_queued(void *context, int64_t run_id, int64_t experiment_id, int priority)
{
    row_list *list = context;
    CHECK_EQUAL_INT(experiment_id, 1);
    CHECK_EQUAL_INT(priority, 7);
    list->ids[list->n++] = run_id;
    return list->n < 3;
}

static void lists_the_queue(void)
{
    fixture x;
    fail f;
    row_list list = {0};
    int64_t ids[5];
    if (fixture_open(&x)) {
        const int priority = 7;
        int64_t id = fixture_insert(&x, "a", 5, 1, ids);
        CHECK_OK(store_update_experiment(x.s, id, &(experiment_change){.priority = &priority}, &f),
                 f);
        store_start_run(x.s, ids[0], "{}");
        CHECK_OK(store_flush(x.s, &f), f);
        CHECK_OK(store_list_queued(x.s, note_queued, &list, &f), f);
        CHECK_EQUAL_INT(list.n, 3);
        CHECK_EQUAL_BYTES(list.ids, ids + 1, 3 * sizeof *ids);
    }
    fixture_close(&x);
}

/* ---- data sets and counts ---- */

static void knows_datasets(void)
{
    fixture x;
    fail f;
    int64_t unfinished, all, ids[2];
    dataset_info d = {.name = "mnist", .task = "classification", .n_train = 60000, .inputs = 784};
    if (fixture_open(&x)) {
        CHECK_OK(store_put_dataset(x.s, &d, &f), f);
        d.n_test = 10000;
        CHECK_OK(store_put_dataset(x.s, &d, &f), f);
        CHECK_EQUAL_STRING(fixture_query(&x, "SELECT count(*) || ' ' || sum(n_test) FROM datasets"),
                           "1 10000");
        CHECK_OK(store_delete_dataset(x.s, "mnist", &f), f);
        CHECK_FAILS(store_delete_dataset(x.s, "mnist", &f), f, FAIL_NOT_FOUND, "");
        fixture_insert(&x, "a", 2, 1, ids);
        fixture_insert(&x, "b", 1, 1, ids);
        fixture_train(&x, ids[0], 0.5);
        CHECK_OK(store_count_dataset_users(x.s, "moons", &unfinished, &all, &f), f);
        CHECK_EQUAL_INT(unfinished, 1);
        CHECK_EQUAL_INT(all, 2);
        CHECK_OK(store_count_dataset_users(x.s, "blobs", &unfinished, &all, &f), f);
        CHECK_EQUAL_INT(unfinished + all, 0);
    }
    fixture_close(&x);
}

static void counts(void)
{
    fixture x;
    fail f;
    store_counts c;
    int64_t ids[3];
    if (fixture_open(&x)) {
        CHECK_OK(store_count(x.s, &c, &f), f);
        CHECK_EQUAL_INT(c.experiments + c.epochs, 0);
        fixture_insert(&x, "a", 3, 1, ids);
        fixture_train(&x, ids[1], 0.5);
        CHECK_OK(store_count(x.s, &c, &f), f);
        CHECK_EQUAL_INT(c.experiments, 1);
        CHECK_EQUAL_INT(c.runs[RUN_STATE_QUEUED], 2);
        CHECK_EQUAL_INT(c.runs[RUN_STATE_COMPLETED], 1);
        CHECK_EQUAL_INT(c.epochs, 3);
    }
    fixture_close(&x);
}

CHECK_MAIN("store_list", pages_experiments, pages_runs, refuses_bad_pages, filters_experiments,
           filters_runs, lists_the_queue, knows_datasets, counts)
