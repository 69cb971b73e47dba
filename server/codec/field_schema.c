/* FIELDS[] as JSON Schema: a field's values, and the objects that are made of fields. */
#include "server/codec/internal.h"
#include "server/codec/shape_schema.h"

#include <math.h>
#include <string.h>

/* ---- one field ---- */

static const char *plain_type(const field *row)
{
    switch (row->type) {
    case FIELD_INTEGER:
    case FIELD_INTEGER_ARRAY:
        return "integer";
    case FIELD_NUMBER:
    case FIELD_RATES:
        return "number";
    case FIELD_BOOLEAN:
        return "boolean";
    default:
        return "string";
    }
}

static void add_type(buffer *b, const char *type, bool is_nullable)
{
    json_add_key(b, "type");
    buffer_add_format(b, is_nullable ? "[\"%s\",\"null\"]" : "\"%s\"", type);
}

static void add_number(buffer *b, const field *row, bool is_nullable)
{
    add_type(b, plain_type(row), is_nullable);
    if (isfinite(row->minimum))
        json_add_member_number(b, row->exclusive_minimum ? "exclusiveMinimum" : "minimum",
                               row->minimum);
    if (isfinite(row->maximum))
        json_add_member_number(b, row->exclusive_maximum ? "exclusiveMaximum" : "maximum",
                               row->maximum);
}

static void add_names(buffer *b, const field *row, bool is_nullable)
{
    add_type(b, "string", is_nullable);
    json_add_key(b, "enum");
    buffer_add_text(b, "[");
    for (int i = 0; row->values[i]; i++) {
        json_add_separator(b);
        json_add_string(b, row->values[i]);
    }
    for (int i = 0; row->aliases && row->aliases[i]; i += 2) {
        json_add_separator(b);
        json_add_string(b, row->aliases[i]);
    }
    buffer_add_text(b, is_nullable ? ",null]" : "]");
}

static void add_array(buffer *b, const field *row, bool is_nullable)
{
    add_type(b, "array", is_nullable);
    if (row->type == FIELD_RATES)
        json_add_member_integer(b, "minItems", 1);
    json_add_member_integer(b, "maxItems", SPEC_LAYERS_LIMIT);
    json_add_key(b, "items");
    buffer_add_text(b, "{");
    add_number(b, row, false);
    buffer_add_text(b, "}");
}

static void add_rates(buffer *b, const field *row, bool is_nullable)
{
    json_add_key(b, "oneOf");
    buffer_add_text(b, "[{");
    add_number(b, row, is_nullable);
    buffer_add_text(b, "},{");
    add_array(b, row, false);
    buffer_add_text(b, "}]");
}

static void add_dataset(buffer *b)
{
    member scratch;
    json_add_key(b, "oneOf");
    buffer_add_text(b, "[");
    member_add_schema(b, shape_member(&SHAPE_DATASET_REFERENCE, 0, &scratch), true);
    buffer_add_text(b, ",");
    shape_add_schema(b, &SHAPE_DATASET_REFERENCE, true);
    buffer_add_text(b, "]");
}

/* An object, whose members are the fields with its name before a dot. */
static void add_children(buffer *b, const field *parent, bool is_nullable)
{
    add_type(b, "object", is_nullable || parent->nullable);
    json_add_key(b, "additionalProperties");
    buffer_add_text(b, "false");
    json_add_key(b, "properties");
    buffer_add_text(b, "{");
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (codec_field_parent(&FIELDS[i]) != parent)
            continue;
        json_add_key(b, strchr(FIELDS[i].name, '.') + 1);
        codec_field_add_schema(b, &FIELDS[i], FIELD_SCHEMA_WHOLE);
    }
    buffer_add_text(b, "}");
}

static void add_values(buffer *b, const field *row, bool is_nullable)
{
    switch (row->type) {
    case FIELD_INTEGER:
    case FIELD_NUMBER:
        add_number(b, row, is_nullable);
        break;
    case FIELD_BOOLEAN:
        add_type(b, "boolean", is_nullable);
        break;
    case FIELD_ENUM:
        add_names(b, row, is_nullable);
        break;
    case FIELD_INTEGER_ARRAY:
        add_array(b, row, is_nullable);
        break;
    case FIELD_RATES:
        add_rates(b, row, is_nullable);
        break;
    case FIELD_DATASET:
        add_dataset(b);
        break;
    default:
        add_children(b, row, is_nullable);
        break;
    }
}

/* A default that depends on other fields is null, and told by the help of GET /fields alone. */
static void add_default(buffer *b, const field *row)
{
    buffer text;
    buffer_init(&text, 4096);
    codec_field_add_default(&text, row);
    if (!text.failed && (row->nullable || strcmp(text.data, "null") != 0)) {
        json_add_key(b, "default");
        buffer_add_text(b, text.data);
    }
    buffer_close(&text);
}

static void add_description(buffer *b, const field *row)
{
    buffer text;
    buffer_init(&text, 4096);
    buffer_add_text(&text, row->help);
    if (row->formula)
        buffer_add_format(&text, " Formula: %s", row->formula);
    json_add_member_text(b, "description", text.data);
    buffer_close(&text);
}

void codec_field_add_schema(buffer *b, const field *row, field_schema kind)
{
    buffer_add_text(b, "{");
    if (kind == FIELD_SCHEMA_WHOLE)
        add_description(b, row);
    if (kind == FIELD_SCHEMA_END)
        add_number(b, row, false);
    else
        add_values(b, row, kind == FIELD_SCHEMA_OR_NULL);
    if (kind == FIELD_SCHEMA_WHOLE)
        add_default(b, row);
    buffer_add_text(b, "}");
}

/* ---- objects of fields ---- */

static void describe_whole(buffer *b, const member *m)
{
    add_description(b, &FIELDS[m->index]);
    add_values(b, &FIELDS[m->index], false);
    add_default(b, &FIELDS[m->index]);
}

static void describe_plain(buffer *b, const member *m)
{
    add_values(b, &FIELDS[m->index], false);
}

static void describe_or_null(buffer *b, const member *m)
{
    add_values(b, &FIELDS[m->index], true);
}

void codec_field_member(int place, member *out)
{
    *out = (member){.name = FIELDS[place].name,
                    .type = MEMBER_ANY,
                    .flags = MEMBER_OPTIONAL,
                    .index = place,
                    .describe = describe_whole};
}

/* Row i of those of FIELDS[] that are wanted. */
static bool derive(int i, bool (*is_wanted)(const field *row), member_describer *describe,
                   member *out)
{
    int place = 0;
    for (int n = 0; place < FIELD_COUNT; place++)
        if (is_wanted(&FIELDS[place]) && n++ == i)
            break;
    if (place == FIELD_COUNT)
        return false;
    codec_field_member(place, out);
    out->describe = describe;
    return true;
}

static bool is_of_config(const field *row)
{
    return row->group != FIELD_GROUP_EXPERIMENT && !strchr(row->name, '.');
}

static bool derive_config(int i, member *out)
{
    return derive(i, is_of_config, describe_whole, out);
}

const shape SHAPE_CONFIG = {
    .name = "Config",
    .help = "A configuration with every default filled in: all fields that apply.",
    .derive = derive_config};

static bool derive_value(int i, member *out)
{
    return derive(i, sweep_is_sweepable, describe_or_null, out);
}

const shape SHAPE_VALUES = {
    .name = "Values",
    .help = "The swept fields of a configuration; null where one does not apply in it.",
    .derive = derive_value};

static bool is_of_baseline(const field *row)
{
    return row->group != FIELD_GROUP_EXPERIMENT;
}

static bool derive_baseline(int i, member *out)
{
    return derive(i, is_of_baseline, describe_plain, out);
}

const shape SHAPE_BASELINE = {.derive = derive_baseline};
