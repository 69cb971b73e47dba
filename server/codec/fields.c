/* GET /fields: FIELDS[], METRICS[] and DATASETS[] as JSON. */
#include "core/data/dataset.h"
#include "server/codec/internal.h"
#include "server/study/measure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const TYPE_NAMES[] = {[FIELD_INTEGER] = "integer",
                                         [FIELD_NUMBER] = "number",
                                         [FIELD_BOOLEAN] = "boolean",
                                         [FIELD_ENUM] = "enum",
                                         [FIELD_INTEGER_ARRAY] = "integer_array",
                                         [FIELD_RATES] = "rates",
                                         [FIELD_DATASET] = "dataset",
                                         [FIELD_OBJECT] = "object",
                                         [FIELD_STRING] = "string",
                                         [FIELD_STRING_ARRAY] = "string_array",
                                         [FIELD_STRUCTURE] = "structure"};

static const char *const SCOPE_NAMES[] = {
    [METRIC_PER_EPOCH] = "epoch", [METRIC_AT_END] = "final", [METRIC_PER_LAYER] = "layer"};

const char *const CODEC_DIRECTION_NAMES[CODEC_DIRECTION_COUNT] = {
    [METRIC_LOWER_IS_BETTER] = "lower",
    [METRIC_HIGHER_IS_BETTER] = "higher",
    [METRIC_NEITHER] = "none"};

const char *codec_field_type_name(const field *row)
{
    return TYPE_NAMES[row->type];
}

/* The default as JSON; null where it depends on other fields. */
void codec_field_add_default(buffer *b, const field *row)
{
    fail ignored;
    double number = row->default_number;
    if (row->default_text &&
        json_check_text(row->default_text, strlen(row->default_text), &ignored))
        buffer_add_text(b, row->default_text);
    else if (row->type == FIELD_OBJECT && !row->nullable)
        buffer_add_text(b, "{}");
    else if (isnan(number))
        buffer_add_text(b, "null");
    else if (row->type == FIELD_BOOLEAN)
        json_add_boolean(b, number > 0);
    else if (row->type == FIELD_ENUM)
        json_add_string(b, row->values[(int)number]);
    else
        json_add_number(b, number);
}

/* ---- fields ---- */

static void add_default(buffer *b, const void *object, const member *m)
{
    (void)m;
    codec_field_add_default(b, object);
}

static void add_default_text(buffer *b, const void *object, const member *m)
{
    const field *row = object;
    buffer text;
    (void)m;
    buffer_init(&text, 4096);
    if (row->default_text)
        buffer_add_text(&text, row->default_text);
    else
        codec_field_add_default(&text, row);
    json_add_string(b, text.data);
    buffer_close(&text);
}

/* An end of the range; null where there is none. */
static void add_bound(buffer *b, const void *object, const member *m)
{
    const field *row = object;
    json_add_number(b, row->minimum < row->maximum ? *(const double *)member_value(m, row) : NAN);
}

static void add_values(buffer *b, const void *object, const member *m)
{
    const field *row = object;
    (void)m;
    if (!row->values) {
        buffer_add_text(b, "null");
        return;
    }
    buffer_add_text(b, "[");
    for (int i = 0; row->values[i]; i++) {
        json_add_separator(b);
        json_add_string(b, row->values[i]);
    }
    buffer_add_text(b, "]");
}

static void add_sweepable(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_boolean(b, sweep_is_sweepable(object));
}

static void add_takes_range(buffer *b, const void *object, const member *m)
{
    (void)m;
    json_add_boolean(b, sweep_is_sweepable(object) && sweep_takes_range(object));
}

static const member EQUIVALENTS_ROWS[] = {
    {"pytorch", MEMBER_TEXT, "What it is called there; null: nothing is the same.", MEMBER_NULLABLE,
     AT(field_equivalents, pytorch)},
    {"keras", MEMBER_TEXT, "What it is called there.", MEMBER_NULLABLE,
     AT(field_equivalents, keras)},
    {"scikit_learn", MEMBER_TEXT, "What it is called there.", MEMBER_NULLABLE,
     AT(field_equivalents, scikit_learn)},
};
static const shape EQUIVALENTS = {
    .name = "Equivalents", BYTES_OF(field_equivalents), MEMBERS(EQUIVALENTS_ROWS)};

static const member FIELD_ROWS[] = {
    {"name", MEMBER_TEXT, "Its name; a member of an object has a dot.", AT(field, name)},
    {"group", MEMBER_NAME, "What it belongs to.", AT(field, group), NAMES(FIELD_GROUP_NAMES)},
    {"type", MEMBER_NAME, "What its values are.", AT(field, type), NAMES(TYPE_NAMES)},
    {"minimum", MEMBER_NUMBER, "The least value.", MEMBER_NULLABLE, AT(field, minimum),
     .write = add_bound},
    {"maximum", MEMBER_NUMBER, "The greatest value.", MEMBER_NULLABLE, AT(field, maximum),
     .write = add_bound},
    {"exclusive_minimum", MEMBER_BOOLEAN, "The least value itself is not allowed.",
     AT(field, exclusive_minimum)},
    {"exclusive_maximum", MEMBER_BOOLEAN, "The greatest value itself is not allowed.",
     AT(field, exclusive_maximum)},
    {"values", MEMBER_TEXT, "Its names, if it takes names.", MEMBER_NULLABLE, .depth = 1,
     .write = add_values},
    {"default", MEMBER_ANY, "null where it depends on other fields.", .write = add_default},
    {"default_text", MEMBER_TEXT, "The default in words.", .write = add_default_text},
    {"help", MEMBER_TEXT, "What it does.", AT(field, help)},
    {"formula", MEMBER_TEXT, "Its definition in symbols.", MEMBER_NULLABLE, AT(field, formula)},
    {"equivalents", MEMBER_OBJECT, "What other tools call it.", AT(field, equivalents),
     .of = &EQUIVALENTS},
    {"nullable", MEMBER_BOOLEAN, "Whether null turns it off.", AT(field, nullable)},
    {"sweepable", MEMBER_BOOLEAN, "Whether it can be swept.", .write = add_sweepable},
    {"takes_range", MEMBER_BOOLEAN, "Whether it can be swept over a range.",
     .write = add_takes_range},
    {"is_regularizer", MEMBER_BOOLEAN, "Whether a regularizer is off at its default.",
     AT(field, is_regularizer)},
};
static const shape FIELD = {.name = "Field", BYTES_OF(field), MEMBERS(FIELD_ROWS)};

/* ---- metrics ---- */

/* Where a comparison can ask for the metric. */
static void add_compared_at(buffer *b, const void *object, const member *m)
{
    const metric *row = object;
    (void)m;
    buffer_add_text(b, "[");
    for (int at = 0; at < STUDY_AT_COUNT; at++) {
        bool is_kept = row->when == METRIC_PER_LAYER
                           ? at == STUDY_AT_LAST
                           : measure_is_kept((metric_id)(row - METRICS), (study_at)at);
        if (!is_kept)
            continue;
        json_add_separator(b);
        json_add_string(b, MEASURE_AT_NAMES[at]);
    }
    buffer_add_text(b, "]");
}

static const member METRIC_ROWS[] = {
    {"name", MEMBER_TEXT, "Its name.", AT(metric, name)},
    {"scope", MEMBER_NAME, "What is measured: each epoch, the whole run, or each layer.",
     AT(metric, when), NAMES(SCOPE_NAMES)},
    {"unit", MEMBER_TEXT, "Its unit; empty: none.", AT(metric, unit)},
    {"direction", MEMBER_NAME, "Which values are better.", AT(metric, direction),
     NAMES(CODEC_DIRECTION_NAMES)},
    {"help", MEMBER_TEXT, "What it is.", AT(metric, help)},
    {"is_test", MEMBER_BOOLEAN, "Of the test split: never used to select.", AT(metric, is_test)},
    {"classification", MEMBER_BOOLEAN, "Whether classifications have it.",
     AT(metric, classification)},
    {"regression", MEMBER_BOOLEAN, "Whether regressions have it.", AT(metric, regression)},
    {"compared_at", MEMBER_NAME,
     "What a comparison of this metric may have as `at`; a metric of a layer is called "
     "layers.0.NAME there.",
     MEMBER_UNIQUE, .depth = 1, NAMES(MEASURE_AT_NAMES), .write = add_compared_at},
};
static const shape METRIC = {.name = "Metric", BYTES_OF(metric), MEMBERS(METRIC_ROWS)};

/* ---- all of it ---- */

typedef struct fields_answer {
    const field *items;
    size_t n_items;
    const dataset_row *datasets;
    size_t n_datasets;
    const char *symbols;
    char next_cursor[24];
} fields_answer;

static void add_metrics(buffer *b, const void *object, const member *m)
{
    (void)object;
    buffer_add_text(b, "[");
    for (int i = 0; i < METRIC_COUNT + LAYER_METRIC_COUNT; i++) {
        json_add_separator(b);
        shape_add(b, m->of, i < METRIC_COUNT ? &METRICS[i] : &LAYER_METRICS[i - METRIC_COUNT]);
    }
    buffer_add_text(b, "]");
}

static const member ANSWER_ROWS[] = {
    {"items", MEMBER_OBJECT, "The fields of a specification.", EACH(fields_answer, items, n_items),
     .of = &FIELD},
    {"symbols", MEMBER_TEXT, "What the symbols of the formulas stand for.",
     AT(fields_answer, symbols)},
    {"metrics", MEMBER_OBJECT, "What is measured.", .depth = 1, .of = &METRIC,
     .write = add_metrics},
    {"datasets", MEMBER_OBJECT, "The built-in data sets.",
     EACH(fields_answer, datasets, n_datasets), .of = &SHAPE_GENERATOR},
    {"next_cursor", MEMBER_TEXT, "The cursor of the next page; null: this is the last.",
     MEMBER_NULLABLE, AT(fields_answer, next_cursor)},
};
const shape SHAPE_FIELDS = {.name = "Fields", BYTES_OF(fields_answer), MEMBERS(ANSWER_ROWS)};

void codec_add_fields(buffer *b, int64_t first, int64_t limit)
{
    first = first < FIELD_COUNT ? first : FIELD_COUNT;
    int64_t end = limit < FIELD_COUNT - first ? first + limit : FIELD_COUNT;
    fields_answer answer = {.items = FIELDS + first,
                            .n_items = (size_t)(end - first),
                            .datasets = DATASETS,
                            .n_datasets = (size_t)DATASET_COUNT,
                            .symbols = FIELD_SYMBOLS};
    if (end < FIELD_COUNT)
        snprintf(answer.next_cursor, sizeof answer.next_cursor, "%" PRId64, end);
    shape_add(b, &SHAPE_FIELDS, &answer);
}
