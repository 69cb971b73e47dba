#include "server/codec/comparison.h"

#include "server/codec/codec.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_BYTES_LIMIT = 4096 };

/* ---- what is read ---- */

static void add_scalar(buffer *b, const cJSON *value, bool as_json)
{
    if (cJSON_IsNumber(value))
        json_add_number(b, value->valuedouble);
    else if (cJSON_IsBool(value))
        json_add_boolean(b, cJSON_IsTrue(value));
    else if (cJSON_IsNull(value))
        buffer_add_text(b, as_json ? "null" : "none");
    else if (as_json)
        json_add_string(b, value->valuestring);
    else
        buffer_add_text(b, value->valuestring);
}

/* As JSON, or as a person writes it: texts without quotes, names before an equals sign. */
static void add_value(buffer *b, const cJSON *value, bool as_json)
{
    if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) {
        add_scalar(b, value, as_json);
        return;
    }
    buffer_add_text(b, cJSON_IsArray(value) ? "[" : "{");
    for (const cJSON *item = value->child; item; item = item->next) {
        if (item->string && as_json)
            json_add_string(b, item->string);
        else if (item->string)
            buffer_add_text(b, item->string);
        if (item->string)
            buffer_add_text(b, as_json ? ":" : "=");
        add_value(b, item, as_json);
        buffer_add_text(b, item->next ? "," : "");
    }
    buffer_add_text(b, cJSON_IsArray(value) ? "]" : "}");
}

char *codec_config_label(const char *values)
{
    buffer b;
    buffer_init(&b, LABEL_BYTES_LIMIT);
    cJSON *object = cJSON_Parse(values);
    if (!object || !object->child)
        buffer_add_text(&b, "only config");
    for (const cJSON *item = object ? object->child : NULL; item; item = item->next) {
        buffer_add_text(&b, item->string);
        buffer_add_text(&b, "=");
        add_value(&b, item, false);
        buffer_add_text(&b, item->next ? ", " : "");
    }
    cJSON_Delete(object);
    if (b.failed) {
        buffer_close(&b);
        return NULL;
    }
    return buffer_take(&b, NULL);
}

bool codec_set_labels(comparison *c)
{
    c->labels = calloc(c->n_configs + 1, sizeof *c->labels);
    bool done = c->labels != NULL;
    for (size_t i = 0; done && i < c->n_configs; i++) {
        c->configs[i].label = c->labels[i] = codec_config_label(c->configs[i].values);
        done = c->labels[i] != NULL;
    }
    return done;
}

static char *value_text(const cJSON *value)
{
    buffer b;
    buffer_init(&b, LABEL_BYTES_LIMIT);
    add_value(&b, value, true);
    char *text = b.failed ? NULL : buffer_take(&b, NULL);
    buffer_close(&b);
    return text;
}

bool codec_read_factors(const char *config_id, const char *values, effects_config *out)
{
    cJSON *object = cJSON_Parse(values);
    bool done = object != NULL;
    *out = (effects_config){.config_id = config_id};
    for (const cJSON *item = object ? object->child : NULL; done && item; item = item->next) {
        if (out->n_factors == EFFECTS_FACTORS_LIMIT)
            break;
        out->names[out->n_factors] = strdup(item->string);
        out->levels[out->n_factors] = value_text(item);
        done = out->names[out->n_factors] && out->levels[out->n_factors];
        out->n_factors++;
    }
    cJSON_Delete(object);
    return done;
}

void codec_factors_close(effects_config *factors)
{
    for (int i = 0; i < factors->n_factors; i++) {
        free(factors->names[i]);
        free(factors->levels[i]);
    }
    factors->n_factors = 0;
}

/* ---- what is written ---- */

static void add_count(buffer *b, const char *key, size_t n)
{
    json_add_member_integer(b, key, (int64_t)n);
}

static void add_summary(buffer *b, const stats_summary *s)
{
    json_add_member_number(b, "mean", s->mean);
    json_add_member_number(b, "std", s->std);
    json_add_member_number(b, "ci_low", s->ci_low);
    json_add_member_number(b, "ci_high", s->ci_high);
}

static void add_config_name(buffer *b, const char *config_id, const char *label, const char *values)
{
    json_add_member_text(b, "config_id", config_id);
    json_add_member_text(b, "label", label);
    json_add_key(b, "values");
    buffer_add_text(b, values && *values ? values : "{}");
}

static void add_difference(buffer *b, const comparison_config *config)
{
    const stats_summary *d = &config->difference.difference;
    json_add_key(b, "difference");
    if (config->verdict == COMPARISON_BASELINE) {
        buffer_add_text(b, "null");
        return;
    }
    buffer_add_text(b, "{");
    add_count(b, "n", d->n);
    add_summary(b, d);
    json_add_member_number(b, "p_value", config->difference.p_value);
    json_add_member_number(b, "p_adjusted", config->p_adjusted);
    json_add_member_number(b, "minimum_detectable", config->minimum_detectable);
    buffer_add_text(b, "}");
}

static void add_config(buffer *b, const comparison_config *config)
{
    buffer_add_text(b, "{");
    add_config_name(b, config->config_id, config->label, config->values);
    add_count(b, "n", config->summary.n);
    add_count(b, "n_failed", config->n_failed);
    add_count(b, "n_unfinished", config->n_unfinished);
    add_summary(b, &config->summary);
    add_difference(b, config);
    json_add_member_text(b, "verdict", COMPARISON_VERDICT_NAMES[config->verdict]);
    buffer_add_text(b, "}");
}

static void add_selected(buffer *b, const comparison *c)
{
    json_add_key(b, "selected");
    if (!c->selected || !c->baseline) {
        buffer_add_text(b, "null");
        return;
    }
    const stats_paired *difference = &c->test_difference;
    buffer_add_text(b, "{");
    add_config_name(b, c->selected->config_id, c->selected->label, c->selected->values);
    json_add_member_text(b, "select_by", METRICS[c->options.select_by].name);
    json_add_member_number(b, "value", c->selected->select.mean);
    json_add_member_number(b, "baseline_value", c->baseline->select.mean);
    json_add_member_text(b, "test_metric", METRICS[c->options.test].name);
    json_add_member_number(b, "test_value", c->selected->test.mean);
    json_add_member_number(b, "baseline_test_value", c->baseline->test.mean);
    json_add_member_number(b, "optimism", c->optimism);
    json_add_key(b, "test_difference");
    if (c->selected == c->baseline) {
        buffer_add_text(b, "null}");
        return;
    }
    buffer_add_text(b, "{");
    add_count(b, "n", difference->difference.n);
    add_summary(b, &difference->difference);
    json_add_member_number(b, "p_value", difference->p_value);
    buffer_add_text(b, "}}");
}

static void add_method(buffer *b, const comparison *c)
{
    json_add_key(b, "method");
    buffer_add_text(b, "{");
    json_add_member_text(b, "at", COMPARISON_AT_NAMES[c->options.at]);
    json_add_member_text(b, "select_by", METRICS[c->options.select_by].name);
    json_add_member_text(b, "interval", "Student t over seeds, not adjusted");
    json_add_member_number(b, "confidence", STATS_CONFIDENCE);
    json_add_member_text(b, "test", "paired t, two-sided");
    json_add_member_text(b, "adjustment", "Holm");
    add_count(b, "n_tests", c->n_tests);
    json_add_member_number(b, "level", STATS_LEVEL);
    json_add_member_number(b, "power", STATS_POWER);
    json_add_key(b, "sequential");
    buffer_add_text(b, c->options.design.is_sequential ? "true" : "false");
    json_add_key(b, "notes");
    buffer_add_text(b, "[");
    char sentence[512];
    for (int i = 0; comparison_method_note(c, i, sentence, sizeof sentence); i++) {
        buffer_add_text(b, i ? "," : "");
        json_add_string(b, sentence);
    }
    buffer_add_text(b, "]}");
}

/* The words of GET /fields. */
static const char *direction_name(metric_direction direction)
{
    switch (direction) {
    case METRIC_LOWER_IS_BETTER:
        return "lower";
    case METRIC_HIGHER_IS_BETTER:
        return "higher";
    default:
        return "none";
    }
}

static void add_factors(buffer *b, const effects *e)
{
    json_add_key(b, "factors");
    buffer_add_text(b, "[");
    for (int i = 0; i < e->n_factors; i++) {
        const effects_factor *factor = &e->factors[i];
        buffer_add_text(b, i ? ",{" : "{");
        json_add_member_text(b, "field", factor->name);
        json_add_key(b, "levels");
        for (int k = 0; k < factor->n_levels; k++) {
            buffer_add_text(b, k ? "," : "[");
            buffer_add_text(b, factor->levels[k]);
        }
        buffer_add_text(b, "]");
        json_add_key(b, "reference");
        buffer_add_text(b, factor->levels[factor->reference]);
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, "]");
}

static void add_level(buffer *b, const effects_factor *factor, int level)
{
    json_add_member_text(b, "field", factor->name);
    json_add_key(b, "level");
    buffer_add_text(b, factor->levels[level]);
}

static void add_effect(buffer *b, const effects *e, const effect *x)
{
    buffer_add_text(b, "{");
    add_level(b, &e->factors[x->factor], x->level);
    json_add_key(b, "with");
    if (x->other_factor >= 0) {
        buffer_add_text(b, "{");
        add_level(b, &e->factors[x->other_factor], x->other_level);
        buffer_add_text(b, "}");
    } else {
        buffer_add_text(b, "null");
    }
    add_count(b, "n", x->change.n);
    add_summary(b, &x->change);
    json_add_member_number(b, "p_value", x->p_value);
    json_add_member_number(b, "p_adjusted", x->p_adjusted);
    buffer_add_text(b, "}");
}

static void add_effects(buffer *b, const effects *e)
{
    json_add_key(b, "effects");
    if (!e->is_factorial) {
        buffer_add_text(b, "null");
        return;
    }
    buffer_add_text(b, "{");
    add_factors(b, e);
    json_add_key(b, "items");
    buffer_add_text(b, "[");
    for (size_t i = 0; i < e->n; i++) {
        buffer_add_text(b, i ? "," : "");
        add_effect(b, e, &e->items[i]);
    }
    buffer_add_text(b, "]}");
}

void codec_add_comparison(buffer *b, const comparison *c, const effects *e)
{
    buffer_add_text(b, "{");
    json_add_member_text(b, "metric", METRICS[c->options.metric].name);
    json_add_member_text(b, "direction", direction_name(METRICS[c->options.metric].direction));
    json_add_member_text(b, "baseline", c->baseline ? c->baseline->config_id : NULL);
    add_selected(b, c);
    add_method(b, c);
    json_add_key(b, "configs");
    buffer_add_text(b, "[");
    for (size_t i = 0; i < c->n_configs; i++) {
        buffer_add_text(b, i ? "," : "");
        add_config(b, &c->configs[i]);
    }
    buffer_add_text(b, "]");
    add_effects(b, e);
    buffer summary;
    buffer_init(&summary, 1 << 16);
    comparison_add_summary(c, &summary);
    json_add_member_text(b, "summary", summary.failed ? NULL : summary.data);
    buffer_close(&summary);
    buffer_add_text(b, "}");
}

typedef double point_value(const band_point *point);

static double point_mean(const band_point *point)
{
    return point->n ? point->mean : NAN;
}

static double point_least(const band_point *point)
{
    return point->least;
}

static double point_greatest(const band_point *point)
{
    return point->greatest;
}

static double point_count(const band_point *point)
{
    return (double)point->n;
}

static double point_epoch(const band_point *point)
{
    return (double)point->epoch;
}

static void add_column(buffer *b, const char *key, const comparison_band *band, point_value *value)
{
    json_add_key(b, key);
    buffer_add_text(b, "[");
    for (size_t i = 0; i < band->n; i++) {
        buffer_add_text(b, i ? "," : "");
        json_add_number(b, value(&band->points[i]));
    }
    buffer_add_text(b, "]");
}

void codec_add_band(buffer *b, const char *config_id, const char *label, const char *values,
                    const comparison_band *band)
{
    buffer_add_text(b, "{");
    add_config_name(b, config_id, label, values);
    add_column(b, "epoch", band, point_epoch);
    add_column(b, "mean", band, point_mean);
    add_column(b, "std", band, comparison_band_std);
    add_column(b, "min", band, point_least);
    add_column(b, "max", band, point_greatest);
    add_column(b, "n", band, point_count);
    buffer_add_text(b, "}");
}
