/* What a net makes of the plane, epoch by epoch: the same weights as the run had, at every epoch
 * that is asked for. */
#include "server/plan/boundary.h"
#include "server/plan/check.h"

#include "core/train/train.h"
#include "server/jobs/engine.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static fail f;

typedef struct trained { /* a run on a small data set */
    train_spec spec;
    dataset *set;
    split *data;
} trained;

static trained open_run(const char *name, int64_t epochs)
{
    trained t;
    fail_list faults = {.n = 0};
    spec_init(&t.spec);
    snprintf(t.spec.dataset, sizeof t.spec.dataset, "%s", name);
    t.spec.dataset_options.n = 200;
    if (strcmp(name, "polynomial") == 0)
        t.spec.dataset_options.dimensions = 2;
    t.spec.n_hidden = 1;
    t.spec.hidden[0] = 8;
    t.spec.epochs = epochs;
    t.spec.batch_size = 32;
    t.spec.dropout[0] = 0.25;
    CHECK(spec_resolve(&t.spec, &faults));
    CHECK_OK(dataset_open(t.spec.dataset, &t.spec.dataset_options, 0, NULL, &t.set, &f), f);
    CHECK_OK(plan_resolve(&t.spec, t.set, &f), f);
    CHECK_OK(split_open(t.set, &t.spec, &t.data, &f), f);
    return t;
}

static void close_run(trained *t)
{
    split_close(t->data);
    dataset_close(t->set);
}

/* The model that a run with this spec ends with. */
static train_result train(const train_spec *spec, const split *data)
{
    train_result result = {.model = NULL};
    train_input input = {.spec = spec, .data = data, .threads = 1};
    CHECK_OK(train_run(&input, NULL, &result, &f), f);
    return result;
}

/* The answers of a model at the centre of one cell. */
static void ask(const trained *t, const float *model, const boundary *b, size_t cell, float *out)
{
    float x[2];
    for (size_t c = 0; c < 2; c++) {
        double place = (double)(c == 0 ? cell % b->size : cell / b->size) + 0.5;
        float raw = (float)(b->low[c] + place * (b->high[c] - b->low[c]) / (double)b->size);
        x[c] = raw * t->data->scale[c] + t->data->shift[c];
    }
    CHECK_OK(train_predict(&t->spec, model, 2, t->set->k, t->set->task, x, 1, out, &f), f);
}

static void check_grid(const trained *t, const float *model, const boundary *b, size_t epoch)
{
    size_t n = b->size * b->size;
    for (size_t cell = 0; cell < n; cell += 7) {
        float p[2];
        ask(t, model, b, cell, p);
        int32_t best = p[1] > p[0] ? 1 : 0;
        if (fabs((double)p[1] - (double)p[0]) > 1e-5)
            CHECK_EQUAL_INT(b->classes[epoch * n + cell], best);
        CHECK_WITHIN(b->values[epoch * n + cell], p[best], 1e-5);
    }
}

/* A run of fewer epochs, at a constant rate, is the beginning of a longer one. */
static void grids_are_of_the_weights_of_their_epochs(void)
{
    trained t = open_run("moons", 6);
    const int64_t epochs[] = {0, 2, 6};
    boundary b;
    boundary_request r = {
        .spec = &t.spec, .data = t.data, .size = 16, .n_epochs = 3, .epochs = epochs};
    CHECK_OK(boundary_open(&r, &b, &f), f);
    CHECK_EQUAL_INT(b.n_epochs, 3);
    float *initial = calloc(1000, sizeof *initial);
    train_initial_model(&t.spec, 2, 2, initial);
    check_grid(&t, initial, &b, 0);
    free(initial);
    train_spec shorter = t.spec;
    shorter.epochs = 2;
    train_result early = train(&shorter, t.data), late = train(&t.spec, t.data);
    check_grid(&t, early.model, &b, 1);
    check_grid(&t, late.model, &b, 2);
    train_result_close(&early);
    train_result_close(&late);
    boundary_close(&b);
    close_run(&t);
}

/* Early stopping ends a run and changes no weight: the grid of the epoch that was restored is that
 * of the run's model. */
static void early_stopping_and_averages(void)
{
    trained t = open_run("moons", 30);
    t.spec.early_stopping.enabled = true;
    t.spec.early_stopping.patience = 2;
    t.spec.early_stopping.restore_best_weights = true;
    t.spec.learning_rate = 0.05;
    t.spec.weight_average = 0.9;
    train_result result = train(&t.spec, t.data);
    CHECK(result.selected_is_best && result.selected_is_average);
    int64_t epochs[] = {result.selected_epoch};
    boundary b;
    boundary_request r = {
        .spec = &t.spec, .data = t.data, .size = 12, .n_epochs = 1, .epochs = epochs};
    CHECK_OK(boundary_open(&r, &b, &f), f);
    check_grid(&t, result.model, &b, 0);
    boundary_close(&b);
    train_result_close(&result);
    close_run(&t);
}

static void twice_the_same_bytes_and_in_range(void)
{
    trained t = open_run("moons", 3);
    const int64_t epochs[] = {1, 3};
    boundary a, b;
    boundary_request r = {
        .spec = &t.spec, .data = t.data, .size = 20, .n_epochs = 2, .epochs = epochs};
    CHECK_OK(boundary_open(&r, &a, &f), f);
    CHECK_OK(boundary_open(&r, &b, &f), f);
    CHECK_EQUAL_BYTES(a.values, b.values, 800 * sizeof *a.values);
    CHECK_EQUAL_BYTES(a.classes, b.classes, 800 * sizeof *a.classes);
    const dataset_rows *rows = &t.set->parts[PART_TRAIN];
    for (size_t i = 0; i < 2 * rows->n; i++) {
        double x = (double)rows->floats[i];
        CHECK(x > a.low[i % 2] && x < a.high[i % 2]);
    }
    CHECK_EQUAL_INT(a.n_points, t.data->n[PART_TRAIN]);
    for (size_t p = 0; p < a.n_points; p++) {
        size_t row = t.data->rows[PART_TRAIN][p];
        CHECK_NEAR(a.points[2 * p + 1], rows->floats[2 * row + 1], 0);
        CHECK_EQUAL_INT(a.labels[p], rows->labels[row]);
    }
    boundary_close(&a);
    boundary_close(&b);
    close_run(&t);
}

static void of_a_regression(void)
{
    trained t = open_run("polynomial", 2);
    const int64_t epochs[] = {2};
    boundary b;
    boundary_request r = {
        .spec = &t.spec, .data = t.data, .size = 8, .n_epochs = 1, .epochs = epochs};
    CHECK_OK(boundary_check_set(t.set, &f), f);
    CHECK_OK(boundary_open(&r, &b, &f), f);
    CHECK(!b.classes && !b.labels && b.targets);
    train_result result = train(&t.spec, t.data);
    for (size_t cell = 0; cell < 64; cell += 5) {
        float y;
        ask(&t, result.model, &b, cell, &y);
        CHECK_WITHIN(b.values[cell], y, 1e-5);
    }
    train_result_close(&result);
    boundary_close(&b);
    close_run(&t);
}

/* What diverges has no later epochs; its grids up to there are told. */
static void of_a_run_that_diverges(void)
{
    trained t = open_run("polynomial", 50);
    t.spec.learning_rate = 1e30;
    const int64_t epochs[] = {0, 50};
    boundary b;
    boundary_request r = {
        .spec = &t.spec, .data = t.data, .size = 8, .n_epochs = 2, .epochs = epochs};
    CHECK_OK(boundary_open(&r, &b, &f), f);
    CHECK_EQUAL_INT(b.n_epochs, 1);
    CHECK_EQUAL_INT(b.epochs[0], 0);
    CHECK(isfinite(b.values[0]));
    boundary_close(&b);
    close_run(&t);
}

static bool stop_at_third(void *context)
{
    int *n_asked = context;
    return ++*n_asked == 3;
}

static void can_be_stopped(void)
{
    trained t = open_run("moons", 100);
    const int64_t epochs[] = {0, 100};
    int n_asked = 0;
    boundary b;
    boundary_request r = {.spec = &t.spec,
                          .data = t.data,
                          .size = 8,
                          .n_epochs = 2,
                          .epochs = epochs,
                          .context = &n_asked,
                          .is_stopped = stop_at_third};
    CHECK_FAILS(boundary_open(&r, &b, &f), f, FAIL_INTERRUPTED, "");
    CHECK_EQUAL_INT(n_asked, 3);
    close_run(&t);
}

static void check_epochs(const char *text, int64_t last, size_t n_expected, const int64_t *expected)
{
    int64_t epochs[BOUNDARY_EPOCHS_LIMIT];
    size_t n = 0;
    CHECK_OK(boundary_read_epochs(text, last, epochs, &n, &f), f);
    CHECK_EQUAL_INT(n, n_expected);
    for (size_t i = 0; i < n && i < n_expected; i++)
        CHECK_EQUAL_INT(epochs[i], expected[i]);
}

static void epochs_are_read(void)
{
    const int64_t spread[] = {0, 1, 2, 5, 10, 20, 21}, zero[] = {0}, given[] = {0, 3, 20};
    check_epochs(NULL, 21, 7, spread);
    check_epochs(NULL, 20, 6, (const int64_t[]){0, 1, 2, 5, 10, 20});
    check_epochs(NULL, 1, 2, (const int64_t[]){0, 1});
    check_epochs(NULL, 0, 1, zero);
    check_epochs("0", 0, 1, zero);
    check_epochs("0,3,20", 20, 3, given);
    static const char *const BAD[] = {"",
                                      ",",
                                      "1,",
                                      ",1",
                                      "-1",
                                      "1 ,2",
                                      "a",
                                      "1;2",
                                      "1.5",
                                      "+1",
                                      "99999999999999999999999",
                                      "1,2,x",
                                      "0x10"};
    static const char *const OTHER[] = {"1,1", "2,1", "21"}; /* of this order, of this run */
    int64_t epochs[BOUNDARY_EPOCHS_LIMIT];
    size_t n;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK_FAILS(boundary_read_epochs(BAD[i], 20, epochs, &n, &f), f, FAIL_OUT_OF_RANGE,
                    "/query/epochs");
    for (size_t i = 0; i < sizeof OTHER / sizeof *OTHER; i++)
        CHECK_FAILS(boundary_read_epochs(OTHER[i], 20, epochs, &n, &f), f, FAIL_INCOMPATIBLE,
                    "/query/epochs");
    char many[400] = "0";
    for (int i = 1; i <= BOUNDARY_EPOCHS_LIMIT; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), ",%d", i);
    CHECK_FAILS(boundary_read_epochs(many, 1000, epochs, &n, &f), f, FAIL_OUT_OF_RANGE,
                "/query/epochs");
    CHECK_OK(boundary_read_epochs(NULL, 100000, epochs, &n, &f), f);
    CHECK(n <= BOUNDARY_EPOCHS_LIMIT && epochs[n - 1] == 100000);
}

static void too_much_is_refused_with_figures(void)
{
    trained t = open_run("moons", 100000);
    int64_t epochs[BOUNDARY_EPOCHS_LIMIT] = {0, 100};
    boundary_request r = {
        .spec = &t.spec, .data = t.data, .size = 16, .n_epochs = 2, .epochs = epochs};
    CHECK_OK(plan_check_boundary(&r, &f), f);
    t.spec.n_hidden = 2;
    t.spec.hidden[0] = t.spec.hidden[1] = 1024;
    epochs[1] = 100000;
    CHECK_FAILS(plan_check_boundary(&r, &f), f, FAIL_TIME_LIMIT, "/query/epochs");
    CHECK_CONTAINS(f.sentence, "1054722 parameters on 120 samples");
    CHECK_CONTAINS(f.sentence, "epoch 100000");
    CHECK_CONTAINS(f.sentence, "the limit is 20 s");
    r.size = BOUNDARY_SIZE_LIMIT;
    r.n_epochs = BOUNDARY_EPOCHS_LIMIT;
    CHECK_FAILS(plan_check_boundary(&r, &f), f, FAIL_INCOMPATIBLE, "/query/size");
    CHECK_CONTAINS(f.sentence, "1048576");
    dataset other = *t.set;
    other.d = 3;
    CHECK_FAILS(boundary_check_set(&other, &f), f, FAIL_CONFLICT, "");
    CHECK_CONTAINS(f.sentence, "3 inputs");
    other.d = 2;
    other.task = TASK_REGRESSION;
    CHECK_FAILS(boundary_check_set(&other, &f), f, FAIL_CONFLICT, "");
    CHECK_CONTAINS(f.sentence, "2 targets");
    close_run(&t);
}

CHECK_MAIN("boundary", grids_are_of_the_weights_of_their_epochs, early_stopping_and_averages,
           twice_the_same_bytes_and_in_range, of_a_regression, of_a_run_that_diverges,
           can_be_stopped, epochs_are_read, too_much_is_refused_with_figures)
