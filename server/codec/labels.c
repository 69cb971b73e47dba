/* What configs are called, and what they are made of, from the JSON of their values. */
#include "server/codec/codec.h"
#include "server/codec/comparison.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_BYTES_LIMIT = 4096 };

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
