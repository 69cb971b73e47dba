#include "server/codec/comparison.h"

#include "server/codec/codec.h"
#include "server/study/conclusion.h"
#include "server/study/measure.h"

#include <math.h>

enum { WORDS_BYTES_LIMIT = 1 << 20, NOTE_BYTES_LIMIT = 1 << 16 };

/* ---- configs ---- */

typedef struct config_answer {
    const char *config_id, *label, *values;
    const char *variant; /* NULL: none */
    const arms_config *config;
    const arm *alone; /* its arm, where it has that alone; else NULL */
    int verdict;
} config_answer;

static const member NAME_ROWS[] = {
    {"config_id", MEMBER_TEXT, "Short hash of the configuration.", AT(config_answer, config_id)},
    {"label", MEMBER_TEXT, "What a person calls it.", AT(config_answer, label)},
    {"values", MEMBER_OBJECT, "Its swept fields.", MEMBER_AS_JSON, AT(config_answer, values),
     .of = &SHAPE_VALUES},
};
static const shape CONFIG_NAME = {BYTES_OF(config_answer), MEMBERS(NAME_ROWS)};

static void write_difference(buffer *b, const void *object, const member *m)
{
    const config_answer *answer = object;
    if (!answer->alone || answer->alone->verdict == ARM_BASELINE)
        buffer_add_text(b, "null");
    else
        shape_add(b, m->of, answer->alone);
}

static void write_verdict(buffer *b, const void *object, const member *m)
{
    const config_answer *answer = object;
    (void)m;
    json_add_string(b, answer->alone ? ARM_VERDICT_NAMES[answer->verdict] : NULL);
}

static const member VALUES_ROWS[] = {
    {"n", MEMBER_INTEGER, "Runs with a value.", AT(arms_config, summary.n)},
    {"n_failed", MEMBER_INTEGER, "Runs that failed.", AT(arms_config, tally.n_failed)},
    {"n_unfinished", MEMBER_INTEGER, "Runs that have not ended.",
     AT(arms_config, tally.n_unfinished)},
    INCLUDE(arms_config, summary, CODEC_ESTIMATE),
};
static const shape VALUES = {BYTES_OF(arms_config), MEMBERS(VALUES_ROWS)};

static const member CONFIG_ROWS[] = {
    {.type = MEMBER_INCLUDED, ITSELF(config_answer), .of = &CONFIG_NAME},
    {"variant", MEMBER_TEXT, "The label of its variant; null: there are none.", MEMBER_NULLABLE,
     AT(config_answer, variant)},
    INCLUDE_FROM(config_answer, config, VALUES),
    {"difference", MEMBER_OBJECT, "To the baseline; null: it is the baseline, or not an arm alone.",
     MEMBER_NULLABLE, .of = &CODEC_DIFFERENCE, .write = write_difference},
    {"verdict", MEMBER_NAME,
     "null: it is not an arm alone, or of the metric neither more nor less is better.",
     MEMBER_NULLABLE, AT(config_answer, verdict), NAMES(ARM_VERDICT_NAMES), .write = write_verdict},
};
static const shape CONFIG = {
    .name = "ComparedConfig", BYTES_OF(config_answer), MEMBERS(CONFIG_ROWS)};

static config_answer config_of(const comparison_answer *answer, size_t c)
{
    const arms *a = answer->a;
    const arm *x = &a->items[a->configs[c].arm];
    return (config_answer){.config_id = a->table->configs[c].config_id,
                           .label = answer->labels[c],
                           .values = answer->values[c],
                           .variant = a->table->configs[c].variant,
                           .config = &a->configs[c],
                           .alone = x->n_configs == 1 ? x : NULL,
                           .verdict = (int)x->verdict};
}

static void write_configs(buffer *b, const void *object, const member *m)
{
    const comparison_answer *answer = object;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < answer->a->table->n_configs && arms_are_wanted(answer->a); i++) {
        const config_answer config = config_of(answer, answer->a->config_order[i]);
        shape_add_item(b, m->of, &config);
    }
    buffer_add_text(b, "]");
}

/* ---- the selected one ---- */

typedef struct selected_answer {
    config_answer config;
    const char *select_by, *test_metric;
    double value, baseline_value, test_value, baseline_test_value, optimism;
    const stats_estimate *test_difference; /* NULL: it is the baseline */
} selected_answer;

static const member TEST_ROWS[] = {
    {"n", MEMBER_INTEGER, "Pairs of repeats.", AT(stats_estimate, n)},
    {.type = MEMBER_INCLUDED, ITSELF(stats_estimate), .of = &CODEC_ESTIMATE},
    {"p_value", MEMBER_NUMBER, "Two-sided paired t test; null: all differences are equal.",
     MEMBER_NULLABLE, AT(stats_estimate, p_value)},
};
static const shape TEST_DIFFERENCE = {
    .name = "TestDifference", BYTES_OF(stats_estimate), MEMBERS(TEST_ROWS)};

static const member SELECTED_ROWS[] = {
    INCLUDE(selected_answer, config, CONFIG_NAME),
    {"select_by", MEMBER_TEXT, "The validation metric that has chosen it.",
     AT(selected_answer, select_by)},
    {"value", MEMBER_NUMBER, "Its mean of that.", MEMBER_NULLABLE, AT(selected_answer, value)},
    {"baseline_value", MEMBER_NUMBER, "The baseline's.", MEMBER_NULLABLE,
     AT(selected_answer, baseline_value)},
    {"test_metric", MEMBER_TEXT, "The same of the test split.", AT(selected_answer, test_metric)},
    {"test_value", MEMBER_NUMBER, "Its mean of that.", MEMBER_NULLABLE,
     AT(selected_answer, test_value)},
    {"baseline_test_value", MEMBER_NUMBER, "The baseline's.", MEMBER_NULLABLE,
     AT(selected_answer, baseline_test_value)},
    {"optimism", MEMBER_NUMBER,
     "Its validation value beside its test value, signed so that positive flatters, less the mean "
     "of the same over all configs; null with one.",
     MEMBER_NULLABLE, AT(selected_answer, optimism)},
    {"test_difference", MEMBER_OBJECT, "Less the baseline; null: it is the baseline.",
     MEMBER_NULLABLE, TO(selected_answer, test_difference), .of = &TEST_DIFFERENCE},
};
static const shape SELECTED = {.name = "SelectedConfig",
                               .help = "The config that the validation metric chooses, and what "
                                       "the test split says of it.",
                               BYTES_OF(selected_answer),
                               MEMBERS(SELECTED_ROWS)};

static void write_selected(buffer *b, const void *object, const member *m)
{
    const comparison_answer *answer = object;
    const arms *a = answer->a;
    const arms_selected *s = &a->selected;
    if (s->config == ARMS_NONE || s->baseline == ARMS_NONE) {
        buffer_add_text(b, "null");
        return;
    }
    const arms_config *own = &a->configs[s->config], *baseline = &a->configs[s->baseline];
    shape_add(b, m->of,
              &(selected_answer){.config = config_of(answer, s->config),
                                 .select_by = a->table->options.select_by,
                                 .test_metric = a->table->options.test_metric,
                                 .value = own->select_mean,
                                 .baseline_value = baseline->select_mean,
                                 .test_value = own->test_mean,
                                 .baseline_test_value = baseline->test_mean,
                                 .optimism = s->optimism,
                                 .test_difference =
                                     s->config == s->baseline ? NULL : &s->test_difference});
}

/* ---- the question ---- */

static void write_role(buffer *b, const void *object, const member *m)
{
    const study_table *t = ((const comparison_answer *)object)->a->table;
    buffer_add_text(b, "[");
    for (int i = 0; i < t->n_factors; i++) {
        if (t->factors[i].role != (question_role)m->index)
            continue;
        json_add_separator(b);
        json_add_string(b, t->factors[i].name);
    }
    buffer_add_text(b, "]");
}

static void write_primary(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_string(b, ((const comparison_answer *)object)->a->table->options.primary);
}

static void write_smallest_effect(buffer *b, const void *object, const member *m)
{
    const arms *a = ((const comparison_answer *)object)->a;
    (void)m;
    json_add_number(b, a->n_contexts > 0 ? a->contexts[0].smallest_effect : NAN);
}

static const member QUESTION_ROWS[] = {
    {"treatment", MEMBER_TEXT, "The fields that are asked about.", .depth = 1,
     .index = QUESTION_TREATMENT, .write = write_role},
    {"tune", MEMBER_TEXT, "What each arm chooses for itself.", .depth = 1, .index = QUESTION_TUNE,
     .write = write_role},
    {"context", MEMBER_TEXT, "Within which the question is asked.", .depth = 1,
     .index = QUESTION_CONTEXT, .write = write_role},
    {"metric", MEMBER_TEXT, "The metric that answers it.", .write = write_primary},
    {"smallest_effect", MEMBER_NUMBER,
     "The least difference that matters, of the first context; null: nothing is equivalent.",
     MEMBER_NULLABLE, .write = write_smallest_effect},
};
static const shape QUESTION = {.name = "AskedQuestion",
                               .help = "What the experiment is to answer.",
                               BYTES_OF(comparison_answer),
                               MEMBERS(QUESTION_ROWS)};

/* ---- the method ---- */

typedef struct method_answer {
    const arms *a;
    int at; /* a study_at */
    const char *select_by, *interval, *test, *adjustment, *paragraph;
    double confidence, level, power;
    bool is_sequential;
    int64_t n_tests;
} method_answer;

static void write_notes(buffer *b, const void *object, const member *m)
{
    const method_answer *answer = object;
    (void)m;
    buffer_add_text(b, "[");
    for (int i = 0;; i++) {
        buffer note;
        buffer_init(&note, NOTE_BYTES_LIMIT);
        bool is_there = conclusion_add_note(answer->a, i, &note);
        if (is_there) {
            json_add_separator(b);
            json_add_string(b, note.failed ? "" : note.data);
        }
        buffer_close(&note);
        if (!is_there)
            break;
    }
    buffer_add_text(b, "]");
}

static const member METHOD_ROWS[] = {
    {"at", MEMBER_NAME, "Which weights' value was compared.", AT(method_answer, at),
     ONE_OF("selected", "best", "last")},
    {"select_by", MEMBER_TEXT, "The validation metric that chooses.", AT(method_answer, select_by)},
    {"interval", MEMBER_TEXT, "What the intervals are.", AT(method_answer, interval)},
    {"confidence", MEMBER_NUMBER, "Their confidence.", AT(method_answer, confidence)},
    {"test", MEMBER_TEXT, "What the p values are of.", AT(method_answer, test)},
    {"adjustment", MEMBER_TEXT, "How they were adjusted.", AT(method_answer, adjustment)},
    {"n_tests", MEMBER_INTEGER, "Tests that were adjusted together.", AT(method_answer, n_tests)},
    {"level", MEMBER_NUMBER, "Below which an adjusted p is evidence.", AT(method_answer, level)},
    {"power", MEMBER_NUMBER, "With which minimum_detectable is found.", AT(method_answer, power)},
    {"sequential", MEMBER_BOOLEAN, "Whether repeats were added after a first stage.",
     AT(method_answer, is_sequential)},
    {"notes", MEMBER_TEXT, "What else is to be known of it.", .depth = 1, .write = write_notes},
    {"paragraph", MEMBER_TEXT, "What a paper says of it; null: not of one experiment.",
     MEMBER_NULLABLE, AT(method_answer, paragraph)},
};
static const shape METHOD = {.name = "Method", BYTES_OF(method_answer), MEMBERS(METHOD_ROWS)};

static void write_method(buffer *b, const void *object, const member *m)
{
    const comparison_answer *answer = object;
    const study_options *o = &answer->a->table->options;
    shape_add(b, m->of,
              &(method_answer){.a = answer->a,
                               .at = (int)o->at,
                               .select_by = o->select_by,
                               .interval = "Student t over repeats, not adjusted",
                               .test = "paired t, two-sided",
                               .adjustment = "Holm",
                               .paragraph = answer->paragraph,
                               .confidence = STATS_CONFIDENCE,
                               .level = STATS_LEVEL,
                               .power = STATS_POWER,
                               .is_sequential = answer->is_sequential,
                               .n_tests = (int64_t)answer->a->n_tests});
}

/* ---- all of it ---- */

typedef void add_words(const arms *a, buffer *out);

static void write_words(buffer *b, const arms *a, add_words *add)
{
    buffer words;
    buffer_init(&words, WORDS_BYTES_LIMIT);
    add(a, &words);
    json_add_string(b, words.failed ? NULL : words.data);
    buffer_close(&words);
}

static void write_headline(buffer *b, const void *object, const member *m)
{
    (void)m;
    write_words(b, ((const comparison_answer *)object)->a, conclusion_add_headline);
}

static void write_summary(buffer *b, const void *object, const member *m)
{
    (void)m;
    write_words(b, ((const comparison_answer *)object)->a, conclusion_add_summary);
}

static void write_metric(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_string(b, ((const comparison_answer *)object)->a->table->options.metric);
}

static void write_of(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_string(b, ((const comparison_answer *)object)->a->table->options.of);
}

static void write_target(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_number(b, ((const comparison_answer *)object)->a->table->options.target);
}

static void write_direction(buffer *b, const void *object, const member *m)
{
    const study_options *o = &((const comparison_answer *)object)->a->table->options;
    (void)m;
    json_add_string(b, CODEC_DIRECTION_NAMES[o->direction]);
}

static void write_about(buffer *b, const void *object, const member *m)
{
    const arms *a = ((const comparison_answer *)object)->a;
    (void)m;
    json_add_string(b, a->n_contexts > 0 ? ESTIMAND_ABOUT_NAMES[a->contexts[0].about] : NULL);
}

static void write_baseline(buffer *b, const void *object, const member *m)
{
    const arms *a = ((const comparison_answer *)object)->a;
    (void)m;
    size_t config = ARMS_NONE;
    if (a->n_contexts > 0) {
        const arm *baseline = &a->items[a->contexts[0].baseline];
        config = baseline->tuned == ARMS_NONE ? baseline->configs[0] : baseline->tuned;
    }
    json_add_string(b, config == ARMS_NONE ? NULL : a->table->configs[config].config_id);
}

static const member COMPARISON_ROWS[] = {
    {"metric", MEMBER_TEXT, "What is compared.", .write = write_metric},
    {"of", MEMBER_TEXT, "Of epochs_to the curve; null: of others.", MEMBER_NULLABLE,
     .write = write_of},
    {"target", MEMBER_NUMBER, "Of epochs_to the value that is to be reached.", MEMBER_NULLABLE,
     .write = write_target},
    {"direction", MEMBER_NAME, "Which values of it are better.", NAMES(CODEC_DIRECTION_NAMES),
     .write = write_direction},
    {"about", MEMBER_NAME,
     "What the intervals of the first context are about: these rows, other splits, new data.",
     MEMBER_NULLABLE, NAMES(ESTIMAND_ABOUT_NAMES), .write = write_about},
    {"question", MEMBER_OBJECT, "What the experiment is to answer.", ITSELF(comparison_answer),
     .of = &QUESTION},
    {"baseline", MEMBER_TEXT, "The config_id of the first context's baseline.", MEMBER_NULLABLE,
     .write = write_baseline},
    {"headline", MEMBER_TEXT, "The answer in one plain sentence.", MEMBER_NULLABLE,
     .write = write_headline},
    {"summary", MEMBER_TEXT, "The answer in plain sentences, with the numbers.", MEMBER_NULLABLE,
     .write = write_summary},
    {"checks", MEMBER_OBJECT, "What must be known before it is believed.", .depth = 1,
     .of = &CODEC_CHECK, .write = codec_write_checks},
    {"arms", MEMBER_OBJECT, "By context, then the best mean first.", .depth = 1, .of = &CODEC_ARM,
     .write = codec_write_arms},
    {"contexts", MEMBER_OBJECT, "In the order of the arms.", .depth = 1, .of = &CODEC_CONTEXT,
     .write = codec_write_contexts},
    {"selected", MEMBER_OBJECT, "null: nothing has a value yet.", MEMBER_NULLABLE, .of = &SELECTED,
     .write = write_selected},
    {"configs", MEMBER_OBJECT, "All configs, the best mean first, those without a value last.",
     .depth = 1, .of = &CONFIG, .write = write_configs},
    {"effects", MEMBER_OBJECT, "null: the arms are not factorial.", MEMBER_NULLABLE,
     .of = &CODEC_EFFECTS, .write = codec_write_effects},
    {"method", MEMBER_OBJECT, "How it was compared.", .of = &METHOD, .write = write_method},
};
const shape SHAPE_COMPARISON = {.name = "Comparison",
                                .help = "Arms compared with their baselines.",
                                BYTES_OF(comparison_answer),
                                MEMBERS(COMPARISON_ROWS)};

/* ---- what may be asked for ---- */

static void add_measures(buffer *b, const char *more)
{
    json_add_member_text(b, "type", "string");
    json_add_key(b, "pattern");
    buffer_add_text(b, "\"^(");
    for (int i = 0; i < METRIC_COUNT; i++)
        buffer_add_format(b, "%s|", METRICS[i].name);
    buffer_add_format(b, "%slayers\\\\.(", more);
    for (int i = 0; i < SPEC_ALL_LAYERS_LIMIT; i++)
        buffer_add_format(b, "%s%d", i ? "|" : "", i);
    buffer_add_text(b, ")\\\\.(");
    for (int i = 0; i < LAYER_METRIC_COUNT; i++)
        buffer_add_format(b, "%s%s", i ? "|" : "", LAYER_METRICS[i].name);
    buffer_add_text(b, "))$\"");
}

void codec_describe_measure(buffer *b, const member *m)
{
    (void)m;
    add_measures(b, MEASURE_EPOCHS_TO_NAME "|");
}

void codec_describe_metric(buffer *b, const member *m)
{
    (void)m;
    add_measures(b, "");
}
