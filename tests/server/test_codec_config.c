/* Configs as canonical JSON and back again, and their short hashes. */
#include "core/base/digest.h"
#include "server/codec/codec.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>

static fail_list faults;

/* A member of a config, and not of an experiment. */
static bool has_place(const field *row)
{
    return row->group != FIELD_GROUP_EXPERIMENT && row->offset != (size_t)-1;
}

static const char *const RICH[] = {
    "{}",
    "{\"dataset\":{\"name\":\"blobs\",\"n\":90,\"classes\":4,\"dimensions\":3,\"noise\":0.5},"
    "\"train_size\":40,\"validation_size\":20,\"test_size\":30,"
    "\"label_noise\":0.1,\"scaling\":\"minmax\",\"target_scaling\":\"standard\",\"data_seed\":"
    "9007199254740991,\"hidden\":[9,8,7],"
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
    faults.n = faults.n_found = 0;
    if (!CHECK(codec_read_experiment_spec(text, strlen(text), &e, &faults)))
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

/* The member at `at` is that of the row, with this value; returns what comes
 * after it, past the comma. */
static const char *past_member(const char *at, const field *row, const char *value)
{
    char expected[1024];
    snprintf(expected, sizeof expected, "\"%s\":%s", row->name, value);
    size_t n = strlen(expected);
    if (!CHECK(strncmp(at, expected, n) == 0))
        printf("    %s is not at %.60s\n", expected, at);
    return at + n + (at[n] == ',');
}

/* Only the data set knows it, and nobody has said another. */
static bool is_left_open(const field *row, const train_spec *spec, const char *at)
{
    size_t n = strlen(row->name);
    bool is_there = strncmp(at + 1, row->name, n) == 0 && at[1 + n] == '"';
    return !is_there && isnan(row->default_number) && spec->is_set[row - FIELDS] != 1;
}

/* Walks through the config of `spec`: no member but those of rows that apply, in their order, each
 * as its row is written; of a default spec, its default. */
static void check_members(const train_spec *spec, const char *text, bool is_default)
{
    const char *at = text + 1;
    for (const field *row = FIELDS; row < FIELDS + FIELD_COUNT; row++) {
        bool is_member = row->group != FIELD_GROUP_EXPERIMENT && !strchr(row->name, '.');
        if (!is_member || !field_applies(row, spec) || is_left_open(row, spec, at))
            continue;
        buffer value, given;
        buffer_init(&value, 4096);
        buffer_init(&given, 4096);
        codec_field_add(&value, row, spec);
        codec_field_add_default(&given, row);
        bool depends = strcmp(given.data, "null") == 0 && !row->nullable;
        at = past_member(at, row, is_default && !depends ? given.data : value.data);
        buffer_close(&value);
        buffer_close(&given);
    }
    CHECK_EQUAL_STRING(at, "}");
}

static void a_config_has_what_applies_in_the_order_of_the_table(void)
{
    for (int i = 0; i < RICH_COUNT; i++) {
        train_spec spec;
        if (!resolved(RICH[i], &spec))
            continue;
        char *text = config_text(&spec);
        check_members(&spec, text, i == 0);
        free(text);
    }
}

/* What the others decide: nothing of what is off, and of an optimizer only what it reads. */
static void what_does_not_apply_is_not_in_a_config(void)
{
    static const struct {
        const char *spec, *in, *out;
    } CASES[] = {{"{}", "\"beta1\":0.9", "\"momentum\""},
                 {"{\"optimizer\":\"sgd\"}", "\"momentum\":", "\"beta1\""},
                 {"{}", "\"dropout\":0,", "\"dropout_kind\""},
                 {"{\"dropout\":0.5}", "\"dropout_kind\":\"bernoulli\"", "\"train_size\""},
                 {"{}", "\"early_stopping\":null", "\"penalty_applies_to\""},
                 {"{\"l2\":0.1}", "\"penalty_applies_to\":\"weights\"", "\"dropout_kind\""}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        train_spec spec;
        if (!resolved(CASES[i].spec, &spec))
            continue;
        char *text = config_text(&spec);
        CHECK_CONTAINS(text, CASES[i].in);
        if (!CHECK(!strstr(text, CASES[i].out)))
            printf("    %s of %s in %s\n", CASES[i].out, CASES[i].spec, text);
        free(text);
    }
}

/* As earlier programs wrote it: what they knew is written like that still, in that order. */
static void a_stored_config_keeps_its_members(void)
{
    static const char STORED[] =
        "{\"dataset\":\"glyphs\",\"label_noise\":0,\"data_seed\":0,\"hidden\":[128,128],"
        "\"activation\":\"relu\",\"normalization\":\"none\",\"initialization\":\"auto\","
        "\"dropout\":0,\"input_dropout\":0,\"monte_carlo_samples\":0,\"weight_decay\":0,\"l2\":0,"
        "\"l1\":0,\"max_norm\":0,\"label_smoothing\":0,\"mixup\":0,\"input_noise\":0,"
        "\"activation_noise\":0,\"weight_noise\":0,\"gradient_noise\":0,\"augmentation\":{},"
        "\"early_stopping\":null,\"gradient_clip\":0,\"weight_average\":0,\"optimizer\":\"adam\","
        "\"learning_rate\":0.001,\"beta1\":0.9,\"beta2\":0.999,\"epsilon\":1e-8,"
        "\"learning_rate_schedule\":\"constant\",\"warmup_epochs\":0,\"epochs\":20,"
        "\"batch_size\":64,\"shuffle\":true,\"seed\":0,\"evaluate_every\":1,"
        "\"train_evaluation_size\":10000,\"record_layers\":true}";
    train_spec spec;
    fail f;
    CHECK_OR_RETURN(codec_read_config(STORED, sizeof STORED - 1, &spec, &f));
    char *text = config_text(&spec);
    const char *at = text, *next;
    for (const char *old = STORED + 1; *old; old = next) {
        next = strstr(old, ",\"");
        next = next ? next + 1 : old + strlen(old);
        size_t n = (size_t)(next - old) - 1; /* without the comma or the brace */
        char kept[256];
        snprintf(kept, sizeof kept, "%.*s", (int)n, old);
        const char *found = strstr(at, kept);
        if (!CHECK(found))
            printf("    %s is not in %s\n", kept, at);
        at = found ? found + n : at;
    }
    free(text);
}

/* The first digits of the SHA-256 of the config without its seed, and of the data's own hash. */
static void an_id_is_the_digest_of_the_config(void)
{
    for (int i = 0; i < RICH_COUNT; i++) {
        train_spec spec;
        char id[CONFIG_ID_BYTES], whole[8192], digits[DIGEST_TEXT_BYTES];
        if (!resolved(RICH[i], &spec))
            continue;
        buffer b;
        buffer_init(&b, 65536);
        codec_add_config(&b, &spec, false);
        CHECK(!strstr(b.data, "\"seed\""));
        int n = snprintf(whole, sizeof whole, "%s%s", b.data, i % 2 ? "cafe" : "");
        buffer_close(&b);
        digest_write_of(whole, (size_t)n, digits);
        codec_config_id(&spec, i % 2 ? "cafe" : NULL, false, id);
        CHECK_EQUAL_INT(strlen(id), 12);
        CHECK(strncmp(id, digits, 12) == 0);
    }
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

CHECK_MAIN("codec_config", configs_go_round, every_field_is_in_a_config,
           a_config_has_what_applies_in_the_order_of_the_table,
           what_does_not_apply_is_not_in_a_config, a_stored_config_keeps_its_members,
           an_id_is_the_digest_of_the_config, ids_say_what_is_equal, bad_configs)
