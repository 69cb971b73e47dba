/* Resources as JSON, and the bodies of requests. */
#include "server/codec/codec.h"
#include "server/codec/request.h"
#include "server/text/check.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>

static fail_list faults;

/* The buffer holds one valid JSON value; prints it otherwise. */
static bool is_json(const buffer *b)
{
    fail f;
    bool ok = CHECK(!b->failed) && CHECK_OK(json_check_text(b->data, b->n, &f), f);
    if (!ok)
        printf("    %.400s\n", b->data);
    return ok;
}

static void fields(void)
{
    buffer b;
    char wanted[160];
    buffer_init(&b, 1 << 20);
    codec_add_fields(&b, 0, FIELD_COUNT);
    is_json(&b);
    for (int i = 0; i < FIELD_COUNT; i++) {
        snprintf(wanted, sizeof wanted, "{\"name\":\"%s\",\"group\":\"%s\",\"type\":\"%s\",",
                 FIELDS[i].name, FIELD_GROUP_NAMES[FIELDS[i].group],
                 codec_field_type_name(&FIELDS[i]));
        CHECK_CONTAINS(b.data, wanted);
        CHECK(strlen(FIELDS[i].help) > 10);
    }
    for (int i = 0; i < METRIC_COUNT; i++) {
        snprintf(wanted, sizeof wanted, "{\"name\":\"%s\",\"scope\":\"%s\",", METRICS[i].name,
                 i < METRIC_EPOCH_COUNT ? "epoch" : "final");
        CHECK_CONTAINS(b.data, wanted);
    }
    for (int i = 0; i < DATASET_COUNT; i++) {
        snprintf(wanted, sizeof wanted, "{\"name\":\"%s\",\"help\":", DATASETS[i].name);
        CHECK_CONTAINS(b.data, wanted);
    }
    CHECK_CONTAINS(b.data, "\"minimum\":0,\"maximum\":1,\"exclusive_minimum\":false,\"exclusive_"
                           "maximum\":true,\"values\":null,\"default\":0,"
                           "\"default_text\":\"0\"");
    CHECK_CONTAINS(b.data, "\"default\":null,\"default_text\":\"0.001; sgd 0.05\"");
    CHECK_CONTAINS(b.data, "\"default\":\"glyphs\"");
    CHECK_CONTAINS(b.data, "\"next_cursor\":null}");
    buffer_close(&b);
}

static void experiments(void)
{
    char name[] = "A \"name\"", description[] = "", tags[] = "[\"x\"]",
         spec[] = "{\"dropout\": 0.5}";
    experiment e = {.id = 7,
                    .name = name,
                    .description = description,
                    .tags = tags,
                    .spec = spec,
                    .status = RUN_STATE_RUNNING,
                    .baseline_config_id = "abc",
                    .n_configs = 2,
                    .n_runs = 6,
                    .runs = {1, 2, 0, 3, 0, 0},
                    .progress = 0.25,
                    .priority = -2,
                    .created_ms = 1000};
    const int64_t ids[] = {11, 12};
    buffer b;
    buffer_init(&b, 10000);
    shape_add(
        &b, &SHAPE_EXPERIMENT,
        &(experiment_answer){.row = &e, .run_ids = ids, .n_run_ids = 2, .remaining_seconds = NAN});
    is_json(&b);
    CHECK_EQUAL_STRING(b.data, "{\"id\":7,\"name\":\"A "
                               "\\\"name\\\"\",\"description\":\"\",\"tags\":[\"x\"],\"status\":"
                               "\"running\",\"priority\":-2,\"spec\":{\"dropout\": 0.5},"
                               "\"baseline\":\"abc\",\"n_configs\":2,\"n_runs\":6,\"runs\":{"
                               "\"queued\":1,\"running\":2,\"paused\":0,\"completed\":3,"
                               "\"failed\":0,\"cancelled\":0},\"progress\":0.25,\"created_at\":"
                               "\"1970-01-01T00:00:01.000Z\",\"started_at\":null,"
                               "\"finished_at\":null,\"run_ids\":[11,12],"
                               "\"remaining_seconds\":null}");
    buffer_close(&b);
    buffer_init(&b, 10000);
    shape_add(&b, &SHAPE_EXPERIMENT, &(experiment_answer){.row = &(experiment){.id = 1}});
    is_json(&b);
    CHECK(strstr(b.data, "run_ids") == NULL);
    buffer_close(&b);
}

static void runs(void)
{
    char values[] = "{\"dropout\":0}", config[] = "{\"epochs\":3}",
         provenance[] = "{\"blas\":\"x\"}", error[] = "It\nbroke";
    run r = {.id = 3,
             .experiment_id = 7,
             .config_id = "0123456789ab",
             .seed = 9007199254740991,
             .status = RUN_STATE_FAILED,
             .reason = STOP_REASON_DIVERGED,
             .error = error,
             .attempt = 2,
             .values = values,
             .config = config,
             .epoch = 1,
             .epochs = 3,
             .samples_per_second = NAN,
             .provenance = provenance,
             .selected_weights = "best"};
    for (int m = 0; m < METRIC_COUNT; m++)
        r.metrics.selected[m] = NAN;
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        r.metrics.last[m] = r.metrics.best[m] = NAN;
    r.metrics.best_epoch = r.metrics.selected_epoch = -1;
    r.metrics.selected[METRIC_VAL_LOSS] = 0.1;
    r.metrics.last[METRIC_TRAIN_LOSS] = INFINITY;
    buffer b;
    buffer_init(&b, 10000);
    shape_add(&b, &SHAPE_RUN, &r);
    is_json(&b);
    CHECK_CONTAINS(b.data, "\"seed\":9007199254740991,\"status\":\"failed\",\"stop_reason\":"
                           "\"diverged\",\"error\":\"It\\nbroke\",\"attempt\":2,\"label\":null,"
                           "\"values\":{\"dropout\":0},\"config\":{\"epochs\":3}");
    CHECK_CONTAINS(b.data, "\"val_loss\":0.1");
    CHECK_CONTAINS(b.data, "\"last_train_loss\":null");
    CHECK_CONTAINS(b.data, "\"samples_per_second\":null,\"selected_weights\":\"best\","
                           "\"provenance\":{\"blas\":\"x\"}");
    buffer_close(&b);
    r.status = RUN_STATE_QUEUED;
    r.reason = STOP_REASON_NONE;
    buffer_init(&b, 10000);
    shape_add(&b, &SHAPE_RUN, &r);
    is_json(&b);
    CHECK_CONTAINS(b.data, "\"stop_reason\":null");
    buffer_close(&b);
}

static void run_metrics_have_names_of_their_own(void)
{
    const run r = {.metrics = {.best_epoch = 1, .selected_epoch = 1}};
    buffer b;
    buffer_init(&b, 1 << 16);
    shape_add(&b, &SHAPE_RUN, &r);
    is_json(&b); /* refuses a name that is there twice */
    CHECK_CONTAINS(b.data, "\"best_epoch\":1");
    CHECK_CONTAINS(b.data, "\"test_accuracy\":0");
    buffer_close(&b);
}

static void events(void)
{
    event_row e = {.id = 1,
                   .kind = EVENT_EPOCH,
                   .experiment_id = 2,
                   .run_id = 3,
                   .record = {.epoch = 4, .step = 50}};
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        e.record.values[m] = NAN;
    e.record.values[METRIC_VAL_LOSS] = 1.5;
    buffer b;
    buffer_init(&b, 10000);
    codec_add_event(&b, &e);
    CHECK_EQUAL_STRING(
        b.data,
        "{\"run_id\":3,\"experiment_id\":2,\"run\":3,\"experiment\":2,\"epoch\":4,\"step\":50,"
        "\"metrics\":{\"val_loss\":1.5}}");
    buffer_close(&b);
    e = (event_row){.kind = EVENT_RUN,
                    .experiment_id = 2,
                    .run_id = 3,
                    .status = RUN_STATE_COMPLETED,
                    .reason = STOP_REASON_FINISHED,
                    .epoch = 9};
    buffer_init(&b, 10000);
    codec_add_event(&b, &e);
    CHECK_EQUAL_STRING(b.data, "{\"run_id\":3,\"experiment_id\":2,\"run\":3,\"experiment\":2,"
                               "\"status\":\"completed\",\"stop_"
                               "reason\":\"finished\",\"epoch\":9}");
    buffer_close(&b);
    e = (event_row){.kind = EVENT_EXPERIMENT,
                    .experiment_id = 2,
                    .status = RUN_STATE_PAUSED,
                    .progress = 0.5,
                    .runs = {1, 0, 2, 3, 0, 0}};
    buffer_init(&b, 10000);
    codec_add_event(&b, &e);
    CHECK_EQUAL_STRING(
        b.data,
        "{\"experiment_id\":2,\"experiment\":2,\"status\":\"paused\",\"progress\":0.5,\"runs\":{"
        "\"queued\":1,\"running\":0,\"paused\":2,"
        "\"completed\":3,\"failed\":0,\"cancelled\":0}}");
    buffer_close(&b);
}

static void datasets_and_problems(void)
{
    dataset_summary d = {.name = "mnist",
                         .sha256 = "ff",
                         .task = TASK_CLASSIFICATION,
                         .n = {60000, 0, 10000},
                         .d = 784,
                         .k = 10,
                         .bytes = 55000000};
    buffer b;
    buffer_init(&b, 10000);
    const dataset_answer answer = dataset_answer_of(&d, NULL);
    shape_add(&b, &SHAPE_DATASET, &answer);
    is_json(&b);
    CHECK_CONTAINS(b.data, "\"name\":\"mnist\",\"sha256\":\"ff\",\"task\":\"classification\","
                           "\"built_in\":false,\"n_train\":60000");
    buffer_close(&b);
    faults.n = faults.n_found = 0;
    fail_list_add(&faults, FAIL_OUT_OF_RANGE, "/epochs", "epochs must be \"more\"");
    faults.n_found = 70;
    buffer_init(&b, 10000);
    codec_add_problem(&b, 400, "Bad Request", "two words", &faults);
    CHECK_EQUAL_STRING(b.data,
                       "{\"type\":\"about:blank\",\"title\":\"Bad "
                       "Request\",\"status\":400,\"detail\":\"two words\",\"errors\":[{\"pointer\":"
                       "\"/epochs\",\"code\":\"out_of_range\",\"detail\":\"epochs must be "
                       "\\\"more\\\"\"}],\"errors_found\":70}");
    buffer_close(&b);
    buffer_init(&b, 10000);
    codec_add_problem(&b, 404, "Not Found", "gone", NULL);
    CHECK(strstr(b.data, "errors") == NULL);
    is_json(&b);
    buffer_close(&b);
}

/* ---- requests ---- */

static const char *first_pointer(bool ok)
{
    return ok ? "read" : faults.items[0].field;
}

static const char *patch(const char *text)
{
    experiment_patch p = {.name = NULL};
    faults.n = faults.n_found = 0;
    bool ok = shape_read(&SHAPE_EXPERIMENT_PATCH, text, strlen(text), &p, &faults);
    shape_close(&SHAPE_EXPERIMENT_PATCH, &p);
    return first_pointer(ok);
}

static void patches(void)
{
    experiment_patch p = {.name = NULL};
    static const char TEXT[] = "{\"name\":\"n\",\"tags\":[\"a\"]}";
    faults.n = faults.n_found = 0;
    CHECK_OR_RETURN(shape_read(&SHAPE_EXPERIMENT_PATCH, TEXT, strlen(TEXT), &p, &faults));
    CHECK_EQUAL_STRING(p.name, "n");
    CHECK(p.description == NULL);
    CHECK_EQUAL_STRING(p.tags, "[\"a\"]");
    shape_close(&SHAPE_EXPERIMENT_PATCH, &p);
    CHECK_EQUAL_STRING(patch("{}"), "");
    CHECK_EQUAL_STRING(patch("[]"), "");
    CHECK_EQUAL_STRING(patch("{\"nam\":\"x\"}"), "/nam");
    CHECK_EQUAL_STRING(patch("{\"name\":null}"), "/name");
    CHECK_EQUAL_STRING(patch("{\"description\":\"a\\nb\"}"), "read");
    static const char PRIORITY[] = "{\"priority\":-10}";
    CHECK_OR_RETURN(shape_read(&SHAPE_EXPERIMENT_PATCH, PRIORITY, strlen(PRIORITY), &p, &faults));
    CHECK(p.has_priority);
    CHECK_EQUAL_INT(p.priority, -10);
    shape_close(&SHAPE_EXPERIMENT_PATCH, &p);
    CHECK_EQUAL_STRING(patch("{\"priority\":11}"), "/priority");
    CHECK_EQUAL_STRING(patch("{\"priority\":0.5}"), "/priority");
    CHECK_EQUAL_STRING(patch("{\"priority\":\"high\"}"), "/priority");
}

static const char *predict(const char *text, size_t d, predict_request *p)
{
    faults.n = faults.n_found = 0;
    *p = (predict_request){.d = d};
    return first_pointer(shape_read(&SHAPE_PREDICT_REQUEST, text, strlen(text), p, &faults));
}

static void predictions(void)
{
    predict_request p;
    CHECK_EQUAL_STRING(
        predict("{\"inputs\":[[1,2],[3,4.5]],\"mode\":\"train\",\"samples\":30}", 2, &p), "read");
    CHECK(p.n == 2 && p.d == 2 && p.is_train && p.samples == 30 && p.inputs[3] > 4.4f);
    shape_close(&SHAPE_PREDICT_REQUEST, &p);
    static const struct {
        const char *text, *pointer;
    } BAD[] = {{"{}", "/inputs"},
               {"{\"inputs\":[[]]}", "/inputs/0"},
               {"{\"inputs\":[[1,2],[]]}", "/inputs/1"},
               {"{\"inputs\":[]}", "/inputs"},
               {"{\"inputs\":3}", "/inputs"},
               {"{\"inputs\":[3]}", "/inputs/0"},
               {"{\"inputs\":[[1,2],[1]]}", "/inputs/1"},
               {"{\"inputs\":[[1,\"2\"]]}", "/inputs/0/1"},
               {"{\"inputs\":[[1,1e39]]}", "/inputs/0/1"},
               {"{\"inputs\":[[1,2]],\"mode\":\"test\"}", "/mode"},
               {"{\"inputs\":[[1,2]],\"mode\":1}", "/mode"},
               {"{\"inputs\":[[1,2]],\"samples\":2}", "/samples"},
               {"{\"inputs\":[[1,2]],\"mode\":\"train\",\"samples\":0}", "/samples"},
               {"{\"inputs\":[[1,2]],\"sample\":1}", "/sample"}};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK_EQUAL_STRING(predict(BAD[i].text, 2, &p), BAD[i].pointer);
}

static const char *token(const char *text, token_request *t)
{
    faults.n = faults.n_found = 0;
    *t = (token_request){.token = NULL};
    return first_pointer(shape_read(&SHAPE_TOKEN_REQUEST, text, strlen(text), t, &faults));
}

static void tokens(void)
{
    token_request t;
    CHECK_EQUAL_STRING(token("{\"token\":\"abcdefg\"}", &t), "read");
    CHECK_EQUAL_STRING(t.token, "abcdefg");
    shape_close(&SHAPE_TOKEN_REQUEST, &t);
    CHECK_EQUAL_STRING(token("{}", &t), "/token");
    CHECK_EQUAL_STRING(token("{\"token\":1}", &t), "/token");
    CHECK_EQUAL_STRING(token("\"a\"", &t), "");
    CHECK(t.token == NULL);
}

static const char *sql(const char *text, sql_request *r)
{
    faults.n = faults.n_found = 0;
    *r = (sql_request){.query = NULL};
    return first_pointer(shape_read(&SHAPE_SQL_REQUEST, text, strlen(text), r, &faults));
}

static void queries(void)
{
    sql_request r;
    CHECK_EQUAL_STRING(sql("{\"query\":\"SELECT\\n:a\",\"limit\":5,\"parameters\":{\"a\":1,\"b\":1."
                           "5,\"c\":\"x\",\"d\":null,\"e\":true,\"f\":1e20}}",
                           &r),
                       "read");
    CHECK_EQUAL_STRING(r.query, "SELECT\n:a");
    CHECK_EQUAL_INT(r.limit, 5);
    static const sql_value_type TYPES[] = {SQL_VALUE_INTEGER, SQL_VALUE_REAL,    SQL_VALUE_TEXT,
                                           SQL_VALUE_NULL,    SQL_VALUE_INTEGER, SQL_VALUE_REAL};
    CHECK_EQUAL_INT(r.n_parameters, 6);
    for (int i = 0; i < 6; i++)
        CHECK_EQUAL_INT(r.parameters[i].type, TYPES[i]);
    CHECK_EQUAL_INT(r.parameters[4].integer, 1);
    shape_close(&SHAPE_SQL_REQUEST, &r);
    CHECK_EQUAL_STRING(sql("{}", &r), "/query");
    CHECK_EQUAL_STRING(sql("{\"query\":1}", &r), "/query");
    CHECK_EQUAL_STRING(sql("{\"query\":\"x\",\"limit\":0}", &r), "/limit");
    CHECK_EQUAL_STRING(sql("{\"query\":\"x\",\"parameters\":[1]}", &r), "/parameters");
    CHECK_EQUAL_STRING(sql("{\"query\":\"x\",\"parameters\":{\"a\":[1]}}", &r), "/parameters/a");
    CHECK_EQUAL_STRING(sql("{\"query\":\"x\",\"parameters\":{\"a\":1e999}}", &r), "/parameters/a");
    CHECK_EQUAL_STRING(sql("{\"sql\":\"x\"}", &r), "/sql");
}

/* Of a body and of a link: exact, or refused, never another number. */
static void large_integers(void)
{
    static const struct {
        const char *text;
        sql_value_type type; /* SQL_VALUE_NULL: refused */
        int64_t integer;
    } NUMBERS[] = {
        {"9007199254740991", SQL_VALUE_INTEGER, 9007199254740991},
        {"9007199254740993", SQL_VALUE_INTEGER, 9007199254740993},
        {"-9223372036854775808", SQL_VALUE_INTEGER, INT64_MIN},
        {"9223372036854775807", SQL_VALUE_INTEGER, INT64_MAX},
        {"9223372036854775808", SQL_VALUE_NULL, 0},
        {"-12345678901234567890123", SQL_VALUE_NULL, 0},
        {"9223372036854775808.0", SQL_VALUE_REAL, 0},
        {"1.2345678901234567e+30", SQL_VALUE_REAL, 0},
        {"0.10000000000000000001", SQL_VALUE_REAL, 0},
    };
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        char body[160];
        sql_request r;
        fail f = {0};
        bool is_refused = NUMBERS[i].type == SQL_VALUE_NULL;
        snprintf(body, sizeof body,
                 "{\"parameters\":{\"other\":\"\\\"7\",\"x\":%s,\"y\":2},\"query\":\"S\"}",
                 NUMBERS[i].text);
        CHECK_EQUAL_STRING(sql(body, &r), is_refused ? "/parameters/x" : "read");
        if (is_refused)
            CHECK(strstr(faults.items[0].sentence, NUMBERS[i].text) != NULL);
        else if (CHECK_EQUAL_INT(r.parameters[1].type, NUMBERS[i].type))
            CHECK_EQUAL_INT(r.parameters[1].integer, NUMBERS[i].integer);
        shape_close(&SHAPE_SQL_REQUEST, &r);
        r = (sql_request){.query = NULL};
        CHECK(codec_read_sql_parameter("x", NUMBERS[i].text, &r, &f) == !is_refused);
        if (is_refused)
            CHECK_EQUAL_STRING(f.field, "/query/x");
        else if (CHECK_EQUAL_INT(r.parameters[0].type, NUMBERS[i].type))
            CHECK_EQUAL_INT(r.parameters[0].integer, NUMBERS[i].integer);
        shape_close(&SHAPE_SQL_REQUEST, &r);
    }
}

static void told(const char *text, const char *wanted)
{
    experiment_spec e;
    faults.n = faults.n_found = 0;
    if (!CHECK(!codec_read_experiment_spec(text, strlen(text), &e, &faults)))
        return;
    if (!CHECK(strstr(faults.items[0].sentence, wanted) != NULL))
        printf("    %s\n    has no %s\n", faults.items[0].sentence, wanted);
}

static void numbers_are_told_as_they_were_written(void)
{
    told("{\"dropout\":1.1}", "must be in [0, 1), not 1.1");
    told("{\"dropout\":-0.30}", "not -0.3");
    told("{\"learning_rate\":-1e-7}", "must be in (0, 1e30], not -1e-7");
    told("{\"epochs\":0.1}", "must be a whole number, not 0.1");
    told("{\"epochs\":1000001}", "must be in [1, 100000], not 1000001");
    told("{\"seed\":9007199254740993}", "[0, 9007199254740991], not 9007199254740993");
    told("{\"dropout\":1.10000000000000000001}", "not 1.10000000000000000001");
    told("{\"sweep\":{\"dropout\":{\"min\":0.1,\"max\":1.3,\"count\":2}}}", "not 1.3");
    told("{\"sweep\":{\"l2\":{\"min\":0.1,\"max\":1.3,\"count\":2.50}}}", "not 2.5");
    told("{\"dataset\":{\"name\":\"moons\",\"n\":0.7}}", "whole number, not 0.7");
}

/* Reads the specification, then the extension into it. */
static const char *extend(const char *spec, const char *text, experiment_spec *e)
{
    faults.n = faults.n_found = 0;
    if (!CHECK(codec_read_experiment_spec(spec, strlen(spec), e, &faults)))
        return "";
    return first_pointer(codec_read_extension(text, strlen(text), e, &faults));
}

static void extensions(void)
{
    experiment_spec e;
    grid p;
    CHECK_EQUAL_STRING(extend("{\"repeats\":2,\"sweep\":{\"dropout\":[0,0.5]}}",
                              "{\"repeats\":5,\"sweep\":{\"dropout\":[0.5,0.7],\"l2\":[0.1]}}", &e),
                       "read");
    CHECK_EQUAL_INT(e.n_repeats, 5);
    CHECK_EQUAL_INT(e.n_axes, 2);
    CHECK(sweep_expand(&e, &p, &faults));
    CHECK_EQUAL_INT(p.n_configs, 6); /* dropout 0, 0.5, 0.7 with the l2 that was, 0, and with 0.1 */
    grid_close(&p);
    experiment_spec_close(&e);
    CHECK_EQUAL_STRING(extend("{}", "{\"sweep\":{\"early_stopping.patience\":[3]}}", &e), "read");
    CHECK_EQUAL_INT(e.axes[0].n_values, 1); /* early stopping was off: there is no value before */
    experiment_spec_close(&e);
    CHECK_EQUAL_STRING(
        extend("{\"early_stopping\":{}}", "{\"sweep\":{\"early_stopping.patience\":[3]}}", &e),
        "read");
    CHECK_EQUAL_INT(e.axes[0].n_values, 2);
    experiment_spec_close(&e);
    static const struct {
        const char *spec, *text, *pointer;
    } BAD[] = {{"{}", "{}", ""},
               {"{\"repeats\":3}", "{\"repeats\":2}", "/repeats"},
               {"{}", "{\"repeats\":0}", "/repeats"},
               {"{}", "{\"epochs\":3}", "/epochs"},
               {"{}", "{\"sweep\":{\"dropout\":[2]}}", "/sweep/dropout/0"},
               {"{}", "{\"sweep\":{\"l1\":{\"min\":0,\"max\":1,\"count\":3}}}", "/sweep/l1"},
               {"{\"sweep\":{\"l1\":{\"min\":0,\"max\":1,\"count\":3}}}",
                "{\"sweep\":{\"l1\":[3]}}", "/sweep/l1"},
               {"{\"sweep\":{\"l1\":[1]},\"sweep_method\":\"random\"}", "{\"sweep\":{\"l1\":[3]}}",
                "/sweep"}};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        CHECK_EQUAL_STRING(extend(BAD[i].spec, BAD[i].text, &e), BAD[i].pointer);
        experiment_spec_close(&e);
    }
}

CHECK_MAIN("codec_resource", fields, experiments, runs, run_metrics_have_names_of_their_own, events,
           datasets_and_problems, patches, predictions, tokens, queries, large_integers,
           numbers_are_told_as_they_were_written, extensions)
