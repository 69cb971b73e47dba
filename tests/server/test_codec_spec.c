/* Specifications: every row of FIELDS[] there and back, every fault. */
#include "server/codec/codec.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>

static fail_list faults;

static bool read_spec(const char *text, experiment_spec *e)
{
    faults.n = faults.n_found = 0;
    return codec_read_experiment_spec(text, strlen(text), e, &faults);
}

/* {"name": value}, or {"parent": {"name": value}} for a nested field. */
static void wrap(const field *row, const char *value, char *out, size_t n)
{
    const char *dot = strchr(row->name, '.');
    if (dot)
        snprintf(out, n, "{\"%.*s\": {\"%s\": %s}}", (int)(dot - row->name), row->name, dot + 1,
                 value);
    else
        snprintf(out, n, "{\"%s\": %s}", row->name, value);
}

static void pointer_of(const field *row, char *out, size_t n)
{
    snprintf(out, n, "/%s", row->name);
    for (char *dot = strchr(out, '.'); dot; dot = strchr(dot, '.'))
        *dot = '/';
}

/* Reads `value` for the field, writes what was read and reads that again. */
static bool goes_round(const field *row, const char *value)
{
    char text[512], again[768];
    experiment_spec a, b;
    buffer out;
    wrap(row, value, text, sizeof text);
    if (!CHECK(read_spec(text, &a))) {
        printf("    %s: %s\n", text, faults.items[0].sentence);
        return false;
    }
    CHECK(a.base.is_set[row - FIELDS] == 1);
    buffer_init(&out, 4096);
    codec_field_add(&out, row, &a.base);
    wrap(row, out.data, again, sizeof again);
    bool ok = CHECK(read_spec(again, &b));
    if (ok) {
        if (!CHECK(field_equal(row, &a.base, &b.base)))
            printf("    %s became %s\n", text, again);
        experiment_spec_close(&b);
    }
    buffer_close(&out);
    experiment_spec_close(&a);
    return ok;
}

static void refuses(const field *row, const char *value, fail_code code, const char *below)
{
    char text[512], pointer[160];
    experiment_spec e;
    wrap(row, value, text, sizeof text);
    pointer_of(row, pointer, sizeof pointer);
    snprintf(pointer + strlen(pointer), sizeof pointer - strlen(pointer), "%s", below);
    bool failed = CHECK_FAILS(read_spec(text, &e), faults.items[0], code, pointer);
    if (!failed || !CHECK_EQUAL_INT(faults.n, 1))
        printf("    %s\n", text);
}

static void try_number(const field *row)
{
    char text[64];
    bool whole = row->type == FIELD_INTEGER;
    double low =
        row->exclusive_minimum ? row->minimum + (row->maximum - row->minimum) / 1024 : row->minimum;
    double middle = row->minimum + (row->maximum - row->minimum) / 3;
    const double values[] = {low, whole ? floor(middle) : middle,
                             row->exclusive_maximum ? middle : row->maximum};
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%.17g", values[i]);
        goes_round(row, text);
    }
    snprintf(text, sizeof text, "%.17g", row->minimum - 1);
    refuses(row, text, FAIL_OUT_OF_RANGE, "");
    snprintf(text, sizeof text, "%.17g",
             row->maximum > 1e16 ? 2 * row->maximum : row->maximum + (row->maximum > 1e15 ? 2 : 1));
    refuses(row, text, FAIL_OUT_OF_RANGE, "");
    if (row->exclusive_minimum || row->exclusive_maximum) {
        snprintf(text, sizeof text, "%.17g", row->exclusive_minimum ? row->minimum : row->maximum);
        refuses(row, text, FAIL_OUT_OF_RANGE, "");
    }
    if (whole)
        refuses(row, "1.5", FAIL_WRONG_TYPE, "");
    refuses(row, "1e400", FAIL_OUT_OF_RANGE, "");
    refuses(row, "\"1\"", FAIL_WRONG_TYPE, "");
    refuses(row, "null", FAIL_WRONG_TYPE, "");
    refuses(row, "true", FAIL_WRONG_TYPE, "");
    refuses(row, "[1]", FAIL_WRONG_TYPE, "");
}

static void try_enum(const field *row)
{
    char text[64];
    for (int i = 0; row->values[i]; i++) {
        snprintf(text, sizeof text, "\"%s\"", row->values[i]);
        goes_round(row, text);
    }
    for (int i = 0; row->aliases && row->aliases[i]; i += 2) {
        snprintf(text, sizeof text, "\"%s\"", row->aliases[i]);
        goes_round(row, text);
    }
    refuses(row, "\"no such value\"", FAIL_OUT_OF_RANGE, "");
    refuses(row, "1", FAIL_WRONG_TYPE, "");
    refuses(row, "null", FAIL_WRONG_TYPE, "");
}

static void try_row(const field *row)
{
    switch (row->type) {
    case FIELD_INTEGER:
    case FIELD_NUMBER:
        try_number(row);
        break;
    case FIELD_ENUM:
        try_enum(row);
        break;
    case FIELD_BOOLEAN:
        goes_round(row, "true");
        goes_round(row, "false");
        refuses(row, "1", FAIL_WRONG_TYPE, "");
        refuses(row, "\"true\"", FAIL_WRONG_TYPE, "");
        break;
    case FIELD_INTEGER_ARRAY:
        goes_round(row, "[]");
        goes_round(row, "[1, 16384, 7]");
        refuses(row, "3", FAIL_WRONG_TYPE, "");
        refuses(row, "[3, 0]", FAIL_OUT_OF_RANGE, "/1");
        refuses(row, "[3, 1.5]", FAIL_WRONG_TYPE, "/1");
        refuses(row, "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", FAIL_OUT_OF_RANGE, "");
        break;
    case FIELD_RATES:
        goes_round(row, "0.25");
        goes_round(row, "[0.25]");
        goes_round(row, "[0.25, 0, 0.9999]");
        refuses(row, "1", FAIL_OUT_OF_RANGE, "");
        refuses(row, "[]", FAIL_OUT_OF_RANGE, "");
        refuses(row, "[0.5, -0.1]", FAIL_OUT_OF_RANGE, "/1");
        refuses(row, "\"half\"", FAIL_WRONG_TYPE, "");
        break;
    case FIELD_DATASET:
        goes_round(row, "\"moons\"");
        goes_round(row, "{\"name\": \"blobs\", \"n\": 70, \"noise\": 0.125, \"classes\": 4, "
                        "\"dimensions\": 3}");
        refuses(row, "\"\"", FAIL_OUT_OF_RANGE, "");
        refuses(row, "{\"name\": 3}", FAIL_WRONG_TYPE, "/name");
        refuses(row, "{\"nam\": \"moons\"}", FAIL_UNKNOWN_FIELD, "/nam");
        refuses(row, "{\"n\": 0}", FAIL_OUT_OF_RANGE, "/n");
        refuses(row, "{\"noise\": -1}", FAIL_OUT_OF_RANGE, "/noise");
        refuses(row, "[]", FAIL_WRONG_TYPE, "");
        break;
    case FIELD_OBJECT:
        goes_round(row, "{}");
        refuses(row, "3", FAIL_WRONG_TYPE, "");
        refuses(row, "{\"no such\": 1}", FAIL_UNKNOWN_FIELD, "/no such");
        if (row->nullable)
            goes_round(row, "null");
        else
            refuses(row, "null", FAIL_WRONG_TYPE, "");
        break;
    default:
        CHECK(false);
        break;
    }
}

static void every_field_goes_round(void)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (FIELDS[i].group != FIELD_GROUP_EXPERIMENT)
            try_row(&FIELDS[i]);
}

static void every_default_is_accepted(void)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        char text[512];
        experiment_spec e;
        buffer b;
        buffer_init(&b, 256);
        codec_field_add_default(&b, &FIELDS[i]);
        wrap(&FIELDS[i], b.data, text, sizeof text);
        bool depends = strcmp(b.data, "null") == 0 && !FIELDS[i].nullable;
        buffer_close(&b);
        if (depends)
            continue;
        if (CHECK(read_spec(text, &e)))
            experiment_spec_close(&e);
        else
            printf("    %s: %s\n", text, faults.items[0].sentence);
    }
}

/* ---- the experiment group ---- */

static const struct {
    const char *text;
    fail_code code;
    const char *pointer, *says;
} FAULTS[] = {
    {"[]", FAIL_WRONG_TYPE, "", "object"},
    {"3", FAIL_WRONG_TYPE, "", "object"},
    {"{\"epochs\":", FAIL_SYNTAX, "", "byte"},
    {"{\"seed\":1,\"seed\":2}", FAIL_DUPLICATE_KEY, "/seed", "twice"},
    {"{\"dropot\":1}", FAIL_UNKNOWN_FIELD, "/dropot", "\"dropout\""},
    {"{\"Dropout\":0.5}", FAIL_UNKNOWN_FIELD, "/Dropout", "\"dropout\""},
    {"{\"xyzzy\":1}", FAIL_UNKNOWN_FIELD, "/xyzzy", "regulab fields"},
    {"{\"patience\":1}", FAIL_UNKNOWN_FIELD, "/patience", "{\"early_stopping\": {\"patience\""},
    {"{\"early_stopping.patience\":1}", FAIL_UNKNOWN_FIELD, "/early_stopping.patience",
     "{\"early_stopping\": {\"patience\""},
    {"{\"optimizer\":\"addam\"}", FAIL_OUT_OF_RANGE, "/optimizer", "did you mean \"adam\""},
    {"{\"name\":1}", FAIL_WRONG_TYPE, "/name", "text"},
    {"{\"name\":\"a\\nb\"}", FAIL_OUT_OF_RANGE, "/name", "control"},
    {"{\"description\":[]}", FAIL_WRONG_TYPE, "/description", "text"},
    {"{\"tags\":\"a\"}", FAIL_WRONG_TYPE, "/tags", "array"},
    {"{\"tags\":[\"a\",1]}", FAIL_WRONG_TYPE, "/tags/1", "text"},
    {"{\"tags\":[\"\"]}", FAIL_OUT_OF_RANGE, "/tags/0", "empty"},
    {"{\"tags\":[\"a\",\"b\",\"a\"]}", FAIL_OUT_OF_RANGE, "/tags/2", "twice"},
    {"{\"sweep\":[]}", FAIL_WRONG_TYPE, "/sweep", "object"},
    {"{\"sweep\":{\"dropot\":[1]}}", FAIL_UNKNOWN_FIELD, "/sweep/dropot", "dropout"},
    {"{\"sweep\":{\"seed\":[1]}}", FAIL_INCOMPATIBLE, "/sweep/seed", "repeats"},
    {"{\"sweep\":{\"name\":[\"a\"]}}", FAIL_INCOMPATIBLE, "/sweep/name", "experiment"},
    {"{\"sweep\":{\"dropout\":0.5}}", FAIL_WRONG_TYPE, "/sweep/dropout", "array"},
    {"{\"sweep\":{\"dropout\":[]}}", FAIL_OUT_OF_RANGE, "/sweep/dropout", "0 values"},
    {"{\"sweep\":{\"dropout\":[0,2]}}", FAIL_OUT_OF_RANGE, "/sweep/dropout/1", "[0, 1)"},
    {"{\"sweep\":{\"dropout\":[0,[0.1,2]]}}", FAIL_OUT_OF_RANGE, "/sweep/dropout/1/1", "[0, 1)"},
    {"{\"sweep\":{\"early_stopping.patience\":[-1]}}", FAIL_OUT_OF_RANGE,
     "/sweep/early_stopping.patience/0", "patience"},
    {"{\"sweep\":{\"optimizer\":{\"min\":1,\"max\":2}}}", FAIL_WRONG_TYPE, "/sweep/optimizer",
     "array of values"},
    {"{\"sweep\":{\"l2\":{\"min\":1,\"max\":2}}}", FAIL_INCOMPATIBLE, "/sweep/l2", "count"},
    {"{\"sweep\":{\"l2\":{\"max\":2,\"count\":3}}}", FAIL_OUT_OF_RANGE, "/sweep/l2", "\"min\""},
    {"{\"sweep\":{\"l2\":{\"min\":3,\"max\":2,\"count\":3}}}", FAIL_INCOMPATIBLE, "/sweep/l2",
     "above"},
    {"{\"sweep\":{\"l2\":{\"min\":0,\"max\":2,\"count\":3,\"scale\":\"log\"}}}", FAIL_INCOMPATIBLE,
     "/sweep/l2", "logarithmic"},
    {"{\"sweep\":{\"l2\":{\"min\":0,\"max\":2,\"count\":3,\"scale\":\"square\"}}}",
     FAIL_OUT_OF_RANGE, "/sweep/l2/scale", "linear"},
    {"{\"sweep\":{\"l2\":{\"min\":0,\"max\":2,\"count\":0}}}", FAIL_OUT_OF_RANGE, "/sweep/l2/count",
     "[1, "},
    {"{\"sweep\":{\"l2\":{\"min\":0,\"max\":2,\"cout\":3,\"count\":3}}}", FAIL_UNKNOWN_FIELD,
     "/sweep/l2/cout", "count"},
    {"{\"sweep\":{\"epochs\":{\"min\":0.5,\"max\":2,\"count\":3}}}", FAIL_WRONG_TYPE,
     "/sweep/epochs/min", "whole"},
    {"{\"sweep\":{\"l2\":{\"min\":\"a\",\"max\":2,\"count\":3}}}", FAIL_WRONG_TYPE, "/sweep/l2/min",
     "number"},
    {"{\"repeats\":0}", FAIL_OUT_OF_RANGE, "/repeats", "[1, 1000]"},
    {"{\"repeats\":1001}", FAIL_OUT_OF_RANGE, "/repeats", "[1, 1000]"},
    {"{\"repeats\":2.5}", FAIL_WRONG_TYPE, "/repeats", "whole"},
    {"{\"repeats\":\"5\"}", FAIL_WRONG_TYPE, "/repeats", "whole"},
    {"{\"repeats\":{}}", FAIL_OUT_OF_RANGE, "/repeats", "until"},
    {"{\"repeats\":{\"until\":{}}}", FAIL_OUT_OF_RANGE, "/repeats/until", "half_width"},
    {"{\"repeats\":{\"until\":{\"half_width\":0}}}", FAIL_OUT_OF_RANGE, "/repeats/until/half_width",
     "above 0"},
    {"{\"repeats\":{\"until\":{\"half_width\":1,\"metric\":\"loss\"}}}", FAIL_OUT_OF_RANGE,
     "/repeats/until/metric", "metric"},
    {"{\"repeats\":{\"until\":{\"half_width\":1,\"metric\":\"test_loss\"}}}", FAIL_OUT_OF_RANGE,
     "/repeats/until/metric", "test split"},
    {"{\"repeats\":{\"until\":{\"half_width\":1},\"min\":9,\"max\":8}}", FAIL_INCOMPATIBLE,
     "/repeats/max", "at least min"},
    {"{\"repeats\":{\"until\":{\"half_width\":1},\"least\":9}}", FAIL_UNKNOWN_FIELD,
     "/repeats/least", "unknown"},
    {"{\"repeat_varies\":\"seed\"}", FAIL_WRONG_TYPE, "/repeat_varies", "array"},
    {"{\"repeat_varies\":[]}", FAIL_OUT_OF_RANGE, "/repeat_varies", "seed"},
    {"{\"repeat_varies\":[\"sed\"]}", FAIL_OUT_OF_RANGE, "/repeat_varies/0", "seed"},
    {"{\"repeat_varies\":[1]}", FAIL_WRONG_TYPE, "/repeat_varies/0", "seed"},
    {"{\"repeat_varies\":[\"seed\",\"seed\"]}", FAIL_OUT_OF_RANGE, "/repeat_varies/1", "twice"},
    {"{\"repeat_varies\":[\"data_seed\"],\"sweep\":{\"data_seed\":[1,2]}}", FAIL_INCOMPATIBLE,
     "/sweep/data_seed", "already"},
    {"{\"sweep_method\":\"guess\"}", FAIL_OUT_OF_RANGE, "/sweep_method", "grid or random"},
    {"{\"sweep_method\":1}", FAIL_WRONG_TYPE, "/sweep_method", "text"},
    {"{\"sweep_method\":\"random\"}", FAIL_INCOMPATIBLE, "/sweep_method", "sweep"},
    {"{\"trials\":5}", FAIL_INCOMPATIBLE, "/trials", "random"},
    {"{\"trials\":0}", FAIL_OUT_OF_RANGE, "/trials", "[1, "},
    {"{\"baseline\":1}", FAIL_WRONG_TYPE, "/baseline", "object"},
    {"{\"baseline\":{\"dropot\":1}}", FAIL_UNKNOWN_FIELD, "/baseline/dropot", "dropout"},
    {"{\"baseline\":{\"repeats\":1}}", FAIL_INCOMPATIBLE, "/baseline/repeats", "experiment"},
    {"{\"baseline\":{\"dropout\":1}}", FAIL_OUT_OF_RANGE, "/baseline/dropout", "[0, 1)"},
    {"{\"seed\":9007199254740992}", FAIL_OUT_OF_RANGE, "/seed", "seed"},
    {"{\"seed\":-1}", FAIL_OUT_OF_RANGE, "/seed", "seed"},
};

static void every_fault_has_its_place(void)
{
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        experiment_spec e;
        bool failed = CHECK_FAILS(read_spec(FAULTS[i].text, &e), faults.items[0], FAULTS[i].code,
                                  FAULTS[i].pointer);
        if (!failed || !CHECK_CONTAINS(faults.items[0].sentence, FAULTS[i].says))
            printf("    %s\n", FAULTS[i].text);
    }
}

static void all_faults_at_once(void)
{
    static const char TEXT[] =
        "{\"dropot\":1,\"dropout\":[0.1,2,\"x\"],\"epochs\":0,\"hidden\":[1.5,0],\"early_"
        "stopping\":{\"patienc\":3},"
        "\"sweep\":{\"l2\":[1,-1],\"seed\":[1]},\"repeats\":0,\"name\":5,\"tags\":[\"a\",\"a\"]}";
    static const char *const POINTERS[] = {"/dropot",
                                           "/dropout/1",
                                           "/dropout/2",
                                           "/epochs",
                                           "/hidden/0",
                                           "/hidden/1",
                                           "/early_stopping/patienc",
                                           "/sweep/l2/1",
                                           "/sweep/seed",
                                           "/repeats",
                                           "/name",
                                           "/tags/1"};
    experiment_spec e;
    CHECK(!read_spec(TEXT, &e));
    CHECK_EQUAL_INT(faults.n_found, sizeof POINTERS / sizeof *POINTERS);
    for (int i = 0; i < faults.n && i < (int)(sizeof POINTERS / sizeof *POINTERS); i++)
        CHECK_EQUAL_STRING(faults.items[i].field, POINTERS[i]);
}

static void the_experiment_group_is_read(void)
{
    static const char TEXT[] =
        "{\"name\":\"Größe\",\"description\":\"two\\nlines\",\"tags\":[\"a\\\"b\",\"c\"],\"repeat_"
        "varies\":[\"data_seed\",\"seed\"],"
        "\"sweep_method\":\"random\",\"trials\":7,\"baseline\":{\"l2\":0,\"early_stopping\":null},"
        "\"sweep\":{\"l2\":[0,1],\"dropout\":{\"min\":0,\"max\":0.5}},"
        "\"repeats\":{\"until\":{\"metric\":\"val_accuracy\",\"half_width\":0.01},\"min\":4,"
        "\"max\":9}}";
    experiment_spec e;
    CHECK_OR_RETURN(read_spec(TEXT, &e));
    CHECK_EQUAL_STRING(e.name, "Größe");
    CHECK_EQUAL_STRING(e.description, "two\nlines");
    CHECK_EQUAL_STRING(e.tags, "[\"a\\\"b\",\"c\"]");
    CHECK(e.repeat_varies_seed && e.repeat_varies_data_seed && e.random_search && e.has_baseline &&
          e.until.enabled);
    CHECK_EQUAL_INT(e.trials, 7);
    CHECK_EQUAL_INT(e.n_axes, 2);
    CHECK_EQUAL_INT(e.axes[0].n_values, 2);
    CHECK(e.axes[1].is_range && !e.axes[1].log_scale);
    CHECK_EQUAL_INT(e.n_repeats, 4);
    CHECK_EQUAL_INT(e.until.max, 9);
    CHECK_EQUAL_INT(e.until.metric, METRIC_VAL_ACCURACY);
    CHECK(e.baseline.is_set[field_find("l2") - FIELDS] == 1 &&
          e.baseline.is_set[field_find("early_stopping") - FIELDS] == 1);
    experiment_spec_close(&e);
    CHECK_OR_RETURN(read_spec("{}", &e));
    CHECK_EQUAL_STRING(e.name, "");
    CHECK_EQUAL_STRING(e.tags, "[]");
    CHECK(e.repeat_varies_seed && !e.repeat_varies_data_seed && !e.random_search &&
          !e.until.enabled && !e.has_baseline);
    CHECK_EQUAL_INT(e.n_repeats, 1);
    experiment_spec_close(&e);
}

static void a_former_name_of_a_metric_is_read(void)
{
    experiment_spec e;
    CHECK_OR_RETURN(read_spec("{\"repeats\":{\"until\":{\"metric\":\"gradient_noise\","
                              "\"half_width\":0.01}}}",
                              &e));
    CHECK_EQUAL_INT(e.until.metric, METRIC_BATCH_LOSS_STD);
    experiment_spec_close(&e);
}

static void swept_values_are_written(void)
{
    experiment_spec e;
    train_spec spec;
    buffer b;
    CHECK_OR_RETURN(read_spec("{\"sweep\":{\"optimizer\":[\"adam\"],\"momentum\":[0],\"early_"
                              "stopping.patience\":[4]},\"early_stopping\":{}}",
                              &e));
    spec = e.base;
    sweep_apply(e.axes[2].row, &e.axes[2].values[0], &spec);
    CHECK(spec_resolve(&spec, &faults));
    buffer_init(&b, 4096);
    codec_add_values(&b, &e, &spec);
    CHECK_EQUAL_STRING(b.data,
                       "{\"optimizer\":\"adam\",\"momentum\":null,\"early_stopping.patience\":4}");
    buffer_close(&b);
    experiment_spec_close(&e);
}

CHECK_MAIN("codec_spec", every_field_goes_round, every_default_is_accepted,
           every_fault_has_its_place, all_faults_at_once, the_experiment_group_is_read,
           a_former_name_of_a_metric_is_read, swept_values_are_written)
