#include "server/api/openapi.h"

#include "core/data/import/register.h"
#include "server/api/tokens.h"
#include "server/codec/codec.h"
#include "server/codec/list.h"
#include "server/codec/request.h"

#include <stdio.h>
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

/* ---- operations ---- */

static const char PROBLEM_RESPONSE[] =
    "{\"description\":\"What is wrong\",\"headers\":{\"X-Request-Id\":{\"schema\":{\"type\":"
    "\"string\"}}},\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":"
    "\"#/components/schemas/Problem\"}}}}";

static void add_query(buffer *b, const shape *s)
{
    member scratch;
    const member *m;
    for (int i = 0; (m = shape_member(s, i, &scratch)); i++) {
        if (m->type == MEMBER_INCLUDED) {
            add_query(b, m->of);
            continue;
        }
        open_object(b, NULL);
        json_add_member_text(b, "name", m->name);
        json_add_member_text(b, "in", "query");
        json_add_key(b, "required");
        json_add_boolean(b, !(m->flags & MEMBER_OPTIONAL));
        if (m->depth > 0)
            buffer_add_text(b, ",\"style\":\"form\",\"explode\":false");
        json_add_key(b, "schema");
        member_add_schema(b, m, true);
        close_object(b);
    }
}

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

/* Parameters of other names are members of one that is an object. */
static void add_others(buffer *b, const route *row)
{
    open_object(b, NULL);
    json_add_member_text(b, "name", "values");
    json_add_member_text(b, "in", "query");
    json_add_member_text(b, "description", "Parameters of other names, as the summary says.");
    buffer_add_text(b, ",\"style\":\"form\",\"explode\":true");
    open_object(b, "schema");
    row->others(b, row->query);
    close_object(b);
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
    if (row->query)
        add_query(b, row->query);
    if (row->others)
        add_others(b, row);
    if (row->flags & ROUTE_STREAM)
        add_parameter(b, "Last-Event-ID", "header", "Go on after this event.",
                      "{\"type\":\"integer\",\"minimum\":0}", false);
    buffer_add_text(b, "]");
}

/* Opens the schema of one content type. */
static void open_content(buffer *b, const char *type, size_t n_type)
{
    json_add_separator(b);
    buffer_add_format(b, "\"%.*s\":{\"schema\":", (int)n_type, type);
}

#define BINARY "{\"type\":\"string\",\"format\":\"binary\"}"

/* What is no JSON: the types of `type` (n bytes) that are not text are bytes. */
static const char *plain_schema(const char *type, size_t n)
{
    return n > 5 && strncmp(type, "text/", 5) == 0 ? "{\"type\":\"string\"}" : BINARY;
}

static const char FORM_SCHEMA[] =
    "{\"type\":\"object\",\"required\":[\"file\"],\"properties\":{\"file\":{\"description\":\"The "
    "files of one data set.\",\"type\":\"array\",\"minItems\":1,\"maxItems\":%d,"
    "\"items\":" BINARY "}}}";

static void add_body_schema(buffer *b, const route *row, const char *type, size_t n)
{
    if (row->body)
        shape_add_reference(b, row->body, true);
    else if (strncmp(type, "multipart/", 10) == 0)
        buffer_add_format(b, FORM_SCHEMA, DATASET_FILES_LIMIT);
    else
        buffer_add_text(b, plain_schema(type, n));
}

static void add_body(buffer *b, const route *row)
{
    if (!row->types)
        return;
    bool optional = row->body == &SHAPE_NOTHING;
    open_object(b, "requestBody");
    json_add_key(b, "required");
    buffer_add_text(b, optional ? "false" : "true");
    open_object(b, "content");
    for (const char *at = row->types; *at;) {
        size_t n = strcspn(at, " ");
        if (*at != '-') {
            open_content(b, at, n);
            add_body_schema(b, row, at, n);
            close_object(b);
        }
        at += n + (at[n] == ' ');
    }
    close_object(b);
    close_object(b);
}

static void add_answer_schema(buffer *b, const route *row, int status)
{
    const shape *answer =
        status == row->status || !row->other_answer ? row->answer : row->other_answer;
    if (row->item)
        buffer_add_format(b, "{\"$ref\":\"" SCHEMA_PLACE "%sList\"}", row->item->name);
    else if (answer)
        shape_add_reference(b, answer, false);
    else
        buffer_add_text(b,
                        strcmp(row->produces, MESSAGE_JSON) == 0 ? "{\"type\":\"object\"}" : "{}");
}

/* What the data of each kind of event is. */
static void add_events(buffer *b)
{
    open_object(b, "x-events");
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        json_add_key(b, EVENT_KIND_NAMES[kind]);
        shape_add_reference(b, CODEC_EVENT_SHAPES[kind], false);
    }
    close_object(b);
}

static void add_success(buffer *b, const route *row, int status)
{
    buffer_add_format(b, "%s\"%d\":{", row->status == status ? "" : ",", status);
    json_add_member_text(b, "description", response_reason(status));
    if (row->produces[0] && status < 300) {
        open_object(b, "content");
        open_content(b, row->produces, strcspn(row->produces, ";"));
        add_answer_schema(b, row, status);
        if (row->flags & ROUTE_STREAM)
            add_events(b);
        close_object(b);
        if (row->flags & ROUTE_CSV)
            buffer_add_text(b, ",\"text/csv\":{\"schema\":{\"type\":\"string\"}}");
        close_object(b);
    }
    close_object(b);
}

static void add_refusals(buffer *b, const route *row)
{
    static const int STATUSES[] = {400, 401, 403, 404, 409, 410, 413,
                                   414, 415, 421, 429, 500, 503, 507};
    for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++) {
        int status = STATUSES[i];
        bool of_body = status == 413 || status == 415 || status == 429 || status == 507;
        bool of_change = status == 409;
        if ((of_body && !row->types) ||
            (of_change && strcmp(row->method, "GET") == 0 && !(row->flags & ROUTE_OF_STATE)))
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

/* What a token has to open: a name of ours, since roles in `security` would make clients want a
 * token where the server has none. */
static void add_scope(buffer *b, const route *row)
{
    int scope = route_scope(row);
    if (scope) {
        json_add_member_text(b, "x-token-scope", tokens_access_name(scope));
    } else {
        json_add_key(b, "security");
        buffer_add_text(b, "[]");
    }
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
    add_scope(b, row);
    add_parameters(b, row);
    add_body(b, row);
    add_answers(b, row);
    close_object(b);
}

static bool is_first_of_path(const route *rows, int i)
{
    for (int j = 0; j < i; j++)
        if (strcmp(rows[j].pattern, rows[i].pattern) == 0)
            return false;
    return true;
}

static void add_paths(buffer *b, const route_table *t)
{
    open_object(b, "paths");
    for (int i = 0; i < t->n; i++) {
        if (!is_first_of_path(t->rows, i))
            continue;
        open_object(b, t->rows[i].pattern);
        for (int j = i; j < t->n; j++)
            if (strcmp(t->rows[j].pattern, t->rows[i].pattern) == 0)
                add_operation(b, &t->rows[j]);
        close_object(b);
    }
    close_object(b);
}

void openapi_list_shapes(const route_table *t, shape_set *out)
{
    *out = (shape_set){.n = 0};
    for (int i = 0; i < t->n; i++) {
        const shape *answers[] = {t->rows[i].answer, t->rows[i].other_answer, t->rows[i].item};
        if (t->rows[i].body)
            shape_set_add(out, t->rows[i].body, true);
        for (size_t k = 0; k < sizeof answers / sizeof *answers; k++)
            if (answers[k])
                shape_set_add(out, answers[k], false);
    }
    shape_set_add(out, &SHAPE_PROBLEM, false);
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        shape_set_add(out, CODEC_EVENT_SHAPES[kind], false);
}

static void add_schemas(buffer *b, const route_table *t)
{
    shape_set set;
    openapi_list_shapes(t, &set);
    open_object(b, "schemas");
    for (int i = 0; i < set.n; i++) {
        if (!set.items[i].shape->name)
            continue;
        json_add_key(b, set.items[i].shape->name);
        shape_add_schema(b, set.items[i].shape, set.items[i].is_closed);
    }
    for (int i = 0; i < t->n; i++) {
        char name[64];
        int first = 0;
        while (t->rows[first].item != t->rows[i].item)
            first++;
        if (!t->rows[i].item || first < i)
            continue;
        snprintf(name, sizeof name, "%sList", t->rows[i].item->name);
        json_add_key(b, name);
        codec_add_list_schema(b, t->rows[i].item);
    }
    close_object(b);
}

static void add_components(buffer *b, const route_table *t)
{
    open_object(b, "components");
    add_schemas(b, t);
    open_object(b, "responses");
    json_add_key(b, "Problem");
    buffer_add_text(b, PROBLEM_RESPONSE);
    close_object(b);
    json_add_key(b, "securitySchemes");
    buffer_add_text(b, "{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},\"session\":{"
                       "\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"regulab_session\"}}");
    close_object(b);
}

void openapi_add_document(buffer *b, const route_table *t)
{
    buffer_add_text(b, "{");
    json_add_member_text(b, "openapi", "3.1.0");
    open_object(b, "info");
    json_add_member_text(b, "title", "Regulab");
    json_add_member_text(b, "version", REGULAB_VERSION);
    json_add_member_text(
        b, "description",
        "Experiments with regularization. A token is wanted only where the server was "
        "started with some; what it has to open (read, write, which reads too, or worker) is the "
        "x-token-scope of each operation.");
    json_add_key(b, "license");
    buffer_add_text(b, "{\"name\":\"MIT\",\"identifier\":\"MIT\"}");
    close_object(b);
    json_add_key(b, "servers");
    buffer_add_text(b, "[{\"url\":\"/\"}]");
    json_add_key(b, "security");
    buffer_add_text(b, "[{},{\"token\":[]},{\"session\":[]}]");
    add_paths(b, t);
    add_components(b, t);
    buffer_add_text(b, "}");
}
