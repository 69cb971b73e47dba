#include "server/codec/comparison.h"

#include "server/codec/codec.h"

#include <math.h>

/* ---- what several have ---- */

static const member NAME_ROWS[] = {
    {"config_id", MEMBER_TEXT, "Short hash of the configuration.",
     AT(comparison_config, config_id)},
    {"label", MEMBER_TEXT, "What a person calls it.", AT(comparison_config, label)},
    {"values", MEMBER_OBJECT, "Its swept fields.", MEMBER_AS_JSON, AT(comparison_config, values),
     .of = &SHAPE_VALUES},
};
static const shape CONFIG_NAME = {BYTES_OF(comparison_config), MEMBERS(NAME_ROWS)};

static const member SUMMARY_ROWS[] = {
    {"mean", MEMBER_NUMBER, "Mean; null: there is no value.", MEMBER_NULLABLE,
     AT(stats_summary, mean)},
    {"std", MEMBER_NUMBER, "Sample standard deviation; null: fewer than two.", MEMBER_NULLABLE,
     AT(stats_summary, std)},
    {"ci_low", MEMBER_NUMBER, "Lower end of the mean's interval.", MEMBER_NULLABLE,
     AT(stats_summary, ci_low)},
    {"ci_high", MEMBER_NUMBER, "Upper end of the mean's interval.", MEMBER_NULLABLE,
     AT(stats_summary, ci_high)},
};
static const shape SUMMARY = {BYTES_OF(stats_summary), MEMBERS(SUMMARY_ROWS)};

/* ---- configs ---- */

static const member DIFFERENCE_ROWS[] = {
    {"n", MEMBER_INTEGER, "Pairs of repeats.", AT(comparison_config, difference.difference.n)},
    INCLUDE(comparison_config, difference.difference, SUMMARY),
    {"p_value", MEMBER_NUMBER, "Two-sided paired t test; null: all differences are equal.",
     MEMBER_NULLABLE, AT(comparison_config, difference.p_value)},
    {"p_adjusted", MEMBER_NUMBER, "Holm's, over all tests of the answer.", MEMBER_NULLABLE,
     AT(comparison_config, p_adjusted)},
    {"minimum_detectable", MEMBER_NUMBER, "The least difference that so many pairs find.",
     MEMBER_NULLABLE, AT(comparison_config, minimum_detectable)},
};
static const shape DIFFERENCE = {.name = "Difference",
                                 .help = "A config less the baseline, paired by repeat.",
                                 BYTES_OF(comparison_config),
                                 MEMBERS(DIFFERENCE_ROWS)};

static void add_difference(buffer *b, const void *object, const member *m)
{
    if (((const comparison_config *)object)->verdict == COMPARISON_BASELINE)
        buffer_add_text(b, "null");
    else
        shape_add(b, m->of, object);
}

static const member CONFIG_ROWS[] = {
    {.type = MEMBER_INCLUDED, ITSELF(comparison_config), .of = &CONFIG_NAME},
    {"n", MEMBER_INTEGER, "Runs with a value.", AT(comparison_config, summary.n)},
    {"n_failed", MEMBER_INTEGER, "Runs that failed.", AT(comparison_config, n_failed)},
    {"n_unfinished", MEMBER_INTEGER, "Runs that have not ended.",
     AT(comparison_config, n_unfinished)},
    INCLUDE(comparison_config, summary, SUMMARY),
    {"difference", MEMBER_OBJECT, "To the baseline; null: it is the baseline.", MEMBER_NULLABLE,
     .of = &DIFFERENCE, .write = add_difference},
    {"verdict", MEMBER_NAME, "null: of the metric neither more nor less is better.",
     MEMBER_NULLABLE, AT(comparison_config, verdict), NAMES(COMPARISON_VERDICT_NAMES)},
};
static const shape CONFIG = {
    .name = "ComparedConfig", BYTES_OF(comparison_config), MEMBERS(CONFIG_ROWS)};

/* ---- the selected one ---- */

typedef struct selected_answer {
    const comparison_config *config;
    int select_by, test; /* metric_ids */
    double value, baseline_value, test_value, baseline_test_value, optimism;
    const stats_paired *test_difference; /* NULL: it is the baseline */
} selected_answer;

static const member TEST_ROWS[] = {
    {"n", MEMBER_INTEGER, "Pairs of repeats.", AT(stats_paired, difference.n)},
    INCLUDE(stats_paired, difference, SUMMARY),
    {"p_value", MEMBER_NUMBER, "Two-sided paired t test; null: all differences are equal.",
     MEMBER_NULLABLE, AT(stats_paired, p_value)},
};
static const shape TEST_DIFFERENCE = {
    .name = "TestDifference", BYTES_OF(stats_paired), MEMBERS(TEST_ROWS)};

static const member SELECTED_ROWS[] = {
    INCLUDE_FROM(selected_answer, config, CONFIG_NAME),
    {"select_by", MEMBER_NAME, "The validation metric that has chosen it.",
     AT(selected_answer, select_by), NAMES_IN(METRICS, name, METRIC_COUNT)},
    {"value", MEMBER_NUMBER, "Its mean of that.", MEMBER_NULLABLE, AT(selected_answer, value)},
    {"baseline_value", MEMBER_NUMBER, "The baseline's.", MEMBER_NULLABLE,
     AT(selected_answer, baseline_value)},
    {"test_metric", MEMBER_NAME, "The same of the test split.", AT(selected_answer, test),
     NAMES_IN(METRICS, name, METRIC_COUNT)},
    {"test_value", MEMBER_NUMBER, "Its mean of that.", MEMBER_NULLABLE,
     AT(selected_answer, test_value)},
    {"baseline_test_value", MEMBER_NUMBER, "The baseline's.", MEMBER_NULLABLE,
     AT(selected_answer, baseline_test_value)},
    {"optimism", MEMBER_NUMBER, "How much its validation mean flatters; positive: too good.",
     MEMBER_NULLABLE, AT(selected_answer, optimism)},
    {"test_difference", MEMBER_OBJECT, "Less the baseline; null: it is the baseline.",
     MEMBER_NULLABLE, TO(selected_answer, test_difference), .of = &TEST_DIFFERENCE},
};
static const shape SELECTED = {.name = "SelectedConfig",
                               .help = "The config that the validation metric chooses, and what "
                                       "the test split says of it.",
                               BYTES_OF(selected_answer),
                               MEMBERS(SELECTED_ROWS)};

static selected_answer select_of(const comparison *c)
{
    bool is_baseline = c->selected == c->baseline;
    return (selected_answer){.config = c->selected,
                             .select_by = (int)c->options.select_by,
                             .test = (int)c->options.test,
                             .value = c->selected->select.mean,
                             .baseline_value = c->baseline->select.mean,
                             .test_value = c->selected->test.mean,
                             .baseline_test_value = c->baseline->test.mean,
                             .optimism = c->optimism,
                             .test_difference = is_baseline ? NULL : &c->test_difference};
}

/* ---- the method ---- */

typedef struct method_answer {
    const comparison *c;
    const char *interval, *test, *adjustment;
    double confidence, level, power;
} method_answer;

static void add_notes(buffer *b, const void *object, const member *m)
{
    const method_answer *answer = object;
    char sentence[512];
    (void)m;
    buffer_add_text(b, "[");
    for (int i = 0; comparison_method_note(answer->c, i, sentence, sizeof sentence); i++) {
        json_add_separator(b);
        json_add_string(b, sentence);
    }
    buffer_add_text(b, "]");
}

static const member QUESTION_ROWS[] = {
    {"at", MEMBER_NAME, "Which weights' value was compared.", AT(comparison, options.at),
     NAMES(COMPARISON_AT_NAMES)},
    {"select_by", MEMBER_NAME, "The validation metric that chooses a config.",
     AT(comparison, options.select_by), NAMES_IN(METRICS, name, METRIC_COUNT)},
};
static const shape QUESTION = {BYTES_OF(comparison), MEMBERS(QUESTION_ROWS)};

static const member TESTS_ROWS[] = {
    {"n_tests", MEMBER_INTEGER, "Tests that were adjusted together.", AT(comparison, n_tests)},
};
static const shape TESTS = {BYTES_OF(comparison), MEMBERS(TESTS_ROWS)};

static const member DESIGN_ROWS[] = {
    {"sequential", MEMBER_BOOLEAN, "Whether repeats were added until the intervals were narrow.",
     AT(comparison, options.design.is_sequential)},
};
static const shape DESIGN = {BYTES_OF(comparison), MEMBERS(DESIGN_ROWS)};

static const member METHOD_ROWS[] = {
    INCLUDE_FROM(method_answer, c, QUESTION),
    {"interval", MEMBER_TEXT, "What the intervals are.", AT(method_answer, interval)},
    {"confidence", MEMBER_NUMBER, "Their confidence.", AT(method_answer, confidence)},
    {"test", MEMBER_TEXT, "What the p values are of.", AT(method_answer, test)},
    {"adjustment", MEMBER_TEXT, "How they were adjusted.", AT(method_answer, adjustment)},
    INCLUDE_FROM(method_answer, c, TESTS),
    {"level", MEMBER_NUMBER, "Below which an adjusted p is evidence.", AT(method_answer, level)},
    {"power", MEMBER_NUMBER, "With which minimum_detectable is found.", AT(method_answer, power)},
    INCLUDE_FROM(method_answer, c, DESIGN),
    {"notes", MEMBER_TEXT, "What else is to be known of it.", .depth = 1, .write = add_notes},
};
static const shape METHOD = {.name = "Method", BYTES_OF(method_answer), MEMBERS(METHOD_ROWS)};

/* ---- effects ---- */

static void add_levels(buffer *b, const void *object, const member *m)
{
    const effects_factor *factor = object;
    (void)m;
    buffer_add_text(b, "[");
    for (int k = 0; k < factor->n_levels; k++) {
        json_add_separator(b);
        json_add_json(b, factor->levels[k]);
    }
    buffer_add_text(b, "]");
}

static void add_reference(buffer *b, const void *object, const member *m)
{
    const effects_factor *factor = object;
    (void)m;
    json_add_json(b, factor->levels[factor->reference]);
}

static const member FACTOR_ROWS[] = {
    {"field", MEMBER_TEXT, "The swept field.", AT(effects_factor, name)},
    {"levels", MEMBER_ANY, "Its values.", .depth = 1, .write = add_levels},
    {"reference", MEMBER_ANY, "The baseline's value.", .write = add_reference},
};
static const shape FACTOR = {.name = "Factor", BYTES_OF(effects_factor), MEMBERS(FACTOR_ROWS)};

typedef struct level_answer {
    const char *field, *level; /* level: JSON text */
} level_answer;

static const member LEVEL_ROWS[] = {
    {"field", MEMBER_TEXT, "The swept field.", AT(level_answer, field)},
    {"level", MEMBER_ANY, "Its value.", MEMBER_AS_JSON | MEMBER_NULLABLE, AT(level_answer, level)},
};
static const shape LEVEL = {.name = "Level", BYTES_OF(level_answer), MEMBERS(LEVEL_ROWS)};

typedef struct effect_answer {
    level_answer of;
    const level_answer *with; /* NULL: a main effect */
    const effect *found;
} effect_answer;

static const member FOUND_ROWS[] = {
    {"n", MEMBER_INTEGER, "Repeats that have a value in every cell concerned.",
     AT(effect, change.n)},
    INCLUDE(effect, change, SUMMARY),
    {"p_value", MEMBER_NUMBER, "Two-sided t test over repeats; null: all are equal.",
     MEMBER_NULLABLE, AT(effect, p_value)},
    {"p_adjusted", MEMBER_NUMBER, "Holm's, over all effects.", MEMBER_NULLABLE,
     AT(effect, p_adjusted)},
};
static const shape FOUND = {BYTES_OF(effect), MEMBERS(FOUND_ROWS)};

static const member EFFECT_ROWS[] = {
    INCLUDE(effect_answer, of, LEVEL),
    {"with", MEMBER_OBJECT, "The other level of an interaction; null: a main effect.",
     MEMBER_NULLABLE, TO(effect_answer, with), .of = &LEVEL},
    INCLUDE_FROM(effect_answer, found, FOUND),
};
static const shape EFFECT = {.name = "Effect",
                             .help = "How much a level changes the metric against its factor's "
                                     "reference; of an interaction, how much that changes with "
                                     "another level.",
                             BYTES_OF(effect_answer),
                             MEMBERS(EFFECT_ROWS)};

static level_answer level_of(const effects *e, int factor, int level)
{
    return (level_answer){e->factors[factor].name, e->factors[factor].levels[level]};
}

static void add_effects(buffer *b, const void *object, const member *m)
{
    const effects *e = object;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < e->n; i++) {
        const effect *x = &e->items[i];
        bool is_main = x->other_factor < 0;
        level_answer with = {NULL, NULL};
        if (!is_main)
            with = level_of(e, x->other_factor, x->other_level);
        shape_add_item(b, m->of,
                       &(effect_answer){.of = level_of(e, x->factor, x->level),
                                        .with = is_main ? NULL : &with,
                                        .found = x});
    }
    buffer_add_text(b, "]");
}

static const member EFFECTS_ROWS[] = {
    {"factors", MEMBER_OBJECT, "What was swept.", EACH(effects, factors, n_factors), .of = &FACTOR},
    {"items", MEMBER_OBJECT, "Main effects first.", .depth = 1, .of = &EFFECT,
     .write = add_effects},
};
static const shape EFFECTS = {.name = "Effects", BYTES_OF(effects), MEMBERS(EFFECTS_ROWS)};

/* ---- all of it ---- */

typedef struct comparison_answer {
    const comparison *c;
    int direction; /* a metric_direction */
    const char *baseline, *summary;
    const selected_answer *selected; /* NULL: nothing has a value yet */
    method_answer method;
    const effects *effects; /* NULL: the sweep is not factorial */
} comparison_answer;

static const member METRIC_ROWS[] = {
    {"metric", MEMBER_NAME, "What is compared.", AT(comparison, options.metric),
     NAMES_IN(METRICS, name, METRIC_COUNT)},
};
static const shape COMPARED_METRIC = {BYTES_OF(comparison), MEMBERS(METRIC_ROWS)};

static const member CONFIGS_ROWS[] = {
    {"configs", MEMBER_OBJECT, "All configs, the best mean first, those without a value last.",
     EACH(comparison, configs, n_configs), .of = &CONFIG},
};
static const shape CONFIGS = {BYTES_OF(comparison), MEMBERS(CONFIGS_ROWS)};

static const member COMPARISON_ROWS[] = {
    INCLUDE_FROM(comparison_answer, c, COMPARED_METRIC),
    {"direction", MEMBER_NAME, "Which values of it are better.", AT(comparison_answer, direction),
     NAMES(CODEC_DIRECTION_NAMES)},
    {"baseline", MEMBER_TEXT, "The config_id that the others are compared with.", MEMBER_NULLABLE,
     AT(comparison_answer, baseline)},
    {"selected", MEMBER_OBJECT, "null: nothing has a value yet.", MEMBER_NULLABLE,
     TO(comparison_answer, selected), .of = &SELECTED},
    {"method", MEMBER_OBJECT, "How it was compared.", AT(comparison_answer, method), .of = &METHOD},
    INCLUDE_FROM(comparison_answer, c, CONFIGS),
    {"effects", MEMBER_OBJECT, "null: the sweep is not factorial.", MEMBER_NULLABLE,
     TO(comparison_answer, effects), .of = &EFFECTS},
    {"summary", MEMBER_TEXT, "The answer in plain sentences.", MEMBER_NULLABLE,
     AT(comparison_answer, summary)},
};
const shape SHAPE_COMPARISON = {.name = "Comparison",
                                .help = "Configs compared with the baseline.",
                                BYTES_OF(comparison_answer),
                                MEMBERS(COMPARISON_ROWS)};

void codec_add_comparison(buffer *b, const comparison *c, const effects *e)
{
    buffer summary;
    selected_answer selected;
    bool has_selected = c->selected && c->baseline;
    buffer_init(&summary, 1 << 16);
    comparison_add_summary(c, &summary);
    if (has_selected)
        selected = select_of(c);
    const comparison_answer answer = {.c = c,
                                      .direction = (int)METRICS[c->options.metric].direction,
                                      .baseline = c->baseline ? c->baseline->config_id : NULL,
                                      .summary = summary.failed ? NULL : summary.data,
                                      .selected = has_selected ? &selected : NULL,
                                      .method = {.c = c,
                                                 .interval = "Student t over seeds, not adjusted",
                                                 .test = "paired t, two-sided",
                                                 .adjustment = "Holm",
                                                 .confidence = STATS_CONFIDENCE,
                                                 .level = STATS_LEVEL,
                                                 .power = STATS_POWER},
                                      .effects = e->is_factorial ? e : NULL};
    shape_add(b, &SHAPE_COMPARISON, &answer);
    buffer_close(&summary);
}
