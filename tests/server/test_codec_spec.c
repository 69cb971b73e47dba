/* Specifications: every row of FIELDS[] there and back, every fault, configs as canonical JSON. */
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

static bool has_place(const field *row)
{
    return row->group != FIELD_GROUP_EXPERIMENT && row->offset != (size_t)-1;
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

/* ---- configs ---- */

static const char *const RICH[] = {
    "{}",
    "{\"dataset\":{\"name\":\"blobs\",\"n\":90,\"classes\":4,\"dimensions\":3,\"noise\":0.5},"
    "\"train_size\":40,\"validation_size\":20,\"test_size\":30,"
    "\"label_noise\":0.1,\"scaling\":\"minmax\",\"data_seed\":9007199254740991,\"hidden\":[9,8,7],"
    "\"activation\":\"selu\","
    "\"initialization\":\"he_uniform\",\"dropout\":[0.1,0,0.3],\"input_dropout\":0.05,\"dropout_"
    "kind\":\"alpha\",\"dropout_schedule\":\"late\","
    "\"dropout_schedule_epochs\":3,\"monte_carlo_samples\":7,\"weight_decay\":1e-4,\"l2\":0.001,"
    "\"l1\":1e-7,\"penalty_applies_to\":\"all\","
    "\"max_norm\":3.5,\"label_smoothing\":0.1,\"mixup\":0.2,\"input_noise\":0.1,\"activation_"
    "noise\":0.2,\"weight_noise\":0.01,"
    "\"gradient_noise\":0.02,\"gradient_clip\":1,\"weight_average\":0.99,\"optimizer\":\"sgd\","
    "\"learning_rate\":0.3,\"momentum\":0.8,"
    "\"nesterov\":true,\"learning_rate_schedule\":\"step\",\"decay_factor\":0.5,\"decay_every\":4,"
    "\"warmup_epochs\":2,\"epochs\":11,"
    "\"batch_size\":17,\"shuffle\":false,\"seed\":123456789,\"evaluate_every\":2,\"train_"
    "evaluation_size\":33,\"record_layers\":false,"
    "\"early_stopping\":{\"patience\":3,\"min_delta\":0.01,\"start_from_epoch\":2,\"restore_best_"
    "weights\":false,\"monitor\":\"val_accuracy\"},"
    "\"augmentation\":{\"shift\":2,\"rotate\":10,\"zoom\":0.1,\"shear\":0.2,\"cutout\":4,"
    "\"elastic\":8,\"flip\":true}}",
    "{\"normalization\":\"batch\",\"dropout_position\":\"before_normalization\",\"dropout\":0.5,"
    "\"dropout_scope\":\"batch\",\"dropout_scaling\":\"classic\","
    "\"optimizer\":\"rmsprop\",\"rho\":0.9,\"epsilon\":1e-6,\"early_stopping\":{\"criterion\":"
    "\"pq\",\"threshold\":0.5}}",
    "{\"beta1\":0.8,\"beta2\":0.99,\"learning_rate_schedule\":\"cosine\"}",
};
enum { RICH_COUNT = sizeof RICH / sizeof *RICH };

static bool resolved(const char *text, train_spec *out)
{
    experiment_spec e;
    if (!CHECK(read_spec(text, &e)))
        return false;
    *out = e.base;
    experiment_spec_close(&e);
    bool ok = CHECK(spec_resolve(out, &faults));
    if (!ok)
        printf("    %s\n", faults.items[0].sentence);
    return ok;
}

static char *config_text(const train_spec *spec)
{
    buffer b;
    buffer_init(&b, 65536);
    codec_add_config(&b, spec, true);
    return buffer_take(&b, NULL);
}

static void configs_go_round(void)
{
    for (int i = 0; i < RICH_COUNT; i++) {
        train_spec spec, again;
        fail f;
        if (!resolved(RICH[i], &spec))
            continue;
        char *text = config_text(&spec);
        if (CHECK_OK(codec_read_config(text, strlen(text), &again, &f), f)) {
            for (int row = 0; row < FIELD_COUNT; row++)
                if (!CHECK(field_equal(&FIELDS[row], &spec, &again)))
                    printf("    %s in %s\n", FIELDS[row].name, text);
            char *twice = config_text(&again);
            CHECK_EQUAL_STRING(twice, text);
            free(twice);
        }
        free(text);
    }
}

/* A new row of FIELDS[] fails here until one of RICH sets it to something else than its default. */
static void every_field_is_in_a_config(void)
{
    train_spec specs[RICH_COUNT], defaults;
    for (int i = 0; i < RICH_COUNT; i++)
        if (!resolved(RICH[i], &specs[i]))
            return;
    spec_init(&defaults);
    for (int row = 0; row < FIELD_COUNT; row++) {
        bool found = !has_place(&FIELDS[row]);
        for (int i = 1; i < RICH_COUNT && !found; i++)
            found = field_applies(&FIELDS[row], &specs[i]) && specs[i].is_set[row] &&
                    !field_equal(&FIELDS[row], &specs[i], &defaults);
        if (!CHECK(found))
            printf("    %s is in none of the test's configs\n", FIELDS[row].name);
    }
}

static void the_canonical_default(void)
{
    train_spec spec;
    char id[CONFIG_ID_BYTES];
    if (!resolved("{}", &spec))
        return;
    char *text = config_text(&spec);
    CHECK_EQUAL_STRING(
        text,
        "{\"dataset\":\"glyphs\",\"label_noise\":0,\"data_seed\":0,\"hidden\":"
        "[128,128],\"activation\":\"relu\",\"normalization\":\"none\","
        "\"initialization\":\"auto\",\"dropout\":0,\"input_dropout\":0,\"monte_carlo_samples\":0,"
        "\"weight_decay\":0,\"l2\":0,\"l1\":0,\"max_norm\":0,"
        "\"label_smoothing\":0,\"mixup\":0,\"input_noise\":0,\"activation_"
        "noise\":0,\"weight_noise\":0,\"gradient_noise\":0,"
        "\"augmentation\":{},\"early_stopping\":null,\"gradient_clip\":0,"
        "\"weight_average\":0,\"optimizer\":\"adam\","
        "\"learning_rate\":0.001,\"beta1\":0.9,\"beta2\":0.999,\"epsilon\":1e-"
        "8,\"learning_rate_schedule\":\"constant\","
        "\"warmup_epochs\":0,\"epochs\":20,\"batch_size\":64,\"shuffle\":true,"
        "\"seed\":0,\"evaluate_every\":1,"
        "\"train_evaluation_size\":10000,\"record_layers\":true}");
    free(text);
    codec_config_id(&spec, NULL, false, id);
    CHECK_EQUAL_STRING(id, "7c82a0023c18");
}

static void ids_say_what_is_equal(void)
{
    train_spec a, b;
    char x[CONFIG_ID_BYTES], y[CONFIG_ID_BYTES];
    if (!resolved("{\"dropout\": [0.5, 0.5]}", &a) ||
        !resolved("{\"dropout\": 0.5, \"seed\": 9, \"momentum\": 0.3}", &b))
        return;
    codec_config_id(&a, NULL, false, x);
    codec_config_id(&b, NULL, false, y);
    CHECK_EQUAL_STRING(x, y); /* without the seed, and momentum means nothing to adam */
    CHECK_EQUAL_INT(strlen(x), 12);
    codec_config_id(&b, "0123", false, y);
    CHECK(strcmp(x, y) != 0);
    b.data_seed = 7;
    codec_config_id(&b, NULL, false, y);
    CHECK(strcmp(x, y) != 0);
    codec_config_id(&a, NULL, true, x);
    codec_config_id(&b, "0123", true,
                    y); /* a generated set that every repeat draws anew has no hash of its own */
    CHECK_EQUAL_STRING(x, y);
}

static void bad_configs(void)
{
    train_spec spec;
    fail f;
    CHECK_FAILS(codec_read_config("[]", 2, &spec, &f), f, FAIL_WRONG_TYPE, "");
    CHECK_FAILS(codec_read_config("{\"no\":1}", 8, &spec, &f), f, FAIL_UNKNOWN_FIELD, "/no");
    CHECK_FAILS(codec_read_config("{\"epochs\":0}", 12, &spec, &f), f, FAIL_OUT_OF_RANGE,
                "/epochs");
    CHECK_FAILS(codec_read_config("{\"epochs\"", 9, &spec, &f), f, FAIL_SYNTAX, "");
    CHECK_FAILS(codec_read_config("{\"dropout\":[0.1,0.2,0.3]}", 25, &spec, &f), f,
                FAIL_INCOMPATIBLE, "/dropout");
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

CHECK_MAIN("codec_spec", every_field_goes_round, every_default_is_accepted, configs_go_round,
           every_field_is_in_a_config, the_canonical_default, ids_say_what_is_equal, bad_configs,
           every_fault_has_its_place, all_faults_at_once, the_experiment_group_is_read,
           swept_values_are_written)
