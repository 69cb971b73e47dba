/* gate — what a request must be before anything looks at its meaning. Pure: texts in, verdicts out,
 * no libmicrohttpd.
 *
 * 1. What libmicrohttpd lets through and must not reach a handler is refused here: a body with two
 *    lengths (request smuggling), a foreign Host (DNS rebinding), state changes on behalf of
 *    another site, escapes that decode to NUL, controls, slashes or invalid UTF-8.
 * 2. Texts are decoded exactly once, into the caller's memory.
 * 3. What cannot be seen from here, and does no harm: a header line that LF alone ends (RFC 9112
 *    lets it pass), a NUL in place of its CR, folded trailers (nobody reads trailers), and a
 *    chunk's size on a line that has no data behind it in memory, the last chunk's above all (a
 *    connection ends with the answer to a chunked request, so that nothing behind it is served).
 * Threads: everything is pure. */
#ifndef SERVER_HTTP_GATE_H
#define SERVER_HTTP_GATE_H

#include "core/base/fail.h"
#include "server/api/message.h"

enum {
    HTTP_GATE_URI_LIMIT = 8192,  /* bytes of path and query, as sent */
    HTTP_GATE_QUERY_LIMIT = 32,  /* query parameters */
    HTTP_GATE_COOKIE_LIMIT = 256 /* above what browsers keep for a host */
};

/* The method by its exact name, as the routes know it ("GET" for HEAD), or NULL. */
const char *http_gate_find_method(const char *method);

/* False also where the status is not that of the code: then *status is set (414, 421, 501), else it
 * is 0. */
FAIL_CHECKED bool http_gate_check_uri(const char *raw, int *status, fail *f);

/* Decodes the path (up to '?') and checks its characters: letters, digits, . _ ~ - and /, no
 * segment . or .. ; `out` has the size of `raw`. */
FAIL_CHECKED bool http_gate_read_path(const char *raw, char *out, fail *f);

/* Decodes the query (after '?') into pairs whose texts lie in `text`, which has the size of `raw`.
 * A name twice is refused. */
FAIL_CHECKED bool http_gate_read_query(const char *raw, char *text,
                                       message_pair pairs[HTTP_GATE_QUERY_LIMIT], int *n, fail *f);

/* The header of a request as it lies in memory, line after line: libmicrohttpd has put NUL in place
 * of line ends and of each first colon, and tells of the lines one by one. */
typedef struct http_gate_header {
    const char *at, *end; /* where the next line must begin; behind the header */
    bool is_broken;
} http_gate_header;

/* Lines follow the request line, whose last byte is before `at`. */
void http_gate_begin_header(http_gate_header *h, const char *at, const char *end);
/* The next line that is told, at its place in the header. The header is broken by a name that is no
 * token of RFC 9110, by a value with a control other than tab, and by bytes that belong to no line
 * told: those of a folded line are told as part of the NAME before. */
void http_gate_take_line(http_gate_header *h, const char *name, size_t name_bytes,
                         const char *value, size_t value_bytes);
/* All lines have been told: the header is broken, too, if more than the empty line is left. */
FAIL_CHECKED bool http_gate_end_header(http_gate_header *h, fail *f);

/* The first byte of a chunk is at `data`, and what came before it in one piece begins at `start`,
 * before `data`: true if that ends with a chunk's size on a line that CR LF ends, after CR LF if
 * anything is before it. */
bool http_gate_is_chunk_line(const char *start, const char *data);

/* How the body is delimited, from the header lines as they came. */
typedef struct http_gate_framing {
    int n_content_length, n_transfer_encoding;
    const char *content_length, *transfer_encoding; /* the first of each, or NULL */
} http_gate_framing;

typedef struct http_gate_body {
    bool chunked;
    uint64_t bytes; /* as announced; 0 if chunked */
} http_gate_body;

/* One length, or chunked, or none. Other transfer encodings are 501 (*status). */
FAIL_CHECKED bool http_gate_read_framing(const http_gate_framing *framing, http_gate_body *out,
                                         int *status, fail *f);

typedef struct http_gate_hosts {
    const char *address; /* that we listen on; "0.0.0.0" and "::" allow every numeric address */
    int n_names;
    const char *const *names; /* allowed besides the loopback names */
} http_gate_hosts;

/* Exactly one Host, with or without a port, and one of ours; else 421 (*status). */
FAIL_CHECKED bool http_gate_check_host(const http_gate_hosts *hosts, int n_host, const char *host,
                                       int *status, fail *f);

/* A request that changes something may have no Origin (not a browser), or that of the host it was
 * sent to. */
FAIL_CHECKED bool http_gate_check_origin(const char *origin, const char *host, fail *f);

/* The media type in lower case without parameters; "" if there is none or it is too long. */
void http_gate_read_type(const char *header, char *out, size_t out_bytes);

/* True if `types` (see routes.h) names the type. */
bool http_gate_takes_type(const char *types, const char *type);

/* True if the text is UTF-8 without controls other than tab, CR and LF. */
bool http_gate_is_text(const char *text, size_t n);

#endif
