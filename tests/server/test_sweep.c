/* Plans: cells, equal configs, baselines, limits, random search. */
#include "server/codec/codec.h"
#include "server/plan/baseline.h"
#include "server/study/sweep.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

static fail_list faults;

static bool make_plan(const char *text, experiment_spec *e, grid *p)
{
    faults.n = faults.n_found = 0;
    if (!CHECK(codec_read_experiment_spec(text, strlen(text), e, &faults))) {
        printf("    %s: %s\n", faults.items[0].field, faults.items[0].sentence);
        return false;
    }
    if (sweep_expand(e, p, &faults))
        return true;
    experiment_spec_close(e);
    return false;
}

static void close_plan(experiment_spec *e, grid *p)
{
    grid_close(p);
    experiment_spec_close(e);
}

/* The plan fails with this fault. */
static void refuses(const char *text, fail_code code, const char *pointer)
{
    experiment_spec e;
    grid p;
    if (!CHECK_FAILS(make_plan(text, &e, &p), faults.items[0], code, pointer))
        printf("    %s\n", text);
}

static void one_cell(void)
{
    experiment_spec e;
    grid p;
    CHECK_OR_RETURN(make_plan("{\"dropout\":0.5,\"repeats\":3,\"seed\":10}", &e, &p));
    CHECK_EQUAL_INT(p.n_cells, 1);
    CHECK_EQUAL_INT(p.n_configs, 1);
    CHECK_EQUAL_INT(p.n_seeds, 3);
    train_spec spec;
    grid_run_spec(&p, 0, 2, &spec);
    CHECK_EQUAL_INT(spec.seed, 12);
    CHECK_EQUAL_INT(spec.data_seed, 0);
    CHECK_NEAR(spec.dropout[0], 0.5, 0);
    close_plan(&e, &p);
}

static void a_grid_goes_through_all_cells_in_order(void)
{
    experiment_spec e;
    grid p;
    CHECK_OR_RETURN(make_plan("{\"sweep\":{\"dropout\":[0,0.5,[0.1,0.2]],\"l2\":{\"min\":0.001,"
                              "\"max\":0.1,\"scale\":\"log\",\"count\":3},\"epochs\":[5,6]}}",
                              &e, &p));
    CHECK_EQUAL_INT(p.n_cells, 18);
    CHECK_EQUAL_INT(p.n_configs, 18);
    static const double RATES[][2] = {{0, 0}, {0.5, 0.5}, {0.1, 0.2}}, L2[] = {0.001, 0.01, 0.1};
    for (int i = 0; i < 18 && i < p.n_configs; i++) { /* the first axis is slowest */
        const train_spec *spec = &p.configs[i].spec;
        for (int layer = 0; layer < 2; layer++)
            CHECK_WITHIN(spec_dropout_rate(spec, layer), RATES[i / 6][layer], 0);
        CHECK_WITHIN(spec->l2, L2[i / 2 % 3], 0); /* exactly what a user would write */
        CHECK_EQUAL_INT(spec->epochs, 5 + i % 2);
    }
    close_plan(&e, &p);
}

static void ranges(void)
{
    static const double LINEAR[] = {0, 0.1, 0.2, 0.3, 0.4};
    experiment_spec e;
    grid p;
    CHECK_OR_RETURN(
        make_plan("{\"sweep\":{\"dropout\":{\"min\":0,\"max\":0.4,\"count\":5}}}", &e, &p));
    CHECK_EQUAL_INT(p.n_configs, 5);
    for (int i = 0; i < 5 && i < p.n_configs; i++)
        CHECK_WITHIN(p.configs[i].spec.dropout[0], LINEAR[i], 0);
    close_plan(&e, &p);
    CHECK_OR_RETURN(
        make_plan("{\"sweep\":{\"epochs\":{\"min\":1,\"max\":4,\"count\":10}}}", &e, &p));
    CHECK_EQUAL_INT(p.n_cells, 10); /* whole numbers: 1 1 2 2 2 3 3 3 4 4 */
    CHECK_EQUAL_INT(p.n_configs, 4);
    for (int i = 0; i < 4 && i < p.n_configs; i++)
        CHECK_EQUAL_INT(p.configs[i].spec.epochs, 1 + i);
    close_plan(&e, &p);
    CHECK_OR_RETURN(
        make_plan("{\"sweep\":{\"l1\":{\"min\":0.5,\"max\":0.7,\"count\":1}}}", &e, &p));
    CHECK_NEAR(p.configs[0].spec.l1, 0.5, 0);
    close_plan(&e, &p);
}

static void equal_cells_are_merged(void)
{
    static const struct {
        const char *text;
        int n_cells, n_configs;
    } CASES[] = {
        {"{\"sweep\":{\"optimizer\":[\"adam\",\"sgd\"],\"momentum\":[0,0.9]}}", 4, 3},
        {"{\"sweep\":{\"dropout\":[0.5,[0.5,0.5],0.5]}}", 3, 1},
        {"{\"sweep\":{\"dropout\":[0,-0]}}", 2, 1},
        {"{\"sweep\":{\"optimizer\":[\"adam\",\"adamw\"]}}", 2, 1},
        {"{\"sweep\":{\"optimizer\":[\"sgd\",\"adam\",\"rmsprop\"],\"beta1\":[0.8,0.9],\"rho\":[0."
         "9,0.99]}}",
         12, 5},
        {"{\"sweep\":{\"learning_rate\":[0.001,0.05],\"optimizer\":[\"sgd\",\"adam\"]}}", 4, 4},
        {"{\"sweep\":{\"early_stopping\":[null,{},{\"patience\":5},{\"patience\":7}]}}", 4, 3},
        {"{\"sweep\":{\"early_stopping.patience\":[3,5]}}", 2, 2},
        {"{\"early_stopping\":null,\"sweep\":{\"early_stopping.patience\":[3,5]}}", 2, 1},
        {"{\"sweep\":{\"early_stopping.patience\":[3,5],\"early_stopping\":[null,{\"min_delta\":0."
         "5}]}}",
         4, 3},
        {"{\"sweep\":{\"augmentation\":[{},{\"shift\":0},{\"shift\":1},{\"flip\":true}]}}", 4, 3},
        {"{\"sweep\":{\"augmentation.shift\":[0,1,2]}}", 3, 3},
        {"{\"sweep\":{\"dataset\":[\"moons\",{\"name\":\"moons\"},{\"name\":\"moons\",\"n\":50}]}}",
         3, 2},
        {"{\"sweep\":{\"hidden\":[[],[8],[8,8]]}}", 3, 3},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        experiment_spec e;
        grid p;
        if (!CHECK(make_plan(CASES[i].text, &e, &p)))
            continue;
        bool ok = CHECK_EQUAL_INT(p.n_cells, CASES[i].n_cells);
        if (!CHECK_EQUAL_INT(p.n_configs, CASES[i].n_configs) || !ok)
            printf("    %s\n", CASES[i].text);
        close_plan(&e, &p);
    }
}

static void no_two_configs_are_equal(void)
{
    experiment_spec e;
    grid p;
    CHECK_OR_RETURN(
        make_plan("{\"sweep\":{\"dropout\":[0,0.1,0.2,0.5],\"optimizer\":[\"sgd\",\"adam\","
                  "\"rmsprop\"],\"momentum\":[0,0.5,0.9],"
                  "\"dropout_kind\":[\"bernoulli\",\"gaussian\"],\"nesterov\":[false,true]}}",
                  &e, &p));
    int n_equal = 0;
    for (int i = 0; i < p.n_configs; i++)
        for (int j = 0; j < i; j++) {
            char a[CONFIG_ID_BYTES], b[CONFIG_ID_BYTES];
            codec_config_id(&p.configs[i].spec, NULL, false, a);
            codec_config_id(&p.configs[j].spec, NULL, false, b);
            n_equal += strcmp(a, b) == 0;
        }
    CHECK_EQUAL_INT(n_equal, 0);
    CHECK_EQUAL_INT(p.n_cells, 144);
    CHECK_EQUAL_INT(p.n_configs,
                    63); /* (5 + 1 + 3 momenta) * (1 without dropout + 3 rates * 2 kinds) */
    close_plan(&e, &p);
}

static void baselines(void)
{
    static const struct {
        const char *text;
        int baseline;
    } CASES[] = {
        {"{\"sweep\":{\"dropout\":[0.5,0.25,0]}}", 2},
        {"{\"sweep\":{\"dropout\":[0.5,0.25]}}", 0},
        {"{\"sweep\":{\"dropout\":[0.5,0],\"l2\":[1,0]}}", 3},
        {"{\"sweep\":{\"learning_rate\":[0.1,0.2],\"dropout\":[0.5,0]}}", 1},
        {"{\"sweep\":{\"hidden\":[[4],[128,128]]}}", 1},
        {"{\"sweep\":{\"early_stopping\":[{},null]}}", 1},
        {"{\"sweep\":{\"augmentation\":[{\"shift\":2},{}]}}", 1},
        {"{\"sweep\":{\"augmentation.shift\":[2,0]}}", 1},
        {"{\"sweep\":{\"dropout\":[0.5,0]},\"baseline\":{\"dropout\":0.5}}", 0},
        {"{\"sweep\":{\"dropout\":[0,0.5]},\"baseline\":{\"dropout\":[0.5,0.5]}}", 1},
        {"{\"sweep\":{\"optimizer\":[\"adam\",\"sgd\"],\"momentum\":[0,0.9]},\"baseline\":{"
         "\"optimizer\":\"sgd\",\"momentum\":0.9}}",
         2},
        {"{\"sweep\":{\"early_stopping.patience\":[3,5]},\"baseline\":{\"early_stopping.patience\":"
         "5}}",
         1},
        {"{\"sweep\":{\"l2\":[1,0],\"dropout\":[0,0.5]},\"baseline\":{\"dropout\":0.5}}", 3},
        {"{\"sweep\":{\"dropout\":[0.5,0]},\"question\":{\"context\":[\"dropout\"]}}", 0},
        {"{\"variants\":[{\"dropout\":0.5},{\"l2\":1},{}]}", 0},
        {"{\"variants\":[{\"dropout\":0.5},{\"l2\":1},{}],\"baseline\":{\"l2\":1}}", 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        experiment_spec e;
        grid p;
        if (!CHECK(make_plan(CASES[i].text, &e, &p)))
            continue;
        plan_design design = {.baseline = -1};
        CHECK(plan_find_design(&e, &p, &design, &faults));
        if (!CHECK_EQUAL_INT(design.baseline, CASES[i].baseline))
            printf("    %s\n", CASES[i].text);
        close_plan(&e, &p);
    }
}

static void a_baseline_that_no_config_has_is_refused(void)
{
    static const char *const CASES[] = {
        "{\"sweep\":{\"dropout\":[0,0.5]},\"baseline\":{\"dropout\":0.3}}",
        "{\"sweep\":{\"dropout\":[0,0.5],\"l2\":[0.1,1]},\"baseline\":{\"dropout\":0}}"};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        experiment_spec e;
        grid p;
        plan_design design;
        if (!CHECK(make_plan(CASES[i], &e, &p)))
            continue;
        CHECK_FAILS(plan_find_design(&e, &p, &design, &faults), faults.items[0], FAIL_INCOMPATIBLE,
                    "/baseline");
        close_plan(&e, &p);
    }
}

/* One regularizer at a time beside each other, at each learning rate. */
static void variants_are_crossed_with_the_sweep(void)
{
    experiment_spec e;
    grid p;
    buffer b;
    CHECK_OR_RETURN(make_plan("{\"variants\":[{\"label\":\"none\"},{\"dropout\":0.5},{\"l2\":0.1,"
                              "\"dropout\":0.2}],\"sweep\":{\"learning_rate\":[0.1,0.2]}}",
                              &e, &p));
    CHECK_EQUAL_INT(p.n_configs, 6);
    CHECK_EQUAL_INT(p.configs[0].variant, 0);
    CHECK_EQUAL_INT(p.configs[5].variant, 2);
    CHECK_EQUAL_STRING(e.variants[1].label, "dropout 0.5");
    CHECK_EQUAL_STRING(e.variants[2].label, "dropout 0.2, l2 0.1");
    CHECK_NEAR(p.configs[2].spec.dropout[0], 0.5, 0);
    CHECK_NEAR(p.configs[3].spec.learning_rate, 0.2, 0);
    buffer_init(&b, 1000);
    codec_add_values(&b, &e, &p.configs[5].spec);
    CHECK_EQUAL_STRING(b.data, "{\"learning_rate\":0.2,\"dropout\":0.2,\"l2\":0.1}");
    buffer_close(&b);
    close_plan(&e, &p);
    refuses("{\"variants\":[{},{\"dropout\":0}]}", FAIL_INCOMPATIBLE, "/variants/1");
    refuses("{\"variants\":[{},{\"dropout\":[0.1,0.2,0.3]}]}", FAIL_INCOMPATIBLE,
            "/variants/1/dropout");
}

static void faults_name_the_value(void)
{
    refuses("{\"sweep\":{\"dropout\":[0,[0.1,0.2,0.3]]}}", FAIL_INCOMPATIBLE, "/sweep/dropout/1");
    refuses("{\"sweep\":{\"normalization\":[\"none\",\"batch\"],\"batch_size\":[64,1]}}",
            FAIL_INCOMPATIBLE, "/sweep/batch_size/1");
    refuses("{\"sweep\":{\"normalization\":[\"none\",\"batch\"]},\"batch_size\":1}",
            FAIL_INCOMPATIBLE, "/batch_size");
    refuses("{\"sweep\":{\"early_stopping.criterion\":[\"gl\"],\"early_stopping.monitor\":[\"val_"
            "accuracy\"]}}",
            FAIL_INCOMPATIBLE, "/sweep/early_stopping.monitor/0");
    CHECK_EQUAL_INT(faults.n_found, 1);
    /* the same fault of many cells is told once */
    refuses("{\"dropout\":[0.1,0.2,0.3],\"sweep\":{\"l2\":[0,1,2],\"l1\":[0,1,2]}}",
            FAIL_INCOMPATIBLE, "/dropout");
    CHECK_EQUAL_INT(faults.n_found, 1);
}

/* The table of fields says to users what holds here. */
static void limits_are_those_of_the_table(void)
{
    const field *repeats = field_find("repeats"), *trials = field_find("trials");
    CHECK_OR_RETURN(repeats && trials);
    CHECK_WITHIN(repeats->maximum, SPEC_REPEATS_LIMIT, 0);
    CHECK_WITHIN(trials->maximum, SPEC_RUNS_LIMIT, 0);
    CHECK_EQUAL_INT(strtol(trials->default_text, NULL, 10), SWEEP_TRIALS_DEFAULT);
}

static void limits(void)
{
    refuses("{\"sweep\":{\"l1\":{\"min\":0,\"max\":1,\"count\":1000},\"l2\":{\"min\":0,\"max\":1,"
            "\"count\":101}}}",
            FAIL_TOO_LARGE, "/sweep");
    refuses("{\"sweep\":{\"l1\":{\"min\":0,\"max\":1,\"count\":1000}},\"repeats\":101}",
            FAIL_TOO_LARGE, "/sweep");
    refuses("{\"sweep\":{\"l1\":{\"min\":0,\"max\":1,\"count\":1000}},\"repeats\":{\"until\":{"
            "\"half_width\":1},\"max\":101}}",
            FAIL_TOO_LARGE, "/sweep");
    refuses("{\"seed\":9007199254740991,\"repeats\":2}", FAIL_OUT_OF_RANGE, "/seed");
    experiment_spec e;
    grid p;
    CHECK_OR_RETURN(make_plan("{\"seed\":9007199254740991}", &e, &p));
    close_plan(&e, &p);
    CHECK_OR_RETURN(make_plan(
        "{\"sweep\":{\"l1\":{\"min\":0,\"max\":1,\"count\":1000}},\"repeats\":100}", &e, &p));
    CHECK_EQUAL_INT(p.n_configs * p.n_seeds, SPEC_RUNS_LIMIT);
    close_plan(&e, &p);
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void ten_thousand_configs_plan_quickly(void)
{
    experiment_spec e;
    grid p;
    double started = processor_seconds();
    CHECK_OR_RETURN(make_plan("{\"sweep\":{\"dropout\":{\"min\":0,\"max\":0.9,\"count\":100},"
                              "\"l2\":{\"min\":1e-5,\"max\":0.1,\"scale\":\"log\",\"count\":100}}}",
                              &e, &p));
    CHECK_EQUAL_INT(p.n_configs, 10000);
    CHECK(processor_seconds() - started <
          1); /* some 20 ms, and 30 times that under the sanitizers */
    close_plan(&e, &p);
}

/* Of the first n configs, those that are the same in both, field by field. */
static int count_equal(const grid *a, const grid *b, int n)
{
    int n_equal = 0;
    for (int i = 0; i < n && i < a->n_configs && i < b->n_configs; i++) {
        bool is_equal = true;
        for (int row = 0; row < FIELD_COUNT; row++)
            is_equal =
                is_equal && (FIELDS[row].group == FIELD_GROUP_EXPERIMENT ||
                             field_equal(&FIELDS[row], &a->configs[i].spec, &b->configs[i].spec));
        n_equal += is_equal;
    }
    return n_equal;
}

static void random_search(void)
{
    static const char TEXT[] = "{\"seed\":5,\"sweep_method\":\"random\",\"trials\":200,\"sweep\":{"
                               "\"l2\":{\"min\":1e-6,\"max\":1,\"scale\":\"log\"},"
                               "\"epochs\":{\"min\":3,\"max\":9},\"dropout\":[0,0.5],\"mixup\":{"
                               "\"min\":0,\"max\":1,\"count\":3}}}";
    experiment_spec e;
    grid a, b;
    double logs = 0;
    int n_half = 0, n_mixup = 0;
    CHECK_OR_RETURN(make_plan(TEXT, &e, &a));
    CHECK_EQUAL_INT(a.n_cells, 200);
    CHECK_EQUAL_INT(a.n_configs, 200);
    for (int i = 0; i < a.n_configs; i++) {
        const train_spec *spec = &a.configs[i].spec;
        CHECK(spec->l2 >= 1e-6 && spec->l2 <= 1 && spec->epochs >= 3 && spec->epochs <= 9);
        logs += log10(spec->l2) / 200;
        n_half += spec->dropout[0] > 0;
        n_mixup += spec->mixup > 0.4 && spec->mixup < 0.6;
    }
    CHECK_WITHIN(logs, -3,
                 0.5); /* uniform in the logarithm: its mean is -3 with a deviation of 0.12 */
    CHECK_WITHIN(n_half, 100, 30); /* 7 */
    CHECK_WITHIN(n_mixup, 67, 30); /* 7 */
    CHECK(sweep_expand(&e, &b, &faults));
    CHECK_EQUAL_INT(count_equal(&a, &b, 200), 200);
    grid_close(&b);
    e.trials = 300; /* more trials leave the first ones as they are */
    CHECK(sweep_expand(&e, &b, &faults));
    CHECK_EQUAL_INT(count_equal(&a, &b, 200), 200);
    grid_close(&b);
    e.base.seed = 6;
    CHECK(sweep_expand(&e, &b, &faults));
    CHECK_EQUAL_INT(count_equal(&a, &b, 200), 0);
    grid_close(&b);
    close_plan(&e, &a);
}

static void repeats_vary_what_they_are_told(void)
{
    experiment_spec e;
    grid p;
    train_spec spec;
    CHECK_OR_RETURN(make_plan(
        "{\"seed\":4,\"data_seed\":20,\"repeats\":3,\"repeat_varies\":[\"data_seed\"]}", &e, &p));
    grid_run_spec(&p, 0, 2, &spec);
    CHECK_EQUAL_INT(spec.seed, 4);
    CHECK_EQUAL_INT(spec.data_seed, 22);
    close_plan(&e, &p);
    CHECK_OR_RETURN(make_plan(
        "{\"seed\":4,\"data_seed\":20,\"repeats\":3,\"repeat_varies\":[\"seed\",\"data_seed\"]}",
        &e, &p));
    grid_run_spec(&p, 0, 1, &spec);
    CHECK_EQUAL_INT(spec.seed, 5);
    CHECK_EQUAL_INT(spec.data_seed, 21);
    close_plan(&e, &p);
}

/* Every field that may be swept can be, over its own default. */
static void every_field_can_be_swept(void)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *row = &FIELDS[i];
        if (!CHECK_EQUAL_INT(sweep_is_sweepable(row), row->group != FIELD_GROUP_EXPERIMENT &&
                                                          strcmp(row->name, "seed") != 0))
            printf("    %s\n", row->name);
        if (!sweep_is_sweepable(row))
            continue;
        buffer b;
        experiment_spec e;
        grid p;
        buffer_init(&b, 4096);
        buffer_add_format(&b, "{\"sweep\":{\"%s\":[", row->name);
        codec_field_add_default(&b, row);
        bool depends = strstr(b.data, "[null") != NULL && !row->nullable;
        buffer_add_text(&b, "]}}");
        if (!depends && CHECK(make_plan(b.data, &e, &p))) {
            CHECK_EQUAL_INT(p.n_configs, 1);
            close_plan(&e, &p);
        }
        buffer_close(&b);
    }
}

CHECK_MAIN("sweep", one_cell, a_grid_goes_through_all_cells_in_order, ranges,
           equal_cells_are_merged, no_two_configs_are_equal, baselines,
           a_baseline_that_no_config_has_is_refused, variants_are_crossed_with_the_sweep,
           faults_name_the_value, limits, limits_are_those_of_the_table,
           ten_thousand_configs_plan_quickly, random_search, repeats_vary_what_they_are_told,
           every_field_can_be_swept)
