/* request — a request on its way: let in, its body read, its handler run. */
#ifndef SERVER_HTTP_REQUEST_H
#define SERVER_HTTP_REQUEST_H

#include "server/http/exchange.h"

/* libmicrohttpd's callbacks; `context` is the server. */
void *http_request_start(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_request_handle(void *context, struct MHD_Connection *connection,
                                    const char *url, const char *method, const char *version,
                                    const char *data, size_t *n_data, void **state);
void http_request_end(void *context, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode why);

/* The connection ends: frees what it had started and libmicrohttpd has never told us the end of. */
void http_request_forget(http_peer *peer);

/* At the end: what was kept for the next requests. */
void http_request_free_spare(struct http *h);

#endif
