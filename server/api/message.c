#include "server/api/message.h"

#include "server/api/route.h"
#include "server/codec/codec.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *pair_find(const message_pair *pairs, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(pairs[i].name, name) == 0)
            return pairs[i].value;
    return NULL;
}

const char *request_query(const request *q, const char *name)
{
    return pair_find(q->query, q->n_query, name);
}

const char *request_header(const request *q, const char *name)
{
    return pair_find(q->headers, q->n_headers, name);
}

static const char *look_up(const void *context, const char *name)
{
    return request_query(context, name);
}

bool request_read_query(const request *q, void *out, fail *f)
{
    return shape_read_texts(q->route->query, "/query", look_up, q, out, f);
}

bool request_has_etag(const request *q, const char *etag)
{
    const char *at = request_header(q, "if-none-match");
    size_t n = strlen(etag);
    while (at && *at) {
        at += strspn(at, ", \t");
        if (*at == '*')
            return true;
        if (strncmp(at, "W/", 2) == 0)
            at += 2;
        size_t length = strcspn(at, ", \t");
        if (length == n && memcmp(at, etag, n) == 0)
            return true;
        at += length;
    }
    return false;
}

/* ---- Accept ---- */

typedef struct preference {
    double q;        /* of the most specific range that takes the type; -1: none does */
    int specificity; /* 0: any type, 1: any subtype, 2: named */
    int position;
} preference;

static double read_quality(const char *parameters, size_t n)
{
    for (size_t i = 0; i + 2 < n; i++) {
        bool starts = parameters[i] == ';' || parameters[i] == ' ';
        if (starts && tolower((unsigned char)parameters[i + 1]) == 'q' && parameters[i + 2] == '=')
            return strtod(parameters + i + 3, NULL);
    }
    return 1.0;
}

static void prefer(preference *p, const char *range, size_t n, const char *type, int position)
{
    size_t name = 0, major = strcspn(type, "/");
    while (name < n && !strchr("; \t", range[name]))
        name++;
    int specificity = -1;
    if (name == strlen(type) && strncasecmp(range, type, name) == 0)
        specificity = 2;
    else if (name == major + 2 && strncasecmp(range, type, major) == 0 && range[name - 1] == '*')
        specificity = 1;
    else if (name == 3 && memcmp(range, "*/*", 3) == 0)
        specificity = 0;
    if (specificity > p->specificity)
        *p = (preference){read_quality(range + name, n - name), specificity, position};
}

bool request_wants_csv(const request *q)
{
    const char *at = request_header(q, "accept");
    preference csv = {-1, -1, 0}, json = {-1, -1, 0};
    for (int position = 0; at && *at; position++) {
        at += strspn(at, ", \t");
        size_t n = strcspn(at, ",");
        prefer(&csv, at, n, "text/csv", position);
        prefer(&json, at, n, "application/json", position);
        at += n;
    }
    if (csv.q <= 0 || csv.q < json.q)
        return false;
    if (csv.q > json.q || csv.specificity > json.specificity)
        return true;
    return csv.specificity == json.specificity && csv.position < json.position;
}

/* ---- answers ---- */

void response_init(response *r, size_t body_limit)
{
    *r = (response){0};
    buffer_init(&r->body, body_limit);
}

void response_close(response *r)
{
    buffer_close(&r->body);
}

void response_set(response *r, int status, const char *content_type)
{
    r->status = status;
    r->content_type = content_type;
}

void response_add_header(response *r, const char *name, const char *format, ...)
{
    assert(r->n_headers < MESSAGE_HEADERS_LIMIT);
    char *value = r->headers[r->n_headers].value;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof r->headers[0].value, format, arguments);
    va_end(arguments);
    for (char *c = value; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            *c = '_'; /* nothing of a user's text may end the header or start another */
    r->headers[r->n_headers++].name = name;
}

/* Memory that a request of ours did not get; with a field it is what the user's runs would need. */
static bool is_short_of_memory(const fail *f)
{
    return f->code == FAIL_OUT_OF_MEMORY && !*f->field;
}

static int status_of(const fail *f)
{
    switch (is_short_of_memory(f) ? FAIL_UNAVAILABLE : f->code) {
    case FAIL_NOT_FOUND:
        return 404;
    case FAIL_CONFLICT:
        return 409;
    case FAIL_FORBIDDEN:
        return 403;
    case FAIL_UNAUTHORIZED:
        return 401;
    case FAIL_METHOD:
        return 405;
    case FAIL_UNSUPPORTED_MEDIA:
        return 415;
    case FAIL_LOST:
        return 410;
    case FAIL_TOO_LARGE:
        return 413;
    case FAIL_QUEUE_FULL:
        return 429;
    case FAIL_STORAGE:
    case FAIL_INTERRUPTED:
    case FAIL_UNAVAILABLE:
        return 503;
    case FAIL_INTERNAL:
    case FAIL_DAMAGED:
        return 500;
    case FAIL_NO_ROOM:
        return 507;
    default:
        return 400;
    }
}

static const struct {
    int status;
    const char *reason;
} REASONS[] = {{200, "OK"},
               {201, "Created"},
               {202, "Accepted"},
               {204, "No Content"},
               {304, "Not Modified"},
               {400, "Bad Request"},
               {401, "Unauthorized"},
               {403, "Forbidden"},
               {404, "Not Found"},
               {405, "Method Not Allowed"},
               {409, "Conflict"},
               {410, "Gone"},
               {413, "Content Too Large"},
               {414, "URI Too Long"},
               {415, "Unsupported Media Type"},
               {421, "Misdirected Request"},
               {429, "Too Many Requests"},
               {431, "Request Header Fields Too Large"},
               {500, "Internal Server Error"},
               {501, "Not Implemented"},
               {503, "Service Unavailable"},
               {507, "Insufficient Storage"}};

const char *response_reason(int status)
{
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].status == status)
            return REASONS[i].reason;
    return "Unknown";
}

static void answer_problem(response *r, int status, const char *detail, const fail_list *faults)
{
    size_t limit = r->body.maximum;
    buffer_close(&r->body);
    buffer_init(&r->body, limit);
    r->file_path[0] = '\0';
    r->n_headers = 0;
    codec_add_problem(&r->body, status, response_reason(status), detail, faults);
    response_set(r, status, MESSAGE_PROBLEM);
    if (status == 429 || status == 503)
        response_add_header(r, "Retry-After", "%d", status == 429 ? 5 : 1);
    if (status == 401)
        response_add_header(r, "WWW-Authenticate", "Bearer");
}

void response_problem(response *r, int status, const fail *f)
{
    fail_list list = {.n = 1, .n_found = 1};
    list.items[0] = *f;
    answer_problem(r, status, f->sentence, f->field[0] ? &list : NULL);
}

void response_fail(response *r, const fail *f)
{
    response_problem(r, status_of(f), f);
}

/* One fault of no field has its own status. A fault of ours among the user's decides, since the
 * same request may succeed later. */
void response_fail_list(response *r, const char *detail, const fail_list *faults)
{
    bool is_whole = faults->n_found == 1 && !*faults->items[0].field;
    int status = is_whole ? status_of(&faults->items[0]) : 400;
    for (int i = 0; i < faults->n; i++)
        if (status_of(&faults->items[i]) >= 500)
            status = status_of(&faults->items[i]);
    answer_problem(r, status, detail, faults);
}

bool request_read_body(const request *q, void *out, response *r)
{
    fail_list faults = {.n = 0};
    if (shape_read(q->route->body, q->body, q->body_bytes, out, &faults))
        return true;
    response_fail_list(r, faults.items[0].sentence, &faults);
    return false;
}

static size_t count_blanks(const char *text)
{
    return strspn(text, " \t\r\n");
}

bool request_check_no_body(const request *q, const char *sentence, fail *f)
{
    const char *at = q->body ? q->body : "";
    at += count_blanks(at);
    bool is_object = *at == '{';
    at += is_object;
    at += count_blanks(at);
    bool is_closed = !is_object || *at == '}';
    at += is_object && is_closed;
    at += count_blanks(at);
    return (is_closed && at == (q->body ? q->body : "") + q->body_bytes) ||
           fail_set(f, FAIL_INCOMPATIBLE, "", "%s", sentence);
}
