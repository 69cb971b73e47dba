#include "server/api/openapi.h"

#include "core/spec/field.h"
#include "server/api/routes.h"
#include "server/codec/codec.h"

#include <math.h>
#include <string.h>

/* Members of objects are written with json_add_key(), which sets the commas; texts in JSON are
 * constants of ours. */

static void open_object(buffer *b, const char *key)
{
    if (key)
        json_add_key(b, key);
    else
        json_add_separator(b);
    buffer_add_text(b, "{");
}

static void close_object(buffer *b)
{
    buffer_add_text(b, "}");
}

/* ---- a specification ---- */

static void add_bounds(buffer *b, const field *row)
{
    if (isfinite(row->minimum)) {
        json_add_key(b, row->exclusive_minimum ? "exclusiveMinimum" : "minimum");
        json_add_number(b, row->minimum);
    }
    if (isfinite(row->maximum)) {
        json_add_key(b, row->exclusive_maximum ? "exclusiveMaximum" : "maximum");
        json_add_number(b, row->maximum);
    }
}

static void add_range_of(buffer *b, const field *row, const char *type)
{
    buffer_add_text(b, "{");
    json_add_member_text(b, "type", type);
    add_bounds(b, row);
    buffer_add_text(b, "}");
}

static void add_array(buffer *b, const field *row, const char *type)
{
    json_add_member_text(b, "type", "array");
    json_add_key(b, "maxItems");
    json_add_integer(b, SPEC_LAYERS_LIMIT);
    json_add_key(b, "items");
    add_range_of(b, row, type);
}

static void add_enum(buffer *b, const field *row)
{
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
    buffer_add_text(b, "]");
}

static void add_field_schema(buffer *b, const field *row);

/* The part of a dotted name after its parent's, or NULL if it is not below the parent. */
static const char *name_below(const field *parent, const field *row)
{
    size_t n = strlen(parent->name);
    bool below = strncmp(row->name, parent->name, n) == 0 && row->name[n] == '.';
    return below ? row->name + n + 1 : NULL;
}

static void add_members(buffer *b, const field *parent)
{
    json_add_key(b, "type");
    buffer_add_text(b, parent->nullable ? "[\"object\",\"null\"]" : "\"object\"");
    json_add_key(b, "additionalProperties");
    buffer_add_text(b, "false");
    open_object(b, "properties");
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *name = name_below(parent, &FIELDS[i]);
        if (!name)
            continue;
        json_add_key(b, name);
        add_field_schema(b, &FIELDS[i]);
    }
    close_object(b);
}

static void add_rates(buffer *b, const field *row)
{
    json_add_key(b, "oneOf");
    buffer_add_text(b, "[");
    add_range_of(b, row, "number");
    open_object(b, NULL);
    add_array(b, row, "number");
    close_object(b);
    buffer_add_text(b, "]");
}

static void add_dataset(buffer *b)
{
    json_add_key(b, "oneOf");
    buffer_add_text(b, "[{\"type\":\"string\"},{\"type\":\"object\",\"required\":[\"name\"],"
                       "\"properties\":{\"name\":{\"type\":\"string\"}}}]");
}

static const char *plain_type(field_type type)
{
    switch (type) {
    case FIELD_INTEGER:
        return "integer";
    case FIELD_NUMBER:
        return "number";
    case FIELD_BOOLEAN:
        return "boolean";
    case FIELD_STRING:
        return "string";
    default:
        return NULL;
    }
}

/* As codec_repeats_read() reads it. */
static const char UNTIL_SCHEMA[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"until\"],\"properties\":{"
    "\"until\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"metric\","
    "\"half_width\"],\"properties\":{\"metric\":{\"type\":\"string\"},"
    "\"half_width\":{\"type\":\"number\",\"exclusiveMinimum\":0}}},"
    "\"min\":{\"type\":\"integer\",\"minimum\":2,\"default\":5},"
    "\"max\":{\"type\":\"integer\",\"minimum\":2,\"default\":40}}}";

/* `repeats` is a number or a rule, the others are objects. */
static void add_structure(buffer *b, const field *row)
{
    if (strcmp(row->name, "repeats") != 0) {
        json_add_member_text(b, "type", "object");
        return;
    }
    json_add_key(b, "oneOf");
    buffer_add_text(b, "[");
    add_range_of(b, row, "integer");
    buffer_add_text(b, ",");
    buffer_add_text(b, UNTIL_SCHEMA);
    buffer_add_text(b, "]");
}

static void add_typed(buffer *b, const field *row)
{
    const char *type = plain_type(row->type);
    if (type) {
        json_add_member_text(b, "type", type);
        if (row->type == FIELD_INTEGER || row->type == FIELD_NUMBER)
            add_bounds(b, row);
        return;
    }
    switch (row->type) {
    case FIELD_ENUM:
        add_enum(b, row);
        break;
    case FIELD_INTEGER_ARRAY:
        add_array(b, row, "integer");
        break;
    case FIELD_RATES:
        add_rates(b, row);
        break;
    case FIELD_DATASET:
        add_dataset(b);
        break;
    case FIELD_OBJECT:
        add_members(b, row);
        break;
    case FIELD_STRING_ARRAY:
        json_add_key(b, "type");
        buffer_add_text(b, "\"array\",\"items\":{\"type\":\"string\"}");
        break;
    default:
        add_structure(b, row);
        break;
    }
}

static void add_field_schema(buffer *b, const field *row)
{
    buffer_add_text(b, "{");
    add_typed(b, row);
    buffer description;
    buffer_init(&description, 4096);
    buffer_add_text(&description, row->help);
    if (row->formula)
        buffer_add_format(&description, " Formula: %s", row->formula);
    json_add_member_text(b, "description", description.data);
    buffer_close(&description);
    buffer_add_text(b, "}");
}

void openapi_add_spec_schema(buffer *b)
{
    buffer_add_text(b, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (strchr(FIELDS[i].name, '.'))
            continue; /* a member of its parent */
        json_add_key(b, FIELDS[i].name);
        add_field_schema(b, &FIELDS[i]);
    }
    buffer_add_text(b, "}}");
}

/* ---- operations ---- */

static const char PROBLEM_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\"],\"properties\":{"
    "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
    "\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"pointer\","
    "\"code\",\"detail\"],\"properties\":{\"pointer\":{\"type\":\"string\"},"
    "\"code\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"}}}}}}";

static const char PROBLEM_RESPONSE[] =
    "{\"description\":\"What is wrong\",\"headers\":{\"X-Request-Id\":{\"schema\":{\"type\":"
    "\"string\"}}},\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":"
    "\"#/components/schemas/Problem\"}}}}";

static const char LIST_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\"],\"properties\":{\"items\":"
    "{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"next_cursor\":{\"type\":[\"string\","
    "\"null\"]}}}";

/* What GET /fields has beside its items. */
static const char FIELDS_SCHEMA[] =
    "{\"allOf\":[{\"$ref\":\"#/components/schemas/List\"},{\"type\":\"object\",\"required\":["
    "\"symbols\",\"metrics\",\"datasets\"],\"properties\":{\"symbols\":{\"type\":\"string\"},"
    "\"metrics\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Metric\"}},"
    "\"datasets\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}]}";

static const char METRIC_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"name\",\"scope\",\"unit\",\"direction\",\"help\","
    "\"is_test\",\"classification\",\"regression\",\"compared_at\"],\"properties\":{"
    "\"name\":{\"type\":\"string\"},\"scope\":{\"enum\":[\"epoch\",\"final\",\"layer\"]},"
    "\"unit\":{\"type\":\"string\"},\"direction\":{\"enum\":[\"lower\",\"higher\",\"none\"]},"
    "\"help\":{\"type\":\"string\"},\"is_test\":{\"type\":\"boolean\"},"
    "\"classification\":{\"type\":\"boolean\"},\"regression\":{\"type\":\"boolean\"},"
    "\"compared_at\":{\"description\":\"What a comparison of this metric may have as `at`; empty "
    "for the metrics of layers, which are not compared.\",\"type\":\"array\",\"uniqueItems\":true,"
    "\"items\":{\"enum\":[\"selected\",\"best\",\"last\"]}}}}";

static void add_parameter(buffer *b, const char *name, const char *place, const char *help,
                          const char *schema, bool required)
{
    open_object(b, NULL);
    json_add_member_text(b, "name", name);
    json_add_member_text(b, "in", place);
    if (help)
        json_add_member_text(b, "description", help);
    if (required) {
        json_add_key(b, "required");
        buffer_add_text(b, "true");
    }
    json_add_key(b, "schema");
    buffer_add_text(b, schema);
    close_object(b);
}

static void add_parameters(buffer *b, const route *row)
{
    json_add_key(b, "parameters");
    buffer_add_text(b, "[");
    if (strstr(row->pattern, "{id}"))
        add_parameter(b, "id", "path", NULL,
                      "{\"type\":\"integer\",\"minimum\":1,\"maximum\":9007199254740991}", true);
    if (strstr(row->pattern, "{name}"))
        add_parameter(b, "name", "path", NULL,
                      "{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,62}$\"}",
                      true);
    for (int i = 0; route_parameter_get(row, i); i++) {
        const route_parameter *p = route_parameter_get(row, i);
        add_parameter(b, p->name, "query", p->help, p->schema, false);
    }
    if (row->flags & ROUTE_ANY_QUERY)
        add_parameter(b, "values", "query", "Any other name, as the summary says.",
                      "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}",
                      false);
    if (row->flags & ROUTE_STREAM)
        add_parameter(b, "Last-Event-ID", "header", "Go on after this event.",
                      "{\"type\":\"integer\",\"minimum\":0}", false);
    buffer_add_text(b, "]");
}

static void add_content(buffer *b, const char *type, size_t n_type, const char *schema)
{
    json_add_separator(b);
    buffer_add_format(b, "\"%.*s\":{\"schema\":%s}", (int)n_type, type, schema);
}

static const char *body_schema(const route *row)
{
    if (!row->body_schema)
        return row->flags & ROUTE_UPLOAD ? "{}" : "{\"type\":\"object\"}";
    return strcmp(row->body_schema, "spec") == 0
               ? "{\"$ref\":\"#/components/schemas/Specification\"}"
               : row->body_schema;
}

static void add_body(buffer *b, const route *row)
{
    if (!row->types)
        return;
    bool optional = strstr(row->types, " -") != NULL;
    open_object(b, "requestBody");
    json_add_key(b, "required");
    buffer_add_text(b, optional ? "false" : "true");
    open_object(b, "content");
    for (const char *at = row->types; *at;) {
        size_t n = strcspn(at, " ");
        if (*at != '-')
            add_content(b, at, n, body_schema(row));
        at += n + (at[n] == ' ');
    }
    close_object(b);
    close_object(b);
}

static const char *answer_schema(const route *row)
{
    if (strstr(row->pattern, "/fields"))
        return "{\"$ref\":\"#/components/schemas/Fields\"}";
    if (row->flags & ROUTE_LIST)
        return "{\"$ref\":\"#/components/schemas/List\"}";
    return strcmp(row->produces, MESSAGE_JSON) == 0 ? "{\"type\":\"object\"}" : "{}";
}

static void add_success(buffer *b, const route *row, int status)
{
    buffer_add_format(b, "%s\"%d\":{", row->status == status ? "" : ",", status);
    json_add_member_text(b, "description", response_reason(status));
    if (row->produces[0] && status < 300) {
        size_t n = strcspn(row->produces, ";");
        open_object(b, "content");
        add_content(b, row->produces, n, answer_schema(row));
        if (row->flags & ROUTE_CSV)
            add_content(b, "text/csv", 8, "{}");
        close_object(b);
    }
    close_object(b);
}

/* Reading that depends on the state of what is read, or that is not always allowed. */
static bool may_refuse_reading(const route *row)
{
    static const char *const PLACES[] = {"/sql", "/model", "/evaluation", "/boundary"};
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
        if (strstr(row->pattern, PLACES[i]))
            return true;
    return false;
}

static void add_refusals(buffer *b, const route *row)
{
    static const int STATUSES[] = {400, 401, 403, 404, 409, 413, 414, 415, 421, 429, 500, 503};
    for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++) {
        int status = STATUSES[i];
        bool of_body = status == 413 || status == 415 || status == 429;
        bool of_change = status == 403 || status == 409;
        if ((of_body && !row->types) ||
            (of_change && strcmp(row->method, "GET") == 0 && !may_refuse_reading(row)))
            continue;
        buffer_add_format(b, ",\"%d\":{\"$ref\":\"#/components/responses/Problem\"}", status);
    }
}

static bool may_be_unchanged(const route *row)
{
    return row->status == 200 && strcmp(row->method, "GET") == 0 && !(row->flags & ROUTE_STREAM);
}

static void add_answers(buffer *b, const route *row)
{
    open_object(b, "responses");
    add_success(b, row, row->status);
    if (row->status == 201)
        add_success(b, row, 200);
    if (may_be_unchanged(row))
        add_success(b, row, 304);
    add_refusals(b, row);
    close_object(b);
}

/* "getExperimentsIdCurves": unique, since method and pattern are. */
static void add_operation_id(buffer *b, const route *row)
{
    json_add_key(b, "operationId");
    buffer_add_text(b, "\"");
    for (const char *c = row->method; *c; c++)
        buffer_add_format(b, "%c", *c | 0x20);
    bool upper = true;
    const char *path = strncmp(row->pattern, "/api/v1", 7) == 0 ? row->pattern + 7 : row->pattern;
    for (const char *c = path; *c; c++) {
        bool letter = (*c | 0x20) >= 'a' && (*c | 0x20) <= 'z';
        if (letter)
            buffer_add_format(b, "%c", upper ? *c & ~0x20 : *c);
        upper = !letter;
    }
    buffer_add_text(b, "\"");
}

static void add_operation(buffer *b, const route *row)
{
    char method[8] = "";
    for (size_t i = 0; row->method[i] && i < sizeof method - 1; i++)
        method[i] = (char)(row->method[i] | 0x20);
    open_object(b, method);
    add_operation_id(b, row);
    json_add_key(b, "tags");
    buffer_add_text(b, "[");
    json_add_string(b, row->tag);
    buffer_add_text(b, "]");
    json_add_member_text(b, "summary", row->summary);
    if (row->flags & ROUTE_OPEN) {
        json_add_key(b, "security");
        buffer_add_text(b, "[]");
    }
    add_parameters(b, row);
    add_body(b, row);
    add_answers(b, row);
    close_object(b);
}

static bool is_first_of_path(int i)
{
    for (int j = 0; j < i; j++)
        if (strcmp(ROUTES[j].pattern, ROUTES[i].pattern) == 0)
            return false;
    return true;
}

static void add_paths(buffer *b)
{
    open_object(b, "paths");
    for (int i = 0; i < ROUTE_COUNT; i++) {
        if (!is_first_of_path(i))
            continue;
        open_object(b, ROUTES[i].pattern);
        for (int j = i; j < ROUTE_COUNT; j++)
            if (strcmp(ROUTES[j].pattern, ROUTES[i].pattern) == 0)
                add_operation(b, &ROUTES[j]);
        close_object(b);
    }
    close_object(b);
}

static void add_components(buffer *b)
{
    open_object(b, "components");
    open_object(b, "schemas");
    json_add_key(b, "Specification");
    openapi_add_spec_schema(b);
    json_add_key(b, "Problem");
    buffer_add_text(b, PROBLEM_SCHEMA);
    json_add_key(b, "List");
    buffer_add_text(b, LIST_SCHEMA);
    json_add_key(b, "Fields");
    buffer_add_text(b, FIELDS_SCHEMA);
    json_add_key(b, "Metric");
    buffer_add_text(b, METRIC_SCHEMA);
    close_object(b);
    open_object(b, "responses");
    json_add_key(b, "Problem");
    buffer_add_text(b, PROBLEM_RESPONSE);
    close_object(b);
    json_add_key(b, "securitySchemes");
    buffer_add_text(b, "{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},\"session\":{"
                       "\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"regulab_session\"}}");
    close_object(b);
}

void openapi_add_document(buffer *b)
{
    buffer_add_text(b, "{");
    json_add_member_text(b, "openapi", "3.1.0");
    open_object(b, "info");
    json_add_member_text(b, "title", "Regulab");
    json_add_member_text(b, "version", REGULAB_VERSION);
    json_add_member_text(
        b, "description",
        "Experiments with regularization. A token is wanted only where the server was "
        "started with one.");
    json_add_key(b, "license");
    buffer_add_text(b, "{\"name\":\"MIT\",\"identifier\":\"MIT\"}");
    close_object(b);
    json_add_key(b, "servers");
    buffer_add_text(b, "[{\"url\":\"/\"}]");
    json_add_key(b, "security");
    buffer_add_text(b, "[{},{\"token\":[]},{\"session\":[]}]");
    add_paths(b);
    add_components(b);
    buffer_add_text(b, "}");
}

void api_openapi(struct app *shared, const request *q, response *r)
{
    (void)shared;
    (void)q;
    openapi_add_document(&r->body);
    response_set(r, 200, MESSAGE_JSON);
}
