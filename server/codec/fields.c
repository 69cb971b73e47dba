/* GET /fields: FIELDS[], METRICS[] and DATASETS[] as JSON. */
#include "server/codec/internal.h"
#include "server/study/comparison.h"

#include <inttypes.h>
#include <math.h>
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

const char *codec_field_type_name(const field *row)
{
    return TYPE_NAMES[row->type];
}

static void add_boolean(buffer *b, const char *key, bool value)
{
    json_add_key(b, key);
    json_add_boolean(b, value);
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

static void add_default_text(buffer *b, const field *row)
{
    buffer text;
    buffer_init(&text, 4096);
    if (row->default_text)
        buffer_add_text(&text, row->default_text);
    else
        codec_field_add_default(&text, row);
    json_add_member_text(b, "default_text", text.data);
    buffer_close(&text);
}

static void add_bounds(buffer *b, const field *row)
{
    bool is_bounded = row->minimum < row->maximum;
    json_add_key(b, "minimum");
    json_add_number(b, is_bounded ? row->minimum : NAN);
    json_add_key(b, "maximum");
    json_add_number(b, is_bounded ? row->maximum : NAN);
    add_boolean(b, "exclusive_minimum", row->exclusive_minimum);
    add_boolean(b, "exclusive_maximum", row->exclusive_maximum);
}

static void add_values(buffer *b, const field *row)
{
    json_add_key(b, "values");
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

static void add_equivalents(buffer *b, const field_equivalents *e)
{
    json_add_key(b, "equivalents");
    buffer_add_text(b, "{");
    json_add_member_text(b, "pytorch", e->pytorch);
    json_add_member_text(b, "keras", e->keras);
    json_add_member_text(b, "scikit_learn", e->scikit_learn);
    buffer_add_text(b, "}");
}

static void add_field(buffer *b, const field *row)
{
    buffer_add_text(b, "{");
    json_add_member_text(b, "name", row->name);
    json_add_member_text(b, "group", FIELD_GROUP_NAMES[row->group]);
    json_add_member_text(b, "type", codec_field_type_name(row));
    add_bounds(b, row);
    add_values(b, row);
    json_add_key(b, "default");
    codec_field_add_default(b, row);
    add_default_text(b, row);
    json_add_member_text(b, "help", row->help);
    json_add_member_text(b, "formula", row->formula);
    add_equivalents(b, &row->equivalents);
    add_boolean(b, "nullable", row->nullable);
    add_boolean(b, "sweepable", sweep_is_sweepable(row));
    add_boolean(b, "takes_range", sweep_is_sweepable(row) && sweep_takes_range(row));
    add_boolean(b, "is_regularizer", row->is_regularizer);
    buffer_add_text(b, "}");
}

/* Where a comparison can ask for the metric. */
static void add_compared_at(buffer *b, metric_id id)
{
    fail ignored;
    for (int at = 0; at < COMPARISON_AT_COUNT; at++) {
        if (!comparison_check_metric(id, (comparison_at)at, &ignored))
            continue;
        json_add_separator(b);
        json_add_string(b, COMPARISON_AT_NAMES[at]);
    }
}

static void add_metric(buffer *b, const metric *m)
{
    static const char *const SCOPES[] = {
        [METRIC_PER_EPOCH] = "epoch", [METRIC_AT_END] = "final", [METRIC_PER_LAYER] = "layer"};
    static const char *const DIRECTIONS[] = {[METRIC_LOWER_IS_BETTER] = "lower",
                                             [METRIC_HIGHER_IS_BETTER] = "higher",
                                             [METRIC_NEITHER] = "none"};
    json_add_separator(b);
    buffer_add_text(b, "{");
    json_add_member_text(b, "name", m->name);
    json_add_member_text(b, "scope", SCOPES[m->when]);
    json_add_member_text(b, "unit", m->unit ? m->unit : "");
    json_add_member_text(b, "direction", DIRECTIONS[m->direction]);
    json_add_member_text(b, "help", m->help);
    add_boolean(b, "is_test", m->is_test);
    add_boolean(b, "classification", m->classification);
    add_boolean(b, "regression", m->regression);
    json_add_key(b, "compared_at");
    buffer_add_text(b, "[");
    if (m->when != METRIC_PER_LAYER)
        add_compared_at(b, (metric_id)(m - METRICS));
    buffer_add_text(b, "]");
    buffer_add_text(b, "}");
}

static void add_dataset_row(buffer *b, const dataset_row *row)
{
    json_add_separator(b);
    buffer_add_text(b, "{");
    json_add_member_text(b, "name", row->name);
    json_add_member_text(b, "help", row->help);
    json_add_member_text(b, "task",
                         row->task == TASK_CLASSIFICATION ? "classification" : "regression");
    json_add_member_text(b, "options_help", row->options_help);
    json_add_key(b, "options");
    buffer_add_text(b, "{");
    json_add_key(b, "n");
    json_add_integer(b, row->default_n);
    json_add_key(b, "noise");
    json_add_number(b, row->default_noise);
    if (row->default_classes) {
        json_add_key(b, "classes");
        json_add_integer(b, row->default_classes);
    }
    if (row->default_dimensions) {
        json_add_key(b, "dimensions");
        json_add_integer(b, row->default_dimensions);
    }
    buffer_add_text(b, "}}");
}

void codec_add_fields(buffer *b, int64_t first, int64_t limit)
{
    int64_t end = first + limit < FIELD_COUNT ? first + limit : FIELD_COUNT;
    buffer_add_text(b, "{\"items\":[");
    for (int64_t i = first; i < end; i++) {
        json_add_separator(b);
        add_field(b, &FIELDS[i]);
    }
    buffer_add_text(b, "],\"symbols\":");
    json_add_string(b, FIELD_SYMBOLS);
    buffer_add_text(b, ",\"metrics\":[");
    for (int i = 0; i < METRIC_COUNT; i++)
        add_metric(b, &METRICS[i]);
    for (int i = 0; i < LAYER_METRIC_COUNT; i++)
        add_metric(b, &LAYER_METRICS[i]);
    buffer_add_text(b, "],\"datasets\":[");
    for (int i = 0; i < DATASET_COUNT; i++)
        add_dataset_row(b, &DATASETS[i]);
    buffer_add_text(b, "],\"next_cursor\":");
    if (end < FIELD_COUNT)
        buffer_add_format(b, "\"%" PRId64 "\"", end);
    else
        buffer_add_text(b, "null");
    buffer_add_text(b, "}");
}
