/* What configs are called, from the JSON of their values. */
#include "server/codec/codec.h"
#include "server/codec/comparison.h"

#include <cjson/cJSON.h>
#include <string.h>

enum { LABEL_BYTES_LIMIT = 4096 };

static void add_scalar(buffer *b, const cJSON *value)
{
    if (cJSON_IsNumber(value))
        json_add_number(b, value->valuedouble);
    else if (cJSON_IsBool(value))
        json_add_boolean(b, cJSON_IsTrue(value));
    else if (cJSON_IsNull(value))
        buffer_add_text(b, "none");
    else
        buffer_add_text(b, value->valuestring);
}

/* As a person writes it: texts without quotes, names before an equals sign. */
static void add_value(buffer *b, const cJSON *value)
{
    if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) {
        add_scalar(b, value);
        return;
    }
    buffer_add_text(b, cJSON_IsArray(value) ? "[" : "{");
    for (const cJSON *item = value->child; item; item = item->next) {
        if (item->string)
            buffer_add_format(b, "%s=", item->string);
        add_value(b, item);
        buffer_add_text(b, item->next ? "," : "");
    }
    buffer_add_text(b, cJSON_IsArray(value) ? "]" : "}");
}

static void add_values(buffer *b, const char *values)
{
    cJSON *object = cJSON_Parse(values);
    if (!object || !object->child)
        buffer_add_text(b, "only config");
    for (const cJSON *item = object ? object->child : NULL; item; item = item->next) {
        buffer_add_text(b, item->string);
        buffer_add_text(b, "=");
        add_value(b, item);
        buffer_add_text(b, item->next ? ", " : "");
    }
    cJSON_Delete(object);
}

char *codec_config_label(const char *variant, bool is_alone, const char *values)
{
    buffer b;
    buffer_init(&b, LABEL_BYTES_LIMIT);
    if (variant)
        buffer_add_text(&b, variant);
    if (variant && !is_alone)
        buffer_add_text(&b, ", ");
    if (!variant || !is_alone)
        add_values(&b, values);
    char *label = b.failed ? NULL : buffer_take(&b, NULL);
    buffer_close(&b);
    return label;
}

void codec_add_plain(buffer *b, const char *json)
{
    cJSON *value = cJSON_Parse(json);
    if (value)
        add_value(b, value);
    else
        buffer_add_text(b, json);
    cJSON_Delete(value);
}
